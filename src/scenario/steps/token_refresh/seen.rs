//! What a scenario about tokens can see: the token endpoint's and Jira's side of it, the stored record, the
//! answers. It never asks the app whether it did well.

use std::collections::BTreeSet;

use cucumber::then;
use secrecy::ExposeSecret;

use super::Notes;
use crate::{
    app::token::{StoredToken, Tokens, stored::Consent},
    evidence::{Fact, Observation},
    scenario::{Failure, World, world::Step},
    subject::CallError,
};

fn check(holds: bool, seen: impl FnOnce() -> String) -> Step {
    if holds { Ok(()) } else { Err(Failure::new(seen())) }
}

/// The facts that count, each with its observation.
fn seen<T>(world: &mut World, question: impl FnOnce(&[Observation]) -> T) -> T {
    let since = world.notes::<Notes>().since;
    world.recorder().read(|log| question(log.get(since..).unwrap_or_default()))
}

fn count(world: &mut World, is_it: impl Fn(&Fact) -> bool) -> u64 {
    seen(world, |log| log.iter().filter(|o| is_it(&o.fact)).count() as u64)
}

fn is_exchange(fact: &Fact, of: &str) -> bool {
    matches!(fact, Fact::RequestAnswered { operation, tenant: Some(tenant), .. }
        if operation == "oauth.token" && tenant == of)
}

#[then(expr = "the token endpoint was asked {int} time(s) for {string}")]
fn asked(world: &mut World, times: u64, tenant: String) -> Step {
    let asked = count(world, |fact| is_exchange(fact, &tenant));
    check(asked == times, || format!("it was asked {asked} times"))
}

#[then(expr = "the token endpoint issued {int} new pair(s) to {string}")]
fn issued(world: &mut World, pairs: u64, of: String) -> Step {
    let issued =
        count(world, |fact| matches!(fact, Fact::TokenIssued { tenant, rotation: 1.., .. } if *tenant == of));
    check(issued == pairs, || format!("it issued {issued}"))
}

#[then(expr = "the token endpoint refused {string} {int} time(s)")]
fn refused(world: &mut World, of: String, times: u64) -> Step {
    let refused =
        count(world, |fact| matches!(fact, Fact::TokenRefused { tenant: Some(tenant), .. } if *tenant == of));
    check(refused == times, || format!("it refused {refused} times"))
}

#[then(expr = "the consent of {string} was revoked {int} time(s)")]
fn revoked(world: &mut World, of: String, times: u64) -> Step {
    let revoked = count(world, |fact| matches!(fact, Fact::FamilyRevoked { tenant, .. } if *tenant == of));
    check(revoked == times, || format!("{revoked} families were revoked"))
}

#[then(expr = "{string} was told {string} {int} time(s)")]
fn told(world: &mut World, of: String, what: String, times: u64) -> Step {
    let told = count(world, |fact| {
        matches!(fact, Fact::AlertRaised { tenant: Some(tenant), occasion, .. }
            if *tenant == of && *occasion == what)
    });
    check(told == times, || format!("it was told so {told} times"))
}

#[then(expr = "Jira answered {int} read(s) of {string} with {int}")]
fn answered(world: &mut World, reads: u64, of: String, with: u16) -> Step {
    let answered = count(world, |fact| {
        matches!(fact, Fact::RequestAnswered { operation, tenant: Some(tenant), status, .. }
            if operation != "oauth.token" && *tenant == of && *status == with)
    });
    check(answered == reads, || format!("{answered} reads were answered so"))
}

/// Which rotation of its family the token of the tenant's last successful read was, and the family's place
/// among the tenant's consents, from 1.
fn last_read(log: &[Observation], of: &str) -> Option<(u64, usize)> {
    let used = log.iter().rev().find_map(|o| match &o.fact {
        Fact::RequestAnswered {
            operation, tenant: Some(tenant), status: 200, token: Some(token), ..
        } if operation != "oauth.token" && tenant == of => Some(token),
        _ => None,
    })?;
    let mut families: Vec<&str> = vec![];
    for observation in log {
        if let Fact::TokenIssued { tenant, token, family, rotation, .. } = &observation.fact
            && tenant == of
        {
            if !families.contains(&family.as_str()) {
                families.push(family);
            }
            if token == used {
                return Some((*rotation, families.len()));
            }
        }
    }
    None
}

#[then(expr = "the last read of {string} carried the pair of rotation {int}")]
fn carried(world: &mut World, of: String, rotation: u64) -> Step {
    let last = world.recorder().read(|log| last_read(log, &of));
    check(last.is_some_and(|(r, _)| r == rotation), || format!("rotation and consent were {last:?}"))
}

#[then(expr = "the last read of {string} carried a pair of consent number {int}")]
fn carried_consent(world: &mut World, of: String, consent: usize) -> Step {
    let last = world.recorder().read(|log| last_read(log, &of));
    check(last.is_some_and(|(_, c)| c == consent), || format!("rotation and consent were {last:?}"))
}

