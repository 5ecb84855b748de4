//! The ten invariants, one rule a file; a pure function of one scenario's evidence. A rule neither runs
//! anything nor weighs what it finds: the judge does.

use std::fmt::Write as _;

use serde_json::Value;

use crate::evidence::{Effect, Fact, FlawKind, Log, Observation, Scope, is_jira};

/// What a rule finds in one log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The log shows what the rule needs, and nothing against it.
    Holds,
    /// The log shows a violation.
    Violated {
        /// What is wrong, in a line.
        reason: String,
        /// `seq` of the observations that show it, ascending.
        observations: Vec<u64>,
    },
    /// The log does not show enough to tell.
    NotExercised {
        /// What is missing.
        missing: String,
    },
}

/// An invariant.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// For instance `read_only_jira`.
    pub name: &'static str,
    source: &'static str,
    /// Judges one scenario's log.
    pub judge: fn(&Log<'_>) -> Finding,
}

impl Rule {
    /// The documentation that opens the rule's own file: statement, why it matters, evidence,
    /// violated when, remedy, areas.
    #[must_use]
    pub fn doc(&self) -> String {
        let mut doc = String::new();
        for line in self.source.lines().map_while(|line| line.strip_prefix("//!")) {
            // Writing to a string cannot fail.
            let _ = writeln!(doc, "{}", line.strip_prefix(' ').unwrap_or(line));
        }
        doc
    }

    /// The rule in a sentence.
    #[must_use]
    pub fn statement(&self) -> String {
        self.section("# Statement")
    }

    /// What most often mends an app whose deeds violate it.
    #[must_use]
    pub fn remedy(&self) -> String {
        self.section("# Remedy")
    }

    /// What of a release it speaks for, as its documents name it.
    pub fn areas(&self) -> impl Iterator<Item = String> {
        self.section("# Areas").split(", ").map(str::to_owned).collect::<Vec<_>>().into_iter()
    }

    /// The paragraph under a heading of the documentation.
    fn section(&self, heading: &str) -> String {
        let doc = self.doc();
        let lines = doc.lines().skip_while(|line| *line != heading).skip(1);
        lines
            .skip_while(|line| line.is_empty())
            .take_while(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

macro_rules! rules {
    ($($name:ident)*) => {
        $(mod $name;)*

        /// Every rule, in the order of the reports.
        pub const RULES: &[Rule] = &[$(Rule {
            name: stringify!($name),
            source: include_str!(concat!(stringify!($name), ".rs")),
            judge: $name::judge,
        }),*];
    };
}

// A new invariant is its own file and a line here.
rules! {
    read_only_jira
    tenant_isolation
    deterministic_hashing
    one_step_install
    fire_and_forget_jobs
    silent_by_default
    auto_repair_internal
    no_interpretation
    backward_compatible
    no_scope_expansion
}

/// The rule of this name.
#[must_use]
pub fn rule(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name == name)
}

/// How many reasons and observations a finding names; the rest is counted.
const NAMED: usize = 3;
const SHOWN: usize = 50;

/// Gathers what a rule sees in a log.
#[derive(Debug, Default)]
struct Case {
    reasons: Vec<String>,
    violations: usize,
    observations: Vec<u64>,
    missing: Vec<String>,
}

/// What a job said of itself, as its report has it; empty when it said nothing.
fn said(report: &Value) -> String {
    const SHOWN_CHARS: usize = 200;
    let Some(said) = report["said"].as_str() else { return String::new() };
    let said: String = said.chars().take(SHOWN_CHARS).collect();
    match report["outcome"].as_str() {
        Some("returned") => format!(": it returned {said}"),
        _ => format!(": {said}"),
    }
}

impl Case {
    /// Something is wrong; these observations show it.
    fn violated(&mut self, reason: impl FnOnce() -> String, observations: &[u64]) {
        self.violations += 1;
        if self.violations <= SHOWN {
            self.observations.extend_from_slice(observations);
        }
        if self.reasons.len() < NAMED {
            let reason = reason();
            if !self.reasons.contains(&reason) {
                self.reasons.push(reason);
            }
        }
    }

    /// Unless `shown`, the log cannot make the rule hold.
    fn needs(&mut self, shown: bool, what: &str) {
        if !shown {
            self.missing.push(what.to_owned());
        }
    }

    /// Flaws of these kinds in the app's files are violations. Their absence shows nothing.
    fn flaws(&mut self, log: &Log<'_>, kinds: &[FlawKind]) {
        for observation in log.observations {
            if let Fact::FlawSeen { kind, place, text, .. } = &observation.fact
                && kinds.contains(kind)
            {
                self.violated(|| format!("{place}: {text}"), &[observation.seq]);
            }
        }
    }

    fn conclude(mut self) -> Finding {
        if self.violations > 0 {
            let mut reason = self.reasons.join("; ");
            if self.violations > self.reasons.len() {
                let _ = write!(reason, " ({} violations in all)", self.violations);
            }
            self.observations.sort_unstable();
            self.observations.dedup();
            return Finding::Violated { reason, observations: self.observations };
        }
        if self.missing.is_empty() {
            return Finding::Holds;
        }
        Finding::NotExercised { missing: self.missing.join("; ") }
    }
}

/// Whether Jira did what it was asked.
fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

/// The first scope that allows writes.
fn write_scope(scopes: &[Scope]) -> Option<&str> {
    scopes.iter().find(|scope| scope.effect == Effect::Write).map(|scope| scope.name.as_str())
}

/// Whether `host` is one of `declared`; `*.example.com` declares every host below `example.com`.
pub(crate) fn is_declared(host: &str, declared: &[String]) -> bool {
    declared.iter().any(|entry| match entry.strip_prefix("*.") {
        Some(domain) => host
            .len()
            .checked_sub(domain.len() + 1)
            .is_some_and(|dot| host.get(dot..).is_some_and(|end| ends(end, domain))),
        None => host.eq_ignore_ascii_case(entry),
    })
}

fn ends(end: &str, domain: &str) -> bool {
    end.strip_prefix('.').is_some_and(|end| end.eq_ignore_ascii_case(domain))
}

/// The tenant for whom the app did or produced something, when the fact shows such a deed. A record alone is
/// none: whoever takes a lock or notes an intent has done nothing for anybody yet.
fn deed(fact: &Fact) -> Option<&str> {
    match fact {
        Fact::RequestAnswered { tenant: Some(tenant), .. }
        | Fact::SnapshotStored { tenant, .. }
        | Fact::EffectApplied { tenant, .. }
        | Fact::TokenIssued { tenant, .. } => Some(tenant),
        _ => None,
    }
}

/// Whether a fact about `tenant`, or about all tenants, concerns `whom`.
fn concerns(tenant: Option<&String>, whom: &str) -> bool {
    tenant.is_none_or(|tenant| tenant == whom)
}

/// Where the job that ended at `end` had started; `None` when the log does not show it.
fn start_of(observations: &[Observation], end: usize) -> Option<usize> {
    let Fact::JobEnded { job, tenant, worker, .. } = &observations[end].fact else { return None };
    observations[..end].iter().rposition(|earlier| {
        matches!(&earlier.fact, Fact::JobStarted { job: j, tenant: t, worker: w, .. }
            if j == job && t == tenant && w == worker)
    })
}

#[cfg(test)]
mod tests;
