//! The reference app: what a well-behaved Jira app does, in full. It snapshots a Jira site per tenant and
//! window, detects drift events between snapshots, and keeps everything in a store. It is the subject by
//! default, the example that users copy from, and the thing that `prove` breaks.
//!
//! Everything it needs from outside comes through [`Ports`]; faults are planted there, so nothing in
//! `app` knows that it can be broken.

pub mod lease;
pub mod plain;
pub mod port;
#[cfg(test)]
mod rehearsal;

use std::sync::Arc;

pub use port::Ports;

/// The reference app, assembled. One value is one worker process; several share a store.
#[derive(Clone, Debug)]
pub struct App {
    ports: Arc<Ports>,
}

impl App {
    /// Assembles a worker from its ports.
    #[must_use]
    pub fn new(ports: Ports) -> Self {
        Self { ports: Arc::new(ports) }
    }

    /// What the worker was assembled from.
    #[must_use]
    pub fn ports(&self) -> &Arc<Ports> {
        &self.ports
    }
}
