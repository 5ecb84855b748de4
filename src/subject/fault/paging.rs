//! Faults of paging as the app's store and cursors can have them: what listings get wrong in real apps.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use super::{Assembly, Fault};
use crate::{
    app::{
        drift::DriftEvent,
        port::{CursorError, CursorSealer, KeyEncoder},
    },
    clock::Uptime,
    store::{Commit, Range, Record, Store, StoreError, Transaction},
};

/// More records than any scenario has.
const EVERYTHING: usize = 1 << 20;

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "offset_paging",
        what: "a page begins at a row number instead of behind an event",
        breaks: &[],
        fails: &["mode-21"],
        plant: |assembly| twist(assembly, Twist::Offset(Mutex::default())),
    },
    Fault {
        name: "cursor_by_time_alone",
        what: "a page begins behind the last event's time, and the rest of that time is left out",
        breaks: &[],
        fails: &["mode-22"],
        plant: |assembly| twist(assembly, Twist::TimeAlone),
    },
    Fault {
        name: "order_by_last_write",
        what: "the listing is ordered by when an event was last written",
        breaks: &[],
        fails: &["mode-23"],
        plant: |assembly| twist(assembly, Twist::LastWrite),
    },
    Fault {
        name: "remembered_pages",
        what: "a page that was read once is served from memory for ever",
        breaks: &[],
        fails: &["mode-24"],
        plant: |assembly| twist(assembly, Twist::Remembered(Mutex::default())),
    },
    Fault {
        name: "end_by_total",
        what: "the listing ends where the stored count says that it ends",
        breaks: &[],
        fails: &["mode-25"],
        plant: |assembly| {
            let keys = assembly.ports.keys.clone();
            twist(assembly, Twist::Total(keys));
        },
    },
    Fault {
        name: "no_read_ahead",
        what: "a page reads no record more than it holds, so a full page seems to be the last",
        breaks: &[],
        fails: &["mode-28"],
        plant: |assembly| twist(assembly, Twist::NoReadAhead),
    },
    Fault {
        name: "unlimited_scan",
        what: "a page reads the whole listing into memory",
        breaks: &[],
        fails: &["one-page-in-memory"],
        plant: |assembly| twist(assembly, Twist::Unlimited),
    },
    Fault {
        name: "cursor_of_any_tenant",
        what: "a cursor opens for whichever tenant brings it",
        breaks: &[],
        fails: &["mode-29"],
        plant: |assembly| seal(assembly, Seal::AnyTenant),
    },
    Fault {
        name: "cursor_of_any_query",
        what: "a cursor opens for whichever query it comes with",
        breaks: &[],
        fails: &["mode-29"],
        plant: |assembly| seal(assembly, Seal::AnyQuery),
    },
    Fault {
        name: "cursor_without_authentication",
        what: "a cursor is readable text that anybody can write",
        breaks: &[],
        fails: &["mode-29"],
        plant: |assembly| seal(assembly, Seal::Readable),
    },
    Fault {
        name: "bad_cursor_is_the_first_page",
        what: "a cursor that cannot be opened is answered with the first page",
        breaks: &[],
        fails: &["mode-29"],
        plant: |assembly| seal(assembly, Seal::Forgiving),
    },
];

fn twist(assembly: &mut Assembly<'_>, twist: Twist) {
    let prefix = assembly.ports.keys.key("drift", &[]) + ":";
    assembly.ports.store = Arc::new(Twisted { inner: assembly.ports.store.clone(), prefix, twist });
}

/// Prefix, place and limit of a scan.
type Asked = (String, Option<String>, usize);

/// What a scan gets wrong.
#[derive(Debug)]
enum Twist {
    /// Row numbers, by the last key of the page before.
    Offset(Mutex<HashMap<String, usize>>),
    TimeAlone,
    LastWrite,
    Remembered(Mutex<HashMap<Asked, Vec<Record>>>),
    Total(Arc<dyn KeyEncoder>),
    NoReadAhead,
    Unlimited,
}

/// Scans drift events wrongly, and everything else as it should.
#[derive(Debug)]
struct Twisted {
    inner: Arc<dyn Store>,
    prefix: String,
    twist: Twist,
}

fn time_of(record: &Record) -> Option<jiff::Timestamp> {
    serde_json::from_slice::<DriftEvent>(&record.value).ok().map(|event| event.at)
}

impl Twisted {
    async fn all(&self, range: &Range) -> Result<Vec<Record>, StoreError> {
        self.inner.scan(Range { after: None, limit: EVERYTHING, ..range.clone() }).await
    }

