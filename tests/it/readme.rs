//! What the README tells people to type is understood, and what it points at is there.

use std::{fs, path::Path};

use clap::Parser as _;
use gonogo::{cli::Cli, exit::Exit, invariant::RULES, subject::fault::faults};
use regex::Regex;

use crate::gonogo::gonogo;

/// As `tests/it/interrupt.rs` sees it from a run that is interrupted twice.
const INTERRUPTED: u8 = 130;

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("README.md")
}

/// The lines of all code blocks, in order.
fn code() -> Vec<String> {
    code_of(&readme())
}

fn code_of(text: &str) -> Vec<String> {
    let mut inside = false;
    let lines = text.lines().map(str::to_owned).collect::<Vec<_>>();
    let code = lines.into_iter().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        inside ^= fence;
        inside && !fence
    });
    code.collect()
}

/// The arguments of a command line, up to a pipe, a comment or what follows.
fn arguments(line: &str) -> Vec<String> {
    let word = Regex::new(r#"'([^']*)'|"([^"]*)"|([^\s'"]+=)"([^"]*)"|(\S+)"#).expect("a regex");
    let words = word
        .captures_iter(line)
        .map(|found| found.iter().skip(1).flatten().map(|part| part.as_str()).collect::<String>());
    words.take_while(|word| !["|", "#", "&&", ";", ">", "||"].contains(&word.as_str())).collect()
}

/// Every call of gonogo in a code block, its arguments first of all `gonogo`.
fn calls() -> Vec<Vec<String>> {
    let start = Regex::new(r"^(?:\s*- run: |\s*\$ )?(?:gonogo |cargo run .*?-- )(.*)$").expect("a regex");
    let call = |line: &String| {
        let found = start.captures(line.trim_end())?;
        let gonogo = ["gonogo".to_owned()];
        Some(gonogo.into_iter().chain(arguments(&found[1])).collect())
    };
    code().iter().filter_map(call).collect()
}

/// Every line of code in a section, as it stands there.
pub fn code_of_section(section: &str) -> Vec<String> {
    let text = readme();
    let start = text.find(&format!("\n## {section}\n")).expect(section) + 1;
    let end = text[start + 1..].find("\n## ").map_or(text.len(), |end| start + 1 + end);
    code_of(&text[start..end])
}

/// The commands of a section, as they stand there.
pub fn commands_of(section: &str) -> Vec<String> {
    let is_command = |line: &String| ["cd ", "npm ", "gonogo "].iter().any(|word| line.starts_with(word));
    code_of_section(section).into_iter().filter(is_command).collect()
}

#[test]
fn the_first_two_commands_run_the_gate_and_the_tests() {
    let commands: Vec<String> = code().into_iter().filter(|line| !line.trim().is_empty()).take(2).collect();
    assert_eq!(commands, ["cargo run --release -- run", "cargo test"]);
}

#[test]
fn every_command_is_one_that_gonogo_understands() {
    let calls = calls();
    assert!(calls.len() >= 8, "{calls:?}");
    for call in calls {
        if let Err(error) = Cli::try_parse_from(&call) {
            panic!("{}: {error}", call.join(" "));
        }
        if call[1] == "prove" {
            let named = call[2..].iter().filter(|word| !word.starts_with('-'));
            for name in named {
                assert!(faults().any(|fault| fault.name == name), "no fault is named {name}");
            }
        }
    }
}

#[test]
fn every_path_that_it_names_is_there() {
    let text = readme();
    let paths =
        Regex::new(r"[`(]\.?/?((?:src|tests|features|fixtures|benches|docs|\.ci)/[\w./-]*|LICENSE)[`)]")
            .expect("a regex");
    let named: Vec<&str> =
        paths.captures_iter(&text).map(|found| found.get(1).expect("a path").as_str()).collect();
    assert!(!named.is_empty());
    for path in named {
        if path.contains("NAME") {
            continue; // A name that the reader chooses.
        }
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(path).exists(), "README.md names {path}");
    }
}

/// The text between `<!-- NAME -->` and `<!-- /NAME -->`.
fn marked(name: &str) -> String {
    let text = readme();
    let between = text.split_once(&format!("<!-- {name} -->")).expect(name).1;
    between.split_once(&format!("<!-- /{name} -->")).expect(name).0.to_owned()
}

#[test]
fn the_invariants_are_those_that_gonogo_explains() {
    let shown = marked("invariants");
    let rows = shown.lines().filter(|line| line.starts_with("| `")).map(str::to_owned);
    let explained = RULES.iter().map(|rule| format!("| `{}` | {} |", rule.name, rule.statement()));
    assert_eq!(rows.collect::<Vec<_>>(), explained.collect::<Vec<_>>());
}

/// What a report says beside its figures: the verdict, what is counted, each table's head, the invariants,
/// the verdict at its end.
fn skeleton(report: &str) -> Vec<String> {
    let figures = Regex::new(r"\d+").expect("a regex");
    let words = |line: &str| {
        let text = line.replace(['│', '┆'], " ");
        figures.replace_all(&text.split_whitespace().collect::<Vec<_>>().join(" "), "N").into_owned()
    };
    let lines: Vec<&str> = report.lines().collect();
    let is_rule = |line: &str| RULES.iter().any(|rule| line.starts_with(&format!("│ {} ", rule.name)));
    let kept = lines.iter().enumerate().filter(|(index, line)| {
        let below_top = index.checked_sub(1).is_some_and(|above| lines[above].starts_with('┌'));
        below_top || is_rule(line) || line.contains("scenarios planned")
    });
    let end = lines.iter().filter_map(|line| line.trim().strip_prefix("verdict ")?.split_once('→'));
    kept.map(|(_, line)| words(line)).chain(end.map(|(_, now)| now.trim().to_owned())).collect()
}

#[test]
fn the_report_is_one_that_a_run_draws() {
    let drawn = gonogo().args(&["run", "--width", "80"]).run().exits(0).stdout();
    let drawn = skeleton(&drawn);
    assert_eq!(skeleton(&marked("report")), drawn);
    assert_eq!(drawn.first().map(String::as_str), Some("UNCONDITIONAL GO"));
    assert!(drawn.len() > RULES.len() + 5, "{drawn:?}");
}

#[test]
fn every_exit_code_is_in_the_table_and_in_the_help() {
    let (text, help) = (readme(), gonogo().args(&["--help"]).run().exits(0).stdout());
    let table = text.split_once("## Verdicts and exit codes").expect("a heading").1;
    let rows: Vec<&str> = table.lines().skip_while(|line| !line.starts_with('|')).collect();
    let rows: Vec<&str> = rows.into_iter().take_while(|line| line.starts_with('|')).skip(2).collect();
    let named =
        |row: &str| row.trim_end_matches('|').rsplit('|').next().and_then(|code| code.trim().parse().ok());
    let named: Vec<u8> = rows.into_iter().map(|row| named(row).expect(row)).collect();
    let exits = [Exit::Go, Exit::NoGo, Exit::Usage, Exit::GoAfterFixes, Exit::Undecided, Exit::Internal];
    let codes: Vec<u8> = exits.into_iter().map(Exit::code).chain([INTERRUPTED]).collect();
    assert_eq!(named, codes);
    let help = help.split_once("Exit codes:").expect("exit codes").1;
    for code in codes {
        assert!(help.split_whitespace().any(|word| word == code.to_string()), "{code} is not in {help}");
    }
}
