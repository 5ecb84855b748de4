//! A rollout is what its ledger says, once: forged, doubled, torn and simultaneous decisions are found or refused.

mod standing;

use std::fs;

use jiff::SignedDuration;

use super::{
    super::{
        CHECKPOINT, Statement, conclude,
        entry::{self, Entry},
        key::tests::sealing_key,
        ledger::Appender,
        sample::{ALICE, Sample, allowed, at},
    },
    *,
};
use crate::{
    evidence::{CanaryStep, PostDeployCheck, Release, Role, Rollout},
    judge::ACCEPT_BREAK_GLASS,
    rollout::{Decision, FileKind},
};

fn minute(minutes: i64) -> Timestamp {
    at() + SignedDuration::from_mins(minutes)
}

fn release() -> Release {
    let canary = [5, 50, 100].map(|percent| CanaryStep { percent, minutes: 60 }).to_vec();
    let check = PostDeployCheck {
        id: "errors".into(),
        title: "few requests fail".into(),
        metric: "error_ratio".into(),
        at_least: None,
        at_most: Some(0.01),
        growth_percent: None,
        window_minutes: 60,
    };
    Release {
        version: "1.4.0".into(),
        rollout: Rollout { canary, post_deploy: vec![check], ..Rollout::default() },
        roles: vec![Role { name: "CTO".into(), needed: 1, members: vec![] }],
        ..Release::default()
    }
}

/// A sealed record of a release that somebody lets out; its verdict is of `at()`.
fn let_out() -> Sample {
    let sample = Sample::new();
    sample.write_of(Some(&sealing_key()), "<testsuites/>", Some(release()));
    sample.sign(ALICE, "alice@example.com", "CTO", entry::Decision::BreakGlass);
    let accepted = [ACCEPT_BREAK_GLASS.to_owned()];
    let (revoked, key) = (Revoked::default(), sealing_key());
    let judged = conclude(&sample.record(), &allowed(), &revoked, &accepted, Some(&key), at());
    assert_eq!(judged.expect("a judgement").exit_code, 0);
    sample
}

/// A sample a minute, over these minutes.
fn data(from: i64, to: i64, value: f64) -> Vec<File> {
    let values: Vec<_> = (from..=to)
        .map(|minutes| serde_json::json!([minute(minutes).as_second(), value.to_string()]))
        .collect();
    let series = serde_json::json!({ "metric": { "__name__": "error_ratio" }, "values": values });
    let answer = serde_json::json!({
        "status": "success",
        "data": { "resultType": "matrix", "result": [series] },
    });
    vec![File { kind: FileKind::Metrics, path: "slo.json".into(), bytes: answer.to_string().into_bytes() }]
}

fn call(sample: &Sample, minutes: i64, files: &[File]) -> Result<Answer, RecordError> {
    let (allowed, revoked, key) = (allowed(), Revoked::default(), sealing_key());
    let call =
        Call { files, allowed: Some(&allowed), revoked: &revoked, key: Some(&key), rehearsed_at: None };
    roll_out(&sample.record(), &call, || minute(minutes))
}

fn decided(sample: &Sample, minutes: i64, files: &[File]) -> Decision {
    call(sample, minutes, files).expect("a decision").decided().decision
}

fn refused(sample: &Sample, minutes: i64, files: &[File]) -> String {
    let before = lines(sample);
    let why = call(sample, minutes, files).expect_err("refused").to_string();
    assert_eq!(lines(sample), before, "{why}");
    why
}

fn lines(sample: &Sample) -> usize {
    std::fs::read_to_string(sample.record().join(LEDGER)).expect("a ledger").lines().count()
}

fn verified(sample: &Sample) -> (Finding, String) {
    let (allowed, revoked, key) = (allowed(), Revoked::default(), sealing_key().public());
    let trust = Trust {
        key: Some(&key),
        allowed: Some(&allowed),
        revoked: &revoked,
        predecessor: None,
        at: minute(6000),
    };
    let report = verify::verify(&sample.record(), &trust);
    let rows = report.rows.iter().filter(|row| row.finding != Finding::Absent);
    let told = rows.map(|row| format!("{} {}: {}\n", row.finding.word(), row.what, row.detail));
    (report.finding(), told.collect())
}

