//! A store on SQLite: durable once a commit has answered. For a file, a commit that comes alone is written by
//! whoever asks, as long as that holds up nobody else; the others wait for a thread that takes all of them to
//! the disk together, each judged on its own expectations. In memory there is no disk to wait for.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    sync::oneshot,
};

use super::{Commit, Range, Record, Store, StoreError, Transaction, Write};
use crate::clock::{Clock, Uptime};

mod writer;

/// The layout of the file, kept in its `user_version`. Any other is rejected.
const LAYOUT: i32 = 1;

/// The one sequence counts commits, deletes included, so that no version ever comes again.
const SCHEMA: &str = "
    CREATE TABLE record(
        key TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL, version INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE sequence(only INTEGER PRIMARY KEY CHECK(only = 1), last INTEGER NOT NULL) STRICT;
    INSERT INTO sequence VALUES(1, 0);
    PRAGMA user_version = 1;
";

/// Far below SQLite's own limit of 1 GB, so that one oversized record cannot fail the commits beside it.
const BYTES_LIMIT: usize = 256 * 1024 * 1024;

/// Why a file cannot be opened as a store.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Written by another version of gonogo.
    #[error("the store has layout {found}, this version reads layout {LAYOUT} alone")]
    UnknownLayout {
        /// Its `user_version`.
        found: i32,
    },
    /// A database, but none of ours.
    #[error("the file is a database, but no store of gonogo")]
    NotAStore,
    /// SQLite cannot open it.
    #[error("cannot open the store: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The system has no thread to spare.
    #[error("cannot start the store's writer: {0}")]
    Thread(#[from] std::io::Error),
}

/// A store on SQLite. Share it between workers with an `Arc`; several processes may open the same file.
#[derive(Debug)]
pub struct SqliteStore {
    clock: Arc<dyn Clock>,
    /// `None` in memory, and once a file is being closed.
    queue: Option<mpsc::Sender<writer::Request>>,
    thread: Option<std::thread::JoinHandle<()>>,
    /// Commits that have not answered yet.
    in_flight: AtomicUsize,
    writer: Arc<Mutex<Connection>>,
    /// For a file a second connection, in memory the same one.
    reader: Arc<Mutex<Connection>>,
}

/// Counts a commit from its beginning to its answer, or until nobody waits for that any more.
struct InFlight<'a>(&'a AtomicUsize);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl SqliteStore {
    /// Opens or creates the store at `path`: write-ahead log, synchronised to the disk on every commit.
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        let _: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
        connection.execute_batch("PRAGMA synchronous = FULL")?;
        lay_out(&mut connection)?;
        let reader = Connection::open(path)?;
        reader.busy_timeout(Duration::from_secs(5))?;
        reader.execute_batch("PRAGMA query_only = ON")?;
        let (queue, requests) = mpsc::channel();
        let writer = Arc::new(Mutex::new(connection));
        let shared = writer.clone();
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer::serve(&shared, &requests))?;
        let reader = Arc::new(Mutex::new(reader));
        let in_flight = AtomicUsize::new(0);
        Ok(Self { clock, queue: Some(queue), thread: Some(thread), in_flight, writer, reader })
    }

    /// An empty store in memory, gone when it is dropped.
    pub fn in_memory(clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let mut connection = Connection::open_in_memory()?;
        lay_out(&mut connection)?;
        let writer = Arc::new(Mutex::new(connection));
        let in_flight = AtomicUsize::new(0);
        Ok(Self { clock, queue: None, thread: None, in_flight, reader: writer.clone(), writer })
    }

    fn commit_here(&self, transaction: Transaction) -> Result<Commit, StoreError> {
        let mut connection = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer::commit(&mut connection, transaction)
    }

    // A point or page read takes microseconds and never waits for the writer (write-ahead log), so it is
    // done in place: handing it to another thread would cost more than the read. The connection that wrote
    // last has the pages at hand; the other one has to fetch them anew.
    fn read<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let connection = match self.writer.try_lock() {
            Ok(idle) => idle,
            Err(_) => self.reader.lock().unwrap_or_else(PoisonError::into_inner),
        };
        read(&connection).map_err(|error| StoreError::Definite(error.to_string()))
    }
}

