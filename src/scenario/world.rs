//! What one attempt at a scenario works with: its own time, mocked Jira, store, workers and log. Nothing in
//! it outlives the attempt, and no two attempts share anything.

mod forge;
mod process;
mod work;

pub use forge::Forge;

use std::{
    any::{Any, TypeId},
    collections::{BTreeMap, HashMap, VecDeque},
    fmt,
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use tokio::task::JoinHandle;

use super::failure::Failure;
use crate::{
    app::transport::HttpTransport,
    baseline::Baseline,
    clock::{Clock, ManualClock},
    evidence::{Fact, Planned, Recorder, Source},
    mock_jira::{Front, FrontKind, Options, Platform, TenantSpec},
    store::{Store, sqlite::SqliteStore},
    subject::{
        CallError, Canaries, Consent, Stage, Subject, Target,
        barrier::Barrier,
        character::Character,
        fault::Fault,
        process::{Ground, Process},
        reference::{Difference, Reference},
    },
};

/// When every scenario begins: a Monday, at noon, so that windows have whole days before and after.
const BEGINNING: &str = "2026-01-05T12:00:00Z";

/// What a step returns.
pub type Step = Result<(), Failure>;

/// A call of a Forge app's resolvers that lists in pages, and the names that it uses: in its payload `limit`
/// and `cursor`, in its answer `items`, `has_more` and `next_cursor`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Name of the call.
    pub call: String,
    /// The items.
    pub items: String,
    /// Whether more follow.
    pub has_more: String,
    /// Cursor of the next page.
    pub next_cursor: String,
    /// Page size.
    pub limit: String,
    /// Cursor of the page that is asked for.
    pub cursor: String,
}

/// What all scenarios of a run share.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Of the mocked Jira's data.
    pub seed: u64,
    /// What is under test.
    pub subject: Target,
    /// How a Forge app lists in pages, where it does.
    pub listing: Option<Listing>,
    /// What its released version is, if that is known.
    pub baseline: Option<Arc<Baseline>>,
    /// What the mocked Jira listens with; a scenario tagged `@socket` always gets the socket.
    pub front: FrontKind,
    /// How the reference app is broken, if it is.
    pub planted: Option<&'static Fault>,
}

/// The state of one attempt.
#[derive(cucumber::World)]
#[world(init = Self::blank)]
pub struct World {
    scene: Option<Scene>,
    notes: HashMap<TypeId, Box<dyn Any>>,
    running: BTreeMap<String, Running>,
    barriers: BTreeMap<String, VecDeque<Barrier>>,
    answers: BTreeMap<String, Answer>,
}

/// What a worker's last call came to.
pub type Answer = Result<serde_json::Value, CallError>;

/// The ground of one attempt.
pub struct Scene {
    /// Shared by the run.
    pub setup: Arc<Setup>,
    /// The attempt's time.
    pub clock: ManualClock,
    /// The mocked Jira behind its front.
    pub platform: Platform,
    /// What the workers stand on.
    pub stage: Stage,
    /// Dropping it takes the platform off the wire.
    _front: Front,
    /// What processes stand on, when processes are under test.
    ground: Ground,
    /// What a Forge app runs in, when one is under test.
    forge: Option<Forge>,
    workers: BTreeMap<String, Worker>,
}

/// A running worker of whatever is under test.
#[derive(Clone)]
enum Worker {
    Reference(Arc<Reference>),
    Process(Arc<Process>),
}

/// Something that a worker does while the scenario goes on.
struct Running {
    worker: String,
    task: JoinHandle<Answer>,
}

impl World {
    fn blank() -> Self {
        Self {
            scene: None,
            notes: HashMap::new(),
            running: BTreeMap::new(),
            barriers: BTreeMap::new(),
            answers: BTreeMap::new(),
        }
    }

