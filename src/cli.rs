//! Flags and subcommands, as clap reads them. No behaviour: what they do is in `command`.

mod document;
mod init;
mod record;
mod rollout;
mod run;
mod trust;

pub use document::{DocumentFormat, DocumentKind, Draw};
pub use init::{Ci, Init};
pub use record::{Checklist, Decision, Sign, Verify};
pub use rollout::Rollout;
pub use run::{Acceptable, Gate, Merge, Part, Run};
pub use trust::Signers;

use std::path::PathBuf;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

use crate::{
    report,
    spelling::{nearest, suggestion},
};

/// A release gate for Jira apps: runs Gherkin scenarios against a mocked Jira, judges ten invariants from
/// the recorded evidence, answers GO or NO-GO.
#[derive(Debug, Parser)]
#[command(name = "gonogo", version, about, after_help = EXAMPLES, max_term_width = 100)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Whether to colour the terminal report.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, env = "GONOGO_COLOR")]
    pub color: Color,
    /// Columns of the terminal report; else those of the terminal, else 100.
    #[arg(long, global = true, value_name = "COLUMNS", env = "GONOGO_WIDTH")]
    #[arg(value_parser = clap::value_parser!(u16).range(20..))]
    pub width: Option<u16>,
    /// No progress, no remarks; errors and the report alone.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Each scenario, as it ends.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

impl Cli {
    /// Reads the process's arguments and environment. An empty variable is the same as one that is not set.
    ///
    /// # Errors
    /// Help that was asked for, and whatever the flags do not allow.
    pub fn of_process() -> Result<Self, clap::Error> {
        let mut command = Self::command().mut_args(without_empty);
        command = command.mut_subcommands(|subcommand| subcommand.mut_args(without_empty));
        let mut matches = command.clone().try_get_matches()?;
        Self::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))
    }
}

fn without_empty(flag: clap::Arg) -> clap::Arg {
    let empty = flag.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
    if empty { flag.env(None) } else { flag }
}

const EXAMPLES: &str = "\
Examples:
  gonogo run                                  judge the reference app with the built-in features
  gonogo run my-app --tags '@SEV-2-001'       run the features of a folder, those with a tag
  gonogo run --report json=- --quiet          the report as JSON on stdout, for a pipe
  gonogo judge gonogo-report/evidence.jsonl   judge recorded evidence again, offline
  gonogo run my-forge-app                     judge a Forge app (manifest.yml) as it is
  gonogo report --kind summary                a document of the release, from its record
  gonogo verify gonogo-report                 check the record of a release
  gonogo rollout --metrics slo.json           what the canary's data allow: promote, hold, roll back
  gonogo init my-forge-app --ci github        write a gonogo.yaml and a workflow
  gonogo baseline my-forge-app                keep what its released version is
  gonogo explain read_only_jira               what an invariant means
  gonogo explain --to-go gonogo-report        the fewest changes that would make it GO
  gonogo mock --port 8080                     the mocked Jira, for any client

Exit codes:
  0 UNCONDITIONAL GO   1 NO-GO   2 wrong input, nothing judged   3 GO (after fixes)
  4 UNDECIDED   70 a defect of gonogo, nothing judged   130 interrupted twice";

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the scenarios, judge what they recorded, report, exit with the verdict
    Run(Run),
    /// Judge recorded evidence again, without running anything
    Judge(Judge),
    /// Put the shards of a run together and judge them as one
    Merge(Merge),
    /// Sign a release: your decision, in your role, over everything that its record holds
    Sign(Sign),
    /// Show every item of the release, and judge it again with what people signed by now
    Checklist(Checklist),
    /// Draw a document of a release from its record: summary, verification, implementation or deployment
    Report(Draw),
    /// Play the canary of a release, step by step, by what is measured: begin, promote, hold or roll back
    Rollout(Rollout),
    /// Verify a record of a release, offline, and judge its evidence again
    Verify(Verify),
    /// Keep what the released version of an app is, for the next one to be compared with
    Baseline(Baseline),
    /// Plant faults in the app under test and show which check catches each
    Prove(Prove),
    /// Serve the mocked Jira, standing alone, until interrupted
    Mock(Mock),
    /// Search a folder, or what is staged, for secrets
    Secrets(Secrets),
    /// Explain an invariant, or list them all; or tell what would make a release GO
    Explain(Explain),
    /// List what there is to name
    List(List),
    /// Write a gonogo.yaml with every setting explained, and a CI workflow; overwrite nothing
    Init(Init),
    /// Print the JSON Schema of a document
    Schema(Schema),
    /// Print a completion script for a shell
    Completions(Completions),
    /// Print the man page
    Man,
}

