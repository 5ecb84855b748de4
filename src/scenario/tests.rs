//! Every way in which a scenario can end, seen through the evidence. The steps here are not in the product.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use cucumber::{given, then, when};

use super::*;
use crate::evidence::{Fact, Observation, Outcome};

#[given("nothing special")]
fn nothing_special(_world: &mut World) {}

#[then("it holds")]
fn it_holds(_world: &mut World) {}

#[then(regex = "^it says so:?$")]
fn it_says_so(_world: &mut World) {}

#[when("it waits for the clock")]
async fn it_waits_for_the_clock(_world: &mut World) {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

#[then("it is refused")]
fn it_is_refused(_world: &mut World) -> Result<(), Failure> {
    Err(Failure::new("it was let in"))
}

#[then("it fails")]
fn it_fails(_world: &mut World) {
    fail("it fell");
}

#[then("it is pending")]
fn it_is_pending(_world: &mut World) {
    pending("nobody knows yet");
}

#[then("it panics")]
fn it_panics(_world: &mut World) {
    panic!("out of bounds");
}

#[when("it hangs")]
async fn it_hangs(_world: &mut World) {
    std::future::pending::<()>().await;
}

#[when("it holds its thread")]
fn it_holds_its_thread(_world: &mut World) {
    std::thread::sleep(Duration::from_millis(400));
}

#[when(regex = r"^it is (one|either)$")]
fn it_is_one(_world: &mut World, _which: String) {}

#[when(regex = r"^it is (two|either)$")]
fn it_is_two(_world: &mut World, _which: String) {}

static TRIES: AtomicU32 = AtomicU32::new(0);

#[when("it works the second time")]
fn it_works_the_second_time(_world: &mut World) {
    if TRIES.fetch_add(1, Ordering::SeqCst) == 0 {
        fail("not yet");
    }
}

fn plan(text: &str) -> Plan {
    try_plan(text, &Selection::default()).unwrap()
}

fn try_plan(text: &str, selection: &Selection) -> Result<Plan, PlanError> {
    let source = source::Source { path: PathBuf::from("a.feature"), bytes: text.as_bytes().to_vec() };
    let names = Vocabulary::closed(vec!["read_only_jira".into()], vec!["SEV-2-001".into()]);
    Plan::new(&source::load(&[source])?, selection, &names)
}

fn options() -> RunOptions {
    let limits = Limits {
        step: Duration::from_millis(150),
        scenario: Duration::from_millis(2_000),
        run: Duration::from_secs(20),
    };
    RunOptions { jobs: 4, limits, ..RunOptions::default() }
}

type Ended = BTreeMap<String, (Outcome, String)>;

/// Runs a plan; answers with the outcome and error of each scenario, by title.
fn outcomes(plan: Plan, options: &RunOptions) -> (Ended, Summary) {
    let mut log: Vec<Observation> = vec![];
    let mut sink = |observation: &Observation| {
        log.push(observation.clone());
        Ok(())
    };
    let planned = plan.len();
    let summary = run(plan, Arc::default(), options, &mut sink, &mut |_| {}).unwrap();
    let ordinals: Vec<usize> = log.iter().map(|observation| observation.scenario).collect();
    assert!(ordinals.is_sorted(), "logs stand in the order of the plan");
    let (mut ended, mut title) = (BTreeMap::new(), String::new());
    for observation in log {
        match observation.fact {
            Fact::ScenarioPlanned(found) => title = found.name,
            Fact::ScenarioEnded { outcome, error, .. } => {
                ended.insert(title.clone(), (outcome, error.unwrap_or_default()));
            }
            _ => {}
        }
    }
    assert_eq!(ended.len(), planned, "every planned scenario has ended");
    (ended, summary)
}

#[test]
fn every_step_that_does_not_hold_has_an_outcome_of_its_own() {
    let table = [
        ("nothing special", Outcome::Passed, ""),
        ("nothing specal", Outcome::Undefined, "did you mean `Given nothing special`?"),
        ("x", Outcome::Undefined, "no step is defined for this"),
    ];
    let then = [
        ("it is refused", Outcome::Failed, "it was let in"),
        ("it fails", Outcome::Failed, "it fell"),
        ("it is pending", Outcome::Pending, "nobody knows yet"),
        ("it panics", Outcome::Panicked, "tests.rs"),
    ];
    let when = [
        ("it hangs", Outcome::TimedOut, "150 ms"),
        ("it holds its thread", Outcome::TimedOut, "150 ms"),
        ("it is either", Outcome::Ambiguous, "more than one"),
    ];
    let mut text = String::from("Feature: All\n");
    let all = [("Given", &table[..]), ("Then", &then[..]), ("When", &when[..])];
    for (keyword, rows) in all {
        for (step, ..) in rows {
            text += &format!("  Scenario: {step}\n    {keyword} {step}\n    Then it holds\n");
        }
    }
    text += "  Scenario: without a statement\n    Given nothing special\n    When it hangs\n  Scenario: without steps\n  Scenario Outline: without rows\n    Given nothing special\n    \
             Examples:\n      | a |\n";
    let (ended, summary) = outcomes(plan(&text), &options());
    for (step, outcome, error) in all.into_iter().flat_map(|(_, rows)| rows) {
        assert_eq!(ended[*step].0, *outcome, "{step}: {}", ended[*step].1);
        assert!(ended[*step].1.contains(error), "{step}: {:?}", ended[*step].1);
    }
    assert_eq!(ended["without steps"].0, Outcome::Empty);
    assert_eq!(ended["without rows"].0, Outcome::Empty);
    assert_eq!(ended["without a statement"].0, Outcome::Empty);
    assert_eq!(summary.passed, 1);
}

#[test]
fn what_stands_under_a_step_that_does_not_look_at_it_is_no_pass() {
    let (text, table) = ("      ```\n      words\n      ```\n", "      | words |\n");
    for (step, under, outcome) in [
        ("it says so:", text, Outcome::Passed),
        ("it says so:", "", Outcome::Undefined),
        ("it says so", text, Outcome::Undefined),
        ("it says so", table, Outcome::Undefined),
        ("it says so:", table, Outcome::Undefined),
    ] {
        let (ended, _) =
            outcomes(plan(&format!("Feature: F\n  Scenario: s\n    Then {step}\n{under}")), &options());
        assert_eq!(ended["s"].0, outcome, "{step}\n{under}: {}", ended["s"].1);
    }
}

#[test]
fn scenarios_that_never_wait_do_not_keep_the_thread_from_one_that_does() {
    let mut text =
        String::from("Feature: F\n  Scenario: waits\n    When it waits for the clock\n    Then it holds\n");
    (0..500).for_each(|n| text += &format!("  Scenario: s{n}\n    Then it holds\n"));
    let mut ended: Vec<String> = vec![];
    let mut progress = |event: ProgressEvent<'_>| {
        if let ProgressEvent::Ended { scenario, .. } = event {
            ended.push(scenario.name.clone());
        }
    };
    let summary = run(plan(&text), Arc::default(), &options(), &mut |_| Ok(()), &mut progress).unwrap();
    assert_eq!(summary.passed, 501);
    let place = ended.iter().position(|name| name == "waits").unwrap();
    assert!(place < 250, "it ended as number {place}");
}

