//! Every format over judgements that are green, red, empty and hostile.

use gonogo::{
    evidence::Outcome,
    exit::Exit,
    invariant::RULES,
    report::{Look, format, formats, printable, report_schema},
};

use crate::{
    invariants::fixture,
    judgements::{all, drawn as text, green, judged},
};

#[test]
fn the_fixtures_that_hold_make_a_go_together_and_not_without_one_of_them() {
    let go = green();
    assert_eq!(go.verdict.word(), "UNCONDITIONAL GO", "{:?}", go.blockers);
    assert!(go.blockers.is_empty());
    assert_eq!(Exit::of(&go), Exit::Go);
    for left_out in RULES {
        let others = RULES.iter().filter(|rule| rule.name != left_out.name);
        let judgement =
            judged(others.map(|rule| (Outcome::Passed, rule.name, fixture(rule.name, "holds"))).collect());
        let shown = judgement.invariants.iter().all(|i| i.outcome.word() == "holds");
        assert_eq!(judgement.blockers.is_empty(), shown, "{}", left_out.name);
        assert_eq!(judgement.exit_code == 0, shown, "{}", left_out.name);
    }
}

#[test]
fn blockers_are_empty_exactly_for_a_go() {
    for judgement in all() {
        assert_eq!(judgement.blockers.is_empty(), judgement.exit_code == 0, "{}", judgement.verdict);
    }
}

#[test]
fn every_report_fits_the_published_schema() {
    let schema = serde_json::from_slice(&report_schema()).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for judgement in all() {
        let json = text(&judgement, "json", 80);
        assert!(json.ends_with("}\n"));
        let value = serde_json::from_str(&json).expect("JSON");
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
    assert!(!validator.is_valid(&serde_json::json!({ "verdict": "UNCONDITIONAL GO" })));
}

#[test]
fn no_line_of_the_terminal_is_wider_than_it_may_be() {
    for judgement in all() {
        for width in 30..=200 {
            for line in text(&judgement, "terminal", width).lines() {
                let columns = line.chars().count();
                assert!(columns <= usize::from(width.max(40)), "{columns} > {width}: {line}");
            }
        }
    }
}

#[test]
fn nothing_hostile_reaches_any_format() {
    let hostile = all().pop().expect("the last");
    for format in formats().iter().filter(|format| format.name != "json") {
        let drawn = text(&hostile, format.name, 100);
        let bad = |c: char| c != '\n' && (c.is_control() || ['\u{202e}', '\u{fffe}'].contains(&c));
        assert!(!drawn.contains(bad), "{}", format.name);
        let is_markup = ["markdown", "junit", "html"].contains(&format.name);
        assert!(!is_markup || !drawn.contains("<script"), "{}", format.name);
    }
    assert_eq!(printable("a\u{1b}\u{202e}b\n"), "a␛\u{fffd}b␊");
    // A CI's machine obeys a line that begins so.
    assert_eq!(printable(" ::error file=x::a::b"), "∷error file=x::a::b");
    assert_eq!(printable("##[group]a"), "♯♯[group]a");
}

#[test]
fn colour_is_used_only_when_it_is_asked_for() {
    let render = format("terminal").expect("a format").render;
    let drawn = |colour| render(&green(), &Look { width: 80, colour });
    assert!(drawn(true).contains(&0x1b) && !drawn(false).contains(&0x1b));
}

#[test]
fn junit_is_red_for_everything_that_is_not_shown() {
    for judgement in all() {
        // Strict readers want a time without a zone; this one wants a zone.
        let xml = text(&judgement, "junit", 80).replace("2026-01-01T00:00:00", "2026-01-01T00:00:00Z");
        let report = quick_junit::Report::deserialize_from_str(&xml).expect("XML");
        let bad: usize = report.test_suites.iter().map(|suite| suite.failures + suite.errors).sum();
        assert_eq!(bad == 0, judgement.verdict.word() == "UNCONDITIONAL GO");
        assert!(!xml.contains("<skipped"));
        let cases: usize = report.test_suites.iter().map(|suite| suite.test_cases.len()).sum();
        let of_release =
            |r: &gonogo::judge::ReleaseResult| r.checks.len() + r.sign_offs.len() + r.items.len();
        let of_release = judgement.release.as_ref().map_or(0, of_release);
        assert_eq!(cases, 1 + judgement.invariants.len() + judgement.scenarios.len() + of_release);
    }
}

#[test]
fn a_summary_that_would_be_too_large_says_that_it_was_cut() {
    let long = "x".repeat(2_000);
    let many = judged((0..3_000).map(|_| (Outcome::Undefined, long.as_str(), vec![])).collect());
    let drawn = text(&many, "markdown", 80);
    assert!(drawn.len() <= 900 << 10, "{}", drawn.len());
    assert!(drawn.contains("Cut: "));
}

#[test]
fn the_terminal_shows_the_verdict_first_and_the_evidence_last() {
    let drawn = text(&judged(vec![]), "terminal", 80);
    let head: Vec<&str> = drawn.lines().take(2).collect();
    assert!(head[1].contains("UNDECIDED"), "{drawn}");
    assert!(drawn.contains("no scenario was planned"), "{drawn}");
    assert!(drawn.trim_end().ends_with("verdict NO-GO → UNDECIDED, exit code 4"), "{drawn}");
}
