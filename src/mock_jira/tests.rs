//! The platform as a client sees it, without a transport.

use std::{sync::Arc, time::Duration};

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::*;
use crate::{
    clock::ManualClock,
    evidence::{Effect, Fact, Recorder},
};

struct Client {
    platform: Platform,
    clock: ManualClock,
    recorder: Recorder,
}

fn client() -> Client {
    let clock = ManualClock::new("2026-06-01T00:00:00Z".parse().expect("a time"));
    let time = clock.clone();
    let recorder = Recorder::new(0, move || crate::clock::Clock::now(&time));
    let hooked = clock.clone();
    let tenants = vec![
        TenantSpec { issues: 1234, canary: Some("canary-a".into()), ..TenantSpec::new("a") },
        TenantSpec::new("b"),
    ];
    let platform = Platform::new(Options {
        recorder: Some(recorder.clone()),
        pass_time: Some(Arc::new(move |d| hooked.advance(d))),
        ..Options::new(7, Arc::new(clock.clone()), tenants)
    });
    Client { platform, clock, recorder }
}

impl Client {
    fn request(&self, tenant: &str, method: &str, path: &str, body: &Value) -> Request {
        let credentials = self.platform.credentials(tenant).expect("a tenant");
        let mut request = Request::new(method, path);
        let bearer = format!("Bearer {}", credentials.access_token.expose_secret());
        request.headers = vec![("authorization".into(), bearer), ("host".into(), "jira".into())];
        request.body = if body.is_null() { vec![] } else { body.to_string().into_bytes() };
        request
    }

    fn send(&self, tenant: &str, method: &str, path: &str, body: Value) -> (u16, Value) {
        let reply = self.platform.handle(&self.request(tenant, method, path, &body));
        let response = reply.answer().expect("an answer");
        (response.status, serde_json::from_slice(&response.body).unwrap_or_default())
    }

    fn get(&self, path: &str) -> (u16, Value) {
        self.send("a", "GET", path, Value::Null)
    }

    fn refresh(&self, token: &str) -> (u16, Value) {
        let c = self.platform.credentials("a").expect("a tenant");
        let mut request = Request::new("POST", "/oauth/token");
        request.body = json!({"grant_type": "refresh_token", "client_id": c.client_id,
            "client_secret": c.client_secret.expose_secret(), "refresh_token": token})
        .to_string()
        .into_bytes();
        let response = self.platform.handle(&request).answer().expect("an answer");
        (response.status, serde_json::from_slice(&response.body).expect("JSON"))
    }

    fn inject(&self, route: &str, when: When, fault: Fault) {
        self.platform.inject(FaultRule { tenant: None, route: route.parse().expect("a route"), when, fault });
    }

    fn facts(&self) -> Vec<Fact> {
        self.recorder.observations().into_iter().map(|o| o.fact).collect()
    }

    /// Keys of all issues found, following tokens by the method, at most so many pages.
    fn search(&self, method: &str, jql: &str, most_pages: usize) -> Vec<String> {
        let mut keys = vec![];
        let mut token: Option<String> = None;
        for _ in 0..most_pages {
            let (status, page) = if method == "GET" {
                let next = token.as_ref().map(|t| format!("&nextPageToken={t}")).unwrap_or_default();
                let jql = jql.replace(' ', "%20");
                self.get(&format!("/rest/api/3/search/jql?jql={jql}&maxResults=100&fields=summary{next}"))
            } else {
                let body =
                    json!({"jql": jql, "maxResults": 100, "fields": ["summary"], "nextPageToken": token});
                self.send("a", "POST", "/rest/api/3/search/jql", body)
            };
            assert_eq!(status, 200, "{page}");
            assert!(page.get("total").is_none());
            let issues = page["issues"].as_array().expect("issues");
            keys.extend(issues.iter().map(|i| i["key"].as_str().expect("a key").to_owned()));
            token = page["nextPageToken"].as_str().map(str::to_owned);
            assert_eq!(page["isLast"], token.is_none());
            if token.is_none() {
                break;
            }
        }
        keys
    }
}

#[test]
fn a_search_pages_through_every_issue_once_by_either_method() {
    let client = client();
    let in_progress = r#"project in (P0, P1) and status != "In Progress" order by updated"#;
    for (jql, count) in [
        ("created >= 2025-01-01 order by created", Some(1234)),
        ("project = P1 order by key desc", Some(247)),
        (in_progress, None),
    ] {
        let found = client.search("POST", jql, 100);
        let distinct: std::collections::BTreeSet<&String> = found.iter().collect();
        assert_eq!(distinct.len(), found.len(), "{jql}");
        assert_eq!(client.search("GET", jql, 100), found);
        let body = json!({"jql": jql});
        let (_, counted) = client.send("a", "POST", "/rest/api/3/search/approximate-count", body);
        assert_eq!(counted["count"], count.unwrap_or(found.len()), "{jql}");
        assert!(found.len() > 200, "{jql}");
    }
}