#[test]
fn green_by_a_retry_is_flaky() {
    let options = RunOptions { retries: 2, ..options() };
    let (ended, _) = outcomes(
        plan("Feature: F\n  Scenario: s\n    When it works the second time\n    Then it holds\n"),
        &options,
    );
    assert_eq!(ended["s"], (Outcome::Flaky, "passed only at attempt 2".into()));
}

#[test]
fn what_fail_fast_leaves_out_counts_as_not_run() {
    let mut text = String::from("Feature: F\n  Scenario: first\n    Then it fails\n");
    (0..20).for_each(|n| text += &format!("  Scenario: s{n}\n    Then it holds\n"));
    let options = RunOptions { fail_fast: true, jobs: 1, ..options() };
    let (ended, summary) = outcomes(plan(&text), &options);
    assert_eq!((summary.planned, summary.not_run, summary.passed), (21, 20, 0));
    assert!(ended["s19"].1.contains("ended early"));
}

#[test]
fn a_stopped_run_accounts_for_everything() {
    let options = options();
    options.stop.ask();
    let text =
        "Feature: F\n  Scenario: a\n    When it hangs\n    Then it holds\n  Scenario: b\n    Then it holds\n";
    let (ended, summary) = outcomes(plan(text), &options);
    assert!(summary.stopped);
    assert!(ended.values().all(|(outcome, _)| *outcome != Outcome::Failed));
}

