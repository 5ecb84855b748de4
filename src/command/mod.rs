//! One subcommand, one file, and what they share: the console, and how a command says that it cannot.
//! Judges nothing.

mod baseline;
mod checklist;
mod completions;
mod console;
mod deliver;
mod explain;
mod folder;
mod init;
mod judge;
mod list;
mod man;
mod merge;
pub mod mock;
mod prove;
mod report;
mod rollout;
mod run;
mod schema;
mod secrets;
mod sign;
mod signers;
mod sound;
mod verify;
mod workflow;

pub use console::Console;

use std::fmt;

use crate::{
    cli::{Acceptable, Cli, Command},
    clock::{Clock as _, SystemClock},
    evidence::{self, Header, Issue, Policy, Severity},
    exit::Exit,
    judge::{ACCEPT_BREAK_GLASS, ACCEPT_GO_AFTER_FIXES},
    record::ledger,
    subject::Target,
};

/// The record of a run, in its output folder.
const RECORD: &str = "record";

/// What the caller accepts, as evidence and record write it; once each.
fn accepted(named: &[Acceptable]) -> Vec<String> {
    let word = |named: &Acceptable| match named {
        Acceptable::GoAfterFixes => ACCEPT_GO_AFTER_FIXES.to_owned(),
        Acceptable::BreakGlass => ACCEPT_BREAK_GLASS.to_owned(),
    };
    let words: std::collections::BTreeSet<String> = named.iter().map(word).collect();
    words.into_iter().collect()
}

/// Why a command was not carried out.
#[derive(Debug)]
pub struct Refusal {
    /// The exit code.
    pub code: u8,
    error: anyhow::Error,
}

impl Refusal {
    /// The command line, a file or the configuration is wrong.
    pub fn input(error: impl Into<anyhow::Error>) -> Self {
        Self { code: Exit::Usage.code(), error: error.into() }
    }

    /// gonogo itself is wrong.
    pub fn internal(error: impl Into<anyhow::Error>) -> Self {
        Self { code: Exit::Internal.code(), error: error.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        console::printable_lines(&format!("{:#}", self.error)).fmt(f)
    }
}

/// Carries a command out; answers with the exit code.
///
/// # Errors
/// A refusal, when nothing was judged.
pub fn dispatch(cli: &Cli) -> Result<u8, Refusal> {
    let mut console = Console::new(cli);
    match &cli.command {
        Command::Run(arguments) => run::run(arguments, &mut console),
        Command::Sign(arguments) => sign::sign(arguments, &mut console),
        Command::Checklist(arguments) => checklist::checklist(arguments, &mut console),
        Command::Report(arguments) => report::report(arguments, &mut console),
        Command::Rollout(arguments) => rollout::rollout(arguments, &mut console),
        Command::Verify(arguments) => verify::verify(arguments, &mut console),
        Command::Baseline(arguments) => baseline::baseline(arguments, &mut console),
        Command::Judge(arguments) => judge::judge(arguments, &mut console),
        Command::Merge(arguments) => merge::merge(arguments, &mut console),
        Command::Init(arguments) => init::init(arguments, &mut console),
        Command::Schema(arguments) => schema::schema(arguments, &mut console),
        Command::Secrets(arguments) => secrets::secrets(arguments, &mut console),
        Command::Explain(arguments) => explain::explain(arguments, &mut console),
        Command::List(arguments) => list::list(arguments, &mut console),
        Command::Completions(arguments) => completions::completions(arguments, &mut console),
        Command::Man => man::man(&mut console),
        Command::Mock(arguments) => mock(arguments),
        Command::Prove(arguments) => prove::prove(arguments, &mut console),
    }
}

/// The first line of the evidence of a plan that is run whole, for the first time, with nothing accepted.
fn header(planned: usize, seed: u64, subject: &Target) -> Header {
    Header {
        format: evidence::FORMAT.into(),
        tool: env!("CARGO_PKG_VERSION").into(),
        started_at: SystemClock::new().now(),
        subject: subject.name(),
        seed,
        planned,
        left_out: 0,
        previous_verdict: None,
        accepted: vec![],
        release: None,
        shard: None,
        policy: policy_for(subject),
    }
}

/// The record in a folder, or the folder itself where it is one.
fn record_in(path: &std::path::Path) -> std::path::PathBuf {
    match path.file_name().is_some_and(|name| name == ledger::LEDGER) {
        true => path.parent().unwrap_or(path).to_owned(),
        false if path.join(RECORD).is_dir() => path.join(RECORD),
        false => path.to_owned(),
    }
}

/// The wall clock's time, to the millisecond: nobody's clock is better.
fn now() -> jiff::Timestamp {
    let now = SystemClock::new().now();
    jiff::Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// What an app is judged by: the issues that the scenarios of its kind settle, and the defaults.
fn policy_for(subject: &Target) -> Policy {
    let issues = [
        ("SEV-1-001", "The app breaks a promise to its tenants: the ten invariants", Severity::Sev1),
        ("SEV-2-001", "Two runs take the same snapshot: the snapshot lock", Severity::Sev2),
        ("SEV-2-002", "Large sites are cut short or skipped: pagination", Severity::Sev2),
        ("SEV-2-003", "Installations lose their access: token refresh", Severity::Sev2),
        ("SEV-2-004", "Jobs act twice or not at all: idempotency", Severity::Sev2),
    ];
    let settled = match subject {
        Target::Reference => &issues[..],
        Target::Forge(_) | Target::Process(_) => &issues[..1],
    };
    let issue = |(id, title, severity): &(&str, &str, Severity)| Issue::new(id, title, *severity);
    Policy { issues: settled.iter().map(issue).collect(), ..Policy::default() }
}

/// The mock speaks to stdout itself: its one line must be out before it begins to serve.
fn mock(arguments: &crate::cli::Mock) -> Result<u8, Refusal> {
    let options = mock::MockOptions {
        port: arguments.port,
        seed: arguments.seed,
        issues: arguments.issues,
        tenants: usize::from(arguments.tenants),
    };
    mock::run(options, &mut std::io::stdout()).map_err(Refusal::input)?;
    Ok(Exit::Go.code())
}
