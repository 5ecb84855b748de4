//! Atlassian's GraphQL, as far as an app's own platform needs it: the address of a web trigger. Everything else
//! is answered as a field that does not exist.

use serde_json::json;

use super::{Response, ok};
use crate::mock_jira::{platform::State, route::Call};

/// `POST /atlassian/graphql`.
pub(super) fn answer(state: &State, call: &Call<'_>) -> Response {
    let body = call.json();
    let query = body["query"].as_str().unwrap_or_default();
    if query.contains("createWebTriggerUrl") {
        let site = call.tenant.map_or("", |at| state.tenants[at].cloud_id.as_str());
        let key = body["variables"]["input"]["triggerKey"].as_str().unwrap_or_default();
        let url = format!("https://{site}.hello.atlassian-dev.net/x1/{key}");
        return ok(&json!({"data": {"createWebTriggerUrl": {"url": url}}}));
    }
    let message = "the mocked platform has no such field";
    ok(&json!({"data": null, "errors": [{"message": message, "extensions": {"statusCode": 400}}]}))
}
