//! gonogo is a release gate for Jira apps.
//!
//! ```text
//! features ─▶ scenario ─▶ subject ─▶ mock_jira        runs and records
//!                └───────▶ evidence ◀──────┘
//! evidence ─▶ invariant ─▶ judge ─▶ report ─▶ exit     judges and reports
//! ```
//!
//! The two halves meet only in the evidence. Nothing in the first knows an invariant; nothing in the
//! second knows cucumber, HTTP, time or a store. Start at `main.rs`, then `command/run.rs`.
//!
//! A module uses only what its row names, and rows name only rows above them. A test (`tests/it/tidy.rs`)
//! reads this table and holds the code to it.
//!
//! | module | holds | may use |
//! |---|---|---|
//! | `clock` | time that a scenario can drive | |
//! | `spelling` | "did you mean": the nearest of the names that there are; a parser's message in the file's words | |
//! | `git` | the program git, plumbing only: nobody's configuration, writes to a scratch repository alone | |
//! | `evidence` | what was observed, in order; never what it means; the file with its hash chain | |
//! | `baseline` | what the released version is; the file that keeps it | `evidence`, `spelling` |
//! | `invariant` | one rule, one file; a pure function of the evidence | `evidence` |
//! | `judge` | all rules over all evidence: findings and the verdict; the only maker of a GO | `evidence`, `invariant` |
//! | `report` | one format, one file; draws a judgement, decides nothing | `evidence`, `judge` |
//! | `document` | the documents of a release, drawn from its judged record: one kind, one file; decides nothing | `evidence`, `invariant`, `judge`, `report` |
//! | `jira` | Jira's wire types and the operation table (effect and scopes of every operation) | |
//! | `yaml` | a checked YAML reader: size, depth, duplicate keys, the place of an error; the only user of the parser | `spelling` |
//! | `import` | evidence from elsewhere, read from files: one format, one file; reads and says what is amiss, judges nothing | `evidence`, `git` |
//! | `rollout` | the rollout of a release as a state machine over what is measured of each step; deploys nothing | `evidence`, `import` |
//! | `record` | the record of a release: ledger, root, signatures, sign-offs; makes and verifies | `evidence`, `judge`, `report`, `rollout` |
//! | `secret` | the rules for secrets in a tree or a diff, and the search; findings are redacted | `evidence`, `git` |
//! | `forge_app` | a Forge app as it lies in a folder: its manifest and what its files show; runs nothing | `evidence`, `jira`, `secret`, `spelling`, `yaml` |
//! | `store` | the `Store` trait; one store, one file | `clock` |
//! | `mock_jira` | the mocked Jira: core, one endpoint family a file, faults, journal, two fronts | `clock`, `evidence`, `jira` |
//! | `app` | the reference app: lock, paging, token, idempotency, snapshot, drift, schedule, client | `clock`, `store` |
//! | `subject` | the app under test: one way to drive one, one file; planted faults at its seams | `app`, `baseline`, `clock`, `evidence`, `forge_app`, `jira`, `store` |
//! | `scenario` | Gherkin in, evidence out; the only user of cucumber; one step group, one file | `app`, `baseline`, `clock`, `evidence`, `mock_jira`, `spelling`, `store`, `subject` |
//! | `config` | `gonogo.yaml` | `evidence`, `import`, `spelling`, `yaml` |
//! | `exit` | the exit codes | `judge` |
//! | `cli` | flags and subcommands, no behaviour | `report`, `spelling` |
//! | `command` | one subcommand, one file | `baseline`, `cli`, `clock`, `config`, `document`, `evidence`, `exit`, `forge_app`, `import`, `invariant`, `judge`, `mock_jira`, `record`, `report`, `rollout`, `scenario`, `secret`, `spelling`, `subject` |

// A job is a future of futures, down to a single SQL statement; their layout nests deeper than the default.
#![recursion_limit = "256"]

pub mod app;
pub mod baseline;
pub mod cli;
pub mod clock;
pub mod command;
pub mod config;
pub mod document;
pub mod evidence;
pub mod exit;
pub mod forge_app;
pub mod git;
pub mod import;
pub mod invariant;
pub mod jira;
pub mod judge;
pub mod mock_jira;
pub mod record;
pub mod report;
pub mod rollout;
pub mod scenario;
pub mod secret;
pub mod spelling;
pub mod store;
pub mod subject;
pub mod yaml;
