//! The registry, and the small questions that rules share.

use super::*;

#[test]
fn every_rule_documents_itself_in_four_parts() {
    assert_eq!(RULES.len(), 10);
    for rule in RULES {
        let doc = rule.doc();
        for part in ["# Statement", "# Why it matters", "# Evidence", "# Violated when"] {
            assert!(doc.contains(part), "{} lacks {part}", rule.name);
        }
        assert!(rule.statement().ends_with('.'), "{}: {:?}", rule.name, rule.statement());
    }
    assert!(rule("read_only_jira").is_some() && rule("read_only").is_none());
}

#[test]
fn every_rule_on_disk_is_registered() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/invariant");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name").replace(".rs", ""))
        .filter(|name| name != "mod" && name != "tests")
        .collect();
    let mut registered: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
    names.sort();
    registered.sort_unstable();
    assert_eq!(names, registered);
}

#[test]
fn an_empty_log_exercises_nothing() {
    let policy = crate::evidence::Policy::default();
    for rule in RULES {
        let finding = (rule.judge)(&Log { policy: &policy, observations: &[] });
        assert!(matches!(finding, Finding::NotExercised { .. }), "{}: {finding:?}", rule.name);
    }
}

#[test]
fn a_wildcard_declares_what_is_below_it_and_nothing_beside_it() {
    let declared = ["api.example.com".to_owned(), "*.example.org".to_owned()];
    for (host, expected) in [
        ("api.example.com", true),
        ("API.example.COM", true),
        ("evil-api.example.com", false),
        ("a.example.org", true),
        ("a.b.example.org", true),
        ("example.org", false),
        ("evilexample.org", false),
        ("é.example.org", true),
        ("", false),
    ] {
        assert_eq!(is_declared(host, &declared), expected, "{host}");
    }
}
