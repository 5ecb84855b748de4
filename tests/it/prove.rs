//! `gonogo prove`: a planted fault is caught by exactly the checks that it names, and every failure mode and
//! every invariant has faults of its own. The whole matrix is run by `.ci/run`.

use std::collections::BTreeSet;

use gonogo::{invariant::RULES, subject::fault::faults};
use walkdir::WalkDir;

use crate::gonogo::gonogo;

#[test]
fn planted_faults_turn_the_expected_checks_red_and_no_other() {
    let chosen =
        ["hash_with_time", "unconditional_writes", "new_host", "explains_and_advises", "offset_paging"];
    let proof = gonogo().args(&["prove", "--json"]).args(&chosen).run().exits(0);
    let matrix: serde_json::Value = serde_json::from_str(&proof.stdout()).expect("the matrix is JSON");
    assert_eq!(matrix["unbroken"]["verdict"], "UNCONDITIONAL GO");
    let rows = matrix["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), chosen.len());
    for row in rows {
        assert_eq!(row["proven"], true, "{row:#}");
        assert_ne!(row["verdict"], "UNCONDITIONAL GO", "{row:#}");
    }
}

#[test]
fn an_unknown_fault_is_an_error_with_the_nearest_name() {
    gonogo().args(&["prove", "hash_with_tim"]).run().exits(2).says("`hash_with_time`");
}

#[test]
fn every_invariant_has_two_faults_that_break_it() {
    for rule in RULES {
        let breakers = faults().filter(|fault| fault.breaks.contains(&rule.name)).count();
        assert!(breakers >= 2, "{} is broken by {breakers} planted faults", rule.name);
    }
}

#[test]
fn every_failure_mode_with_a_scenario_has_a_fault() {
    let mut provoked = BTreeSet::new();
    for entry in WalkDir::new(concat!(env!("CARGO_MANIFEST_DIR"), "/features")) {
        let entry = entry.expect("a file");
        if entry.path().extension().is_some_and(|e| e == "feature") {
            let text = std::fs::read_to_string(entry.path()).expect("a feature");
            let words = text.split_whitespace().filter_map(|w| w.strip_prefix("@mode-"));
            provoked.extend(words.map(|number| format!("mode-{number}")));
        }
    }
    assert!(!provoked.is_empty());
    for mode in provoked {
        assert!(
            faults().any(|fault| fault.fails.contains(&mode.as_str())),
            "no planted fault is caught by @{mode}"
        );
    }
}

#[test]
fn faults_have_names_of_their_own_and_say_what_they_must_turn_red() {
    let mut names = BTreeSet::new();
    for fault in faults() {
        assert!(names.insert(fault.name), "two faults are called {}", fault.name);
        assert!(!fault.breaks.is_empty() || !fault.fails.is_empty(), "{} expects nothing", fault.name);
    }
}
