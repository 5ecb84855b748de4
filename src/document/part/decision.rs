//! The decision: what it means, what it rests on, and what would make it a GO.

use super::{
    super::{Block, Section, Step, Told, table},
    counted, some,
};
use crate::judge::{
    Blocker, CheckOutcome, Fix, InvariantOutcome, IssueStatus, Judgement, ReleaseResult, Verdict,
    WaiverStanding,
};

/// A deed lists so many of what it takes away.
const MOST_BLOCKERS: usize = 8;

/// What the verdict means for whoever releases. The one place that can say "production ready".
pub(in crate::document) fn standing(judgement: &Judgement) -> String {
    let count = judgement.blockers.len();
    let things = counted(count, "thing");
    match (judgement.verdict, &judgement.release) {
        (Verdict::Go(_), Some(release)) if asks(release) => "Production ready, as far as the scenarios and \
            the release's policy reach: everything planned was shown, every check passed, everybody who must sign has \
            signed. What they do not reach stands under the gaps."
            .to_owned(),
        (Verdict::Go(_), _) => "GO by the scenarios alone: the release has no policy that asks for tests, a change, \
            logs, secrets or sign-offs, so nothing is said of them."
            .to_owned(),
        (Verdict::GoAfterFixes, _) => format!(
            "Not production ready without fixes: everything was shown, and {things} must be mended or accepted, none of \
             which stops a release by itself."
        ),
        (Verdict::Undecided, _) => format!(
            "Not decided, so not production ready: nothing that was shown stops the release, but {things} must still be \
             shown, mended or signed."
        ),
        (Verdict::NoGo, _) if count == 1 => "Not to be released: 1 thing stops the release.".to_owned(),
        (Verdict::NoGo, _) => {
            format!("Not to be released: {things} stand in the way, and at least one of them stops the release.")
        }
    }
}

/// Whether the policy asks for anything beside the scenarios.
fn asks(release: &ReleaseResult) -> bool {
    !(release.checks.is_empty() && release.sign_offs.is_empty() && release.items.is_empty())
}

/// What the verdict rests on, in figures.
pub(in crate::document) fn basis(told: &Told<'_>) -> Section {
    let judgement = told.judgement;
    let mut rows = vec![];
    let mut row = |what: &str, good: usize, of: usize, rest: String| {
        rows.push(vec![what.to_owned(), format!("{good} of {of}"), rest]);
    };
    let counts = &judgement.counts;
    let rest = [("failed", counts.failed), ("undecided", counts.undecided())];
    let rest = rest.iter().filter(|(_, count)| *count > 0).map(|(word, count)| format!("{count} {word}"));
    row("scenarios passed", counts.passed, counts.planned, rest.collect::<Vec<_>>().join(", "));
    let invariants = &judgement.invariants;
    let named = |outcome| {
        let of = invariants.iter().filter(move |invariant| invariant.outcome == outcome);
        of.map(|invariant| invariant.name.as_str()).collect::<Vec<_>>()
    };
    let (violated, unshown) = (named(InvariantOutcome::Violated), named(InvariantOutcome::NotExercised));
    let rest = [("violated", violated), ("not exercised", unshown)];
    let rest = rest.iter().filter(|(_, names)| !names.is_empty());
    let rest =
        rest.map(|(word, names)| format!("{word}: {}", names.join(", "))).collect::<Vec<_>>().join("; ");
    row("invariants hold", named(InvariantOutcome::Holds).len(), invariants.len(), rest);
    let settled = judgement.issues.iter().filter(|issue| issue.status == IssueStatus::Settled).count();
    let open = judgement.issues.iter().filter(|issue| issue.status != IssueStatus::Settled);
    let open: Vec<String> = open.map(|issue| format!("{} {}", issue.id, issue.status.word())).collect();
    row("issues settled", settled, judgement.issues.len(), open.join(", "));
    let mut blocks = vec![];
    match &judgement.release {
        Some(release) => of_release(release, &mut row),
        None => blocks.push(Block::Gap(
            "The release has no policy (\"release\" in gonogo.yaml): neither tests, change, coverage, logs, metrics, secrets \
             nor sign-offs were asked for."
                .to_owned(),
        )),
    }
    blocks.insert(0, table("What the verdict rests on", &["What", "How many", "The rest"], rows, ""));
    Section::new("Decision", blocks)
}

