//! Positions into cursors: opaque, authenticated, bound to tenant and query.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::app::port::{CursorError, CursorSealer};

/// The format that is written, and the only one that is read.
const FORMAT: u8 = 1;
const LENGTH_BYTES: usize = 4;
const MAC_BYTES: usize = 32;

/// Cursors under a secret key: base64url of format, length of the position, position, and an HMAC-SHA256
/// over format, tenant, query and position, each with its length before it.
pub struct SealedCursors {
    key: SecretString,
}

impl SealedCursors {
    /// Cursors of workers with the same key open each other's.
    #[must_use]
    pub fn new(key: SecretString) -> Self {
        Self { key }
    }

    fn mac(&self, tenant: &str, query: &str, position: &[u8]) -> [u8; MAC_BYTES] {
        // HMAC takes a key of any length; hashing first would hide nothing and the error cannot happen,
        // so an all-zero tag, which opens nothing, stands in for it.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.key.expose_secret().as_bytes()) else {
            return [0; MAC_BYTES];
        };
        for part in [&[FORMAT][..], tenant.as_bytes(), query.as_bytes(), position] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for SealedCursors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedCursors")
    }
}

impl CursorSealer for SealedCursors {
    fn seal(&self, tenant: &str, query: &str, position: &str) -> String {
        let position = position.as_bytes();
        let length = u32::try_from(position.len()).unwrap_or(u32::MAX);
        let mut bytes = vec![FORMAT];
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(position);
        bytes.extend_from_slice(&self.mac(tenant, query, position));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn open(&self, tenant: &str, query: &str, cursor: &str) -> Result<String, CursorError> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| CursorError::Malformed)?;
        let (&format, rest) = bytes.split_first().ok_or(CursorError::Malformed)?;
        if format != FORMAT {
            return Err(CursorError::StaleFormat);
        }
        let (length, rest) = rest.split_first_chunk::<LENGTH_BYTES>().ok_or(CursorError::Malformed)?;
        let (position, tag) = rest.split_last_chunk::<MAC_BYTES>().ok_or(CursorError::Malformed)?;
        if u32::from_be_bytes(*length) as usize != position.len() {
            return Err(CursorError::Malformed);
        }
        if !bool::from(self.mac(tenant, query, position).ct_eq(tag)) {
            return Err(CursorError::Foreign);
        }
        String::from_utf8(position.to_vec()).map_err(|_| CursorError::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursors(key: &str) -> SealedCursors {
        SealedCursors::new(SecretString::from(key.to_owned()))
    }

    #[test]
    fn a_cursor_opens_for_its_own_tenant_and_query_alone() {
        let ours = cursors("k");
        let cursor = ours.seal("a", "bc", "2026|17");
        let rows = [
            ("k", "a", "bc", Ok("2026|17".to_owned())),
            ("k", "b", "bc", Err(CursorError::Foreign)),
            ("k", "a", "b", Err(CursorError::Foreign)),
            ("k", "ab", "c", Err(CursorError::Foreign)),
            ("other", "a", "bc", Err(CursorError::Foreign)),
        ];
        for (key, tenant, query, expected) in rows {
            assert_eq!(cursors(key).open(tenant, query, &cursor), expected, "{key} {tenant} {query}");
        }
    }

    #[test]
    fn every_truncation_is_malformed_and_every_changed_bit_is_refused() {
        let ours = cursors("k");
        let cursor = ours.seal("t", "q", "position");
        for end in 0..cursor.len() {
            assert_eq!(ours.open("t", "q", &cursor[..end]), Err(CursorError::Malformed), "{end}");
        }
        let bytes = URL_SAFE_NO_PAD.decode(&cursor).expect("our own");
        for bit in 0..bytes.len() * 8 {
            let mut forged = bytes.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            let forged = URL_SAFE_NO_PAD.encode(forged);
            assert!(ours.open("t", "q", &forged).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn what_is_no_cursor_and_what_is_an_old_one_are_told_apart() {
        let ours = cursors("k");
        let rows = [
            ("", CursorError::Malformed),
            ("not a cursor!", CursorError::Malformed),
            ("AA", CursorError::StaleFormat),
            ("Ag", CursorError::StaleFormat),
            ("AQ", CursorError::Malformed),
        ];
        for (cursor, expected) in rows {
            assert_eq!(ours.open("t", "q", cursor), Err(expected), "{cursor}");
        }
    }

    #[test]
    fn the_key_is_not_printed() {
        assert!(!format!("{:?}", cursors("hush-hush")).contains("hush"));
    }
}
