//! Break-glass: a person who may sign lets a release through in spite of its verdict. The verdict stays what it is;
//! who, in which role, why and when stand beside it, wherever it stands.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Approval, Verdict};
use crate::evidence::Release;

/// The value of `--accept` that turns a verdict that somebody overrides into exit code 0.
pub const ACCEPT_BREAK_GLASS: &str = "break-glass";

/// Somebody who lets the release through in spite of its verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Override {
    /// Who, as `allowed_signers` names them.
    pub by: String,
    /// In which role.
    pub role: String,
    /// In their own words.
    pub why: String,
    /// When, by the signer's clock; RFC 3339, UTC.
    pub at: Option<String>,
    /// Of the key.
    pub fingerprint: String,
}

impl fmt::Display for Override {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { by, role, why, at, fingerprint: _ } = self;
        let at = at.as_ref().map(|at| format!(" at {at}")).unwrap_or_default();
        write!(f, "{by} as {role}{at}: {why}")
    }
}

/// Who overrides a verdict. A GO has nothing that would have to be overridden, and one after fixes has its own
/// `--accept`.
pub(super) fn overrides(
    verdict: Verdict,
    release: Option<&Release>,
    approvals: &[Approval],
) -> Vec<Override> {
    if !matches!(verdict, Verdict::NoGo | Verdict::Undecided) {
        return vec![];
    }
    // A release that names roles is let through in one of them alone, by one of its members.
    let roles = release.map_or(&[][..], |release| release.roles.as_slice());
    let may = |approval: &&Approval| {
        let of_role = |role: &crate::evidence::Role| {
            role.name == approval.role
                && (role.members.is_empty() || role.members.contains(&approval.principal))
        };
        approval.item.is_none() && (roles.is_empty() || roles.iter().any(of_role))
    };
    let overrides = |approval: &Approval| {
        let why = approval.overrides.as_deref().map(str::trim).filter(|why| !why.is_empty())?;
        Some(Override {
            by: approval.principal.clone(),
            role: approval.role.clone(),
            why: why.to_owned(),
            at: approval.at.map(|at| at.to_string()),
            fingerprint: approval.fingerprint.clone(),
        })
    };
    approvals.iter().filter(may).filter_map(overrides).collect()
}

/// Whether the caller lets it pass that somebody overrides the verdict.
pub(super) fn is_accepted(overridden: &[Override], accepted: &[String]) -> bool {
    !overridden.is_empty() && accepted.iter().any(|word| word == ACCEPT_BREAK_GLASS)
}

#[cfg(test)]
mod tests;
