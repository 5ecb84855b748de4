//! The promises of idempotency, each seen to hold and able to fail.

use std::collections::HashSet;

use async_trait::async_trait;

use super::*;
use crate::{
    app::{
        port::TelemetryListener,
        rehearsal::{Act, Rehearsal, ports, stage},
    },
    clock::{Clock, ManualClock},
    store::Store,
};

fn plan() -> Plan {
    Plan {
        tenant: "a:b".into(),
        job_type: "daily".into(),
        window: "2026-01-01".into(),
        inputs: json!({"x": 1}),
    }
}

fn worker(clock: &ManualClock, store: &Arc<dyn Store>) -> Idempotency {
    Idempotency::new(&Arc::new(ports(clock, store)))
}

/// A sink that counts what happened; it knows keys if it is idempotent.
#[derive(Debug)]
struct Counting {
    guarantee: Guarantee,
    keys: Mutex<Vec<String>>,
    answers: Mutex<Vec<SinkError>>,
}

impl Counting {
    fn new(guarantee: Guarantee, answers: &[SinkError]) -> Self {
        Self { guarantee, keys: Mutex::default(), answers: Mutex::new(answers.to_vec()) }
    }

    fn asked(&self) -> usize {
        self.keys.lock().expect("keys").len()
    }

    fn effects(&self) -> usize {
        self.keys.lock().expect("keys").iter().collect::<HashSet<_>>().len()
    }
}

#[async_trait]
impl Sink for Counting {
    fn guarantee(&self) -> Guarantee {
        self.guarantee
    }

    async fn apply(&self, key: &str, token: Option<u64>, input: &Value) -> Result<Applied, SinkError> {
        self.keys.lock().expect("keys").push(key.to_owned());
        if let Some(error) = self.answers.lock().expect("answers").pop() {
            return Err(error);
        }
        let mut applied = Applied::with(json!({"did": input, "under": token}));
        if self.guarantee == Guarantee::Transactional {
            applied.writes = Transaction::new().expect("effect", Expect::Absent).put("effect", key);
        }
        Ok(applied)
    }
}

async fn run_one(worker: &Idempotency, sink: &Counting, input: Value) -> JobEnd {
    worker
        .run(&plan(), async |run: JobRun| run.run_operation("post", &input, sink).await.map(Work::Done))
        .await
        .expect("an answer")
}

fn record(end: JobEnd) -> JobRecord {
    match end {
        JobEnd::Ran(record) | JobEnd::Replayed(record) => record,
        other => panic!("{other:?}"),
    }
}

async fn events(worker: &Idempotency) -> Vec<String> {
    let stored = telemetry::stored(&worker.ports, &plan().tenant).await.expect("an answer");
    for (number, event) in stored.iter().enumerate() {
        assert_eq!(event["number"], json!(number), "in order, none missing");
        assert!(event["at"].as_str().expect("a time").ends_with('Z'));
    }
    stored.iter().map(|event| event["event"].as_str().expect("a name").to_owned()).collect()
}

/// Leaves the job as a worker leaves it that dies at this point of its run.
async fn crash(worker: &Idempotency, sink: Option<&Counting>) -> JobRun {
    let Taken::Here(kept) = worker.take(&plan()).await.expect("an answer") else { panic!("not taken") };
    let run = JobRun::kept(&worker.ports, &plan(), kept);
    run.begin().await.expect("running");
    if let Some(sink) = sink {
        run.run_operation("post", &json!(1), sink).await.expect("an effect");
    }
    run
}

#[tokio::test]
async fn a_job_runs_once_and_its_result_is_replayed_to_whoever_asks_again() {
    let (clock, store) = stage();
    let worker = worker(&clock, &store);
    let sink = Counting::new(Guarantee::Idempotent, &[]);
    let first = record(run_one(&worker, &sink, json!(1)).await);
    assert_eq!((first.state, first.result.clone()), (State::Succeeded, Some(json!({"did": 1, "under": 1}))));
    clock.advance(Duration::from_secs(86_400));
    let again = run_one(&worker, &sink, json!(1)).await;
    assert!(matches!(&again, JobEnd::Replayed(record) if record.result == first.result));
    assert_eq!(sink.asked(), 1);
    let told = events(&worker).await;
    let expected = "job_planned job_leased job_state_changed job_state_changed operation_started \
                    operation_completed job_state_changed lease_released idempotency_replay";
    assert_eq!(told.join(" "), expected);
    assert_eq!(worker.recover().await.expect("an answer"), []);
}

