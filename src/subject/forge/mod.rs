//! An unmodified Forge app as a subject: its functions run in Node under the embedded bridge (`bridge/`), its
//! platform calls go to the mocked platform, and it sees the scenario's time only. `bundle` makes the app ready
//! once a run, `instance` is one Node process, `time` decides when waiting moves the clock. What the app did is
//! recorded by the mocked platform, never here.

mod bundle;
mod cache;
mod instance;
mod invocation;
mod node;
mod time;

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use secrecy::SecretString;
use serde_json::Value;

use crate::{
    clock::ManualClock,
    evidence::Fact,
    forge_app::{self, Manifest},
};

use bundle::Bundle;
use instance::{Instance, Reins};
use invocation::Order;
use time::Turns;

/// Why an app cannot be made ready to run.
#[derive(Debug, thiserror::Error)]
pub enum ForgeError {
    /// There is no Node, or none that answers.
    #[error(
        "Node 20 or newer is needed to run a Forge app, and {0}: install it so that `node --version` tells its version"
    )]
    NoNode(String),
    /// The Node that there is, is too old.
    #[error("Node 20 or newer is needed to run a Forge app; `node` is version {0}: install a newer one")]
    OldNode(String),
    /// The app's packages are not installed.
    #[error("the packages of the app are not installed: run npm install in {0}")]
    NoPackages(String),
    /// There is no esbuild, and it could not be got.
    #[error(
        "esbuild is needed to bundle the app and could not be installed ({0}): install npm, and run npm install --save-dev esbuild in the app's folder"
    )]
    NoEsbuild(String),
    /// The sources do not bundle; each line names file and line.
    #[error("the app cannot be bundled: {0}")]
    Bundle(String),
    /// A file or folder cannot be read or written.
    #[error("{0}")]
    File(String),
}

/// An app ready to be invoked; built once a run and shared by all scenarios.
#[derive(Debug)]
pub struct Deployment {
    manifest: Manifest,
    facts: Vec<Fact>,
    bundle: Bundle,
}

impl Deployment {
    /// Finds Node, bundles the handlers of all functions and writes the bridge down. A function whose file does
    /// not exist is left out: invoking it ends as [`InvocationEnd::LoadFailed`].
    ///
    /// # Errors
    /// As [`ForgeError`]. Runs Node, and npm when esbuild is found nowhere: blocks, with a limit for each.
    pub fn build(folder: &Path, manifest: Manifest) -> Result<Self, ForgeError> {
        let bundle = Bundle::make(folder, &manifest)?;
        let facts = forge_app::observe(folder, &manifest, &bundle.inputs);
        Ok(Self { manifest, facts, bundle })
    }

    /// The manifest that it was built by.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// That the app runs in another Node than its manifest names, in words.
    #[must_use]
    pub fn other_node(&self) -> Option<String> {
        self.bundle.node.other_than(&self.manifest.runtime)
    }

    /// The folder that the app lies in.
    pub fn folder(&self) -> &Path {
        &self.bundle.folder
    }

    /// The manifest, the package's own files, and the handlers.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let folder = &self.bundle.folder;
        let beside = [self.manifest.file.as_str(), "package.json", "package-lock.json"];
        let handlers = self.manifest.functions.iter().filter_map(|function| function.source(folder));
        beside.map(|name| folder.join(name)).into_iter().chain(handlers).collect()
    }

    /// What the app's folder shows: the manifest, what the sources hold, and what is amiss there.
    #[must_use]
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// Names of the calls that the sources define on their resolvers.
    pub fn resolver_calls(&self) -> impl Iterator<Item = &str> {
        let read = self.facts.iter().filter_map(|fact| match fact {
            Fact::SourceRead { resolvers, .. } => Some(resolvers),
            _ => None,
        });
        read.flatten().map(String::as_str)
    }

    /// What the bundler had to remark, a line each.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.bundle.warnings
    }
}

