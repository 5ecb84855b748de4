//! Files that mean harm: each is refused in words or read without it, in little memory and no time.

use std::path::Path;

use super::{read, read_bytes};

fn refused(text: &[u8]) -> String {
    read_bytes(Path::new("hostile"), text, None).unwrap_err().to_string()
}

#[test]
fn no_entity_is_expanded_and_none_is_fetched() {
    let laughs = r#"<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;">]>
        <testsuite name="s"><testcase name="&lol2;"/></testsuite>"#;
    assert!(refused(laughs.as_bytes()).contains("entities or elements of its own"));
    let external =
        r#"<!DOCTYPE t SYSTEM "file:///etc/passwd"><testsuite name="s"><testcase name="&xxe;"/></testsuite>"#;
    assert!(refused(external.as_bytes()).contains("the entity `&xxe;`"));
    let in_text = "<testsuite name='s'><testcase name='a'><failure>&xxe;</failure></testcase></testsuite>";
    assert!(refused(in_text.as_bytes()).contains("the entity `&xxe;`"));
    let tolerated =
        r#"<!DOCTYPE testsuites SYSTEM "junit.dtd"><testsuite name="s"><testcase name="a"/></testsuite>"#;
    assert_eq!(read_bytes(Path::new("x"), tolerated.as_bytes(), None).unwrap().cases.len(), 1);
}

#[test]
fn nesting_has_an_end_in_every_dialect() {
    let deep = 100_000;
    assert!(refused("<testsuite>".repeat(deep).as_bytes()).contains("nested deeper"));
    assert!(
        refused(format!("<testsuite><testcase name='a'><x>{}", "<y>".repeat(deep)).as_bytes())
            .contains("nested deeper")
    );
    let json = format!("{{\"suites\":{}", "[{\"title\":\"a\",\"suites\":".repeat(deep));
    assert!(refused(json.as_bytes()).contains("cut off"));
    let closed = format!(
        "{{\"stats\":{{}},\"suites\":{}[]{}}}",
        "[{\"title\":\"a\",\"suites\":".repeat(deep),
        "}]".repeat(deep)
    );
    assert!(refused(closed.as_bytes()).contains("recursion limit"), "{}", refused(closed.as_bytes()));
    let tap: String = (0..300).map(|depth| format!("{}1..1\n", " ".repeat(depth))).collect();
    assert!(refused(tap.as_bytes()).contains("nested deeper"));
}

#[test]
fn pieces_have_a_largest_size() {
    let attribute = format!("<testsuite name='{}'/>", "a".repeat(2 << 20));
    assert!(refused(attribute.as_bytes()).contains("tag larger than"));
    let name = format!("1..1\nok 1 - {}\n", "a".repeat(100_000));
    assert!(refused(name.as_bytes()).contains("name is longer than"));
    let message = format!(
        "<testsuite><testcase name='a'><failure>{}</failure></testcase></testsuite>",
        "é".repeat(1 << 20)
    );
    let report = read_bytes(Path::new("x"), message.as_bytes(), None).unwrap();
    let kept = report.cases[0].message.as_ref().unwrap().chars().count();
    assert!(kept <= super::super::MESSAGE_LIMIT + 1, "{kept} letters are kept");
}

#[test]
fn illegal_characters_are_left_out_and_told() {
    let table: [(&[u8], &str); 5] = [
        (b"<testsuite><testcase name='a\x00b'/></testsuite>", "ab"),
        (b"<testsuite><testcase name='a\x1b[31mb'/></testsuite>", "a[31mb"),
        (b"<testsuite><testcase name='a\xffb'/></testsuite>", "a\u{fffd}b"),
        (b"<testsuite><testcase name='a&#0;b'/></testsuite>", "ab"),
        (b"1..1\nok 1 - a\xffb\n", "a\u{fffd}b"),
    ];
    for (text, name) in table {
        let report = read_bytes(Path::new("x"), text, None).unwrap();
        assert_eq!(report.cases[0].name, name);
        assert_eq!(report.notes, ["1 characters that the format does not allow were left out or replaced"]);
    }
    assert!(refused(b"\xff\xfe<\x00t\x00").contains("only UTF-8"));
    assert!(refused(&[0; 5000]).contains("is empty"));
    assert!(refused(b"<?xml version='1.0' encoding='utf-16'?><testsuite/>").contains("only UTF-8"));
}

