//! All integration tests, in one binary: a module per subject.

mod evidence;
mod invariants;
mod reports;
