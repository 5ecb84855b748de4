//! Tests of coverage: tables over what tools wrote, over what is amiss, and over changes made up for them.

use super::*;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/import/coverage").join(name)
}

fn of_text(text: &str) -> Result<Coverage, ImportError> {
    read_source(&mut Source::bytes(Path::new("/elsewhere/lcov.info"), text.as_bytes()), None)
}

#[test]
fn the_same_lines_are_read_from_what_tools_write_in_either_format() {
    let all = |lines: std::ops::RangeInclusive<u64>| lines.map(|line| (line, 1)).collect::<Vec<_>>();
    let math = vec![(1, 4), (2, 1), (3, 0)];
    let tests_of_python = vec![("test_collect_error.py", all(1..=1)), ("test_math.py", all(1..=35))];
    for (name, format, expected) in [
        ("vitest.lcov", CoverageFormat::Lcov, vec![("src/math.js", math.clone())]),
        ("vitest.cobertura.xml", CoverageFormat::Cobertura, vec![("src/math.js", math)]),
        ("pytest.lcov", CoverageFormat::Lcov, tests_of_python.clone()),
        ("pytest.cobertura.xml", CoverageFormat::Cobertura, tests_of_python),
        ("node.lcov", CoverageFormat::Lcov, vec![("a.test.mjs", all(1..=6))]),
    ] {
        let coverage = read(&fixture(name), None).expect(name);
        let files: Vec<(&str, Vec<(u64, u64)>)> = coverage
            .files
            .iter()
            .map(|(path, lines)| (path.as_str(), lines.iter().map(|(line, hits)| (*line, *hits)).collect()))
            .collect();
        assert_eq!(files, expected, "{name}");
        assert_eq!((coverage.format, coverage.incomplete, coverage.notes), (format, None, vec![]), "{name}");
    }
    let clover = read(&fixture("vitest.clover.xml"), None).expect_err("Clover is not read");
    assert!(clover.to_string().contains("expected lcov or Cobertura XML"), "{clover}");
}

#[test]
fn what_is_not_as_its_format_has_it_is_an_error_at_its_place() {
    let class =
        |inner: &str| format!("<coverage><class filename='a.js'><lines>{inner}</lines></class></coverage>");
    for (text, expected) in [
        ("", "expected lcov or Cobertura XML".to_owned()),
        ("{}", "expected lcov or Cobertura XML".into()),
        ("SF:a.js\nDA:1\nend_of_record\n", "line 2: expected a line's number and how often".into()),
        ("SF:a.js\nDA:0,1\n", "line 2: expected a line's number".into()),
        ("SF:a.js\nDA:1,1e3\n", "line 2: expected a line's number".into()),
        ("SF:a.js\nDA:1,-\n", "line 2: expected a line's number".into()),
        ("TN:\nDA:1,1\n", "line 2: `DA:` before any `SF:`".into()),
        ("SF:a.js\nSF:b.js\n", "line 2: `SF:` within the record that begins on line 1".into()),
        ("SF:\n", "line 1: `SF:` names no file".into()),
        ("TN:\nend_of_record\n", "line 2: `end_of_record` ends no record".into()),
        ("SF:a.js\nXY:1\n", "line 2: `XY:` is no tag of lcov".into()),
        ("SF:a.js\nhello\n", "line 2: expected a tag".into()),
        ("SF:a.js\nLF:many\n", "line 2: `LF:` has no number".into()),
        (&class("<line number='x' hits='1'/>"), "has a line without a `number`".into()),
        (&class("<line number='1' hits='-1'/>"), "has a line without a `number`".into()),
        (&class("<line number='1'/>"), "has a line without a `number`".into()),
        ("<coverage><class name='a'/></coverage>", "has a class without a `filename`".into()),
        ("<report><coverage/></report>", "begins with `report`: expected `coverage`".into()),
        ("<!DOCTYPE coverage [<!ENTITY a 'b'>]><coverage/>", "which is not read".into()),
    ] {
        let error = of_text(text).expect_err(text).to_string();
        assert!(error.contains(&expected), "{text}: {error}");
    }
}

