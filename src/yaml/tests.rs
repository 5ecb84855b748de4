//! What the reader refuses whatever the file is for, and where it says it is.

use super::*;

fn distinct(text: &str) -> Result<(), String> {
    parse::<Distinct>(Path::new("a.yml"), text.as_bytes()).map(|_| ()).map_err(|error| error.to_string())
}

#[test]
fn a_key_that_stands_twice_is_found_at_any_depth() {
    for (text, expected) in [
        ("a: 1\nb: 2\na: 3\n", "a.yml:3:1: duplicate key `a`"),
        ("x:\n  - {k: 1}\n  - c: 1\n    d: {}\n    c: 2\n", "duplicate key `c`"),
        ("x:\n  <<: {a: 1}\n", "merge keys"),
    ] {
        let error = distinct(text).expect_err(text);
        assert!(error.contains(expected), "{error}");
    }
    assert_eq!(distinct("a: {k: 1}\nb: [{k: 1}, {k: ~}, 1.5, true, -1, &x text, *x]\n"), Ok(()));
}

#[test]
fn what_says_nothing_is_nothing() {
    for text in ["", "\n\n", "# a comment\n", "\u{feff}\r\n"] {
        assert!(parse::<Distinct>(Path::new("a.yml"), text.as_bytes()).unwrap().is_none(), "{text:?}");
    }
    let error = parse::<Distinct>(Path::new("a.yml"), b"a: 1\nb: \xff\n").unwrap_err();
    assert_eq!(error.to_string(), "a.yml:2:1: the file is not UTF-8");
}