#[tokio::test]
async fn a_live_job_is_left_alone_and_a_dead_one_is_recovered() {
    let (clock, store) = stage();
    let (dead, heir) = (worker(&clock, &store), worker(&clock, &store));
    let sink = Counting::new(Guarantee::Fenced, &[]);
    let zombie = crash(&dead, Some(&sink)).await;
    assert_eq!(heir.recover().await.expect("an answer"), []);
    assert!(matches!(run_one(&heir, &sink, json!(1)).await, JobEnd::Busy { .. }));
    clock.advance(Duration::from_secs(60));
    assert_eq!(heir.recover().await.expect("an answer")[0].plan(), plan());
    let end = record(run_one(&heir, &sink, json!(1)).await);
    // Done by the dead worker, under its token, and replayed.
    assert_eq!((end.attempt, end.result), (2, Some(json!({"did": 1, "under": 1}))));
    assert_eq!(sink.asked(), 1);
    assert!(matches!(zombie.run_operation("late", &json!(1), &sink).await, Err(JobError::Lost)));
    assert!(matches!(zombie.progress().await, Err(JobError::Lost)));
    assert!(matches!(zombie.finish(State::Failed, None, None).await, Err(JobError::Lost)));
    assert_eq!(sink.asked(), 1);
    let told = events(&heir).await;
    assert!(
        told.contains(&"crash_recovery_event".to_owned()) && told.contains(&"idempotency_replay".to_owned())
    );
}

#[tokio::test]
async fn what_was_only_started_is_resumed_under_its_key_or_reported_never_silently_run_again() {
    let rows = [
        (Guarantee::Idempotent, 2, State::Succeeded),
        (Guarantee::Transactional, 2, State::Succeeded),
        (Guarantee::Fenced, 1, State::Failed),
        (Guarantee::Neither, 1, State::Failed),
    ];
    for (guarantee, asked, state) in rows {
        let (clock, store) = stage();
        let (dead, heir) = (worker(&clock, &store), worker(&clock, &store));
        let sink = Counting::new(guarantee, &[SinkError::Lost("cut".into())]);
        let run = crash(&dead, None).await;
        run.run_operation("post", &json!(1), &sink).await.expect_err("a lost answer");
        clock.advance(Duration::from_secs(60));
        let end = record(run_one(&heir, &sink, json!(1)).await);
        assert_eq!((sink.asked(), sink.effects(), end.state), (asked, 1, state), "{guarantee:?}");
        let says = end.reason.is_some_and(|reason| reason.contains("nobody knows"));
        assert_eq!(says, state == State::Failed, "{guarantee:?}");
        assert_eq!(guarantee.delivery() == "exactly_once", state == State::Succeeded);
    }
}

#[tokio::test]
async fn an_effect_that_certainly_did_not_happen_may_be_tried_again() {
    let (clock, store) = stage();
    let worker = worker(&clock, &store);
    let sink = Counting::new(Guarantee::Neither, &[SinkError::Refused("closed".into())]);
    let end = worker
        .run(&plan(), async |run: JobRun| {
            let refused = run.run_operation("post", &json!(1), &sink).await.expect_err("a refusal");
            assert!(refused.is_definite());
            run.run_operation("post", &json!(1), &sink).await.map(Work::Done)
        })
        .await
        .expect("an answer");
    assert_eq!((record(end).state, sink.asked()), (State::Succeeded, 2));
}

#[tokio::test]
async fn another_input_under_the_same_operation_is_a_conflict() {
    let (clock, store) = stage();
    let worker = worker(&clock, &store);
    let sink = Counting::new(Guarantee::Idempotent, &[]);
    let run = crash(&worker, Some(&sink)).await;
    let error = run.run_operation("post", &json!(2), &sink).await.expect_err("a conflict");
    assert!(matches!(error, JobError::InputConflict { .. }));
    assert_eq!(run.run_operation("post", &json!(1), &sink).await.expect("a replay")["did"], json!(1));
    assert_eq!(sink.asked(), 1);
}

