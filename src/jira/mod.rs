//! Jira's wire types and the operation table.
