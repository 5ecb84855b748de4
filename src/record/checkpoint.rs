//! The checkpoint: how many entries a ledger has and their root, as a signed note
//! (<https://c2sp.org/tlog-checkpoint>, <https://c2sp.org/signed-note>). One signature, the record's own.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

use super::{
    key::{PublicKey, SealingKey},
    merkle::Hash,
};

/// What the log is called; the key bears the same name.
pub const ORIGIN: &str = "gonogo.record/1";
/// The signature type of Ed25519 in a signed note.
const ED25519: u8 = 1;

/// What a checkpoint says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// How many entries.
    pub size: u64,
    /// Their RFC 6962 root.
    pub root: Hash,
}

impl Checkpoint {
    /// What is signed.
    fn body(&self) -> String {
        format!("{ORIGIN}\n{}\n{}\n", self.size, STANDARD.encode(self.root))
    }

    /// The file's text.
    #[must_use]
    pub fn sign(&self, key: &SealingKey) -> String {
        let body = self.body();
        let mut signature = key_hash(&key.public()).to_vec();
        signature.extend_from_slice(&key.sign(body.as_bytes()));
        format!("{body}\n— {ORIGIN} {}\n", STANDARD.encode(signature))
    }

    /// Reads a file's text and checks the signature.
    ///
    /// # Errors
    /// In words, what is wrong: its form, or that it is not this key's.
    pub fn open(text: &str, key: &PublicKey) -> Result<Self, String> {
        let malformed = || "it is no signed checkpoint of a gonogo record".to_owned();
        let (body, signatures) = text.split_once("\n\n").ok_or_else(malformed)?;
        let lines: Vec<&str> = body.split('\n').collect();
        let [origin, size, root] = lines[..] else { return Err(malformed()) };
        if origin != ORIGIN {
            return Err(format!("its origin is {origin:?}; expected {ORIGIN:?}"));
        }
        let size = size.parse().map_err(|_| malformed())?;
        let root = STANDARD.decode(root).ok().and_then(|root| root.try_into().ok()).ok_or_else(malformed)?;
        let checkpoint = Self { size, root };
        let signed = signatures.strip_suffix('\n').and_then(|line| line.strip_prefix("— ")?.split_once(' '));
        let Some((ORIGIN, signature)) = signed else { return Err(malformed()) };
        let signature = STANDARD.decode(signature).map_err(|_| malformed())?;
        let (hash, signature) = signature.split_first_chunk::<4>().ok_or_else(malformed)?;
        let signature = <&[u8; 64]>::try_from(signature).map_err(|_| malformed())?;
        // A size like 007 is signed as it stands by nobody.
        if format!("{body}\n") != checkpoint.body() {
            return Err(malformed());
        }
        if *hash != key_hash(key) || !key.signed(checkpoint.body().as_bytes(), signature) {
            return Err("its signature is not by the key".to_owned());
        }
        Ok(checkpoint)
    }
}

/// The first four bytes of SHA-256 over name, newline, type and key.
fn key_hash(key: &PublicKey) -> [u8; 4] {
    let hash = Sha256::new_with_prefix(ORIGIN).chain_update([b'\n', ED25519]).chain_update(key.bytes());
    let [a, b, c, d, ..] = <[u8; 32]>::from(hash.finalize());
    [a, b, c, d]
}

/// The key as verifiers of signed notes take it: `<name>+<hash>+<base64>`.
#[must_use]
pub fn verifier_key(key: &PublicKey) -> String {
    let typed: Vec<u8> = [ED25519].into_iter().chain(key.bytes()).collect();
    format!("{ORIGIN}+{}+{}", hex::encode(key_hash(key)), STANDARD.encode(typed))
}

#[cfg(test)]
mod tests {
    use super::{super::key::tests::sealing_key, *};

    #[test]
    fn a_checkpoint_is_a_signed_note() {
        let key = sealing_key();
        let checkpoint = Checkpoint { size: 7, root: [0xab; 32] };
        let text = checkpoint.sign(&key);
        let expected =
            "gonogo.record/1\n7\nq6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=\n\n— gonogo.record/1 ";
        assert!(text.starts_with(expected) && text.ends_with("\n"), "{text}");
        assert_eq!(Checkpoint::open(&text, &key.public()), Ok(checkpoint));
    }

    #[test]
    fn every_changed_byte_of_a_checkpoint_shows() {
        let key = sealing_key();
        let text = Checkpoint { size: 1234, root: [7; 32] }.sign(&key).into_bytes();
        for place in 0..text.len() {
            for bit in 0..8 {
                let mut changed = text.clone();
                changed[place] ^= 1 << bit;
                let opened = String::from_utf8(changed).map(|text| Checkpoint::open(&text, &key.public()));
                assert!(!matches!(opened, Ok(Ok(_))), "byte {place}, bit {bit}");
            }
        }
    }

    #[test]
    fn a_checkpoint_with_another_size_spelling_or_more_behind_it_is_refused() {
        let key = sealing_key();
        let text = Checkpoint { size: 7, root: [7; 32] }.sign(&key);
        let twice = format!("{text}{}", text.lines().last().unwrap_or_default());
        for text in [text.replace("\n7\n", "\n07\n"), twice, format!("{text}\n"), String::new()] {
            assert!(Checkpoint::open(&text, &key.public()).is_err(), "{text}");
        }
    }
}
