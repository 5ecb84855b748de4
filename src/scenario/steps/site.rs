//! Steps that scenarios of every family begin with: sites, installations, workers, time, faults, barriers.

use std::time::Duration;

use cucumber::{given, then, when};

use crate::{
    evidence::Fact,
    mock_jira::{Fault, FaultRule, RetryAfter, Route, TenantSpec, When},
    scenario::{Failure, World, world::Step},
    subject::barrier::Action,
};

/// The worker that works where a scenario names none.
pub(super) const FIRST: &str = "A";

#[given(expr = "a Jira site {string}")]
fn a_site(world: &mut World, tenant: String) -> Step {
    world.add_site(TenantSpec::new(&tenant))
}

/// More than the mocked Jira can list in any scenario's time.
const MOST_ISSUES: usize = 10_000_000;

#[given(expr = "a Jira site {string} with {int} issues")]
fn a_site_with_issues(world: &mut World, tenant: String, issues: usize) -> Step {
    if issues > MOST_ISSUES {
        return Err(Failure::new(format!("{issues} issues are too many: {MOST_ISSUES} is the most")));
    }
    world.add_site(TenantSpec { issues, ..TenantSpec::new(&tenant) })
}

#[given(expr = "the app is installed for {string}")]
#[when(expr = "the app is installed for {string}")]
async fn installed(world: &mut World, tenant: String) -> Step {
    let worker = world.subject(FIRST).await?;
    let consent = world.consent(&tenant)?;
    worker
        .install(&tenant, consent)
        .await
        .map_err(|e| Failure::new(format!("the app cannot be installed: {e}")))?;
    Ok(())
}

#[when(expr = "{int} second(s) pass(es)")]
fn seconds_pass(world: &mut World, seconds: u64) -> Step {
    pass(world, seconds, 1)
}

#[when(expr = "{int} minute(s) pass(es)")]
fn minutes_pass(world: &mut World, minutes: u64) -> Step {
    pass(world, minutes, 60)
}

#[when(expr = "{int} hour(s) pass(es)")]
fn hours_pass(world: &mut World, hours: u64) -> Step {
    pass(world, hours, 3_600)
}

#[when(expr = "{int} day(s) pass(es)")]
fn days_pass(world: &mut World, days: u64) -> Step {
    pass(world, days, 86_400)
}

/// A century is beyond every limit that an app could have, and within what the clock can show.
const MOST_SECONDS: u64 = 100 * 366 * 86_400;

fn pass(world: &mut World, count: u64, seconds: u64) -> Step {
    match count.checked_mul(seconds).filter(|seconds| *seconds <= MOST_SECONDS) {
        Some(seconds) => world.pass(Duration::from_secs(seconds)),
        None => Err(Failure::new(format!("{count} times {seconds} s is too long: a century is the most"))),
    }
}

// --- jobs ---------------------------------------------------------------------------------------

#[given(expr = "worker {string} has run the job {string} for {string}")]
#[when(expr = "worker {string} runs the job {string} for {string}")]
async fn runs_job_for(world: &mut World, worker: String, job: String, tenant: String) -> Step {
    let answer = world.subject(&worker).await?.run_job(&job, Some(&tenant)).await;
    world.remember_answer(&worker, answer);
    Ok(())
}

#[when(expr = "worker {string} runs the job {string}")]
async fn runs_job(world: &mut World, worker: String, job: String) -> Step {
    let answer = world.subject(&worker).await?.run_job(&job, None).await;
    world.remember_answer(&worker, answer);
    Ok(())
}

#[when(expr = "worker {string} begins the job {string} for {string}")]
async fn begins_job_for(world: &mut World, worker: String, job: String, tenant: String) -> Step {
    let subject = world.subject(&worker).await?;
    world.begin_work(&worker, async move { subject.run_job(&job, Some(&tenant)).await })
}

#[when(expr = "worker {string} begins the job {string}")]
async fn begins_job(world: &mut World, worker: String, job: String) -> Step {
    let subject = world.subject(&worker).await?;
    world.begin_work(&worker, async move { subject.run_job(&job, None).await })
}

