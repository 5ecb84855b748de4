//! Whose turn it is to wait: time passes only when every running invocation waits for it, or is held by the
//! scenario, and then to the nearest moment that one of them waits for. So an app's waiting never overtakes
//! another's working.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::clock::{Clock, ManualClock};

use super::IsHeld;

/// The running invocations of one scenario. Clones are the same.
#[derive(Clone)]
pub(super) struct Turns {
    clock: ManualClock,
    held: IsHeld,
    runners: Arc<Mutex<Runners>>,
}

#[derive(Debug, Default)]
struct Runners {
    /// By instance: the moment that it waits for, in milliseconds since the epoch, if it waits.
    running: BTreeMap<String, Option<i64>>,
    paused: BTreeSet<String>,
}

/// An invocation's place among the running ones; dropping it gives it up.
pub(super) struct Place<'a> {
    turns: &'a Turns,
    instance: String,
}

impl fmt::Debug for Turns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turns").field("runners", &self.runners).finish_non_exhaustive()
    }
}

impl Turns {
    pub fn new(clock: ManualClock, held: IsHeld) -> Self {
        Self { clock, held, runners: Arc::default() }
    }

    /// An invocation begins in this instance.
    pub fn enter(&self, instance: &str) -> Place<'_> {
        self.lock().running.insert(instance.to_owned(), None);
        Place { turns: self, instance: instance.to_owned() }
    }

    /// The scenario stops an instance, or lets it go on.
    pub fn pause(&self, instance: &str, paused: bool) {
        let mut runners = self.lock();
        if paused {
            runners.paused.insert(instance.to_owned());
        } else {
            runners.paused.remove(instance);
        }
    }

    /// Lets time pass to the nearest moment waited for, if nobody is at work.
    pub fn pass(&self) {
        let nearest = {
            let runners = self.lock();
            let stands = |name: &String| runners.paused.contains(name) || (self.held)(name);
            if runners.running.iter().any(|(name, until)| until.is_none() && !stands(name)) {
                return;
            }
            runners.running.iter().filter(|(name, _)| !stands(name)).filter_map(|(_, until)| *until).min()
        };
        let Some(until) = nearest else { return };
        if let Ok(ms) = u64::try_from(until - self.clock.now().as_millisecond())
            && ms > 0
        {
            self.clock.advance(Duration::from_millis(ms));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Runners> {
        self.runners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place<'_> {
    /// The invocation waits for a moment, or works again.
    pub fn wait_for(&self, until: Option<i64>) {
        self.turns.lock().running.insert(self.instance.clone(), until);
        self.turns.pass();
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.turns.lock().running.remove(&self.instance);
        // Whoever is left may all be waiting.
        self.turns.pass();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    fn noon() -> ManualClock {
        ManualClock::new("2026-01-01T12:00:00Z".parse().expect("a time"))
    }

    #[test]
    fn time_passes_to_the_nearest_moment_once_everybody_waits() {
        let clock = noon();
        let start = clock.now().as_millisecond();
        let turns = Turns::new(clock.clone(), Arc::new(|_| false));
        let (first, second) = (turns.enter("a"), turns.enter("b"));
        first.wait_for(Some(start + 5_000));
        assert_eq!(clock.now().as_millisecond(), start, "b is at work");
        second.wait_for(Some(start + 1_000));
        assert_eq!(clock.now().as_millisecond(), start + 1_000);
        second.wait_for(None);
        turns.pass();
        assert_eq!(clock.now().as_millisecond(), start + 1_000, "b is at work again");
        drop(second);
        assert_eq!(clock.now().as_millisecond(), start + 5_000, "b is gone");
    }

    #[test]
    fn whoever_the_scenario_holds_or_pauses_does_not_keep_time_from_passing() {
        let clock = noon();
        let start = clock.now().as_millisecond();
        let held = Arc::new(AtomicBool::new(false));
        let asked = held.clone();
        let turns =
            Turns::new(clock.clone(), Arc::new(move |name| name == "b" && asked.load(Ordering::SeqCst)));
        let (first, _second) = (turns.enter("a"), turns.enter("b"));
        first.wait_for(Some(start + 10));
        held.store(true, Ordering::SeqCst);
        turns.pass();
        assert_eq!(clock.now().as_millisecond(), start + 10);
        held.store(false, Ordering::SeqCst);
        turns.pause("b", true);
        first.wait_for(Some(start + 20));
        assert_eq!(clock.now().as_millisecond(), start + 20);
        turns.pause("b", false);
        first.wait_for(Some(start + 30));
        assert_eq!(clock.now().as_millisecond(), start + 20);
    }
}
