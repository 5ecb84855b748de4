//! The platform: all tenants, their tokens and data behind one [`Platform::handle`]. Decides in which order a
//! request is routed, struck by faults, allowed, answered and journaled; knows no transport.

mod control;
mod storage;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use secrecy::SecretString;

use crate::{
    clock::Clock,
    evidence::{Effect, Fact, Readings, Recorder, Scope, Source},
    jira,
};

use super::{
    Barrier, Reply, Request, Response, TenantExists, TenantSpec,
    account::{Accounts, CLIENT_ID, Pair},
    endpoint::{self, SearchResults},
    fault::{Fault, Faults, Strike},
    hold::{self, Hold, Moment},
    journal::{Journal, Seen},
    paging::Twist,
    route::Call,
    tenant::Tenant,
};

/// Lets the time of a driven clock pass: how slowness and hanging take no real time.
pub type PassTime = Arc<dyn Fn(Duration) + Send + Sync>;

/// What a platform is made of.
#[derive(Clone)]
pub struct Options {
    /// Everything generated follows from it.
    pub seed: u64,
    /// Expiry of tokens and keys, times in answers.
    pub clock: Arc<dyn Clock>,
    /// The first one is whose site plain paths show to clients without a token.
    pub tenants: Vec<TenantSpec>,
    /// Where facts go; a standing platform has none and keeps its journal only.
    pub recorder: Option<Recorder>,
    /// Set when the clock is driven.
    pub pass_time: Option<PassTime>,
    /// How much driven time passes while a client waits in vain for a hanging answer: a little more than the
    /// client's own limit.
    pub hang: Duration,
}

impl Options {
    /// One platform on this clock, without recorder.
    #[must_use]
    pub fn new(seed: u64, clock: Arc<dyn Clock>, tenants: Vec<TenantSpec>) -> Self {
        Self { seed, clock, tenants, recorder: None, pass_time: None, hang: Duration::from_secs(35) }
    }
}

pub(super) struct State {
    pub tenants: Vec<Tenant>,
    pub accounts: Accounts,
    pub results: SearchResults,
    faults: Faults,
    pub holds: Vec<Hold>,
    /// Instances whose requests are held, each with where.
    pub standing: Vec<(String, Barrier)>,
    journal: Journal,
}

impl State {
    /// How many requests came before this one.
    pub fn requests_served(&self) -> u64 {
        self.journal.served
    }
}

struct Shared {
    seed: u64,
    clock: Arc<dyn Clock>,
    recorder: Option<Recorder>,
    pass_time: Option<PassTime>,
    hang: Duration,
    state: Mutex<State>,
}

/// The mocked platform. Clones are the same platform.
#[derive(Clone)]
pub struct Platform(Arc<Shared>);

impl fmt::Debug for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Platform").finish_non_exhaustive()
    }
}

