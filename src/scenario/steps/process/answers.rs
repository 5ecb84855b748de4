//! What a driven app answers, held against what the platform has and issued: an answer alone shows nothing.

use cucumber::{then, when};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{super::site::FIRST, storage::stored};
use crate::{
    clock::Clock as _,
    evidence::{Fact, Observation},
    scenario::{Failure, World, world::Step},
    subject::CallError,
};

/// How long an access token of the platform lives.
const TOKEN_LIFE_S: i64 = 3_600;

/// Cursors that no listing gave: empty, no Base64, Base64 of nothing, of a number, of an object, of a pair of
/// nothings, and a very long one.
const FOREIGN_CURSORS: [&str; 8] =
    ["", "0", "%%%", "AAAA", "MQ==", "eyJhIjoxfQ==", "W251bGwsbnVsbF0=", "\u{fffd}"];

/// Window and hash of each snapshot that came to lie in the store.
pub(super) fn snapshots(world: &World, whose: &str) -> Vec<(String, String)> {
    let of = |observation: &Observation| match &observation.fact {
        Fact::SnapshotStored { tenant, window_start, hash, .. } if tenant == whose => {
            Some((window_start.clone(), hash.clone()))
        }
        _ => None,
    };
    world.recorder().read(|log| log.iter().filter_map(of).collect())
}

/// What an app answers and does not describe, no later release would be held to.
pub(super) async fn nothing_undescribed(world: &mut World, tenant: &str, described: &[String]) -> Step {
    let process = world.process(FIRST).await?;
    let beside = json!({"snapshot_type": "weekly", "locked": true, "limit": null, "cursor": null});
    for operation in ["create_snapshot", "list_drift", "get_token_state"] {
        if described.iter().any(|name| name == operation) {
            continue;
        }
        if !matches!(process.probe(operation, tenant, &beside).await, Err(CallError::Unknown(_))) {
            return Err(Failure::new(format!("the app knows {operation:?}, and does not describe it")));
        }
    }
    Ok(())
}

/// A snapshot that is said to be taken lies in the storage, with the window and the hash that are answered.
pub(super) async fn stored_as_told(world: &mut World, tenant: &str, before: usize, answer: &Value) -> Step {
    let told = |name: &str, seen: &str| answer[name].as_str().is_none_or(|told| told == seen);
    let all = snapshots(world, tenant);
    let fits = |(window, hash): &(String, String)| told("window", window) && told("hash", hash);
    let shown = match answer["outcome"].as_str() {
        Some("succeeded") => all.iter().skip(before).any(fits),
        Some("skipped") => all.iter().any(fits) && !stored(world, "snapshot", tenant).await?.is_empty(),
        _ => false,
    };
    if shown {
        return Ok(());
    }
    Err(Failure::new(format!(
        "no such snapshot lies in the storage of {tenant:?}: create_snapshot answered {answer}"
    )))
}

/// The state of a token is that of the token that the platform issued.
pub(super) fn state_as_issued(world: &World, whose: &str, answer: &Value) -> Step {
    let issued = |observation: &Observation| match &observation.fact {
        Fact::TokenIssued { tenant, scopes, .. } if tenant == whose => {
            Some((observation.at, scopes.iter().map(|scope| scope.name.clone()).collect::<Vec<_>>()))
        }
        _ => None,
    };
    let last = world.recorder().read(|log| log.iter().rev().find_map(issued));
    let Some((at, granted)) = last else { return Err(Failure::new("no token was issued")) };
    let named = answer["scopes"].as_array().into_iter().flatten();
    if let Some(other) = named.filter_map(Value::as_str).find(|name| !granted.iter().any(|g| g == name)) {
        return Err(Failure::new(format!(
            "get_token_state names the scope {other:?}, which was not granted"
        )));
    }
    if answer.get("expires_at").is_none() {
        return Ok(());
    }
    let told = answer["expires_at"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let now = world.scene()?.clock.now();
    // Whoever counts a margin off tells an earlier end.
    match told {
        Some(told) if now <= told && told.duration_since(at).as_secs() <= TOKEN_LIFE_S => Ok(()),
        _ => Err(Failure::new(format!(
            "the token was issued at {at} for {TOKEN_LIFE_S} s, and get_token_state says that it ends at {}",
            answer["expires_at"]
        ))),
    }
}

/// After its removal an app knows nothing of a tenant's token.
pub(super) async fn nobody_is_known(world: &mut World, tenant: &str) -> Step {
    match world.process(FIRST).await?.probe("get_token_state", tenant, &json!({})).await {
        Ok(state) if state["expires_at"].as_str().is_some() => {
            Err(Failure::new(format!("after the removal get_token_state still answers {state}")))
        }
        Ok(_) | Err(CallError::Refused(_) | CallError::Unknown(_)) => Ok(()),
        Err(error) => Err(Failure::new(format!("after the removal get_token_state got: {error}"))),
    }
}

#[when(expr = "the drift of {string} is asked for with cursors that it never gave")]
async fn foreign_cursors(world: &mut World, tenant: String) -> Step {
    let process = world.process(FIRST).await?;
    let long = "QUJD".repeat(2_000);
    for cursor in FOREIGN_CURSORS.into_iter().chain([long.as_str()]) {
        match process.probe("list_drift", &tenant, &json!({"limit": 10, "cursor": cursor})).await {
            Ok(_) | Err(CallError::Refused(_)) => {}
            Err(error) => {
                let shown: String = cursor.chars().take(20).collect();
                return Err(Failure::new(format!("the cursor {shown:?} got: {error}")));
            }
        }
    }
    Ok(())
}

#[then("nothing was asked of a tenant in a call for another")]
fn no_strays(world: &mut World) -> Step {
    match world.strays()?.first() {
        None => Ok(()),
        Some(stray) => Err(Failure::new(stray.clone())),
    }
}
