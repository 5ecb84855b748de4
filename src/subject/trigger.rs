//! The handler between the platform's trigger and the app's job: the one piece of an app that the platform
//! calls. A seam of its own, because an app can be sound and its handler still throw, wait for a click, or go
//! through its tenants badly.

use async_trait::async_trait;
use serde_json::Value;

use crate::app::{App, schedule::Job};

/// Answers a trigger.
#[async_trait]
pub trait Handler: Send + Sync + std::fmt::Debug {
    /// Runs the job, for one tenant or for all, and reports as the job does.
    async fn run(&self, app: &App, job: Job, tenant: Option<&str>) -> Value;
}

/// Passes the trigger on to the app and its report back.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlainHandler;

#[async_trait]
impl Handler for PlainHandler {
    async fn run(&self, app: &App, job: Job, tenant: Option<&str>) -> Value {
        // A report is made of texts and numbers: it always has a JSON form.
        serde_json::to_value(app.run_job(job, tenant).await).unwrap_or_default()
    }
}
