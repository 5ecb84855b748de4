//! # Statement
//!
//! The app asks for nothing, and uses nothing, beyond the released version.
//!
//! # Why it matters
//!
//! A new scope makes every tenant's administrator consent again; a new host or a new kind of request is
//! what they were never asked about.
//!
//! # Evidence
//!
//! A baseline, the manifest, and at least one request that Jira answered with success.
//!
//! # Violated when
//!
//! - the manifest has a scope, module, host or setting that the baseline has not;
//! - a token that is used carries a scope that the baseline has not;
//! - the app uses an operation of Jira, or tries to reach a host, that the baseline does not name.
//!
//! # Remedy
//!
//! leave out what is new, or release it as what admins consent to anew
//!
//! # Areas
//!
//! Security, Compatibility

use super::{Case, Finding, is_declared, is_jira, is_success};
use crate::evidence::{Fact, Log, Observation};

pub(super) fn judge(log: &Log<'_>) -> Finding {
    let mut case = Case::default();
    let (mut baseline, mut manifest, mut used) = (false, false, false);
    for observation in log.observations {
        match &observation.fact {
            Fact::BaselineRead { .. } => {
                baseline = true;
                for other in log.observations {
                    compare(&mut case, observation, other);
                }
            }
            Fact::ManifestRead { .. } => manifest = true,
            Fact::RequestAnswered { operation, status, .. } => {
                used |= is_jira(operation) && is_success(*status);
            }
            _ => {}
        }
    }
    case.needs(baseline, "a baseline");
    case.needs(manifest, "the manifest");
    case.needs(used, "a request that Jira answered with success");
    case.conclude()
}

/// Holds one observation against a baseline.
fn compare(case: &mut Case, base: &Observation, observation: &Observation) {
    let Fact::BaselineRead { scopes, modules, egress, settings, jira_operations, .. } = &base.fact else {
        return;
    };
    let mut beyond = |what: &str, name: &str| {
        case.violated(|| format!("the {what} {name:?} is beyond the baseline"), &[base.seq, observation.seq]);
    };
    match &observation.fact {
        Fact::ManifestRead { scopes: asked, modules: m, egress: e, settings: s } => {
            for scope in asked.iter().filter(|scope| !scopes.contains(&scope.name)) {
                beyond("scope", &scope.name);
            }
            for (what, now, then) in [("module", m, modules), ("host", e, egress), ("setting", s, settings)] {
                for name in now.iter().filter(|name| !then.contains(name)) {
                    beyond(what, name);
                }
            }
        }
        Fact::RequestAnswered { operation, scopes: used, .. } if is_jira(operation) => {
            if !jira_operations.contains(operation) {
                beyond("operation", operation);
            }
            for scope in used.iter().filter(|scope| !scopes.contains(&scope.name)) {
                beyond("scope of a used token", &scope.name);
            }
        }
        Fact::EgressTried { host, .. } if !is_declared(host, egress) => beyond("host", host),
        _ => {}
    }
}
