//! Tests of what is encoded, through the search: tokens are put together at run time, no file holds one.

use std::io::Write as _;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};

use flate2::{Compression, write::GzEncoder};

use super::super::{find, redacted};

/// Letters that no rule takes for a placeholder.
fn token() -> String {
    format!("{}_{}", "ghp", "k3Jd9sLq0ZxVb7NmTyR2wQe5HuCg8PfAoI1t")
}

fn other_token() -> String {
    format!("{}-{}", "glpat", "k3Jd9sLq0ZxVb7NmTyR2")
}

fn key() -> String {
    let body = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdpK06nwoyHUCXqI9EdVhCk3Jd9";
    format!("-----BEGIN {0} KEY-----\n{body}\n-----END {0} KEY-----\n", "PRIVATE")
}

fn wide(text: &str) -> Vec<u8> {
    text.replace('ü', "u").replace('ä', "a").encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(vec![], Compression::fast());
    packer.write_all(bytes).expect("memory");
    packer.finish().expect("memory")
}

fn wrapped(text: &str, between: &str) -> String {
    let lines: Vec<&str> =
        text.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).expect("letters")).collect();
    lines.join(between)
}

#[test]
fn a_token_is_found_however_it_is_encoded_and_is_said_to_be() {
    let token = token();
    let settings =
        format!("[registry]\nuser = \"ümläut\"\npassword = \"{token}\"\n# {}\n", "filled up ".repeat(20));
    let twice = STANDARD.encode(format!("{{\"auth\":\"{}\"}}", STANDARD.encode(format!("user:{token}"))));
    let (base64, digits, layers) = ("in base64", "in hexadecimal digits", "encoded more than once");
    for (text, how) in [
        (format!("x = '{}'", STANDARD.encode(&token)), base64),
        (format!("x = '{}'", STANDARD_NO_PAD.encode(&token)), base64),
        (format!("x: {}", URL_SAFE.encode(format!("{token} ???>>>"))), base64),
        (format!("?x={}&y=1", URL_SAFE_NO_PAD.encode(format!("~~~ÿ {token}"))), base64),
        (format!("Authorization: Basic {}", STANDARD.encode(format!("bot:{token}"))), base64),
        (format!("data:text/plain;base64,{}", STANDARD.encode(&settings)), base64),
        (format!("a: |\n  {}\nb: 1", wrapped(&STANDARD.encode(&settings), "\n  ")), base64),
        (format!("\t{}\r\n", wrapped(&STANDARD.encode(&settings), "\r\n")), base64),
        (format!("password = \"{}\"", STANDARD.encode(&token)), base64),
        (format!("powershell -EncodedCommand {}", STANDARD.encode(wide(&settings))), base64),
        (format!("x: {}", STANDARD.encode(packed(settings.as_bytes()))), base64),
        (format!("x: {}", STANDARD.encode(STANDARD.encode(packed(settings.as_bytes())))), layers),
        (format!("x = '{}'", hex::encode(wide(&token))), digits),
        (format!("x = '{}'", hex::encode(&token)), digits),
        (format!("x = 0x{}", hex::encode_upper(&token)), digits),
        (format!("x = '{twice}'"), layers),
        (format!("x = '{}'", hex::encode(STANDARD.encode(&token))), layers),
    ] {
        let found = find("a.yaml", format!("first\n{text}").as_bytes());
        let told: Vec<_> = found.iter().map(|seen| (seen.rule.id, seen.line)).collect();
        let line = if text.starts_with("a: |") { 3 } else { 2 };
        assert_eq!(told, [("github-token", line)], "{text}");
        let bare = find("", token.as_bytes());
        assert_eq!(found[0].shown.fingerprint, bare[0].shown.fingerprint, "{text}");
        let shown = found[0].shown.to_string();
        assert!(shown.starts_with("ghp_…") && shown.contains(how), "{shown}: {text}");
    }
    let found = find("a.yaml", format!("tls.key: {}\n", STANDARD.encode(key())).as_bytes());
    assert_eq!(found.iter().map(|seen| seen.rule.id).collect::<Vec<_>>(), ["private-key"]);
}