/// What calls a function.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// A scheduled trigger of the manifest.
    Scheduled {
        /// Its key.
        key: String,
    },
    /// An event trigger of the manifest.
    Event {
        /// Its key.
        key: String,
        /// The event as the product sends it.
        event: Value,
    },
    /// A resolver, as the app's user interface calls it.
    Resolver {
        /// Key of the function.
        function: String,
        /// Name of the call.
        call: String,
        /// Its payload.
        payload: Value,
        /// Who looks at the page.
        account: Option<String>,
    },
    /// A consumer of a queue.
    Consumer {
        /// Its key.
        key: String,
        /// `body` of the event that was pushed.
        body: Value,
        /// What the platform says of the deliveries before this one; null at the first.
        retry: Value,
    },
}

/// A tenant's installation of the app, as one invocation sees it.
#[derive(Clone, Debug)]
pub struct Installation {
    /// Id of the site.
    pub cloud_id: String,
    /// Id of the installation.
    pub installation_id: String,
    /// The system's bearer for this one invocation.
    pub token: SecretString,
}

/// Finds a tenant's installation; asked once for each invocation.
pub type FindInstallation = Arc<dyn Fn(&str) -> Option<Installation> + Send + Sync>;
/// Tells whether a request of this instance is held by the scenario.
pub type IsHeld = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// What the instances of one scenario stand on.
#[derive(Clone)]
pub struct Ground {
    /// Where the mocked platform listens, without a slash at the end.
    pub base_url: String,
    /// The scenario's time.
    pub clock: ManualClock,
    /// Who is installed.
    pub installation: FindInstallation,
    /// Which instances the scenario holds at the platform: time may pass without them.
    pub held: IsHeld,
    /// How long, in real time, an instance may give no sign of life before it is killed.
    pub patience: Duration,
}

impl Ground {
    /// Ground on which the scenario holds nobody.
    #[must_use]
    pub fn new(base_url: &str, clock: ManualClock, installation: FindInstallation) -> Self {
        let (base_url, held) = (base_url.to_owned(), Arc::new(|_: &str| false));
        Self { base_url, clock, installation, held, patience: Duration::from_secs(20) }
    }
}

impl fmt::Debug for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ground").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

/// A line that an invocation wrote.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct LogLine {
    /// `log`, `info`, `warn`, `error`, `debug`, `trace`, `stdout` or `stderr`.
    pub level: String,
    /// Without the line break; cut when very long.
    pub text: String,
}

/// How an invocation ended.
#[derive(Clone, Debug, PartialEq)]
pub enum InvocationEnd {
    /// The handler returned this.
    Returned(Value),
    /// The handler threw, or its promise was rejected.
    Threw {
        /// The error's class, for instance `TypeError`.
        name: String,
        /// Its message.
        message: String,
        /// `file:line` in the app's own source, where that can be told.
        at: Option<String>,
    },
    /// The handler could not be loaded, or there is none.
    LoadFailed {
        /// Why.
        message: String,
        /// `file:line` in the app's own source, where that can be told.
        at: Option<String>,
    },
    /// It did not end within its limit, in virtual time.
    TimedOut {
        /// The limit, in seconds.
        after_s: u64,
    },
    /// Its instance ended before it did.
    Died {
        /// How, in words.
        how: String,
    },
}

/// What came of an invocation.
#[derive(Clone, Debug, PartialEq)]
pub struct Invoked {
    /// The instance that it ran in, for instance `instance-1`.
    pub instance: String,
    /// How it ended.
    pub end: InvocationEnd,
    /// What it wrote, in order.
    pub logs: Vec<LogLine>,
    /// How many calls of the platform it made.
    pub calls: usize,
    /// How many of them had no answer when the handler returned: the platform freezes an instance there, and
    /// what it was at is finished with the next invocation or never.
    pub unfinished: usize,
}

/// The instances of one scenario. Dropping it ends all of them, with whatever they started.
#[derive(Debug)]
pub struct Instances {
    deployment: Arc<Deployment>,
    ground: Ground,
    turns: Turns,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    started: usize,
    idle: BTreeMap<String, Instance>,
    /// All that live, the busy ones included.
    reins: BTreeMap<String, Reins>,
}

