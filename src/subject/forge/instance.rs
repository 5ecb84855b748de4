//! One instance: a Node process that runs one invocation at a time under the bridge, in a process group of its
//! own. Speaks JSON-RPC with it, a message a line; kills it, and whatever it started, when it is dropped.

use std::{
    collections::VecDeque,
    io,
    process::Stdio,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    time::{Instant, sleep_until},
};

use super::{
    Deployment, Ground, InvocationEnd, Invoked, LogLine,
    invocation::{Order, Said},
    time::{Place, Turns},
};
use crate::clock::Clock;

/// Most memory of an instance in MiB: what Forge gives a function at most, and what Node itself takes.
const MEMORY_MIB: u32 = 1_024 + 256;
/// How much of what Node itself says is kept, for the words about its death.
const LAST_WORDS_BYTES: usize = 4_096;
/// How many lines past the bridge are kept.
const STRAYS: usize = 100;
/// How many times its patience an invocation may take in real time.
const PATIENCE_IN_ALL: u32 = 15;
/// How often an instance that waits looks whether those at work are held by now, in real time.
const LOOK: Duration = Duration::from_millis(2);

/// Holds an instance from outside: kills it, stops it, lets it go on.
#[derive(Clone, Debug)]
pub(super) struct Reins(Arc<Mutex<Process>>);

#[derive(Debug)]
struct Process {
    /// The group; `None` once it is gone, so that nobody else's is ever struck.
    group: Option<Pid>,
    killed: bool,
    paused: bool,
    /// When it was last let go on.
    resumed: Option<Instant>,
}

impl Reins {
    pub fn kill(&self) {
        let mut process = self.lock();
        process.killed = true;
        process.signal(Signal::KILL);
    }

    pub fn pause(&self) {
        let mut process = self.lock();
        process.paused = true;
        process.signal(Signal::STOP);
    }

    pub fn resume(&self) {
        let mut process = self.lock();
        process.paused = false;
        process.resumed = Some(Instant::now());
        process.signal(Signal::CONT);
    }

    fn lock(&self) -> MutexGuard<'_, Process> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Process {
    /// Until when it may be silent because the scenario stops or stopped it.
    fn excused(&self, patience: Duration) -> Option<Instant> {
        let now = Instant::now();
        let since = if self.paused { Some(now) } else { self.resumed };
        since.map(|since| since + patience).filter(|until| *until > now)
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            // The group may be gone already: then there is nothing left to do.
            let _ = kill_process_group(group, signal);
        }
    }
}

/// One Node process. Dropping it kills its whole group.
pub(super) struct Instance {
    name: String,
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    last_words: Arc<Mutex<VecDeque<u8>>>,
    reins: Reins,
    sound: bool,
    /// What the bridge must be told before anything else.
    unsent: String,
}

impl std::fmt::Debug for Instance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Instance").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What one conversation with an instance keeps in mind.
struct Talk<'a> {
    ground: &'a Ground,
    turns: &'a Turns,
    place: Place<'a>,
    /// Number of the request that `invoke` is; nobody in the instance can guess it.
    request: String,
    /// The bridge's request for time that is not answered yet: its number and the moment.
    waiting: Option<(Value, i64)>,
    strays: Vec<LogLine>,
}

impl Instance {
    /// Starts Node under the bridge; returns at once. Its environment is empty but for what Node itself needs.
    pub fn start(name: &str, deployment: &Deployment, ground: &Ground) -> io::Result<Self> {
        let bundle = &deployment.bundle;
        let mut command = Command::new(&bundle.node.path);
        command
            .args(["--no-addons", "--no-warnings"])
            .args(heap_flag())
            .arg(bundle.bridge.main())
            .env_clear()
            .envs([("TZ", "UTC"), ("NODE_ENV", "production"), ("LANG", "en_US.UTF-8")])
            .env("TMPDIR", bundle.bridge.scratch())
            .current_dir(bundle.bridge.scratch())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        let mut child = command.spawn()?;
        let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        bound_memory(group)?;
        let piped = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = piped else {
            return Err(io::Error::other("a pipe is missing"));
        };
        let last_words = Arc::<Mutex<VecDeque<u8>>>::default();
        tokio::spawn(keep_last_words(stderr, last_words.clone()));
        Ok(Self {
            name: name.to_owned(),
            child,
            stdin,
            stdout: BufReader::with_capacity(64 * 1024, stdout),
            last_words,
            reins: Reins(Arc::new(Mutex::new(Process {
                group,
                killed: false,
                paused: false,
                resumed: None,
            }))),
            sound: true,
            unsent: format!("{}\n", introduction(name, deployment, ground)),
        })
    }

