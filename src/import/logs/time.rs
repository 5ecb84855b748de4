//! When a log was written: from its first entry with a time to its last. Times are kept as they stand there and read
//! once, at the end; where a log is read within bounds, each is read, and tells whether its entry counts.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use super::{LogReport, entry::Entry};
use crate::import::SKEW;

/// The first and the last time of a log.
#[derive(Default)]
pub(super) struct Window {
    first: Option<Timestamp>,
    text: String,
    epoch: Option<f64>,
    last: Option<Timestamp>,
    ended: Option<(Timestamp, Timestamp)>,
    bounds: Option<(Timestamp, Timestamp)>,
    /// Of the newest entry that counts.
    second: i64,
    written: Written,
}

/// When the entries of a log were written that is read within bounds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Seconds since 1970 in which entries within the bounds were written: each once, in their order.
    pub seconds: Vec<i64>,
    /// The same of the entries that say something of a metric, by its name.
    pub told: BTreeMap<&'static str, Vec<i64>>,
    /// Entries without a time that can be read: they are left out.
    pub untimed: u64,
    /// The newest entry of all, whatever the bounds.
    pub newest: Option<Timestamp>,
}

impl Written {
    /// Whether an entry of this time counts.
    fn take(&mut self, at: Option<Timestamp>, (from, to): (Timestamp, Timestamp)) -> bool {
        let Some(at) = at else {
            self.untimed += 1;
            return false;
        };
        self.newest = self.newest.max(Some(at));
        let is_within = from < at && at <= to;
        let second = at.as_second();
        // Logs are mostly in order: most entries are of the second before, or of a new one.
        if is_within && self.seconds.last() != Some(&second) {
            self.seconds.push(second);
        }
        is_within
    }
}

impl Window {
    /// Counts entries behind the one time, up to and with the other, alone.
    pub fn within(&mut self, from: Timestamp, to: Timestamp) {
        self.bounds = Some((from, to));
    }

    /// Whether the entry counts.
    pub fn see(&mut self, entry: &Entry) -> bool {
        self.note(entry);
        match self.bounds {
            None => true,
            Some(bounds) => {
                let at = entry.epoch.and_then(of_number).or_else(|| of_text(&entry.time));
                self.second = at.map_or(0, Timestamp::as_second);
                self.written.take(at, bounds)
            }
        }
    }

    /// The newest entry, which counts, says something of this metric.
    pub fn told(&mut self, metric: &'static str) {
        let seconds = self.written.told.entry(metric).or_default();
        if self.bounds.is_some() && seconds.last() != Some(&self.second) {
            seconds.push(self.second);
        }
    }

    /// When the entries within the bounds were written; `None` without bounds.
    pub fn written(&self) -> Option<Written> {
        self.bounds.map(|_| {
            let mut written = self.written.clone();
            for seconds in [&mut written.seconds].into_iter().chain(written.told.values_mut()) {
                seconds.sort_unstable();
                seconds.dedup();
            }
            written
        })
    }

    fn note(&mut self, entry: &Entry) {
        if entry.time.is_empty() && entry.epoch.is_none() {
            return;
        }
        self.text.clear();
        self.text.push_str(&entry.time);
        self.epoch = entry.epoch;
        if self.first.is_none() {
            self.first = self.newest();
        }
    }

    /// A file is at its end; another may follow.
    pub fn end_file(&mut self) {
        let newest = self.newest();
        self.text.clear();
        self.epoch = None;
        if let Some(at) = newest {
            self.last = Some(at);
            self.ended = Some(self.ended.map_or((at, at), |(from, to)| (from.min(at), to.max(at))));
        }
    }

    /// When the last entries of the files were written, the earliest and the latest of them.
    pub fn ended(&self) -> Option<(Timestamp, Timestamp)> {
        self.ended
    }

    pub fn first(&self) -> Option<Timestamp> {
        self.first
    }

    pub fn last(&self) -> Option<Timestamp> {
        self.last
    }

    fn newest(&self) -> Option<Timestamp> {
        self.epoch.and_then(of_number).or_else(|| of_text(&self.text))
    }
}

impl LogReport {
    /// Why its entries cannot tell of what was committed at `since` (where that is known) and is looked at by `until`:
    /// one of its files ends before the one, or with an entry behind the other. A log that tells no times is as old as
    /// its file.
    #[must_use]
    pub fn of_another_time(&self, since: Option<Timestamp>, until: Timestamp) -> Option<String> {
        let (earliest, latest) = self.ended?;
        if latest.duration_since(until) > SKEW {
            return Some(format!("the log ends at {latest}, which is yet to come: it is {until}"));
        }
        // A commit knows seconds only.
        let since = since.filter(|since| earliest.as_second() < since.as_second())?;
        Some(format!("the log, or a file of it, ends at {earliest}, before the commit of {since}"))
    }
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, whichever gives a date of these days.
fn of_number(number: f64) -> Option<Timestamp> {
    let seconds = match number {
        n if n <= 0.0 => return None,
        n if n < 1e11 => n,
        n if n < 1e14 => n / 1e3,
        n if n < 1e17 => n / 1e6,
        n => n / 1e9,
    };
    Timestamp::from_microsecond((seconds * 1e6) as i64).ok()
}

/// RFC 3339, also with a blank for the `T`, a comma for the point, and without a zone (then UTC).
fn of_text(text: &str) -> Option<Timestamp> {
    let mut words = text.split(' ');
    let (date, clock) = (words.next()?, words.next());
    let text = match clock {
        Some(clock) => format!("{date}T{clock}"),
        None => date.to_owned(),
    };
    let text = text.replace(',', ".");
    let civil = |text: &str| text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok();
    text.parse().ok().or_else(|| civil(&text).map(|zoned| zoned.timestamp()))
}