#[test]
fn a_search_without_a_bound_or_with_anothers_page_token_is_refused() {
    let client = client();
    for jql in ["", "order by created", "nofield = 1", "project = NO", "project ="] {
        let (status, body) = client.send("a", "POST", "/rest/api/3/search/jql", json!({"jql": jql}));
        assert_eq!(status, 400, "{jql}: {body}");
    }
    let (_, page) = client.send("a", "POST", "/rest/api/3/search/jql", json!({"jql": "project = P0"}));
    let token = page["nextPageToken"].clone();
    let body = json!({"jql": "project = P1", "nextPageToken": token});
    assert_eq!(client.send("a", "POST", "/rest/api/3/search/jql", body.clone()).0, 400);
    assert_eq!(client.get("/rest/api/3/search?jql=project=P0").0, 410);
}

#[test]
fn the_clamped_page_size_is_echoed_and_the_last_page_says_so() {
    let client = client();
    let (_, page) = client.get("/rest/api/3/project/search?startAt=3&maxResults=9999");
    assert_eq!(
        (&page["maxResults"], &page["total"], &page["isLast"]),
        (&json!(100), &json!(5), &json!(true))
    );
    assert_eq!(page["values"].as_array().map(Vec::len), Some(2));
    let (_, page) = client.get("/rest/api/3/project/search?maxResults=2");
    assert_eq!(page["nextPage"], "http://jira/rest/api/3/project/search?startAt=2&maxResults=2");
    assert!(client.get("/rest/api/3/field").1.is_array());
    assert_eq!(client.get("/rest/api/3/users/search?startAt=60").1, json!([]));
    let (_, page) = client.get("/rest/api/3/issue/P0-1/comment?maxResults=5");
    assert!(page["comments"].is_array() && page.get("isLast").is_none());
}

#[test]
fn tokens_open_their_own_site_alone_and_only_for_their_scopes() {
    let client = client();
    let cloud = |t: &str| client.platform.credentials(t).expect("a tenant").cloud_id;
    let at = |t: &str, path: &str| format!("/ex/jira/{}/rest/api/3/{path}", cloud(t));
    assert_eq!(client.get(&at("a", "myself")).0, 200);
    assert_eq!(client.get(&at("b", "myself")).0, 403);
    let (status, body) = client.get(&at("a", "workflows/search"));
    assert_eq!((status, body["message"].as_str()), (401, Some("Unauthorized; scope does not match")));
    let mut bad = Request::new("GET", &at("a", "myself"));
    bad.headers = vec![("authorization".into(), "Bearer nonsense".into())];
    assert_eq!(client.platform.handle(&bad).answer().expect("an answer").status, 401);
    client.clock.advance(Duration::from_secs(3600));
    assert_eq!(client.get(&at("a", "myself")).0, 401, "an access token lives an hour");
    let last = client.facts().pop();
    assert!(matches!(last, Some(Fact::RequestAnswered { status: 401, effect: Effect::Read, .. })));
}

#[test]
fn a_refresh_token_rotates_and_its_late_reuse_revokes_the_family() {
    let client = client();
    let first = client.platform.credentials("a").expect("a tenant").refresh_token;
    let (status, reply) = client.refresh(first.expose_secret());
    assert_eq!((status, &reply["expires_in"]), (200, &json!(3600)));
    client.clock.advance(Duration::from_secs(601));
    let (status, refused) = client.refresh(first.expose_secret());
    assert_eq!((status, refused["error"].as_str()), (403, Some("invalid_grant")));
    assert_eq!(client.refresh(reply["refresh_token"].as_str().expect("a token")).0, 403);
    let facts = client.facts();
    assert!(facts.iter().any(|f| matches!(f, Fact::FamilyRevoked { tenant, .. } if tenant == "a")));
    let log = serde_json::to_string(&client.recorder.observations()).expect("JSON");
    for secret in client.platform.issued_secrets() {
        assert!(!log.contains(secret.expose_secret()), "a token in the evidence");
    }
}

