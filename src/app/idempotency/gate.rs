//! The feature gate: whether jobs run under leases and an operation log, or exactly as before.

use crate::app::port::Settings;

/// What the gate lets through. It is asked at the start of each run, so switching takes effect at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Jobs are planned, leased and logged.
    On,
    /// Work runs directly, and nothing of it is stored.
    Off,
}

impl Gate {
    /// As the settings have it.
    #[must_use]
    pub fn of(settings: &Settings) -> Self {
        if settings.idempotency { Self::On } else { Self::Off }
    }
}
