//! What an app says it is, and what its released version was: manifest, operations, formats. Data to be
//! recorded; nothing here compares the two.

use crate::{
    app::install,
    evidence::{Effect, Scope},
};

/// What the released version of the reference app is. A file of its own: derived from the code, it could
/// never disagree with it.
pub(super) const BASELINE: &str = include_str!("../../fixtures/baseline/reference-app.json");

/// What an app says it is, read before the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Character {
    /// OAuth scopes of the manifest.
    pub scopes: Vec<String>,
    /// Modules of the manifest.
    pub modules: Vec<String>,
    /// Hosts that the manifest allows.
    pub egress: Vec<String>,
    /// Settings that must be given before the app works.
    pub required_settings: Vec<String>,
    /// Operations, each with the names of the fields that it answers with.
    pub operations: Vec<(String, Vec<String>)>,
}

/// A scope with its effect, by the operation table.
pub(super) fn scope(name: &str) -> Scope {
    let effect = match crate::jira::scope_effect(name) {
        crate::jira::Effect::Read => Effect::Read,
        crate::jira::Effect::Write => Effect::Write,
    };
    Scope { name: name.to_owned(), effect }
}

impl Character {
    /// What the reference app says it is.
    #[must_use]
    pub fn of_reference_app() -> Self {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        Self {
            scopes: owned(install::SCOPES),
            modules: owned(install::MODULES),
            egress: owned(install::EGRESS),
            required_settings: owned(install::REQUIRED_SETTINGS),
            operations: install::describe().iter().map(|op| (op.name.to_owned(), owned(op.fields))).collect(),
        }
    }
}