    /// Builds the attempt's own world; called before the first step.
    ///
    /// # Errors
    /// What could not be built.
    pub async fn begin(
        &mut self,
        setup: Arc<Setup>,
        planned: &Planned,
        ordinal: usize,
        _attempt: u32,
    ) -> Result<(), String> {
        let beginning: Timestamp = BEGINNING.parse().map_err(|e| format!("the beginning of time: {e}"))?;
        let clock = ManualClock::new(beginning);
        let stamps = clock.clone();
        let recorder = Recorder::new(ordinal, move || stamps.now());
        let passing = clock.clone();
        let platform = Platform::new(Options {
            recorder: Some(recorder.clone()),
            pass_time: Some(Arc::new(move |duration| passing.advance(duration))),
            ..Options::new(setup.seed, Arc::new(clock.clone()), vec![])
        });
        let below_http = planned.tags.iter().any(|tag| tag == "socket");
        // A process may be held in the middle of a request, and the other front serves one at a time.
        let below_http = below_http || matches!(setup.subject, Target::Process(_) | Target::Forge(_));
        let kind = if below_http { FrontKind::Socket } else { setup.front };
        let front = Front::start(kind, platform.clone(), 0).await.map_err(|e| e.to_string())?;
        let store: Arc<dyn Store> =
            Arc::new(SqliteStore::in_memory(Arc::new(clock.clone())).map_err(|e| e.to_string())?);
        let transport = HttpTransport::new(Arc::new(clock.clone())).map_err(|e| e.to_string())?;
        let (client_id, client_secret) = platform.client();
        let stage = Stage {
            recorder,
            seed: setup.seed,
            clock: clock.clone(),
            store,
            transport: Arc::new(transport),
            gateway_url: front.url().to_owned(),
            token_url: format!("{}/oauth/token", front.url()),
            client_id,
            client_secret,
            canaries: Canaries::default(),
            troubles: crate::subject::seam::trouble::Troubles::default(),
            gauge: crate::subject::seam::gauge::Gauge::default(),
            barriers: crate::subject::barrier::Barriers::default(),
            sent: crate::subject::seam::sent::Sent::default(),
            starts: crate::subject::seam::ids::Starts::default(),
        };
        let ground = process::ground(&stage, &platform);
        let forge = match &setup.subject {
            Target::Forge(deployment) => Some(Forge::new(deployment, front.url(), (&clock, &platform))),
            _ => None,
        };
        let workers = BTreeMap::new();
        self.scene = Some(Scene { setup, clock, platform, stage, _front: front, ground, forge, workers });
        Ok(())
    }

    /// The attempt's log; an empty one before it began.
    #[must_use]
    pub fn recorder(&self) -> Recorder {
        match &self.scene {
            Some(scene) => scene.stage.recorder.clone(),
            None => Recorder::new(0, || Timestamp::UNIX_EPOCH),
        }
    }

    /// Takes the world down; called after the last step, whatever happened.
    pub async fn end(&mut self) {
        for (_, running) in std::mem::take(&mut self.running) {
            running.task.abort();
        }
        self.scene = None;
    }

    /// The ground of this attempt.
    ///
    /// # Errors
    /// When the world was not begun, which only the runner can cause.
    pub fn scene(&self) -> Result<&Scene, Failure> {
        self.scene.as_ref().ok_or_else(|| Failure::new("the world was not begun"))
    }

