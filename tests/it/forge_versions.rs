//! Forge apps of several ages, each with the real `@forge/*` packages of its time: that they run, that the mocked
//! platform sees what they do there, and that a fault in each of their parts is caught.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use serde_json::Value;

use crate::{
    gonogo::{Gonogo, Outcome, gonogo},
    node,
};

/// The oldest, the last ones of each way to speak to the platform, the newest.
const APPS: [&str; 4] =
    ["forge-versions/api-2", "forge-versions/api-4", "forge-versions/api-5", "forge-versions/api-8"];
/// Every trigger, consumer and resolver, for two tenants, the instances warm.
const ALL_PARTS: &str = "What an instance did for one tenant is nowhere in what it does for the next";
const AT_ONCE: &str = "Fired twice at once, whichever answer of its storage is late";

/// Packages of all the apps; `None` when they cannot be had here.
fn packages() -> Option<&'static [PathBuf]> {
    static INSTALLED: OnceLock<Option<Vec<PathBuf>>> = OnceLock::new();
    INSTALLED.get_or_init(|| node::packages_of(&APPS)).as_deref()
}

/// A run of one scenario of an app in which this text is replaced in its source, which holds it once.
fn run(app: &str, packages: &Path, change: Option<(&str, &str)>, scenario: &str) -> Outcome {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/apps").join(app);
    let mut run: Gonogo = gonogo().path_of_node();
    for entry in walkdir::WalkDir::new(&folder).into_iter().filter_entry(|e| e.file_name() != "node_modules")
    {
        let entry = entry.expect("an entry");
        if entry.file_type().is_file() {
            let name = entry.path().strip_prefix(&folder).expect("inside").display().to_string();
            let mut text = fs::read_to_string(entry.path()).expect("a text");
            if let (Some((from, to)), true) = (change, name.starts_with("src/")) {
                assert_eq!(text.matches(from).count(), 1, "{app}: {from:?}");
                text = text.replace(from, to);
            }
            run = run.file(&format!("app/{name}"), text);
        }
    }
    std::os::unix::fs::symlink(packages, run.path("app/node_modules")).expect("a link");
    let named = regex::escape(scenario);
    run.args(&["run", "app", "--quiet", "--name", &named]).run()
}

/// What the mocked platform took down, a fact each.
fn facts(outcome: &Outcome) -> Vec<Value> {
    let text = fs::read_to_string(outcome.path("gonogo-report/evidence.jsonl")).expect("evidence");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn outcome_of(verdict: &Value, invariant: &str) -> String {
    let invariants = verdict["invariants"].as_array().expect("invariants");
    let found = invariants.iter().find(|found| found["name"] == invariant);
    found.expect(invariant)["outcome"].as_str().expect("an outcome").to_owned()
}

#[test]
fn an_app_of_any_age_runs_on_its_own_packages_and_the_platform_sees_all_its_parts() {
    let Some(packages) = packages() else { return };
    for (app, packages) in APPS.iter().zip(packages) {
        let outcome = run(app, packages, None, ALL_PARTS);
        let verdict = outcome.verdict();
        assert_eq!(verdict["counts"]["planned"], 1, "{app}");
        assert_eq!(verdict["counts"]["passed"], 1, "{app}: {}", outcome.all());
        for invariant in ["read_only_jira", "tenant_isolation", "one_step_install", "fire_and_forget_jobs"] {
            assert_eq!(outcome_of(&verdict, invariant), "holds", "{app}: {invariant}");
        }
        let facts: Vec<Value> =
            facts(&outcome).into_iter().map(|mut line| line["observation"]["fact"].take()).collect();
        let seen = |what: &str, fields: &[(&str, &str)]| {
            let like = |fact: &&Value| fields.iter().all(|(name, value)| fact[what][name] == *value);
            facts.iter().filter(|fact| !fact[what].is_null()).filter(like).count()
        };
        for tenant in ["acme", "globex"] {
            for operation in ["searchProjects", "forge.queue"] {
                let asked = seen("request_answered", &[("tenant", tenant), ("operation", operation)]);
                assert_eq!(asked, 3, "{app}: {operation} of {tenant}, once a day");
            }
            // The lock and the names by the trigger, the count by the consumer.
            for key in ["lock", "projects", "counted"] {
                let key = format!("{tenant}/{key}");
                let written = seen("key_written", &[("tenant", tenant), ("key", &key)]);
                assert_eq!(written, 3, "{app}: {key}");
            }
        }
        let answered = |fact: &&Value| fact["operation_answered"]["answered"] == true;
        let listed = facts.iter().filter(answered).any(|fact| {
            let answer = &fact["operation_answered"];
            answer["operation"] == "listProjects" && answer["fields"][0] == "names"
        });
        assert!(listed, "{app}: the resolver");
    }
}

#[test]
fn a_leak_in_any_part_of_an_app_of_any_age_is_caught() {
    let Some(packages) = packages() else { return };
    let leaks = [
        ("const names = await projects();", "const names = (globalThis.kept ??= await projects());"),
        ("first: names[0]", "first: (globalThis.kept ??= names[0])"),
        ("return { names };", "return (globalThis.kept ??= { names });"),
    ];
    for (app, packages) in APPS.iter().zip(packages) {
        for leak in leaks {
            let outcome = run(app, packages, Some(leak), ALL_PARTS);
            let found = outcome_of(&outcome.verdict(), "tenant_isolation");
            assert_eq!(found, "violated", "{app}: {leak:?}: {}", outcome.all());
            assert_eq!(outcome.code(), 1, "{app}: {leak:?}");
        }
    }
}

#[test]
fn a_lock_that_keeps_nobody_out_is_caught_with_the_storage_of_any_age() {
    let Some(packages) = packages() else { return };
    let ignored = ("if (!(await locked())) return { outcome: 'skipped' };", "await locked();");
    for (app, packages) in APPS.iter().zip(packages) {
        let newest = app.ends_with("api-8");
        if newest {
            let verdict = run(app, packages, None, AT_ONCE).verdict();
            assert_eq!(verdict["counts"]["passed"], 1, "{app}: {verdict}");
        }
        // Of the older ones no write fails where a key exists: read before it is written, no lock is one.
        let outcome = run(app, packages, newest.then_some(ignored), AT_ONCE);
        let verdict = outcome.verdict();
        assert_eq!(verdict["counts"]["failed"], 1, "{app}: {}", outcome.all());
        assert_eq!(outcome_of(&verdict, "fire_and_forget_jobs"), "violated", "{app}");
        assert!(verdict["blockers"].to_string().contains("was done twice"), "{app}: {}", outcome.all());
    }
}
