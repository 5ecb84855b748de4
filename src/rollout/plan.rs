//! What a rollout does and what it watches, by the release's policy.

use crate::evidence::{PostDeployCheck, Release, Rollout};

/// What a rollout does.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Its steps, in order.
    pub steps: Vec<Step>,
    /// What each step must show.
    pub watched: Vec<Watched>,
}

/// A step of a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// How much has the new version. Percent.
    pub percent: u32,
    /// How long it is watched at least.
    pub minutes: u32,
}

/// Something that is watched.
#[derive(Clone, Debug, PartialEq)]
pub struct Watched {
    /// What names it.
    pub id: String,
    /// What it asks for.
    pub asks: Asks,
    /// How long it is watched at least once all have the new version. Minutes.
    pub minutes_at_last: u32,
}

/// What something that is watched asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Asks {
    /// That each sample of a metric is within limits.
    Limits {
        /// The metric.
        metric: String,
        /// The least.
        at_least: Option<f64>,
        /// The most.
        at_most: Option<f64>,
        /// The most by which it may have grown against the time before the rollout began. Percent.
        growth_percent: Option<f64>,
    },
    /// That an error budget is not spent.
    Budget {
        /// The metric that counts the good.
        good: String,
        /// The metric that counts all.
        total: String,
        /// How much of all must be good. Percent.
        target_percent: f64,
    },
}

impl Asks {
    /// The metrics that it needs.
    #[must_use]
    pub fn metrics(&self) -> Vec<&str> {
        match self {
            Self::Limits { metric, .. } => vec![metric],
            Self::Budget { good, total, .. } => vec![good, total],
        }
    }
}

impl Plan {
    /// The plan of a release: its canary, or the usual one; its checks after deployment, and its objectives with an
    /// error budget.
    ///
    /// # Errors
    /// In words: what a rollout of this release could not be played by.
    pub fn of(release: &Release) -> Result<Self, String> {
        if let Some(what) = release.rollout.complaint() {
            return Err(what);
        }
        let canary = &release.rollout.canary;
        let canary = if canary.is_empty() { Rollout::usual_canary() } else { canary.clone() };
        let steps = canary.iter().map(|step| Step { percent: step.percent, minutes: step.minutes });
        let checks = release.rollout.post_deploy.iter().map(|check| {
            let PostDeployCheck { id, title: _, metric, at_least, at_most, growth_percent, window_minutes } =
                check.clone();
            let asks = Asks::Limits { metric, at_least, at_most, growth_percent };
            Watched { id, asks, minutes_at_last: window_minutes }
        });
        let objectives = release.limits.objectives.iter();
        let objectives = objectives.flat_map(|(check, named)| named.iter().map(move |one| (check, one)));
        let budgets = objectives.filter_map(|(check, objective)| {
            let budget = objective.budget.as_ref()?;
            let (good, total) = (budget.good.clone(), budget.total.clone());
            let asks = Asks::Budget { good, total, target_percent: budget.target_percent };
            Some(Watched { id: format!("{check}: {}", objective.metric), asks, minutes_at_last: 0 })
        });
        Ok(Self { steps: steps.collect(), watched: checks.chain(budgets).collect() })
    }

    /// How long something is watched in a step, at least. Minutes.
    #[must_use]
    pub fn minutes(&self, step: usize, watched: &Watched) -> u32 {
        let minutes = self.steps.get(step).map_or(u32::MAX, |step| step.minutes);
        if step + 1 == self.steps.len() { minutes.max(watched.minutes_at_last) } else { minutes }
    }

    /// Whether a single metric is all that is watched: only then an answer without a name can mean it.
    #[must_use]
    pub fn has_one_metric(&self) -> bool {
        let mut metrics: Vec<&str> = self.watched.iter().flat_map(|one| one.asks.metrics()).collect();
        metrics.dedup();
        metrics.len() == 1
    }
}
