//! What a sign-off is worth: whose it is, over what, and what becomes of it.

use std::{fs, path::Path};

use super::{super::entry::Imported, super::sample::*, *};

const ALICE_NAME: &str = "alice@example.com";
const BOB_NAME: &str = "bob@example.com";
const CAROL_NAME: &str = "carol@example.com";

fn standings_of(sample: &Sample) -> Vec<String> {
    let shown = |sign_off: SignOff| match sign_off.standing {
        Standing::Valid => "valid".to_owned(),
        Standing::Superseded(line) => format!("superseded by line {line}"),
        Standing::Void(why) => why,
        Standing::Carried(why) => format!("carried: {why}"),
        Standing::Expired(when) => format!("expired {when}"),
        Standing::Unknown => "unknown".to_owned(),
    };
    sample.sign_offs().into_iter().map(shown).collect()
}

fn sample() -> Sample {
    let sample = Sample::new();
    sample.write(None);
    sample
}

#[test]
fn three_people_sign_in_three_roles_with_keys_of_two_kinds() {
    let sample = sample();
    sample.sign(ALICE, ALICE_NAME, "Engineering Lead", Decision::Approve);
    sample.sign(BOB, BOB_NAME, "DevOps Lead", Decision::Approve);
    sample.sign(CAROL_ECDSA, CAROL_NAME, "CTO", Decision::Approve);
    assert_eq!(standings_of(&sample), ["valid", "valid", "valid"]);
    let approvals = approvals(&sample.sign_offs());
    assert!(approvals.iter().all(|approval| approval.void.is_none()), "{approvals:?}");
}

#[test]
fn one_person_is_one_person_by_name_and_by_key() {
    let both = format!(
        "{SIGNERS}\nally@example.com {}",
        SIGNERS.lines().next().and_then(|l| l.split_once("v1\" ")).expect("a key").1
    );
    let both = AllowedSigners::parse(Path::new("signers"), &both).expect("a file");
    let sample = sample();
    sample.sign(ALICE, ALICE_NAME, "Engineering Lead", Decision::Approve);
    sample.sign(ALICE, ALICE_NAME, "CTO", Decision::Approve);
    sample.sign(ALICE, "ally@example.com", "DevOps Lead", Decision::Approve);
    let found = sign_offs(&sample.record(), &both, &Revoked::default(), at()).expect("sign-offs");
    assert_eq!(found[0].standing, Standing::Valid);
    for later in &found[1..] {
        let Standing::Void(why) = &later.standing else { panic!("{later:?}") };
        assert!(why.contains("the same person signed as \"Engineering Lead\", in line 5"), "{why}");
    }
}

#[test]
fn the_last_word_of_a_person_in_a_role_counts() {
    let sample = sample();
    sample.sign(ALICE, ALICE_NAME, "CTO", Decision::Approve);
    sample.sign(BOB, BOB_NAME, "DevOps Lead", Decision::Approve);
    sample.sign(ALICE, ALICE_NAME, "CTO", Decision::Reject);
    assert_eq!(standings_of(&sample), ["superseded by line 7", "valid", "valid"]);
    let approvals = approvals(&sample.sign_offs());
    let told: Vec<_> = approvals.iter().map(|a| (a.principal.as_str(), a.void.as_deref())).collect();
    assert_eq!(told, [(BOB_NAME, None), (ALICE_NAME, Some("signed `reject`: because"))]);
}

#[test]
fn a_sign_off_by_a_key_that_does_not_count_is_void_and_says_why() {
    let sample = sample();
    sample.sign(ALICE, ALICE_NAME, "CTO", Decision::Approve);
    let print = sample.key(ALICE).fingerprint();
    let with = |signers: &str, revoked: &str, at: Timestamp| {
        let signers = AllowedSigners::parse(Path::new("signers"), signers).expect("a file");
        let revoked = Revoked::parse(Path::new("revoked"), revoked).expect("a list");
        let mut found = sign_offs(&sample.record(), &signers, &revoked, at).expect("sign-offs");
        format!("{:?}", found.remove(0).standing)
    };
    let bounded = |option: &str| SIGNERS.replace("namespaces=", &format!("{option},namespaces="));
    let later = at() + SignedDuration::from_hours(24);
    let before = at() - SignedDuration::from_hours(1);
    for (signers, revoked, at, says) in [
        (SIGNERS.to_owned(), "", at(), "Valid"),
        (SIGNERS.to_owned(), print.as_str(), at(), "the key is revoked"),
        (
            SIGNERS.replace("alice@", "dave@"),
            "",
            at(),
            "dave@example.com's by the allowed signers, not alice@",
        ),
        (SIGNERS.replace("signoff@v1", "signoff@v2"), "", at(), "does not allow the namespace"),
        (bounded("valid-before=\"20260302Z\""), "", at(), "Valid"),
        (bounded("valid-before=\"20260302Z\""), "", later, "Expired(2026-03-02T00:00:00Z)"),
        (bounded("valid-after=\"20260302Z\""), "", later, "valid after 2026-03-02T00:00:00Z only"),
        (SIGNERS.to_owned(), "", before, "which is to come"),
        (String::new(), "", at(), "the key is not among the allowed signers"),
    ] {
        let found = with(&signers, revoked, at);
        assert!(found.contains(says), "{says}: {found}");
    }
}

