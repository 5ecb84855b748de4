//! What the client promises: patience, paging in every style, and no more than one refresh.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::{ClientError, JiraClient, PageStyle};
use crate::app::{
    App,
    rehearsal::stage,
    stand_in::{Does, Platform, Seen, granted, ok, retry_after, status, token, worker},
};

const HOUR: Duration = Duration::from_secs(3_600);

struct Stage {
    clock: crate::clock::ManualClock,
    platform: Arc<Platform>,
    app: App,
    client: JiraClient,
}

async fn staged(script: impl Fn(&Seen, usize) -> Does + Send + Sync + 'static) -> Stage {
    let (clock, store) = stage();
    let platform = Platform::new(&clock, script);
    let app = worker(&clock, &store, &platform, &Arc::default(), |settings| settings.page_cap = 50);
    app.installations().install("acme", "cloud-1", token(HOUR)).await.expect("installed");
    let client = app.client("acme").await.expect("a client");
    Stage { clock, platform, app, client }
}

fn parameter(seen: &Seen, name: &str) -> Option<String> {
    let url = reqwest::Url::parse(&seen.url).expect("a URL");
    url.query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned())
}

fn start(seen: &Seen) -> usize {
    parameter(seen, "startAt").map_or(0, |start| start.parse().expect("a number"))
}

fn ids(range: std::ops::Range<usize>) -> Vec<Value> {
    range.map(|id| json!({ "id": id.to_string() })).collect()
}

async fn all(client: &JiraClient, path: &str, style: PageStyle) -> Result<Vec<String>, ClientError> {
    let items = client.list(path, &[("q", "a b&c")], style).rest().await?;
    Ok(items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect())
}

fn numbers(count: usize) -> Vec<String> {
    (0..count).map(|id| id.to_string()).collect()
}

#[tokio::test]
async fn every_paging_style_is_read_to_its_end_with_the_servers_page_size() {
    for count in [0, 1, 29, 30, 31, 90] {
        let cut = move |seen: &Seen| {
            let start = start(seen).min(count);
            (start, (start + 30).min(count))
        };
        let bean = staged(move |seen, _| {
            let (from, to) = cut(seen);
            ok(json!({ "startAt": from, "maxResults": 30, "total": count, "isLast": to == count,
                       "values": ids(from..to) }))
        });
        let named = staged(move |seen, _| {
            let (from, to) = cut(seen);
            ok(json!({ "startAt": from, "maxResults": 30, "total": count, "comments": ids(from..to) }))
        });
        let array = staged(move |seen, _| {
            let (from, to) = cut(seen);
            ok(Value::from(ids(from..to)))
        });
        let whole = staged(move |_, _| ok(Value::from(ids(0..count))));
        let by_token = |seen: &Seen| {
            parameter(seen, "nextPageToken")
                .or_else(|| seen.body["nextPageToken"].as_str().map(str::to_owned))
        };
        let cursor = staged(move |seen, _| {
            let from: usize = by_token(seen).map_or(0, |token| token.parse().expect("a number"));
            let to = (from + 30).min(count);
            let mut page = json!({ "issues": ids(from..to), "isLast": to == count });
            if to < count {
                page["nextPageToken"] = to.to_string().into();
            }
            ok(page)
        });
        for (stage, style) in [
            (bean.await, PageStyle::PageBean),
            (named.await, PageStyle::Named("comments")),
            (array.await, PageStyle::PagedArray),
            (whole.await, PageStyle::WholeArray),
        ] {
            let read = all(&stage.client, "things", style).await.expect("a listing");
            assert_eq!(read, numbers(count), "{style:?} of {count}");
            assert!(stage.platform.reads()[0].url.contains("/ex/jira/cloud-1/rest/api/3/things?q=a+b%26c"));
        }
        let stage = cursor.await;
        for style in [PageStyle::Token("issues"), PageStyle::TokenPost("issues")] {
            let read = all(&stage.client, "search/jql", style).await.expect("a listing");
            assert_eq!(read, numbers(count), "{style:?} of {count}");
        }
    }
}

#[tokio::test]
async fn a_short_or_empty_page_is_not_the_end() {
    let stage = staged(|seen, _| {
        let from = start(seen);
        // The server filters after cutting: the second page is empty, the first and third are short.
        let values = match from {
            0 => ids(0..3),
            30 => Vec::new(),
            _ => ids(3..5),
        };
        ok(json!({ "startAt": from, "maxResults": 30, "total": 90, "isLast": from == 60, "values": values }))
    })
    .await;
    assert_eq!(all(&stage.client, "things", PageStyle::PageBean).await.expect("a listing"), numbers(5));
    let stage = staged(|_, before| match before {
        0 => ok(json!({ "issues": [], "nextPageToken": "a", "isLast": true })),
        _ => ok(json!({ "issues": ids(0..2) })),
    })
    .await;
    assert_eq!(all(&stage.client, "x", PageStyle::Token("issues")).await.expect("a listing"), numbers(2));
}

