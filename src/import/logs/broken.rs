//! Input that is broken on purpose.

use std::path::Path;

use proptest::prelude::*;

use super::{
    template::template,
    tests::{fixture, of_bytes},
    *,
};

#[test]
fn a_long_line_is_cut_and_said_and_the_lines_around_it_count() {
    let long = "x".repeat(5 << 20);
    let text =
        format!("{{\"level\":30}}\n{{\"level\":50,\"msg\":\"{long}\"}}\n{{\"level\":50,\"msg\":\"b\"}}\n");
    let report = of_bytes(text.as_bytes());
    assert_eq!((report.lines, report.entries, report.errors), (3, 3, 2));
    assert_eq!(report.notes, ["1 line is longer than the limit and cut, first line 2"]);
    // Its level stands before the cut, what it says does not end.
    let silent = "1 errors say nothing where a message is looked for: `msg`, `message`, `body`, `event`";
    assert_eq!(report.amiss, [silent]);
    let late = of_bytes(format!("{{\"level\":30}}\n{{\"msg\":\"{long}\",\"level\":50}}").as_bytes());
    assert_eq!(late.amiss[0], "1 line is too long to be read, first line 2");
}

#[test]
fn what_is_no_log_is_refused() {
    #[rustfmt::skip]
    let rows: [(&[u8], &str); 5] = [
        (&[0x1f, 0x8b, 8, 0], "is compressed: expected the log as text"),
        (&[0xff, 0xfe, b'a', 0], "is UTF-16: expected UTF-8"),
        (b"{\n \"data\": 1\n}\n", "begins with `{`: expected a log with one JSON object a line, not one document"),
        (b"[\n{}]", "begins with `[`: expected a log with one JSON object a line, not one document"),
        (b"[{\n}]", "begins with `[{`: expected a log with one JSON object a line, not one document"),
    ];
    for (bytes, expected) in rows {
        let error = read_source(&mut Source::bytes(Path::new("log"), bytes), Of::Now, &LogFields::default());
        assert_eq!(error.unwrap_err().what, expected);
    }
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [pipe.as_path(), folder.path()] {
        let error = read(path, Of::Now, &LogFields::default()).unwrap_err();
        assert_eq!(error.what, "is no regular file");
    }
}

#[test]
fn fields_that_make_no_sense_are_refused() {
    let default = LogFields::default;
    let rows = [
        (LogFields { refresh_ok: "(".to_owned(), ..default() }, "`refresh_ok` is no regular expression"),
        (LogFields { lock_denied: String::new(), ..default() }, "`lock_denied` matches everything"),
        (LogFields { page: Some("x*".to_owned()), ..default() }, "`page` matches everything"),
        (
            LogFields { page_ms: vec!["a..b".to_owned()], ..default() },
            "`level`, `page_ms` and `rss_bytes` name fields",
        ),
        (
            LogFields { rss_bytes: vec!["x".to_owned(); 65], ..default() },
            "`page_ms` and `rss_bytes` name more than 64",
        ),
    ];
    assert_eq!(default().check(), Ok(()));
    for (fields, expected) in rows {
        let refused = fields.check().unwrap_err();
        assert!(refused.starts_with(expected), "{refused}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(
        file in prop::sample::select(vec!["pino.jsonl", "otlp.jsonl", "forge-flat.txt", "forge-grouped.txt", "plain.txt", "tracing.jsonl"]),
        end in any::<prop::sample::Index>(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        let mut bytes = std::fs::read(fixture(file)).unwrap();
        bytes.truncate(1 + end.index(bytes.len()));
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= byte;
        }
        let lines = bytes.split_inclusive(|byte| *byte == b'\n').count() as u64;
        let source = &mut Source::bytes(Path::new("any"), &bytes);
        if let Ok(report) = read_source(source, Of::Now, &LogFields::default()) {
            prop_assert_eq!((report.lines, report.bytes), (lines, bytes.len() as u64));
            let _ = report.facts(Some(&report));
        }
    }

    #[test]
    fn a_truncated_log_never_tells_of_more_errors_than_the_whole_one(end in any::<prop::sample::Index>()) {
        let bytes = std::fs::read(fixture("app.jsonl")).unwrap();
        let source = &mut Source::bytes(Path::new("cut"), &bytes[..end.index(bytes.len())]);
        // A first brace alone could begin any document.
        if let Ok(cut) = read_source(source, Of::Now, &LogFields::default()) {
            prop_assert!(cut.errors <= 4 && cut.entries <= 108);
        }
    }

    #[test]
    fn templates_of_any_text_are_short(words in "\\PC{0,80}") {
        prop_assert!(template(&words).chars().count() <= 301);
    }

    #[test]
    fn lines_come_whole_whatever_the_limit(text in "[ab\n\r]{0,400}", limit in 1usize..40) {
        let mut lines = super::raw::RawLines::new(text.as_bytes(), limit);
        let mut found = vec![];
        while let Some(line) = lines.next_line().unwrap() {
            found.push((line.bytes.to_vec(), line.is_cut));
        }
        let expected: Vec<_> = text
            .split_inclusive('\n')
            .map(|line| {
                let line = line.strip_suffix('\n').unwrap_or(line);
                let is_cut = line.len() > limit;
                let kept = if is_cut { &line[..limit] } else { line.strip_suffix('\r').unwrap_or(line) };
                (kept.as_bytes().to_vec(), is_cut)
            })
            .collect();
        prop_assert_eq!(found, expected);
    }
}
