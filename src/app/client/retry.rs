//! When to try again: `Retry-After`, backoff, and a circuit per tenant. It decides how long to wait and
//! never waits itself; a platform's own word is never undercut.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

use crate::app::port::{HttpResponse, IdSource};

/// Failed tries in a row, over all calls for a tenant, that open its circuit.
const FAILURES_TO_OPEN: u32 = 12;
/// How long an open circuit lets nothing through; then one call probes.
const OPEN: Duration = Duration::from_secs(30);
const FIRST_BACKOFF: Duration = Duration::from_millis(500);
const LONGEST_BACKOFF: Duration = Duration::from_secs(20);

/// Whether an answer of this status may be another one a little later.
#[must_use]
pub fn is_passing(status: u16) -> bool {
    status == 429 || status >= 500
}

/// What the answer's `Retry-After` asks for: seconds or an HTTP date (RFC 9110 section 10.2.3). A date is
/// measured from the answer's own `Date` where there is one, so that a worker's wrong clock cannot make
/// it come too early. `None` if the header is absent or makes no sense.
#[must_use]
pub fn retry_after(answer: &HttpResponse, now: Timestamp) -> Option<Duration> {
    let text = answer.header("retry-after")?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let due = http_date(text)?;
    let sent = answer.header("date").and_then(http_date).unwrap_or(now).min(now.max(Timestamp::UNIX_EPOCH));
    Some(Duration::try_from(due.duration_since(sent)).unwrap_or(Duration::ZERO))
}

fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok()
}

/// How long to wait before try number `failed + 1`: never less than was asked for, and spread so that
/// callers who failed together do not come back together.
#[must_use]
pub fn wait(asked: Option<Duration>, failed: u32, ids: &dyn IdSource) -> Duration {
    let ceiling = FIRST_BACKOFF.saturating_mul(1 << failed.saturating_sub(1).min(16)).min(LONGEST_BACKOFF);
    let jitter = Duration::from_millis(ids.jitter(millis(ceiling).max(1)));
    match asked {
        // `Retry-After: 0` is no leave to hammer, so the spread comes on top.
        Some(asked) => asked.saturating_add(jitter.min(FIRST_BACKOFF)),
        None => jitter,
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// What a worker knows about each tenant's site: when it may be asked again, and whether it answers.
#[derive(Debug, Default)]
pub struct Circuits {
    sites: Mutex<HashMap<String, Site>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Site {
    failures: u32,
    open_until_ms: i64,
    not_before_ms: i64,
}

/// Whether a request may leave now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Send it.
    Now,
    /// The site asked for silence; ask again after so long.
    After(Duration),
    /// The site has not answered for some time; leave it alone.
    Open,
}

impl Circuits {
    /// Whether a request for the tenant may leave at this uptime. A circuit whose time is over admits one
    /// probe and stays shut for everybody else.
    pub fn admit(&self, tenant: &str, uptime_ms: i64) -> Admission {
        let mut sites = self.lock();
        let Some(site) = sites.get_mut(tenant) else { return Admission::Now };
        if site.not_before_ms > uptime_ms {
            let ms = u64::try_from(site.not_before_ms - uptime_ms).unwrap_or(0);
            return Admission::After(Duration::from_millis(ms));
        }
        if site.failures < FAILURES_TO_OPEN {
            return Admission::Now;
        }
        if site.open_until_ms > uptime_ms {
            return Admission::Open;
        }
        site.open_until_ms = uptime_ms.saturating_add(ms(OPEN));
        Admission::Now
    }

    /// The site answered. Silence that it asked another caller for still holds.
    pub fn answered(&self, tenant: &str) {
        if let Some(site) = self.lock().get_mut(tenant) {
            site.failures = 0;
        }
    }

    /// The site failed; if it asked for silence, nothing leaves for it until then.
    pub fn failed(&self, tenant: &str, uptime_ms: i64, asked: Option<Duration>) {
        let mut sites = self.lock();
        let site = sites.entry(tenant.to_owned()).or_default();
        site.failures = site.failures.saturating_add(1);
        site.open_until_ms = uptime_ms.saturating_add(ms(OPEN));
        if let Some(asked) = asked {
            site.not_before_ms = site.not_before_ms.max(uptime_ms.saturating_add(ms(asked)));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Site>> {
        self.sites.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Highest;

    impl IdSource for Highest {
        fn fresh(&self) -> String {
            "id".to_owned()
        }

        fn jitter(&self, bound: u64) -> u64 {
            bound - 1
        }
    }

    fn asked(headers: &[(&str, &str)]) -> Option<Duration> {
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let now = "2026-01-01T12:00:00Z".parse().expect("a time");
        retry_after(&HttpResponse { status: 429, headers, body: Vec::new() }, now)
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let seconds = Duration::from_secs;
        assert_eq!(asked(&[("retry-after", "7")]), Some(seconds(7)));
        assert_eq!(asked(&[("retry-after", "Thu, 01 Jan 2026 12:00:09 GMT")]), Some(seconds(9)));
        assert_eq!(asked(&[("retry-after", "Thu, 01 Jan 2026 11:00:00 GMT")]), Some(seconds(0)));
        let skewed =
            [("retry-after", "Thu, 01 Jan 2026 11:59:39 GMT"), ("date", "Thu, 01 Jan 2026 11:59:30 GMT")];
        assert_eq!(asked(&skewed), Some(seconds(9)));
        assert_eq!(asked(&[("retry-after", "soon")]), None);
        assert_eq!(asked(&[]), None);
    }

    #[test]
    fn a_wait_is_never_shorter_than_asked_and_never_endless() {
        assert!(wait(Some(Duration::from_secs(7)), 1, &Highest) > Duration::from_secs(7));
        assert!(wait(Some(Duration::ZERO), 1, &Highest) > Duration::ZERO);
        for failed in 1..100 {
            assert!(wait(None, failed, &Highest) <= LONGEST_BACKOFF);
        }
        assert!(wait(None, 4, &Highest) > wait(None, 1, &Highest));
    }

    #[test]
    fn a_circuit_opens_for_its_tenant_alone_and_lets_one_probe_through() {
        let circuits = Circuits::default();
        for _ in 0..FAILURES_TO_OPEN {
            assert_eq!(circuits.admit("a", 0), Admission::Now);
            circuits.failed("a", 0, None);
        }
        assert_eq!(circuits.admit("a", 1), Admission::Open);
        assert_eq!(circuits.admit("b", 1), Admission::Now);
        assert_eq!(circuits.admit("a", ms(OPEN)), Admission::Now);
        assert_eq!(circuits.admit("a", ms(OPEN)), Admission::Open);
        circuits.answered("a");
        assert_eq!(circuits.admit("a", ms(OPEN)), Admission::Now);
    }

    #[test]
    fn silence_asked_for_by_one_answer_holds_for_every_request_of_the_tenant() {
        let circuits = Circuits::default();
        circuits.failed("a", 1_000, Some(Duration::from_secs(5)));
        assert_eq!(circuits.admit("a", 3_000), Admission::After(Duration::from_secs(3)));
        assert_eq!(circuits.admit("a", 6_000), Admission::Now);
    }
}
