//! What refreshing promises: one request per rotation, no outage taken for a refusal, nothing lost in a crash,
//! and no tenant paying for another.

use std::{sync::Arc, time::Duration};

use serde_json::json;

use super::{Consent, StoredToken, SweepOutcome, TokenError, Tokens, offset, stored::Intent};
use crate::{
    app::{
        App,
        port::Notice,
        rehearsal::{Act, Barrier, Rehearsal, stage},
        stand_in::{Does, Ear, Platform, Seen, granted, ok, status, token, worker},
    },
    clock::{Clock, ManualClock},
    store::{Store, Transaction},
};

const MINUTE: Duration = Duration::from_secs(60);

struct Stage {
    clock: ManualClock,
    store: Arc<dyn Store>,
    platform: Arc<Platform>,
    ear: Arc<Ear>,
    app: App,
}

impl Stage {
    // Another process over the same store, whose commits go by the script.
    fn worker(&self, script: impl IntoIterator<Item = Act>) -> App {
        let store = Rehearsal::of(&self.store, script);
        worker(&self.clock, &store, &self.platform, &self.ear, |_| {})
    }

    async fn stored(&self) -> StoredToken {
        self.app.tokens().stored("acme").await.expect("a token")
    }

    async fn install(&self, tenant: &str, lives: Duration) {
        self.app.installations().install(tenant, "cloud-1", token(lives)).await.expect("installed");
    }
}

// A stage with one tenant whose token has just ended.
async fn staged(script: impl Fn(&Seen, usize) -> Does + Send + Sync + 'static) -> Stage {
    let (clock, store) = stage();
    let platform = Platform::new(&clock, script);
    let ear: Arc<Ear> = Arc::default();
    let app = worker(&clock, &store, &platform, &ear, |_| {});
    let stage = Stage { clock, store, platform, ear, app };
    stage.install("acme", MINUTE * 60).await;
    stage.clock.advance(MINUTE * 61);
    stage
}

fn refused() -> Does {
    status(403, json!({ "error": "invalid_grant", "error_description": "Unknown or invalid refresh token." }))
}

#[tokio::test]
async fn an_ended_token_is_renewed_before_use_and_a_living_one_is_not() {
    let stage = staged(|_, n| granted(n as u64 + 1)).await;
    assert_eq!(stage.app.tokens().bearer("acme").await.expect("a bearer").version, 2);
    for _ in 0..3 {
        stage.app.tokens().bearer("acme").await.expect("a bearer");
    }
    let sent = stage.platform.refreshes();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].body["refresh_token"], "refresh-0");
    stage.clock.advance(MINUTE * 59);
    assert_eq!(stage.app.tokens().bearer("acme").await.expect("a bearer").version, 3);
    assert_eq!(stage.platform.refreshes()[1].body["refresh_token"], "refresh-1");
}

#[tokio::test]
async fn workers_that_refresh_at_once_make_one_request() {
    let barrier: Arc<Barrier> = Arc::default();
    let held = barrier.clone();
    let stage = staged(move |_, n| Does::Hold(held.clone(), Box::new(granted(n as u64 + 1)))).await;
    let calls: Vec<_> = (0..4)
        .map(|_| {
            let tokens = stage.worker([]).tokens();
            tokio::spawn(async move { tokens.bearer("acme").await })
        })
        .collect();
    barrier.reached().await;
    for _ in 0..20 {
        stage.clock.breathe().await;
    }
    barrier.open();
    for call in calls {
        assert_eq!(call.await.expect("joined").expect("a bearer").version, 2);
    }
    assert_eq!(stage.platform.refreshes().len(), 1);
}

#[tokio::test]
async fn an_outage_is_tried_again_with_the_same_token_and_changes_nothing() {
    let faults: [fn() -> Does; 5] = [
        || status(500, json!({})),
        || status(429, json!({})),
        || Does::Lose,
        || status(403, json!("<html>")),
        || ok(json!({ "access_token": "half" })),
    ];
    for (number, fault) in faults.into_iter().enumerate() {
        let stage = staged(move |_, n| if n < 2 { fault() } else { granted(1) }).await;
        stage.app.tokens().bearer("acme").await.expect("the third try");
        let sent = stage.platform.refreshes();
        assert!(sent.iter().all(|seen| seen.body["refresh_token"] == "refresh-0"), "fault {number}");
        assert!(sent[2].at_ms - sent[0].at_ms < 600_000);

        let stage = staged(move |_, _| fault()).await;
        let error = stage.app.tokens().bearer("acme").await.expect_err("an outage");
        assert!(error.is_passing(), "fault {number}: {error}");
        let stored = stage.stored().await;
        assert_eq!((stored.consent, stored.version), (Consent::Given, 1), "fault {number}");
        assert!(stage.ear.heard().is_empty());
    }
}

