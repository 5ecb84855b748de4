//! # Statement
//!
//! After one install, and nothing else, the first scheduled job works.
//!
//! # Why it matters
//!
//! Whoever installs an app does not read its manual. A setting that must be made first, or a second click,
//! is an app that most tenants never get to see working.
//!
//! # Evidence
//!
//! An install without settings, and the first job of that tenant that has something to do and is disturbed
//! neither by a planted fault nor by a worker held or killed: it succeeds, and something was done for the
//! tenant while it ran.
//!
//! # Violated when
//!
//! - that job fails, throws, hangs or waits for a person;
//! - a job for that tenant alone reports success although nothing was done;
//! - a person has to act between the install and that job;
//! - the manifest requires a setting that the baseline does not have;
//! - what a scheduled trigger calls is not in the app's files: no job can ever work.
//!
//! # Remedy
//!
//! let the first run do its work with nothing set, and treat what is not stored yet as empty
//!
//! # Areas
//!
//! Compatibility

use super::{Case, Finding, concerns, deed, said, start_of};
use crate::evidence::{Ending, Fact, FlawKind, Log, Observation};

pub(super) fn judge(log: &Log<'_>) -> Finding {
    let mut case = Case::default();
    new_settings(&mut case, log.observations);
    case.flaws(log, &[FlawKind::DeadJob]);
    let mut works = false;
    for (at, observation) in log.observations.iter().enumerate() {
        if let Fact::Installed { tenant, settings } = &observation.fact
            && settings.is_empty()
        {
            works |= first_job(&mut case, log.observations, at, tenant);
        }
    }
    case.needs(works, "an install without settings, followed by a job that succeeds for that tenant");
    case.conclude()
}

/// Follows one install to its first telling job; true when that job worked.
fn first_job(case: &mut Case, all: &[Observation], installed: usize, whom: &str) -> bool {
    let mut acted = None;
    let mut time_passed = false;
    let mut others_disturbed = false;
    let mut disturbed = all[..installed]
        .iter()
        .any(|earlier| matches!(&earlier.fact, Fact::FaultInjected { tenant, .. } if concerns(tenant.as_ref(), whom)));
    for (at, observation) in all.iter().enumerate().skip(installed + 1) {
        let seq = observation.seq;
        match &observation.fact {
            Fact::Uninstalled { tenant } if tenant == whom => return false,
            Fact::FaultInjected { tenant, .. } => {
                disturbed |= concerns(tenant.as_ref(), whom);
                others_disturbed |= !concerns(tenant.as_ref(), whom);
            }
            Fact::DamageDone { tenant, .. } => disturbed |= tenant == whom,
            // What the worker was at lies half done, or overtakes the next job.
            Fact::WorkerCrashed { .. } | Fact::WorkerPaused { .. } => disturbed = true,
            Fact::TimePassed { .. } => time_passed = true,
            // Consent that ran out with time is no matter of the install.
            Fact::TokenRefused { tenant, .. } => disturbed |= time_passed && concerns(tenant.as_ref(), whom),
            Fact::UserActed { tenant, .. } if tenant == whom => acted = acted.or(Some((seq, disturbed))),
            Fact::JobEnded { job, tenant, ending, report, .. } if concerns(tenant.as_ref(), whom) => {
                let start = start_of(all, at).unwrap_or(installed).max(installed);
                let done = all[start..at].iter().any(|between| deed(&between.fact) == Some(whom));
                let shown = [all[installed].seq, seq];
                match ending {
                    Ending::Succeeded if done => {
                        return match acted {
                            None => true,
                            // A person who mends what a fault broke says nothing about the install.
                            Some((_, true)) => false,
                            Some((act, false)) => {
                                case.violated(
                                    || format!("a person had to act for {whom:?} before {job} worked"),
                                    &[shown[0], act, seq],
                                );
                                false
                            }
                        };
                    }
                    Ending::Succeeded if tenant.is_some() && !disturbed => {
                        case.violated(
                            || format!("{job} reports success for {whom:?} although nothing was done"),
                            &shown,
                        );
                        return false;
                    }
                    // A job for all while a fault hits another tenant: what came of it is no matter of this
                    // install, and the next job tells.
                    Ending::Failed | Ending::Threw | Ending::WaitingForPerson | Ending::Hung
                        if tenant.is_none() && others_disturbed => {}
                    Ending::Failed | Ending::Threw | Ending::WaitingForPerson | Ending::Hung if !disturbed => {
                        case.violated(|| format!("the first {job} after the install of {whom:?} did not work{}", said(report)), &shown);
                        return false;
                    }
                    // Nothing to do, another worker at it, killed by the scenario, or under a fault: the
                    // next job tells.
                    _ => {}
                }
            }
            _ => {}
        }
    }
    false
}

fn new_settings(case: &mut Case, all: &[Observation]) {
    for (baseline, base_seq) in all.iter().filter_map(|o| match &o.fact {
        Fact::BaselineRead { settings, .. } => Some((settings, o.seq)),
        _ => None,
    }) {
        for observation in all {
            if let Fact::ManifestRead { settings, .. } = &observation.fact
                && let Some(new) = settings.iter().find(|setting| !baseline.contains(setting))
            {
                case.violated(|| format!("the setting {new:?} is newly required"), &[base_seq, observation.seq]);
            }
        }
    }
}
