//! The plan: every scenario that is to run, before anything runs. What is in it is accounted for in the
//! evidence, whatever happens.

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use cucumber::{gherkin, tag::Ext as _};
use regex::Regex;

use super::source::{Loaded, Problem, SourceError};
use crate::{
    evidence::{Planned, Shard},
    spelling::{nearest, suggestion},
};

/// Names that tags may use; the scenario side knows neither invariants nor issues by itself.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary(Option<Names>);

#[derive(Clone, Debug)]
struct Names {
    invariants: Vec<String>,
    issues: Vec<String>,
}

impl Vocabulary {
    /// `@invariant:<name>` and `@SEV-…` must be among these.
    #[must_use]
    pub fn closed(invariants: Vec<String>, issues: Vec<String>) -> Self {
        Self(Some(Names { invariants, issues }))
    }

    /// Any name will do: for a list, never for a run.
    #[must_use]
    pub fn free() -> Self {
        Self(None)
    }
}

/// Which scenarios are wanted; nothing given means all.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// A tag expression: `@SEV-2-001 and not @slow`.
    pub tags: Option<String>,
    /// A regular expression over scenario titles.
    pub name: Option<String>,
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The features themselves are wrong.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The tag expression does not parse.
    #[error("cannot read the tag expression `{expression}`: {reason}")]
    TagExpression {
        /// As given.
        expression: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The tag expression names a tag that no scenario has.
    #[error("no scenario has the tag `@{tag}`{}", suggestion(.nearest.as_deref()))]
    UnknownTag {
        /// Without `@`.
        tag: String,
        /// The nearest tag that there is, with `@`.
        nearest: Option<String>,
    },
    /// The title's expression does not parse.
    #[error("cannot read the name expression `{expression}`: {reason}")]
    NameExpression {
        /// As given.
        expression: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The filters leave nothing.
    #[error("nothing to run: the filters select none of the {0} scenarios")]
    NothingSelected(usize),
}

/// Every selected scenario, numbered.
#[derive(Clone, Debug)]
pub struct Plan {
    entries: Vec<Entry>,
    ordinals: HashMap<String, usize>,
    left_out: usize,
}

/// One planned scenario.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub planned: Planned,
    /// Its feature with this scenario alone, or why there is nothing to run.
    pub feature: Result<Arc<gherkin::Feature>, &'static str>,
    pub all_tags: Vec<String>,
}

impl Plan {
    /// Makes the plan: checks the tags of all features, then selects.
    ///
    /// # Errors
    /// Tags that name nothing, filters that do not parse or select nothing.
    pub fn new(
        features: &[Loaded],
        selection: &Selection,
        vocabulary: &Vocabulary,
    ) -> Result<Self, PlanError> {
        let mut entries: Vec<Entry> = features.iter().flat_map(entries_of).collect();
        let problems: Vec<Problem> = entries
            .iter()
            .flat_map(|entry| entry.all_tags.iter().filter_map(|tag| check_tag(tag, entry, vocabulary)))
            .collect();
        if !problems.is_empty() {
            return Err(SourceError::Rejected(problems).into());
        }
        let total = entries.len();
        if let Some(expression) = &selection.tags {
            let operation = tag_expression(expression, &entries)?;
            entries.retain(|entry| operation.eval(&entry.planned.tags));
        }
        if let Some(expression) = &selection.name {
            let pattern = Regex::new(expression).map_err(|error| PlanError::NameExpression {
                expression: expression.clone(),
                reason: error.to_string(),
            })?;
            entries.retain(|entry| pattern.is_match(&entry.planned.name));
        }
        if entries.is_empty() {
            return Err(PlanError::NothingSelected(total));
        }
        let left_out = total - entries.len();
        Ok(Self { ordinals: ordinals(&entries), entries, left_out })
    }

