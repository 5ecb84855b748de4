//! Processes under test as workers of a scenario: where they come from, what gonogo sees of their storage, and
//! how they are stopped, let go on and killed in the middle of what they do.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use secrecy::SecretString;
use serde_json::Value;

use super::{Scene, Step, Target, Worker, World};
use crate::{
    evidence::{Fact, Source},
    mock_jira::{Barrier, Held, Moment, Platform},
    scenario::failure::Failure,
    subject::{
        Stage,
        process::{Ground, Process, Witness},
    },
};

/// What processes of this scenario stand on.
pub(super) fn ground(stage: &Stage, platform: &Platform) -> Ground {
    Ground::new(stage.clone(), Arc::new(Sight { platform: platform.clone(), tokens: Mutex::default() }))
}

/// What the mocked platform shows of an app.
#[derive(Debug)]
struct Sight {
    platform: Platform,
    /// Tenant → the bearer for its storage: one for the whole scenario.
    tokens: Mutex<BTreeMap<String, SecretString>>,
}

impl Witness for Sight {
    fn stored(&self, tenant: &str) -> Vec<(String, Value)> {
        self.platform.stored_keys(tenant).unwrap_or_default()
    }

    fn names(&self, tenant: &str) -> Vec<String> {
        self.platform.names(tenant).unwrap_or_default()
    }

    fn storage_token(&self, tenant: &str) -> Option<SecretString> {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if !tokens.contains_key(tenant) {
            // Good for the app's own storage, and for nothing of Jira's.
            tokens.insert(tenant.to_owned(), self.platform.system_token(tenant, &[]).ok()?);
        }
        tokens.get(tenant).cloned()
    }

    fn secrets(&self) -> Vec<SecretString> {
        self.platform.issued_secrets()
    }
}

/// Where workers will be stopped: each worker's barriers, in the order in which they were armed.
#[derive(Default)]
struct Stops(BTreeMap<String, VecDeque<(Barrier, String)>>);

impl World {
    /// The process of this name; it is started when first asked for.
    ///
    /// # Errors
    /// When it cannot be started, or no process is under test.
    pub async fn process(&mut self, name: &str) -> Result<Arc<Process>, Failure> {
        let scene = self.scene()?;
        if let Some(Worker::Process(process)) = scene.workers.get(name) {
            return Ok(process.clone());
        }
        let Target::Process(program) = &scene.setup.subject else {
            return Err(Failure::new("this step is about a process, and none is under test"));
        };
        let (ground, program) = (scene.ground.clone(), program.clone());
        let process =
            Process::start(&ground, &program, name).await.map_err(|e| Failure::new(e.to_string()))?;
        // Each instance says what it is; one that asks for more than the others has asked for it.
        process.record_manifest();
        let scene = self.scene_mut()?;
        if scene.ground.first_worker()
            && let Some(baseline) = &scene.setup.baseline
        {
            scene.stage.recorder.record(Source::Scenario, baseline.fact());
        }
        scene.workers.insert(name.to_owned(), Worker::Process(process.clone()));
        Ok(process)
    }

    fn scene_mut(&mut self) -> Result<&mut Scene, Failure> {
        self.scene.as_mut().ok_or_else(|| Failure::new("the world was not begun"))
    }

    /// What processes asked of tenants for whom no call was open, in words.
    ///
    /// # Errors
    /// As [`World::scene`].
    pub fn strays(&self) -> Result<Vec<String>, Failure> {
        Ok(self.scene()?.ground.strays())
    }

    /// Will stop a process before or after a request of it is done; `place` says where, in words.
    ///
    /// # Errors
    /// As [`World::process`].
    pub async fn stop_at(&mut self, worker: &str, moment: Moment, held: Held, place: String) -> Step {
        let process = self.process(worker).await?;
        let barrier = self.scene()?.platform.hold(process.identity(), moment, held);
        self.notes::<Stops>().0.entry(worker.to_owned()).or_default().push_back((barrier, place));
        Ok(())
    }

    fn stop_of(&mut self, worker: &str) -> Result<(Barrier, String), Failure> {
        let stop = self.notes::<Stops>().0.get(worker).and_then(VecDeque::front).cloned();
        stop.ok_or_else(|| Failure::new(format!("worker {worker:?} was to be stopped nowhere")))
    }

    /// Waits until the process came to the place where it is to be stopped, and stops it there.
    ///
    /// # Errors
    /// When it is to be stopped nowhere, or its work ended without coming there.
    pub async fn wait_stopped(&mut self, worker: &str) -> Step {
        let (barrier, place) = self.stop_of(worker)?;
        let Some(running) = self.running.get_mut(worker) else {
            return Err(Failure::new(format!("worker {worker:?} began nothing")));
        };
        tokio::select! {
            () = barrier.wait_reached() => {}
            ended = &mut running.task => {
                self.running.remove(worker);
                let how = match ended {
                    Ok(Ok(answer)) => format!("answered {answer}"),
                    Ok(Err(error)) => error.to_string(),
                    Err(error) => error.to_string(),
                };
                return Err(Failure::new(format!("worker {worker:?} never came to {place:?}: it {how}")));
            }
        }
        self.process(worker).await?.pause();
        self.record(Fact::WorkerPaused { worker: worker.to_owned(), barrier: place })
    }

    /// Lets a stopped process go on, and waits for what it began.
    ///
    /// # Errors
    /// When it is not stopped.
    pub async fn go_on(&mut self, worker: &str) -> Step {
        let (barrier, _) = self.stop_of(worker)?;
        self.notes::<Stops>().0.entry(worker.to_owned()).or_default().pop_front();
        self.record(Fact::WorkerResumed { worker: worker.to_owned() })?;
        barrier.release();
        self.process(worker).await?.resume();
        let answer = self.finish_work(worker).await?;
        self.remember_answer(worker, answer);
        Ok(())
    }

    /// Kills a stopped process; the next one of its name is a new one.
    ///
    /// # Errors
    /// When it is not stopped.
    pub async fn kill_there(&mut self, worker: &str) -> Step {
        let (barrier, place) = self.stop_of(worker)?;
        self.notes::<Stops>().0.remove(worker);
        self.process(worker).await?.kill();
        // What it had asked for and was not done dies with it.
        barrier.kill();
        self.kill(worker, &place).await
    }
}
