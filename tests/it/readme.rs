//! What the README tells people to type is understood, and what it points at is there.

use std::{fs, path::Path};

use clap::Parser as _;
use gonogo::{cli::Cli, subject::fault::faults};
use regex::Regex;

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("README.md")
}

/// The lines of all code blocks, in order.
fn code() -> Vec<String> {
    let mut inside = false;
    let lines = readme().lines().map(str::to_owned).collect::<Vec<_>>();
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
    let paths = Regex::new(r"[`(]\.?/?((?:src|tests|features|fixtures|benches|\.ci)/[\w./-]*|LICENSE)[`)]")
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
