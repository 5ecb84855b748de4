//! Steps about jobs done once: what a job is to do, who works on it, and what its sinks saw of it. The jobs
//! of these scenarios are the steps' own; the app's scheduled ones have their steps in `feature_gate`.

mod look;
mod sink;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use cucumber::{given, when};
use serde_json::{Value, json};

use self::sink::{Reached, SharedSink};
use crate::{
    app::idempotency::{Idempotency, JobEnd, JobRun, Plan, SinkError, State, Work},
    clock::Clock as _,
    evidence::Fact,
    scenario::{
        Failure, World,
        world::{Answer, Step},
    },
    subject::{CallError, Stage, barrier::Action, reference::Reference, seam::trouble::Trouble},
};

/// The window of every job here.
const WINDOW: &str = "2026-01-05";

/// The moment at which a job's work is over and its end not yet logged.
const END_OF_WORK: &str = "the end of the work";

#[derive(Default)]
struct Jobs {
    jobs: BTreeMap<String, Job>,
    sinks: BTreeMap<String, Arc<SharedSink>>,
}

#[derive(Clone, Default)]
struct Job {
    tenant: String,
    deeds: Vec<Deed>,
}

#[derive(Clone)]
enum Deed {
    /// `{attempt}` in the name stands for the attempt's fencing token.
    Operation {
        name: String,
        input: Value,
        sink: Arc<SharedSink>,
    },
    /// Work that gets on.
    Steps {
        count: u64,
        pace: Duration,
    },
    Hang,
    Fail(String),
    Panic(String),
    Nothing(String),
}

impl Job {
    fn plan(&self, name: &str) -> Plan {
        let (tenant, job_type, window) = (self.tenant.clone(), name.to_owned(), WINDOW.to_owned());
        Plan { tenant, job_type, window, inputs: Value::Null }
    }
}

fn job(world: &mut World, name: &str) -> Result<Job, Failure> {
    let job = world.notes::<Jobs>().jobs.get(name).cloned();
    job.ok_or_else(|| Failure::new(format!("no step said what the job {name:?} is to do")))
}

fn sink(world: &mut World, name: &str) -> Result<Arc<SharedSink>, Failure> {
    let sink = world.notes::<Jobs>().sinks.get(name).cloned();
    sink.ok_or_else(|| Failure::new(format!("no step said what the sink {name:?} is")))
}

fn add(world: &mut World, name: &str, tenant: Option<&str>, deed: Deed) {
    let job = world.notes::<Jobs>().jobs.entry(name.to_owned()).or_default();
    if let Some(tenant) = tenant {
        tenant.clone_into(&mut job.tenant);
    }
    job.deeds.push(deed);
}

// --- what jobs are to do ------------------------------------------------------------------------

#[given(regex = r#"^the sink "([^"]*)" is (fenced|idempotent|transactional|neither)$"#)]
fn a_sink(world: &mut World, name: String, guarantee: String) -> Step {
    let guarantee = serde_json::from_value(json!(guarantee)).map_err(|e| Failure::new(e.to_string()))?;
    let sink = SharedSink::new(&name, guarantee);
    world.notes::<Jobs>().sinks.insert(name, sink);
    Ok(())
}

#[given(regex = r#"^the sink "([^"]*)" (refuses|loses its answer to) the next effect$"#)]
fn sink_trouble(world: &mut World, name: String, trouble: String) -> Step {
    let error = match trouble.as_str() {
        "refuses" => SinkError::Refused("closed".to_owned()),
        _ => SinkError::Lost("the line went dead".to_owned()),
    };
    sink(world, &name)?.trouble_ahead(error);
    Ok(())
}

#[given(expr = "the job {string} of {string} is to {string} with {string} at {string}")]
fn operates(
    world: &mut World,
    name: String,
    tenant: String,
    operation: String,
    input: String,
    at: String,
) -> Step {
    let deed = Deed::Operation { name: operation, input: json!(input), sink: sink(world, &at)? };
    add(world, &name, Some(&tenant), deed);
    Ok(())
}

#[when(expr = "the job {string} is now to {string} with {string}")]
fn operates_otherwise(world: &mut World, name: String, operation: String, other: String) -> Step {
    let job = world.notes::<Jobs>().jobs.entry(name).or_default();
    for deed in &mut job.deeds {
        if let Deed::Operation { name, input, .. } = deed
            && *name == operation
        {
            *input = json!(other);
        }
    }
    Ok(())
}

