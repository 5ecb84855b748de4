//! What can be changed on a site, and how each change is carried out or refused.

use jiff::Timestamp;
use serde_json::{Map, json};

use super::{Field, Project, Site, Status};

/// A change to a site's content, made by a scenario or by a write request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the variants say it")]
pub enum SiteChange {
    AddProject {
        key: String,
        name: String,
    },
    RemoveProject {
        key: String,
    },
    RenameProject {
        key: String,
        name: String,
    },
    /// `kind` is Jira's schema type, for instance `string`.
    AddField {
        id: String,
        name: String,
        kind: String,
    },
    RemoveField {
        id: String,
    },
    RenameField {
        id: String,
        name: String,
    },
    /// `kind` as in `AddField`.
    RetypeField {
        id: String,
        kind: String,
    },
    /// `category` is `new`, `indeterminate` or `done`.
    AddStatus {
        name: String,
        category: String,
    },
    RemoveStatus {
        name: String,
    },
    RenameStatus {
        name: String,
        to: String,
    },
    /// `category` as in `AddStatus`.
    RecategorizeStatus {
        name: String,
        category: String,
    },
    /// Issues appended to the first project.
    AddIssues {
        count: usize,
    },
    RemoveIssue {
        key: String,
    },
    SetSummary {
        key: String,
        summary: String,
    },
}

/// The thing to be changed is not on the site, or is there already.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the site has no place for this change: {0:?}")]
pub struct ChangeRefused(pub SiteChange);

impl Site {
    /// Carries a change out.
    pub fn change(&mut self, change: SiteChange, now: Timestamp) -> Result<(), ChangeRefused> {
        let done = self.try_change(&change, now);
        self.version += u64::from(done.is_some());
        done.ok_or(ChangeRefused(change))
    }

    fn try_change(&mut self, change: &SiteChange, now: Timestamp) -> Option<()> {
        match change.clone() {
            SiteChange::AddProject { key, name } => {
                let free = self.projects.iter().all(|p| p.key != key);
                let id = self.fresh_id();
                free.then(|| self.projects.push(Project { id, key, name }))
            }
            SiteChange::RemoveProject { key } => remove(&mut self.projects, |p| p.key == key),
            SiteChange::RenameProject { key, name } => {
                self.projects.iter_mut().find(|p| p.key == key).map(|p| p.name = name)
            }
            SiteChange::AddField { id, name, kind } => {
                let free = self.fields.iter().all(|f| f.id != id);
                free.then(|| self.fields.push(Field { id, name, kind, custom: true }))
            }
            SiteChange::RemoveField { id } => remove(&mut self.fields, |f| f.id == id),
            SiteChange::RenameField { id, name } => {
                self.fields.iter_mut().find(|f| f.id == id).map(|f| f.name = name)
            }
            SiteChange::RetypeField { id, kind } => {
                self.fields.iter_mut().find(|f| f.id == id).map(|f| f.kind = kind)
            }
            SiteChange::RecategorizeStatus { name, category } => {
                self.statuses.iter_mut().find(|s| s.name == name).map(|s| s.category = category)
            }
            SiteChange::AddStatus { name, category } => {
                let free = self.statuses.iter().all(|s| s.name != name);
                let id = self.fresh_id();
                free.then(|| self.statuses.push(Status { id, name, category }))
            }
            SiteChange::RemoveStatus { name } => remove(&mut self.statuses, |s| s.name == name),
            SiteChange::RenameStatus { name, to } => {
                self.statuses.iter_mut().find(|s| s.name == name).map(|s| s.name = to)
            }
            SiteChange::AddIssues { count } => {
                let project = self.projects.first()?.id;
                for _ in 0..count {
                    self.create_issue(project, Map::new(), now);
                }
                Some(())
            }
            SiteChange::RemoveIssue { key } => {
                let index = self.find_issue(&key)?;
                self.removed.insert(index).then_some(())
            }
            SiteChange::SetSummary { key, summary } => {
                let index = self.find_issue(&key)?;
                self.edits.entry(index).or_default().insert("summary".to_owned(), json!(summary));
                Some(())
            }
        }
    }
}

fn remove<T>(items: &mut Vec<T>, is_it: impl Fn(&T) -> bool) -> Option<()> {
    let at = items.iter().position(is_it)?;
    items.remove(at);
    Some(())
}
