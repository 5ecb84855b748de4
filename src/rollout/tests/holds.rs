//! Each way in which data can fail to show a step: none of them promotes.

use super::*;

/// What a call at the end of the first step says, and why.
fn said(plan: Plan, second: i64, files: &[File]) -> (Decision, String) {
    let mut course = Course::begun(plan);
    let decided = course.call(second, files);
    (decided.decision, decided.why.join("\n"))
}

#[test]
fn data_that_do_not_show_the_whole_step_hold_it() {
    let fine = every_minute(60, 3600, 0.001);
    let with = |change: fn(&mut Vec<(i64, f64)>)| {
        let mut points = every_minute(60, 3600, 0.001);
        change(&mut points);
        errors(&points)
    };
    let scrape = "error_ratio 0.001\n";
    let cut = format!("# TYPE a unknown\nerror_ratio 0.001 {}\n", BEGIN + 60);
    let failed = r#"{"status":"error","errorType":"timeout","error":"query timed out"}"#;
    let warned =
        matrix(&[("error_ratio", &fine)]).replace("\"status\"", "\"warnings\":[\"partial\"],\"status\"");
    for (what, second, files, why) in [
        ("nothing", 3600, vec![given("empty.json", "")], "has no series"),
        ("no series", 3600, vec![given("slo.json", matrix(&[]))], "`error_ratio` has no series"),
        ("no points", 3600, errors(&[]), "has no sample between"),
        ("another metric", 3600, vec![given("slo.json", matrix(&[("latency", &fine)]))], "has no series"),
        ("NaN", 3600, errors(&every_minute(60, 3600, f64::NAN)), "has no sample between"),
        (
            "NaN for a while",
            3600,
            with(|p| p[20..30].iter_mut().for_each(|p| p.1 = f64::NAN)),
            "is silent for 11 min",
        ),
        (
            "NaN at the end",
            3600,
            with(|p| p[50..].iter_mut().for_each(|p| p.1 = f64::NAN)),
            "its last sample is of",
        ),
        ("too early", 3540, errors(&every_minute(60, 3540, 0.001)), "before 2099-01-01T10:00:00Z"),
        ("of before the step", 3600, errors(&every_minute(-3600, 0, 0.001)), "has no sample between"),
        ("begun late", 3600, errors(&every_minute(1200, 3600, 0.001)), "its first sample is of"),
        ("a single sample", 3600, errors(&[(3600, 0.001)]), "its first sample is of"),
        ("vanished half way", 3600, errors(&every_minute(60, 1800, 0.001)), "its last sample is of"),
        ("vanished and back", 3600, with(|p| drop(p.drain(20..40))), "is silent for 21 min"),
        ("stale", 18_000, errors(&fine), "more than 5 min before"),
        ("of the future", 3600, errors(&every_minute(60, 7200, 0.001)), "which is to come"),
        ("of another day", 3600, errors(&every_minute(90_000, 93_600, 0.001)), "which is to come"),
        ("without times", 3600, vec![given("scrape.prom", scrape)], "samples without a time"),
        ("cut off", 3600, vec![given("scrape.prom", cut)], "the file is cut off"),
        ("a failed query", 3600, vec![given("slo.json", failed)], "query timed out"),
        ("a warning", 3600, vec![given("slo.json", warned)], "the server warns: partial"),
        ("no metrics at all", 3600, vec![given("app.log", "{\"level\":\"info\"}\n")], "no metrics are given"),
        ("too many", 3600, vec![given("slo.json", two_instances())], "has 2 series"),
    ] {
        let (decision, said) = said(plan(), second, &files);
        assert_eq!(decision, Decision::Hold, "{what}: {said}");
        assert!(said.contains(why), "{what}: {said}");
    }
    // What they all lack.
    assert_eq!(said(plan(), 3600, &errors(&fine)).0, Decision::Promote);
}

