//! Each rule against its fixtures and its near misses. A fixture's line is a fact; a near miss is a rule,
//! what it should find, and the facts.

use std::path::{Path, PathBuf};

use gonogo::{
    evidence::{Fact, Log, Observation, Outcome, Planned, Policy, Source},
    invariant::{Finding, RULES, Rule, rule},
};
use serde::Deserialize;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/evidence")
}

pub fn observations(scenario: usize, facts: Vec<Fact>) -> Vec<Observation> {
    let at = jiff::Timestamp::UNIX_EPOCH;
    let observe = |(seq, fact)| Observation { scenario, seq, at, source: Source::Scenario, fact };
    (0..).zip(facts).map(observe).collect()
}

/// The facts of a whole log: one step, in one attempt, that passed unless the scenario did not.
pub fn whole(id: String, name: &str, between: Vec<Fact>, ended: (Outcome, Option<String>)) -> Vec<Fact> {
    let (outcome, error) = ended;
    let step = "Then it holds".to_owned();
    let mut facts = vec![
        Fact::ScenarioPlanned(Planned { id, feature: "A".into(), name: name.into(), tags: vec![], steps: 1 }),
        Fact::AttemptStarted { attempt: 1 },
    ];
    facts.extend(between);
    facts.push(match &error {
        None => Fact::StepPassed { step },
        Some(error) => Fact::StepFailed { step, outcome, message: error.clone() },
    });
    facts.push(Fact::ScenarioEnded { outcome, duration_ms: 12, error });
    facts
}

pub fn fixture(rule: &str, name: &str) -> Vec<Fact> {
    let path = folder().join(rule).join(format!("{name}.jsonl"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(|line| serde_json::from_str(line).expect("a fact")).collect()
}

fn find(rule: &Rule, policy: &Policy, facts: Vec<Fact>) -> Finding {
    (rule.judge)(&Log { policy, observations: &observations(0, facts) })
}

fn word(finding: &Finding) -> &'static str {
    match finding {
        Finding::Holds => "holds",
        Finding::Violated { .. } => "violated",
        Finding::NotExercised { .. } => "not_exercised",
    }
}

#[test]
fn every_rule_has_been_seen_holding_violated_and_not_exercised() {
    for rule in RULES {
        for expected in ["holds", "violated", "not_exercised"] {
            let facts = fixture(rule.name, expected);
            let known = facts.len() as u64;
            let finding = find(rule, &Policy::default(), facts);
            assert_eq!(word(&finding), expected, "{}: {finding:?}", rule.name);
            if let Finding::Violated { reason, observations } = finding {
                assert!(!reason.is_empty() && !observations.is_empty(), "{}", rule.name);
                assert!(observations.iter().all(|seq| *seq < known), "{}", rule.name);
            }
        }
    }
}

#[test]
fn a_flaw_in_the_files_breaks_what_otherwise_holds_and_makes_nothing_hold() {
    let mut broken = vec![];
    for rule in RULES.iter().filter(|rule| folder().join(rule.name).join("flawed.jsonl").exists()) {
        let flawed = fixture(rule.name, "flawed");
        let finding = find(rule, &Policy::default(), flawed.clone());
        assert_eq!(word(&finding), "violated", "{}: {finding:?}", rule.name);
        let is_deed = |fact: &Fact| !matches!(fact, Fact::FlawSeen { .. } | Fact::TextWritten { .. });
        let (deeds, files): (Vec<_>, Vec<_>) = flawed.into_iter().partition(is_deed);
        assert_eq!(word(&find(rule, &Policy::default(), deeds)), "holds", "{}", rule.name);
        for other in RULES {
            let finding = find(other, &Policy::default(), files.clone());
            assert_ne!(word(&finding), "holds", "{} by {files:?}", other.name);
        }
        broken.push(rule.name);
    }
    let expected = [
        "read_only_jira",
        "one_step_install",
        "fire_and_forget_jobs",
        "silent_by_default",
        "no_interpretation",
    ];
    assert_eq!(broken, expected);
}

#[derive(Deserialize)]
struct NearMiss {
    rule: String,
    finding: String,
    case: String,
    facts: Vec<Fact>,
}

#[test]
fn near_misses_fall_on_the_right_side() {
    let text = std::fs::read_to_string(folder().join("near_misses.jsonl")).expect("the near misses");
    let mut wrong = vec![];
    for line in text.lines() {
        let miss: NearMiss = serde_json::from_str(line).expect("a near miss");
        let finding = find(rule(&miss.rule).expect("a rule"), &Policy::default(), miss.facts);
        if word(&finding) != miss.finding {
            wrong.push(format!("{} {:?}: {finding:?}", miss.rule, miss.case));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_policy_without_words_judges_no_text() {
    let policy = Policy { judging_words: vec![" ".into()], ..Policy::default() };
    let facts = fixture("no_interpretation", "holds");
    let finding = find(rule("no_interpretation").expect("the rule"), &policy, facts);
    assert_eq!(word(&finding), "not_exercised");
}
