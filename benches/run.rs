//! The whole default `gonogo run` of the release binary, reports included: how long, how much memory, and
//! how much of the time passes while no scenario runs. Its targets are absolute: they ask for an idle machine
//! of two cores.

#![allow(clippy::unwrap_used, reason = "a bench may give up")]

mod measure;

use std::{
    io::{BufRead, BufReader},
    process::{Command, ExitCode, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use measure::{Report, median, memory, now, seconds};

const RUNS: usize = 7;

fn main() -> ExitCode {
    let Some(mut report) = Report::asked_for("run") else { return ExitCode::SUCCESS };
    // The first run fills the page cache and is not counted.
    let runs: Vec<Run> = (0..=RUNS).map(|_| run()).skip(1).collect();
    let wall_s = median(runs.iter().map(|run| run.wall_s));
    let start = median((0..RUNS).map(|_| version().as_secs_f64()));
    let what = format!("wall time, {} scenarios", runs[0].scenarios);
    report.at_most(&what, seconds(wall_s), String::new(), wall_s, 1.5, " s");
    report.note("of that, starting a process at all", seconds(start), String::new(), String::new());
    let outside_s = median(runs.iter().map(|run| run.wall_s - run.inside_s));
    let share = median(runs.iter().map(|run| 100.0 * (run.wall_s - run.inside_s) / run.wall_s));
    report.at_most("time outside scenarios", seconds(outside_s), seconds(wall_s), share, 15.0, " %");
    let peak = runs.iter().filter_map(|run| run.peak_mb).fold(f64::NAN, f64::max);
    report.at_most("peak memory", String::new(), String::new(), peak, 150.0, " MB");
    report.note("exit code", runs[0].exit.clone(), String::new(), String::new());
    report.finish()
}

struct Run {
    wall_s: f64,
    /// While at least one scenario ran.
    inside_s: f64,
    peak_mb: Option<f64>,
    scenarios: usize,
    exit: String,
}

/// One run, told to name each scenario with its duration as it ends.
fn run() -> Run {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let began = now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_gonogo"))
        .args(["run", "--verbose", "--out", "report"])
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let said = child.stderr.take().unwrap();
    let listener = thread::spawn(move || {
        BufReader::new(said).lines().map_while(Result::ok).filter_map(|line| interval(&line)).collect()
    });
    let over = Arc::new(AtomicBool::new(false));
    let (id, ended) = (child.id(), over.clone());
    let watcher = thread::spawn(move || {
        let mut peak = None;
        while !ended.load(Ordering::Relaxed) {
            peak = memory::peak_of_mb(id).or(peak);
            thread::sleep(Duration::from_millis(2));
        }
        peak
    });
    let status = child.wait().unwrap();
    let wall_s = began.elapsed().as_secs_f64();
    over.store(true, Ordering::Relaxed);
    let intervals: Vec<(Instant, Instant)> = listener.join().unwrap();
    Run {
        wall_s,
        scenarios: intervals.len(),
        inside_s: covered_s(intervals),
        peak_mb: watcher.join().unwrap(),
        exit: status.to_string(),
    }
}

/// From when to when a scenario ran: `passed      12 ms  <id>  <name>` is said as it ends.
fn interval(line: &str) -> Option<(Instant, Instant)> {
    let ended = now();
    let mut words = line.split_whitespace().skip(1);
    let ms = words.next()?.parse().ok()?;
    (words.next()? == "ms").then(|| (ended.checked_sub(Duration::from_millis(ms)).unwrap_or(ended), ended))
}

/// How long at least one of them lasted.
fn covered_s(mut intervals: Vec<(Instant, Instant)>) -> f64 {
    intervals.sort();
    let mut covered = Duration::ZERO;
    let mut until = None;
    for (from, to) in intervals {
        let from = until.map_or(from, |until: Instant| until.max(from));
        covered += to.saturating_duration_since(from);
        until = Some(until.map_or(to, |until: Instant| until.max(to)));
    }
    covered.as_secs_f64()
}

/// The shortest thing that the binary can do.
fn version() -> Duration {
    let began = now();
    let status = Command::new(env!("CARGO_BIN_EXE_gonogo")).arg("--version").stdout(Stdio::null()).status();
    assert!(status.unwrap().success());
    began.elapsed()
}
