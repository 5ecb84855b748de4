//! What all benches share: times taken in alternating rounds against a baseline, memory as the kernel counts
//! it, and the table that says which promise is kept. Measures nothing by itself.

#![allow(dead_code, reason = "each bench is a crate of its own and uses a part")]
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a bench talks to a terminal and may give up")]

pub mod app;
pub mod memory;

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use comfy_table::{Table, presets};

/// The time, for durations.
pub fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "real elapsed time is what is measured")]
    Instant::now()
}

/// How long `work` takes, and what it returns.
pub fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let began = now();
    let result = work();
    (began.elapsed(), result)
}

/// Ours against a baseline.
#[derive(Clone, Debug)]
pub struct Versus {
    /// Median of ours, seconds.
    pub ours_s: f64,
    /// Median of the baseline's, seconds.
    pub baseline_s: f64,
    /// Median over the rounds of ours divided by the baseline's of the same round.
    pub slower: f64,
}

impl Versus {
    /// From one measurement of each per round.
    pub fn of(rounds: &[(f64, f64)]) -> Self {
        Self {
            ours_s: median(rounds.iter().map(|(ours, _)| *ours)),
            baseline_s: median(rounds.iter().map(|(_, baseline)| *baseline)),
            slower: median(rounds.iter().map(|(ours, baseline)| ours / baseline)),
        }
    }

    /// Ours as a share of the baseline's speed: 1 is as fast, 0.5 takes twice as long.
    pub fn speed(&self) -> f64 {
        1.0 / self.slower
    }
}

/// Runs both in turn, so that a noisy neighbour hits both; which one goes first changes every round.
pub fn versus(
    rounds: usize,
    mut ours: impl FnMut() -> Duration,
    mut baseline: impl FnMut() -> Duration,
) -> Versus {
    let round = |number: usize| {
        if number.is_multiple_of(2) {
            let (ours, baseline) = (ours(), baseline());
            (ours.as_secs_f64(), baseline.as_secs_f64())
        } else {
            let (baseline, ours) = (baseline(), ours());
            (ours.as_secs_f64(), baseline.as_secs_f64())
        }
    };
    Versus::of(&(0..rounds).map(round).collect::<Vec<_>>())
}

/// The middle of some figures.
pub fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The figure below which so many percent of all lie.
pub fn percentile(figures: &mut [f64], percent: usize) -> f64 {
    figures.sort_by(f64::total_cmp);
    let at = (figures.len() * percent / 100).min(figures.len().saturating_sub(1));
    figures.get(at).copied().unwrap_or(f64::NAN)
}

/// What was measured, held against what was promised.
pub struct Report {
    table: Table,
    missed: usize,
}

impl Report {
    /// An empty report; `None` unless cargo asked for a measurement (`cargo test --benches` does not).
    pub fn asked_for(subject: &str) -> Option<Self> {
        if !std::env::args().any(|argument| argument == "--bench") {
            println!("{subject}: nothing is measured without `cargo bench`");
            return None;
        }
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED);
        table.set_header([subject, "ours", "baseline", "figure", "target", ""]);
        Some(Self { table, missed: 0 })
    }

    /// A figure without a target.
    pub fn note(&mut self, what: &str, ours: String, baseline: String, figure: String) {
        self.table.add_row([what, &ours, &baseline, &figure, "", ""]);
    }

    /// A figure that must not be below its target.
    pub fn at_least(&mut self, what: &str, ours: String, baseline: String, figure: f64, target: f64) {
        self.row(what, ours, baseline, format!("{figure:.2}"), format!(">= {target}"), figure >= target);
    }

    /// A figure that must not be above its target, in this unit.
    pub fn at_most(
        &mut self,
        what: &str,
        ours: String,
        baseline: String,
        figure: f64,
        target: f64,
        unit: &str,
    ) {
        let (figure_text, target_text) = (format!("{figure:.2}{unit}"), format!("<= {target}{unit}"));
        self.row(what, ours, baseline, figure_text, target_text, figure <= target);
    }

    /// Prints the table. A missed target fails the bench under `--strict` alone: machines are noisy.
    pub fn finish(self) -> ExitCode {
        println!("{}", self.table);
        let strict = std::env::args().any(|argument| argument == "--strict");
        if self.missed > 0 {
            println!("{} missed", self.missed);
        }
        ExitCode::from(u8::from(strict && self.missed > 0))
    }

    fn row(&mut self, what: &str, ours: String, baseline: String, figure: String, target: String, met: bool) {
        self.missed += usize::from(!met);
        let word = if met { "met" } else { "MISSED" };
        self.table.add_row([what, &ours, &baseline, &figure, &target, word]);
    }
}

/// Seconds as a person reads them.
pub fn seconds(seconds: f64) -> String {
    match seconds {
        s if s < 1e-3 => format!("{:.1} µs", s * 1e6),
        s if s < 1.0 => format!("{:.2} ms", s * 1e3),
        s => format!("{s:.2} s"),
    }
}
