//! What one attempt of one scenario works with; nothing in it outlives the attempt.

use std::sync::Arc;

use jiff::Timestamp;

use crate::evidence::{Planned, Recorder};

/// What all scenarios of a run share.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Of the mocked Jira's data.
    pub seed: u64,
}

/// The state of one attempt.
#[derive(Debug, cucumber::World)]
#[world(init = Self::blank)]
pub struct World {
    recorder: Recorder,
}

impl World {
    fn blank() -> Self {
        Self { recorder: Recorder::new(0, || Timestamp::UNIX_EPOCH) }
    }

    /// Builds the attempt's own world; called before the first step.
    ///
    /// # Errors
    /// What could not be built.
    pub async fn begin(
        &mut self,
        _setup: Arc<Setup>,
        _planned: &Planned,
        ordinal: usize,
        _attempt: u32,
    ) -> Result<(), String> {
        self.recorder = Recorder::new(ordinal, || Timestamp::UNIX_EPOCH);
        Ok(())
    }

    /// The attempt's open log.
    #[must_use]
    pub fn recorder(&self) -> Recorder {
        self.recorder.clone()
    }

    /// Takes the world down; called after the last step, whatever happened.
    pub async fn end(&mut self) {}
}
