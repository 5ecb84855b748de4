//! What was asked and answered, bounded in memory. Tokens appear as fingerprints only.

use std::collections::VecDeque;

use crate::evidence::Effect;

/// The latest entries that are kept.
const KEPT: usize = 1_000;

/// One request and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whose site was asked.
    pub tenant: Option<String>,
    /// `operationId`, `oauth.…`, `kvs.…` or `unknown`.
    pub operation: String,
    /// `GET`, …
    pub method: String,
    /// Without the query.
    pub path: String,
    /// What it does to Jira's data.
    pub effect: Effect,
    /// Fingerprint of the token.
    pub token: Option<String>,
    /// Scopes of the token.
    pub scopes: Vec<String>,
    /// Status of the answer; 0 when none was sent.
    pub status: u16,
}

/// An [`Entry`] to be, borrowed from the request.
pub(super) struct Seen<'a> {
    pub tenant: Option<&'a str>,
    pub operation: &'a str,
    pub method: &'a str,
    pub path: &'a str,
    pub effect: Effect,
    pub token: Option<&'a str>,
    pub scopes: &'a [String],
    pub status: u16,
}

impl Seen<'_> {
    fn entry(&self) -> Entry {
        Entry {
            tenant: self.tenant.map(str::to_owned),
            operation: self.operation.to_owned(),
            method: self.method.to_owned(),
            path: self.path.to_owned(),
            effect: self.effect,
            token: self.token.map(str::to_owned),
            scopes: self.scopes.to_vec(),
            status: self.status,
        }
    }
}

fn put(place: &mut Option<String>, text: Option<&str>) {
    match (place.as_mut(), text) {
        (Some(place), Some(text)) => text.clone_into(place),
        (_, text) => *place = text.map(str::to_owned),
    }
}

#[derive(Debug, Default)]
pub(super) struct Journal {
    entries: VecDeque<Entry>,
    /// How many there were in all.
    pub served: u64,
}

impl Journal {
    /// Takes an entry down into the room of the oldest one, so that a long run allocates nothing here.
    pub fn note(&mut self, seen: &Seen<'_>) {
        self.served += 1;
        let oldest = if self.entries.len() == KEPT { self.entries.pop_front() } else { None };
        let Some(mut entry) = oldest else {
            self.entries.push_back(seen.entry());
            return;
        };
        put(&mut entry.tenant, seen.tenant);
        seen.operation.clone_into(&mut entry.operation);
        seen.method.clone_into(&mut entry.method);
        seen.path.clone_into(&mut entry.path);
        entry.effect = seen.effect;
        put(&mut entry.token, seen.token);
        seen.scopes.clone_into(&mut entry.scopes);
        entry.status = seen.status;
        self.entries.push_back(entry);
    }

    pub fn entries(&self) -> Vec<Entry> {
        self.entries.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_in_the_room_of_another_shows_nothing_of_it() {
        let scopes = ["a".to_owned(), "b".to_owned()];
        let rich = Seen {
            tenant: Some("tenant"),
            operation: "getIssue",
            method: "DELETE",
            path: "/a/long/path",
            effect: Effect::Write,
            token: Some("0123"),
            scopes: &scopes,
            status: 200,
        };
        let poor = Seen {
            tenant: None,
            operation: "x",
            method: "GET",
            path: "/",
            effect: Effect::Read,
            token: None,
            scopes: &scopes[1..],
            status: 0,
        };
        for (before, after) in [(&rich, &poor), (&poor, &rich), (&rich, &rich)] {
            let mut journal = Journal::default();
            (0..KEPT).for_each(|_| journal.note(before));
            journal.note(after);
            assert_eq!(journal.entries().len(), KEPT);
            assert_eq!(journal.entries().last(), Some(&after.entry()));
            assert_eq!(journal.entries()[KEPT - 2], before.entry());
        }
    }
}
