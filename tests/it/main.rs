//! The integration tests, in one binary; a module per subject.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod ci;
mod cli;
mod committed;
mod documents;
mod drawn;
mod evidence;
mod flaws;
mod folder;
mod forge;
mod forge_gate;
mod forge_setup;
mod forge_versions;
mod formats;
mod gate;
mod gonogo;
mod hostile;
mod init;
mod interrupt;
mod invariants;
mod judgements;
mod node;
mod page;
mod pipeline;
mod policy;
mod process;
mod prove;
mod readme;
mod record;
mod release;
mod reports;
mod rollout;
mod secrets;
mod settings;
mod shards;
mod tidy;
