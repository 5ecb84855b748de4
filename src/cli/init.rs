//! The flags of `init`. No behaviour.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `gonogo init`.
#[derive(Args, Debug)]
pub struct Init {
    /// The app's folder; else the current one
    pub dir: Option<PathBuf>,
    /// Where releases are gated; else by what the repository holds
    #[arg(long, value_enum)]
    pub ci: Option<Ci>,
}

/// Where a workflow runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Ci {
    /// GitHub Actions
    Github,
    /// GitLab CI
    Gitlab,
    /// Bitbucket Pipelines
    Bitbucket,
}
