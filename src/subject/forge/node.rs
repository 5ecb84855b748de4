//! Finds the Node of this machine, and runs a program that must come to its end: one that does not is killed, with
//! all that it started. Waits for nobody for ever.

use std::{
    ffi::OsString,
    io,
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::{Command, Output, Stdio},
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;

use super::ForgeError;

const OLDEST: u32 = 20;
/// What the user set for a Node of their own is not for this one.
const OPTIONS: &str = "NODE_OPTIONS";
/// How long Node may take to say what it is; a busy machine takes a second or two.
const ANSWER: Duration = Duration::from_secs(15);
/// How much of what a program said is told.
const SAID_CHARS: usize = 200;

/// A Node that runs.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Node {
    pub path: PathBuf,
    pub version: String,
}

impl Node {
    /// Asks the `node` of the search path what and where it is.
    ///
    /// # Errors
    /// There is none, it does not answer, it answers something else, or it is too old.
    pub fn find() -> Result<Self, ForgeError> {
        let asked = "console.log(JSON.stringify({path: process.execPath, version: process.versions.node}))";
        let output = run(Command::new("node").arg("-e").arg(asked), ANSWER).map_err(|error| {
            ForgeError::NoNode(match error.kind() {
                io::ErrorKind::NotFound => "there is no `node` on the PATH".to_owned(),
                _ => format!("{} {error}", found("node")),
            })
        })?;
        let node: Self = serde_json::from_slice(&output.stdout)
            .map_err(|_| ForgeError::NoNode(format!("{} {}", found("node"), answer(&output))))?;
        match node.major() {
            None => Err(ForgeError::NoNode(format!(
                "{} says that its version is {:?}",
                found("node"),
                cut(&node.version)
            ))),
            Some(major) if major < OLDEST => Err(ForgeError::OldNode(node.version)),
            Some(_) => Ok(node),
        }
    }

    /// That this is not the Node which a manifest's `runtime` names, in words.
    pub fn other_than(&self, runtime: &str) -> Option<String> {
        let version = &self.version;
        (!runtime.is_empty() && runtime != format!("nodejs{}.x", self.major().unwrap_or_default())).then(
            || {
                format!(
                    "run in Node {version}, where the manifest names {runtime}: judge it in that Node, too"
                )
            },
        )
    }

    /// The first number of its version.
    pub fn major(&self) -> Option<u32> {
        self.version.split('.').next()?.parse().ok()
    }

    /// Runs a script to its end.
    ///
    /// # Errors
    /// As [`run`].
    pub fn run(
        &self,
        arguments: &[OsString],
        folder: &std::path::Path,
        limit: Duration,
    ) -> io::Result<Output> {
        run(Command::new(&self.path).args(arguments).current_dir(folder), limit)
    }
}

/// Where a program of the search path lies, in words.
fn found(name: &str) -> String {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let file = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    file.map_or_else(|| format!("`{name}`"), |file| file.display().to_string())
}

/// What a program answered in place of what it was asked, in words.
fn answer(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    let words = String::from_utf8_lossy(&output.stdout);
    match (words.trim(), errors.trim()) {
        ("", "") => format!("says nothing, and ended with {}", output.status),
        ("", errors) => format!("says {:?}, and ended with {}", cut(errors), output.status),
        (words, _) => format!("says {:?} where its version was asked for", cut(words)),
    }
}

fn cut(text: &str) -> String {
    text.chars().take(SAID_CHARS).collect()
}

/// Runs a program to its end and takes what it writes.
///
/// # Errors
/// It cannot be started, or has not ended within `limit`: then it is killed, with its whole group.
pub(super) fn run(command: &mut Command, limit: Duration) -> io::Result<Output> {
    command.env_remove(OPTIONS).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.process_group(0).spawn()?;
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let (told, ended) = channel();
    thread::spawn(move || {
        // Nobody listens any more once the limit has passed.
        let _ = told.send(child.wait_with_output());
    });
    match ended.recv_timeout(limit) {
        Ok(output) => output,
        Err(RecvTimeoutError::Disconnected) => Err(io::Error::other("was lost")),
        Err(RecvTimeoutError::Timeout) => {
            if let Some(group) = group {
                // It may have ended at this very moment: then there is nothing left to kill.
                let _ = kill_process_group(group, Signal::KILL);
            }
            let how = format!("gave no answer within {} s", limit.as_secs());
            Err(io::Error::new(io::ErrorKind::TimedOut, how))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_a_major_number_or_is_none() {
        let major = |version: &str| Node { path: PathBuf::new(), version: version.to_owned() }.major();
        assert_eq!(["20.1.2", "9.0.0", "", "x.1"].map(major), [Some(20), Some(9), None, None]);
    }

    #[test]
    fn a_program_that_does_not_end_is_killed_with_what_it_started() {
        let mut sleeper = Command::new("sh");
        sleeper.args(["-c", "sleep 1000 & echo $!; wait"]);
        let error = run(&mut sleeper, Duration::from_millis(500)).expect_err("no end");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        let output = run(Command::new("echo").arg("ended"), Duration::from_secs(60)).expect("an end");
        assert_eq!(output.stdout, b"ended\n");
    }
}
