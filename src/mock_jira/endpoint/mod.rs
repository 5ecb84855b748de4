//! The endpoint families, one a file, and who may call what. Answers have Jira's own shapes; what no family
//! knows is answered by `other`.

mod egress;
mod graph;
mod issue;
mod metadata;
mod oauth;
mod other;
mod project;
mod queue;
mod search;
mod server;
mod storage;
mod user;
mod write;

pub(super) use oauth::owner as oauth_owner;
pub(super) use search::SearchResults;

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::evidence::Fact;

use super::{
    Response, RetryAfter,
    paging::Twist,
    platform::State,
    route::{Call, Surface},
    site::Site,
};

/// A permitted call on a site, with what an endpoint needs to answer it.
struct Visit<'a> {
    call: &'a Call<'a>,
    site: &'a mut Site,
    results: &'a mut SearchResults,
    twist: &'a Twist,
    now: Timestamp,
}

/// Answers a call that no fault kept from being answered.
pub(super) fn answer(
    state: &mut State,
    call: &Call<'_>,
    twist: Twist,
    now: Timestamp,
    record: &dyn Fn(Fact),
) -> Response {
    let response = match call.surface {
        Surface::Token => oauth::token(state, call, &twist, now, record),
        Surface::Resources => oauth::accessible_resources(state, call, now),
        Surface::Storage | Surface::LegacyStorage => storage::answer(state, call, &twist, now, record),
        Surface::Queue => queue::answer(state, call),
        Surface::Remote => ok(&json!({})),
        Surface::Graph => graph::answer(state, call),
        Surface::Egress => egress::answer(state, call, record),
        Surface::Nowhere => not_found(call),
        Surface::Site | Surface::Gateway => match refuse(state, call, now) {
            Some(refusal) => refusal,
            None => visit(state, call, &twist, now),
        },
    };
    with_edge_headers(response, state, call)
}

fn visit(state: &mut State, call: &Call<'_>, twist: &Twist, now: Timestamp) -> Response {
    let Some(tenant) = call.tenant else { return not_found(call) };
    let Some(operation) = call.operation else { return other::unknown(call) };
    let site = &mut state.tenants[tenant].site;
    let mut visit = Visit { call, site, results: &mut state.results, twist, now };
    let visit = &mut visit;
    match operation.id {
        "getServerInfo" => server::info(visit),
        "getCurrentUser" => user::myself(visit),
        "getUser" => user::one(visit),
        "getAllUsers"
        | "getAllUsersDefault"
        | "findUsers"
        | "findAssignableUsers"
        | "findBulkAssignableUsers"
        | "findUsersWithAllPermissions"
        | "findUsersWithBrowsePermission" => user::array(visit),
        "bulkGetUsers" => user::bulk(visit),
        "searchProjects" => project::search(visit),
        "getAllProjects" | "getRecent" => project::all(visit),
        "getProject" => project::one(visit),
        "getFields" => metadata::fields(visit),
        "getFieldsPaginated" => metadata::field_search(visit),
        "getStatuses" => metadata::statuses(visit),
        "getStatus" => metadata::status(visit),
        "search" => metadata::status_search(visit),
        "getStatusCategories" => metadata::status_categories(),
        "getIssueAllTypes" => metadata::issue_types(visit),
        "getPriorities" => metadata::priorities(visit),
        "searchPriorities" => metadata::priority_search(visit),
        "searchForIssuesUsingJql" | "searchForIssuesUsingJqlPost" => search::removed(),
        "searchAndReconsileIssuesUsingJql" | "searchAndReconsileIssuesUsingJqlPost" => search::by_jql(visit),
        "countIssues" => search::count(visit),
        "bulkFetchIssues" => search::bulk_fetch(visit),
        "getIssue" => issue::one(visit),
        "getChangeLogs" => issue::changelog(visit),
        "getComments" => issue::comments(visit),
        "getIssueWorklog" => issue::worklogs(visit),
        "createIssue" => write::create_issue(visit),
        "editIssue" => write::edit_issue(visit),
        "deleteIssue" => write::delete_issue(visit),
        "addComment" | "addWorklog" => write::add_to_issue(visit),
        "createProject" => write::create_project(visit),
        "updateProject" => write::update_project(visit),
        "deleteProject" => write::delete_project(visit),
        "createCustomField" => write::create_field(visit),
        _ => other::answer(visit, operation),
    }
}

/// Why a call on a site is not permitted, if it is not.
fn refuse(state: &State, call: &Call<'_>, now: Timestamp) -> Option<Response> {
    if call.lacks_user() {
        let mut response = unauthorized(true);
        response.headers.push(("forge-proxy-error", "NEEDS_AUTHENTICATION_ERR".into()));
        return Some(response);
    }
    let gateway = call.surface == Surface::Gateway;
    let Some(token) = &call.token else {
        let open = !gateway && call.operation.is_some_and(|o| o.id == "getServerInfo");
        return (!open).then(|| unauthorized(gateway));
    };
    let access = state.accounts.access(token).filter(|a| a.expires_ms > now.as_millisecond());
    let Some(access) = access else { return Some(unauthorized(gateway)) };
    let Some(tenant) = call.tenant else { return Some(not_found(call)) };
    if !state.accounts.families[access.family].tenants.contains(&tenant) {
        return Some(json_response(
            403,
            &json!({"code": 403, "message": "The app is not installed on this instance."}),
        ));
    }
    let allowed = call.operation.is_none_or(|operation| operation.allowed_by(&access.scopes));
    (!allowed)
        .then(|| json_response(401, &json!({"code": 401, "message": "Unauthorized; scope does not match"})))
}

