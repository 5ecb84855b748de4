//! The promises of the lease, each seen to hold and able to fail.

use super::*;
use crate::app::rehearsal::{Act, Barrier, Rehearsal, stage};

const TTL: Duration = Duration::from_secs(90);

async fn granted_to(leases: &Leases, owner: &str) -> Lease {
    match leases.acquire("lock", owner, TTL).await.expect("an answer") {
        Acquisition::Granted(lease) => lease,
        Acquisition::Denied { .. } => panic!("{owner} was denied"),
    }
}

fn put() -> Transaction {
    Transaction::new().put("snapshot", "content")
}

#[tokio::test]
async fn one_holds_it_the_other_is_denied_and_the_same_attempt_gets_its_grant_again() {
    let (clock, store) = stage();
    let leases = Leases::new(&store);
    let first = granted_to(&leases, "a").await;
    assert_eq!(first.fencing_token, 1);
    clock.advance(Duration::from_secs(30));
    let denied = leases.acquire("lock", "b", TTL).await.expect("an answer");
    assert_eq!(denied, Acquisition::Denied { holder_expires_in: Duration::from_secs(60) });
    assert_eq!(granted_to(&leases, "a").await, first);
}

#[tokio::test]
async fn tokens_grow_over_releases_takeovers_reboots_and_damage() {
    let (clock, store) = stage();
    let leases = Leases::new(&store);
    let mut last = 0;
    for round in 0..12 {
        let lease = granted_to(&leases, &format!("owner-{round}")).await;
        assert!(lease.fencing_token > last, "round {round}: {} after {last}", lease.fencing_token);
        last = lease.fencing_token;
        match round % 4 {
            0 => assert_eq!(leases.release(&lease).await.expect("an answer"), Release::Done),
            1 => clock.advance(TTL),
            2 => {
                let record = store.get("lock").await.expect("an answer").expect("a record");
                let mut old = LeaseRecord::decode(&record.value).expect("a lease");
                old.boot = "another".to_owned();
                let value = old.encode().expect("JSON");
                store.commit(Transaction::new().put("lock", value)).await.expect("a commit");
            }
            _ => {
                store.commit(Transaction::new().put("lock", "damage")).await.expect("a commit");
            }
        }
        assert!(store.get("lock").await.expect("an answer").is_some(), "the record is never deleted");
    }
}

#[tokio::test]
async fn it_can_be_taken_over_exactly_when_it_has_run_out() {
    let (clock, store) = stage();
    let leases = Leases::new(&store);
    granted_to(&leases, "a").await;
    clock.advance(TTL - Duration::from_millis(1));
    assert!(matches!(leases.acquire("lock", "b", TTL).await, Ok(Acquisition::Denied { .. })));
    clock.advance(Duration::from_millis(1));
    assert_eq!(granted_to(&leases, "b").await.fencing_token, 2);
}

#[tokio::test]
async fn a_wall_clock_step_changes_no_lease() {
    let (clock, store) = stage();
    let leases = Leases::new(&store);
    granted_to(&leases, "a").await;
    clock.step_wall(86_400_000);
    assert!(matches!(leases.acquire("lock", "b", TTL).await, Ok(Acquisition::Denied { .. })));
}

#[tokio::test]
async fn lost_replies_and_lost_requests_end_in_one_grant() {
    let scripts = [vec![Act::LoseReply], vec![Act::LoseRequest], vec![Act::LoseRequest, Act::LoseReply]];
    for script in scripts {
        let (_, store) = stage();
        let told = format!("{script:?}");
        let lease = granted_to(&Leases::new(&Rehearsal::of(&store, script)), "a").await;
        assert_eq!(lease.fencing_token, 1, "{told}");
        assert!(matches!(
            Leases::new(&store).acquire("lock", "b", TTL).await,
            Ok(Acquisition::Denied { .. })
        ));
    }
}

#[tokio::test]
async fn a_store_that_never_answers_leaves_the_attempt_indefinite_and_a_refusal_definite() {
    let (_, store) = stage();
    let silent = Rehearsal::of(&store, (0..TRIES).map(|_| Act::LoseRequest));
    let error = Leases::new(&silent).acquire("lock", "a", TTL).await.expect_err("no answer");
    assert!(!error.is_definite());
    let refusing = Rehearsal::of(&store, [Act::Refuse]);
    let error = Leases::new(&refusing).acquire("lock", "a", TTL).await.expect_err("a refusal");
    assert!(error.is_definite());
}

#[tokio::test]
async fn of_two_that_saw_it_free_one_is_granted() {
    let (_, store) = stage();
    let barrier = Arc::new(Barrier::default());
    let slow = Leases::new(&Rehearsal::of(&store, [Act::Hold(barrier.clone())]));
    let slow = tokio::spawn(async move { slow.acquire("lock", "slow", TTL).await });
    barrier.reached().await;
    assert_eq!(granted_to(&Leases::new(&store), "fast").await.fencing_token, 1);
    barrier.open();
    let slow = slow.await.expect("no panic").expect("an answer");
    assert!(matches!(slow, Acquisition::Denied { .. }));
}

