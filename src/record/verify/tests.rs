//! Whatever is changed in a record is found, and where it is.

mod attacks;

use std::{fs, path::PathBuf};

use super::{
    super::key::tests::{PRIVATE, armoured, sealing_key},
    super::sample::{ALICE, Sample, allowed, at},
    *,
};
use crate::record::{SealingKey, entry, ledger::Appender};

fn report(sample: &Sample) -> Report {
    let key = sealing_key().public();
    let (allowed, revoked) = (allowed(), Revoked::default());
    let trust =
        Trust { key: Some(&key), allowed: Some(&allowed), revoked: &revoked, predecessor: None, at: at() };
    verify(&sample.record(), &trust)
}

fn bare(sample: &Sample) -> Report {
    let revoked = Revoked::default();
    let trust = Trust { key: None, allowed: None, revoked: &revoked, predecessor: None, at: at() };
    verify(&sample.record(), &trust)
}

fn failures(report: &Report) -> String {
    let failed = report.rows.iter().filter(|row| row.finding == Finding::Failed);
    failed.map(|row| format!("{}: {}\n", row.what, row.detail)).collect()
}

/// Every file of a record, by its name in it.
fn files(sample: &Sample) -> Vec<(String, PathBuf)> {
    let walk = walkdir::WalkDir::new(sample.record()).sort_by_file_name().into_iter();
    let files = walk.filter_map(Result::ok).filter(|entry| entry.file_type().is_file());
    let name = |path: PathBuf| {
        let name = path.strip_prefix(sample.record()).expect("inside").display().to_string();
        (name, path)
    };
    files.map(|entry| name(entry.into_path())).collect()
}

fn signed() -> Sample {
    let sample = Sample::sealed();
    sample.sign(ALICE, "alice@example.com", "CTO", entry::Decision::Approve);
    sample
}

#[test]
fn a_whole_record_is_verified_and_its_verdict_made_again() {
    let report = report(&signed());
    assert_eq!(report.finding(), Finding::Verified, "{:#?}", report.rows);
    assert_eq!(report.verdict.as_deref(), Some("UNDECIDED"));
    let told: String = report.rows.iter().map(|row| format!("{}: {}\n", row.what, row.detail)).collect();
    for says in [
        "UNDECIDED (exit code 4) again, from 4 observations",
        "4 entries, for gonogo.record/1+",
        "; 1 more, each under a signature of its own",
        "alice@example.com (SHA256:",
        "verdict.dsse.json: signed, and says what the ledger says",
    ] {
        assert!(told.contains(says), "{says}\n{told}");
    }
}

#[test]
fn every_changed_byte_is_found_and_its_file_and_line_are_named() {
    let sample = signed();
    let mut seed = 7_u32;
    for (name, path) in files(&sample) {
        let bytes = fs::read(&path).expect("a file");
        // All of what is small; of the rest, a sample.
        let step = (bytes.len() / 150).max(1);
        for place in (0..bytes.len()).step_by(step) {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let mut changed = bytes.clone();
            changed[place] ^= 1 << (seed >> 29);
            fs::write(&path, &changed).expect("a file");
            let report = report(&sample);
            let found = failures(&report);
            assert_eq!(report.finding(), Finding::Failed, "{name}, byte {place}");
            let expected = match name.as_str() {
                "ledger.jsonl" => {
                    let line = bytes[..place].iter().filter(|byte| **byte == b'\n').count() + 1;
                    format!("ledger.jsonl:{line}")
                }
                _ => name.clone(),
            };
            assert!(found.contains(&expected), "{name}, byte {place}: expected {expected} in\n{found}");
        }
        fs::write(&path, &bytes).expect("a file");
    }
    assert_eq!(report(&sample).finding(), Finding::Verified);
}

