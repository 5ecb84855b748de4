//! What snapshots promise: one per window, the same hash however pages fall, drift told once, repair without a
//! person, and no zombie's write.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};

use super::{SnapshotOutcome, SnapshotType, Snapshots, record::SnapshotRecord};
use crate::{
    app::{
        App,
        drift::{Change, DriftBatches, DriftQuery},
        idempotency::set_gate,
        rehearsal::{Act, Barrier, Rehearsal, stage},
        schedule::{Job, JobOutcome},
        stand_in::{Does, Ear, Platform, Seen, granted, ok, status, token, worker},
    },
    clock::ManualClock,
    store::{Range, Store, Transaction},
};

const DAY: Duration = Duration::from_secs(24 * 3_600);

#[derive(Clone)]
struct Site {
    fields: Vec<(&'static str, &'static str)>,
    issues: Vec<&'static str>,
    page: usize,
    reversed: bool,
    broken_for: Option<&'static str>,
}

struct Stage {
    clock: ManualClock,
    store: Arc<dyn Store>,
    platform: Arc<Platform>,
    site: Arc<Mutex<Site>>,
    app: App,
}

fn site() -> Site {
    Site {
        fields: vec![("f1", "Team"), ("f2", "Points")],
        issues: vec!["one", "two", "three", "four", "five"],
        page: 2,
        reversed: false,
        broken_for: None,
    }
}

fn answer(site: &Site, seen: &Seen, number: usize) -> Does {
    if seen.is_refresh() {
        return granted(number as u64 + 1);
    }
    if site.broken_for == Some(seen.tenant.as_str()) {
        return status(400, json!({}));
    }
    let mut named: Vec<Value> =
        site.fields.iter().map(|(id, name)| json!({ "id": id, "name": name })).collect();
    let mut issues: Vec<Value> =
        site.issues.iter().map(|s| json!({ "id": s, "key": s, "fields": { "summary": s } })).collect();
    if site.reversed {
        named.reverse();
        issues.reverse();
    }
    let path = seen.url.split("/rest/api/3/").nth(1).unwrap_or_default();
    match path.split('?').next().unwrap_or_default() {
        "field" => ok(Value::from(named)),
        "status" | "issuetype" => ok(json!([])),
        "project/search" => ok(json!({ "startAt": 0, "maxResults": 50, "total": 1, "isLast": true,
            "values": [{ "id": "10000", "key": "EX", "name": "Example" }] })),
        "search/jql" => {
            assert_eq!(seen.body["jql"], "project = \"EX\" order by key");
            let from: usize = seen.body["nextPageToken"].as_str().map_or(0, |t| t.parse().expect("a number"));
            let to = (from + site.page).min(issues.len());
            let mut page = json!({ "issues": issues[from..to] });
            if to < issues.len() {
                page["nextPageToken"] = to.to_string().into();
            }
            ok(page)
        }
        _ => status(404, json!({})),
    }
}

async fn staged() -> Stage {
    let (clock, store) = stage();
    let site = Arc::new(Mutex::new(site()));
    let shown = site.clone();
    let platform = Platform::new(&clock, move |seen, n| answer(&shown.lock().expect("a site"), seen, n));
    let app = worker(&clock, &store, &platform, &Arc::default(), |_| {});
    app.installations().install("acme", "cloud-1", token(DAY)).await.expect("installed");
    Stage { clock, store, platform, site, app }
}

impl Stage {
    async fn take(&self) -> SnapshotOutcome {
        self.app.create_snapshot_with_lock("acme", SnapshotType::Daily).await.expect("a snapshot")
    }

    fn change(&self, change: impl FnOnce(&mut Site)) {
        change(&mut self.site.lock().expect("a site"));
    }

    fn worker(&self, script: impl IntoIterator<Item = Act>) -> App {
        let store = Rehearsal::of(&self.store, script);
        worker(&self.clock, &store, &self.platform, &Arc::<Ear>::default(), |_| {})
    }

    async fn texts(&self) -> Vec<String> {
        let page = self.app.list_drift("acme", DriftQuery::default(), None, None).await.expect("a page");
        assert_eq!(page.total_count, page.items.len() as u64);
        page.items.into_iter().map(|event| event.text).collect()
    }

    async fn keys(&self, prefix: &str) -> Vec<String> {
        let range = Range { prefix: prefix.to_owned(), after: None, limit: 1_000 };
        self.store.scan(range).await.expect("a scan").into_iter().map(|record| record.key).collect()
    }
}

