//! # Statement
//!
//! Equal content has an equal hash, and changed content another one.
//!
//! # Why it matters
//!
//! Drift is found by comparing hashes. A hash that depends on the time, the order of pages or the process
//! reports changes that never were; a hash that misses content hides those that were.
//!
//! # Evidence
//!
//! Two snapshots of the same content, and two of different content. A hash that never changes would pass
//! the first alone, so both are needed.
//!
//! # Violated when
//!
//! - two snapshots of the same content have different hashes;
//! - two snapshots of different content have the same hash.
//!
//! # Remedy
//!
//! hash what was read in full, sorted by id, all of what is compared and nothing else (no time, no order of
//! pages); store no hash of a reading that failed
//!
//! # Areas
//!
//! Data

use std::collections::BTreeMap;

use super::{Case, Finding};
use crate::evidence::{Fact, Log};

pub(super) fn judge(log: &Log<'_>) -> Finding {
    let mut case = Case::default();
    let mut hash_of = BTreeMap::new();
    let mut site_of = BTreeMap::new();
    let mut equal = false;
    for observation in log.observations {
        let Fact::SnapshotStored { tenant, site, hash, snapshot_type, window_start, .. } = &observation.fact else {
            continue;
        };
        let seq = observation.seq;
        // What is stored, when, and by what.
        let shown = format!("{} by {snapshot_type} in the window of {window_start}", shortened(hash));
        if let Some((first_hash, first_shown, first)) = hash_of.get(&(tenant, site)) {
            equal = true;
            if *first_hash != hash {
                case.violated(
                    || format!("the same content has two hashes of {tenant:?}: {first_shown}, {shown}"),
                    &[*first, seq],
                );
            }
        } else {
            hash_of.insert((tenant, site), (hash, shown.clone(), seq));
        }
        // Two tenants may well hold the same of what the app looks at.
        let (first_site, first_shown, first) =
            site_of.entry((tenant, hash)).or_insert_with(|| (site, shown.clone(), seq));
        if *first_site != site {
            case.violated(
                || format!("different content has the same hash of {tenant:?}: {first_shown}, and again {shown}"),
                &[*first, seq],
            );
        }
    }
    case.needs(equal, "two snapshots of the same content");
    case.needs(hash_of.len() >= 2, "two snapshots of different content");
    case.conclude()
}

fn shortened(hash: &str) -> String {
    const SHOWN_CHARS: usize = 12;
    let shown: String = hash.chars().take(SHOWN_CHARS).collect();
    if shown.len() < hash.len() { format!("{shown}…") } else { shown }
}