    async fn twisted(&self, range: Range) -> Result<Vec<Record>, StoreError> {
        let limit = range.limit;
        Ok(match &self.twist {
            Twist::Offset(rows) => {
                let all = self.all(&range).await?;
                let mut rows = rows.lock().unwrap_or_else(PoisonError::into_inner);
                let start = range.after.and_then(|key| rows.get(&key).copied()).unwrap_or(0);
                let page: Vec<Record> = all.into_iter().skip(start).take(limit).collect();
                rows.extend(page.iter().enumerate().map(|(i, r)| (r.key.clone(), start + i + 1)));
                page
            }
            Twist::TimeAlone => {
                let Some(after) = &range.after else { return self.inner.scan(range).await };
                let passed = self.inner.get(after).await?.as_ref().and_then(time_of);
                let all = self.inner.scan(Range { limit: EVERYTHING, ..range }).await?;
                all.into_iter().filter(|record| time_of(record) > passed).take(limit).collect()
            }
            Twist::LastWrite => {
                let mut all = self.all(&range).await?;
                all.sort_by_key(|record| record.version);
                let start = range.after.and_then(|key| all.iter().position(|record| record.key == key));
                all.into_iter().skip(start.map_or(0, |at| at + 1)).take(limit).collect()
            }
            Twist::Remembered(pages) => {
                let key = (range.prefix.clone(), range.after.clone(), limit);
                let known = pages.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
                if let Some(page) = known {
                    return Ok(page);
                }
                let page = self.inner.scan(range).await?;
                pages.lock().unwrap_or_else(PoisonError::into_inner).insert(key, page.clone());
                page
            }
            Twist::Total(keys) => {
                let all = self.all(&range).await?;
                let start = range.after.and_then(|key| all.iter().position(|record| record.key == key));
                let counted = self.counted(keys.as_ref(), &all).await?;
                let end = counted.unwrap_or(all.len());
                all.into_iter().take(end).skip(start.map_or(0, |at| at + 1)).take(limit).collect()
            }
            Twist::NoReadAhead => {
                self.inner.scan(Range { limit: limit.saturating_sub(1).max(1), ..range }).await?
            }
            Twist::Unlimited => {
                let mut all = self.inner.scan(Range { limit: EVERYTHING, ..range }).await?;
                all.truncate(limit);
                all
            }
        })
    }

    async fn counted(&self, keys: &dyn KeyEncoder, all: &[Record]) -> Result<Option<usize>, StoreError> {
        let Some(first) = all.first() else { return Ok(None) };
        let Ok(event) = serde_json::from_slice::<DriftEvent>(&first.value) else { return Ok(None) };
        let record = self.inner.get(&keys.key("drift_count", &[&event.tenant])).await?;
        let count: Option<Value> = record.and_then(|record| serde_json::from_slice(&record.value).ok());
        let sum =
            |count: Value| count["by_kind"].as_object()?.values().map(Value::as_u64).sum::<Option<u64>>();
        Ok(count.and_then(sum).and_then(|sum| usize::try_from(sum).ok()))
    }
}

#[async_trait]
impl Store for Twisted {
    async fn get(&self, key: &str) -> Result<Option<Record>, StoreError> {
        self.inner.get(key).await
    }

    async fn scan(&self, range: Range) -> Result<Vec<Record>, StoreError> {
        if range.prefix.starts_with(&self.prefix) {
            self.twisted(range).await
        } else {
            self.inner.scan(range).await
        }
    }

    async fn commit(&self, transaction: Transaction) -> Result<Commit, StoreError> {
        self.inner.commit(transaction).await
    }

    fn time(&self) -> Uptime {
        self.inner.time()
    }
}

// --- cursors ------------------------------------------------------------------------------------

fn seal(assembly: &mut Assembly<'_>, seal: Seal) {
    let (inner, keys) = (assembly.ports.cursors.clone(), assembly.ports.keys.clone());
    assembly.ports.cursors = Arc::new(Careless { inner, keys, seal });
}

/// What a cursor is not bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seal {
    AnyTenant,
    AnyQuery,
    Readable,
    Forgiving,
}

/// Seals positions carelessly.
#[derive(Debug)]
struct Careless {
    inner: Arc<dyn CursorSealer>,
    keys: Arc<dyn KeyEncoder>,
    seal: Seal,
}

impl CursorSealer for Careless {
    fn seal(&self, tenant: &str, query: &str, position: &str) -> String {
        match self.seal {
            // The place within the tenant's listing, so that it is a place in anybody's.
            Seal::AnyTenant => {
                let prefix = self.keys.prefix("drift", &[tenant]);
                self.inner.seal("", query, &position.replacen(&prefix, "", 1))
            }
            Seal::AnyQuery => self.inner.seal(tenant, "", position),
            Seal::Readable => URL_SAFE_NO_PAD.encode(position),
            Seal::Forgiving => self.inner.seal(tenant, query, position),
        }
    }

    fn open(&self, tenant: &str, query: &str, cursor: &str) -> Result<String, CursorError> {
        let prefix = self.keys.prefix("drift", &[tenant]);
        match self.seal {
            Seal::AnyTenant => {
                let position = self.inner.open("", query, cursor)?;
                let (number, place) = position.split_once(':').ok_or(CursorError::Malformed)?;
                Ok(format!("{number}:{prefix}{place}"))
            }
            Seal::AnyQuery => self.inner.open(tenant, "", cursor),
            Seal::Readable => {
                let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| CursorError::Malformed)?;
                String::from_utf8(bytes).map_err(|_| CursorError::Malformed)
            }
            Seal::Forgiving => Ok(self.inner.open(tenant, query, cursor).unwrap_or(format!("1:{prefix}"))),
        }
    }
}