#[tokio::test]
async fn a_holder_paused_past_its_ttl_can_neither_write_nor_renew_nor_release() {
    let (clock, store) = stage();
    let leases = Leases::new(&store);
    let zombie = granted_to(&leases, "zombie").await;
    assert!(!zombie.is_past_deadline(&store.time()));
    clock.advance(TTL);
    assert!(zombie.is_past_deadline(&store.time()));
    // Run out, though nobody has taken it yet.
    assert_eq!(leases.commit_fenced(&zombie, put()).await.expect("an answer"), FencedCommit::Fenced);
    let heir = granted_to(&leases, "heir").await;
    assert_eq!(leases.commit_fenced(&zombie, put()).await.expect("an answer"), FencedCommit::Fenced);
    assert!(matches!(leases.renew(&zombie).await, Err(LeaseError::Lost)));
    assert_eq!(leases.release(&zombie).await.expect("an answer"), Release::NotHeld);
    assert_eq!(store.get("snapshot").await.expect("an answer"), None);
    assert!(matches!(leases.commit_fenced(&heir, put()).await, Ok(FencedCommit::Done { .. })));
}

#[tokio::test]
async fn a_fenced_commit_held_on_its_way_is_refused_after_a_takeover() {
    let (clock, store) = stage();
    let barrier = Arc::new(Barrier::default());
    let zombie = Leases::new(&Rehearsal::of(&store, [Act::Let, Act::Hold(barrier.clone())]));
    let lease = granted_to(&zombie, "zombie").await;
    let writing = tokio::spawn(async move { zombie.commit_fenced(&lease, put()).await });
    barrier.reached().await;
    clock.advance(TTL);
    granted_to(&Leases::new(&store), "heir").await;
    barrier.open();
    assert_eq!(writing.await.expect("no panic").expect("an answer"), FencedCommit::Fenced);
    assert_eq!(store.get("snapshot").await.expect("an answer"), None);
}

#[tokio::test]
async fn a_renewal_between_reading_and_writing_does_not_fence_its_own_holder() {
    let (clock, store) = stage();
    let barrier = Arc::new(Barrier::default());
    let leases = Leases::new(&store);
    let lease = granted_to(&leases, "a").await;
    let slow = Leases::new(&Rehearsal::of(&store, [Act::Hold(barrier.clone())]));
    let held = lease.clone();
    let writing = tokio::spawn(async move { slow.commit_fenced(&held, put()).await });
    barrier.reached().await;
    clock.advance(Duration::from_secs(30));
    let renewed = leases.renew(&lease).await.expect("a renewal");
    assert_eq!(renewed.expires_ms, lease.expires_ms + 30_000);
    barrier.open();
    assert!(matches!(writing.await.expect("no panic"), Ok(FencedCommit::Done { .. })));
}

#[tokio::test]
async fn lost_replies_to_renewals_and_releases_are_read_back() {
    let (clock, store) = stage();
    let leases = Leases::new(&store);
    let lease = granted_to(&leases, "a").await;
    clock.advance(Duration::from_secs(30));
    let flaky = Leases::new(&Rehearsal::of(&store, [Act::LoseReply]));
    assert_eq!(flaky.renew(&lease).await.expect("a renewal").expires_ms, lease.expires_ms + 30_000);
    let flaky = Leases::new(&Rehearsal::of(&store, [Act::LoseReply]));
    assert_eq!(flaky.release(&lease).await.expect("an answer"), Release::Done);
    assert_eq!(leases.release(&lease).await.expect("an answer"), Release::NotHeld);
}

#[tokio::test]
async fn what_is_written_along_is_written_with_the_grant_or_not_at_all() {
    let (_, store) = stage();
    let leases = Leases::new(&store);
    let event = |token: u64| Transaction::new().put("event", token.to_string());
    let taken = |_: u64| Transaction::new().expect("event", Expect::Absent);
    let granted = leases.acquire_with("lock", "a", TTL, &event).await.expect("an answer");
    assert!(matches!(granted, Acquisition::Granted(_)));
    assert_eq!(store.get("event").await.expect("an answer").map(|r| r.value), Some(b"1".to_vec()));
    leases.acquire_with("lock", "b", TTL, &event).await.expect("an answer");
    assert_eq!(store.get("event").await.expect("an answer").map(|r| r.value), Some(b"1".to_vec()));
    let error = leases.acquire_with("other", "a", TTL, &taken).await.expect_err("a conflict");
    assert!(matches!(error, LeaseError::Conflict { key } if key == "event"));
    assert_eq!(store.get("other").await.expect("an answer"), None);
}
