//! Any process as a subject: driven over its standard input and output, judged by what the mocked platform
//! sees of it. See `docs/driver-protocol.md`. Nothing of a process outlives the subject.

mod child;
mod describe;
mod ground;
mod operations;
mod scrub;
mod talk;
mod wire;

pub use child::end_all;
pub use describe::{Description, Families};
pub use ground::{Ground, Witness};

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex as SyncMutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use self::talk::{Talk, Trouble, stamp};
use super::{CallError, character::scope};
use crate::{clock::Clock as _, evidence::Fact};

/// How long the platform lets a scheduled job, or any other call, run, on the scenario's clock.
const CALL_LIMIT: Duration = Duration::from_secs(900);

/// A program that drives an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Name and arguments. A name with a slash in it is looked for from `dir`.
    pub command: Vec<String>,
    /// Where it runs.
    pub dir: PathBuf,
    /// How long it may say nothing in a call, in real time.
    pub answer_within: Duration,
}

impl Program {
    /// A program with the usual patience.
    #[must_use]
    pub fn new(command: Vec<String>, dir: PathBuf) -> Self {
        Self { command, dir, answer_within: Duration::from_secs(20) }
    }
}

/// One running process of an app.
pub struct Process {
    ground: Ground,
    worker: String,
    identity: String,
    description: Arc<Description>,
    paused: Arc<AtomicBool>,
    signals: SyncMutex<Option<rustix::process::Pid>>,
    talk: Mutex<State>,
}

/// Whether there still is somebody to talk to.
#[derive(Debug)]
enum State {
    Running(Box<Talk>),
    /// In words, how it came to its end.
    Ended(String),
}

impl std::fmt::Debug for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Process").field("worker", &self.worker).finish_non_exhaustive()
    }
}

impl Process {
    /// Starts the program as a worker of this name and asks what it is.
    ///
    /// # Errors
    /// When it cannot be started, or does not describe itself; nothing of it is left then.
    pub async fn start(ground: &Ground, program: &Program, worker: &str) -> Result<Arc<Self>, CallError> {
        let identity = ground.stage.starts.identity(worker);
        let variables = variables(ground, &identity);
        let paused = Arc::new(AtomicBool::new(false));
        let begun = Talk::start(program, &variables, &ground.stage.clock, paused.clone());
        let mut talk = begun.map_err(|error| {
            let name = program.command.first().map_or("", String::as_str);
            CallError::Ended(format!("the program {name:?} cannot be started: {error}"))
        })?;
        let asked = json!({"protocol": describe::PROTOCOL, "now": stamp(ground.stage.clock.now())});
        let described = match talk.call("describe", &asked, CALL_LIMIT).await {
            Ok(answer) => Description::read(answer),
            Err(trouble) => Err(trouble.to_string()),
        };
        let secrets = ground.witness.secrets();
        let description = described.map_err(|words| {
            let words = scrub::known(&words, &secrets);
            gone(ground, worker, &mut talk, &words);
            CallError::Ended(format!("the process of worker {worker:?} was ended: {words}"))
        })?;
        let pid = talk.child().pid();
        let process = Self {
            ground: ground.clone(),
            worker: worker.to_owned(),
            identity,
            description: Arc::new(description),
            paused,
            signals: SyncMutex::new(Some(pid)),
            talk: Mutex::new(State::Running(Box::new(talk))),
        };
        Ok(Arc::new(process))
    }

    /// What the app says it is.
    #[must_use]
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// The name under which the platform knows this very process.
    #[must_use]
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Stops the process where it stands (SIGSTOP); its time limit stops too.
    pub fn pause(&self) {
        self.paused.store(true, Ordering::SeqCst);
        self.signal(rustix::process::Signal::STOP);
    }

    /// Lets a stopped process go on (SIGCONT).
    pub fn resume(&self) {
        self.signal(rustix::process::Signal::CONT);
        self.paused.store(false, Ordering::SeqCst);
    }

    /// Kills the process where it stands (SIGKILL). Whoever waits for its answer learns of its death.
    pub fn kill(&self) {
        self.signal(rustix::process::Signal::KILL);
        self.paused.store(false, Ordering::SeqCst);
    }

    fn signal(&self, signal: rustix::process::Signal) {
        if let Some(group) = *self.signals.lock().unwrap_or_else(PoisonError::into_inner) {
            // It may be dead already; then there is nobody to signal.
            let _ = rustix::process::kill_process_group(group, signal);
        }
    }

