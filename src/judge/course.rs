//! What happened in a scenario that shows something amiss: a bounded excerpt of its log, for a reader who has no
//! evidence file at hand. Judges nothing.

use schemars::JsonSchema;
use serde::Serialize;

use crate::evidence::{Ending, Fact, Observation};

/// So many scenarios have their course told.
pub(super) const MOST_COURSES: usize = 6;
/// So many moments of a scenario are told.
const MOST_MOMENTS: usize = 36;
/// A text shows so many characters.
const TEXT: usize = 120;

const WROTE: &str = "wrote";
const REMOVED: &str = "removed";

/// Who did something, as gonogo knows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The runner of the scenario.
    Scenario,
    /// A worker of the app.
    Worker(String),
    /// The app, at work for a tenant.
    Tenant(String),
    /// The mocked Jira.
    Jira,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Moment {
    /// Place in the scenario's log.
    pub seq: u64,
    /// The scenario's own time since its first observation.
    pub after_ms: i64,
    /// Who did it.
    pub actor: Actor,
    /// To whom, if to anybody.
    pub to: Option<Actor>,
    /// What was done, in the past tense.
    pub action: String,
    /// To what.
    pub object: String,
    /// How often it was done in a row.
    pub times: usize,
    /// Whether it shows what is amiss.
    pub shows: bool,
}

impl Moment {
    /// Whether another is the same again.
    fn is_again(&self, other: &Self) -> bool {
        let what = |moment: &Self| {
            (moment.actor.clone(), moment.to.clone(), moment.action.clone(), moment.object.clone())
        };
        (self.after_ms, self.shows) == (other.after_ms, other.shows) && what(self) == what(other)
    }
}

/// What happened in one scenario, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Course {
    /// The scenario's id.
    pub scenario: String,
    /// The moments that are told: those that show what is amiss, and those around them.
    pub moments: Vec<Moment>,
    /// How many more there are.
    pub left_out: usize,
}

/// The course of a log; `shown` are the observations that violate a rule. `None` when workers, tenants and Jira did
/// nothing.
pub(super) fn course(scenario: &str, log: &[Observation], shown: &[u64]) -> Option<Course> {
    let begun = log.first()?.at.as_millisecond();
    let mut moments: Vec<Moment> = vec![];
    for observation in log {
        let Some((actor, to, action, object)) = told(&observation.fact) else { continue };
        let after_ms = observation.at.as_millisecond() - begun;
        let object = object.chars().take(TEXT).collect();
        let shows = shown.contains(&observation.seq) || matches!(observation.fact, Fact::StepFailed { .. });
        let moment = Moment { seq: observation.seq, after_ms, actor, to, action, object, times: 1, shows };
        match moments.last_mut() {
            Some(last) if last.is_again(&moment) => last.times += 1,
            _ => moments.push(moment),
        }
    }
    if !moments.iter().any(|moment| moment.actor != Actor::Scenario) {
        return None;
    }
    let all = moments.len();
    if all > MOST_MOMENTS {
        // Bookkeeping goes first: what stands for it, a lock or an effect, is told as well.
        moments.retain(|moment| moment.shows || ![WROTE, REMOVED].contains(&moment.action.as_str()));
    }
    keep(&mut moments);
    Some(Course { scenario: scenario.to_owned(), left_out: all - moments.len(), moments })
}

/// Keeps those that show something, then the nearest before and behind them.
fn keep(moments: &mut Vec<Moment>) {
    if moments.len() <= MOST_MOMENTS {
        return;
    }
    let shows: Vec<usize> = (0..moments.len()).filter(|place| moments[*place].shows).collect();
    let last = moments.len() - 1;
    let distance =
        |place: usize| shows.iter().map(|shown| shown.abs_diff(place)).min().unwrap_or_else(|| last - place);
    let mut nearest: Vec<usize> = (0..moments.len()).collect();
    nearest.sort_by_key(|place| (distance(*place), *place));
    nearest.truncate(MOST_MOMENTS);
    nearest.sort_unstable();
    *moments = nearest.into_iter().map(|place| moments[place].clone()).collect();
}

type Told = (Actor, Option<Actor>, String, String);

/// Who did what to what; `None` for what says nothing of how tenants, workers and Jira met.
fn told(fact: &Fact) -> Option<Told> {
    of_worker(fact).or_else(|| of_jira(fact)).or_else(|| of_scenario(fact))
}

