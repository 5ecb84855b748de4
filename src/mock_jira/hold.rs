//! Holds: where a request of one instance of the app stands still, before it is done or before its answer
//! leaves. A hold is no fault: what is held goes on as if nothing had been, or its client is dead by then.

use std::borrow::Cow;

use serde_json::Value;

use super::{Barrier, Platform, Reply, Request, Route, platform::State, route::Call};
use crate::jira;

/// The path below which an instance of the app finds the platform: whose request it is needs no word of the app.
const INSTANCE_PATH: &str = "/instance/";
/// The header that names the instance inside the platform.
pub(super) const INSTANCE_HEADER: &str = "x-gonogo-instance";

/// When a request is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Nothing of it is done.
    Before,
    /// It is done, and the client does not know it yet.
    After,
}

/// Which request is held.
#[derive(Clone, Debug)]
pub enum Held {
    /// One that writes a key that begins so in the key-value storage.
    Write(String),
    /// One that this route meets.
    Request(Route),
}

/// A hold that waits for its request.
#[derive(Clone, Debug)]
pub(super) struct Hold {
    instance: String,
    moment: Moment,
    held: Held,
    barrier: Barrier,
}

impl Platform {
    /// Holds the next such request of an instance, once. Kill the barrier to let the request come to nothing.
    pub fn hold(&self, instance: &str, moment: Moment, held: Held) -> Barrier {
        let barrier = Barrier::new();
        let hold = Hold { instance: instance.to_owned(), moment, held, barrier: barrier.clone() };
        self.lock().holds.push(hold);
        barrier
    }
}

impl Platform {
    /// What becomes of a request that was held, once its barrier is open.
    pub(super) fn resumed(&self, reply: Reply, request: &Request) -> Reply {
        match reply {
            Reply::Held(barrier, _) | Reply::HeldBefore(barrier) if barrier.is_killed() => Reply::Reset,
            Reply::Held(_, then) => *then,
            Reply::HeldBefore(_) => self.handle(request),
            reply => reply,
        }
    }
}

impl Platform {
    /// Whether a request of this instance is held now.
    #[must_use]
    pub fn is_held(&self, instance: &str) -> bool {
        let mut state = self.lock();
        state.standing.retain(|(_, barrier)| !barrier.is_open());
        state.standing.iter().any(|(held, _)| held == instance)
    }
}

/// Takes the first hold that waits for this request; its instance stands there from now on.
pub(super) fn take(state: &mut State, request: &Request, call: &Call<'_>) -> Option<(Moment, Barrier)> {
    let instance = request.header(INSTANCE_HEADER)?;
    let at = state.holds.iter().position(|hold| hold.instance == instance && hold.fits(call))?;
    let hold = state.holds.remove(at);
    state.standing.push((hold.instance, hold.barrier.clone()));
    Some((hold.moment, hold.barrier))
}

impl Hold {
    fn fits(&self, call: &Call<'_>) -> bool {
        match &self.held {
            Held::Request(route) => route.meets(&call.operation_id, call.family()),
            Held::Write(prefix) => {
                writes(&call.operation_id)
                    && keys(&call.json()).iter().any(|key| key.starts_with(prefix.as_str()))
            }
        }
    }
}

fn writes(operation: &str) -> bool {
    operation.strip_prefix("kvs.").is_some_and(|action| {
        let action = action.rsplit('.').next().unwrap_or_default();
        matches!(action, "set" | "delete" | "transaction" | "graphql")
    })
}

/// The keys that a storage request names.
fn keys(body: &Value) -> Vec<&str> {
    let lists = [body, &body["items"], &body["set"], &body["delete"]];
    let items = lists.into_iter().filter_map(Value::as_array).flatten();
    // The last is GraphQL, as older packages write.
    items.chain([body, &body["variables"]["input"]]).filter_map(|item| item["key"].as_str()).collect()
}

/// The request as it would be without an instance in its path; the instance stands in a header then, and a
/// header of that name that came with the request is gone.
pub(super) fn attributed(request: &Request) -> Cow<'_, Request> {
    let forged = request.header(INSTANCE_HEADER).is_some();
    let rest = request.path.strip_prefix(INSTANCE_PATH);
    let Some((instance, path)) = rest.and_then(|rest| Some(rest.split_at(rest.find('/')?))) else {
        return Cow::Borrowed(request);
    };
    let mut request = Request { path: path.to_owned(), ..request.clone() };
    if forged {
        request.headers.retain(|(name, _)| name != INSTANCE_HEADER);
    }
    request.headers.push((INSTANCE_HEADER.to_owned(), jira::decode(instance).into_owned()));
    Cow::Owned(request)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_instance_is_known_by_its_path_whatever_its_headers_say() {
        let mut request = Request::new("GET", "/instance/A.2/rest/api/3/myself?x=1");
        request.headers.push((INSTANCE_HEADER.to_owned(), "B".to_owned()));
        let attributed = attributed(&request);
        assert_eq!((attributed.path.as_str(), attributed.query.as_str()), ("/rest/api/3/myself", "x=1"));
        assert_eq!(attributed.header(INSTANCE_HEADER), Some("A.2"));
    }

    #[test]
    fn every_key_of_a_storage_request_is_seen() {
        for (body, expected) in [
            (json!({"key": "a", "value": {"key": "no"}}), vec!["a"]),
            (json!([{"key": "a"}, {"key": "b"}]), vec!["a", "b"]),
            (json!({"items": [{"key": "a"}]}), vec!["a"]),
            (
                json!({"set": [{"key": "a"}], "delete": [{"key": "b"}], "check": [{"key": "c"}]}),
                vec!["a", "b"],
            ),
        ] {
            assert_eq!(keys(&body), expected, "{body}");
        }
        for (operation, expected) in [
            ("kvs.set", true),
            ("kvs.batch.delete", true),
            ("kvs.get", false),
            ("kvs.query", false),
            ("set", false),
        ] {
            assert_eq!(writes(operation), expected, "{operation}");
        }
    }
}
