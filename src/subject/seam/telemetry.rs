//! The seam between an app and whoever listens to its telemetry.

use serde_json::Value;

use crate::{
    app::port::TelemetryListener,
    evidence::{Fact, Source},
    subject::Stage,
};

/// Records telemetry events as they leave the app.
#[derive(Clone, Debug)]
pub struct RecordingListener {
    stage: Stage,
}

impl RecordingListener {
    /// The seam of one worker.
    #[must_use]
    pub fn new(stage: Stage) -> Self {
        Self { stage }
    }
}

impl TelemetryListener for RecordingListener {
    fn heard(&self, event: &Value) {
        let text = |name: &str| event.get(name).and_then(Value::as_str).map(str::to_owned);
        let fact = Fact::TelemetryEmitted {
            tenant: text("tenant"),
            event: text("event").unwrap_or_default(),
            body: event.clone(),
        };
        self.stage.recorder.record(Source::Subject, fact);
    }
}
