//! The data of a step, read from the bytes of files: what each metric shows within a window. Bytes alone decide, so
//! that whoever verifies a rollout comes to the same.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::{
    FileKind, Named,
    window::{Coverage, SKEW, Window},
};
use crate::{
    evidence::{CheckFact, Of},
    import::{
        Source,
        logs::{LogFields, LogReader, LogReport},
        metrics::{self, MetricReport, Selector},
    },
};

/// What a log shows, by the names of [`LogReport::facts`].
const OF_LOGS: [&str; 5] =
    ["token refresh success", "lock contention", "page latency p95", "memory growth", "error rate"];

/// A file that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// As what.
    pub kind: FileKind,
    /// Where it lay.
    pub path: String,
    /// All of it.
    pub bytes: Vec<u8>,
}

impl File {
    /// As a decision names it.
    #[must_use]
    pub fn named(&self) -> Named {
        let sha256 = hex::encode(Sha256::digest(&self.bytes));
        Named { kind: self.kind, path: self.path.clone(), sha256 }
    }
}

/// What a metric shows within a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shown {
    /// The least, negative infinity included.
    pub least: f64,
    /// The most, infinity included.
    pub most: f64,
    /// The one in the middle by size; of two the lower.
    pub middle: f64,
    /// How many figures there are: finite samples, or entries of a log.
    pub samples: u64,
    /// When they were taken.
    pub coverage: Option<Coverage>,
}

/// By how much two counters grew within a window, between the first and the last time at which both were taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Counted {
    /// The good.
    pub good: f64,
    /// All.
    pub total: f64,
    /// At how many times both were taken.
    pub samples: u64,
    /// When both were taken.
    pub coverage: Option<Coverage>,
}

/// What was given to decide on.
#[derive(Clone, Debug)]
pub struct Data<'a> {
    at: Timestamp,
    named: Vec<Named>,
    metrics: Option<MetricReport>,
    logs: Vec<&'a File>,
    amiss: Vec<String>,
    unread: Vec<String>,
}

impl<'a> Data<'a> {
    /// Reads files, at this time. One that cannot be read, or not as a whole, is said in [`Data::amiss`].
    #[must_use]
    pub fn read(files: &'a [File], at: Timestamp) -> Self {
        let named = files.iter().map(File::named).collect();
        let mut data = Self { at, named, metrics: None, logs: vec![], amiss: vec![], unread: vec![] };
        let mut known = BTreeSet::new();
        for (file, named) in files.iter().zip(data.named.clone()) {
            if !known.insert(named.sha256) {
                data.amiss.push(format!("{}: the same file is given twice", file.path));
                continue;
            }
            match file.kind {
                FileKind::Metrics => data.absorb(file),
                FileKind::Logs => data.logs.push(file),
            }
        }
        data.look_ahead();
        data
    }

    fn absorb(&mut self, file: &File) {
        let read = metrics::read_source(&mut Source::bytes(Path::new(&file.path), &file.bytes));
        let mut report = match read {
            Ok(report) => report,
            Err(error) => {
                self.unread.push(error.to_string());
                return self.amiss.push(error.to_string());
            }
        };
        let told = report.incomplete.take().map(|what| format!("{}: {what}", file.path));
        self.unread.extend(told.clone());
        self.amiss.extend(told);
        match &mut self.metrics {
            None => self.metrics = Some(report),
            Some(metrics) => {
                let absorbed = metrics.absorb(report);
                self.amiss.extend(absorbed.err().map(|what| format!("{}: {what}", file.path)));
            }
        }
    }

    /// The files, as a decision names them.
    #[must_use]
    pub fn named(&self) -> &[Named] {
        &self.named
    }

    fn look_ahead(&mut self) {
        let series = self.metrics.iter().flat_map(|report| &report.series);
        let times = series.flat_map(|series| series.points.iter().filter_map(|(at, _)| time(*at)));
        if let Some(newest) = times.max().filter(|newest| self.is_to_come(*newest)) {
            self.amiss.push(format!("a sample is of {newest}, which is to come: it is {} here", self.at));
        }
    }

    fn is_to_come(&self, at: Timestamp) -> bool {
        at.duration_since(self.at) > SKEW
    }

    /// What is wrong with the data as a whole.
    #[must_use]
    pub fn amiss(&self) -> &[String] {
        &self.amiss
    }

    /// What cannot be read of the files, or not as a whole, whenever it is of.
    #[must_use]
    pub fn unread(&self) -> Vec<String> {
        let logs = self.logs.iter().filter_map(|file| {
            if std::str::from_utf8(&file.bytes).is_err() {
                return Some(format!("{}: is no text: expected UTF-8", file.path));
            }
            let fields = LogFields::default();
            let mut reader = LogReader::new(Of::Now, &fields);
            match reader.read(&mut Source::bytes(Path::new(&file.path), &file.bytes)) {
                Err(error) => Some(error.to_string()),
                Ok(_) => reader.report()?.amiss.first().map(|what| format!("{}: {what}", file.path)),
            }
        });
        self.unread.iter().cloned().chain(logs).collect()
    }

    /// What a metric shows within a window, or why it shows nothing. `is_only` when it is all that is watched.
    ///
    /// # Errors
    /// In words: there is no such metric, several are meant, or its samples have no times.
    pub fn shows(&self, metric: &str, window: Window, is_only: bool) -> Result<Shown, String> {
        if OF_LOGS.contains(&metric) {
            self.logged(metric, window)
        } else {
            self.measured(metric, window, is_only)
        }
    }

