//! How a release goes out, as its policy file says: steps with their time, the canary, what is looked at afterwards,
//! and how to go back. Plain data, for the documents and for the rollout.

use serde::{Deserialize, Serialize};

/// How a release goes out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rollout {
    /// What is done to deploy, in this order.
    pub deployment: Vec<Step>,
    /// What is done to go back, in this order.
    pub rollback: Vec<Step>,
    /// The canary's steps; their percentages rise and end at 100.
    pub canary: Vec<CanaryStep>,
    /// What is looked at once it is out.
    pub post_deploy: Vec<PostDeployCheck>,
}

/// Something that is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What is done, in a line.
    pub title: String,
    /// The command that does it, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// How long it takes.
    #[schemars(range(min = 1, max = 100_000))]
    pub minutes: u32,
}

/// A step of the canary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CanaryStep {
    /// How much of the traffic, or of the installations, has the new version.
    #[schemars(range(min = 1, max = 100))]
    pub percent: u32,
    /// How long it is watched before the next step.
    #[schemars(range(min = 1, max = 100_000))]
    pub minutes: u32,
}

/// Something that is looked at once the version is out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PostDeployCheck {
    /// What names it.
    pub id: String,
    /// What it is about, in a line.
    pub title: String,
    /// The metric, as its file names it.
    pub metric: String,
    /// The least that it may show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<f64>")]
    pub at_least: Option<f64>,
    /// The most that it may show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<f64>")]
    pub at_most: Option<f64>,
    /// The most that it may have grown against the version that is out. Percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<f64>")]
    pub growth_percent: Option<f64>,
    /// How long it is watched.
    #[schemars(range(min = 1, max = 100_000))]
    pub window_minutes: u32,
}

impl Rollout {
    /// The canary where the policy names none.
    #[must_use]
    pub fn usual_canary() -> Vec<CanaryStep> {
        [5, 25, 50, 100].map(|percent| CanaryStep { percent, minutes: 60 }).to_vec()
    }

    /// What is wrong with it, as `key: what was expected`.
    #[must_use]
    pub fn complaint(&self) -> Option<String> {
        for (key, steps) in [("deployment", &self.deployment), ("rollback", &self.rollback)] {
            for step in steps {
                if step.title.trim().is_empty() {
                    return Some(format!("{key}: expected a title for each step"));
                }
                if step.command.as_ref().is_some_and(|command| command.trim().is_empty()) {
                    return Some(format!("{key}, {}: `command` is empty; leave it out", step.title));
                }
                if step.minutes == 0 {
                    return Some(format!("{key}, {}: expected minutes above 0", step.title));
                }
            }
        }
        let mut before = 0;
        for CanaryStep { percent, minutes } in &self.canary {
            if *percent <= before || *percent > 100 {
                return Some(format!(
                    "rollout: expected percentages that rise from above 0 to 100, found {percent} after {before}"
                ));
            }
            if *minutes == 0 {
                return Some(format!("rollout, {percent} %: expected minutes above 0"));
            }
            before = *percent;
        }
        if !self.canary.is_empty() && before != 100 {
            return Some(format!("rollout: expected 100 percent in the last step, found {before}"));
        }
        self.looked_at()
    }

    fn looked_at(&self) -> Option<String> {
        let mut ids = std::collections::BTreeSet::new();
        for check in &self.post_deploy {
            let PostDeployCheck { id, title, metric, at_least, at_most, growth_percent, window_minutes } =
                check;
            if [id, title, metric].into_iter().any(|text| text.trim().is_empty()) {
                return Some("post_deploy: id, title and metric must say something".to_owned());
            }
            if !ids.insert(id) {
                return Some(format!("post_deploy: {id} is named twice"));
            }
            let limits: Vec<f64> =
                [at_least, at_most, growth_percent].into_iter().flatten().copied().collect();
            if limits.is_empty() || limits.iter().any(|limit| !limit.is_finite()) {
                return Some(format!(
                    "post_deploy, {id}: expected a number at_least, at_most or growth_percent"
                ));
            }
            if *window_minutes == 0 {
                return Some(format!("post_deploy, {id}: expected window_minutes above 0"));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canary_rises_and_ends_with_all_and_a_step_takes_time() {
        let canary = |percents: &[u32]| Rollout {
            canary: percents.iter().map(|percent| CanaryStep { percent: *percent, minutes: 5 }).collect(),
            ..Rollout::default()
        };
        let step = |title: &str, command: Option<&str>, minutes| Rollout {
            rollback: vec![Step { title: title.into(), command: command.map(str::to_owned), minutes }],
            ..Rollout::default()
        };
        let looked = |ids: &[&str], at_most| Rollout {
            post_deploy: ids
                .iter()
                .map(|id| PostDeployCheck {
                    id: (*id).to_owned(),
                    title: "t".to_owned(),
                    metric: "m".to_owned(),
                    at_least: None,
                    at_most,
                    growth_percent: None,
                    window_minutes: 30,
                })
                .collect(),
            ..Rollout::default()
        };
        for (rollout, expected) in [
            (Rollout::default(), None),
            (Rollout { canary: Rollout::usual_canary(), ..Rollout::default() }, None),
            (canary(&[100]), None),
            (canary(&[5, 50]), Some("expected 100 percent in the last step, found 50")),
            (canary(&[5, 5, 100]), Some("found 5 after 5")),
            (canary(&[50, 25, 100]), Some("found 25 after 50")),
            (canary(&[0, 100]), Some("found 0 after 0")),
            (canary(&[50, 101]), Some("found 101 after 50")),
            (step("go back", Some("git revert"), 5), None),
            (step(" ", None, 5), Some("a title for each step")),
            (step("go back", Some(" "), 5), Some("`command` is empty")),
            (step("go back", None, 0), Some("minutes above 0")),
            (looked(&["a", "b"], Some(1.0)), None),
            (looked(&["a", "a"], Some(1.0)), Some("a is named twice")),
            (looked(&["a"], None), Some("expected a number")),
            (looked(&["a"], Some(f64::NAN)), Some("expected a number")),
        ] {
            let said = rollout.complaint();
            assert_eq!(said.is_some(), expected.is_some(), "{said:?} {expected:?}");
            assert!(said.unwrap_or_default().contains(expected.unwrap_or_default()), "{expected:?}");
        }
    }
}
