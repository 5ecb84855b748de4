//! A document never says more than the verdict, and nothing that the evidence holds can harm who reads it.

use super::*;
use crate::{
    evidence::{FORMAT, Fact, Header, Observation, Outcome, Planned, Policy, Release, file::Sealed},
    judge::Judge,
};

fn judgement(planned: usize, outcome: Outcome, name: &str) -> (Judgement, Facts) {
    let header = Header {
        format: FORMAT.into(),
        tool: "0.0.0".into(),
        started_at: jiff::Timestamp::UNIX_EPOCH,
        subject: name.into(),
        seed: 7,
        planned,
        left_out: 0,
        previous_verdict: None,
        accepted: vec![],
        release: Some(Release { version: name.into(), ..Release::default() }),
        shard: None,
        policy: Policy::default(),
    };
    let of = Planned { id: name.into(), feature: name.into(), name: name.into(), tags: vec![], steps: 1 };
    let facts = [
        Fact::ScenarioPlanned(of),
        Fact::AttemptStarted { attempt: 1 },
        Fact::StepPassed { step: name.into() },
        Fact::ScenarioEnded {
            outcome,
            duration_ms: 1,
            error: (outcome != Outcome::Passed).then(|| name.into()),
        },
    ];
    let at = jiff::Timestamp::UNIX_EPOCH;
    let source = crate::evidence::Source::Scenario;
    let log: Vec<Observation> =
        (0..).zip(facts).map(|(seq, fact)| Observation { scenario: 0, seq, at, source, fact }).collect();
    let mut judge = Judge::new(header);
    judge.log(&log);
    let judgement = judge.conclude(Sealed { sha256: "0".repeat(64), observations: 4 }, &[]);
    let file = ChangedFile {
        path: name.into(),
        change: crate::evidence::Change::Added,
        added: 1,
        removed: 0,
        test: false,
    };
    let rehearsal = Rehearsal { commands: vec![name.into()], clean: false, conflicts: vec![name.into()] };
    let changed = Changed {
        commit: name.into(),
        base: Some(name.into()),
        dirty: vec![name.into()],
        files: vec![file],
        rehearsal: Some(rehearsal),
    };
    (judgement, Facts { sha256: "0".repeat(64), changed: Some(changed) })
}

/// Every kind in every format, by the name of the format.
fn drawn(judgement: &Judgement, facts: &Facts) -> Vec<(&'static str, String)> {
    let source = Source::default();
    let told = Told { judgement, facts, source: &source };
    let mut all = vec![];
    for kind in Kind::ALL {
        let document = draw(kind, &told);
        for format in formats() {
            all.push((format.name, String::from_utf8((format.render)(&document)).expect("UTF-8")));
        }
    }
    all
}

#[test]
fn only_an_unconditional_go_is_called_production_ready() {
    let cases = [(Outcome::Failed, "NO-GO"), (Outcome::Passed, "UNDECIDED"), (Outcome::Pending, "UNDECIDED")];
    for (outcome, word) in cases {
        let (judgement, facts) = judgement(1, outcome, "app");
        assert_eq!(judgement.verdict.word(), word);
        for (format, text) in drawn(&judgement, &facts) {
            assert!(!text.contains("Production ready"), "{format}: {text}");
            let first = text.lines().next().unwrap_or_default();
            assert!(format != "markdown" || first.starts_with(&format!("# {word}: ")), "{first}");
            assert!(text.contains(word), "{format}");
        }
    }
}

#[test]
fn a_release_that_was_taken_back_is_said_to_be_so_in_every_document() {
    let (judgement, facts) = judgement(1, Outcome::Passed, "app");
    let played = |is_taken_back| Played { decision: "ROLL BACK".into(), is_taken_back, ..Played::default() };
    for (is_taken_back, said) in [(true, true), (false, false)] {
        let source = Source { rollout: vec![played(is_taken_back)], ..Source::default() };
        for kind in Kind::ALL {
            let document = draw(kind, &Told { judgement: &judgement, facts: &facts, source: &source });
            assert_eq!(document.standing.starts_with("ROLLED BACK at "), said, "{}", document.standing);
        }
    }
}

#[test]
fn what_is_neither_told_nor_shown_is_a_gap() {
    let (mut judgement, mut facts) = judgement(1, Outcome::Passed, "app");
    facts.changed = None;
    judgement.release = None;
    let text: String = drawn(&judgement, &facts).into_iter().map(|(_, text)| text).collect();
    for gap in
        ["has no policy", "does not ask for the change", "names no test results", "nobody who must sign"]
    {
        assert!(text.contains(gap), "{gap}");
    }
    assert!(!text.contains("rehearsed in a scratch clone: it applies"), "{text}");
}

#[test]
fn what_the_evidence_holds_harms_nobody_in_any_format() {
    let evil =
        "</code><script>x()</script>| `a` \u{202e}*b* [c](javascript:d)\u{1b}[2J\n# UNCONDITIONAL GO\n```\n";
    let (judgement, facts) = judgement(1, Outcome::Failed, evil);
    for (format, text) in drawn(&judgement, &facts) {
        assert!(!text.contains('\u{1b}') && (format == "json" || !text.contains('\u{202e}')), "{format}");
        match format {
            "json" => drop(serde_json::from_str::<serde_json::Value>(&text).expect("JSON")),
            "html" => assert!(!text.contains("<script"), "{text}"),
            _ => {
                let outside: Vec<&str> = outside_of_code(&text);
                assert!(outside.iter().all(|line| !line.contains("<script")), "{text}");
                assert!(!outside.iter().any(|line| line.starts_with("# UNCONDITIONAL GO")), "{text}");
                let rows = outside.iter().filter(|line| line.starts_with("| "));
                assert!(rows.clone().count() > 3);
            }
        }
    }
}

/// The lines that Markdown does not take as code.
fn outside_of_code(text: &str) -> Vec<&str> {
    let mut fence: Option<&str> = None;
    let mut outside = vec![];
    for line in text.lines() {
        let trimmed = line.trim_start();
        let run = &trimmed[..trimmed.len() - trimmed.trim_start_matches('`').len()];
        match fence {
            Some(open) if trimmed == open => fence = None,
            None if run.len() >= 3 => fence = Some(run),
            None => outside.push(line),
            Some(_) => {}
        }
    }
    outside
}
