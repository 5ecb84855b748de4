//! What an app keeps in its storage: the hashes that it stores, and records that are cut in half.

use std::collections::{BTreeMap, BTreeSet};

use cucumber::when;
use jiff::Timestamp;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::{Job, seen, since};
use crate::{
    clock::Clock as _,
    evidence::Fact,
    scenario::{Failure, World, world::Step},
};

/// Names of fields that hold the hash of what else is stored, in lower case.
pub(super) const HASH_FIELDS: [&str; 8] =
    ["hash", "digest", "checksum", "fingerprint", "sha256", "sha1", "md5", "sum"];
/// How deep in a record a hash is looked for.
const DEPTH: usize = 3;

/// Keys that a worker wrote from a place on, in order, each once.
fn written(world: &World, whom: &str, by: &str, start: usize) -> Vec<String> {
    since(world, start, |log| {
        let mut keys: Vec<String> = vec![];
        for observation in log {
            if let Fact::KeyWritten { tenant: Some(tenant), worker, key, .. } = &observation.fact
                && tenant == whom
                && worker == by
                && !keys.contains(key)
            {
                keys.push(key.clone());
            }
        }
        keys
    })
}

/// The key that was written last for a tenant.
pub(super) fn last_written(world: &World, whom: &str) -> Option<String> {
    since(world, 0, |log| {
        log.iter().rev().find_map(|o| match &o.fact {
            Fact::KeyWritten { tenant: Some(tenant), key, .. } if tenant == whom => Some(key.clone()),
            _ => None,
        })
    })
}

/// What was last seen of the snapshots in the storage.
#[derive(Debug, Default)]
pub(super) struct Snapshots {
    /// Tenant and trigger → its records with hashes, their window, and where the log stood.
    kept: BTreeMap<(String, String), Kept>,
    /// Only a part of the site changes: an app that does not look at it rightly stores the same again.
    pub is_partial: bool,
}

#[derive(Debug)]
struct Kept {
    hash: String,
    window_start_ms: i64,
    records: Vec<(String, Value)>,
    seen_at: usize,
}

impl Snapshots {
    /// The keys of the records that hold a tenant's hashes, each with its trigger.
    pub fn keys(&self, whose: &str) -> Vec<String> {
        let of = self.kept.iter().filter(|((tenant, _), _)| tenant == whose);
        let shown = |((_, trigger), kept): (&(String, String), &Kept)| {
            let keys: Vec<String> = kept.records.iter().map(|(key, _)| format!("{key:?}")).collect();
            format!("{} of the trigger {trigger}", keys.join(", "))
        };
        of.map(shown).collect()
    }

    /// The hashes that were stored last for a tenant, one for each trigger.
    pub fn latest(&self, whose: &str) -> Vec<String> {
        let of = self.kept.iter().filter(|((tenant, _), _)| tenant == whose);
        of.map(|(_, kept)| kept.hash.clone()).collect()
    }
}

/// Takes down that a snapshot lies in the storage, if the invocation left a record with a hash there. All
/// hashes that it left count as one: which of them covers what, only the app knows. A run that leaves what lay
/// there already, key for key and value for value, stored nothing.
pub(super) fn note_snapshot(world: &mut World, job: &Job, tenant: &str, worker: &str, start: usize) -> Step {
    let keys = written(world, tenant, worker, start);
    let platform = &world.scene()?.platform;
    let stored = platform.stored_keys(tenant).map_err(|e| Failure::new(e.to_string()))?;
    let site = platform.site_digest(tenant).map_err(|e| Failure::new(e.to_string()))?;
    let mut hashes = BTreeSet::new();
    let mut records = vec![];
    let by_it = |key: &str| keys.iter().any(|written| plain(written) == key);
    for (key, value) in stored.into_iter().filter(|(key, _)| by_it(key)) {
        let before = hashes.len();
        collect_hashes(&value, DEPTH, &mut hashes);
        if hashes.len() > before {
            records.push((key, value));
        }
    }
    if hashes.is_empty() {
        return Ok(());
    }
    let now = world.scene()?.clock.now().as_millisecond();
    let window = now - now.rem_euclid(job.window_ms);
    let hash = match hashes.len() {
        1 => hashes.pop_first().unwrap_or_default(),
        _ => hex::encode(Sha256::digest(hashes.into_iter().collect::<Vec<_>>().join("\n"))),
    };
    let whose = (tenant.to_owned(), job.key.clone());
    let seen_at = since(world, 0, <[_]>::len);
    let earlier = world.notes::<Snapshots>().kept.get(&whose);
    let is_same = earlier.is_some_and(|kept| kept.window_start_ms == window && kept.records == records);
    let earlier_at = earlier.map_or(0, |kept| kept.seen_at);
    let damaged = since(world, earlier_at, |log| {
        log.iter().any(|o| matches!(&o.fact, Fact::DamageDone { tenant: of, .. } if of == tenant))
    });
    let notes = world.notes::<Snapshots>();
    let kept = Kept { hash: hash.clone(), window_start_ms: window, records, seen_at };
    notes.kept.insert(whose, kept);
    if notes.is_partial || is_same && !damaged {
        return Ok(());
    }
    world.record(Fact::SnapshotStored {
        tenant: tenant.to_owned(),
        snapshot_type: job.key.clone(),
        window_start: Timestamp::from_millisecond(window).unwrap_or(Timestamp::UNIX_EPOCH).to_string(),
        fencing_token: 0,
        hash,
        site,
    })
}

