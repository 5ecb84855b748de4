//! Steps that put the released version's records before this one.

use std::collections::{BTreeMap, BTreeSet};

use cucumber::{given, then};
use secrecy::ExposeSecret as _;

use super::records;
use crate::{
    baseline::format_of,
    evidence::{Ending, Fact},
    scenario::{Failure, World, world::Step},
};

#[given(expr = "{string} holds the records of the released version")]
fn holds_old_records(world: &mut World, tenant: String) -> Step {
    let Some(baseline) = world.scene()?.setup.baseline.clone() else {
        return Err(Failure::not_exercised(
            "there is no baseline; record the released version's with `gonogo baseline DIR`",
        ));
    };
    for record in &baseline.records {
        let platform = &world.scene()?.platform;
        platform
            .plant_key(&tenant, &record.key, record.value.clone())
            .map_err(|e| Failure::new(e.to_string()))?;
        let (record, format) = (record.key.clone(), record.format.clone());
        world.record(Fact::OldRecordPlanted { tenant: tenant.clone(), record, format })?;
    }
    Ok(())
}

/// A record larger than this is no sample to keep.
const LARGEST_SAMPLE_BYTES: usize = 16 << 10;

#[then(expr = "the records of {string} are kept for the next version to read")]
fn records_are_kept(world: &mut World, tenant: String) -> Step {
    let stored = world.scene()?.platform.stored_keys(&tenant).map_err(|e| Failure::new(e.to_string()))?;
    if stored.is_empty() {
        return Err(Failure::not_exercised("the app keeps no record in its storage"));
    }
    let mut formats = BTreeSet::new();
    let secrets = world.scene()?.platform.issued_secrets();
    for (key, value) in stored {
        let text = value.to_string();
        if secrets.iter().any(|secret| text.contains(secret.expose_secret())) {
            let what =
                format!("a token lies in the plain storage, under {key:?}; secrets belong into setSecret");
            return Err(Failure::new(what));
        }
        if text.len() <= LARGEST_SAMPLE_BYTES && formats.insert(format_of(&key)) {
            world.record(Fact::RecordSampled { tenant: tenant.clone(), key, value })?;
        }
    }
    Ok(())
}

/// A record counts as read when the app, working on it, neither threw nor hung: what it makes of a record
/// that it cannot read is seen there.
#[then(expr = "every record of the released version was read")]
fn all_were_read(world: &mut World) -> Step {
    if super::installed(world).iter().all(|tenant| !super::seen::deeds(world, 0, tenant).answered) {
        return Err(Failure::not_exercised("the app got nothing of Jira, with or without such records"));
    }
    let (planted, stumbled, rejected) = super::since(world, 0, |log| {
        let mut planted = BTreeMap::new();
        let mut stumbled = None;
        let mut rejected = None;
        let mut keys = BTreeSet::new();
        let mut aged = false;
        for observation in log {
            match &observation.fact {
                Fact::OldRecordPlanted { tenant, format, record } => {
                    keys.insert(record.clone());
                    planted.insert(format.clone(), tenant.clone());
                }
                Fact::JobEnded { job, ending: Ending::Threw | Ending::Hung | Ending::Failed, .. } => {
                    stumbled = stumbled.or(Some(job.clone()));
                }
                // What it cannot read, an app may throw away; later it may have grown old.
                Fact::TimePassed { .. } => aged = true,
                Fact::KeyDeleted { key, .. }
                    if !aged && stumbled.is_none() && keys.contains(records::plain(key)) =>
                {
                    rejected = Some(format_of(records::plain(key)));
                    stumbled = Some(format!("the removal of {key}"));
                }
                Fact::OperationAnswered { operation, answered: false, .. } => {
                    stumbled = stumbled.or(Some(operation.clone()));
                }
                _ => {}
            }
        }
        (planted, stumbled, rejected)
    });
    // Who threw may have stumbled over any of them; what was removed has one format.
    let is_rejected = |format: &String| rejected.as_ref().is_none_or(|rejected| rejected == format);
    for (format, tenant) in planted {
        let accepted = stumbled.is_none() || !is_rejected(&format);
        world.record(Fact::OldRecordRead { tenant, format, accepted })?;
    }
    match stumbled {
        None => Ok(()),
        Some(what) => {
            Err(Failure::new(format!("{what}: the released version's records are not read as they were")))
        }
    }
}