#[test]
fn what_is_cut_off_or_tells_of_no_line_cannot_count_as_whole() {
    for (text, why) in [
        ("SF:a.js\nDA:1,1\n", "the record that begins on line 1 has no end"),
        ("TN:\n", "it tells of no line of any file"),
        ("SF:a.js\nend_of_record\n", "it tells of no line of any file"),
        ("<coverage><packages/></coverage>", "it tells of no line of any file"),
        ("<coverage><class filename='a.js'><line number='1' hits='1'/></class>", "it is cut off"),
        ("<coverage><class filename='a.js'><line number='1' hi", "it is cut off"),
        ("SF:a.js\nDA:1,1\nLF:50\nend_of_record\n", "lines that are not listed"),
        ("SF:a.js\nDA:1,1\nDA:2,1\nLF:2\nLH:1\nend_of_record\n", "of fewer that ran"),
        (
            "<coverage lines-valid='50' lines-covered='1'><class filename='a.js'><line number='1' hits='1'/></class></coverage>",
            "it declares 50 lines, lists 1",
        ),
        (
            "<coverage lines-valid='1' lines-covered='0'><class filename='a.js'><line number='1' hits='1'/></class></coverage>",
            "it declares 0 lines that ran, lists 1",
        ),
        (
            "<coverage lines-valid='1,000'><class filename='a.js'><line number='1' hits='1'/></class></coverage>",
            "its `lines-valid` is no number",
        ),
    ] {
        let coverage = of_text(text).expect(text);
        let incomplete = coverage.incomplete.clone().unwrap_or_default();
        assert!(incomplete.contains(why), "{text}: {incomplete}");
        let facts = changed_lines(&change(&[], &[]), std::slice::from_ref(&coverage));
        assert!(matches!(&facts[0], CheckFact::NotRead { what } if what.contains(why)), "{facts:?}");
    }
}

#[test]
fn records_of_one_file_add_up_and_totals_that_differ_are_said() {
    let text = "SF:a.js\nDA:1,1\nDA:2,0\nDA:3,-1\nLF:3\nLH:1\nend_of_record\n\
                SF:a.js\nDA:1,18446744073709551615\nDA:2,99999999999999999999,abc\nLF:1\nend_of_record\n";
    let coverage = of_text(text).expect("coverage");
    let lines: Vec<_> = coverage.files["a.js"].iter().map(|(line, hits)| (*line, *hits)).collect();
    assert_eq!(lines, [(1, u64::MAX), (2, u64::MAX), (3, 0)]);
    assert_eq!(coverage.notes, ["totals differ from the lines that are listed, in 1 records"]);
}

fn change(tracked: &[&str], changed: &[(&str, &[std::ops::RangeInclusive<u64>])]) -> CommitChange {
    let file = |(path, lines): &(&str, &[std::ops::RangeInclusive<u64>])| ChangedFile {
        path: (*path).into(),
        from: None,
        change: Change::Modified,
        added: 0,
        length: Some(100),
        removed: 0,
        test: super::super::change::is_test(path),
        submodule: false,
        lines: lines.to_vec(),
    };
    CommitChange {
        root: "/repository".into(),
        commit: "c".into(),
        committed: None,
        base: None,
        dirty: vec![],
        files: changed.iter().map(file).collect(),
        tracked: tracked.iter().map(|path| (*path).to_owned()).collect(),
        untold: vec![],
        notes: vec![],
    }
}

/// `file changed run`, a line each, and whether a remark holds a word.
fn told(facts: &[CheckFact]) -> (Vec<String>, String) {
    let mut lines = vec![];
    let mut notes = String::new();
    for fact in facts {
        match fact {
            CheckFact::LinesRun { file, changed, run } => lines.push(format!("{file} {changed} {run}")),
            CheckFact::Noted { what } => notes.push_str(what),
            other => panic!("{other:?}"),
        }
    }
    (lines, notes)
}

#[test]
fn of_the_lines_that_a_commit_adds_those_count_that_can_run() {
    let coverage = of_text("SF:src/a.ts\nDA:1,1\nDA:2,0\nDA:4,1\nDA:9,1\nend_of_record\n").expect("coverage");
    let tracked = ["src/a.ts", "src/b.tsx", "src/types.d.ts", "README.md", "tests/a.test.ts"];
    let changed: &[(&str, &[std::ops::RangeInclusive<u64>])] = &[
        ("README.md", &[1..=9]),
        ("src/a.ts", &[1..=3, 9..=12]),
        ("src/b.tsx", &[5..=7]),
        ("src/types.d.ts", &[1..=3]),
        ("tests/a.test.ts", &[1..=9]),
    ];
    let (lines, notes) = told(&changed_lines(&change(&tracked, changed), std::slice::from_ref(&coverage)));
    assert_eq!(lines, ["src/a.ts 3 2", "src/b.tsx 3 0"]);
    assert!(notes.contains("src/b.tsx: the coverage does not know this file"), "{notes}");
    assert!(notes.contains("not counted: README.md"), "{notes}");

    let mut removed = change(&tracked, &[("src/a.ts", &[]), ("src/b.tsx", &[1..=2])]);
    removed.files[1].change = Change::Removed;
    assert_eq!(told(&changed_lines(&removed, std::slice::from_ref(&coverage))).0, ["src/a.ts 0 0"]);
}

