//! Steps about the snapshot lock: who asks for it, what goes wrong around it, and what the recorded facts
//! and the stored records then show.

use std::{collections::BTreeMap, time::Duration};

use cucumber::{given, then, when};

use crate::{
    app::{lease::LeaseRecord, lock::FAMILY},
    evidence::Fact,
    mock_jira::{Fault, FaultRule, Route, TenantSpec, When},
    scenario::{Failure, World, world::Step},
    store::Range,
    subject::{Subject as _, reference::Difference, seam::trouble::Trouble},
};

/// The longest key that Forge's key-value store takes.
const KEY_LIMIT: usize = 500;

/// Where the log stood, and the tenant whose name no feature file can hold.
#[derive(Default)]
struct Notes {
    counted_from: usize,
    hostile: String,
}

fn expect(holds: bool, seen: impl FnOnce() -> String) -> Step {
    if holds { Ok(()) } else { Err(Failure::new(seen())) }
}

// --- what is there ------------------------------------------------------------------------------

#[given(expr = "a Jira site {string} with {int} projects")]
fn a_site_with_projects(world: &mut World, tenant: String, projects: usize) -> Step {
    world.add_site(TenantSpec { projects, ..TenantSpec::new(&tenant) })
}

#[given(expr = "the wall clock of worker {string} is {int} seconds ahead")]
fn clock_is_ahead(world: &mut World, worker: String, seconds: i64) -> Step {
    let difference = Difference { clock_ahead_ms: seconds * 1_000, ..Difference::default() };
    world.worker_with(&worker, &difference).map(|_| ())
}

#[given(expr = "the wall clock of worker {string} is {int} seconds behind")]
fn clock_is_behind(world: &mut World, worker: String, seconds: i64) -> Step {
    clock_is_ahead(world, worker, -seconds)
}

#[given(expr = "Jira takes {int} seconds over each answer")]
fn slow(world: &mut World, seconds: u64) -> Step {
    let route: Route = "jira".parse().map_err(|e| Failure::new(format!("{e}")))?;
    let fault = Fault::Slow(Duration::from_secs(seconds));
    world.scene()?.platform.inject(FaultRule { tenant: None, route, when: When::Always, fault });
    Ok(())
}

#[given(expr = "the store's answer is lost when worker {string} next writes {string}")]
#[when(expr = "the store's answer is lost when worker {string} next writes {string}")]
fn reply_is_lost(world: &mut World, worker: String, key_part: String) -> Step {
    world.scene()?.stage.troubles.ahead(&worker, Trouble::ReplyLost, &key_part);
    Ok(())
}

#[given(expr = "worker {string} panics when it next writes {string}")]
fn panics(world: &mut World, worker: String, key_part: String) -> Step {
    world.scene()?.stage.troubles.ahead(&worker, Trouble::Panic, &key_part);
    Ok(())
}

#[given(expr = "the app is installed for a tenant whose name {string}")]
async fn hostile_tenant(world: &mut World, what: String) -> Step {
    let name = match what.as_str() {
        "holds control characters" => "ac\u{0}me\u{1b}[2J\r\n\u{7f}".to_owned(),
        "runs from right to left" => "\u{202e}emca\u{2066}\u{5d0}\u{200f}".to_owned(),
        "is ten thousand letters long" => "acme".repeat(2_500),
        "is made of separators" => "::#3a:*/../%00:snapshot_lock".to_owned(),
        other => return Err(Failure::new(format!("no tenant is known whose name {other:?}"))),
    };
    world.add_site(TenantSpec { issues: 10, projects: 1, ..TenantSpec::new(&name) })?;
    let consent = world.consent(&name)?;
    let installed = world.worker("A")?.install(&name, consent).await;
    world.notes::<Notes>().hostile = name;
    installed.map(|_| ()).map_err(|e| Failure::new(format!("the app cannot be installed: {e}")))
}

// --- what is done -------------------------------------------------------------------------------

#[when(expr = "worker {string} takes the {word} snapshot of {string} under the lock")]
async fn takes(world: &mut World, worker: String, kind: String, tenant: String) -> Step {
    let answer = world.worker(&worker)?.create_snapshot(&tenant, &kind, true).await;
    world.remember_answer(&worker, answer);
    Ok(())
}

#[when(expr = "worker {string} takes the {word} snapshot of {string} without the lock")]
async fn takes_without(world: &mut World, worker: String, kind: String, tenant: String) -> Step {
    let answer = world.worker(&worker)?.create_snapshot(&tenant, &kind, false).await;
    world.remember_answer(&worker, answer);
    Ok(())
}

