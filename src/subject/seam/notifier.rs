//! The seam between an app and people.

use async_trait::async_trait;

use crate::{
    app::port::{Notice, Notifier},
    evidence::{Fact, Source},
    subject::Stage,
};

/// Records what the app says to people. Says nothing on a routine event, as the plain notifier.
#[derive(Clone, Debug)]
pub struct RecordingNotifier {
    stage: Stage,
}

impl RecordingNotifier {
    /// The seam of one worker.
    #[must_use]
    pub fn new(stage: Stage) -> Self {
        Self { stage }
    }

    /// Records that something was said aloud.
    pub fn say(&self, tenant: &str, occasion: &str, text: &str) {
        let fact = Fact::AlertRaised {
            tenant: Some(tenant.to_owned()),
            audience: "administrator".to_owned(),
            occasion: occasion.to_owned(),
            text: text.to_owned(),
        };
        self.stage.recorder.record(Source::Subject, fact);
    }
}

#[async_trait]
impl Notifier for RecordingNotifier {
    async fn notify(&self, tenant: &str, notice: Notice) {
        match notice {
            Notice::ConsentNeeded => self.say(tenant, "consent_needed", "Consent must be given again."),
            Notice::ScopeRefused => self.say(tenant, "scope_refused", "More was granted than asked for."),
            Notice::Routine(_) => {}
        }
    }
}
