//! What a snapshot holds of a site, how it is collected page by page, and how two of them differ. Nothing in
//! it depends on the order or the size of pages.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::SnapshotError;
use crate::app::{
    client::{ClientError, JiraClient, PageStyle},
    drift::{Change, Difference},
};

/// One thing on a site: its name, and what else of it is watched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entity {
    /// As the site shows it.
    pub name: String,
    /// Whatever of it counts as a change.
    pub detail: Value,
}

/// Kind, then id, then entity. An absent kind was not collected; an empty one was, and there is nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Site(pub BTreeMap<String, BTreeMap<String, Entity>>);

/// The kinds as they are stored, each with its word in sentences.
const KINDS: &[(&str, &str)] = &[
    ("project", "project"),
    ("field", "field"),
    ("status", "status"),
    ("issue_type", "issue type"),
    (ISSUES, "issue list of project"),
];

const ISSUES: &str = "issues";

/// Told between pages, so that a lock can be renewed with progress and never without.
pub(super) trait Progress: Sync {
    /// One more page was read.
    fn made(&self) -> impl Future<Output = Result<(), SnapshotError>> + Send;
}

/// Reads the whole site, one page in memory at a time.
pub(super) async fn collected(client: &JiraClient, progress: &impl Progress) -> Result<Site, SnapshotError> {
    let mut site = Site::default();
    let plain: [(&str, &str, PageStyle, &[&str]); 4] = [
        ("project", "project/search", PageStyle::PageBean, &["key", "projectTypeKey", "archived"]),
        ("field", "field", PageStyle::WholeArray, &["key", "custom", "schema"]),
        ("status", "status", PageStyle::WholeArray, &["statusCategory.key", "scope"]),
        ("issue_type", "issuetype", PageStyle::WholeArray, &["subtask", "hierarchyLevel", "scope"]),
    ];
    for (kind, path, style, details) in plain {
        let query: &[(&str, &str)] = if kind == "project" { &[("orderBy", "key")] } else { &[] };
        let mut listing = client.list(path, query, style);
        let mut entities = BTreeMap::new();
        while let Some(page) = listing.next_page().await? {
            for item in &page {
                let (id, entity) = entity(path, item, details)?;
                entities.insert(id, entity);
            }
            progress.made().await?;
        }
        site.0.insert(kind.to_owned(), entities);
    }
    let mut issues = BTreeMap::new();
    for (id, project) in &site.0["project"] {
        let detail = issues_of(client, progress, project).await?;
        issues.insert(id.clone(), Entity { name: project.name.clone(), detail });
    }
    site.0.insert(ISSUES.to_owned(), issues);
    Ok(site)
}

fn entity(path: &str, item: &Value, details: &[&str]) -> Result<(String, Entity), ClientError> {
    let (Some(id), Some(name)) = (item["id"].as_str(), item["name"].as_str()) else {
        let what = "an item has no `id` or no `name`".to_owned();
        return Err(ClientError::Malformed { path: path.to_owned(), what });
    };
    let mut detail = serde_json::Map::new();
    for path in details {
        let value = path.split('.').fold(item, |value, name| &value[name]);
        if !value.is_null() {
            detail.insert((*path).to_owned(), value.clone());
        }
    }
    Ok((id.to_owned(), Entity { name: name.to_owned(), detail: Value::Object(detail) }))
}

// A project's issues as a count and a sum of their digests: the same in any order, and of constant size.
async fn issues_of(
    client: &JiraClient,
    progress: &impl Progress,
    project: &Entity,
) -> Result<Value, SnapshotError> {
    let key = project.detail["key"].as_str().unwrap_or_default();
    let jql = format!("project = \"{}\" order by key", key.replace('\\', "\\\\").replace('"', "\\\""));
    let query = [("jql", jql.as_str()), ("fields", "summary,status,issuetype")];
    let mut listing = client.list("search/jql", &query, PageStyle::TokenPost("issues"));
    let mut fold = Fold::default();
    while let Some(page) = listing.next_page().await? {
        for issue in &page {
            fold.add(issue);
        }
        progress.made().await?;
    }
    Ok(json!({ "count": fold.count, "digest": fold.hex() }))
}

// Addition modulo 2^64 in four lanes: order does not matter, and unlike XOR a thing seen twice shows.
#[derive(Default)]
struct Fold {
    count: u64,
    lanes: [u64; 4],
}

impl Fold {
    fn add(&mut self, issue: &Value) {
        let fields = &issue["fields"];
        let watched = json!({
            "id": issue["id"],
            "key": issue["key"],
            "summary": fields["summary"],
            "status": fields["status"]["id"],
            "issuetype": fields["issuetype"]["id"],
        });
        // Keys in fixed order (the map sorts) and texts alone: this text is canonical.
        let digest: [u8; 32] = Sha256::digest(watched.to_string()).into();
        for (lane, bytes) in self.lanes.iter_mut().zip(digest.chunks_exact(8)) {
            *lane = bytes.iter().fold(0, |word: u64, byte| word << 8 | u64::from(*byte)).wrapping_add(*lane);
        }
        self.count += 1;
    }

    fn hex(&self) -> String {
        self.lanes.iter().map(|lane| format!("{lane:016x}")).collect()
    }
}

/// What happened between two snapshots, in a fixed order. A kind that one of them does not know says nothing.
#[must_use]
pub fn differences(before: &Site, after: &Site) -> Vec<Difference> {
    let mut found = Vec::new();
    for (kind, word) in KINDS {
        let (Some(before), Some(after)) = (before.0.get(*kind), after.0.get(*kind)) else { continue };
        let mut note = |change, id: &String, entity: &Entity| {
            let name = entity.name.clone();
            found.push(Difference { change, entity: word, entity_id: id.clone(), name });
        };
        // The issues of a new or removed project are no news beside the project itself.
        let comes_and_goes = *kind != ISSUES;
        for (id, entity) in after {
            match before.get(id) {
                None if comes_and_goes => note(Change::Added, id, entity),
                Some(old) if differs(kind, old, entity) => note(Change::Changed, id, entity),
                _ => {}
            }
        }
        for (id, entity) in before {
            if comes_and_goes && !after.contains_key(id) {
                note(Change::Removed, id, entity);
            }
        }
    }
    found
}

// Earlier records know no details: nothing follows from that. A project's new name is not its issues'.
fn differs(kind: &str, old: &Entity, new: &Entity) -> bool {
    let renamed = kind != ISSUES && old.name != new.name;
    renamed || (!old.detail.is_null() && old.detail != new.detail)
}