#[test]
fn every_cut_every_missing_file_and_every_file_too_many_is_found() {
    let sample = signed();
    for (name, path) in files(&sample) {
        let bytes = fs::read(&path).expect("a file");
        if let Some((_, cut)) = bytes.split_last() {
            fs::write(&path, cut).expect("a file");
            let found = failures(&report(&sample));
            assert!(found.contains(&name), "{name} cut: {found}");
        }
        fs::remove_file(&path).expect("removed");
        let found = failures(&report(&sample));
        // The lock holds nothing, and some ways to carry a folder leave it out.
        assert_eq!(found.contains(&name), name != ".lock", "{name} missing: {found}");
        fs::create_dir(&path).expect("a folder");
        let found = failures(&report(&sample));
        assert!(found.contains(&name), "{name} is a folder: {found}");
        fs::remove_dir(&path).expect("removed");
        fs::write(&path, &bytes).expect("a file");
        let link = sample.home.path().join("elsewhere");
        fs::rename(&path, &link).expect("moved");
        std::os::unix::fs::symlink(&link, &path).expect("a link");
        assert!(failures(&report(&sample)).contains(&name), "{name} is a link");
        fs::remove_file(&path).expect("removed");
        fs::rename(&link, &path).expect("moved");
    }
    for name in ["more", "blobs/more", "key.pem~", ".hidden"] {
        fs::write(sample.record().join(name), "x").expect("a file");
        let found = failures(&report(&sample));
        assert!(found.contains(name), "{name}: {found}");
        fs::remove_file(sample.record().join(name)).expect("removed");
    }
    assert_eq!(report(&sample).finding(), Finding::Verified);
}

#[test]
fn lines_that_are_removed_swapped_doubled_or_added_are_found() {
    let sample = signed();
    let path = sample.record().join("ledger.jsonl");
    let text = fs::read_to_string(&path).expect("a ledger");
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for (what, changed, says) in [
        ("the last removed", lines[..4].concat(), "ledger.jsonl: 4 entries, but head says 5"),
        ("the third removed", [&lines[..2], &lines[3..]].concat().concat(), "ledger.jsonl:3"),
        ("swapped", [lines[0], lines[2], lines[1], lines[3], lines[4]].concat(), "ledger.jsonl:2"),
        ("doubled", [&lines[..], &lines[4..]].concat().concat(), "ledger.jsonl:6"),
        ("torn", text.trim_end().to_owned(), "ledger.jsonl:5: the last line was torn"),
        ("empty", String::new(), "ledger.jsonl:1: the ledger is empty"),
        ("a blank line", format!("{text}\n"), "ledger.jsonl:6"),
    ] {
        fs::write(&path, changed).expect("a file");
        let found = failures(&report(&sample));
        assert!(found.contains(says), "{what}: {found}");
    }
}

#[test]
fn what_is_added_after_the_seal_without_a_persons_signature_is_found() {
    let sample = signed();
    let mut appender = Appender::open(&sample.record()).expect("a ledger");
    let waiver = entry::Waiver {
        check: "tests/unit".into(),
        expires: "2027-01-01T00:00:00Z".into(),
        id: "W-1".into(),
        owner: "mallory".into(),
        reason: "none".into(),
    };
    appender.append(entry::Event::Waiver(waiver), at()).expect("a line");
    appender.commit().expect("counted");
    let found = failures(&report(&sample));
    assert!(found.contains("ledger.jsonl:6: it was added after the seal"), "{found}");
    assert!(found.contains("ledger.jsonl:5: void: since it was signed, waiver W-1 was added"), "{found}");
}

#[test]
fn a_record_that_is_written_anew_by_somebody_else_is_not_by_the_key() {
    let sample = Sample::new();
    let path = sample.home.path().join("other.pem");
    let other = PRIVATE.replace("INTuctv5", "INTuctv6");
    fs::write(&path, armoured(&other)).expect("a file");
    sample.write(Some(&SealingKey::read(&path).expect("a key")));
    let found = failures(&report(&sample));
    assert!(found.contains("key.pem: the record is sealed with"), "{found}");
    let unsigned = Sample::new();
    unsigned.write(None);
    let found = failures(&report(&unsigned));
    assert!(found.contains("the record is UNSIGNED; expected the seal of"), "{found}");
}

