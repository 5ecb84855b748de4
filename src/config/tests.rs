//! What a configuration may say, and what is told when it says something else.

use std::{error::Error as _, fs, time::Duration};

use super::*;

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(Path::new("gonogo.yaml"), text.as_bytes()).map_err(|error| error.to_string())
}

#[test]
fn a_whole_file_is_read() {
    let text = "subject: reference\nfeatures: [gates]\nout: reports\njobs: 3\n\
        thresholds:\n  page_p95_ms: 50\nseverities:\n  smoke: SEV-3\ndefault_severity: SEV-2\n\
        issues:\n  - {id: SEV-2-009, title: Paging, severity: SEV-2}\n\
        invariants:\n  judging_words: [bad]\n  egress: [example.com]\n\
        timeouts: {step_s: 0.5, scenario_s: 2, run_s: 60}\n";
    let config = parse(text).unwrap();
    let policy = config.policy(Policy::default());
    assert_eq!(config.timeouts.step_s, Some(Seconds(Duration::from_millis(500))));
    assert_eq!(policy.severities, [("smoke".to_owned(), Severity::Sev3)]);
    assert_eq!(policy.issues[0].id, "SEV-2-009");
    assert_eq!(policy.egress, ["example.com"]);
    assert!((policy.thresholds.page_p95_ms - 50.0).abs() < f64::EPSILON);
}

#[test]
fn what_is_wrong_is_named_with_its_place_and_the_nearest_name() {
    let bomb = {
        let mut text = String::from("features:\n  - &a0 [x, x, x, x, x, x, x, x, x]\n");
        for level in 1..9 {
            let before = format!("*a{}", level - 1);
            text += &format!("  - &a{level} [{}]\n", [before.as_str(); 9].join(", "));
        }
        text
    };
    for (text, expected) in [
        ("feature: [a]\n", vec!["unknown field `feature`", "did you mean `features`?", "1 | feature: [a]"]),
        ("timeouts:\n  step: 1\n", vec![":2:3", "timeouts", "did you mean `step_s`?"]),
        ("jobs: 1\njobs: 2\n", vec!["duplicate key `jobs`", ":2:1"]),
        ("severities:\n  a: SEV-1\n  a: SEV-2\n", vec!["duplicate key `a`"]),
        ("severities:\n  a: SEV-9\n", vec!["severities", "did you mean `SEV-"]),
        ("subject: ./my-app\n", vec!["`./my-app` is not supported", "say `reference`, `forge`, or"]),
        ("subject: {command: [], protocol: stdio}\n", vec!["the program, then its arguments"]),
        ("subject: {command: [a]}\n", vec!["missing field `protocol`"]),
        ("subject: {command: [a], protocol: http}\n", vec!["unknown variant `http`"]),
        ("subject: {command: a, protocol: stdio}\n", vec!["expected a list, found \"a\""]),
        ("subject: {comand: [a], protocol: stdio}\n", vec!["did you mean `command`?"]),
        ("forge: {without_listing: no}\n", vec!["expected a reason in words"]),
        ("forge: {listing: {call: a}, without_listing: it shows no list}\n", vec!["exclude each other"]),
        ("forge: {listing: {cal: a}}\n", vec!["did you mean `call`?"]),
        ("subject:\n", vec!["expected a subject after the colon"]),
        ("subject: 3\n", vec!["or a program"]),
        ("timeouts: {step_s: -1}\n", vec!["timeouts", "seconds above 0", "step_s: -1"]),
        ("timeouts: {step_s: .nan}\n", vec!["above 0"]),
        ("thresholds: {page_p95_ms: .nan}\n", vec!["thresholds.page_p95_ms"]),
        ("jobs: many\n", vec!["jobs", "1:7"]),
        ("issues: [{id: '@SEV-1-001', title: t, severity: SEV-1}]\n", vec!["without `@`"]),
        (
            "release: {version: '1', coverage: {files: [], changed_lines_percent: 80}}\n",
            vec!["release, coverage", "`files` is empty"],
        ),
        (
            "issues: [{id: a, title: t, severity: SEV-2}]\nrelease: {version: '1', issues: [{id: a, title: t, severity: SEV-3}]}\n",
            vec!["release.issues: a stands in `issues`, too"],
        ),
        (
            "release: {version: '1', issues: [{id: SEV-2-001, title: t, severity: SEV-4}]}\n",
            vec!["expected SEV-2, as the id `SEV-2-001` says"],
        ),
        (
            "release: {version: '1', issues: [{id: a, title: t, severity: SEV-2, tags: ['a b']}]}\n",
            vec!["tags: expected a tag's name"],
        ),
        (
            "release: {version: '1', rollout: [{percent: 5, minutes: 1}]}\n",
            vec!["release.rollout: expected 100"],
        ),
        (
            "release: {version: '1', logs: [{id: a, files: [b], fields: {refresh_ok: '('}}]}\n",
            vec!["release, logs a, fields: `refresh_ok` is no regular expression"],
        ),
        (
            "release: {version: '1', metrics: [{id: a, files: [b], objectives: [{metric: m, good: g}]}]}\n",
            vec!["objective m", "takes good, total, target_percent and window_days"],
        ),
        (
            "release: {version: '1', metrics: [{id: a, files: [b], objectives: \
             [{metric: m, good: 'g{', total: t, target_percent: 99, window_days: 1}]}]}\n",
            vec!["objective m: good: `g{`"],
        ),
        ("features:\n\t- b\n", vec![":2:"]),
        ("- 1\n", vec!["expected a mapping, `key: value`, found a list"]),
        ("forge: 3\n", vec!["forge: expected a mapping", "found `3`", "1 | forge: 3"]),
        ("features: all\n", vec!["features: expected a list, found \"all\""]),
        (&bomb, vec!["gonogo.yaml"]),
        (&"[".repeat(100_000), vec!["nested deeper than 64"]),
        (&format!("features:\n  {}x\n", "- ".repeat(5_000)), vec!["nested deeper than 64"]),
        (&format!("out: {}\n", "x".repeat(1 << 20)), vec!["larger than 1 MiB"]),
    ] {
        let error = parse(text).expect_err(text);
        for part in expected {
            assert!(error.contains(part), "{error:?} should contain {part:?}");
        }
    }
}

