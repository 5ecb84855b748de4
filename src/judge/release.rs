//! What a release rests on beside the scenarios, put together: checks, sign-offs, items of the checklist, waivers; and
//! what of it stands in the way.

use std::collections::BTreeSet;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Blocker, BlockerKind, CLAIM, ScenarioResult,
    check::{CheckOutcome, CheckResult, PastRelease},
    people::{self, Approval, SignedResult, WaiverResult, WaiverStanding},
};
use crate::{
    evidence::{Header, Outcome, Release, Rollout, Severity},
    invariant::RULES,
};

/// Everything that the release's policy asks for, and where it stands.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ReleaseResult {
    /// The version to be released.
    pub version: String,
    /// The commit to be released.
    pub commit: Option<String>,
    /// The checks, in the policy's order.
    pub checks: Vec<CheckResult>,
    /// The roles that must sign.
    pub sign_offs: Vec<SignedResult>,
    /// The items that a person signs, in the policy's order.
    pub items: Vec<SignedResult>,
    /// The waivers.
    pub waivers: Vec<WaiverResult>,
    /// How it goes out, and how to go back.
    pub rollout: Rollout,
}

/// Puts it together.
pub(super) fn conclude(
    header: &Header,
    at: Timestamp,
    mut checks: Vec<CheckResult>,
    scenarios: &[ScenarioResult],
    approvals: &[Approval],
) -> Option<ReleaseResult> {
    let release = header.release.as_ref()?;
    let failed = scenarios.iter().filter(|scenario| scenario.outcome == Outcome::Failed);
    let of_scenarios = failed.flat_map(|scenario| scenario.tags.iter().chain([&scenario.id]));
    // A waiver lets pass what was found. What was not shown, nobody can have weighed.
    let can_be_waived = |check: &CheckResult| check.outcome == CheckOutcome::Failed && !check.incomplete;
    let of_checks = checks.iter().filter(|check| can_be_waived(check)).map(|check| &check.id);
    let found: BTreeSet<&str> = of_scenarios.chain(of_checks).map(String::as_str).collect();
    let waivers = people::waivers(release, at, &found.into_iter().collect::<Vec<_>>());
    for check in &mut checks {
        let covers = |waiver: &&WaiverResult| waiver.is_in_force() && waiver.check == check.id;
        let waived_by = waivers.iter().find(covers).map(|waiver| waiver.id.clone());
        check.waived_by = waived_by.filter(|_| can_be_waived(check));
    }
    Some(ReleaseResult {
        version: release.version.clone(),
        commit: release.commit.clone(),
        checks,
        sign_offs: people::roles(release, header.started_at, approvals),
        items: people::items(release, header.started_at, approvals),
        waivers,
        rollout: release.rollout.clone(),
    })
}

impl WaiverResult {
    fn is_in_force(&self) -> bool {
        self.standing == WaiverStanding::InForce
    }
}

impl ReleaseResult {
    /// The releases before this one, the newest first.
    pub fn history(&self) -> impl Iterator<Item = &PastRelease> {
        self.checks.iter().flat_map(|check| &check.history)
    }

    /// Whether a waiver in force lets a failed scenario pass.
    pub(super) fn waives(&self, scenario: &ScenarioResult) -> bool {
        let mut in_force = self.waivers.iter().filter(|waiver| waiver.is_in_force());
        in_force.any(|waiver| waiver.check == scenario.id || scenario.tags.contains(&waiver.check))
    }

    /// Whether a check that nobody waives stops the release.
    pub(super) fn stops(&self) -> bool {
        let stops = |check: &&CheckResult| {
            check.outcome == CheckOutcome::Failed
                && check.severity == Severity::Sev1
                && check.waived_by.is_none()
        };
        self.checks.iter().any(|check| stops(&check))
    }

    /// Whether all that is asked for was shown, or waived.
    pub(super) fn is_shown(&self) -> bool {
        let shown = |check: &CheckResult| !check.incomplete;
        self.checks.iter().all(shown)
            && self.sign_offs.iter().all(SignedResult::is_signed)
            && self.items.iter().all(SignedResult::is_signed)
    }

    /// Whether nothing of it is to be fixed.
    pub(super) fn is_clean(&self) -> bool {
        self.checks.iter().all(|check| check.outcome == CheckOutcome::Passed) && self.waivers.is_empty()
    }