#[given(expr = "the job {string} of {string} takes {int} steps of {int} seconds")]
fn takes_steps(world: &mut World, name: String, tenant: String, count: u64, seconds: u64) {
    add(world, &name, Some(&tenant), Deed::Steps { count, pace: Duration::from_secs(seconds) });
}

#[given(regex = r#"^the job "([^"]*)" of "([^"]*)" (hangs|fails|panics|finds nothing to do)$"#)]
fn goes_wrong(world: &mut World, name: String, tenant: String, how: String) {
    let deed = match how.as_str() {
        "hangs" => Deed::Hang,
        "fails" => Deed::Fail("no paper".to_owned()),
        "panics" => Deed::Panic("no ink".to_owned()),
        _ => Deed::Nothing("all is posted".to_owned()),
    };
    add(world, &name, Some(&tenant), deed);
}

#[when(expr = "the job {string} is mended")]
fn mended(world: &mut World, name: String) {
    let job = world.notes::<Jobs>().jobs.entry(name).or_default();
    job.deeds.retain(|deed| matches!(deed, Deed::Operation { .. } | Deed::Steps { .. }));
}

// --- who works on them --------------------------------------------------------------------------

async fn carry_out(run: JobRun, deeds: Vec<Deed>, at: Reach) -> Result<Work, String> {
    let mut results = Vec::new();
    for deed in deeds {
        match deed {
            Deed::Operation { name, input, sink } => {
                let token = run.fencing_token().unwrap_or(0);
                let name = name.replace("{attempt}", &token.to_string());
                let result = run.run_operation(&name, &input, &at.reached(sink, &name)).await;
                results.push(result.map_err(|error| error.to_string())?);
            }
            Deed::Steps { count, pace } => {
                for step in 1..=count {
                    at.stage.clock.advance(pace);
                    let place = format!("step {step} of the work");
                    at.stage.barriers.pass(&at.worker, Action::BeforeWrite, &place).await;
                    run.progress().await.map_err(|error| error.to_string())?;
                }
            }
            Deed::Hang => loop {
                at.stage.barriers.pass(&at.worker, Action::BeforeWrite, "hanging").await;
                at.stage.clock.deadline(Duration::from_secs(86_400)).await;
            },
            Deed::Fail(reason) => return Err(reason),
            Deed::Panic(reason) => std::panic::resume_unwind(Box::new(reason)),
            Deed::Nothing(reason) => return Ok(Work::Nothing(reason)),
        }
    }
    at.stage.barriers.pass(&at.worker, Action::BeforeWrite, END_OF_WORK).await;
    Ok(Work::Done(json!(results)))
}

/// From where a worker reaches its sinks.
#[derive(Clone)]
struct Reach {
    stage: Stage,
    worker: String,
    tenant: String,
}

impl Reach {
    fn reached(&self, sink: Arc<SharedSink>, operation: &str) -> Reached {
        let Self { stage, worker, tenant } = self.clone();
        Reached { sink, stage, worker, tenant, operation: operation.to_owned() }
    }
}

async fn work(subject: Arc<Reference>, stage: Stage, name: String, job: Job) -> Answer {
    let at = Reach { stage, worker: subject.worker().to_owned(), tenant: job.tenant.clone() };
    let plan = job.plan(&name);
    let jobs = Idempotency::new(subject.app().ports());
    // Boxed: the layers of a job are too many for one future.
    let call = Box::pin(async { jobs.run(&plan, |run| carry_out(run, job.deeds, at)).await });
    let end = subject.for_tenant(Some(&plan.tenant), call).await?;
    end.map(told).map_err(|error| CallError::Refused(error.to_string()))
}

/// How a run of a job ended, in words and with its result.
fn told(end: JobEnd) -> Value {
    let word = |state: State| state.word();
    match end {
        JobEnd::Ran(job) => json!({
            "end": format!("ran {}", word(job.state)),
            "result": job.result, "reason": job.reason, "attempt": job.attempt,
        }),
        JobEnd::Replayed(job) => json!({
            "end": format!("replayed {}", word(job.state)), "result": job.result, "reason": job.reason,
        }),
        JobEnd::Busy { holder_expires_in } => {
            json!({ "end": "busy", "seconds": holder_expires_in.as_secs() })
        }
        JobEnd::Lost => json!({ "end": "lost" }),
        JobEnd::Direct(Ok(Work::Done(result))) => json!({ "end": "direct", "result": result }),
        JobEnd::Direct(Ok(Work::Nothing(reason))) => json!({ "end": "direct skipped", "reason": reason }),
        JobEnd::Direct(Err(reason)) => json!({ "end": "direct failed", "reason": reason }),
    }
}

