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

#[derive(Debug, Default)]
pub(super) struct Journal {
    entries: VecDeque<Entry>,
    /// How many there were in all.
    pub served: u64,
}

impl Journal {
    pub fn note(&mut self, entry: Entry) {
        self.served += 1;
        if self.entries.len() == KEPT {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    pub fn entries(&self) -> Vec<Entry> {
        self.entries.iter().cloned().collect()
    }
}