#[test]
fn a_changed_input_voids_a_sign_off_and_is_named() {
    let sample = sample();
    sample.sign(ALICE, ALICE_NAME, "CTO", Decision::Approve);
    let import = |path: &str, sha256: &str| {
        let mut appender = Appender::open(&sample.record()).expect("a ledger");
        let (format, path, sha256) = ("junit".into(), path.into(), sha256.into());
        appender
            .append(Event::Imported(Imported { commit: None, format, path, sha256 }), at())
            .expect("a line");
        appender.commit().expect("counted");
    };
    import("tests/junit.xml", "0000");
    assert_eq!(standings_of(&sample), ["since it was signed, tests/junit.xml changed"]);
    import("more.xml", "0000");
    let both = "since it was signed, more.xml was added, tests/junit.xml changed";
    assert_eq!(standings_of(&sample), [both]);
    sample.sign(BOB, BOB_NAME, "CTO", Decision::Approve);
    assert_eq!(standings_of(&sample), [both, "valid"]);
}

#[test]
fn a_statement_is_taken_in_only_by_the_record_that_it_is_about() {
    let sample = sample();
    let intent =
        Intent { role: "CTO", item: None, principal: ALICE_NAME, decision: Decision::Approve, note: None };
    let told = Statement::about(&sample.record(), &intent, at()).expect("a statement");
    let sign = |statement: &Statement| {
        let bytes = statement.to_bytes().expect("bytes");
        let signature = sample.key(ALICE).sign(&bytes).expect("a signature").pem;
        (bytes, signature)
    };
    let (bytes, signature) = sign(&told);
    for (what, statement, signature, says) in [
        ("another text", [&bytes[..], b" "].concat(), signature.clone(), "canonical"),
        ("no signature", bytes.clone(), "x".to_owned(), "no SSH signature"),
        (
            "another statement's",
            sign(&Statement { role: "DevOps Lead".into(), ..told.clone() }).0,
            signature.clone(),
            "not over this text",
        ),
    ] {
        let error =
            add(&sample.record(), &statement, signature.as_bytes(), at()).expect_err(what).to_string();
        assert!(error.contains(says), "{what}: {error}");
    }
    let (root, size) = ("0".repeat(64), 99);
    for (statement, says) in [
        (
            Statement { commit: Some("abc".into()), ..told.clone() },
            "signed for commit abc, the record is of none",
        ),
        (Statement { release: Some("2.0".into()), ..told.clone() }, "signed for release 2.0"),
        (Statement { root, ..told.clone() }, "another record of the same inputs"),
        (Statement { size, ..told.clone() }, "another record of the same inputs"),
        (
            Statement { inputs: Default::default(), ..told.clone() },
            "evidence was added, tests/junit.xml was added",
        ),
        (Statement { schema: "gonogo.sign-off/2".into(), ..told.clone() }, "unknown schema"),
    ] {
        let (bytes, signature) = sign(&statement);
        let error = add(&sample.record(), &bytes, signature.as_bytes(), at()).expect_err(says).to_string();
        assert!(error.contains(says), "{says}: {error}");
    }
    assert_eq!(sample.sign_offs(), []);
    add(&sample.record(), &bytes, signature.as_bytes(), at()).expect("a sign-off");
    assert_eq!(standings_of(&sample), ["valid"]);
}

#[test]
fn what_is_no_approval_takes_a_reason_and_an_item_is_no_role() {
    let sample = sample();
    let about = |role, item, decision, note| {
        let intent = Intent { role, item, principal: ALICE_NAME, decision, note };
        Statement::about(&sample.record(), &intent, at()).map_err(|error| error.to_string())
    };
    for (role, item, decision, note, is_taken) in [
        ("CTO", None, Decision::Approve, None, true),
        ("CTO", None, Decision::Reject, None, false),
        ("CTO", None, Decision::BreakGlass, Some("  "), false),
        ("CTO", None, Decision::BreakGlass, Some("an outage"), true),
        ("", None, Decision::Approve, None, false),
        ("", Some("smoke"), Decision::Approve, None, true),
        ("CTO", Some("smoke"), Decision::Approve, None, false),
        ("", Some(" "), Decision::Approve, None, false),
    ] {
        assert_eq!(about(role, item, decision, note).is_ok(), is_taken, "{role} {item:?} {decision:?}");
    }
}

#[test]
fn keys_that_gonogo_does_not_sign_with_are_refused_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("id");
    for (text, says) in [
        (
            armoured(include_str!("../sample/dave_with_passphrase.base64")),
            "has a passphrase, which gonogo does not ask for",
        ),
        (armoured(include_str!("../sample/erin_rsa.base64")), "no RSA signatures (RUSTSEC-2023-0071)"),
        (armoured("secretsecret\n"), "expected an OpenSSH private key"),
    ] {
        fs::write(&path, text).expect("a file");
        let error = sshsig::SigningKey::read(&path).expect_err("no key").to_string();
        assert!(error.contains(says) && !error.contains("secretsecret"), "{error}");
    }
    let shown = format!("{:?}", sample().key(ALICE));
    assert!(shown.starts_with("SigningKey(SHA256:"), "{shown}");
}
