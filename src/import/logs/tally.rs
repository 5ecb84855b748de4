//! What is counted over a whole log, in memory that does not grow with it.

use hdrhistogram::Histogram;

use super::{
    class,
    entry::Entry,
    fields::Compiled,
    template::{Kinds, kind, template},
};

/// Microseconds up to which times of pages are told apart: an hour. Longer ones count as an hour.
const LONGEST_PAGE_US: u64 = 3_600_000_000;
/// Significant figures of a time: a percentile is off by a thousandth at most, and never too small.
const FIGURES: u8 = 3;

/// Counts of one log.
pub(super) struct Tally {
    fields: Compiled,
    pub entries: u64,
    pub levelled: u64,
    pub errors: u64,
    pub strange_levels: u64,
    pub strange_level: Option<String>,
    pub unread_values: u64,
    pub refresh_ok: u64,
    pub refresh_failed: u64,
    pub lock_attempts: u64,
    pub lock_denied: u64,
    pub kinds: Kinds,
    /// Errors of no kind: nothing that they say is known.
    pub silent: u64,
    /// The kind of the newest entry where that is an error: what continues it may tell more.
    pending: Option<String>,
    pages: Option<Histogram<u64>>,
    memory: Vec<Growth>,
}

impl Tally {
    pub fn new(fields: Compiled) -> Self {
        let memory = fields.names[fields.pages..].iter().map(|_| Growth::default()).collect();
        Self {
            fields,
            entries: 0,
            levelled: 0,
            errors: 0,
            strange_levels: 0,
            strange_level: None,
            unread_values: 0,
            refresh_ok: 0,
            refresh_failed: 0,
            lock_attempts: 0,
            lock_denied: 0,
            kinds: Kinds::default(),
            silent: 0,
            pending: None,
            // The bounds are constants that fit: there is always one.
            pages: Histogram::new_with_bounds(1, LONGEST_PAGE_US, FIGURES).ok(),
            memory,
        }
    }

    /// Fields with the level, beside the usual.
    pub fn levels(&self) -> &[String] {
        &self.fields.levels
    }

    /// Takes the fields that stand in the words of an entry.
    pub fn read_words(&self, entry: &mut Entry) {
        let mut found = vec![];
        self.fields.in_text(&entry.message, |name, value| found.push((name, value.parse().ok())));
        found.into_iter().for_each(|(name, value)| entry.set_value(name, value));
    }

    /// A line that belongs to the newest entry: the first that names a class of errors is part of its kind.
    pub fn more(&mut self, line: &str) {
        let told = self.pending.as_ref().and_then(|_| class::line_of(line, 0));
        if let (Some(line), Some(mut kind)) = (told, self.pending.take_if(|_| told.is_some())) {
            let more = template(line);
            if !kind.contains(&more) {
                kind.extend([if kind.is_empty() { "" } else { ": " }, &more]);
            }
            self.count_kind(kind);
        }
    }

    /// What comes next is no part of the newest entry.
    pub fn settle(&mut self) {
        if let Some(kind) = self.pending.take() {
            self.count_kind(kind);
        }
    }

    fn count_kind(&mut self, kind: String) {
        match kind.is_empty() {
            true => self.silent += 1,
            false => self.kinds.count(kind),
        }
    }

    /// Counts an entry.
    pub fn count(&mut self, entry: &Entry) {
        self.settle();
        self.entries += 1;
        self.levelled += u64::from(entry.level.is_some());
        self.unread_values += entry.unread_values;
        if let Some(strange) = entry.strange_level.as_ref().filter(|_| entry.level.is_none()) {
            self.strange_levels += 1;
            self.strange_level.get_or_insert_with(|| strange.clone());
        }
        if entry.is_error() {
            self.errors += 1;
            self.pending = Some(kind(entry));
        }
        let told = self.fields.told(&entry.event, &entry.message);
        self.refresh_failed += u64::from(told.refresh_failed);
        self.refresh_ok += u64::from(told.refresh_ok && !told.refresh_failed);
        self.lock_attempts += u64::from(told.lock_attempt);
        self.lock_denied += u64::from(told.lock_denied);
        // The first name that the line has, in the order of the policy.
        let pages = self.fields.pages;
        let page = entry.values.iter().filter(|(name, _)| *name < pages).min_by_key(|(name, _)| *name);
        if let (true, Some((_, ms)), Some(histogram)) = (told.page, page, &mut self.pages) {
            histogram.saturating_record(((ms * 1_000.0).ceil() as u64).max(1));
        }
        for (name, value) in entry.values.iter().filter(|(name, _)| *name >= pages) {
            self.memory[name - pages].add(*value);
        }
    }