#[when(expr = "worker {string} takes the {word} snapshot of that tenant under the lock")]
async fn takes_of_hostile(world: &mut World, worker: String, kind: String) -> Step {
    let tenant = world.notes::<Notes>().hostile.clone();
    takes(world, worker, kind, tenant).await
}

#[when(expr = "worker {string} begins the {word} snapshot of {string} under the lock")]
fn begins(world: &mut World, worker: String, kind: String, tenant: String) -> Step {
    let subject = world.worker(&worker)?;
    world.begin_work(&worker, async move { subject.create_snapshot(&tenant, &kind, true).await })
}

#[when(expr = "worker {string} moves on")]
fn moves_on(world: &mut World, worker: String) -> Step {
    world.release(&worker)
}

#[when("the requests to Jira are counted from here")]
fn counted_from_here(world: &mut World) -> Step {
    let seen = world.recorder().read(<[_]>::len);
    world.notes::<Notes>().counted_from = seen;
    Ok(())
}

// --- what came of it ----------------------------------------------------------------------------

#[then(expr = "worker {string} finds the window {word}")]
fn finds(world: &mut World, worker: String, outcome: String) -> Step {
    let answer = world.answer(&worker)?;
    expect(answer["outcome"].as_str() == Some(&outcome), || format!("it answered {answer}"))
}

#[then(expr = "workers {string} and {string} answer with the same hash")]
fn same_hash(world: &mut World, one: String, other: String) -> Step {
    let (one, other) = (world.answer(&one)?, world.answer(&other)?);
    let same = one["hash"].is_string() && one["hash"] == other["hash"];
    expect(same, || format!("they answered {one} and {other}"))
}

#[then(expr = "{int} {word} snapshot(s) of {string} is/are stored")]
fn stored(world: &mut World, expected: usize, kind: String, of: String) -> Step {
    let seen = world.recorder().read(|log| {
        let ours = |fact: &Fact| {
            matches!(fact, Fact::SnapshotStored { tenant, snapshot_type, .. }
                if *tenant == of && *snapshot_type == kind)
        };
        log.iter().filter(|o| ours(&o.fact)).count()
    });
    expect(seen == expected, || format!("{seen} were stored"))
}

#[then(expr = "the {word} snapshot of {string} was stored under fencing token {int}")]
fn stored_under(world: &mut World, kind: String, of: String, token: u64) -> Step {
    let seen = world.recorder().read(|log| {
        let tokens = log.iter().filter_map(|o| match &o.fact {
            Fact::SnapshotStored { tenant, snapshot_type, fencing_token, .. }
                if *tenant == of && *snapshot_type == kind =>
            {
                Some(*fencing_token)
            }
            _ => None,
        });
        tokens.collect::<Vec<_>>()
    });
    expect(seen == [token], || format!("stored under {seen:?}"))
}

#[then(expr = "snapshot locks were granted {int} time(s)")]
fn granted(world: &mut World, expected: usize) -> Step {
    let seen = lock_facts(world, |fact| matches!(fact, Fact::LockGranted { .. })).len();
    expect(seen == expected, || format!("granted {seen} times"))
}

#[then(expr = "the snapshot lock was renewed by worker {string}")]
fn renewed(world: &mut World, by: String) -> Step {
    let seen = lock_facts(world, |fact| matches!(fact, Fact::LockRenewed { worker, .. } if *worker == by));
    expect(!seen.is_empty(), || "it was never renewed".to_owned())
}

#[then(expr = "no snapshot lock was released by worker {string}")]
fn not_released(world: &mut World, by: String) -> Step {
    let seen = lock_facts(
        world,
        |fact| matches!(fact, Fact::LockReleased { worker, .. } | Fact::KeyDeleted { worker, .. } if *worker == by),
    );
    expect(seen.is_empty(), || format!("it released: {:?}", seen[0].1))
}

#[then("the fencing tokens of each snapshot lock only grew")]
fn tokens_grew(world: &mut World) -> Step {
    let mut last = BTreeMap::new();
    for (_, fact) in lock_facts(world, |fact| matches!(fact, Fact::LockGranted { .. })) {
        let Fact::LockGranted { key, fencing_token, .. } = fact else { continue };
        let before = last.insert(key.clone(), fencing_token).unwrap_or(0);
        expect(fencing_token > before, || format!("{key} went from {before} to {fencing_token}"))?;
    }
    expect(!last.is_empty(), || "no snapshot lock was granted".to_owned())
}