#[tokio::test]
async fn a_listing_that_ends_before_its_total_is_an_error_and_not_an_end() {
    for (lens, is_whole) in [([30, 30, 5], true), ([30, 12, 5], false), ([30, 30, 0], false)] {
        let stage = staged(move |seen, _| {
            let from = start(seen);
            let len = lens[from / 30];
            ok(json!({ "startAt": from, "maxResults": 30, "total": 65, "comments": ids(from..from + len) }))
        })
        .await;
        let read = all(&stage.client, "things", PageStyle::Named("comments")).await;
        match read {
            Ok(read) => assert!(is_whole && read == numbers(65), "{lens:?}"),
            Err(error) => assert!(!is_whole && error.to_string().contains("of 65 items"), "{error}"),
        }
    }
}

#[tokio::test]
async fn a_server_that_repeats_itself_or_never_ends_is_reported_and_not_followed() {
    let cursor = staged(|_, n| ok(json!({ "issues": ids(n..n + 1), "nextPageToken": "same" }))).await;
    let error = all(&cursor.client, "x", PageStyle::Token("issues")).await.expect_err("a repeated cursor");
    assert!(matches!(error, ClientError::RepeatedCursor { .. }), "{error}");
    assert_eq!(cursor.platform.reads().len(), 2);

    let page = staged(|_, n| ok(json!({ "issues": ids(0..2), "nextPageToken": n.to_string() }))).await;
    let error = all(&page.client, "x", PageStyle::Token("issues")).await.expect_err("a repeated page");
    assert!(matches!(error, ClientError::RepeatedPage { .. }), "{error}");

    let stuck =
        staged(|_, _| ok(json!({ "startAt": 0, "maxResults": 2, "total": 9, "values": ids(0..2) }))).await;
    assert!(all(&stuck.client, "x", PageStyle::PageBean).await.is_err());
    assert_eq!(stuck.platform.reads().len(), 2);

    let endless = staged(|_, n| ok(json!({ "issues": ids(n..n + 1), "nextPageToken": n.to_string() }))).await;
    let error = all(&endless.client, "x", PageStyle::Token("issues")).await.expect_err("endless");
    assert!(matches!(error, ClientError::Endless { pages: 50, .. }), "{error}");
    assert_eq!(endless.platform.reads().len(), 50);
}

#[tokio::test]
async fn retry_after_is_waited_out_by_every_request_of_the_tenant() {
    let stage = staged(|_, before| if before == 0 { retry_after(429, "7") } else { ok(json!({})) }).await;
    stage.client.get("x", &[]).await.expect("an answer");
    let reads = stage.platform.reads();
    assert_eq!(reads.len(), 2);
    assert!(reads[1].at_ms - reads[0].at_ms >= 7_000);

    // Longer than a call may last: nothing more is sent, by this call or the next.
    let stage = staged(|_, _| retry_after(503, "3600")).await;
    stage.client.get("x", &[]).await.expect_err("an hour");
    let error = stage.client.get("y", &[]).await.expect_err("still silent");
    assert!(matches!(error, ClientError::RateLimited { .. }) && error.is_passing(), "{error}");
    assert_eq!(stage.platform.reads().len(), 1);
}

#[tokio::test]
async fn what_passes_is_tried_again_within_a_budget_and_what_does_not_is_not() {
    let lost: fn() -> Does = || Does::Lose;
    let half: fn() -> Does = || Does::Answer(200, Vec::new(), b"{\"a\":".to_vec());
    let passing: [fn() -> Does; 5] =
        [lost, half, || Does::RefuseConnection, || status(500, json!({})), || retry_after(429, "0")];
    for fault in passing {
        let once = staged(move |_, before| if before == 0 { fault() } else { ok(json!({ "ok": 1 })) }).await;
        once.client.get("x", &[]).await.expect("the second try");
        let always = staged(move |_, _| fault()).await;
        let error = always.client.get("x", &[]).await.expect_err("no answer");
        assert!(error.is_passing(), "{error}");
        let reads = always.platform.reads();
        assert_eq!(reads.len(), always.app.ports().settings.http_attempts as usize);
    }
    for code in [400, 403, 404, 410] {
        let stage = staged(move |_, _| status(code, json!({ "errorMessages": [] }))).await;
        let error = stage.client.get("x", &[]).await.expect_err("refused");
        assert!(
            matches!(error, ClientError::Refused { status, .. } if status == code) && !error.is_passing()
        );
        assert_eq!(stage.platform.seen().len(), 1, "{code}");
    }
}

