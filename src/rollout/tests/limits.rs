//! What is asked for: limits, growth against the time before, error budgets, and a longer look at the end.

use super::*;

fn watching(asks: Asks, minutes_at_last: u32) -> Plan {
    Plan { watched: vec![Watched { id: "it".into(), asks, minutes_at_last }], ..plan() }
}

fn end_of_first(plan: &Plan, files: &[File]) -> (Decision, String) {
    let decided = Course::begun(plan.clone()).call(3600, files);
    (decided.decision, decided.why.join("\n"))
}

#[test]
fn what_should_be_much_must_not_be_little_and_infinity_shows_nothing_of_it() {
    let asks = Asks::Limits {
        metric: "error_ratio".into(),
        at_least: Some(0.5),
        at_most: None,
        growth_percent: None,
    };
    let plan = watching(asks, 0);
    for (value, decision) in [
        (0.5, Decision::Promote),
        (0.4, Decision::RollBack),
        (f64::NEG_INFINITY, Decision::RollBack),
        (f64::INFINITY, Decision::Hold),
    ] {
        let (found, why) = end_of_first(&plan, &errors(&every_minute(60, 3600, value)));
        assert_eq!(found, decision, "{value}: {why}");
    }
}

#[test]
fn growth_is_held_against_the_same_time_before_the_rollout_began() {
    let growth = |percent| Asks::Limits {
        metric: "error_ratio".into(),
        at_least: None,
        at_most: None,
        growth_percent: Some(percent),
    };
    let now = |value| every_minute(60, 3600, value);
    let whole = |before: f64, value: f64| [every_minute(-3540, 0, before), now(value)].concat();
    for (what, points, decision, why) in [
        ("no more", whole(100.0, 110.0), Decision::Promote, ""),
        ("more", whole(100.0, 111.0), Decision::RollBack, "at most 10 % above before"),
        ("from nothing", whole(0.0, 0.1), Decision::RollBack, ""),
        ("nothing before", now(100.0), Decision::Hold, "before the rollout, `error_ratio` has no sample"),
        (
            "less than as long",
            [every_minute(-1800, 0, 100.0), now(100.0)].concat(),
            Decision::Hold,
            "does not cover",
        ),
        (
            "long ago",
            [every_minute(-3540, -1800, 100.0), now(100.0)].concat(),
            Decision::Hold,
            "does not cover",
        ),
        (
            "more, behind one old spike",
            [vec![(-3540, 5000.0)], every_minute(-3480, 0, 100.0), now(200.0)].concat(),
            Decision::RollBack,
            "at most 10 % above before",
        ),
        ("below zero", whole(-5.0, -6.0), Decision::Hold, "growth against that says nothing"),
        ("infinite before", whole(f64::INFINITY, 5.0), Decision::Hold, "no finite sample"),
    ] {
        let (found, said) = end_of_first(&watching(growth(10.0), 0), &errors(&points));
        assert_eq!(found, decision, "{what}: {said}");
        assert!(said.contains(why), "{what}: {said}");
    }
    // The step before is no measure of the next one: what grew with it would be the new usual.
    let mut course = Course::begun(watching(growth(10.0), 0));
    assert_eq!(course.call(3600, &errors(&whole(100.0, 109.0))).decision, Decision::Promote);
    let grown = [whole(100.0, 109.0), every_minute(3660, 7200, 115.0)].concat();
    assert_eq!(course.call(7200, &errors(&grown)).decision, Decision::RollBack);
}

