//! # Statement
//!
//! The app only reads Jira.
//!
//! # Why it matters
//!
//! A snapshot tool that changes what it observes cannot be trusted, and an app that holds write scopes is
//! one bug away from changing a customer's data.
//!
//! # Evidence
//!
//! At least one request of the app that Jira answered with success. Each request's effect comes from the
//! operation table, where an unknown operation counts as a write; its scopes come from the token it carried.
//!
//! # Violated when
//!
//! - a request writes, whether or not Jira allowed it;
//! - a request carries a token whose scopes allow writes;
//! - the manifest asks for a scope that allows writes.

use super::{Case, Finding, is_jira, is_success, write_scope};
use crate::evidence::{Effect, Fact, Log};

pub(super) fn judge(log: &Log<'_>) -> Finding {
    let mut case = Case::default();
    let mut read = false;
    for observation in log.observations {
        match &observation.fact {
            Fact::RequestAnswered { operation, method, path, effect, status, scopes, .. }
                if is_jira(operation) =>
            {
                if *effect == Effect::Write {
                    case.violated(|| format!("{method} {path} writes to Jira"), &[observation.seq]);
                }
                if let Some(scope) = write_scope(scopes) {
                    case.violated(
                        || format!("a request carries the write scope {scope}"),
                        &[observation.seq],
                    );
                }
                read |= is_success(*status);
            }
            Fact::ManifestRead { scopes, .. } => {
                if let Some(scope) = write_scope(scopes) {
                    case.violated(
                        || format!("the manifest asks for the write scope {scope}"),
                        &[observation.seq],
                    );
                }
            }
            _ => {}
        }
    }
    case.needs(read, "a request that Jira answered with success");
    case.conclude()
}
