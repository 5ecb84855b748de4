//! What the app says: sentences of facts, lines for an operator, and silence. It never judges or advises.

use async_trait::async_trait;
use serde_json::Value;

use crate::app::port::{Notice, Notifier, TelemetryListener, Wording};

/// `field "Team" was added`: what, whose name, and what happened to it.
#[derive(Clone, Copy, Debug, Default)]
pub struct FactualWording;

impl Wording for FactualWording {
    fn drift(&self, change: &str, entity: &str, name: &str) -> String {
        format!("{entity} \"{}\" was {change}", quoted(name))
    }
}

// A name comes from the site and may hold anything: it must not be able to end its own quotation, break
// the line, or turn the reading direction of what follows.
fn quoted(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for character in name.chars() {
        let turns =
            matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            _ if character.is_control() || turns => text.extend(character.escape_unicode()),
            _ => text.push(character),
        }
    }
    text
}

/// Writes a log line for what a person must know and nothing for routine.
#[derive(Clone, Copy, Debug, Default)]
pub struct TracingNotifier;

#[async_trait]
impl Notifier for TracingNotifier {
    async fn notify(&self, tenant: &str, notice: Notice) {
        match notice {
            Notice::Routine(_) => {}
            Notice::ConsentNeeded => tracing::warn!(?tenant, "consent is needed again"),
            Notice::ScopeRefused => tracing::warn!(?tenant, "a token with more scopes was not accepted"),
        }
    }
}

/// Keeps telemetry where it is: in the store.
#[derive(Clone, Copy, Debug, Default)]
pub struct SilentListener;

impl TelemetryListener for SilentListener {
    fn heard(&self, _event: &Value) {}
}

/// Writes each telemetry event as a log line at debug level.
#[derive(Clone, Copy, Debug, Default)]
pub struct TracingListener;

impl TelemetryListener for TracingListener {
    fn heard(&self, event: &Value) {
        tracing::debug!(%event, "telemetry");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_quotation() {
        let rows = [
            ("Team", r#"field "Team" was added"#),
            (r#"a" was removed; field "b"#, r#"field "a\" was removed; field \"b" was added"#),
            ("a\nb\u{202e}c", r#"field "a\u{a}b\u{202e}c" was added"#),
            ("", r#"field "" was added"#),
        ];
        for (name, expected) in rows {
            assert_eq!(FactualWording.drift("added", "field", name), expected);
        }
    }
}
