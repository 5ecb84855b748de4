//! One tenant's Jira site: projects, fields, statuses and issues. Everything follows from a seed and a list
//! of changes; issues are computed when asked for and never kept.

mod change;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::TenantSpec;

pub use change::{ChangeRefused, SiteChange};

/// A project.
#[derive(Clone, Debug)]
pub(super) struct Project {
    pub id: u64,
    pub key: String,
    pub name: String,
}

/// A field.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub id: String,
    pub name: String,
    pub kind: String,
    pub custom: bool,
}

/// A status.
#[derive(Clone, Debug)]
pub(super) struct Status {
    pub id: u64,
    pub name: String,
    /// `new`, `indeterminate` or `done`.
    pub category: String,
}

/// In which order listings of projects, fields and statuses come; the content is the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListingOrder {
    /// As created.
    #[default]
    Natural,
    /// The other way round.
    Reversed,
    /// Each listing starts elsewhere.
    Rotated,
}

/// An issue that a write request made.
#[derive(Clone, Debug)]
pub(super) struct Created {
    pub project: u64,
    pub number: u64,
    pub at_ms: i64,
}

/// A site.
#[derive(Debug)]
pub(super) struct Site {
    pub seed: u64,
    pub projects: Vec<Project>,
    /// Ids of the projects that the generated issues belong to, removed ones included.
    generated_projects: Vec<u64>,
    pub fields: Vec<Field>,
    pub statuses: Vec<Status>,
    pub users: usize,
    pub generated: usize,
    pub created: Vec<Created>,
    pub removed: BTreeSet<usize>,
    /// Fields that differ from what the seed says, by issue.
    pub edits: BTreeMap<usize, Map<String, Value>>,
    /// Comments and worklogs that write requests made, by issue.
    pub additions: BTreeMap<(usize, &'static str), Vec<Value>>,
    /// Whatever other write requests stored, by path.
    pub stored: BTreeMap<String, Value>,
    pub canary: Option<String>,
    pub order: ListingOrder,
    /// Most issues in a page of a search.
    pub issues_per_page: usize,
    next_id: u64,
    /// Grows with every change.
    pub version: u64,
}

/// The time of the first generated issue: 2025-01-01T00:00:00Z.
const FIRST_ISSUE_MS: i64 = 1_735_689_600_000;
const ISSUE_INTERVAL_MS: i64 = 17 * 60 * 1000;

pub(super) const ISSUE_TYPES: [(u64, &str, bool); 4] =
    [(10001, "Task", false), (10002, "Bug", false), (10003, "Story", false), (10004, "Sub-task", true)];
pub(super) const PRIORITIES: [(u64, &str); 5] =
    [(1, "Highest"), (2, "High"), (3, "Medium"), (4, "Low"), (5, "Lowest")];

const PROJECT_NAMES: [&str; 8] =
    ["Billing", "Payments", "Search", "Mobile", "Platform", "Support", "Website", "Data"];
/// Jira takes any sign in a name.
const EVERYDAY_NAME: &str = "Maße & Größen (€) \"neu\" <b> 🚀";
const STATUSES: [(&str, &str); 6] = [
    ("To Do", "new"),
    ("Selected for Development", "new"),
    ("In Progress", "indeterminate"),
    ("In Review", "indeterminate"),
    ("Blocked", "indeterminate"),
    ("Done", "done"),
];
const SYSTEM_FIELDS: [(&str, &str, &str); 11] = [
    ("summary", "Summary", "string"),
    ("status", "Status", "status"),
    ("project", "Project", "project"),
    ("issuetype", "Issue Type", "issuetype"),
    ("priority", "Priority", "priority"),
    ("created", "Created", "datetime"),
    ("updated", "Updated", "datetime"),
    ("reporter", "Reporter", "user"),
    ("assignee", "Assignee", "user"),
    ("labels", "Labels", "array"),
    ("description", "Description", "string"),
];
const CUSTOM_FIELDS: [(&str, &str); 6] = [
    ("Team", "option"),
    ("Story Points", "number"),
    ("Sprint", "array"),
    ("Start date", "date"),
    ("Environment", "string"),
    ("Approvers", "array"),
];

/// SplitMix64: equal inputs, equal outputs, on every machine.
pub(super) fn mix(seed: u64, n: u64) -> u64 {
    let mut z = seed.wrapping_add(n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Site {
    /// The site that a seed and a specification describe.
    pub fn new(seed: u64, spec: &TenantSpec) -> Self {
        let named = |names: &[&str], i: usize| match i / names.len() {
            0 => names[i % names.len()].to_owned(),
            round => format!("{} {}", names[i % names.len()], round + 1),
        };
        let projects: Vec<Project> = (0..spec.projects.max(1))
            .map(|i| Project { id: 10000 + i as u64, key: format!("P{i}"), name: named(&PROJECT_NAMES, i) })
            .collect();
        let system = SYSTEM_FIELDS.iter().map(|(id, name, kind)| Field {
            id: (*id).to_owned(),
            name: (*name).to_owned(),
            kind: (*kind).to_owned(),
            custom: false,
        });
        let custom_names = CUSTOM_FIELDS.map(|(name, _)| name);
        let custom = (0..spec.custom_fields).map(|i| Field {
            id: format!("customfield_{}", 10020 + i),
            name: named(&custom_names, i),
            kind: CUSTOM_FIELDS[(i + spec.shifted) % CUSTOM_FIELDS.len()].1.to_owned(),
            custom: true,
        });
        let statuses = STATUSES.iter().enumerate().map(|(i, (name, category))| Status {
            id: 10100 + i as u64,
            name: (*name).to_owned(),
            category: match spec.shifted {
                0 => (*category).to_owned(),
                by => STATUSES[(i + by) % STATUSES.len()].1.to_owned(),
            },
        });
        let mut site = Self {
            seed,
            generated_projects: projects.iter().map(|p| p.id).collect(),
            projects,
            fields: system.chain(custom).collect(),
            statuses: statuses.collect(),
            users: spec.users,
            generated: spec.issues,
            created: vec![],
            removed: BTreeSet::new(),
            edits: BTreeMap::new(),
            additions: BTreeMap::new(),
            stored: BTreeMap::new(),
            canary: None,
            order: ListingOrder::Natural,
            issues_per_page: spec.issues_per_page,
            next_id: 20_000,
            version: 0,
        };
        if spec.everyday_names {
            site.name_as_people_do();
        }
        if let Some(mark) = &spec.canary {
            site.plant(mark);
        }
        site
    }

    /// Fields may share a name, and so may statuses of two team-managed projects; projects may not.
    fn name_as_people_do(&mut self) {
        if let Some(project) = self.projects.get_mut(2) {
            EVERYDAY_NAME.clone_into(&mut project.name);
        }
        let mut custom = self.fields.iter_mut().filter(|field| field.custom).skip(2);
        if let (Some(field), Some(namesake), Some(odd)) = (custom.next(), custom.next(), custom.next()) {
            namesake.name.clone_from(&field.name);
            EVERYDAY_NAME.clone_into(&mut odd.name);
        }
        let mut statuses = self.statuses.iter_mut().skip(2);
        if let (Some(status), Some(namesake), Some(odd)) = (statuses.next(), statuses.next(), statuses.next())
        {
            namesake.name.clone_from(&status.name);
            EVERYDAY_NAME.clone_into(&mut odd.name);
        }
    }

    /// Puts a mark into names and summaries.
    fn plant(&mut self, mark: &str) {
        self.canary = Some(mark.to_owned());
        if let Some(project) = self.projects.first_mut() {
            project.name = format!("{} {mark}", project.name);
        }
        if let Some(field) = self.fields.iter_mut().find(|f| f.custom) {
            field.name = format!("{} {mark}", field.name);
        }
        if let Some(status) = self.statuses.last_mut() {
            status.name = format!("{} {mark}", status.name);
        }
        self.version += 1;
    }

    /// A number that the site has not used as an id.
    pub fn fresh_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// Makes an issue; `fields` is what the request gave. Returns its index.
    pub fn create_issue(&mut self, project: u64, fields: Map<String, Value>, now: Timestamp) -> usize {
        let number = self.count_ever(project) + 1;
        let index = self.generated + self.created.len();
        self.created.push(Created { project, number, at_ms: now.as_millisecond() });
        if !fields.is_empty() {
            self.edits.insert(index, fields);
        }
        self.version += 1;
        index
    }

    fn count_ever(&self, project: u64) -> u64 {
        // Numbers of a project only grow, so the latest one tells.
        if let Some(latest) = self.created.iter().rev().find(|created| created.project == project) {
            return latest.number;
        }
        let slots = self.generated_projects.len();
        let slot = self.generated_projects.iter().position(|id| *id == project);
        slot.map_or(0, |slot| (self.generated + slots - 1 - slot) / slots) as u64
    }

    /// How many issues there ever were; indexes are below it.
    pub fn issues_ever(&self) -> usize {
        self.generated + self.created.len()
    }

    /// The project's id and the issue's number in it.
    pub fn place(&self, index: usize) -> (u64, u64) {
        match index.checked_sub(self.generated).and_then(|i| self.created.get(i)) {
            Some(created) => (created.project, created.number),
            None => {
                let slots = self.generated_projects.len();
                (self.generated_projects[index % slots], (index / slots) as u64 + 1)
            }
        }
    }

    /// When the issue was made, milliseconds.
    pub fn created_ms(&self, index: usize) -> i64 {
        match index.checked_sub(self.generated).and_then(|i| self.created.get(i)) {
            Some(created) => created.at_ms,
            None => FIRST_ISSUE_MS + index as i64 * ISSUE_INTERVAL_MS,
        }
    }

    /// The project of an issue, unless either is gone.
    pub fn project_of(&self, index: usize) -> Option<&Project> {
        if index >= self.issues_ever() || self.removed.contains(&index) {
            return None;
        }
        let (id, _) = self.place(index);
        // Ids of generated projects follow their places while none was removed.
        let guess = (id as usize).checked_sub(10_000).and_then(|i| self.projects.get(i));
        guess.filter(|p| p.id == id).or_else(|| self.projects.iter().find(|p| p.id == id))
    }

    /// The index of the issue with this id or key.
    pub fn find_issue(&self, id_or_key: &str) -> Option<usize> {
        if let Ok(id) = id_or_key.parse::<usize>() {
            return id.checked_sub(10_000).filter(|index| self.project_of(*index).is_some());
        }
        let (key, number) = id_or_key.rsplit_once('-')?;
        let number: u64 = number.parse().ok().filter(|n| *n > 0)?;
        let project = self.projects.iter().find(|p| p.key.eq_ignore_ascii_case(key))?.id;
        let slots = self.generated_projects.len();
        let generated = self
            .generated_projects
            .iter()
            .position(|id| *id == project)
            .and_then(|slot| usize::try_from(number - 1).ok()?.checked_mul(slots)?.checked_add(slot))
            .filter(|index| *index < self.generated);
        let created = || {
            let at = self.created.iter().position(|c| c.project == project && c.number == number);
            at.map(|i| self.generated + i)
        };
        generated.or_else(created).filter(|index| !self.removed.contains(index))
    }

    /// A number that follows from the seed, the issue and the purpose.
    pub fn dice(&self, index: usize, purpose: u64) -> u64 {
        mix(self.seed ^ purpose.rotate_left(48), index as u64)
    }

    /// The digest of the content: equal for equal content, in whatever order it came to be or is listed.
    pub fn digest(&self) -> String {
        let mut lines: Vec<String> = vec![];
        lines.extend(self.projects.iter().map(|p| json!(["project", p.id, p.key, p.name]).to_string()));
        lines.extend(self.fields.iter().map(|f| json!(["field", f.id, f.name, f.kind]).to_string()));
        lines.extend(self.statuses.iter().map(|s| json!(["status", s.id, s.name, s.category]).to_string()));
        lines.extend(self.edits.iter().map(|(index, edit)| json!(["edit", index, edit]).to_string()));
        lines.extend(self.removed.iter().map(|index| json!(["removed", index]).to_string()));
        lines.extend(self.additions.iter().map(|(key, added)| json!(["added", key, added]).to_string()));
        lines.extend(self.stored.iter().map(|(path, value)| json!(["stored", path, value]).to_string()));
        lines.push(json!(["issues", self.generated, self.created.len(), self.seed]).to_string());
        lines.sort();
        hex::encode(Sha256::digest(lines.join("\n")))
    }

    /// The names of projects, fields and statuses.
    pub fn names(&self) -> Vec<String> {
        let projects = self.projects.iter().map(|project| &project.name);
        let fields = self.fields.iter().map(|field| &field.name);
        let statuses = self.statuses.iter().map(|status| &status.name);
        projects.chain(fields).chain(statuses).cloned().collect()
    }

    /// A listing in the order that is set now.
    pub fn listed<T: Clone>(&self, items: &[T]) -> Vec<T> {
        let mut items = items.to_vec();
        match self.order {
            ListingOrder::Natural => {}
            ListingOrder::Reversed => items.reverse(),
            ListingOrder::Rotated => {
                let by = items.len() / 2;
                items.rotate_left(by);
            }
        }
        items
    }
}

#[cfg(test)]
mod tests;
