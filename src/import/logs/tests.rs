//! Logs of real loggers and made-up ones, each with the figures that it must come to.

use std::path::{Path, PathBuf};

use super::*;
use crate::evidence::CheckFact;

pub(super) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/import/logs").join(name)
}

fn read_fixture(name: &str) -> LogReport {
    read(&fixture(name), Of::Now, &LogFields::default()).unwrap()
}

pub(super) fn of_bytes(bytes: &[u8]) -> LogReport {
    read_source(&mut Source::bytes(Path::new("log"), bytes), Of::Now, &LogFields::default()).unwrap()
}

pub(super) fn value(facts: &[CheckFact], metric: &str, whose: Of) -> (Option<f64>, u64) {
    let mut found = facts.iter().filter_map(|fact| match fact {
        CheckFact::Measured { of, name, value, samples, .. } if (*of, name.as_str()) == (whose, metric) => {
            Some((*value, *samples))
        }
        _ => None,
    });
    found.next().unwrap_or_else(|| panic!("no `{metric}`"))
}

#[test]
fn every_loggers_lines_are_counted_by_their_levels() {
    use LogFormat::{Forge, Json, Otlp, Plain};
    #[rustfmt::skip]
    let rows = [
        // file, format, lines, entries, levelled, errors, first, last
        ("pino.jsonl", Json, 6, 6, 6, 2, "2026-11-21T08:22:07.9Z", "2026-11-21T08:22:07.902Z"),
        ("pino.labels.jsonl", Json, 2, 2, 2, 1, "2026-11-21T08:22:07.902Z", "2026-11-21T08:22:07.902Z"),
        ("winston.jsonl", Json, 4, 4, 4, 1, "2026-11-21T08:22:07.913Z", "2026-11-21T08:22:07.915Z"),
        ("winston.default.jsonl", Json, 2, 2, 2, 1, "", ""),
        ("tracing.jsonl", Json, 4, 4, 4, 1, "2026-11-21T08:22:19.114025Z", "2026-11-21T08:22:19.114069Z"),
        ("otlp.jsonl", Otlp, 1, 2, 2, 1, "2026-11-21T08:24:40.308Z", "2026-11-21T08:24:40.308Z"),
        ("forge-flat.txt", Forge, 22, 4, 4, 1, "2026-11-21T08:00:01.123Z", "2026-11-21T08:00:04Z"),
        ("forge-grouped.txt", Forge, 26, 4, 4, 1, "", ""),
        ("plain.txt", Plain, 8, 6, 5, 2, "2026-11-21T08:00:01.123Z", "2026-11-21T08:00:04Z"),
        ("app.jsonl", Json, 108, 108, 108, 4, "2026-11-21T08:22:08.15Z", "2026-11-21T08:22:34.9Z"),
    ];
    for (file, format, lines, entries, levelled, errors, first, last) in rows {
        let report = read_fixture(file);
        let time = |time: Option<Timestamp>| time.map(|time| time.to_string()).unwrap_or_default();
        assert_eq!(report.format, format, "{file}");
        assert_eq!(
            (report.lines, report.entries, report.levelled, report.errors),
            (lines, entries, levelled, errors),
            "{file}"
        );
        assert_eq!((time(report.first).as_str(), time(report.last).as_str()), (first, last), "{file}");
        // One line of the text has no level on purpose.
        let is_amiss = levelled < entries;
        assert_eq!(report.amiss.len(), usize::from(is_amiss), "{file}: {:?}", report.amiss);
        let text = std::fs::read(fixture(file)).unwrap();
        assert_eq!(report.bytes, text.len() as u64);
        assert_eq!(report.sha256, Source::bytes(Path::new(file), &text).sha256().unwrap());
    }
}

