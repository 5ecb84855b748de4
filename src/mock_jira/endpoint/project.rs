//! Projects.

use serde_json::{Value, json};

use super::{
    super::{
        issue::project_ref,
        paging::{Window, page_bean},
        site::Project,
    },
    Response, Visit, errors, ok,
};

fn project(project: &Project, base: &str) -> Value {
    let mut value = project_ref(project, base);
    value["expand"] = json!("description,lead,issueTypes,url,projectKeys,permissions,insight");
    value["style"] = json!("classic");
    value["isPrivate"] = json!(false);
    value["properties"] = json!({});
    value
}

/// `GET /project/search`: a page bean, at most 100.
pub(super) fn search(visit: &mut Visit<'_>) -> Response {
    let query = visit.call.query("query").unwrap_or_default().to_lowercase();
    let keys = visit.call.query_all("keys");
    let wanted = |p: &Project| {
        (p.key.to_lowercase().contains(&query) || p.name.to_lowercase().contains(&query))
            && (keys.is_empty() || keys.iter().any(|k| *k == p.key))
    };
    let projects: Vec<Project> = visit.site.listed(&visit.site.projects).into_iter().filter(wanted).collect();
    let window = Window::of(visit.call, 50, 100);
    let base = &visit.call.base;
    ok(&page_bean(visit.call, window, projects.len(), visit.twist, |i| project(&projects[i], base)))
}

/// `GET /project`: a bare array, deprecated.
pub(super) fn all(visit: &mut Visit<'_>) -> Response {
    let projects = visit.site.listed(&visit.site.projects);
    ok(&projects.iter().map(|p| project(p, &visit.call.base)).collect())
}

/// `GET /project/{idOrKey}`.
pub(super) fn one(visit: &mut Visit<'_>) -> Response {
    let wanted = visit.call.parameter(0);
    let found = visit.site.projects.iter().find(|p| p.key == wanted || p.id.to_string() == wanted);
    match found {
        Some(found) => ok(&project(found, &visit.call.base)),
        None => errors(404, &format!("No project could be found with key '{wanted}'.")),
    }
}
