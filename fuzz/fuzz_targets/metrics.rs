//! Metrics: a scrape's text, OpenMetrics, answers of the query API, any bytes. No more points than the file can hold,
//! and a part that was cut off is whole only where a line of a scrape ends.
#![no_main]

use gonogo::import::{
    Source,
    metrics::{MetricFormat, MetricReport, read_source},
};
use gonogo_fuzz::{cut, is_told, name, shown};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let read = |bytes| read_source(&mut Source::bytes(name(), bytes));
    let report = match read(bytes) {
        Ok(report) => report,
        Err(error) => return is_told(&error),
    };
    report.incomplete.iter().chain(&report.notes).for_each(|text| shown(text));
    let points = report.series.iter().map(|series| series.points.len()).sum::<usize>();
    assert!(points <= bytes.len(), "more points than bytes");
    assert!(report.series.iter().all(
        |series| series.points.is_sorted_by_key(|point| point.0) || report.format == MetricFormat::Query
    ));
    let part = cut(bytes);
    if report.incomplete.is_none()
        && let Ok(found) = read(part)
        && found.incomplete.is_none()
        && !(found.format == MetricFormat::Prometheus && part.ends_with(b"\n"))
    {
        assert_eq!(drawn(&found), drawn(&report), "a part reads as whole");
    }
});

/// NaN equals itself here.
fn drawn(report: &MetricReport) -> String {
    format!("{:?}", report.series)
}
