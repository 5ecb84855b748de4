//! What somebody tries who can write to the record and has no key: each attempt is told, and by what.

use super::*;
use crate::record::{
    Intent, Statement,
    entry::{Decision, Entry, Event, Signed},
    ledger::{HEAD, LEDGER, Ledger},
    merkle, sha256,
};

const NAME: &str = "alice@example.com";

/// Writes the ledger anew from these entries, with a chain and a head that agree.
fn rechain(sample: &Sample, change: impl Fn(&mut Vec<Entry>)) {
    let mut entries = Ledger::read(&sample.record()).expect("a ledger").entries().to_vec();
    change(&mut entries);
    fs::remove_file(sample.record().join(LEDGER)).expect("removed");
    let mut appender = Appender::create(&sample.record()).expect("a ledger");
    entries.into_iter().for_each(|entry| appender.append(entry.event, entry.ts).expect("a line"));
    appender.commit().expect("counted");
}

/// Spells the last line in another way, and has the head agree.
fn respell(sample: &Sample, from: &str, to: &str) {
    let text = fs::read_to_string(sample.record().join(LEDGER)).expect("a ledger");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let last = lines.last_mut().expect("a line");
    assert!(last.contains(from), "{last}");
    *last = last.replacen(from, to, 1);
    let leaves: Vec<_> = lines.iter().map(|line| merkle::leaf(line.as_bytes())).collect();
    let (last, root, size) = (sha256(&lines[lines.len() - 1]), merkle::root(&leaves), lines.len());
    fs::write(sample.record().join(LEDGER), lines.join("\n") + "\n").expect("a file");
    let head = format!("{{\"last\":\"{last}\",\"root\":\"{}\",\"size\":{size}}}\n", hex::encode(root));
    fs::write(sample.record().join(HEAD), head).expect("a file");
}

fn edit(sample: &Sample, name: &str, change: impl Fn(String) -> String) {
    let path = sample.record().join(name);
    let text = fs::read_to_string(&path).expect("a file");
    let changed = change(text.clone());
    assert_ne!(changed, text, "{name}");
    fs::write(path, changed).expect("a file");
}

/// Puts a statement into the ledger behind the back of [`add`], signed with Alice's key.
fn smuggle(sample: &Sample, change: impl Fn(&mut Statement), line: impl Fn(Signed) -> Event) {
    let intent = Intent { role: "CTO", item: None, principal: NAME, decision: Decision::Approve, note: None };
    let mut statement = Statement::about(&sample.record(), &intent, at()).expect("a statement");
    change(&mut statement);
    let bytes = statement.to_bytes().expect("bytes");
    let key = sample.key(ALICE);
    let signature = key.sign(&bytes).expect("a signature").pem.into_bytes();
    let signed = Signed {
        decision: statement.decision,
        fingerprint: key.fingerprint(),
        item: statement.item,
        principal: statement.principal,
        role: statement.role,
        signature: sha256(&signature),
        statement: sha256(&bytes),
    };
    for (name, body) in [(&signed.statement, &bytes), (&signed.signature, &signature)] {
        fs::write(sample.record().join("blobs").join(name), body).expect("a file");
    }
    let mut appender = Appender::open(&sample.record()).expect("a ledger");
    appender.append(line(signed), at()).expect("a line");
    appender.commit().expect("counted");
}

