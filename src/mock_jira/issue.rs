//! What an issue holds, computed from its site's seed when asked for, and how it is written as JSON.

use std::borrow::Cow;
use std::io::Write;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::site::{ISSUE_TYPES, PRIORITIES, Site, Status};

const VERBS: [&str; 8] = ["Fix", "Add", "Remove", "Document", "Measure", "Rename", "Speed up", "Review"];
const THINGS: [&str; 8] = [
    "login page",
    "invoice export",
    "search index",
    "mail queue",
    "dashboard",
    "webhook",
    "backup",
    "report",
];
const PEOPLE: [&str; 8] =
    ["Account 1", "Account 2", "Account 3", "Account 4", "Account 5", "Account 6", "Account 7", "Account 8"];

/// Which fields of an issue a request asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FieldSet {
    all: bool,
    named: Vec<String>,
    left_out: Vec<String>,
}

impl FieldSet {
    /// From `fields`, a list of names, `*all`, `*navigable` and `-name`. `default` stands in when it is empty.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>, default: &str) -> Self {
        let mut set = Self { all: false, named: vec![], left_out: vec![] };
        let mut names: Vec<&str> =
            names.into_iter().flat_map(|n| n.split(',')).map(str::trim).filter(|n| !n.is_empty()).collect();
        if names.is_empty() {
            names.push(default);
        }
        for name in &names {
            match name.strip_prefix('-') {
                Some(out) => set.left_out.push(out.to_owned()),
                None if matches!(*name, "*all" | "*navigable") => set.all = true,
                None => set.named.push((*name).to_owned()),
            }
        }
        set.all |= set.named.is_empty();
        set
    }

    fn wants(&self, name: &str) -> bool {
        (self.all || self.named.iter().any(|n| n == name)) && !self.left_out.iter().any(|n| n == name)
    }

    /// Whether nothing beside id and key is asked for; such pages may be far longer.
    pub fn is_bare(&self) -> bool {
        !self.all && self.named.iter().all(|n| n == "id" || n == "key")
    }

    fn only_id(&self) -> bool {
        !self.all && self.named.iter().all(|n| n == "id")
    }
}

/// `2025-01-01T00:00:00.000+0000`, as Jira writes times.
pub(super) fn jira_time(ms: i64) -> String {
    let time = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    jiff::fmt::strtime::format("%Y-%m-%dT%H:%M:%S.%3f+0000", &time.to_zoned(jiff::tz::TimeZone::UTC))
        .unwrap_or_default()
}

/// Text as a document of the Atlassian document format, or plain for version 2 of the API.
pub(super) fn rich_text(text: &str, version_2: bool) -> Value {
    if version_2 {
        return json!(text);
    }
    json!({"type": "doc", "version": 1, "content": [
        {"type": "paragraph", "content": [{"type": "text", "text": text}]}]})
}

impl Site {
    pub fn status_of(&self, index: usize) -> Option<&Status> {
        let edited = self.edits.get(&index).and_then(|e| e.get("status")?["id"].as_str()?.parse().ok());
        let id = edited.unwrap_or_else(|| 10_100 + self.dice(index, 1) % 6);
        self.statuses.iter().find(|s| s.id == id).or_else(|| self.statuses.first())
    }

    pub fn type_of(&self, index: usize) -> (u64, &'static str, bool) {
        ISSUE_TYPES[(self.dice(index, 2) % 3) as usize]
    }

    pub fn priority_of(&self, index: usize) -> (u64, &'static str) {
        PRIORITIES[(self.dice(index, 3) % PRIORITIES.len() as u64) as usize]
    }

    pub fn updated_ms(&self, index: usize) -> i64 {
        self.created_ms(index) + (self.dice(index, 4) % 2_592_000_000) as i64
    }

    /// Project key and number: the order of keys.
    pub fn key_parts(&self, index: usize) -> (&str, u64) {
        let (_, number) = self.place(index);
        (self.project_of(index).map_or("", |p| p.key.as_str()), number)
    }

