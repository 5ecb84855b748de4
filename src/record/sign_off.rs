//! Sign-offs: what a person signs, how it comes into the record, and what becomes of it when something that
//! was signed changes. Which roles a release needs is not said here.

mod carried;
mod stated;

use std::path::Path;

use jiff::{SignedDuration, Timestamp};

pub(super) use carried::{Carried, carried};
pub(super) use stated::opened;
pub use stated::{Intent, Statement};
use stated::{changed, inputs};

use super::{
    AllowedSigners, BLOBS, RecordError, Revoked,
    entry::{Decision, Event, Signed},
    ledger::{Appender, Ledger},
    read_regular, sha256,
    signers::Standing as Signer,
    sshsig,
    sweep::{sweep, tidied},
};
use crate::judge::Approval;

/// No statement and no signature is larger. Bytes.
const LARGEST: u64 = 4 << 20;
/// How far the clocks of two machines may be apart.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

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
        item: told.item,
        principal: told.principal,
        role: told.role,
        signature: sha256(signature),
        statement: sha256(statement),
    };
    sweep(record, appender.ledger())?;
    let bodies = [(&signed.statement, statement), (&signed.signature, signature)];
    let mut written = bodies
        .into_iter()
        .try_for_each(|(name, body)| super::ledger::replace(&record.join(BLOBS).join(name), body));
    written = written.and_then(|()| appender.append(event(signed.clone()), at));
    tidied(record, written.and_then(|()| appender.commit())).map(|()| signed)
}

/// The sign-offs as the judge takes them: one that is no approval, or that does not stand, is void.
#[must_use]
pub fn approvals(sign_offs: &[SignOff]) -> Vec<Approval> {
    let approval = |sign_off: &SignOff| {
        let void = match (&sign_off.standing, sign_off.decision) {
            (Standing::Superseded(_), _) => return None,
            (Standing::Valid, Decision::Approve) => None,
            (Standing::Valid, decision) => {
                let note = sign_off.note.as_deref().unwrap_or("no reason given");
                Some(format!("signed `{}`: {note}", decision.word()))
            }
            (Standing::Void(why) | Standing::Carried(why), _) => Some(why.clone()),
            (Standing::Expired(when), _) => Some(format!("the key was good until {when}")),
            (Standing::Unknown, _) => Some("whose key it is, nobody says".to_owned()),
        };
        Some(Approval {
            role: sign_off.role.clone(),
            item: sign_off.item.clone(),
            principal: sign_off.principal.clone(),
            fingerprint: sign_off.fingerprint.clone(),
            at: sign_off.signed_at,
            rejects: sign_off.standing == Standing::Valid && sign_off.decision == Decision::Reject,
            overrides: (sign_off.standing == Standing::Valid && sign_off.decision == Decision::BreakGlass)
                .then(|| sign_off.note.clone())
                .flatten(),
            void,
        })
    };
    sign_offs.iter().filter_map(approval).collect()
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
    /// As what; empty for an item of the checklist.
    pub role: String,
    /// The item of the checklist that was done.
    pub item: Option<String>,
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
    /// It is of a record before and does not count here, for this reason.
    Carried(String),
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
    let ledger = Ledger::read(record)?;
    Ok(standings(record, &ledger, ledger.size(), Some(allowed), revoked, at))
}

/// As [`sign_offs`], of the first `size` lines; without `allowed`, none is better than unknown.
pub(super) fn standings(
    record: &Path,
    ledger: &Ledger,
    size: u64,
    allowed: Option<&AllowedSigners>,
    revoked: &Revoked,
    at: Timestamp,
) -> Vec<SignOff> {
    let lines = ledger.entries().iter().filter(|entry| entry.seq < size);
    let signed = lines.filter_map(|entry| match &entry.event {
        Event::SignOff(signed) | Event::BreakGlass(signed) => Some((entry.seq, signed, false)),
        Event::Carried(signed) => Some((entry.seq, signed, true)),
        _ => None,
    });
    let mut found: Vec<SignOff> = signed
        .map(|(seq, signed, is_carried)| {
            let mut sign_off = SignOff {
                line: seq + 1,
                role: signed.role.clone(),
                item: signed.item.clone(),
                principal: signed.principal.clone(),
                decision: signed.decision,
                note: None,
                signed_at: None,
                fingerprint: signed.fingerprint.clone(),
                standing: Standing::Unknown,
            };
            let judged = read(record, signed).map(|(statement, key)| {
                let standing = match is_carried {
                    true => Standing::Carried(carried::why(&statement, &opened(ledger), &inputs(ledger))),
                    false => standing(ledger, seq, &statement, &key, allowed, revoked, at),
                };
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
        let stands = |earlier: &SignOff| earlier.counts() || matches!(earlier.standing, Standing::Carried(_));
        for earlier in before.iter_mut().filter(|earlier| earlier.is_of(later) && stands(earlier)) {
            if (&earlier.role, &earlier.item) == (&later.role, &later.item) {
                earlier.standing = Standing::Superseded(later.line);
            }
        }
    }
    for index in 1..sign_offs.len() {
        let (before, rest) = sign_offs.split_at_mut(index);
        let Some(later) = rest.first_mut().filter(|later| later.takes_a_role()) else { continue };
        let taken = before.iter().find(|earlier| earlier.takes_a_role() && earlier.is_of(later));
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

    /// Items are for anybody to do, and whoever rejects takes nobody's place.
    fn takes_a_role(&self) -> bool {
        self.counts() && self.item.is_none() && self.decision == Decision::Approve
    }

    /// Whether it may be the same person's: who shares a name or a key is no other person.
    fn is_of(&self, other: &Self) -> bool {
        self.principal == other.principal || self.fingerprint == other.fingerprint
    }
}

/// The statement and the key that signed it; what is wrong with either, in words.
fn read(record: &Path, signed: &Signed) -> Result<(Statement, ssh_key::PublicKey), String> {
    let bytes = body(record, &signed.statement)?;
    let statement = Statement::parse(&bytes)?;
    let key = sshsig::check(&body(record, &signed.signature)?, &bytes)?;
    let is_told = statement.role == signed.role
        && statement.item == signed.item
        && statement.principal == signed.principal
        && statement.decision == signed.decision
        && sshsig::fingerprint(&key) == signed.fingerprint;
    if is_told { Ok((statement, key)) } else { Err("the ledger's line is not what was signed".to_owned()) }
}

/// A statement or a signature, as its name says.
fn body(record: &Path, name: &str) -> Result<Vec<u8>, String> {
    let bytes = read_regular(&record.join(BLOBS).join(name), LARGEST).map_err(|error| error.to_string())?;
    if sha256(&bytes) == name { Ok(bytes) } else { Err(format!("{BLOBS}/{name} was changed")) }
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

pub(super) fn last_verdict(ledger: &Ledger) -> Option<String> {
    ledger.verdict().map(|(_, verdict)| verdict.verdict.clone())
}

#[cfg(test)]
mod tests;