impl Instances {
    /// No instance yet: each is started when first needed.
    #[must_use]
    pub fn new(deployment: Arc<Deployment>, ground: Ground) -> Self {
        let turns = Turns::new(ground.clock.clone(), ground.held.clone());
        Self { deployment, ground, turns, known: Mutex::default() }
    }

    /// What runs here.
    #[must_use]
    pub fn deployment(&self) -> &Arc<Deployment> {
        &self.deployment
    }

    /// Runs what the trigger calls, in an idle instance or in a new one. Calls at the same time use different
    /// instances. Time passes as the app waits, once every running invocation waits.
    pub async fn invoke(&self, tenant: &str, trigger: &Trigger) -> Invoked {
        self.run(None, tenant, trigger).await
    }

    /// Runs what the trigger calls in the instance of this name, which is started when there is none. An
    /// instance does one thing at a time: when it is busy, this invocation ends as [`InvocationEnd::Died`].
    pub async fn invoke_on(&self, name: &str, tenant: &str, trigger: &Trigger) -> Invoked {
        self.run(Some(name), tenant, trigger).await
    }

    async fn run(&self, name: Option<&str>, tenant: &str, trigger: &Trigger) -> Invoked {
        let ended = |end| Invoked {
            instance: name.unwrap_or("no instance").to_owned(),
            end,
            logs: vec![],
            calls: 0,
            unfinished: 0,
        };
        let order = match Order::new(&self.deployment, &self.ground, tenant, trigger) {
            Ok(order) => order,
            Err(message) => return ended(InvocationEnd::LoadFailed { message, at: None }),
        };
        let mut instance = match self.take(name) {
            Ok(instance) => instance,
            Err(how) => return ended(InvocationEnd::Died { how }),
        };
        let invoked = instance.run(order, &self.ground, &self.turns).await;
        let mut known = self.lock();
        if instance.is_sound() && known.reins.contains_key(&invoked.instance) {
            known.idle.insert(invoked.instance.clone(), instance);
        } else {
            known.reins.remove(&invoked.instance);
        }
        invoked
    }

    /// Takes an instance out for an invocation, the named one or any; starts it when there is none.
    fn take(&self, name: Option<&str>) -> Result<Instance, String> {
        let mut known = self.lock();
        let name = match name {
            Some(name) => name.to_owned(),
            None => known.idle.keys().next().cloned().unwrap_or_else(|| known.fresh_name()),
        };
        if let Some(instance) = known.idle.remove(&name) {
            return Ok(instance);
        }
        if known.reins.contains_key(&name) {
            return Err(format!("{name} is busy already"));
        }
        let instance = Instance::start(&name, &self.deployment, &self.ground)
            .map_err(|error| format!("Node cannot be started: {error}"))?;
        known.reins.insert(name, instance.reins());
        Ok(instance)
    }

    /// Kills an instance where it stands, as the platform may at any moment; its invocation ends as
    /// [`InvocationEnd::Died`]. Returns whether there was such an instance.
    pub fn kill(&self, name: &str) -> bool {
        let mut known = self.lock();
        known.idle.remove(name);
        known.reins.remove(name).inspect(Reins::kill).is_some()
    }

    /// Stops an instance as a suspended container stands still: nothing of it runs until [`Instances::resume`].
    /// Returns whether there was such an instance.
    pub fn pause(&self, name: &str) -> bool {
        self.turns.pause(name, true);
        self.lock().reins.get(name).inspect(|reins| reins.pause()).is_some()
    }

    /// Lets a stopped instance go on. Returns whether there was such an instance.
    pub fn resume(&self, name: &str) -> bool {
        self.turns.pause(name, false);
        self.lock().reins.get(name).inspect(|reins| reins.resume()).is_some()
    }

    /// Names of the instances that live.
    pub fn names(&self) -> Vec<String> {
        self.lock().reins.keys().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn fresh_name(&mut self) -> String {
        loop {
            self.started += 1;
            let name = format!("instance-{}", self.started);
            if !self.reins.contains_key(&name) {
                return name;
            }
        }
    }
}
