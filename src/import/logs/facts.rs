//! A log that was read, as a report and as the facts that the judge knows. Adds no meaning: what is not there has no
//! value.

use super::{LogFormat, LogReport, Reading, Seen, tally::FEWEST_SAMPLES, template::KIND_LIMIT};
use crate::evidence::{CheckFact, Of};

/// Entries of a hundred that may have no level: banners and warnings that a runtime prints by itself are about as
/// many. Each of them could be an error and counts as one (of the log of before, as none: nothing passes by it). With
/// more of them the rate would say nothing.
const UNLEVELLED_PERCENT: u64 = 2;

/// Whether so many of all entries have a level that they stand for all.
fn are_levelled(entries: u64, levelled: u64) -> bool {
    (entries - levelled).saturating_mul(100) <= entries.saturating_mul(UNLEVELLED_PERCENT)
}

impl Reading {
    /// What there is to say at the end of the file.
    pub(super) fn report(mut self, of: Of, bytes: u64, sha256: String) -> LogReport {
        self.tally.settle();
        let (amiss, notes) = (self.amiss(), self.notes(of));
        let tally = self.tally;
        LogReport {
            of,
            format: self.format,
            bytes,
            sha256,
            lines: self.lines,
            entries: tally.entries,
            levelled: tally.levelled,
            errors: tally.errors,
            first: self.times.first(),
            last: self.times.last(),
            ended: self.times.ended(),
            written: self.times.written(),
            refreshes: (tally.refresh_ok, tally.refresh_failed),
            locks: (tally.lock_attempts, tally.lock_denied),
            page_p95_ms: tally.page_p95(),
            memory_growth: tally.memory_growth(),
            kinds: tally.kinds,
            amiss,
            notes,
        }
    }

    fn amiss(&self) -> Vec<String> {
        let tally = &self.tally;
        let mut amiss = vec![];
        let mut say = |is_so: bool, what: String| {
            if is_so {
                amiss.push(what);
            }
        };
        say(tally.entries == 0, "the log holds no entry".to_owned());
        say(self.open_ends > 0, "the log is cut off within its last line".to_owned());
        let count = self.broken.count - self.open_ends;
        say(count > 0, told(&Seen { count, first: self.broken.first }, "broken JSON"));
        say(self.lost.count > 0, told(&self.lost, "too long to be read"));
        say(
            self.arrays.count > 0,
            told(
                &self.arrays,
                "an array of JSON: expected one object a line, its records are not told apart",
            ),
        );
        let strange = "OTLP without a record, or with keys that are not known";
        say(self.strange_batches.count > 0, told(&self.strange_batches, strange));
        // Within bounds a file may have nothing to say.
        let empty = self.empty_files;
        say(
            empty > 0 && tally.entries > 0 && self.times.written().is_none(),
            format!("{empty} of the log's files hold no entry"),
        );
        if let Some(strange) = &tally.strange_level {
            let count = tally.strange_levels;
            say(true, format!("the level of {} is not known: `{strange}`", entries(count)));
        }
        let (without, all) = (tally.entries - tally.levelled, tally.entries);
        say(
            !are_levelled(all, tally.levelled),
            format!(
                "{without} of {} have no level, too many for an error rate: `fields.level` names what holds it",
                entries(all)
            ),
        );
        let unread = tally.unread_values;
        say(unread > 0, format!("{unread} times a field that is measured is no number"));
        let (attempts, denied) = (tally.lock_attempts, tally.lock_denied);
        say(
            denied > attempts,
            format!("`lock_denied` fits {denied} entries, `lock_attempt` no more than {attempts}"),
        );
        let silent = tally.silent;
        say(
            silent > 0,
            format!(
                "{silent} errors say nothing where a message is looked for: `msg`, `message`, `body`, `event`"
            ),
        );
        let others = tally.kinds.others;
        say(others > 0, format!("{others} errors are of further kinds than the first {KIND_LIMIT}"));
        amiss
    }