#[test]
fn writes_work_change_the_digest_and_are_recorded_as_writes() {
    let client = client();
    let scopes = ["write:jira-work", "read:jira-work"].map(str::to_owned);
    client.platform.consent("a", &scopes).expect("a tenant");
    let before = client.platform.site_digest("a").expect("a tenant");
    let body = json!({"fields": {"project": {"key": "P0"}, "summary": "canary-a travels"}});
    let (status, made) = client.send("a", "POST", "/rest/api/3/issue", body);
    assert_eq!(status, 201);
    let key = made["key"].as_str().expect("a key");
    let (_, issue) = client.get(&format!("/rest/api/3/issue/{key}"));
    assert_eq!(issue["fields"]["summary"], "canary-a travels");
    assert_ne!(client.platform.site_digest("a").expect("a tenant"), before);
    let write = client.facts().into_iter().find_map(|fact| match fact {
        Fact::RequestAnswered { effect: Effect::Write, carries, operation, .. } => Some((operation, carries)),
        _ => None,
    });
    assert_eq!(write, Some(("createIssue".into(), vec!["a".into()])));
    assert_eq!(client.send("a", "DELETE", &format!("/rest/api/3/issue/{key}"), Value::Null).0, 204);
    assert_eq!(client.get(&format!("/rest/api/3/issue/{key}")).0, 404);
}

#[test]
fn faults_strike_where_told_and_leave_their_mark_in_the_evidence() {
    let client = client();
    client.inject("getFields", When::Nth(1), Fault::TooManyRequests(RetryAfter::HttpDate(7)));
    client.inject("getStatuses", When::First(1), Fault::Hang);
    client.inject("getIssueAllTypes", When::First(1), Fault::Status(503));
    client.inject("getPriorities", When::First(1), Fault::MalformedJson);
    client.inject("oauth.token", When::First(1), Fault::LostReply);
    assert_eq!(client.get("/rest/api/3/field").0, 429);
    let answered = client.facts().pop();
    assert!(matches!(answered, Some(Fact::RequestAnswered { retry_after_s: Some(7), status: 429, .. })));
    assert_eq!(client.get("/rest/api/3/field").0, 200);
    let before = crate::clock::Clock::now(&client.clock);
    let hanging = client.request("a", "GET", "/rest/api/3/status", &Value::Null);
    assert!(matches!(client.platform.handle(&hanging), Reply::Hang));
    assert!(crate::clock::Clock::now(&client.clock) > before, "a hang lets driven time pass");
    assert_eq!(client.get("/rest/api/3/issuetype").0, 503);
    assert_eq!(client.get("/rest/api/3/priority").1, Value::Null);
    let token = client.platform.credentials("a").expect("a tenant").refresh_token;
    let mut request = Request::new("POST", "/oauth/token");
    let c = client.platform.credentials("a").expect("a tenant");
    let form = format!(
        "grant_type=refresh_token&client_id={}&client_secret={}&refresh_token={}",
        c.client_id,
        c.client_secret.expose_secret(),
        token.expose_secret()
    );
    request.headers = vec![("content-type".into(), "application/x-www-form-urlencoded".into())];
    request.body = form.into_bytes();
    assert!(matches!(client.platform.handle(&request), Reply::Reset));
    let facts = client.facts();
    let rotations = |f: &&Fact| matches!(f, Fact::TokenIssued { rotation: 1, .. });
    assert_eq!(facts.iter().filter(rotations).count(), 1, "a lost reply rotates");
    assert_eq!(facts.iter().filter(|f| matches!(f, Fact::RequestBroken { .. })).count(), 2);
    assert_eq!(facts.iter().filter(|f| matches!(f, Fact::FaultInjected { .. })).count(), 5);
}

#[test]
fn twisted_pages_repeat_or_never_end() {
    let endless = client();
    endless.inject("search", When::Always, Fault::EndlessPages);
    assert!(endless.search("POST", "project = P0", 20).len() > 1500);
    let repeating = client();
    repeating.inject("search", When::Nth(2), Fault::RepeatedPage);
    let found = repeating.search("POST", "project = P0", 20);
    assert_eq!(found[..100], found[100..200], "the page comes again");
    let short = client();
    short.inject("search", When::Always, Fault::ShortPage(7));
    assert_eq!(short.search("POST", "project = P0", 100), client().search("POST", "project = P0", 100));
}

#[test]
fn every_operation_of_the_table_answers_something_sensible() {
    let client = client();
    let all: Vec<String> = crate::jira::known_scopes().iter().map(|s| (*s).to_owned()).collect();
    client.platform.consent("a", &all).expect("a tenant");
    for operation in crate::jira::operations() {
        let path = operation.path.replace(['{', '}'], "");
        let (status, _) = client.send("a", operation.method, &path, json!({}));
        let sensible = [200, 201, 204, 400, 404, 410].contains(&status);
        assert!(sensible, "{} {path}: {status}", operation.method);
    }
}

