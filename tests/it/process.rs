//! Programs under test: the two that come with gonogo, and hostile ones, of which nothing may be left.

mod breaches;

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{
    gonogo::{Gonogo, Outcome, gonogo},
    readme::commands_of,
};

/// In the environment of everything that a run starts, so that what it left can be found.
const SIGN: &str = "GONOGO_TEST_SIGN";

const ONE: &str = "Feature: F\n  Scenario: one\n    Given a Jira site \"acme\" with 3 issues\n    \
    And the app is installed for \"acme\"\n    When worker \"A\" runs the job \"snapshot_daily\" for \"acme\"\n    \
    Then the job of worker \"A\" succeeded\n";

/// A sign that no other run has.
fn sign() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Every living process with this sign.
fn left_with(sign: &str) -> Vec<String> {
    let variable = format!("{SIGN}={sign}");
    let Ok(entries) = std::fs::read_dir("/proc") else { return vec![] };
    let folders = entries.filter_map(Result::ok).map(|entry| entry.path());
    let is_left = |folder: &PathBuf| {
        std::fs::read(folder.join("environ"))
            .is_ok_and(|all| all.split(|byte| *byte == 0).any(|entry| entry == variable.as_bytes()))
    };
    let line = |folder: &PathBuf| std::fs::read(folder.join("cmdline")).unwrap_or_default();
    let living: Vec<PathBuf> = folders.filter(is_left).collect();
    living.iter().map(|folder| String::from_utf8_lossy(&line(folder)).replace('\0', " ")).collect()
}

/// A run of the shell lines as a driver.
fn driver(script: &str, answer_within_s: f64) -> Gonogo {
    let config = format!(
        "subject: {{command: [sh, driver.sh], protocol: stdio, answer_within_s: {answer_within_s}}}\n"
    );
    gonogo().file("driver.sh", script).file("gonogo.yaml", config)
}

/// The lines that the driver's processes said on their standard error, and how they ended.
fn ends(outcome: &Outcome) -> String {
    let evidence = std::fs::read_to_string(outcome.path("gonogo-report/evidence.jsonl")).expect("evidence");
    evidence.lines().filter(|line| line.contains("process_ended")).collect::<Vec<_>>().join("\n")
}

/// What stands in the way of a GO, as the document has it: the terminal breaks long lines.
fn blockers(outcome: &Outcome) -> String {
    let blockers = outcome.verdict()["blockers"].clone();
    let messages = blockers.as_array().expect("blockers").iter().filter_map(|b| b["message"].as_str());
    messages.collect::<Vec<_>>().join("\n")
}

#[allow(clippy::disallowed_methods, reason = "how long a person waits is real time")]
fn now() -> Instant {
    Instant::now()
}

/// What a driver says that answers `describe` and `install` and then is asked for a job.
const DESCRIBED: &str = r#"
read line; echo '{"jsonrpc":"2.0","id":1,"result":{"protocol":1,"name":"n","version":"1","operations":{},"jobs":["snapshot_daily"],"scopes":["read:jira-work"]}}'
read installed; echo '{"jsonrpc":"2.0","id":2,"result":{}}'
read job
"#;

#[test]
fn a_hostile_program_is_ended_and_reported_in_words_and_nothing_of_it_is_left() {
    let after = |script: &str| format!("{DESCRIBED}\n{script}");
    for (script, says, ended) in [
        ("exec sleep 600".to_owned(), "it did not answer", "did not answer"),
        ("echo hello; exec cat >/dev/null".into(), "a line that is no JSON", "hello"),
        ("read line; echo my last words >&2; exit 3".into(), "exit status: 3", "my last words"),
        ("exec >&-; sleep 600".into(), "it closed its standard output", "closed its standard output"),
        ("exec cat /dev/zero".into(), "flooded its standard output", "flooded"),
        ("cat /dev/zero >&2".into(), "flooded its standard error", "bytes left out"),
        (
            r#"exec yes '{"jsonrpc":"2.0","id":1,"method":"now"}'"#.into(),
            "flooded its standard output",
            "flooded",
        ),
        (
            "setsid sleep 600 >/dev/null 2>&1 </dev/null & sleep 0.3; exit 0".into(),
            "it ended in the middle of",
            "1 of its own processes had left its group and were ended",
        ),
        ("trap '' TERM INT HUP; (trap '' TERM; sleep 600) & wait".into(), "it did not answer", "not answer"),
        (after("exec sleep 600"), "it did not answer", "run_job"),
        (
            after(
                "while :; do echo '{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"sleep\",\"params\":{\"ms\":60000}}'; read l; done",
            ),
            "within 900 s of the platform's time",
            "900 s",
        ),
        (after("kill -9 $$"), "SIGKILL", "SIGKILL"),
        (
            after("echo '{\"jsonrpc\":\"2.0\",\"id\":77,\"result\":{}}'"),
            "a request that is not open",
            "not open",
        ),
    ] {
        let (sign, began) = (sign(), now());
        let run = driver(&script, 1.0).features(&[("a.feature", ONE)]).env(SIGN, &sign);
        let outcome = run.run().exits(1).has("one", "failed");
        assert!(blockers(&outcome).contains(says), "{script}: {}", blockers(&outcome));
        assert!(began.elapsed() < Duration::from_secs(20), "{script}: {:?}", began.elapsed());
        assert!(ends(&outcome).contains(ended), "{script}: {}", ends(&outcome));
        assert_eq!(left_with(&sign), Vec::<String>::new(), "{script}");
    }
}

