//! Faults that the platform can be told to show: which, where, for whom, when. A fault never touches a
//! transport; the fronts do what the reply says.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use tokio::sync::watch;

use crate::jira;

/// What goes wrong.
#[derive(Clone, Debug)]
pub enum Fault {
    /// 429, before anything is done.
    TooManyRequests(RetryAfter),
    /// An error answer with this status (401, 403, 500, 503, …), before anything is done.
    Status(u16),
    /// The answer comes after so much time.
    Slow(Duration),
    /// No answer ever; nothing is done.
    Hang,
    /// The connection is reset; nothing is done.
    Reset,
    /// The work is done; the connection is reset instead of an answer.
    LostReply,
    /// The work is done; half of the body is sent.
    HalfBody,
    /// The work is done; the body is no JSON.
    MalformedJson,
    /// The page that was served before is served again, with the cursor that was sent.
    RepeatedPage,
    /// `total` is off by so much.
    WrongTotal(i64),
    /// There is always a next page.
    EndlessPages,
    /// At most so many items in a page, and it is not the last.
    ShortPage(usize),
    /// The token endpoint answers without a new refresh token, and the sent one stays good.
    NoRefreshToken,
    /// The token endpoint grants these scopes beside those consented to.
    ExtraScopes(Vec<String>),
    /// The work is done; the answer waits until the barrier is released.
    Hold(Barrier),
}

impl Fault {
    /// The name, as recorded.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::TooManyRequests(_) => "429".to_owned(),
            Self::Status(status) => status.to_string(),
            Self::Slow(_) => "slow".to_owned(),
            Self::Hang => "hang".to_owned(),
            Self::Reset => "reset".to_owned(),
            Self::LostReply => "lost reply".to_owned(),
            Self::HalfBody => "half body".to_owned(),
            Self::MalformedJson => "malformed json".to_owned(),
            Self::RepeatedPage => "repeated page".to_owned(),
            Self::WrongTotal(_) => "wrong total".to_owned(),
            Self::EndlessPages => "endless pages".to_owned(),
            Self::ShortPage(_) => "short page".to_owned(),
            Self::NoRefreshToken => "no refresh token".to_owned(),
            Self::ExtraScopes(_) => "extra scopes".to_owned(),
            Self::Hold(_) => "hold".to_owned(),
        }
    }
}

/// What a 429 says about when to come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// `Retry-After: 7`.
    Seconds(u64),
    /// `Retry-After: Sun, 06 Nov 1994 08:49:37 GMT`, so many seconds from now.
    HttpDate(u64),
    /// No such header.
    Absent,
}

/// Which requests a fault meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// Every request.
    Any,
    /// One operation: an `operationId`, `oauth.token`, `kvs.set`, …
    Operation(String),
    /// A family: the first segment of Jira operations (`search`, `issue`), `oauth`, `kvs`, or `jira` for all
    /// of Jira.
    Family(String),
}

/// No operation and no family has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no operation and no family of operations is called {name:?}{}", nearest.as_ref().map(|n| format!("; did you mean {n:?}?")).unwrap_or_default())]
pub struct UnknownRoute {
    name: String,
    nearest: Option<String>,
}

const OWN_FAMILIES: [&str; 4] = ["jira", "oauth", "kvs", "forge"];
const OWN_OPERATIONS: [&str; 12] = [
    "oauth.token",
    "oauth.accessible-resources",
    "kvs.get",
    "kvs.set",
    "kvs.delete",
    "kvs.query",
    "kvs.transaction",
    "forge.egress",
    "forge.queue",
    "forge.remote",
    "forge.graphql",
    "unknown",
];

impl std::str::FromStr for Route {
    type Err = UnknownRoute;

