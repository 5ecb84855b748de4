//! The platform's queues: what an app pushes is taken, and waits until a scenario hands it to a consumer.

use super::{Response, json_response, no_content};
use crate::mock_jira::{platform::State, route::Call};
use serde_json::json;

/// Takes pushed events.
pub(super) fn publish(state: &mut State, call: &Call<'_>) -> Response {
    let Some(at) = call.tenant else {
        return json_response(401, &json!({"code": 401, "message": "Unauthorized"}));
    };
    let body = call.json();
    let queue = body["queueName"].as_str().unwrap_or_default().to_owned();
    let events = body["payload"].as_array().cloned().unwrap_or_default();
    let pushed = &mut state.tenants[at].pushed;
    pushed.extend(events.into_iter().map(|event| (queue.clone(), event)));
    Response { status: 201, ..no_content() }
}