#[test]
fn a_program_that_cannot_be_started_or_understood_is_said_so() {
    for (config, says) in [
        ("subject: {command: [no-such-program], protocol: stdio}\n", "no-such-program"),
        ("subject: {command: [./none.sh], protocol: stdio}\n", "there is no program \"./none.sh\""),
        ("subject: {command: [], protocol: stdio}\n", "the program, then its arguments"),
        ("subject: {command: [a], protocol: carrier-pigeon}\n", "carrier-pigeon"),
    ] {
        let outcome = gonogo().file("gonogo.yaml", config).features(&[("a.feature", ONE)]).run();
        let said = match outcome.code() {
            1 => blockers(&outcome),
            _ => outcome.all(),
        };
        assert!(said.contains(says), "{config}: {said}");
    }
    for (answer, says) in [
        (r#"{"protocol":2,"name":"n","version":"1","operations":{},"jobs":[],"scopes":[]}"#, "version 2"),
        (r#"{"protocol":1}"#, "not usable: missing field"),
        ("7", "not usable"),
    ] {
        let script =
            format!("read line; echo '{{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{answer}}}'; read line");
        let outcome = driver(&script, 2.0).features(&[("a.feature", ONE)]).run().exits(1);
        assert!(blockers(&outcome).contains(says), "{}", blockers(&outcome));
    }
}

/// The whole set of features against a program that is no driver: bounded, and each scenario says why.
#[test]
fn a_run_of_every_feature_against_a_silent_program_ends() {
    let (sign, began) = (sign(), now());
    let outcome = driver("exec sleep 600", 0.2).args(&["run"]).env(SIGN, &sign).run().exits(1);
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    let verdict = outcome.verdict();
    let scenarios = verdict["scenarios"].as_array().expect("scenarios");
    assert!(scenarios.len() > 20 && scenarios.iter().all(|s| s["outcome"] == "failed"), "{}", outcome.all());
    assert_eq!(left_with(&sign), Vec::<String>::new());
}

#[test]
fn no_secret_that_a_program_lets_out_is_kept() {
    let script = format!(
        "{DESCRIBED}
        echo \"$installed $GONOGO_CLIENT_SECRET\" >&2
        echo '{{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{{\"outcome\":\"succeeded\",\"why\":\"'\"$GONOGO_CLIENT_SECRET\"'\"}}}}'
        read line; echo \"$GONOGO_CLIENT_SECRET\"; read line"
    );
    let text = format!(
        "{ONE}    When the drift of \"acme\" is read to its end, 5 to a page\n    \
         Then the listing tells of \"x\"\n"
    );
    let outcome = driver(&script, 2.0).features(&[("a.feature", &text)]).run().exits(1);
    assert!(blockers(&outcome).contains("no JSON"), "{}", blockers(&outcome));
    let folder = outcome.path("gonogo-report");
    let entries = walkdir::WalkDir::new(folder).into_iter().map(|entry| entry.expect("an entry"));
    for entry in entries.filter(|entry| entry.file_type().is_file()) {
        let text = String::from_utf8_lossy(&std::fs::read(entry.path()).expect("a file")).into_owned();
        for kind in ["access", "refresh", "client-secret"] {
            assert!(!text.contains(&format!("mock-{kind}-")), "{:?} holds a secret: {text}", entry.path());
        }
    }
    assert!(ends(&outcome).contains("[secret "), "{}", ends(&outcome));
    assert!(!outcome.all().contains("mock-client-secret-"), "{}", outcome.all());
}

#[test]
fn an_interrupted_run_leaves_no_process_behind() {
    let sign = sign();
    let run = driver("trap '' INT TERM HUP; sleep 600 & wait", 60.0).args(&["run"]).env(SIGN, &sign);
    let (mut child, _home) = run.start();
    let began = now();
    while !left_with(&sign).iter().any(|line| line.contains("driver.sh")) {
        assert!(began.elapsed() < Duration::from_secs(20), "no process was started");
        std::thread::yield_now();
    }
    let pid = Pid::from_child(&child);
    // The first ends the run early, and what it was at is judged.
    kill_process(pid, Signal::INT).expect("a signal");
    let status = child.wait().expect("an end");
    assert!(status.code().is_some(), "{status}");
    assert_eq!(left_with(&sign), Vec::<String>::new());
}

#[test]
fn a_pipe_or_a_device_in_place_of_a_file_is_refused_and_never_waited_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let pipe = pipe.to_str().expect("a name").to_owned();
    let began = now();
    for file in [pipe.as_str(), "/dev/zero"] {
        for arguments in [
            &["judge", file][..],
            &["baseline", ".", "--evidence", file],
            &["run", "--baseline", file],
            &["run", "--config", file],
        ] {
            let outcome = gonogo().args(arguments).run();
            let said = outcome.all();
            assert!(
                said.contains("no regular file") || said.contains("it is no file"),
                "{arguments:?}: {said}"
            );
            assert!(outcome.code() > 1, "{arguments:?}: {}", outcome.code());
        }
    }
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

// --- the programs that come with gonogo ---------------------------------------------------------

/// Whether `program` is here and answers to `--version`; said in words when not.
fn is_here(program: &str) -> bool {
    let here = Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    if !here {
        crate::node::skip(&format!("{program} is not installed, so its driver was not gated"));
    }
    here
}

/// What the README tells people to type for this driver, run as it stands there.
fn gated(app: &str) {
    let commands = commands_of("Gate any other app");
    let command = commands.iter().find(|command| command.ends_with(app)).expect(app);
    let folder = command.strip_prefix("gonogo run ").expect("a run");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let (sign, root) = (sign(), root.to_string_lossy().into_owned());
    let run = gonogo().args(&["run", &root, "--out", "gonogo-report"]).env(SIGN, &sign).path_of_node();
    let outcome = run.run();
    let verdict = outcome.verdict();
    assert_eq!(verdict["verdict"], "UNCONDITIONAL GO", "{}", outcome.all());
    // A GO says what it does not rest on.
    assert!(verdict["invariants"].to_string().contains("not watched: hosts"), "{}", outcome.all());
    assert_eq!(left_with(&sign), Vec::<String>::new());
}

#[test]
fn the_driver_in_python_is_a_go() {
    if is_here("python3") {
        gated("python-driver");
    }
}

#[test]
fn the_driver_in_javascript_is_a_go() {
    if is_here("node") {
        gated("javascript-driver");
    }
}

#[test]
fn a_driver_that_is_broken_as_real_apps_break_is_found_out() {
    if !is_here("python3") {
        return;
    }
    let app = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/apps/python-driver");
    #[allow(clippy::disallowed_methods, reason = "where this machine has its programs")]
    let path = std::env::var("PATH").expect("a PATH");
    let mut missed = vec![];
    for (file, from, to, scenario, says) in breaches::BREACHES {
        let mut run = gonogo().args(&["run", ".", "--name", scenario]).env("PATH", &path);
        for entry in std::fs::read_dir(&app).expect("the app").filter_map(Result::ok) {
            let Ok(mut text) = std::fs::read_to_string(entry.path()) else { continue };
            let name = entry.file_name().to_string_lossy().into_owned();
            if name == *file {
                assert!(text.contains(from), "{file} no longer holds {from:?}");
                text = text.replacen(from, to, 1);
                text = text.replacen("class Refused", "SEEN = []\n\n\nclass Refused", 1);
            }
            run = run.file(&name, text);
        }
        let outcome = run.run();
        if outcome.code() != 1 || !blockers(&outcome).contains(says) {
            missed.push(format!("{scenario}: {file}: {to:?}: {}: {}", outcome.code(), blockers(&outcome)));
        }
    }
    assert_eq!(missed, Vec::<String>::new());
}
