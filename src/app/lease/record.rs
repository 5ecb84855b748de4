//! A lease as the store keeps it. Says who holds it at a time; grants and takes nothing.

use serde::{Deserialize, Serialize};

use super::LeaseError;
use crate::{clock::Uptime, store::StoreError};

/// The format that is written, and the only one that is read.
pub const FORMAT: &str = "gonogo.lease/1";

/// A lease as the store keeps it, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaseRecord {
    /// [`FORMAT`].
    pub format: String,
    /// The attempt that holds it; `None` when it is free.
    pub owner: Option<String>,
    /// Grows with every grant, never restarts.
    pub fencing_token: u64,
    /// When it was granted, on the store's time, milliseconds.
    pub granted_ms: i64,
    /// From when on others may take it, on the store's time, milliseconds.
    pub expires_ms: i64,
    /// The boot that both times belong to; under another boot the lease is void.
    pub boot: String,
}

impl LeaseRecord {
    /// Reads a stored record; `None` if it is none of this format.
    #[must_use]
    pub fn decode(value: &[u8]) -> Option<Self> {
        serde_json::from_slice(value).ok().filter(|record: &Self| record.format == FORMAT)
    }

    /// Who holds the lease at `now`, if anybody.
    #[must_use]
    pub fn holder(&self, now: &Uptime) -> Option<&str> {
        let valid = *self.boot == *now.boot && self.expires_ms > now.ms;
        self.owner.as_deref().filter(|_| valid)
    }

    /// As it is stored.
    pub(super) fn encode(&self) -> Result<Vec<u8>, LeaseError> {
        serde_json::to_vec(self).map_err(|error| StoreError::Definite(error.to_string()).into())
    }
}
