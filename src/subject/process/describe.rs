//! What a driver says of its app: operations, jobs, manifest, and the names under which it stores what. Read
//! strictly: what is not understood is refused, never guessed.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::subject::character::Character;

/// The version of the protocol that gonogo speaks.
pub(super) const PROTOCOL: u64 = 1;

/// A driver's answer to `describe`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// Must be [`PROTOCOL`].
    pub protocol: u64,
    /// What the app is called.
    pub name: String,
    /// Its version, as its makers write it.
    pub version: String,
    /// Operations, each with the names of the fields in its answer.
    pub operations: BTreeMap<String, Vec<String>>,
    /// Jobs that `run_job` knows.
    pub jobs: Vec<String>,
    /// OAuth scopes that the app asks for.
    pub scopes: Vec<String>,
    /// Modules of its manifest, if it has one.
    #[serde(default)]
    pub modules: Vec<String>,
    /// Hosts that it says it reaches.
    #[serde(default)]
    pub egress: Vec<String>,
    /// Settings that somebody has to make before it works.
    #[serde(default)]
    pub required_settings: Vec<String>,
    /// Where in a tenant's key-value storage what lies.
    #[serde(default)]
    pub storage: Families,
    /// How long its lock holds without being renewed, in seconds.
    #[serde(default)]
    pub lock_life_s: Option<u64>,
}

/// How the keys of the app's records begin; `None` is a family that the app has not.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Families {
    /// Snapshots: objects with `hash` and `window_start`.
    pub snapshot: Option<String>,
    /// Locks.
    pub lock: Option<String>,
    /// Tokens.
    pub token: Option<String>,
    /// Statements about what changed.
    pub drift: Option<String>,
}

impl Families {
    /// The beginning of the keys of the family of this name.
    #[must_use]
    pub fn prefix(&self, family: &str) -> Option<&str> {
        match family {
            "snapshot" => self.snapshot.as_deref(),
            "lock" => self.lock.as_deref(),
            "token" => self.token.as_deref(),
            "drift" => self.drift.as_deref(),
            _ => None,
        }
    }
}

impl Description {
    /// Reads an answer to `describe`.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn read(answer: Value) -> Result<Self, String> {
        let description: Self = serde_json::from_value(answer)
            .map_err(|e| format!("its answer to describe is not usable: {e}"))?;
        if description.protocol != PROTOCOL {
            return Err(format!(
                "it speaks version {} of the protocol, not {PROTOCOL}",
                description.protocol
            ));
        }
        let empty = |family: &str| description.storage.prefix(family) == Some("");
        if let Some(family) = ["snapshot", "lock", "token", "drift"].into_iter().find(|f| empty(f)) {
            return Err(format!("its {family} keys begin with nothing"));
        }
        Ok(description)
    }

    /// As the rest of gonogo knows an app.
    #[must_use]
    pub fn character(&self) -> Character {
        Character {
            scopes: self.scopes.clone(),
            modules: self.modules.clone(),
            egress: self.egress.clone(),
            required_settings: self.required_settings.clone(),
            operations: self.operations.clone().into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_description_is_read_whole_or_refused_in_words() {
        let good =
            json!({"protocol": 1, "name": "a", "version": "1", "operations": {}, "jobs": [], "scopes": []});
        assert!(Description::read(good.clone()).is_ok());
        for (change, words) in [
            (json!({"protocol": 2}), "version 2"),
            (json!({"protocol": null}), "not usable"),
            (json!({"surprise": 1}), "unknown field"),
            (json!({"storage": {"snapshot": ""}}), "begin with nothing"),
            (json!({"storage": {"snaphsot": "s:"}}), "unknown field"),
        ] {
            let mut bad = good.clone();
            for (name, value) in change.as_object().expect("an object") {
                bad[name] = value.clone();
            }
            let error = Description::read(bad).expect_err("a refusal");
            assert!(error.contains(words), "{error}");
        }
    }
}