/// The key as the app knows it: in the evidence its tenant stands before it.
pub(super) fn plain(key: &str) -> &str {
    key.rsplit_once('/').map_or(key, |(_, key)| key)
}

fn collect_hashes(value: &Value, depth: usize, found: &mut BTreeSet<String>) {
    let Some(fields) = value.as_object().filter(|_| depth > 0) else { return };
    for (name, value) in fields {
        match value {
            Value::String(text) if HASH_FIELDS.iter().any(|known| name.to_lowercase().ends_with(known)) => {
                found.insert(text.clone());
            }
            other => collect_hashes(other, depth - 1, found),
        }
    }
}

#[when(regex = r#"^(the first half|the last half|nothing) is left of every record of "([^"]*)"$"#)]
fn damaged(world: &mut World, left: String, tenant: String) -> Step {
    if !seen::deeds(world, 0, &tenant).answered {
        return Err(Failure::not_exercised("the app got nothing of Jira before the damage either"));
    }
    let platform = &world.scene()?.platform;
    let stored = platform.stored_keys(&tenant).map_err(|e| Failure::new(e.to_string()))?;
    if stored.is_empty() {
        return Err(Failure::not_exercised("the app keeps no record in its storage"));
    }
    for (key, value) in stored {
        let damage = format!("a record of which {left} is left");
        let rest = Some(rest(value, &left));
        platform.damage_key(&tenant, &key, &damage, rest).map_err(|e| Failure::new(e.to_string()))?;
    }
    Ok(())
}

/// What a writer leaves that dies in the middle of a record.
fn rest(value: Value, left: &str) -> Value {
    let part = |count: usize| match left {
        "the first half" => 0..count / 2,
        "the last half" => count.div_ceil(2)..count,
        _ => 0..0,
    };
    match value {
        Value::Object(fields) => {
            let part = part(fields.len());
            Value::Object(fields.into_iter().skip(part.start).take(part.len()).collect::<Map<_, _>>())
        }
        Value::Array(items) => {
            let part = part(items.len());
            Value::Array(items.into_iter().skip(part.start).take(part.len()).collect())
        }
        Value::String(text) => {
            let part = part(text.chars().count());
            Value::String(text.chars().skip(part.start).take(part.len()).collect())
        }
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn hashes_are_found_by_the_names_of_their_fields() {
        for (record, expected) in [
            (json!({"hash": "a", "takenAt": "now"}), vec!["a"]),
            (json!({"contentHash": "a", "meta": {"checksum": "b"}}), vec!["a", "b"]),
            (json!({"hash": 1, "hashes": "c", "rehashed": "d"}), vec![]),
            (json!("hash"), vec![]),
        ] {
            let mut found = BTreeSet::new();
            collect_hashes(&record, DEPTH, &mut found);
            assert_eq!(found.into_iter().collect::<Vec<_>>(), expected, "{record}");
        }
    }

    #[test]
    fn what_is_left_of_a_record_is_less_than_the_record() {
        for (whole, first, last) in [
            (json!({"a": 1, "b": 2}), json!({"a": 1}), json!({"b": 2})),
            (json!({"a": 1}), json!({}), json!({})),
            (json!([1, 2, 3]), json!([1]), json!([3])),
            (json!("four"), json!("fo"), json!("ur")),
            (json!(7), json!(null), json!(null)),
        ] {
            assert_eq!(rest(whole.clone(), "the first half"), first);
            assert_eq!(rest(whole.clone(), "the last half"), last);
            assert_ne!(rest(whole.clone(), "nothing"), whole);
        }
    }
}
