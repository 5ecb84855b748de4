//! What came of the app's invocations, by the traffic and the storage; and the steps that state it.

use std::collections::BTreeSet;

use cucumber::then;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{records, scheduled, since};
use crate::{
    evidence::{Ending, Fact, Observation, is_jira},
    scenario::{Failure, World, world::Step},
    subject::forge::{InvocationEnd, Invoked},
};

/// What one invocation did, as the platform saw it.
#[derive(Clone, Debug, Default)]
pub(super) struct Deeds {
    /// Requests to Jira.
    pub requests: usize,
    /// Whether Jira answered one of them with success.
    pub answered: bool,
    /// Records written.
    pub records: usize,
}

/// What the log shows of a tenant from a place on.
pub(super) fn deeds(world: &World, start: usize, whom: &str) -> Deeds {
    since(world, start, |log| {
        let mut deeds = Deeds::default();
        for observation in log {
            match &observation.fact {
                Fact::RequestAnswered { tenant: Some(tenant), operation, status, .. }
                    if tenant == whom && is_jira(operation) =>
                {
                    deeds.requests += 1;
                    deeds.answered |= (200..300).contains(status);
                }
                Fact::KeyWritten { tenant: Some(tenant), .. } if tenant == whom => deeds.records += 1,
                _ => {}
            }
        }
        deeds
    })
}

/// Whether the scenario killed this worker after the log stood at `start`.
pub(super) fn was_killed(world: &World, start: usize, whom: &str) -> bool {
    since(world, start, |log| {
        log.iter().any(|o| matches!(&o.fact, Fact::WorkerCrashed { worker, .. } if worker == whom))
    })
}

/// Whether the app itself says that it failed. Its word counts against it, never for it.
pub(super) fn admits_failure(answer: &Value) -> bool {
    let refused = answer["statusCode"].as_u64().is_some_and(|code| code >= 400);
    refused || says(answer, &["failed", "failure", "error"], false)
}

/// Whether the app says of itself that it succeeded.
fn claims_success(answer: &Value) -> bool {
    says(answer, &["succeeded", "success", "ok", "done"], true)
}

/// Whether an answer tells its outcome by one of these words, or by this flag.
fn says(answer: &Value, words: &[&str], flag: bool) -> bool {
    let said = ["outcome", "status", "result"].iter().filter_map(|name| answer[*name].as_str());
    said.map(str::to_ascii_lowercase).any(|word| words.contains(&word.as_str()))
        || ["success", "ok"].iter().any(|name| answer[*name] == json!(flag))
}

/// How many characters of it a message shows.
const SAID_CHARS: usize = 200;
/// How many characters of what the app returned are kept.
const ANSWER_CHARS: usize = 2_000;

/// The job's report: what was seen from outside first, the app's own word last.
pub(super) fn report(did: &Deeds, invoked: &Invoked) -> Value {
    let (outcome, said) = match &invoked.end {
        InvocationEnd::Returned(answer) => {
            let text: String = answer.to_string().chars().take(ANSWER_CHARS).collect();
            ("returned", text)
        }
        other => (word(other), other.to_string()),
    };
    json!({ "outcome": outcome, "requests": did.requests, "records": did.records, "said": said })
}

fn word(end: &InvocationEnd) -> &'static str {
    match end {
        InvocationEnd::Returned(_) => "returned",
        InvocationEnd::Threw { .. } => "threw",
        InvocationEnd::LoadFailed { .. } => "did not load",
        InvocationEnd::TimedOut { .. } => "timed out",
        InvocationEnd::Died { .. } => "died",
    }
}

/// What the steps of a scenario remember of its invocations.
#[derive(Debug, Default)]
pub(super) struct Ends {
    /// Trigger and how it ended badly.
    bad: Vec<String>,
    /// Trigger that failed, as it admits or as its requests show.
    failed: Vec<String>,
    /// Triggers of which nothing was ever seen, and why not.
    idle: Vec<(String, String)>,
    busy: BTreeSet<String>,
}

/// Remembers how the job of a tenant ended, for the steps that state it.
pub(super) fn note_end(
    world: &mut World,
    (job, tenant): (&str, &str),
    invoked: &Invoked,
    ending: Ending,
    did: &Deeds,
) {
    let ends = world.notes::<Ends>();
    let end = &invoked.end;
    if invoked.unfinished > 0 {
        ends.bad.push(format!(
            "the trigger {job:?} returned for {tenant:?} while {} of its calls had no answer: the platform freezes \
             it there, and what it was at may never be finished; await it",
            invoked.unfinished
        ));
    }
    match (end, ending) {
        (InvocationEnd::LoadFailed { .. }, _) => {
            ends.bad.push(format!("not exercised: the trigger {job:?} cannot be loaded: {end}"));
        }
        (InvocationEnd::Returned(answer), Ending::Failed) if claims_success(answer) => {
            ends.bad.push(format!(
                "the trigger {job:?} says for {tenant:?} that it succeeded, and got nothing of Jira: {answer}"
            ));
        }
        (_, Ending::Failed) => {
            let said = match end {
                InvocationEnd::Returned(answer) => format!("it returned {answer}"),
                other => other.to_string(),
            };
            let said: String = said.chars().take(SAID_CHARS).collect();
            ends.failed
                .push(format!("the trigger {job:?} failed for {tenant:?}, with nothing in its way: {said}"));
        }
        (_, Ending::Threw | Ending::Hung) => {
            // The platform does not fire a scheduled trigger again because it threw, and nobody reads its log.
            let demand = "a job ends by itself, whatever Jira and its storage answer: let it catch the error, return an outcome \
                          that says so (`{outcome: 'failed'}`), and leave the rest to its next run";
            ends.bad.push(format!("the trigger {job:?} {} for {tenant:?}: {end}; {demand}", word(end)));
        }
        _ => {}
    }
    if did.answered || did.records > 0 {
        ends.busy.insert(job.to_owned());
    } else {
        let why = match did.requests {
            0 => "it sent nothing at all".to_owned(),
            _ => "it ended without any effect that can be seen: none of its requests had success".to_owned(),
        };
        ends.idle.push((job.to_owned(), why));
    }
}

