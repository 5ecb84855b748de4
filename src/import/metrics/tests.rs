//! Metrics of real servers and made-up ones, each with the figures that it must come to; and input that is broken on
//! purpose.

use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/import/metrics").join(name)
}

fn of_text(text: &str) -> Result<MetricReport, ImportError> {
    read_source(&mut Source::bytes(Path::new("scrape"), text.as_bytes()))
}

fn objective(metric: &str, at_least: Option<f64>, at_most: Option<f64>) -> Objective {
    Objective { metric: metric.to_owned(), at_least, at_most, ..Objective::default() }
}

#[test]
fn every_format_comes_to_its_figures() {
    use MetricFormat::{OpenMetrics, Prometheus, Query};
    #[rustfmt::skip]
    let rows = [
        ("scrape.prom", Prometheus, "go_goroutines", Ok(32.0)),
        ("scrape.prom", Prometheus, "go_info{version=\"go1.19.8\"}", Ok(1.0)),
        ("scrape.prom", Prometheus, "go_info{version=\"go1.20\"}", Err(NoData::Absent)),
        ("scrape.prom", Prometheus, "go_gc_duration_seconds{quantile=\"0.75\"}", Ok(0.001_378_53)),
        ("scrape.prom", Prometheus, "go_gc_duration_seconds", Err(NoData::Ambiguous(5))),
        ("scrape.prom", Prometheus, "no_such_metric", Err(NoData::Absent)),
        ("scrape.openmetrics", OpenMetrics, "snapshots_total{ending=\"stored\"}", Ok(9_980.0)),
        ("scrape.openmetrics", OpenMetrics, "page_seconds_bucket{le=\"0.1\"}", Ok(96.0)),
        ("scrape.openmetrics", OpenMetrics, "rss{note=\"a \\\"quoted\\\" \\\\ back\\nslash\"}", Ok(49_741_824.0)),
        ("scrape.openmetrics", OpenMetrics, "rss{worker=\"b\"}", Err(NoData::NotANumber)),
        ("query-scalar.json", Query, "anything", Ok(1.0)),
        ("query-nan.json", Query, "anything", Err(NoData::NotANumber)),
        ("query-inf.json", Query, "anything", Err(NoData::Infinite)),
        ("query-empty.json", Query, "anything", Err(NoData::Absent)),
        ("query-ratio.json", Query, "slo:req:ratio", Ok(1.0)),
        ("query-ratio.json", Query, "another", Err(NoData::Absent)),
        ("query-vector.json", Query, "up{job=\"self\"}", Ok(1.0)),
        ("query-vector.json", Query, "up{job=\"other\"}", Err(NoData::Absent)),
        ("query-matrix.json", Query, "availability", Ok(1.0)),
    ];
    for (file, format, metric, expected) in rows {
        let report = read(&fixture(file)).unwrap();
        assert_eq!((report.format, &report.incomplete), (format, &None), "{file}");
        let reading = report.reading(&Selector::parse(metric).unwrap());
        assert_eq!(reading.map(|reading| reading.value), expected, "{file}: {metric}");
    }
    let scrape = read(&fixture("scrape.prom")).unwrap();
    assert_eq!(scrape.value("go_info", &[("version", "go1.19.8")]), Some(1.0));
    assert_eq!(scrape.value("go_info", &[("version", "")]), None);
}

#[test]
fn a_dip_of_a_window_does_not_hide_behind_its_newest_value() {
    let report = read(&fixture("query-matrix.json")).unwrap();
    let value = |objective| match report.facts(Of::Now, &[objective]).pop() {
        Some(CheckFact::Measured { value, samples: 3, .. }) => value,
        other => panic!("{other:?}"),
    };
    assert_eq!(value(objective("availability", Some(0.99), None)), Some(0.726_200_000_000_000_1));
    assert_eq!(value(objective("availability", None, Some(0.5))), Some(1.0));
    assert_eq!(value(objective("availability", Some(0.1), Some(0.9))), Some(1.0));
    assert_eq!(value(objective("availability", Some(0.8), Some(2.0))), Some(0.726_200_000_000_000_1));
}

