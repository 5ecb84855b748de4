//! The record that a run leaves: signed, verified, and read by tools that are not gonogo's.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use crate::{
    gonogo::{Outcome, gonogo},
    node::skip,
};

const FINE: &str = "Feature: F\n  @fine\n  Scenario: fine\n    Given a Jira site\n";

/// Whether a program is on this machine.
fn has(program: &str, argument: &str) -> bool {
    let found = Command::new(program).arg(argument).stdin(Stdio::null()).output().is_ok();
    if !found {
        skip(&format!("there is no {program} on this machine"));
    }
    found
}

fn shell(folder: &Path, line: &str) -> (bool, String) {
    let output = Command::new("bash").args(["-c", line]).current_dir(folder).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// A run whose record is sealed with `gate.pem`; beside it, three people's keys and who may sign.
fn sealed() -> Outcome {
    let run = gonogo().features(&[("a.feature", FINE)]).args(&["--record-key", "gate.pem"]);
    let keys = "openssl genpkey -algorithm ed25519 -out gate.pem && openssl pkey -in gate.pem -pubout -out gate.pub.pem \
        && ssh-keygen -q -t ed25519 -N '' -C alice@example.com -f alice \
        && ssh-keygen -q -t ecdsa -b 256 -N '' -C bob@example.com -f bob \
        && ssh-keygen -q -t ed25519 -N secret -C carol@example.com -f carol \
        && for who in alice bob carol; do echo \"$who@example.com $(cat $who.pub)\"; done > signers";
    let (made, said) = shell(run.path("gate.pem").parent().unwrap(), keys);
    assert!(made, "{said}");
    run.run().exits(4)
}

/// gonogo again, in the folder of a run that ended.
fn again(run: &Outcome, args: &[&str], code: i32) -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_gonogo")).args(args).current_dir(run.path("")).output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
    said
}

const VERIFY: &[&str] = &["verify", "gonogo-report", "--key", "gate.pub.pem", "--allowed-signers", "signers"];

#[test]
fn a_signed_run_is_verified_and_a_changed_byte_of_it_is_not() {
    if !has("ssh-keygen", "-?") || !has("openssl", "version") {
        return;
    }
    let run = sealed();
    for (key, role) in [("alice", "Engineering Lead"), ("bob", "CTO")] {
        let said = again(&run, &["sign", "--role", role, "--key", key], 0);
        assert!(said.contains(&format!("{key}@example.com (SHA256:")), "{said}");
    }
    let refused = again(&run, &["sign", "--role", "DevOps Lead", "--key", "carol"], 2);
    assert!(refused.contains("the key has a passphrase"), "{refused}");
    let said = again(&run, VERIFY, 0);
    for says in ["gonogo-report: VERIFIED", "sign-off: CTO", "verdict: none → UNDECIDED"] {
        assert!(said.contains(says), "{said}");
    }
    assert!(again(&run, &["verify", "gonogo-report"], 1).contains("could not be shown"));
    assert!(again(&run, &["verify", "features"], 2).contains("there is no record in it"));
    again(&run, &["verify", "gonogo-report/record/verdict.dsse.json", "--key", "gate.pub.pem"], 0);
    let ledger = run.path("gonogo-report/record/ledger.jsonl");
    let text = fs::read_to_string(&ledger).unwrap();
    fs::write(&ledger, text.replacen("UNDECIDED", "UNDECIDEE", 1)).unwrap();
    assert!(again(&run, VERIFY, 1).contains("ledger.jsonl:3"));
}

#[test]
fn ssh_keygen_verifies_what_gonogo_signs_and_signs_what_gonogo_verifies() {
    if !has("ssh-keygen", "-?") || !has("openssl", "version") {
        return;
    }
    let run = sealed();
    again(&run, &["sign", "--role", "CTO", "--key", "alice"], 0);
    let ledger = fs::read_to_string(run.path("gonogo-report/record/ledger.jsonl")).unwrap();
    let line: serde_json::Value = serde_json::from_str(ledger.lines().last().unwrap()).unwrap();
    let blob = |name: &str| format!("gonogo-report/record/blobs/{}", line["event"][name].as_str().unwrap());
    let verify = format!(
        "ssh-keygen -Y verify -f signers -I alice@example.com -n gonogo-signoff@v1 -s {} < {}",
        blob("signature"),
        blob("statement")
    );
    let (verified, said) = shell(&run.path(""), &verify);
    assert!(verified, "{said}");
    // The other way round, with a key that has a passphrase.
    again(&run, &["sign", "--role", "DevOps Lead", "--principal", "carol@example.com", "--to", "s.json"], 0);
    let sign = "printf '#!/bin/sh\\necho secret\\n' > ask && chmod +x ask && \
        SSH_ASKPASS=./ask SSH_ASKPASS_REQUIRE=force ssh-keygen -Y sign -n gonogo-signoff@v1 -f carol s.json";
    let (signed, said) = shell(&run.path(""), sign);
    assert!(signed, "{said}");
    again(&run, &["sign", "--from", "s.json"], 0);
    let said = again(&run, VERIFY, 0);
    assert!(said.contains("carol@example.com"), "{said}");
}

