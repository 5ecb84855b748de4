//! All rules over all evidence: findings and the verdict. Pure but for [`judge_file`]; knows no format of a
//! report, no clock and no order but the plan's, so one file always has one judgement, to the byte.

mod advice;
mod blockers;
mod break_glass;
mod check;
mod course;
mod flaws;
mod judgement;
mod metrics;
mod overview;
mod people;
mod release;
mod scenario;
mod to_go;
mod verdict;

pub use break_glass::{ACCEPT_BREAK_GLASS, Override};
pub use check::{CheckOutcome, CheckResult, Figure, FileSeen, Item, PastRelease};
pub use course::{Actor, Course, Moment};
pub use judgement::{
    Blocker, BlockerKind, CheckItem, CheckStatus, Counts, EvidenceSummary, InvariantOutcome, InvariantResult,
    IssueResult, IssueStatus, Judgement, PostDeploy, Reference, ScenarioResult, Suite, Tool,
};
pub use metrics::{Bound, Metric, MetricOutcome};
pub use people::{Approval, SignedResult, WaiverResult, WaiverStanding};
pub use release::ReleaseResult;
pub use to_go::Fix;
pub use verdict::{ACCEPT_GO_AFTER_FIXES, Unconditional, Verdict};

use std::{collections::BTreeSet, path::Path};

use jiff::Timestamp;

use crate::{
    evidence::{
        Fact, Header, Issue, Log, Observation, Outcome,
        file::{EvidenceError, Flaw, Next, Reader, Sealed},
    },
    invariant::{Finding, RULES},
};

/// The version of [`Judgement`]'s form.
pub const SCHEMA: &str = "gonogo.report/1";

/// A tag of this form claims that its scenario exercises the invariant named behind it.
pub const CLAIM: &str = "invariant:";

/// How many observations a violated invariant names.
const REFERENCES: usize = 50;

/// Judges a whole evidence file.
///
/// # Errors
/// The file cannot be read, or is not whole and unchanged. Then nothing was judged.
pub fn judge_file(path: impl AsRef<Path>) -> Result<Judgement, EvidenceError> {
    judge_signed(path, &Since::default())
}

/// What came to evidence since it was recorded.
#[derive(Clone, Copy, Debug, Default)]
pub struct Since<'a> {
    /// What people signed.
    pub approvals: &'a [Approval],
    /// What is accepted with exit code 0.
    pub accepted: &'a [String],
    /// When it is judged: a waiver that is over by then covers nothing. Without it, and before it, when the run began.
    pub at: Option<Timestamp>,
}

/// Judges a whole evidence file together with what came to it since.
///
/// # Errors
/// As [`judge_file`].
pub fn judge_signed(path: impl AsRef<Path>, since: &Since<'_>) -> Result<Judgement, EvidenceError> {
    let Since { approvals, accepted, at } = *since;
    let path = path.as_ref();
    let mut reader = Reader::open(path)?;
    let mut header = reader.header().clone();
    for word in accepted.iter().filter(|word| !reader.header().accepted.contains(word)) {
        header.accepted.push(word.clone());
    }
    check(&header).map_err(|reason| {
        let flaw = Flaw::Header(reason);
        EvidenceError::Unsound { path: path.to_owned(), line: 1, flaw }
    })?;
    let mut judge = Judge::new(header);
    judge.at = judge.at.max(at.unwrap_or_default());
    let mut log = vec![];
    loop {
        match reader.next_log(&mut log)? {
            Next::Log => judge.log(&log),
            Next::End(sealed) => return Ok(judge.conclude(sealed, approvals)),
        }
    }
}

/// Refuses a header that no run writes: it would judge softer than it says.
///
/// # Errors
/// What is wrong with it, in words.
pub fn check(header: &Header) -> Result<(), String> {
    let known = |word: &String| [ACCEPT_GO_AFTER_FIXES, ACCEPT_BREAK_GLASS].contains(&word.as_str());
    if let Some(word) = header.accepted.iter().find(|word| !known(word)) {
        return Err(format!(
            "`accepted` holds {word:?}; expected {ACCEPT_GO_AFTER_FIXES:?} or {ACCEPT_BREAK_GLASS:?}"
        ));
    }
    if let Some(word) = header.previous_verdict.as_deref().filter(|word| !Verdict::WORDS.contains(word)) {
        return Err(format!("`previous_verdict` is {word:?}, which is no verdict"));
    }
    let mut seen = BTreeSet::new();
    for Issue { id, severity, .. } in &header.policy.issues {
        if !seen.insert(id) {
            return Err(format!("issue {id} is listed twice"));
        }
        if !id.starts_with(&format!("{}-", severity.word())) && id.starts_with("SEV-") {
            return Err(format!("issue {id} is listed as {}", severity.word()));
        }
    }
    if let Some(complaint) = header.shard.as_ref().and_then(|shard| shard.complaint(header.planned)) {
        return Err(complaint);
    }
    header.release.as_ref().map_or(Ok(()), release::check)
}

