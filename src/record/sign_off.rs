//! Sign-offs: what a person signs, how it comes into the record, and what becomes of it when something that
//! was signed changes. Which roles a release needs is not said here.

use std::{collections::BTreeMap, path::Path};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    AllowedSigners, BLOBS, RecordError, Revoked, canonical,
    entry::{Decision, Event, Opened, Signed},
    ledger::{Appender, Ledger},
    read_regular, sha256,
    signers::Standing as Signer,
    sshsig,
};

/// The version of [`Statement`]'s form.
pub const SCHEMA: &str = "gonogo.sign-off/1";
/// No statement and no signature is larger. Bytes.
const LARGEST: u64 = 4 << 20;
/// How far the clocks of two machines may be apart.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// What a person signs: canonical JSON, without a newline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// The commit that is released, if the record knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// What is decided.
    pub decision: Decision,
    /// What the decision rests on, by name: SHA-256 of evidence and imported files, waivers in words.
    pub inputs: BTreeMap<String, String>,
    /// In the person's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Who decides.
    pub principal: String,
    /// The release's version, if the record knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// As what.
    pub role: String,
    /// RFC 6962 root of the ledger that was seen, hex.
    pub root: String,
    /// [`SCHEMA`].
    pub schema: String,
    /// By the clock of whoever signs.
    pub signed_at: Timestamp,
    /// How many lines the ledger had.
    pub size: u64,
    /// The verdict that was seen; none before there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
}

/// Who decides what.
#[derive(Clone, Debug)]
pub struct Intent<'a> {
    /// As what.
    pub role: &'a str,
    /// Who.
    pub principal: &'a str,
    /// What.
    pub decision: Decision,
    /// In their own words; needed for all but an approval.
    pub note: Option<&'a str>,
}

impl Statement {
    /// The statement about a record as it is now.
    ///
    /// # Errors
    /// The record has no whole ledger, or the intent lacks what it needs.
    pub fn about(record: &Path, intent: &Intent<'_>, at: Timestamp) -> Result<Self, RecordError> {
        let ledger = Ledger::read(record)?;
        let refused = |what: &str| {
            Err(RecordError::Unsound { place: format!("a sign-off as {:?}", intent.role), what: what.into() })
        };
        if intent.role.trim().is_empty() || intent.principal.trim().is_empty() {
            return refused("role and principal must say something");
        }
        let note = intent.note.map(str::trim).filter(|note| !note.is_empty());
        if note.is_none() && intent.decision != Decision::Approve {
            return refused(&format!("to {} takes a reason: give a note", intent.decision.word()));
        }
        let verdict = last_verdict(&ledger);
        let opened = opened(&ledger);
        Ok(Self {
            commit: opened.commit,
            decision: intent.decision,
            inputs: inputs(&ledger),
            note: note.map(str::to_owned),
            principal: intent.principal.to_owned(),
            release: opened.release,
            role: intent.role.to_owned(),
            root: hex::encode(ledger.root()),
            schema: SCHEMA.to_owned(),
            signed_at: at,
            size: ledger.size(),
            verdict,
        })
    }

    /// The bytes that are signed.
    ///
    /// # Errors
    /// A record of more entries than a number can hold.
    pub fn to_bytes(&self) -> Result<Vec<u8>, canonical::Inadmissible> {
        canonical::to_bytes(self)
    }

    /// Reads what was signed.
    ///
    /// # Errors
    /// In words, what it is not.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let statement: Self = canonical::from_bytes(bytes).map_err(|error| error.to_string())?;
        match statement.schema == SCHEMA {
            true => Ok(statement),
            false => Err(format!("unknown schema {:?}; expected {SCHEMA:?}", statement.schema)),
        }
    }
}

/// Takes a signed statement into the record. What it is worth shows when it is verified; here it must only be
/// what it says, and about this record.
///
/// # Errors
/// The signature is not over the statement, the statement is about another record, or the disk is full.
pub fn add(record: &Path, statement: &[u8], signature: &[u8], at: Timestamp) -> Result<Signed, RecordError> {
    let refused = |what: String| RecordError::Unsound { place: "the sign-off".to_owned(), what };
    let told = Statement::parse(statement).map_err(refused)?;
    let key = sshsig::check(signature, statement).map_err(refused)?;
    let mut appender = Appender::open(record)?;
    changed(appender.ledger(), &told, appender.ledger().size()).map_or(Ok(()), |what| Err(refused(what)))?;
    let signed = Signed {
        decision: told.decision,
        fingerprint: sshsig::fingerprint(&key),
        principal: told.principal,
        role: told.role,
        signature: sha256(signature),
        statement: sha256(statement),
    };
    for (name, body) in [(&signed.statement, statement), (&signed.signature, signature)] {
        super::ledger::replace(&record.join(BLOBS).join(name), body)?;
    }
    appender.append(event(signed.clone()), at)?;
    appender.commit()?;
    Ok(signed)
}