fn two_instances() -> String {
    let one = matrix(&[
        ("error_ratio", &every_minute(60, 3600, 0.001)),
        ("error_ratio", &every_minute(60, 3600, 0.0)),
    ]);
    let (head, tail) = one.split_once("\"error_ratio\"").unwrap();
    format!("{head}\"error_ratio\",\"instance\":\"b\"{tail}")
}

#[test]
fn the_same_file_twice_is_no_more_than_once_and_a_series_in_two_files_is_nobodys() {
    let first = errors(&every_minute(60, 1800, 0.001));
    let doubled = [first.clone(), vec![File { path: "copy.json".into(), ..first[0].clone() }]].concat();
    let (decision, why) = said(plan(), 3600, &doubled);
    assert_eq!(decision, Decision::Hold);
    assert!(why.contains("copy.json: the same file is given twice"), "{why}");
    let whole = errors(&every_minute(60, 3600, 0.001));
    let twice = [whole.clone(), vec![File { path: "copy.json".into(), ..whole[0].clone() }]].concat();
    assert_eq!(said(plan(), 3600, &twice).0, Decision::Hold);
    let second = given("second.json", matrix(&[("error_ratio", &every_minute(1860, 3600, 0.001))]));
    let (decision, why) = said(plan(), 3600, &[first, vec![second]].concat());
    assert_eq!(decision, Decision::Hold);
    assert!(why.contains("stands in a file before"), "{why}");
}

#[test]
fn data_of_the_step_before_do_not_show_the_next_one() {
    let mut course = Course::begun(plan());
    assert_eq!(course.call(3600, &errors(&every_minute(60, 3600, 0.001))).decision, Decision::Promote);
    // The same samples once more, in a file of other bytes.
    let again = course.call(7200, &errors(&every_minute(0, 3600, 0.001)));
    assert_eq!((again.decision, again.step), (Decision::Hold, 2));
    assert!(again.why[0].contains("has no sample between 2099-01-01T10:00:00Z and"), "{:?}", again.why);
    let half = course.call(7260, &errors(&every_minute(60, 5400, 0.001)));
    assert_eq!((half.decision, half.step), (Decision::Hold, 2));
}

#[test]
fn a_result_without_a_name_counts_only_where_nothing_else_can_be_meant() {
    let nameless = given("slo.json", matrix(&[("", &every_minute(60, 3600, 0.001))]));
    assert_eq!(said(plan(), 3600, std::slice::from_ref(&nameless)).0, Decision::Promote);
    let mut two = plan();
    two.watched.push(limit("latency", "latency_seconds", 0.5));
    let latency = given("latency.json", matrix(&[("latency_seconds", &every_minute(60, 3600, 0.2))]));
    for files in [vec![nameless.clone()], vec![nameless.clone(), latency.clone()]] {
        let (decision, why) = said(two.clone(), 3600, &files);
        assert_eq!(decision, Decision::Hold);
        assert!(why.contains("`error_ratio` is shown by a result without a name alone"), "{why}");
    }
    let (decision, why) = said(plan(), 3600, &[nameless, latency]);
    assert_eq!(decision, Decision::Hold, "{why}");
}

#[test]
fn one_metric_that_is_not_shown_holds_all_the_others() {
    let mut two = plan();
    two.watched.push(limit("latency", "latency_seconds", 0.5));
    let fine = errors(&every_minute(60, 3600, 0.001));
    let (decision, why) = said(two.clone(), 3600, &fine);
    assert_eq!((decision, why.as_str()), (Decision::Hold, "latency: `latency_seconds` has no series"));
    let latency = given("latency.json", matrix(&[("latency_seconds", &every_minute(60, 3600, 0.2))]));
    assert_eq!(said(two, 3600, &[fine, vec![latency]].concat()).0, Decision::Promote);
}

#[test]
fn an_objective_without_a_limit_never_looks_fine() {
    let asks = |at_most| Asks::Limits {
        metric: "error_ratio".into(),
        at_least: None,
        at_most,
        growth_percent: None,
    };
    for at_most in [None, Some(f64::NAN), Some(f64::INFINITY)] {
        let watched = vec![Watched { id: "errors".into(), asks: asks(at_most), minutes_at_last: 0 }];
        let fine = errors(&every_minute(60, 3600, 0.001));
        let (decision, why) = said(Plan { watched, ..plan() }, 3600, &fine);
        assert_eq!(decision, Decision::Hold, "{why}");
    }
}

