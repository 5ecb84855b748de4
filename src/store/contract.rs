//! What every store promises, checked over each of them, and SQLite against a model.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use proptest::prelude::*;

use super::{
    Commit, Expect, Range, Store, StoreError, Transaction, Write,
    memory::MemoryStore,
    sqlite::{OpenError, SqliteStore},
};
use crate::clock::{Clock, ManualClock};

fn clock() -> Arc<dyn Clock> {
    Arc::new(ManualClock::new("2026-01-01T12:00:00Z".parse().expect("a time")))
}

fn on_file(path: &Path) -> SqliteStore {
    SqliteStore::open(path, clock()).expect("a store")
}

struct Stores {
    all: Vec<(&'static str, Arc<dyn Store>)>,
    _folder: tempfile::TempDir,
}

fn every_store() -> Stores {
    let folder = tempfile::tempdir().expect("a folder");
    Stores {
        all: vec![
            ("memory", Arc::new(MemoryStore::new(clock()))),
            ("sqlite in memory", Arc::new(SqliteStore::in_memory(clock()).expect("a store"))),
            ("sqlite on a file", Arc::new(on_file(&folder.path().join("store.db")))),
        ],
        _folder: folder,
    }
}

async fn done(store: &dyn Store, transaction: Transaction) -> u64 {
    match store.commit(transaction).await.expect("an answer") {
        Commit::Done { version } => version,
        Commit::Conflict { key } => panic!("conflict on {key}"),
    }
}

async fn keys(store: &dyn Store, prefix: &str, after: Option<&str>, limit: usize) -> Vec<String> {
    let range = Range { prefix: prefix.to_owned(), after: after.map(str::to_owned), limit };
    store.scan(range).await.expect("an answer").into_iter().map(|record| record.key).collect()
}

#[tokio::test]
async fn a_transaction_happens_as_a_whole_or_not_at_all() {
    for (name, store) in every_store().all {
        let first = done(&*store, Transaction::new().put("a", "1").put("b", "1")).await;
        let both = Transaction::new().expect("a", Expect::Version(first)).expect("c", Expect::Absent);
        let second = done(&*store, both.clone().put("a", "2").put("c", "2").delete("b")).await;
        assert!(second > first, "{name}");
        let again = store.commit(both.put("a", "3").put("d", "3")).await.expect("an answer");
        assert_eq!(again, Commit::Conflict { key: "a".to_owned() }, "{name}");
        let a = store.get("a").await.expect("an answer").expect("a record");
        assert_eq!((a.value, a.version), (b"2".to_vec(), second), "{name}");
        assert_eq!(keys(&*store, "", None, 10).await, ["a", "c"], "{name}");
    }
}

#[tokio::test]
async fn the_first_unmet_expectation_is_named_and_presence_is_not_absence() {
    for (name, store) in every_store().all {
        let version = done(&*store, Transaction::new().put("a", "1")).await;
        let rows = [
            (Transaction::new().expect("a", Expect::Absent), "a"),
            (Transaction::new().expect("a", Expect::Version(version + 1)), "a"),
            (Transaction::new().expect("b", Expect::Version(version)), "b"),
            (Transaction::new().expect("c", Expect::Version(1)).expect("a", Expect::Absent), "c"),
        ];
        for (transaction, key) in rows {
            let commit = store.commit(transaction.put("x", "x")).await.expect("an answer");
            assert_eq!(commit, Commit::Conflict { key: key.to_owned() }, "{name}");
        }
        assert_eq!(store.get("x").await.expect("an answer"), None, "{name}");
    }
}

#[tokio::test]
async fn versions_never_come_again_not_even_after_a_delete() {
    for (name, store) in every_store().all {
        let first = done(&*store, Transaction::new().put("a", "1")).await;
        let gone = done(&*store, Transaction::new().delete("a")).await;
        let second = done(&*store, Transaction::new().expect("a", Expect::Absent).put("a", "1")).await;
        assert!(first < gone && gone < second, "{name}: {first} {gone} {second}");
    }
}

#[tokio::test]
async fn scans_are_in_byte_order_within_their_prefix_and_behind_their_key() {
    for (name, store) in every_store().all {
        let mut transaction = Transaction::new();
        for key in ["a", "a:", "a:1", "a:10", "a:2", "a:é", "a:\u{10ffff}", "a;", "b", "a:\0x"] {
            transaction = transaction.put(key, key);
        }
        done(&*store, transaction).await;
        let all = ["a:", "a:\0x", "a:1", "a:10", "a:2", "a:é", "a:\u{10ffff}"];
        let rows: [(Option<&str>, usize, &[&str]); 8] = [
            (None, 100, &all),
            (None, 2, &all[..2]),
            (None, 0, &[]),
            (Some("a:1"), 2, &all[3..5]),
            (Some("a:15"), 100, &all[4..]),
            (Some("A"), 1, &all[..1]),
            (Some("a:\u{10ffff}"), 100, &[]),
            (Some("b"), usize::MAX, &[]),
        ];
        for (after, limit, expected) in rows {
            assert_eq!(keys(&*store, "a:", after, limit).await, expected, "{name} {after:?} {limit}");
        }
    }
}

#[tokio::test]
async fn later_writes_of_a_transaction_win_over_earlier_ones() {
    for (name, store) in every_store().all {
        done(&*store, Transaction::new().put("a", "1").delete("a").put("b", "1").put("b", "2")).await;
        assert_eq!(store.get("a").await.expect("an answer"), None, "{name}");
        let b = store.get("b").await.expect("an answer").expect("a record");
        assert_eq!(b.value, b"2", "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_create_the_same_record_at_once_one_succeeds() {
    for (name, store) in every_store().all {
        let tries = (0..64).map(|n| {
            let store = store.clone();
            let transaction = Transaction::new().expect("a", Expect::Absent).put("a", n.to_string());
            tokio::spawn(async move { store.commit(transaction).await })
        });
        let commits = futures::future::join_all(tries).await;
        let winners = commits.iter().filter(|c| matches!(c, Ok(Ok(Commit::Done { .. })))).count();
        assert_eq!(winners, 1, "{name}");
    }
}

#[tokio::test]
async fn a_file_keeps_its_records_and_its_sequence_over_a_reopening() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let store = on_file(&path);
    done(&store, Transaction::new().put("kept", "1")).await;
    done(&store, Transaction::new().put("a", "1")).await;
    let last = done(&store, Transaction::new().delete("a")).await;
    drop(store);
    let store = on_file(&path);
    assert!(store.get("kept").await.expect("an answer").is_some());
    assert_eq!(done(&store, Transaction::new().put("a", "1")).await, last + 1);
}

#[tokio::test]
async fn two_openings_of_one_file_share_records_and_sequence() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let (ours, theirs) = (on_file(&path), on_file(&path));
    let first = done(&ours, Transaction::new().put("a", "1")).await;
    assert_eq!(theirs.get("a").await.expect("an answer").map(|r| r.version), Some(first));
    let second = done(&theirs, Transaction::new().expect("a", Expect::Version(first)).put("a", "2")).await;
    assert!(second > first);
    let stale = ours.commit(Transaction::new().expect("a", Expect::Version(first)).put("a", "3")).await;
    assert_eq!(stale.expect("an answer"), Commit::Conflict { key: "a".to_owned() });
}

#[test]
fn a_layout_of_another_version_and_a_foreign_database_are_rejected() {
    let folder = tempfile::tempdir().expect("a folder");
    let written = |name: &str, sql: &str| {
        let path = folder.path().join(name);
        rusqlite::Connection::open(&path).and_then(|c| c.execute_batch(sql)).expect("a database");
        SqliteStore::open(&path, clock()).expect_err("not ours")
    };
    let newer = written("newer.db", "PRAGMA user_version = 2");
    assert!(matches!(newer, OpenError::UnknownLayout { found: 2 }), "{newer}");
    let foreign = written("foreign.db", "CREATE TABLE mine(x)");
    assert!(matches!(foreign, OpenError::NotAStore), "{foreign}");
    std::fs::write(folder.path().join("text.db"), "no database ".repeat(100)).expect("a file");
    assert!(SqliteStore::open(&folder.path().join("text.db"), clock()).is_err());
}

#[tokio::test]
async fn an_oversized_record_is_refused_for_certain() {
    let store = SqliteStore::in_memory(clock()).expect("a store");
    let error = store.commit(Transaction::new().put("a", vec![0; 256 * 1024 * 1024])).await;
    assert!(matches!(error, Err(StoreError::Definite(_))));
}

/// The least that a store can be: what both are held against.
#[derive(Default)]
struct Model {
    records: BTreeMap<String, (Vec<u8>, u64)>,
    last: u64,
}

impl Model {
    fn commit(&mut self, transaction: &Transaction) -> Commit {
        for (key, expect) in &transaction.expects {
            let version = self.records.get(key).map(|(_, version)| *version);
            let expected = match expect {
                Expect::Absent => None,
                Expect::Version(version) => Some(*version),
            };
            if version != expected {
                return Commit::Conflict { key: key.clone() };
            }
        }
        self.last += 1;
        for write in &transaction.writes {
            match write {
                Write::Put { key, value } => {
                    self.records.insert(key.clone(), (value.clone(), self.last));
                }
                Write::Delete { key } => {
                    self.records.remove(key);
                }
            }
        }
        Commit::Done { version: self.last }
    }
}

fn transactions() -> impl Strategy<Value = Vec<Transaction>> {
    let key = || prop::sample::select(vec!["a", "a:", "a:1", "b", "é", "\0", ""]);
    let expect = prop_oneof![Just(Expect::Absent), (1_u64..8).prop_map(Expect::Version)];
    let write = prop_oneof![
        (key(), any::<Vec<u8>>()).prop_map(|(k, value)| Write::Put { key: k.to_owned(), value }),
        key().prop_map(|k| Write::Delete { key: k.to_owned() }),
    ];
    let transaction = (
        prop::collection::vec((key().prop_map(str::to_owned), expect), 0..2),
        prop::collection::vec(write, 0..4),
    );
    let transaction = transaction.prop_map(|(expects, writes)| Transaction { expects, writes });
    prop::collection::vec(transaction, 1..24)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_store_does_what_the_model_does_batched_or_not(
        transactions in transactions(),
        together in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        for (name, store) in every_store().all {
            let mut model = Model::default();
            let expected: Vec<Commit> = transactions.iter().map(|t| model.commit(t)).collect();
            let commits = transactions.iter().map(|t| store.commit(t.clone()));
            let commits = runtime.block_on(async {
                if together {
                    // Polled in order, so they are sent in order and wait for the writer together.
                    futures::future::join_all(commits).await
                } else {
                    let mut one_by_one = vec![];
                    for commit in commits {
                        one_by_one.push(commit.await);
                    }
                    one_by_one
                }
            });
            let commits: Vec<Commit> = commits.into_iter().map(|c| c.expect("an answer")).collect();
            prop_assert_eq!(&commits, &expected, "{}", name);
            let range = Range { prefix: String::new(), after: None, limit: 100 };
            let records = runtime.block_on(store.scan(range)).expect("an answer");
            let records: BTreeMap<_, _> =
                records.into_iter().map(|r| (r.key, (r.value, r.version))).collect();
            prop_assert_eq!(&records, &model.records, "{}", name);
        }
    }
}