fn event(signed: Signed) -> Event {
    match signed.decision {
        Decision::BreakGlass => Event::BreakGlass(signed),
        Decision::Approve | Decision::Reject => Event::SignOff(signed),
    }
}

/// A sign-off in a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignOff {
    /// The line it stands in, from 1.
    pub line: u64,
    /// As what.
    pub role: String,
    /// Who.
    pub principal: String,
    /// What was decided.
    pub decision: Decision,
    /// In their own words.
    pub note: Option<String>,
    /// When, by their clock; none when the statement cannot be read.
    pub signed_at: Option<Timestamp>,
    /// The key, `SHA256:…`.
    pub fingerprint: String,
    /// What it is worth.
    pub standing: Standing,
}

/// What a sign-off is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It counts, as what it decides.
    Valid,
    /// The same person, in the same role, decided again in this line.
    Superseded(u64),
    /// It does not count, for this reason.
    Void(String),
    /// Its key was good until then.
    Expired(Timestamp),
    /// The signature holds; whose key it is, nobody said.
    Unknown,
}

/// The sign-offs of a record, in order, each with what it is worth at this time. One person counts in one role:
/// by principal and by key.
///
/// # Errors
/// The ledger is not whole.
pub fn sign_offs(
    record: &Path,
    allowed: &AllowedSigners,
    revoked: &Revoked,
    at: Timestamp,
) -> Result<Vec<SignOff>, RecordError> {
    Ok(standings(record, &Ledger::read(record)?, Some(allowed), revoked, at))
}

/// As [`sign_offs`]; without `allowed`, none is better than unknown.
pub(super) fn standings(
    record: &Path,
    ledger: &Ledger,
    allowed: Option<&AllowedSigners>,
    revoked: &Revoked,
    at: Timestamp,
) -> Vec<SignOff> {
    let signed = ledger.entries().iter().filter_map(|entry| match &entry.event {
        Event::SignOff(signed) | Event::BreakGlass(signed) => Some((entry.seq, signed)),
        _ => None,
    });
    let mut found: Vec<SignOff> = signed
        .map(|(seq, signed)| {
            let mut sign_off = SignOff {
                line: seq + 1,
                role: signed.role.clone(),
                principal: signed.principal.clone(),
                decision: signed.decision,
                note: None,
                signed_at: None,
                fingerprint: signed.fingerprint.clone(),
                standing: Standing::Unknown,
            };
            let judged = read(record, signed).map(|(statement, key)| {
                let standing = standing(ledger, seq, &statement, &key, allowed, revoked, at);
                (sign_off.note, sign_off.signed_at) = (statement.note, Some(statement.signed_at));
                standing
            });
            sign_off.standing = judged.unwrap_or_else(Standing::Void);
            sign_off
        })
        .collect();
    one_role_each(&mut found);
    found
}

/// A later decision of the same person in the same role takes the earlier one's place; in another role it is
/// void.
fn one_role_each(sign_offs: &mut [SignOff]) {
    for index in (0..sign_offs.len()).rev() {
        let (before, rest) = sign_offs.split_at_mut(index);
        let Some(later) = rest.first().filter(|later| later.counts()) else { continue };
        for earlier in before.iter_mut().filter(|earlier| earlier.is_of(later) && earlier.counts()) {
            if earlier.role == later.role {
                earlier.standing = Standing::Superseded(later.line);
            }
        }
    }
    for index in 1..sign_offs.len() {
        let (before, rest) = sign_offs.split_at_mut(index);
        let Some(later) = rest.first_mut().filter(|later| later.counts()) else { continue };
        let taken = before.iter().find(|earlier| earlier.counts() && earlier.is_of(later));
        if let Some(taken) = taken {
            let what = format!("the same person signed as {:?}, in line {}", taken.role, taken.line);
            later.standing = Standing::Void(what);
        }
    }
}

