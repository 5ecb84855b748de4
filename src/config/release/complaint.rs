//! What is wrong with the section `release`, in words that name the key. Changes nothing.

use std::collections::BTreeSet;

use super::{NamedObjective, Release, SignOff};
use crate::import::metrics::Selector;

/// The least that a reason says.
const SHORTEST_REASON: usize = 10;

impl Release {
    /// What is wrong with it, as `key: what was expected`.
    pub(in crate::config) fn complaint(&self) -> Option<String> {
        let mut ids = BTreeSet::new();
        let named = self.checks();
        if let Some(twice) = named.iter().find(|check| !ids.insert(&check.id)) {
            return Some(format!("release: {} is named twice", twice.id));
        }
        if self.version.trim().is_empty() {
            return Some("release.version: expected the version to be released".to_owned());
        }
        let percents =
            self.pass_rate_percent.into_iter().chain(self.coverage.iter().map(|c| c.changed_lines_percent));
        if let Some(percent) = percents.into_iter().find(|percent| !(0.0..=100.0).contains(percent)) {
            return Some(format!("release: expected a percentage from 0 to 100, found {percent}"));
        }
        let lists = self.tests.iter().map(|tests| (&tests.id, &tests.files));
        let lists = lists.chain(self.logs.iter().map(|logs| (&logs.id, &logs.files)));
        let coverage = "coverage".to_owned();
        let lists = lists.chain(self.coverage.iter().map(|named| (&coverage, &named.files)));
        let mut lists = lists.chain(self.metrics.iter().map(|metrics| (&metrics.id, &metrics.files)));
        if let Some((id, _)) = lists.find(|(_, files)| files.is_empty()) {
            return Some(format!("release, {id}: `files` is empty; expected at least one glob"));
        }
        if let Some(metrics) = self.metrics.iter().find(|metrics| metrics.objectives.is_empty()) {
            return Some(format!("release, {}: `objectives` is empty", metrics.id));
        }
        if let Some(logs) = self.logs.iter().flat_map(|logs| &logs.objectives).find(|o| o.is_budget()) {
            return Some(format!("release, objective {}: a log has no error budget", logs.metric));
        }
        let fields =
            self.logs.iter().filter_map(|logs| Some((&logs.id, logs.fields.as_ref()?.check().err()?)));
        if let Some((id, why)) = fields.into_iter().next() {
            return Some(format!("release, logs {id}, fields: {why}"));
        }
        let objectives = self.logs.iter().flat_map(|logs| &logs.objectives);
        let mut objectives = objectives.chain(self.metrics.iter().flat_map(|metrics| &metrics.objectives));
        objectives
            .find_map(NamedObjective::complaint)
            .or_else(|| self.rollout().complaint().map(|what| format!("release.{what}")))
            .or_else(|| self.people())
    }

    fn people(&self) -> Option<String> {
        let mut roles = BTreeSet::new();
        for SignOff { role, needed, members } in &self.sign_offs {
            if !roles.insert(role) {
                return Some(format!("release.sign_offs: role {role} is named twice"));
            }
            let needed = needed.unwrap_or(1);
            let people: BTreeSet<&String> = members.iter().collect();
            if needed == 0 || (!people.is_empty() && (people.len() as u64) < u64::from(needed)) {
                let count = people.len();
                return Some(format!("release.sign_offs, {role}: {needed} must sign, {count} may"));
            }
        }
        let mut items = BTreeSet::new();
        if let Some(twice) = self.checklist.iter().find(|item| !items.insert(&item.id)) {
            return Some(format!("release.checklist: {} is named twice", twice.id));
        }
        let mut waivers = BTreeSet::new();
        for waiver in &self.waivers {
            let id = &waiver.id;
            if !waivers.insert(id) {
                return Some(format!("release.waivers: {id} is named twice"));
            }
            if waiver.reason.trim().chars().count() < SHORTEST_REASON {
                return Some(format!("release.waivers, {id}: expected a reason in words"));
            }
            if waiver.owner.trim().is_empty() {
                return Some(format!("release.waivers, {id}: expected an owner"));
            }
        }
        None
    }
}

impl NamedObjective {
    /// Whether it asks for an error budget, or begins to.
    fn is_budget(&self) -> bool {
        self.good.is_some()
            || self.total.is_some()
            || self.target_percent.is_some()
            || self.window_days.is_some()
    }

    fn complaint(&self) -> Option<String> {
        let Self { metric, at_least, at_most, growth_percent, good, total, target_percent, window_days } =
            self;
        let limits = [at_least, at_most, growth_percent];
        let limits: Vec<f64> = limits.into_iter().flatten().copied().collect();
        let said = |what: &str| Some(format!("release, objective {metric}: {what}"));
        if !self.is_budget() {
            let is_usable = !limits.is_empty() && limits.iter().all(|limit| limit.is_finite());
            return match is_usable {
                true => None,
                false => said(
                    "expected a number at_least, at_most or growth_percent, or good, total, target_percent and \
                     window_days",
                ),
            };
        }
        let (Some(good), Some(total), Some(target), Some(days)) = (good, total, target_percent, window_days)
        else {
            return said("an error budget takes good, total, target_percent and window_days");
        };
        if !limits.is_empty() {
            return said("an error budget has its limit in target_percent alone");
        }
        for (key, text) in [("good", good), ("total", total)] {
            if let Err(why) = Selector::parse(text) {
                return said(&format!("{key}: `{text}` {why}"));
            }
        }
        if !(*target > 0.0 && *target <= 100.0) {
            return said(&format!("target_percent: expected a percentage above 0 to 100, found {target}"));
        }
        if *days == 0 {
            return said("window_days: expected days above 0");
        }
        None
    }
}