#[tokio::test]
async fn work_that_fails_panics_hangs_or_has_nothing_to_do_ends_its_job() {
    let ends = [
        ("error", State::Failed),
        ("panic", State::Failed),
        ("hang", State::Failed),
        ("idle", State::Skipped),
    ];
    for (how, state) in ends {
        let (clock, store) = stage();
        let worker = worker(&clock, &store);
        let work = async |_: JobRun| match how {
            "error" => Err("it failed"),
            "panic" => panic!("it failed"),
            "hang" => {
                // Past the work's time, while the lease still stands.
                clock.sleep(Duration::from_secs(59)).await;
                std::future::pending().await
            }
            _ => Ok(Work::Nothing("no change".to_owned())),
        };
        let end = worker.run(&plan(), work).await.expect("an answer");
        assert_eq!(record(end).state, state, "{how}");
        assert_eq!(worker.recover().await.expect("an answer"), [], "{how}");
    }
}

#[tokio::test]
async fn progress_renews_the_lease_and_the_job_outlives_its_ttl() {
    let (clock, store) = stage();
    let worker = worker(&clock, &store);
    let end = worker
        .run(&plan(), async |run: JobRun| {
            for _ in 0..10 {
                clock.sleep(Duration::from_secs(30)).await;
                run.progress().await?;
            }
            Ok::<_, JobError>(Work::Done(json!(null)))
        })
        .await
        .expect("an answer");
    assert_eq!(record(end).state, State::Succeeded);
    assert_eq!(events(&worker).await.iter().filter(|event| *event == "lease_renewed").count(), 10);
}

#[tokio::test]
async fn off_nothing_is_stored_and_switching_back_works_at_once() {
    let (clock, store) = stage();
    let mut off = ports(&clock, &store);
    off.settings.idempotency = false;
    let off = Idempotency::new(&Arc::new(off));
    let sink = Counting::new(Guarantee::Neither, &[]);
    for _ in 0..2 {
        let done = Ok(Work::Done(json!({"did": 1, "under": null})));
        assert_eq!(run_one(&off, &sink, json!(1)).await, JobEnd::Direct(done));
    }
    assert_eq!(sink.asked(), 2);
    let range = || Range { prefix: String::new(), after: None, limit: 9 };
    assert_eq!(store.scan(range()).await.expect("an answer"), []);
    let on = worker(&clock, &store);
    assert_eq!(record(run_one(&on, &sink, json!(1)).await).state, State::Succeeded);
}

#[tokio::test]
async fn a_lost_reply_at_any_commit_still_gives_one_effect_and_whole_telemetry() {
    for at in 0..8 {
        for lose in [|| Act::LoseReply, || Act::LoseRequest] {
            let (clock, store) = stage();
            let script = (0..at).map(|_| Act::Let).chain([lose()]);
            let worker = worker(&clock, &Rehearsal::of(&store, script));
            let sink = Counting::new(Guarantee::Neither, &[]);
            let end = record(run_one(&worker, &sink, json!(1)).await);
            assert_eq!((end.state, sink.asked()), (State::Succeeded, 1), "commit {at}");
            assert_eq!(events(&worker).await.len(), 8, "commit {at}");
        }
    }
}

#[derive(Debug)]
struct Rude;

impl TelemetryListener for Rude {
    fn heard(&self, _event: &Value) {
        panic!("I will not listen");
    }
}

#[tokio::test]
async fn a_listener_that_panics_fails_no_job_and_loses_no_event() {
    let (clock, store) = stage();
    let mut ports = ports(&clock, &store);
    ports.telemetry = Arc::new(Rude);
    let worker = Idempotency::new(&Arc::new(ports));
    let sink = Counting::new(Guarantee::Idempotent, &[]);
    assert_eq!(record(run_one(&worker, &sink, json!(1)).await).state, State::Succeeded);
    assert_eq!(events(&worker).await.len(), 8);
}

#[tokio::test]
async fn a_damaged_job_record_is_planned_anew_and_its_operations_are_replayed() {
    let (clock, store) = stage();
    let worker = worker(&clock, &store);
    let sink = Counting::new(Guarantee::Neither, &[]);
    run_one(&worker, &sink, json!(1)).await;
    let key = job_key(&worker.ports, &plan());
    store.commit(Transaction::new().put(key, "damage")).await.expect("a commit");
    assert_eq!(record(run_one(&worker, &sink, json!(1)).await).state, State::Succeeded);
    assert_eq!(sink.asked(), 1);
    events(&worker).await;
}
