//! Entries whose level is not told in the usual way: none of them passes for harmless.

use super::{
    tests::{of_bytes, value},
    *,
};

/// The error rate, and what is amiss.
fn rate(log: &str) -> (Option<f64>, Vec<String>) {
    let report = of_bytes(log.as_bytes());
    (value(&report.facts(None), "error rate", Of::Now).0, report.amiss)
}

const INFO: &str = "{\"level\":30,\"msg\":\"ok\"}\n";

#[test]
fn a_log_of_which_a_part_has_no_level_has_no_error_rate() {
    let unknown = "{\"time\":1795249327900,\"grade\":\"ERROR\",\"msg\":\"boom\"}\n";
    #[rustfmt::skip]
    let rows = [
        // with a level, without, the amiss
        (60, 59, Some("59 of 119 entries")), (98, 3, Some("3 of 101 entries")), (97, 2, Some("2 of 99 entries")),
        (98, 2, None), (196, 4, None), (1, 0, None), (0, 1, Some("1 of 1 entry")),
    ];
    for (with, without, expected) in rows {
        let (rate, amiss) = rate(&(INFO.repeat(with) + &unknown.repeat(without)));
        let way = "have no level, too many for an error rate: `fields.level` names what holds it";
        let told: Vec<_> = expected.map(|counts| format!("{counts} {way}")).into_iter().collect();
        assert_eq!(amiss, told, "{with} and {without}");
        let upper = 100.0 * without as f64 / (with + without) as f64;
        assert_eq!(rate, if expected.is_none() { Some(upper) } else { None }, "{with} and {without}");
    }
    let page = "{\"msg\":\"page served\",\"page_ms\":5}\n".repeat(20);
    let facts = of_bytes(page.as_bytes()).facts(None);
    assert_eq!(value(&facts, "page latency p95", Of::Now).1, 20, "what else was measured stays");
}

#[test]
fn entries_without_a_level_are_never_in_favour_of_what_is_released() {
    let log = INFO.repeat(98) + &"{\"msg\":\"boom\"}\n".repeat(2);
    for (of, expected) in [(Of::Now, 2.0), (Of::Before, 0.0)] {
        let source = &mut Source::bytes(Path::new("log"), log.as_bytes());
        let report = read_source(source, of, &LogFields::default()).unwrap();
        assert_eq!(value(&report.facts(None), "error rate", of), (Some(expected), 100));
    }
}

#[test]
fn no_line_of_forge_logs_hides_in_the_entry_before() {
    const TIME: &str = "2026-11-22T02:00:01.123";
    const ID: &str = "5f2d9a1e-2f0b-4a53-9d0f-0d2c0b7f5a11";
    let good = format!("INFO    {TIME}Z {ID} ok\n").repeat(50);
    #[rustfmt::skip]
    let rows = [
        // a line, and the error rate where it is known
        (format!("ERROR   {TIME}Z {ID} boom"), Some(50.0)), (format!("ERROR {TIME}Z {ID} boom"), Some(50.0)),
        (format!("ERROR   {TIME}+00:00 {ID} boom"), Some(50.0)), (format!("{TIME}Z ERROR boom"), Some(50.0)),
        (format!("  ERROR   {TIME}Z {ID} boom"), Some(50.0)), ("{\"level\":50,\"msg\":\"boom\"}".to_owned(), Some(50.0)),
        ("TypeError: boom".to_owned(), Some(50.0)),
        (format!("error   {TIME}Z {ID} boom"), None), (format!("SEVERE2 {TIME}Z {ID} boom"), None),
        ("{\"msg\":\"boom\"}".to_owned(), None), ("boom".to_owned(), None), ("{ a: 1 }".to_owned(), None),
        ("    at run (a.js:1:2)".to_owned(), Some(0.0)), ("  error: 'gone',".to_owned(), Some(0.0)),
        ("  {\"level\":50}".to_owned(), Some(0.0)), ("}".to_owned(), Some(0.0)), ("]".to_owned(), Some(0.0)),
    ];
    for (line, expected) in rows {
        let (found, amiss) = rate(&format!("{good}{}", format!("{line}\n").repeat(50)));
        assert_eq!((found, amiss.is_empty()), (expected, expected.is_some()), "{line}: {amiss:?}");
    }
}