impl Platform {
    /// Makes the tenants; each consents once.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let state = State {
            tenants: options.tenants.iter().map(|spec| Tenant::new(options.seed, spec)).collect(),
            accounts: Accounts::new(options.seed),
            results: SearchResults::default(),
            faults: Faults::default(),
            holds: vec![],
            standing: vec![],
            journal: Journal::default(),
        };
        let platform = Self(Arc::new(Shared {
            seed: options.seed,
            clock: options.clock,
            recorder: options.recorder,
            pass_time: options.pass_time,
            hang: options.hang,
            state: Mutex::new(state),
        }));
        for spec in options.tenants {
            platform.welcome(&spec);
            // The tenant was made above.
            let _ = platform.consent(&spec.id, &spec.scopes);
        }
        platform
    }

    /// Makes one more tenant, who has consented to nothing yet.
    pub fn add_tenant(&self, spec: &TenantSpec) -> Result<(), TenantExists> {
        let mut state = self.lock();
        if state.tenants.iter().any(|tenant| tenant.id == spec.id) {
            return Err(TenantExists(spec.id.clone()));
        }
        state.tenants.push(Tenant::new(self.0.seed, spec));
        drop(state);
        self.welcome(spec);
        Ok(())
    }

    /// Records what a new tenant's site holds.
    fn welcome(&self, spec: &TenantSpec) {
        self.record_site(&self.lock(), &spec.id);
        if let Some(mark) = &spec.canary {
            self.record(Fact::CanaryPlanted { tenant: spec.id.clone(), mark: mark.clone() });
        }
    }

    /// Id and secret of the one OAuth client that the platform knows.
    #[must_use]
    pub fn client(&self) -> (String, SecretString) {
        (CLIENT_ID.to_owned(), self.lock().accounts.client_secret())
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, fact: Fact) {
        if let Some(recorder) = &self.0.recorder {
            recorder.record(Source::MockJira, fact);
        }
    }

    fn record_site(&self, state: &State, tenant: &str) {
        let tenant = state.tenants.iter().find(|t| t.id == tenant).filter(|_| self.0.recorder.is_some());
        if let Some(tenant) = tenant {
            self.record(Fact::SiteChanged { tenant: tenant.id.clone(), digest: tenant.site.digest() });
        }
    }

    /// Answers a request. Never waits: what takes time stands in the reply.
    pub fn handle(&self, request: &Request) -> Reply {
        let now = self.0.clock.now();
        let request = &*hold::attributed(request);
        let mut guard = self.lock();
        let state = &mut *guard;
        let call = Call::new(state, request);
        let held = hold::take(state, request, &call);
        if let Some((Moment::Before, barrier)) = held {
            barrier.arrive();
            return Reply::HeldBefore(barrier);
        }
        let whose = call.tenant.or_else(|| endpoint::oauth_owner(state, &call));
        let tenant = whose.map(|t| state.tenants[t].id.as_str());
        let strike = state.faults.strike(tenant, &call.operation_id, call.family(), now);
        if let Some(strike) = &strike {
            let (fault, route) = (strike.fault.name(), Some(strike.route.clone()));
            self.record(Fact::FaultInjected { tenant: tenant.map(str::to_owned), fault, route });
        }
        let version_before = call.tenant.map(|t| state.tenants[t].site.version);
        let (reply, passes) = self.reply(state, &call, strike.as_ref(), now);
        let status = match &reply {
            Reply::Hang | Reply::Reset | Reply::HeldBefore(_) => 0,
            Reply::Answer(r) | Reply::Slow(_, r) | Reply::Half(r) => r.status,
            Reply::Held(_, then) => (**then).clone().answer().map_or(0, |r| r.status),
        };
        self.journal(state, &call, whose, &reply, status);
        let name = |t: usize| state.tenants[t].id.clone();
        if call.tenant.map(|t| state.tenants[t].site.version) != version_before {
            self.record_site(state, &whose.map(name).unwrap_or_default());
        }
        if let (Some(strike), Reply::Hang | Reply::Reset | Reply::Half(_)) = (&strike, &reply) {
            let (operation, fault) = (call.operation_id.to_string(), strike.fault.name());
            self.record(Fact::RequestBroken { tenant: whose.map(name), operation, fault });
        }
        drop(guard);
        if let (Some(pass), Some(duration)) = (&self.0.pass_time, passes) {
            pass(duration);
        }
        let reply = match held {
            Some((_, barrier)) => Reply::Held(barrier, Box::new(reply)),
            None => reply,
        };
        if let Reply::Held(barrier, _) = &reply {
            barrier.arrive();
        }
        match (&self.0.pass_time, request.header(BRIDGE_HEADER)) {
            (Some(_), Some(_)) => self.with_time(reply),
            _ => reply,
        }
    }

    /// For a client that keeps the scenario's time and not the machine's: what the time is now, and that an answer will
    /// never come, which no real waiting would tell it.
    fn with_time(&self, reply: Reply) -> Reply {
        match reply {
            Reply::Answer(mut response) => {
                let now_ms = self.0.clock.now().as_millisecond();
                response.headers.push(("x-gonogo-now", now_ms.to_string().into()));
                Reply::Answer(response)
            }
            Reply::Hang => {
                let headers = vec![("x-gonogo-hang", "1".into())];
                Reply::Answer(Response { status: 504, headers, body: vec![] })
            }
            other => other,
        }
    }

    /// The reply, and how much driven time passes before it.
    fn reply(
        &self,
        state: &mut State,
        call: &Call<'_>,
        strike: Option<&Strike>,
        now: Timestamp,
    ) -> (Reply, Option<Duration>) {
        let Some(Strike { fault, .. }) = strike else {
            return (Reply::Answer(self.answer(state, call, Twist::None, now)), None);
        };
        let driven = self.0.pass_time.is_some();
        let reply = match fault {
            Fault::TooManyRequests(after) => Reply::Answer(endpoint::too_many_requests(*after, now)),
            Fault::Status(status) => Reply::Answer(endpoint::injected(*status, call)),
            // An instance that sees driven time lets it pass by itself, as far as its own patience goes.
            Fault::Hang => {
                let waits = call.request.header(BRIDGE_HEADER).is_none();
                return (Reply::Hang, waits.then_some(self.0.hang));
            }
            Fault::Reset => Reply::Reset,
            Fault::Slow(duration) => {
                let answer = self.answer(state, call, Twist::None, now);
                let reply = if driven { Reply::Answer(answer) } else { Reply::Slow(*duration, answer) };
                return (reply, Some(*duration));
            }
            Fault::LostReply => {
                self.answer(state, call, Twist::None, now);
                Reply::Reset
            }
            Fault::HalfBody => Reply::Half(self.answer(state, call, Twist::None, now)),
            Fault::MalformedJson => {
                let mut answer = self.answer(state, call, Twist::None, now);
                answer.body.truncate(answer.body.len() / 2);
                answer.body.extend_from_slice(b"<!-- ");
                Reply::Answer(answer)
            }
            Fault::Hold(barrier) => {
                let answer = self.answer(state, call, Twist::None, now);
                Reply::Held(barrier.clone(), Box::new(Reply::Answer(answer)))
            }
            Fault::RepeatedPage => Reply::Answer(self.answer(state, call, Twist::Repeat, now)),
            Fault::WrongTotal(by) => Reply::Answer(self.answer(state, call, Twist::Total(*by), now)),
            Fault::EndlessPages => Reply::Answer(self.answer(state, call, Twist::Endless, now)),
            Fault::ShortPage(most) => Reply::Answer(self.answer(state, call, Twist::Short(*most), now)),
            Fault::NoRefreshToken => Reply::Answer(self.answer(state, call, Twist::NoRefreshToken, now)),
            Fault::ExtraScopes(scopes) => {
                Reply::Answer(self.answer(state, call, Twist::ExtraScopes(scopes.clone()), now))
            }
        };
        (reply, None)
    }

    fn answer(&self, state: &mut State, call: &Call<'_>, twist: Twist, now: Timestamp) -> Response {
        let record = |fact| self.record(fact);
        endpoint::answer(state, call, twist, now, &record)
    }

    fn journal(&self, state: &mut State, call: &Call<'_>, whose: Option<usize>, reply: &Reply, status: u16) {
        let State { tenants, accounts, journal, .. } = state;
        let access = call.token.as_deref().and_then(|token| accounts.access(token));
        let scopes = access.map_or(&[][..], |a| &a.scopes);
        let tenant = whose.map(|t| tenants[t].id.as_str());
        let effect = evidence_effect(call.effect);
        if self.0.recorder.is_some() {
            let retry_after_s = match reply {
                Reply::Answer(response) => endpoint::retry_after_s(response, self.0.clock.now()),
                _ => None,
            };
            let token_tenant = access.and_then(|a| accounts.families[a.family].tenants.first());
            self.record(Fact::RequestAnswered {
                tenant: tenant.map(str::to_owned),
                operation: call.operation_id.to_string(),
                method: call.request.method.clone(),
                path: call.shown_path().into_owned(),
                effect,
                status,
                token: call.token.clone(),
                token_tenant: token_tenant.map(|t| tenants[*t].id.clone()),
                scopes: scopes_of(scopes),
                carries: carried(tenants, call.request),
                retry_after_s,
            });
        }
        journal.note(&Seen {
            tenant,
            operation: &call.operation_id,
            method: &call.request.method,
            path: &call.shown_path(),
            effect,
            token: call.token.as_deref(),
            scopes,
            status,
        });
    }
}

