//! What can be seen of a job afterwards: in the log of facts, in the stored records, in the answer.

use cucumber::then;
use serde_json::Value;

use super::{Jobs, WINDOW, job, sink};
use crate::{
    app::{
        idempotency::{Guarantee, JobRecord, OperationRecord, Plan, State},
        plain::PlainKeys,
        port::KeyEncoder as _,
    },
    evidence::Fact,
    scenario::{Failure, World, world::Step},
    store::Range,
};

fn same<T: PartialEq + std::fmt::Debug>(seen: &T, expected: &T) -> Step {
    if seen == expected { Ok(()) } else { Err(Failure::new(format!("it was {seen:?}"))) }
}

#[then(expr = "the work of worker {string} ended {string}")]
fn ended(world: &mut World, worker: String, how: String) -> Step {
    let answer = world.answer(&worker)?;
    if answer["end"] == how.as_str() { Ok(()) } else { Err(Failure::new(format!("it was {answer}"))) }
}

#[then(expr = "the work of worker {string} gave {string}")]
fn gave(world: &mut World, worker: String, result: String) -> Step {
    same(&world.answer(&worker)?["result"][0]["did"], &Value::from(result))
}

#[then(expr = "the work of worker {string} failed with {string}")]
fn failed_with(world: &mut World, worker: String, words: String) -> Step {
    let answer = world.answer(&worker)?;
    let reason = answer["reason"].as_str().unwrap_or_default();
    let failed = answer["end"] == "ran failed" || answer["end"] == "direct failed";
    let says = failed && reason.contains(&words);
    if says { Ok(()) } else { Err(Failure::new(format!("it was {answer}"))) }
}

#[then(expr = "worker {string} finds {string} left behind")]
fn finds(world: &mut World, worker: String, names: String) -> Step {
    ended(world, worker, names)
}

#[then(expr = "the sink {string} carried out {int} effect(s)")]
fn effects(world: &mut World, name: String, expected: usize) -> Step {
    let sink = sink(world, &name)?;
    let tenants: Vec<String> =
        world.notes::<Jobs>().jobs.values().map(|job| sink.effect_prefix(&job.tenant)).collect();
    let seen = world.recorder().read(|log| {
        let is_effect = |fact: &Fact| match fact {
            Fact::EffectApplied { sink, .. } => *sink == name,
            Fact::KeyWritten { key, .. } => {
                sink.guarantee == Guarantee::Transactional && tenants.iter().any(|t| key.starts_with(t))
            }
            _ => false,
        };
        log.iter().filter(|observation| is_effect(&observation.fact)).count()
    });
    same(&seen, &expected)
}

#[then(expr = "the sink {string} refused {int} effect(s)")]
fn refused(world: &mut World, name: String, expected: usize) -> Step {
    let seen = world.recorder().read(|log| {
        let refused = |fact: &Fact| matches!(fact, Fact::EffectRefused { sink, .. } if *sink == name);
        log.iter().filter(|observation| refused(&observation.fact)).count()
    });
    same(&seen, &expected)
}

async fn stored(world: &mut World, name: &str) -> Result<JobRecord, Failure> {
    let plan = job(world, name)?.plan(name);
    let key = PlainKeys.key("job", &[&plan.tenant, &plan.job_type, &plan.job_id()]);
    let record = world.scene()?.stage.store.get(&key).await.map_err(|e| Failure::new(e.to_string()))?;
    let record = record.and_then(|record| JobRecord::decode(&record.value));
    record.ok_or_else(|| Failure::new(format!("there is no record of {name:?}")))
}

#[then(expr = "the job {string} is {word} after {int} attempt(s)")]
async fn stands(world: &mut World, name: String, state: String, attempts: u64) -> Step {
    let record = stored(world, &name).await?;
    same(&(record.state.word(), record.attempt), &(state.as_str(), attempts))
}

#[then(expr = "there is no record of the job {string}")]
async fn no_record(world: &mut World, name: String) -> Step {
    match stored(world, &name).await {
        Err(_) => Ok(()),
        Ok(record) => Err(Failure::new(format!("it is {}", record.state.word()))),
    }
}

