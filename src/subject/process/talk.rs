//! One conversation with one running process: a request goes out, and gonogo serves the process (time, sleep)
//! until the answer comes or the process has to be ended. Records nothing.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    Program,
    child::{Child, End, NoLine, Pipes},
    wire::{self, INVALID_PARAMS, Message, NO_SUCH_METHOD},
};
use crate::clock::{Clock, ManualClock};

/// How often a process that says nothing is looked at.
const TICK: Duration = Duration::from_millis(25);
/// How long a process that closed its output or was told to end may take for it.
const LEAVING: Duration = Duration::from_millis(1_000);
/// Most messages, and most bytes, of a process in one call.
const CALL_MESSAGES: usize = 100_000;
const CALL_BYTES: usize = 16 * 1024 * 1024;
/// Longest sleep that a driver may ask for at once: a day.
const LONGEST_SLEEP_MS: u64 = 86_400_000;

/// Why a call has no answer. After any of these but a refusal the process is of no more use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    /// It said no, with a code and a message.
    #[error("{1}")]
    Refused(i64, String),
    /// It said nothing for too long.
    #[error("it did not answer {method:?} within {} s of its last sign of life", within.as_secs_f64())]
    Silent { method: String, within: Duration },
    /// It went on for too long on the scenario's clock.
    #[error("it did not end {method:?} within {} s of the platform's time", within.as_secs_f64())]
    Endless { method: String, within: Duration },
    /// It broke the protocol.
    #[error("it wrote {what}: {excerpt:?}")]
    Rubbish { what: &'static str, excerpt: String },
    /// It wrote more than anybody reads.
    #[error("it flooded its {0}")]
    Flooded(&'static str),
    /// It is dead.
    #[error("it ended in the middle of {method:?}{}", status.as_ref().map(|s| format!(" ({s})")).unwrap_or_default())]
    Died { method: String, status: Option<String> },
}

/// A conversation.
#[derive(Debug)]
pub(super) struct Talk {
    child: Child,
    clock: ManualClock,
    within: Duration,
    paused: Arc<AtomicBool>,
    next_id: u64,
}

impl Talk {
    /// Starts the program.
    pub fn start(
        program: &Program,
        variables: &[(&str, String)],
        clock: &ManualClock,
        paused: Arc<AtomicBool>,
    ) -> std::io::Result<Self> {
        let child = Child::start(program, variables)?;
        Ok(Self { child, clock: clock.clone(), within: program.answer_within, paused, next_id: 1 })
    }

    /// The process, for signals.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// What the process wrote to its standard error so far.
    pub fn errors(&self) -> String {
        self.child.pipes.errors.text()
    }

    /// Asks, and serves the process until it answers; `limit` is on the scenario's clock.
    pub async fn call(&mut self, method: &str, params: &Value, limit: Duration) -> Result<Value, Trouble> {
        let id = self.next_id;
        self.next_id += 1;
        let clock = self.clock.clone();
        let mut deadline = clock.deadline(limit);
        let mut exchange = Exchange {
            outbox: wire::request(id, method, params),
            id,
            quiet: Duration::ZERO,
            messages: 0,
            bytes: 0,
        };
        loop {
            let Pipes { input, output, errors } = &mut self.child.pipes;
            tokio::select! {
                biased;
                line = output.next() => {
                    let line = match line {
                        Ok(line) => line,
                        Err(NoLine::TooLong) => return Err(Trouble::Flooded("standard output with a line too long")),
                        Err(NoLine::Closed) => return Err(self.left(method).await),
                    };
                    exchange.heard(&line)?;
                    if let Some(answer) = self.serve(&mut exchange, &line).await? {
                        return Ok(answer);
                    }
                }
                () = &mut deadline => {
                    return Err(Trouble::Endless { method: method.to_owned(), within: limit });
                }
                sent = exchange.send(input), if !exchange.outbox.is_empty() => {
                    if sent.is_err() {
                        return Err(self.left(method).await);
                    }
                }
                () = errors.take() => {
                    if errors.flooded() {
                        return Err(Trouble::Flooded("standard error"));
                    }
                }
                () = tokio::time::sleep(TICK) => {
                    // A process that is stopped cannot answer, and a dead one with heirs at its pipes never will.
                    if !self.paused.load(Ordering::SeqCst) {
                        exchange.quiet += TICK;
                    }
                    if self.child.is_dead() {
                        return Err(self.left(method).await);
                    }
                    if exchange.quiet >= self.within {
                        return Err(Trouble::Silent { method: method.to_owned(), within: self.within });
                    }
                }
            }
        }
    }

    /// Deals with a line; the answer that was waited for ends the call.
    async fn serve(&self, exchange: &mut Exchange, line: &[u8]) -> Result<Option<Value>, Trouble> {
        let rubbish = |what| Trouble::Rubbish { what, excerpt: excerpt(line) };
        match wire::read(line).map_err(rubbish)? {
            Message::Answer(id, result) if id == exchange.id => return Ok(Some(result)),
            Message::Refusal(id, code, message) if id == exchange.id => {
                return Err(Trouble::Refused(code, message));
            }
            Message::Answer(..) | Message::Refusal(..) => {
                return Err(rubbish("an answer to a request that is not open"));
            }
            Message::Request(id, method, params) => {
                let reply = match method.as_str() {
                    "now" => wire::answer(&id, &self.time()),
                    "sleep" => match params["ms"].as_u64().filter(|ms| *ms <= LONGEST_SLEEP_MS) {
                        Some(ms) => {
                            self.clock.sleep(Duration::from_millis(ms)).await;
                            wire::answer(&id, &self.time())
                        }
                        None => {
                            wire::refusal(&id, INVALID_PARAMS, "ms must be a whole number, a day at most")
                        }
                    },
                    _ => wire::refusal(&id, NO_SUCH_METHOD, "gonogo answers now and sleep"),
                };
                exchange.outbox.extend_from_slice(&reply);
            }
        }
        Ok(None)
    }

    fn time(&self) -> Value {
        json!({ "now": stamp(self.clock.now()) })
    }

    /// Why there is no more output: the process ends, or will not.
    async fn left(&mut self, method: &str) -> Trouble {
        self.wait_for_death().await;
        let dead = self.child.is_dead();
        let End { status, .. } = self.child.end();
        if dead {
            let status = status.map(|status| status.to_string());
            return Trouble::Died { method: method.to_owned(), status };
        }
        Trouble::Died { method: method.to_owned(), status: Some("it closed its standard output".to_owned()) }
    }

    async fn wait_for_death(&mut self) {
        let mut waited = Duration::ZERO;
        while waited < LEAVING && !self.child.is_dead() {
            tokio::time::sleep(Duration::from_millis(2)).await;
            waited += Duration::from_millis(2);
        }
    }

    /// Waits for a process that was told to end; tells in words what is wrong with how it did.
    pub async fn farewell(&mut self) -> Result<(), String> {
        self.wait_for_death().await;
        let dead = self.child.is_dead();
        let company = self.child.company();
        let End { status, left_behind } = self.child.end();
        let left = company.max(left_behind);
        match status.filter(|_| dead) {
            None => Err("it did not end after it was told to".to_owned()),
            Some(_) if left > 0 => Err(format!("it left {left} of its own processes behind")),
            Some(status) if !status.success() => Err(format!("it was told to end and ended with {status}")),
            Some(_) => Ok(()),
        }
    }
}

/// A call that is under way.
struct Exchange {
    /// What has yet to be written to the process.
    outbox: Vec<u8>,
    id: u64,
    /// How long the process has said nothing, in real time.
    quiet: Duration,
    messages: usize,
    bytes: usize,
}

impl Exchange {
    fn heard(&mut self, line: &[u8]) -> Result<(), Trouble> {
        self.quiet = Duration::ZERO;
        self.messages += 1;
        self.bytes += line.len();
        if self.messages > CALL_MESSAGES || self.bytes > CALL_BYTES {
            return Err(Trouble::Flooded("standard output"));
        }
        Ok(())
    }

    /// Writes some of the outbox; nothing is lost when it is no longer waited for.
    async fn send(&mut self, input: &tokio::net::unix::pipe::Sender) -> std::io::Result<()> {
        input.writable().await?;
        match input.try_write(&self.outbox) {
            Ok(count) => {
                self.outbox.drain(..count);
                Ok(())
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// RFC 3339 with milliseconds: one form that every language can read.
pub(super) fn stamp(time: Timestamp) -> String {
    format!("{time:.3}")
}

fn excerpt(line: &[u8]) -> String {
    String::from_utf8_lossy(line).chars().take(120).collect()
}
