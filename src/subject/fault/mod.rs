//! Planted faults: one way each in which an app can be broken, put on at a seam. `prove` plants them one
//! at a time and shows which check turns red. One family of behaviour, one file.

mod idempotency;
mod invariants;
mod jira_client;
mod lock;
mod paging;
mod token;

use std::{fmt, sync::Arc};

use super::{Stage, character::Character, trigger::Handler};
use crate::app::Ports;

/// A worker of the reference app before it starts: what a fault can reach.
#[derive(Debug)]
pub struct Assembly<'a> {
    /// What the worker stands on. Wrap a port to break it; what lies beneath still records the truth.
    pub ports: &'a mut Ports,
    /// What the app says it is: manifest and operations.
    pub character: &'a mut Character,
    /// What the platform's trigger calls.
    pub handler: &'a mut Arc<dyn Handler>,
    /// The scenario's ground.
    pub stage: &'a Stage,
    /// The worker's name.
    pub worker: &'a str,
}

/// A way of being broken.
#[derive(Clone, Copy)]
pub struct Fault {
    /// `snake_case`, unique.
    pub name: &'static str,
    /// What the broken app does, in a sentence.
    pub what: &'static str,
    /// Invariants that it must turn from holding to violated: these and no others.
    pub breaks: &'static [&'static str],
    /// Tags: of each, at least one scenario must fail. A failure mode is named here (`mode-01`).
    pub fails: &'static [&'static str],
    /// Puts it on.
    pub plant: fn(&mut Assembly<'_>),
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The families, in the order of the kill matrix.
const FAMILIES: &[&[Fault]] =
    &[lock::FAULTS, paging::FAULTS, jira_client::FAULTS, token::FAULTS, idempotency::FAULTS];

/// Every fault that can be planted.
pub fn faults() -> impl Iterator<Item = &'static Fault> {
    FAMILIES.iter().chain(invariants::FAULTS).copied().flatten()
}

/// The fault of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Fault> {
    faults().find(|fault| fault.name == name)
}