#[test]
fn words_are_added_to_the_built_in_ones() {
    let built_in = Policy::default().judging_words;
    let text = format!("invariants: {{judging_words: [rotten, {}]}}\n", built_in[0]);
    let words = parse(&text).unwrap().policy(Policy::default()).judging_words;
    let expected: Vec<String> = built_in.into_iter().chain(["rotten".to_owned()]).collect();
    assert_eq!(words, expected);
}

#[test]
fn a_leading_at_sign_is_the_same_tag() {
    let policy = parse("severities: {'@smoke': SEV-3}\n").unwrap().policy(Policy::default());
    assert_eq!(policy.severities, [("smoke".to_owned(), Severity::Sev3)]);
}

#[test]
fn an_issue_may_weigh_more_than_its_name_says_but_never_less() {
    for (text, place) in [
        (
            "issues:\n  - {id: SEV-2-001, title: t, severity: SEV-2}\n  - {id: SEV-1-001, title: t, severity: SEV-4}\n",
            ":3:",
        ),
        ("issues:\n  - {id: SEV-1-009, title: t, severity: SEV-3}\n", ":2:"),
        ("issues:\n  - id: sev-1-009\n    title: t\n    severity: SEV-3\n", ":2:"),
        ("issues:\n  - {id: SEV-7-009, title: t, severity: SEV-1}\n", ":2:"),
        ("issues:\n  - {id: SEV-2-009, title: t, severity: SEV-1}\n", ":2:"),
        ("jobs: 2\nseverities:\n  smoke: SEV-3\n  SEV-2-001: SEV-3\n", ":4:"),
        ("severities: {'@SEV-1-001': SEV-2}\n", ":1:"),
        ("severities:\n  invariant:read_only_jira: SEV-2\n", ":2:"),
        ("severities: {JIRA-12: SEV-3}\nissues: [{id: JIRA-12, title: t, severity: SEV-2}]\n", "JIRA-12"),
    ] {
        let error = parse(text).expect_err(text);
        assert!(error.contains(place) && error.contains("expected SEV-"), "{error}");
    }
    let text = "severities: {SEV-2-001: SEV-1, invariant:read_only_jira: SEV-1}\n\
        issues: [{id: SEV-2-009, title: t, severity: SEV-2}, {id: JIRA-12, title: t, severity: SEV-4}]\n";
    assert_eq!(parse(text).unwrap().policy(Policy::default()).issues.len(), 2);
}

