//! An error budget within, spent, and not to be told.

use super::*;
use crate::evidence::{CheckKind, Severity};

#[test]
fn a_budget_that_is_spent_fails_and_one_without_data_is_not_shown() {
    let budget =
        Budgeted { good: "good".to_owned(), total: "all".to_owned(), target_percent: 99.5, window_days: 28 };
    let objective =
        Objective { metric: "availability".to_owned(), budget: Some(budget), ..Objective::default() };
    let planned = PlannedCheck {
        id: "metrics/a".to_owned(),
        title: "a".to_owned(),
        kind: CheckKind::Metrics,
        severity: Severity::Sev2,
    };
    let limits =
        Limits { objectives: [("metrics/a".to_owned(), vec![objective])].into(), ..Limits::default() };
    let measured = |name: &str, value: Option<f64>| CheckFact::Measured {
        of: Of::Now,
        name: name.to_owned(),
        value,
        unit: "%".to_owned(),
        samples: u64::from(value.is_some()),
    };
    for (share, left, failed, missing) in [
        (Some(99.9), Some(80.0), "", ""),
        (Some(99.5), Some(0.0), "0 % of it is left", ""),
        (
            Some(99.0),
            Some(-100.0),
            "-100 % of it is left; 99 % are good, it should be at least 99.5 % over 28",
            "",
        ),
        (None, None, "", "no data on availability"),
        (Some(99.9), None, "", "no data on availability"),
        (None, Some(80.0), "", "no data on availability"),
        (Some(99.9), Some(f64::INFINITY), "", "no data on availability"),
    ] {
        let facts = [measured("availability", share), measured("availability: error budget left", left)];
        let finding = judge(&facts.iter().collect::<Vec<_>>(), &planned, &limits);
        let (said, lacks) = (finding.failed.join("; "), finding.missing.join("; "));
        assert_eq!(
            (said.is_empty(), lacks.is_empty()),
            (failed.is_empty(), missing.is_empty()),
            "{said} {lacks}"
        );
        assert!(said.contains(failed) && lacks.contains(missing), "{said} {lacks}");
        assert_eq!(finding.figures.len(), 2);
    }
}
