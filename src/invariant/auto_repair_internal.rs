//! # Statement
//!
//! After damage to its own storage the app heals in its next runs, by itself and in its own storage alone.
//!
//! # Why it matters
//!
//! Workers die at the worst moment. What stays broken until a person looks is broken for every tenant
//! that has no such person.
//!
//! # Evidence
//!
//! Damage done on purpose, and a later job of that tenant that succeeds and does something for it. A
//! success without a deed shows no healing.
//!
//! # Violated when
//!
//! - the jobs after the damage come to their end and none of them heals;
//! - one job fails again and again before one heals;
//! - a person has to act between the damage and the healing;
//! - the app writes to Jira after the damage.
//!
//! # Remedy
//!
//! let every run check what it finds stored, do again what is not whole, and pass over a lock whose own
//! expiry has passed
//!
//! # Areas
//!
//! Reliability, Data

use std::collections::BTreeMap;

use super::{Case, Finding, concerns, is_jira, said, start_of};
use crate::evidence::{Effect, Ending, Fact, Log, Observation};

pub(super) fn judge(log: &Log<'_>) -> Finding {
    let mut case = Case::default();
    let mut healed = 0_usize;
    let mut damaged = 0_usize;
    for (at, observation) in log.observations.iter().enumerate() {
        if let Fact::DamageDone { tenant, damage, .. } = &observation.fact {
            damaged += 1;
            healed += usize::from(heals(&mut case, log.observations, at, tenant, damage));
        }
    }
    case.needs(damaged > 0, "damage to the app's storage");
    case.needs(healed == damaged, "a job after each damage that succeeds and does something for that tenant");
    case.conclude()
}

fn heals(case: &mut Case, all: &[Observation], at: usize, whom: &str, damage: &str) -> bool {
    let damaged = all[at].seq;
    let mut acted = None;
    let mut healed = false;
    let mut ends = vec![];
    let mut last = String::new();
    let mut failures: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    let mut disturbed = false;
    for (now, observation) in all.iter().enumerate().skip(at + 1) {
        let seq = observation.seq;
        match &observation.fact {
            Fact::UserActed { tenant, .. } if tenant == whom && !healed => acted = acted.or(Some(seq)),
            Fact::FaultInjected { tenant, .. } => disturbed |= concerns(tenant.as_ref(), whom),
            Fact::RequestAnswered { tenant, effect: Effect::Write, operation, path, .. }
                if is_jira(operation) && concerns(tenant.as_ref(), whom) =>
            {
                case.violated(|| format!("the repair of {damage:?} writes to Jira ({path})"), &[damaged, seq]);
            }
            Fact::JobEnded { job, tenant, ending, report, .. } if concerns(tenant.as_ref(), whom) && !healed => {
                // A job that was under way when the damage was done need not heal it.
                if start_of(all, now).is_some_and(|start| start < at) || *ending == Ending::Crashed {
                    continue;
                }
                ends.push(seq);
                last = format!("; {job} came last{}", said(report));
                let done = all[at + 1..now].iter().any(|between| output(&between.fact) == Some(whom));
                // Who says that there is nothing to do, and notes that down, has healed nothing.
                let noted = all[at + 1..now].iter().all(|between| {
                    output(&between.fact) != Some(whom) || matches!(between.fact, Fact::KeyWritten { .. })
                });
                healed = match ending {
                    Ending::Succeeded => done,
                    Ending::Skipped => done && !noted,
                    _ => {
                        failures.entry(job).or_default().push(seq);
                        false
                    }
                };
            }
            _ => {}
        }
    }
    if let Some(act) = acted {
        case.violated(|| format!("a person had to act after {damage:?}"), &[damaged, act]);
    }
    let again = failures.into_iter().find(|(_, seqs)| seqs.len() > 1 + usize::from(disturbed));
    if let Some((job, mut seqs)) = again.filter(|_| healed) {
        seqs.insert(0, damaged);
        case.violated(|| format!("{job} failed again and again after {damage:?} of {whom:?}"), &seqs);
        return false;
    }
    // A single job under a planted fault may fail for that reason; a second one may not.
    if !healed && ends.len() > usize::from(disturbed) {
        let mut shown = vec![damaged];
        shown.append(&mut ends);
        case.violated(|| format!("{damage:?} of {whom:?} was not healed by the next jobs{last}"), &shown);
    }
    healed
}

/// For whom the app brought something about: a request that was answered heals nothing.
fn output(fact: &Fact) -> Option<&str> {
    match fact {
        Fact::KeyWritten { tenant: Some(tenant), .. }
        | Fact::SnapshotStored { tenant, .. }
        | Fact::EffectApplied { tenant, .. }
        | Fact::TokenIssued { tenant, .. } => Some(tenant),
        _ => None,
    }
}