    fn measured(&self, metric: &str, window: Window, is_only: bool) -> Result<Shown, String> {
        let within = self.points(metric, window, is_only)?;
        let mut values: Vec<f64> = within.iter().map(|(_, value)| *value).collect();
        values.sort_by(f64::total_cmp);
        let figures = within.iter().filter(|(_, value)| value.is_finite());
        let times: Vec<Timestamp> = figures.map(|(at, _)| *at).collect();
        Ok(Shown {
            least: values[0],
            most: values[values.len() - 1],
            middle: values[(values.len() - 1) / 2],
            samples: times.len() as u64,
            coverage: Coverage::of(times),
        })
    }

    /// By how much two counters grew within a window, or why that cannot be told. What was counted before it began
    /// says nothing of it.
    ///
    /// # Errors
    /// In words: as [`Data::shows`], they have no time in common, or one fell.
    pub fn counted(&self, good: &str, total: &str, window: Window) -> Result<Counted, String> {
        let told = |metric: &str| {
            let points = self.points(metric, window, false).map_err(|why| format!("`{metric}` {why}"))?;
            let fell = points.windows(2).find(|two| two[1].1 < two[0].1);
            match fell {
                Some(two) => {
                    Err(format!("`{metric}` fell at {}: a counter that begins anew hides a part", two[1].0))
                }
                None => Ok(points.into_iter().collect::<BTreeMap<_, _>>()),
            }
        };
        let (good_at, total_at) = (told(good)?, told(total)?);
        let both = good_at.iter().filter_map(|(at, good)| Some((*at, (*good, *total_at.get(at)?))));
        let both: Vec<_> = both.filter(|(_, (good, total))| good.is_finite() && total.is_finite()).collect();
        let (Some((_, first)), Some((_, last))) = (both.first(), both.last()) else {
            return Err(format!("`{good}` and `{total}` have no sample of the same time"));
        };
        Ok(Counted {
            good: last.0 - first.0,
            total: last.1 - first.1,
            samples: both.len() as u64,
            coverage: Coverage::of(both.iter().map(|(at, _)| *at).collect()),
        })
    }

    /// The samples of a metric within a window, oldest first; never none.
    fn points(&self, metric: &str, window: Window, is_only: bool) -> Result<Vec<(Timestamp, f64)>, String> {
        let report = self.metrics.as_ref().ok_or("no metrics are given")?;
        let selector = Selector::parse(metric)?;
        let series = report.one(&selector).map_err(|why| why.to_string())?;
        if series.name.is_none() && !(is_only && report.series.len() == 1) {
            return Err("is shown by a result without a name alone, which could be of anything".to_owned());
        }
        let mut within = vec![];
        for (at, value) in &series.points {
            let at = time(*at).ok_or("has samples without a time: they could be of any step")?;
            if window.has(at) && !value.is_nan() {
                within.push((at, *value));
            }
        }
        if within.is_empty() {
            return Err(format!("has no sample between {} and {}", window.from, window.to));
        }
        within.sort_by_key(|(at, _)| *at);
        Ok(within)
    }

    fn logged(&self, metric: &str, window: Window) -> Result<Shown, String> {
        let report = self.log(window)?;
        if let Some(what) = report.amiss.first() {
            return Err(format!("cannot be told: {what}"));
        }
        let written = report.written.as_ref().ok_or("has entries without a time")?;
        if written.untimed > 0 {
            return Err(format!("cannot be told: {} entries of the logs have no time", written.untimed));
        }
        if let Some(newest) = written.newest.filter(|newest| self.is_to_come(*newest)) {
            return Err(format!("cannot be told: an entry is of {newest}, which is to come"));
        }
        let value = report.facts(None).into_iter().find_map(|fact| match fact {
            CheckFact::Measured { name, value, samples, .. } if name == metric && samples > 0 => {
                value.map(|value| (value, samples))
            }
            _ => None,
        });
        let (value, samples) = value.ok_or("has no data")?;
        // Entries that say nothing of the metric do not show it.
        let seconds = written.told.get(metric).into_iter().flatten();
        let coverage =
            Coverage::of(seconds.filter_map(|second| Timestamp::from_second(*second).ok()).collect());
        Ok(Shown { least: value, most: value, middle: value, samples, coverage })
    }

    fn log(&self, window: Window) -> Result<LogReport, String> {
        let fields = LogFields::default();
        let mut reader = LogReader::new(Of::Now, &fields).within(window.from, window.to);
        for file in &self.logs {
            let read = reader.read(&mut Source::bytes(Path::new(&file.path), &file.bytes));
            read.map_err(|error| error.to_string())?;
        }
        reader.report().ok_or_else(|| "no logs are given".to_owned())
    }
}

/// Seconds since 1970 as a time.
fn time(seconds: Option<f64>) -> Option<Timestamp> {
    let millis = seconds.map(|seconds| (seconds * 1000.0).round()).filter(|millis| millis.is_finite())?;
    #[expect(clippy::cast_possible_truncation, reason = "what is beyond an i64 is beyond a time, too")]
    Timestamp::from_millisecond(millis as i64).ok()
}
