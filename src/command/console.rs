//! Where a command writes: the chosen document to stdout, everything else to stderr. Decides once about
//! colour and width. A closed pipe is no error.

use std::{
    env,
    io::{self, IsTerminal as _, Write as _},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Refusal;
use crate::{
    cli::{Cli, Color},
    report,
};

const WIDTH_WITHOUT_TERMINAL: u16 = 100;

/// The two streams and how they look.
#[derive(Debug)]
pub struct Console {
    /// Whether stdout may carry colour.
    pub color: bool,
    /// Columns of stdout.
    pub width: u16,
    /// Whether remarks are unwanted.
    pub quiet: bool,
    /// Whether each scenario is told.
    pub verbose: bool,
    bar: Option<ProgressBar>,
}

impl Console {
    /// Looks at the flags and the terminal.
    #[must_use]
    pub fn new(cli: &Cli) -> Self {
        let variable = |name| env::var_os(name).filter(|value| !value.is_empty());
        // <https://no-color.org>, and terminals that can only print.
        let unwanted = variable("NO_COLOR").is_some() || variable("TERM").is_some_and(|term| term == "dumb");
        let color = match cli.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => io::stdout().is_terminal() && !unwanted,
        };
        let columns = || variable("COLUMNS")?.to_str()?.parse().ok().filter(|columns| *columns > 0);
        // A terminal that does not know its size says 0.
        let terminal = || comfy_table::Table::new().width().filter(|columns| *columns > 0);
        let width = cli.width.or_else(columns).or_else(terminal).unwrap_or(WIDTH_WITHOUT_TERMINAL);
        Self { color, width, quiet: cli.quiet, verbose: cli.verbose > 0, bar: None }
    }

    /// Writes a document to stdout.
    ///
    /// # Errors
    /// stdout refuses, other than by being closed.
    pub fn document(&self, bytes: &[u8]) -> Result<(), Refusal> {
        let mut out = io::stdout().lock();
        match out.write_all(bytes).and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Refusal::input(anyhow::Error::new(error).context("cannot write to stdout")))
            }
            _ => Ok(()),
        }
    }

    /// Says something on stderr, unless `--quiet`.
    pub fn remark(&self, text: &str) {
        if !self.quiet {
            self.say(text);
        }
    }

    fn say(&self, text: &str) {
        let text = printable_lines(text);
        let line = || drop(writeln!(io::stderr(), "{text}"));
        match &self.bar {
            Some(bar) => bar.suspend(line),
            None => line(),
        }
    }

    /// Shows progress over so many scenarios, on a terminal.
    pub fn start_bar(&mut self, scenarios: usize) {
        if self.quiet || !io::stderr().is_terminal() {
            return;
        }
        let bar = ProgressBar::with_draw_target(Some(scenarios as u64), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len}, {eta} left  {wide_msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        self.bar = Some(bar);
    }

    /// One scenario more.
    pub fn advance(&self, scenario: &str) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
            bar.set_message(report::printable(scenario));
        }
    }

    /// Takes the bar away, so that nothing sticks to what follows.
    pub fn end_bar(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// A text whose lines stay lines, and in which nothing can move the cursor or turn the text around.
pub(super) fn printable_lines(text: &str) -> String {
    text.split('\n').map(report::printable).collect::<Vec<_>>().join("\n")
}
