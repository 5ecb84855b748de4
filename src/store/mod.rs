//! The `Store` trait: versioned records, conditional writes, ordered scans. One store, one file.
//! A store knows keys and bytes; what they mean is the app's business.

#[cfg(test)]
mod contract;
pub mod memory;
pub mod sqlite;

use async_trait::async_trait;

use crate::clock::Uptime;

/// A record as a store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where it lies. Ordered by bytes.
    pub key: String,
    /// What it holds.
    pub value: Vec<u8>,
    /// The commit that wrote it. Versions only grow across the whole store and never come again, not
    /// even after a delete, so "unchanged version" means "unchanged record".
    pub version: u64,
}

/// What must be true of a record for a transaction to commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// There is no record under the key.
    Absent,
    /// The record has this version.
    Version(u64),
}

/// One change of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Creates or replaces.
    Put {
        /// Where.
        key: String,
        /// What.
        value: Vec<u8>,
    },
    /// Removes; removing what is not there is no error.
    Delete {
        /// Where.
        key: String,
    },
}

impl Write {
    /// The key that the change touches.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Put { key, .. } | Self::Delete { key } => key,
        }
    }
}

/// All writes happen if every expectation is met, otherwise none: the one way to change a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transaction {
    /// What must be true, checked inside the transaction.
    pub expects: Vec<(String, Expect)>,
    /// What is then done, in order.
    pub writes: Vec<Write>,
}

impl Transaction {
    /// An empty transaction, to be filled by the methods below.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an expectation.
    #[must_use]
    pub fn expect(mut self, key: impl Into<String>, expect: Expect) -> Self {
        self.expects.push((key.into(), expect));
        self
    }

    /// Adds a put.
    #[must_use]
    pub fn put(mut self, key: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.writes.push(Write::Put { key: key.into(), value: value.into() });
        self
    }

    /// Adds a delete.
    #[must_use]
    pub fn delete(mut self, key: impl Into<String>) -> Self {
        self.writes.push(Write::Delete { key: key.into() });
        self
    }
}

/// How a transaction ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Commit {
    /// Everything was written, under this version.
    Done {
        /// The version that all written records now have.
        version: u64,
    },
    /// An expectation was not met; nothing was written.
    Conflict {
        /// The first key whose expectation failed.
        key: String,
    },
}

/// A part of the key space, in key order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// Only keys that start with this.
    pub prefix: String,
    /// Only keys behind this one (exclusive); `None` starts at the prefix.
    pub after: Option<String>,
    /// At most so many records.
    pub limit: usize,
}

/// Why a store could not answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Certainly nothing was written.
    #[error("the store refused: {0}")]
    Definite(String),
    /// The write may or may not have happened: read back before trying again.
    #[error("the store did not answer: {0}")]
    Indefinite(String),
}

impl StoreError {
    /// Whether the failed call certainly had no effect.
    #[must_use]
    pub fn is_definite(&self) -> bool {
        matches!(self, Self::Definite(_))
    }
}

/// Versioned records with atomic, conditional transactions.
#[async_trait]
pub trait Store: Send + Sync + std::fmt::Debug {
    /// The record under `key`, if any.
    async fn get(&self, key: &str) -> Result<Option<Record>, StoreError>;

    /// Records of a range in key order, at most `range.limit`.
    async fn scan(&self, range: Range) -> Result<Vec<Record>, StoreError>;

    /// Commits all of a transaction or nothing.
    async fn commit(&self, transaction: Transaction) -> Result<Commit, StoreError>;

    /// The store's own time: what leases expire by, whatever the workers' clocks say.
    fn time(&self) -> Uptime;
}
