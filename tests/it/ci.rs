//! The pipelines in docs/ci are ones that their systems read, and call gonogo as it wants to be called.

use std::{fs, path::Path};

use clap::Parser as _;
use gonogo::{
    cli::{self, Cli},
    report,
};
use regex::Regex;

use crate::pipeline::{check_scripts, texts};

const PIPELINES: [&str; 3] = ["github.yml", "gitlab.yml", "bitbucket-pipelines.yml"];

fn texts_of(name: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ci").join(name);
    texts(name, &fs::read(&path).expect(name))
}

/// Every call of gonogo, with the system's variables put in as its machines would.
fn calls(texts: &[String]) -> Vec<Cli> {
    let variables = Regex::new(
        r"\$\{\{ matrix\.part \}\}|\$CI_NODE_INDEX|\$CI_NODE_TOTAL|\$part|\$BITBUCKET_PARALLEL_STEP_COUNT",
    )
    .expect("a regex");
    let lines = texts.iter().flat_map(|text| text.lines()).map(str::trim);
    let calls = lines.filter(|line| line.starts_with("gonogo ")).map(|line| {
        let call = line.split("||").next().unwrap_or_default();
        let call = variables.replace_all(call, "4").replace('"', "");
        assert!(!call.contains('$'), "{call}");
        Cli::try_parse_from(call.split_whitespace()).unwrap_or_else(|error| panic!("{call}: {error}"))
    });
    calls.collect()
}

#[test]
fn a_pipeline_runs_every_part_and_puts_them_together() {
    for name in PIPELINES {
        let texts = texts_of(name);
        let (mut ran, mut merged) = (0, 0);
        for call in calls(&texts) {
            match call.command {
                cli::Command::Run(run) => {
                    assert_eq!(run.shard, Some(cli::Part { index: 4, of: 4 }), "{name}");
                    assert_eq!(run.gate.out.as_deref(), Some(Path::new("part-4")), "{name}");
                    ran += 1;
                }
                cli::Command::Merge(merge) => {
                    assert_eq!(merge.shards, [Path::new("part-*/evidence.jsonl")], "{name}");
                    merged += 1;
                }
                other => panic!("{name}: {other:?}"),
            }
        }
        assert!(ran > 0 && merged > 0, "{name}: {ran} runs, {merged} merges");
    }
}

#[test]
fn every_file_that_a_pipeline_takes_up_is_one_that_gonogo_writes() {
    let mut taken = 0;
    for name in PIPELINES {
        let texts = texts_of(name);
        let written: Vec<String> = calls(&texts)
            .iter()
            .flat_map(|call| match &call.command {
                cli::Command::Merge(merge) => merge.gate.verdict.reports.clone(),
                _ => vec![],
            })
            .map(|report| report.file.display().to_string())
            .collect();
        let in_folder: Vec<&str> = report::formats().iter().filter_map(|format| format.file_name).collect();
        let names_file = |text: &&String| {
            !text.contains(char::is_whitespace)
                && [".json", ".sarif", ".xml", ".jsonl"].iter().any(|end| text.ends_with(end))
        };
        for file in texts.iter().filter(names_file) {
            let last = file.rsplit('/').next().unwrap_or_default();
            let is_report = file.starts_with("gonogo-report/") && in_folder.contains(&last);
            assert!(is_report || last == "evidence.jsonl" || written.contains(file), "{name}: {file}");
            taken += 1;
        }
    }
    assert!(taken >= 6, "{taken} files");
}

#[test]
fn every_script_is_one_that_a_shell_understands() {
    for name in PIPELINES {
        check_scripts(name, &texts_of(name));
    }
}
