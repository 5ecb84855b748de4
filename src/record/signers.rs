//! Who may sign: an `allowed_signers` file, as ssh-keygen(1) describes it, and a list of revoked keys. What
//! ssh-keygen would read by this machine's time zone, or gonogo cannot honour, is refused with its line.

mod pattern;

use std::{collections::BTreeMap, path::Path};

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use ssh_key::PublicKey;

use super::{
    RecordError,
    sshsig::{NAMESPACE, fingerprint},
};

/// A larger file of signers is none of ours. Bytes.
pub const LARGEST_SIGNERS: u64 = 4 << 20;

/// The people who may sign, and with which keys.
#[derive(Clone, Debug, Default)]
pub struct AllowedSigners {
    signers: Vec<Signer>,
}

#[derive(Clone, Debug)]
struct Signer {
    line: usize,
    principals: String,
    namespaces: Option<String>,
    valid_after: Option<Timestamp>,
    valid_before: Option<Timestamp>,
    fingerprint: String,
    is_authority: bool,
}

/// What an `allowed_signers` file says of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may sign.
    Allowed,
    /// It may not, for this reason.
    Refused(String),
    /// It might have, until then.
    Expired(Timestamp),
}

impl AllowedSigners {
    /// Reads a file's bytes; `path` is its name in errors.
    ///
    /// # Errors
    /// They are no text, or the line that cannot be honoured.
    pub fn parse(path: &Path, bytes: impl AsRef<[u8]>) -> Result<Self, RecordError> {
        let signers = told(text(path, bytes.as_ref())?)
            .map(|(line, text)| Signer::parse(line, text).map_err(|what| at(path, Some(line), &what)));
        Ok(Self { signers: signers.collect::<Result<_, _>>()? })
    }

    /// Whether `principal` may sign with this key, having signed at one time, seen from another.
    #[must_use]
    pub fn standing(
        &self,
        principal: &str,
        key: &PublicKey,
        signed_at: Timestamp,
        at: Timestamp,
    ) -> Standing {
        let print = fingerprint(key);
        let of_key = || self.signers.iter().filter(|signer| signer.fingerprint == print);
        let known = of_key().filter(|signer| pattern::lists(&signer.principals, principal));
        // The best of what the lines say: one that allows outweighs one that has expired.
        let mut refused = None;
        for signer in known {
            match signer.standing(signed_at, at) {
                Standing::Allowed => return Standing::Allowed,
                Standing::Expired(when) => refused = Some(Standing::Expired(when)),
                Standing::Refused(why) => refused = refused.or(Some(Standing::Refused(why))),
            }
        }
        refused.unwrap_or_else(|| {
            let whose = of_key().map(|signer| signer.principals.as_str()).collect::<Vec<_>>().join(", ");
            Standing::Refused(match whose.is_empty() {
                true => "the key is not among the allowed signers".to_owned(),
                false => format!("the key is {whose}'s by the allowed signers, not {principal}'s"),
            })
        })
    }
}

impl Signer {
    fn parse(line: usize, text: &str) -> Result<Self, String> {
        let (principals, rest) = word(text);
        let (options, key) = match key_at(rest) {
            true => ("", rest),
            false => word(rest),
        };
        let expected = "expected `principals [options] keytype base64-key [comment]`";
        let key = PublicKey::from_openssh(key.trim()).map_err(|_| expected.to_owned())?;
        if principals.is_empty() {
            return Err(expected.to_owned());
        }
        let mut signer = Self {
            line,
            principals: unquoted(principals),
            namespaces: None,
            valid_after: None,
            valid_before: None,
            fingerprint: fingerprint(&key),
            is_authority: false,
        };
        let mut seen = BTreeMap::new();
        for option in split_unquoted(options, ',').filter(|option| !option.is_empty()) {
            let (name, value) = option.split_once('=').map_or((option, None), |(n, v)| (n, Some(v)));
            let name = name.to_ascii_lowercase();
            if seen.insert(name.clone(), ()).is_some() {
                return Err(format!("the option {name} stands twice"));
            }
            match (name.as_str(), value.map(unquoted)) {
                ("cert-authority", None) => signer.is_authority = true,
                ("namespaces", Some(list)) => signer.namespaces = Some(list),
                ("valid-after", Some(time)) => signer.valid_after = Some(instant(&time)?),
                ("valid-before", Some(time)) => signer.valid_before = Some(instant(&time)?),
                _ => return Err(format!("gonogo does not know the option {option:?}")),
            }
        }
        Ok(signer)
    }