    /// The plan of one shard of as many; `None` when it has nothing to do.
    #[must_use]
    pub fn shard(mut self, shard: &Shard) -> Option<Self> {
        let mut place = 0..;
        self.entries.retain(|_| place.next().is_some_and(|place| shard.has(place)));
        self.ordinals = ordinals(&self.entries);
        (!self.entries.is_empty()).then_some(self)
    }

    /// All planned scenarios, in order; a scenario's place is its ordinal.
    pub fn planned(&self) -> impl ExactSizeIterator<Item = &Planned> {
        self.entries.iter().map(|entry| &entry.planned)
    }

    /// How many scenarios the selection left out.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// How many scenarios are planned; never 0.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "a plan is never empty")]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn entry(&self, ordinal: usize) -> &Entry {
        &self.entries[ordinal]
    }

    /// The ordinal of a scenario that came back in an event.
    pub(super) fn ordinal(&self, feature: &gherkin::Feature, scenario: &gherkin::Scenario) -> Option<usize> {
        self.ordinals.get(&id(feature, scenario.position.line)).copied()
    }
}

/// Where each scenario stands in the plan.
fn ordinals(entries: &[Entry]) -> HashMap<String, usize> {
    entries.iter().enumerate().map(|(ordinal, entry)| (entry.planned.id.clone(), ordinal)).collect()
}

fn id(feature: &gherkin::Feature, line: usize) -> String {
    let path = feature.path.as_deref().unwrap_or(std::path::Path::new("?"));
    format!("{}:{line}", path.display())
}

fn entries_of(loaded: &Loaded) -> Vec<Entry> {
    let feature = &loaded.feature;
    let mut bare = feature.clone();
    bare.scenarios.clear();
    bare.rules.clear();
    let planned = |name: &str, line: usize, tags: Vec<String>, steps: usize| Planned {
        id: id(feature, line),
        feature: feature.name.clone(),
        name: if name.is_empty() { "(no title)".into() } else { name.into() },
        tags,
        steps,
    };
    let nothing = |name: &str, line: usize, tags: Vec<String>, why: &'static str| {
        (line, Entry { planned: planned(name, line, tags.clone(), 0), feature: Err(why), all_tags: tags })
    };
    let mut entries = vec![];
    let plain = feature.scenarios.iter().map(|scenario| (None, scenario));
    let ruled = feature.rules.iter().flat_map(|rule| rule.scenarios.iter().map(move |s| (Some(rule), s)));
    for (rule, scenario) in plain.chain(ruled) {
        let inherited = feature.tags.iter().chain(rule.iter().flat_map(|rule| &rule.tags));
        let tags = distinct(inherited.chain(&scenario.tags));
        let mut alone = bare.clone();
        match rule {
            None => alone.scenarios.push(scenario.clone()),
            Some(rule) => {
                alone.rules.push(gherkin::Rule { scenarios: vec![scenario.clone()], ..rule.clone() });
            }
        }
        let line = scenario.position.line;
        // A background shows nothing, whatever stands in it.
        entries.push(if scenario.steps.is_empty() {
            nothing(&scenario.name, line, tags, "it has no step")
        } else if scenario.steps.iter().all(|step| step.ty != gherkin::StepType::Then) {
            nothing(&scenario.name, line, tags, "it states nothing: no step of it is a `Then`")
        } else {
            let backgrounds = feature.background.iter().chain(rule.and_then(|rule| rule.background.as_ref()));
            let before: usize = backgrounds.map(|background| background.steps.len()).sum();
            let planned = planned(&scenario.name, line, tags.clone(), before + scenario.steps.len());
            (line, Entry { planned, feature: Ok(Arc::new(alone)), all_tags: tags })
        });
    }
    for outline in &loaded.rowless {
        let tags = distinct(feature.tags.iter().chain(&outline.tags));
        let why = "its outline has no row under `Examples`";
        entries.push(nothing(&outline.name, outline.position.line, tags, why));
    }
    for rule in feature.rules.iter().filter(|rule| rule.scenarios.is_empty()) {
        let held = loaded
            .rowless
            .iter()
            .any(|outline| rule.span.start <= outline.span.start && outline.span.start < rule.span.end);
        if !held {
            let tags = distinct(feature.tags.iter().chain(&rule.tags));
            entries.push(nothing(&rule.name, rule.position.line, tags, "the rule has no scenario"));
        }
    }
    if entries.is_empty() {
        let tags = distinct(feature.tags.iter());
        entries.push(nothing(&feature.name, feature.position.line, tags, "the feature has no scenario"));
    }
    entries.sort_by_key(|(line, _)| *line);
    entries.into_iter().map(|(_, entry)| entry).collect()
}

