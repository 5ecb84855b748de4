//! Records that lie where they could go unseen, and logs of another time: all of it is said.

use super::{tests::of_bytes, *};

const INFO: &str = "{\"level\":30,\"msg\":\"ok\"}\n";

fn amiss(texts: &[&str]) -> Vec<String> {
    let fields = LogFields::default();
    let mut reader = LogReader::new(Of::Now, &fields);
    for text in texts {
        reader.read(&mut Source::bytes(Path::new("log"), text.as_bytes())).unwrap();
    }
    reader.report().unwrap().amiss
}

#[test]
fn many_records_on_a_line_count_each_or_are_said_not_to() {
    let records = |keys: [&str; 5]| {
        let [resources, scopes, records, severity, text] = keys;
        let record = format!("{{\"{severity}\":17,\"body\":{{\"{text}\":\"boom\"}}}}");
        let records = format!("{{\"{scopes}\":[{{\"{records}\":[{record},{record}]}}]}}");
        format!("{{\"{resources}\":[{records}]}}\n")
    };
    let usual = ["resourceLogs", "scopeLogs", "logRecords", "severityNumber", "stringValue"];
    let snake = ["resource_logs", "scope_logs", "log_records", "severity_number", "string_value"];
    let with = |at: usize, key| {
        let mut keys = usual;
        keys[at] = key;
        records(keys)
    };
    let array = "{\"level\":50,\"msg\":\"boom\"}";
    let strange = "is OTLP without a record, or with keys that are not known";
    let in_array = "is an array of JSON: expected one object a line, its records are not told apart";
    #[rustfmt::skip]
    let rows = [
        // a line, errors, and what is said of it
        (records(usual), 2, ""), (records(snake), 2, ""),
        (with(1, "instrumentationLibraryLogs"), 0, strange), (with(1, "ScopeLogs"), 0, strange),
        (with(2, "LogRecords"), 0, strange), ("{\"resourceLogs\":[]}\n".to_owned(), 0, strange),
        (format!("[{array},{array}]\n"), 0, in_array), (format!(" [ {array}]\n"), 0, in_array), ("[[1]]\n".to_owned(), 0, in_array),
        ("[error] boom\n".to_owned(), 1, ""),
    ];
    for (line, errors, told) in rows {
        let report = of_bytes((INFO.repeat(200) + &line).as_bytes());
        assert_eq!(report.errors, errors, "{line}");
        let told: Vec<_> = Some(told)
            .filter(|told| !told.is_empty())
            .map(|told| format!("1 line {told}, first line 201"))
            .into_iter()
            .collect();
        assert_eq!(report.amiss, told, "{line}");
    }
    assert_eq!(of_bytes(records(snake).as_bytes()).format, LogFormat::Otlp);
}

#[test]
fn an_error_that_says_nothing_is_of_no_kind_and_is_said() {
    let told = "1 errors say nothing where a message is looked for: `msg`, `message`, `body`, `event`";
    for (line, expected) in [
        ("{\"level\":50,\"text\":\"all rows gone\"}", Some(told)),
        ("{\"level\":50,\"msg\":\"  \"}", Some(told)),
        ("{\"level\":50}\n  DataLossError: gone", None),
        ("{\"level\":50,\"event\":\"gone\"}", None),
    ] {
        let report = of_bytes(format!("{INFO}{line}\n{INFO}").as_bytes());
        assert_eq!(report.amiss.first().map(String::as_str), expected, "{line}");
        assert_eq!(report.kinds.seen.len(), usize::from(expected.is_none()), "{line}: {:?}", report.kinds);
        assert!(
            !report.kinds.seen.keys().any(|kind| kind.trim().is_empty() || kind.starts_with(':')),
            "{line}"
        );
    }
}

#[test]
fn each_file_of_a_log_holds_an_entry_or_is_said_to_hold_none() {
    let told = |count: u64| vec![format!("{count} of the log's files hold no entry")];
    for (texts, expected) in [
        (&[INFO, INFO][..], vec![]),
        (&[INFO, ""], told(1)),
        (&["", INFO, "\n\n"], told(2)),
        (&["", ""], vec!["the log holds no entry".to_owned()]),
    ] {
        assert_eq!(amiss(texts), expected, "{texts:?}");
    }
}

#[test]
fn a_log_that_ends_before_the_commit_or_in_time_to_come_is_of_another_time() {
    let since = "2026-01-01T00:00:00.9Z".parse::<Timestamp>().unwrap();
    let until = "2026-01-03T00:00:00Z".parse::<Timestamp>().unwrap();
    let line = |time: &str| format!("{{\"level\":30,\"time\":\"{time}\",\"msg\":\"ok\"}}\n");
    let old =
        |time: &str| Some(format!("the log, or a file of it, ends at {time}, before the commit of {since}"));
    #[rustfmt::skip]
    let rows = [
        // the times of each file's entries, and what is said
        (vec![vec!["2026-01-01T00:00:00Z"]], None), (vec![vec!["2025-12-31T00:00:00Z", "2026-01-02T00:00:00Z"]], None),
        (vec![vec!["2019-01-01T00:00:00Z"]], old("2019-01-01T00:00:00Z")),
        (vec![vec!["2019-01-01T00:00:00Z"], vec!["2026-01-02T00:00:00Z"]], old("2019-01-01T00:00:00Z")),
        (vec![vec!["2026-01-02T00:00:00Z"], vec!["2025-12-31T23:59:59Z"]], old("2025-12-31T23:59:59Z")),
        (vec![vec!["2026-01-03T00:05:00Z"]], None),
        (vec![vec!["2099-01-01T00:00:00Z"], vec!["2026-01-02T00:00:00Z"]],
            Some(format!("the log ends at 2099-01-01T00:00:00Z, which is yet to come: it is {until}"))),
        (vec![vec![""]], None),
    ];
    for (files, expected) in rows {
        let fields = LogFields::default();
        let mut reader = LogReader::new(Of::Now, &fields);
        for times in &files {
            let text: String = times.iter().map(|time| line(time)).collect();
            reader.read(&mut Source::bytes(Path::new("log"), text.as_bytes())).unwrap();
        }
        let report = reader.report().unwrap();
        assert_eq!(report.of_another_time(Some(since), until), expected, "{files:?}");
        if expected.is_some_and(|told| told.contains("commit")) {
            assert_eq!(report.of_another_time(None, until), None, "{files:?}");
        }
    }
}
