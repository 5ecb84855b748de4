//! The integration tests, in one binary; a module per subject.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod cli;
mod gate;
mod gonogo;
