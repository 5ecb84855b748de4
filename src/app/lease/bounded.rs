//! Runs work under a lease: catches its panic, and stops it when its time is up. It never prolongs a lease
//! by itself; only progress of the work does.

use std::{any::Any, panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt;

use crate::clock::Clock;

/// How bounded work ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bounded<T> {
    /// It returned.
    Returned(T),
    /// It panicked, with this message.
    Panicked(String),
    /// Its time was up; it was dropped where it waited.
    OutOfTime,
}

/// Runs `work` until it ends or `remaining` is zero. `remaining` is asked again whenever the time that it
/// last named has passed, so progress that prolonged the lease counts.
pub async fn bounded<T>(
    clock: &dyn Clock,
    remaining: impl Fn() -> Duration,
    work: impl Future<Output = T>,
) -> Bounded<T> {
    let mut work = std::pin::pin!(AssertUnwindSafe(work).catch_unwind());
    loop {
        let left = remaining();
        if left.is_zero() {
            // Work that is done is done, even if its time is up at the same moment.
            return work.as_mut().now_or_never().map_or(Bounded::OutOfTime, ended);
        }
        tokio::select! {
            // The time runs from before the work goes on, so it is the first to be asked.
            biased;
            () = clock.deadline(left) => {}
            returned = &mut work => return ended(returned),
        }
    }
}

fn ended<T>(returned: Result<T, Box<dyn Any + Send>>) -> Bounded<T> {
    returned.map_or_else(|panic| Bounded::Panicked(message(&*panic)), Bounded::Returned)
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}