#[test]
fn logs_count_by_the_times_of_their_entries() {
    let watched = vec![limit("errors", "error rate", 1.0)];
    let plan = Plan { watched, ..plan() };
    let entry = |second: i64, level: &str| {
        format!("{{\"level\":\"{level}\",\"time\":\"{}\",\"msg\":\"a page was read\"}}\n", at(second))
    };
    let lines = |from: i64, to: i64| {
        every_minute(from, to, 0.0).iter().map(|(second, _)| entry(*second, "info")).collect::<String>()
    };
    let before = entry(-60, "error").repeat(40);
    for (what, second, log, decision, why) in [
        ("whole", 3600, lines(60, 3600), Decision::Promote, ""),
        ("errors of before the step", 3600, before.clone() + &lines(60, 3600), Decision::Promote, ""),
        ("out of order", 3600, lines(1860, 3600) + &lines(60, 1800), Decision::Promote, ""),
        ("too early", 1800, lines(60, 1800), Decision::Hold, "before 2099-01-01T10:00:00Z"),
        ("of before the step alone", 3600, lines(-3600, 0), Decision::Hold, "holds no entry"),
        ("silent at the end", 3600, lines(60, 1800), Decision::Hold, "its last sample is of"),
        (
            "silent half way",
            3600,
            lines(60, 900) + &lines(2700, 3600),
            Decision::Hold,
            "is silent for 30 min",
        ),
        ("stale", 18_000, lines(60, 3600), Decision::Hold, "more than 5 min before"),
        ("of the future", 3600, lines(60, 7200), Decision::Hold, "which is to come"),
        (
            "one without a time",
            3600,
            lines(60, 3600) + "{\"level\":\"info\",\"msg\":\"a\"}\n",
            Decision::Hold,
            "have no time",
        ),
        ("broken", 3600, lines(60, 3600) + "{\"level\":\"info\",\"ti\n", Decision::Hold, "broken JSON"),
        ("empty", 3600, String::new(), Decision::Hold, "holds no entry"),
        ("bad", 1800, lines(60, 1740) + &entry(1800, "error"), Decision::RollBack, "it should be at most 1"),
    ] {
        let (decided, said) = said(plan.clone(), second, &[given("app.log", log)]);
        assert_eq!(decided, decision, "{what}: {said}");
        assert!(said.contains(why), "{what}: {said}");
    }
    assert_eq!(
        said(plan, 3600, &errors(&every_minute(60, 3600, 0.0))).1,
        "errors: `error rate` no logs are given"
    );
}

#[test]
fn entries_that_say_nothing_of_a_metric_do_not_show_it() {
    let of = |at_most| Plan { watched: vec![limit("pages", "page latency p95", at_most)], ..plan() };
    let entry = |second: i64, more: &str| {
        format!("{{\"level\":\"info\",\"time\":\"{}\",\"msg\":\"beat\"{more}}}\n", at(second))
    };
    let page = ",\"page_ms\":20";
    let beats = |has_page: fn(i64) -> bool| {
        let beats = every_minute(60, 3600, 0.0);
        let lines = beats.iter().map(|(at, _)| entry(*at, if has_page(*at) { page } else { "" }));
        vec![given("app.log", lines.collect::<String>())]
    };
    for (what, files, decision) in [
        ("all along", beats(|_| true), Decision::Promote),
        ("first alone", beats(|at| at == 60), Decision::Hold),
        ("not at the end", beats(|at| at < 3000), Decision::Hold),
        ("first and last", beats(|at| at == 60 || at == 3600), Decision::Hold),
    ] {
        let (found, why) = said(of(300.0), 3600, &files);
        assert_eq!(found, decision, "{what}: {why}");
    }
}
