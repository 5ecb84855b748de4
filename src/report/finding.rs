//! What stands in the way of a GO as code views want it: one finding a blocker, each with a place in the tree, a
//! weight and a name that stays from run to run. What a waiver covers is a finding too, with its waiver.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::brief;
use crate::{
    evidence::{Outcome, Severity},
    judge::{
        Blocker, BlockerKind, CheckOutcome, Judgement, ReleaseResult, ScenarioResult, WaiverResult,
        WaiverStanding,
    },
};

/// A message shows so many characters.
const MESSAGE: usize = 1_000;
/// What an app of its own kind always has, and what names any other subject.
const MANIFEST: &str = "manifest.yml";
const POLICY: &str = "gonogo.yaml";
/// Features that travel in the binary and are about apps of others; nobody's tree holds them.
const BUILT_IN: [&str; 2] = ["features/forge/", "features/process/"];

/// What a finding does to a release, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// It stops the release.
    Stops,
    /// It leaves something unshown, which is no GO.
    NotShown,
    /// It is to be fixed and stops nothing by itself.
    ToFix,
    /// It is minor.
    Minor,
    /// A waiver covers it.
    Waived,
}

/// A line of a file, relative to the folder that was gated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// With `/` between folders, neither absolute nor upwards.
    pub(super) path: String,
    /// From 1.
    pub(super) line: u64,
}

/// Something that a code view lists.
#[derive(Clone, Debug)]
pub(super) struct Finding<'a> {
    /// The invariant's name, or the kind of blocker.
    pub(super) rule: String,
    pub(super) weight: Weight,
    pub(super) subject: &'a str,
    /// One visible line.
    pub(super) message: String,
    pub(super) remedy: String,
    pub(super) place: Place,
    pub(super) waiver: Option<&'a WaiverResult>,
    /// What stays the same from run to run: neither counts nor lines are in it.
    identity: String,
}

impl Finding<'_> {
    /// Half of a SHA-256 in hex; equal for the same finding of two runs.
    pub(super) fn fingerprint(&self) -> String {
        hex::encode(&Sha256::digest(self.identity.as_bytes())[..16])
    }
}

/// Everything in the way of a GO in the judgement's order, then what is waived. Empty only for an UNCONDITIONAL GO.
pub(super) fn findings(judgement: &Judgement) -> Vec<Finding<'_>> {
    let by_id: BTreeMap<&str, &ScenarioResult> =
        judgement.scenarios.iter().map(|scenario| (scenario.id.as_str(), scenario)).collect();
    let blockers = judgement.blockers.iter().map(|blocker| {
        let scenario = by_id.get(blocker.subject.as_str()).copied();
        of_blocker(judgement, blocker, scenario)
    });
    let waived = judgement.release.iter().flat_map(|release| waived(judgement, release));
    let mut findings: Vec<Finding<'_>> = blockers.chain(waived).collect();
    // Two that are alike in all that stays are told apart by their order.
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for finding in &mut findings {
        let count = seen.entry(finding.identity.clone()).or_default();
        *count += 1;
        if *count > 1 {
            finding.identity = format!("{} #{count}", finding.identity);
        }
    }
    findings
}

fn of_blocker<'a>(
    judgement: &'a Judgement,
    blocker: &'a Blocker,
    scenario: Option<&ScenarioResult>,
) -> Finding<'a> {
    let is_invariant =
        matches!(blocker.kind, BlockerKind::InvariantViolated | BlockerKind::InvariantNotExercised);
    let kind = word(blocker.kind);
    let rule = if is_invariant { brief(&blocker.subject, MESSAGE) } else { kind.clone() };
    let place = place(judgement, blocker);
    let stays = match (blocker.kind, scenario) {
        (BlockerKind::FlawInFiles, _) => format!("{}\n{}", place.path, blocker.message),
        (_, Some(scenario)) => lasting(scenario),
        _ => blocker.subject.clone(),
    };
    Finding {
        weight: weight(judgement, blocker),
        subject: &blocker.subject,
        message: brief(&blocker.message, MESSAGE),
        remedy: brief(&blocker.remedy, MESSAGE),
        place,
        waiver: None,
        identity: format!("{kind}\n{rule}\n{stays}"),
        rule,
    }
}

/// A scenario by what an edit above it does not change.
fn lasting(scenario: &ScenarioResult) -> String {
    let file = scenario.id.rsplit_once(':').map_or(scenario.id.as_str(), |(file, _)| file);
    format!("{file}\n{}", scenario.name)
}

