//! The flags of `rollout`. No behaviour.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;

use super::Signers;

/// `gonogo rollout`.
#[derive(Args, Debug)]
#[command(after_help = "\
Exit codes:
  0 go on: begin, promote or done; the percentage says how far
  1 roll back: an objective is missed; nothing is promoted any more
  4 hold: something was not shown yet; change nothing and call again with newer data
  2 refused, and nothing recorded: no GO, a record that is not sound, a clock that was set back")]
pub struct Rollout {
    /// The output folder of the run, or its record
    #[arg(default_value = "gonogo-report")]
    pub dir: PathBuf,
    /// What was measured: an answer of Prometheus' query_range, or OpenMetrics with times; repeatable
    #[arg(long, value_name = "FILE")]
    pub metrics: Vec<PathBuf>,
    /// What the app wrote, each entry with its time; repeatable
    #[arg(long, value_name = "FILE")]
    pub logs: Vec<PathBuf>,
    /// Whose sign-offs count
    #[command(flatten)]
    pub signers: Signers,
    /// Ed25519 private key (PEM) that sealed the record, if one did
    #[arg(long, value_name = "FILE", env = "GONOGO_RECORD_KEY")]
    pub record_key: Option<PathBuf>,
    /// What is decided as JSON on stdout
    #[arg(long)]
    pub json: bool,
    /// Rehearse as if it were this time, RFC 3339; `verify` never takes a rehearsal for a rollout
    #[arg(long, value_name = "TIME")]
    pub rehearse_at: Option<Timestamp>,
}