fn unauthorized(gateway: bool) -> Response {
    if gateway {
        return json_response(401, &json!({"code": 401, "message": "Unauthorized"}));
    }
    let mut response = errors(401, "Client must be authenticated to access this resource.");
    response.headers.push(("x-seraph-loginreason", "AUTHENTICATED_FAILED".into()));
    response
}

/// What the edge adds to every answer.
fn with_edge_headers(mut response: Response, state: &State, call: &Call<'_>) -> Response {
    let served = state.requests_served();
    let trace = super::site::mix(served, call.request.path.len() as u64);
    let mut header = |name, value: Cow<'static, str>| response.headers.push((name, value));
    header("server", "AtlassianEdge".into());
    header("atl-traceid", hex_of(trace, served).into());
    if matches!(call.surface, Surface::Site | Surface::Gateway) {
        header("x-arequestid", hex_of(0, trace).into());
        header("x-ratelimit-limit", "350".into());
        header("x-ratelimit-remaining", "349".into());
    }
    response
}

/// Two numbers as 32 hex digits.
fn hex_of(high: u64, low: u64) -> String {
    let number = u128::from(high) << 64 | u128::from(low);
    hex::encode(number.to_be_bytes())
}

/// A JSON answer.
fn json_response(status: u16, body: &Value) -> Response {
    raw_json(status, serde_json::to_vec(body).unwrap_or_default())
}

fn raw_json(status: u16, body: Vec<u8>) -> Response {
    // Room for what the edge adds.
    let mut headers = Vec::with_capacity(8);
    headers.push(("content-type", "application/json;charset=UTF-8".into()));
    Response { status, headers, body }
}

fn ok(body: &Value) -> Response {
    json_response(200, body)
}

fn no_content() -> Response {
    Response { status: 204, headers: vec![], body: vec![] }
}

/// Jira's error collection with one message.
fn errors(status: u16, message: &str) -> Response {
    json_response(status, &json!({"errorMessages": [message], "errors": {}}))
}

fn no_issue() -> Response {
    errors(404, "Issue does not exist or you do not have permission to see it.")
}

fn not_found(call: &Call<'_>) -> Response {
    json_response(
        404,
        &json!({"status": 404, "error": "Not Found", "message": "No message available",
            "path": call.request.path}),
    )
}

/// The answer to one request too many.
pub(super) fn too_many_requests(after: RetryAfter, now: Timestamp) -> Response {
    let mut response = json_response(
        429,
        &json!({"errorMessages": ["The request has been rate-limited. Please try again later."],
            "errors": {}, "status": 429}),
    );
    let mut header = |name, value: Cow<'static, str>| response.headers.push((name, value));
    header("x-ratelimit-limit", "350".into());
    header("x-ratelimit-remaining", "0".into());
    header("ratelimit-reason", "jira-burst-based".into());
    let seconds = match after {
        RetryAfter::Seconds(seconds) | RetryAfter::HttpDate(seconds) => seconds,
        RetryAfter::Absent => return response,
    };
    let at =
        now.checked_add(jiff::SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(0))).unwrap_or(now);
    let at = at.to_zoned(jiff::tz::TimeZone::UTC);
    let written = |format| jiff::fmt::strtime::format(format, &at).unwrap_or_default();
    header("x-ratelimit-reset", written("%Y-%m-%dT%H:%M:%SZ").into());
    header(
        "retry-after",
        match after {
            RetryAfter::HttpDate(_) => written("%a, %d %b %Y %H:%M:%S GMT").into(),
            _ => seconds.to_string().into(),
        },
    );
    response
}

/// What an answer's `Retry-After` says, in seconds from now.
pub(super) fn retry_after_s(response: &Response, now: Timestamp) -> Option<u64> {
    let (_, value) = response.headers.iter().find(|(name, _)| *name == "retry-after")?;
    value.parse().ok().or_else(|| {
        let at = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
        u64::try_from(at.as_second() - now.as_second()).ok()
    })
}

/// An error answer put in by a fault, in the shape of the surface that was asked.
pub(super) fn injected(status: u16, call: &Call<'_>) -> Response {
    let gateway = call.surface == Surface::Gateway;
    match (status, call.surface) {
        (_, Surface::Token) if status < 500 => {
            json_response(status, &json!({"error": "access_denied", "error_description": "Unauthorized"}))
        }
        (401, _) => unauthorized(gateway),
        (403, _) => errors(403, "You do not have permission to perform this operation."),
        (500.., _) => Response {
            status,
            headers: vec![("content-type", "text/html".into())],
            body: format!("<html><body><h1>{status}</h1></body></html>").into_bytes(),
        },
        _ => errors(status, "The request was refused."),
    }
}
