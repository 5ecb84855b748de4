//! A snapshot as the store keeps it, in the format written now and in the earlier one. A record that is
//! neither is damaged: it is set aside, never guessed at.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::site::{Entity, Site};

/// The format that is written.
pub const FORMAT: u64 = 2;

/// A stored snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SnapshotRecord {
    /// [`FORMAT`], or 1 for a record that an earlier version wrote.
    pub format: u64,
    /// Whose site.
    pub tenant: String,
    /// `daily` or `weekly`.
    pub snapshot_type: String,
    /// First day of the window, `2026-01-31`.
    pub window: String,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// Hash of `site`.
    pub hash: String,
    /// Under which grant it was written; 0 without a lock.
    pub fencing_token: u64,
    /// What the site held.
    pub site: Site,
}

/// Format 1: fields alone, as a flat list.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct First {
    format: u64,
    tenant: String,
    snapshot_type: String,
    window: String,
    taken_at: Timestamp,
    hash: String,
    fields: Vec<FirstField>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FirstField {
    id: String,
    name: String,
}

impl SnapshotRecord {
    /// Reads a record of either format; `None` if it is damaged or of an unknown format.
    #[must_use]
    pub fn decode(value: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(value).ok()?;
        match value["format"].as_u64()? {
            FORMAT => serde_json::from_value(value).ok(),
            1 => serde_json::from_value(value).ok().map(First::into_current),
            _ => None,
        }
    }
}

impl First {
    fn into_current(self) -> SnapshotRecord {
        let entity = |field: FirstField| (field.id, Entity { name: field.name, detail: Value::Null });
        let fields = self.fields.into_iter().map(entity).collect();
        SnapshotRecord {
            format: self.format,
            tenant: self.tenant,
            snapshot_type: self.snapshot_type,
            window: self.window,
            taken_at: self.taken_at,
            hash: self.hash,
            fencing_token: 0,
            site: Site([("field".to_owned(), fields)].into()),
        }
    }
}

/// What outlives the lock: that the window's snapshot is done, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Completed {
    /// The snapshot's hash.
    pub hash: String,
    /// Under which grant it was written; 0 without a lock.
    pub fencing_token: u64,
    /// How many drift events it gave.
    pub drift: u64,
    /// Which attempt wrote it.
    pub attempt: String,
}

/// Which snapshot the next one is compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Latest {
    /// Its key.
    pub key: String,
    /// The time of its drift events: later ones come strictly after it.
    pub at: Timestamp,
}
