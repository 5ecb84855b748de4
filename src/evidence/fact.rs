//! Every kind of fact that can be observed. Past tense, no opinion: a fact never says whether it is good.
//! Tenants, workers, keys and hosts are as gonogo knows them, never as the app reports them.
#![allow(
    missing_docs,
    reason = "the fields of a fact are named for what they hold; each variant says the rest"
)]

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{CheckFact, Outcome, Planned, PlannedCheck};

/// What an operation does to Jira's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Changes something, or is not known to change nothing.
    Write,
}

/// Whether an operation belongs to Jira itself: neither to the identity service (`oauth…`), nor to the app's
/// own storage (`kvs…`), nor to what else the platform offers (`forge…`). What is not known belongs to Jira.
#[must_use]
pub fn is_jira(operation: &str) -> bool {
    !["oauth", "kvs", "forge"].iter().any(|own| operation.starts_with(own))
}

/// An OAuth scope and what it allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// For instance `read:jira-work`.
    pub name: String,
    /// The strongest effect that it allows; an unknown scope allows writes.
    pub effect: Effect,
}

/// How a job came to its end, as seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It returned and reported success.
    Succeeded,
    /// It returned and reported that there was nothing for it to do.
    Skipped,
    /// It returned and reported failure.
    Failed,
    /// It threw, or panicked.
    Threw,
    /// It waits for a person.
    WaitingForPerson,
    /// It never returned within its limit.
    Hung,
    /// The scenario killed its worker.
    Crashed,
}

/// What can be amiss in an app's files, whatever the app does when it runs, or in what it lets out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlawKind {
    /// The manifest asks for a scope that does not exist.
    UnknownScope,
    /// The manifest asks for a scope that allows writes.
    WriteScope,
    /// A scheduled trigger has an interval that the platform does not offer.
    IllegalInterval,
    /// There are more scheduled triggers than the platform takes.
    TooManyTriggers,
    /// What a scheduled trigger calls is not there.
    DeadJob,
    /// What another module calls is not there.
    DeadModule,
    /// The platform refuses the runtime.
    RefusedRuntime,
    /// The source calls an operation that writes to Jira.
    WriteInSource,
    /// The source calls an operation whose scopes the manifest does not ask for.
    MissingScope,
    /// The source calls a host that the manifest does not name.
    UndeclaredHost,
    /// The source calls a host whose purpose is to speak to people: a chat, mail, a pager.
    AlertInSource,
    /// A secret lies in the tree.
    CommittedSecret,
    /// A secret stands in what the running app answered or wrote beside.
    ShownSecret,
    /// Something that the gate cannot run: what it does is not shown.
    BeyondReach,
}