#[when(expr = "worker {string} comes to the end")]
async fn comes_to_the_end(world: &mut World, worker: String) -> Step {
    let answer = world.finish_work(&worker).await?;
    world.remember_answer(&worker, answer);
    Ok(())
}

#[then(expr = "the job of worker {string} {word}")]
fn job_ended(world: &mut World, worker: String, outcome: String) -> Step {
    let report = world.answer(&worker)?;
    let seen = report["outcome"].as_str().unwrap_or("nothing");
    if seen == outcome { Ok(()) } else { Err(Failure::new(format!("it reported {report}"))) }
}

#[then(expr = "worker {string} is refused with {string}")]
fn refused_with(world: &mut World, worker: String, words: String) -> Step {
    match world.last_answer(&worker)? {
        Err(error) if error.to_string().contains(&words) => Ok(()),
        other => Err(Failure::new(format!("the answer was {other:?}"))),
    }
}

// --- barriers -----------------------------------------------------------------------------------

fn action(words: &str) -> Result<Action, Failure> {
    match words {
        "before it reads" => Ok(Action::BeforeRead),
        "after it reads" => Ok(Action::AfterRead),
        "before it writes" => Ok(Action::BeforeWrite),
        "after it writes" => Ok(Action::AfterWrite),
        other => Err(Failure::new(format!("{other:?} is no moment; say before|after it reads|writes"))),
    }
}

#[given(
    regex = r#"^worker "([^"]*)" will be held (before it reads|after it reads|before it writes|after it writes) "([^"]*)"$"#
)]
fn will_be_held(world: &mut World, worker: String, moment: String, key_part: String) -> Step {
    world.hold(&worker, action(&moment)?, &key_part)
}

#[when(expr = "worker {string} is held")]
async fn is_held(world: &mut World, worker: String) -> Step {
    world.wait_held(&worker).await
}

#[when(expr = "worker {string} goes on")]
async fn goes_on(world: &mut World, worker: String) -> Step {
    world.release(&worker)?;
    comes_to_the_end(world, worker).await
}

#[when(expr = "worker {string} crashes there")]
async fn crashes(world: &mut World, worker: String) -> Step {
    world.crash(&worker).await
}

// --- faults of the platform ---------------------------------------------------------------------

/// A fault by the name that `gonogo list faults` shows.
fn fault(name: &str) -> Result<Fault, Failure> {
    Ok(match name {
        "429" => Fault::TooManyRequests(RetryAfter::Absent),
        "hang" => Fault::Hang,
        "slow" => Fault::Slow(Duration::from_secs(12)),
        "reset" => Fault::Reset,
        "half a body" => Fault::HalfBody,
        "malformed JSON" => Fault::MalformedJson,
        "a lost reply" => Fault::LostReply,
        "a repeated page" => Fault::RepeatedPage,
        "endless pages" => Fault::EndlessPages,
        other => match other.strip_prefix("429 with Retry-After ").map(str::parse) {
            Some(Ok(seconds)) => Fault::TooManyRequests(RetryAfter::Seconds(seconds)),
            _ => Fault::Status(other.parse().map_err(|_| Failure::new(format!("{other:?} is no fault")))?),
        },
    })
}

pub(super) fn inject(world: &World, name: &str, route: &str, tenant: Option<String>, when: When) -> Step {
    let route: Route = route.parse().map_err(|e| Failure::new(format!("{e}")))?;
    let rule = FaultRule { tenant, route, when, fault: fault(name)? };
    world.scene()?.platform.inject(rule);
    Ok(())
}

#[given(expr = "Jira answers {string} to the next {int} request(s) for {string} of {string}")]
fn answers_badly_to(world: &mut World, name: String, times: u64, route: String, tenant: String) -> Step {
    inject(world, &name, &route, Some(tenant), When::First(times))
}

#[given(expr = "Jira answers {string} to the next {int} request(s) for {string}")]
fn answers_badly(world: &mut World, name: String, times: u64, route: String) -> Step {
    inject(world, &name, &route, None, When::First(times))
}

#[given(expr = "an administrator of {string} gives consent again")]
#[when(expr = "an administrator of {string} gives consent again")]
fn acted(world: &mut World, tenant: String) -> Step {
    world.record(Fact::UserActed { tenant, action: "gave consent again".to_owned() })
}
