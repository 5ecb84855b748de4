//! Names and texts that want to break a terminal, a page or a parser, through a whole run.

use std::fs;

use crate::gonogo::gonogo;

const MARKS: [char; 8] =
    ['\u{1b}', '\u{7}', '\u{8}', '\u{9b}', '\u{202e}', '\u{2066}', '\u{200f}', '\u{feff}'];

fn feature(tenant: &str, summary: &str) -> String {
    format!(
        "Feature: F {tenant}\n  Scenario: S {tenant}\n    Given a Jira site \"{tenant}\" with 20 issues\n    \
         And issue \"P0-1\" of \"{tenant}\" has the summary \"{summary}\"\n    \
         And the app is installed for \"{tenant}\"\n    \
         When worker \"A\" runs the job \"snapshot_daily\" for \"{tenant}\"\n    \
         Then the job of worker \"A\" succeeded\n\n  Scenario: Fails {tenant}\n    \
         Given a Jira site \"{tenant}\" with 20 issues\n    \
         Then worker \"{tenant}\" is refused with \"{summary}\"\n"
    )
}

#[test]
fn hostile_tenants_and_summaries_are_harmless_in_every_report() {
    let escapes = format!("]0;x{}[31m<script>|`&#'; DROP--", MARKS.iter().collect::<String>());
    for (tenant, summary) in [
        (escapes.clone(), escapes.clone()),
        ("../../etc/passwd%00/..".to_owned(), "%s%n{{7*7}}${HOME}$(true)".to_owned()),
        ("a:b".into(), "long ".repeat(200 << 10)),
        ("t".repeat(1 << 20), escapes.repeat(1_000)),
    ] {
        let run = gonogo().features(&[("a.feature", &feature(&tenant, &summary))]);
        let run = run.args(&["--verbose", "--color", "never"]).run();
        assert!([1, 4].contains(&run.code()), "{}", run.code());
        let scenarios = run.verdict()["scenarios"].as_array().expect("scenarios").clone();
        assert_eq!(scenarios[0]["outcome"], "passed", "{}", brief(&scenarios[0]["error"].to_string()));
        assert_eq!(scenarios[1]["outcome"], "failed");
        let drawn = ["report.md", "junit.xml"].map(|name| {
            let text = fs::read_to_string(run.path("gonogo-report").join(name)).expect("UTF-8");
            assert!(!text.contains("<script"), "{name}");
            text
        });
        for text in drawn.iter().chain([&run.all()]) {
            let raw = text.chars().find(|c| *c != '\n' && (c.is_control() || MARKS.contains(c)));
            assert_eq!(raw, None, "{}", brief(text));
        }
    }
}

fn brief(text: &str) -> String {
    text.chars().take(500).collect()
}

#[test]
fn a_number_that_no_step_can_take_is_an_error_and_no_panic() {
    for (step, says) in [
        ("Given a Jira site \"a\" with 99999999999999999999999999 issues", "argument `issues` is no usize"),
        ("Given a Jira site \"a\" with -5 issues", "argument `issues` is no usize"),
        ("Given a Jira site \"a\" with 18446744073709551615 issues", "too many"),
        ("When 18446744073709551615 days pass", "too long"),
        ("When 18446744073709551615 seconds pass", "too long"),
    ] {
        let text = format!(
            "Feature: F\n  Scenario: s\n    Given a Jira site \"b\"\n    {step}\n    Then Jira was asked 0 \
             times\n"
        );
        let ended = gonogo().features(&[("a.feature", &text)]).run().has("s", "failed");
        let verdict = ended.verdict().to_string();
        assert!(verdict.contains(says) && !verdict.contains("panicked at"), "{step}: {verdict}");
    }
}
