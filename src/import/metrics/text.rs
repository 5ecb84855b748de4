//! The text of a scrape: Prometheus' exposition format 0.0.4 and OpenMetrics 1.0, line by line. Takes samples and
//! what tells the two formats apart; help texts and exemplars are passed over.

use std::collections::BTreeMap;

use super::{
    super::{ImportError, Lines, Source, excerpt},
    MetricFormat, MetricReport, POINT_LIMIT, SERIES_LIMIT, Series,
};

/// Labels of one series.
const LABEL_LIMIT: usize = 1_000;

/// Whether a file that begins with `{` begins with a sample whose name is quoted, as Prometheus 3 writes names
/// beyond ASCII: `{"my.metric",job="app"} 1`.
pub(super) fn is_sample(head: &[u8]) -> bool {
    let line = head.trim_ascii_start().split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    Cursor::new(&line).series().is_ok()
}

/// Reads the text of a scrape.
///
/// # Errors
///
/// A line is no comment and no sample, or the file holds too much.
pub(super) fn read(source: &mut Source<'_>) -> Result<MetricReport, ImportError> {
    let path = source.path().to_owned();
    let mut lines = Lines::new(&path, source.rewound()?);
    let mut gathered = Gathered::default();
    let (mut is_ended, mut open_metrics, mut is_closed) = (true, false, false);
    let mut counter: Option<String> = None;
    while let Some(line) = lines.next_line()? {
        is_ended = line.is_ended;
        let text = line.text.trim();
        if text.is_empty() {
            continue;
        }
        if is_closed {
            return Err(lines.error("stands behind `# EOF`: expected nothing"));
        }
        if let Some(comment) = text.strip_prefix('#') {
            let words: Vec<&str> = comment.split_whitespace().take(3).collect();
            match words.as_slice() {
                ["EOF"] => is_closed = true,
                ["UNIT", ..] | ["TYPE", _, "unknown" | "info" | "stateset" | "gaugehistogram"] => {
                    open_metrics = true;
                }
                ["TYPE", name, "counter"] if !name.ends_with("_total") => {
                    counter = Some(format!("{name}_total"));
                }
                _ => {}
            }
            continue;
        }
        // Prometheus names the samples of a counter by its type line, OpenMetrics adds to it.
        let (name, labels, point, has_fraction) = sample(text).map_err(|what| lines.error(what))?;
        open_metrics |= has_fraction || counter.as_ref().is_some_and(|counter| *counter == name);
        gathered.add(name, labels, point).map_err(|what| lines.error(what))?;
    }
    let illegal = lines.illegal();
    let format = if is_closed || open_metrics { MetricFormat::OpenMetrics } else { MetricFormat::Prometheus };
    let incomplete = match format {
        MetricFormat::OpenMetrics if !is_closed => {
            Some("the file is cut off: OpenMetrics ends with `# EOF`".to_owned())
        }
        MetricFormat::Prometheus if !is_ended => {
            Some("the file is cut off: its last line does not end".to_owned())
        }
        _ if illegal > 0 => Some("the file is not UTF-8".to_owned()),
        _ if gathered.series.is_empty() => Some("the file holds no samples".to_owned()),
        _ => None,
    };
    // Prometheus' own format tells milliseconds, OpenMetrics seconds.
    let divisor = if format == MetricFormat::Prometheus { 1000.0 } else { 1.0 };
    let series = gathered.sorted(divisor).map_err(|what| ImportError::file(&path, what))?;
    Ok(MetricReport { format, series, incomplete, notes: vec![] })
}

type Labels = Vec<(String, String)>;
type Point = (Option<f64>, f64);

#[derive(Default)]
struct Gathered {
    series: Vec<Series>,
    places: BTreeMap<(String, Labels), usize>,
    points: usize,
}

impl Gathered {
    fn add(&mut self, name: String, labels: Labels, point: Point) -> Result<(), String> {
        self.points += 1;
        if self.points > POINT_LIMIT {
            return Err(format!("the file holds more than {POINT_LIMIT} samples"));
        }
        let key = (name, labels);
        if let Some(place) = self.places.get(&key) {
            let points = &mut self.series[*place].points;
            // Without times nobody can tell which of two is the newest.
            if point.0.is_none() || points.last().is_some_and(|(at, _)| *at == point.0 || at.is_none()) {
                return Err(format!("`{}` stands there twice with the same labels and time", key.0));
            }
            points.push(point);
            return Ok(());
        }
        if self.series.len() >= SERIES_LIMIT {
            return Err(format!("the file holds more than {SERIES_LIMIT} series"));
        }
        let (name, labels) = key.clone();
        self.places.insert(key, self.series.len());
        self.series.push(Series { name: Some(name), labels, points: vec![point] });
        Ok(())
    }

