//! Steps about the Jira client: listings in each of Jira's styles, read whole under trouble. What was sent is
//! looked up in the evidence of the mocked Jira.

use std::collections::BTreeSet;

use cucumber::{given, then, when};
use jiff::Timestamp;
use serde_json::Value;

use super::site::FIRST;
use crate::{
    app::{
        App,
        client::{ClientError, JiraClient, PageStyle},
    },
    evidence::Fact,
    mock_jira::{Fault, FaultRule, RetryAfter, TenantSpec, When},
    scenario::{Failure, World, world::Step},
};

/// What these steps remember.
#[derive(Default)]
struct Notes {
    app: Option<App>,
    page_size: Option<usize>,
    outcome: Option<Result<Vec<Value>, ClientError>>,
}

#[given(expr = "a Jira site {string} with {int} projects and {int} issues")]
fn a_larger_site(world: &mut World, tenant: String, projects: usize, issues: usize) -> Step {
    world.add_site(TenantSpec { projects, issues, ..TenantSpec::new(&tenant) })
}

#[given(expr = "the app asks Jira for {int} items to a page")]
fn asks_for(world: &mut World, size: usize) -> Step {
    world.notes::<Notes>().page_size = Some(size);
    Ok(())
}

fn rule(tenant: &str, route: &str, when: When, fault: Fault) -> Result<FaultRule, Failure> {
    let route = route.parse().map_err(|e| Failure::new(format!("{e}")))?;
    Ok(FaultRule { tenant: Some(tenant.to_owned()), route, when, fault })
}

#[given(expr = "Jira of {string} cuts each page of {string} to {int} items")]
fn short_pages(world: &mut World, tenant: String, route: String, most: usize) -> Step {
    let rule = rule(&tenant, &route, When::Always, Fault::ShortPage(most))?;
    world.scene()?.platform.inject(rule);
    Ok(())
}

#[given(expr = "Jira of {string} tells a total of {string} that is off by {int}")]
fn wrong_total(world: &mut World, tenant: String, route: String, by: i64) -> Step {
    let rule = rule(&tenant, &route, When::Always, Fault::WrongTotal(by))?;
    world.scene()?.platform.inject(rule);
    Ok(())
}

#[given(expr = "Jira of {string} shows {string} on every page of {string} after the first")]
fn twisted(world: &mut World, tenant: String, fault: String, route: String) -> Step {
    let fault = match fault.as_str() {
        "the page before" => Fault::RepeatedPage,
        "pages without end" => Fault::EndlessPages,
        other => return Err(Failure::new(format!("{other:?} cannot be shown on a page"))),
    };
    let rule = rule(&tenant, &route, When::After(1), fault)?;
    world.scene()?.platform.inject(rule);
    Ok(())
}

#[given(
    expr = "Jira of {string} asks {int} request(s) for {string} to come back at a date {int} seconds ahead"
)]
fn asks_by_date(world: &mut World, tenant: String, times: u64, route: String, seconds: u64) -> Step {
    let fault = Fault::TooManyRequests(RetryAfter::HttpDate(seconds));
    let rule = rule(&tenant, &route, When::First(times), fault)?;
    world.scene()?.platform.inject(rule);
    Ok(())
}

#[given(expr = "Jira of {string} takes {int} seconds over each request for {string}")]
fn slow(world: &mut World, tenant: String, seconds: u64, route: String) -> Step {
    let fault = Fault::Slow(std::time::Duration::from_secs(seconds));
    let rule = rule(&tenant, &route, When::Always, fault)?;
    world.scene()?.platform.inject(rule);
    Ok(())
}

#[given(expr = "the access token of {string} dies before its time")]
fn dies_early(world: &mut World, tenant: String) -> Step {
    world.scene()?.platform.expire_access_tokens(&tenant).map_err(|e| Failure::new(e.to_string()))
}

// --- reading ------------------------------------------------------------------------------------

async fn client(world: &mut World, tenant: &str) -> Result<JiraClient, Failure> {
    let worker = world.worker(FIRST)?;
    let notes = world.notes::<Notes>();
    let app = match (&notes.app, notes.page_size) {
        (Some(app), _) => app.clone(),
        (None, None) => worker.app().clone(),
        (None, Some(size)) => {
            let mut ports = worker.app().ports().as_ref().clone();
            ports.settings.jira_page_size = size;
            App::new(ports)
        }
    };
    notes.app = Some(app.clone());
    app.client(tenant).await.map_err(|e| Failure::new(e.to_string()))
}

/// Names and values of a request's query.
type Query = Vec<(&'static str, &'static str)>;

/// A listing by its name in a scenario: path, query and the style in which Jira pages it. Only operations of
/// the released app: another one would be an expansion, and rightly judged so.
fn listing(name: &str) -> Result<(&'static str, Query, PageStyle), Failure> {
    let search = vec![("jql", "created >= \"2000-01-01\" order by key"), ("fields", "id")];
    Ok(match name {
        "projects" => ("project/search", vec![], PageStyle::PageBean),
        "issues" => ("search/jql", search, PageStyle::TokenPost("issues")),
        "issues by GET" => ("search/jql", search, PageStyle::Token("issues")),
        "fields" => ("field", vec![], PageStyle::WholeArray),
        "statuses" => ("status", vec![], PageStyle::WholeArray),
        other => return Err(Failure::new(format!("{other:?} is no listing"))),
    })
}

