//! What people answer for: sign-offs by role, items of the checklist that a person signs, waivers. Who signed what
//! is told by the record; whether it is enough is decided here.

use std::collections::BTreeSet;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::evidence::{Release, Stage};

/// A signature that a record holds, already verified against who may sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The role that it is given in; empty for an item of the checklist.
    pub role: String,
    /// The item of the checklist that it is about.
    pub item: Option<String>,
    /// Who signed, as `allowed_signers` names them.
    pub principal: String,
    /// Of the key.
    pub fingerprint: String,
    /// When it was given, by the signer's clock.
    pub at: Option<Timestamp>,
    /// Why it is no approval, if so.
    pub void: Option<String>,
    /// Whether it says no, by a signature that stands.
    pub rejects: bool,
    /// Why the release is let through in spite of its verdict, by a signature that stands.
    pub overrides: Option<String>,
}

/// Where a role or an item of the checklist stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SignedResult {
    /// The role, or the item's title.
    pub name: String,
    /// The item's id; absent for a role.
    pub id: Option<String>,
    /// The stage that an item belongs to.
    pub stage: Option<Stage>,
    /// How many people must sign.
    pub needed: u32,
    /// Who signed.
    pub signed_by: Vec<String>,
    /// From the start of the run to the last signature that counts, by the signers' clocks.
    pub took_ms: Option<u64>,
    /// Signatures that are no approval, each with the reason.
    pub void: Vec<String>,
    /// Whether somebody who may sign said no: no number of others takes that back.
    pub rejected: bool,
}

impl SignedResult {
    /// Whether enough people signed, and nobody said no.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        !self.rejected && u32::try_from(self.signed_by.len()).is_ok_and(|signed| signed >= self.needed.max(1))
    }
}

/// Where a waiver stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaiverStanding {
    /// It covers something that was found.
    InForce,
    /// Its time is over; what it covered counts.
    Expired,
    /// It covers nothing that was found.
    Unused,
}

impl WaiverStanding {
    /// As reports write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::InForce => "in force",
            Self::Expired => "expired",
            Self::Unused => "unused",
        }
    }
}

/// What a waiver comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct WaiverResult {
    /// What names it.
    pub id: String,
    /// What it covers.
    pub check: String,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Until when it holds, RFC 3339, UTC.
    pub expires: String,
    /// Where it stands.
    pub standing: WaiverStanding,
}

/// Where the roles stand. A person signs for one role; the first that they signed for counts.
pub(super) fn roles(release: &Release, begun: Timestamp, approvals: &[Approval]) -> Vec<SignedResult> {
    let mut results: Vec<SignedResult> = release
        .roles
        .iter()
        .map(|role| SignedResult {
            name: role.name.clone(),
            id: None,
            stage: None,
            needed: role.needed,
            signed_by: vec![],
            took_ms: None,
            void: vec![],
            rejected: false,
        })
        .collect();
    let (mut people, mut keys) = (BTreeSet::new(), BTreeSet::new());
    for approval in approvals.iter().filter(|approval| approval.item.is_none()) {
        let Some(place) = release.roles.iter().position(|role| role.name == approval.role) else { continue };
        let members = &release.roles[place].members;
        let who = &approval.principal;
        let may = members.is_empty() || members.contains(who);
        results[place].rejected |= may && approval.rejects;
        let void = approval.void.clone().or_else(|| {
            if !may {
                return Some(format!("is none of those who may sign as {}", approval.role));
            }
            let first = people.insert(who.clone()) & keys.insert(approval.fingerprint.clone());
            (!first).then(|| "has signed already; each signature is by another person".to_owned())
        });
        match void {
            Some(why) => results[place].void.push(format!("{who}: {why}")),
            None => {
                let result = &mut results[place];
                result.signed_by.push(who.clone());
                result.took_ms = result.took_ms.max(after(begun, approval));
            }
        }
    }
    results
}

/// Where the items of the checklist stand that a person signs.
pub(super) fn items(release: &Release, begun: Timestamp, approvals: &[Approval]) -> Vec<SignedResult> {
    let result = |item: &crate::evidence::ManualItem| {
        let of_item = || approvals.iter().filter(|approval| approval.item.as_deref() == Some(&item.id));
        let may =
            |approval: &&Approval| item.members.is_empty() || item.members.contains(&approval.principal);
        let valid = of_item().filter(|approval| approval.void.is_none() && may(approval));
        let void = of_item().filter_map(|approval| {
            let stranger = || (!may(&approval)).then(|| format!("is none of those who may sign {}", item.id));
            Some(format!("{}: {}", approval.principal, approval.void.clone().or_else(stranger)?))
        });
        SignedResult {
            name: item.title.clone(),
            id: Some(item.id.clone()),
            stage: Some(item.stage),
            needed: 1,
            took_ms: valid.clone().filter_map(|approval| after(begun, approval)).max(),
            signed_by: valid.map(|approval| approval.principal.clone()).collect(),
            void: void.collect(),
            rejected: of_item().any(|approval| approval.rejects && may(&approval)),
        }
    };
    release.items.iter().map(result).collect()
}

/// How long after the start of the run something was signed.
fn after(begun: Timestamp, approval: &Approval) -> Option<u64> {
    u64::try_from(approval.at?.as_millisecond() - begun.as_millisecond()).ok()
}

/// Where the waivers stand at a moment; `found` are the names of what could be waived.
pub(super) fn waivers(release: &Release, at: Timestamp, found: &[&str]) -> Vec<WaiverResult> {
    let result = |waiver: &crate::evidence::Waiver| {
        let standing = match (waiver.expires > at, found.contains(&waiver.check.as_str())) {
            (false, _) => WaiverStanding::Expired,
            (true, false) => WaiverStanding::Unused,
            (true, true) => WaiverStanding::InForce,
        };
        WaiverResult {
            id: waiver.id.clone(),
            check: waiver.check.clone(),
            reason: waiver.reason.clone(),
            owner: waiver.owner.clone(),
            expires: waiver.expires.to_string(),
            standing,
        }
    };
    release.waivers.iter().map(result).collect()
}

#[cfg(test)]
mod tests;