#[test]
fn key_value_storage_is_apart_for_each_installation() {
    let client = client();
    let kvs = |tenant: &str, action: &str, body: Value| {
        let id = client.platform.credentials(tenant).expect("a tenant").installation_id;
        let mut request = Request::new("POST", &format!("/forge/storage/kvs/v1/{action}"));
        let header = format!("Forge as=app,id=1,installationId={id}");
        request.headers = vec![("forge-proxy-authorization".into(), header)];
        request.body = body.to_string().into_bytes();
        let response = client.platform.handle(&request).answer().expect("an answer");
        (response.status, serde_json::from_slice::<Value>(&response.body).unwrap_or_default())
    };
    let lock = json!({"key": "k", "value": 1, "options": {"keyPolicy": "FAIL_IF_EXISTS"}});
    assert_eq!(kvs("a", "set", lock.clone()).0, 204);
    let (status, body) = kvs("a", "set", lock.clone());
    assert_eq!((status, body["code"].as_str()), (409, Some("KEY_CONFLICT")));
    assert_eq!(kvs("b", "get", json!({"key": "k"})).1["code"], "KEY_NOT_FOUND");
    assert_eq!(kvs("b", "set", lock).0, 204);
    assert_eq!(kvs("a", "query", json!({"limit": 101})).1["code"], "LIST_QUERY_LIMIT_EXCEEDED");
    let parts = json!({"set": [{"key": "x", "value": 1}, {"key": "a/b", "value": 1}]});
    assert_eq!(kvs("a", "transaction", parts).1["code"], "INVALID_KEY");
    assert_eq!(kvs("a", "get", json!({"key": "x"})).0, 404, "a refused transaction leaves nothing");
    let brief = json!({"key": "t", "value": 1, "options": {"ttl": {"unit": "SECONDS", "value": 90}}});
    assert_eq!(kvs("a", "set", brief).0, 204);
    client.clock.advance(std::time::Duration::from_secs(91));
    for (linger, status) in [(true, 200), (false, 404)] {
        client.platform.linger_expired_keys("a", linger).expect("a tenant");
        assert_eq!(kvs("a", "get", json!({"key": "t"})).0, status, "{linger}");
    }
}

#[test]
fn equal_seeds_make_equal_sites_and_answers() {
    let page = || client().get("/rest/api/3/search/jql?jql=project=P0&fields=*all").1;
    assert_eq!(page(), page());
}

/// Whether `value` has the shape of `model`: the same names, the same types; of an array, the first item.
fn same_shape(value: &Value, model: &Value) -> bool {
    match (value, model) {
        (Value::Object(value), Value::Object(model)) => {
            let names = |o: &serde_json::Map<String, Value>| o.keys().cloned().collect::<Vec<_>>();
            model.is_empty()
                || names(value) == names(model) && model.iter().all(|(name, m)| same_shape(&value[name], m))
        }
        (Value::Array(value), Value::Array(model)) => match (value.first(), model.first()) {
            (Some(value), Some(model)) => same_shape(value, model),
            (_, model) => model.is_none(),
        },
        (value, model) => std::mem::discriminant(value) == std::mem::discriminant(model),
    }
}

#[test]
fn answers_have_the_shapes_that_jira_sends() {
    let client = client();
    for (path, status, model) in [
        ("project/search?maxResults=2", 200, include_str!("../../fixtures/jira/project_search.json")),
        (
            "search/jql?jql=project=P0&maxResults=1&fields=summary",
            200,
            include_str!("../../fixtures/jira/search_jql.json"),
        ),
        ("search/jql?jql=key=P0-1", 200, include_str!("../../fixtures/jira/search_jql_last.json")),
        ("issue/P0-1/comment?maxResults=1", 200, include_str!("../../fixtures/jira/comments.json")),
        ("field", 200, include_str!("../../fixtures/jira/field.json")),
        ("status", 200, include_str!("../../fixtures/jira/status.json")),
    ] {
        let (answered, body) = client.get(&format!("/rest/api/3/{path}"));
        let model: Value = serde_json::from_str(model).expect("JSON");
        assert!(answered == status && same_shape(&body, &model), "{path}: {body:#}\nlike {model:#}");
    }
    for (path, status, model) in [
        ("search?jql=project=P0", 410, include_str!("../../fixtures/jira/removed.json")),
        ("issue/P0-99999", 404, include_str!("../../fixtures/jira/no_issue.json")),
        ("workflows/search", 401, include_str!("../../fixtures/jira/wrong_scope.json")),
    ] {
        let model: Value = serde_json::from_str(model).expect("JSON");
        assert_eq!(client.get(&format!("/rest/api/3/{path}")), (status, model), "{path}");
    }
    let token = client.platform.credentials("a").expect("a tenant").refresh_token;
    let model: Value = serde_json::from_str(include_str!("../../fixtures/jira/token.json")).expect("JSON");
    assert!(same_shape(&client.refresh(token.expose_secret()).1, &model));
    let model: Value =
        serde_json::from_str(include_str!("../../fixtures/jira/invalid_grant.json")).expect("JSON");
    assert_eq!(client.refresh("nonsense"), (403, model));
}
