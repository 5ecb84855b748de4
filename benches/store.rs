//! What the app's leases and operation log make of SQLite, against the very same statements issued bare: each
//! round measures the app, records what the same work asks of its store, and plays that back over a plain
//! connection.

#![allow(clippy::unwrap_used, reason = "a bench may give up")]

mod measure;

use std::{
    path::Path,
    process::ExitCode,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use gonogo::{
    app::{
        idempotency::{Applied, Guarantee, Idempotency, JobEnd, JobRun, Plan, Sink, SinkError, Work},
        lease::{Acquisition, Leases, Release},
    },
    clock::{SystemClock, Uptime},
    store::{Commit, Expect, Range, Record, Store, StoreError, Transaction, Write, sqlite::SqliteStore},
};
use measure::{Report, Versus, app::ports, now, seconds};
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

const ROUNDS: usize = 5;
const TARGET: f64 = 0.7;

fn main() -> ExitCode {
    let Some(mut report) = Report::asked_for("store") else { return ExitCode::SUCCESS };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for (place, times) in [(Place::File, 64), (Place::Memory, 2_048)] {
        let name = place.name();
        measure(&mut report, &runtime, &format!("lock take + release, {name}"), place, times, &|store| {
            Box::pin(locks(store, times, 1))
        });
        measure(&mut report, &runtime, &format!("operation append, {name}"), place, times, &|store| {
            Box::pin(operations(store, times))
        });
        measure(
            &mut report,
            &runtime,
            &format!("lock take + release, 16 at once, {name}"),
            place,
            times,
            &|store| Box::pin(locks(store, times, 16)),
        );
    }
    report.finish()
}

#[derive(Clone, Copy)]
enum Place {
    File,
    Memory,
}

impl Place {
    fn name(self) -> &'static str {
        match self {
            Self::File => "on a file (WAL, FULL)",
            Self::Memory => "in memory",
        }
    }
}

type Busy = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

fn measure(
    report: &mut Report,
    runtime: &Runtime,
    what: &str,
    place: Place,
    times: usize,
    work: &dyn Fn(Arc<dyn Store>) -> Busy,
) {
    // A first round to warm up, which is not counted.
    let rounds: Vec<_> = (0..=ROUNDS).map(|_| round(runtime, place, work)).skip(1).collect();
    let versus = Versus::of(&rounds);
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let each = |total_s: f64| seconds(total_s / times as f64);
    report.at_least(what, each(versus.ours_s), each(versus.baseline_s), versus.speed(), TARGET);
}

/// Seconds of ours and of the same statements bare, on fresh databases of the same kind.
fn round(runtime: &Runtime, place: Place, work: &dyn Fn(Arc<dyn Store>) -> Busy) -> (f64, f64) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let store = open(place, &folder.path().join("ours"));
    let began = now();
    runtime.block_on(runtime.spawn(work(store))).unwrap();
    let ours = began.elapsed();
    let asked = Asked::default();
    let store = Listening { inner: open(place, &folder.path().join("heard")), asked: asked.clone() };
    runtime.block_on(runtime.spawn(work(Arc::new(store)))).unwrap();
    let asked = std::mem::take(&mut *asked.0.lock().unwrap());
    let mut bare = Bare::open(place, &folder.path().join("bare"));
    let began = now();
    for call in &asked {
        bare.play(call);
    }
    (ours.as_secs_f64(), began.elapsed().as_secs_f64())
}

fn open(place: Place, path: &Path) -> Arc<dyn Store> {
    let clock = Arc::new(SystemClock::new());
    Arc::new(match place {
        Place::File => SqliteStore::open(path, clock).unwrap(),
        Place::Memory => SqliteStore::in_memory(clock).unwrap(),
    })
}

/// Takes a lock and gives it back, so many times in all, by so many workers at once, each on its own lock.
async fn locks(store: Arc<dyn Store>, times: usize, workers: usize) {
    let ttl = Duration::from_secs(90);
    let worker = |number: usize| {
        let leases = Leases::new(&store);
        let key = format!("snapshot_lock:tenant-{number}:daily:2026-01-01");
        tokio::spawn(async move {
            for turn in 0..times / workers {
                let owner = format!("0198c5a0-0000-7000-8000-{turn:012}");
                let Acquisition::Granted(lease) = leases.acquire(&key, &owner, ttl).await.unwrap() else {
                    panic!("the lock is free")
                };
                assert_eq!(leases.release(&lease).await.unwrap(), Release::Done);
            }
        })
    };
    for done in (0..workers).map(worker).collect::<Vec<_>>() {
        done.await.unwrap();
    }
}

/// Appends so many operations to the log of one job.
async fn operations(store: Arc<dyn Store>, times: usize) {
    let jobs = Idempotency::new(&Arc::new(ports(store)));
    let plan = Plan {
        tenant: "tenant-1".to_owned(),
        job_type: "bench".to_owned(),
        window: "2026-01-01".to_owned(),
        inputs: Value::Null,
    };
    let work = |run: JobRun| async move {
        for number in 0..times {
            let name = format!("operation-{number}");
            run.run_operation(&name, &json!({"number": number}), &Own).await?;
        }
        Ok::<_, gonogo::app::idempotency::JobError>(Work::Done(Value::Null))
    };
    assert!(matches!(jobs.run(&plan, work).await.unwrap(), JobEnd::Ran(_)));
}