    /// `*`, an operation's id, or a family's name.
    fn from_str(name: &str) -> Result<Self, UnknownRoute> {
        if name == "*" {
            return Ok(Self::Any);
        }
        let families = || jira::operations().iter().map(super::route::family_of).chain(OWN_FAMILIES);
        if families().any(|family| family == name) {
            return Ok(Self::Family(name.to_owned()));
        }
        let ids = || jira::operations().iter().map(|operation| operation.id).chain(OWN_OPERATIONS);
        if ids().any(|id| id == name) || (name.starts_with("kvs.") && name.len() > 4) {
            return Ok(Self::Operation(name.to_owned()));
        }
        let nearest = families()
            .chain(ids())
            .map(|known| (strsim::normalized_damerau_levenshtein(known, name), known))
            .filter(|(likeness, _)| *likeness > 0.6)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, known)| known.to_owned());
        Err(UnknownRoute { name: name.to_owned(), nearest })
    }
}

impl Route {
    fn name(&self) -> &str {
        match self {
            Self::Any => "*",
            Self::Operation(name) | Self::Family(name) => name,
        }
    }

    pub(super) fn meets(&self, operation: &str, family: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Operation(id) => id == operation,
            Self::Family(name) if name == "jira" => !matches!(family, "oauth" | "kvs" | "forge"),
            Self::Family(name) => name == family,
        }
    }
}

/// Which of the requests that a rule meets it strikes; counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Every one.
    Always,
    /// The first so many.
    First(u64),
    /// That one alone.
    Nth(u64),
    /// Each one whose number is a multiple.
    EveryNth(u64),
    /// All after so many.
    After(u64),
    /// Those that come in this span of the platform's clock, the end not included.
    Between(Timestamp, Timestamp),
    /// The first one after so many, and all that come within so much time of it.
    Outage(u64, Duration),
}

/// A fault with its place and time.
#[derive(Clone, Debug)]
pub struct FaultRule {
    /// For whose requests; `None` for all.
    pub tenant: Option<String>,
    /// Which requests.
    pub route: Route,
    /// Which of them.
    pub when: When,
    /// What goes wrong.
    pub fault: Fault,
}

#[derive(Debug)]
struct Armed {
    rule: FaultRule,
    met: u64,
    /// When it struck first.
    since: Option<Timestamp>,
}

/// The rules in force; the first that strikes wins.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Armed>);

/// A rule that struck.
pub(super) struct Strike {
    pub fault: Fault,
    pub route: String,
}

impl Faults {
    pub fn arm(&mut self, rule: FaultRule) {
        self.0.push(Armed { rule, met: 0, since: None });
    }

    pub fn disarm(&mut self) {
        self.0.clear();
    }

    pub fn strike(
        &mut self,
        tenant: Option<&str>,
        operation: &str,
        family: &str,
        now: Timestamp,
    ) -> Option<Strike> {
        let mut struck = None;
        for armed in &mut self.0 {
            let rule = &armed.rule;
            let of_tenant = rule.tenant.as_deref().is_none_or(|t| tenant == Some(t));
            if !of_tenant || !rule.route.meets(operation, family) {
                continue;
            }
            armed.met += 1;
            let strikes = match rule.when {
                When::Always => true,
                When::First(n) => armed.met <= n,
                When::Nth(n) => armed.met == n,
                When::EveryNth(n) => n > 0 && armed.met.is_multiple_of(n),
                When::After(n) => armed.met > n,
                When::Between(from, to) => from <= now && now < to,
                When::Outage(after, span) if armed.met > after => {
                    let since = *armed.since.get_or_insert(now);
                    since.saturating_add(span).is_ok_and(|end| now < end)
                }
                When::Outage(..) => false,
            };
            if strikes && struck.is_none() {
                struck = Some(Strike { fault: rule.fault.clone(), route: rule.route.name().to_owned() });
            }
        }
        struck
    }
}

/// Holds a reply at an observed moment until it is released; from then on it holds nothing any more.
/// Clones are the same barrier. Dropping the last clone outside the platform does not release it.
#[derive(Clone, Debug)]
pub struct Barrier(Arc<Gate>);

#[derive(Debug)]
struct Gate {
    reached: watch::Sender<u64>,
    released: watch::Sender<bool>,
    killed: AtomicBool,
}

