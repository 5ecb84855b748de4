//! Operations without a family of their own: reads answer an empty listing of their style, writes are
//! stored under their path and work.

use serde_json::{Value, json};

use crate::jira::{Effect, Operation};

use super::{
    super::{
        paging::{Window, page_bean},
        route::Call,
    },
    Response, Visit, errors, json_response, no_content, ok,
};

/// Listings that are bare arrays in Jira.
const BARE_ARRAYS: [&str; 14] = [
    "getResolutions",
    "getAllProjectRoles",
    "getProjectComponents",
    "getProjectVersions",
    "getIssueLinkTypes",
    "getAllLabels",
    "getFavouriteFilters",
    "getMyFilters",
    "getAllStatuses",
    "getAllProjectTypes",
    "getAllProjectCategories",
    "getAllApplicationRoles",
    "getAllSystemAvatars",
    "getApplicationProperty",
];

/// A path that Jira does not know.
pub(super) fn unknown(call: &Call<'_>) -> Response {
    match call.request.method.as_str() {
        // An unknown operation counts as a write, and a write works here.
        "POST" | "PUT" | "DELETE" | "PATCH" => no_content(),
        _ => super::not_found(call),
    }
}

/// Answers an operation by its style.
pub(super) fn answer(visit: &mut Visit<'_>, operation: &Operation) -> Response {
    match (operation.effect, operation.method) {
        (Effect::Read, "GET") => read(visit, operation),
        (Effect::Read, _) => ok(&json!({})),
        (Effect::Write, method) => write(visit, method),
    }
}

fn read(visit: &mut Visit<'_>, operation: &Operation) -> Response {
    if let Some(stored) = visit.site.stored.get(visit.call.path) {
        return ok(stored);
    }
    if BARE_ARRAYS.contains(&operation.id) {
        return ok(&json!([]));
    }
    if operation.path.ends_with('}') {
        return errors(404, "The requested resource does not exist or you do not have permission to see it.");
    }
    let window = Window::of(visit.call, 50, 100);
    ok(&page_bean(visit.call, window, 0, visit.twist, |_| Value::Null))
}

fn write(visit: &mut Visit<'_>, method: &str) -> Response {
    let path = visit.call.path.to_owned();
    visit.site.version += 1;
    match method {
        "POST" => {
            let id = visit.site.fresh_id();
            visit.site.stored.insert(format!("{path}/{id}"), visit.call.json());
            let address = format!("{}/{id}", visit.call.base);
            json_response(201, &json!({"id": id.to_string(), "self": address}))
        }
        "PUT" => {
            visit.site.stored.insert(path, visit.call.json());
            no_content()
        }
        _ => {
            visit.site.stored.remove(&path);
            no_content()
        }
    }
}
