//! # Statement
//!
//! What belongs to one tenant never reaches another.
//!
//! # Why it matters
//!
//! One leak between customers ends an app. Keys without a tenant, tokens used for the wrong site and
//! tenants whose names run together (`a:b` with `c`, `a` with `b:c`) are how it happens.
//!
//! # Evidence
//!
//! Deeds of the app for at least two tenants, each with a planted mark or with keys of its own.
//!
//! # Violated when
//!
//! - one key, or one idempotency key of a sink, is used for two tenants;
//! - a token issued to one tenant is sent to another tenant's site;
//! - a request, a record, a text, a page, a report or an event of one tenant, or of none, carries the mark
//!   of another, as it is or packed and encoded in one of the usual ways.
//!
//! # Remedy
//!
//! keep nothing of a tenant in the module's state, or keep it by the installation
//!
//! # Areas
//!
//! Security, Data

use std::collections::{BTreeMap, BTreeSet};

use super::{Case, Finding};
use crate::evidence::{Fact, Log, Observation, Readings};

pub(super) fn judge(log: &Log<'_>) -> Finding {
    let mut case = Case::default();
    let mut tenants = Tenants::default();
    for observation in log.observations {
        tenants.note(&observation.fact);
        same_key(&mut case, &mut tenants, observation);
        carried(&mut case, observation);
    }
    for observation in log.observations {
        spoken(&mut case, &tenants.marks, observation);
    }
    let isolated = tenants.marked.intersection(&tenants.active).count();
    case.needs(isolated >= 2, "deeds for two tenants, each with a planted mark or keys of its own");
    case.conclude()
}

#[derive(Default)]
struct Tenants<'a> {
    marked: BTreeSet<&'a str>,
    active: BTreeSet<&'a str>,
    /// Mark and tenant.
    marks: Vec<(&'a str, &'a str)>,
    /// Space and key → tenant and first use.
    keys: BTreeMap<(&'a str, &'a str), (&'a str, u64)>,
}

impl<'a> Tenants<'a> {
    fn note(&mut self, fact: &'a Fact) {
        match fact {
            Fact::CanaryPlanted { tenant, mark } => {
                self.marked.insert(tenant);
                if !mark.is_empty() && !self.marks.contains(&(mark, tenant)) {
                    self.marks.push((mark, tenant));
                }
            }
            Fact::KeyWritten { tenant: Some(tenant), .. } => {
                self.marked.insert(tenant);
                self.active.insert(tenant);
            }
            Fact::RequestAnswered { tenant: Some(tenant), .. }
            | Fact::SnapshotStored { tenant, .. }
            | Fact::EffectApplied { tenant, .. }
            | Fact::PageServed { tenant, .. }
            | Fact::TextShown { tenant, .. } => {
                self.active.insert(tenant);
            }
            _ => {}
        }
    }
}

/// Whatever is kept or done under a key belongs to the first tenant that used it.
fn same_key<'a>(case: &mut Case, tenants: &mut Tenants<'a>, observation: &'a Observation) {
    let (space, key, tenant) = match &observation.fact {
        Fact::KeyWritten { tenant: Some(tenant), key, .. }
        | Fact::KeyDeleted { tenant: Some(tenant), key, .. }
        | Fact::WriteRefused { tenant: Some(tenant), key, .. } => ("", key, tenant),
        Fact::EffectApplied { sink, tenant, idempotency_key, .. } => {
            (sink.as_str(), idempotency_key, tenant)
        }
        _ => return,
    };
    let (owner, first) = *tenants.keys.entry((space, key)).or_insert((tenant, observation.seq));
    if owner != tenant {
        case.violated(
            || format!("the key {key:?} is used for {owner:?} and for {tenant:?}"),
            &[first, observation.seq],
        );
    }
}

fn carried(case: &mut Case, observation: &Observation) {
    let (tenant, carries, what) = match &observation.fact {
        Fact::RequestAnswered { tenant, token_tenant, carries, operation, .. } => {
            if let (Some(site), Some(holder)) = (tenant, token_tenant)
                && site != holder
            {
                case.violated(
                    || format!("the token of {holder:?} is sent to the site of {site:?}"),
                    &[observation.seq],
                );
            }
            (tenant.as_deref(), carries, operation.as_str())
        }
        Fact::KeyWritten { tenant, carries, key, .. } => (tenant.as_deref(), carries, key.as_str()),
        Fact::TextShown { tenant, carries, surface, .. } => (Some(tenant.as_str()), carries, surface.as_str()),
        _ => return,
    };
    if let Some(other) = carries.iter().find(|other| tenant != Some(other.as_str())) {
        case.violated(
            || match tenant {
                Some(tenant) => format!("{what:?} of {tenant:?} carries data of {other:?}"),
                None => format!("{what:?}, which belongs to no tenant, carries data of {other:?}"),
            },
            &[observation.seq],
        );
    }
}

/// Looks for the marks in what the app said, whatever the recorder found there.
fn spoken(case: &mut Case, marks: &[(&str, &str)], observation: &Observation) {
    if marks.is_empty() {
        return;
    }
    let (tenant, texts): (Option<&str>, Vec<String>) = match &observation.fact {
        Fact::TextShown { tenant, text, .. } => (Some(tenant), vec![text.clone()]),
        Fact::PageServed { tenant, items, .. } => (Some(tenant), items.clone()),
        Fact::AlertRaised { tenant, text, .. } => (tenant.as_deref(), vec![text.clone()]),
        Fact::TelemetryEmitted { tenant, body, .. } => (tenant.as_deref(), vec![body.to_string()]),
        Fact::JobEnded { tenant, report, .. } => (tenant.as_deref(), vec![report.to_string()]),
        Fact::EgressTried { tenant, host } => (tenant.as_deref(), vec![host.clone()]),
        _ => return,
    };
    let texts: Vec<Readings> = texts.iter().map(|text| Readings::of(text.as_bytes())).collect();
    for (mark, owner) in marks {
        if tenant != Some(owner) && texts.iter().any(|text| text.hold(mark)) {
            case.violated(
                || format!("data of {owner:?} is shown to {}", tenant.unwrap_or("everybody")),
                &[observation.seq],
            );
        }
    }
}