    /// How many samples there are of each metric. Of the series of memory the one with the fewest counts: one that is
    /// silent is hidden by no other.
    pub fn samples(&self) -> [(&'static str, u64); 5] {
        let memory = self.memory.iter().map(|series| series.samples).filter(|samples| *samples > 0).min();
        [
            ("token refresh success", self.refresh_ok + self.refresh_failed),
            ("lock contention", self.lock_attempts),
            ("page latency p95", self.pages.as_ref().map_or(0, Histogram::len)),
            ("memory growth", memory.unwrap_or(0)),
            ("error rate", self.levelled),
        ]
    }

    /// The time in milliseconds that 95 of 100 pages did not exceed, and how many pages there were.
    pub fn page_p95(&self) -> (Option<f64>, u64) {
        let pages = self.pages.as_ref().map_or(0, Histogram::len);
        let p95 = self.pages.as_ref().filter(|_| pages > 0).map(|found| found.value_at_quantile(0.95));
        (p95.map(|us| us as f64 / 1_000.0), pages)
    }

    /// By how many percent memory grew, and from how many samples that is; of several series the one that grew most.
    pub fn memory_growth(&self) -> (Option<f64>, u64) {
        let grown = self.memory.iter().map(|series| (series.percent(), series.samples));
        // Without a figure the most samples count, so that it can be said that there are too few.
        let order = |one: &(Option<f64>, u64), other: &(Option<f64>, u64)| {
            let key = |of: &(Option<f64>, u64)| of.0.unwrap_or(f64::NEG_INFINITY);
            key(one).total_cmp(&key(other)).then(one.1.cmp(&other.1))
        };
        grown.max_by(order).unwrap_or((None, 0))
    }
}

/// Averages that a series keeps at most; when they are used up, each two become one.
const MEANS: usize = 1 << 14;

/// Samples from which on there is a tenth to hold against another.
pub(super) const FEWEST_SAMPLES: u64 = 10;

/// Memory over time as means of equally many samples each.
#[derive(Default)]
pub(super) struct Growth {
    sums: Vec<f64>,
    /// Samples in each sum but the last.
    each: u64,
    in_last: u64,
    pub samples: u64,
}

impl Growth {
    pub fn add(&mut self, value: f64) {
        self.samples += 1;
        self.each = self.each.max(1);
        if self.in_last == self.each || self.sums.is_empty() {
            if self.sums.len() == MEANS {
                self.sums = self.sums.chunks(2).map(|two| two.iter().sum()).collect();
                self.each *= 2;
            }
            self.sums.push(0.0);
            self.in_last = 0;
        }
        self.in_last += 1;
        if let Some(last) = self.sums.last_mut() {
            *last += value;
        }
    }

    /// The mean of the last tenth of the samples against that of the first tenth, in percent of the latter. Exact up
    /// to some thousand samples, beyond that the tenths are right to a thousandth of the log.
    pub fn percent(&self) -> Option<f64> {
        if self.samples < FEWEST_SAMPLES {
            return None;
        }
        let whole = self.sums.len() - usize::from(self.in_last < self.each);
        let tenth = (whole / 10).max(1);
        let mean = |sums: &[f64]| sums.iter().sum::<f64>() / (sums.len() as u64 * self.each) as f64;
        let first = mean(self.sums.get(..tenth)?);
        let last = mean(self.sums.get(whole.checked_sub(tenth)?..whole)?);
        (first > 0.0).then(|| (last - first) / first * 100.0)
    }
}