fn hash(outcome: &SnapshotOutcome) -> String {
    match outcome {
        SnapshotOutcome::Stored { hash, .. } | SnapshotOutcome::Done { hash, .. } => hash.clone(),
        SnapshotOutcome::Locked { .. } => "locked".to_owned(),
    }
}

#[test]
fn windows_begin_at_midnight_and_on_mondays() {
    for (now, day, week) in [
        ("2026-01-01T00:00:00Z", "2026-01-01", "2025-12-29"),
        ("2026-01-04T23:59:59Z", "2026-01-04", "2025-12-29"),
        ("2026-01-05T00:00:00Z", "2026-01-05", "2026-01-05"),
    ] {
        let now = now.parse().expect("a time");
        assert_eq!(
            (SnapshotType::Daily.window_start(now), SnapshotType::Weekly.window_start(now)),
            (day.into(), week.into())
        );
    }
}

#[tokio::test]
async fn a_window_has_one_snapshot_and_a_repeat_replays_it_without_asking_jira() {
    let stage = staged().await;
    let first = stage.take().await;
    assert!(!first.is_skipped());
    let asked = stage.platform.seen().len();
    stage.change(|site| site.issues.push("six"));
    let again = stage.take().await;
    assert!(again.is_skipped());
    assert_eq!(hash(&again), hash(&first));
    let without = stage.app.create_snapshot("acme", SnapshotType::Daily).await.expect("a replay");
    assert_eq!(without, again);
    assert_eq!(stage.platform.seen().len(), asked);
    assert_eq!(stage.keys("snapshot:").await, ["snapshot:acme:daily:2026-01-01"]);
}

#[tokio::test]
async fn the_hash_depends_on_the_content_and_not_on_pages_or_order() {
    let mut hashes = Vec::new();
    for (page, reversed) in [(1, false), (2, true), (500, false)] {
        let stage = staged().await;
        stage.change(|site| (site.page, site.reversed) = (page, reversed));
        stage.clock.advance(Duration::from_secs(page as u64));
        hashes.push(hash(&stage.take().await));
    }
    assert!(hashes.windows(2).all(|pair| pair[0] == pair[1]), "{hashes:?}");
    let changes: [fn(&mut Site); 3] =
        [|site| site.issues[0] = "uno", |site| site.fields[0].1 = "Squad", |site| site.issues.push("one")];
    for change in changes {
        let stage = staged().await;
        stage.change(change);
        assert_ne!(hash(&stage.take().await), hashes[0]);
    }
}

