//! Takes secrets out of what a process says, before any of it is kept. What it cannot know, it guesses by
//! shape, and rather once too often.

use std::sync::LazyLock;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use regex::{Captures, Regex};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Long runs of what tokens are made of.
static TOKEN_LIKE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[A-Za-z0-9_\-.=+~]{24,}").ok());

/// Shorter than this, a writing of a secret may stand in a text by chance.
const LEAST_CHARS: usize = 12;

/// Whether one of the secrets stands in the text, as it is or in a writing that anybody can undo.
pub(super) fn holds(text: &str, secrets: &[SecretString]) -> bool {
    secrets.iter().map(ExposeSecret::expose_secret).any(|secret| {
        !secret.is_empty() && (text.contains(secret) || writings(secret).iter().any(|w| text.contains(w)))
    })
}

/// A secret backwards, in hexadecimal, percent-encoded and in Base64, whatever stands before and after it.
fn writings(secret: &str) -> Vec<String> {
    let percent = |byte: &u8| format!("%{byte:02X}");
    let mut all = vec![
        secret.chars().rev().collect(),
        hex::encode(secret),
        hex::encode_upper(secret),
        secret.as_bytes().iter().map(percent).collect(),
    ];
    for before in 0..3 {
        let mut bytes = vec![0; before];
        bytes.extend_from_slice(secret.as_bytes());
        // The characters that hold bits of the secret alone.
        let own = (before * 4).div_ceil(3)..bytes.len() / 3 * 4;
        all.extend(
            [STANDARD.encode(&bytes), URL_SAFE.encode(&bytes)]
                .iter()
                .filter_map(|w| w.get(own.clone()))
                .map(str::to_owned),
        );
    }
    all.retain(|writing| writing.len() >= LEAST_CHARS);
    all
}

/// `text` without the secrets, fingerprints in their places.
pub(super) fn known(text: &str, secrets: &[SecretString]) -> String {
    let mut text = text.to_owned();
    for secret in secrets {
        let secret = secret.expose_secret();
        if !secret.is_empty() && text.contains(secret) {
            text = text.replace(secret, &fingerprint(secret));
        }
        for writing in writings(secret) {
            if text.contains(&writing) {
                text = text.replace(&writing, &fingerprint(secret));
            }
        }
    }
    text
}

/// `text` without the secrets and without anything that looks like a token.
pub(super) fn suspected(text: &str, secrets: &[SecretString]) -> String {
    let text = known(text, secrets);
    let Some(token_like) = &*TOKEN_LIKE else { return String::new() };
    let replaced = token_like.replace_all(&text, |found: &Captures<'_>| {
        let run = &found[0];
        // Words, dotted names and underlines carry no digits; tokens do.
        if run.bytes().any(|b| b.is_ascii_digit()) { fingerprint(run) } else { run.to_owned() }
    });
    replaced.into_owned()
}

/// `value` with every text in it scrubbed of the secrets, names of fields included.
pub(super) fn value(value: Value, secrets: &[SecretString]) -> Value {
    match value {
        Value::String(text) => known(&text, secrets).into(),
        Value::Array(items) => items.into_iter().map(|item| self::value(item, secrets)).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, field)| (known(&name, secrets), self::value(field, secrets)))
            .collect(),
        other => other,
    }
}

/// As everywhere in gonogo: the first 12 hexadecimal digits of SHA-256.
fn fingerprint(secret: &str) -> String {
    let digest = hex::encode(Sha256::digest(secret));
    format!("[secret {}]", &digest[..12])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn no_secret_and_nothing_like_one_is_left() {
        let secrets = [SecretString::from("abc/short")];
        let kept = suspected("token abc/short, Bearer mock-access-0123456789abcdef0123 at line 3", &secrets);
        assert!(!kept.contains("abc/short") && !kept.contains("0123456789"), "{kept}");
        assert!(kept.starts_with("token [secret ") && kept.ends_with(" at line 3"), "{kept}");
        let plain = "File \"/usr/lib/python3/http/client.py\", line 1283, in a_function_with_a_long_name";
        assert_eq!(suspected(plain, &secrets), plain);
    }

    #[test]
    fn a_secret_is_seen_in_every_writing_that_anybody_can_undo() {
        let secret = "mock-access-0f1e2d3c4b5a";
        let secrets = [SecretString::from(secret)];
        let packed = |before: &str| STANDARD.encode(format!("{before}{secret}\"}}"));
        let backwards: String = secret.chars().rev().collect();
        for text in
            [secret.to_owned(), backwards, hex::encode(secret), packed(""), packed("{"), packed("{\"")]
        {
            assert!(holds(&format!("a {text} b"), &secrets), "{text}");
            assert!(!holds(&known(&text, &secrets), &secrets), "{text}");
        }
        assert!(!holds("nothing of the kind, only words and 0f1e2d", &secrets));
    }

    #[test]
    fn a_value_is_scrubbed_to_its_leaves() {
        let secrets = [SecretString::from("s3cret")];
        let scrubbed = value(json!({"s3cret": ["a s3cret b", 1, {"x": "s3cret"}]}), &secrets).to_string();
        assert!(!scrubbed.contains("s3cret"), "{scrubbed}");
    }
}
