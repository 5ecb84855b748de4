//! What a configuration may say, and what is told when it says something else.

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
    assert_eq!((policy.judging_words.len(), policy.egress.len()), (1, 1));
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
        ("subject: ./my-app\n", vec!["`./my-app` is not supported", "only the `reference` app"]),
        ("timeouts: {step_s: -1}\n", vec!["timeouts", "seconds above 0", "step_s: -1"]),
        ("timeouts: {step_s: .nan}\n", vec!["above 0"]),
        ("thresholds: {page_p95_ms: .nan}\n", vec!["thresholds.page_p95_ms"]),
        ("jobs: 0\n", vec!["jobs: expected 1 or more"]),
        ("jobs: many\n", vec!["jobs", "1:7"]),
        ("issues: [{id: '@SEV-1-001', title: t, severity: SEV-1}]\n", vec!["without `@`"]),
        ("features:\n\t- b\n", vec![":2:"]),
        ("- 1\n", vec!["invalid type"]),
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
