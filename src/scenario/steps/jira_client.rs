//! Steps about the Jira client.
