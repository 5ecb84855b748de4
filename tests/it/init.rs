//! `gonogo init`: what it writes is understood by whom it is for, and what was there before survives.

use std::{fs, os::unix::fs::symlink, path::Path};

use clap::Parser as _;
use gonogo::{cli::Cli, config::Config};
use serde_json::Value;

use crate::{
    gonogo::gonogo,
    pipeline::{check_scripts, texts},
};

const WORKFLOWS: [(&str, &str); 3] = [
    ("github", ".github/workflows/gonogo.yml"),
    ("gitlab", "gonogo.gitlab-ci.yml"),
    ("bitbucket", "bitbucket-pipelines.yml"),
];

fn read(text: &str) -> Config {
    let parsed = Config::parse(Path::new("gonogo.yaml"), text.as_bytes());
    parsed.unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The settings that are written into an empty folder.
fn written() -> String {
    let run = gonogo().args(&["init"]).run().exits(0).says("gonogo.yaml: written").says("no workflow");
    fs::read_to_string(run.path("gonogo.yaml")).expect("gonogo.yaml")
}

/// A line that is a setting, without what comments it out.
fn setting(line: &str) -> Option<&str> {
    line.strip_prefix("# ")
}

/// The written settings with every commented setting in force.
pub fn whole() -> String {
    written().lines().map(|line| format!("{}\n", setting(line).unwrap_or(line))).collect()
}

/// Each commented setting by itself, with all that is below it.
fn alone(text: &str) -> Vec<String> {
    let mut settings: Vec<String> = vec![];
    for line in text.lines().filter_map(setting) {
        match settings.last_mut() {
            Some(last) if line.starts_with(' ') => *last += &format!("{line}\n"),
            _ => settings.push(format!("{line}\n")),
        }
    }
    settings
}

#[test]
fn the_written_settings_are_read_as_they_stand_one_by_one_and_all_at_once() {
    let text = written();
    assert_eq!(read(&text), read("subject: reference\n"));
    let settings = alone(&text);
    assert!(settings.len() >= 11, "{settings:?}");
    for setting in &settings {
        let is_default = setting.starts_with("thresholds:");
        assert_eq!(read(setting) == Config::default(), is_default, "{setting}");
    }
    assert!(read(&whole()).release.is_some());
    let others = text.lines().filter_map(|line| line.strip_prefix("## or: ")).map(read);
    assert_eq!(others.filter(|other| *other != Config::default()).count(), 2);
}

#[test]
fn every_key_that_there_is_is_shown() {
    fn keys(schema: &Value, found: &mut Vec<String>) {
        match schema {
            Value::Object(map) => {
                found.extend(
                    map.get("properties")
                        .and_then(Value::as_object)
                        .into_iter()
                        .flatten()
                        .map(|p| p.0.clone()),
                );
                map.values().for_each(|inner| keys(inner, found));
            }
            Value::Array(list) => list.iter().for_each(|inner| keys(inner, found)),
            _ => {}
        }
    }
    let mut found = vec![];
    keys(&serde_json::from_slice(&gonogo::config::schema()).expect("JSON"), &mut found);
    assert!(found.len() > 60, "{found:?}");
    let text = written();
    for key in found {
        assert!(
            text.contains(&format!("{key}: ")) || text.contains(&format!("{key}:\n")),
            "{key} is not shown"
        );
    }
}

#[test]
fn the_limits_that_are_shown_are_those_that_hold_without_them() {
    let whole = read(&whole());
    assert_eq!(whole.thresholds, Config::default().thresholds);
    let limits = gonogo::scenario::RunOptions::default().limits;
    let shown = [whole.timeouts.step_s, whole.timeouts.scenario_s, whole.timeouts.run_s];
    assert_eq!(shown.map(|limit| limit.expect("a limit").0), [limits.step, limits.scenario, limits.run]);
}

#[test]
fn the_settings_fit_what_lies_in_the_folder() {
    let run = gonogo().file("app/manifest.yml", "app: {}\n").file("app/gonogo-baseline.json", "{}");
    let run = run.args(&["init", "app"]).run().exits(0);
    let text = fs::read_to_string(run.path("app/gonogo.yaml")).expect("gonogo.yaml");
    assert_eq!(read(&text), read("subject: forge\nbaseline: gonogo-baseline.json\n"));
}

#[test]
fn a_workflow_is_yaml_and_calls_gonogo_as_it_wants_to_be_called() {
    for (ci, file) in WORKFLOWS {
        for folder in [".", "apps/my app"] {
            let run = gonogo().file(".git/HEAD", "").file(&format!("{folder}/a"), "");
            let run =
                run.args(&["init", folder, "--ci", ci]).run().exits(0).says(&format!("{file}: written"));
            let text = fs::read_to_string(run.path(file)).expect(file);
            let found = texts(file, text.as_bytes());
            let calls = found.iter().flat_map(|text| text.lines()).filter(|line| line.starts_with("gonogo "));
            let calls: Vec<&str> = calls.collect();
            assert!(!calls.is_empty(), "{text}");
            for call in calls {
                let words = call.replace("my app", "my-app").replace(['\'', '"'], "");
                let read = Cli::try_parse_from(words.split_whitespace());
                assert!(read.is_ok(), "{call}: {read:?}");
            }
            let place = if folder == "." { "run .".to_owned() } else { format!("run './{folder}'") };
            assert!(text.contains(&place) && !text.contains("<folder>"), "{text}");
        }
    }
}

#[test]
fn every_script_of_a_workflow_is_one_that_a_shell_understands() {
    for (ci, file) in WORKFLOWS {
        let run = gonogo().args(&["init", "--ci", ci]).run().exits(0);
        check_scripts(file, &texts(file, &fs::read(run.path(file)).expect(file)));
    }
}

#[test]
fn the_workflow_is_for_what_the_repository_holds() {
    for (marker, written) in [
        (".github/dependabot.yml", ".github/workflows/gonogo.yml: written"),
        (".gitlab-ci.yml", "local: gonogo.gitlab-ci.yml"),
        ("bitbucket-pipelines.yml", "- step: &gonogo"),
    ] {
        let run =
            gonogo().file(".git/HEAD", "").file(marker, "a: 1\n").file("app/a", "").args(&["init", "app"]);
        let run = run.run().exits(0).says(written).says("app/gonogo.yaml: written");
        assert_eq!(fs::read_to_string(run.path(marker)).expect(marker), "a: 1\n");
    }
}

#[test]
fn what_is_there_survives_byte_for_byte_and_a_second_time_writes_nothing() {
    for (ci, file) in WORKFLOWS {
        let ours = b"\xff not ours\r\n".as_slice();
        let run = gonogo().file("gonogo.yaml", ours).file(file, ours).args(&["init", "--ci", ci]).run();
        let run = run.exits(0).says("left as it is");
        for name in ["gonogo.yaml", file] {
            assert_eq!(fs::read(run.path(name)).expect(name), ours, "{name}");
        }
    }
}

#[test]
fn a_link_is_not_followed_out_of_the_folder_and_nothing_is_written_then() {
    let outside = tempfile::tempdir().expect("a folder");
    for link in [".github", ".github/workflows"] {
        let home = tempfile::tempdir().expect("a folder");
        let at = home.path().join(link);
        fs::create_dir_all(at.parent().expect("a folder")).expect("a folder");
        symlink(outside.path(), &at).expect("a link");
        let path = home.path().to_str().expect("a path");
        gonogo().args(&["init", path, "--ci", "github"]).run().exits(2).says("leads out of");
        assert!(!home.path().join("gonogo.yaml").exists());
    }
    let home = tempfile::tempdir().expect("a folder");
    symlink(outside.path().join("new.yaml"), home.path().join("gonogo.yaml")).expect("a link");
    let path = home.path().to_str().expect("a path");
    gonogo().args(&["init", path]).run().exits(2).says("no file");
    assert_eq!(fs::read_dir(outside.path()).expect("a folder").count(), 0);
}

#[test]
fn a_folder_that_is_none_or_whose_name_no_workflow_can_hold_is_refused() {
    gonogo().args(&["init", "nope"]).run().exits(2).says("cannot read nope");
    gonogo().file("a", "").args(&["init", "a"]).run().exits(2).says("no folder");
    let run = gonogo().file(".git/HEAD", "").file("a'${{ x }}/b", "").args(&[
        "init",
        "a'${{ x }}",
        "--ci",
        "github",
    ]);
    let run = run.run().exits(2).says("cannot stand in one");
    assert!(!run.path("a'${{ x }}/gonogo.yaml").exists());
}

#[test]
fn nothing_is_left_beside_what_is_written() {
    let run = gonogo().args(&["init", "--ci", "github"]).run().exits(0);
    let mut names: Vec<_> = walkdir::WalkDir::new(run.path("."))
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["gonogo.yaml", "gonogo.yml"]);
}
