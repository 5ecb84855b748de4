//! What workers do at the same time: work that goes on beside the scenario, and where a worker is held, let
//! go or killed.

use std::{collections::VecDeque, future::Future};

use super::{Answer, Running, Step, World};
use crate::{
    evidence::Fact,
    scenario::failure::Failure,
    subject::barrier::{Action, Barrier},
};

impl World {
    /// Lets a worker begin something; the scenario goes on beside it.
    ///
    /// # Errors
    /// When it is busy already.
    pub fn begin_work(&mut self, worker: &str, work: impl Future<Output = Answer> + Send + 'static) -> Step {
        if self.running.contains_key(worker) {
            return Err(Failure::new(format!("worker {worker:?} is busy already")));
        }
        let (barriers, name) = (self.scene()?.stage.barriers.clone(), worker.to_owned());
        let work = async move { barriers.pausable(&name, work).await };
        let running = Running { worker: worker.to_owned(), task: tokio::task::spawn(work) };
        self.running.insert(worker.to_owned(), running);
        Ok(())
    }

    /// Waits for what a worker began.
    ///
    /// # Errors
    /// When it began nothing.
    pub async fn finish_work(&mut self, worker: &str) -> Result<Answer, Failure> {
        let running = self.running.remove(worker);
        let running = running.ok_or_else(|| Failure::new(format!("worker {worker:?} began nothing")))?;
        let lost = |e| Failure::new(format!("worker {:?} was lost: {e}", running.worker));
        let answer = running.task.await.map_err(lost)?;
        // A write that the worker no longer waits for may still be on its way to the store.
        self.scene()?.stage.sent.arrived(worker).await;
        Ok(answer)
    }

    /// Keeps what a worker's call came to, for the steps that look at it.
    pub fn remember_answer(&mut self, worker: &str, answer: Answer) {
        self.answers.insert(worker.to_owned(), answer);
    }

    /// What the worker's last call came to.
    ///
    /// # Errors
    /// When it made none.
    pub fn last_answer(&self, worker: &str) -> Result<&Answer, Failure> {
        self.answers.get(worker).ok_or_else(|| Failure::new(format!("worker {worker:?} was asked nothing")))
    }

    /// What the worker's last call answered.
    ///
    /// # Errors
    /// When it made none, or was refused.
    pub fn answer(&self, worker: &str) -> Result<&serde_json::Value, Failure> {
        self.last_answer(worker)?.as_ref().map_err(|e| Failure::new(format!("worker {worker:?} got: {e}")))
    }

    /// Arms a barrier at which the worker will be held, behind those that it has yet to leave.
    ///
    /// # Errors
    /// As [`World::scene`].
    pub fn hold(&mut self, worker: &str, action: Action, key_part: &str) -> Step {
        let barrier = self.scene()?.stage.barriers.arm(worker, action, key_part);
        self.barriers.entry(worker.to_owned()).or_default().push_back(barrier);
        Ok(())
    }

    /// Waits until the worker stands at its barrier.
    ///
    /// # Errors
    /// When none was armed for it, or its work ended without reaching it.
    pub async fn wait_held(&mut self, worker: &str) -> Step {
        let barrier = self.barrier(worker)?.clone();
        let Some(running) = self.running.get_mut(worker) else {
            return Err(Failure::new(format!("worker {worker:?} began nothing")));
        };
        tokio::select! {
            () = barrier.reached() => {}
            _ = &mut running.task => {
                self.running.remove(worker);
                return Err(Failure::new(format!("worker {worker:?} never came to {:?}", barrier.name())));
            }
        }
        self.record(Fact::WorkerPaused { worker: worker.to_owned(), barrier: barrier.name() })
    }

    /// Lets a held worker go on.
    ///
    /// # Errors
    /// When it is not held.
    pub fn release(&mut self, worker: &str) -> Step {
        self.barrier(worker)?.release();
        self.barriers.entry(worker.to_owned()).or_default().pop_front();
        self.record(Fact::WorkerResumed { worker: worker.to_owned() })
    }

    /// Kills a held worker where it stands: nothing of it runs any more.
    ///
    /// # Errors
    /// When it is not held.
    pub async fn crash(&mut self, worker: &str) -> Step {
        let held = self.barrier(worker)?.clone();
        let barrier = held.name();
        self.barriers.remove(worker);
        self.kill(worker, &barrier).await?;
        // What it had sent and not yet got through dies with it.
        held.kill();
        Ok(())
    }

    /// Kills a busy worker that is held at `place`, be it on the platform's side: nothing of it runs any more.
    ///
    /// # Errors
    /// As [`World::scene`].
    pub async fn kill(&mut self, worker: &str, place: &str) -> Step {
        if let Some(running) = self.running.remove(worker) {
            running.task.abort();
            // Aborted where it waits: the task ends before anything else of it runs.
            let _ = running.task.await;
        }
        self.forget_worker(worker)?;
        self.record(Fact::WorkerCrashed { worker: worker.to_owned(), barrier: place.to_owned() })
    }

    fn barrier(&self, worker: &str) -> Result<&Barrier, Failure> {
        self.barriers
            .get(worker)
            .and_then(VecDeque::front)
            .ok_or_else(|| Failure::new(format!("no barrier was armed for {worker:?}")))
    }
}