#[tokio::test]
async fn drift_is_told_once_in_order_and_survives_an_unanswered_commit() {
    let stage = staged().await;
    stage.take().await;
    assert!(stage.texts().await.is_empty());
    stage.change(|site| site.fields = vec![("f1", "Squad"), ("f3", "Risk")]);
    stage.clock.advance(DAY);
    // Commits: lease, then the snapshot.
    let app = stage.worker([Act::Let, Act::LoseReply]);
    let outcome = app.create_snapshot_with_lock("acme", SnapshotType::Daily).await.expect("a snapshot");
    assert!(matches!(outcome, SnapshotOutcome::Stored { drift: 3, .. }), "{outcome:?}");
    stage.app.create_snapshot_with_lock("acme", SnapshotType::Weekly).await.expect("a snapshot");
    let mut told = stage.texts().await;
    told.sort();
    let expected =
        [r#"field "Points" was removed"#, r#"field "Risk" was added"#, r#"field "Squad" was changed"#];
    assert_eq!(told, expected);
    stage.change(|site| site.issues.clear());
    stage.clock.advance(DAY);
    stage.take().await;
    assert_eq!(stage.texts().await[3], r#"issue list of project "Example" was changed"#);
    let query = DriftQuery { kind: Some(Change::Changed) };
    let page = stage.app.list_drift("acme", query, Some(1), None).await.expect("a page");
    assert_eq!((page.items.len(), page.has_more, page.total_count), (1, true, 2));
    let rest =
        stage.app.list_drift("acme", query, Some(1), page.next_cursor.as_deref()).await.expect("a page");
    assert_eq!((rest.items.len(), rest.has_more, rest.page, rest.next_cursor), (1, false, 2, None));
    let foreign =
        stage.app.list_drift("acme", DriftQuery::default(), None, page.next_cursor.as_deref()).await;
    assert!(foreign.is_err());
}

#[tokio::test]
async fn a_worker_paused_past_its_lock_stores_nothing() {
    let stage = staged().await;
    let barrier: Arc<Barrier> = Arc::default();
    let zombie = stage.worker([Act::Let, Act::Hold(barrier.clone())]);
    let zombie =
        tokio::spawn(async move { zombie.create_snapshot_with_lock("acme", SnapshotType::Daily).await });
    barrier.reached().await;
    assert!(matches!(stage.take().await, SnapshotOutcome::Locked { .. }));
    stage.clock.advance(Duration::from_secs(91));
    stage.change(|site| site.issues.push("six"));
    let winner = stage.take().await;
    barrier.open();
    let late = zombie.await.expect("joined");
    assert!(late.as_ref().map_or(true, SnapshotOutcome::is_skipped), "{late:?}");
    assert_eq!(hash(&stage.take().await), hash(&winner));
}

#[tokio::test]
async fn the_lock_is_free_again_after_a_failure_and_the_next_try_succeeds() {
    let stage = staged().await;
    stage.change(|site| site.broken_for = Some("acme"));
    stage.app.create_snapshot_with_lock("acme", SnapshotType::Daily).await.expect_err("a broken site");
    stage.change(|site| site.broken_for = None);
    assert!(!stage.take().await.is_skipped());
}

#[tokio::test]
async fn damage_is_set_aside_and_mended_by_the_next_run() {
    for key in
        ["snapshot:acme:daily:2026-01-01", "snapshot_done:acme:daily:2026-01-01", "snapshot_latest:acme"]
    {
        for damage in [Some("{\"format\":"), None] {
            let stage = staged().await;
            let first = stage.take().await;
            let harm = match damage {
                Some(half) => Transaction::new().put(key, half),
                None => Transaction::new().delete(key),
            };
            stage.store.commit(harm).await.expect("damaged");
            stage.take().await;
            stage.clock.advance(DAY);
            assert!(!stage.take().await.is_skipped(), "{key} {damage:?}");
            stage.clock.advance(DAY * 3);
            stage.change(|site| site.fields.truncate(1));
            assert!(!stage.take().await.is_skipped(), "{key} {damage:?}");
            assert_eq!(stage.texts().await, [r#"field "Points" was removed"#], "{key} {damage:?}");
            // A snapshot without its completed record is half a snapshot: it is set aside as well.
            let nothing_left = damage.is_none() && !key.starts_with("snapshot_done");
            assert_eq!(stage.keys("quarantine:").await.is_empty(), nothing_left, "{key}");
            assert_ne!(hash(&first), "");
        }
    }
}

#[tokio::test]
async fn a_snapshot_of_the_first_format_is_read_and_compared_with() {
    let stage = staged().await;
    let old = json!({ "format": 1, "tenant": "acme", "snapshot_type": "daily", "window": "2025-12-31",
        "taken_at": "2025-12-31T12:00:00Z", "hash": "abc",
        "fields": [{ "id": "f1", "name": "Team" }, { "id": "f9", "name": "Gone" }] });
    let key = Snapshots::record_key(stage.app.ports(), "acme", SnapshotType::Daily, "2025-12-31");
    stage.store.commit(Transaction::new().put(&key, old.to_string())).await.expect("planted");
    stage.take().await;
    let mut told = stage.texts().await;
    told.sort();
    assert_eq!(told, [r#"field "Gone" was removed"#, r#"field "Points" was added"#]);
    let unknown = old.to_string().replace("\"format\":1", "\"format\":3");
    assert!(SnapshotRecord::decode(unknown.as_bytes()).is_none());
}

#[tokio::test]
async fn a_damaged_drift_event_is_set_aside_and_the_rest_listed() {
    let stage = staged().await;
    stage.take().await;
    stage.change(|site| site.fields.clear());
    stage.clock.advance(DAY);
    stage.take().await;
    let key = stage.keys("drift:acme:").await.remove(0);
    stage.store.commit(Transaction::new().put(&key, "?")).await.expect("damaged");
    assert_eq!(stage.texts().await.len(), 1);
    assert_eq!(stage.keys("quarantine:acme:").await.len(), 1);
    let mut batches = DriftBatches::new(stage.app.ports(), "acme", 1);
    assert_eq!(batches.next_batch().await.expect("a batch").map(|batch| batch.len()), Some(1));
    assert_eq!(batches.next_batch().await.expect("the end"), None);
}

#[tokio::test]
async fn jobs_end_with_counts_and_one_tenant_fails_alone() {
    let stage = staged().await;
    for tenant in ["bad", "a:b", "zeta"] {
        stage.app.installations().install(tenant, "cloud-2", token(DAY)).await.expect("installed");
    }
    stage.change(|site| site.broken_for = Some("bad"));
    let report = stage.app.run_job(Job::SnapshotDaily, None).await;
    assert_eq!(
        (report.outcome, report.succeeded, report.skipped, report.failed),
        (JobOutcome::Failed, 3, 0, 1)
    );
    stage.change(|site| site.broken_for = None);
    let report = stage.app.run_job(Job::SnapshotDaily, None).await;
    assert_eq!((report.outcome, report.succeeded, report.skipped), (JobOutcome::Succeeded, 1, 3));
    let report = stage.app.run_job(Job::SnapshotDaily, Some("acme")).await;
    assert_eq!(report.outcome, JobOutcome::Skipped);
    let report = stage.app.run_job(Job::SnapshotWeekly, Some("nobody")).await;
    assert_eq!(report.outcome, JobOutcome::Failed);
}

#[tokio::test]
async fn the_refresh_job_works_once_per_cadence_however_often_it_is_triggered() {
    let stage = staged().await;
    for hours in [0, 1, 11, 12, 13] {
        let due = hours == 0 || hours == 12;
        let report = stage.app.run_job(Job::TokenRefresh, None).await;
        let expected = if due { JobOutcome::Succeeded } else { JobOutcome::Skipped };
        assert_eq!(report.outcome, expected, "after {hours} h");
        let step = match hours {
            1 => 10,
            _ => 1,
        };
        stage.clock.advance(Duration::from_secs(step * 3_600));
    }
    assert_eq!(stage.platform.refreshes().len(), 2);
}

#[tokio::test]
async fn a_job_whose_worker_is_gone_is_ended_by_another() {
    let stage = staged().await;
    let barrier: Arc<Barrier> = Arc::default();
    // Commits: plan, job lease, begin, lock, operation, snapshot.
    let lets = [Act::Let, Act::Let, Act::Let, Act::Let, Act::Let, Act::Hold(barrier.clone())];
    let crashing = stage.worker(lets);
    let crashing = tokio::spawn(async move { crashing.run_job(Job::SnapshotDaily, Some("acme")).await });
    barrier.reached().await;
    let report = stage.app.run_job(Job::CrashRecovery, None).await;
    assert_eq!(report.outcome, JobOutcome::Skipped, "its worker is alive: {report:?}");
    crashing.abort();
    // The job's lease is over before the window's lock is: taking over now would find nothing to do.
    stage.clock.advance(Duration::from_secs(70));
    let report = stage.app.run_job(Job::CrashRecovery, None).await;
    assert_eq!((report.outcome, report.tenants.len()), (JobOutcome::Skipped, 1), "{report:?}");
    stage.clock.advance(Duration::from_secs(21));
    let report = stage.app.run_job(Job::CrashRecovery, None).await;
    assert_eq!((report.outcome, report.succeeded), (JobOutcome::Succeeded, 1), "{report:?}");
    assert_eq!(stage.keys("snapshot:").await.len(), 1);
    let report = stage.app.run_job(Job::CrashRecovery, None).await;
    assert!(report.tenants.is_empty(), "{report:?}");
}

#[tokio::test]
async fn a_job_whose_lease_ran_out_is_not_done_unless_another_worker_took_over() {
    for (is_taken_over, outcome) in [(false, JobOutcome::Failed), (true, JobOutcome::Skipped)] {
        let stage = staged().await;
        let barrier: Arc<Barrier> = Arc::default();
        let lets = [Act::Let, Act::Let, Act::Let, Act::Let, Act::Let, Act::Hold(barrier.clone())];
        let slow = stage.worker(lets);
        let slow = tokio::spawn(async move { slow.run_job(Job::SnapshotDaily, Some("acme")).await });
        barrier.reached().await;
        stage.clock.advance(Duration::from_secs(100));
        if is_taken_over {
            assert_eq!(stage.app.run_job(Job::CrashRecovery, None).await.succeeded, 1);
        }
        barrier.open();
        let report = slow.await.expect("no panic");
        assert_eq!(report.outcome, outcome, "{report:?}");
    }
}

#[tokio::test]
async fn with_the_gate_off_a_job_takes_its_snapshot_and_keeps_no_log() {
    let stage = staged().await;
    let ear: Arc<Ear> = Arc::default();
    let app = worker(&stage.clock, &stage.store, &stage.platform, &ear, |s| {
        set_gate(s, |_| Some("yes".to_owned()))
    });
    let report = app.run_job(Job::SnapshotDaily, None).await;
    assert_eq!(report.outcome, JobOutcome::Succeeded);
    let told = report.tenants[0].detail.as_deref().unwrap_or_default();
    assert!(told.contains("the gate is off: IDEMPOTENCY_GATE is \"yes\""), "{told}");
    assert!(stage.keys("job").await.is_empty());
    stage.app.run_job(Job::SnapshotDaily, None).await;
    assert!(!stage.keys("job").await.is_empty());
}
