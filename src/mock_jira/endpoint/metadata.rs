//! Fields, statuses, issue types, priorities.

use serde_json::{Value, json};

use super::{
    super::{
        paging::{Window, page_bean},
        site::{Field, ISSUE_TYPES, PRIORITIES, Status},
    },
    Response, Visit, errors, ok,
};

fn field(field: &Field) -> Value {
    let mut schema = json!({"type": field.kind});
    if field.custom {
        schema["custom"] = json!(format!("com.atlassian.jira.plugin.system.customfieldtypes:{}", field.kind));
        schema["customId"] = json!(field.id.trim_start_matches("customfield_").parse::<u64>().unwrap_or(0));
    } else {
        schema["system"] = json!(field.id);
    }
    json!({"id": field.id, "key": field.id, "name": field.name, "custom": field.custom, "orderable": true,
        "navigable": true, "searchable": true, "clauseNames": [field.id], "schema": schema})
}

/// `GET /field`: a bare array.
pub(super) fn fields(visit: &mut Visit<'_>) -> Response {
    ok(&visit.site.listed(&visit.site.fields).iter().map(field).collect())
}

/// `GET /field/search`: a page bean.
pub(super) fn field_search(visit: &mut Visit<'_>) -> Response {
    let fields = visit.site.listed(&visit.site.fields);
    let window = Window::of(visit.call, 50, 100);
    ok(&page_bean(visit.call, window, fields.len(), visit.twist, |i| {
        let mut value = field(&fields[i]);
        value["isLocked"] = json!(false);
        value
    }))
}

/// `GET /status`: a bare array.
pub(super) fn statuses(visit: &mut Visit<'_>) -> Response {
    let statuses = visit.site.listed(&visit.site.statuses);
    ok(&statuses.iter().map(|s| visit.site.status_json(s, &visit.call.base)).collect())
}

/// `GET /status/{idOrName}`.
pub(super) fn status(visit: &mut Visit<'_>) -> Response {
    let wanted = visit.call.parameter(0);
    let found = visit.site.statuses.iter().find(|s| s.id.to_string() == wanted || s.name == wanted);
    match found {
        Some(status) => ok(&visit.site.status_json(status, &visit.call.base)),
        None => errors(404, "The status does not exist."),
    }
}

/// `GET /statuses/search`: a page bean of another shape of status.
pub(super) fn status_search(visit: &mut Visit<'_>) -> Response {
    let statuses = visit.site.listed(&visit.site.statuses);
    let window = Window::of(visit.call, 200, 200);
    let value = |status: &Status| {
        let category = match status.category.as_str() {
            "done" => "DONE",
            "indeterminate" => "IN_PROGRESS",
            _ => "TODO",
        };
        json!({"id": status.id.to_string(), "name": status.name, "statusCategory": category,
            "scope": {"type": "GLOBAL"}, "description": ""})
    };
    ok(&page_bean(visit.call, window, statuses.len(), visit.twist, |i| value(&statuses[i])))
}

/// `GET /statuscategory`.
pub(super) fn status_categories() -> Response {
    ok(&json!([
        {"id": 2, "key": "new", "colorName": "blue-gray", "name": "To Do"},
        {"id": 4, "key": "indeterminate", "colorName": "yellow", "name": "In Progress"},
        {"id": 3, "key": "done", "colorName": "green", "name": "Done"}]))
}

/// `GET /issuetype`: a bare array.
pub(super) fn issue_types(visit: &mut Visit<'_>) -> Response {
    let base = &visit.call.base;
    let value = |(id, name, subtask): &(u64, &str, bool)| {
        json!({"self": format!("{base}/issuetype/{id}"), "id": id.to_string(), "name": name, "description": "",
            "subtask": subtask, "hierarchyLevel": if *subtask { -1 } else { 0 }})
    };
    ok(&visit.site.listed(&ISSUE_TYPES).iter().map(value).collect())
}

fn priority((id, name): &(u64, &str), base: &str) -> Value {
    json!({"self": format!("{base}/priority/{id}"), "id": id.to_string(), "name": name, "description": "",
        "statusColor": "#cccccc", "iconUrl": "", "isDefault": *id == 3})
}

/// `GET /priority`: a bare array, deprecated.
pub(super) fn priorities(visit: &mut Visit<'_>) -> Response {
    ok(&PRIORITIES.iter().map(|p| priority(p, &visit.call.base)).collect())
}

/// `GET /priority/search`: a page bean.
pub(super) fn priority_search(visit: &mut Visit<'_>) -> Response {
    let window = Window::of(visit.call, 50, 50);
    let base = &visit.call.base;
    ok(&page_bean(visit.call, window, PRIORITIES.len(), visit.twist, |i| priority(&PRIORITIES[i], base)))
}