/// The header by which a client says that it keeps the scenario's time.
const BRIDGE_HEADER: &str = "x-gonogo-bridge";

/// The fact that a pair was issued.
pub(super) fn token_issued(state: &State, pair: &Pair) -> Fact {
    let family = &state.accounts.families[pair.family];
    let tenant = family.tenants.first().map(|t| state.tenants[*t].id.clone()).unwrap_or_default();
    Fact::TokenIssued {
        tenant,
        token: super::fingerprint(&pair.access),
        family: family.name.clone(),
        scopes: scopes_of(&pair.scopes),
        rotation: pair.rotation,
    }
}

fn evidence_effect(effect: jira::Effect) -> Effect {
    match effect {
        jira::Effect::Read => Effect::Read,
        jira::Effect::Write => Effect::Write,
    }
}

fn scopes_of(names: &[String]) -> Vec<Scope> {
    let scope =
        |name: &String| Scope { name: name.clone(), effect: evidence_effect(jira::scope_effect(name)) };
    names.iter().map(scope).collect()
}

/// The tenants whose marks stand in a request.
fn carried(tenants: &[Tenant], request: &Request) -> Vec<String> {
    if tenants.iter().all(|t| t.site.canary.is_none()) {
        return vec![];
    }
    // A plus is a blank in a form, and a letter in base64.
    let address = format!("{}?{} {}", request.path, request.query, request.query.replace('+', " "));
    let texts = [Readings::of(address.as_bytes()), Readings::of(&request.body)];
    let marked = |mark: &str| texts.iter().any(|text| text.hold(mark));
    let carriers = tenants.iter().filter(|t| t.site.canary.as_deref().is_some_and(marked));
    carriers.map(|t| t.id.clone()).collect()
}