#[when(expr = "the app reads all {string} of {string}")]
async fn reads_all(world: &mut World, name: String, tenant: String) -> Step {
    let client = client(world, &tenant).await?;
    let (path, query, style) = listing(&name)?;
    let call = async move { client.list(path, &query, style).rest().await };
    let worker = world.worker(FIRST)?;
    let outcome = worker.for_tenant(Some(&tenant), call).await.map_err(|e| Failure::new(e.to_string()))?;
    world.notes::<Notes>().outcome = Some(outcome);
    Ok(())
}

#[when(expr = "the app reads all {string} of {string} {int} times")]
async fn reads_often(world: &mut World, name: String, tenant: String, times: usize) -> Step {
    for _ in 0..times {
        reads_all(world, name.clone(), tenant.clone()).await?;
    }
    Ok(())
}

// --- what was seen ------------------------------------------------------------------------------

fn items(world: &mut World) -> Result<Vec<Value>, Failure> {
    match &world.notes::<Notes>().outcome {
        Some(Ok(items)) => Ok(items.clone()),
        Some(Err(error)) => Err(Failure::new(format!("the reading ended with: {error}"))),
        None => Err(Failure::new("nothing was read")),
    }
}

fn distinct(items: &[Value]) -> BTreeSet<String> {
    let id = |item: &Value| {
        ["id", "accountId"].iter().find_map(|name| item[*name].as_str()).unwrap_or_default().to_owned()
    };
    items.iter().map(id).collect()
}

#[then(expr = "{int} different items came, none of them twice")]
fn so_many_items(world: &mut World, count: usize) -> Step {
    let items = items(world)?;
    let ids = distinct(&items).len();
    if items.len() == count && ids == count {
        return Ok(());
    }
    Err(Failure::new(format!("{} came, {ids} of them different", items.len())))
}

#[then(expr = "the reading ends with {string}")]
fn ends_with(world: &mut World, words: String) -> Step {
    match &world.notes::<Notes>().outcome {
        Some(Err(error)) if error.to_string().contains(&words) => Ok(()),
        Some(Err(error)) => Err(Failure::new(format!("it ended with: {error}"))),
        Some(Ok(items)) => Err(Failure::new(format!("it brought {} items", items.len()))),
        None => Err(Failure::new("nothing was read")),
    }
}

/// What Jira's REST interface was asked: when, with which answer, and how long to wait after it.
fn asked(world: &World) -> Vec<(Timestamp, u16, Option<u64>)> {
    world.recorder().read(|log| {
        let of_jira = |fact: &Fact| match fact {
            Fact::RequestAnswered { path, status, retry_after_s, .. } if path.contains("/rest/api/3/") => {
                Some((*status, *retry_after_s))
            }
            _ => None,
        };
        log.iter().filter_map(|o| of_jira(&o.fact).map(|(status, after)| (o.at, status, after))).collect()
    })
}

#[then(expr = "Jira was asked {int} time(s)")]
fn asked_times(world: &mut World, times: usize) -> Step {
    let seen = asked(world).len();
    if seen == times { Ok(()) } else { Err(Failure::new(format!("it was asked {seen} times"))) }
}

#[then(expr = "Jira was asked at most {int} times")]
fn asked_at_most(world: &mut World, times: usize) -> Step {
    let seen = asked(world).len();
    if (1..=times).contains(&seen) { Ok(()) } else { Err(Failure::new(format!("it was asked {seen} times"))) }
}

#[then("no request came before Jira allowed it")]
fn none_too_early(world: &mut World) -> Step {
    let asked = asked(world);
    let mut waits = 0;
    for (number, (at, status, after)) in asked.iter().enumerate() {
        let (429, Some(seconds)) = (*status, *after) else { continue };
        let Some((next, ..)) = asked.get(number + 1) else { continue };
        waits += 1;
        let waited_ms = next.as_millisecond() - at.as_millisecond();
        if waited_ms < i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000) {
            return Err(Failure::new(format!(
                "after {seconds} s were asked for, it came after {waited_ms} ms"
            )));
        }
    }
    if waits > 0 { Ok(()) } else { Err(Failure::new("Jira never asked to wait")) }
}

#[then(expr = "{int} token(s) was/were issued to {string} after its consent")]
fn tokens_issued(world: &mut World, count: usize, tenant: String) -> Step {
    let issued = world.recorder().read(|log| {
        let rotated = |fact: &Fact| {
            matches!(fact, Fact::TokenIssued { tenant: whose, rotation, .. } if *whose == tenant && *rotation > 0)
        };
        log.iter().filter(|o| rotated(&o.fact)).count()
    });
    if issued == count { Ok(()) } else { Err(Failure::new(format!("{issued} were issued"))) }
}