/// Adds a decision as somebody does who has the key; `files` come into the record, too.
fn forge(sample: &Sample, decided: Decided, files: &[File], ts: Timestamp) {
    let key = sealing_key();
    let mut appender = open_with(&sample.record(), Some(&key)).expect("a ledger");
    for file in files {
        replace(&sample.record().join(BLOBS).join(file.named().sha256), &file.bytes).expect("a body");
    }
    appender.append(Event::Rollout(decided), ts).expect("a line");
    seal_again(&sample.record(), &mut appender, Some(&key)).expect("sealed");
}

fn promotion(from: i64, to: i64, step: u64, files: &[File]) -> Decided {
    Decided {
        decision: Decision::Promote,
        files: files.iter().map(File::named).collect(),
        from: minute(from),
        measured: vec![],
        percent: 50,
        rehearsed: false,
        step,
        steps: 3,
        to: minute(to),
        why: vec!["everything that is watched was within its limits for the whole step".into()],
    }
}

#[test]
fn a_rollout_is_played_from_its_record_alone_and_each_decision_is_sealed_and_made_again() {
    let sample = let_out();
    assert_eq!(decided(&sample, 1, &[]), Decision::Begin);
    assert_eq!(decided(&sample, 31, &data(2, 31, 0.001)), Decision::Hold);
    assert_eq!(decided(&sample, 61, &data(2, 61, 0.001)), Decision::Promote);
    let size = lines(&sample);
    // The same once more: the same answer, and nothing added.
    let again = call(&sample, 62, &data(2, 61, 0.001)).expect("a decision");
    assert!(matches!(&again, Answer::Again(decided) if decided.decision == Decision::Promote));
    assert_eq!(lines(&sample), size);
    assert_eq!(decided(&sample, 121, &data(2, 121, 0.001)), Decision::Promote);
    assert_eq!(decided(&sample, 181, &data(2, 181, 0.001)), Decision::Done);
    let (finding, told) = verified(&sample);
    assert_eq!(finding, Finding::Verified, "{told}");
    assert!(told.contains("verified rollout: DONE at step 3 of 3, 100 % again, after 5 decisions"), "{told}");
    // What a person signs afterwards stands beside it.
    sample.sign(super::super::sample::BOB, "bob@example.com", "CTO", entry::Decision::Approve);
    assert_eq!(verified(&sample).0, Finding::Verified, "{}", verified(&sample).1);
}

#[test]
fn after_a_rollback_nothing_is_promoted_any_more() {
    let sample = let_out();
    assert_eq!(decided(&sample, 1, &[]), Decision::Begin);
    assert_eq!(decided(&sample, 10, &data(2, 10, 0.5)), Decision::RollBack);
    let size = lines(&sample);
    assert_eq!(decided(&sample, 61, &data(2, 61, 0.001)), Decision::RollBack);
    assert_eq!(lines(&sample), size);
    assert_eq!(verified(&sample).0, Finding::Verified);
    let fine = data(11, 71, 0.001);
    forge(&sample, promotion(10, 71, 2, &fine), &fine, minute(71));
    let (finding, told) = verified(&sample);
    assert_eq!(finding, Finding::Failed);
    assert!(told.contains("says PROMOTE where nothing was to decide"), "{told}");
}