#[tokio::test]
async fn a_refusal_asks_for_consent_once_and_ends_all_requests() {
    for (code, error) in [(403, "invalid_grant"), (400, "invalid_grant"), (403, "unauthorized_client")] {
        let stage = staged(move |_, _| status(code, json!({ "error": error }))).await;
        for _ in 0..3 {
            let error = stage.app.tokens().bearer("acme").await.expect_err("refused");
            assert!(matches!(error, TokenError::ConsentNeeded), "{error}");
        }
        stage.app.tokens().refresh_all().await.expect("a sweep");
        assert_eq!(stage.platform.refreshes().len(), 1);
        assert_eq!(stage.ear.heard(), [("acme".to_owned(), Notice::ConsentNeeded)]);
        // A new consent mends it.
        stage.install("acme", MINUTE * 200).await;
        stage.app.tokens().bearer("acme").await.expect("a bearer");
    }
}

#[tokio::test]
async fn a_refusal_of_a_token_that_was_replaced_meanwhile_harms_nobody() {
    let barrier: Arc<Barrier> = Arc::default();
    let held = barrier.clone();
    let stage = staged(move |_, _| Does::Hold(held.clone(), Box::new(refused()))).await;
    let tokens = stage.app.tokens();
    let call = tokio::spawn(async move { tokens.bearer("acme").await });
    barrier.reached().await;
    stage.install("acme", MINUTE * 200).await;
    barrier.open();
    assert_eq!(call.await.expect("joined").expect("the winner's pair").version, 2);
    assert_eq!(stage.stored().await.consent, Consent::Given);
    assert!(stage.ear.heard().is_empty());
}

#[tokio::test]
async fn a_broader_grant_is_refused_reported_once_and_the_old_token_kept() {
    for scope in ["read:jira-work write:jira-work", "read:jira-work manage:jira-project", "read:me"] {
        let stage = staged(move |_, _| {
            ok(json!({ "access_token": "broad", "refresh_token": "r", "expires_in": 3600,
                       "token_type": "Bearer", "scope": scope }))
        })
        .await;
        let error = stage.app.tokens().bearer("acme").await.expect_err("refused");
        assert!(matches!(error, TokenError::ScopeRefused), "{error}");
        stage.app.tokens().bearer("acme").await.expect_err("still refused");
        assert_eq!(stage.ear.heard(), [("acme".to_owned(), Notice::ScopeRefused)]);
        assert_eq!(stage.platform.refreshes().len(), 1);
        let stored = stage.stored().await;
        assert_eq!(secrecy::ExposeSecret::expose_secret(&stored.token.access_token), "access-0");
    }
}

#[tokio::test]
async fn a_reply_without_a_refresh_token_keeps_the_old_one() {
    let stage =
        staged(|_, _| ok(json!({ "access_token": "a", "expires_in": 60, "token_type": "bearer" }))).await;
    for _ in 0..2 {
        stage.app.tokens().refresh("acme").await.expect("a pair");
    }
    assert!(stage.platform.refreshes().iter().all(|seen| seen.body["refresh_token"] == "refresh-0"));
    assert_eq!(stage.stored().await.token.scope.len(), 2);
}

#[tokio::test]
async fn an_intent_lies_in_the_store_before_the_request_leaves_and_a_sweep_ends_what_a_crash_left() {
    let barrier: Arc<Barrier> = Arc::default();
    let held = barrier.clone();
    let stage = staged(move |_, n| match n {
        0 => Does::Hold(held.clone(), Box::new(granted(1))),
        _ => granted(2),
    })
    .await;
    let tokens = stage.worker([]).tokens();
    let crashing = tokio::spawn(async move { tokens.bearer("acme").await });
    barrier.reached().await;
    assert!(stage.stored().await.intent.is_some());
    crashing.abort();
    assert!(crashing.await.expect_err("a crash").is_cancelled());

    // While its lease lasts nobody else sends; afterwards the sweeper does, well inside the leeway.
    assert_eq!(stage.app.tokens().sweep_intents().await.expect("a sweep").skipped, 1);
    stage.clock.advance(MINUTE);
    assert_eq!(stage.app.tokens().sweep_intents().await.expect("a sweep").refreshed, 1);
    let stored = stage.stored().await;
    assert_eq!((stored.version, stored.intent), (2, None));
    let sent = stage.platform.refreshes();
    assert_eq!(sent[1].body["refresh_token"], "refresh-0");
    assert!(sent[1].at_ms - sent[0].at_ms < 600_000);
}

#[tokio::test]
async fn a_pair_whose_saving_goes_unanswered_is_not_lost() {
    // Commits of one refresh: lease, intent, pair, release.
    for act in [Act::LoseReply, Act::LoseRequest, Act::Refuse] {
        let stage = staged(|_, n| granted(n as u64 + 1)).await;
        let app = stage.worker([Act::Let, Act::Let, act]);
        assert_eq!(app.tokens().bearer("acme").await.expect("a bearer").version, 2);
        assert_eq!(stage.stored().await.version, 2);
        assert_eq!(stage.platform.refreshes().len(), 1);
    }
}