#[then(expr = "the token endpoint was left alone for {int} seconds after it asked {string} to wait")]
fn left_alone(world: &mut World, seconds: i64, of: String) -> Step {
    let waits = seen(world, |log| {
        let mut waits = vec![];
        let mut asked = None;
        for o in log.iter().filter(|o| is_exchange(&o.fact, &of)) {
            if let Some(before) = asked.take() {
                waits.push(o.at.duration_since(before).as_secs());
            }
            if matches!(o.fact, Fact::RequestAnswered { retry_after_s: Some(_), .. }) {
                asked = Some(o.at);
            }
        }
        waits
    });
    check(!waits.is_empty() && waits.iter().all(|w| *w >= seconds), || format!("it waited {waits:?} s"))
}

#[then(expr = "no two tenants were renewed at the same moment")]
fn spread(world: &mut World) -> Step {
    let moments = seen(world, |log| {
        let issued = log.iter().filter(|o| matches!(o.fact, Fact::TokenIssued { rotation: 1.., .. }));
        issued.map(|o| o.at).collect::<Vec<_>>()
    });
    let distinct: BTreeSet<_> = moments.iter().collect();
    check(moments.len() > 1 && distinct.len() == moments.len(), || {
        format!("{} pairs were issued at {} moments", moments.len(), distinct.len())
    })
}

#[then(expr = "some tenants were renewed and some were not yet")]
fn some(world: &mut World) -> Step {
    let all = world.scene()?.platform.tenant_ids().len();
    let renewed = seen(world, |log| {
        let tenants = log.iter().filter_map(|o| match &o.fact {
            Fact::TokenIssued { tenant, rotation: 1.., .. } => Some(tenant.clone()),
            _ => None,
        });
        tenants.collect::<BTreeSet<_>>().len()
    });
    check(renewed > 0 && renewed < all, || format!("{renewed} of {all} were renewed"))
}

// --- the stored record --------------------------------------------------------------------------

async fn stored(world: &mut World, tenant: &str) -> Result<StoredToken, Failure> {
    let worker = world.worker(super::FIRST)?;
    let key = Tokens::key(worker.app().ports(), tenant);
    let record = world.scene()?.stage.store.get(&key).await.map_err(|e| Failure::new(e.to_string()))?;
    let token = record.and_then(|record| StoredToken::decode(&record.value));
    token.ok_or_else(|| Failure::new(format!("no readable token of {tenant:?} is stored")))
}

#[then(expr = "a refresh of {string} stands begun in the store")]
async fn begun(world: &mut World, tenant: String) -> Step {
    let intent = stored(world, &tenant).await?.intent;
    check(intent.is_some(), || "no intent is stored".to_owned())
}

#[then(expr = "no refresh of {string} stands begun in the store")]
async fn not_begun(world: &mut World, tenant: String) -> Step {
    let intent = stored(world, &tenant).await?.intent;
    check(intent.is_none(), || format!("an intent is stored: {intent:?}"))
}

#[then(expr = "the stored token of {string} may be refreshed")]
async fn may_be_refreshed(world: &mut World, tenant: String) -> Step {
    let consent = stored(world, &tenant).await?.consent;
    check(consent == Consent::Given, || format!("its consent is {consent:?}"))
}

// --- answers ------------------------------------------------------------------------------------

#[then(expr = "worker {string} was answered")]
fn was_answered(world: &mut World, worker: String) -> Step {
    world.answer(&worker).map(drop)
}

#[then(expr = "worker {string} was refused")]
fn was_refused(world: &mut World, worker: String) -> Step {
    let answer = world.last_answer(&worker)?;
    check(matches!(answer, Err(CallError::Refused(_))), || format!("the answer was {answer:?}"))
}

#[then(expr = "the job of worker {string} counts {int} succeeded, {int} skipped and {int} failed")]
fn counts(world: &mut World, worker: String, succeeded: u64, skipped: u64, failed: u64) -> Step {
    let report = world.answer(&worker)?.clone();
    let number = |name: &str| report[name].as_u64();
    let tenants = report["tenants"].as_array().map(|tenants| tenants.len() as u64);
    let holds = number("succeeded") == Some(succeeded)
        && number("skipped") == Some(skipped)
        && number("failed") == Some(failed)
        && tenants == Some(succeeded + skipped + failed);
    check(holds, || format!("it reported {report}"))
}

#[then(expr = "the answer to worker {string} has {word} {int}")]
fn has(world: &mut World, worker: String, field: String, number: u64) -> Step {
    let answer = world.answer(&worker)?;
    check(answer[&field].as_u64() == Some(number), || format!("the answer was {answer}"))
}

#[then(expr = "the answer to worker {string} names {string}")]
fn names(world: &mut World, worker: String, field: String) -> Step {
    let answer = world.answer(&worker)?;
    check(answer.get(&field).is_some_and(|value| !value.is_null()), || format!("the answer was {answer}"))
}

#[then(expr = "no secret of the platform stands in the log or in the answer to worker {string}")]
fn no_secret(world: &mut World, worker: String) -> Step {
    let answer = format!("{:?}", world.last_answer(&worker)?);
    let subject = format!("{:?}", world.worker(&worker)?);
    let log = world.recorder().read(serde_json::to_string::<[Observation]>);
    let log = log.map_err(|e| Failure::new(e.to_string()))?;
    let secrets = world.scene()?.platform.issued_secrets();
    let shown = secrets.iter().find(|secret| {
        let secret = secret.expose_secret();
        [&answer, &subject, &log].iter().any(|text| text.contains(secret))
    });
    check(secrets.len() > 2 && shown.is_none(), || {
        format!("one of {} secrets is shown, or too few were issued", secrets.len())
    })
}