#[test]
fn one_old_spike_does_not_hide_a_growth_and_one_nameless_result_is_not_two() {
    let window = |values: &str| {
        let text = format!(
            "{{\"status\":\"success\",\"data\":{{\"resultType\":\"matrix\",\"result\":[{{\"metric\":{{}},\"values\":[{values}]}}]}}}}"
        );
        of_text(&text).unwrap()
    };
    let values = |report: &MetricReport, of, objectives: &[Objective]| -> Vec<Option<f64>> {
        let facts = report.facts(of, objectives).into_iter();
        facts
            .filter_map(|fact| match fact {
                CheckFact::Measured { value, .. } => Some(value),
                _ => None,
            })
            .collect()
    };
    let grows = |metric| Objective { growth_percent: Some(10.0), ..objective(metric, None, None) };
    let report = window("[1,\"100\"],[2,\"1000\"],[3,\"100\"]");
    assert_eq!(values(&report, Of::Before, &[grows("x")]), [Some(100.0)]);
    assert_eq!(values(&report, Of::Now, &[grows("x")]), [Some(1000.0)]);
    assert_eq!(values(&report, Of::Now, &[grows("x"), objective("x", None, Some(1.0))]), [Some(1000.0)]);
    assert_eq!(values(&report, Of::Now, &[grows("x"), grows("y")]), [None, None]);
}

#[test]
fn a_metric_without_data_is_told_with_its_name() {
    for (file, why) in [
        ("query-empty.json", "has no series"),
        ("query-nan.json", "is NaN"),
        ("query-inf.json", "is infinite"),
        ("scrape.prom", "has no series"),
    ] {
        let facts =
            read(&fixture(file)).unwrap().facts(Of::Now, &[objective("error:ratio", None, Some(1.0))]);
        let nothing = CheckFact::Measured {
            of: Of::Now,
            name: "error:ratio".to_owned(),
            value: None,
            unit: String::new(),
            samples: 0,
        };
        let noted = CheckFact::Noted { what: format!("the metric `error:ratio` {why}") };
        assert_eq!(facts, [noted, nothing], "{file}");
    }
}