#[then(expr = "no snapshot lock was kept longer than {int} seconds")]
fn kept_no_longer(world: &mut World, limit_s: i64) -> Step {
    let mut since = BTreeMap::new();
    let mut kept = vec![];
    let life = |fact: &Fact| matches!(fact, Fact::LockGranted { .. } | Fact::LockReleased { .. });
    for (at_ms, fact) in lock_facts(world, life) {
        match fact {
            Fact::LockGranted { key, fencing_token, .. } => {
                since.insert((key, fencing_token), at_ms);
            }
            Fact::LockReleased { key, fencing_token, .. } => {
                kept.extend(since.remove(&(key, fencing_token)).map(|granted_ms| at_ms - granted_ms));
            }
            _ => {}
        }
    }
    expect(!kept.is_empty() && since.is_empty(), || "a lock was never released".to_owned())?;
    let longest_s = kept.into_iter().max().unwrap_or(0) / 1_000;
    expect(longest_s <= limit_s, || format!("one was kept for {longest_s} seconds"))
}

#[then("no snapshot lock is held")]
async fn none_held(world: &mut World) -> Step {
    let store = world.scene()?.stage.store.clone();
    let range = Range { prefix: FAMILY.to_owned(), after: None, limit: 100 };
    let records = store.scan(range).await.map_err(|e| Failure::new(e.to_string()))?;
    expect(!records.is_empty(), || "there is no record of any".to_owned())?;
    let now = store.time();
    let held = records
        .iter()
        .find(|record| LeaseRecord::decode(&record.value).is_none_or(|lease| lease.holder(&now).is_some()));
    expect(held.is_none(), || format!("{:?} is held", held.map(|record| &record.key)))
}

#[then(expr = "the store refused a late write of worker {string}")]
fn late_write_refused(world: &mut World, of: String) -> Step {
    let refused =
        lock_facts(world, |fact| matches!(fact, Fact::WriteRefused { worker, .. } if *worker == of));
    expect(!refused.is_empty(), || "none was refused for its lock".to_owned())
}

#[then(expr = "worker {string} was denied {int} of {int} snapshot locks")]
fn was_denied(world: &mut World, worker: String, denied: u64, attempts: u64) -> Step {
    let seen = world.worker(&worker)?.app().contention();
    expect(seen.denied == denied && seen.attempts == attempts, || format!("{seen:?}"))
}

#[then("Jira was asked nothing since")]
fn asked_nothing(world: &mut World) -> Step {
    let from = world.notes::<Notes>().counted_from;
    let seen = world
        .recorder()
        .read(|log| log.iter().skip(from).filter(|o| matches!(o.fact, Fact::RequestAnswered { .. })).count());
    expect(seen == 0, || format!("it was asked {seen} times"))
}

#[then("every key is one that Forge allows")]
fn keys_are_allowed(world: &mut World) -> Step {
    let keys = world.recorder().read(|log| {
        let keys = log.iter().filter_map(|o| match &o.fact {
            Fact::KeyWritten { key, .. } => Some(key.clone()),
            _ => None,
        });
        keys.collect::<Vec<_>>()
    });
    let allowed = |c: char| c.is_ascii_alphanumeric() || ":._-#".contains(c);
    let bad = keys.iter().find(|key| key.len() > KEY_LIMIT || !key.chars().all(allowed));
    expect(bad.is_none(), || format!("{bad:?}"))?;
    expect(keys.iter().any(|key| key.starts_with(FAMILY)), || "no lock was written".to_owned())
}

/// What was recorded of the keys of snapshot locks, each with its time in milliseconds.
fn lock_facts(world: &World, wanted: impl Fn(&Fact) -> bool) -> Vec<(i64, Fact)> {
    let of_lock = |fact: &Fact| match fact {
        Fact::LockGranted { key, .. }
        | Fact::LockRenewed { key, .. }
        | Fact::LockReleased { key, .. }
        | Fact::KeyDeleted { key, .. }
        | Fact::WriteRefused { key, .. } => key.starts_with(FAMILY),
        _ => false,
    };
    world.recorder().read(|log| {
        let facts = log.iter().filter(|o| of_lock(&o.fact) && wanted(&o.fact));
        facts.map(|o| (o.at.as_millisecond(), o.fact.clone())).collect()
    })
}