#[tokio::test]
async fn a_worker_paused_past_its_lease_cannot_write_its_pair() {
    let stage = staged(|_, n| granted(n as u64 + 1)).await;
    let barrier: Arc<Barrier> = Arc::default();
    let paused = stage.worker([Act::Let, Act::Let, Act::Hold(barrier.clone())]).tokens();
    let paused = tokio::spawn(async move { paused.bearer("acme").await });
    barrier.reached().await;
    stage.clock.advance(MINUTE * 2);
    assert_eq!(stage.app.tokens().sweep_intents().await.expect("a sweep").refreshed, 1);
    let winner = stage.stored().await;
    barrier.open();
    paused.await.expect("joined").ok();
    let stored = stage.stored().await;
    assert_eq!((stored.version, stored.token.expires_at), (winner.version, winner.token.expires_at));
    assert_eq!(secrecy::ExposeSecret::expose_secret(&stored.token.access_token), "access-2");
}

#[tokio::test]
async fn one_tenants_hang_panic_or_failure_leaves_the_others_refreshed_and_the_counts_add_up() {
    let faults: [fn() -> Does; 4] = [|| Does::Hang, || Does::Panic, refused, || status(500, json!({}))];
    for fault in faults {
        let stage =
            staged(move |seen, n| if seen.tenant == "t3" { fault() } else { granted(n as u64) }).await;
        for number in 0..6 {
            stage.install(&format!("t{number}"), MINUTE * 60).await;
        }
        stage.install("later", MINUTE * 60 * 48).await;
        let tokens = stage.app.tokens();
        let sweep = tokio::spawn(async move { tokens.refresh_all().await });
        while !sweep.is_finished() {
            stage.clock.advance(Duration::from_secs(1));
            tokio::task::yield_now().await;
        }
        let sweep = sweep.await.expect("joined").expect("a sweep");
        assert_eq!((sweep.refreshed, sweep.skipped, sweep.failed), (6, 1, 1));
        assert!(sweep.tenants.contains(&("t3".to_owned(), SweepOutcome::Failed)));
    }
}

#[tokio::test]
async fn what_a_sweep_left_behind_is_all_that_is_not_newer_than_its_beginning() {
    for (ms_before, outcome) in
        [(1, SweepOutcome::Refreshed), (0, SweepOutcome::Refreshed), (-1, SweepOutcome::Skipped)]
    {
        let stage = staged(|_, n| granted(n as u64 + 1)).await;
        let started_at = stage.stored().await.refreshed_at + jiff::SignedDuration::from_millis(ms_before);
        let sweep = stage.app.tokens().refresh_older_than(started_at).await.expect("a sweep");
        assert_eq!(sweep.tenants, [("acme".to_owned(), outcome)], "got {ms_before} ms before it began");
    }
}

#[tokio::test]
async fn a_damaged_record_is_counted_and_passed_over() {
    let stage = staged(|_, n| granted(n as u64 + 1)).await;
    let key = Tokens::key(stage.app.ports(), "broken");
    stage.store.commit(Transaction::new().put(key, "{")).await.expect("written");
    let sweep = stage.app.tokens().refresh_all().await.expect("a sweep");
    assert_eq!((sweep.refreshed, sweep.failed), (1, 1));
    assert!(matches!(stage.app.tokens().bearer("broken").await, Err(TokenError::Damaged)));
}

#[tokio::test]
async fn tenants_near_the_end_of_their_consent_are_counted() {
    let stage = staged(|_, _| Does::Lose).await;
    let day = MINUTE * 60 * 24;
    for (days, near) in [(79, (0, 0)), (2, (1, 0)), (275, (1, 1))] {
        stage.clock.advance(day * days);
        let sweep = stage.app.tokens().refresh_all().await.expect("a sweep");
        assert_eq!((sweep.near_idle_limit, sweep.near_absolute_limit), near, "{days} days on");
    }
}

#[test]
fn tenants_turns_are_spread_over_the_whole_span_and_stay_the_same() {
    let spread = Duration::from_secs(100);
    let mut buckets = [0; 10];
    for number in 0..1_000 {
        let turn = offset(&format!("tenant-{number}"), spread);
        assert_eq!(turn, offset(&format!("tenant-{number}"), spread));
        buckets[usize::try_from(turn.as_millis() / 10_000).expect("a bucket")] += 1;
    }
    assert!(buckets.iter().all(|count| (60..140).contains(count)), "{buckets:?}");
}

#[test]
fn a_stored_token_comes_back_whole_and_shows_no_secret() {
    let now = "2026-01-01T12:00:00Z".parse().expect("a time");
    let mut stored = StoredToken::installed("acme", token(MINUTE), 7, now);
    stored.intent = Some(Intent { at: now });
    let read = StoredToken::decode(&stored.encode()).expect("a record");
    assert_eq!(
        (read.version, read.intent, read.token.expires_at),
        (7, stored.intent, stored.token.expires_at)
    );
    let shown = format!("{stored:?} {read:?}");
    assert!(!shown.contains("access-0") && !shown.contains("refresh-0"), "{shown}");
    assert!(StoredToken::decode(&stored.encode()[..40]).is_none());
    let other = String::from_utf8(stored.encode()).expect("text").replace("token/1", "token/9");
    assert!(StoredToken::decode(other.as_bytes()).is_none());
}
