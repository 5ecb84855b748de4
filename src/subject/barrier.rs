//! Barriers: where a worker is held on an observed event, so that a race, a pause or a crash happens at
//! that event and not "about then".

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
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

    /// What the barrier waits for, in words.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{:?} {}", self.moment.action, self.moment.key_part)
    }
}

/// All barriers of a scenario, armed in order: a moment takes the first armed one that fits.
#[derive(Clone, Debug, Default)]
pub struct Barriers(Arc<Mutex<VecDeque<Barrier>>>);

impl Barriers {
    /// Arms a barrier for the next such moment.
    #[must_use]
    pub fn arm(&self, worker: &str, action: Action, key_part: &str) -> Barrier {
        let barrier = Barrier {
            moment: Moment { worker: worker.to_owned(), action, key_part: key_part.to_owned() },
            state: watch::Sender::new(State::Armed),
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(barrier.clone());
        barrier
    }

    /// Holds the worker if a barrier waits for this moment.
    pub async fn pass(&self, worker: &str, action: Action, key: &str) {
        let barrier = {
            let mut armed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let fits = armed.iter().position(|b| {
                b.moment.worker == worker && b.moment.action == action && key.contains(&b.moment.key_part)
            });
            fits.and_then(|index| armed.remove(index))
        };
        if let Some(barrier) = barrier {
            let mut state = barrier.state.subscribe();
            barrier.state.send_if_modified(|s| {
                let armed = *s == State::Armed;
                if armed {
                    *s = State::Reached;
                }
                armed
            });
            let _ = state.wait_for(|s| *s == State::Released).await;
        }
    }
}