    /// What of it stands in the way of a GO.
    pub(super) fn blockers(&self) -> Vec<Blocker> {
        let mut blockers: Vec<Blocker> = self.checks.iter().filter_map(of_check).collect();
        blockers.sort_by_key(|blocker| blocker.kind == BlockerKind::CheckUndecided);
        let open = |kind: BlockerKind, signed: &SignedResult, what: &str, remedy: String| {
            let void: String = signed.void.iter().map(|void| format!("; void: {void}")).collect();
            let (by, needed) = (signed.signed_by.len(), signed.needed.max(1));
            Blocker {
                kind,
                subject: signed.id.clone().unwrap_or_else(|| signed.name.clone()),
                severity: None,
                message: format!("{what}: {by} of {needed} signed{void}"),
                remedy,
            }
        };
        let unsigned = self.sign_offs.iter().filter(|signed| !signed.is_signed());
        blockers.extend(unsigned.map(|signed| {
            let remedy = format!("gonogo sign --role {}", for_a_shell(&signed.name));
            open(BlockerKind::SignOffMissing, signed, &format!("the sign-off of {}", signed.name), remedy)
        }));
        let undone = self.items.iter().filter(|item| !item.is_signed());
        blockers.extend(undone.map(|item| {
            let remedy = format!("do it, then gonogo sign --item {}", item.id.as_deref().unwrap_or_default());
            let stage = item.stage.map_or("", |stage| stage.word());
            open(BlockerKind::ItemOpen, item, &format!("{stage}, {}", item.name), remedy)
        }));
        blockers.extend(self.waivers.iter().map(of_waiver));
        blockers
    }
}

/// A word that a shell takes as it stands: whoever pastes a remedy runs nothing else.
fn for_a_shell(word: &str) -> String {
    let is_plain = word.chars().all(|letter| letter.is_alphanumeric() || " -_./".contains(letter));
    if is_plain { format!("\"{word}\"") } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

fn of_check(check: &CheckResult) -> Option<Blocker> {
    if check.waived_by.is_some() {
        return None;
    }
    let (kind, remedy) = match check.outcome {
        CheckOutcome::Passed => return None,
        CheckOutcome::Failed => (BlockerKind::CheckFailed, "mend what the check found"),
        CheckOutcome::Undecided => (BlockerKind::CheckUndecided, "give the check what it lacks"),
    };
    Some(Blocker {
        kind,
        subject: check.id.clone(),
        severity: Some(check.severity),
        message: format!("{}: {}", check.title, check.reason),
        remedy: remedy.to_owned(),
    })
}

fn of_waiver(waiver: &WaiverResult) -> Blocker {
    let WaiverResult { id, check, reason, owner, expires, standing } = waiver;
    let (message, remedy) = match standing {
        WaiverStanding::InForce => (
            format!("waived by {owner} until {expires}: {check} ({reason})"),
            "mend it before the waiver ends",
        ),
        WaiverStanding::Expired => {
            (format!("the waiver of {check} ended {expires}"), "mend it, or decide anew")
        }
        WaiverStanding::Unused => (format!("the waiver of {check} covers nothing"), "take the waiver out"),
    };
    let remedy = remedy.to_owned();
    Blocker { kind: BlockerKind::Waiver, subject: id.clone(), severity: None, message, remedy }
}

/// Refuses a policy that no run writes.
pub(super) fn check(release: &Release) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    if let Some(twice) = release.checks.iter().find(|check| !seen.insert(&check.id)) {
        return Err(format!("check {} is listed twice", twice.id));
    }
    for waiver in &release.waivers {
        let named = waiver.check.trim();
        if named.is_empty() || named != waiver.check {
            return Err(format!("waiver {} covers {:?}, which names nothing", waiver.id, waiver.check));
        }
        let named = named.strip_prefix(CLAIM).unwrap_or(named);
        if RULES.iter().any(|rule| rule.name == named) {
            return Err(format!("waiver {} covers an invariant; an invariant cannot be waived", waiver.id));
        }
    }
    let mut seen = BTreeSet::new();
    if let Some(twice) = release.roles.iter().find(|role| !seen.insert(&role.name)) {
        return Err(format!("role {} is listed twice", twice.name));
    }
    if let Some(idle) = release.roles.iter().find(|role| role.needed == 0) {
        return Err(format!("role {} needs nobody to sign", idle.name));
    }
    let mut seen = BTreeSet::new();
    match release.items.iter().find(|item| !seen.insert(&item.id)) {
        Some(twice) => Err(format!("item {} is listed twice", twice.id)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