#[test]
fn no_control_character_reaches_who_reads_of_it() {
    let tap = read_bytes(Path::new("x"), b"1..1\nok 1 - a\x1b[2Jb\n", None).unwrap();
    assert_eq!(tap.cases[0].name, "a\u{fffd}[2Jb");
    let nested = b"1..1\n# Subtest: a\x00b\n    ok 1 - c\n    1..1\nok 1 - a\x00b\n";
    let nested = read_bytes(Path::new("x"), nested, None).unwrap();
    assert!(nested.cases.iter().any(|case| case.suite == "a\u{fffd}b"), "{:?}", nested.cases);
    let json = br#"{"numTotalTests":1,"testResults":[{"name":"f\u001b","status":"\u001b[2J\u0007","assertionResults":[]}]}"#;
    assert!(!refused(json).contains(char::is_control), "{:?}", refused(json));
}

#[test]
fn ill_formed_xml_is_refused_with_its_place() {
    let table = [
        "<testsuite><testcase name='a'></testsuite>",
        "<testsuite/><testsuite/>",
        "<testsuite/>more",
        "<testsuite name='a' name='b'/>",
        "<testsuite><testcase name='a & b'/></testsuite>",
        "<testsuite></testsuite></testsuite>",
        "<testsuite><testcase name='a'><failure><testcase name='b'/></failure></testcase></testsuite>",
        "<testsuite><testcase name='a'><testcase name='b'/></testcase></testsuite>",
    ];
    for text in table {
        let read = read_bytes(Path::new("hostile"), text.as_bytes(), None);
        match read {
            Err(error) => assert!(error.to_string().starts_with("hostile, byte "), "{text}: {error}"),
            Ok(report) => assert!(report.incomplete.is_some(), "{text}: {report:?}"),
        }
    }
}

#[test]
fn utf_16_is_refused_with_and_without_its_mark_and_zeros_are_no_results() {
    let text = "<testsuite name=\"s\"><testcase name=\"ä\"/></testsuite>";
    for (mark, unit) in [("", u16::to_le_bytes as fn(u16) -> [u8; 2]), ("\u{feff}", u16::to_be_bytes)] {
        for unit in [unit, u16::to_be_bytes] {
            let wide: Vec<u8> = format!("{mark}{text}").encode_utf16().flat_map(unit).collect();
            assert!(refused(&wide).ends_with("is UTF-16: only UTF-8 is read"), "{mark:?}");
        }
    }
    assert!(refused(&[0; 1000]).contains("nothing but blanks and zeros"));
}

#[test]
fn a_length_of_time_that_is_none_is_left_out() {
    for time in ["1e999", "NaN", "-1", "1e308"] {
        for text in [
            format!("<testsuite name='s'><testcase name='a' time='{time}'/></testsuite>"),
            format!("{{\"Action\":\"pass\",\"Package\":\"p\",\"Test\":\"a\",\"Elapsed\":{time}}}\n"),
        ] {
            let Ok(report) = read_bytes(Path::new("hostile"), text.as_bytes(), None) else { continue };
            assert_eq!(report.cases[0].duration_ms, None, "{text}");
        }
    }
}

#[test]
fn only_regular_files_are_opened() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for (path, words) in [
        (pipe.as_path(), "is no regular file"),
        (folder.path(), "is no regular file"),
        (Path::new("/dev/zero"), "is no regular file"),
        (&folder.path().join("none"), "cannot be opened"),
    ] {
        let error = read(path, None).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}
