//! Time that a scenario can drive. Everything in gonogo that waits, expires or stamps asks a `Clock`;
//! the machine's own clock is read here and nowhere else.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::watch;

/// A point on a clock that only runs forward and counts suspend, comparable within one boot alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uptime {
    /// Milliseconds since the boot.
    pub ms: i64,
    /// Which boot: readings of two boots must not be compared.
    pub boot: Arc<str>,
}

/// Where time comes from.
///
/// `now` is for people and protocols (it can be stepped by an operator); `uptime` is for leases and
/// deadlines (it cannot).
#[async_trait]
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// Wall-clock time, UTC.
    fn now(&self) -> Timestamp;

    /// Forward-only time, suspend included (`CLOCK_BOOTTIME`).
    fn uptime(&self) -> Uptime;

    /// Waits on one's own account: a backoff, a `Retry-After`. A driven clock jumps there at once.
    async fn sleep(&self, duration: Duration);

    /// Resolves once `duration` has passed by somebody else's doing: the limit on a call that may hang.
    /// A driven clock never jumps for it.
    async fn deadline(&self, duration: Duration);

    /// Lets others work for a moment before something is looked at again. Real time on every clock, and
    /// too short to matter; a driven clock does not move for it.
    async fn breathe(&self) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// The machine's clock.
#[derive(Debug)]
pub struct SystemClock {
    boot: Arc<str>,
}

impl SystemClock {
    /// Reads the boot id once. Where the system has none, each process counts as a boot of its own,
    /// which voids leases too eagerly and never too late.
    #[must_use]
    pub fn new() -> Self {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
            .map(|id| id.trim().to_owned())
            .unwrap_or_else(|_| format!("process-{}", std::process::id()));
        Self { boot: boot.into() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "the one home of the wall clock")]
        Timestamp::now()
    }

    fn uptime(&self) -> Uptime {
        #[cfg(target_os = "linux")]
        let id = rustix::time::ClockId::Boottime;
        #[cfg(not(target_os = "linux"))]
        let id = rustix::time::ClockId::Monotonic;
        let time = rustix::time::clock_gettime(id);
        Uptime { ms: time.tv_sec * 1_000 + time.tv_nsec / 1_000_000, boot: self.boot.clone() }
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    async fn deadline(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// A clock that moves only when told: the time of a scenario. Clones share the same time.
#[derive(Clone, Debug)]
pub struct ManualClock {
    reading: Arc<Mutex<Reading>>,
    moved: watch::Sender<i64>,
    boot: Arc<str>,
}

#[derive(Debug)]
struct Reading {
    wall_ms: i64,
    uptime_ms: i64,
}

impl ManualClock {
    /// A clock that stands at `start`, one hour after its boot.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        let uptime_ms = 3_600_000;
        Self {
            reading: Arc::new(Mutex::new(Reading { wall_ms: start.as_millisecond(), uptime_ms })),
            moved: watch::Sender::new(uptime_ms),
            boot: "manual".into(),
        }
    }

    /// Lets time pass: wall clock and uptime together.
    pub fn advance(&self, duration: Duration) {
        let ms = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let uptime_ms = {
            let mut reading = self.lock();
            reading.wall_ms = reading.wall_ms.saturating_add(ms);
            reading.uptime_ms = reading.uptime_ms.saturating_add(ms);
            reading.uptime_ms
        };
        self.moved.send_replace(uptime_ms);
    }

    /// Moves the wall clock alone, as an operator or NTP does; negative goes back.
    pub fn step_wall(&self, by_ms: i64) {
        let uptime_ms = {
            let mut reading = self.lock();
            reading.wall_ms = reading.wall_ms.saturating_add(by_ms);
            reading.uptime_ms
        };
        self.moved.send_replace(uptime_ms);
    }

    /// Tells of every move of the clock, a step of the wall clock included.
    #[must_use]
    pub fn moves(&self) -> watch::Receiver<i64> {
        self.moved.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, Reading> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.lock().wall_ms).unwrap_or(Timestamp::MAX)
    }

    fn uptime(&self) -> Uptime {
        Uptime { ms: self.lock().uptime_ms, boot: self.boot.clone() }
    }

    async fn sleep(&self, duration: Duration) {
        self.advance(duration);
        // Whoever waited for this moment gets to run before the sleeper goes on.
        tokio::task::yield_now().await;
    }

    async fn deadline(&self, duration: Duration) {
        let ms = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let due = self.lock().uptime_ms.saturating_add(ms);
        let mut moved = self.moved.subscribe();
        // The sender lives in `self`, which outlives this borrow: waiting cannot fail.
        let _ = moved.wait_for(|now| *now >= due).await;
    }
}

/// A worker's clock that runs ahead of or behind the true one by a constant; the uptime is shared.
#[derive(Clone, Debug)]
pub struct SkewedClock<C> {
    /// The true clock.
    pub inner: C,
    /// How far this one is ahead, in milliseconds; negative is behind.
    pub ahead_ms: i64,
}

#[async_trait]
impl<C: Clock> Clock for SkewedClock<C> {
    fn now(&self) -> Timestamp {
        let ms = self.inner.now().as_millisecond().saturating_add(self.ahead_ms);
        Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX)
    }

    fn uptime(&self) -> Uptime {
        self.inner.uptime()
    }

    async fn sleep(&self, duration: Duration) {
        self.inner.sleep(duration).await;
    }

    async fn deadline(&self, duration: Duration) {
        self.inner.deadline(duration).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    fn noon() -> ManualClock {
        ManualClock::new("2026-01-01T12:00:00Z".parse().expect("a time"))
    }

    #[tokio::test]
    async fn a_sleeper_on_a_manual_clock_moves_time_and_a_deadline_does_not() {
        let clock = noon();
        let mut deadline = Box::pin(clock.deadline(Duration::from_secs(30)));
        assert!(deadline.as_mut().now_or_never().is_none());
        clock.sleep(Duration::from_secs(29)).await;
        assert!(deadline.as_mut().now_or_never().is_none());
        clock.sleep(Duration::from_secs(1)).await;
        deadline.await;
        assert_eq!(clock.now().to_string(), "2026-01-01T12:00:30Z");
    }

    #[test]
    fn stepping_the_wall_clock_leaves_the_uptime_alone() {
        let clock = noon();
        let before = clock.uptime();
        clock.step_wall(-3_600_000);
        assert_eq!(clock.now().to_string(), "2026-01-01T11:00:00Z");
        assert_eq!(clock.uptime(), before);
    }
}
