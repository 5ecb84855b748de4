//! Pages of the app's own listings: keyset paging by sealed cursors, one page in memory at a time. It never
//! counts rows to find the end: it reads one more than the page holds.

use serde::Serialize;

use super::port::{CursorError, Ports};
use crate::store::{Range, Record, StoreError};

/// Page size where the caller names none.
pub const DEFAULT_LIMIT: usize = 20;
/// The largest page.
pub const MAX_LIMIT: usize = 500;

/// One page of a listing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Page<T> {
    /// In the listing's order.
    pub items: Vec<T>,
    /// Whether another page with at least one item follows.
    pub has_more: bool,
    /// Number of the page, from 1.
    pub page: u64,
    /// The page size that was applied.
    pub limit: usize,
    /// How many items the whole listing has, as counted when the page was read.
    pub total_count: u64,
    /// Opens the next page; present exactly if there is more.
    pub next_cursor: Option<String>,
}

/// Why a page could not be served.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The cursor is not accepted; start again from the first page.
    #[error(transparent)]
    Cursor(#[from] CursorError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A record of the listing is damaged.
    #[error("the record {key:?} cannot be read")]
    Damaged {
        /// Where it lies.
        key: String,
    },
}

/// The page size to apply: what was asked for, within 1 to 500.
#[must_use]
pub fn clamped(asked: Option<i64>, default: usize) -> usize {
    match asked {
        None => default.clamp(1, MAX_LIMIT),
        Some(asked) => usize::try_from(asked.max(1)).unwrap_or(MAX_LIMIT).min(MAX_LIMIT),
    }
}

/// A listing: the records under one prefix, in key order, of one tenant.
#[derive(Clone, Debug)]
pub struct Listing<'a> {
    /// Whose cursors fit.
    pub tenant: &'a str,
    /// Name and parameters of the query; cursors of another query do not fit.
    pub query: String,
    /// What the keys of all its records start with.
    pub prefix: String,
}

/// What an item is read from: `Ok(None)` leaves a record out, `Err` names it as damaged.
pub type Decode<T> = fn(&Record) -> Result<Option<T>, PageError>;

/// The page of `listing` behind `cursor`. `total_count` is the caller's to know.
pub async fn page<T>(
    ports: &Ports,
    listing: &Listing<'_>,
    limit: usize,
    cursor: Option<&str>,
    total_count: u64,
    decode: impl Fn(&Record) -> Result<Option<T>, PageError>,
) -> Result<Page<T>, PageError> {
    let (number, mut after) = match cursor {
        None => (1, None),
        Some(cursor) => {
            let position = ports.cursors.open(listing.tenant, &listing.query, cursor)?;
            let (number, key) = position.split_once(':').ok_or(CursorError::Malformed)?;
            if !key.starts_with(&listing.prefix) {
                return Err(CursorError::Foreign.into());
            }
            (number.parse().map_err(|_| CursorError::Malformed)?, Some(key.to_owned()))
        }
    };
    let mut items = Vec::with_capacity(limit);
    let mut last_served = None;
    // One more than the page holds tells whether there is more; a filtered listing reads on until it knows.
    loop {
        let range = Range { prefix: listing.prefix.clone(), after: after.clone(), limit: limit + 1 };
        let records = ports.store.scan(range).await?;
        let exhausted = records.len() <= limit;
        for record in records {
            if let Some(item) = decode(&record)? {
                if items.len() == limit {
                    let position = format!("{}:{}", number + 1, last_served.unwrap_or_default());
                    let next_cursor = ports.cursors.seal(listing.tenant, &listing.query, &position);
                    return Ok(Page {
                        items,
                        has_more: true,
                        page: number,
                        limit,
                        total_count,
                        next_cursor: Some(next_cursor),
                    });
                }
                items.push(item);
                last_served = Some(record.key.clone());
            }
            after = Some(record.key);
        }
        if exhausted {
            return Ok(Page { items, has_more: false, page: number, limit, total_count, next_cursor: None });
        }
    }
}

/// Streams a whole listing, one batch in memory at a time.
#[derive(Debug)]
pub struct Batches<'a> {
    ports: &'a Ports,
    prefix: String,
    after: Option<String>,
    size: usize,
    ended: bool,
}

impl<'a> Batches<'a> {
    /// All records under `prefix`, `size` (clamped) at a time.
    #[must_use]
    pub fn new(ports: &'a Ports, prefix: String, size: usize) -> Self {
        Self { ports, prefix, after: None, size: size.clamp(1, MAX_LIMIT), ended: false }
    }

    /// The next batch, never empty, or `None` behind the last. After an error the stream stands where it
    /// stood.
    pub async fn next_batch(&mut self) -> Result<Option<Vec<Record>>, StoreError> {
        if self.ended {
            return Ok(None);
        }
        let range = Range { prefix: self.prefix.clone(), after: self.after.clone(), limit: self.size };
        let records = self.ports.store.scan(range).await?;
        // A store may cut a batch short; only an empty one is the end.
        let Some(last) = records.last() else {
            self.ended = true;
            return Ok(None);
        };
        self.after = Some(last.key.clone());
        Ok(Some(records))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        app::{
            rehearsal::stage,
            stand_in::{Does, Platform, worker},
        },
        store::Transaction,
    };

    #[test]
    fn hostile_page_sizes_are_clamped() {
        let rows = [(None, 20), (Some(0), 1), (Some(-1), 1), (Some(i64::MIN), 1), (Some(1), 1)];
        for (asked, applied) in
            rows.into_iter().chain([(Some(500), 500), (Some(501), 500), (Some(i64::MAX), 500)])
        {
            assert_eq!(clamped(asked, DEFAULT_LIMIT), applied, "{asked:?}");
        }
    }

    #[tokio::test]
    async fn every_record_comes_once_while_others_come_and_go_and_no_page_is_empty() {
        for count in [0, 1, 6, 7, 8, 14, 15] {
            let (clock, store) = stage();
            let platform = Platform::new(&clock, |_, _| Does::Lose);
            let app = worker(&clock, &store, &platform, &Arc::default(), |_| {});
            let put = |key: String| store.commit(Transaction::new().put(key, "x"));
            for number in 0..count {
                put(format!("l:{number:03}")).await.expect("written");
            }
            put("m:000".to_owned()).await.expect("written");
            let listing = Listing { tenant: "a", query: "q".to_owned(), prefix: "l:".to_owned() };
            let decode = |record: &Record| Ok((!record.key.ends_with('x')).then(|| record.key.clone()));
            let (mut read, mut cursor, mut number) = (Vec::new(), None, 0);
            loop {
                let page =
                    page(app.ports(), &listing, 7, cursor.as_deref(), 0, decode).await.expect("a page");
                number += 1;
                assert_eq!((page.page, page.has_more), (number, page.next_cursor.is_some()));
                assert!(!page.items.is_empty() || count == 0);
                read.extend(page.items);
                // The last record read goes, and one comes before it: neither moves the next page.
                if let Some(last) = read.last() {
                    store.commit(Transaction::new().delete(last)).await.expect("deleted");
                    put(format!("{last}-x")).await.expect("written");
                }
                match page.next_cursor {
                    Some(next) => cursor = Some(next),
                    None => break,
                }
            }
            assert_eq!(read, (0..count).map(|number| format!("l:{number:03}")).collect::<Vec<_>>());
            if let Some(cursor) = cursor {
                let foreign = Listing { tenant: "b", ..listing };
                assert!(page(app.ports(), &foreign, 7, Some(&cursor), 0, decode).await.is_err());
            }
        }
    }
}
