//! Reading large logs, results of tests, coverage and a large scrape: how fast, in how much memory, beside `grep -c` of
//! one pattern over the same file in the same round.

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
        coverage,
        logs::{self, LogFields},
        metrics, tests,
    },
};
use measure::{Report, memory, seconds, timed, versus};

/// Megabytes (2^20 bytes) of the log, when `GONOGO_BENCH_LOG_MB` says nothing.
const LOG_MB: u64 = 128;
/// Megabytes of other large files.
const FILE_MB: usize = 100;
/// Tests of a usual file.
const FEWEST_CASES: usize = 1_000;
/// Samples of the scrape.
const SAMPLES: usize = 100_000;
/// The most that memory may grow while a log is read, whatever its size.
const GROWTH_MB: f64 = 16.0;

fn main() -> ExitCode {
    let Some(mut report) = Report::asked_for("import") else { return ExitCode::SUCCESS };
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    #[expect(clippy::disallowed_methods, reason = "a bench has no command line of its own")]
    let asked = std::env::var("GONOGO_BENCH_LOG_MB").ok().and_then(|mb| mb.parse().ok());
    let log_mb = asked.unwrap_or(LOG_MB);
    let (json, text) = (log(folder.path(), log_mb), plain(folder.path(), log_mb));
    let fields = LogFields::default();
    for (what, path, pattern) in [("JSON lines", json, "\"level\":50"), ("plain text", text, " ERROR ")] {
        let read = || {
            let found = logs::read(&path, Of::Now, &fields).unwrap();
            assert!(found.amiss.is_empty() && found.entries == found.lines, "{:?}", found.amiss);
            found.errors
        };
        large(&mut report, what, &path, pattern, read);
        std::fs::remove_file(&path).unwrap();
    }
    let (junit, lcov) = (junit(folder.path(), "large.xml", FILE_MB << 20), lcov(folder.path(), FILE_MB));
    let cases = || tests::read(&junit, None).unwrap().cases.len() as u64;
    large(&mut report, "JUnit", &junit, "<testcase", cases);
    let files = || coverage::read(&lcov, None).unwrap().files.len() as u64;
    large(&mut report, "lcov", &lcov, "SF:", files);
    let small = self::junit(folder.path(), "small.xml", 0);
    let (taken, found) = timed(|| tests::read(&small, None).unwrap());
    assert_eq!(found.cases.len(), FEWEST_CASES);
    report.note("1,000 tests of JUnit", seconds(taken.as_secs_f64()), String::new(), String::new());

    let path = scrape(folder.path());
    let (growth, (taken, found)) = memory::growth_mb(|| timed(|| metrics::read(&path).unwrap()));
    assert_eq!(found.series.len(), SAMPLES);
    let growth = growth.map(|mb| format!("{mb:.1} MB")).unwrap_or_default();
    report.note("100,000 samples of a scrape", seconds(taken.as_secs_f64()), String::new(), growth);
    report.finish()
}

/// A large file: `read` answers with how many lines have the pattern. Logs are held to flat memory; what has to be
/// held as a whole is told.
fn large(report: &mut Report, what: &str, path: &Path, pattern: &str, read: impl Fn() -> u64) {
    let size_mb = path.metadata().unwrap().len() as f64 / f64::from(1 << 20);
    let (growth, found) = memory::growth_mb(&read);
    let rounds = if size_mb > 512.0 { 3 } else { 5 };
    let versus = versus(rounds, || timed(|| black_box(read())).0, || timed(|| grep(path, pattern, found)).0);
    let speed = |taken_s: f64| format!("{}, {:.0} MB/s", seconds(taken_s), size_mb / taken_s);
    let row = format!("{size_mb:.0} MB of {what}, beside `grep -c`");
    report.note(&row, speed(versus.ours_s), speed(versus.baseline_s), format!("{:.2} x", versus.slower));
    let Some(growth) = growth else { return };
    let (row, grown) = (format!("memory while reading {size_mb:.0} MB of {what}"), format!("{growth:.1} MB"));
    match path.extension().is_some_and(|end| end == "jsonl" || end == "log") {
        true => report.at_most(&row, grown, String::new(), growth, GROWTH_MB, " MB"),
        false => report.note(&row, grown, String::new(), String::new()),
    }
}

/// The baseline: counts the lines with a pattern and knows nothing else of them.
fn grep(path: &Path, pattern: &str, expected: u64) {
    let counted = Command::new("grep")
        .args(["-c", pattern])
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

/// The same as text.
fn plain(folder: &Path, mb: u64) -> PathBuf {
    let path = folder.join("app.log");
    let mut file = BufWriter::with_capacity(1 << 20, File::create(&path).unwrap());
    let (mut written, mut line, mut number) = (0, String::new(), 0u64);
    while written < mb << 20 {
        line.clear();
        let (second, milli) = (number / 300 % 60, number % 1000);
        write!(line, "2026-11-21T08:00:{second:02}.{milli:03}Z ").unwrap();
        let rest = match number % 500 {
            0 => writeln!(line, "ERROR client: request for issue PROJ-{number} failed: status 503"),
            n if n % 5 == 0 => writeln!(line, "INFO listing: page served page_ms={}", 5 + number % 90),
            _ => writeln!(line, "INFO job: snapshot_daily of tenant acme went on, issue PROJ-{number}"),
        };
        rest.unwrap();
        file.write_all(line.as_bytes()).unwrap();
        written += line.len() as u64;
        number += 1;
    }
    file.flush().unwrap();
    path
}

/// Results of so many bytes, of [`FEWEST_CASES`] tests at least, each on a line.
fn junit(folder: &Path, name: &str, bytes: usize) -> PathBuf {
    let path = folder.join(name);
    let mut text = String::from("<testsuites>\n<testsuite name=\"all\">\n");
    let mut number = 0;
    while number < FEWEST_CASES || text.len() < bytes {
        writeln!(
            text,
            "<testcase classname=\"src/listing/page.test.ts\" name=\"serves page {number} of a listing\" \
             time=\"0.0{number}\"><system-out>page {number} served, and the next one is asked for</system-out></testcase>"
        )
        .unwrap();
        number += 1;
    }
    text.push_str("</testsuite>\n</testsuites>\n");
    std::fs::write(&path, text).unwrap();
    path
}

/// Coverage of files with a thousand lines each.
fn lcov(folder: &Path, mb: usize) -> PathBuf {
    let path = folder.join("lcov.info");
    let (mut text, mut number) = (String::new(), 0);
    while text.len() < mb << 20 {
        writeln!(text, "TN:\nSF:src/module-{number}/file.ts").unwrap();
        (1..=1_000).for_each(|line| writeln!(text, "DA:{line},{}", line % 7).unwrap());
        text.push_str("LF:1000\nLH:858\nend_of_record\n");
        number += 1;
    }
    std::fs::write(&path, text).unwrap();
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
