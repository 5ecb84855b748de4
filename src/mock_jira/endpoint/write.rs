//! Writes that really change the site, so that an app that writes is caught by what it did.

use serde_json::{Map, Value, json};

use super::{
    super::{
        issue::{jira_time, kept_fields, write_json},
        site::SiteChange,
    },
    Response, Visit, errors, json_response, no_content, no_issue, ok, raw_json,
};

fn field_error(field: &str, message: &str) -> Response {
    json_response(400, &json!({"errorMessages": [], "errors": {field: message}}))
}

/// `POST /issue`.
pub(super) fn create_issue(visit: &mut Visit<'_>) -> Response {
    let mut body = visit.call.json();
    let wanted = &body["fields"]["project"];
    let is_it = |key: &str, id: u64| wanted["key"] == *key || wanted["id"] == *id.to_string();
    let project = visit.site.projects.iter().find(|p| is_it(&p.key, p.id)).map(|p| (p.id, p.key.clone()));
    let Some((project, key)) = project else { return field_error("project", "valid project is required") };
    if body["fields"]["summary"].as_str().is_none_or(|s| s.trim().is_empty()) {
        return field_error("summary", "You must specify a summary of the issue.");
    }
    let index = visit.site.create_issue(project, kept_fields(&mut body), visit.now);
    let (id, number) = (10_000 + index, visit.site.place(index).1);
    let mut answer = Vec::with_capacity(192);
    answer.extend_from_slice(br#"{"id":"#);
    write_json(&mut answer, &id.to_string());
    answer.extend_from_slice(br#","key":"#);
    write_json(&mut answer, &format!("{key}-{number}"));
    answer.extend_from_slice(br#","self":"#);
    write_json(&mut answer, &format!("{}/issue/{id}", visit.call.base));
    answer.push(b'}');
    raw_json(201, answer)
}

/// `PUT /issue/{idOrKey}`.
pub(super) fn edit_issue(visit: &mut Visit<'_>) -> Response {
    let Some(index) = visit.site.find_issue(visit.call.parameter(0)) else { return no_issue() };
    let fields = kept_fields(&mut visit.call.json());
    visit.site.edits.entry(index).or_default().extend(fields);
    visit.site.version += 1;
    no_content()
}

/// `DELETE /issue/{idOrKey}`.
pub(super) fn delete_issue(visit: &mut Visit<'_>) -> Response {
    let Some(index) = visit.site.find_issue(visit.call.parameter(0)) else { return no_issue() };
    visit.site.removed.insert(index);
    visit.site.version += 1;
    no_content()
}

/// `POST /issue/{idOrKey}/comment` and `…/worklog`.
pub(super) fn add_to_issue(visit: &mut Visit<'_>) -> Response {
    let Some(index) = visit.site.find_issue(visit.call.parameter(0)) else { return no_issue() };
    let name = if visit.call.path.contains("/worklog") { "worklogs" } else { "comments" };
    let mut value = match visit.call.json() {
        Value::Object(body) => body,
        _ => {
            return errors(
                400,
                "Invalid request payload. Refer to the REST API documentation and try again.",
            );
        }
    };
    let (id, at) = (visit.site.fresh_id(), jira_time(visit.now.as_millisecond()));
    let author = visit.site.user(0, &visit.call.base);
    let beside =
        [("id", json!(id.to_string())), ("author", author), ("created", json!(at)), ("updated", json!(at))];
    value.extend(beside.map(|(name, value)| (name.to_owned(), value)));
    let value = Value::Object(value);
    visit.site.additions.entry((index, name)).or_default().push(value.clone());
    visit.site.version += 1;
    json_response(201, &value)
}

fn text(body: &Value, name: &str) -> String {
    body[name].as_str().unwrap_or_default().to_owned()
}

/// `POST /project`.
pub(super) fn create_project(visit: &mut Visit<'_>) -> Response {
    let body = visit.call.json();
    let key = text(&body, "key");
    if key.is_empty() {
        return field_error("projectKey", "You must specify a project key.");
    }
    let change = SiteChange::AddProject { key: key.clone(), name: text(&body, "name") };
    if visit.site.change(change, visit.now).is_err() {
        return field_error("projectKey", "A project with that key already exists.");
    }
    let id = visit.site.projects.last().map_or(0, |p| p.id);
    json_response(201, &json!({"self": format!("{}/project/{id}", visit.call.base), "id": id, "key": key}))
}

/// `PUT /project/{idOrKey}`.
pub(super) fn update_project(visit: &mut Visit<'_>) -> Response {
    let Some(key) = project_key(visit) else { return no_project(visit) };
    let name = text(&visit.call.json(), "name");
    if !name.is_empty() {
        // The project was found above.
        let _ = visit.site.change(SiteChange::RenameProject { key: key.clone(), name }, visit.now);
    }
    ok(&json!({"key": key}))
}

/// `DELETE /project/{idOrKey}`.
pub(super) fn delete_project(visit: &mut Visit<'_>) -> Response {
    let Some(key) = project_key(visit) else { return no_project(visit) };
    // The project was found above.
    let _ = visit.site.change(SiteChange::RemoveProject { key }, visit.now);
    no_content()
}

fn project_key(visit: &Visit<'_>) -> Option<String> {
    let wanted = visit.call.parameter(0);
    let found = visit.site.projects.iter().find(|p| p.key == wanted || p.id.to_string() == wanted);
    found.map(|p| p.key.clone())
}

fn no_project(visit: &Visit<'_>) -> Response {
    errors(404, &format!("No project could be found with key '{}'.", visit.call.parameter(0)))
}

/// `POST /field`.
pub(super) fn create_field(visit: &mut Visit<'_>) -> Response {
    let body = visit.call.json();
    let name = text(&body, "name");
    if name.is_empty() {
        return field_error("name", "The field name is required.");
    }
    let id = format!("customfield_{}", visit.site.fresh_id());
    let change = SiteChange::AddField { id: id.clone(), name: name.clone(), kind: "string".to_owned() };
    // The id is fresh, so there is a place for it.
    let _ = visit.site.change(change, visit.now);
    let mut value = Map::new();
    value.extend(
        [("id", json!(id)), ("key", json!(id)), ("name", json!(name)), ("custom", json!(true))]
            .map(|(name, value)| (name.to_owned(), value)),
    );
    json_response(201, &Value::Object(value))
}
