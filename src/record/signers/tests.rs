//! Who may sign by an `allowed_signers` file, and what such a file may not say.

use super::*;

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";
const OTHER: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIF5xyQnuVCNGQ9t3LJRtqjVUNXLIoZ2RUoJQQZP2jv8S";
const RSA: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC7";

fn signers(text: &str) -> AllowedSigners {
    AllowedSigners::parse(Path::new("signers"), text).expect("a file")
}

fn key() -> PublicKey {
    PublicKey::from_openssh(KEY).expect("a key")
}

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

#[test]
fn a_key_signs_for_those_whose_it_is_in_its_time_and_namespace() {
    let (signed_at, at) = (time("2026-03-01T12:00:00Z"), time("2026-03-02T00:00:00Z"));
    for (line, standing) in [
        (format!("alice@x {KEY}"), "allowed"),
        (format!("# a comment\n\nalice@x {KEY} alice's key"), "allowed"),
        (format!("\"alice@x,bob@x\" {KEY}"), "allowed"),
        (format!("*@x {KEY}"), "allowed"),
        (format!("alice@x namespaces=\"git,gonogo-*\" {KEY}"), "allowed"),
        (format!("alice@x valid-after=\"20260101Z\",valid-before=\"20261231Z\" {KEY}"), "allowed"),
        (format!("alice@x valid-before=\"20260101Z\" {KEY}\nalice@x {KEY}"), "allowed"),
        (format!("bob@x {KEY}"), "the key is bob@x's by the allowed signers, not alice@x's"),
        (format!("alice@x {OTHER}"), "the key is not among the allowed signers"),
        (
            format!("alice@x namespaces=\"git\" {KEY}"),
            "line 1 of the allowed signers does not allow the namespace",
        ),
        (format!("alice@x cert-authority {KEY}"), "line 1 of the allowed signers is a certificate authority"),
        (format!("alice@x valid-after=\"20260302Z\" {KEY}"), "valid after 2026-03-02T00:00:00Z only"),
        (format!("alice@x valid-before=\"20260302Z\" {KEY}"), "expired"),
        (format!("alice@x valid-before=\"202603011200Z\" {KEY}"), "expired"),
        (String::new(), "the key is not among the allowed signers"),
    ] {
        let found = match signers(&line).standing("alice@x", &key(), signed_at, at) {
            Standing::Allowed => "allowed".to_owned(),
            Standing::Expired(_) => "expired".to_owned(),
            Standing::Refused(why) => why,
        };
        assert!(found.contains(standing), "{line}: {found}");
    }
}

#[test]
fn a_line_that_cannot_be_honoured_is_refused_by_its_number() {
    for (line, says) in [
        (format!("alice@x valid-before=\"20260101\" {KEY}"), "without the Z"),
        (format!("alice@x valid-before=\"20261301Z\" {KEY}"), "is no time"),
        (format!("alice@x no-touch-required {KEY}"), "does not know the option"),
        (format!("alice@x namespaces {KEY}"), "does not know the option"),
        (format!("alice@x cert-authority,cert-authority {KEY}"), "stands twice"),
        ("alice@x".to_owned(), "expected `principals"),
        (KEY.to_owned(), "expected `principals"),
        (format!("alice@x {RSA}"), "expected `principals"),
        ("alice@x ssh-ed25519 AAAA".to_owned(), "expected `principals"),
    ] {
        let error = AllowedSigners::parse(Path::new("signers"), format!("# first\n{line}\n"));
        let error = error.expect_err(&line).to_string();
        assert!(error.contains("signers:2") && error.contains(says), "{line}: {error}");
    }
}

#[test]
fn a_revoked_key_is_known_by_its_line_or_its_fingerprint() {
    let print = fingerprint(&key());
    for (list, has) in [
        (format!("{KEY} gone\n"), true),
        (format!("# gone\n{print}\n"), true),
        (format!("{OTHER}\n"), false),
        (String::new(), false),
    ] {
        let revoked = Revoked::parse(Path::new("revoked"), &list).expect("a list");
        assert_eq!(revoked.has(&print), has, "{list}");
    }
    let error = Revoked::parse(Path::new("revoked"), "serial: 7").expect_err("no list").to_string();
    assert!(error.contains("revoked:1: expected a public key"), "{error}");
}

#[test]
fn a_binary_list_is_refused_in_words() {
    let list = b"SSHKRL\n\0\0\0\0\x01";
    let error = Revoked::parse(Path::new("revoked"), list).expect_err("no list").to_string();
    assert!(error.contains("binary KRL, which gonogo does not read"), "{error}");
}
