//! When data cover a step. They do when all of this holds of each metric's samples since the step began:
//!
//! * the first is at most the slack after the begin,
//! * the last is at or after the end of the step's minutes,
//! * the last is at most the slack before now: what was fine an hour ago says nothing of now,
//! * no two neighbours are further apart than the slack.
//!
//! The slack is a quarter of the step's minutes, and five minutes at most. A NaN is no sample; a sample of the step's
//! very begin, or from before it, belongs to what was before. A sample of the future is of another clock: with one, no
//! data cover anything.

use jiff::{SignedDuration, Timestamp};

/// The longest slack.
const LONGEST_SLACK: SignedDuration = SignedDuration::from_mins(5);
/// How far the clocks of two machines may be apart before data are of the future.
pub const SKEW: SignedDuration = SignedDuration::from_secs(60);

/// A time span: behind `from`, up to and with `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Excluded.
    pub from: Timestamp,
    /// Included.
    pub to: Timestamp,
}

impl Window {
    /// Whether a time is within; clocks that are a little ahead are not.
    #[must_use]
    pub fn has(&self, at: Timestamp) -> bool {
        self.from < at && at <= self.to
    }
}

/// How long something may be silent within so many minutes.
#[must_use]
pub fn slack(minutes: u32) -> SignedDuration {
    LONGEST_SLACK.min(SignedDuration::from_secs(i64::from(minutes) * 15))
}

/// When samples were taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The first.
    pub first: Timestamp,
    /// The last.
    pub last: Timestamp,
    /// After which sample the longest silence began, and how long it was.
    pub gap: (Timestamp, SignedDuration),
}

impl Coverage {
    /// Of times in any order; `None` without one.
    #[must_use]
    pub fn of(mut times: Vec<Timestamp>) -> Option<Self> {
        times.sort_unstable();
        let (first, last) = (*times.first()?, *times.last()?);
        let gaps = times.windows(2).map(|two| (two[0], two[1].duration_since(two[0])));
        // The first of the longest, so that it reads the same everywhere.
        let gap = gaps.rev().max_by_key(|(_, gap)| *gap).unwrap_or((first, SignedDuration::ZERO));
        Some(Self { first, last, gap })
    }

    /// What of a window is not covered, in words; `due` is when its minutes are over.
    #[must_use]
    pub fn complaint(&self, window: Window, due: Timestamp, slack: SignedDuration) -> Option<String> {
        let Self { first, last, gap: (silent_from, gap) } = *self;
        let allowed = spoken(slack);
        if first.duration_since(window.from) > slack {
            let from = window.from;
            return Some(format!("its first sample is of {first}, more than {allowed} after {from}"));
        }
        if gap > slack {
            return Some(format!("it is silent for {} from {silent_from} on, {allowed} may be", spoken(gap)));
        }
        if window.to.duration_since(last) > slack {
            let to = window.to;
            return Some(format!("its last sample is of {last}, more than {allowed} before {to}"));
        }
        (last < due).then(|| format!("its last sample is of {last}, before {due}"))
    }
}

/// A time after another, by minutes; the last time that there is where there is no such time.
#[must_use]
pub fn later(at: Timestamp, minutes: u32) -> Timestamp {
    at.checked_add(SignedDuration::from_mins(minutes.into())).unwrap_or(Timestamp::MAX)
}

/// A time before another, by minutes.
#[must_use]
pub fn earlier(at: Timestamp, minutes: u32) -> Timestamp {
    at.checked_sub(SignedDuration::from_mins(minutes.into())).unwrap_or(Timestamp::MIN)
}

/// A duration as people write it.
#[must_use]
pub fn spoken(duration: SignedDuration) -> String {
    match (duration.as_secs(), duration.subsec_nanos()) {
        (seconds, 0) if seconds % 60 == 0 => format!("{} min", seconds / 60),
        (seconds, 0) => format!("{seconds} s"),
        _ => format!("{:.3} s", duration.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn data_cover_a_step_from_its_begin_past_its_end_up_to_now_without_a_silence() {
        let every = |from: i64, to: i64, step: usize| (from..=to).step_by(step).collect::<Vec<_>>();
        let without = |from: i64, to: i64| {
            every(60, 3660, 60).into_iter().filter(|at| !(from..=to).contains(at)).collect::<Vec<_>>()
        };
        // A step of an hour from 0 on, so that the slack is 300 s; now is 3660.
        for (times, now, says) in [
            (every(60, 3660, 60), 3660, None),
            (every(300, 3660, 300).into_iter().chain([3660]).collect(), 3660, None),
            (every(60, 3600, 60), 3660, None),
            (every(60, 3600, 60), 3900, None),
            (every(301, 3660, 60), 3660, Some("its first sample is of 1970-01-01T00:05:01Z")),
            (every(60, 3599, 60), 3660, Some("its last sample is of 1970-01-01T00:59:00Z, before")),
            (every(60, 3600, 60), 3901, Some("more than 5 min before 1970-01-01T01:05:01Z")),
            (without(1200, 1439), 3660, None),
            (without(1200, 1440), 3660, Some("it is silent for 6 min from 1970-01-01T00:19:00Z on")),
            (every(60, 1800, 60), 3660, Some("more than 5 min before")),
            (vec![3660], 3660, Some("its first sample is of")),
            (vec![1, 3660], 3660, Some("it is silent for")),
        ] {
            let coverage = Coverage::of(times.iter().rev().map(|second| at(*second)).collect()).unwrap();
            let said = coverage.complaint(Window { from: at(0), to: at(now) }, at(3600), slack(60));
            assert_eq!(said.is_some(), says.is_some(), "{times:?}: {said:?}");
            assert!(said.unwrap_or_default().contains(says.unwrap_or_default()), "{says:?}");
        }
        assert_eq!(Coverage::of(vec![]), None);
    }

    #[test]
    fn the_slack_is_a_quarter_of_a_step_and_five_minutes_at_most() {
        for (minutes, seconds) in [(1, 15), (4, 60), (20, 300), (60, 300), (100_000, 300)] {
            assert_eq!(slack(minutes), SignedDuration::from_secs(seconds), "{minutes}");
        }
    }
}
