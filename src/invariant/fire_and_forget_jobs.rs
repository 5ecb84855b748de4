//! # Statement
//!
//! A scheduled job ends by itself, tells how it ended, and leaves no tenant behind because another fails.
//!
//! # Why it matters
//!
//! Nobody watches a scheduled job. One that throws, hangs, waits for a click or does its work twice is found
//! weeks later, by a customer.
//!
//! # Evidence
//!
//! A job that was started, and ended with a report of its outcome.
//!
//! # Violated when
//!
//! - a job throws, hangs or waits for a person: an outage of Jira is no excuse, a job that meets one returns an
//!   outcome that says so and leaves the rest to its next run;
//! - a started job never ends, although its worker was neither killed nor held and the run went on;
//! - an effect is applied twice under one idempotency key, or a window's snapshot is stored twice;
//! - a job for all tenants leaves a healthy tenant undone while a fault hits another;
//! - what a scheduled trigger calls is not in the app's files, or its interval is none that there is.
//!
//! # Remedy
//!
//! catch what a job throws and return an outcome; bound its waiting by its time; let a second run find by
//! its key what the first has stored
//!
//! # Areas
//!
//! Reliability

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Case, Finding, deed, start_of};
use crate::evidence::{Ending, Fact, FlawKind, Log, Observation, Outcome};

pub(super) fn judge(log: &Log<'_>) -> Finding {
    let mut case = Case::default();
    let all = log.observations;
    let mut reported = false;
    for (at, observation) in all.iter().enumerate() {
        match &observation.fact {
            Fact::JobStarted { job, .. } if is_lost(all, at) => {
                case.violated(|| format!("{job} was started and never ended"), &[observation.seq]);
            }
            Fact::JobEnded { job, ending, report, .. } => {
                let how = match ending {
                    Ending::Threw => Some("threw"),
                    Ending::WaitingForPerson => Some("waits for a person"),
                    Ending::Hung => Some("hung"),
                    Ending::Succeeded | Ending::Skipped | Ending::Failed => {
                        reported |= !report.is_null() && start_of(all, at).is_some();
                        None
                    }
                    Ending::Crashed => None,
                };
                if let Some(how) = how {
                    case.violated(|| format!("{job} {how}"), &[observation.seq]);
                }
                left_behind(&mut case, all, at);
            }
            _ => {}
        }
    }
    done_twice(&mut case, all);
    case.flaws(log, &[FlawKind::DeadJob, FlawKind::IllegalInterval]);
    case.needs(reported, "a job that was started and ended with a report");
    case.conclude()
}

/// Whether the job started at `at` has no end, and nobody kept it from ending.
fn is_lost(all: &[Observation], at: usize) -> bool {
    let Fact::JobStarted { job, tenant, worker, .. } = &all[at].fact else { return false };
    let mut held = false;
    let mut paused = false;
    // Starts of the same job by the same worker that have yet to end.
    let mut open = 1_usize;
    for observation in &all[at + 1..] {
        match &observation.fact {
            Fact::JobStarted { job: j, tenant: t, worker: w, .. } if j == job && t == tenant && w == worker => {
                open += 1;
            }
            Fact::JobEnded { job: j, tenant: t, worker: w, .. } if j == job && t == tenant && w == worker => {
                open -= 1;
                if open == 0 {
                    return false;
                }
            }
            Fact::WorkerCrashed { worker: w, .. } if w == worker => held = true,
            Fact::WorkerPaused { worker: w, .. } if w == worker => paused = true,
            Fact::WorkerResumed { worker: w } if w == worker => paused = false,
            // The run was cut short: what the job would have come to, nobody saw. A limit in real time is
            // reached on a busy machine too; the scenario that reached it is a blocker by itself.
            Fact::ScenarioEnded { outcome: Outcome::NotRun | Outcome::TimedOut, .. } => return false,
            _ => {}
        }
    }
    !held && !paused
}