#[then(expr = "every trigger came to its end by itself")]
fn all_ended(world: &mut World) -> Step {
    scheduled(world)?;
    match world.notes::<Ends>().bad.first() {
        None => Ok(()),
        Some(first) => Err(Failure::new(first.clone())),
    }
}

#[then(expr = "none of them failed")]
fn none_failed(world: &mut World) -> Step {
    match world.notes::<Ends>().failed.first() {
        None => Ok(()),
        Some(first) => Err(Failure::new(first.clone())),
    }
}

#[then(expr = "every trigger did something that can be seen")]
fn all_did_something(world: &mut World) -> Step {
    let triggers = scheduled(world)?;
    let ends = world.notes::<Ends>();
    for trigger in triggers {
        if !ends.busy.contains(&trigger.key) {
            let why = ends.idle.iter().find(|(key, _)| *key == trigger.key).map(|(_, why)| why.as_str());
            let why = why.unwrap_or("it was never fired");
            return Err(Failure::not_exercised(&format!("the trigger {:?}: {why}", trigger.key)));
        }
    }
    Ok(())
}

#[then(expr = "{string} was served in the end")]
fn was_served(world: &mut World, whom: String) -> Step {
    // Status of each request to Jira, and whether it came after time was last moved.
    let answers = since(world, 0, |log| {
        let moved = log.iter().rposition(|o| matches!(o.fact, Fact::TimePassed { .. })).unwrap_or(0);
        let answer = |(place, o): (usize, &Observation)| match &o.fact {
            Fact::RequestAnswered { tenant: Some(tenant), operation, status, .. }
                if *tenant == whom && is_jira(operation) =>
            {
                Some((*status, place >= moved))
            }
            _ => None,
        };
        log.iter().enumerate().filter_map(answer).collect::<Vec<_>>()
    });
    let in_the_end = answers.iter().filter(|(_, late)| *late);
    if in_the_end.clone().any(|(status, _)| (200..300).contains(status)) {
        return Ok(());
    }
    let Some((last, _)) = answers.last() else {
        return Err(Failure::not_exercised(&format!("the app sent the site of {whom:?} nothing at all")));
    };
    let what = match in_the_end.count() {
        0 => "it asked for nothing".to_owned(),
        _ => format!("it got nothing; the last answer was {last}, and the app did not ask again"),
    };
    Err(Failure::new(format!("the app never came to read the site of {whom:?}: in its last runs {what}")))
}

#[then(expr = "no request came before its Retry-After had passed")]
fn waited(world: &mut World) -> Step {
    let early = since(world, 0, |log| {
        let mut until: Vec<(String, Timestamp, u64)> = vec![];
        for Observation { at, fact, .. } in log {
            // An invocation knows nothing of what another was told.
            if let Fact::JobStarted { tenant: Some(whose), .. } = fact {
                until.retain(|(whom, ..)| whom != whose);
            }
            let Fact::RequestAnswered {
                tenant: Some(tenant),
                operation,
                method,
                path,
                status,
                retry_after_s,
                ..
            } = fact
            else {
                continue;
            };
            if !is_jira(operation) {
                continue;
            }
            if let Some((_, _, asked)) = until.iter().find(|(whom, time, _)| whom == tenant && at < time) {
                return Some(format!(
                    "{method} {path} came before the {asked} s of a 429's Retry-After had passed"
                ));
            }
            if let (429, Some(seconds)) = (status, retry_after_s) {
                let wait = SignedDuration::from_secs(i64::try_from(*seconds).unwrap_or(i64::MAX));
                until.push((tenant.clone(), at.saturating_add(wait).unwrap_or(*at), *seconds));
            }
        }
        None
    });
    early.map_or(Ok(()), |early| Err(Failure::new(early)))
}

#[then(expr = "the work of the two was done once")]
fn done_once(world: &mut World) -> Step {
    let snapshots = since(world, 0, |log| {
        let of = |o: &Observation| match &o.fact {
            Fact::SnapshotStored { tenant, snapshot_type, window_start, .. } => {
                Some(format!("{snapshot_type} of {tenant} in the window of {window_start}"))
            }
            _ => None,
        };
        log.iter().filter_map(of).collect::<Vec<_>>()
    });
    let mut seen = BTreeSet::new();
    if snapshots.is_empty() {
        return Err(Failure::not_exercised(&format!(
            "nothing that a trigger stores carries a hash; a text counts as one in a field whose name ends with {}",
            records::HASH_FIELDS.join(", ")
        )));
    }
    match snapshots.iter().find(|snapshot| !seen.insert(snapshot.as_str())) {
        None => Ok(()),
        Some(twice) => Err(Failure::new(format!("the work of {twice} was done twice"))),
    }
}
