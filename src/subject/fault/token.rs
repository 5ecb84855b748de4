//! Faults of the token refresh: how apps lose their tenants' consent, or use it beyond what was given.

mod endpoint;
mod record;
mod suspend;

use super::Fault;

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "no_single_flight",
        what: "every worker finds the lock of the refresh free",
        breaks: &[],
        fails: &["mode-15"],
        plant: record::no_single_flight,
    },
    Fault {
        name: "refresh_without_rereading",
        what: "a worker that gets the lock goes by the token that it read before, and writes whatever lies there",
        breaks: &[],
        fails: &["mode-15"],
        plant: record::refresh_without_rereading,
    },
    Fault {
        name: "loser_wipes_winner",
        what: "a worker whose token was refused marks the tenant as lost without looking at the record again",
        breaks: &[],
        fails: &["mode-19"],
        plant: record::loser_wipes_winner,
    },
    Fault {
        name: "intent_not_written",
        what: "a refresh leaves no trace in the store before its request goes out",
        breaks: &[],
        fails: &["mode-17"],
        plant: record::intent_not_written,
    },
    Fault {
        name: "refused_token_tried_again",
        what: "a refused tenant is not marked, so that every use asks the token endpoint again",
        breaks: &[],
        fails: &["no-storm"],
        plant: record::refused_token_tried_again,
    },
    Fault {
        name: "outage_taken_for_refusal",
        what: "no answer, 429 and 5xx of the token endpoint count as a refused token",
        breaks: &["silent_by_default"],
        fails: &["mode-18"],
        plant: endpoint::outage_taken_for_refusal,
    },
    Fault {
        name: "lost_reply_given_up",
        what: "a refresh token whose request got no whole answer is not sent again",
        breaks: &[],
        fails: &["mode-16"],
        plant: endpoint::lost_reply_given_up,
    },
    Fault {
        name: "clocks_stop_in_suspend",
        what: "neither leases nor limits count the time for which a worker was suspended",
        breaks: &[],
        fails: &["mode-06"],
        plant: suspend::clocks_stop_in_suspend,
    },
    Fault {
        name: "shared_circuit",
        what: "one tenant's failed renewal keeps the token requests of all tenants back for five minutes",
        breaks: &["fire_and_forget_jobs"],
        fails: &["mode-20"],
        plant: endpoint::shared_circuit,
    },
    Fault {
        name: "hang_without_limit",
        what: "a token request that gets no answer is waited for until the platform ends the job",
        breaks: &["fire_and_forget_jobs"],
        fails: &["mode-20"],
        plant: endpoint::hang_without_limit,
    },
    Fault {
        name: "scopes_unchecked",
        what: "whatever scopes a new pair is granted, it is taken for what was asked for",
        breaks: &["read_only_jira", "no_scope_expansion"],
        fails: &["scopes"],
        plant: endpoint::scopes_unchecked,
    },
    Fault {
        name: "chatty_refresh",
        what: "every routine renewal is announced to the administrator",
        breaks: &["silent_by_default"],
        fails: &[],
        plant: endpoint::chatty_refresh,
    },
    Fault {
        name: "token_of_another_tenant",
        what: "the first request after a change of tenant still carries the token of the tenant before",
        breaks: &["tenant_isolation", "one_step_install"],
        fails: &["two-tenants"],
        plant: endpoint::token_of_another_tenant,
    },
    Fault {
        name: "sweep_without_spread",
        what: "no renewal waits for its turn: all of a sweep leave at one moment",
        breaks: &[],
        fails: &["mode-31"],
        plant: endpoint::sweep_without_spread,
    },
];
