//! The Forge app that comes with gonogo, judged as a newcomer would have it judged; and the ways in which real
//! apps break, each of which must get the verdict that is written beside it, for that reason alone.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde::Deserialize;

use crate::{
    gonogo::{Gonogo, gonogo},
    node,
    readme::commands_of,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    verdict: String,
    /// Every invariant that is violated.
    invariants: Vec<String>,
    /// What a blocker says.
    says: String,
    #[serde(rename = "about")]
    _about: String,
}

fn apps() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/apps")
}

/// A run in a folder that holds drift-watch under `app`, its packages beside it.
fn with_drift_watch(packages: &Path) -> Gonogo {
    let mut run = gonogo();
    for entry in walkdir::WalkDir::new(apps().join("drift-watch")).into_iter().filter_entry(is_source) {
        let entry = entry.expect("an entry");
        if entry.file_type().is_file() {
            let name = entry.path().strip_prefix(apps().join("drift-watch")).expect("inside");
            run = run.file(&format!("app/{}", name.display()), fs::read(entry.path()).expect("a file"));
        }
    }
    std::os::unix::fs::symlink(packages, run.path("app/node_modules")).expect("a link");
    run.path_of_node()
}

fn is_source(entry: &walkdir::DirEntry) -> bool {
    entry.file_name() != "node_modules" && entry.file_name() != "gonogo-report"
}

#[test]
fn an_unmodified_forge_app_is_judged_with_its_folder_alone() {
    let Some(packages) = node::packages_of_drift_watch() else { return };
    let outcome = with_drift_watch(packages).args(&["run", "app"]).run().exits(0).says("UNCONDITIONAL GO");
    let verdict = outcome.verdict();
    assert_eq!(verdict["counts"]["planned"], verdict["counts"]["passed"]);
    assert!(verdict["subject"].as_str().is_some_and(|subject| subject.starts_with("Forge app ari:")));
}

#[test]
fn without_its_released_version_an_app_is_undecided_in_words() {
    let Some(packages) = node::packages_of_drift_watch() else { return };
    let run = with_drift_watch(packages).file("app/gonogo.yaml", "subject: forge\n");
    let outcome = run.args(&["run", "app"]).run().exits(4).says("gonogo baseline DIR");
    assert_eq!(outcome.verdict()["verdict"], "UNDECIDED");
}

#[test]
fn what_the_readme_says_of_forge_apps_works_as_it_stands() {
    let Some(packages) = node::packages_of_drift_watch() else { return };
    let commands = commands_of("Gate your Forge app");
    assert_eq!(commands.len(), 5, "{commands:?}");
    let mut said = vec![];
    for command in &commands {
        match command.as_str() {
            "cd my-forge-app" => {}
            // The packages lie beside the app already.
            "npm install" => {}
            // The first run knows no released version.
            "gonogo run ." => said.push(r#"("$@" run . || test $? = 4)"#.to_owned()),
            other => said.push(other.replace("gonogo ", r#""$@" "#)),
        }
    }
    let config = "forge: {listing: {call: listDrift, items: events}}\n";
    let run = with_drift_watch(packages).file("app/gonogo.yaml", config);
    let line = format!("cd app && rm -f gonogo-baseline.json && {}", said.join(" && "));
    run.shell(&line).run().exits(0).says("UNDECIDED").says("UNCONDITIONAL GO");
}

#[test]
fn what_the_app_is_said_not_to_have_stands_in_the_report() {
    let Some(packages) = node::packages_of_drift_watch() else { return };
    let (config, reason) = ("baseline: gonogo-baseline.json\n", "the page shows the last change alone");
    let without = format!("{config}forge: {{without_listing: {reason}}}\n");
    for (config, code, says) in [
        (
            without.as_str(),
            0,
            "not judged, by the configuration: the listing (the page shows the last change alone)",
        ),
        (config, 4, "names no call that lists"),
    ] {
        let run = with_drift_watch(packages).file("app/gonogo.yaml", config);
        run.args(&["run", "app", "--width", "400"]).run().exits(code).says(says);
    }
}

/// The broken apps whose place in the order of their names leaves this rest.
fn broken(rest: usize) {
    let Some(packages) = node::packages_of_drift_watch() else { return };
    let entries = fs::read_dir(apps().join("drift-watch-broken")).expect("broken apps");
    let folders = entries.map(|entry| entry.expect("an entry").path());
    let mut folders: Vec<PathBuf> = folders.filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(folders.len() >= 12);
    let mut wrong = vec![];
    for folder in folders.iter().skip(rest).step_by(2) {
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        let expected = fs::read(folder.join("expected.json")).expect("what is expected");
        let expected: Expected = serde_json::from_slice(&expected).expect(&name);
        let run = with_drift_watch(packages);
        let patch = Command::new("patch")
            .args(["-s", "-p1", "-i"])
            .arg(folder.join("change.patch"))
            .current_dir(run.path("app"))
            .status();
        assert!(patch.is_ok_and(|status| status.success()), "{name}: the patch does not apply");
        let verdict = run.args(&["run", "app", "--quiet"]).run().verdict();
        let invariants = verdict["invariants"].as_array().expect("invariants");
        let mut violated: Vec<&str> = invariants
            .iter()
            .filter(|invariant| invariant["outcome"] == "violated")
            .filter_map(|invariant| invariant["name"].as_str())
            .collect();
        violated.sort_unstable();
        let blockers = verdict["blockers"].to_string();
        if verdict["verdict"] != expected.verdict.as_str()
            || violated != expected.invariants
            || !blockers.contains(&expected.says)
        {
            wrong.push(format!("{name}: {} for {violated:?}: {blockers}", verdict["verdict"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

// Two halves, so that two threads share them.
#[test]
fn each_broken_app_gets_its_verdict_for_its_own_reason_one() {
    broken(0);
}

#[test]
fn each_broken_app_gets_its_verdict_for_its_own_reason_two() {
    broken(1);
}
