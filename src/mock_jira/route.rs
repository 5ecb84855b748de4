//! Where a request goes: which surface of the platform, whose site, which operation. Decides nothing about
//! whether it is allowed.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::jira::{self, Effect, Operation};

use super::{Request, account::fingerprint, platform::State};

/// A surface of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Surface {
    /// A site's REST API, straight.
    Site,
    /// A site's REST API through `api.atlassian.com/ex/jira/{cloudId}`.
    Gateway,
    /// `auth.atlassian.com/oauth/token`.
    Token,
    /// `api.atlassian.com/oauth/token/accessible-resources`.
    Resources,
    /// `…/forge/storage/kvs/v1/…`.
    Storage,
    /// `…/forge/entities/graphql`: the same storage, as it was spoken to before.
    LegacyStorage,
    /// `…/webhook/queue/publish/…`.
    Queue,
    /// `…/proxy/{host}/…`, and attempts that the app's runtime refused.
    Egress,
    /// `/gonogo/remote/…`: a remote of the app's own.
    Remote,
    /// `/atlassian/graphql`.
    Graph,
    /// Nothing is there.
    Nowhere,
}

/// A request, understood.
pub(super) struct Call<'a> {
    pub request: &'a Request,
    pub surface: Surface,
    /// Whose site was asked; `None` when no such site exists.
    pub tenant: Option<usize>,
    /// Fingerprint of the token that came with it.
    pub token: Option<String>,
    /// Id in the operation table, or `oauth.…`, `kvs.…`, or `unknown`.
    pub operation_id: Cow<'static, str>,
    pub operation: Option<&'static Operation>,
    pub effect: Effect,
    pub parameters: Vec<Cow<'a, str>>,
    /// URL of the API that was asked, up to its version.
    pub base: String,
    pub version_2: bool,
    /// The path below the surface's own prefix.
    pub path: &'a str,
}

impl<'a> Call<'a> {
    pub fn new(state: &State, request: &'a Request) -> Self {
        let token = token_of(request).as_deref().map(fingerprint);
        let by_token = || {
            let access = state.accounts.access(token.as_deref()?)?;
            state.accounts.families[access.family].tenants.first().copied()
        };
        let by_installation = || {
            let id = installation_of(request)?;
            state.tenants.iter().position(|t| t.installation_id == id)
        };
        let path = request.path.as_str();
        let (surface, tenant, rest) = if let Some(rest) = path.strip_prefix("/ex/jira/") {
            let (cloud_id, _) = rest.split_once('/').unwrap_or((rest, ""));
            let tenant = state.tenants.iter().position(|t| t.cloud_id == cloud_id);
            (Surface::Gateway, tenant, &rest[cloud_id.len()..])
        } else if let Some(rest) = path.strip_prefix("/site/") {
            let (name, _) = rest.split_once('/').unwrap_or((rest, ""));
            let id = jira::decode(name);
            (Surface::Site, state.tenants.iter().position(|t| t.id == id), &rest[name.len()..])
        } else if let Some(rest) = path.strip_prefix("/jira/") {
            let tenant = by_installation().or_else(by_token);
            (Surface::Gateway, tenant, &path[path.len() - rest.len() - 1..])
        } else if path == "/oauth/token" {
            (Surface::Token, None, path)
        } else if path == "/oauth/token/accessible-resources" {
            (Surface::Resources, by_token(), path)
        } else if let Some(rest) = path.strip_prefix("/forge/storage/kvs/v1/") {
            (Surface::Storage, by_installation().or_else(by_token), rest)
        } else if path == "/forge/entities/graphql" {
            (Surface::LegacyStorage, by_installation().or_else(by_token), path)
        } else if path.starts_with("/webhook/queue/") || path == "/atlassian/forge/events/v1/async-events" {
            (Surface::Queue, by_installation().or_else(by_token), path)
        } else if let Some(rest) = path.strip_prefix("/proxy/") {
            (Surface::Egress, by_installation().or_else(by_token), rest)
        } else if path.starts_with("/gonogo/remote/") {
            (Surface::Remote, by_installation().or_else(by_token), path)
        } else if path.starts_with("/atlassian/graphql") {
            (Surface::Graph, by_installation().or_else(by_token), path)
        } else if path == "/gonogo/egress" {
            (Surface::Egress, by_installation().or_else(by_token), path)
        } else if path.starts_with("/rest/") {
            (Surface::Site, by_token().or(Some(0)), path)
        } else {
            (Surface::Nowhere, by_token(), path)
        };
        let mut call = Self {
            request,
            surface,
            tenant,
            token,
            operation_id: "unknown".into(),
            operation: None,
            effect: Effect::Write,
            parameters: vec![],
            base: String::new(),
            version_2: rest.starts_with("/rest/api/2/"),
            path: rest,
        };
        call.find_operation();
        call
    }

