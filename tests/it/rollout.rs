//! The README's walk-through of a rollout, as it stands there; and the same with a clock that nobody makes up.

use std::{fs, process::Command};

use crate::release::walk;

const SECTION: &str = "Rollout";

#[test]
fn the_walk_through_begins_holds_promotes_and_rolls_back() {
    let words = ["UNCONDITIONAL GO", "BEGIN", "HOLD", "PROMOTE", "ROLL BACK", "REHEARSAL", "NOT VERIFIED"];
    let (_place, mut shell, said) = walk(SECTION, &words);
    let expected = [
        "UNCONDITIONAL GO",
        "BEGIN",
        "HOLD",
        "PROMOTE",
        "PROMOTE",
        "PROMOTE",
        "ROLL BACK",
        "ROLL BACK",
        "NOT VERIFIED",
    ];
    assert_eq!(said, expected);
    // What was rehearsed cannot be made a rollout.
    let plan = shell.run("gonogo report --kind deployment");
    let plan = String::from_utf8_lossy(&plan.stdout).into_owned();
    assert!(plan.contains("| REHEARSAL: ROLL BACK | 0 % |"), "{plan}");
    let real = shell.run("gonogo rollout --metrics slo/11-00.json");
    assert_eq!(real.status.code(), Some(2));
    let why = String::from_utf8_lossy(&real.stderr).into_owned();
    assert!(why.contains("the rollout: what is recorded is a rehearsal"), "{why}");
    let json = shell.run("gonogo rollout --json --rehearse-at 2099-01-05T12:00:00Z");
    assert_eq!(json.status.code(), Some(1));
    let told = String::from_utf8_lossy(&json.stdout).into_owned();
    let told: serde_json::Value =
        serde_json::from_str(told.split("\nfolder:").next().expect("JSON")).expect("JSON");
    assert_eq!((&told["decision"], &told["percent"]), (&"roll_back".into(), &0.into()), "{told}");
}

#[test]
fn with_the_machines_own_clock_a_rollout_begins_holds_and_is_verified() {
    let folder = tempfile::tempdir().expect("a folder");
    let yaml = "subject: reference\nrelease:\n  version: 1.4.0\n  post_deploy:\n    - {id: errors, title: few fail, metric: error_ratio, at_most: 0.01, window_minutes: 30}\n";
    fs::write(folder.path().join("gonogo.yaml"), yaml).expect("a file");
    let gonogo = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_gonogo"))
            .args(args)
            .current_dir(folder.path())
            .output()
            .expect("gonogo");
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&said).into_owned())
    };
    let (code, said) = gonogo(&["run", ".", "--quiet"]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = gonogo(&["rollout"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with("BEGIN: 5 % (step 1 of 4)"), "{said}");
    // Data of yesterday, of tomorrow, and none: each holds.
    let now = gonogo::clock::Clock::now(&gonogo::clock::SystemClock::new()).as_second();
    for (name, from) in [("yesterday", now - 86_400), ("tomorrow", now + 86_400)] {
        let values: Vec<_> =
            (0..120).map(|minute| serde_json::json!([from + minute * 60, "0.001"])).collect();
        let series = serde_json::json!({ "metric": { "__name__": "error_ratio" }, "values": values });
        let data = serde_json::json!({ "resultType": "matrix", "result": [series] });
        let answer = serde_json::json!({ "status": "success", "data": data });
        fs::write(folder.path().join(name), answer.to_string()).expect("a file");
        let (code, said) = gonogo(&["rollout", "--metrics", name]);
        assert_eq!(code, Some(4), "{said}");
        assert!(said.starts_with("HOLD: 5 % (step 1 of 4)"), "{said}");
    }
    let (code, said) = gonogo(&["verify", "gonogo-report", "--key", "none.pem"]);
    assert_eq!(code, Some(2), "{said}");
    let (code, said) = gonogo(&["--width", "200", "verify", "gonogo-report"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("HOLD at step 1 of 4, 5 % again, after 3 decisions"), "{said}");
    let (code, said) = gonogo(&["report", "--kind", "deployment"]);
    assert_eq!(code, Some(0), "{said}");
    let decided: Vec<&str> =
        ["| BEGIN | 5 % |", "| HOLD | 5 % |"].into_iter().filter(|row| said.contains(row)).collect();
    assert_eq!((decided.len(), said.matches("| HOLD |").count()), (2, 2), "{said}");
    let (code, said) = gonogo(&["rollout", "--metrics", "nothing.json"]);
    assert_eq!(code, Some(2), "{said}");
    let (code, said) = gonogo(&["rollout", "--metrics", "tomorrow", "--metrics", "tomorrow"]);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("the same file is given twice"), "{said}");
}
