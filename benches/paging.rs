//! Paging through a million drift events: a late page against the first one, with `OFFSET` as a comparison,
//! and the memory that streaming all of them takes.

#![allow(clippy::unwrap_used, reason = "a bench may give up")]

mod measure;

use std::{
    path::Path,
    process::{Command, ExitCode},
    sync::Arc,
};

use gonogo::{
    app::{
        drift::{self, Change, Difference, DriftBatches, DriftQuery},
        plain::PlainKeys,
        port::{KeyEncoder, Ports},
    },
    clock::SystemClock,
    store::{Commit, Store, Transaction, memory::MemoryStore, sqlite::SqliteStore},
};
use jiff::Timestamp;
use measure::{Report, app::ports, memory, seconds, timed, versus};
use rusqlite::{Connection, params};
use tokio::runtime::Runtime;

const TENANT: &str = "tenant-1";
const EVENTS: u32 = 1_000_000;
const PAGE: u32 = 100;
/// Tells this binary to stream the store at the path that follows, in a process of its own.
const STREAM: &str = "--stream";
/// Events of one snapshot, written together.
const SNAPSHOT: u32 = 10_000;

fn main() -> ExitCode {
    if let Some(path) = std::env::args().skip_while(|argument| argument != STREAM).nth(1) {
        return stream_alone(Path::new(&path));
    }
    let Some(mut report) = Report::asked_for("paging") else { return ExitCode::SUCCESS };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = folder.path().join("store");
    let clock = Arc::new(SystemClock::new());
    measure(
        &mut report,
        &runtime,
        "SQLite on a file",
        Arc::new(SqliteStore::open(&path, clock.clone()).unwrap()),
    );
    offset(&mut report, &path);
    fresh(&mut report, &path);
    drop(folder);
    measure(&mut report, &runtime, "in memory", Arc::new(MemoryStore::new(clock)));
    report.finish()
}

fn measure(report: &mut Report, runtime: &Runtime, name: &str, store: Arc<dyn Store>) {
    let ports = ports(store);
    runtime.block_on(seed(&ports));
    let last = runtime.block_on(walk(&ports));
    let page = |cursor: Option<&str>| {
        let limit = Some(i64::from(PAGE));
        let page = drift::list(&ports, TENANT, DriftQuery::default(), limit, cursor);
        let (took, page) = timed(|| runtime.block_on(page).unwrap());
        assert_eq!(page.items.len(), PAGE as usize);
        took
    };
    let versus = versus(301, || page(Some(&last)), || page(None));
    let what = format!("page {}, {name}", EVENTS / PAGE);
    let (ours, first) = (seconds(versus.ours_s), format!("page 1: {}", seconds(versus.baseline_s)));
    report.at_most(&what, ours, first, versus.slower, 1.5, " x");

    let (growth, (took, streamed)) = memory::growth_mb(|| timed(|| runtime.block_on(stream(&ports))));
    assert_eq!(streamed, EVENTS as usize);
    if let Some(growth) = growth {
        let what = format!("memory of streaming them all, {name}");
        let took = format!("in {}", seconds(took.as_secs_f64()));
        report.at_most(&what, took, String::new(), growth, 32.0, " MB");
    }
}

/// Writes all events as snapshots do.
async fn seed(ports: &Ports) {
    for snapshot in 0..EVENTS / SNAPSHOT {
        let at = Timestamp::from_second(1_767_225_600 + i64::from(snapshot) * 3_600).unwrap();
        let difference = |number: u32| Difference {
            change: [Change::Added, Change::Removed, Change::Changed][number as usize % 3],
            entity: "field",
            entity_id: format!("customfield_{}", 10_000 + number),
            name: format!("Field {number}"),
        };
        let differences: Vec<_> = (0..SNAPSHOT).map(difference).collect();
        let events = drift::events(ports, TENANT, &format!("snapshot:{snapshot}"), at, &differences);
        let written = drift::recorded(ports, TENANT, Transaction::new(), &events).await.unwrap();
        assert!(matches!(ports.store.commit(written).await.unwrap(), Commit::Done { .. }));
    }
}

/// Turns all pages as a client does; returns the cursor of the last one.
async fn walk(ports: &Ports) -> String {
    let (mut cursor, mut seen) = (None::<String>, 0);
    loop {
        let limit = Some(i64::from(PAGE));
        let page = drift::list(ports, TENANT, DriftQuery::default(), limit, cursor.as_deref()).await.unwrap();
        seen += page.items.len();
        match page.next_cursor {
            Some(next) => cursor = Some(next),
            None => {
                assert_eq!((seen, page.total_count), (EVENTS as usize, u64::from(EVENTS)));
                return cursor.unwrap();
            }
        }
    }
}

async fn stream(ports: &Ports) -> usize {
    let mut batches = DriftBatches::new(ports, TENANT, 500);
    let mut streamed = 0;
    while let Some(batch) = batches.next_batch().await.unwrap() {
        streamed += batch.len();
    }
    streamed
}

/// Streams in a process that has no heap from earlier work to hide growth in.
fn fresh(report: &mut Report, path: &Path) {
    let this = std::env::current_exe().unwrap();
    let output = Command::new(this).arg(STREAM).arg(path).output().unwrap();
    assert!(output.status.success());
    if let Ok(growth) = String::from_utf8(output.stdout).unwrap().trim().parse() {
        let what = "the same in a fresh process, SQLite on a file";
        report.at_most(what, String::new(), String::new(), growth, 32.0, " MB");
    }
}

#[expect(clippy::print_stdout, reason = "how the figure reaches the parent")]
fn stream_alone(path: &Path) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ports = ports(Arc::new(SqliteStore::open(path, Arc::new(SystemClock::new())).unwrap()));
    let (growth, streamed) = memory::growth_mb(|| runtime.block_on(stream(&ports)));
    assert_eq!(streamed, EVENTS as usize);
    println!("{}", growth.map_or_else(String::new, |growth| growth.to_string()));
    ExitCode::SUCCESS
}

/// What a page would cost if the store counted its way to it.
fn offset(report: &mut Report, path: &Path) {
    let connection = Connection::open(path).unwrap();
    let prefix = PlainKeys.prefix("drift", &[TENANT]);
    let sql = "SELECT key, value FROM record WHERE key >= ?1 ORDER BY key LIMIT ?2 OFFSET ?3";
    let page = |offset: u32| {
        let mut statement = connection.prepare_cached(sql).unwrap();
        let (took, rows) = timed(|| {
            let rows = statement.query_map(params![prefix, PAGE, offset], |row| row.get::<_, Vec<u8>>(1));
            rows.unwrap().map(Result::unwrap).collect::<Vec<_>>()
        });
        assert_eq!(rows.len(), PAGE as usize);
        took
    };
    let versus = versus(5, || page(EVENTS - PAGE), || page(0));
    let first = format!("page 1: {}", seconds(versus.baseline_s));
    let figure = format!("{:.0} x", versus.slower);
    report.note("the same page by OFFSET, for comparison", seconds(versus.ours_s), first, figure);
}