#[test]
fn a_file_that_too_little_is_told_of_is_not_read() {
    let lcov = |record: &str| format!("{record}end_of_record\nSF:src/b.ts\nDA:1,1\nend_of_record\n");
    let cobertura = |attribute: &str| {
        format!(
            "<coverage {attribute}><class filename='src/a.ts'><lines/></class>\
             <class filename='src/b.ts'><line number='1' hits='1'/></class></coverage>"
        )
    };
    let silent = "src/a.ts: the coverage names this file and tells of no line of it";
    for (text, why) in [
        (lcov("SF:src/a.ts\nDA:1,1\n"), ""),
        (lcov("SF:src/a.ts\n"), silent),
        // A file of types alone has no line that can run, and its tool says so.
        (lcov("SF:src/a.ts\nLF:0\nLH:0\n"), ""),
        (cobertura(""), silent),
        (cobertura("lines-valid='1' lines-covered='1'"), ""),
        (lcov("SF:src/a.ts\nDA:101,1\n"), ""),
        (lcov("SF:src/a.ts\nDA:900,1\n"), "tells of line 900, and in the commit it has 100"),
        (lcov("SF:src/a.ts\nDA:1,1\nDA:102,0\n"), "tells of line 102"),
        ("SF:a.py\nDA:1,1\nend_of_record\n".to_owned(), "no file of their kind"),
    ] {
        let coverage = of_text(&text).expect("coverage");
        let changed: &[(&str, &[std::ops::RangeInclusive<u64>])] =
            &[("README.md", &[1..=9]), ("src/a.ts", &[1..=50])];
        let facts = changed_lines(
            &change(&["src/a.ts", "src/b.ts", "README.md"], changed),
            std::slice::from_ref(&coverage),
        );
        let not_read: Vec<_> = facts
            .iter()
            .filter_map(|fact| match fact {
                CheckFact::NotRead { what } => Some(what.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(not_read.len(), usize::from(!why.is_empty()), "{text}: {facts:?}");
        assert!(
            not_read.iter().all(|what| what.contains(why) && !what.contains("README")),
            "{text}: {not_read:?}"
        );
    }
    let coverage = of_text("SF:src/a.ts\nDA:1,1\nend_of_record\n").expect("coverage");
    let mut change = change(&["src/a.ts"], &[("src/a.ts", &[1..=1])]);
    change.untold.push("`base` comes after the commit".into());
    let facts = changed_lines(&change, std::slice::from_ref(&coverage));
    assert!(matches!(&facts[0], CheckFact::NotRead { what } if what.contains("comes after")), "{facts:?}");
}

#[test]
fn a_path_of_the_coverage_means_one_file_of_the_commit_or_none() {
    let both = ["src/m.js", "app/src/m.js"];
    let with = |root: &str, name: &str| {
        let sources = if root.is_empty() { String::new() } else { format!("<source>{root}</source>") };
        format!("<coverage>{sources}<class filename='{name}'><line number='1' hits='1'/></class></coverage>")
    };
    for (tracked, changed, text, expected) in [
        (&["src/m.js"][..], "src/m.js", with("", "src/m.js"), "src/m.js 1 1"),
        (&["src/m.js"], "src/m.js", with("", "./src/../src/m.js"), "src/m.js 1 1"),
        (&["src/m.js"], "src/m.js", with("", "src\\m.js"), "src/m.js 1 1"),
        (&["src/m.js"], "src/m.js", with("", "/repository/src/m.js"), "src/m.js 1 1"),
        (&["src/m.js"], "src/m.js", with("", "/builds/1/src/m.js"), "src/m.js 1 1"),
        (&["src/m.js"], "src/m.js", with("", "C:\\builds\\src\\m.js"), "src/m.js 1 1"),
        (&["app/src/m.js"], "app/src/m.js", with("", "src/m.js"), "app/src/m.js 1 1"),
        (&["app/src/m.js"], "app/src/m.js", with("/builds/app", "src/m.js"), "app/src/m.js 1 1"),
        // A name in common is not the file.
        (&["src/m.js"], "src/m.js", with("", "lib/m.js"), "src/m.js 1 0"),
        (&["src/m.js"], "src/m.js", with("", "xsrc/m.js"), "src/m.js 1 0"),
        (&both, "app/src/m.js", with("/builds/app", "src/m.js"), "app/src/m.js 1 1"),
        (&both, "src/m.js", with("/builds/app", "src/m.js"), "src/m.js 1 0"),
        (&both, "src/m.js", with("/repository", "src/m.js"), "src/m.js 1 1"),
        (&both, "app/src/m.js", with("/repository", "src/m.js"), "app/src/m.js 1 0"),
        (&["a/src/m.js", "b/src/m.js"], "a/src/m.js", with("", "src/m.js"), "a/src/m.js 1 0"),
    ] {
        let coverage = of_text(&text).expect("coverage");
        let facts = changed_lines(&change(tracked, &[(changed, &[1..=1])]), std::slice::from_ref(&coverage));
        let (lines, notes) = told(&facts);
        assert_eq!(lines, [expected], "{text}");
        let ambiguous = notes.contains("may be this file or another");
        assert_eq!(ambiguous, tracked[0].starts_with("a/"), "{text}: {notes}");
    }
}

#[test]
fn the_root_on_another_machine_is_the_one_that_most_paths_agree_on() {
    let text = "SF:/b/p/src/m.js\nDA:1,1\nend_of_record\nSF:/b/p/src/n.js\nDA:1,1\nend_of_record\n\
                SF:/usr/lib/x/m.js\nDA:1,1\nend_of_record\n";
    let coverage = of_text(text).expect("coverage");
    let tracked = ["m.js", "src/m.js", "src/n.js"];
    let changed: &[(&str, &[std::ops::RangeInclusive<u64>])] = &[("m.js", &[1..=1]), ("src/m.js", &[1..=1])];
    let (lines, _) = told(&changed_lines(&change(&tracked, changed), std::slice::from_ref(&coverage)));
    assert_eq!(lines, ["m.js 1 0", "src/m.js 1 1"], "a file of another package covers nothing of ours");
}

#[test]
fn two_packages_that_write_the_same_path_mean_a_file_each() {
    let (a, b) = ("packages/a/src/index.ts", "packages/b/src/index.ts");
    let changed: &[(&str, &[std::ops::RangeInclusive<u64>])] = &[(a, &[1..=1]), (b, &[1..=1])];
    let of = |root: &Path, package: &str, hits: u64| {
        let folder = root.join("packages").join(package).join("coverage");
        std::fs::create_dir_all(&folder).expect("a folder");
        let text = format!("SF:src/index.ts\nDA:1,{hits}\nend_of_record\n");
        read_source(&mut Source::bytes(&folder.join("lcov.info"), text.as_bytes()), None).expect("coverage")
    };
    let root = tempfile::tempdir().expect("a folder");
    let mut change = change(&[a, b], changed);
    change.root = root.path().to_owned();
    let coverages = [of(root.path(), "a", 0), of(root.path(), "b", 3)];
    assert_eq!(
        told(&changed_lines(&change, &coverages)).0,
        [format!("{a} 1 0"), format!("{b} 1 1")],
        "what the tests of one ran covers nothing of the other"
    );
    // Two files of one package add up.
    let coverages = [of(root.path(), "a", 0), of(root.path(), "a", 2)];
    assert_eq!(told(&changed_lines(&change, &coverages)).0, [format!("{a} 1 1"), format!("{b} 1 0")]);
}

#[test]
fn capitals_at_the_end_of_a_name_are_no_other_language() {
    let coverage = of_text("SF:src/a.ts\nDA:1,1\nend_of_record\n").expect("coverage");
    let changed: &[(&str, &[std::ops::RangeInclusive<u64>])] = &[("src/B.TS", &[1..=2])];
    let facts = changed_lines(&change(&["src/a.ts", "src/B.TS"], changed), std::slice::from_ref(&coverage));
    assert_eq!(told(&facts).0, ["src/B.TS 2 0"]);
}
