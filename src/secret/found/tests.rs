//! Tests of secrets in names and of what may be shown of those.

use std::fs;

use super::{
    super::{
        staged,
        tests::{drawn, git, git_is_here, tree},
        tree::search,
    },
    *,
};

fn token() -> String {
    format!("{}_{}", "ghp", drawn(36))
}

/// Everything that a search tells.
fn told(search: &Search) -> String {
    format!("{search:?} {:?} {:?}", search.facts(), search.notes())
}

#[test]
fn a_token_in_a_name_is_found_once_and_is_shown_nowhere() {
    let token = token();
    let in_file = format!("src/{token}.ts");
    let (one, other) = (format!("a {token}/b.ts"), format!("a {token}/c/d.ts"));
    let hexadecimal = format!("src/{}", hex::encode(&token));
    for (files, spots) in [
        (vec![in_file.as_str()], 1),
        (vec![one.as_str(), other.as_str()], 1),
        (vec![one.as_str(), in_file.as_str()], 2),
        (vec![hexadecimal.as_str()], 1),
    ] {
        let folder = tree(&files.iter().map(|file| (*file, "x")).collect::<Vec<_>>());
        let search = search(folder.path()).expect("a search");
        assert_eq!(search.findings.len(), spots, "{files:?}");
        for found in &search.findings {
            assert_eq!((found.rule.id, found.spot, found.line()), ("github-token", Spot::Name, None));
            assert!(found.place().ends_with(" (its name)") && found.place().contains("[GitHub token: ghp_…"));
        }
        assert!(!told(&search).contains(&token[5..11]), "{}", told(&search));
    }
    let folder = tree(&[(&in_file, &"x".repeat(11 << 20)), ("a.ts", "x")]);
    let found = search(folder.path()).expect("a search");
    assert_eq!((found.findings.len(), found.left_out.len()), (1, 1));
    assert!(!told(&found).contains(&token[5..11]), "{}", told(&found));
    let fingerprint = &found.findings[0].shown.fingerprint;
    let allowed = format!("{fingerprint} made up for a test\n");
    fs::write(folder.path().join(allow::ALLOW_FILE), allowed).expect("a file");
    let found = search(folder.path()).expect("a search");
    assert_eq!((found.findings.len(), found.allowed.len()), (0, 1));
}

#[cfg(unix)]
#[test]
fn a_token_in_the_path_that_a_link_leads_to_is_found() {
    let token = token();
    let folder = tree(&[("a.ts", "x")]);
    std::os::unix::fs::symlink(format!("/nowhere/{token}/x"), folder.path().join("link")).expect("a link");
    let found = search(folder.path()).expect("a search");
    let places: Vec<String> = found.findings.iter().map(Finding::place).collect();
    assert_eq!(places, ["link (where it leads to)"]);
    assert!(!told(&found).contains(&token[5..11]), "{}", told(&found));
    if !git_is_here() {
        return;
    }
    git(folder.path(), &["init", "-q"]);
    fs::write(folder.path().join(format!("{token}.ts")), "x").expect("a file");
    git(folder.path(), &["add", "."]);
    let found = staged(folder.path()).expect("a search");
    let mut spots: Vec<Spot> = found.findings.iter().map(|found| found.spot).collect();
    spots.sort();
    assert_eq!(spots, [Spot::Name, Spot::Target]);
    assert!(!told(&found).contains(&token[5..11]), "{}", told(&found));
    git(folder.path(), &["commit", "-q", "-m", "x"]);
    fs::remove_file(folder.path().join(format!("{token}.ts"))).expect("a file");
    let found = search(folder.path()).expect("a search");
    let not_read = |fact: &&CheckFact| matches!(fact, CheckFact::NotRead { .. });
    assert_eq!(found.facts().iter().filter(not_read).count(), 2, "absent, and not as it is committed");
    assert!(!told(&found).contains(&token[5..11]), "{}", told(&found));
}
