//! Steps about tokens: what the token endpoint is told to do, reads of Jira that need a token, sweeps,
//! crashes and clocks. What came of it is looked at in `seen`.

mod seen;

use std::time::Duration;

use cucumber::{given, when};
use serde_json::{Value, json};

use super::site::FIRST;
use crate::{
    clock::Clock as _,
    evidence::Fact,
    mock_jira::{Barrier, Fault, FaultRule, Route, TenantSpec, When},
    scenario::{
        Failure, World,
        world::{Answer, Step},
    },
    subject::{
        CallError, Subject as _,
        barrier::Action,
        reference::{Difference, Reference},
        seam::trouble::Trouble,
    },
};

/// What the scenarios of this group remember.
#[derive(Default)]
struct Notes {
    /// Where the token endpoint's answers are held.
    held: Option<Barrier>,
    /// Observations made before this one are left out of account.
    since: usize,
}

// --- ground -------------------------------------------------------------------------------------

#[given(expr = "{int} tenants with the app installed")]
async fn many_tenants(world: &mut World, count: usize) -> Step {
    for number in 1..=count {
        let tenant = format!("tenant-{number:02}");
        world.add_site(TenantSpec {
            issues: 5,
            projects: 1,
            custom_fields: 2,
            users: 2,
            ..TenantSpec::new(&tenant)
        })?;
        let consent = world.consent(&tenant)?;
        install(world, &tenant, consent).await?;
    }
    Ok(())
}

/// Each tenant's token has been renewed once, twelve hours ago; what came before is not counted.
#[given(expr = "{int} tenants with the app installed and at work")]
async fn many_tenants_at_work(world: &mut World, count: usize) -> Step {
    many_tenants(world, count).await?;
    let report = world.worker(FIRST)?.run_job("token_refresh", None).await;
    if let Err(error) = report {
        return Err(Failure::new(format!("the first sweep: {error}")));
    }
    world.pass(Duration::from_secs(12 * 3600))?;
    from_here(world);
    Ok(())
}

#[given(expr = "the app is installed for {string} with a token that says it lives {int} hours")]
async fn installed_for_long(world: &mut World, tenant: String, hours: i64) -> Step {
    let mut consent = world.consent(&tenant)?;
    consent.expires_in_s = hours * 3600;
    install(world, &tenant, consent).await
}

async fn install(world: &mut World, tenant: &str, consent: crate::subject::Consent) -> Step {
    let answer = world.worker(FIRST)?.install(tenant, consent).await;
    answer.map(drop).map_err(|e| Failure::new(format!("the app cannot be installed: {e}")))
}

#[given(expr = "the wall clock of worker {string} is {int} minutes {word}")]
fn skewed(world: &mut World, worker: String, minutes: i64, way: String) -> Step {
    let sign = match way.as_str() {
        "ahead" => 1,
        "behind" => -1,
        other => return Err(Failure::new(format!("{other:?} is no way; say ahead or behind"))),
    };
    world.worker_with(
        &worker,
        &Difference { clock_ahead_ms: sign * minutes * 60_000, ..Difference::default() },
    )?;
    Ok(())
}

// --- the token endpoint -------------------------------------------------------------------------

fn endpoint(world: &World, tenant: &str, times: u64, fault: Fault) -> Step {
    let route = Route::Operation("oauth.token".to_owned());
    world.scene()?.platform.inject(FaultRule {
        tenant: Some(tenant.to_owned()),
        route,
        when: When::First(times),
        fault,
    });
    Ok(())
}

#[given(expr = "the token endpoint answers {string} without a new refresh token")]
fn without_refresh_token(world: &mut World, tenant: String) -> Step {
    endpoint(world, &tenant, 1, Fault::NoRefreshToken)
}

#[given(expr = "the token endpoint grants {string} the scope {string} beside those asked for")]
fn extra_scope(world: &mut World, tenant: String, scope: String) -> Step {
    endpoint(world, &tenant, 1, Fault::ExtraScopes(vec![scope]))
}

#[given(expr = "the token endpoint takes {int} minutes over its next answer to {string}")]
fn slow(world: &mut World, minutes: u64, tenant: String) -> Step {
    endpoint(world, &tenant, 1, Fault::Slow(Duration::from_secs(minutes * 60)))
}

#[given(expr = "the token endpoint holds back its answers to {string}")]
fn holds_back(world: &mut World, tenant: String) -> Step {
    let barrier = Barrier::new();
    world.notes::<Notes>().held = Some(barrier.clone());
    endpoint(world, &tenant, u64::MAX, Fault::Hold(barrier))
}

fn held(world: &mut World) -> Result<Barrier, Failure> {
    let held = world.notes::<Notes>().held.clone();
    held.ok_or_else(|| Failure::new("the token endpoint was not told to hold anything back"))
}

#[when("the token endpoint holds an answer back")]
async fn answer_held(world: &mut World) -> Step {
    held(world)?.wait_reached().await;
    Ok(())
}

#[when("the token endpoint lets its answers go")]
fn answers_go(world: &mut World) -> Step {
    held(world)?.release();
    Ok(())
}