/// Judges evidence log by log; keeps what the logs show and forgets the logs.
#[derive(Debug)]
pub struct Judge {
    header: Header,
    /// When it is judged.
    at: Timestamp,
    scenarios: Vec<ScenarioResult>,
    claims: Vec<UnmetClaim>,
    shown: Vec<Shown>,
    flaws: Vec<flaws::Flaw>,
    tally: metrics::Tally,
    checks: Vec<CheckResult>,
    courses: Vec<Course>,
}

/// A tag that its scenario does not live up to.
#[derive(Debug)]
struct UnmetClaim {
    /// Place in the plan.
    scenario: usize,
    /// Without `@`.
    tag: String,
    missing: String,
}

impl UnmetClaim {
    fn of_invariant(&self, name: &str) -> bool {
        self.tag.strip_prefix(CLAIM) == Some(name)
    }
}

/// What all logs so far show of one invariant.
#[derive(Debug, Default)]
struct Shown {
    /// Passed scenarios in which it holds.
    holds: usize,
    /// Scenarios in which it would hold, had they passed.
    would_hold: usize,
    violated: usize,
    reason: String,
    references: Vec<Reference>,
    /// The least that any scenario misses.
    missing: Option<String>,
    /// What no scenario could see of it, be it shown or not.
    unseen: Option<&'static str>,
}

/// A process of its own reaches what the machine lets it reach.
const UNWATCHED_EGRESS: &str = "not watched: hosts that a driven process reaches beside the platform";

impl Judge {
    /// A judge who has seen the header and no log yet.
    #[must_use]
    pub fn new(header: Header) -> Self {
        let shown = RULES.iter().map(|_| Shown::default()).collect();
        let tally = metrics::Tally::default();
        Self {
            at: header.started_at,
            header,
            scenarios: vec![],
            claims: vec![],
            shown,
            flaws: vec![],
            tally,
            checks: vec![],
            courses: vec![],
        }
    }

    /// Takes the next log: a scenario's, or behind those a check's.
    pub fn log(&mut self, observations: &[Observation]) {
        if let Some(release) = &self.header.release
            && let Some(result) = check::judge(release, self.checks.len(), observations)
        {
            self.checks.push(result);
            return;
        }
        let scenario = scenario::read(&self.header, observations);
        let log = Log { policy: &self.header.policy, observations };
        let claimed: Vec<&str> = scenario.tags.iter().filter_map(|tag| tag.strip_prefix(CLAIM)).collect();
        let place = self.scenarios.len();
        let unknown =
            scenario.tags.iter().filter_map(|tag| Some((tag, scenario::names_nothing(&self.header, tag)?)));
        let unknown = unknown.map(|(tag, missing)| (tag.clone(), missing.to_owned()));
        self.claims.extend(unknown.map(|(tag, missing)| UnmetClaim { scenario: place, tag, missing }));
        let driven = observations.iter().any(|o| matches!(o.fact, Fact::ProcessEnded { .. }));
        let mut violated = vec![];
        for (rule, shown) in RULES.iter().zip(&mut self.shown) {
            if driven && rule.name == "silent_by_default" {
                shown.unseen = Some(UNWATCHED_EGRESS);
            }
            match (rule.judge)(&log) {
                Finding::Holds if scenario.outcome == Outcome::Passed => shown.holds += 1,
                Finding::Holds => shown.would_hold += 1,
                Finding::Violated { reason, observations } => {
                    if shown.violated == 0 {
                        shown.reason = format!("{reason} ({})", scenario.id);
                    }
                    shown.violated += 1;
                    let room = REFERENCES.saturating_sub(shown.references.len());
                    let named = observations.iter().take(room);
                    shown
                        .references
                        .extend(named.map(|seq| Reference { scenario: scenario.id.clone(), seq: *seq }));
                    violated.push((rule.name, observations));
                }
                Finding::NotExercised { missing } => {
                    if claimed.contains(&rule.name) {
                        let (tag, missing) = (format!("{CLAIM}{}", rule.name), missing.clone());
                        self.claims.push(UnmetClaim { scenario: place, tag, missing });
                    }
                    if shown.missing.as_ref().is_none_or(|least| missing.len() < least.len()) {
                        shown.missing = Some(missing);
                    }
                }
            }
        }
        let is_amiss = scenario.outcome != Outcome::Passed || !violated.is_empty();
        if is_amiss && self.courses.len() < course::MOST_COURSES {
            let shown: Vec<u64> = violated.iter().flat_map(|(_, shown)| shown.iter().copied()).collect();
            self.courses.extend(course::course(&scenario.id, observations, &shown));
        }
        flaws::take(&mut self.flaws, &log, &violated);
        self.tally.take(observations);
        self.scenarios.push(scenario);
    }