fn done_twice(case: &mut Case, all: &[Observation]) {
    let mut effects = BTreeMap::new();
    let mut snapshots: BTreeMap<(&str, &str, &str), u64> = BTreeMap::new();
    let mut open_jobs = 0_usize;
    for Observation { seq, fact, .. } in all {
        match fact {
            Fact::JobStarted { .. } => open_jobs += 1,
            Fact::JobEnded { .. } => open_jobs = open_jobs.saturating_sub(1),
            Fact::EffectApplied { sink, idempotency_key, .. } => {
                if let Some(first) = effects.insert((sink.as_str(), idempotency_key.as_str()), *seq) {
                    case.violated(
                        || format!("the effect `{idempotency_key}` was applied twice to {sink}"),
                        &[first, *seq],
                    );
                }
            }
            // Without a lease and outside of any job: an explicit call that is free to store again.
            Fact::SnapshotStored { fencing_token: 0, .. } if open_jobs == 0 => {}
            Fact::SnapshotStored { tenant, snapshot_type, window_start, .. } => {
                if let Some(first) = snapshots.insert((tenant, snapshot_type, window_start), *seq) {
                    case.violated(
                        || format!("the {snapshot_type} snapshot of {window_start} was stored twice for {tenant:?}"),
                        &[first, *seq],
                    );
                }
            }
            // What was damaged or removed is rightly made again.
            Fact::DamageDone { tenant, .. } | Fact::Uninstalled { tenant } => {
                snapshots.retain(|(of, ..), _| of != tenant);
            }
            _ => {}
        }
    }
}

/// A job for all tenants, one of them under a fault: every other installed tenant must have been served.
fn left_behind(case: &mut Case, all: &[Observation], end: usize) {
    let Fact::JobEnded { job, tenant: None, ending, report, .. } = &all[end].fact else { return };
    let Some(start) = start_of(all, end) else { return };
    if *ending == Ending::Crashed {
        return;
    }
    let mut installed = BTreeSet::new();
    let mut faulty = BTreeSet::new();
    for Observation { fact, .. } in &all[..end] {
        match fact {
            Fact::Installed { tenant, .. } => {
                installed.insert(tenant.as_str());
            }
            Fact::Uninstalled { tenant } => {
                installed.remove(tenant.as_str());
            }
            Fact::FaultInjected { tenant: Some(tenant), .. } | Fact::DamageDone { tenant, .. } => {
                faulty.insert(tenant.as_str());
            }
            // A fault that hits everybody: nobody can be called healthy.
            Fact::FaultInjected { tenant: None, .. } => return,
            _ => {}
        }
    }
    if faulty.is_empty() {
        return;
    }
    // Whom an earlier run of the same day served, the same job has nothing left to do for.
    let day = |o: &Observation| o.at.as_millisecond().div_euclid(86_400_000);
    let same_job = |o: &Observation| matches!(&o.fact, Fact::JobStarted { job: other, .. } if other == job);
    let today = day(&all[start]);
    let first = all[..start].iter().position(|o| same_job(o) && day(o) == today).unwrap_or(start);
    let served: BTreeSet<&str> = all[first..end].iter().filter_map(|o| deed(&o.fact)).collect();
    let undone: Vec<&str> = installed
        .into_iter()
        .filter(|tenant| !faulty.contains(tenant) && !served.contains(tenant))
        .collect();
    // The app's word that there was nothing to do is no proof, but no violation either.
    let skipped = report.get("skipped").and_then(Value::as_u64).unwrap_or(0);
    if undone.len() as u64 > skipped {
        case.violated(
            || format!("{job} left {:?} undone while a fault hit another tenant", undone[0]),
            &[all[start].seq, all[end].seq],
        );
    } else if !undone.is_empty() {
        case.needs(false, "evidence that every healthy tenant was served; some were skipped by the app's word alone");
    }
}
