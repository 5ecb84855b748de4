//! The name of a metric with labels, as a policy writes it: `name{label="value"}`. Labels are equal or not; nothing
//! else of PromQL is taken.

use super::{Series, text::Cursor};

/// Which series is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    name: String,
    labels: Vec<(String, String)>,
}

impl Selector {
    /// A metric by its name, with labels and the values that they must have.
    #[must_use]
    pub fn of(name: &str, labels: &[(&str, &str)]) -> Self {
        let own = |(label, value): &(&str, &str)| ((*label).to_owned(), (*value).to_owned());
        Self { name: name.to_owned(), labels: labels.iter().map(own).collect() }
    }

    /// Reads `name` or `name{label="value",…}`.
    ///
    /// # Errors
    ///
    /// It is neither; says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut cursor = Cursor::new(text.trim());
        let (name, labels) = cursor.series()?;
        match (name, cursor.rest()) {
            (Some(name), "") => Ok(Self { name, labels }),
            (None, _) => Err("is no name of a metric".to_owned()),
            (_, rest) => Err(format!("is no name of a metric with labels: nothing may follow, not `{rest}`")),
        }
    }

    /// Whether a series is meant by name and labels; further labels of it do not matter.
    pub(super) fn takes(&self, series: &Series) -> bool {
        series.name.as_deref() == Some(&self.name) && self.takes_labels(series)
    }

    pub(super) fn takes_labels(&self, series: &Series) -> bool {
        self.labels.iter().all(|wanted| series.labels.contains(wanted))
    }
}