    fn notes(&self, of: Of) -> Vec<String> {
        let tally = &self.tally;
        let mut notes = vec![];
        let mut say = |is_so: bool, what: String| {
            if is_so {
                notes.push(what);
            }
        };
        say(self.foreign.count > 0, told(&self.foreign, "no JSON and read as text"));
        say(self.cut.count > 0, told(&self.cut, "longer than the limit and cut"));
        say(self.invalid.count > 0, told(&self.invalid, "no UTF-8; what is none was replaced"));
        say(
            self.nul.count > 0,
            told(&self.nul, "begun by NULs, as a file that was emptied while written to"),
        );
        let without = tally.entries - tally.levelled;
        let as_what = if of == Of::Now { "errors" } else { "none at error" };
        say(without > 0, format!("{} without a level count as {as_what}", entries(without)));
        let (growth, samples) = tally.memory_growth();
        let is_few = growth.is_none() && (1..FEWEST_SAMPLES).contains(&samples);
        say(is_few, format!("memory needs {FEWEST_SAMPLES} samples to have grown, there are {samples}"));
        say(
            self.format == LogFormat::Forge,
            "`forge logs` shows the newest entries alone and cuts nested values: an app's own log says more"
                .to_owned(),
        );
        notes
    }
}

fn lines(count: u64) -> String {
    if count == 1 { "1 line".to_owned() } else { format!("{count} lines") }
}

fn entries(count: u64) -> String {
    if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") }
}

fn told(seen: &Seen, what: &str) -> String {
    let is = if seen.count == 1 { "is" } else { "are" };
    format!("{} {is} {what}, first line {}", lines(seen.count), seen.first)
}

impl LogReport {
    /// What the log says, as facts; with the log of before also what that says, and how often each kind of error
    /// was there. Without a log of before each kind has been seen 0 times before: that nothing of [`Of::Before`] was
    /// measured shows that there was none.
    ///
    /// Metrics are `token refresh success` (%, of those that ended), `lock contention` (%, refused of attempted),
    /// `page latency p95` (ms), `memory growth` (%, the last tenth of the samples against the first) and `error rate`
    /// (%, of all entries, where nearly all have a level; one without counts as an error, of the log of before as none). One without data has no value and no samples.
    #[must_use]
    pub fn facts(&self, before: Option<&LogReport>) -> Vec<CheckFact> {
        let mut facts = vec![];
        for report in [Some(self), before].into_iter().flatten() {
            report.amiss_and_notes(&mut facts);
        }
        for report in [Some(self), before].into_iter().flatten() {
            report.measured(&mut facts);
        }
        let seen_before =
            |template: &String| before.and_then(|b| b.kinds.seen.get(template)).copied().unwrap_or(0);
        let mut kinds: Vec<_> = self.kinds.seen.iter().collect();
        kinds.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        facts.extend(kinds.into_iter().map(|(template, now)| CheckFact::PatternSeen {
            template: template.clone(),
            now: *now,
            before: seen_before(template),
        }));
        if self.kinds.others > 0 {
            let template = format!("(kinds beyond the first {KIND_LIMIT})");
            let before = before.map_or(0, |before| before.kinds.others);
            facts.push(CheckFact::PatternSeen { template, now: self.kinds.others, before });
        }
        facts
    }

    fn amiss_and_notes(&self, facts: &mut Vec<CheckFact>) {
        let whose = |what: &String| match self.of {
            Of::Now => what.clone(),
            Of::Before => format!("of the log of before: {what}"),
        };
        facts.extend(self.amiss.iter().map(|what| CheckFact::NotRead { what: whose(what) }));
        facts.extend(self.notes.iter().map(|what| CheckFact::Noted { what: whose(what) }));
    }

    fn measured(&self, facts: &mut Vec<CheckFact>) {
        let percent = |part: u64, all: u64| (all > 0).then(|| part as f64 * 100.0 / all as f64);
        let (refreshed, failed) = self.refreshes;
        let (attempts, denied) = self.locks;
        let contention = percent(denied, attempts).filter(|_| denied <= attempts);
        let (page, pages) = self.page_p95_ms;
        let (growth, samples) = self.memory_growth;
        let ended = refreshed + failed;
        let counted = if are_levelled(self.entries, self.levelled) { self.entries } else { 0 };
        let unlevelled = if self.of == Of::Now { self.entries - self.levelled } else { 0 };
        for (name, value, unit, samples) in [
            ("token refresh success", percent(refreshed, ended), "%", ended),
            ("lock contention", contention, "%", attempts),
            ("page latency p95", page, "ms", pages),
            ("memory growth", growth, "%", samples),
            ("error rate", percent(self.errors + unlevelled, counted), "%", counted),
        ] {
            let (name, unit) = (name.to_owned(), unit.to_owned());
            facts.push(CheckFact::Measured { of: self.of, name, value, unit, samples });
        }
    }
}