#[test]
fn an_error_budget_must_not_be_spent() {
    let asks = Asks::Budget { good: "good".into(), total: "total".into(), target_percent: 99.0 };
    let plan = watching(asks, 0);
    // Counters that had counted before, and grow by so much a minute from then on.
    let grown = |by: f64, from: i64, to: i64| {
        every_minute(from, to, 0.0)
            .iter()
            .map(|(second, _)| (*second, 50_000.0 + by * (*second as f64) / 60.0))
            .collect::<Vec<_>>()
    };
    let of = |good: &[(i64, f64)], total: &[(i64, f64)]| {
        vec![given("slo.json", matrix(&[("good", good), ("total", total)]))]
    };
    let counted = |good: f64, total: f64| of(&grown(good, 60, 3600), &grown(total, 60, 3600));
    let all = grown(100.0, 60, 3600);
    let reset = [grown(100.0, 60, 1800), every_minute(1860, 3600, 10.0)].concat();
    for (what, files, decision, why) in [
        ("enough", counted(99.5, 100.0), Decision::Promote, ""),
        ("all", counted(100.0, 100.0), Decision::Promote, ""),
        ("too few", counted(99.0, 100.0), Decision::RollBack, "the error budget is spent, 0 % of it is left"),
        ("far too few", counted(98.0, 100.0), Decision::RollBack, "-100 % of it is left"),
        ("none", counted(0.0, 100.0), Decision::RollBack, "the error budget is spent"),
        ("nothing at all", counted(0.0, 0.0), Decision::Hold, "0 good of 0 in the step is no count"),
        ("more than there were", counted(101.0, 100.0), Decision::Hold, "is no count"),
        ("NaN", of(&every_minute(60, 3600, f64::NAN), &all), Decision::Hold, "`good` has no sample"),
        ("half the step", of(&grown(100.0, 60, 1800), &all), Decision::Hold, "does not cover the step"),
        (
            "a counter that began anew",
            of(&reset, &reset),
            Decision::Hold,
            "`good` fell at 2099-01-01T09:31:00Z",
        ),
        ("other times", of(&grown(100.0, 61, 3600), &all), Decision::Hold, "no sample of the same time"),
        (
            "before the step",
            of(&grown(99.9, -3600, 0), &grown(100.0, -3600, 0)),
            Decision::Hold,
            "has no sample",
        ),
        ("no files", vec![], Decision::Begin, ""),
    ] {
        let (found, said) = end_of_first(&plan, &files);
        assert_eq!(found, decision, "{what}: {said}");
        assert!(said.contains(why), "{what}: {said}");
    }
}

#[test]
fn the_last_step_is_watched_as_long_as_what_is_looked_at_asks_for() {
    let Asks::Limits { .. } = limit("it", "error_ratio", 0.01).asks else { panic!("limits") };
    let mut course = Course::begun(watching(limit("it", "error_ratio", 0.01).asks, 120));
    for second in [3600, 7200] {
        let decided = course.call(second, &errors(&every_minute(60, second, 0.001)));
        assert_eq!(decided.decision, Decision::Promote);
    }
    for (second, decision) in [(10_800, Decision::Hold), (14_340, Decision::Hold), (14_400, Decision::Done)] {
        let decided = course.call(second, &errors(&every_minute(60, second, 0.001)));
        assert_eq!(decided.decision, decision, "{:?}", decided.why);
    }
}

#[test]
fn a_plan_watches_what_the_policy_looks_at_after_deployment_and_its_error_budgets() {
    use crate::evidence::{Budgeted, Objective, PostDeployCheck, Release};
    let mut release = Release::default();
    assert_eq!(Plan::of(&release).unwrap().watched, []);
    let percents: Vec<u32> = Plan::of(&release).unwrap().steps.iter().map(|step| step.percent).collect();
    assert_eq!(percents, [5, 25, 50, 100]);
    release.rollout.post_deploy.push(PostDeployCheck {
        id: "errors".into(),
        title: "errors are few".into(),
        metric: "error_ratio".into(),
        at_least: None,
        at_most: Some(0.01),
        growth_percent: None,
        window_minutes: 120,
    });
    let objective = |budget| Objective {
        metric: "availability".into(),
        at_least: Some(0.9),
        at_most: None,
        growth_percent: None,
        budget,
    };
    let budget =
        Budgeted { good: "good".into(), total: "total".into(), target_percent: 99.0, window_days: 30 };
    release.limits.objectives.insert("metrics/slo".into(), vec![objective(None), objective(Some(budget))]);
    let plan = Plan::of(&release).unwrap();
    let watched: Vec<(&str, u32)> =
        plan.watched.iter().map(|one| (one.id.as_str(), one.minutes_at_last)).collect();
    assert_eq!(watched, [("errors", 120), ("metrics/slo: availability", 0)]);
    assert!(!plan.has_one_metric());
    release.rollout.post_deploy[0].at_most = None;
    assert!(Plan::of(&release).is_err());
}