#[test]
fn a_value_that_cannot_be_meant_is_refused_where_it_stands() {
    for (text, place, reason) in [
        ("jobs: 0\n", ":1:7", "a number from 1 to 512"),
        ("jobs: -1\n", ":1:7", "a number from 1 to 512"),
        ("jobs: 100000\n", ":1:7", "a number from 1 to 512"),
        ("jobs: 1e3\n", ":1:7", "a number from 1 to 512"),
        ("jobs: 18446744073709551616\n", ":1:7", "a number from 1 to 512"),
        ("jobs: many\n", ":1:7", "a number from 1 to 512"),
        (
            "invariants:\n  judging_words:\n    - fine\n    - ' '\n",
            ":4:7",
            "judging_words[1]: expected a word",
        ),
        ("invariants: {judging_words: ['']}\n", ":1:", "expected a word"),
        ("severities:\n  a: SEV-1\n  '@': SEV-2\n", ":3:", "expected a tag"),
        ("severities:\n  a: SEV-1\n  ' ': SEV-2\n", ":3:", "expected a tag"),
        ("severities:\n  a: SEV-1\n  'a b': SEV-2\n", ":3:", "expected a tag"),
        ("severities:\n  a: SEV-1\n  b: SEV-1\n  '@a': SEV-2\n", ":4:", "duplicate key `a`"),
        ("severities:\n  a: SEV-1\n  b: SEV-9\n", ":3:6", "severities.b"),
        (
            "issues:\n  - {id: A-1, title: t, severity: SEV-2}\n  - {id: A-1, title: t, severity: SEV-1}\n",
            ":3:",
            "listed twice",
        ),
        ("issues:\n  - {id: A-1, severity: SEV-2}\n", ":2:", "missing field `title`"),
        ("issues:\n  - {id: ' ', title: t, severity: SEV-2}\n", ":2:", "expected a tag"),
        ("timeouts:\n  step_s: 1\n  run_s: 0\n", ":3:10", "timeouts.run_s: expected seconds above 0"),
        ("thresholds:\n  page_p95_ms: 1\n  lock_contention_percent: 101\n", ":3:28", "from 0 to 100"),
        ("thresholds:\n  page_p95_ms: -1\n", ":2:16", "from 0"),
        ("out: [a]\n", ":1:6", "out"),
        ("features: a\n", ":1:11", "features"),
    ] {
        let error = parse(text).expect_err(text);
        assert!(error.contains(place) && error.contains(reason), "{text}: {error}");
    }
}

#[test]
fn egress_names_hosts_and_no_more_than_the_hosts_of_one_owner() {
    let egress = |host: &str| parse(&format!("invariants:\n  egress:\n    - a.example\n    - '{host}'\n"));
    for host in [
        "*",
        "*.com",
        "*.co.uk",
        "*.com.au",
        "*.*.example.com",
        "a.*.com",
        "",
        " ",
        "https://example.com",
        "example.com/path",
        "example.com?x",
        "user@example.com",
        "example.com:0",
        "example.com:65536",
        "example.com:",
        "example.com:x",
        "exa mple.com",
        "example..com",
        ".example.com",
        "*example.com",
        "example.com.",
        "-a.com",
        "*.com:443",
        "*.example.com:",
        "ex\u{e4}mple.com",
        "*.127.0.0.1",
        "*.1.1",
    ] {
        let error = egress(host).expect_err(host);
        assert!(error.contains(":4:7: invariants.egress[1]: expected a host"), "{host}: {error}");
    }
    for host in [
        "example.com",
        "status.example.com:8443",
        "*.example.com",
        "*.shop.co.uk",
        "localhost",
        "127.0.0.1:80",
        "[::1]:80",
        "a_b.example",
        "*.example.com:443",
    ] {
        assert_eq!(egress(host).unwrap().invariants.egress, ["a.example", host]);
    }
}