/// `gonogo baseline`.
#[derive(Args, Debug)]
pub struct Baseline {
    /// The app's folder, as for `run`
    pub dir: Option<PathBuf>,
    /// The file to write [default: gonogo-baseline.json in the app's folder]
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Gather from this evidence of an earlier run, without running anything
    #[arg(long, value_name = "FILE", conflicts_with_all = ["config", "seed"])]
    pub evidence: Option<PathBuf>,
    /// Configuration file; else gonogo.yaml, looked for upwards
    #[arg(long, value_name = "FILE", env = "GONOGO_CONFIG")]
    pub config: Option<PathBuf>,
    /// Seed of the mocked Jira's data
    #[arg(long, value_name = "N", env = "GONOGO_SEED", default_value_t = 1)]
    pub seed: u64,
}

/// What `run` and `judge` have in common.
#[derive(Args, Debug, Default)]
pub struct Verdict {
    /// One more report, for instance json=FILE; `-` is stdout, which then carries nothing else; repeatable
    #[arg(long = "report", value_name = "FORMAT=FILE", value_parser = format_and_file)]
    pub reports: Vec<Report>,
}

/// `FORMAT=FILE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// A name of `gonogo list formats`.
    pub format: String,
    /// `-` is stdout.
    pub file: PathBuf,
}

impl Report {
    /// Whether it goes to stdout.
    #[must_use]
    pub fn is_stdout(&self) -> bool {
        self.file.as_os_str() == "-"
    }
}

/// `gonogo judge`.
#[derive(Args, Debug)]
pub struct Judge {
    /// The evidence, as `run` recorded it
    pub file: PathBuf,
    /// Folder for verdict and reports; without it nothing but what `--report` names is written
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Where verdicts go
    #[command(flatten)]
    pub verdict: Verdict,
}

/// `gonogo prove`.
#[derive(Args, Debug)]
pub struct Prove {
    /// Only these faults; else all of `gonogo list faults`
    pub faults: Vec<String>,
    /// The matrix as JSON on stdout
    #[arg(long)]
    pub json: bool,
    /// Seed of the mocked Jira's data
    #[arg(long, value_name = "N", env = "GONOGO_SEED", default_value_t = 1)]
    pub seed: u64,
    /// Scenarios at once
    #[arg(short, long, value_name = "N", env = "GONOGO_JOBS")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=512))]
    pub jobs: Option<u16>,
}

/// `gonogo mock`.
#[derive(Args, Debug)]
pub struct Mock {
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 0, env = "GONOGO_PORT")]
    pub port: u16,
    /// Seed of the data
    #[arg(long, value_name = "N", default_value_t = 1, env = "GONOGO_SEED")]
    pub seed: u64,
    /// Issues per tenant
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub issues: usize,
    /// Tenants
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub tenants: u16,
}

/// `gonogo secrets`.
#[derive(Args, Debug)]
pub struct Secrets {
    /// The folder; else the current one
    pub dir: Option<PathBuf>,
    /// Search what is staged in the folder's repository, for a pre-commit hook
    #[arg(long)]
    pub staged: bool,
    /// What was found as JSON on stdout
    #[arg(long)]
    pub json: bool,
}

/// `gonogo explain`.
#[derive(Args, Debug)]
pub struct Explain {
    /// An invariant; without it, all of them in a line each
    #[arg(conflicts_with = "to_go")]
    pub name: Option<String>,
    /// The fewest changes that would make it GO: of a record, an output folder, or evidence
    #[arg(long, value_name = "RECORD")]
    pub to_go: Option<PathBuf>,
    /// With --to-go: whose sign-offs count
    #[command(flatten)]
    pub signers: Signers,
}

/// `gonogo list`.
#[derive(Args, Debug)]
pub struct List {
    /// What to list
    pub what: Listable,
    /// Folder of feature files, for scenarios; repeatable
    #[arg(long, value_name = "DIR")]
    pub features: Vec<PathBuf>,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Listable {
    /// The ten invariants
    Invariants,
    /// The scenarios, with their tags
    Scenarios,
    /// The steps that features can use
    Steps,
    /// The faults that `prove` plants
    Faults,
    /// The formats that `--report` knows
    Formats,
}

/// `gonogo schema`.
#[derive(Args, Debug)]
pub struct Schema {
    /// Which document
    pub document: Document,
}

/// Documents that have a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Document {
    /// `gonogo.yaml`
    Config,
    /// `verdict.json`, and `--report json=…`
    Report,
    /// What `gonogo report --format json` draws
    Document,
}

/// `gonogo completions`.
#[derive(Args, Debug)]
pub struct Completions {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

fn format_and_file(text: &str) -> Result<Report, String> {
    match text.split_once('=') {
        Some((format, file)) if !format.is_empty() && !file.is_empty() => {
            let names = || report::formats().iter().map(|format| format.name);
            if report::format(format).is_some() {
                return Ok(Report { format: format.into(), file: file.into() });
            }
            let near = suggestion(nearest(format, names()).as_deref());
            Err(format!(
                "no format is named `{format}`{near}; there are {}",
                names().collect::<Vec<_>>().join(", ")
            ))
        }
        _ => Err("expected FORMAT=FILE, for instance json=verdict.json, or json=- for stdout".into()),
    }
}