    /// What the steps of one group remember between them: any type of their own.
    pub fn notes<T: Default + 'static>(&mut self) -> &mut T {
        let note = self.notes.entry(TypeId::of::<T>()).or_insert_with(|| Box::<T>::default());
        match note.downcast_mut() {
            Some(note) => note,
            // Stored under its own type two lines above.
            None => unreachable!("a note lies under the id of its type"),
        }
    }

    // --- the site -------------------------------------------------------------------------------

    /// Adds a Jira site with a canary of its own.
    ///
    /// # Errors
    /// When there is such a site already.
    pub fn add_site(&mut self, mut spec: TenantSpec) -> Step {
        let scene = self.scene()?;
        let mark = format!("canary-{:08x}", fnv(&spec.id) ^ scene.setup.seed as u32);
        scene.stage.canaries.plant(&spec.id, &mark);
        spec.canary = Some(mark);
        scene.platform.add_tenant(&spec).map_err(|e| Failure::new(e.to_string()))
    }

    /// Takes a fact down as the scenario's own.
    ///
    /// # Errors
    /// As [`World::scene`].
    pub fn record(&self, fact: Fact) -> Step {
        self.scene()?.stage.recorder.record(Source::Scenario, fact);
        Ok(())
    }

    /// Lets time pass.
    ///
    /// # Errors
    /// As [`World::scene`].
    pub fn pass(&self, duration: Duration) -> Step {
        self.scene()?.clock.advance(duration);
        self.record(Fact::TimePassed { ms: i64::try_from(duration.as_millis()).unwrap_or(i64::MAX) })
    }

    // --- the workers ----------------------------------------------------------------------------

    /// The worker of this name, whatever is under test; it is started when first asked for.
    ///
    /// # Errors
    /// When it cannot be started; and as [`World::scene`].
    pub async fn subject(&mut self, name: &str) -> Result<Arc<dyn Subject>, Failure> {
        match &self.scene()?.setup.subject {
            Target::Reference => Ok(self.worker(name)?),
            Target::Process(_) => Ok(self.process(name).await?),
            Target::Forge(_) => {
                Err(Failure::new("this step drives an app by its operations, and a Forge app has triggers"))
            }
        }
    }

    /// The worker of this name of the reference app; it is started when first asked for.
    ///
    /// # Errors
    /// When another app is under test; and as [`World::scene`].
    pub fn worker(&mut self, name: &str) -> Result<Arc<Reference>, Failure> {
        self.worker_with(name, &Difference::default())
    }

    /// The worker of this name, started with a difference when first asked for.
    ///
    /// # Errors
    /// As [`World::worker`].
    pub fn worker_with(&mut self, name: &str, difference: &Difference) -> Result<Arc<Reference>, Failure> {
        let scene = self.scene.as_mut().ok_or_else(|| Failure::new("the world was not begun"))?;
        if !matches!(scene.setup.subject, Target::Reference) {
            return Err(Failure::new("this step is about the reference app, which is not under test here"));
        }
        if let Some(Worker::Reference(worker)) = scene.workers.get(name) {
            return Ok(worker.clone());
        }
        let worker = Reference::start(&scene.stage, name, difference, scene.setup.planted);
        if scene.workers.is_empty() {
            worker.record_manifest();
            worker.record_baseline().map_err(|e| Failure::new(format!("the baseline: {e}")))?;
        }
        scene.workers.insert(name.to_owned(), Worker::Reference(worker.clone()));
        Ok(worker)
    }

    /// Forgets a worker, as when its process is gone; the next one of this name starts afresh.
    ///
    /// # Errors
    /// As [`World::scene`].
    pub fn forget_worker(&mut self, name: &str) -> Step {
        let scene = self.scene.as_mut().ok_or_else(|| Failure::new("the world was not begun"))?;
        scene.workers.remove(name);
        Ok(())
    }

    /// What an administrator of the tenant grants right now: what the app asks for.
    ///
    /// # Errors
    /// When there is no such site.
    pub fn consent(&self, tenant: &str) -> Result<Consent, Failure> {
        let asked = self.scene()?.workers.values().next().map(|worker| match worker {
            Worker::Reference(worker) => worker.scopes().to_vec(),
            Worker::Process(process) => process.description().scopes.clone(),
        });
        match (asked, &self.scene()?.setup.subject) {
            (Some(scopes), _) => self.consent_to(tenant, &scopes),
            (None, Target::Reference) => self.consent_to(tenant, &Character::of_reference_app().scopes),
            (None, _) => Err(Failure::new("no worker runs that could ask for consent")),
        }
    }

    /// What an administrator of the tenant grants when asked for these scopes.
    ///
    /// # Errors
    /// When there is no such site.
    pub fn consent_to(&self, tenant: &str, scopes: &[String]) -> Result<Consent, Failure> {
        let platform = &self.scene()?.platform;
        let credentials = platform.consent(tenant, scopes).map_err(|e| Failure::new(e.to_string()))?;
        Ok(Consent {
            cloud_id: credentials.cloud_id,
            access_token: credentials.access_token,
            refresh_token: credentials.refresh_token,
            expires_in_s: 3600,
            scopes: credentials.scopes,
        })
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("World")
    }
}

/// A small number that depends on every byte of a text (FNV-1a): canaries differ by tenant.
fn fnv(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
