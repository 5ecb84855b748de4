//! One invocation of the app from its start to its end, taken down as a job: what began, what came of it by the
//! traffic and the storage, and what it pushed to its queues.

use tokio::task::JoinHandle;

use super::{Job, doubled::Pair, queue, records, seen};
use crate::{
    evidence::{Ending, Fact},
    mock_jira::Barrier,
    scenario::{Failure, World, world::Step},
    subject::forge::{InvocationEnd, Invoked},
};

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
    land_unless(world, flight, None).await.map(|_| ())
}

/// As [`land`]; whichever invocation, this or a consumer's, is held here is killed there, and what was done to it is
/// taken down in these words, the key that it wrote last in the place of `{key}`. Returns whether one was.
pub(super) async fn land_killed(
    world: &mut World,
    flight: Flight,
    late: &Barrier,
    damage: &str,
) -> Result<bool, Failure> {
    let is_killed = land_unless(world, flight, Some((late, damage))).await?;
    world.scene()?.platform.clear_faults();
    late.release();
    Ok(is_killed)
}

type Killer<'a> = Option<(&'a Barrier, &'a str)>;

async fn land_unless(world: &mut World, flight: Flight, killer: Killer<'_>) -> Result<bool, Failure> {
    let tenant = flight.tenant.clone();
    let mut is_killed = kill_at(world, flight, killer).await?.1;
    let mut waiting = vec![];
    for delivered in 0.. {
        queue::take_pushed(world, &tenant, &mut waiting)?;
        let Some(event) = queue::next(&mut waiting) else { return Ok(is_killed) };
        if delivered >= queue::MOST_DELIVERED {
            let what = format!("the app goes on pushing to its queues after {delivered} events");
            return Err(Failure::new(what));
        }
        is_killed |= deliver(world, &tenant, &event, killer, &mut waiting).await?;
    }
    Ok(is_killed)
}

/// Hands an event to its consumer, twice if that is the scenario. Returns whether the consumer was killed.
async fn deliver(
    world: &mut World,
    tenant: &str,
    event: &queue::Event,
    killer: Killer<'_>,
    waiting: &mut Vec<queue::Event>,
) -> Result<bool, Failure> {
    event.wait(world)?;
    let is_twice = world.notes::<queue::Twice>().0;
    let mut pair = Pair::begin(world, tenant)?;
    let flight = take_off(world, &event.job(), tenant)?;
    let first = flight.worker.clone();
    let (retry, is_killed) = kill_at(world, flight, killer).await?;
    if let Some(retry) = retry {
        waiting.extend(event.again(world, &retry)?);
    } else if is_twice {
        pair.by_first(world)?;
        let flight = take_off(world, &event.job(), tenant)?;
        let second = flight.worker.clone();
        touch_down(world, flight).await?;
        pair.by_second(world)?;
        pair.end(world, &event.job().key, [&first, &second])?;
    }
    Ok(is_killed)
}

/// Waits for an invocation, and kills it where it is held. Returns what the platform is asked to do with the event that
/// it came from, and whether it was killed.
async fn kill_at(
    world: &mut World,
    mut flight: Flight,
    killer: Killer<'_>,
) -> Result<(Option<queue::Retry>, bool), Failure> {
    let mut is_killed = false;
    if let Some((late, damage)) = killer.filter(|(late, _)| !late.is_open()) {
        is_killed = reached(late, &mut flight).await;
        if is_killed {
            let (worker, tenant) = (flight.worker.clone(), flight.tenant.clone());
            world.scene()?.platform.clear_faults();
            let key = records::last_written(world, &tenant).unwrap_or_default();
            world.forge()?.instances.kill(&worker);
            world.record(Fact::WorkerCrashed { worker, barrier: format!("after it wrote {key}") })?;
            world.record(Fact::DamageDone { tenant, damage: damage.replace("{key}", &key), key })?;
            late.release();
        }
    }
    Ok((touch_down(world, flight).await?, is_killed))
}

async fn touch_down(world: &mut World, flight: Flight) -> Result<Option<queue::Retry>, Failure> {
    let Flight { job, tenant, worker, start, task, ended } = flight;
    let invoked = match ended {
        Some(invoked) => invoked,
        None => task.await.map_err(|e| Failure::new(format!("the invocation was lost: {e}")))?,
    };
    world.forge()?.free(&worker);
    let did = seen::deeds(world, start, &tenant);
    let retry = queue::Retry::of(&job, &invoked.end);
    let ending = match &invoked.end {
        // The platform brings the event again: its consumer need not be done with it.
        InvocationEnd::Returned(_) if retry.is_some() => Ending::Skipped,
        InvocationEnd::Threw { .. } if retry.is_some() => Ending::Failed,
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
    world.record(Fact::JobEnded { job: job.key, tenant: Some(tenant), worker, ending, report })?;
    Ok(retry)
}