    /// Holds the instance from outside.
    pub fn reins(&self) -> Reins {
        self.reins.clone()
    }

    /// Whether it can run another invocation.
    pub fn is_sound(&self) -> bool {
        self.sound
    }

    /// Runs one invocation to its end.
    pub async fn run(&mut self, order: Order, ground: &Ground, turns: &Turns) -> Invoked {
        let mut talk = Talk {
            ground,
            turns,
            place: turns.enter(&self.name),
            request: uuid::Uuid::now_v7().to_string(),
            waiting: None,
            strays: vec![],
        };
        let message =
            json!({"jsonrpc": "2.0", "id": talk.request, "method": "invoke", "params": order.params});
        let said = self.converse(&message, &mut talk).await;
        let mut logs = std::mem::take(&mut talk.strays);
        let instance = self.name.clone();
        match said {
            Ok(mut said) => {
                // The app may have spent time that the clock does not know of yet.
                let ahead = u64::try_from(said.now - ground.clock.now().as_millisecond()).unwrap_or(0);
                if ahead > 0 {
                    ground.clock.advance(Duration::from_millis(ahead));
                }
                logs.append(&mut said.logs);
                let (calls, unfinished) = (said.calls, said.unfinished);
                let (end, sound) = said.end(order.limit);
                self.sound = sound;
                Invoked { instance, end, logs, calls, unfinished }
            }
            Err(how) => {
                self.sound = false;
                Invoked { instance, end: InvocationEnd::Died { how }, logs, calls: 0, unfinished: 0 }
            }
        }
    }

    /// Sends `message` and answers the bridge until it says the end, or dies in the words of the error.
    async fn converse(&mut self, message: &Value, talk: &mut Talk<'_>) -> Result<Said, String> {
        let mut moves = talk.ground.clock.moves();
        let unsent = std::mem::take(&mut self.unsent);
        self.send(&format!("{unsent}{message}\n")).await;
        let patience = talk.ground.patience;
        let mut ends = Instant::now() + patience * PATIENCE_IN_ALL;
        let mut silent_until = Instant::now() + patience;
        let mut line = vec![];
        loop {
            tokio::select! {
                read = self.stdout.read_until(b'\n', &mut line) => {
                    if !matches!(read, Ok(bytes) if bytes > 0) {
                        return Err(self.epitaph().await);
                    }
                    silent_until = Instant::now() + patience;
                    let read = std::mem::take(&mut line);
                    if let Some(said) = self.heard(&read, talk).await? {
                        return Ok(said);
                    }
                }
                _ = moves.changed() => self.tell_time(talk).await,
                () = tokio::time::sleep(LOOK), if talk.waiting.is_some() => {
                    talk.turns.pass();
                    self.tell_time(talk).await;
                }
                () = sleep_until(silent_until.min(ends)) => {
                    if let Some(later) = self.reins.lock().excused(patience) {
                        silent_until = later;
                        ends = ends.max(later);
                        continue;
                    }
                    self.bury();
                    let now = Instant::now();
                    let (how, seconds) = if now >= ends {
                        ("it ran on without an end and without waiting", patience * PATIENCE_IN_ALL)
                    } else {
                        ("it kept Node's only thread busy without a pause", patience)
                    };
                    return Err(format!("{how} for {} s of real time", seconds.as_secs()));
                }
            }
        }
    }

    /// Takes a line from the instance; the end, when it says the end.
    async fn heard(&mut self, line: &[u8], talk: &mut Talk<'_>) -> Result<Option<Said>, String> {
        let text = String::from_utf8_lossy(line);
        let text = text.trim();
        let message = serde_json::from_str::<Value>(text).ok().filter(|m| m["jsonrpc"] == "2.0");
        let Some(mut message) = message else {
            if !text.is_empty() && talk.strays.len() < STRAYS {
                talk.strays
                    .push(LogLine { level: "stdout".to_owned(), text: text.chars().take(4_000).collect() });
            }
            return Ok(None);
        };
        if message["method"] == "wait" {
            let until = message["params"]["until"].as_f64().unwrap_or_default().ceil() as i64;
            talk.waiting = Some((message["id"].take(), until));
            talk.place.wait_for(Some(until));
            self.tell_time(talk).await;
            return Ok(None);
        }
        if message["id"] != talk.request.as_str() {
            return Ok(None);
        }
        let said = serde_json::from_value(message["result"].take());
        said.map(Some).map_err(|error| format!("the bridge cannot be understood: {error}"))
    }

