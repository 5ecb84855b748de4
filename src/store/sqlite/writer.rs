//! Writes: takes the commits that wait, judges each by its expectations, and brings all that are met to the
//! disk in one transaction.

use std::sync::{Mutex, PoisonError, mpsc::Receiver};

use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::oneshot;

use crate::store::{Commit, Expect, StoreError, Transaction, Write};

/// At most so many commits share one transaction, so that the first of them does not wait for long.
const BATCH: usize = 256;

/// What the writer is asked to commit.
pub struct Request {
    /// What.
    pub transaction: Transaction,
    /// Where the answer goes.
    pub reply: oneshot::Sender<Result<Commit, StoreError>>,
}

/// Serves requests in order until nobody can send any more.
pub fn serve(connection: &Mutex<Connection>, requests: &Receiver<Request>) {
    while let Ok(first) = requests.recv() {
        let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
        // What came while the connection was busy goes along.
        let mut batch = vec![first];
        batch.extend(requests.try_iter().take(BATCH - 1));
        commit_batch(&mut connection, batch);
    }
}

/// Commits one transaction at once.
pub fn commit(connection: &mut Connection, transaction: Transaction) -> Result<Commit, StoreError> {
    let commits = write(connection, &[transaction])?;
    commits.into_iter().next().ok_or_else(|| definite("no outcome"))
}

fn commit_batch(connection: &mut Connection, batch: Vec<Request>) {
    let split = batch.into_iter().map(|request| (request.transaction, request.reply));
    let (transactions, replies): (Vec<_>, Vec<_>) = split.unzip();
    let outcomes = write(connection, &transactions);
    for (index, reply) in replies.into_iter().enumerate() {
        let outcome = match &outcomes {
            Ok(commits) => commits.get(index).cloned().ok_or_else(|| definite("no outcome")),
            Err(StoreError::Definite(reason)) => Err(definite(reason)),
            Err(StoreError::Indefinite(reason)) => Err(StoreError::Indefinite(reason.clone())),
        };
        // Whoever asked may be gone; the commit stands all the same.
        let _ = reply.send(outcome);
    }
}

fn write(connection: &mut Connection, batch: &[Transaction]) -> Result<Vec<Commit>, StoreError> {
    execute(connection, "BEGIN IMMEDIATE").map_err(definite)?;
    let written = write_all(connection, batch);
    let commits = match written {
        Ok(commits) => commits,
        Err(error) => return Err(rolled_back(connection, &error)),
    };
    if commits.iter().all(|commit| matches!(commit, Commit::Conflict { .. })) {
        return execute(connection, "ROLLBACK").map_err(definite).map(|()| commits);
    }
    match execute(connection, "COMMIT") {
        Ok(()) => Ok(commits),
        // Still inside: the commit did not begin to reach the disk.
        Err(error) if !connection.is_autocommit() => Err(rolled_back(connection, &error)),
        Err(error) => Err(StoreError::Indefinite(error.to_string())),
    }
}

fn write_all(connection: &Connection, batch: &[Transaction]) -> rusqlite::Result<Vec<Commit>> {
    let last: i64 =
        connection.prepare_cached("SELECT last FROM sequence")?.query_row([], |row| row.get(0))?;
    let mut version = last;
    let mut commits = Vec::with_capacity(batch.len());
    for transaction in batch {
        if let Some(key) = unmet(connection, transaction)? {
            commits.push(Commit::Conflict { key });
            continue;
        }
        version += 1;
        apply(connection, transaction, version)?;
        commits.push(Commit::Done { version: version.unsigned_abs() });
    }
    if version > last {
        connection.prepare_cached("UPDATE sequence SET last = ?1")?.execute([version])?;
    }
    Ok(commits)
}

fn unmet(connection: &Connection, transaction: &Transaction) -> rusqlite::Result<Option<String>> {
    let mut statement = connection.prepare_cached("SELECT version FROM record WHERE key = ?1")?;
    for (key, expect) in &transaction.expects {
        let version: Option<i64> = statement.query_row([key], |row| row.get(0)).optional()?;
        let met = match expect {
            Expect::Absent => version.is_none(),
            Expect::Version(expected) => version.map(i64::unsigned_abs) == Some(*expected),
        };
        if !met {
            return Ok(Some(key.clone()));
        }
    }
    Ok(None)
}

fn apply(connection: &Connection, transaction: &Transaction, version: i64) -> rusqlite::Result<()> {
    for write in &transaction.writes {
        match write {
            Write::Put { key, value } => connection
                .prepare_cached(
                    "INSERT INTO record(key, value, version) VALUES(?1, ?2, ?3)
                     ON CONFLICT(key) DO UPDATE SET value = excluded.value, version = excluded.version",
                )?
                .execute(params![key, value, version])?,
            Write::Delete { key } => {
                connection.prepare_cached("DELETE FROM record WHERE key = ?1")?.execute([key])?
            }
        };
    }
    Ok(())
}

fn execute(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(|_| ())
}

fn rolled_back(connection: &Connection, error: &rusqlite::Error) -> StoreError {
    // SQLite may have rolled back by itself; then there is nothing left to undo.
    if connection.is_autocommit() || execute(connection, "ROLLBACK").is_ok() {
        definite(error)
    } else {
        StoreError::Indefinite(error.to_string())
    }
}

fn definite(reason: impl ToString) -> StoreError {
    StoreError::Definite(reason.to_string())
}
