//! The flags of `init`. No behaviour.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `gonogo init`.
#[derive(Args, Debug)]
pub struct Init {
    /// The app's folder; else the current one
    pub dir: Option<PathBuf>,
    /// The CI system whose workflow is written, into the root of the repository; else what lies there tells
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
