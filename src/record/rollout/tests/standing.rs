//! What stands behind a verdict stops a rollout, what is not sound makes no checklist, and what cannot be written leaves
//! the record as it was.

use std::path::PathBuf;

use super::*;
use crate::record::ledger::HEAD;

#[test]
fn who_rejects_behind_the_verdict_stops_the_rollout_and_so_does_a_key_that_is_revoked() {
    let reject = |sample: &Sample| {
        sample.sign(ALICE, "alice@example.com", "CTO", entry::Decision::Reject);
    };
    let sample = let_out();
    reject(&sample);
    let why = refused(&sample, 1, &[]);
    assert!(why.contains("with what is signed and good by now it is UNDECIDED, exit code 4"), "{why}");

    let sample = let_out();
    assert_eq!(decided(&sample, 1, &[]), Decision::Begin);
    reject(&sample);
    let fine = data(2, 61, 0.001);
    let answer = call(&sample, 61, &fine).expect("a decision");
    assert_eq!(answer.decided().decision, Decision::Hold, "{answer:?}");
    assert_eq!(verified(&sample).0, Finding::Verified, "{}", verified(&sample).1);
    assert_eq!(decided(&sample, 62, &data(2, 62, 0.5)), Decision::RollBack);

    // Nor is it promoted by who has the key: the signature stands before the line.
    let sample = let_out();
    assert_eq!(decided(&sample, 1, &[]), Decision::Begin);
    let mut honest = let_out_and_promoted(&fine);
    reject(&sample);
    honest.from = minute(1);
    forge(&sample, honest, &fine, minute(61));
    let (finding, told) = verified(&sample);
    assert_eq!(finding, Finding::Failed);
    assert!(told.contains("its data come to HOLD at step 1"), "{told}");

    // Without those who may sign nobody knows whose the rejection is.
    let sample = let_out();
    reject(&sample);
    let ledger = Ledger::read(&sample.record()).expect("a ledger");
    let blind = let_out_by(&sample, &ledger, None, &Revoked::default());
    assert!(blind.expect_err("refused").contains("takes a file of allowed signers"));
    let sample = let_out();
    let ledger = Ledger::read(&sample.record()).expect("a ledger");
    let print = sample.sign_offs()[0].fingerprint.clone();
    let revoked = Revoked::parse(std::path::Path::new("revoked"), &print).expect("a file");
    assert_eq!(let_out_by(&sample, &ledger, Some(&allowed()), &Revoked::default()), Ok(()));
    assert!(let_out_by(&sample, &ledger, Some(&allowed()), &revoked).is_err());
}

fn let_out_by(
    sample: &Sample,
    ledger: &Ledger,
    allowed: Option<&AllowedSigners>,
    revoked: &Revoked,
) -> Result<(), String> {
    super::super::let_out(&sample.record(), ledger, ledger.entries().len(), (allowed, revoked), minute(1))
}

/// The promotion that the data of the first step come to.
fn let_out_and_promoted(files: &[File]) -> Decided {
    let sample = let_out();
    assert_eq!(decided(&sample, 1, &[]), Decision::Begin);
    call(&sample, 61, files).expect("a decision").decided().clone()
}

#[test]
fn a_checklist_is_drawn_up_of_a_sound_record_alone() {
    type Change = fn(&Sample);
    fn blob(sample: &Sample) -> PathBuf {
        sample.record().join(BLOBS).join(crate::record::sha256("<testsuites/>"))
    }
    let change: [(&str, Change); 3] = [
        ("a changed file", |sample| fs::write(blob(sample), "<testsuite/>").expect("a file")),
        ("another file", |sample| {
            fs::write(sample.record().join("notes"), "mine").expect("a file");
        }),
        ("a file that is missing", |sample| fs::remove_file(blob(sample)).expect("a file")),
    ];
    for (what, change) in change {
        let sample = let_out();
        change(&sample);
        let before = lines(&sample);
        let (accepted, key) = ([ACCEPT_BREAK_GLASS.to_owned()], sealing_key());
        let (allowed, revoked) = (allowed(), Revoked::default());
        let concluded = conclude(&sample.record(), &allowed, &revoked, &accepted, Some(&key), at());
        let why = concluded.expect_err(what).to_string();
        assert!(why.contains("it is not sound: files: "), "{what}: {why}");
        assert_eq!(lines(&sample), before, "{what}");
    }
}