fn of_release(release: &ReleaseResult, row: &mut impl FnMut(&str, usize, usize, String)) {
    let checks = &release.checks;
    let passed = checks.iter().filter(|check| check.outcome == CheckOutcome::Passed).count();
    let rest = checks.iter().filter(|check| check.outcome != CheckOutcome::Passed).map(|check| {
        let waived = check.waived_by.as_ref().map_or(String::new(), |id| format!(", waived by {id}"));
        format!("{} {}{waived}", check.id, check.outcome.word())
    });
    row("checks passed", passed, checks.len(), rest.collect::<Vec<_>>().join("; "));
    for (what, all) in
        [("roles signed", &release.sign_offs), ("items of the checklist signed", &release.items)]
    {
        let signed = all.iter().filter(|signed| signed.is_signed()).count();
        let open: Vec<&str> = all.iter().filter(|s| !s.is_signed()).map(|s| s.name.as_str()).collect();
        let rest = if open.is_empty() { String::new() } else { format!("open: {}", open.join(", ")) };
        row(what, signed, all.len(), rest);
    }
    let waivers = &release.waivers;
    if !waivers.is_empty() {
        let in_force = waivers.iter().filter(|waiver| waiver.standing == WaiverStanding::InForce).count();
        let rest = waivers.iter().map(|waiver| format!("{} {}", waiver.id, waiver.standing.word()));
        row("waivers in force", in_force, waivers.len(), rest.collect::<Vec<_>>().join(", "));
    }
}

/// The fewest changes that would make it GO.
pub(in crate::document) fn fixes(judgement: &Judgement) -> Vec<Step> {
    judgement.to_go.iter().map(step).collect()
}

/// The same as a section.
pub(in crate::document) fn to_go(told: &Told<'_>) -> Section {
    let title = "What would make it GO";
    let judgement = told.judgement;
    if judgement.to_go.is_empty() {
        let text = match judgement.verdict {
            Verdict::Go(_) => Block::Text("Nothing: the verdict is UNCONDITIONAL GO.".to_owned()),
            _ => Block::Gap("What stands in the way has no remedy that could be named.".to_owned()),
        };
        return Section::new(title, vec![text]);
    }
    let text =
        "In this order; the verdict behind each is the judge's own, once it and everything above is done.";
    let mut blocks = vec![Block::Text(text.to_owned()), Block::Steps(fixes(judgement))];
    let signed = judgement.release.iter().flat_map(|release| release.sign_offs.iter().chain(&release.items));
    let given = signed.map(|signed| signed.signed_by.len()).sum::<usize>();
    if given > 0 && judgement.to_go.iter().any(|fix| fix.needs_run) {
        blocks.push(Block::Text(format!(
            "A sign-off is for one record: a new run makes a new one, and the {} given so far do not carry over.",
            counted(given, "signature")
        )));
    }
    Section::new(title, blocks)
}

fn step(fix: &Fix) -> Step {
    let then = match (fix.then, fix.at_best) {
        (None, _) => "then: not known before it is run".to_owned(),
        (Some(verdict), true) => format!("then, at best: {verdict}"),
        (Some(verdict), false) => format!("then: {verdict}"),
    };
    let run = if fix.needs_run { ", and run gonogo again" } else { "" };
    let mut details: Vec<String> = fix.blockers.iter().take(MOST_BLOCKERS).map(of_blocker).collect();
    if let Some(rest) = fix.blockers.get(MOST_BLOCKERS..).filter(|rest| !rest.is_empty()) {
        details.push(format!(
            "and {}",
            some(rest.iter().map(|blocker| blocker.subject.as_str()), MOST_BLOCKERS)
        ));
    }
    Step { text: format!("{}{run}; {then}", fix.deed), commands: vec![], details }
}

fn of_blocker(blocker: &Blocker) -> String {
    let severity = blocker.severity.map_or(String::new(), |severity| format!("{}, ", severity.word()));
    format!("{severity}{}: {} Remedy: {}", blocker.subject, sentence(&blocker.message), blocker.remedy)
}

/// With a full stop, if it has no end of its own.
fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}

/// What to do now.
pub(in crate::document) fn next_steps(told: &Told<'_>) -> Section {
    Section::new("Next steps", vec![Block::List(told.judgement.next_steps.clone())])
}
