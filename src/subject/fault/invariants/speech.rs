//! Faults of what the app says: sentences that judge, explain or advise, and words where silence is due.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use crate::{
    app::{App, port::Wording, schedule::Job},
    subject::{
        fault::{Assembly, Fault},
        seam::RecordingNotifier,
        trigger::Handler,
    },
};

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "judges",
        what: "each sentence about drift says that the configuration is unhealthy",
        breaks: &["no_interpretation"],
        fails: &["invariant:no_interpretation"],
        plant: |assembly| says(assembly, "; the configuration is unhealthy"),
    },
    Fault {
        name: "explains_and_advises",
        what: "each sentence about drift names a cause and says what to do",
        breaks: &["no_interpretation"],
        fails: &["invariant:no_interpretation"],
        plant: |assembly| says(assembly, ", caused by an administrator: you should restore it"),
    },
    Fault {
        name: "reports_success",
        what: "an administrator hears of every job that worked",
        breaks: &["silent_by_default"],
        fails: &["invariant:silent_by_default"],
        plant: |assembly| talks(assembly, "job_succeeded", "succeeded"),
    },
    Fault {
        name: "reports_passing_trouble",
        what: "an administrator hears of every job that the next trigger will repeat",
        breaks: &["silent_by_default"],
        fails: &["invariant:silent_by_default"],
        plant: |assembly| talks(assembly, "job_failed", "failed"),
    },
];

fn says(assembly: &mut Assembly<'_>, more: &'static str) {
    assembly.ports.wording = Arc::new(Judging { inner: assembly.ports.wording.clone(), more });
}

fn talks(assembly: &mut Assembly<'_>, occasion: &'static str, outcome: &'static str) {
    let notifier = RecordingNotifier::new(assembly.stage.clone());
    *assembly.handler = Arc::new(Talking { inner: assembly.handler.clone(), notifier, occasion, outcome });
}

#[derive(Debug)]
struct Judging {
    inner: Arc<dyn Wording>,
    more: &'static str,
}

impl Wording for Judging {
    fn drift(&self, change: &str, entity: &str, name: &str) -> String {
        format!("{}{}", self.inner.drift(change, entity, name), self.more)
    }
}

#[derive(Debug)]
struct Talking {
    inner: Arc<dyn Handler>,
    notifier: RecordingNotifier,
    occasion: &'static str,
    outcome: &'static str,
}

#[async_trait]
impl Handler for Talking {
    async fn run(&self, app: &App, job: Job, tenant: Option<&str>) -> Value {
        let report = self.inner.run(app, job, tenant).await;
        if report["outcome"] == self.outcome {
            self.notifier.say(tenant.unwrap_or_default(), self.occasion, "A job has ended.");
        }
        report
    }
}
