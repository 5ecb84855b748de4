//! Steps about telemetry: the events as they lie in the store and as they left the app, against the records
//! of the jobs that they tell of.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use cucumber::{given, then, when};
use serde_json::{Value, json};

use crate::{
    app::{
        idempotency::{
            Idempotency, JobRecord, Plan, Work,
            slo::{Attainment, Indicator, Slo},
            telemetry,
        },
        port::TelemetryListener,
    },
    clock::Clock as _,
    evidence::Fact,
    scenario::{Failure, World, world::Step},
    store::{Range, Record},
    subject::reference::Difference,
};

#[derive(Debug)]
struct Panicking;

impl TelemetryListener for Panicking {
    fn heard(&self, _event: &Value) {
        std::panic::resume_unwind(Box::new("the listener is gone"));
    }
}

#[given(expr = "whoever listens to worker {string} panics")]
fn panicking(world: &mut World, worker: String) -> Step {
    let telemetry: Option<Arc<dyn TelemetryListener>> = Some(Arc::new(Panicking));
    world.worker_with(&worker, &Difference { telemetry, ..Difference::default() })?;
    Ok(())
}

async fn under(world: &World, prefix: &str) -> Result<Vec<Record>, Failure> {
    let range = Range { prefix: prefix.to_owned(), after: None, limit: 100_000 };
    world.scene()?.stage.store.scan(range).await.map_err(|e| Failure::new(e.to_string()))
}

async fn events(world: &World) -> Result<Vec<Value>, Failure> {
    let records = under(world, "telemetry:").await?;
    Ok(records.iter().filter_map(|record| serde_json::from_slice(&record.value).ok()).collect())
}

async fn jobs(world: &World) -> Result<Vec<JobRecord>, Failure> {
    Ok(under(world, "job:").await?.iter().filter_map(|r| JobRecord::decode(&r.value)).collect())
}

fn is(met: bool, otherwise: impl FnOnce() -> String) -> Step {
    if met { Ok(()) } else { Err(Failure::new(otherwise())) }
}

#[then(regex = r#"^the event "([^"]*)" is stored with "([^"]*)", its time and its job$"#)]
async fn stored_with(world: &mut World, name: String, details: String) -> Step {
    let now = world.scene()?.clock.now().to_string();
    let events = events(world).await?;
    let event = events.iter().find(|event| event["event"] == name.as_str());
    let event = event.ok_or_else(|| Failure::new("there is no such event"))?;
    let fields = |value: &Value| {
        let object = value.as_object();
        object.map(|o| o.keys().cloned().collect::<BTreeSet<_>>()).unwrap_or_default()
    };
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>();
    let common = words("event at tenant job job_type window number attempt fencing_token details");
    let at = event["at"].as_str().unwrap_or_default();
    let timely = at.ends_with('Z') && *at >= *"2026-01-05T12:00:00Z" && *at <= *now;
    let known = jobs(world).await?.iter().any(|job| event["job"] == job.id.as_str());
    let whole = fields(event) == common && fields(&event["details"]) == words(&details);
    is(timely && known && whole, || event.to_string())
}

#[then(expr = "the first event {string} was written at {string}")]
async fn written_at(world: &mut World, name: String, at: String) -> Step {
    let events = events(world).await?;
    let found = events.iter().find(|event| event["event"] == name.as_str());
    is(found.is_some_and(|event| event["at"] == at.as_str()), || format!("it is {found:?}"))
}

#[then(expr = "the events of {string} are {string}")]
async fn events_are(world: &mut World, tenant: String, expected: String) -> Step {
    let events = events(world).await?;
    let of_tenant = events.iter().filter(|event| event["tenant"] == tenant.as_str());
    let seen: Vec<&str> = of_tenant.filter_map(|event| event["event"].as_str()).collect();
    let seen = seen.join(" ");
    is(seen == expected, || format!("they are {seen:?}"))
}

#[then(expr = "the events of each job are numbered from 0 without a gap")]
async fn numbered(world: &mut World) -> Step {
    let events = events(world).await?;
    for job in jobs(world).await? {
        let of_job = events.iter().filter(|event| event["job"] == job.id.as_str());
        let numbers: Vec<u64> = of_job.filter_map(|event| event["number"].as_u64()).collect();
        is(numbers == (0..job.next_event).collect::<Vec<_>>(), || format!("they are {numbers:?}"))?;
    }
    is(!events.is_empty(), || "there are none".to_owned())
}

/// Whatever wrote a job wrote what tells of it, and nothing else did.
#[then(expr = "each event was stored in the transaction that changed its job")]
fn same_transaction(world: &mut World) -> Step {
    world.recorder().read(|log| {
        let versions = |family: &str| -> BTreeSet<u64> {
            let written = log.iter().filter_map(|observation| match &observation.fact {
                Fact::KeyWritten { key, version, .. } if key.starts_with(family) => Some(*version),
                _ => None,
            });
            written.collect()
        };
        let (jobs, events) = (versions("job:"), versions("telemetry:"));
        is(!jobs.is_empty() && jobs == events, || format!("jobs in {jobs:?}, events in {events:?}"))
    })
}

