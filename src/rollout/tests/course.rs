//! From the first step to the last, and what ends it before.

use super::*;

#[test]
fn a_canary_whose_data_are_fine_goes_out_step_by_step_and_each_call_says_how_far() {
    let mut course = Course::of(plan());
    let told = |decided: Decided| (decided.decision, decided.percent, decided.step);
    assert_eq!(told(course.call(0, &[])), (Decision::Begin, 5, 1));
    assert_eq!(told(course.call(1800, &errors(&every_minute(60, 1800, 0.001)))), (Decision::Hold, 5, 1));
    assert_eq!(told(course.call(3600, &errors(&every_minute(60, 3600, 0.001)))), (Decision::Promote, 50, 2));
    assert_eq!(told(course.call(5400, &errors(&every_minute(60, 5400, 0.002)))), (Decision::Hold, 50, 2));
    assert_eq!(told(course.call(7200, &errors(&every_minute(60, 7200, 0.002)))), (Decision::Promote, 100, 3));
    let out = course.call(10_860, &errors(&every_minute(60, 10_860, 0.003)));
    assert_eq!((out.decision, out.percent, out.from, out.to), (Decision::Done, 100, at(7200), at(10_860)));
    assert_eq!((out.measured[0].value.as_deref(), out.measured[0].samples), (Some("0.003"), 61));
    // Nothing follows, whatever the data say.
    assert_eq!(
        told(course.call(20_000, &errors(&every_minute(10_900, 20_000, 1.0)))),
        (Decision::Done, 100, 3)
    );
    assert_eq!(course.past.len(), 6);
}

#[test]
fn the_same_files_lead_to_the_same_answer_and_add_nothing_wherever_they_lie() {
    let mut course = Course::begun(plan());
    assert!(matches!(course.ask(10, &[], Ok(())), Ok(Answer::Again(_))));
    let hold = errors(&every_minute(60, 1800, 0.001));
    let (first, again) = (course.call(1800, &hold), course.call(1900, &hold));
    assert_eq!(first, again);
    let whole = errors(&every_minute(60, 3600, 0.001));
    let promoted = course.call(3600, &whole);
    let moved = vec![File { path: "elsewhere.json".into(), ..whole[0].clone() }];
    for second in [3600, 3601, 9000] {
        assert_eq!(course.ask(second, &moved, Ok(())).unwrap(), Answer::Again(promoted.clone()));
    }
    assert_eq!(course.past.len(), 3);
}

#[test]
fn one_sample_beyond_its_limit_rolls_back_at_once_and_for_good() {
    for bad in [0.02, f64::INFINITY] {
        let mut course = Course::begun(plan());
        let mut points = every_minute(60, 600, 0.001);
        points[3].1 = bad;
        // What else is wrong with the data takes nothing from that.
        let files = [errors(&points), vec![given("broken.json", "{")]].concat();
        let back = course.call(600, &files);
        assert_eq!((back.decision, back.percent, back.step), (Decision::RollBack, 0, 1), "{:?}", back.why);
        assert!(back.why[0].contains("it should be at most 0.01"), "{:?}", back.why);
        for second in [3600, 9000, 90_000] {
            let fine = errors(&every_minute(60, second, 0.001));
            assert_eq!(course.call(second, &fine), back);
        }
    }
    // Of the time before the step it says nothing.
    let mut course = Course::begun(plan());
    let mut points = every_minute(-600, 3600, 0.001);
    points[0].1 = 1.0;
    assert_eq!(course.call(3600, &errors(&points)).decision, Decision::Promote);
}

#[test]
fn only_a_release_that_is_let_out_begins_and_one_that_no_more_is_stands_still() {
    let course = Course::of(plan());
    let refused = course.ask(0, &[], Err("its verdict is NO-GO, exit code 1")).unwrap_err();
    assert_eq!(refused.to_string(), "the release is not let out: its verdict is NO-GO, exit code 1");
    let course = Course::begun(plan());
    let whole = errors(&every_minute(60, 3600, 0.001));
    let held = course.ask(3600, &whole, Err("its verdict is NO-GO, exit code 1")).unwrap();
    assert_eq!(held.decided().decision, Decision::Hold);
    assert_eq!(held.decided().why, ["the release is let out no more: its verdict is NO-GO, exit code 1"]);
    let bad = errors(&every_minute(60, 3600, 0.5));
    let back = course.ask(3600, &bad, Err("its verdict is NO-GO, exit code 1")).unwrap();
    assert_eq!(back.decided().decision, Decision::RollBack);
}

#[test]
fn a_clock_that_was_set_back_a_plan_that_watches_nothing_and_a_rehearsal_that_goes_on_are_refused() {
    let course = Course::begun(plan());
    let refused = course.ask(-1, &[], Ok(())).unwrap_err();
    assert_eq!(refused, Refused::ClockSetBack { at: at(-1), last: at(0) });
    let when = When { at: at(10), rehearsed: true };
    let refused = rule(&course.plan, &course.past, Ok(()), &Data::read(&[], when.at), when);
    assert_eq!(refused, Err(Refused::Rehearsal { rehearsed: false }));
    let blind = Course::of(Plan { watched: vec![], ..plan() });
    assert_eq!(blind.ask(0, &[], Ok(())), Err(Refused::NothingWatched));
}

#[test]
fn a_rollout_does_not_begin_on_files_that_cannot_be_read() {
    let course = Course::of(plan());
    for (path, bytes, why) in [
        ("slo.json", &b""[..], "slo.json: the file is empty"),
        ("slo.json", b"{", "slo.json"),
        ("slo.json", b"\xff\xfe\x00\x01", "slo.json"),
        ("app.log", b"", "app.log: the log holds no entry"),
        ("app.log", b"\x00\xff\xfe\x80 1\n", "app.log: is no text"),
    ] {
        let said = course.ask(0, &[given(path, bytes)], Ok(())).map_err(|why| why.to_string());
        let said = said.expect_err(path);
        assert!(said.starts_with("a file cannot be read: ") && said.contains(why), "{said}");
    }
    let whole = errors(&every_minute(-600, 0, 0.001));
    assert!(matches!(course.ask(0, &whole, Ok(())), Ok(Answer::New(_))));
}
