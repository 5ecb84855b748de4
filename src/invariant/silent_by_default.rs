//! # Statement
//!
//! In normal operation nothing reaches a person or a third party.
//!
//! # Why it matters
//!
//! People stop reading what speaks too often, and data that goes to an undeclared host has left the
//! customer's control.
//!
//! # Evidence
//!
//! A job that came to its end by itself. Two alerts are allowed: one `consent_needed` per refusal by the
//! token endpoint, and one `scope_refused` per token that was granted more than the manifest asks for.
//!
//! # Violated when
//!
//! - any other alert is raised;
//! - the app tries to reach a host that neither its manifest nor the policy names;
//! - the app's source calls such a host, or one whose purpose is to speak to people and that the policy does
//!   not name, even if no scenario makes it do so.
//!
//! # Remedy
//!
//! leave out the alert, or let people ask for it
//!
//! # Areas
//!
//! What people see

use std::collections::{BTreeMap, BTreeSet};

use super::{Case, Finding, is_declared, write_scope};
use crate::evidence::{Ending, Fact, FlawKind, Log};

pub(super) fn judge(log: &Log<'_>) -> Finding {
    let mut case = Case::default();
    let mut ended = false;
    let mut manifest: BTreeSet<&str> = BTreeSet::new();
    let mut hosts: Vec<String> = log.policy.egress.clone();
    // How often each alert may still be raised.
    let mut allowed: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for observation in log.observations {
        match &observation.fact {
            Fact::ManifestRead { egress, scopes, .. } => {
                hosts.extend_from_slice(egress);
                manifest.extend(scopes.iter().map(|scope| scope.name.as_str()));
            }
            Fact::TokenRefused { tenant: Some(tenant), error } if !is_outage(error) => {
                *allowed.entry(("consent_needed", tenant)).or_default() += 1;
            }
            Fact::TokenIssued { tenant, scopes, .. } => {
                let beyond = !manifest.is_empty()
                    && scopes.iter().any(|scope| !manifest.contains(scope.name.as_str()));
                if beyond || write_scope(scopes).is_some() {
                    *allowed.entry(("scope_refused", tenant)).or_default() += 1;
                }
            }
            Fact::AlertRaised { tenant, occasion, audience, .. } => {
                let key = (occasion.as_str(), tenant.as_deref().unwrap_or_default());
                match allowed.get_mut(&key).filter(|left| **left > 0) {
                    Some(left) => *left -= 1,
                    None => case.violated(
                        || format!("{audience} was alerted without need ({occasion})"),
                        &[observation.seq],
                    ),
                }
            }
            Fact::EgressTried { host, .. } if !is_declared(host, &hosts) => {
                case.violated(|| format!("the app tried to reach the undeclared host {host}"), &[observation.seq]);
            }
            Fact::FlawSeen {
                kind: FlawKind::UndeclaredHost | FlawKind::AlertInSource,
                subject,
                place,
                text,
                ..
            }
                if !is_declared(subject, &log.policy.egress) =>
            {
                case.violated(|| format!("{place}: {text}"), &[observation.seq]);
            }
            Fact::JobEnded { ending: Ending::Succeeded | Ending::Skipped | Ending::Failed, .. } => ended = true,
            _ => {}
        }
    }
    case.needs(ended, "a job that came to its end");
    case.conclude()
}

/// Errors of OAuth that say "later" and not "no".
fn is_outage(error: &str) -> bool {
    ["temporarily_unavailable", "server_error", "slow_down"].contains(&error)
}