    fn find_operation(&mut self) {
        // Neither tokens nor the app's own storage are Jira's data.
        let own = |id: Cow<'static, str>| (id, Effect::Read);
        let request = self.request;
        let (id, effect) = match self.surface {
            Surface::Token => own("oauth.token".into()),
            Surface::Resources => own("oauth.accessible-resources".into()),
            Surface::Storage => own(format!("kvs.{}", self.path.replace('/', ".")).into()),
            Surface::LegacyStorage => own("kvs.graphql".into()),
            Surface::Queue => own("forge.queue".into()),
            Surface::Egress => own("forge.egress".into()),
            Surface::Remote => own("forge.remote".into()),
            Surface::Graph => self.graph_operation(),
            Surface::Nowhere => ("unknown".into(), Effect::Write),
            Surface::Site | Surface::Gateway => {
                let matched = jira::find(&request.method, self.path, &request.query);
                self.operation = matched.operation;
                self.parameters = matched.parameters.iter().map(|p| jira::decode(p)).collect();
                let host = request.header("host").unwrap_or("localhost");
                let prefix = &request.path[..request.path.len() - self.path.len()];
                let version = if self.version_2 { 2 } else { 3 };
                self.base = format!("http://{host}{prefix}/rest/api/{version}");
                (matched.id().into(), matched.effect)
            }
        };
        (self.operation_id, self.effect) = (id, effect);
    }

    /// The family of a route: the first segment of a Jira operation, `oauth`, `kvs`, or `forge`.
    pub fn family(&self) -> &str {
        match self.surface {
            Surface::Token | Surface::Resources => "oauth",
            Surface::Storage | Surface::LegacyStorage => "kvs",
            Surface::Queue | Surface::Egress | Surface::Remote | Surface::Graph => "forge",
            _ => self.operation.map_or("unknown", family_of),
        }
    }

    /// A query of Atlassian's GraphQL reads; a mutation may write anywhere, but for the app's own web triggers.
    fn graph_operation(&self) -> (Cow<'static, str>, Effect) {
        let body = self.json();
        let query = body["query"].as_str().unwrap_or_default();
        let own = ["createWebTriggerUrl", "deleteWebTriggerUrl"].iter().any(|name| query.contains(name));
        if own || !query.contains("mutation") {
            return ("forge.graphql".into(), Effect::Read);
        }
        ("graphql.mutation".into(), Effect::Write)
    }

    /// The path as evidence may show it: an address outside may hold a secret.
    pub fn shown_path(&self) -> Cow<'a, str> {
        if self.surface == Surface::Egress && self.request.path.starts_with("/proxy/") {
            return format!("/proxy/{}", self.path.split('/').next().unwrap_or_default()).into();
        }
        self.request.path.as_str().into()
    }

    /// The first value of a query parameter.
    pub fn query(&self, name: &'a str) -> Option<Cow<'a, str>> {
        jira::query_values(&self.request.query, name).next()
    }

    /// All values of a query parameter.
    pub fn query_all(&self, name: &'a str) -> Vec<Cow<'a, str>> {
        jira::query_values(&self.request.query, name).collect()
    }

    /// The body as JSON; `null` when it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.request.body).unwrap_or_default()
    }

    /// Who works: the instance of the app that the request comes from, as its runtime names it.
    pub fn worker(&self) -> &str {
        self.request.header("x-gonogo-instance").unwrap_or_default()
    }

    /// Whether the request is made for a user of whom nothing is known.
    pub fn lacks_user(&self) -> bool {
        let header = self.request.header("forge-proxy-authorization").unwrap_or_default();
        header.contains("as=user") && !header.contains("accountId=")
    }

    /// The path parameter at this place, empty when there is none.
    pub fn parameter(&self, at: usize) -> &str {
        self.parameters.get(at).map_or("", |p| p)
    }
}

/// `search` of `/rest/api/3/search/jql`.
pub(super) fn family_of(operation: &'static Operation) -> &'static str {
    operation.path.split('/').nth(4).unwrap_or("unknown")
}

/// The token of `Authorization`: a bearer, or the API token of `email:token`.
fn token_of(request: &Request) -> Option<Cow<'_, str>> {
    let header = request.header("authorization")?;
    let (scheme, value) = header.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(value.trim().into());
    }
    let pair = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
    scheme
        .eq_ignore_ascii_case("basic")
        .then(|| pair.split_once(':').map(|(_, token)| token.to_owned().into()))?
}

/// `installationId` of `forge-proxy-authorization: Forge as=app,id=…,installationId=…`.
fn installation_of(request: &Request) -> Option<&str> {
    let header = request.header("forge-proxy-authorization")?;
    header.split([',', ' ']).find_map(|part| part.strip_prefix("installationId="))
}
