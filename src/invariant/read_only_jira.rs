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
//! - the manifest asks for a scope that allows writes;
//! - the app's source calls an operation that writes, even if no scenario makes it do so.
//!
//! A scope that does not exist allows nothing, and is a flaw of its own that stops every GO.
//!
//! # Remedy
//!
//! leave out the request that writes, or ask with an operation that reads
//!
//! # Areas
//!
//! Security

use std::collections::BTreeSet;

use super::{Case, Finding, is_jira, is_success};
use crate::evidence::{Effect, Fact, FlawKind, Log, Scope};

pub(super) fn judge(log: &Log<'_>) -> Finding {
    let mut case = Case::default();
    let mut read = false;
    case.flaws(log, &[FlawKind::WriteScope, FlawKind::WriteInSource]);
    let (unknown, listed) = (named(log, &[FlawKind::UnknownScope]), named(log, &[FlawKind::WriteScope]));
    for observation in log.observations {
        match &observation.fact {
            Fact::RequestAnswered { operation, method, path, effect, status, scopes, .. }
                if is_jira(operation) =>
            {
                if *effect == Effect::Write {
                    case.violated(|| format!("{method} {path} writes to Jira"), &[observation.seq]);
                }
                if let Some(scope) = write_scope(scopes, &[&unknown]) {
                    case.violated(
                        || format!("a request carries the write scope {scope}"),
                        &[observation.seq],
                    );
                }
                read |= is_success(*status);
            }
            Fact::ManifestRead { scopes, .. } => {
                if let Some(scope) = write_scope(scopes, &[&unknown, &listed]) {
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

/// The scopes that flaws of these kinds name.
fn named<'a>(log: &Log<'a>, kinds: &[FlawKind]) -> BTreeSet<&'a str> {
    let of_kind = log.observations.iter().filter_map(|observation| match &observation.fact {
        Fact::FlawSeen { kind, subject, .. } if kinds.contains(kind) => Some(subject.as_str()),
        _ => None,
    });
    of_kind.collect()
}

/// The first scope that allows writes and is in none of these sets.
fn write_scope<'a>(scopes: &'a [Scope], but: &[&BTreeSet<&str>]) -> Option<&'a str> {
    let open = scopes.iter().filter(|scope| but.iter().all(|names| !names.contains(scope.name.as_str())));
    open.filter(|scope| scope.effect == Effect::Write).map(|scope| scope.name.as_str()).next()
}