#[test]
fn a_rollout_that_begins_behind_a_broken_glass_says_who_broke_it() {
    let sample = let_out();
    let begun = call(&sample, 1, &[]).expect("a decision").decided().why.join("; ");
    assert!(
        begun.contains("its verdict is UNDECIDED; the break-glass of alice@example.com was accepted"),
        "{begun}"
    );
}

#[test]
fn what_the_disk_refuses_leaves_the_record_as_it_was() {
    // `head` cannot be written where a folder is in its way, nor a body.
    let sample = let_out();
    let in_its_way = sample.record().join("head.partial");
    fs::create_dir(&in_its_way).expect("a folder");
    let before = fs::read(sample.record().join(LEDGER)).expect("a ledger");
    call(&sample, 1, &[]).expect_err("refused");
    let (allowed, revoked, key) = (allowed(), Revoked::default(), sealing_key());
    fs::remove_dir(&in_its_way).expect("a folder");
    assert_eq!(fs::read(sample.record().join(LEDGER)).expect("a ledger"), before);
    assert_eq!(verified(&sample).0, Finding::Verified, "{}", verified(&sample).1);

    let path = sample.home.path().join("body");
    fs::create_dir(&path).expect("a folder");
    replace(&path, b"text").expect_err("refused");
    assert!(!sample.home.path().join("body.partial").exists());

    // What a call left that was killed is swept by whoever signs next.
    let orphan = sample.record().join(BLOBS).join("a".repeat(60)).with_extension("partial");
    fs::write(&orphan, "half").expect("a file");
    sample.sign(crate::record::sample::BOB, "bob@example.com", "CTO", entry::Decision::Approve);
    assert!(!orphan.exists());

    // A checklist that was killed between ledger and seal is drawn up again.
    let seal = fs::read(sample.record().join(CHECKPOINT)).expect("a seal");
    let accepted = [ACCEPT_BREAK_GLASS.to_owned()];
    let again = || conclude(&sample.record(), &allowed, &revoked, &accepted, Some(&key), at());
    again().expect("a judgement");
    fs::write(sample.record().join(CHECKPOINT), &seal).expect("the seal of before");
    again().expect("a judgement");
    assert_eq!(verified(&sample).0, Finding::Verified, "{}", verified(&sample).1);
}

#[test]
fn a_call_that_was_killed_before_its_line_counted_is_as_if_it_never_was() {
    let sample = let_out();
    let (ledger, head) = (sample.record().join(LEDGER), sample.record().join(HEAD));
    let first = fs::read(&head).expect("a head");
    assert_eq!(decided(&sample, 1, &[]), Decision::Begin);
    let seal = sample.record().join(CHECKPOINT);
    let begun = [&head, &seal].map(|file| fs::read(file).expect("a file"));
    let fine = data(2, 61, 0.001);
    assert_eq!(decided(&sample, 61, &fine), Decision::Promote);
    let whole = fs::read(&ledger).expect("a ledger");
    for torn in [0, 7] {
        for (file, bytes) in [&head, &seal].into_iter().zip(&begun) {
            fs::write(file, bytes).expect("a file");
        }
        fs::write(&ledger, &whole[..whole.len() - torn]).expect("a file");
        assert_eq!(verified(&sample).0, Finding::Failed);
        assert_eq!(decided(&sample, 61, &fine), Decision::Promote, "{torn}");
        assert_eq!(fs::read(&ledger).expect("a ledger"), whole, "{torn}");
        assert_eq!(verified(&sample).0, Finding::Verified, "{torn}");
    }
    // Two lines that `head` does not count are nothing that a call leaves.
    fs::write(&head, &first).expect("a file");
    call(&sample, 61, &fine).expect_err("refused");
    assert_eq!(fs::read(&ledger).expect("a ledger"), whole);
}
