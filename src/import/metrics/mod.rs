//! Metrics of a deployed app as Prometheus tells them: the text of a scrape (also OpenMetrics) or an answer of the
//! query API. Says what was measured; NaN, infinities and an empty answer are no data, never a figure.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::Path,
};

use super::{ImportError, Source};
use crate::evidence::{Budgeted, CheckFact, Objective, Of};

mod budget;
mod query;
mod selector;
mod text;
mod times;

#[cfg(test)]
mod tests;

pub use budget::{Budget, budget};
pub use selector::Selector;
pub use times::Times;

/// Series that one file may hold.
const SERIES_LIMIT: usize = 1_000_000;
/// Points that one file may hold over all its series.
const POINT_LIMIT: usize = 10_000_000;

/// What a file of metrics is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricFormat {
    /// The text of a scrape, version 0.0.4 of Prometheus' exposition formats.
    Prometheus,
    /// OpenMetrics 1.0; it ends with `# EOF`.
    OpenMetrics,
    /// An answer of Prometheus' HTTP API to `query` or `query_range`.
    Query,
}

impl MetricFormat {
    /// The word used in files and reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Prometheus => "prometheus",
            Self::OpenMetrics => "openmetrics",
            Self::Query => "prometheus query",
        }
    }
}

/// One series: a name, labels, and what it showed.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The metric's name; `None` when an expression made it, which leaves results without a name.
    pub name: Option<String>,
    /// Labels and their values, sorted by label, without the name.
    pub labels: Vec<(String, String)>,
    /// What it showed, oldest first: seconds since 1970 where the file tells them, and the value as it stands there,
    /// NaN and infinities included.
    pub points: Vec<(Option<f64>, f64)>,
}

/// What a file of metrics says.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricReport {
    /// What the file is.
    pub format: MetricFormat,
    /// The series, in the order of the file.
    pub series: Vec<Series>,
    /// Why the file cannot count as whole.
    pub incomplete: Option<String>,
    /// What is odd about the file and changes nothing of what it says.
    pub notes: Vec<String>,
}

/// What a metric shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// The newest value.
    pub value: f64,
    /// The least of the window.
    pub least: f64,
    /// The most of the window.
    pub most: f64,
    /// The one in the middle of the window by size; of two the lower.
    pub middle: f64,
    /// Points that say something.
    pub points: u64,
}

/// Why a metric shows nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoData {
    /// No series is called so.
    Absent,
    /// So many series are meant; labels must tell them apart.
    Ambiguous(usize),
    /// Nothing but NaN.
    NotANumber,
    /// A point is infinite: what is beyond the last bucket of a histogram, or something divided by nothing.
    Infinite,
}

impl fmt::Display for NoData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("has no series"),
            Self::Ambiguous(series) => {
                write!(f, "has {series} series: labels such as `{{job=\"app\"}}` must tell them apart")
            }
            Self::NotANumber => f.write_str("is NaN"),
            Self::Infinite => f.write_str("is infinite"),
        }
    }
}

/// Reads a file of metrics; what it is shows in its content.
///
/// # Errors
///
/// The file cannot be read, is not UTF-8, is of neither format, is ill-formed, holds too much, or is an answer that
/// says that the query failed, in the server's words.
pub fn read(path: &Path) -> Result<MetricReport, ImportError> {
    read_source(&mut Source::open(path)?)
}

/// The same of an open file.
///
/// # Errors
///
/// As [`read`].
pub fn read_source(source: &mut Source<'_>) -> Result<MetricReport, ImportError> {
    let head = source.head(1 << 16)?;
    let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&head);
    match head.trim_ascii_start().first() {
        None => Ok(MetricReport {
            format: MetricFormat::Prometheus,
            series: vec![],
            incomplete: Some("the file is empty".to_owned()),
            notes: vec![],
        }),
        Some(b'{') if !text::is_sample(head) => query::read(source),
        Some(b'[') => Err(ImportError::file(
            source.path(),
            "is a JSON list: expected an answer of Prometheus' query API or the text of a scrape",
        )),
        Some(_) => text::read(source),
    }
}