#[then(expr = "the job {string} went {string}")]
async fn went(world: &mut World, name: String, states: String) -> Step {
    let record = stored(world, &name).await?;
    let seen = world.recorder().read(|log| {
        let mut states = Vec::new();
        for observation in log {
            if let Fact::TelemetryEmitted { event, body, .. } = &observation.fact
                && body["job"] == record.id.as_str()
            {
                match event.as_str() {
                    "job_planned" => states.push("planned".to_owned()),
                    "job_state_changed" => {
                        states.push(body["details"]["to"].as_str().unwrap_or("nowhere").to_owned());
                    }
                    _ => {}
                }
            }
        }
        states.join(" ")
    });
    same(&seen, &states)
}

#[then(expr = "the operation {string} of {string} is {word}")]
async fn operation_stands(world: &mut World, operation: String, name: String, progress: String) -> Step {
    let plan = job(world, &name)?.plan(&name);
    let key = PlainKeys.key("operation", &[&plan.tenant, &plan.job_id(), &operation]);
    let record = world.scene()?.stage.store.get(&key).await.map_err(|e| Failure::new(e.to_string()))?;
    let record = record.and_then(|record| OperationRecord::decode(&record.value));
    let seen = record.and_then(|record| serde_json::to_value(record.progress).ok());
    same(&seen, &Some(Value::from(progress)))
}

#[then(expr = "there is no trace of the operation {string} of {string}")]
async fn no_operation(world: &mut World, operation: String, name: String) -> Step {
    match operation_stands(world, operation, name, "nothing".to_owned()).await {
        Err(failure) if failure.message == "it was None" => Ok(()),
        Err(failure) => Err(failure),
        Ok(()) => Err(Failure::new("it is there")),
    }
}

#[then(
    expr = "the lease of {string} was granted {int} time(s), renewed {int} time(s) and given back {int} time(s)"
)]
fn lease(world: &mut World, name: String, granted: usize, renewed: usize, released: usize) -> Step {
    let job = job(world, &name)?;
    let lease = PlainKeys.prefix("job_lease", &[&job.tenant, &name]);
    let seen = world.recorder().read(|log| {
        let (mut tokens, mut renewed, mut released) = (Vec::new(), 0, 0);
        for observation in log {
            match &observation.fact {
                Fact::LockGranted { key, fencing_token, .. } if key.starts_with(&lease) => {
                    tokens.push(*fencing_token);
                }
                Fact::LockRenewed { key, .. } if key.starts_with(&lease) => renewed += 1,
                Fact::LockReleased { key, .. } if key.starts_with(&lease) => released += 1,
                _ => {}
            }
        }
        (tokens, renewed, released)
    });
    // Tokens only grow.
    let mut ordered = seen.0.clone();
    ordered.sort_unstable();
    ordered.dedup();
    same(&seen, &(ordered, renewed, released))?;
    same(&seen.0.len(), &granted)
}

#[then(expr = "no two of the keys that were written for {string} and {string} are the same")]
async fn apart(world: &mut World, one: String, other: String) -> Step {
    let range = Range { limit: 10_000, ..Range::default() };
    let records = world.scene()?.stage.store.scan(range).await.map_err(|e| Failure::new(e.to_string()))?;
    let mut seen = Vec::new();
    for name in [&one, &other] {
        let job = job(world, name)?;
        let Plan { tenant, job_type, .. } = job.plan(name);
        let prefix = PlainKeys.prefix("job", &[&tenant, &job_type]);
        let keys: Vec<&String> = records.iter().map(|r| &r.key).filter(|k| k.starts_with(&prefix)).collect();
        let owners = records.iter().filter(|r| r.key.starts_with(&prefix));
        let mut owners = owners.filter_map(|r| JobRecord::decode(&r.value));
        if keys.len() != 1 || !owners.all(|job| job.tenant == tenant && job.window == WINDOW) {
            return Err(Failure::new(format!("under {prefix:?} lie {keys:?}")));
        }
        seen.push(keys);
    }
    if seen[0] == seen[1] { Err(Failure::new(format!("both have {:?}", seen[0]))) } else { Ok(()) }
}

#[then(expr = "from {word} a job goes to {string} and nowhere else")]
fn moves(_world: &mut World, from: String, legal: String) -> Step {
    let state = |word: &str| State::ALL.into_iter().find(|state| state.word() == word);
    let from = state(&from).ok_or_else(|| Failure::new(format!("{from:?} is no state")))?;
    let reached = State::ALL.into_iter().filter(|to| from.to(*to).is_ok());
    let reached: Vec<&str> = reached.map(State::word).collect();
    let expected = if legal == "nothing" { "" } else { legal.as_str() };
    same(&reached.join(" ").as_str(), &expected)
}
