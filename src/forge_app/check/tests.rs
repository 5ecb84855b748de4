//! Each thing that can be amiss, seen in a tiny app; and an app in which nothing is.

use std::fs;

use super::*;

const MANIFEST: &str = "app:
  id: ari:cloud:ecosystem::app/1
  runtime:
    name: nodejs22.x
permissions:
  scopes:
    - read:jira-work
    - storage:app
  external:
    fetch:
      backend:
        - https://api.example.com/v1
        - '*.example.org'
      client: [cdn.example.net]
modules:
  function:
    - key: job
      handler: index.run
    - key: answer
      handler: index.answer
      timeoutSeconds: 60
  scheduledTrigger:
    - key: hourly
      function: job
      interval: hour
  jira:adminPage:
    - key: page
      title: Page
      resolver:
        function: answer
";
const SOURCE: &str = "import api, { route } from '@forge/api';
export const run = async () => {
  await api.asApp().requestJira(route`/rest/api/3/field`);
  await fetch('https://api.example.com/v1/x');
  await fetch('https://a.b.example.org');
};
export function answer() {}
";

/// `kind place text` of everything that is amiss in an app with these texts in place of others.
fn amiss(manifest: &[(&str, &str)], source: &[(&str, &str)]) -> Vec<Finding> {
    let changed = |text: &str, changes: &[(&str, &str)]| {
        changes.iter().fold(text.to_owned(), |text, (old, new)| {
            assert!(text.contains(old), "{old}");
            text.replacen(old, new, 1)
        })
    };
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("src")).expect("a folder");
    fs::write(folder.path().join("manifest.yml"), changed(MANIFEST, manifest)).expect("a file");
    fs::write(folder.path().join("src/index.ts"), changed(SOURCE, source)).expect("a file");
    let manifest = Manifest::read(folder.path()).expect("a manifest");
    check(folder.path(), &manifest, &Source::read(folder.path(), &[]))
}

#[test]
fn nothing_is_amiss_in_a_sound_app() {
    assert_eq!(amiss(&[], &[]), []);
    for interval in ["fiveMinute", "day", "week"] {
        assert_eq!(amiss(&[("interval: hour", &format!("interval: {interval}"))], &[]), []);
    }
}