#[test]
fn every_secret_of_one_encoded_run_is_told_and_none_is_shown() {
    let text = format!("A={}\nB={}\n", token(), other_token());
    let line = format!("it said {} to me", STANDARD.encode(text));
    let found = find("a", line.as_bytes());
    assert_eq!(found.iter().map(|seen| seen.rule.id).collect::<Vec<_>>(), ["github-token", "gitlab-token"]);
    let shown = redacted(&line);
    assert!(
        shown.starts_with("it said [GitHub token: ghp_…") && shown.ends_with("in base64)] to me"),
        "{shown}"
    );
    assert!(shown.contains("[GitLab token: glpa…"), "{shown}");
}

#[test]
fn what_is_encoded_and_is_no_secret_is_none() {
    // Named values, placeholders, pictures, hashes and long names are no tokens.
    let picture: Vec<u8> = (0..200_u8).map(|byte| byte.wrapping_mul(37)).collect();
    let beginning = format!("{}_{}", "ghp", "x".repeat(36));
    for text in [
        STANDARD.encode("password = \"k3Jd9sLq0ZxVb7NmTyR2\" and more words"),
        STANDARD.encode(format!("postgres://admin:{}@db.internal:5432/x", &token()[4..16])),
        STANDARD.encode(&beginning),
        STANDARD.encode("a text of many words that holds nothing at all"),
        STANDARD.encode(&picture),
        hex::encode(&picture),
        hex::encode("a text of many words that holds nothing at all"),
        "thisIsTheVeryLongNameOfAFunctionThatNobodyWouldWrite".into(),
        "da39a3ee5e6b4b0d3255bfef95601890afd80709".into(),
        "/usr/share/doc/packages/some-library-with-a-name/README".into(),
        format!("x{}", hex::encode(token())),
        STANDARD.encode([token().as_bytes(), &[0, 1, 2]].concat()),
    ] {
        let found = find("a.ts", format!("x = '{text}'").as_bytes());
        assert!(found.is_empty(), "{text}: {found:?}");
    }
}

#[test]
fn encodings_are_undone_to_a_depth_and_no_further() {
    let mut text = token();
    for depth in 1..=5 {
        text = STANDARD.encode(text);
        assert_eq!(find("a", text.as_bytes()).len(), usize::from(depth <= 3), "{depth}");
    }
}

#[test]
fn ends_of_runs_and_of_texts_are_no_obstacle() {
    for text in ["", "=", "A", "\n\n", "====\n===="] {
        assert!(find("a", text.as_bytes()).is_empty(), "{text}");
    }
    for length in 0..200 {
        let lines = format!("{}\r\n\t{}\n", "A".repeat(length), "Q".repeat(200 - length));
        assert!(find("a", lines.as_bytes()).is_empty(), "{lines}");
        let text = STANDARD.encode(format!("{} {}", "w".repeat(length), token()));
        assert_eq!(find("a", text.as_bytes()).len(), 1, "{length}");
        assert_eq!(find("a", format!("{text}\n").as_bytes()).len(), 1, "{length}");
    }
}

#[test]
fn a_token_glued_to_what_stands_before_it_is_found() {
    let drawn = "k3Jd9sLq0ZxVb7NmTyR2wQe5HuCg8PfAoI1tW4rS6uXi";
    let upper = drawn.to_ascii_uppercase();
    for (prefix, rest, rule) in [
        ("ghp_", &drawn[..36], "github-token"),
        ("glpat-", &drawn[..20], "gitlab-token"),
        ("ATATT3x", drawn, "atlassian-token"),
        ("npm_", &drawn[..36], "npm-token"),
        ("sk_live_", &drawn[..24], "stripe-key"),
        ("AKIA", &upper[..16], "aws-access-key"),
        ("xoxb-", "7391846205-k3Jd9sLq0ZxVb7Nm", "slack-token"),
    ] {
        for before in ["prod_", "alice", "x = '"] {
            let found = find("a.db", format!("{before}{prefix}{rest}'").as_bytes());
            assert_eq!(found.iter().map(|seen| seen.rule.id).collect::<Vec<_>>(), [rule], "{before}{prefix}");
        }
    }
    // In a run of letters by chance, and in a name that is long.
    for text in [format!("QWERTYAKIA{}", &upper[..16]), "task_test_aLongerNameOf1".to_owned()] {
        assert!(find("a.ts", text.as_bytes()).is_empty(), "{text}");
    }
}