/// Effects in the app's own store.
#[derive(Debug)]
struct Own;

#[async_trait]
impl Sink for Own {
    fn guarantee(&self) -> Guarantee {
        Guarantee::Transactional
    }

    async fn apply(&self, key: &str, _: Option<u64>, input: &Value) -> Result<Applied, SinkError> {
        let writes = Transaction::new().put(format!("effect:{key}"), input.to_string());
        Ok(Applied { result: Value::Null, writes })
    }
}

/// What was asked of a store, in the order in which it was done.
#[derive(Clone, Debug, Default)]
struct Asked(Arc<Mutex<Vec<Call>>>);

#[derive(Debug)]
enum Call {
    Get(String),
    Scan(Range),
    Commit(Transaction, u64),
}

/// A store that takes down what it was asked; what it costs is not measured.
#[derive(Debug)]
struct Listening {
    inner: Arc<dyn Store>,
    asked: Asked,
}

impl Listening {
    fn note(&self, call: Call) {
        self.asked.0.lock().unwrap().push(call);
    }
}

#[async_trait]
impl Store for Listening {
    async fn get(&self, key: &str) -> Result<Option<Record>, StoreError> {
        self.note(Call::Get(key.to_owned()));
        self.inner.get(key).await
    }

    async fn scan(&self, range: Range) -> Result<Vec<Record>, StoreError> {
        self.note(Call::Scan(range.clone()));
        self.inner.scan(range).await
    }

    async fn commit(&self, transaction: Transaction) -> Result<Commit, StoreError> {
        let noted = transaction.clone();
        let commit = self.inner.commit(transaction).await?;
        if let Commit::Done { version } = commit {
            self.note(Call::Commit(noted, version));
        }
        Ok(commit)
    }

    fn time(&self) -> Uptime {
        self.inner.time()
    }
}

/// The same statements over a plain connection of the same kind.
struct Bare(Connection);

impl Bare {
    fn open(place: Place, path: &Path) -> Self {
        let connection = match place {
            Place::File => Connection::open(path).unwrap(),
            Place::Memory => Connection::open_in_memory().unwrap(),
        };
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL;
                 PRAGMA synchronous = FULL;
                 CREATE TABLE record(key TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL,
                     version INTEGER NOT NULL) STRICT, WITHOUT ROWID;
                 CREATE TABLE sequence(only INTEGER PRIMARY KEY CHECK(only = 1), last INTEGER NOT NULL) STRICT;
                 INSERT INTO sequence VALUES(1, 0);",
            )
            .unwrap();
        Self(connection)
    }

    fn play(&mut self, call: &Call) {
        match call {
            Call::Get(key) => drop(self.get(key)),
            Call::Scan(range) => self.scan(range),
            Call::Commit(transaction, version) => self.commit(transaction, *version),
        }
    }

    fn get(&self, key: &str) -> Option<(String, Vec<u8>, i64)> {
        let sql = "SELECT key, value, version FROM record WHERE key = ?1";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        self.0.prepare_cached(sql).unwrap().query_row([key], read).optional().unwrap()
    }

    fn scan(&self, range: &Range) {
        let sql = "SELECT key, value, version FROM record WHERE key >= ?1 ORDER BY key LIMIT ?2";
        let from = range.after.as_ref().unwrap_or(&range.prefix);
        let mut statement = self.0.prepare_cached(sql).unwrap();
        let mut rows = statement.query(params![from, 1]).unwrap();
        while rows.next().unwrap().is_some() {}
    }

    // With several workers at once the versions come in the order of the answers, which is not quite the
    // order of the commits: expectations are looked up as the store does, and not held to.
    fn commit(&self, transaction: &Transaction, version: u64) {
        let run = |sql: &str| self.0.prepare_cached(sql).unwrap().execute([]).unwrap();
        run("BEGIN IMMEDIATE");
        let last = self.0.prepare_cached("SELECT last FROM sequence").unwrap();
        let _: i64 = { last }.query_row([], |row| row.get(0)).unwrap();
        for (key, expect) in &transaction.expects {
            let mut found = self.0.prepare_cached("SELECT version FROM record WHERE key = ?1").unwrap();
            let found: Option<i64> = found.query_row([key], |row| row.get(0)).optional().unwrap();
            assert!(*expect != Expect::Absent || found.is_none());
        }
        let version = i64::try_from(version).unwrap();
        for write in &transaction.writes {
            match write {
                Write::Put { key, value } => {
                    let sql = "INSERT INTO record(key, value, version) VALUES(?1, ?2, ?3)
                        ON CONFLICT(key) DO UPDATE SET value = excluded.value, version = excluded.version";
                    self.0.prepare_cached(sql).unwrap().execute(params![key, value, version]).unwrap();
                }
                Write::Delete { key } => {
                    let sql = "DELETE FROM record WHERE key = ?1";
                    self.0.prepare_cached(sql).unwrap().execute([key]).unwrap();
                }
            }
        }
        self.0.prepare_cached("UPDATE sequence SET last = ?1").unwrap().execute([version]).unwrap();
        run("COMMIT");
    }
}