#[test]
fn a_record_that_was_rewritten_without_the_key_is_never_verified() {
    let observations = |entries: &mut Vec<Entry>| {
        for entry in entries {
            if let Event::Evidence(evidence) = &mut entry.event {
                evidence.observations += 1;
            }
        }
    };
    let unsealed = |entries: &mut Vec<Entry>| {
        if let Event::Opened(opened) = &mut entries[0].event {
            opened.key = None;
        }
    };
    type Attack<'a> = (&'a str, Box<dyn Fn(&Sample) + 'a>, &'a str);
    let attacks: Vec<Attack<'_>> = vec![
        (
            "a line changed and chained again",
            Box::new(|s| rechain(s, observations)),
            "are not those that are",
        ),
        ("an input taken out", Box::new(|s| rechain(s, |e| drop(e.remove(2)))), "are not those that are"),
        ("the seal's promise taken out", Box::new(|s| rechain(s, unsealed)), "UNSIGNED"),
        ("all lines but the first", Box::new(|s| rechain(s, |e| e.truncate(1))), "the ledger was cut"),
        ("a double key", Box::new(|s| respell(s, "\"v\":1}", "\"v\":1,\"v\":1}")), "ledger.jsonl:5"),
        ("another spelling", Box::new(|s| respell(s, "\"CTO\"", "\"\\u0043TO\"")), "ledger.jsonl:5"),
        ("a blank", Box::new(|s| respell(s, "\"v\":1}", "\"v\": 1}")), "ledger.jsonl:5"),
        (
            "a key that nobody knows",
            Box::new(|s| respell(s, "\"v\":1}", "\"v\":1,\"w\":1}")),
            "ledger.jsonl:5",
        ),
        (
            "another role than was signed",
            Box::new(|s| respell(s, "\"CTO\"", "\"CFO\"")),
            "is not what was signed",
        ),
        (
            "a second signature under the checkpoint",
            Box::new(|s| edit(s, "checkpoint", |t| format!("{t}— gonogo.record/1 AAAA\n"))),
            "checkpoint: it is no signed checkpoint",
        ),
        (
            "another payload type",
            Box::new(|s| edit(s, "verdict.dsse.json", |t| t.replace("in-toto+json", "in-toto+json "))),
            "its payload type is",
        ),
        (
            "a second signature on the envelope",
            Box::new(|s| {
                edit(s, "verdict.dsse.json", |t| {
                    t.replace("\"signatures\":[", "\"signatures\":[{\"keyid\":\"\",\"sig\":\"\"},")
                })
            }),
            "it has 2 signatures",
        ),
        (
            "a double payload",
            Box::new(|s| edit(s, "verdict.dsse.json", |t| t.replacen('{', "{\"payload\":\"e30=\",", 1))),
            "verdict.dsse.json",
        ),
        (
            "the verdict under the name of a result that passes",
            Box::new(|s| {
                drop(fs::copy(s.record().join("verdict.dsse.json"), s.record().join("svr.dsse.json")))
            }),
            "an UNCONDITIONAL GO alone has one",
        ),
        ("a linked folder of bodies", Box::new(linked), "blobs: it is no folder"),
        ("two bodies in each other's place", Box::new(swapped), "it was changed"),
    ];
    for (what, attack, says) in attacks {
        let sample = signed();
        attack(&sample);
        let report = report(&sample);
        let found = failures(&report);
        assert_eq!(report.finding(), Finding::Failed, "{what}");
        assert!(found.contains(says), "{what}: {found}");
    }
}

fn linked(sample: &Sample) {
    let elsewhere = sample.home.path().join("elsewhere");
    fs::rename(sample.record().join("blobs"), &elsewhere).expect("moved");
    std::os::unix::fs::symlink(&elsewhere, sample.record().join("blobs")).expect("a link");
}

fn swapped(sample: &Sample) {
    let blobs: Vec<_> = files(sample).into_iter().filter(|(name, _)| name.starts_with("blobs/")).collect();
    let [(_, one), (_, two), ..] = &blobs[..] else { panic!("two bodies") };
    let (first, second) = (fs::read(one).expect("a body"), fs::read(two).expect("a body"));
    fs::write(one, second).expect("a body");
    fs::write(two, first).expect("a body");
}

