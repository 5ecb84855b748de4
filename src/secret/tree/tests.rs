//! Tests of what a search of a tree leaves out although it is committed.

use std::fs;

use super::{
    super::tests::{drawn, git, git_is_here, tree},
    *,
};

#[test]
fn what_is_committed_and_was_not_searched_is_not_read() {
    if !git_is_here() {
        return;
    }
    let token = format!("x = '{}_{}'", "ghp", drawn(36));
    let hide = |flag| vec!["update-index", flag, "a.ts"];
    for (asked, change, expected) in [
        (vec!["status"], None, ""),
        (vec!["status"], Some("clean"), "as it is committed"),
        (hide("--assume-unchanged"), Some("clean"), "as it is committed"),
        (hide("--skip-worktree"), Some("clean"), "as it is committed"),
    ] {
        let folder = tree(&[("a.ts", &token), ("b.ts", "x")]);
        git(folder.path(), &["init", "-q"]);
        git(folder.path(), &["add", "."]);
        git(folder.path(), &["commit", "-q", "-m", "x"]);
        git(folder.path(), &asked);
        if let Some(text) = change {
            fs::write(folder.path().join("a.ts"), text).expect("a file");
        }
        let told = not_read(&search(folder.path()).expect("a search"));
        assert_eq!(told.len(), usize::from(change.is_some()), "{asked:?}: {told:?}");
        assert!(told.iter().all(|what| what.starts_with("a.ts") && what.contains(expected)), "{told:?}");
    }
    let large = |byte: &str| byte.repeat(11 << 20);
    let folder = tree(&[("a.ts", "x"), ("large.bin", &large("\u{0}")), ("large.txt", &large("x"))]);
    let of = |name| format!("{name} was not searched for secrets: over 10 MiB");
    let told = || not_read(&search(folder.path()).expect("a search"));
    assert_eq!(told(), [of("large.bin"), of("large.txt")], "who knows what is released of a plain folder");
    git(folder.path(), &["init", "-q"]);
    assert_eq!(told(), Vec::<String>::new(), "it is not committed");
    git(folder.path(), &["add", "."]);
    git(folder.path(), &["commit", "-q", "-m", "x"]);
    assert_eq!(told(), [of("large.bin"), of("large.txt")]);
}

fn not_read(search: &Search) -> Vec<String> {
    let told = search.facts().into_iter().filter_map(|fact| match fact {
        crate::evidence::CheckFact::NotRead { what } => Some(what),
        _ => None,
    });
    told.collect()
}

#[test]
fn an_allow_list_that_is_in_no_commit_leaves_the_search_undecided() {
    if !git_is_here() {
        return;
    }
    for (steps, text, expected) in [
        (&[][..], "*.pem a test key\n", 1),
        (&[&["add", "-A"][..]], "*.pem a test key\n", 1),
        (&[&["add", "-A"], &["commit", "-q", "-m", "x"]], "*.pem a test key\n", 0),
        (&[&["add", "-A"], &["commit", "-q", "-m", "x"]], "*.key another one\n", 1),
    ] {
        let folder = tree(&[("a.ts", "x")]);
        git(folder.path(), &["init", "-q"]);
        git(folder.path(), &["add", "."]);
        git(folder.path(), &["commit", "-q", "-m", "x"]);
        let list = folder.path().join(ALLOW_FILE);
        fs::write(&list, "*.pem a test key\n").expect("a file");
        steps.iter().for_each(|step| git(folder.path(), step));
        fs::write(&list, text).expect("a file");
        let told = not_read(&search(folder.path()).expect("a search"));
        assert_eq!(told.len(), expected, "{steps:?} {text}: {told:?}");
        assert!(told.iter().all(|what| what.contains(ALLOW_FILE)), "{told:?}");
        let told = not_read(&search_allowing(folder.path(), "*.key of main\n").expect("a search"));
        assert!(told.len() <= 1, "{told:?}");
    }
    // The list that is given counts, not the one that lies there.
    let token = format!("x = '{}_{}'", "ghp", drawn(36));
    let folder = tree(&[("a.ts", &token), (ALLOW_FILE, "a.ts a test key\n")]);
    for (list, found) in [("", 1), ("a.ts of the protected branch\n", 0)] {
        let search = search_allowing(folder.path(), list).expect("a search");
        assert_eq!(search.findings.len(), found, "{list}");
    }
}