#[test]
fn a_forged_decision_is_found_by_its_line_whoever_has_the_key() {
    let whole = data(2, 61, 0.001);
    let honest = promotion(1, 61, 2, &whole);
    let bad = data(2, 61, 0.5);
    let half = data(2, 31, 0.001);
    for (what, forged, files, ts, says) in [
        ("without data", promotion(1, 61, 2, &[]), vec![], 61, "says PROMOTE where nothing was to decide"),
        ("of half the step", promotion(1, 61, 2, &half), half.clone(), 61, "its data come to HOLD at step 1"),
        ("of bad data", promotion(1, 61, 2, &bad), bad.clone(), 61, "its data come to ROLL BACK at step 1"),
        ("too early", promotion(1, 31, 2, &half), half.clone(), 31, "its data come to HOLD at step 1"),
        (
            "of a step that was not due",
            promotion(1, 61, 3, &whole),
            whole.clone(),
            61,
            "come to PROMOTE at step 2",
        ),
        ("with other figures", honest.clone(), whole.clone(), 61, "come to PROMOTE at step 2"),
        ("of another time", honest.clone(), whole.clone(), 62, "it says that it was decided at"),
        ("before the line before", promotion(1, 0, 2, &whole), whole.clone(), 0, "the clock was set back"),
        (
            "rehearsed",
            Decided { rehearsed: true, ..honest.clone() },
            whole.clone(),
            61,
            "is a rollout, not a rehearsal",
        ),
    ] {
        let sample = let_out();
        assert_eq!(decided(&sample, 1, &[]), Decision::Begin);
        let line = lines(&sample) + 1;
        forge(&sample, forged, &files, minute(ts));
        let (finding, told) = verified(&sample);
        assert_eq!(finding, Finding::Failed, "{what}");
        assert!(told.contains(&format!("FAILED rollout: ledger.jsonl:{line}: ")), "{what}: {told}");
        assert!(told.contains(says), "{what}: {told}");
        // Nor is it gone on from.
        assert!(refused(&sample, 200, &[]).contains("cannot be gone on from: rollout"), "{what}");
    }
    let sample = Sample::sealed();
    forge(&sample, promotion(1, 61, 2, &[]), &[], minute(61));
    assert!(verified(&sample).1.contains("the evidence is of no release"), "{}", verified(&sample).1);
}

#[test]
fn a_rollout_begins_with_a_go_alone_and_with_the_key_that_sealed_the_record() {
    let sample = Sample::new();
    sample.write_of(Some(&sealing_key()), "<testsuites/>", Some(release()));
    let why = refused(&sample, 1, &[]);
    assert!(why.contains("the release is not let out: its verdict is UNDECIDED, exit code 4"), "{why}");
    let sample = let_out();
    let (allowed, revoked) = (allowed(), Revoked::default());
    let bare = Call { files: &[], allowed: Some(&allowed), revoked: &revoked, key: None, rehearsed_at: None };
    let why = roll_out(&sample.record(), &bare, || minute(1)).expect_err("refused").to_string();
    assert!(why.contains("what is added needs that key"), "{why}");
    // Without those who may sign nobody knows who let it out.
    let key = sealing_key();
    let blind = Call { allowed: None, key: Some(&key), ..bare };
    let why = roll_out(&sample.record(), &blind, || minute(1)).expect_err("refused").to_string();
    assert!(why.contains("takes a file of allowed signers"), "{why}");
    let why = refused(&sample, -1, &[]);
    assert!(why.contains("the clock was set back"), "{why}");
}

#[test]
fn of_calls_at_the_same_time_one_decides() {
    let sample = let_out();
    let held = Appender::open(&sample.record()).expect("a ledger");
    assert!(refused(&sample, 1, &[]).contains("another gonogo is adding to the record"));
    drop(held);
    assert_eq!(decided(&sample, 1, &[]), Decision::Begin);
    let before = lines(&sample);
    let files = data(2, 61, 0.001);
    let answers: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| call(&sample, 61, &files))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let new = answers.iter().filter(|answer| matches!(answer, Ok(Answer::New(_)))).count();
    assert_eq!((new, lines(&sample)), (1, before + 1));
    for answer in answers {
        match answer {
            Ok(answer) => assert_eq!(answer.decided().decision, Decision::Promote),
            Err(why) => assert!(why.to_string().contains("another gonogo"), "{why}"),
        }
    }
    assert_eq!(verified(&sample).0, Finding::Verified);
}

#[test]
fn a_call_that_ended_between_file_and_line_is_swept_and_leaves_no_trace() {
    let sample = let_out();
    assert_eq!(decided(&sample, 1, &[]), Decision::Begin);
    let orphan = &data(2, 61, 0.5)[0];
    let blobs = sample.record().join(BLOBS);
    fs::write(blobs.join(orphan.named().sha256), &orphan.bytes).expect("a body");
    fs::write(blobs.join(&orphan.named().sha256[..60]).with_extension("partial"), "half").expect("a file");
    fs::write(sample.record().join("head.partial"), "half").expect("a file");
    assert_eq!(verified(&sample).0, Finding::Failed);
    assert_eq!(decided(&sample, 61, &data(2, 61, 0.001)), Decision::Promote);
    assert_eq!(verified(&sample).0, Finding::Verified, "{}", verified(&sample).1);
    // What is no body stays, and is found.
    fs::write(blobs.join("notes"), "mine").expect("a file");
    assert!(refused(&sample, 70, &[]).contains("blobs/notes"));
}