#[test]
fn answers_that_are_none_are_errors_in_the_servers_words() {
    let status = |rest: &str| format!("{{\"status\":{rest}}}");
    #[rustfmt::skip]
    let rows = [
        (status(r#""error","errorType":"timeout","error":"query timed out""#), "the server could not answer: query timed out (timeout)"),
        (status(r#""maybe""#), "has the status `maybe`: expected `success` or `error`"),
        (status(r#""success""#), "has no `data`"),
        (status(r#""success","data":{"resultType":"string","result":[1,"x"]}"#), "has a result of type `string`: expected scalar, vector or matrix"),
        (status(r#""success","data":{"resultType":"scalar","result":[]}"#), "has a result that is no scalar"),
        (status(r#""success","data":{"resultType":"vector","result":[1,"2"]}"#), "has a result that is no vector"),
        (status(r#""success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"much"]}]}"#), "`much` is no value: expected a number as a text"),
        (status(r#""success","data":{"resultType":"vector","result":[{"metric":{},"histogram":[1,{}]}]}"#), "holds a series without values as its type has them; histograms are not read"),
        (status(r#""success","data":{"resultType":"matrix","result":[{"metric":{},"value":[1,"1"]}]}"#), "holds a series without values as its type has them; histograms are not read"),
        ("[1]".to_owned(), "is a JSON list: expected an answer of Prometheus' query API or the text of a scrape"),
    ];
    for (text, expected) in rows {
        assert_eq!(of_text(&text).unwrap_err().what, expected, "{text}");
    }
    let refused = read(&fixture("query-error.json")).unwrap_err().what;
    assert!(refused.contains("unclosed left parenthesis (bad_data)"), "{refused}");
    let alerts = read(&fixture("alerts.json")).unwrap_err().what;
    assert!(alerts.starts_with("has no `resultType`"), "{alerts}");
}

#[test]
fn an_answer_with_warnings_is_not_whole() {
    let data = r#""data":{"resultType":"scalar","result":[1,"2"]}"#;
    for (more, expected) in [
        (r#""infos":["metric might not be a counter"]"#, None),
        (r#""warnings":["a store is unavailable"]"#, Some("the server warns: a store is unavailable")),
        (r#""isPartial":true"#, Some("the server says that its answer is partial")),
    ] {
        let report = of_text(&format!(r#"{{"status":"success",{data},{more}}}"#)).unwrap();
        assert_eq!(report.incomplete.as_deref(), expected);
    }
}

#[test]
fn a_scrape_that_is_cut_off_or_empty_is_not_whole() {
    let whole = std::fs::read_to_string(fixture("scrape.openmetrics")).unwrap();
    #[rustfmt::skip]
    let rows = [
        ("", "the file is empty"),
        (" \n\n", "the file is empty"),
        ("# HELP up Whether it is up.\n", "the file holds no samples"),
        ("up 1", "the file is cut off: its last line does not end"),
        ("up 1 1700000000.5\n", "the file is cut off: OpenMetrics ends with `# EOF`"),
        ("up 1 1.7e9\n", "the file is cut off: OpenMetrics ends with `# EOF`"),
        ("# TYPE a counter\na_total 1\n", "the file is cut off: OpenMetrics ends with `# EOF`"),
        (whole.strip_suffix("# EOF\n").unwrap(), "the file is cut off: OpenMetrics ends with `# EOF`"),
    ];
    for (text, expected) in rows {
        assert_eq!(of_text(text).unwrap().incomplete.as_deref(), Some(expected), "{text}");
    }
    let mut source = Source::bytes(Path::new("scrape"), b"up{job=\"\xff\"} 1\n");
    assert_eq!(read_source(&mut source).unwrap().incomplete.as_deref(), Some("the file is not UTF-8"));
}

#[test]
fn a_line_that_is_no_sample_is_an_error_with_its_place() {
    #[rustfmt::skip]
    let rows = [
        ("up", "`up` has no value"),
        ("up one", "`one` is no value: expected a number"),
        ("up 1 soon", "`soon` is no time: expected a number"),
        ("up 1 2 3", "expected the end of the line, not `3`"),
        ("{job=\"a\"} 1", "expected the name of a metric"),
        ("1up 1", "expected the name of a metric"),
        ("up{job} 1", "expected a label with `=` and its value in quotes"),
        ("up{job=a} 1", "expected a value in quotes"),
        ("up{job=\"a} 1", "a value in quotes does not end"),
        ("up{job=\"\\x\"} 1", "expected `\\\\`, `\\\"` or `\\n` behind a backslash"),
        ("up{job=\"a\",job=\"b\"} 1", "the label `job` stands there twice"),
        ("up{job=\"a\" at=\"b\"} 1", "expected `,` or `}` behind a label"),
        ("ok 2", "`ok` stands there twice with the same labels and time"),
    ];
    for (line, expected) in rows {
        let error = of_text(&format!("ok 1\n{line}\n")).unwrap_err();
        assert_eq!(error.to_string(), format!("scrape, line 2: {expected}"));
    }
    let error = of_text("up 1\n# EOF\nup 2\n").unwrap_err();
    assert_eq!(error.to_string(), "scrape, line 3: stands behind `# EOF`: expected nothing");
    let twice = of_text("up 1 10\nup 2 20\nup 3 10\n").unwrap_err();
    assert_eq!(twice.what, "`up` stands there twice with the same labels and time");
}

#[test]
fn times_and_quoted_names_are_understood() {
    let report = of_text("up 1 20\nup 0 10\n{\"my.metric\",job=\"a\"} 5\n").unwrap();
    let up = report.reading(&Selector::of("up", &[])).unwrap();
    assert_eq!(up, Reading { value: 1.0, least: 0.0, most: 1.0, middle: 0.0, points: 2 });
    assert_eq!(report.value("my.metric", &[("job", "a")]), Some(5.0));
    assert_eq!(of_text("{\"my.metric\"} 5\n").unwrap().value("my.metric", &[]), Some(5.0));
}

#[test]
fn times_are_milliseconds_in_a_scrape_and_seconds_in_openmetrics() {
    let first = |text: &str| of_text(text).unwrap().series[0].points[0].0;
    assert_eq!(first("up 1 1700000000500\n"), Some(1_700_000_000.5));
    assert_eq!(first("up 1 1700000000.5\n# EOF\n"), Some(1_700_000_000.5));
    assert_eq!(first("up 1\n"), None);
}

#[test]
fn a_window_with_an_infinite_point_or_a_nan_at_its_end_is_no_data() {
    let reading = |values: &str| {
        let text = format!(
            r#"{{"status":"success","data":{{"resultType":"matrix","result":[{{"metric":{{"__name__":"a"}},"values":[{values}]}}]}}}}"#
        );
        of_text(&text).unwrap().reading(&Selector::of("a", &[]))
    };
    assert_eq!(reading(r#"[1,"1"],[2,"+Inf"],[3,"1"]"#), Err(NoData::Infinite));
    assert_eq!(reading(r#"[1,"1"],[2,"NaN"]"#), Err(NoData::NotANumber));
    assert_eq!(reading(""), Err(NoData::Absent));
    assert_eq!(
        reading(r#"[1,"2"],[2,"NaN"],[3,"1"]"#),
        Ok(Reading { value: 1.0, least: 1.0, most: 2.0, middle: 1.0, points: 2 })
    );
}

#[test]
fn budgets_come_to_what_is_left_of_them() {
    #[rustfmt::skip]
    let rows = [
        (99.0, 10_000.0, 10_000.0, Some((0.0, 100.0))),
        (99.0, 9_950.0, 10_000.0, Some((50.0, 50.0))),
        (99.0, 9_900.0, 10_000.0, Some((100.0, 0.0))),
        (99.0, 9_700.0, 10_000.0, Some((300.0, -200.0))),
        (100.0, 5.0, 5.0, Some((0.0, 100.0))),
        (100.0, 4.0, 5.0, Some((1_000_000.0, -999_900.0))),
        (99.0, 0.0, 0.0, None),
        (99.0, 11.0, 10.0, None),
        (99.0, f64::NAN, 10.0, None),
        (99.0, 1.0, f64::INFINITY, None),
        (99.0, -1.0, 10.0, None),
        (0.0, 1.0, 10.0, None),
        (101.0, 1.0, 10.0, None),
    ];
    for (objective, good, total, expected) in rows {
        let found = budget(objective, good, total).map(|b| (b.spent_percent.round(), b.left_percent.round()));
        assert_eq!(found, expected, "{objective} {good} {total}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(
        file in prop::sample::select(vec!["scrape.prom", "scrape.openmetrics", "query-matrix.json", "query-vector.json"]),
        end in any::<prop::sample::Index>(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let mut bytes = std::fs::read(fixture(file)).unwrap();
        bytes.truncate(1 + end.index(bytes.len()));
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= byte;
        }
        if let Ok(report) = read_source(&mut Source::bytes(Path::new("any"), &bytes)) {
            let _ = report.facts(Of::Now, &[objective("up", Some(1.0), None)]);
        }
    }

    #[test]
    fn a_truncated_openmetrics_text_never_counts_as_whole(end in 0usize..600) {
        let text = std::fs::read_to_string(fixture("scrape.openmetrics")).unwrap();
        let end = end.min(text.len() - 2);
        let report = of_text(&text[..end]);
        prop_assert!(report.is_err() || report.unwrap().incomplete.is_some());
    }
}

#[test]
fn an_error_budget_is_measured_over_several_files_and_a_series_in_two_of_them_is_refused() {
    let read =
        |text: &str| read_source(&mut Source::bytes(Path::new("m.prom"), text.as_bytes())).expect("read");
    let budgeted = |target_percent| Objective {
        metric: "availability".to_owned(),
        budget: Some(crate::evidence::Budgeted {
            good: "good{job=\"app\"}".to_owned(),
            total: "all".to_owned(),
            target_percent,
            window_days: 28,
        }),
        ..Objective::default()
    };
    for (good, all, expected) in [
        ("good{job=\"app\"} 999", "all 1000", Some((99.9, 80.0))),
        ("good{job=\"app\"} 990", "all 1000", Some((99.0, -100.0))),
        ("good{job=\"app\"} 0", "all 0", None),
        ("good{job=\"app\"} 1001", "all 1000", None),
        ("good{job=\"app\"} NaN", "all 1000", None),
        ("good{job=\"app\"} 1", "all +Inf", None),
        ("good{job=\"other\"} 1", "all 2", None),
    ] {
        let mut report = read(&format!("{good}\n"));
        report.absorb(read(&format!("{all}\n"))).expect("another series");
        let facts = report.facts(Of::Now, &[budgeted(99.5)]);
        let of = |wanted: &str| {
            facts.iter().find_map(|fact| match fact {
                CheckFact::Measured { name, value, .. } if name == wanted => Some(*value),
                _ => None,
            })
        };
        let found =
            of("availability").expect("told").zip(of("availability: error budget left").expect("told"));
        let rounded = found.map(|(share, left)| ((share * 10.0).round() / 10.0, left.round()));
        assert_eq!(rounded, expected, "{good} {all}");
        let has_note = facts.iter().any(|fact| matches!(fact, CheckFact::Noted { .. }));
        assert_eq!(has_note, expected.is_none(), "{facts:?}");
        let refused = report.absorb(read(&format!("{all}\n"))).expect_err("twice");
        assert!(refused.contains("the series all{} stands in a file before"), "{refused}");
    }
}