#[tokio::test]
async fn a_site_that_keeps_failing_is_left_alone_and_probed_later() {
    let stage = staged(|_, before| if before < 12 { status(500, json!({})) } else { ok(json!({})) }).await;
    for _ in 0..3 {
        stage.client.get("x", &[]).await.expect_err("failing");
    }
    assert!(matches!(stage.client.get("x", &[]).await, Err(ClientError::CircuitOpen)));
    assert_eq!(stage.platform.reads().len(), 12);
    stage.clock.advance(Duration::from_secs(31));
    stage.client.get("x", &[]).await.expect("the probe");
}

#[tokio::test]
async fn an_expired_token_is_refreshed_once_and_the_call_repeated() {
    let unauthorized = || status(401, json!({ "code": 401, "message": "Unauthorized" }));
    let script = move |seen: &Seen, before| match seen.bearer.as_deref() {
        None => granted(before as u64 + 1),
        Some("access-1") => ok(json!({})),
        Some(_) => unauthorized(),
    };
    let stage = staged(script).await;
    stage.client.get("x", &[]).await.expect("the repeated call");
    assert_eq!((stage.platform.refreshes().len(), stage.platform.reads().len()), (1, 2));

    let never = staged(move |seen, n| if seen.is_refresh() { granted(n as u64 + 1) } else { unauthorized() });
    let never = never.await;
    let error = never.client.get("x", &[]).await.expect_err("never accepted");
    assert!(matches!(error, ClientError::Refused { status: 401, .. }));
    assert_eq!((never.platform.refreshes().len(), never.platform.reads().len()), (1, 2));
}

#[tokio::test]
async fn a_scope_that_does_not_match_and_a_plain_404_are_not_taken_for_expiry() {
    let mismatch = json!({ "code": 401, "message": "Unauthorized; scope does not match" });
    for (code, body) in [(401, mismatch), (404, json!({ "errorMessages": ["no such issue"] }))] {
        let stage = staged(move |_, _| status(code, body.clone())).await;
        stage.client.get("x", &[]).await.expect_err("refused");
        assert_eq!(stage.platform.refreshes().len(), 0, "{code}");
    }
    // The gateway's own 401 behind a 404 is.
    let script = |seen: &Seen, before: usize| match seen.bearer.as_deref() {
        None => granted(before as u64 + 1),
        Some("access-1") => ok(json!({})),
        Some(_) => status(404, json!({ "code": 401, "message": "Unauthorized" })),
    };
    let stage = staged(script).await;
    stage.client.get("x", &[]).await.expect("the repeated call");
}

#[tokio::test]
async fn the_client_sends_gets_and_posts_that_only_read() {
    let stage = staged(|seen, _| match seen.method {
        "POST" if seen.url.ends_with("approximate-count") => ok(json!({ "count": 153 })),
        "POST" => ok(json!({ "issues": [] })),
        _ => ok(json!([])),
    })
    .await;
    assert_eq!(stage.client.count("project = A").await.expect("a count"), 153);
    let query = [("jql", "project = A"), ("fields", "summary,status")];
    stage.client.list("search/jql", &query, PageStyle::TokenPost("issues")).rest().await.expect("issues");
    let body = &stage.platform.reads()[1].body;
    assert_eq!(*body, json!({ "jql": "project = A", "fields": ["summary", "status"], "maxResults": 100 }));
    stage.client.get("field", &[]).await.expect("fields");
    let sent: Vec<_> = stage.platform.reads().iter().map(|seen| seen.method).collect();
    assert_eq!(sent, ["POST", "POST", "GET"]);
}

#[tokio::test]
async fn a_tenant_without_consent_costs_no_request() {
    let refused = |seen: &Seen, _| match seen.is_refresh() {
        true => status(403, json!({ "error": "invalid_grant" })),
        false => status(401, json!({ "code": 401, "message": "Unauthorized" })),
    };
    let stage = staged(refused).await;
    for _ in 0..5 {
        stage.client.get("x", &[]).await.expect_err("no consent");
    }
    assert_eq!((stage.platform.refreshes().len(), stage.platform.reads().len()), (1, 1));
}