/// Checks and scenarios that a waiver in force covers.
fn waived<'a>(judgement: &'a Judgement, release: &'a ReleaseResult) -> Vec<Finding<'a>> {
    let in_force = || release.waivers.iter().filter(|waiver| waiver.standing == WaiverStanding::InForce);
    let finding = |kind, subject: &'a str, stays: String, message: String, waiver| {
        let rule = word(kind);
        Finding {
            weight: Weight::Waived,
            subject,
            message: brief(&message, MESSAGE),
            remedy: "mend it before the waiver ends".to_owned(),
            place: place_of(subject).unwrap_or_else(|| anchor(judgement)),
            waiver: Some(waiver),
            identity: format!("waived\n{rule}\n{stays}"),
            rule,
        }
    };
    let checks = release.checks.iter().filter_map(|check| {
        let waiver = release.waivers.iter().find(|waiver| Some(&waiver.id) == check.waived_by.as_ref())?;
        let kind = match check.outcome {
            CheckOutcome::Undecided => BlockerKind::CheckUndecided,
            CheckOutcome::Passed | CheckOutcome::Failed => BlockerKind::CheckFailed,
        };
        let message = format!("{}: {}", check.title, check.reason);
        Some(Finding { place: policy(), ..finding(kind, &check.id, check.id.clone(), message, waiver) })
    });
    let failed = judgement.scenarios.iter().filter(|scenario| scenario.outcome == Outcome::Failed);
    let scenarios = failed.filter_map(|scenario| {
        let covers =
            |waiver: &&WaiverResult| waiver.check == scenario.id || scenario.tags.contains(&waiver.check);
        let waiver = in_force().find(covers)?;
        let error = scenario.error.as_deref().unwrap_or("failed");
        let message = format!("{}: {error}", scenario.name);
        Some(finding(BlockerKind::ScenarioFailed, &scenario.id, lasting(scenario), message, waiver))
    });
    checks.chain(scenarios).collect()
}

fn weight(judgement: &Judgement, blocker: &Blocker) -> Weight {
    match blocker.kind {
        BlockerKind::InvariantViolated => Weight::Stops,
        BlockerKind::FlawInFiles if blocker.severity.is_none() => Weight::NotShown,
        BlockerKind::FlawInFiles | BlockerKind::ScenarioFailed | BlockerKind::CheckFailed => {
            match blocker.severity {
                None | Some(Severity::Sev1) => Weight::Stops,
                Some(Severity::Sev2) => Weight::ToFix,
                Some(Severity::Sev3 | Severity::Sev4) => Weight::Minor,
            }
        }
        BlockerKind::Waiver => {
            let waivers = judgement.release.iter().flat_map(|release| &release.waivers);
            let stands = |waiver: &WaiverResult| {
                waiver.id == blocker.subject && waiver.standing == WaiverStanding::InForce
            };
            if waivers.into_iter().any(stands) { Weight::Minor } else { Weight::ToFix }
        }
        _ => Weight::NotShown,
    }
}

fn place(judgement: &Judgement, blocker: &Blocker) -> Place {
    match blocker.kind {
        BlockerKind::CheckFailed
        | BlockerKind::CheckUndecided
        | BlockerKind::SignOffMissing
        | BlockerKind::ItemOpen
        | BlockerKind::Waiver
        | BlockerKind::IssueWithoutScenario => policy(),
        _ => place_of(&blocker.subject).unwrap_or_else(|| anchor(judgement)),
    }
}

/// `path:line` of a file that a repository can hold.
pub(super) fn place_of(text: &str) -> Option<Place> {
    let (path, line) = text.rsplit_once(':')?;
    let path = path.trim_start_matches("./");
    let line = line.parse().ok().filter(|line| *line > 0)?;
    let outside = path.is_empty()
        || path.starts_with('/')
        || path.split('/').any(|part| part == "..")
        || BUILT_IN.iter().any(|folder| path.starts_with(folder));
    (!outside).then(|| Place { path: path.to_owned(), line })
}

/// Where a finding stands that has no line of its own: what names the app.
fn anchor(judgement: &Judgement) -> Place {
    let path = if judgement.subject.starts_with("Forge app ") { MANIFEST } else { POLICY };
    Place { path: path.to_owned(), line: 1 }
}

fn policy() -> Place {
    Place { path: POLICY.to_owned(), line: 1 }
}

/// A kind of blocker as `verdict.json` writes it.
fn word(kind: BlockerKind) -> String {
    serde_json::to_value(kind).ok().and_then(|word| Some(word.as_str()?.to_owned())).unwrap_or_default()
}

/// A path as a relative reference of a URI: everything beside letters, digits and `-._~/` is escaped.
pub(super) fn uri(path: &str) -> String {
    use std::fmt::Write as _;
    path.bytes().fold(String::new(), |mut uri, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(byte.into())
            }
            // Writing to a string cannot fail.
            _ => drop(write!(uri, "%{byte:02X}")),
        }
        uri
    })
}

#[cfg(test)]
mod tests {
    use super::{place_of, uri};

    #[test]
    fn a_place_is_a_line_of_a_file_that_the_tree_can_hold() {
        for (text, place) in [
            ("features/a.feature:12", Some(("features/a.feature", 12))),
            ("./src/index.js:3", Some(("src/index.js", 3))),
            ("features/forge/jobs.feature:12", None),
            ("features/process/jobs.feature:12", None),
            ("/etc/a.feature:12", None),
            ("../a.feature:12", None),
            ("a.feature:0", None),
            ("a.feature", None),
            ("read_only_jira", None),
            (":3", None),
        ] {
            let found = place_of(text);
            assert_eq!(found.as_ref().map(|place| (place.path.as_str(), place.line)), place, "{text}");
        }
    }

    #[test]
    fn a_path_is_escaped_where_a_uri_reads_it_otherwise() {
        assert_eq!(uri("features/a b%#?ü.feature"), "features/a%20b%25%23%3F%C3%BC.feature");
    }
}