    /// Tells the process to end, and waits until it has.
    ///
    /// # Errors
    /// When it does not end, ends badly or leaves processes behind; all of them are ended then.
    pub async fn shutdown(&self) -> Result<(), CallError> {
        let mut state = self.talk.lock().await;
        let State::Running(talk) = &mut *state else { return self.is_gone(&state).map(|_| ()) };
        let asked = json!({"now": stamp(self.ground.stage.clock.now())});
        let ended = match talk.call("shutdown", &asked, CALL_LIMIT).await {
            Ok(_) => talk.farewell().await,
            Err(trouble) => Err(trouble.to_string()),
        };
        let words = match &ended {
            Ok(()) => "it ended when it was told to".to_owned(),
            Err(words) => scrub::known(words, &self.ground.witness.secrets()),
        };
        self.ended(&mut state, &words);
        ended.map_err(|_| CallError::Ended(format!("the process of worker {:?}: {words}", self.worker)))
    }

    fn is_gone(&self, state: &State) -> Result<Value, CallError> {
        match state {
            State::Ended(how) => {
                Err(CallError::Ended(format!("the process of worker {:?}: {how}", self.worker)))
            }
            State::Running(_) => Ok(Value::Null),
        }
    }

    /// Ends the process and everything of it, and keeps how.
    fn ended(&self, state: &mut State, words: &str) {
        *self.signals.lock().unwrap_or_else(PoisonError::into_inner) = None;
        if let State::Running(talk) = state {
            gone(&self.ground, &self.worker, talk, words);
            self.ground.look(&self.description);
        }
        *state = State::Ended(words.to_owned());
    }

    /// Asks the process; what it answers is scrubbed of secrets.
    async fn ask(&self, method: &str, mut params: Value) -> Result<Value, CallError> {
        let mut state = self.talk.lock().await;
        let State::Running(talk) = &mut *state else { return self.is_gone(&state) };
        params["now"] = stamp(self.ground.stage.clock.now()).into();
        let outcome = talk.call(method, &params, CALL_LIMIT).await;
        let secrets = self.ground.witness.secrets();
        match outcome {
            Ok(answer) => {
                self.ground.look(&self.description);
                Ok(self.ground.scrubbed(answer, &format!("the answer to {method}")))
            }
            Err(Trouble::Refused(code, message)) => {
                self.ground.look(&self.description);
                Err(match code {
                    wire::NO_SUCH_METHOD => CallError::Unknown(method.to_owned()),
                    _ => {
                        let place = format!("the refusal of {method}");
                        let words = self.ground.scrubbed(message.into(), &place);
                        CallError::Refused(words.as_str().unwrap_or_default().to_owned())
                    }
                })
            }
            Err(trouble) => {
                let words = scrub::suspected(&trouble.to_string(), &secrets);
                self.ended(&mut state, &words);
                let error = format!("the process of worker {:?} was ended: {words}", self.worker);
                Err(match trouble {
                    Trouble::Silent { .. } | Trouble::Endless { .. } => CallError::Hung(error),
                    _ => CallError::Ended(error),
                })
            }
        }
    }

    /// Records what the app says it is.
    pub fn record_manifest(&self) {
        let description = &self.description;
        self.ground.record(Fact::ManifestRead {
            scopes: description.scopes.iter().map(|name| scope(name)).collect(),
            modules: description.modules.clone(),
            egress: description.egress.clone(),
            settings: description.required_settings.clone(),
        });
    }
}

/// What the process finds in its environment.
fn variables(ground: &Ground, identity: &str) -> [(&'static str, String); 7] {
    let stage = &ground.stage;
    let base = &stage.gateway_url;
    [
        ("GONOGO_PROTOCOL", describe::PROTOCOL.to_string()),
        ("GONOGO_INSTANCE", identity.to_owned()),
        ("GONOGO_JIRA_URL", format!("{base}/instance/{identity}")),
        ("GONOGO_TOKEN_URL", format!("{base}/instance/{identity}/oauth/token")),
        ("GONOGO_KVS_URL", format!("{base}/instance/{identity}/forge/storage/kvs/v1")),
        ("GONOGO_CLIENT_ID", stage.client_id.clone()),
        ("GONOGO_CLIENT_SECRET", stage.client_secret.expose_secret().to_owned()),
    ]
}

/// Ends a process and records how it came to its end and what it said on its standard error.
fn gone(ground: &Ground, worker: &str, talk: &mut Talk, how: &str) {
    let end = talk.child().end();
    let how = match end.left_behind {
        0 => how.to_owned(),
        left => format!("{how}; {left} of its own processes had left its group and were ended"),
    };
    let stderr = ground.scrubbed_errors(&talk.errors());
    ground.record(Fact::ProcessEnded { worker: worker.to_owned(), how, stderr });
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.talk.get_mut(), State::Running(_)) {
            let mut state = std::mem::replace(self.talk.get_mut(), State::Ended(String::new()));
            self.ended(&mut state, "gonogo ended it");
        }
    }
}
