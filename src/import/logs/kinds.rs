//! Kinds of errors: what tells them apart, and what does not.

use super::{template::template, tests::of_bytes};

#[test]
fn kinds_of_errors_leave_out_what_changes() {
    #[rustfmt::skip]
    let rows = [
        ("job 17 failed after 3.5 s", "job # failed after # s"),
        ("issue PROJ-1 of tenant 'acme' is gone", "issue <id> of tenant <text> is gone"),
        ("cannot read \"a \\\" b\" and `c`", "cannot read <text> and <text>"),
        ("can't do what isn't allowed", "can't do what isn't allowed"),
        ("9b7c1c55-5d3e-4b7e-8b0a-3f1b7f0a2c42: gone", "<id>: gone"),
        ("at 2026-11-21T08:00:03.500Z it broke", "at # it broke"),
        ("commit 744fb42 and 0xdeadbeef1", "commit <id> and <id>"),
        ("ENOENT: open /var/lib/app/state.json", "ENOENT: open <path>"),
        ("GET https://acme.atlassian.net/rest/api/3?x=1 failed", "GET <address>=# failed"),
        ("mail to someone@example.com bounced", "mail to <id> bounced"),
        ("worker3 lost lease (fencing_token=12)", "worker# lost lease (fencing_token=<secret>)"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer <secret>"),
        ("login password=hunter failed", "login password=<secret> failed"),
        ("key AKIAIOSFODNN7EXAMPLE was used", "key <id> was used"),
        ("a  b\tc\r", "a b c"),
        ("Fehler: Größe 3", "Fehler: Größe #"),
        ("request failed 500", "request failed 500"), ("request failed 404", "request failed 404"),
        ("status: 503", "status: 503"), ("status=429, retry", "status=429, retry"), ("HTTP 301 from <path>", "HTTP 301 from <path>"),
        ("503 Service Unavailable", "503 Service Unavailable"), ("call returned 502.", "call returned 502."),
        ("exited with code 137", "exited with code 137"), ("status:500", "status:500"), ("error P2002 on insert", "error P2002 on insert"),
        ("failed 500 rows", "failed # rows"), ("failed after 500 ms", "failed after # ms"), ("job 412 failed", "job # failed"),
        ("with 450 ms left", "with # ms left"), ("failed 3 of 500", "failed # of #"), ("verification code 4711", "verification code #"),
        ("got 45000 from it", "got # from it"), ("failed with 500%", "failed with #%"), ("seat A1234 is taken", "seat A# is taken"),
        ("'payments lost' in db/a/b", "'payments lost' in <path>"), ("'cache miss' in db/c/d", "'cache miss' in <path>"),
        ("failed: \"lease is gone\"", "failed: \"lease is gone\""), ("LeaseError: 'taken by another'", "LeaseError: 'taken by another'"),
        ("code: 'ECONNRESET'", "code: 'ECONNRESET'"),
        ("issue 'fix the login' is gone", "issue <text> is gone"), ("'Ann Smith' is no member", "<text> is no member"),
        ("'ann' is no member", "<text> is no member"), ("'job 17' is gone", "<text> is gone"), ("user: 'ann smith'", "user: <text>"),
        ("password: 'correct horse'", "password: <text>"), ("project 'ACME' is gone", "project <text> is gone"),
        ("", ""),
    ];
    for (words, expected) in rows {
        assert_eq!(template(words), expected, "{words}");
    }
    assert_eq!(template(&"x y ".repeat(1_000)).chars().count(), 301);
}

/// The kinds of the errors that a log tells of, in the order of their words.
fn kinds(log: &str) -> Vec<String> {
    of_bytes(log.as_bytes()).kinds.seen.into_keys().collect()
}

#[test]
fn two_errors_are_of_one_kind_when_they_differ_in_what_somebody_typed_alone() {
    #[rustfmt::skip]
    let rows = [
        // of one error and of another, and their kinds
        (r#""msg":"job failed\nDataLossError: all rows gone""#, r#""msg":"job failed\ntimeout""#,
            &["job failed: DataLossError: all rows gone", "job failed: timeout"][..]),
        (r#""msg":"job failed\n    at a (/b.js:1:2)\nA: x""#, r#""msg":"job failed\n  {dump: 1}\nB""#, &["job failed"]),
        (r#""msg":"job failed\n  at a\n  TypeError: x""#, r#""msg":"job failed\n  at a""#, &["job failed", "job failed: TypeError: x"]),
        (r#""msg":"x","err":{"type":"E","code":"P2002"}"#, r#""msg":"x","err":{"code":"P2025","type":"E"}"#,
            &["x: E (P2002)", "x: E (P2025)"]),
        (r#""msg":"x","err":{"code":11000}"#, r#""msg":"x","err":{"code":-32000}"#, &["x (-32000)", "x (11000)"]),
        (r#""msg":"request failed 500","code":"DATA_LOSS""#, r#""msg":"request failed 404""#,
            &["request failed 404", "request failed 500 (DATA_LOSS)"]),
        (r#""msg":"x","status":500"#, r#""msg":"x","res":{"statusCode":404}"#, &["x (404)", "x (500)"]),
        (r#""msg":"x","error.type":"a.B","error.message":"y 1""#, r#""msg":"x","error.message":"y 2""#, &["x: a.B: y #", "x: y #"]),
        (r#""msg":"x","stack":"TypeError: y\n at z""#, r#""msg":"x","stack":"RangeError: y\n at z""#, &["x: RangeError: y", "x: TypeError: y"]),
        (r#""msg":"boom","stack":"Error: boom\n at z""#, r#""msg":"boom""#, &["boom"]),
        (r#""msg":"x","code":"XK7Q9P""#, r#""msg":"x","code":"SUMMER24""#, &["x"]),
        (r#""msg":"x","code":483920"#, r#""msg":"x","code":4711"#, &["x"]),
        (r#""msg":"x","err":{"code":"ORA-00001"}"#, r#""msg":"x","err":{"code":"auth/expired"}"#, &["x (ORA-00001)", "x (auth/expired)"]),
        (r#""msg":"x","err":{"code":"PROJ-1"}"#, r#""msg":"x","err":{"code":"deadbee1"}"#, &["x"]),
        (r#""msg":"x","err":{"code":"AKIAIOSFODNN7EXAMPLE"}"#, r#""msg":"x","err":{"code":"2f0b4a539d0f"}"#, &["x"]),
        (r#""msg":"x","status":"done""#, r#""msg":"x","status":200"#, &["x"]),
    ];
    for (one, other, expected) in rows {
        assert_eq!(
            kinds(&format!("{{\"level\":50,{one}}}\n{{\"level\":50,{other}}}\n")),
            expected,
            "{one} {other}"
        );
    }
}

#[test]
fn a_line_that_continues_an_error_and_names_a_class_is_part_of_its_kind() {
    let (one, other) = ("2026-01-01T00:00:00Z ERROR job failed", "2026-01-01T00:00:01Z INFO on");
    #[rustfmt::skip]
    let rows = [
        (format!("{one}\n    DataLossError: all rows gone\n    TypeError: x\n{other}\n"), &["job failed: DataLossError: all rows gone"][..]),
        (format!("{one}\n  at a (/b.js:1:2)\nCaused by: java.io.IOException: gone"), &["job failed: Caused by: java.io.IOException: gone"]),
        (format!("{one}\n  {{ dump: 1 }}\n{other}\n  TypeError: x\n"), &["job failed"]),
        (format!("{one}\n{one}\n  TypeError: x\n"), &["job failed", "job failed: TypeError: x"]),
    ];
    for (log, expected) in rows {
        assert_eq!(kinds(&log), expected, "{log}");
    }
}

#[test]
fn more_kinds_than_can_be_told_apart_are_counted_together_and_said() {
    let letters = |mut at: usize| {
        let mut name = String::new();
        for _ in 0..4 {
            name.push(char::from(b'a' + u8::try_from(at % 26).unwrap()));
            at /= 26;
        }
        name
    };
    let text: String =
        (0..1_500).map(|at| format!("{{\"level\":50,\"msg\":\"{} broke\"}}\n", letters(at))).collect();
    let report = of_bytes(text.as_bytes());
    assert_eq!((report.kinds.seen.len(), report.kinds.others), (1_000, 500));
    assert_eq!(report.amiss, ["500 errors are of further kinds than the first 1000"]);
}
