//! The platform's queues: what an app pushes is taken, and waits until a scenario hands it to a consumer.

use super::{Response, json_response, no_content, ok};
use crate::mock_jira::{platform::State, route::Call};
use serde_json::json;

/// Takes pushed events, tells how many of a queue wait, cancels them.
pub(super) fn answer(state: &mut State, call: &Call<'_>) -> Response {
    let Some(at) = call.tenant else {
        return json_response(401, &json!({"code": 401, "message": "Unauthorized"}));
    };
    let body = call.json();
    let queue = body["queueName"].as_str().unwrap_or_default().to_owned();
    if call.path.contains("/queue/stats/") {
        let waiting = state.tenants[at].pushed.iter().filter(|(name, _)| *name == queue).count();
        return ok(&json!({"success": 0, "inProgress": waiting, "failed": 0}));
    }
    if call.path.contains("/queue/cancel/") {
        state.tenants[at].pushed.retain(|(name, _)| *name != queue);
        return no_content();
    }
    let events = body["payload"].as_array().cloned().unwrap_or_default();
    // What an app of old pushes is the body itself, whatever its fields are called.
    let of_old = body["schema"].as_str().is_some_and(|schema| schema.ends_with("/app-event"));
    let events = events.into_iter().map(|event| if of_old { json!({"body": event}) } else { event });
    let pushed = &mut state.tenants[at].pushed;
    pushed.extend(events.map(|event| (queue.clone(), event)));
    Response { status: 201, ..no_content() }
}