fn distinct<'a>(tags: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut kept: Vec<String> = vec![];
    for tag in tags {
        if !kept.contains(tag) {
            kept.push(tag.clone());
        }
    }
    kept
}

/// Tags with a meaning must name something; all others are free.
fn check_tag(tag: &str, entry: &Entry, vocabulary: &Vocabulary) -> Option<Problem> {
    let vocabulary = vocabulary.0.as_ref()?;
    let nearest_of = |names: &[String]| suggestion(nearest(tag, names.iter().map(String::as_str)).as_deref());
    let prefix = tag.split_once(':').map(|(prefix, _)| prefix);
    let reason = if let Some(name) = tag.strip_prefix("invariant:") {
        let known = vocabulary.invariants.iter().any(|known| known == name);
        let near = nearest(name, vocabulary.invariants.iter().map(String::as_str));
        let near = near.map(|near| format!("@invariant:{near}"));
        (!known).then(|| format!("no invariant is named `{name}`{}", suggestion(near.as_deref())))
    } else if prefix.is_some_and(|prefix| strsim::levenshtein(&prefix.to_lowercase(), "invariant") <= 2) {
        Some(format!("the tag `@{tag}` is not known; did you mean `@invariant:…`?"))
    } else if let Some(number) = tag.strip_prefix("mode-") {
        let known = number.len() == 2 && number.parse::<u8>().is_ok_and(|number| (1..=32).contains(&number));
        (!known).then(|| format!("no failure mode is named `{tag}`; they are `@mode-01` to `@mode-32`"))
    } else if tag.to_uppercase().starts_with("SEV-") {
        let known = vocabulary.issues.iter().any(|known| known == tag);
        (!known).then(|| {
            format!(
                "no issue is named `{tag}`{}; issues are listed in gonogo.yaml",
                nearest_of(&vocabulary.issues)
            )
        })
    } else {
        None
    }?;
    let (path, line) = entry.planned.id.rsplit_once(':').unwrap_or((&entry.planned.id, "0"));
    Some(Problem {
        path: PathBuf::from(path),
        line: line.parse().unwrap_or(0),
        column: 0,
        reason,
        snippet: format!("@{tag} … {}", entry.planned.name),
    })
}

fn tag_expression(expression: &str, entries: &[Entry]) -> Result<gherkin::tagexpr::TagOperation, PlanError> {
    use gherkin::tagexpr::TagOperation;
    fn names(operation: &TagOperation, found: &mut Vec<String>) {
        match operation {
            TagOperation::And(left, right) | TagOperation::Or(left, right) => {
                names(left, found);
                names(right, found);
            }
            TagOperation::Not(inner) => names(inner, found),
            TagOperation::Tag(tag) => found.push(tag.clone()),
        }
    }
    let operation: TagOperation = expression.trim().parse().map_err(|_| PlanError::TagExpression {
        expression: expression.into(),
        reason: "it should look like `@SEV-2-001 and not (@slow or @wip)`".into(),
    })?;
    let mut named = vec![];
    names(&operation, &mut named);
    for tag in named {
        if !entries.iter().any(|entry| entry.planned.tags.contains(&tag)) {
            let known = entries.iter().flat_map(|entry| &entry.planned.tags).map(String::as_str);
            let nearest = nearest(&tag, known).map(|nearest| format!("@{nearest}"));
            return Err(PlanError::UnknownTag { tag, nearest });
        }
    }
    Ok(operation)
}
