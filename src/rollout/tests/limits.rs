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
    let counted = |good: f64, total: f64, to: i64| {
        let (good, total) = (every_minute(60, to, good), every_minute(60, 3600, total));
        vec![given("slo.json", matrix(&[("good", &good), ("total", &total)]))]
    };
    for (files, decision, why) in [
        (counted(995.0, 1000.0, 3600), Decision::Promote, ""),
        (counted(990.0, 1000.0, 3600), Decision::RollBack, "the error budget is spent, 0 % of it is left"),
        (counted(980.0, 1000.0, 3600), Decision::RollBack, "-100 % of it is left"),
        (counted(0.0, 0.0, 3600), Decision::Hold, "is no count"),
        (counted(1001.0, 1000.0, 3600), Decision::Hold, "is no count"),
        (counted(f64::NAN, 1000.0, 3600), Decision::Hold, "`good` has no sample"),
        (counted(995.0, 1000.0, 1800), Decision::Hold, "`good` does not cover the step"),
        (vec![], Decision::Begin, ""),
    ] {
        let (found, said) = end_of_first(&plan, &files);
        assert_eq!(found, decision, "{said}");
        assert!(said.contains(why), "{said}");
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
