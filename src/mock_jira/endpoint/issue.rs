//! One issue and what hangs on it: changelog, comments, worklogs.

use serde_json::{Value, json};

use super::{
    super::{
        issue::{FieldSet, jira_time, rich_text},
        paging::{Window, named_list, page_bean},
    },
    Response, Visit, no_issue, ok, raw_json,
};

/// `GET /issue/{idOrKey}`.
pub(super) fn one(visit: &mut Visit<'_>) -> Response {
    let Some(index) = visit.site.find_issue(visit.call.parameter(0)) else { return no_issue() };
    let names = visit.call.query_all("fields");
    let fields = FieldSet::new(names.iter().map(AsRef::as_ref), "*all");
    let mut body = vec![];
    visit.site.write_issue(&mut body, index, &fields, &visit.call.base, visit.call.version_2);
    raw_json(200, body)
}

/// `GET /issue/{idOrKey}/changelog`: a page bean of histories.
pub(super) fn changelog(visit: &mut Visit<'_>) -> Response {
    let Some(index) = visit.site.find_issue(visit.call.parameter(0)) else { return no_issue() };
    let (site, base) = (&*visit.site, &visit.call.base);
    let window = Window::of(visit.call, 100, 100);
    let history = |n: usize| -> Value {
        let to = &site.statuses[(index + n) % site.statuses.len().max(1)];
        json!({"id": (index * 1000 + n).to_string(), "author": site.user(n % site.users.max(1), base),
            "created": jira_time(site.created_ms(index) + n as i64 * 60_000),
            "items": [{"field": "status", "fieldtype": "jira", "fieldId": "status", "from": null,
                "fromString": null, "to": to.id.to_string(), "toString": to.name}]})
    };
    let total = if site.statuses.is_empty() { 0 } else { site.count_of(index, 0) };
    ok(&page_bean(visit.call, window, total, visit.twist, history))
}

/// `GET /issue/{idOrKey}/comment`: a named list.
pub(super) fn comments(visit: &mut Visit<'_>) -> Response {
    hanging(visit, "comments", 1)
}

/// `GET /issue/{idOrKey}/worklog`: a named list.
pub(super) fn worklogs(visit: &mut Visit<'_>) -> Response {
    hanging(visit, "worklogs", 2)
}

fn hanging(visit: &mut Visit<'_>, name: &'static str, purpose: u64) -> Response {
    let Some(index) = visit.site.find_issue(visit.call.parameter(0)) else { return no_issue() };
    let (site, base, version_2) = (&*visit.site, &visit.call.base, visit.call.version_2);
    let generated = site.count_of(index, purpose);
    let added = site.additions.get(&(index, name)).map_or(&[][..], Vec::as_slice);
    let most = if name == "worklogs" { 5000 } else { 100 };
    let window = Window::of(visit.call, most, most);
    ok(&named_list(name, window, generated + added.len(), visit.twist, |n| {
        if let Some(value) = n.checked_sub(generated).and_then(|i| added.get(i)) {
            return value.clone();
        }
        let id = index * 1000 + n;
        let at = jira_time(site.created_ms(index) + n as i64 * 90_000);
        let author = site.user(n % site.users.max(1), base);
        let text = rich_text(&format!("Note {}", n + 1), version_2);
        let address = format!("{base}/issue/{}/{}/{id}", 10_000 + index, name.trim_end_matches('s'));
        if name == "worklogs" {
            json!({"self": address, "id": id.to_string(), "issueId": (10_000 + index).to_string(),
                "author": author, "comment": text, "created": at, "updated": at, "started": at,
                "timeSpent": "1h", "timeSpentSeconds": 3600})
        } else {
            json!({"self": address, "id": id.to_string(), "author": author, "body": text, "created": at,
                "updated": at, "jsdPublic": true})
        }
    }))
}
