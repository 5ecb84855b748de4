//! Tests of reading a change, in repositories made for them.

use std::{fs, process::Command};

use super::*;

/// A repository of its own, with nobody's configuration; `None`, in words, where there is no git.
pub(super) struct Repository(tempfile::TempDir);

impl Repository {
    pub(super) fn new() -> Option<Self> {
        if !Command::new("git").arg("--version").output().is_ok_and(|output| output.status.success()) {
            eprintln!("skipped: there is no git on this machine");
            return None;
        }
        let repository = Self(tempfile::tempdir().expect("a folder"));
        repository.git(&["init", "-q"]);
        Some(repository)
    }

    pub(super) fn git(&self, arguments: &[&str]) -> String {
        git_in(self.0.path(), arguments)
    }

    pub(super) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> &Self {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(path, text).expect("a file");
        self
    }

    pub(super) fn commit(&self) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
        self.git(&["rev-parse", "HEAD"])
    }

    pub(super) fn read(&self, base: Option<&str>) -> CommitChange {
        read(self.0.path(), base).expect("a change")
    }

    fn error(&self, base: Option<&str>) -> String {
        read(self.0.path(), base).expect_err("an error").to_string()
    }
}

fn git_in(folder: &Path, arguments: &[&str]) -> String {
    let set = ["-c", "user.name=a", "-c", "user.email=a@localhost", "-c", "init.defaultBranch=main"];
    let more = ["-c", "protocol.file.allow=always", "-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false"];
    let output = Command::new("git").current_dir(folder).args(set).args(more).args(arguments).output();
    let output = output.expect("git");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// `change path added removed lines`, a line each.
fn told(change: &CommitChange) -> Vec<String> {
    let each = change.files.iter().map(|file| {
        let ranges: Vec<String> = file.lines.iter().map(|l| format!("{}-{}", l.start(), l.end())).collect();
        let ChangedFile { path, change, added, removed, .. } = file;
        format!("{change:?} {path:?} +{added} -{removed} {}", ranges.join(",")).trim_end().to_owned()
    });
    each.collect()
}

#[test]
fn what_a_commit_does_to_each_file_is_told_with_the_numbers_of_the_added_lines() {
    let Some(repository) = Repository::new() else { return };
    let long: String = (0..40).map(|line| format!("line {line}\n")).collect();
    repository
        .write("src/a.ts", "1\n2\n3\n4\n5\n6\n")
        .write("src/gone.ts", "1\n2\n")
        .write("old.ts", &long)
        .write("mode.sh", "x\n")
        .write("picture.bin", [0, 1, 2, b'\n', 0])
        .write("link-to-be", "x\n");
    let base = repository.commit();
    repository
        .write("src/a.ts", "1\n++ b/evil.ts\n2\n4\n5\n6\n7\n8\n")
        .write("src/new file.ts", "a\nb\n")
        .write("tests/b\nc\t\"ü\".test.ts", "a\n")
        .write("new.ts", format!("{long}last\n"))
        .write("hidden.js", "one\ntwo\n")
        .write(".gitattributes", "hidden.js -diff\n")
        .write("picture.bin", [0, 9, b'\n', 0, b'\n', 7]);
    fs::remove_file(repository.0.path().join("src/gone.ts")).expect("a file");
    fs::remove_file(repository.0.path().join("old.ts")).expect("a file");
    let commit = repository.commit();
    let change = repository.read(Some(&base));
    assert_eq!((change.commit.as_str(), change.base.as_deref()), (commit.as_str(), Some(base.as_str())));
    let told = told(&change);
    let expected = [
        "Added \".gitattributes\" +1 -0 1-1",
        // Attributes hide its lines from the count, not from coverage.
        "Added \"hidden.js\" +0 -0 1-2",
        "Renamed \"new.ts\" +1 -0 41-41",
        "Modified \"picture.bin\" +0 -0 1-3",
        "Modified \"src/a.ts\" +3 -1 2-2,7-8",
        "Removed \"src/gone.ts\" +0 -2",
        "Added \"src/new file.ts\" +2 -0 1-2",
        "Added \"tests/b\\nc\\t\\\"ü\\\".test.ts\" +1 -0 1-1",
    ];
    assert_eq!(told, expected);
    assert_eq!(change.files.iter().filter(|file| file.test).count(), 1);
    let lengths: Vec<_> = change.files.iter().map(|file| file.length).collect();
    assert_eq!(
        lengths,
        [Some(1), Some(2), Some(41), None, Some(8), None, Some(2), Some(1)],
        "lines that each has in the commit"
    );
    let renamed = change.files.iter().find(|file| file.change == Change::Renamed).expect("a renamed file");
    assert_eq!(renamed.from.as_deref(), Some("old.ts"));
    assert_eq!(change.dirty, Vec::<String>::new());
    assert!(change.tracked.contains(&"mode.sh".to_owned()) && !change.tracked.contains(&"old.ts".to_owned()));
    let facts = change.facts();
    assert!(matches!(&facts[0], CheckFact::CommitRead { dirty, .. } if dirty.is_empty()));
    assert_eq!(facts.iter().filter(|fact| matches!(fact, CheckFact::FileChanged { .. })).count(), 8);
}

#[test]
fn nobodys_configuration_changes_what_is_read() {
    let Some(repository) = Repository::new() else { return };
    repository.write("a.ts", "1\n2\n");
    let base = repository.commit();
    repository.write("a.ts", "1\n2\n3\n").write(".gitattributes", "*.ts diff=own\n").commit();
    let before = told(&repository.read(Some(&base)));
    for (name, value) in [
        ("diff.noprefix", "true"),
        ("diff.mnemonicPrefix", "true"),
        ("diff.external", "false"),
        ("diff.own.command", "false"),
        ("diff.own.textconv", "false"),
        ("diff.context", "9"),
        ("diff.renames", "false"),
        ("color.ui", "always"),
        ("core.pager", "false"),
        ("core.fsmonitor", "false"),
        ("status.relativePaths", "true"),
        ("status.showUntrackedFiles", "no"),
    ] {
        repository.git(&["config", name, value]);
    }
    repository.write("deep/new.ts", "x");
    let change = read(&repository.0.path().join("deep"), Some(&base)).expect("a change");
    assert_eq!(told(&change), before);
    assert_eq!(change.dirty, ["deep/"]);
}

#[test]
fn the_base_is_where_the_branch_was_left_or_the_tag_before_or_everything_is_new() {
    let Some(repository) = Repository::new() else { return };
    repository.write("a", "1\n");
    let first = repository.commit();
    let change = repository.read(None);
    assert_eq!((change.base.clone(), told(&change)), (None, vec!["Added \"a\" +1 -0 1-1".to_owned()]));
    assert!(change.notes[0].contains("everything counts as new"), "{:?}", change.notes);

    repository.git(&["tag", "-a", "v1", "-m", "x"]);
    repository.write("b", "1\n");
    let second = repository.commit();
    repository.git(&["tag", "v2"]);
    let change = repository.read(None);
    assert_eq!(change.base.as_deref(), Some(first.as_str()), "the tag of the commit itself is not before it");
    assert!(change.notes[0].contains("the tag before it, v1"), "{:?}", change.notes);

    repository.git(&["checkout", "-q", "-b", "side"]);
    repository.write("c", "1\n").commit();
    let change = repository.read(None);
    assert_eq!(change.base.as_deref(), Some(second.as_str()));
    assert!(change.notes[0].contains("where it left main"), "{:?}", change.notes);
    assert_eq!(repository.read(Some("v1")).base.as_deref(), Some(first.as_str()), "what is given counts");

    repository.git(&["checkout", "-q", "--detach", "main"]);
    assert_eq!(repository.read(None).base.as_deref(), Some(first.as_str()), "a detached HEAD is no obstacle");
    for (base, what) in [
        ("nowhere", "has no commit `nowhere` to compare with"),
        ("--help", "has no commit `--help` to compare with"),
        ("HEAD", "which is the commit itself"),
        ("HEAD:a", "has no commit `HEAD:a`"),
    ] {
        assert!(repository.error(Some(base)).contains(what), "{}", repository.error(Some(base)));
    }
}

#[test]
fn a_name_of_a_branch_and_of_a_tag_is_refused_where_they_lead_to_different_commits() {
    for (shadow, given, refused) in [
        ("refs/tags/origin/main", "origin/main", true),
        ("refs/heads/origin/main", "origin/main", true),
        ("refs/origin/main", "origin/main", true),
        ("refs/tags/origin/main", "origin/main~0", true),
        ("refs/tags/origin", "origin", true),
        ("refs/tags/origin/main", "refs/remotes/origin/main", false),
        ("refs/tags/other", "origin/main", false),
    ] {
        let Some(repository) = Repository::new() else { return };
        let theirs = repository.write("a", "1\n").write("gonogo.yaml", "theirs").commit();
        repository.git(&["update-ref", "refs/remotes/origin/main", &theirs]);
        repository.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"]);
        let own = repository.write("a", "2\n").write("gonogo.yaml", "own").commit();
        repository.git(&["update-ref", shadow, &own]);
        repository.write("a", "3\n").commit();
        let base = read(repository.0.path(), Some(given));
        let file = crate::import::file_at(given, &repository.0.path().join("gonogo.yaml"));
        assert_eq!((base.is_err(), file.is_err()), (refused, refused), "{shadow} {given}: {base:?} {file:?}");
        for told in [base.as_ref().err(), file.as_ref().err()].into_iter().flatten() {
            let told = told.to_string();
            assert!(told.contains("ambiguous") && told.contains(shadow), "{told}");
        }
        assert!(base.is_err() || base.is_ok_and(|change| change.base == Some(theirs)), "{shadow} {given}");
        assert!(file.is_err() || file.is_ok_and(|file| file.bytes == b"theirs"), "{shadow} {given}");
    }
    // A full name that is not there is not looked for below others.
    let Some(repository) = Repository::new() else { return };
    let own = repository.write("a", "1\n").commit();
    repository.git(&["update-ref", "refs/tags/refs/remotes/origin/main", &own]);
    repository.write("a", "2\n").commit();
    let error = repository.error(Some("refs/remotes/origin/main"));
    assert!(error.contains("has no commit `refs/remotes/origin/main`"), "{error}");
}

#[test]
fn a_commit_whose_date_cannot_be_read_is_not_released() {
    let Some(repository) = Repository::new() else { return };
    repository.write("a", "1\n").commit();
    let tree = repository.git(&["rev-parse", "HEAD^{tree}"]);
    let who = "a <a@localhost> 999999999999999 +0000";
    repository.write("object", format!("tree {tree}\nauthor {who}\ncommitter {who}\n\nx\n"));
    let commit = repository.git(&["hash-object", "-w", "--literally", "-t", "commit", "object"]);
    repository.git(&["update-ref", "HEAD", &commit]);
    assert!(repository.error(None).contains("date cannot be read"), "{}", repository.error(None));
    assert!(released(repository.0.path()).is_err());
}

#[test]
fn a_graft_tells_no_other_history() {
    let Some(repository) = Repository::new() else { return };
    let first = repository.write("a", "1\n").commit();
    repository.git(&["tag", "first"]);
    let second = repository.write("a", "2\n").commit();
    repository.write(".git/info/grafts", format!("{second}\n"));
    assert_eq!(repository.read(Some("first")).untold, Vec::<String>::new(), "{first} is before {second}");
}

#[test]
fn a_base_that_is_not_before_the_commit_leaves_untold_what_it_changes() {
    let Some(repository) = Repository::new() else { return };
    repository.write("a", "1\n").commit();
    repository.git(&["tag", "before"]);
    repository.git(&["checkout", "-q", "-b", "side"]);
    repository.write("b", "1\n").commit();
    repository.git(&["checkout", "-q", "main"]);
    repository.write("c", "1\n").commit();
    repository.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
    repository.git(&["tag", "after"]);
    let tree = repository.git(&["rev-parse", "HEAD^{tree}"]);
    let orphan = repository.git(&["commit-tree", "-m", "x", &tree]);
    repository.git(&["tag", "orphan", &orphan]);
    repository.git(&["checkout", "-q", "HEAD^"]);
    for (base, why) in [
        ("before", None),
        ("side", Some("is not in the history of the commit, which left it at")),
        ("after", Some("comes after the commit")),
        ("orphan", Some("have no history in common")),
    ] {
        let change = repository.read(Some(base));
        let untold: Vec<_> = change
            .facts()
            .into_iter()
            .filter_map(|fact| match fact {
                CheckFact::NotRead { what } => Some(what),
                _ => None,
            })
            .collect();
        assert_eq!(untold.len(), usize::from(why.is_some()), "{base}: {untold:?}");
        assert!(why.is_none_or(|why| untold[0].contains(why)), "{base}: {untold:?}");
    }
}

#[test]
fn what_git_is_told_not_to_look_at_is_not_taken_for_clean() {
    let hidden = "git is told not to look at a (";
    for (hide, dirty, untold) in [
        (&["status"][..], &["a"][..], ""),
        (&["update-index", "--assume-unchanged", "a"], &[], hidden),
        (&["update-index", "--skip-worktree", "a"], &[], hidden),
    ] {
        let Some(repository) = Repository::new() else { return };
        repository.write("a", "1\n").commit();
        repository.git(hide);
        let change = repository.write("a", "2\n").read(None);
        assert_eq!(change.dirty, dirty, "{hide:?}");
        assert_eq!(change.untold.is_empty(), untold.is_empty(), "{hide:?}");
        assert!(change.untold.iter().all(|what| what.starts_with(untold)), "{:?}", change.untold);
    }

    let Some(repository) = Repository::new() else { return };
    repository.write("a", "1\n").write("sub/.gitignore", "made\n").commit();
    repository.write("sub/made", "x").write("b", "x").write(".git/info/exclude", "b\n");
    let below = read(&repository.0.path().join("sub"), None).expect("a change");
    assert_eq!(below.dirty, ["b"], "what is left out by no commit is in the tree");
    assert_eq!(below.untold, Vec::<String>::new());
    repository.write(".git/info/attributes", "# nothing\n");
    assert_eq!(repository.read(None).untold, Vec::<String>::new());
    repository.write(".git/info/attributes", "a filter=other\n");
    assert!(repository.read(None).untold[0].contains("attributes that are in no commit"));
}

#[test]
fn a_change_that_its_time_and_size_hide_is_seen() {
    let Some(repository) = Repository::new() else { return };
    let path = repository.0.path().join("a");
    repository.write("a", "1\n").commit();
    let time = fs::metadata(&path).and_then(|meta| meta.modified()).expect("a time");
    // An index that is as old as the file is not trusted by git itself.
    let index =
        fs::File::options().write(true).open(repository.0.path().join(".git/index")).expect("an index");
    index.set_modified(time + std::time::Duration::from_secs(60)).expect("a time");
    repository.git(&["config", "core.trustctime", "false"]);
    repository.git(&["config", "core.checkStat", "minimal"]);
    // Another file in its place: its number alone differs.
    let other = repository.write("b", "2\n").0.path().join("b");
    fs::File::options().write(true).open(&other).and_then(|file| file.set_modified(time)).expect("a time");
    fs::rename(&other, &path).expect("a file");
    assert_eq!(repository.read(None).dirty, ["a"]);
}

#[test]
fn a_folder_whose_working_tree_is_elsewhere_is_not_read() {
    let (Some(repository), Some(copy)) = (Repository::new(), Repository::new()) else { return };
    repository.write("a", "1\n").commit();
    copy.write("a", "1\n");
    repository.git(&["config", "core.worktree", &copy.0.path().display().to_string()]);
    repository.write("a", "2\n");
    assert!(repository.error(None).contains("is elsewhere (`core.worktree`)"), "{}", repository.error(None));
}

#[test]
fn a_clone_without_its_history_a_folder_without_a_repository_and_one_without_a_commit_are_told_apart() {
    let Some(repository) = Repository::new() else { return };
    assert!(repository.error(None).contains("has no commit yet"), "{}", repository.error(None));
    repository.write("a", "1\n").commit();
    repository.write("a", "2\n").commit();
    let clone = tempfile::tempdir().expect("a folder");
    let from = format!("file://{}", repository.0.path().display());
    git_in(clone.path(), &["clone", "-q", "--depth", "1", &from, "shallow"]);
    let error = read(&clone.path().join("shallow"), None).expect_err("no base").to_string();
    assert!(error.contains("whose history is cut off") && error.contains("--unshallow"), "{error}");
    let error = read(&clone.path().join("shallow"), Some("v1")).expect_err("no base").to_string();
    assert!(error.contains("fetch the base first"), "{error}");
    let error = read(clone.path(), None).expect_err("no repository").to_string();
    assert!(error.contains("is not in a git repository"), "{error}");
    let error = read(&clone.path().join("nowhere"), None).expect_err("no folder").to_string();
    assert!(error.contains("nowhere"), "{error}");
}

#[test]
fn a_dirty_tree_and_a_submodule_are_said() {
    let (Some(repository), Some(inner)) = (Repository::new(), Repository::new()) else { return };
    inner.write("x", "1\n").commit();
    repository.write("a", "1\n").write("b", "1\n");
    let base = repository.commit();
    let from = inner.0.path().display().to_string();
    repository.git(&["submodule", "-q", "add", &from, "inner"]);
    repository.commit();
    repository.write("a", "2\n").write("new/x", "1").write("new/y", "1").write("staged\n", "1");
    repository.git(&["add", "staged\n"]);
    fs::remove_file(repository.0.path().join("b")).expect("a file");
    let change = repository.read(Some(&base));
    assert_eq!(change.dirty, ["a", "b", "new/", "staged\n"]);
    let submodule: Vec<_> = change.files.iter().filter(|file| file.submodule).collect();
    assert_eq!(submodule.len(), 1);
    assert_eq!((submodule[0].path.as_str(), submodule[0].added, submodule[0].lines.len()), ("inner", 0, 0));
    assert!(change.notes.iter().any(|note| note.starts_with("inner: a submodule")), "{:?}", change.notes);
}

#[test]
fn a_path_is_of_a_test_by_its_folder_or_its_name_and_else_of_the_product() {
    for (path, expected) in [
        ("tests/a.rs", true),
        ("src/test/java/A.java", true),
        ("src/__tests__/a.ts", true),
        ("src/a.test.ts", true),
        ("src/a.spec.tsx", true),
        ("a_test.go", true),
        ("lib/a_spec.rb", true),
        ("test_a.py", true),
        ("conftest.py", true),
        ("e2e/a.ts", true),
        ("src/a.ts", false),
        ("src/testing.ts", false),
        ("src/latest/a.ts", false),
        ("src/contest.ts", false),
        ("tests.ts", false),
        ("test_a.ts", false),
        ("src/specification.md", false),
    ] {
        assert_eq!(is_test(path), expected, "{path}");
    }
}
