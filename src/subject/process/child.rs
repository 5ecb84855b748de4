//! The operating system's side of a process: start, pipes, signals, and its end with everything that it left
//! behind. Knows no message.

use std::{
    collections::BTreeSet,
    io,
    os::unix::process::CommandExt as _,
    process::{ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, getpgid, kill_process, kill_process_group, waitid,
};
use tokio::net::unix::pipe;

use super::Program;

/// Longest line, in bytes.
const LINE_BYTES: usize = 1024 * 1024;
/// Most that a process may write to its standard error, in bytes.
const STDERR_BYTES: u64 = 8 * 1024 * 1024;
/// How much of it is kept: the beginning, where causes stand, and the end, where the last words stand.
const KEPT_HEAD: usize = 6 * 1024;
const KEPT_TAIL: usize = 6 * 1024;

/// The environment variable by which processes are found that left their group.
const MARK: &str = "GONOGO_MARK";

/// Every process group that may be alive, each with its mark: what is ended when gonogo itself ends early.
static LIVING: Mutex<Vec<(Pid, String)>> = Mutex::new(vec![]);

/// Ends every process that gonogo started and has not ended yet. For the way out of gonogo alone.
pub fn end_all() {
    let living = std::mem::take(&mut *LIVING.lock().unwrap_or_else(PoisonError::into_inner));
    for (group, mark) in living {
        let _ = kill_process_group(group, Signal::KILL);
        end_marked(group, &mark);
    }
}

/// A running process with its pipes. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Child {
    inner: std::process::Child,
    group: Pid,
    mark: String,
    pub pipes: Pipes,
    /// How it ended, once it has.
    end: Option<End>,
}

/// The three pipes of a process, apart from it, so that they can be waited for at once.
#[derive(Debug)]
pub(super) struct Pipes {
    pub input: pipe::Sender,
    pub output: Lines,
    pub errors: Errors,
}

/// How a process ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    /// As the system tells it; `None` when it cannot.
    pub status: Option<ExitStatus>,
    /// How many of its own processes outlived it and were ended.
    pub left_behind: usize,
}

impl Child {
    /// Starts the program in its folder with these variables beside gonogo's own.
    pub fn start(program: &Program, variables: &[(&str, String)]) -> io::Result<Self> {
        static STARTED: AtomicU64 = AtomicU64::new(0);
        let mark = format!("{}-{}", std::process::id(), STARTED.fetch_add(1, Ordering::Relaxed));
        let (name, arguments) =
            program.command.split_first().ok_or_else(|| io::Error::other("the command is empty"))?;
        let path = if name.contains('/') { program.dir.join(name) } else { name.into() };
        let mut inner = Command::new(path)
            .args(arguments)
            .current_dir(&program.dir)
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .env(MARK, &mark)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let group = Pid::from_child(&inner);
        LIVING.lock().unwrap_or_else(PoisonError::into_inner).push((group, mark.clone()));
        let taken = (inner.stdin.take(), inner.stdout.take(), inner.stderr.take());
        let pipes = match Pipes::of(taken) {
            Ok(pipes) => pipes,
            Err(error) => {
                let _ = kill_process_group(group, Signal::KILL);
                let _ = inner.wait();
                forget(group);
                return Err(error);
            }
        };
        Ok(Self { inner, group, mark, pipes, end: None })
    }

    /// The process, and with it its group.
    pub fn pid(&self) -> Pid {
        self.group
    }

    /// Whether the process itself is dead, be its body still there.
    pub fn is_dead(&self) -> bool {
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        self.end.is_some() || !matches!(waitid(WaitId::Pid(self.group), look), Ok(None))
    }

    /// How many processes it has beside itself.
    pub fn company(&self) -> usize {
        if self.end.is_some() {
            return 0;
        }
        marked(&self.mark).into_iter().filter(|pid| *pid != self.group).count()
    }

    /// Ends the process, its group and whatever left the group; takes its last words.
    pub fn end(&mut self) -> End {
        if let Some(end) = self.end {
            return end;
        }
        // The body is still there, so the number cannot have become another's.
        let _ = kill_process_group(self.group, Signal::KILL);
        let status = self.inner.wait().ok();
        let left_behind = end_marked(self.group, &self.mark);
        forget(self.group);
        self.pipes.errors.take_rest();
        *self.end.insert(End { status, left_behind })
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.end();
    }
}

impl Pipes {
    fn of(taken: (Option<ChildStdin>, Option<ChildStdout>, Option<ChildStderr>)) -> io::Result<Self> {
        let (Some(input), Some(output), Some(errors)) = taken else {
            return Err(io::Error::other("the system gave no pipes"));
        };
        Ok(Self {
            input: pipe::Sender::from_owned_fd(input.into())?,
            output: Lines { pipe: pipe::Receiver::from_owned_fd(output.into())?, read: vec![], searched: 0 },
            errors: Errors {
                pipe: Some(pipe::Receiver::from_owned_fd(errors.into())?),
                head: vec![],
                tail: vec![],
                total: 0,
            },
        })
    }
}

fn forget(group: Pid) {
    LIVING.lock().unwrap_or_else(PoisonError::into_inner).retain(|(living, _)| *living != group);
}

