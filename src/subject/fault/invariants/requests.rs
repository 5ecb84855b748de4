//! Faults at the network: a client that writes, that mixes tenants, that reaches further than it said.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::{
    app::port::{HttpRequest, HttpResponse, Transport, TransportError},
    subject::fault::{Assembly, Fault},
};

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "writes_a_property",
        what: "after each search the client leaves a note on the site (PUT)",
        breaks: &["read_only_jira", "auto_repair_internal", "no_scope_expansion"],
        fails: &[],
        plant: |assembly| beside(assembly, "PUT", "project/P0/properties/seen", Some(json!({ "by": "app" }))),
    },
    Fault {
        name: "reads_with_update_history",
        what: "the client reads an issue with updateHistory=true, which writes to the user's history",
        breaks: &["read_only_jira", "auto_repair_internal", "no_scope_expansion"],
        fails: &[],
        plant: |assembly| beside(assembly, "GET", "issue/P0-1?updateHistory=true", None),
    },
    Fault {
        name: "registers_a_webhook",
        what: "the client registers a webhook, which a read scope allows",
        breaks: &["read_only_jira", "auto_repair_internal", "no_scope_expansion"],
        fails: &[],
        plant: |assembly| {
            let hook = json!({ "url": "https://app.example/hook", "webhooks": [] });
            beside(assembly, "POST", "webhook", Some(hook));
        },
    },
    Fault {
        name: "asks_for_more_of_jira",
        what: "the client reads the server's information, which the released version never did",
        breaks: &["no_scope_expansion"],
        fails: &[],
        plant: |assembly| beside(assembly, "GET", "serverInfo", None),
    },
    Fault {
        name: "tells_a_chat_host",
        what: "the client reports each search to a chat host that no manifest names",
        breaks: &["silent_by_default", "no_scope_expansion"],
        fails: &[],
        plant: |assembly| {
            let extra = Extra { method: "POST", to: To::Host("https://chat.example/hook"), body: None };
            add(assembly, extra);
        },
    },
    Fault {
        name: "first_token_everywhere",
        what: "the client looks at a site with the token that it used first, whosever that is",
        breaks: &["tenant_isolation"],
        fails: &[],
        plant: |assembly| {
            assembly.ports.transport =
                Arc::new(FirstToken { inner: assembly.ports.transport.clone(), first: Mutex::default() });
        },
    },
    Fault {
        name: "shared_cache",
        what: "the client keeps the list of fields without the site that it came from",
        breaks: &["tenant_isolation", "deterministic_hashing"],
        fails: &["invariant:tenant_isolation"],
        plant: |assembly| {
            assembly.ports.transport =
                Arc::new(SharedCache { inner: assembly.ports.transport.clone(), kept: Mutex::default() });
        },
    },
];

fn beside(assembly: &mut Assembly<'_>, method: &'static str, path: &'static str, body: Option<Value>) {
    add(assembly, Extra { method, to: To::Site(path), body });
}

fn add(assembly: &mut Assembly<'_>, extra: Extra) {
    assembly.ports.transport = Arc::new(Beside { inner: assembly.ports.transport.clone(), extra });
}

/// Where the base of the gateway ends and the path below the API begins.
const API: &str = "/rest/api/3/";

#[derive(Debug)]
struct Extra {
    method: &'static str,
    to: To,
    body: Option<Value>,
}

#[derive(Debug)]
enum To {
    Site(&'static str),
    Host(&'static str),
}

/// Sends one more request after each answered search.
#[derive(Debug)]
struct Beside {
    inner: Arc<dyn Transport>,
    extra: Extra,
}

#[async_trait]
impl Transport for Beside {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let mut more = request.clone();
        let answer = self.inner.send(request).await?;
        if let Some(base) = more.url.find("/search/jql").and_then(|_| more.url.find(API))
            && answer.status == 200
        {
            more.method = self.extra.method;
            more.body.clone_from(&self.extra.body);
            more.url = match self.extra.to {
                To::Site(path) => format!("{}{path}", &more.url[..base + API.len()]),
                To::Host(url) => url.to_owned(),
            };
            let _ = self.inner.send(more).await;
        }
        Ok(answer)
    }
}

/// Asks once more with the first token that it ever sent.
#[derive(Debug)]
struct FirstToken {
    inner: Arc<dyn Transport>,
    first: Mutex<Option<(String, SecretString)>>,
}

#[async_trait]
impl Transport for FirstToken {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let mut more = request.clone();
        let answer = self.inner.send(request).await?;
        let Some(bearer) = more.bearer.clone().filter(|_| more.url.contains("/rest/api/3/field")) else {
            return Ok(answer);
        };
        let (owner, first) = {
            let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
            first.get_or_insert_with(|| (more.tenant.clone(), bearer)).clone()
        };
        if owner != more.tenant {
            more.bearer = Some(first);
            let _ = self.inner.send(more).await;
        }
        Ok(answer)
    }
}

/// Serves a tenant the fields that another tenant was served first.
#[derive(Debug)]
struct SharedCache {
    inner: Arc<dyn Transport>,
    kept: Mutex<Option<(String, HttpResponse)>>,
}

#[async_trait]
impl Transport for SharedCache {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        if !request.url.ends_with("/rest/api/3/field") {
            return self.inner.send(request).await;
        }
        let tenant = request.tenant.clone();
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, answer)) = kept.filter(|(owner, _)| *owner != tenant) {
            return Ok(answer);
        }
        let answer = self.inner.send(request).await?;
        if answer.status == 200 {
            *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some((tenant, answer.clone()));
        }
        Ok(answer)
    }
}