    pub fn summary(&self, index: usize) -> Cow<'_, str> {
        if let Some(edited) = self.edits.get(&index).and_then(|e| e.get("summary")?.as_str()) {
            return edited.into();
        }
        let dice = self.dice(index, 5);
        let (verb, thing) = (VERBS[(dice % 8) as usize], THINGS[(dice / 8 % 8) as usize]);
        match &self.canary {
            Some(mark) if index.is_multiple_of(25) => format!("{verb} the {thing} {mark}").into(),
            _ => format!("{verb} the {thing}").into(),
        }
    }

    /// The number of the assigned user, if any.
    pub fn assignee(&self, index: usize) -> Option<usize> {
        let dice = self.dice(index, 6) as usize;
        (!dice.is_multiple_of(5)).then(|| dice % self.users.max(1))
    }

    /// How many histories, comments and worklogs the seed gives an issue; every tenth has pages of them.
    pub fn count_of(&self, index: usize, what: u64) -> usize {
        let few = (self.dice(index, 10 + what) % 5) as usize;
        if index.is_multiple_of(10) { 110 + few } else { few }
    }

    pub fn account_id(&self, user: usize) -> String {
        format!("{:06}:{:016x}", 557_058, super::site::mix(self.seed, user as u64))
    }

    pub fn user(&self, user: usize, base: &str) -> Value {
        let id = self.account_id(user);
        let picture = format!("{base}/universal_avatar/view/type/user/avatar/{user}");
        json!({"self": format!("{base}/user?accountId={id}"), "accountId": id, "accountType": "atlassian",
            "displayName": PEOPLE[user % 8].to_owned() + if user < 8 { "" } else { " (more)" },
            "active": true, "timeZone": "Etc/UTC", "locale": "en_US",
            "avatarUrls": {"48x48": picture, "24x24": picture, "16x16": picture, "32x32": picture}})
    }

    /// Writes an issue as JSON. `base` is the URL of the API that was asked, `…/rest/api/3`.
    pub fn write_issue(
        &self,
        out: &mut Vec<u8>,
        index: usize,
        fields: &FieldSet,
        base: &str,
        version_2: bool,
    ) {
        if fields.only_id() {
            // Writing into memory cannot fail.
            let _ = write!(out, r#"{{"id":"{}"}}"#, 10_000 + index);
            return;
        }
        let (key, number) = self.key_parts(index);
        let _ = write!(
            out,
            r#"{{"expand":"operations,versionedRepresentations,editmeta,changelog,renderedFields","id":"{0}","self":"{base}/issue/{0}","key":"{key}-{number}""#,
            10_000 + index
        );
        if !fields.is_bare() {
            out.extend_from_slice(br#","fields":{"#);
            self.write_fields(out, index, fields, base, version_2);
            out.push(b'}');
        }
        out.push(b'}');
    }

    fn write_fields(&self, out: &mut Vec<u8>, index: usize, fields: &FieldSet, base: &str, version_2: bool) {
        let mut object = FieldWriter { out, fields, first: true };
        object.field("summary", |out| write_json(out, &self.summary(index)));
        object.field("status", |out| match self.status_of(index) {
            Some(status) => write_status(out, status, base),
            None => out.extend_from_slice(b"null"),
        });
        object.field("project", |out| match self.project_of(index) {
            Some(project) => write_project(out, project, base),
            None => out.extend_from_slice(b"null"),
        });
        object.field("issuetype", |out| {
            let (id, name, subtask) = self.type_of(index);
            let _ = write!(
                out,
                r#"{{"self":"{base}/issuetype/{id}","id":"{id}","name":"{name}","subtask":{subtask},"hierarchyLevel":0}}"#
            );
        });
        object.field("priority", |out| {
            let (id, name) = self.priority_of(index);
            let _ = write!(out, r#"{{"self":"{base}/priority/{id}","id":"{id}","name":"{name}"}}"#);
        });
        object.field("created", |out| write_json(out, &jira_time(self.created_ms(index))));
        object.field("updated", |out| write_json(out, &jira_time(self.updated_ms(index))));
        object.field("reporter", |out| {
            write_json(out, &self.user(self.dice(index, 7) as usize % self.users.max(1), base));
        });
        object.field("assignee", |out| match self.assignee(index) {
            Some(user) => write_json(out, &self.user(user, base)),
            None => out.extend_from_slice(b"null"),
        });
        object.field("labels", |out| out.extend_from_slice(b"[]"));
        object.field("description", |out| {
            write_json(out, &rich_text("As discussed. No further details.", version_2));
        });
        let edits = self.edits.get(&index).into_iter().flatten();
        for (name, value) in edits.filter(|(name, _)| name.starts_with("customfield_")) {
            object.field(name, |out| write_json(out, value));
        }
    }

    pub fn status_json(&self, status: &Status, base: &str) -> Value {
        let mut out = vec![];
        write_status(&mut out, status, base);
        serde_json::from_slice(&out).unwrap_or_default()
    }
}

/// Straight into the page: most of a page's bytes are these.
fn write_status(out: &mut Vec<u8>, status: &Status, base: &str) {
    let (id, color, name) = match status.category.as_str() {
        "done" => (3, "green", "Done"),
        "indeterminate" => (4, "yellow", "In Progress"),
        _ => (2, "blue-gray", "To Do"),
    };
    let own = status.id;
    let _ = write!(out, r#"{{"self":"{base}/status/{own}","description":"","iconUrl":"","name":"#);
    write_json(out, &status.name);
    let _ = write!(
        out,
        r#","id":"{own}","statusCategory":{{"self":"{base}/statuscategory/{id}","id":{id},"key":"#
    );
    write_json(out, &status.category);
    let _ = write!(out, r#","colorName":"{color}","name":"{name}"}}}}"#);
}

fn write_project(out: &mut Vec<u8>, project: &super::site::Project, base: &str) {
    let id = project.id;
    let _ = write!(out, r#"{{"self":"{base}/project/{id}","id":"{id}","key":"#);
    write_json(out, &project.key);
    out.extend_from_slice(br#","name":"#);
    write_json(out, &project.name);
    out.extend_from_slice(br#","projectTypeKey":"software","simplified":false}"#);
}

/// A project as issues refer to it.
pub(super) fn project_ref(project: &super::site::Project, base: &str) -> Value {
    let mut out = vec![];
    write_project(&mut out, project, base);
    serde_json::from_slice(&out).unwrap_or_default()
}

struct FieldWriter<'a> {
    out: &'a mut Vec<u8>,
    fields: &'a FieldSet,
    first: bool,
}

impl FieldWriter<'_> {
    fn field(&mut self, name: &str, value: impl FnOnce(&mut Vec<u8>)) {
        if !self.fields.wants(name) {
            return;
        }
        if !std::mem::take(&mut self.first) {
            self.out.push(b',');
        }
        write_json(self.out, name);
        self.out.push(b':');
        value(self.out);
    }
}

/// Writes a value; into memory that cannot fail.
pub(super) fn write_json<T: serde::Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    let _ = serde_json::to_writer(out, value);
}

/// The fields of a request that an issue keeps.
pub(super) fn kept_fields(body: &mut Value) -> Map<String, Value> {
    match body.get_mut("fields").map(Value::take) {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mock_jira::TenantSpec;

    fn issue(fields: &str) -> Value {
        let site = Site::new(1, &TenantSpec::new("a"));
        let mut out = vec![];
        site.write_issue(&mut out, 3, &FieldSet::new([fields], "id"), "http://x/rest/api/3", false);
        serde_json::from_slice(&out).expect("JSON")
    }

    #[test]
    fn an_issue_shows_exactly_the_fields_that_were_asked_for() {
        assert_eq!(issue(""), json!({"id": "10003"}));
        assert_eq!(issue("key")["key"], "P3-1");
        assert!(issue("key").get("fields").is_none());
        let names = |fields: &str| -> Vec<String> {
            issue(fields)["fields"].as_object().expect("fields").keys().cloned().collect()
        };
        assert_eq!(names("summary,created"), ["created", "summary"]);
        assert!(names("*all").contains(&"description".to_owned()));
        assert!(!names("*all,-description").contains(&"description".to_owned()));
    }

    #[test]
    fn times_are_written_as_jira_writes_them() {
        assert_eq!(jira_time(1_735_689_600_123), "2025-01-01T00:00:00.123+0000");
    }
}