#[test]
fn a_call_that_ended_between_line_and_seal_is_sealed_by_the_same_call_alone() {
    let sample = let_out();
    assert_eq!(decided(&sample, 1, &[]), Decision::Begin);
    let files = data(2, 61, 0.001);
    let seal = fs::read(sample.record().join(CHECKPOINT)).expect("a seal");
    assert_eq!(decided(&sample, 61, &files), Decision::Promote);
    fs::write(sample.record().join(CHECKPOINT), &seal).expect("the seal of before");
    let (finding, told) = verified(&sample);
    assert_eq!(finding, Finding::Failed);
    assert!(told.contains("it was added after the seal"), "{told}");
    assert!(refused(&sample, 62, &data(2, 62, 0.001)).contains("it was added after the seal"));
    let again = call(&sample, 62, &files).expect("a decision");
    assert!(matches!(&again, Answer::Again(decided) if decided.decision == Decision::Promote));
    assert_eq!(verified(&sample).0, Finding::Verified, "{}", verified(&sample).1);
    // A forged line that was never sealed is not sealed by chance.
    let mut appender = Appender::open(&sample.record()).expect("a ledger");
    appender.append(Event::Rollout(promotion(61, 62, 3, &[])), minute(62)).expect("a line");
    appender.commit().expect("counted");
    drop(appender);
    let why = refused(&sample, 70, &[]);
    assert!(why.contains("says PROMOTE"), "{why}");
}

#[test]
fn a_rehearsal_is_never_verified_as_a_rollout_nor_gone_on_from_as_one() {
    let sample = let_out();
    let (allowed, revoked, key) = (allowed(), Revoked::default(), sealing_key());
    for (minutes, files) in [(1, vec![]), (61, data(2, 61, 0.001))] {
        let rehearsed_at = Some(minute(minutes));
        let call =
            Call { files: &files, allowed: Some(&allowed), revoked: &revoked, key: Some(&key), rehearsed_at };
        let answer = roll_out(&sample.record(), &call, || minute(1)).expect("a decision");
        assert!(answer.decided().rehearsed);
    }
    let (finding, told) = verified(&sample);
    assert_eq!(finding, Finding::NotShown, "{told}");
    assert!(told.contains("a rehearsal at made-up times, no rollout: PROMOTE at step 2 of 3"), "{told}");
    assert!(refused(&sample, 121, &data(2, 121, 0.001)).contains("what is recorded is a rehearsal"));
}

#[test]
fn a_ledgers_line_of_a_rollout_keeps_what_it_rests_on() {
    let sample = let_out();
    assert_eq!(decided(&sample, 1, &[]), Decision::Begin);
    assert_eq!(decided(&sample, 61, &data(2, 61, 0.001)), Decision::Promote);
    let ledger = Ledger::read(&sample.record()).expect("a ledger");
    let Some(Entry { event: Event::Rollout(last), .. }) = ledger.entries().last() else {
        panic!("a rollout")
    };
    assert_eq!((last.from, last.to, last.percent), (minute(1), minute(61), 50));
    assert_eq!(last.measured[0].value.as_deref(), Some("0.001"));
    // A sign-off rests on the release, not on how far it is out.
    let intent = super::super::Intent {
        role: "CTO",
        item: None,
        principal: "bob@example.com",
        decision: entry::Decision::Approve,
        note: None,
    };
    let inputs = Statement::about(&sample.record(), &intent, at()).expect("a statement").inputs;
    assert!(inputs.keys().all(|name| name != "slo.json"), "{inputs:?}");
    // A changed body is found, and takes the decision with it.
    fs::write(sample.record().join(BLOBS).join(&last.files[0].sha256), "{}").expect("a file");
    let (finding, told) = verified(&sample);
    assert_eq!(finding, Finding::Failed);
    assert!(told.contains("FAILED rollout: ledger.jsonl:"), "{told}");
}