impl SignOff {
    fn counts(&self) -> bool {
        matches!(self.standing, Standing::Valid | Standing::Unknown)
    }

    /// Whether it may be the same person's: who shares a name or a key is no other person.
    fn is_of(&self, other: &Self) -> bool {
        self.principal == other.principal || self.fingerprint == other.fingerprint
    }
}

/// The statement and the key that signed it; what is wrong with either, in words.
fn read(record: &Path, signed: &Signed) -> Result<(Statement, ssh_key::PublicKey), String> {
    let body = |name: &str| {
        let bytes =
            read_regular(&record.join(BLOBS).join(name), LARGEST).map_err(|error| error.to_string())?;
        if sha256(&bytes) == name { Ok(bytes) } else { Err(format!("{BLOBS}/{name} was changed")) }
    };
    let bytes = body(&signed.statement)?;
    let statement = Statement::parse(&bytes)?;
    let key = sshsig::check(&body(&signed.signature)?, &bytes)?;
    let is_told = statement.role == signed.role
        && statement.principal == signed.principal
        && statement.decision == signed.decision
        && sshsig::fingerprint(&key) == signed.fingerprint;
    if is_told { Ok((statement, key)) } else { Err("the ledger's line is not what was signed".to_owned()) }
}

fn standing(
    ledger: &Ledger,
    seq: u64,
    statement: &Statement,
    key: &ssh_key::PublicKey,
    allowed: Option<&AllowedSigners>,
    revoked: &Revoked,
    at: Timestamp,
) -> Standing {
    if let Some(what) = changed(ledger, statement, seq) {
        return Standing::Void(what);
    }
    if revoked.has(&sshsig::fingerprint(key)) {
        return Standing::Void("the key is revoked".to_owned());
    }
    if statement.signed_at.duration_since(at) > SKEW {
        return Standing::Void(format!(
            "it says that it was signed at {}, which is to come",
            statement.signed_at
        ));
    }
    let Some(allowed) = allowed else { return Standing::Unknown };
    match allowed.standing(&statement.principal, key, statement.signed_at, at) {
        Signer::Allowed => Standing::Valid,
        Signer::Refused(why) => Standing::Void(why),
        Signer::Expired(when) => Standing::Expired(when),
    }
}

/// What of that which was signed is not what is there; `None` when all of it is. Only the lines before `seq`
/// can have been seen.
fn changed(ledger: &Ledger, statement: &Statement, seq: u64) -> Option<String> {
    let opened = opened(ledger);
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
    for (what, signed, found) in
        [("commit", &statement.commit, &opened.commit), ("release", &statement.release, &opened.release)]
    {
        if signed != found {
            return Some(format!("signed for {what} {}, the record is of {}", text(signed), text(found)));
        }
    }
    let found = inputs(ledger);
    let differing = |name: &&String| statement.inputs.get(*name) != found.get(*name);
    let mut names: Vec<&String> = statement.inputs.keys().chain(found.keys()).filter(differing).collect();
    names.sort();
    names.dedup();
    if !names.is_empty() {
        let told = names.iter().map(|name| {
            let how = match (statement.inputs.contains_key(*name), found.contains_key(*name)) {
                (true, true) => "changed",
                (true, false) => "is gone",
                _ => "was added",
            };
            format!("{name} {how}")
        });
        return Some(format!("since it was signed, {}", told.collect::<Vec<_>>().join(", ")));
    }
    let root = ledger.root_at(statement.size).map(hex::encode);
    if statement.size > seq || root.as_ref() != Some(&statement.root) {
        return Some("it was signed for another record of the same inputs".to_owned());
    }
    None
}

/// What the release rests on, by name; of two lines with one name, the later.
fn inputs(ledger: &Ledger) -> BTreeMap<String, String> {
    ledger.entries().iter().filter_map(|entry| entry.event.input()).collect()
}

pub(super) fn opened(ledger: &Ledger) -> Opened {
    match ledger.entries().first().map(|entry| &entry.event) {
        Some(Event::Opened(opened)) => opened.clone(),
        _ => Opened::default(),
    }
}

pub(super) fn last_verdict(ledger: &Ledger) -> Option<String> {
    ledger.entries().iter().rev().find_map(|entry| match &entry.event {
        Event::Verdict(verdict) => Some(verdict.verdict.clone()),
        _ => None,
    })
}

#[cfg(test)]
mod tests;