/// The metrics that objectives name.
fn named(objectives: &[Objective]) -> BTreeSet<&String> {
    let names = objectives.iter().flat_map(|objective| match &objective.budget {
        Some(budget) => vec![&budget.good, &budget.total],
        None => vec![&objective.metric],
    });
    names.collect()
}

impl MetricReport {
    /// The newest value of a metric; `selector` are labels and the values that they must have. `None` without data:
    /// see [`MetricReport::reading`] for why.
    #[must_use]
    pub fn value(&self, name: &str, selector: &[(&str, &str)]) -> Option<f64> {
        self.reading(&Selector::of(name, selector)).ok().map(|reading| reading.value)
    }

    /// The one series that is meant. A result without a name, as an expression gives it, answers to any name in the
    /// answer of a query: the file then holds that one result and nothing else.
    ///
    /// # Errors
    ///
    /// There is no such series, or there are several.
    pub fn one(&self, selector: &Selector) -> Result<&Series, NoData> {
        let named: Vec<_> = self.series.iter().filter(|series| selector.takes(series)).collect();
        let is_query = self.format == MetricFormat::Query;
        let nameless = || self.series.iter().filter(|one| one.name.is_none() && selector.takes_labels(one));
        let found = if named.is_empty() && is_query { nameless().collect() } else { named };
        match found.as_slice() {
            [] => Err(NoData::Absent),
            [one] => Ok(*one),
            // One name for several results would be a choice among them.
            several => Err(NoData::Ambiguous(several.len())),
        }
    }

    /// What a metric shows: [`MetricReport::one`] series of it.
    ///
    /// # Errors
    ///
    /// There is no such metric, there are several, or what it shows is no figure.
    pub fn reading(&self, selector: &Selector) -> Result<Reading, NoData> {
        let points = &self.one(selector)?.points;
        if points.iter().any(|(_, value)| value.is_infinite()) {
            return Err(NoData::Infinite);
        }
        let figures: Vec<f64> =
            points.iter().map(|(_, value)| *value).filter(|value| !value.is_nan()).collect();
        // A window that ends with NaN has no newest value.
        let newest = points.last().map(|(_, value)| *value).filter(|value| !value.is_nan());
        let Some(value) = newest else {
            return Err(if points.is_empty() { NoData::Absent } else { NoData::NotANumber });
        };
        let mut sorted = figures.clone();
        sorted.sort_by(f64::total_cmp);
        Ok(Reading {
            value,
            middle: sorted[(sorted.len() - 1) / 2],
            least: figures.iter().copied().fold(value, f64::min),
            most: figures.iter().copied().fold(value, f64::max),
            points: figures.len() as u64,
        })
    }

    /// Takes in what another file says.
    ///
    /// # Errors
    ///
    /// A series stands in both: which of them counts, nobody says.
    pub fn absorb(&mut self, other: Self) -> Result<(), String> {
        let known: BTreeSet<_> = self.series.iter().map(|series| (&series.name, &series.labels)).collect();
        if let Some(twice) = other.series.iter().find(|one| known.contains(&(&one.name, &one.labels))) {
            let name = twice.name.as_deref().unwrap_or("without a name");
            let labels: Vec<String> =
                twice.labels.iter().map(|(label, value)| format!("{label}={value:?}")).collect();
            return Err(format!(
                "the series {name}{{{}}} stands in a file before, too: expected each in one file",
                labels.join(",")
            ));
        }
        if self.series.len() + other.series.len() > SERIES_LIMIT {
            return Err(format!("more than {SERIES_LIMIT} series in all files together"));
        }
        self.series.extend(other.series);
        self.notes.extend(other.notes);
        self.incomplete = self.incomplete.take().or(other.incomplete);
        // Results without a name are of answers alone.
        if other.format == MetricFormat::Query {
            self.format = MetricFormat::Query;
        }
        Ok(())
    }

