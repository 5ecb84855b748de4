//! Barriers: where a worker is held on an observed event, so that a race, a pause or a crash happens at
//! that event and not "about then".

use std::{
    collections::VecDeque,
    future::{Future, poll_fn},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
};

use tokio::sync::watch;

/// An event at the seam between an app and its store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Which worker.
    pub worker: String,
    /// What it is about to do, or has just done.
    pub action: Action,
    /// A part of the key that it does it to.
    pub key_part: String,
}

/// What a worker does at its store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is about to read the key (or scan around it).
    BeforeRead,
    /// It has read the key and has not seen the answer yet.
    AfterRead,
    /// It is about to commit a transaction that writes the key.
    BeforeWrite,
    /// The transaction is committed, and the worker does not know it yet.
    AfterWrite,
}

/// A hold that waits for its moment, then holds the worker until it is released.
#[derive(Clone, Debug)]
pub struct Barrier {
    moment: Moment,
    state: watch::Sender<State>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Armed,
    Reached,
    Released,
    Dead,
}

/// Whether whoever came to a moment lives to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// It goes on.
    Open,
    /// It was killed there: what it was about to do never happens.
    Dead,
}

impl Barrier {
    /// Waits until the worker stands at the barrier.
    pub async fn reached(&self) {
        let mut state = self.state.subscribe();
        // The sender is `self.state`: it cannot be gone.
        let _ = state.wait_for(|s| *s != State::Armed).await;
    }

    /// Lets the worker go on.
    pub fn release(&self) {
        self.state.send_replace(State::Released);
    }

    /// Kills whoever stands here.
    pub fn kill(&self) {
        self.state.send_replace(State::Dead);
    }

    async fn left(&self) -> Passage {
        let mut state = self.state.subscribe();
        // The sender is `self.state`: it cannot be gone.
        match state.wait_for(|s| matches!(s, State::Released | State::Dead)).await.as_deref() {
            Ok(State::Dead) => Passage::Dead,
            _ => Passage::Open,
        }
    }

    /// What the barrier waits for, in words.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{:?} {}", self.moment.action, self.moment.key_part)
    }
}

/// All barriers of a scenario, armed in order: a moment takes the first armed one that fits.
#[derive(Clone, Debug, Default)]
pub struct Barriers(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    armed: VecDeque<Barrier>,
    standing: Vec<Barrier>,
}

impl Barriers {
    /// Arms a barrier for the next such moment.
    #[must_use]
    pub fn arm(&self, worker: &str, action: Action, key_part: &str) -> Barrier {
        let barrier = Barrier {
            moment: Moment { worker: worker.to_owned(), action, key_part: key_part.to_owned() },
            state: watch::Sender::new(State::Armed),
        };
        self.lock().armed.push_back(barrier.clone());
        barrier
    }

    /// Holds the worker if a barrier waits for this moment.
    pub async fn pass(&self, worker: &str, action: Action, key: &str) -> Passage {
        let barrier = {
            let mut known = self.lock();
            let fits = known.armed.iter().position(|b| {
                b.moment.worker == worker && b.moment.action == action && key.contains(&b.moment.key_part)
            });
            let barrier = fits.and_then(|index| known.armed.remove(index));
            known.standing.extend(barrier.clone());
            barrier
        };
        let Some(barrier) = barrier else { return Passage::Open };
        barrier.state.send_if_modified(|s| {
            let armed = *s == State::Armed;
            if armed {
                *s = State::Reached;
            }
            armed
        });
        barrier.left().await
    }

    /// Runs what a worker does. While the worker is held nothing of it runs, its time limits included: it is
    /// a process that was stopped, not one that waits.
    pub async fn pausable<T>(&self, worker: &str, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            if let Some(barrier) = self.standing(worker) {
                barrier.left().await;
            }
            let ran = poll_fn(|context| match self.standing(worker) {
                Some(_) => Poll::Ready(None),
                None => work.as_mut().poll(context).map(Some),
            });
            if let Some(result) = ran.await {
                return result;
            }
        }
    }

    fn standing(&self, worker: &str) -> Option<Barrier> {
        let mut known = self.lock();
        known.standing.retain(|barrier| matches!(*barrier.state.borrow(), State::Armed | State::Reached));
        known.standing.iter().find(|barrier| barrier.moment.worker == worker).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
