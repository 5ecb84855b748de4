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
            return Bounded::OutOfTime;
        }
        tokio::select! {
            // Work that is done is done, even if its time is up at the same moment.
            biased;
            ended = &mut work => {
                return ended.map_or_else(|panic| Bounded::Panicked(message(&*panic)), Bounded::Returned);
            }
            () = clock.deadline(left) => {}
        }
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}