#[when("the token endpoint works again")]
fn works_again(world: &mut World) -> Step {
    world.scene()?.platform.clear_faults();
    Ok(())
}

#[given(expr = "Jira ends the access token of {string} before its time")]
#[when(expr = "Jira ends the access token of {string} before its time")]
fn ended_early(world: &mut World, tenant: String) -> Step {
    let ended = world.scene()?.platform.expire_access_tokens(&tenant);
    ended.map_err(|e| Failure::new(e.to_string()))
}

#[when(expr = "an administrator of {string} withdraws consent")]
fn withdrawn(world: &mut World, tenant: String) -> Step {
    let withdrawn = world.scene()?.platform.withdraw_consent(&tenant);
    withdrawn.map_err(|e| Failure::new(e.to_string()))?;
    world.record(Fact::UserActed { tenant, action: "withdrew consent".to_owned() })
}

// --- reads and sweeps ---------------------------------------------------------------------------

async fn read(subject: &Reference, tenant: &str) -> Answer {
    let refused = |e: String| CallError::Refused(e);
    let call = async {
        let client = subject.app().client(tenant).await.map_err(|e| refused(e.to_string()))?;
        client.get("field", &[]).await.map_err(|e| refused(e.to_string()))
    };
    subject.for_tenant(Some(tenant), call).await?.map(|fields| json!({ "fields": fields }))
}

#[when(expr = "worker {string} reads Jira for {string}")]
async fn reads(world: &mut World, worker: String, tenant: String) -> Step {
    let answer = read(world.worker(&worker)?.as_ref(), &tenant).await;
    world.remember_answer(&worker, answer);
    Ok(())
}

#[when(expr = "worker {string} reads Jira for each tenant")]
async fn reads_all(world: &mut World, worker: String) -> Step {
    for tenant in world.scene()?.platform.tenant_ids() {
        let answer = read(world.worker(&worker)?.as_ref(), &tenant).await;
        world.remember_answer(&worker, answer);
        world.answer(&worker)?;
    }
    Ok(())
}

#[when(expr = "worker {string} begins to read Jira for {string}")]
fn begins_to_read(world: &mut World, worker: String, tenant: String) -> Step {
    let subject = world.worker(&worker)?;
    world.begin_work(&worker, async move { read(&subject, &tenant).await })
}

#[when(expr = "worker {string} renews the token of every tenant")]
async fn renews_all(world: &mut World, worker: String) -> Step {
    let subject = world.worker(&worker)?;
    let tokens = subject.app().tokens();
    let sweep = subject.for_tenant(None, tokens.refresh_all()).await;
    let answer = sweep.and_then(|swept| {
        let swept = swept.map_err(|e| CallError::Refused(e.to_string()))?;
        serde_json::to_value(swept).map_err(|e| CallError::Refused(e.to_string()))
    });
    world.remember_answer(&worker, answer);
    Ok(())
}

#[when(expr = "worker {string} is asked for the token state of {string}")]
async fn token_state(world: &mut World, worker: String, tenant: String) -> Step {
    let answer: Result<Value, CallError> = world.worker(&worker)?.token_state(&tenant).await;
    world.remember_answer(&worker, answer);
    Ok(())
}

#[when("from here on is counted")]
fn counted_from_here(world: &mut World) {
    from_here(world);
}

fn from_here(world: &mut World) {
    world.notes::<Notes>().since = world.recorder().read(<[_]>::len);
}

// --- workers and clocks -------------------------------------------------------------------------

#[when(expr = "worker {string} is let go")]
fn let_go(world: &mut World, worker: String) -> Step {
    world.release(&worker)
}

#[when(expr = "worker {string} goes on as far as a second look at the lock, or a second token request")]
async fn looks_again(world: &mut World, worker: String) -> Step {
    world.release(&worker)?;
    world.hold(&worker, Action::BeforeRead, "token_refresh:")?;
    let (asked, clock) = (held(world)?, world.scene()?.clock.clone());
    let second = async {
        while asked.reached() < 2 {
            clock.breathe().await;
        }
    };
    tokio::select! {
        looked = world.wait_held(&worker) => looked?,
        () = second => {}
    }
    world.release(&worker)
}

#[given(expr = "the store loses its reply to worker {string} about {string} after the pair has come")]
fn reply_lost(world: &mut World, worker: String, key: String) -> Step {
    let troubles = &world.scene()?.stage.troubles;
    // The first write of the record is the intent, the second one the pair.
    troubles.ahead_after(&worker, 1, Trouble::ReplyLost, &key);
    Ok(())
}

#[when(expr = "worker {string} crashes while it waits for the token endpoint")]
async fn crashes_waiting(world: &mut World, worker: String) -> Step {
    world.kill(&worker, "waiting for the token endpoint").await
}

#[when(expr = "the wall clock is stepped {int} minutes {word}")]
fn stepped(world: &mut World, minutes: i64, way: String) -> Step {
    let ms = match way.as_str() {
        "forward" => minutes * 60_000,
        "back" => -minutes * 60_000,
        other => return Err(Failure::new(format!("{other:?} is no way; say forward or back"))),
    };
    world.scene()?.clock.step_wall(ms);
    world.record(Fact::TimePassed { ms })
}