/// Ends what carries the mark and left the group, until there is none; tells how many there were. Where the
/// system shows no environments, the group is all that is ended.
fn end_marked(group: Pid, mark: &str) -> usize {
    let mut left = BTreeSet::new();
    // Whoever forks faster than it is ended gets so many rounds and no more.
    for _ in 0..50 {
        let marked: Vec<Pid> = marked(mark);
        let outside: Vec<Pid> = marked.into_iter().filter(|pid| getpgid(Some(*pid)) != Ok(group)).collect();
        if outside.is_empty() {
            break;
        }
        for pid in outside {
            left.insert(pid.as_raw_nonzero());
            let _ = kill_process(pid, Signal::KILL);
        }
        std::thread::yield_now();
    }
    left.len()
}

fn marked(mark: &str) -> Vec<Pid> {
    let variable = format!("{MARK}={mark}");
    let own = rustix::process::getpid();
    let Ok(entries) = std::fs::read_dir("/proc") else { return vec![] };
    let numbers = entries.filter_map(Result::ok).filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers
        .filter_map(Pid::from_raw)
        .filter(|pid| *pid != own)
        .filter(|pid| {
            // A body has an empty environment, and a stranger's cannot be read.
            std::fs::read(format!("/proc/{}/environ", pid.as_raw_nonzero()))
                .is_ok_and(|all| all.split(|byte| *byte == 0).any(|entry| entry == variable.as_bytes()))
        })
        .collect()
}

/// The standard output, line by line.
#[derive(Debug)]
pub(super) struct Lines {
    pipe: pipe::Receiver,
    read: Vec<u8>,
    searched: usize,
}

/// Why there is no further line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoLine {
    /// The output is closed.
    Closed,
    /// The line is longer than any message.
    TooLong,
}

impl Lines {
    /// The next line without its end. Nothing is lost when it is no longer waited for.
    pub async fn next(&mut self) -> Result<Vec<u8>, NoLine> {
        let mut chunk = [0_u8; 16 * 1024];
        loop {
            if let Some(at) = self.read[self.searched..].iter().position(|byte| *byte == b'\n') {
                let rest = self.read.split_off(self.searched + at + 1);
                let mut line = std::mem::replace(&mut self.read, rest);
                line.pop();
                self.searched = 0;
                return Ok(line);
            }
            self.searched = self.read.len();
            if self.read.len() > LINE_BYTES {
                return Err(NoLine::TooLong);
            }
            if self.pipe.readable().await.is_err() {
                return Err(NoLine::Closed);
            }
            match self.pipe.try_read(&mut chunk) {
                Ok(0) => return Err(NoLine::Closed),
                Ok(count) => self.read.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return Err(NoLine::Closed),
            }
        }
    }
}

/// The standard error, of which the beginning and the end are kept.
#[derive(Debug)]
pub(super) struct Errors {
    pipe: Option<pipe::Receiver>,
    head: Vec<u8>,
    tail: Vec<u8>,
    total: u64,
}

impl Errors {
    /// Takes what is there and keeps what is worth it; never ends once the pipe is closed.
    pub async fn take(&mut self) {
        let Some(pipe) = &self.pipe else { return std::future::pending().await };
        if pipe.readable().await.is_err() || !self.take_some() {
            self.pipe = None;
        }
    }

    /// Whether the process wrote more than anybody can read.
    pub fn flooded(&self) -> bool {
        self.total > STDERR_BYTES
    }

    /// What was kept, as text.
    pub fn text(&self) -> String {
        let (head, tail) = (String::from_utf8_lossy(&self.head), String::from_utf8_lossy(&self.tail));
        let left_out = self.total.saturating_sub((self.head.len() + self.tail.len()) as u64);
        match left_out {
            0 => format!("{head}{tail}"),
            bytes => format!("{head}\n[{bytes} bytes left out]\n{tail}"),
        }
    }

    /// What lies in the pipe when the process is dead already.
    fn take_rest(&mut self) {
        while self.pipe.is_some() && !self.flooded() {
            let before = self.total;
            if !self.take_some() || self.total == before {
                self.pipe = None;
            }
        }
    }

    /// False when nothing more will come.
    fn take_some(&mut self) -> bool {
        let mut chunk = [0_u8; 16 * 1024];
        let Some(pipe) = &self.pipe else { return false };
        match pipe.try_read(&mut chunk) {
            Ok(0) => false,
            Ok(count) => {
                self.keep(&chunk[..count]);
                true
            }
            Err(error) => error.kind() == io::ErrorKind::WouldBlock,
        }
    }

    fn keep(&mut self, chunk: &[u8]) {
        self.total += chunk.len() as u64;
        let room = KEPT_HEAD.saturating_sub(self.head.len()).min(chunk.len());
        self.head.extend_from_slice(&chunk[..room]);
        self.tail.extend_from_slice(&chunk[room..]);
        let beyond = self.tail.len().saturating_sub(KEPT_TAIL);
        self.tail.drain(..beyond);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_and_the_end_of_what_is_said_are_kept() {
        let mut errors = Errors { pipe: None, head: vec![], tail: vec![], total: 0 };
        errors.keep(b"first ");
        for _ in 0..10_000 {
            errors.keep(b"blah ");
        }
        errors.keep(b"last");
        let text = errors.text();
        assert!(text.starts_with("first ") && text.ends_with("last"), "{text}");
        assert!(
            text.len() < KEPT_HEAD + KEPT_TAIL + 100 && text.contains("bytes left out"),
            "{}",
            text.len()
        );
    }
}