    fn sorted(mut self, divisor: f64) -> Result<Vec<Series>, String> {
        for series in &mut self.series {
            series.points.iter_mut().for_each(|(at, _)| *at = at.map(|at| at / divisor));
            let time = |point: &Point| point.0.unwrap_or_default();
            series.points.sort_by(|one, other| time(one).total_cmp(&time(other)));
            if series.points.windows(2).any(|two| two[0].0 == two[1].0) {
                let name = series.name.as_deref().unwrap_or_default();
                return Err(format!("`{name}` stands there twice with the same labels and time"));
            }
        }
        Ok(self.series)
    }
}

/// `name{labels} value [time] [# exemplar]`, and whether the time is one of OpenMetrics alone: Prometheus tells whole
/// milliseconds.
fn sample(line: &str) -> Result<(String, Labels, Point, bool), String> {
    let mut cursor = Cursor::new(line);
    let (name, labels) = cursor.series()?;
    let name = name.ok_or("expected the name of a metric")?;
    // An exemplar's labels may hold anything; what is ours comes before it.
    let figures = cursor.rest().split(" # ").next().unwrap_or_default();
    let mut words = figures.split_whitespace();
    let value = words.next().ok_or_else(|| format!("`{name}` has no value"))?;
    let value =
        number(value).ok_or_else(|| format!("`{}` is no value: expected a number", excerpt(value)))?;
    let mut has_fraction = false;
    let at = match words.next() {
        Some(word) => {
            has_fraction = word.parse::<i64>().is_err();
            let at = number(word).filter(|at| at.is_finite());
            Some(at.ok_or_else(|| format!("`{}` is no time: expected a number", excerpt(word)))?)
        }
        None => None,
    };
    match words.next() {
        Some(word) => Err(format!("expected the end of the line, not `{}`", excerpt(word))),
        None => Ok((name, labels, (at, value), has_fraction)),
    }
}

/// A number as Go writes it: also `NaN`, `+Inf`, `-Inf`.
pub(super) fn number(text: &str) -> Option<f64> {
    text.parse().ok()
}

/// Reads a name with labels, letter by letter.
pub(super) struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    /// What is not read yet, without the blanks before it.
    pub(super) fn rest(&self) -> &'a str {
        self.rest.trim_start()
    }

    /// `name{label="value",…}`; the name may stand in quotes within the braces.
    pub(super) fn series(&mut self) -> Result<(Option<String>, Labels), String> {
        let mut name = Some(self.word(true).to_owned()).filter(|name| !name.is_empty());
        let mut labels: Labels = vec![];
        if !self.skip('{') {
            return match name {
                Some(_) => Ok((name, labels)),
                None => Err("expected the name of a metric".to_owned()),
            };
        }
        while !self.skip('}') {
            let is_quoted = self.rest().starts_with('"');
            let label = if is_quoted { self.quoted()? } else { self.word(false).to_owned() };
            if self.skip('=') {
                let value = self.quoted()?;
                if label.is_empty() || labels.len() >= LABEL_LIMIT {
                    return Err("expected a label".to_owned());
                }
                if labels.iter().any(|(other, _)| *other == label) {
                    return Err(format!("the label `{}` stands there twice", excerpt(&label)));
                }
                match label.as_str() {
                    "__name__" if name.is_none() => name = Some(value),
                    _ => labels.push((label, value)),
                }
            } else if is_quoted && name.is_none() {
                name = Some(label);
            } else {
                return Err("expected a label with `=` and its value in quotes".to_owned());
            }
            if !self.skip(',') && !self.rest().starts_with('}') {
                return Err("expected `,` or `}` behind a label".to_owned());
            }
        }
        labels.sort();
        Ok((name, labels))
    }

    /// Letters, digits and `_`; colons in a metric's name alone.
    fn word(&mut self, has_colons: bool) -> &'a str {
        let text = self.rest();
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || (has_colons && c == ':');
        let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
        let end = if text.starts_with(|c: char| c.is_ascii_digit()) { 0 } else { end };
        self.rest = &text[end..];
        &text[..end]
    }

    fn skip(&mut self, letter: char) -> bool {
        let rest = self.rest().strip_prefix(letter);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn quoted(&mut self) -> Result<String, String> {
        let text = self.rest().strip_prefix('"').ok_or("expected a value in quotes")?;
        let mut value = String::new();
        let mut letters = text.char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    self.rest = &text[at + 1..];
                    return Ok(value);
                }
                '\\' => match letters.next() {
                    Some((_, 'n')) => value.push('\n'),
                    Some((_, escaped @ ('\\' | '"'))) => value.push(escaped),
                    _ => return Err("expected `\\\\`, `\\\"` or `\\n` behind a backslash".to_owned()),
                },
                _ => value.push(letter),
            }
        }
        Err("a value in quotes does not end".to_owned())
    }
}
