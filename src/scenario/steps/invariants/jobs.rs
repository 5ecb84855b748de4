//! Steps that run the schedule of whole days, and look at what its jobs came to.

use std::{collections::BTreeSet, time::Duration};

use cucumber::{given, then, when};

use crate::{
    evidence::{Ending, Fact, Observation},
    mock_jira::{Fault, FaultRule, Route, When},
    scenario::{Failure, World, world::Step},
    subject::Subject as _,
};

/// What is due at each hour of a day, in the order of the manifest.
fn due(hour: u64) -> impl Iterator<Item = &'static str> {
    let often = ["intent_sweep", "crash_recovery"];
    let refresh = (hour.is_multiple_of(12)).then_some("token_refresh");
    let daily = (hour == 1).then_some(["snapshot_daily", "snapshot_weekly"]);
    often.into_iter().chain(refresh).chain(daily.into_iter().flatten())
}

#[when(expr = "the scheduled jobs of {int} day(s) run")]
async fn days_of_jobs(world: &mut World, days: u64) -> Step {
    for _ in 0..days {
        for hour in 0..24 {
            for job in due(hour) {
                let answer = world.worker(super::super::site::FIRST)?.run_job(job, None).await;
                world.remember_answer(super::super::site::FIRST, answer);
            }
            world.pass(Duration::from_secs(3_600))?;
        }
    }
    Ok(())
}

#[given(expr = "Jira answers {string} to every request for {string} of {string}")]
fn answers_badly_always(world: &mut World, name: String, route: String, tenant: String) -> Step {
    let route: Route = route.parse().map_err(|e| Failure::new(format!("{e}")))?;
    let fault = match name.as_str() {
        "hang" => Fault::Hang,
        other => Fault::Status(other.parse().map_err(|_| Failure::new(format!("{other:?} is no fault")))?),
    };
    world.scene()?.platform.inject(FaultRule { tenant: Some(tenant), route, when: When::Always, fault });
    Ok(())
}

#[given(expr = "the token endpoint grants {string} too, once")]
fn grants_more(world: &mut World, scope: String) -> Step {
    let route: Route = "oauth.token".parse().map_err(|e| Failure::new(format!("{e}")))?;
    let fault = Fault::ExtraScopes(vec![scope]);
    world.scene()?.platform.inject(FaultRule { tenant: None, route, when: When::First(1), fault });
    Ok(())
}

#[then(expr = "every job that began came to its end by itself")]
fn all_jobs_ended(world: &mut World) -> Step {
    world.recorder().read(|log| {
        let is_start = |o: &&Observation| matches!(o.fact, Fact::JobStarted { .. });
        let by_itself = |o: &&Observation| {
            use Ending::{Failed, Skipped, Succeeded};
            matches!(&o.fact, Fact::JobEnded { ending: Succeeded | Skipped | Failed, report, .. } if !report.is_null())
        };
        let (began, ended) = (log.iter().filter(is_start).count(), log.iter().filter(by_itself).count());
        if began > 0 && began == ended {
            Ok(())
        } else {
            Err(Failure::new(format!("{ended} of {began} did")))
        }
    })
}

#[then(expr = "the report of worker {string} counts {int} succeeded, {int} skipped and {int} failed")]
fn report_counts(world: &mut World, worker: String, succeeded: u64, skipped: u64, failed: u64) -> Step {
    let report = world.answer(&worker)?;
    let counts = ["succeeded", "skipped", "failed"].map(|name| report[name].as_u64());
    if counts == [Some(succeeded), Some(skipped), Some(failed)] {
        Ok(())
    } else {
        Err(Failure::new(format!("it reported {report}")))
    }
}

#[then(expr = "the report of worker {string} counts {int} succeeded")]
fn report_counts_succeeded(world: &mut World, worker: String, succeeded: u64) -> Step {
    let report = world.answer(&worker)?;
    if report["succeeded"] == succeeded { Ok(()) } else { Err(Failure::new(format!("it reported {report}"))) }
}

#[then(expr = "{int} snapshot(s) of {string} came to lie in the store")]
fn snapshots_stored(world: &mut World, expected: usize, tenant: String) -> Step {
    let stored = super::hashes_of(world, &tenant).len();
    if stored == expected { Ok(()) } else { Err(Failure::new(format!("there were {stored}"))) }
}

#[then(expr = "nobody was spoken to")]
fn silence(world: &mut World) -> Step {
    heard(world, |occasions| occasions.is_empty())
}

#[then(expr = "all that was said is {string}")]
fn said_once(world: &mut World, occasion: String) -> Step {
    heard(world, |occasions| *occasions == [occasion.clone()])
}

fn heard(world: &World, expected: impl Fn(&Vec<String>) -> bool) -> Step {
    let mut hosts = BTreeSet::new();
    let occasions: Vec<String> = world.recorder().read(|log| {
        let mut occasions = vec![];
        for observation in log {
            match &observation.fact {
                Fact::AlertRaised { occasion, .. } => occasions.push(occasion.clone()),
                Fact::EgressTried { host, .. } => {
                    hosts.insert(host.clone());
                }
                _ => {}
            }
        }
        occasions
    });
    if expected(&occasions) && hosts.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("it said {occasions:?} and tried to reach {hosts:?}")))
}
