//! The README's walk-through of a release, as it stands there: from NO-GO over GO (after fixes) to UNCONDITIONAL GO.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use regex::Regex;

use crate::{documents, node::skip, readme::code_of_section};

/// A shell that keeps its folder between lines, as a person's does.
pub struct Shell {
    /// Where it is.
    pub folder: std::path::PathBuf,
    path: String,
}

impl Shell {
    /// Runs a line.
    pub fn run(&mut self, line: &str) -> Output {
        let marked = format!("{line}\nstatus=$?\necho\necho \"folder:$PWD\"\nexit $status");
        let output = Command::new("sh")
            .args(["-c", &marked])
            .current_dir(&self.folder)
            .env("PATH", &self.path)
            .output()
            .expect("a shell");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if let Some(folder) = said.lines().rev().find_map(|line| line.strip_prefix("folder:")) {
            self.folder = folder.into();
        }
        output
    }
}

/// Walks through a section of the README: each line ends as its comment says. Answers with the words that it says, of
/// those that are asked for, in order.
pub fn walk<'a>(section: &str, words: &[&'a str]) -> (tempfile::TempDir, Shell, Vec<&'a str>) {
    let place = tempfile::tempdir().expect("a folder");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let copied = Command::new("cp").args(["-R", "fixtures"]).arg(place.path()).current_dir(root).status();
    assert!(copied.expect("cp").success());
    let binary = Path::new(env!("CARGO_BIN_EXE_gonogo")).parent().expect("a folder").display().to_string();
    #[allow(clippy::disallowed_methods, reason = "the tools that the walk-through names")]
    let path = format!("{binary}:{}", std::env::var("PATH").unwrap_or_default());
    let mut shell = Shell { folder: place.path().to_owned(), path };
    let exit = Regex::new(r"# exit (\d): (.*)$").expect("a regex");
    let mut said_words = vec![];
    for line in code_of_section(section) {
        let output = shell.run(&line);
        let told =
            exit.captures(&line).map(|found| (found[1].parse().expect("a number"), found[2].to_owned()));
        let (expected, said) = told.unwrap_or((0, String::new()));
        let shown = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(expected), "{line}\n{shown}\n{errors}");
        if let Some(word) = words.iter().find(|word| said.starts_with(**word)) {
            assert!(shown.contains(word), "{line}\n{shown}");
            said_words.push(*word);
        }
    }
    (place, shell, said_words)
}

#[test]
fn the_walk_through_goes_from_no_go_to_unconditional_go() {
    if Command::new("ssh-keygen").arg("-?").output().is_err() {
        skip("there is no ssh-keygen on this machine");
        return;
    }
    let words = ["UNCONDITIONAL GO", "GO (after fixes)", "UNDECIDED", "NO-GO"];
    let (_place, mut shell, verdicts) = walk("Release evidence and sign-offs", &words);
    assert_eq!(verdicts, ["NO-GO", "UNDECIDED", "GO (after fixes)", "UNDECIDED", "UNCONDITIONAL GO"]);
    documents::are_as_kept(&shell.folder);
    spoiled(&mut shell);
}

/// A run over a signed record says what became of each sign-off.
fn run_again(shell: &mut Shell) {
    let checklist = "gonogo --width 400 checklist --allowed-signers ../allowed_signers";
    let verify = "gonogo --width 400 verify gonogo-report --allowed-signers ../allowed_signers";
    for (change, says) in [
        ("true", "signed a record before this one: the evidence is another run's"),
        (
            "echo '<!-- again -->' >> results/unit.xml",
            "signed a record before this one: results/unit.xml changed, the evidence is",
        ),
    ] {
        let ran = shell.run(&format!("{change} && gonogo run . --quiet"));
        assert_eq!(ran.status.code(), Some(4), "{change}");
        for (line, status) in [(checklist, 4), (verify, 0)] {
            let shown = shell.run(line);
            let text = String::from_utf8_lossy(&shown.stdout).into_owned();
            assert_eq!(shown.status.code(), Some(status), "{change}, {line}\n{text}");
            assert!(text.contains(says), "{change}, {line}\n{text}");
        }
        let verdict = fs::read_to_string(shell.folder.join("gonogo-report/verdict.json")).expect("a verdict");
        assert!(verdict.contains("; void: ann@example.com: signed a record before"), "{change}\n{verdict}");
    }
}

/// What was shown green is red once something under it changes.
fn spoiled(shell: &mut Shell) {
    let verify = "gonogo verify gonogo-report --allowed-signers ../allowed_signers";
    let blobs = shell.folder.join("gonogo-report/record/blobs");
    let blob = fs::read_dir(&blobs).expect("blobs").next().expect("a blob").expect("a blob").path();
    let kept = fs::read(&blob).expect("a blob");
    let mut changed = kept.clone();
    changed[0] ^= 1;
    fs::write(&blob, &changed).expect("a blob");
    assert_eq!(shell.run(verify).status.code(), Some(1), "a flipped byte");
    fs::write(&blob, &kept).expect("a blob");
    assert_eq!(shell.run(verify).status.code(), Some(0), "as it was");
    // Another person's key is nobody's here.
    shell.run("grep -v cleo ../allowed_signers > ../fewer");
    let without = shell.run("gonogo checklist --allowed-signers ../fewer");
    assert_eq!(without.status.code(), Some(4), "{}", String::from_utf8_lossy(&without.stdout));
    run_again(shell);
    shell.run("rm results/unit.xml");
    let blind = shell.run("gonogo run . --quiet");
    assert_eq!(blind.status.code(), Some(4), "results that are not there");
    assert!(String::from_utf8_lossy(&blind.stdout).contains("names no file"));
}