#[test]
fn a_statement_that_was_signed_for_something_else_never_counts() {
    type Change = fn(&mut Statement);
    type Kind = fn(Signed) -> Event;
    let cases: [(&str, Change, Kind, &str); 7] = [
        ("another release", |s| s.release = Some("2.0".into()), Event::SignOff, "signed for release 2.0"),
        ("another commit", |s| s.commit = Some("c0ffee".into()), Event::SignOff, "signed for commit c0ffee"),
        ("another root", |s| s.root = "0".repeat(64), Event::SignOff, "another record of the same inputs"),
        ("no inputs", |s| s.inputs.clear(), Event::SignOff, "evidence was added"),
        (
            "to come",
            |s| s.signed_at += jiff::SignedDuration::from_hours(1),
            Event::SignOff,
            "which is to come",
        ),
        (
            "somebody else's name",
            |s| s.principal = "bob@example.com".into(),
            Event::SignOff,
            "not bob@example.com's",
        ),
        // A line of that kind is written with the record, before its evidence.
        ("carried after the seal", |_| (), Event::Carried, "stands behind the evidence"),
    ];
    for (what, change, line, says) in cases {
        let sample = Sample::sealed();
        smuggle(&sample, change, line);
        let found = failures(&report(&sample));
        assert!(found.contains(says), "{what}: {found}");
        assert!(sample.sign_offs().iter().all(|sign_off| sign_off.standing != Standing::Valid), "{what}");
    }
}

#[test]
fn no_line_of_the_allowed_signers_says_more_than_it_should() {
    let sample = signed();
    let key = super::super::super::sample::SIGNERS.lines().next().and_then(|line| line.split_once("v1\" "));
    let key = key.expect("a key").1;
    let valid = |signers: &str| {
        let allowed = AllowedSigners::parse(Path::new("signers"), signers);
        let key = sealing_key().public();
        allowed.is_ok_and(|allowed| {
            let revoked = Revoked::default();
            let trust = Trust {
                key: Some(&key),
                allowed: Some(&allowed),
                revoked: &revoked,
                predecessor: None,
                at: at(),
            };
            verify(&sample.record(), &trust).finding() == Finding::Verified
        })
    };
    for (line, is_verified) in [
        (format!("{NAME} {key}"), true),
        (format!("*@example.com {key}"), true),
        (format!("*@example.com,!{NAME} {key}"), false),
        (format!("!{NAME},* {key}"), false),
        (format!("!mallory@example.com {key}"), false),
        (format!("ALICE@example.com {key}"), false),
        (format!("{NAME} namespaces=\"file,git\" {key}"), false),
        (format!("{NAME} namespaces=\"*,!gonogo-signoff@v1\" {key}"), false),
        (format!("{NAME} namespaces=\"\" {key}"), false),
        (format!("{NAME} cert-authority {key}"), false),
        (format!("{NAME} valid-before=\"20260301Z\" {key}"), false),
        (format!("{NAME} valid-before=\"20260302\" {key}"), false),
        (format!("{NAME} valid-after=\"20260302Z\" {key}"), false),
        (format!("{NAME} unknown-option {key}"), false),
        (format!("# {NAME} {key}"), false),
        (String::new(), false),
    ] {
        assert_eq!(valid(&line), is_verified, "{line}");
    }
}

/// The documentation says so: what is not there cannot be missed by who has nothing else.
#[test]
fn the_last_sign_offs_can_be_taken_away_with_their_count_and_a_sealed_one_cannot() {
    let is_sign_off = |entry: &Entry| matches!(entry.event, Event::SignOff(_));
    let take_away = |sample: &Sample| {
        let ledger = Ledger::read(&sample.record()).expect("a ledger");
        let bodies = ledger.entries().iter().filter(|entry| is_sign_off(entry)).flat_map(|e| e.event.blobs());
        bodies.for_each(|name| fs::remove_file(sample.record().join("blobs").join(name)).expect("removed"));
        rechain(sample, |entries| entries.retain(|entry| !is_sign_off(entry)));
        report(sample).finding()
    };
    assert_eq!(take_away(&signed()), Finding::Verified);
    let sealed = signed();
    let concluded = crate::record::conclude(
        &sealed.record(),
        &allowed(),
        &Revoked::default(),
        &[],
        Some(&sealing_key()),
        at(),
    );
    concluded.expect("a judgement");
    assert_eq!(take_away(&sealed), Finding::Failed);
}