/// Whether other tasks go on while this one blocks its thread for the time of a commit.
fn others_go_on() -> bool {
    let runtime = Handle::try_current().map(|handle| handle.runtime_flavor());
    matches!(runtime, Ok(RuntimeFlavor::MultiThread))
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        // Closing the channel ends the writer once it has done what was sent.
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn get(&self, key: &str) -> Result<Option<Record>, StoreError> {
        self.read(|connection| get(connection, key))
    }

    async fn scan(&self, range: Range) -> Result<Vec<Record>, StoreError> {
        self.read(|connection| scan(connection, &range))
    }

    async fn commit(&self, transaction: Transaction) -> Result<Commit, StoreError> {
        let too_big = |write: &Write| match write {
            Write::Put { key, value } => key.len() + value.len() > BYTES_LIMIT,
            Write::Delete { key } => key.len() > BYTES_LIMIT,
        };
        if transaction.writes.iter().any(too_big) {
            return Err(StoreError::Definite("a record is too large".to_owned()));
        }
        let alone = self.in_flight.fetch_add(1, Ordering::Relaxed) == 0;
        let _counted = InFlight(&self.in_flight);
        let Some(queue) = &self.queue else { return self.commit_here(transaction) };
        if alone && others_go_on() {
            // Two changes of thread cost as much as the disk does.
            return self.commit_here(transaction);
        }
        let (reply, answer) = oneshot::channel();
        queue
            .send(writer::Request { transaction, reply })
            .map_err(|_| StoreError::Definite("the store's writer has ended".to_owned()))?;
        answer.await.unwrap_or_else(|_| Err(StoreError::Indefinite("the store's writer ended".to_owned())))
    }

    fn time(&self) -> Uptime {
        self.clock.uptime()
    }
}

fn lay_out(connection: &mut Connection) -> Result<(), OpenError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: i32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match found {
        LAYOUT => {}
        0 => {
            let tables: i64 =
                transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
            if tables > 0 {
                return Err(OpenError::NotAStore);
            }
            transaction.execute_batch(SCHEMA)?;
        }
        _ => return Err(OpenError::UnknownLayout { found }),
    }
    transaction.commit()?;
    Ok(())
}

fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    let version: i64 = row.get(2)?;
    // Versions are written from a `u64` counter that starts at 0: never negative.
    Ok(Record { key: row.get(0)?, value: row.get(1)?, version: version.unsigned_abs() })
}

fn get(connection: &Connection, key: &str) -> rusqlite::Result<Option<Record>> {
    let mut statement = connection.prepare_cached("SELECT key, value, version FROM record WHERE key = ?1")?;
    statement.query_row([key], record).optional()
}

fn scan(connection: &Connection, range: &Range) -> rusqlite::Result<Vec<Record>> {
    let (from, after) = match &range.after {
        Some(after) if *after >= range.prefix => (after.as_str(), true),
        _ => (range.prefix.as_str(), false),
    };
    let mut statement = connection.prepare_cached(if after {
        "SELECT key, value, version FROM record WHERE key > ?1 ORDER BY key LIMIT ?2"
    } else {
        "SELECT key, value, version FROM record WHERE key >= ?1 ORDER BY key LIMIT ?2"
    })?;
    let limit = i64::try_from(range.limit).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![from, limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        // Rows come in key order and are stepped to one by one: the first key outside the prefix is the
        // upper bound.
        if !row.get_ref(0)?.as_str()?.starts_with(&range.prefix) {
            break;
        }
        found.push(record(row)?);
    }
    Ok(found)
}
