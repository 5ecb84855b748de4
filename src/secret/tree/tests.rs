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