#[test]
fn a_cause_is_told_once() {
    let error = Config::read(Path::new("no/such.yaml")).unwrap_err();
    let cause = error.source().expect("a cause").to_string();
    assert!(!error.to_string().contains(&cause), "{error}");
}

#[test]
fn an_empty_file_and_a_byte_order_mark_change_nothing() {
    assert_eq!(parse("").unwrap(), Config::default());
    assert_eq!(parse("# nothing\n").unwrap(), Config::default());
    assert_eq!(parse("\u{feff}jobs: 2\r\n").unwrap().jobs, Some(2));
}

#[test]
fn the_nearest_file_upwards_is_found_and_its_paths_are_its_own() {
    let root = tempfile::tempdir().unwrap();
    let deep = root.path().join("a/b");
    fs::create_dir_all(&deep).unwrap();
    fs::write(root.path().join(FILE_NAME), "features: [gates]\nout: /else\n").unwrap();
    let found = Config::find(&deep).unwrap();
    assert_eq!(found, root.path().join(FILE_NAME));
    let config = Config::read(&found).unwrap();
    assert_eq!(config.features, [root.path().join("gates")]);
    assert_eq!(config.out.as_deref(), Some(Path::new("/else")));
}

#[test]
fn a_key_without_a_value_asks_for_nothing_and_is_refused() {
    let whole = "subject: reference\nrelease:\n  version: '1'\n";
    for (text, key) in [
        ("release:\n".to_owned(), "release"),
        ("release: ~\n".to_owned(), "release"),
        (format!("{whole}  previous:\n"), "release.previous"),
        (format!("{whole}  change:\n"), "release.change"),
        (format!("{whole}  change: {{base: }}\n"), "release.change.base"),
        (format!("{whole}  coverage:\n"), "release.coverage"),
        (format!("{whole}  tests:\n"), "release.tests"),
        (format!("{whole}  tests: [{{id: a, files: [b], before: }}]\n"), "release.tests[0].before"),
        (format!("{whole}  logs:\n"), "release.logs"),
        (format!("{whole}  logs: [{{id: a, files: [b], objectives: }}]\n"), "release.logs[0].objectives"),
        (format!("{whole}  metrics:\n"), "release.metrics"),
        (format!("{whole}  sign_offs:\n"), "release.sign_offs"),
        (format!("{whole}  sign_offs: [{{role: CTO, members: }}]\n"), "release.sign_offs[0].members"),
        (format!("{whole}  checklist:\n"), "release.checklist"),
        (format!("{whole}  pass_rate_percent:\n"), "release.pass_rate_percent"),
        (format!("{whole}  issues:\n"), "release.issues"),
        (format!("{whole}  deployment:\n"), "release.deployment"),
        (format!("{whole}  rollback:\n"), "release.rollback"),
        (format!("{whole}  rollout:\n"), "release.rollout"),
        (format!("{whole}  post_deploy:\n"), "release.post_deploy"),
        (format!("{whole}  waivers:\n"), "release.waivers"),
        ("invariants:\n".to_owned(), "invariants"),
        ("thresholds:\n".to_owned(), "thresholds"),
        ("baseline:\n".to_owned(), "baseline"),
        ("default_severity:\n".to_owned(), "default_severity"),
        ("features:\n".to_owned(), "features"),
        ("severities:\n".to_owned(), "severities"),
        ("forge:\n".to_owned(), "forge"),
    ] {
        let told = parse(&text).map_or_else(|told| told, |_| "accepted".to_owned());
        let expected = format!("gonogo.yaml: {key}: expected a value after the colon");
        assert!(told.starts_with(&expected), "{text}: {told}");
    }
    assert!(parse(&format!("{whole}  change: {{}}\n")).is_ok_and(|config| config.release.is_some()));
}
