//! One exchange with the token endpoint: the request for a new pair, and what its answer means. It stores
//! nothing and never tries twice.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};

use super::stored::{StoredToken, Token, excess};
use crate::app::{
    client::retry,
    port::{HttpRequest, HttpResponse, Ports},
};

/// What one exchange came to.
pub(super) enum Exchange {
    /// A new pair.
    Granted(Token),
    /// A new pair that may do more than was asked for; it is not kept.
    TooBroad,
    /// The refresh token is dead, as far as the endpoint knows.
    Refused,
    /// The endpoint refuses the app itself; no consent would help.
    Misconfigured { status: u16 },
    /// No answer to go by. `definite`: the refresh token was certainly not used up.
    Outage { definite: bool, asked: Option<Duration> },
}

#[derive(Deserialize)]
struct Grant {
    access_token: String,
    refresh_token: Option<String>,
    expires_in: i64,
    token_type: String,
    scope: Option<String>,
}

/// Sends the refresh token (RFC 6749 section 6, as JSON) and reads the answer.
pub(super) async fn exchange(ports: &Ports, stored: &StoredToken, timeout: Duration) -> Exchange {
    let settings = &ports.settings;
    let request = HttpRequest {
        method: "POST",
        url: settings.token_url.clone(),
        bearer: None,
        body: Some(json!({
            "grant_type": "refresh_token",
            "client_id": settings.client_id,
            "client_secret": settings.client_secret.expose_secret(),
            "refresh_token": stored.token.refresh_token.expose_secret(),
        })),
        timeout,
        tenant: stored.tenant.clone(),
    };
    match ports.transport.send(request).await {
        Ok(answer) => understood(&answer, stored, &settings.scopes, ports.clock.now()),
        Err(error) => Exchange::Outage { definite: error.is_definite(), asked: None },
    }
}

fn understood(
    answer: &HttpResponse,
    stored: &StoredToken,
    asked_scopes: &[String],
    now: Timestamp,
) -> Exchange {
    match answer.status {
        200..=299 => granted(answer, stored, asked_scopes, now),
        status if retry::is_passing(status) => {
            let asked = retry::retry_after(answer, now);
            Exchange::Outage { definite: status == 429, asked }
        }
        // Atlassian says 403 where RFC 6749 says 400; proxies have been seen to say 401.
        status @ (400 | 401 | 403) => match error_code(&answer.body).as_deref() {
            Some("invalid_grant" | "unauthorized_client") => Exchange::Refused,
            Some(_) => Exchange::Misconfigured { status },
            // Not the endpoint's own words: a proxy or a login page stands in between.
            None => Exchange::Outage { definite: false, asked: None },
        },
        status => Exchange::Misconfigured { status },
    }
}

fn error_code(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    body["error"].as_str().map(str::to_owned)
}

fn granted(answer: &HttpResponse, stored: &StoredToken, asked_scopes: &[String], now: Timestamp) -> Exchange {
    let unreadable = Exchange::Outage { definite: false, asked: None };
    let Ok(grant) = serde_json::from_slice::<Grant>(&answer.body) else { return unreadable };
    let usable = grant.token_type.eq_ignore_ascii_case("bearer")
        && grant.expires_in > 0
        && !grant.access_token.is_empty();
    let Ok(expires_at) = now.checked_add(SignedDuration::from_secs(grant.expires_in)) else {
        return unreadable;
    };
    if !usable {
        return unreadable;
    }
    let scope = match &grant.scope {
        Some(scope) => scope.split_whitespace().map(str::to_owned).collect(),
        // RFC 6749 section 5.1: left out means "as asked for".
        None => stored.token.scope.clone(),
    };
    if !excess(&scope, asked_scopes).is_empty() {
        return Exchange::TooBroad;
    }
    Exchange::Granted(Token {
        access_token: grant.access_token.into(),
        refresh_token: match grant.refresh_token {
            Some(refresh_token) if !refresh_token.is_empty() => refresh_token.into(),
            _ => stored.token.refresh_token.clone(),
        },
        expires_at,
        token_type: "Bearer".to_owned(),
        scope,
        created_at: stored.token.created_at,
    })
}
