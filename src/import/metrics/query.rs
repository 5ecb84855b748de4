//! An answer of Prometheus' HTTP API to `query` or `query_range`
//! (<https://prometheus.io/docs/prometheus/latest/querying/api/>). Values are texts there, NaN and `+Inf` among them.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

use super::{
    super::{Excerpt, ImportError, Many, Source, document, excerpt},
    MetricFormat, MetricReport, POINT_LIMIT, SERIES_LIMIT, Series, text,
};

/// What one request may be answered; keys that gonogo does not need are passed over.
#[derive(Deserialize)]
struct Answer {
    status: String,
    #[serde(default)]
    data: Option<Data>,
    #[serde(default, rename = "errorType")]
    error_type: Excerpt,
    #[serde(default)]
    error: Excerpt,
    #[serde(default)]
    warnings: Many<Excerpt>,
    #[serde(default)]
    infos: Many<Excerpt>,
    /// VictoriaMetrics: some of its parts did not answer.
    #[serde(default, rename = "isPartial")]
    is_partial: bool,
}

/// The shape of the result depends on its type, which may come behind it.
#[derive(Deserialize)]
struct Data {
    #[serde(default, rename = "resultType")]
    result_type: Option<String>,
    #[serde(default)]
    result: Option<Found>,
}

/// A scalar is a time and a value, a vector or a matrix a list of series: its first entry tells.
enum Found {
    Scalar(f64, String),
    Series(Vec<One>),
}

enum First {
    Time(f64),
    One(One),
}

#[derive(Deserialize)]
struct One {
    #[serde(default)]
    metric: BTreeMap<String, String>,
    #[serde(default)]
    value: Option<(f64, Excerpt)>,
    #[serde(default)]
    values: Option<Many<(f64, Excerpt)>>,
}

impl<'de> Deserialize<'de> for Found {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Found;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of series, or a time and a value")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Found, A::Error> {
                let mut series = match entries.next_element()? {
                    None => return Ok(Found::Series(vec![])),
                    Some(First::Time(at)) => {
                        let value: Excerpt = entries.next_element()?.unwrap_or_default();
                        return Ok(Found::Scalar(at, value.0));
                    }
                    Some(First::One(one)) => vec![one],
                };
                while let Some(one) = entries.next_element()? {
                    if series.len() >= SERIES_LIMIT {
                        return Err(A::Error::custom(format!("there are more than {SERIES_LIMIT} series")));
                    }
                    series.push(one);
                }
                Ok(Found::Series(series))
            }
        }
        deserializer.deserialize_seq(List)
    }
}

impl<'de> Deserialize<'de> for First {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = First;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a series or a time")
            }
            fn visit_f64<E>(self, at: f64) -> Result<First, E> {
                Ok(First::Time(at))
            }
            fn visit_u64<E>(self, at: u64) -> Result<First, E> {
                Ok(First::Time(at as f64))
            }
            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<First, A::Error> {
                One::deserialize(MapAccessDeserializer::new(entries)).map(First::One)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// Reads an answer.
///
/// # Errors
///
/// It is none, or the server could not answer: then in the server's words.
pub(super) fn read(source: &mut Source<'_>) -> Result<MetricReport, ImportError> {
    let answer: Answer = document(source)?;
    let amiss = |what: String| ImportError::file(source.path(), what);
    match answer.status.as_str() {
        "success" => {}
        "error" => {
            let (kind, words) = (answer.error_type.0, answer.error.0);
            return Err(amiss(format!("the server could not answer: {words} ({kind})")));
        }
        other => {
            let other = excerpt(other);
            return Err(amiss(format!("has the status `{other}`: expected `success` or `error`")));
        }
    }
    let data = answer.data.ok_or_else(|| amiss("has no `data`".to_owned()))?;
    let Some(kind) = data.result_type else {
        return Err(amiss("has no `resultType`: expected an answer to `query` or `query_range`".to_owned()));
    };
    let result = data.result.ok_or_else(|| amiss("has no `result`".to_owned()))?;
    let series = match (kind.as_str(), result) {
        ("scalar", Found::Scalar(at, value)) => {
            let points = points(vec![(at, Excerpt(value))]).map_err(amiss)?;
            vec![Series { name: None, labels: vec![], points }]
        }
        ("vector" | "matrix", Found::Series(found)) => several(found, kind == "vector").map_err(amiss)?,
        ("scalar" | "vector" | "matrix", _) => {
            return Err(amiss(format!("has a result that is no {kind}")));
        }
        (other, _) => {
            let other = excerpt(other);
            return Err(amiss(format!("has a result of type `{other}`: expected scalar, vector or matrix")));
        }
    };
    let warning = answer.warnings.0.first().map(|Excerpt(words)| format!("the server warns: {words}"));
    let partial = answer.is_partial.then(|| "the server says that its answer is partial".to_owned());
    let notes =
        answer.infos.0.into_iter().map(|Excerpt(words)| format!("the server says: {words}")).collect();
    Ok(MetricReport { format: MetricFormat::Query, series, incomplete: warning.or(partial), notes })
}

fn several(found: Vec<One>, is_vector: bool) -> Result<Vec<Series>, String> {
    let mut total = 0;
    let one = |mut one: One| {
        let told = match (is_vector, one.value, one.values) {
            (true, Some(value), None) => vec![value],
            (false, None, Some(values)) => values.0,
            _ => {
                return Err(
                    "holds a series without values as its type has them; histograms are not read".to_owned()
                );
            }
        };
        total += told.len();
        if total > POINT_LIMIT {
            return Err(format!("holds more than {POINT_LIMIT} points"));
        }
        let name = one.metric.remove("__name__");
        Ok(Series { name, labels: one.metric.into_iter().collect(), points: points(told)? })
    };
    found.into_iter().map(one).collect()
}

fn points(told: Vec<(f64, Excerpt)>) -> Result<Vec<(Option<f64>, f64)>, String> {
    let point = |(at, Excerpt(value)): (f64, Excerpt)| match text::number(&value) {
        Some(value) => Ok((Some(at), value)),
        None => Err(format!("`{}` is no value: expected a number as a text", excerpt(&value))),
    };
    told.into_iter().map(point).collect()
}