#[test]
fn a_level_is_found_by_every_usual_name_and_by_the_policys() {
    #[rustfmt::skip]
    let rows = [
        "\"sev\":\"ERROR\"", "\"loglevel\":\"error\"", "\"logLevel\":\"error\"", "\"LogLevel\":\"Error\"",
        "\"log_level\":\"error\"", "\"log\":{\"level\":\"error\"}", "\"@level\":\"error\"", "\"Level\":\"Error\"",
        "\"level_name\":\"ERROR\"", "\"Severity\":\"Error\"", "\"SeverityText\":\"Error\"", "\"SeverityNumber\":17",
    ];
    for level in rows {
        let (rate, amiss) = rate(&format!("{INFO}{{{level},\"msg\":\"boom\"}}\n"));
        assert_eq!((rate, amiss), (Some(50.0), vec![]), "{level}");
    }
    let fields =
        LogFields { level: vec!["grade".to_owned(), "app.grade".to_owned()], ..LogFields::default() };
    #[rustfmt::skip]
    let rows = [
        "{\"grade\":\"ERROR\",\"msg\":\"x\"}", "{\"app\":{\"grade\":\"error\"},\"msg\":\"x\"}", "{\"app.grade\":50,\"msg\":\"x\"}",
        "grade=error msg=boom",
    ];
    for line in rows {
        let text = format!("{INFO}{line}\n");
        let read = read_source(&mut Source::bytes(Path::new("log"), text.as_bytes()), Of::Now, &fields);
        let report = read.unwrap();
        assert_eq!((report.errors, report.amiss), (1, vec![]), "{line}");
    }
}

#[test]
fn an_entry_without_a_level_that_names_an_error_is_one_and_a_level_that_stands_there_holds() {
    #[rustfmt::skip]
    let rows = [
        // the line, and whether it counts as an error
        ("2026-01-01T00:00:00Z [x] Error: boom", true), ("2026-01-01T00:00:00Z app.Main - java.io.IOException: gone", true),
        ("2026-01-01 worker stopped by TypeError", true), ("10:00 worker panicked at src/a.rs:3", true),
        ("Error: boom", true), ("java.lang.IllegalStateException: x", true), ("E::LeaseError: x", true),
        ("{\"msg\":\"TypeError: boom\"}", true), ("{\"msg\":\"x\",\"err\":{\"type\":\"E\"}}", true),
        ("{\"msg\":\"x\",\"error\":\"boom\"}", true), ("{\"msg\":\"thread 'main' panicked at src/a.rs\"}", true),
        ("2026-01-01T00:00:00Z INFO [x] Error: boom", false), ("{\"level\":30,\"msg\":\"TypeError: boom\"}", false),
        ("{\"level\":30,\"err\":{\"type\":\"TypeError\"}}", false),
        ("{\"msg\":\"x\",\"error\":null}", false), ("{\"msg\":\"x\",\"error\":false}", false), ("{\"msg\":\"x\",\"error\":0}", false),
        ("an error in a sentence", false), ("onError was called", false), ("Error handling is on", false), ("no ErrorBoundary", false),
    ];
    for (line, is_error) in rows {
        let report = of_bytes(format!("{}{line}\n", INFO.repeat(60)).as_bytes());
        assert_eq!((report.errors, report.entries), (u64::from(is_error), 61), "{line}");
        assert_eq!(report.amiss, Vec::<String>::new(), "{line}");
    }
    let strange = of_bytes(b"{\"level\":\"grave\",\"msg\":\"TypeError: boom\"}\n");
    assert!(strange.amiss[0].starts_with("the level of 1 entry is not known"), "{:?}", strange.amiss);
}

#[test]
fn the_stacks_of_usual_languages_leave_no_entry_without_a_level() {
    #[rustfmt::skip]
    let rows = [
        // of what, the lines, entries at error
        ("Node", "TypeError: x is not a function\n    at run (/srv/a.js:1:2)\n    at async main (/srv/b.js:3:4) {\n  code: 'E'\n}\n", 1),
        ("Java", "java.lang.IllegalStateException: no lease\n\tat a.B.run(B.java:1)\nCaused by: java.io.IOException: gone\n\t... 3 more\n", 1),
        ("Python", "Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\n    run()\nValueError: x\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"a.py\", line 2\nKeyError: 'a'\n", 4),
        ("Rust", "thread 'main' panicked at src/a.rs:1:2: boom\nstack backtrace:\n   0: a::b\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n", 1),
    ];
    for (language, stack, errors) in rows {
        let log = format!("2026-01-01T00:00:00Z ERROR it broke\n{stack}2026-01-01T00:00:01Z INFO on\n");
        let report = of_bytes(log.as_bytes());
        assert_eq!(report.format, LogFormat::Plain, "{language}");
        assert_eq!(
            (report.errors, report.levelled, report.entries),
            (errors + 1, errors + 2, errors + 2),
            "{language}"
        );
        assert_eq!(report.amiss, Vec::<String>::new(), "{language}");
    }
}

#[test]
fn an_attribute_is_the_level_of_a_record_that_has_none() {
    let record = |severity: &str, level: &str| {
        format!(
            "{{\"resourceLogs\":[{{\"scopeLogs\":[{{\"logRecords\":[{{{severity}\"attributes\":[{{\"key\":\"{level}\",\"value\":{{\"stringValue\":\"error\"}}}}]}}]}}]}}]}}\n"
        )
    };
    for level in ["level", "sev", "severityText"] {
        let (own, other) = (record("", level), record("\"severityNumber\":9,", level));
        assert_eq!((of_bytes(own.as_bytes()).errors, of_bytes(other.as_bytes()).errors), (1, 0), "{level}");
    }
}