    fn standing(&self, signed_at: Timestamp, at: Timestamp) -> Standing {
        // No path: a verdict says the same wherever the file lies.
        let place = format!("line {} of the allowed signers", self.line);
        if self.is_authority {
            return Standing::Refused(format!(
                "{place} is a certificate authority, which gonogo does not follow"
            ));
        }
        if self.namespaces.as_ref().is_some_and(|list| !pattern::lists(list, NAMESPACE)) {
            return Standing::Refused(format!("{place} does not allow the namespace {NAMESPACE}"));
        }
        if let Some(after) = self.valid_after.filter(|after| signed_at < *after || at < *after) {
            return Standing::Refused(format!("{place} is valid after {after} only"));
        }
        match self.valid_before.filter(|before| signed_at >= *before || at >= *before) {
            Some(before) => Standing::Expired(before),
            None => Standing::Allowed,
        }
    }
}

/// Keys that may sign no more.
#[derive(Clone, Debug, Default)]
pub struct Revoked {
    fingerprints: Vec<String>,
}

impl Revoked {
    /// Reads a list's bytes, a public key or a `SHA256:…` fingerprint a line; `path` is its name in errors.
    ///
    /// # Errors
    /// They are no text but a binary KRL, say, or the line that is neither a key nor a fingerprint.
    pub fn parse(path: &Path, bytes: impl AsRef<[u8]>) -> Result<Self, RecordError> {
        if bytes.as_ref().starts_with(b"SSHKRL\n\0") {
            let what = "it is a binary KRL, which gonogo does not read: list the public keys, one a line \
                        (ssh-keygen reads such a list, too)";
            return Err(at(path, None, what));
        }
        let fingerprints = told(text(path, bytes.as_ref())?).map(|(line, text)| {
            if let Ok(print) = text.parse::<ssh_key::Fingerprint>()
                && print.is_sha256()
            {
                return Ok(print.to_string());
            }
            let expected = "expected a public key or a `SHA256:…` fingerprint";
            let key = PublicKey::from_openssh(text).map_err(|_| at(path, Some(line), expected))?;
            Ok(fingerprint(&key))
        });
        Ok(Self { fingerprints: fingerprints.collect::<Result<_, RecordError>>()? })
    }

    /// Whether the key, by its fingerprint, is among them.
    #[must_use]
    pub fn has(&self, fingerprint: &str) -> bool {
        self.fingerprints.iter().any(|revoked| revoked == fingerprint)
    }
}

/// The lines that say something, with their numbers.
fn told(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

fn text<'a>(path: &Path, bytes: &'a [u8]) -> Result<&'a str, RecordError> {
    str::from_utf8(bytes).map_err(|_| at(path, None, "it is not text in UTF-8"))
}

fn at(path: &Path, line: Option<usize>, what: &str) -> RecordError {
    let place = path.display();
    let place = line.map_or_else(|| place.to_string(), |line| format!("{place}:{line}"));
    RecordError::Unsound { place, what: what.to_owned() }
}

/// The first word, in which blanks may stand between quotes, and the rest.
fn word(text: &str) -> (&str, &str) {
    let mut is_quoted = false;
    let end = text.find(|c: char| {
        is_quoted ^= c == '"';
        !is_quoted && c.is_ascii_whitespace()
    });
    let (word, rest) = text.split_at(end.unwrap_or(text.len()));
    (word, rest.trim_start())
}

/// Whether a key, and no option, begins here.
fn key_at(text: &str) -> bool {
    ["ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-"].iter().any(|kind| text.starts_with(kind))
}

fn split_unquoted(text: &str, at: char) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    text.split(move |c: char| {
        is_quoted ^= c == '"';
        !is_quoted && c == at
    })
}

fn unquoted(text: &str) -> String {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inner.unwrap_or(text).to_owned()
}

/// `YYYYMMDD[HHMM[SS]]Z`. Without the `Z`, ssh-keygen would ask this machine's time zone.
fn instant(text: &str) -> Result<Timestamp, String> {
    let expected = || {
        format!(
            "{text:?} is no time: expected YYYYMMDDZ or YYYYMMDDHHMM[SS]Z, in UTC (without the Z it \
                 would depend on a machine's time zone)"
        )
    };
    let digits = text.strip_suffix('Z').filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
    let digits = digits.ok_or_else(expected)?;
    let whole = match digits.len() {
        8 => format!("{digits}000000"),
        12 => format!("{digits}00"),
        14 => digits.to_owned(),
        _ => return Err(expected()),
    };
    let time = DateTime::strptime("%Y%m%d%H%M%S", &whole).map_err(|_| expected())?;
    let zoned = time.to_zoned(TimeZone::UTC).map_err(|_| expected())?;
    Ok(zoned.timestamp())
}

#[cfg(test)]
mod tests;