    /// What is left of an error budget, and the share of the good; what of it has no data, in words.
    fn budgeted(&self, budgeted: &Budgeted, shared: &BTreeSet<String>) -> Result<(f64, f64, u64), String> {
        let counted = |name: &String| {
            if shared.contains(name) {
                return Err(format!("the metric `{name}` {SHARED}"));
            }
            let reading = Selector::parse(name).and_then(|s| self.reading(&s).map_err(|no| no.to_string()));
            reading.map_err(|why| format!("the metric `{name}` {why}"))
        };
        let (good, total) = (counted(&budgeted.good)?, counted(&budgeted.total)?);
        let left = budget(budgeted.target_percent, good.value, total.value).ok_or_else(|| {
            let (good, total) = (good.value, total.value);
            format!(
                "{good} good of {total} is no count: nothing was counted, or more were good than there were"
            )
        })?;
        Ok((good.value / total.value * 100.0, left.left_percent, good.points.min(total.points)))
    }

    /// What the file says about the metrics that objectives name, under these names (`up{job="app"}` is a name with
    /// labels). Over a window it is the value that is worst for what the objective asks, so that no dip hides behind
    /// the newest value. A metric without data has no value and no samples, and why is said.
    #[must_use]
    pub fn facts(&self, of: Of, objectives: &[Objective]) -> Vec<CheckFact> {
        let mut facts = vec![];
        if let Some(what) = &self.incomplete {
            facts.push(CheckFact::NotRead { what: what.clone() });
        }
        facts.extend(self.notes.iter().map(|what| CheckFact::Noted { what: what.clone() }));
        let mut told = BTreeSet::new();
        let shared = self.shared(objectives);
        for objective in objectives.iter().filter(|objective| told.insert(objective.metric.as_str())) {
            let name = objective.metric.clone();
            if let Some(budget) = &objective.budget {
                let found = self.budgeted(budget, &shared);
                facts.extend(found.as_ref().err().map(|what| CheckFact::Noted { what: what.clone() }));
                let (share, left, samples) = found
                    .map_or((None, None, 0), |(share, left, samples)| (Some(share), Some(left), samples));
                for (name, value) in [(name, share), (objective.budget_left(), left)] {
                    facts.push(CheckFact::Measured { of, name, value, unit: "%".to_owned(), samples });
                }
                continue;
            }
            let reading = Selector::parse(&name).and_then(|s| self.reading(&s).map_err(|no| no.to_string()));
            let reading = if shared.contains(&name) { Err(SHARED.to_owned()) } else { reading };
            let (value, samples) = match reading {
                // One old spike would hide any growth behind it.
                Ok(reading) if of == Of::Before => (Some(reading.middle), reading.points),
                Ok(reading) => (Some(worst(&reading, objectives, &name)), reading.points),
                Err(why) => {
                    facts.push(CheckFact::Noted { what: format!("the metric `{name}` {why}") });
                    (None, 0)
                }
            };
            facts.push(CheckFact::Measured { of, name, value, unit: String::new(), samples });
        }
        facts
    }

    /// The names that one result without a name answers to together with others: of which of them it is, nobody says.
    fn shared(&self, objectives: &[Objective]) -> BTreeSet<String> {
        let mut answered: BTreeMap<&[(String, String)], Vec<&String>> = BTreeMap::new();
        for name in named(objectives) {
            let Ok(selector) = Selector::parse(name) else { continue };
            if let Ok(Series { name: None, labels, .. }) = self.one(&selector) {
                answered.entry(labels).or_default().push(name);
            }
        }
        answered.into_values().filter(|names| names.len() > 1).flatten().cloned().collect()
    }
}

/// Why a result without a name is none of those that it answers to.
const SHARED: &str = "has no result of its own: one without a name answers to others as well";

/// The value of a window that the objectives of a metric like least.
fn worst(reading: &Reading, objectives: &[Objective], name: &str) -> f64 {
    let mine = || objectives.iter().filter(|objective| objective.metric == name);
    let too_low = mine().any(|objective| objective.at_least.is_some_and(|least| reading.least < least));
    let too_high = mine().any(|objective| objective.at_most.is_some_and(|most| reading.most > most));
    let wants_much =
        mine().all(|objective| objective.at_most.is_none() && objective.growth_percent.is_none());
    match (too_low, too_high) {
        (true, _) => reading.least,
        (_, true) => reading.most,
        _ if wants_much && mine().any(|objective| objective.at_least.is_some()) => reading.least,
        _ => reading.most,
    }
}