fn of_worker(fact: &Fact) -> Option<Told> {
    let (worker, action, object) = match fact {
        Fact::JobStarted { job, tenant, worker, .. } => (worker, "started the job", of(job, tenant.as_ref())),
        Fact::JobEnded { job, tenant, worker, ending, .. } => {
            (worker, ended(*ending), of(job, tenant.as_ref()))
        }
        Fact::LockGranted { worker, key, fencing_token, .. } => {
            (worker, "was granted the lock", format!("{key}, token {fencing_token}"))
        }
        Fact::LockRenewed { worker, key, fencing_token } => {
            (worker, "renewed the lock", format!("{key}, token {fencing_token}"))
        }
        Fact::LockDenied { worker, key } => (worker, "was denied the lock", key.clone()),
        Fact::LockReleased { worker, key, fencing_token } => {
            (worker, "released the lock", format!("{key}, token {fencing_token}"))
        }
        Fact::KeyWritten { worker, key, version, .. } => (worker, WROTE, format!("{key}, version {version}")),
        Fact::KeyDeleted { worker, key, .. } => (worker, REMOVED, key.clone()),
        Fact::WriteRefused { worker, key, .. } => (worker, "was refused to write", key.clone()),
        Fact::EffectApplied { sink, worker, idempotency_key, fencing_token, .. } => {
            let object = format!("{sink}, key {idempotency_key}, token {fencing_token}");
            (worker, "had an effect", object)
        }
        Fact::EffectRefused { sink, worker, idempotency_key, fencing_token, .. } => {
            let object = format!("{sink}, key {idempotency_key}, token {fencing_token}");
            (worker, "was refused an effect", object)
        }
        Fact::WorkerPaused { worker, barrier } => (worker, "was held", barrier.clone()),
        Fact::WorkerResumed { worker } => (worker, "went on", String::new()),
        Fact::WorkerCrashed { worker, barrier } => (worker, "was killed", barrier.clone()),
        Fact::ProcessEnded { worker, how, .. } => (worker, "ended", how.clone()),
        _ => return None,
    };
    Some((Actor::Worker(worker.clone()), None, action.to_owned(), object))
}

fn of_jira(fact: &Fact) -> Option<Told> {
    let tenant = |tenant: &str| Actor::Tenant(tenant.to_owned());
    let named = |name: &Option<String>| tenant(name.as_deref().unwrap_or("unknown"));
    let (actor, to, action, object) = match fact {
        Fact::RequestAnswered { tenant, operation, status, .. } => {
            (named(tenant), Some(Actor::Jira), "asked", format!("{operation}, answered {status}"))
        }
        Fact::RequestBroken { tenant, operation, fault } => {
            (named(tenant), Some(Actor::Jira), "asked in vain", format!("{operation}, {fault}"))
        }
        Fact::TokenIssued { tenant: whose, rotation, token, .. } => {
            (Actor::Jira, Some(tenant(whose)), "issued a token", format!("{token}, rotation {rotation}"))
        }
        Fact::TokenRefused { tenant, error } => {
            (Actor::Jira, Some(named(tenant)), "refused a token", error.clone())
        }
        Fact::FamilyRevoked { tenant: whose, family } => {
            (Actor::Jira, Some(tenant(whose)), "revoked all tokens of", family.clone())
        }
        Fact::SnapshotStored { tenant: whose, snapshot_type, fencing_token, .. } => {
            (tenant(whose), None, "has a snapshot", format!("{snapshot_type}, token {fencing_token}"))
        }
        Fact::EgressTried { tenant, host } => (named(tenant), None, "tried to reach", host.clone()),
        Fact::AlertRaised { tenant, audience, occasion, .. } => {
            (named(tenant), None, "alerted", format!("{audience}, {occasion}"))
        }
        Fact::PageServed { tenant: whose, listing, items, has_more, .. } => {
            let more = if *has_more { ", more follows" } else { "" };
            (tenant(whose), None, "was served", format!("{listing}, {} items{more}", items.len()))
        }
        _ => return None,
    };
    Some((actor, to, action.to_owned(), object))
}

