//! OAuth 2.0 (3LO): the token endpoint with rotating refresh tokens, and the sites that a token reaches.
//! Source: developer.atlassian.com/cloud/oauth/getting-started/refresh-tokens.

use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::{evidence::Fact, jira};

use super::{
    super::{
        account::{CLIENT_ID, Refusal},
        paging::Twist,
        platform::{State, token_issued},
        route::{Call, Surface},
    },
    Response, json_response, ok, unauthorized,
};

/// The parameters of a token request, sent as JSON or as a form.
fn parameters(call: &Call<'_>) -> Value {
    let form = call.request.header("content-type").is_some_and(|t| t.starts_with("application/x-www-form"));
    if !form {
        return call.json();
    }
    let text = String::from_utf8_lossy(&call.request.body);
    jira::query_pairs(&text)
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect()
}

/// To whom the refresh token in a token request belongs.
pub(in super::super) fn owner(state: &State, call: &Call<'_>) -> Option<usize> {
    if call.surface != Surface::Token {
        return None;
    }
    state.accounts.owner_of_refresh(parameters(call)["refresh_token"].as_str()?)
}

fn refused(status: u16, error: &str, description: &str) -> Response {
    json_response(status, &json!({"error": error, "error_description": description}))
}

/// `POST /oauth/token` with `grant_type=refresh_token`.
pub(super) fn token(
    state: &mut State,
    call: &Call<'_>,
    twist: &Twist,
    now: Timestamp,
    record: &dyn Fn(Fact),
) -> Response {
    let asked = parameters(call);
    let text = |name: &str| asked[name].as_str().unwrap_or_default().to_owned();
    let tenant = owner(state, call).map(|t| state.tenants[t].id.clone());
    let refuse = |status, error: &str, description: &str| {
        record(Fact::TokenRefused { tenant: tenant.clone(), error: error.to_owned() });
        refused(status, error, description)
    };
    if call.request.method != "POST" {
        return refuse(405, "invalid_request", "Method not allowed.");
    }
    let secret = state.accounts.client_secret();
    if text("client_id") != CLIENT_ID || text("client_secret") != secret.expose_secret() {
        return refuse(401, "access_denied", "Unauthorized");
    }
    if text("grant_type") != "refresh_token" {
        return refuse(403, "unsupported_grant_type", "Unsupported grant type.");
    }
    let pair = match state.accounts.rotate(&text("refresh_token"), now.as_millisecond()) {
        Ok(pair) => pair,
        Err(refusal) => {
            if let Refusal::Reused(family) = refusal {
                let family = state.accounts.families[family].name.clone();
                record(Fact::FamilyRevoked { tenant: tenant.clone().unwrap_or_default(), family });
            }
            return refuse(403, "invalid_grant", "Unknown or invalid refresh token.");
        }
    };
    let pair = match twist {
        Twist::ExtraScopes(scopes) => state.accounts.widen(pair, scopes),
        Twist::NoRefreshToken => {
            state.accounts.unspend(&text("refresh_token"));
            pair
        }
        _ => pair,
    };
    record(token_issued(state, &pair));
    let mut body = json!({"access_token": pair.access, "expires_in": 3600, "token_type": "Bearer",
        "scope": pair.scopes.join(" ")});
    if *twist != Twist::NoRefreshToken && pair.scopes.iter().any(|s| s == "offline_access") {
        body["refresh_token"] = json!(pair.refresh);
    }
    ok(&body)
}

/// `GET /oauth/token/accessible-resources`: every site that the token's grant reaches.
pub(super) fn accessible_resources(state: &State, call: &Call<'_>, now: Timestamp) -> Response {
    let access = call.token.as_deref().and_then(|token| state.accounts.access(token));
    let Some(access) = access.filter(|a| a.expires_ms > now.as_millisecond()) else {
        return unauthorized(true);
    };
    let host = call.request.header("host").unwrap_or("localhost");
    let scopes: Vec<&String> = access.scopes.iter().filter(|s| *s != "offline_access").collect();
    let site = |at: &usize| {
        let tenant = &state.tenants[*at];
        json!({"id": tenant.cloud_id, "url": format!("http://{host}"), "name": tenant.id, "scopes": scopes,
            "avatarUrl": format!("http://{host}/avatar.png")})
    };
    ok(&state.accounts.families[access.family].tenants.iter().map(site).collect())
}