    /// Ends the evidence and says what it comes to. The one place where a judgement is made.
    #[must_use]
    pub fn conclude(self, sealed: Sealed, approvals: &[Approval]) -> Judgement {
        let Self { header, at, scenarios, claims, shown, flaws, tally, checks, courses } = self;
        let invariants: Vec<InvariantResult> = RULES
            .iter()
            .zip(shown)
            .map(|(rule, shown)| shown.conclude(rule.name, &rule.statement()))
            .collect();
        let issues = overview::issues(&header, &scenarios, &checks);
        let release = release::conclude(&header, at, checks, &scenarios, approvals);
        let basis = verdict::Basis {
            release: release.as_ref(),
            planned: header.planned,
            scenarios: &scenarios,
            invariants: &invariants,
            issues: &issues,
            flaws: &flaws,
            unmet_claims: claims.len(),
            left_out: header.left_out,
            shard: header.shard.as_ref(),
        };
        let verdict = verdict::decide(&basis);
        let blockers = blockers::list(&basis, &claims);
        let overridden = break_glass::overrides(verdict, header.release.as_ref(), approvals);
        let is_let_through = break_glass::is_accepted(&overridden, &header.accepted);
        let to_go = to_go::fixes(&basis, &header, &claims, &blockers);
        Judgement {
            schema: SCHEMA.to_owned(),
            verdict,
            exit_code: if is_let_through { 0 } else { verdict.exit_code(&header.accepted) },
            overridden,
            previous_verdict: header.previous_verdict,
            subject: header.subject,
            seed: header.seed,
            started_at: header.started_at.to_string(),
            counts: Counts::of(header.planned, &scenarios),
            next_steps: advice::next_steps(verdict, &blockers),
            checklist: advice::checklist(&basis),
            rollback: advice::rollback(&invariants),
            post_deploy: advice::post_deploy(&header.policy.thresholds),
            metrics: tally.metrics(&header.policy.thresholds),
            suites: overview::suites(&scenarios),
            blockers,
            to_go,
            issues,
            invariants,
            scenarios,
            courses,
            release,
            accepted: header.accepted,
            policy: header.policy.departures(),
            evidence: EvidenceSummary { sha256: sealed.sha256, observations: sealed.observations },
            tool: Tool { version: header.tool },
        }
    }
}

impl Shown {
    fn conclude(self, name: &str, statement: &str) -> InvariantResult {
        let (outcome, reason) = if self.violated > 0 {
            let more = match self.violated {
                1 => String::new(),
                2 => ", and in 1 more scenario".to_owned(),
                n => format!(", and in {} more scenarios", n - 1),
            };
            (InvariantOutcome::Violated, format!("{}{more}", self.reason))
        } else if self.holds > 0 {
            let scenarios = if self.holds == 1 { "scenario" } else { "scenarios" };
            let unseen = self.unseen.map(|what| format!("; {what}")).unwrap_or_default();
            (InvariantOutcome::Holds, format!("shown by {} passed {scenarios}{unseen}", self.holds))
        } else if self.would_hold > 0 {
            (InvariantOutcome::NotExercised, "shown by scenarios that did not pass alone".to_owned())
        } else {
            let missing = self.missing.unwrap_or_else(|| "a scenario".to_owned());
            (InvariantOutcome::NotExercised, format!("missing: {missing}"))
        };
        let (name, statement) = (name.to_owned(), statement.to_owned());
        InvariantResult { name, statement, outcome, reason, observations: self.references }
    }
}

#[cfg(test)]
mod tests;
