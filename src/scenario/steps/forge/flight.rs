//! One invocation of the app from its start to its end, taken down as a job: what began, what came of it by the
//! traffic and the storage, and what it pushed to its queues.

use tokio::task::JoinHandle;

use super::{Job, records, seen};
use crate::{
    evidence::{Ending, Fact},
    mock_jira::Barrier,
    scenario::{Failure, World, world::Step},
    subject::forge::{InvocationEnd, Invoked, Trigger},
};

/// Most events of queues that are handed on after one invocation: an app that feeds itself for ever is stopped.
const MOST_PUSHED: usize = 100;

/// An invocation under way.
pub(super) struct Flight {
    job: Job,
    tenant: String,
    pub worker: String,
    /// Where the log stood at its start.
    start: usize,
    task: JoinHandle<Invoked>,
    ended: Option<Invoked>,
}

/// Waits until the answer is held, or the invocation has ended without it.
pub(super) async fn reached(late: &Barrier, flight: &mut Flight) -> bool {
    tokio::select! {
        () = late.wait_reached() => true,
        ended = &mut flight.task => {
            flight.ended = ended.ok();
            false
        }
    }
}

/// Begins an invocation.
pub(super) fn take_off(world: &mut World, job: &Job, tenant: &str) -> Result<Flight, Failure> {
    let forge = world.forge()?;
    let worker = forge.reserve();
    let start = super::since(world, 0, <[_]>::len);
    world.record(Fact::JobStarted {
        job: job.key.clone(),
        tenant: Some(tenant.to_owned()),
        worker: worker.clone(),
        trigger: job.kind.to_owned(),
    })?;
    let (call, whom, name) = (job.call.clone(), tenant.to_owned(), worker.clone());
    let task = tokio::task::spawn(async move { forge.instances.invoke_on(&name, &whom, &call).await });
    Ok(Flight { job: job.clone(), tenant: tenant.to_owned(), worker, start, task, ended: None })
}

/// Waits for an invocation, takes down how it ended, and hands on what it pushed to its queues.
pub(super) async fn land(world: &mut World, flight: Flight) -> Step {
    let tenant = flight.tenant.clone();
    touch_down(world, flight).await?;
    for pushed in 0.. {
        let queued = world.scene()?.platform.take_pushed(&tenant).map_err(|e| Failure::new(e.to_string()))?;
        if queued.is_empty() {
            return Ok(());
        }
        if pushed >= MOST_PUSHED {
            let what = format!("the app goes on pushing to its queues after {MOST_PUSHED} rounds");
            return Err(Failure::new(what));
        }
        for (queue, event) in queued {
            let consumers = world.deployment()?.manifest().consumers.clone();
            for consumer in consumers.iter().filter(|consumer| consumer.queue == queue) {
                let body = event.get("body").cloned().unwrap_or_else(|| event.clone());
                let call = Trigger::Consumer { key: consumer.key.clone(), body };
                let job = Job { key: consumer.key.clone(), window_ms: super::HOUR_MS, call, kind: "queue" };
                let flight = take_off(world, &job, &tenant)?;
                touch_down(world, flight).await?;
            }
        }
    }
    Ok(())
}

async fn touch_down(world: &mut World, flight: Flight) -> Step {
    let Flight { job, tenant, worker, start, task, ended } = flight;
    let invoked = match ended {
        Some(invoked) => invoked,
        None => task.await.map_err(|e| Failure::new(format!("the invocation was lost: {e}")))?,
    };
    world.forge()?.free(&worker);
    let did = seen::deeds(world, start, &tenant);
    let ending = match &invoked.end {
        InvocationEnd::Returned(answer) if seen::admits_failure(answer) => Ending::Failed,
        InvocationEnd::Returned(_) if did.answered => Ending::Succeeded,
        InvocationEnd::Returned(_) if did.requests > 0 => Ending::Failed,
        InvocationEnd::Returned(_) => Ending::Skipped,
        InvocationEnd::Threw { .. } | InvocationEnd::LoadFailed { .. } => Ending::Threw,
        InvocationEnd::TimedOut { .. } => Ending::Hung,
        InvocationEnd::Died { .. } if seen::was_killed(world, start, &worker) => Ending::Crashed,
        InvocationEnd::Died { .. } => Ending::Threw,
    };
    records::note_snapshot(world, &job, &tenant, &worker, start)?;
    let report = seen::report(&did, &invoked);
    seen::note_end(world, (&job.key, &tenant), &invoked, ending, &did);
    world.record(Fact::JobEnded { job: job.key, tenant: Some(tenant), worker, ending, report })
}
