//! Ctrl-C, as a real signal to the real program. Nothing waits for a time: each signal follows a line that
//! the program has written.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command},
};

use crate::gonogo::{Gonogo, gonogo};

/// Far more scenarios than can end before the signal comes.
fn long() -> Gonogo {
    let rows: String = (0..5_000).map(|row| format!("      | site-{row} |\n")).collect();
    let steps = "    Given a Jira site \"<s>\" with 200 issues\n    And the app is installed for \"<s>\"\n    \
                 When worker \"A\" runs the job \"snapshot_daily\" for \"<s>\"\n    Then the job of worker \"A\" \
                 succeeded\n";
    let text = format!("Feature: F\n  Scenario Outline: o\n{steps}    Examples:\n      | s |\n{rows}");
    gonogo().features(&[("a.feature", &text)]).args(&["--jobs", "2", "--verbose"])
}

fn interrupt(child: &Child) {
    let sent = Command::new("bash").args(["-c", &format!("kill -INT {}", child.id())]).status();
    assert!(sent.expect("a shell").success());
}

/// Reads stderr up to a line that contains this.
fn read_until(errors: &mut impl BufRead, part: &str) {
    let mut line = String::new();
    while !line.contains(part) {
        line.clear();
        assert_ne!(errors.read_line(&mut line).expect("text"), 0, "{part:?} was never said");
    }
}

#[test]
fn what_ran_before_ctrl_c_is_written_and_judged_and_the_rest_is_not_run() {
    let (mut child, home) = long().args(&["--report", "json=-"]).start();
    let mut errors = BufReader::new(child.stderr.take().expect("piped"));
    read_until(&mut errors, "passed");
    interrupt(&child);
    let rest = std::thread::spawn(move || {
        let mut rest = String::new();
        errors.read_to_string(&mut rest).map(|_| rest)
    });
    let output = child.wait_with_output().expect("an end");
    let rest = rest.join().expect("a thread").expect("text");
    assert_eq!(output.status.code(), Some(4), "{rest}");
    assert!(rest.contains("interrupted: what ran is judged"), "{rest}");
    let verdict: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(verdict["verdict"], "UNDECIDED");
    let ended = |word: &str| {
        let scenarios = verdict["scenarios"].as_array().expect("scenarios");
        scenarios.iter().filter(|scenario| scenario["outcome"] == word).count()
    };
    assert!(ended("passed") > 0 && ended("not_run") > 0);
    assert_eq!(verdict["scenarios"].as_array().expect("scenarios").len(), 5_000);
    let evidence = home.path().join("gonogo-report/evidence.jsonl");
    gonogo::judge::judge_file(evidence).expect("sound evidence");
}

#[test]
fn a_second_ctrl_c_leaves_at_once() {
    // The report goes to a pipe that nobody reads and that cannot hold it: the program stands there.
    let (mut child, _home) = long().args(&["--report", "json=-"]).start();
    let mut errors = BufReader::new(child.stderr.take().expect("piped"));
    read_until(&mut errors, "passed");
    interrupt(&child);
    read_until(&mut errors, "interrupted: what ran is judged");
    interrupt(&child);
    assert_eq!(child.wait().expect("an end").code(), Some(130));
}