fn of_scenario(fact: &Fact) -> Option<Told> {
    let tenant = |tenant: &str| Some(Actor::Tenant(tenant.to_owned()));
    let (to, action, object) = match fact {
        Fact::Installed { tenant: whose, .. } => (tenant(whose), "installed the app", String::new()),
        Fact::Uninstalled { tenant: whose } => (tenant(whose), "removed the app", String::new()),
        Fact::FaultInjected { tenant: whose, fault, route } => {
            let to = whose.as_deref().map_or(Some(Actor::Jira), tenant);
            (
                to,
                "planted a fault",
                [Some(fault.clone()), route.clone()].into_iter().flatten().collect::<Vec<_>>().join(", "),
            )
        }
        Fact::DamageDone { tenant: whose, damage, key } => {
            (tenant(whose), "damaged", format!("{key}, {damage}"))
        }
        Fact::UserActed { tenant: whose, action } => (tenant(whose), "let a person act", action.clone()),
        Fact::SiteChanged { tenant: whose, .. } => (tenant(whose), "changed the site", String::new()),
        Fact::TimePassed { ms } => (None, "let time pass", format!("{ms} ms")),
        Fact::StepFailed { step, .. } => (None, "expected in vain", step.clone()),
        _ => return None,
    };
    Some((Actor::Scenario, to, action.to_owned(), object))
}

fn of(job: &str, tenant: Option<&String>) -> String {
    tenant.map_or_else(|| job.to_owned(), |tenant| format!("{job}, {tenant}"))
}

fn ended(ending: Ending) -> &'static str {
    match ending {
        Ending::Succeeded => "ended the job: succeeded",
        Ending::Skipped => "ended the job: nothing to do",
        Ending::Failed => "ended the job: failed",
        Ending::Threw => "ended the job: it threw",
        Ending::WaitingForPerson => "ended the job: it waits for a person",
        Ending::Hung => "never ended the job",
        Ending::Crashed => "crashed in the job",
    }
}

#[cfg(test)]
mod tests {
    use super::{Actor, MOST_MOMENTS, course};
    use crate::evidence::{Fact, Observation, Outcome, Source};

    fn log(facts: Vec<Fact>) -> Vec<Observation> {
        let at = jiff::Timestamp::UNIX_EPOCH;
        let observation = |(seq, fact)| Observation { scenario: 0, seq, at, source: Source::Scenario, fact };
        (0..).zip(facts).map(observation).collect()
    }

    fn denied(worker: &str) -> Fact {
        denied_of(worker, "lock".into())
    }

    fn denied_of(worker: &str, key: String) -> Fact {
        Fact::LockDenied { worker: worker.into(), key }
    }

    #[test]
    fn a_course_tells_who_met_whom_and_marks_what_shows_something() {
        let facts = vec![
            Fact::AttemptStarted { attempt: 1 },
            denied("B"),
            Fact::TokenRefused { tenant: Some("acme".into()), error: "invalid_grant".into() },
            Fact::StepFailed { step: "Then x".into(), outcome: Outcome::Failed, message: "no".into() },
        ];
        let course = course("a:1", &log(facts), &[1]).expect("a course");
        let told: Vec<_> =
            course.moments.iter().map(|m| (m.seq, m.actor.clone(), m.to.clone(), m.shows)).collect();
        let acme = Actor::Tenant("acme".into());
        assert_eq!(
            told,
            [
                (1, Actor::Worker("B".into()), None, true),
                (2, Actor::Jira, Some(acme), false),
                (3, Actor::Scenario, None, true)
            ]
        );
        assert_eq!(course.left_out, 0);
    }

    #[test]
    fn a_long_course_keeps_what_shows_something_and_its_neighbours() {
        let facts = (0..200).map(|n| denied_of("A", n.to_string())).collect();
        let course = course("a:1", &log(facts), &[3, 150]).expect("a course");
        assert_eq!((course.moments.len(), course.left_out), (MOST_MOMENTS, 200 - MOST_MOMENTS));
        for seq in [2, 3, 4, 149, 150, 151] {
            assert!(course.moments.iter().any(|moment| moment.seq == seq), "{seq}");
        }
    }

    #[test]
    fn what_is_done_again_is_counted_and_bookkeeping_goes_first() {
        let course_of = |facts| course("a:1", &log(facts), &[]).expect("a course");
        let again = course_of((0..90).map(|_| denied("A")).collect());
        assert_eq!((again.moments.len(), again.moments[0].times), (1, 90));
        let wrote = |n: u64| Fact::KeyWritten {
            tenant: None,
            worker: "A".into(),
            key: n.to_string(),
            version: n,
            carries: vec![],
        };
        let busy = course_of((0..90).map(wrote).chain([denied("B")]).collect());
        assert_eq!((busy.moments.len(), busy.left_out), (1, 90));
    }

    #[test]
    fn a_scenario_in_which_nobody_did_anything_has_no_course() {
        assert!(course("a:1", &log(vec![Fact::TimePassed { ms: 5 }]), &[]).is_none());
    }
}
