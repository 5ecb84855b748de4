//! SSH signatures (SSHSIG, as `ssh-keygen -Y sign` makes them): signs and checks one signature over one text.
//! Whose key it is, and whether it may sign, is none of its business.

use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};
use ssh_key::{Algorithm, EcdsaCurve, HashAlg, LineEnding, PrivateKey, PublicKey, SshSig};

use super::{RecordError, read_regular};

/// What sign-offs are signed for: a signature for anything else is none.
pub const NAMESPACE: &str = "gonogo-signoff@v1";
/// No key file is larger. Bytes.
const LARGEST_KEY: u64 = 1 << 16;

/// A signature as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// `-----BEGIN SSH SIGNATURE-----` and on.
    pub pem: String,
    /// The key, `SHA256:…`.
    pub fingerprint: String,
}

/// A private SSH key.
pub struct SigningKey(PrivateKey);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", fingerprint(self.0.public_key()))
    }
}

impl SigningKey {
    /// Reads an OpenSSH private key file.
    ///
    /// # Errors
    /// It cannot be read, has a passphrase, or is of a kind that gonogo does not sign with.
    pub fn read(path: &Path) -> Result<Self, RecordError> {
        let refused = |what: String| RecordError::Unsound { place: path.display().to_string(), what };
        let bytes = read_regular(path, LARGEST_KEY)?;
        let text = String::from_utf8(bytes).map_err(|_| refused("it is no OpenSSH private key".into()))?;
        let text = SecretString::from(text);
        // What the parser says could quote the file.
        let key = PrivateKey::from_openssh(text.expose_secret())
            .map_err(|_| refused("expected an OpenSSH private key, as `ssh-keygen` writes it".into()))?;
        if key.is_encrypted() {
            return Err(refused(format!(
                "the key has a passphrase, which gonogo does not ask for: write the statement with `--to FILE`, \
                 sign it with `ssh-keygen -Y sign -n {NAMESPACE} -f {} FILE`, and hand it in with `--from FILE`",
                path.display()
            )));
        }
        usable(&key.algorithm()).map_err(refused)?;
        Ok(Self(key))
    }

    /// The key, `SHA256:…`.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(self.0.public_key())
    }

    /// What the file calls its owner; often empty.
    #[must_use]
    pub fn comment(&self) -> &str {
        self.0.comment()
    }

    /// Signs.
    ///
    /// # Errors
    /// In words, when the key cannot.
    pub fn sign(&self, message: &[u8]) -> Result<Signature, String> {
        let signed = self.0.sign(NAMESPACE, HashAlg::Sha512, message);
        let pem = signed.and_then(|signature| signature.to_pem(LineEnding::LF));
        let pem = pem.map_err(|error| format!("the key does not sign: {error}"))?;
        Ok(Signature { pem, fingerprint: self.fingerprint() })
    }
}

/// Checks a signature over a message; answers with the key that made it.
///
/// # Errors
/// In words: no signature, for another purpose, by a kind of key that gonogo refuses, or over something else.
pub fn check(pem: &[u8], message: &[u8]) -> Result<PublicKey, String> {
    let signature = SshSig::from_pem(pem).map_err(|_| "it is no SSH signature".to_owned())?;
    if signature.namespace() != NAMESPACE {
        return Err(format!("it is signed for {:?}; expected {NAMESPACE:?}", signature.namespace()));
    }
    let key = PublicKey::from(signature.public_key().clone());
    usable(&key.algorithm())?;
    if signature.algorithm() != key.algorithm() {
        return Err("the signature is of another kind than its key".to_owned());
    }
    let checked = key.verify(NAMESPACE, message, &signature);
    checked.map_err(|_| "the signature is not over this text".to_owned())?;
    Ok(key)
}

/// As `ssh-keygen -l` shows a key.
#[must_use]
pub fn fingerprint(key: &PublicKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

/// Refuses, in words, kinds of keys whose signatures gonogo does not check.
fn usable(algorithm: &Algorithm) -> Result<(), String> {
    match algorithm {
        Algorithm::Ed25519 | Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 } => Ok(()),
        Algorithm::Rsa { .. } => {
            Err("gonogo checks no RSA signatures (RUSTSEC-2023-0071): use ed25519 or ecdsa-p256".to_owned())
        }
        other => Err(format!("gonogo checks no {other} signatures: use ed25519 or ecdsa-p256")),
    }
}
