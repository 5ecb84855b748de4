//! A run after people signed: nothing that they signed is lost, and nothing of it counts.

use super::{
    super::{
        super::{
            Revoked, add,
            entry::Decision,
            key::tests::sealing_key,
            sample::{ALICE, BOB, Sample, allowed, at},
            verify::{Finding, Trust, verify},
        },
        Intent, SignOff, Standing, approvals,
    },
    *,
};

const NAME: &str = "alice@example.com";

/// Every sign-off of the record: as what, and what it is worth.
fn told(sample: &Sample) -> Vec<String> {
    let shown = |SignOff { role, standing, .. }| match standing {
        Standing::Carried(why) => format!("{role}: {why}"),
        other => format!("{role}: {other:?}"),
    };
    sample.sign_offs().into_iter().map(shown).collect()
}

fn is_verified(sample: &Sample) -> bool {
    let (key, allowed, revoked) = (sealing_key().public(), allowed(), Revoked::default());
    let trust =
        Trust { key: Some(&key), allowed: Some(&allowed), revoked: &revoked, predecessor: None, at: at() };
    let report = verify(&sample.record(), &trust);
    assert_eq!(report.overridden, None);
    report.finding() == Finding::Verified
}

#[test]
fn a_run_after_people_signed_keeps_what_they_signed_and_counts_none_of_it() {
    let sample = Sample::sealed();
    sample.sign(ALICE, NAME, "CTO", Decision::Approve);
    sample.sign(BOB, "bob@example.com", "DevOps Lead", Decision::BreakGlass);
    for (imported, says) in [
        ("<testsuites>2</testsuites>", "signed a record before this one: tests/junit.xml changed"),
        ("<testsuites/>", "signed a record before this one, of the same inputs"),
    ] {
        sample.write_with(Some(&sealing_key()), imported);
        assert_eq!(told(&sample), [format!("CTO: {says}"), format!("DevOps Lead: {says}")]);
        let approvals = approvals(&sample.sign_offs());
        assert!(approvals.iter().all(|approval| approval.void.is_some() && !approval.rejects));
        assert!(is_verified(&sample), "{imported}");
    }
}

#[test]
fn signing_again_takes_the_place_of_what_was_carried_and_runs_do_not_add_up() {
    let sample = Sample::sealed();
    for _ in 0..3 {
        sample.sign(ALICE, NAME, "CTO", Decision::Approve);
        sample.sign(ALICE, NAME, "CTO", Decision::Approve);
        sample.write(Some(&sealing_key()));
        assert_eq!(told(&sample).len(), 1);
    }
    sample.sign(ALICE, NAME, "CTO", Decision::Approve);
    assert_eq!(told(&sample), ["CTO: Superseded(7)", "CTO: Valid"]);
    assert!(is_verified(&sample), "the verdict is that of its time");
}

#[test]
fn what_was_carried_is_the_same_statement_and_cannot_be_handed_in_again() {
    let sample = Sample::sealed();
    let signed = sample.sign(ALICE, NAME, "CTO", Decision::Approve);
    sample.write_with(Some(&sealing_key()), "<testsuites>2</testsuites>");
    let ledger = Ledger::read(&sample.record()).expect("a ledger");
    assert_eq!(ledger.entries()[2].event, Event::Carried(signed.clone()));
    let blob = |name: &str| body(&sample.record(), name).expect("a body");
    let error = add(&sample.record(), &blob(&signed.statement), &blob(&signed.signature), at());
    let error = error.expect_err("void").to_string();
    assert!(error.contains("tests/junit.xml changed"), "{error}");
}

#[test]
fn a_sign_off_that_was_tampered_with_is_not_carried_and_the_run_says_so() {
    let sample = Sample::sealed();
    let signed = sample.sign(ALICE, NAME, "CTO", Decision::Approve);
    std::fs::write(sample.record().join("blobs").join(&signed.signature), "x").expect("a file");
    let complaint = sample.write(Some(&sealing_key())).complaint.expect("a complaint");
    assert!(complaint.contains("the sign-off in line 5") && complaint.contains("was changed"), "{complaint}");
    assert_eq!(told(&sample), [""; 0]);
}

#[test]
fn every_input_that_is_another_one_is_named_and_a_commit_only_once() {
    let sample = Sample::sealed();
    let intent = Intent { role: "CTO", item: None, principal: NAME, decision: Decision::Approve, note: None };
    let bare = Statement::about(&sample.record(), &intent, at()).expect("a statement");
    let inputs = |list: &[(&str, &str)]| -> BTreeMap<String, String> {
        list.iter().map(|(name, content)| ((*name).to_owned(), (*content).to_owned())).collect()
    };
    let signed = inputs(&[("evidence", "1"), ("a.xml", "11 junit c1"), ("b.xml", "22 junit c1")]);
    let statement = Statement { commit: Some("c1".into()), inputs: signed, ..bare };
    for (commit, found, says) in [
        (
            "c1",
            inputs(&[("evidence", "2"), ("a.xml", "11 junit c1"), ("b.xml", "22 junit c1")]),
            ": the evidence is another run's",
        ),
        (
            "c2",
            inputs(&[("evidence", "2"), ("a.xml", "11 junit c2"), ("b.xml", "23 junit c2")]),
            ": it was of commit c1, b.xml changed, the evidence is another run's",
        ),
        (
            "c1",
            inputs(&[("evidence", "1"), ("a.xml", "11 junit c1"), ("waiver W-1", "x until y: z")]),
            ": b.xml is gone, waiver W-1 was added",
        ),
    ] {
        let opened = Opened { commit: Some(commit.into()), ..Opened::default() };
        assert_eq!(why(&statement, &opened, &found), format!("signed a record before this one{says}"));
    }
}
