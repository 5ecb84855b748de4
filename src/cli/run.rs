//! The flags of `run` and `merge`. No behaviour.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Verdict;

/// `gonogo run`.
#[derive(Args, Debug)]
pub struct Run {
    /// A folder with a Forge app (manifest.yml), gonogo.yaml or features; without it the current one, and the
    /// reference app where that has none of them
    pub dir: Option<PathBuf>,
    /// Folder of feature files, in place of those that are configured; repeatable
    #[arg(long, value_name = "DIR")]
    pub features: Vec<PathBuf>,
    /// What the released version is, as `gonogo baseline` keeps it; else the file that gonogo.yaml names
    #[arg(long, value_name = "FILE", env = "GONOGO_BASELINE")]
    pub baseline: Option<PathBuf>,
    /// Only scenarios whose tags match, for instance '@SEV-2-001 and not @slow'
    #[arg(long, value_name = "EXPRESSION")]
    pub tags: Option<String>,
    /// Only scenarios whose title matches this regular expression
    #[arg(long, value_name = "REGEX")]
    pub name: Option<String>,
    /// Scenarios at once
    #[arg(short, long, value_name = "N", env = "GONOGO_JOBS")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=512))]
    pub jobs: Option<u16>,
    /// Only this part of the scenarios, for instance 2/4; `gonogo merge` puts the parts together
    #[arg(long, value_name = "I/N", env = "GONOGO_SHARD", value_parser = part)]
    pub shard: Option<Part>,
    /// Begin no scenario after one that was not green
    #[arg(long)]
    pub fail_fast: bool,
    /// Time limit of the whole run in seconds
    #[arg(long, value_name = "SECONDS", env = "GONOGO_TIMEOUT", value_parser = seconds)]
    pub timeout: Option<f64>,
    /// Seed of the mocked Jira's data
    #[arg(long, value_name = "N", env = "GONOGO_SEED", default_value_t = 1)]
    pub seed: u64,
    /// Try a scenario again so often when it is not green; green by a retry is flaky, not passed
    #[arg(long, value_name = "N", default_value_t = 0)]
    #[arg(value_parser = clap::value_parser!(u16).range(0..=100))]
    pub retries: u16,
    /// By what it is judged, and where the results go
    #[command(flatten)]
    pub gate: Gate,
}

impl Run {
    /// A run of everything, with nothing accepted and no report beside those in `out`.
    #[must_use]
    pub fn whole(dir: Option<PathBuf>, config: Option<PathBuf>, out: PathBuf, seed: u64) -> Self {
        Self {
            dir,
            features: vec![],
            baseline: None,
            tags: None,
            name: None,
            jobs: None,
            shard: None,
            fail_fast: false,
            timeout: None,
            seed,
            retries: 0,
            gate: Gate { config, out: Some(out), ..Gate::default() },
        }
    }
}

/// By what a release is judged, and where the results go: what `run` and `merge` have in common.
#[derive(Args, Debug, Default)]
pub struct Gate {
    /// Configuration file; else gonogo.yaml, looked for upwards
    #[arg(long, value_name = "FILE", env = "GONOGO_CONFIG")]
    pub config: Option<PathBuf>,
    /// The protected branch whose gonogo.yaml says what is asked of a release, whatever the tree's own says
    #[arg(long, value_name = "REF", env = "GONOGO_POLICY_REF")]
    pub policy_ref: Option<String>,
    /// Folder for evidence and reports [default: gonogo-report]
    #[arg(long, value_name = "DIR", env = "GONOGO_OUT")]
    pub out: Option<PathBuf>,
    /// Exit with 0 for this, too; it is written into the verdict; repeatable, or with commas
    #[arg(long, value_name = "WHAT", env = "GONOGO_ACCEPT", value_delimiter = ',')]
    pub accept: Vec<Acceptable>,
    /// Ed25519 private key (PEM) that seals the record; without it the record is unsigned
    #[arg(long, value_name = "FILE", env = "GONOGO_RECORD_KEY")]
    pub record_key: Option<PathBuf>,
    /// Where verdicts go
    #[command(flatten)]
    pub verdict: Verdict,
}

/// `gonogo merge`.
#[derive(Args, Debug)]
pub struct Merge {
    /// The output folders (or evidence files) of all shards of one run, in any order
    #[arg(required = true)]
    pub shards: Vec<PathBuf>,
    /// By what it is judged, and where the results go
    #[command(flatten)]
    pub gate: Gate,
}

/// What `--accept` can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Acceptable {
    /// GO (after fixes) exits with 0
    GoAfterFixes,
    /// A verdict that somebody overrides (`gonogo sign --decision break-glass`) exits with 0
    BreakGlass,
}

/// `I/N`: one part of so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which, from 1.
    pub index: usize,
    /// Of how many.
    pub of: usize,
}

fn part(text: &str) -> Result<Part, String> {
    let number = |text: &str| text.parse::<usize>().ok().filter(|number| (1..=1000).contains(number));
    let parts = text.split_once('/').and_then(|(index, of)| Some((number(index)?, number(of)?)));
    match parts {
        Some((index, of)) if index <= of => Ok(Part { index, of }),
        _ => Err("expected I/N with I from 1 to N and N up to 1000, for instance 2/4".into()),
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "expected a number of seconds".to_owned())?;
    let usable = seconds > 0.0 && seconds <= 86_400.0;
    if usable { Ok(seconds) } else { Err("expected seconds above 0 and up to 86400".into()) }
}
