//! The state machine: what follows from what was decided before, from the data, and from the time. The only maker of a
//! promotion.

use jiff::Timestamp;

use super::{
    Data, Decided, Decision, FileKind, Plan,
    weigh::{Watch, Weighed},
};

/// What a call comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was decided now.
    New(Decided),
    /// It was decided before, by the same files; or nothing can follow it.
    Again(Decided),
}

impl Answer {
    /// What is decided, whenever it was.
    #[must_use]
    pub fn decided(&self) -> &Decided {
        match self {
            Self::New(decided) | Self::Again(decided) => decided,
        }
    }
}

/// Before the reason for which a release that was let out is let out no more.
pub const OUT_NO_MORE: &str = "the release is let out no more: ";

/// Why nothing is decided.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The verdict is none that lets a release out.
    #[error("the release is not let out: {0}")]
    NotLetOut(String),
    /// A file that is given as the first step begins, and cannot be read: the steps behind could not be shown by such.
    #[error("a file cannot be read: {0}")]
    Unread(String),
    /// The plan watches nothing: whatever happens would look fine.
    #[error(
        "the release's policy names nothing to watch: expected `release.post_deploy`, or an objective with an error budget"
    )]
    NothingWatched,
    /// The time is before what was decided last.
    #[error("it is {at} here, and {last} was before that: the clock was set back")]
    ClockSetBack {
        /// Now.
        at: Timestamp,
        /// When the last thing was decided.
        last: Timestamp,
    },
    /// What was rehearsed goes on as a rollout, or the other way round.
    #[error("what is recorded is {}: start from another record", if *rehearsed { "a rehearsal" } else { "a rollout, not a rehearsal" })]
    Rehearsal {
        /// What is recorded.
        rehearsed: bool,
    },
}

/// The time, and whether it is made up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    /// The time.
    pub at: Timestamp,
    /// Whether it is made up.
    pub rehearsed: bool,
}

/// What follows. `past` is everything that was decided before, in order; `let_out` is why the release may not go out
/// now, if it may not.
///
/// # Errors
/// Nothing can be decided: nothing may be recorded, either.
pub fn rule(
    plan: &Plan,
    past: &[Decided],
    let_out: Result<(), &str>,
    data: &Data<'_>,
    when: When,
) -> Result<Answer, Refused> {
    let When { at, rehearsed } = when;
    if plan.watched.is_empty() || plan.steps.is_empty() {
        return Err(Refused::NothingWatched);
    }
    let Some(last) = past.last() else {
        let_out.map_err(|why| Refused::NotLetOut(why.to_owned()))?;
        if let Some(what) = data.unread().into_iter().next() {
            return Err(Refused::Unread(what));
        }
        return Ok(Answer::New(Decided {
            decision: Decision::Begin,
            files: data.named().to_vec(),
            from: at,
            measured: vec![],
            percent: plan.steps[0].percent.into(),
            rehearsed,
            step: 1,
            steps: plan.steps.len() as u64,
            to: at,
            why: vec!["the release is let out, and nothing was rolled out before".to_owned()],
        }));
    };
    if last.rehearsed != rehearsed {
        return Err(Refused::Rehearsal { rehearsed: last.rehearsed });
    }
    if at < last.to {
        return Err(Refused::ClockSetBack { at, last: last.to });
    }
    if last.decision.is_last() || same(last, data) {
        return Ok(Answer::Again(last.clone()));
    }
    let (step, since) = standing(past);
    let began = past[0].to;
    let weighed = Watch { plan, step, since, began, data, at }.weigh();
    Ok(Answer::New(follow(plan, step, since, weighed, let_out, data, when)))
}

/// The step that is being watched, from 0, and when it began.
fn standing(past: &[Decided]) -> (usize, Timestamp) {
    let moves = past.iter().filter(|one| matches!(one.decision, Decision::Begin | Decision::Promote));
    let since = moves.clone().next_back().map_or(Timestamp::MAX, |one| one.to);
    (moves.count().saturating_sub(1), since)
}

fn follow(
    plan: &Plan,
    step: usize,
    since: Timestamp,
    weighed: Weighed,
    let_out: Result<(), &str>,
    data: &Data<'_>,
    When { at, rehearsed }: When,
) -> Decided {
    let Weighed { missed, mut missing, measured } = weighed;
    missing.extend(let_out.err().map(|why| format!("{OUT_NO_MORE}{why}")));
    let is_last = step + 1 >= plan.steps.len();
    let (decision, next, why) = match (missed.is_empty(), missing.is_empty()) {
        (false, _) => (Decision::RollBack, step, missed),
        (true, false) => (Decision::Hold, step, missing),
        (true, true) => {
            let next = if is_last { step } else { step + 1 };
            let decision = if is_last { Decision::Done } else { Decision::Promote };
            (
                decision,
                next,
                vec!["everything that is watched was within its limits for the whole step".to_owned()],
            )
        }
    };
    let percent = plan.steps.get(next).map_or(0, |step| step.percent);
    Decided {
        decision,
        files: data.named().to_vec(),
        from: since,
        measured,
        percent: if decision == Decision::RollBack { 0 } else { percent.into() },
        rehearsed,
        step: next as u64 + 1,
        steps: plan.steps.len() as u64,
        to: at,
        why,
    }
}

/// Whether the data are those that the last decision rests on, wherever they lie now.
fn same(last: &Decided, data: &Data<'_>) -> bool {
    let contents = |named: &[super::Named]| {
        let mut contents: Vec<(FileKind, String)> =
            named.iter().map(|one| (one.kind, one.sha256.clone())).collect();
        contents.sort();
        contents
    };
    contents(&last.files) == contents(data.named())
}
