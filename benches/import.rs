//! Reading a large log and a large scrape: how fast, in how much memory, beside `grep -c` of one pattern over the same
//! file in the same round.

#![allow(clippy::unwrap_used, reason = "a bench may give up")]

mod measure;

use std::{
    fmt::Write as _,
    fs::File,
    hint::black_box,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

use gonogo::{
    evidence::Of,
    import::{
        logs::{self, LogFields},
        metrics,
    },
};
use measure::{Report, memory, seconds, timed, versus};

/// Megabytes (2^20 bytes) of the log, when `GONOGO_BENCH_LOG_MB` says nothing.
const LOG_MB: u64 = 128;
/// Samples of the scrape.
const SAMPLES: usize = 100_000;
/// The most that memory may grow while a log is read, whatever its size.
const GROWTH_MB: f64 = 16.0;

fn main() -> ExitCode {
    let Some(mut report) = Report::asked_for("import") else { return ExitCode::SUCCESS };
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    #[expect(clippy::disallowed_methods, reason = "a bench has no command line of its own")]
    let asked = std::env::var("GONOGO_BENCH_LOG_MB").ok().and_then(|mb| mb.parse().ok());
    let path = log(folder.path(), asked.unwrap_or(LOG_MB));
    let size_mb = path.metadata().unwrap().len() as f64 / f64::from(1 << 20);
    let fields = LogFields::default();
    let read = || logs::read(&path, Of::Now, &fields).unwrap();

    let (growth, found) = memory::growth_mb(read);
    assert!(found.amiss.is_empty() && found.entries == found.lines, "{:?}", found.amiss);
    let rounds = if size_mb > 512.0 { 3 } else { 5 };
    let versus = versus(rounds, || timed(|| black_box(read())).0, || timed(|| grep(&path, found.errors)).0);
    let speed = |taken_s: f64| format!("{:.0} MB/s", size_mb / taken_s);
    report.note(
        &format!("{size_mb:.0} MB of JSON lines, beside `grep -c`"),
        format!("{}, {}", seconds(versus.ours_s), speed(versus.ours_s)),
        format!("{}, {}", seconds(versus.baseline_s), speed(versus.baseline_s)),
        format!("{:.2} x", versus.slower),
    );
    if let Some(growth) = growth {
        let what = format!("memory while reading {size_mb:.0} MB");
        report.at_most(&what, format!("{growth:.1} MB"), String::new(), growth, GROWTH_MB, " MB");
    }

    let path = scrape(folder.path());
    let (growth, (taken, found)) = memory::growth_mb(|| timed(|| metrics::read(&path).unwrap()));
    assert_eq!(found.series.len(), SAMPLES);
    let growth = growth.map(|mb| format!("{mb:.1} MB")).unwrap_or_default();
    report.note("100,000 samples of a scrape", seconds(taken.as_secs_f64()), String::new(), growth);
    report.finish()
}

/// The baseline: counts the lines of errors and knows nothing else of them.
fn grep(path: &Path, expected: u64) {
    let counted = Command::new("grep")
        .args(["-c", "\"level\":50"])
        .arg(path)
        .env("LC_ALL", "C")
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&counted.stdout).trim(), expected.to_string());
}

/// A log as pino writes it, in the mix of a busy app: pages, tokens, locks, requests, and an error now and then.
fn log(folder: &Path, mb: u64) -> PathBuf {
    let path = folder.join("app.jsonl");
    let mut file = BufWriter::with_capacity(1 << 20, File::create(&path).unwrap());
    let (mut written, mut line, mut number) = (0, String::new(), 0u64);
    while written < mb << 20 {
        line.clear();
        let time = 1_795_249_327_900 + number * 3;
        let level = if number.is_multiple_of(500) { 50 } else { 30 };
        write!(line, "{{\"level\":{level},\"time\":{time},\"pid\":4711,\"hostname\":\"app-7d9f\",").unwrap();
        let rest = match number % 10 {
            0 if level == 50 => write!(
                line,
                "\"err\":{{\"type\":\"HttpError\",\"message\":\"status 503\",\"stack\":\"HttpError: status 503\\n    at \
                 send (/srv/app/client.js:42:17)\"}},\"msg\":\"request for issue PROJ-{number} failed\"}}"
            ),
            0..=3 => write!(
                line,
                "\"req\":{{\"method\":\"GET\",\"url\":\"/rest/api/3/issue/PROJ-{number}?fields=summary\"}},\
                 \"issue\":\"PROJ-{number}\",\"msg\":\"fetched issue\"}}"
            ),
            4 | 5 => write!(
                line,
                "\"listing\":\"drift\",\"page_ms\":{},\"msg\":\"page served\"}}",
                5 + number % 90
            ),
            6 => write!(line, "\"tenant\":\"acme\",\"msg\":\"token refreshed\"}}"),
            7 => write!(line, "\"key\":\"snapshot_lock:acme:{number}\",\"msg\":\"lock granted\"}}"),
            8 => write!(
                line,
                "\"memory\":{{\"rss\":{},\"heapUsed\":41234567}},\"msg\":\"memory\"}}",
                90_000_000 + number
            ),
            _ => write!(
                line,
                "\"msg\":\"job snapshot_daily of tenant acme went on\",\"attempt\":1,\"number\":{number}}}"
            ),
        };
        rest.unwrap();
        line.push('\n');
        file.write_all(line.as_bytes()).unwrap();
        written += line.len() as u64;
        number += 1;
    }
    file.flush().unwrap();
    path
}

fn scrape(folder: &Path) -> PathBuf {
    let path = folder.join("scrape.prom");
    let mut text = String::from("# HELP page_seconds How long pages took.\n# TYPE page_seconds gauge\n");
    for number in 0..SAMPLES {
        writeln!(
            text,
            "page_seconds{{listing=\"drift\",tenant=\"tenant-{number}\",code=\"200\"}} 0.0{number}"
        )
        .unwrap();
    }
    std::fs::write(&path, text).unwrap();
    path
}
