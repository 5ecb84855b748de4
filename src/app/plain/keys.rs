//! Parts into keys: injective, with usable prefixes, in the characters that Forge's key-value store allows.

use sha2::{Digest, Sha256};

use crate::app::port::KeyEncoder;

/// The longest encoded part that is written out; a longer one is replaced by its hash, so that five parts
/// and their family stay within the 500 characters of a Forge key.
const PART_LIMIT: usize = 80;

/// `family:part:part`. Letters, digits, `.`, `_` and `-` stand for themselves, any other byte is `#` and
/// two hex digits, and an over-long part is `##` and its SHA-256; `:` only ever separates. So no two lists
/// of parts share a key (short of a collision of SHA-256), whatever the parts hold.
///
/// Forge allows `[a-zA-Z0-9:._\s-#]`, at most 500 characters:
/// <https://developer.atlassian.com/platform/forge/runtime-reference/storage-api-basic/>.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlainKeys;

impl KeyEncoder for PlainKeys {
    fn key(&self, family: &str, parts: &[&str]) -> String {
        let mut key = family.to_owned();
        for part in parts {
            key.push(':');
            push_part(&mut key, part);
        }
        key
    }

    /// Covers the keys with at least one part more than `parts`.
    fn prefix(&self, family: &str, parts: &[&str]) -> String {
        let mut prefix = self.key(family, parts);
        prefix.push(':');
        prefix
    }
}

fn push_part(key: &mut String, part: &str) {
    let start = key.len();
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-') {
            key.push(char::from(byte));
        } else {
            key.push('#');
            key.push_str(&hex::encode([byte]));
        }
        if key.len() - start > PART_LIMIT {
            key.truncate(start);
            key.push_str("##");
            key.push_str(&hex::encode(Sha256::digest(part.as_bytes())));
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn separators_inside_parts_never_make_two_lists_share_a_key() {
        let lists: &[&[&str]] = &[
            &["a:b", "c"],
            &["a", "b:c"],
            &["a", "b", "c"],
            &["a#3ab", "c"],
            &["a:b:c"],
            &[],
            &[""],
            &["", ""],
            &["A:b", "c"],
            &["a b", "c"],
            &["a\u{202e}b", "c"],
            &["a\0b", "c"],
        ];
        let mut keys: Vec<String> = lists.iter().map(|parts| PlainKeys.key("f", parts)).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), lists.len());
    }

    #[test]
    fn a_plain_triple_reads_as_it_is() {
        assert_eq!(
            PlainKeys.key("snapshot_lock", &["acme", "daily", "2026-01-01"]),
            "snapshot_lock:acme:daily:2026-01-01"
        );
    }

    #[test]
    fn hostile_parts_stay_within_what_forge_allows() {
        let megabyte = "\u{202e}x".repeat(250_000);
        let other = format!("{megabyte}y");
        let key = PlainKeys.key("snapshot_lock", &[megabyte.as_str(); 5]);
        assert!(key.len() <= 500, "{}", key.len());
        assert_ne!(PlainKeys.key("f", &[&megabyte]), PlainKeys.key("f", &[&other]));
    }

    proptest! {
        #[test]
        fn keys_are_legal_injective_and_under_their_prefix(
            a in prop::collection::vec(any::<String>(), 1..4),
            b in prop::collection::vec(any::<String>(), 1..4),
        ) {
            let refs = |parts: &[String]| parts.to_vec();
            let (a, b) = (refs(&a), refs(&b));
            let a_refs: Vec<&str> = a.iter().map(String::as_str).collect();
            let b_refs: Vec<&str> = b.iter().map(String::as_str).collect();
            let key = PlainKeys.key("f", &a_refs);
            prop_assert!(key.bytes().all(|c| c.is_ascii_alphanumeric() || b":._-#".contains(&c)));
            prop_assert_eq!(a == b, key == PlainKeys.key("f", &b_refs));
            prop_assert!(key.starts_with(&PlainKeys.prefix("f", &a_refs[..a_refs.len() - 1])));
            let under_b = key.starts_with(&PlainKeys.prefix("f", &b_refs));
            prop_assert_eq!(under_b, a.len() > b.len() && a[..b.len()] == b[..]);
        }
    }
}
