//! The promises of the snapshot lock, each seen to hold and able to fail.

use super::*;
use crate::{
    app::rehearsal::{ports, stage},
    clock::{Clock, ManualClock},
    store::Store,
};

const WINDOW: Window<'_> =
    Window { tenant: "acme", snapshot_type: SnapshotType::Daily, window_start: "2026-01-01" };

fn worker(clock: &ManualClock, store: &Arc<dyn Store>) -> SnapshotLock {
    SnapshotLock::new(&Arc::new(ports(clock, store)))
}

fn put() -> Transaction {
    Transaction::new().put("snapshot", "content")
}

#[test]
fn windows_start_on_the_utc_day_or_its_monday() {
    let rows = [
        ("2026-01-01T00:00:00Z", "2026-01-01", "2025-12-29"),
        ("2026-01-01T23:59:59.999Z", "2026-01-01", "2025-12-29"),
        ("2026-01-04T23:59:59Z", "2026-01-04", "2025-12-29"),
        ("2026-01-05T00:00:00Z", "2026-01-05", "2026-01-05"),
        ("2026-01-05T01:00:00+02:00", "2026-01-04", "2025-12-29"),
    ];
    for (at, day, monday) in rows {
        let at = at.parse().expect("a time");
        assert_eq!(SnapshotType::Daily.window_start(at), day, "{at}");
        assert_eq!(SnapshotType::Weekly.window_start(at), monday, "{at}");
    }
    assert_eq!(SnapshotType::of_word("weekly"), Some(SnapshotType::Weekly));
    assert_eq!(SnapshotType::of_word("monthly"), None);
}

#[tokio::test]
async fn while_one_works_the_other_is_skipped_and_counted() {
    let (clock, store) = stage();
    let (ours, theirs) = (worker(&clock, &store), worker(&clock, &store));
    let ended = ours
        .with_lock(WINDOW, async |_| theirs.with_lock(WINDOW, async |_| ()).await.expect("an answer"))
        .await
        .expect("an answer");
    let skipped = Locked::Skipped { holder_expires_in: Duration::from_secs(90) };
    assert_eq!(ended, Locked::Ran(skipped));
    assert_eq!(theirs.contention(), Contention { attempts: 1, denied: 1 });
    assert_eq!(ours.contention().percent(), Some(0.0));
    assert_eq!(Contention::default().percent(), None);
    assert_eq!(theirs.with_lock(WINDOW, async |_| 2).await.expect("an answer"), Locked::Ran(2));
}

#[tokio::test]
async fn the_lock_is_released_when_the_work_fails_panics_or_hangs() {
    let (clock, store) = stage();
    let lock = worker(&clock, &store);
    let failed = lock.with_lock(WINDOW, async |_| Err::<(), _>("no")).await.expect("an answer");
    assert_eq!(failed, Locked::Ran(Err("no")));
    let panicked = lock
        .with_lock(WINDOW, async |held: Held| {
            assert_eq!(held.fencing_token(), 99, "second grant");
        })
        .await
        .expect("an answer");
    assert!(matches!(&panicked, Locked::Panicked(message) if message.contains("second grant")));
    let hung = tokio::join!(lock.with_lock(WINDOW, |_| std::future::pending::<()>()), async {
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(60));
    });
    assert_eq!(hung.0.expect("an answer"), Locked::OutOfTime);
    let again = lock.with_lock(WINDOW, async |held: Held| held.fencing_token()).await;
    assert_eq!(again.expect("an answer"), Locked::Ran(4));
}

#[tokio::test]
async fn progress_keeps_the_lock_far_past_its_ttl_and_no_further_than_the_cap() {
    let (clock, store) = stage();
    let (ours, theirs) = (worker(&clock, &store), worker(&clock, &store));
    let mut lasted_s = 0;
    let ended = ours
        .with_lock(WINDOW, async |held: Held| {
            loop {
                clock.sleep(Duration::from_secs(30)).await;
                held.progress().await?;
                lasted_s += 30;
                let asked = theirs.acquire(WINDOW).await?;
                assert!(matches!(asked, Acquisition::Denied { .. }), "after {lasted_s} s");
                assert!(lasted_s < 3_600, "renewed for ever");
            }
            #[expect(unreachable_code, reason = "names the type of the work's result")]
            Ok::<(), LeaseError>(())
        })
        .await
        .expect("an answer");
    assert_eq!(format!("{ended:?}"), "OutOfTime");
    // The last renewal was a TTL before the cap of 15 minutes; the job's limit ended it a minute later.
    assert_eq!(lasted_s, 870);
    assert!(matches!(theirs.acquire(WINDOW).await, Ok(Acquisition::Granted(_))));
}

#[tokio::test]
async fn without_progress_nothing_renews_and_a_paused_holder_writes_nothing() {
    let (clock, store) = stage();
    let (ours, theirs) = (worker(&clock, &store), worker(&clock, &store));
    let ended = ours
        .with_lock(WINDOW, async |zombie: Held| {
            clock.sleep(Duration::from_secs(90)).await;
            let heir = theirs.with_lock(WINDOW, async |held: Held| held.commit(put()).await).await;
            assert!(matches!(heir, Ok(Locked::Ran(Ok(FencedCommit::Done { .. })))));
            assert!(matches!(zombie.progress().await, Err(LeaseError::Lost)));
            zombie.commit(put()).await
        })
        .await
        .expect("an answer");
    assert!(matches!(ended, Locked::Ran(Ok(FencedCommit::Fenced))));
}

#[tokio::test]
async fn no_two_windows_share_a_lock() {
    let (clock, store) = stage();
    let lock = worker(&clock, &store);
    let megabyte = "\u{202e}\0".repeat(250_000);
    let windows = [
        WINDOW,
        Window { snapshot_type: SnapshotType::Weekly, ..WINDOW },
        Window { window_start: "2026-01-02", ..WINDOW },
        Window { tenant: "acme:daily", ..WINDOW },
        Window { tenant: "", ..WINDOW },
        Window { tenant: &megabyte, ..WINDOW },
    ];
    assert_eq!(lock.key(WINDOW), "snapshot_lock:acme:daily:2026-01-01");
    for window in windows {
        assert!(matches!(lock.acquire(window).await, Ok(Acquisition::Granted(_))), "{}", lock.key(window));
    }
    assert_eq!(lock.contention(), Contention { attempts: 6, denied: 0 });
}
