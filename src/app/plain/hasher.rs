//! A snapshot's content into its hash: SHA-256 over canonical JSON. It never sees the time or the order
//! in which content came.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::app::port::ContentHasher;

/// Beyond this, JSON's numbers are not exact everywhere (RFC 8785, section 3.2.2.3; RFC 7493, section 2.2).
const EXACT: u64 = (1 << 53) - 1;

/// SHA-256 over RFC 8785; the time is not part of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct CanonicalHasher;

impl ContentHasher for CanonicalHasher {
    fn hash(&self, content: &Value, _taken_at: Timestamp) -> String {
        canonical_hash(content)
    }
}

/// Lower-case hex of SHA-256 over the canonical form (RFC 8785) of `content`.
///
/// RFC 8785 would round integers beyond 2^53, so that different content hashed alike. Such an integer is
/// admitted as text instead, as `{"#integer": "9007199254740993"}`; names that begin with `#` get another
/// `#` before them, so nothing else can look like it. Non-finite numbers cannot be in a `Value`.
#[must_use]
pub fn canonical_hash(content: &Value) -> String {
    let admitted = admit(content);
    // A `Value` always has a canonical form; its plain text, sorted by the map, stands in all the same.
    let bytes =
        serde_json_canonicalizer::to_vec(&admitted).unwrap_or_else(|_| admitted.to_string().into_bytes());
    hex::encode(Sha256::digest(&bytes))
}

fn admit(value: &Value) -> Value {
    match value {
        Value::Number(number) => {
            let exact = number.as_u64().is_none_or(|n| n <= EXACT)
                && number.as_i64().is_none_or(|n| n.unsigned_abs() <= EXACT);
            if exact { value.clone() } else { json!({ "#integer": number.to_string() }) }
        }
        Value::Array(items) => Value::Array(items.iter().map(admit).collect()),
        Value::Object(fields) => {
            let name = |name: &String| if name.starts_with('#') { format!("#{name}") } else { name.clone() };
            Value::Object(fields.iter().map(|(n, v)| (name(n), admit(v))).collect::<Map<_, _>>())
        }
        Value::Null | Value::Bool(_) | Value::String(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> String {
        canonical_hash(&serde_json::from_str(text).expect("JSON"))
    }

    #[test]
    fn equal_content_hashes_alike_however_it_is_written() {
        let rows = [
            (r#"{"a":1,"b":[1,2]}"#, r#"{ "b" : [1, 2], "a" : 1 }"#),
            (r#"{"n":1.0}"#, r#"{"n":1}"#),
            (r#"{"n":1e2}"#, r#"{"n":100}"#),
            (r#"{"s":"\u00e9"}"#, r#"{"s":"é"}"#),
            ("9007199254740993", "9007199254740993"),
        ];
        for (a, b) in rows {
            assert_eq!(parsed(a), parsed(b), "{a} {b}");
        }
    }

    #[test]
    fn different_content_hashes_differently() {
        let texts = [
            "9007199254740992",
            "9007199254740993",
            "-9007199254740993",
            "18446744073709551615",
            r#""9007199254740993""#,
            r#"{"integer":"9007199254740993"}"#,
            r##"{"#integer":"9007199254740993"}"##,
            r###"{"##integer":"9007199254740993"}"###,
            "[1,2]",
            "[2,1]",
            "{}",
            "null",
            r#"{"a":null}"#,
            r#""é""#,
            r#""e\u0301""#,
        ];
        let mut hashes: Vec<String> = texts.iter().map(|text| parsed(text)).collect();
        hashes.sort();
        hashes.dedup();
        assert_eq!(hashes.len(), texts.len());
    }

    #[test]
    fn the_time_is_not_part_of_the_hash() {
        let content = json!({"fields": ["Team"]});
        let early = CanonicalHasher.hash(&content, Timestamp::UNIX_EPOCH);
        assert_eq!(early, CanonicalHasher.hash(&content, Timestamp::MAX));
        // The digest of `{"fields":["Team"]}` itself, so that every process and version agrees.
        assert_eq!(early, hex::encode(Sha256::digest(br#"{"fields":["Team"]}"#)));
    }
}