#[test]
fn a_run_over_its_limit_ends_and_says_so() {
    let mut options = options();
    options.limits =
        Limits { run: Duration::from_millis(100), step: Duration::from_secs(60), ..options.limits };
    options.limits.scenario = Duration::from_secs(60);
    let (ended, summary) =
        outcomes(plan("Feature: F\n  Scenario: a\n    When it hangs\n    Then it holds\n"), &options);
    assert!(summary.timed_out);
    assert_eq!(ended["a"].0, Outcome::NotRun);
    assert!(ended["a"].1.contains("the whole run took longer"));
}

#[test]
fn a_full_disk_ends_the_run_with_an_error() {
    let mut sink = |_: &Observation| Err(SinkError::from("no space left"));
    let plan = plan("Feature: F\n  Scenario: a\n    Given nothing special\n");
    let error = run(plan, Arc::default(), &options(), &mut sink, &mut |_| {}).unwrap_err();
    assert_eq!(error.to_string(), "cannot write the evidence: no space left");
}

#[test]
fn features_and_filters_that_are_wrong_are_refused_with_their_place() {
    let all = Selection::default();
    let tags = |tags: &str| Selection { tags: Some(tags.into()), name: None };
    let fine = "@slow\nFeature: F\n  Scenario: a\n    Given nothing special\n";
    for (text, selection, expected) in [
        ("", &all, "no `Feature:`"),
        ("# only\n", &all, "no `Feature:`"),
        ("Feature: F\n  Scenario: a\n    Given x\n    Givn y\n", &all, "did you mean `Given`?"),
        (
            "Feature: F\n  Scenario: a\n    Given x\n      | a |\n      | b | c |\n",
            &all,
            "a.feature:5: this row has 2",
        ),
        (
            "Feature: F\n  Scenario: a\n    Given x\n      | a | b |\n      | c |\n",
            &all,
            "a.feature:5: this row has 1",
        ),
        (
            "Feature: F\n  Scenario Outline: a\n    Given <y>\n    Examples:\n      | x |\n      | 1 |\n",
            &all,
            "column `y`",
        ),
        (
            "@invariant:read_only_jirra\nFeature: F\n  Scenario: a\n    Given x\n",
            &all,
            "`@invariant:read_only_jira`",
        ),
        ("@mode-33\nFeature: F\n  Scenario: a\n    Given x\n", &all, "`@mode-32`"),
        ("@SEV-2-002\nFeature: F\n  Scenario: a\n    Given x\n", &all, "did you mean `SEV-2-001`?"),
        (fine, &tags("@slo"), "did you mean `@slow`?"),
        (fine, &tags("not @slow"), "select none of the 1"),
        (fine, &tags("@slow and"), "cannot read the tag expression"),
        (fine, &Selection { tags: None, name: Some("zzz".into()) }, "select none of the 1"),
    ] {
        let error = try_plan(text, selection).expect_err(text).to_string();
        assert!(error.contains(expected), "{error:?} should contain {expected:?}");
    }
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_change_nothing() {
    let text = "\u{feff}Feature: F\r\n  Scenario Outline: a\r\n    Given nothing <x>\r\n    Then it holds\r\n    Examples:\r\n\r\n      # c\r\n      | x |\r\n      | special |\r\n      | special |\r\n";
    let plan = plan(text);
    let ids: Vec<&str> = plan.planned().map(|planned| planned.id.as_str()).collect();
    assert_eq!(ids, ["a.feature:9", "a.feature:10"]);
    assert_eq!(outcomes(plan, &options()).1.passed, 2);
}