/// An observed fact. `tenant` is whom the fact belongs to as gonogo knows it, never as the app says.
/// Tokens appear as fingerprints only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fact {
    // --- the scenario's life -------------------------------------------------------------------
    /// The first fact of every log.
    ScenarioPlanned(Planned),
    /// An attempt began; above 1 it is a retry.
    AttemptStarted { attempt: u32 },
    /// A step held.
    StepPassed { step: String },
    /// A step did not hold.
    StepFailed { step: String, outcome: Outcome, message: String },
    /// The last fact of every log.
    ScenarioEnded { outcome: Outcome, duration_ms: u64, error: Option<String> },

    // --- what the scenario did to the world ----------------------------------------------------
    /// The app was installed for a tenant; `settings` are the names of settings given beside it.
    Installed { tenant: String, settings: Vec<String> },
    /// The app was removed for a tenant.
    Uninstalled { tenant: String },
    /// A person did something that the app needed.
    UserActed { tenant: String, action: String },
    /// A mark was planted in a tenant's data that must never leave that tenant.
    CanaryPlanted { tenant: String, mark: String },
    /// A tenant's site holds this content now; equal digests mean equal content.
    SiteChanged { tenant: String, digest: String },
    /// The app's own storage was damaged on purpose.
    DamageDone { tenant: String, damage: String, key: String },
    /// The app was told to work under a fault.
    FaultInjected { tenant: Option<String>, fault: String, route: Option<String> },
    /// A worker was held at a barrier.
    WorkerPaused { worker: String, barrier: String },
    /// A held worker went on.
    WorkerResumed { worker: String },
    /// A worker was killed at a barrier.
    WorkerCrashed { worker: String, barrier: String },
    /// A process of the app came to its end; `how` in words. `stderr` is what it wrote to its standard error:
    /// the beginning and the end, tokens as fingerprints.
    ProcessEnded { worker: String, how: String, stderr: String },
    /// Time was moved.
    TimePassed { ms: i64 },
    /// A record was planted as an earlier version of the app wrote it.
    OldRecordPlanted { tenant: String, record: String, format: String },

    // --- what the app is -----------------------------------------------------------------------
    /// The app's manifest, as read before the run.
    ManifestRead { scopes: Vec<Scope>, modules: Vec<String>, egress: Vec<String>, settings: Vec<String> },
    /// The released version that this one is compared with.
    BaselineRead {
        scopes: Vec<String>,
        modules: Vec<String>,
        egress: Vec<String>,
        settings: Vec<String>,
        jira_operations: Vec<String>,
        /// Operations of the app, each with the names of the fields that it answers with.
        operations: Vec<(String, Vec<String>)>,
        /// Formats of stored records that must still be read.
        record_formats: Vec<String>,
    },

    /// The app's files were read. Only what stands there literally is found.
    SourceRead {
        files: usize,
        /// Files that were too large or too many to be read.
        left_out: usize,
        /// Operations of Jira that the source calls, by id.
        operations: Vec<String>,
        /// Calls that the app's resolvers answer.
        resolvers: Vec<String>,
        /// Packages of the platform, each with its version.
        packages: Vec<(String, String)>,
    },
    /// A text stands in the app's files where a person will be shown it; `place` is `file:line`.
    TextWritten { place: String, text: String },
    /// Something is amiss in the app's files. `subject` is the scope, host, module or function concerned.
    FlawSeen { kind: FlawKind, subject: String, place: String, text: String, remedy: String },

    // --- what the app did to Jira and the outside ----------------------------------------------
    /// The mocked Jira answered (or refused to). `tenant` is whose site was asked.
    RequestAnswered {
        tenant: Option<String>,
        /// `operationId` of the table, or `unknown`.
        operation: String,
        method: String,
        path: String,
        effect: Effect,
        status: u16,
        /// Fingerprint of the token that the request carried.
        token: Option<String>,
        /// To whom that token was issued.
        token_tenant: Option<String>,
        /// Scopes of that token.
        scopes: Vec<Scope>,
        /// Ids of the tenants whose marks were found in the request.
        carries: Vec<String>,
        /// `Retry-After` of the answer, in seconds.
        retry_after_s: Option<u64>,
    },
    /// A connection was cut, reset or left hanging by a fault.
    RequestBroken { tenant: Option<String>, operation: String, fault: String },
    /// The token endpoint issued a token. `family` ties the rotations of one consent together.
    TokenIssued { tenant: String, token: String, family: String, scopes: Vec<Scope>, rotation: u64 },
    /// The token endpoint refused.
    TokenRefused { tenant: Option<String>, error: String },
    /// A whole family of refresh tokens was revoked because one was reused too late.
    FamilyRevoked { tenant: String, family: String },
    /// The app tried to reach a host that is neither Jira nor its own storage.
    EgressTried { tenant: Option<String>, host: String },
    /// The app spoke to somebody.
    AlertRaised { tenant: Option<String>, audience: String, occasion: String, text: String },

    // --- what the app did to its own storage ---------------------------------------------------
    /// A record was written. `tenant` is whom the app was working for.
    KeyWritten { tenant: Option<String>, worker: String, key: String, version: u64, carries: Vec<String> },
    /// A record was removed.
    KeyDeleted { tenant: Option<String>, worker: String, key: String },
    /// A conditional write was refused by the store.
    WriteRefused { tenant: Option<String>, worker: String, key: String },
    /// A lease was granted, as the stored record shows.
    LockGranted { worker: String, key: String, fencing_token: u64, expires_in_ms: i64 },
    /// A lease was renewed by its holder.
    LockRenewed { worker: String, key: String, fencing_token: u64 },
    /// A worker was told that the lock is taken.
    LockDenied { worker: String, key: String },
    /// A lease was given back.
    LockReleased { worker: String, key: String, fencing_token: u64 },
    /// A snapshot came to lie in the store.
    SnapshotStored {
        tenant: String,
        snapshot_type: String,
        window_start: String,
        fencing_token: u64,
        hash: String,
        /// What the site held when the snapshot was taken ([`Fact::SiteChanged`]).
        site: String,
    },
    /// A sink carried out an effect.
    EffectApplied {
        sink: String,
        tenant: String,
        worker: String,
        idempotency_key: String,
        fencing_token: u64,
    },
    /// A sink refused an effect: its fencing token was too old.
    EffectRefused {
        sink: String,
        tenant: String,
        worker: String,
        idempotency_key: String,
        fencing_token: u64,
    },
    /// What the app keeps under a key, for the baseline of its next version.
    RecordSampled { tenant: String, key: String, value: Value },
    /// A record of an earlier version was read; `accepted` tells whether the app made sense of it.
    OldRecordRead { tenant: String, format: String, accepted: bool },

    // --- what the app answered and showed ------------------------------------------------------
    /// A scheduled job was started.
    JobStarted { job: String, tenant: Option<String>, worker: String, trigger: String },
    /// A scheduled job came to an end.
    JobEnded { job: String, tenant: Option<String>, worker: String, ending: Ending, report: Value },
    /// An operation of the app was called; `fields` are the names in its answer.
    OperationAnswered { operation: String, answered: bool, fields: Vec<String> },
    /// A page was served.
    PageServed {
        tenant: String,
        listing: String,
        limit: usize,
        items: Vec<String>,
        has_more: bool,
        next_cursor: bool,
    },
    /// Text left the app: shown to a person, or stored as a statement about the tenant. Names that come
    /// from the tenant's own data stand in `quoted`.
    TextShown { tenant: String, surface: String, text: String, quoted: Vec<String>, carries: Vec<String> },
    // --- what a release rests on beside the scenarios ------------------------------------------
    /// The first fact of a check's log.
    CheckPlanned(PlannedCheck),
    /// What was read for the check.
    CheckSaw(CheckFact),
    /// The last fact of a check's log.
    CheckEnded {},

    /// A telemetry event left the app.
    TelemetryEmitted { tenant: Option<String>, event: String, body: Value },
}

impl Fact {
    /// The kind, as the file names it.
    #[must_use]
    pub fn kind(&self) -> String {
        serde_json::to_value(self)
            .ok()
            .and_then(|value| value.as_object()?.keys().next().cloned())
            .unwrap_or_default()
    }
}
