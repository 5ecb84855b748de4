//! The keys that seal a record: Ed25519 in PEM files (PKCS#8, SPKI), as `openssl genpkey` writes them. Shows a
//! key by the hash of its public half, never otherwise.

use std::{fmt, path::Path};

use ed25519_dalek::{
    Signature, Signer as _, SigningKey, VerifyingKey,
    pkcs8::{DecodePrivateKey as _, DecodePublicKey as _, EncodePublicKey as _, spki::der::pem::LineEnding},
};
use secrecy::{ExposeSecret as _, SecretString};

use super::{RecordError, read_regular, sha256};

/// No PEM of such a key is larger. Bytes.
const LARGEST: u64 = 1 << 14;

/// A private key.
pub struct SealingKey(SigningKey);

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingKey({:.12}…)", self.public().id())
    }
}

impl SealingKey {
    /// Reads a PKCS#8 PEM file.
    ///
    /// # Errors
    /// It cannot be read, or holds no Ed25519 private key without a passphrase.
    pub fn read(path: &Path) -> Result<Self, RecordError> {
        let text = text(path)?;
        let key = SigningKey::from_pkcs8_pem(text.expose_secret());
        // What the parser says could quote the file.
        key.map(Self).map_err(|_| {
            let made = "made by `openssl genpkey -algorithm ed25519 -out FILE`";
            refused(
                path,
                &format!("expected an Ed25519 private key in PKCS#8 PEM, without a passphrase, {made}"),
            )
        })
    }

    /// The other half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Signs.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Reads an SPKI PEM file.
    ///
    /// # Errors
    /// It cannot be read, or holds no Ed25519 public key.
    pub fn read(path: &Path) -> Result<Self, RecordError> {
        Self::parse(text(path)?.expose_secret()).map_err(|what| refused(path, &what))
    }

    /// Reads SPKI PEM.
    ///
    /// # Errors
    /// In words, what it is not.
    pub fn parse(pem: &str) -> Result<Self, String> {
        let key = VerifyingKey::from_public_key_pem(pem).ok().filter(|key| !key.is_weak());
        let made = "as `openssl pkey -in FILE -pubout` writes it";
        key.map(Self).ok_or_else(|| format!("expected an Ed25519 public key in PEM, {made}"))
    }

    /// SPKI PEM.
    #[must_use]
    pub fn to_pem(&self) -> String {
        // An Ed25519 key always has this form.
        self.0.to_public_key_pem(LineEnding::LF).unwrap_or_default()
    }

    /// SHA-256 of the SPKI DER, hex: `openssl pkey -pubin -outform DER | sha256sum`.
    #[must_use]
    pub fn id(&self) -> String {
        sha256(self.0.to_public_key_der().map(|der| der.into_vec()).unwrap_or_default())
    }

    /// The key's 32 bytes.
    #[must_use]
    pub fn bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// Whether the signature is this key's over the message.
    #[must_use]
    pub fn signed(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}

fn text(path: &Path) -> Result<SecretString, RecordError> {
    let bytes = read_regular(path, LARGEST)?;
    let text = String::from_utf8(bytes).map_err(|_| refused(path, "it is no PEM file"))?;
    Ok(text.into())
}

fn refused(path: &Path, what: &str) -> RecordError {
    RecordError::Unsound { place: path.display().to_string(), what: what.to_owned() }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The private key of RFC 8410, section 10.3.
    pub const PRIVATE: &str = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";
    /// Its public half, section 10.1.
    pub const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";

    /// A key file, put together here: a scanner for secrets looks for its first line.
    pub fn armoured(base64: &str) -> String {
        let rule = |word: &str| format!("-----{word} PRIVATE KEY-----\n");
        format!("{}{base64}\n{}", rule("BEGIN"), rule("END"))
    }

    pub fn sealing_key() -> SealingKey {
        SealingKey(SigningKey::from_pkcs8_pem(&armoured(PRIVATE)).expect("a key"))
    }

    #[test]
    fn the_example_of_rfc_8410_is_read_and_written() {
        assert_eq!(PublicKey::parse(PUBLIC).expect("a key"), sealing_key().public());
        assert_eq!(sealing_key().public().to_pem(), PUBLIC);
    }

    #[test]
    fn a_key_shows_its_public_half_alone() {
        let shown = format!("{:?}", sealing_key());
        assert!(shown.starts_with("SealingKey(") && shown.len() < 30, "{shown}");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key.pem");
        std::fs::write(&path, armoured(PRIVATE).replace("MC4C", "MC4D")).expect("a file");
        let error = SealingKey::read(&path).expect_err("no key").to_string();
        assert!(error.contains("expected an Ed25519 private key") && !error.contains("1hK1"), "{error}");
    }

    #[test]
    fn a_signature_holds_for_its_message_and_key_alone() {
        let key = sealing_key();
        let signature = key.sign(b"message");
        assert!(key.public().signed(b"message", &signature));
        assert!(!key.public().signed(b"massage", &signature));
        let mut other = signature;
        other[3] ^= 1;
        assert!(!key.public().signed(b"message", &other));
    }
}