#[test]
fn everything_that_is_amiss_is_told_with_its_kind_place_and_remedy() {
    use FlawKind as K;
    type Change<'a> = &'a [(&'a str, &'a str)];
    let in_manifest: &[(Change<'_>, K, &str, &str, &str)] = &[
        (
            &[("- storage:app", "- read:jira-configuration")],
            K::UnknownScope,
            "manifest.yml:8",
            "no scope \"read:jira-configuration\"",
            "the nearest are manage:jira-configuration",
        ),
        (&[("- storage:app", "- zzz")], K::UnknownScope, "manifest.yml:8", "no scope \"zzz\"", "take it out"),
        (
            &[("- storage:app", "- write:jira-work")],
            K::WriteScope,
            "manifest.yml:8",
            "write:jira-work, which allows writes",
            "read:jira-work",
        ),
        (
            &[("nodejs22.x", "nodejs18.x")],
            K::RefusedRuntime,
            "manifest.yml:4",
            "nodejs18.x",
            "nodejs20.x, nodejs22.x",
        ),
        (
            &[("  runtime:\n    name: nodejs22.x\n", "")],
            K::RefusedRuntime,
            "manifest.yml:1",
            "app.runtime.name is missing",
            "name one",
        ),
        (
            &[("interval: hour", "interval: 12hours")],
            K::IllegalInterval,
            "manifest.yml:25",
            "hourly has the interval \"12hours\"",
            "fiveMinute, hour, day, week",
        ),
        (
            &[("interval: hour", "interval: days")],
            K::IllegalInterval,
            "manifest.yml:25",
            "did you mean `day`?",
            "choose",
        ),
        (
            &[("function: job", "function: jop")],
            K::DeadJob,
            "manifest.yml:24",
            "calls the function \"jop\"",
            "add the function",
        ),
        (
            &[("        function: answer", "        function: other")],
            K::DeadModule,
            "manifest.yml:30",
            "\"other\"",
            "add the function",
        ),
        (
            &[("index.run", "jobs.run")],
            K::DeadJob,
            "manifest.yml:18",
            "there is no src/jobs",
            "add src/jobs.ts",
        ),
        (
            &[("index.run", "index.runs")],
            K::DeadJob,
            "manifest.yml:18",
            "src/index.ts does not export \"runs\"",
            "export runs",
        ),
        (
            &[("index.answer", "index.answers")],
            K::DeadModule,
            "manifest.yml:20",
            "does not export",
            "export answers",
        ),
        (
            &[("index.answer", "answer")],
            K::DeadModule,
            "manifest.yml:20",
            "names no file and export",
            "index.run",
        ),
        (
            &[("timeoutSeconds: 60", "timeoutSeconds: 901")],
            K::DeadModule,
            "manifest.yml:21",
            "901 s",
            "1 to 900",
        ),
        (
            &[("      function: job\n      interval: hour", "      endpoint: far\n      interval: hour")],
            K::BeyondReach,
            "manifest.yml:23",
            "scheduledTrigger:hourly calls no function",
            "a process of its own",
        ),
        (
            &[("https://api.example.com/v1", "https://other.example.com")],
            K::UndeclaredHost,
            "src/index.ts:4",
            "api.example.com",
            "permissions.external.fetch",
        ),
        (
            &[("'*.example.org'", "example.org")],
            K::UndeclaredHost,
            "src/index.ts:5",
            "a.b.example.org",
            "take the call out",
        ),
        (
            &[("- read:jira-work", "- read:jira-user")],
            K::MissingScope,
            "src/index.ts:3",
            "GET /rest/api/3/field (getFields)",
            "ask for read:jira-work",
        ),
    ];
    for (changes, kind, place, text, remedy) in in_manifest {
        told(&amiss(changes, &[]), *kind, place, text, remedy);
    }
    let chat = "export const answer = () => fetch('https://hooks.slack.com/services/x');";
    let declared =
        [("- https://api.example.com/v1", "- https://api.example.com/v1\n        - hooks.slack.com")];
    let findings = amiss(&declared, &[("export function answer() {}", chat)]);
    told(
        &findings,
        K::AlertInSource,
        "src/index.ts:7",
        "hooks.slack.com, whose purpose",
        "invariants.egress",
    );
    let work = "export function answer() {}";
    let in_source: &[(&str, K, &str, &str, &str)] = &[
        (
            "export const answer = () => fetch('https://cdn.example.net');",
            K::UndeclaredHost,
            "src/index.ts:7",
            "cdn.example.net",
            "take",
        ),
        (
            "export const answer = () => fetch('https://evilexample.org');",
            K::UndeclaredHost,
            "src/index.ts:7",
            "evilexample.org",
            "take",
        ),
        (
            "export const answer = () => requestJira(route`/rest/api/3/no/such`);",
            K::WriteInSource,
            "src/index.ts:7",
            "counts as a write",
            "only reads",
        ),
        (
            "export const answer = () => requestJira(route`/rest/api/3/issue/A?updateHistory=true`);",
            K::WriteInSource,
            "src/index.ts:7",
            "getIssue",
            "take the call out",
        ),
    ];
    for (text, kind, place, seen, remedy) in in_source {
        told(&amiss(&[], &[(work, text)]), *kind, place, seen, remedy);
    }
}

fn told(findings: &[Finding], kind: FlawKind, place: &str, text: &str, remedy: &str) {
    let [finding] = findings else { panic!("{kind:?}: {findings:?}") };
    assert_eq!((finding.kind, finding.place.to_string().as_str()), (kind, place), "{finding:?}");
    assert!(finding.text.contains(text), "{finding:?}");
    assert!(finding.remedy.contains(remedy), "{finding:?}");
}

#[test]
fn a_write_under_a_scope_that_reads_is_told_once_with_both() {
    let write = "export const answer = (k) => requestJira(route`/rest/api/3/issue/${k}/worklog`, { method: 'POST' });";
    let findings = amiss(&[], &[("export function answer() {}", write)]);
    let seen = "POST /rest/api/3/issue/{…}/worklog (addWorklog) writes to Jira, under scopes that do not even allow it";
    told(&findings, FlawKind::WriteInSource, "src/index.ts:7", seen, "take the call out");
}

#[test]
fn what_is_not_literal_is_held_against_nothing() {
    for text in [
        "export const answer = (k) => requestJira(route`/rest/api/3/issue/${k}/worklog`, { method: k });",
        "export const answer = (k) => requestJira(route`/rest/api/3/${k}`, { method: 'POST' });",
        "export const answer = (k) => write(route`/rest/api/3/issue/${k}/worklog`);",
        "export const answer = (k) => requestJira(route`/rest/api/3/issue/A?updateHistory=${k}`);",
    ] {
        assert_eq!(amiss(&[], &[("export function answer() {}", text)]), [], "{text}");
    }
}

#[test]
fn six_scheduled_triggers_are_one_too_many() {
    let more = |count: usize| -> String {
        (0..count)
            .map(|n| {
                format!("  scheduledTrigger:\n    - key: t{n}\n      function: job\n      interval: day\n")
            })
            .enumerate()
            .map(|(n, text)| if n == 0 { text } else { text.replacen("  scheduledTrigger:\n", "", 1) })
            .collect()
    };
    let old = "  scheduledTrigger:\n";
    let five = more(4);
    assert_eq!(amiss(&[(old, &five)], &[]), []);
    let findings = amiss(&[(old, &more(5))], &[]);
    told(
        &findings,
        FlawKind::TooManyTriggers,
        "manifest.yml:22",
        "6 scheduled triggers; the platform takes 5",
        "one trigger",
    );
}

#[test]
fn a_committed_secret_is_told_without_its_value() {
    let value = format!("{}_{}", "ghp", "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1eF3hJ5");
    let findings =
        amiss(&[], &[("export function answer() {}", &format!("export const answer = '{value}';"))]);
    told(&findings, FlawKind::CommittedSecret, "src/index.ts:7", "GitHub token", "revoke it");
    assert!(!format!("{findings:?}").contains(&value));
}