#[test]
fn openssl_verifies_the_verdict_as_the_documentation_tells() {
    if !has("openssl", "version") || !has("ssh-keygen", "-?") || !has("python3", "--version") {
        return;
    }
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/record.md")).unwrap();
    let block = text.split("```bash openssl\n").nth(1).and_then(|rest| rest.split("```").next());
    let run = sealed();
    let (verified, said) = shell(&run.path("gonogo-report/record"), block.expect("the documented command"));
    assert!(verified && said.contains("Signature Verified Successfully"), "{said}");
    let envelope = run.path("gonogo-report/record/verdict.dsse.json");
    let changed = fs::read_to_string(&envelope).unwrap().replacen("\"payload\":\"ey", "\"payload\":\"eQ", 1);
    fs::write(&envelope, changed).unwrap();
    let (verified, said) = shell(&run.path("gonogo-report/record"), block.expect("the documented command"));
    assert!(!verified, "{said}");
}

#[test]
fn a_run_that_could_not_begin_leaves_no_record_and_the_next_one_names_the_one_before() {
    let run = gonogo().features(&[("a.feature", FINE)]).run().exits(4);
    let names = || {
        ["record", "record.earlier"]
            .map(|name| run.path("gonogo-report").join(name).join("ledger.jsonl").exists())
    };
    assert_eq!(names(), [true, false]);
    again(&run, &["run", "--features", "features", "--tags", "@nope", "--quiet"], 2);
    assert_eq!(names(), [false, true]);
    again(&run, &["run", "--features", "features", "--quiet"], 4);
    assert_eq!(names(), [true, true]);
    let said = again(&run, &["verify", "gonogo-report", "--predecessor", "gonogo-report/record.earlier"], 0);
    assert!(said.contains("verdict: UNDECIDED → UNDECIDED") && said.contains("UNSIGNED"), "{said}");
}

/// Every report and the exit code, once somebody who may sign lets a release through whose verdict does not.
#[test]
fn a_broken_glass_stands_beside_the_verdict_in_every_report_and_is_exit_0_only_when_accepted() {
    if !has("ssh-keygen", "-?") || !has("openssl", "version") {
        return;
    }
    let run = sealed();
    let concluded = |more: &[&str], code: i32| {
        let fixed =
            ["checklist", "gonogo-report", "--record-key", "gate.pem", "--allowed-signers", "signers"];
        again(&run, &[&fixed, more].concat(), code)
    };
    let glass = ["--decision", "break-glass", "--role", "CTO", "--key", "alice"];
    let bare = again(&run, &[&["sign"], &glass[..]].concat(), 2);
    assert!(bare.contains("takes a reason"), "{bare}");
    assert!(!concluded(&["--accept", "break-glass"], 4).contains("overridden"));
    again(&run, &[&["sign", "--note", "an outage <now>"], &glass[..]].concat(), 0);
    assert!(concluded(&[], 4).contains("overridden by alice@example.com as CTO"));
    let shown = concluded(&["--accept", "go-after-fixes,break-glass"], 0);
    assert!(shown.contains("UNDECIDED, overridden by alice@example.com as CTO"), "{shown}");
    let file = |name: &str| fs::read_to_string(run.path("gonogo-report").join(name)).unwrap();
    let report: serde_json::Value = serde_json::from_str(&file("verdict.json")).unwrap();
    assert_eq!((&report["verdict"], &report["exit_code"]), (&"UNDECIDED".into(), &0.into()));
    assert_eq!(report["overridden"][0]["by"], "alice@example.com");
    assert_eq!(report["overridden"][0]["why"], "an outage <now>");
    assert_eq!(report["accepted"], serde_json::json!(["break-glass", "go-after-fixes"]));
    let schema: serde_json::Value =
        serde_json::from_str(&again(&run, &["schema", "report"], 0)).expect("a schema");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    assert!(validator.is_valid(&report), "{report}");
    let markdown = file("report.md");
    assert!(
        markdown.starts_with("# UNDECIDED, overridden by alice&#64;example.com as CTO at "),
        "{markdown}"
    );
    assert!(markdown.contains("outage &lt;now&gt;") && markdown.contains("Accepted: break-glass"));
    let junit = file("junit.xml");
    for part in [
        "<property name=\"gonogo.overridden\" value=\"alice@example.com as CTO at ",
        "<system-out>UNDECIDED, overridden by alice@example.com as CTO",
        "<error message=\"UNDECIDED\"",
    ] {
        assert!(junit.contains(part), "{part}\n{junit}");
    }
    let said = again(&run, VERIFY, 0);
    assert!(said.contains("OVERRIDDEN, and still UNDECIDED: alice@example.com as CTO"), "{said}");
    // The same key for a person whom nobody lists lets nothing through.
    fs::write(run.path("signers"), "").unwrap();
    assert!(!concluded(&["--accept", "break-glass"], 4).contains("overridden"));
}