#[test]
fn an_unsigned_record_says_so_and_a_signed_one_is_not_believed_without_a_key() {
    let unsigned = Sample::new();
    unsigned.write(None);
    let report = bare(&unsigned);
    assert_eq!(report.finding(), Finding::Verified);
    assert!(
        report.rows.iter().any(|row| row.what == "seal" && row.detail.contains("UNSIGNED")),
        "{report:?}"
    );
    let report = bare(&Sample::sealed());
    assert_eq!(report.finding(), Finding::NotShown, "{report:?}");
    // Taking the seals off a sealed record does not make it an unsigned one.
    let stripped = Sample::sealed();
    for name in ["key.pem", "checkpoint", "verdict.dsse.json"] {
        fs::remove_file(stripped.record().join(name)).expect("removed");
    }
    assert_eq!(bare(&stripped).finding(), Finding::Failed);
}

#[test]
fn a_verdict_that_the_evidence_does_not_come_to_is_found() {
    let sample = Sample::sealed();
    let recorded = super::super::ledger::Ledger::read(&sample.record()).expect("a ledger");
    let (_, verdict) = recorded.verdict().expect("a verdict");
    let report_file = fs::read(sample.record().join("blobs").join(&verdict.sha256)).expect("a report");
    let better =
        String::from_utf8(report_file).expect("text").replace("\"UNDECIDED\"", "\"GO (after fixes)\"");
    for (verdict, exit_code, says) in [
        ("GO (after fixes)", 3, "says GO (after fixes) (exit code 3), the evidence comes to UNDECIDED"),
        ("UNDECIDED", 0, "says UNDECIDED (exit code 0), the evidence comes to UNDECIDED (exit code 4)"),
        ("UNDECIDED", 4, "the report says something else than the evidence comes to"),
    ] {
        let sample = Sample::sealed();
        let outcome = crate::record::Outcome { verdict, exit_code, report: better.as_bytes(), accepted: &[] };
        crate::record::add_verdict(&sample.record(), &outcome, Some(&sealing_key()), at()).expect("added");
        let found = failures(&report(&sample));
        assert!(found.contains(says), "{found}");
    }
}

#[test]
fn a_record_names_the_one_that_stood_in_its_place() {
    let sample = Sample::sealed();
    sample.write_with(Some(&sealing_key()), "<testsuites>2</testsuites>");
    let key = sealing_key().public();
    let revoked = Revoked::default();
    let earlier = sample.home.path().join("record.earlier");
    for (predecessor, finding) in [
        (earlier.clone(), Finding::Verified),
        (sample.record(), Finding::Failed),
        ("nope".into(), Finding::Failed),
    ] {
        let predecessor = Some(predecessor.as_path());
        let trust = Trust { key: Some(&key), allowed: None, revoked: &revoked, predecessor, at: at() };
        let report = verify(&sample.record(), &trust);
        assert_eq!(report.finding(), finding, "{report:?}");
        assert_eq!(report.previous.as_deref(), Some("UNDECIDED"));
    }
    // One that is not whole is not named, and the caller is told.
    fs::write(sample.record().join("head"), "{}").expect("a file");
    let written = sample.write(Some(&sealing_key()));
    assert!(written.complaint.is_some_and(|complaint| complaint.contains("head")));
    assert_eq!(report(&sample).previous, None);
}

#[test]
fn a_signed_verdict_is_verified_alone() {
    let sample = Sample::sealed();
    let envelope = fs::read(sample.record().join("verdict.dsse.json")).expect("an envelope");
    let report = verify_envelope(&envelope, &sealing_key().public());
    assert_eq!((report.finding(), report.verdict.as_deref()), (Finding::Verified, Some("UNDECIDED")));
    let mut changed = envelope;
    changed[20] ^= 1;
    let report = verify_envelope(&changed, &sealing_key().public());
    assert_eq!((report.finding(), report.verdict), (Finding::Failed, None));
}

