//! Jira's wire facts: the table of all operations with their effect and scopes, and how a request finds
//! its operation. An operation or a scope that is not known counts as a write. Never talks to anything.

mod operation;
mod scope;

pub use operation::{Matched, Operation, decode, find, operations, query_pairs, query_values};
pub use scope::{known_scopes, nearest_scopes, scope_effect};

/// What an operation does to Jira's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Changes something, or is not known to change nothing.
    Write,
}