impl Default for Barrier {
    fn default() -> Self {
        Self::new()
    }
}

impl Barrier {
    /// A closed barrier.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Gate {
            reached: watch::Sender::new(0),
            released: watch::Sender::new(false),
            killed: AtomicBool::new(false),
        }))
    }

    /// Resolves once a reply is held here.
    pub async fn wait_reached(&self) {
        let mut reached = self.0.reached.subscribe();
        // The sender lives in `self`: waiting cannot fail.
        let _ = reached.wait_for(|count| *count > 0).await;
    }

    /// How many replies came here so far.
    #[must_use]
    pub fn reached(&self) -> u64 {
        *self.0.reached.borrow()
    }

    /// Opens the barrier for good.
    pub fn release(&self) {
        self.0.released.send_replace(true);
    }

    /// Opens the barrier for good; what was held comes to nothing, for its client is dead.
    pub fn kill(&self) {
        self.0.killed.store(true, Ordering::SeqCst);
        self.release();
    }

    /// Whether it holds nothing any more.
    #[must_use]
    pub fn is_open(&self) -> bool {
        *self.0.released.borrow()
    }

    /// Whether what was held here is to come to nothing.
    #[must_use]
    pub fn is_killed(&self) -> bool {
        self.0.killed.load(Ordering::SeqCst)
    }

    /// Waits for the release: what a front does with a held reply.
    pub async fn wait_released(&self) {
        let mut released = self.0.released.subscribe();
        let _ = released.wait_for(|open| *open).await;
    }

    pub(super) fn arrive(&self) {
        self.0.reached.send_modify(|count| *count += 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struck(when: When) -> Vec<u64> {
        let mut faults = Faults::default();
        let route = "search".parse().expect("a route");
        faults.arm(FaultRule { tenant: Some("a".into()), route, when, fault: Fault::Status(500) });
        let mut at = |n: i64, tenant| {
            let now = Timestamp::from_second(n).expect("a time");
            faults.strike(Some(tenant), "searchAndReconsileIssuesUsingJql", "search", now).is_some()
        };
        assert!(!(0..9).any(|n| at(n, "b")), "another tenant's requests are left alone");
        (1..=6).filter(|n| at(*n as i64, "a")).collect()
    }

    #[test]
    fn a_rule_strikes_by_count_or_by_time() {
        let time = |s| Timestamp::from_second(s).expect("a time");
        for (when, expected) in [
            (When::Always, vec![1, 2, 3, 4, 5, 6]),
            (When::First(2), vec![1, 2]),
            (When::Nth(3), vec![3]),
            (When::EveryNth(2), vec![2, 4, 6]),
            (When::EveryNth(0), vec![]),
            (When::After(4), vec![5, 6]),
            (When::Between(time(2), time(4)), vec![2, 3]),
            (When::Outage(2, Duration::from_secs(3)), vec![3, 4, 5]),
        ] {
            assert_eq!(struck(when), expected, "{when:?}");
        }
    }

    #[test]
    fn a_route_is_a_known_name_or_an_error_with_the_nearest() {
        assert_eq!("*".parse(), Ok(Route::Any));
        assert_eq!("oauth.token".parse(), Ok(Route::Operation("oauth.token".into())));
        assert_eq!("getIssue".parse(), Ok(Route::Operation("getIssue".into())));
        let error = "serach".parse::<Route>().expect_err("no such route").to_string();
        assert!(error.contains("did you mean \"search\"?"), "{error}");
    }

    #[tokio::test]
    async fn a_barrier_tells_when_it_is_reached_and_holds_until_released() {
        use futures::FutureExt;
        let barrier = Barrier::new();
        assert!(barrier.wait_reached().now_or_never().is_none());
        barrier.arrive();
        barrier.wait_reached().await;
        assert!(barrier.wait_released().now_or_never().is_none());
        barrier.release();
        barrier.wait_released().await;
    }
}
