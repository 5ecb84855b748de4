//! The record of the version that is out: what its verdict was is told, and what the releases before it came to; that
//! it cannot be read is never silence.

use super::{Finding, PastRelease};
use crate::evidence::CheckFact;

pub(super) fn judge(facts: &[&CheckFact]) -> Finding {
    let mut finding = Finding::default();
    let mut records = facts.iter().filter_map(|fact| match fact {
        CheckFact::RecordRead { release, root, size, verdict } => Some((release, root, size, verdict)),
        _ => None,
    });
    let (Some((release, root, size, verdict)), None) = (records.next(), records.next()) else {
        finding.missing.push("the record of the version that is out was not read".to_owned());
        return finding;
    };
    let of = release.as_deref().unwrap_or("an unnamed version");
    finding.shown = format!("{of} went out with {verdict}");
    finding.figure("verdict", Some(verdict.clone()), None);
    finding.figure("entries", Some(size.to_string()), None);
    finding.figure("root", Some(root.clone()), None);
    finding.history = facts.iter().filter_map(|fact| past(fact)).collect();
    finding
}

/// The facts stand in the order in which the releases are looked back upon.
fn past(fact: &CheckFact) -> Option<PastRelease> {
    match fact {
        CheckFact::RecordRead { release, root, verdict, .. }
        | CheckFact::EarlierRecord { release, root, verdict } => {
            Some(PastRelease { version: release.clone(), verdict: verdict.clone(), root: root.clone() })
        }
        _ => None,
    }
}