#[when(expr = "worker {string} works on {string}")]
async fn works(world: &mut World, worker: String, name: String) -> Step {
    let job = job(world, &name)?;
    let (subject, stage) = (world.worker(&worker)?, world.scene()?.stage.clone());
    let answer = work(subject, stage, name, job).await;
    world.remember_answer(&worker, answer);
    Ok(())
}

#[when(expr = "worker {string} begins to work on {string}")]
fn begins(world: &mut World, worker: String, name: String) -> Step {
    let job = job(world, &name)?;
    let (subject, stage) = (world.worker(&worker)?, world.scene()?.stage.clone());
    world.begin_work(&worker, work(subject, stage, name, job))
}

#[given(expr = "worker {string} has planned {string}")]
#[when(expr = "worker {string} plans {string}")]
async fn plans(world: &mut World, worker: String, name: String) -> Step {
    let plan = job(world, &name)?.plan(&name);
    let subject = world.worker(&worker)?;
    let jobs = Idempotency::new(subject.app().ports());
    let planned = subject.for_tenant(Some(&plan.tenant), jobs.plan(&plan)).await;
    let planned = planned.map_err(|e| Failure::new(e.to_string()))?;
    planned.map_err(|e| Failure::new(format!("it cannot be planned: {e}")))?;
    Ok(())
}

#[when(expr = "worker {string} looks for what is left behind")]
async fn recovers(world: &mut World, worker: String) -> Step {
    let subject = world.worker(&worker)?;
    let jobs = Idempotency::new(subject.app().ports());
    let left = subject.for_tenant(None, jobs.recover()).await?.map_err(|e| e.to_string());
    let left = left.map_err(|e| Failure::new(format!("it cannot look: {e}")))?;
    let names: Vec<String> = left.into_iter().map(|job| job.job_type).collect();
    world.remember_answer(&worker, Ok(json!({ "end": names.join(" ") })));
    Ok(())
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self::new(error.to_string())
    }
}

/// Lets a worker's work come to where it waits, on this one thread.
#[when(expr = "worker {string} gets under way")]
async fn gets_under_way(world: &mut World, worker: String) -> Step {
    world.wait_held(&worker).await?;
    world.release(&worker)
}

#[when(expr = "the effect of worker {string} arrives after all")]
async fn arrives(world: &mut World, worker: String) -> Step {
    let arrived = |world: &World| {
        world.recorder().read(|log| {
            let is_arrival =
                |fact: &Fact| matches!(fact, Fact::EffectApplied { .. } | Fact::EffectRefused { .. });
            log.iter().filter(|observation| is_arrival(&observation.fact)).count()
        })
    };
    let before = arrived(world);
    world.release(&worker)?;
    let clock = world.scene()?.clock.clone();
    for _ in 0..1_000 {
        if arrived(world) > before {
            return comes_to_the_end(world, &worker).await;
        }
        clock.breathe().await;
    }
    Err(Failure::new("it never arrived"))
}

async fn comes_to_the_end(world: &mut World, worker: &str) -> Step {
    let answer = world.finish_work(worker).await?;
    world.remember_answer(worker, answer);
    Ok(())
}

fn trouble(world: &mut World, worker: &str, trouble: Trouble, key_part: &str) -> Step {
    world.scene()?.stage.troubles.ahead(worker, trouble, key_part);
    Ok(())
}

#[given(expr = "the answer to the next write of worker {string} to {string} gets lost")]
fn answer_lost(world: &mut World, worker: String, key_part: String) -> Step {
    trouble(world, &worker, Trouble::ReplyLost, &key_part)
}

#[given(expr = "the next write of worker {string} to {string} is refused")]
fn write_refused(world: &mut World, worker: String, key_part: String) -> Step {
    trouble(world, &worker, Trouble::Refused, &key_part)
}
