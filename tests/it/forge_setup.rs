//! What is said, and how soon, when a Forge app cannot be run here because Node, npm or esbuild is missing, does not
//! answer, or is something else. Needs none of them: all are shell scripts.

use std::{fs, os::unix::fs::PermissionsExt as _, time::Duration};

use crate::gonogo::{Gonogo, gonogo};

const MANIFEST: &str = "app: {id: ari:cloud:ecosystem::app/1, runtime: {name: nodejs22.x}}\n\
    modules:\n  scheduledTrigger: [{key: t, function: f, interval: hour}]\n\
    \x20 function: [{key: f, handler: index.run}]\n";
/// A `node` that says it is a new one.
const NEW: &str = r#"echo "{\"path\": \"$0\", \"version\": \"22.1.0\"}""#;

/// A run of a small app where these are all the programs there are.
fn with(programs: &[(&str, &str)]) -> Gonogo {
    let mut run = gonogo()
        .file("app/manifest.yml", MANIFEST)
        .file("app/src/index.js", "exports.run = () => {};\n")
        .file("bin/README", "");
    for (name, script) in programs {
        run = run.file(&format!("bin/{name}"), format!("#!/bin/sh\n{script}\n"));
        let path = run.path(&format!("bin/{name}"));
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a program");
    }
    let path = run.path("bin").display().to_string();
    run.env("PATH", &path).args(&["run", "app"])
}

#[test]
fn what_is_missing_or_something_else_is_told_with_what_to_install() {
    let needed = "Node 20 or newer is needed to run a Forge app";
    let install = "run npm install --save-dev esbuild in the app's folder";
    for (programs, says) in [
        (vec![], [needed, "there is no `node` on the PATH: install it"]),
        (vec![("node", "echo moo")], [needed, "bin/node says \"moo\" where its version was asked for"]),
        (vec![("node", "echo '{\"version\": 1}'")], [needed, "where its version was asked for"]),
        (
            vec![("node", "echo 'no version is set' >&2; exit 126")],
            [needed, "bin/node says \"no version is set\", and ended with exit status: 126"],
        ),
        (vec![("node", "exit 0")], [needed, "bin/node says nothing, and ended with exit status: 0"]),
        (
            vec![("node", r#"echo '{"path": "/node", "version": "18.20.1"}'"#)],
            [needed, "`node` is version 18.20.1: install a newer one"],
        ),
        (
            vec![("node", r#"echo '{"path": "/node", "version": "nightly"}'"#)],
            [needed, "says that its version is \"nightly\""],
        ),
        (vec![("node", NEW)], ["there is no `npm` beside Node or on the PATH", install]),
        (
            vec![("node", NEW), ("npm", "echo 'npm error code E404' >&2; exit 1")],
            ["could not be installed (npm error code E404)", install],
        ),
    ] {
        let outcome = with(&programs).run().leaves_no_verdict();
        says.into_iter().fold(outcome, |outcome, says| outcome.says(says));
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "real elapsed time is what is measured")]
fn a_node_that_never_answers_is_not_waited_for_and_not_left_behind() {
    let began = std::time::Instant::now();
    let outcome = with(&[("node", "echo $$ > \"$HOME/pid\"; exec /bin/sleep 1000")]).run();
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    let outcome = outcome.leaves_no_verdict().says("bin/node gave no answer within 15 s: install it");
    let pid = fs::read_to_string(outcome.path("pid")).expect("it was started");
    let left = fs::read(format!("/proc/{}/cmdline", pid.trim())).unwrap_or_default();
    assert!(left.is_empty(), "{}", String::from_utf8_lossy(&left));
}
