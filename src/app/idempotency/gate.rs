//! The feature gate: whether jobs run under leases and an operation log, or exactly as before. Reads no
//! environment itself: whoever assembles the app hands its variables in.

use crate::app::port::Settings;

/// The environment variable that sets the gate: `on` or `off`. Without it the settings' default holds.
pub const GATE_VARIABLE: &str = "IDEMPOTENCY_GATE";

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

/// Sets the gate by [`GATE_VARIABLE`]; `variable` is the environment, for instance
/// `|name| env::var_os(name).map(|word| word.to_string_lossy().into_owned())`. Any other word than `on` and
/// `off` closes the gate, and every report of a job says so.
pub fn set_gate(settings: &mut Settings, variable: impl Fn(&str) -> Option<String>) {
    let Some(word) = variable(GATE_VARIABLE) else { return };
    settings.idempotency = word == "on";
    settings.gate_complaint = (word != "on" && word != "off")
        .then(|| format!("the gate is off: {GATE_VARIABLE} is {word:?}, neither \"on\" nor \"off\""));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::stand_in::settings;

    #[test]
    fn the_variable_opens_or_closes_the_gate_and_any_other_word_closes_it_and_is_told() {
        for default in [true, false] {
            for (word, gate, is_told) in [
                (Some("on"), Gate::On, false),
                (Some("off"), Gate::Off, false),
                (Some("yes"), Gate::Off, true),
                (Some("On"), Gate::Off, true),
                (Some(" on"), Gate::Off, true),
                (Some("1"), Gate::Off, true),
                (Some(""), Gate::Off, true),
                (None, if default { Gate::On } else { Gate::Off }, false),
            ] {
                let mut settings = settings();
                settings.idempotency = default;
                set_gate(&mut settings, |name| (name == "IDEMPOTENCY_GATE").then_some(word?.to_owned()));
                assert_eq!(Gate::of(&settings), gate, "{word:?} over {default}");
                assert_eq!(settings.gate_complaint.is_some(), is_told, "{word:?} over {default}");
            }
        }
    }
}