/// Signed statements of one who lets the release through, each of which must not count.
#[test]
fn a_broken_glass_stands_in_verdict_and_envelope_and_only_by_who_may() {
    use crate::record::{Intent, Statement};
    let sample = Sample::sealed();
    let intent = Intent {
        role: "CTO",
        item: None,
        principal: "alice@example.com",
        decision: entry::Decision::BreakGlass,
        note: Some("an outage"),
    };
    let stated = Statement::about(&sample.record(), &intent, at()).expect("a statement");
    let add = |statement: Statement| {
        let bytes = statement.to_bytes().expect("bytes");
        let signature = sample.key(ALICE).sign(&bytes).expect("a signature").pem;
        crate::record::add(&sample.record(), &bytes, signature.as_bytes(), at()).expect("added")
    };
    let conclude = |signers: &str, revoked: &str, accepted: &[String], at| {
        let allowed = AllowedSigners::parse(std::path::Path::new("signers"), signers).expect("a file");
        let revoked = Revoked::parse(std::path::Path::new("revoked"), revoked).expect("a list");
        let key = sealing_key();
        let concluded =
            crate::record::conclude(&sample.record(), &allowed, &revoked, accepted, Some(&key), at);
        let judgement = concluded.expect("a judgement");
        (judgement.told(), judgement.exit_code)
    };
    let signers = super::super::sample::SIGNERS;
    let accepted = ["break-glass".to_owned()];
    // Without a note nothing is overridden, whoever signed.
    add(Statement { note: None, ..stated.clone() });
    assert_eq!(conclude(signers, "", &accepted, at()), ("UNDECIDED".to_owned(), 4));
    add(stated);
    let print = sample.key(ALICE).fingerprint();
    let expired = signers.replace("namespaces=", "valid-before=\"20260301Z\",namespaces=");
    for (signers, revoked) in
        [("", ""), (signers, print.as_str()), (&expired, ""), (&signers.replace("alice@", "dave@"), "")]
    {
        assert_eq!(conclude(signers, revoked, &accepted, at()), ("UNDECIDED".to_owned(), 4), "{signers}");
    }
    let told = "UNDECIDED, overridden by alice@example.com as CTO at 2026-03-01T12:00:00Z: an outage";
    assert_eq!(conclude(signers, "", &[], at()), (told.to_owned(), 4));
    assert_eq!(conclude(signers, "", &accepted, at()), (told.to_owned(), 0));
    let report = report(&sample);
    assert_eq!(report.finding(), Finding::Verified, "{:#?}", report.rows);
    assert_eq!(report.verdict.as_deref(), Some("UNDECIDED"));
    let by = "alice@example.com as CTO at 2026-03-01T12:00:00Z: an outage";
    assert_eq!(report.overridden.as_deref(), Some(by));
    let envelope = fs::read(sample.record().join("verdict.dsse.json")).expect("an envelope");
    let payload = super::super::dsse::open(&envelope, &sealing_key().public()).expect("signed");
    let stated: serde_json::Value = serde_json::from_slice(&payload).expect("JSON");
    let predicate = &stated["predicate"];
    assert_eq!(predicate["overridden"][0]["why"], "an outage", "{predicate}");
    assert_eq!(predicate["accepted"][0], "break-glass", "{predicate}");
    assert_eq!((&predicate["verdict"], &predicate["exitCode"]), (&"UNDECIDED".into(), &0.into()));
    assert!(!sample.record().join("svr.dsse.json").exists());
    assert_eq!(bare(&sample).overridden, None);
}

#[test]
fn no_simple_verification_result_is_made_of_a_verdict_that_is_overridden() {
    let sample = Sample::sealed();
    let mut appender = Appender::open(&sample.record()).expect("a ledger");
    let verdict = "UNCONDITIONAL GO".to_owned();
    let go = entry::Verdict { accepted: vec![], exit_code: 0, sha256: "0".repeat(64), verdict };
    appender.append(entry::Event::Verdict(go), at()).expect("a line");
    let built = |overridden: serde_json::Value| {
        let report = serde_json::json!({ "blockers": [], "invariants": [], "overridden": overridden });
        let built = crate::record::statement::build(appender.ledger(), report.to_string().as_bytes());
        built.expect("statements").svr.is_some()
    };
    assert!(built(serde_json::json!([])));
    assert!(!built(serde_json::json!([{ "by": "alice@example.com" }])));
}