    /// Tells the bridge what time it is: as the answer to its request when the moment has come, else by the way.
    async fn tell_time(&mut self, talk: &mut Talk<'_>) {
        let now = talk.ground.clock.now().as_millisecond();
        match talk.waiting.take() {
            Some((id, until)) if until <= now => {
                talk.place.wait_for(None);
                let answer = json!({"jsonrpc": "2.0", "id": id, "result": {"now": now}});
                self.send(&format!("{answer}\n")).await;
            }
            Some(waiting) => talk.waiting = Some(waiting),
            None => {
                let news = json!({"jsonrpc": "2.0", "method": "clock", "params": {"now": now}});
                self.send(&format!("{news}\n")).await;
            }
        }
    }

    async fn send(&mut self, text: &str) {
        // An instance that is gone shows by the end of its output.
        let _ = self.stdin.write_all(text.as_bytes()).await;
    }

    /// Kills the whole group; nothing of it is struck again.
    fn bury(&mut self) {
        let mut process = self.reins.lock();
        process.signal(Signal::KILL);
        process.group = None;
    }

    /// How the process ended, in words.
    async fn epitaph(&mut self) -> String {
        let killed = self.reins.lock().killed;
        self.bury();
        let status = self.child.wait().await;
        if killed {
            return "it was killed".to_owned();
        }
        let how = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        let words = self.last_words.lock().unwrap_or_else(PoisonError::into_inner);
        let words: Vec<u8> = words.iter().copied().collect();
        let words = String::from_utf8_lossy(&words);
        let telling = words.lines().rev().find(|l| l.contains("FATAL") || l.contains("Error"));
        match telling {
            Some(line) => format!("Node ended ({how}): {}", line.trim()),
            None => format!("Node ended ({how})"),
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.bury();
    }
}

/// Bounds the memory of a process from outside: a heap given as a flag makes V8 compile all of Node anew, which
/// takes longer than everything else of a start.
#[cfg(target_os = "linux")]
fn bound_memory(process: Option<Pid>) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, prlimit};
    let most = Some(u64::from(MEMORY_MIB) << 20);
    // Without a number it would be gonogo's own limit.
    let Some(process) = process else { return Ok(()) };
    prlimit(Some(process), Resource::Data, Rlimit { current: most, maximum: most })?;
    Ok(())
}

#[cfg(target_os = "linux")]
fn heap_flag() -> Option<String> {
    None
}

#[cfg(not(target_os = "linux"))]
fn bound_memory(_: Option<Pid>) -> io::Result<()> {
    Ok(())
}

/// Where no limit can be set from outside, the flag it is.
#[cfg(not(target_os = "linux"))]
fn heap_flag() -> Option<String> {
    Some(format!("--max-old-space-size={MEMORY_MIB}"))
}

/// Tells the bridge what app it runs.
fn introduction(name: &str, deployment: &Deployment, ground: &Ground) -> Value {
    let (manifest, bundle) = (&deployment.manifest, &deployment.bundle);
    json!({"jsonrpc": "2.0", "method": "start", "params": {
        "instance": name,
        "baseUrl": ground.base_url,
        "bundle": bundle.file,
        "folder": bundle.folder,
        "appId": manifest.app_id.rsplit('/').next().unwrap_or_default(),
        "appVersion": "1.0.0",
        "environmentId": "11111111-1111-4111-8111-111111111111",
        "permissions": {
            "scopes": manifest.scopes,
            "external": {"fetch": {"backend": manifest.egress, "client": manifest.client_egress}},
        },
        "externalAuth": [],
        "egress": manifest.egress,
        "now": ground.clock.now().as_millisecond(),
    }})
}

/// Reads what Node writes past the bridge to the end, and keeps the last of it.
async fn keep_last_words(mut stderr: ChildStderr, kept: Arc<Mutex<VecDeque<u8>>>) {
    let mut chunk = [0; 1_024];
    while let Ok(bytes @ 1..) = stderr.read(&mut chunk).await {
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(&chunk[..bytes]);
        let surplus = kept.len().saturating_sub(LAST_WORDS_BYTES);
        kept.drain(..surplus);
    }
}
