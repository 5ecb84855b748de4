//! How a step says that it does not hold, and how the runner learns of it. A panic that is none of ours is
//! told apart and located.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    fmt, panic,
    sync::Once,
};

use crate::evidence::Outcome;

/// Why a step did not hold. Steps return it, or leave by [`fail`] and [`pending`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What becomes of the scenario; never `Passed`.
    pub outcome: Outcome,
    /// What was seen instead, for people.
    pub message: String,
}

impl Failure {
    /// A step that saw something else than it states.
    pub fn new(message: impl Into<String>) -> Self {
        Self::of(Outcome::Failed, message)
    }

    /// A step that found nothing to look at: what it states was not shown.
    pub fn not_exercised(what: &str) -> Self {
        Self::of(Outcome::Pending, format!("not exercised: {what}"))
    }

    pub(super) fn of(outcome: Outcome, message: impl Into<String>) -> Self {
        Self { outcome, message: message.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // cucumber's macros turn an `Err` into a panic that carries only this text; the typed failure
        // waits beside it, so that the runner can tell the two apart.
        RAISED.with(|raised| *raised.borrow_mut() = Some(self.clone()));
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}

impl From<&str> for Failure {
    fn from(message: &str) -> Self {
        Self::new(message)
    }
}

/// Ends the step: it saw something else than it states.
pub fn fail(message: impl Into<String>) -> ! {
    panic::resume_unwind(Box::new(Failure::new(message)))
}

/// Ends the step: it cannot be judged yet.
pub fn pending(message: impl Into<String>) -> ! {
    panic::resume_unwind(Box::new(Failure::of(Outcome::Pending, message)))
}

thread_local! {
    static RAISED: RefCell<Option<Failure>> = const { RefCell::new(None) };
    static PANICKED_AT: RefCell<Option<String>> = const { RefCell::new(None) };
    static IN_SCENARIO: Cell<bool> = const { Cell::new(false) };
}

/// Makes panics of this thread quiet and remembers where they were; other threads keep their hook.
pub(super) fn watch_this_thread() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if IN_SCENARIO.get() {
                let at = info.location().map(|at| format!("{}:{}", at.file(), at.line()));
                PANICKED_AT.with(|place| *place.borrow_mut() = at);
            } else {
                before(info);
            }
        }));
    });
    IN_SCENARIO.set(true);
}

/// Forgets what an earlier step of this thread left.
pub(super) fn forget() {
    RAISED.with(|raised| raised.borrow_mut().take());
    PANICKED_AT.with(|place| place.borrow_mut().take());
}

/// What a caught panic means.
pub(super) fn of_panic(payload: &(dyn Any + Send)) -> Failure {
    if let Some(failure) = payload.downcast_ref::<Failure>() {
        return failure.clone();
    }
    let text = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied());
    let raised = RAISED.with(|raised| raised.borrow_mut().take());
    if let Some(failure) = raised.filter(|failure| text == Some(&failure.message)) {
        return failure;
    }
    // What cucumber's macros make of an argument that the step's function cannot take.
    if let Some((name, kind)) = text.and_then(|text| text.split_once(" can not be parsed to ")) {
        let kind = kind.split(':').next().unwrap_or_default();
        return Failure::new(format!("the step's argument `{name}` is no {kind}, or out of its range"));
    }
    let place = PANICKED_AT.with(|place| place.borrow_mut().take());
    let place = place.map(|place| format!(" at {place}")).unwrap_or_default();
    Failure::of(Outcome::Panicked, format!("panicked{place}: {}", text.unwrap_or("(no message)")))
}