#[test]
fn a_log_comes_to_its_metrics_beside_those_of_before() {
    let now = read_fixture("app.jsonl");
    let before = read(&fixture("app-before.jsonl"), Of::Before, &LogFields::default()).unwrap();
    let facts = now.facts(Some(&before));
    #[rustfmt::skip]
    let rows = [
        ("token refresh success", Of::Now, 20.0 * 100.0 / 22.0, 22),
        ("token refresh success", Of::Before, 100.0, 20),
        ("lock contention", Of::Now, 2.0 * 100.0 / 42.0, 42),
        ("lock contention", Of::Before, 0.0, 40),
        ("page latency p95", Of::Now, 57.0, 40),
        ("memory growth", Of::Now, (137.5 - 101.5) / 101.5 * 100.0, 40),
        ("memory growth", Of::Before, 0.0, 40),
        ("error rate", Of::Now, 4.0 * 100.0 / 108.0, 108),
        ("error rate", Of::Before, 2.0 * 100.0 / 102.0, 102),
    ];
    for (metric, whose, expected, samples) in rows {
        let (found, count) = value(&facts, metric, whose);
        let found = found.unwrap();
        assert!((found - expected).abs() <= expected.abs() / 1_000.0, "{metric}: {found}, not {expected}");
        assert_eq!(count, samples, "{metric}");
    }
    let seen: Vec<_> = facts
        .iter()
        .filter_map(|fact| match fact {
            CheckFact::PatternSeen { template, now, before } => Some((template.as_str(), *now, *before)),
            _ => None,
        })
        .collect();
    let expected = [
        ("request to <path> failed with 503: HttpError: status 503", 2, 2),
        ("snapshot # of tenant <text> was lost", 2, 0),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_metric_without_data_has_no_value_and_no_samples() {
    let facts = of_bytes(b"{\"msg\":\"started\"}\n").facts(None);
    for metric in
        ["token refresh success", "lock contention", "page latency p95", "memory growth", "error rate"]
    {
        assert_eq!(value(&facts, metric, Of::Now), (None, 0), "{metric}");
    }
    let unread: Vec<_> = facts.iter().filter(|fact| matches!(fact, CheckFact::NotRead { .. })).collect();
    const UNLEVELLED: &str =
        "1 of 1 entry have no level, too many for an error rate: `fields.level` names what holds it";
    assert_eq!(unread, [&CheckFact::NotRead { what: UNLEVELLED.to_owned() }]);
}

#[test]
fn what_cannot_be_judged_by_is_said() {
    let good = "{\"level\":30,\"msg\":\"ok\"}\n".repeat(99);
    let row = |lines: &str, amiss: &[&str], notes: &[&str]| {
        let report = of_bytes(format!("{good}{lines}").as_bytes());
        assert_eq!((report.amiss, report.notes), (owned(amiss), owned(notes)), "{lines}");
    };
    fn owned(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }
    row("", &[], &[]);
    row("{\"level\":30,\"ms", &["the log is cut off within its last line"], &[]);
    row(
        "{\"level\":30,\"ms\n{\"level\":50,\"msg\":\"x\",\"a\":}\n",
        &["2 lines are broken JSON, first line 100"],
        &[],
    );
    row("{\"level\":30}{\"level\":30}\n", &["1 line is broken JSON, first line 100"], &[]);
    row(
        "{\"level\":\"grave\"}\n{\"level\":3}\n",
        &["the level of 2 entries is not known: `grave`"],
        &["2 entries without a level count as errors"],
    );
    row("{\"level\":30,\"page_ms\":\"fast\"}\n", &["1 times a field that is measured is no number"], &[]);
    row("ERROR it broke\n    at once\n", &[], &["2 lines are no JSON and read as text, first line 100"]);
    row(
        "{ a: 1 }\n",
        &[],
        &["1 line is no JSON and read as text, first line 100", "1 entry without a level count as errors"],
    );
    row(
        "\0\0\0{\"level\":30}\n",
        &[],
        &["1 line is begun by NULs, as a file that was emptied while written to, first line 100"],
    );
    let memory = "{\"level\":30,\"rss\":1}\n".repeat(9);
    row(&memory, &[], &["memory needs 10 samples to have grown, there are 9"]);
    let invalid = of_bytes(b"{\"level\":50,\"msg\":\"\xff\"}\n");
    assert_eq!(invalid.notes, ["1 line is no UTF-8; what is none was replaced, first line 1"]);
    assert_eq!((invalid.errors, invalid.kinds.seen.keys().next().map(String::as_str)), (1, Some("\u{fffd}")));
    for empty in ["", "\n\n", "\u{feff}"] {
        assert_eq!(of_bytes(empty.as_bytes()).amiss, ["the log holds no entry"]);
    }
}

#[test]
fn a_line_of_text_among_json_counts_by_its_own_level() {
    #[rustfmt::skip]
    let rows = [
        ("ERROR it broke", 1), ("[error] it broke", 1), ("error: it broke", 1), ("level=error msg=broke", 1),
        ("TypeError: x is not a function", 1), ("Uncaught Error: x", 1), ("thread 'main' panicked at src/a.rs", 1),
        ("FATAL ERROR: Reached heap limit Allocation failed", 1), ("\u{1b}[31mERROR\u{1b}[0m it broke", 1),
        ("2026-11-21 08:00:00.123 [main] ERROR a.B - it broke", 1), ("java.lang.IllegalStateException: x", 1),
        ("INFO no ERROR here", 0), ("an error in a sentence", 0), ("warn: careful", 0), ("errors: 0", 0),
    ];
    for (line, errors) in rows {
        let report = of_bytes(format!("{{\"level\":30}}\n{line}\n{{\"level\":30}}\n").as_bytes());
        assert_eq!((report.format, report.entries, report.errors), (LogFormat::Json, 3, errors), "{line}");
    }
}

#[test]
fn levels_of_every_scale_are_told_and_strange_ones_are_none() {
    #[rustfmt::skip]
    let rows = [
        ("\"level\":10", Some(10)), ("\"level\":35", Some(35)), ("\"level\":60", Some(60)), ("\"level\":100", Some(60)),
        ("\"level\":\"50\"", Some(50)), ("\"level\":\"ERROR\"", Some(50)), ("\"lvl\":\"warn\"", Some(40)),
        ("\"severity\":\"CRITICAL\"", Some(60)), ("\"severityNumber\":17", Some(50)), ("\"severityNumber\":24", Some(60)),
        ("\"severityNumber\":1", Some(10)), ("\"severityNumber\":\"SEVERITY_NUMBER_ERROR3\"", Some(50)),
        ("\"log.level\":\"error\"", Some(50)), ("\"level\":30,\"level\":50", Some(50)), ("\"level\":50,\"level\":30", Some(50)),
        ("\"level\":\"verbose\"", Some(20)), ("\"level\":3", None), ("\"level\":\"grave\"", None),
        ("\"level\":null", None), ("\"level\":{\"x\":50}", None), ("\"severityNumber\":25", None), ("\"severityNumber\":0", None),
    ];
    for (json, expected) in rows {
        let mut entry = Entry::default();
        Keys::of(&[], &[]).read(&format!("{{{json}}}"), &mut entry).unwrap();
        assert_eq!(entry.level, expected, "{json}");
    }
}

#[test]
fn events_are_told_by_their_words_and_a_failure_is_no_success() {
    let fields = Compiled::of(&LogFields::default()).unwrap();
    let words = |text: &str| {
        let told = fields.told("", text);
        let letter = |is_so: bool, letter: char| is_so.then_some(letter);
        let ok = letter(told.refresh_ok && !told.refresh_failed, 'r');
        [ok, letter(told.refresh_failed, 'f'), letter(told.lock_attempt, 'l'), letter(told.lock_denied, 'd')]
            .into_iter()
            .flatten()
            .collect::<String>()
    };
    #[rustfmt::skip]
    let rows = [
        ("token refreshed", "r"), ("token_refreshed", "r"), ("Token refresh succeeded", "r"), ("token_issued", "r"),
        ("refreshed the access token", "r"), ("token.refresh.success", "r"),
        ("token refresh failed", "f"), ("token_refused", "f"), ("failed to refresh token", "f"),
        ("refresh token has expired", "f"), ("oauth: invalid_grant", "f"), ("token was not refreshed", "f"),
        ("token refresh started", ""), ("tokens refreshed per hour", ""),
        ("lock granted", "l"), ("lock_granted", "l"), ("job_leased", "l"), ("acquired the lock", "l"), ("lock was acquired", "l"),
        ("lock denied", "ld"), ("lock_denied", "ld"), ("lock is held", "ld"), ("could not acquire lock", "ld"),
        ("lock released", ""), ("unlock granted", ""), ("lock_renewed", ""), ("acquiring the lock", ""),
    ];
    for (text, expected) in rows {
        assert_eq!(words(text), expected, "{text}");
    }
}

#[test]
fn fields_are_found_where_loggers_put_them() {
    #[rustfmt::skip]
    let rows = [
        ("{\"level\":30,\"page_ms\":250}", 250.0), ("{\"level\":30,\"page_ms\":\"250\"}", 250.0),
        ("{\"level\":\"INFO\",\"fields\":{\"page_ms\":250}}", 250.0), ("{\"level\":30,\"details\":{\"page_ms\":250}}", 250.0),
        ("INFO page served page_ms=250", 250.0), ("INFO page served { page_ms: 250, n: 1 }", 250.0),
        ("INFO {\"page_ms\":250}", 250.0), ("INFO page_duration_ms=\"250\"", 250.0),
        ("{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"severityNumber\":9,\"attributes\":[{\"key\":\"page_ms\",\"value\":{\"intValue\":\"250\"}}]}]}]}]}", 250.0),
    ];
    for (line, expected) in rows {
        let (found, samples) = of_bytes(format!("{line}\n").as_bytes()).page_p95_ms;
        assert_eq!(samples, 1, "{line}");
        assert!((found.unwrap() - expected).abs() < 0.25, "{line}: {found:?}");
    }
    let fields = LogFields {
        page: Some("request completed".to_owned()),
        page_ms: vec!["responseTime".to_owned(), "http.ms".to_owned()],
        ..LogFields::default()
    };
    let text = "{\"level\":30,\"msg\":\"request completed\",\"responseTime\":5}\n{\"level\":30,\"responseTime\":5}\n\
        {\"level\":30,\"msg\":\"request completed\",\"http\":{\"ms\":7}}\n";
    let report =
        read_source(&mut Source::bytes(Path::new("log"), text.as_bytes()), Of::Now, &fields).unwrap();
    assert_eq!(report.page_p95_ms.1, 2);
}

#[test]
fn a_percentile_is_off_by_a_thousandth_at_most_and_never_too_small() {
    let text: String =
        (1..=1_000).rev().map(|ms| format!("{{\"level\":30,\"page_ms\":{ms}.25}}\n")).collect();
    let found = of_bytes(text.as_bytes()).page_p95_ms.0.unwrap();
    assert!((950.25..=950.25 * 1.001).contains(&found), "{found}");
}

#[test]
fn memory_grows_by_its_tenths_however_many_samples_there_are() {
    for samples in [10u64, 100, 16_384, 16_385, 100_000] {
        let mut growth = tally::Growth::default();
        (0..samples).for_each(|at| growth.add(if at < samples / 2 { 100.0 } else { 150.0 }));
        assert!((growth.percent().unwrap() - 50.0).abs() < 1e-9, "{samples}");
        assert_eq!(growth.samples, samples);
    }
    let mut few = tally::Growth::default();
    (0..9).for_each(|_| few.add(1.0));
    assert_eq!(few.percent(), None);
    let two = "{\"level\":30,\"memory\":{\"rss\":100,\"heapUsed\":10}}\n".repeat(10)
        + &"{\"level\":30,\"memory\":{\"rss\":100,\"heapUsed\":20}}\n".repeat(10);
    assert_eq!(of_bytes(two.as_bytes()).memory_growth, (Some(100.0), 20), "the series that grew most counts");
}

#[test]
fn several_files_are_one_log_and_each_is_what_the_others_are() {
    let fields = LogFields { refresh_ok: "oauth renewed".to_owned(), ..LogFields::default() };
    let line = |message: &str| format!("{{\"level\":\"info\",\"msg\":\"{message}\"}}\n");
    let read = |texts: &[&str]| {
        let mut reader = LogReader::new(Of::Now, &fields);
        for text in texts {
            reader
                .read(&mut Source::bytes(Path::new("a.log"), text.as_bytes()))
                .map_err(|e| e.to_string())?;
        }
        reader.report().ok_or_else(|| "nothing was read".to_owned())
    };
    let (renewed, failed) = (line("oauth renewed"), line("token refresh failed"));
    let report = read(&[&renewed, "", &failed, &renewed]).expect("a log");
    assert_eq!((report.refreshes, report.entries, report.lines), ((2, 1), 3, 3));
    assert_eq!(report.bytes, (renewed.len() * 2 + failed.len()) as u64);
    assert_eq!(read(&["", &renewed]).expect("a log").format, LogFormat::Json);
    let torn = &renewed[..renewed.len() - 3];
    let report = read(&[torn, &renewed]).expect("a log");
    assert!(report.amiss.iter().any(|what| what.contains("cut off")), "{:?}", report.amiss);
    let refused = read(&[&renewed, "2026-01-01 INFO started\n"]).expect_err("another format");
    assert!(refused.contains("is plain text, the files before it are json lines"), "{refused}");
    assert!(read(&[]).is_err());
}
