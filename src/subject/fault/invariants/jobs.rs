//! Faults of the handler that the platform's trigger calls: it throws, hangs, waits, gives up, or lets the
//! first job pass by.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::{
    app::{App, schedule::Job},
    clock::{Clock as _, ManualClock},
    subject::{
        fault::{Assembly, Fault},
        trigger::Handler,
    },
};

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "job_throws",
        what: "the handler throws when its job failed",
        breaks: &["fire_and_forget_jobs"],
        fails: &["invariant:fire_and_forget_jobs"],
        plant: |assembly| handled(assembly, |inner, _| Arc::new(Throws(inner))),
    },
    Fault {
        name: "job_hangs",
        what: "the handler never returns when its job failed",
        breaks: &["fire_and_forget_jobs"],
        fails: &["invariant:fire_and_forget_jobs"],
        plant: |assembly| handled(assembly, |inner, clock| Arc::new(Hangs(inner, clock))),
    },
    Fault {
        name: "first_failure_stops_the_rest",
        what: "the handler goes through the tenants itself and stops at the first that fails",
        breaks: &["fire_and_forget_jobs"],
        fails: &["invariant:fire_and_forget_jobs"],
        plant: |assembly| handled(assembly, |inner, _| Arc::new(StopsAtFailure(inner))),
    },
    Fault {
        name: "failed_job_waits_for_person",
        what: "a job that failed waits until somebody confirms that it may be tried again",
        breaks: &["fire_and_forget_jobs"],
        fails: &["invariant:fire_and_forget_jobs"],
        plant: |assembly| handled(assembly, |inner, _| Arc::new(Waits(inner))),
    },
    Fault {
        name: "first_weekly_job_needs_a_setting",
        what: "the first weekly job after the start fails, as if a setting were missing",
        breaks: &["one_step_install"],
        fails: &["invariant:one_step_install"],
        plant: |assembly| first(assembly, "failed"),
    },
    Fault {
        name: "first_weekly_job_pretends",
        what: "the first weekly job after the start reports success and does nothing",
        breaks: &["one_step_install"],
        fails: &["invariant:one_step_install"],
        plant: |assembly| first(assembly, "succeeded"),
    },
];

fn handled(
    assembly: &mut Assembly<'_>,
    wrap: impl FnOnce(Arc<dyn Handler>, ManualClock) -> Arc<dyn Handler>,
) {
    *assembly.handler = wrap(assembly.handler.clone(), assembly.stage.clock.clone());
}

fn first(assembly: &mut Assembly<'_>, outcome: &'static str) {
    let is_over = AtomicBool::new(false);
    handled(assembly, |inner, _| Arc::new(First { inner, outcome, is_over }));
}

fn has_failed(report: &Value) -> bool {
    report["outcome"] == "failed"
}

#[derive(Debug)]
struct Throws(Arc<dyn Handler>);

#[async_trait]
impl Handler for Throws {
    async fn run(&self, app: &App, job: Job, tenant: Option<&str>) -> Value {
        let report = self.0.run(app, job, tenant).await;
        if has_failed(&report) {
            // Unwinds as a throw does, without a message on anybody's terminal.
            std::panic::resume_unwind(Box::new("the job failed"));
        }
        report
    }
}

#[derive(Debug)]
struct Hangs(Arc<dyn Handler>, ManualClock);

#[async_trait]
impl Handler for Hangs {
    async fn run(&self, app: &App, job: Job, tenant: Option<&str>) -> Value {
        let report = self.0.run(app, job, tenant).await;
        while has_failed(&report) {
            self.1.sleep(std::time::Duration::from_secs(60)).await;
        }
        report
    }
}

#[derive(Debug)]
struct Waits(Arc<dyn Handler>);

#[async_trait]
impl Handler for Waits {
    async fn run(&self, app: &App, job: Job, tenant: Option<&str>) -> Value {
        let mut report = self.0.run(app, job, tenant).await;
        if has_failed(&report) {
            report["outcome"] = json!("waiting_for_person");
        }
        report
    }
}

#[derive(Debug)]
struct StopsAtFailure(Arc<dyn Handler>);

#[async_trait]
impl Handler for StopsAtFailure {
    async fn run(&self, app: &App, job: Job, tenant: Option<&str>) -> Value {
        if tenant.is_some() || !matches!(job, Job::SnapshotDaily | Job::SnapshotWeekly) {
            return self.0.run(app, job, tenant).await;
        }
        let mut report = json!({
            "job": job.word(), "outcome": "skipped", "succeeded": 0, "skipped": 0, "failed": 0, "tenants": [],
        });
        let installations = app.installations();
        let mut batches = installations.list();
        while let Ok(Some(batch)) = batches.next_batch().await {
            for installation in batch.into_iter().flatten() {
                let part = self.0.run(app, job, Some(&installation.tenant)).await;
                if has_failed(&part) {
                    return part;
                }
                for count in ["succeeded", "skipped"] {
                    report[count] =
                        json!(report[count].as_u64().unwrap_or(0) + part[count].as_u64().unwrap_or(0));
                }
                if part["outcome"] == "succeeded" {
                    report["outcome"] = json!("succeeded");
                }
            }
        }
        report
    }
}

/// Lets the worker's first weekly job for a single tenant pass by.
#[derive(Debug)]
struct First {
    inner: Arc<dyn Handler>,
    outcome: &'static str,
    is_over: AtomicBool,
}

#[async_trait]
impl Handler for First {
    async fn run(&self, app: &App, job: Job, tenant: Option<&str>) -> Value {
        if job != Job::SnapshotWeekly || tenant.is_none() || self.is_over.swap(true, Ordering::Relaxed) {
            return self.inner.run(app, job, tenant).await;
        }
        let (done, failed) = if self.outcome == "failed" { (0, 1) } else { (1, 0) };
        json!({
            "job": job.word(), "outcome": self.outcome, "succeeded": done, "skipped": 0, "failed": failed,
            "tenants": [],
        })
    }
}