#[then(expr = "each event left the app once, as it is stored")]
async fn as_stored(world: &mut World) -> Step {
    let mut stored: Vec<String> = events(world).await?.iter().map(Value::to_string).collect();
    let mut left: Vec<String> = world.recorder().read(|log| {
        let bodies = log.iter().filter_map(|observation| match &observation.fact {
            Fact::TelemetryEmitted { body, .. } => Some(body.to_string()),
            _ => None,
        });
        bodies.collect()
    });
    stored.sort();
    left.sort();
    is(!stored.is_empty() && stored == left, || format!("{} stored, {} left", stored.len(), left.len()))
}

#[then(expr = "the events count as many jobs, attempts, operations and endings as the records do")]
async fn counts_agree(world: &mut World) -> Step {
    let (events, jobs) = (events(world).await?, jobs(world).await?);
    let operations = under(world, "operation:").await?;
    let completed =
        operations.iter().filter(|r| String::from_utf8_lossy(&r.value).contains(r#""progress":"completed""#));
    let count = |name: &str| events.iter().filter(|event| event["event"] == name).count() as u64;
    let ended = |word: &str| {
        let to = |event: &&Value| event["event"] == "job_state_changed" && event["details"]["to"] == word;
        events.iter().filter(to).count()
    };
    let of_jobs = |word: &str| jobs.iter().filter(|job| job.state.word() == word).count();
    let same = count("job_planned") == jobs.len() as u64
        && count("job_leased") == jobs.iter().map(|job| job.attempt).sum::<u64>()
        && count("operation_completed") == completed.count() as u64
        && ["succeeded", "failed", "skipped"].iter().all(|word| ended(word) == of_jobs(word));
    is(same && !jobs.is_empty(), || format!("{} events, {} jobs", events.len(), jobs.len()))
}

#[then(regex = r#"^operations at "([^"]*)" are told as delivered "([^"]*)"$"#)]
async fn delivered(world: &mut World, operation: String, delivery: String) -> Step {
    let events = events(world).await?;
    let of = |event: &&Value| event["details"]["operation"] == operation.as_str();
    let told: BTreeSet<&str> =
        events.iter().filter(of).filter_map(|event| event["details"]["delivery"].as_str()).collect();
    is(told.into_iter().eq([delivery.as_str()]), || "it is told otherwise".to_owned())
}

#[then(expr = "no event of {string} carries the mark or the name of {string}")]
async fn apart(world: &mut World, tenant: String, other: String) -> Step {
    let canaries = world.scene()?.stage.canaries.clone();
    for event in events(world).await?.iter().filter(|event| event["tenant"] == tenant.as_str()) {
        let text = event.to_string();
        is(canaries.carried_by(text.as_bytes()).is_empty() && !text.contains(&other), || text.clone())?;
    }
    Ok(())
}

// --- objectives ---------------------------------------------------------------------------------

#[when(expr = "{int} jobs of {string} end well and {int} fail")]
async fn jobs_end(world: &mut World, well: u64, tenant: String, badly: u64) -> Step {
    let subject = world.worker(super::site::FIRST)?;
    let jobs = Idempotency::new(subject.app().ports());
    for number in 0..well + badly {
        let plan = Plan {
            tenant: tenant.clone(),
            job_type: "count".to_owned(),
            window: number.to_string(),
            inputs: Value::Null,
        };
        let work = |_| async move { if number < well { Ok(Work::Done(json!(number))) } else { Err("no") } };
        let ran = subject.for_tenant(Some(&tenant), jobs.run(&plan, work)).await?;
        ran.map_err(|e| Failure::new(e.to_string()))?;
    }
    Ok(())
}

#[then(
    regex = r#"^the objective that (\d+) percent of the jobs of "([^"]*)" end well within a day is (met|missed|without data), with (-?[\d.]+) jobs of its budget left$"#
)]
async fn objective(world: &mut World, percent: f64, tenant: String, attained: String, left: f64) -> Step {
    let subject = world.worker(super::site::FIRST)?;
    let events = telemetry::stored(subject.app().ports(), &tenant).await;
    let events = events.map_err(|e| Failure::new(e.to_string()))?;
    let slo = Slo {
        name: "jobs end well".to_owned(),
        indicator: Indicator::JobsEndWell,
        threshold_percent: percent,
        window: Duration::from_secs(86_400),
    };
    let report = slo.report(&events, world.scene()?.clock.now());
    let expected = match attained.as_str() {
        "met" => Attainment::Met,
        "missed" => Attainment::Missed,
        _ => Attainment::NoData,
    };
    let agrees = report.attainment == expected && (report.budget_left - left).abs() < 1e-9;
    is(agrees, || format!("it is {report:?}"))
}
