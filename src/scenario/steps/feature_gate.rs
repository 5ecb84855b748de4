//! Steps about the feature gate, and about the app's scheduled jobs as the gate lets them run.

use std::sync::Arc;

use cucumber::{given, then, when};

use crate::{
    app::{idempotency::JobRecord, plain::PlainKeys, port::KeyEncoder as _, snapshot::SnapshotType},
    evidence::Recorder,
    scenario::{Failure, World, world::Step},
    store::{Range, Record, Store, Transaction, memory::MemoryStore},
    subject::{
        Stage, Subject as _,
        reference::{Difference, Reference},
        seam::ids::Starts,
    },
};

/// The families of keys under which the gate's other side keeps its records.
const FAMILIES: [&str; 5] = ["job:", "job_open:", "job_lease:", "operation:", "telemetry:"];

#[derive(Default)]
struct Noted(Vec<(String, Vec<u8>)>);

#[given(regex = r#"^worker "([^"]*)" runs with the gate (on|off)$"#)]
#[when(regex = r#"^worker "([^"]*)" is started with the gate (on|off)$"#)]
fn with_gate(world: &mut World, worker: String, gate: String) -> Step {
    world.worker_with(&worker, &Difference { idempotency: Some(gate == "on"), ..Difference::default() })?;
    Ok(())
}

async fn records(store: &dyn Store) -> Result<Vec<Record>, Failure> {
    let range = Range { limit: 100_000, ..Range::default() };
    store.scan(range).await.map_err(|e| Failure::new(e.to_string()))
}

async fn of_jobs(world: &World) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let records = records(&*world.scene()?.stage.store).await?;
    let of_jobs = |key: &str| FAMILIES.iter().any(|family| key.starts_with(family));
    Ok(records.into_iter().filter(|r| of_jobs(&r.key)).map(|r| (r.key, r.value)).collect())
}

#[then(expr = "nothing is stored of jobs")]
async fn nothing_of_jobs(world: &mut World) -> Step {
    match of_jobs(world).await?.first() {
        None => Ok(()),
        Some((key, _)) => Err(Failure::new(format!("there is {key}"))),
    }
}

#[when(expr = "it is noted what is stored of jobs")]
async fn noted(world: &mut World) -> Step {
    let found = of_jobs(world).await?;
    world.notes::<Noted>().0 = found;
    Ok(())
}

#[then(expr = "what is stored of jobs is as noted, byte for byte")]
async fn as_noted(world: &mut World) -> Step {
    let found = of_jobs(world).await?;
    let noted = &world.notes::<Noted>().0;
    if noted.is_empty() || *noted != found {
        return Err(Failure::new(format!("{} records were noted, {} are there", noted.len(), found.len())));
    }
    Ok(())
}

#[then(expr = "the jobs of {string} are {string}")]
async fn jobs_are(world: &mut World, tenant: String, expected: String) -> Step {
    let prefix = PlainKeys.prefix("job", &[&tenant]);
    let found = of_jobs(world).await?;
    let jobs = found.iter().filter(|(key, _)| key.starts_with(&prefix));
    let mut jobs: Vec<JobRecord> = jobs.filter_map(|(_, value)| JobRecord::decode(value)).collect();
    jobs.sort_by_key(|job| (job.window.clone(), job.job_type.clone(), job.inputs.to_string()));
    let seen: Vec<String> = jobs.iter().map(|job| format!("{} {}", job.job_type, job.state.word())).collect();
    let seen = seen.join(", ");
    if seen == expected { Ok(()) } else { Err(Failure::new(format!("they are {seen:?}"))) }
}

/// Runs the job with the gate off, and the same snapshot under the lock alone, on two copies of the store.
#[then(expr = "with the gate off the daily job of {string} leaves byte for byte what the lock alone leaves")]
async fn byte_for_byte(world: &mut World, tenant: String) -> Step {
    let scene = world.scene()?;
    let planted = scene.setup.planted;
    let mut left = Vec::new();
    for is_job in [true, false] {
        let stage = copy(&scene.stage).await?;
        let off = Difference { idempotency: Some(false), ..Difference::default() };
        let worker = Reference::start(&stage, "copy", &off, planted);
        if is_job {
            worker.run_job("snapshot_daily", Some(&tenant)).await?;
        } else {
            worker.create_snapshot(&tenant, SnapshotType::Daily.word(), true).await?;
        }
        let records = records(&*stage.store).await?;
        left.push(records.into_iter().map(|r| (r.key, r.value)).collect::<Vec<_>>());
    }
    if left[0].len() < 5 {
        return Err(Failure::new("the snapshot was not taken"));
    }
    match left[0].iter().zip(&left[1]).find(|(job, lock)| job != lock) {
        None if left[0].len() == left[1].len() => Ok(()),
        found => Err(Failure::new(format!("they differ at {:?}", found.map(|(job, _)| &job.0)))),
    }
}

/// The scenario's ground with a store and a log of its own.
async fn copy(stage: &Stage) -> Result<Stage, Failure> {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(Arc::new(stage.clock.clone())));
    for record in records(&*stage.store).await? {
        let put = Transaction::new().put(record.key, record.value);
        store.commit(put).await.map_err(|e| Failure::new(e.to_string()))?;
    }
    let clock = stage.clock.clone();
    let recorder = Recorder::new(0, move || crate::clock::Clock::now(&clock));
    Ok(Stage { store, recorder, starts: Starts::default(), ..stage.clone() })
}
