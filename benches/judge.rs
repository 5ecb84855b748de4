//! Judging a file of many observations, against parsing the JSON of its lines and nothing else; whether memory stays
//! flat in the number of scenarios; and verifying a record of it, against judging it.

#![allow(clippy::unwrap_used, reason = "a bench may give up")]

mod measure;

use std::{
    fs::File,
    hint::black_box,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::ExitCode,
};

use gonogo::{
    evidence::{
        self, Effect, Ending, Fact, Header, Observation, Outcome, Planned, Policy, Scope, Source,
        file::Writer,
    },
    judge,
    record::{
        self, Contents, Revoked, entry,
        verify::{Finding, Trust},
    },
};
use jiff::Timestamp;
use measure::{Report, memory, seconds, timed, versus};
use serde_json::{Value, json};

/// Observations of one scenario.
const LOG: u64 = 1_000;

fn main() -> ExitCode {
    let Some(mut report) = Report::asked_for("judge") else { return ExitCode::SUCCESS };
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let few = write(folder.path(), 100);
    let many = write(folder.path(), 1_000);

    // The first run settles the heap.
    judge::judge_file(&few).unwrap();
    let (growth_few, _) = memory::growth_mb(|| judge::judge_file(&few).unwrap());
    let (growth_many, judgement) = memory::growth_mb(|| judge::judge_file(&many).unwrap());
    assert_eq!(judgement.evidence.observations, 1_000 * LOG);

    let versus =
        versus(5, || timed(|| black_box(judge::judge_file(&many).unwrap())).0, || timed(|| parse(&many)).0);
    let size_mb = many.metadata().unwrap().len() >> 20;
    report.at_most(
        &format!("1,000,000 observations, {size_mb} MB"),
        seconds(versus.ours_s),
        seconds(versus.baseline_s),
        versus.slower,
        2.0,
        " x",
    );
    if let (Some(few), Some(many)) = (growth_few, growth_many) {
        report.at_most(
            "memory of 1,000 scenarios over that of 100",
            format!("{many:.1} MB"),
            format!("{few:.1} MB"),
            many - few,
            4.0,
            " MB",
        );
    }
    let record = recorded(folder.path(), &many);
    let verify = || {
        let trust = Trust {
            key: None,
            allowed: None,
            revoked: &Revoked::default(),
            predecessor: None,
            at: Timestamp::UNIX_EPOCH,
        };
        black_box(record::verify(&record, &trust))
    };
    let (growth, verified) = memory::growth_mb(verify);
    let verdict = verified.rows.iter().find(|row| row.what == "verdict").expect("a verdict");
    assert_eq!(verdict.finding, Finding::Verified, "{}", verdict.detail);
    let versus =
        measure::versus(3, || timed(verify).0, || timed(|| black_box(judge::judge_file(&many).unwrap())).0);
    report.at_most(
        "verify of that record, against judging it",
        seconds(versus.ours_s),
        seconds(versus.baseline_s),
        versus.slower,
        1.5,
        " x",
    );
    if let Some(growth) = growth {
        report.at_most(
            "memory of verifying it",
            format!("{growth:.1} MB"),
            String::new(),
            growth,
            16.0,
            " MB",
        );
    }
    report.finish()
}

/// The record of an evidence file, unsigned.
fn recorded(folder: &Path, evidence: &Path) -> PathBuf {
    let record = folder.join("record");
    let at = Some(Timestamp::UNIX_EPOCH);
    let judgement = judge::judge_signed(evidence, &judge::Since { at, ..judge::Since::default() }).unwrap();
    let summary = &judgement.evidence;
    let sealed = entry::Evidence { observations: summary.observations, sha256: summary.sha256.clone() };
    let contents = Contents { evidence, sealed, imported: &[], before: None };
    let outcome = record::Outcome {
        verdict: judgement.verdict.word(),
        exit_code: judgement.exit_code,
        report: &record::drawn(&judgement),
        accepted: &[],
    };
    record::write(&record, &contents, &outcome, None, Timestamp::UNIX_EPOCH).unwrap();
    record
}

/// The baseline: every line of the file as JSON, its content dropped at once.
fn parse(path: &Path) {
    let mut input = BufReader::with_capacity(1 << 16, File::open(path).unwrap());
    let mut line = vec![];
    while input.read_until(b'\n', &mut line).unwrap() > 0 {
        black_box(serde_json::from_slice::<Value>(&line).unwrap());
        line.clear();
    }
}

fn write(folder: &Path, scenarios: usize) -> PathBuf {
    let path = folder.join(format!("{scenarios}.jsonl"));
    let header = Header {
        format: evidence::FORMAT.to_owned(),
        tool: "bench".to_owned(),
        started_at: Timestamp::UNIX_EPOCH,
        subject: "bench".to_owned(),
        seed: 1,
        planned: scenarios,
        left_out: 0,
        previous_verdict: None,
        accepted: vec![],
        release: None,
        shard: None,
        policy: Policy::default(),
    };
    let mut writer = Writer::create(&path, &header).unwrap();
    for scenario in 0..scenarios {
        for seq in 0..LOG {
            let at = Timestamp::from_millisecond(1_767_225_600_000 + i64::try_from(seq).unwrap()).unwrap();
            let (source, fact) = fact(scenario, seq);
            writer.append(&Observation { scenario, seq, at, source, fact }).unwrap();
        }
    }
    writer.finish().unwrap();
    path
}

/// What a scenario's log holds at this place: jobs of twenty observations each, in the mix of a real run.
fn fact(scenario: usize, seq: u64) -> (Source, Fact) {
    let tenant = format!("tenant-{}", seq / 20 % 3);
    let worker = format!("worker-{}", seq / 20 % 2);
    let (job, turn) = ("snapshot_daily".to_owned(), seq / 20);
    let key = format!("snapshot:{tenant}:daily:2026-01-{:02}", 1 + turn % 28);
    let lock = format!("snapshot_lock:{tenant}:daily:2026-01-{:02}", 1 + turn % 28);
    match (seq, seq % 20) {
        (0, _) => (Source::Scenario, Fact::ScenarioPlanned(planned(scenario))),
        (1, _) => (Source::Scenario, Fact::AttemptStarted { attempt: 1 }),
        (2, _) if scenario.is_multiple_of(2) => {
            (Source::Scenario, Fact::Installed { tenant, settings: vec![] })
        }
        (2, _) => {
            (Source::MockJira, Fact::CanaryPlanted { tenant, mark: format!("canary-{scenario:04}-5f1c") })
        }
        (seq, _) if seq == LOG - 2 => {
            (Source::Scenario, Fact::StepPassed { step: "Then the job of worker \"A\" succeeded".to_owned() })
        }
        (seq, _) if seq == LOG - 1 => {
            (Source::Scenario, Fact::ScenarioEnded { outcome: Outcome::Passed, duration_ms: 12, error: None })
        }
        // What makes rules look ahead and back: a fault, damage, and later a job for all tenants at once.
        (200, _) => (
            Source::MockJira,
            Fact::FaultInjected {
                tenant: Some(tenant),
                fault: "503".to_owned(),
                route: Some("search".to_owned()),
            },
        ),
        (600, _) => (
            Source::Scenario,
            Fact::DamageDone { tenant, damage: "a lease that makes no sense".to_owned(), key: lock },
        ),
        (700.., 4) => {
            (Source::Subject, Fact::JobStarted { job, tenant: None, worker, trigger: "schedule".to_owned() })
        }
        (700.., 19) => (
            Source::Subject,
            Fact::JobEnded {
                job,
                tenant: None,
                worker,
                ending: Ending::Succeeded,
                report: json!({"outcome": "succeeded", "skipped": 2}),
            },
        ),
        (_, 3) => (Source::MockJira, Fact::SiteChanged { tenant, digest: digest(scenario, turn) }),
        (_, 4) => (
            Source::Subject,
            Fact::JobStarted { job, tenant: Some(tenant), worker, trigger: "schedule".to_owned() },
        ),
        (_, 5) => (
            Source::Store,
            Fact::LockGranted { worker, key: lock, fencing_token: turn + 1, expires_in_ms: 90_000 },
        ),
        (_, 6..=11) => (Source::MockJira, request(&tenant, seq)),
        (_, 12..=14) => (
            Source::Store,
            Fact::KeyWritten { tenant: Some(tenant), worker, key, version: seq, carries: vec![] },
        ),
        (_, 15) => (
            Source::Store,
            Fact::SnapshotStored {
                tenant,
                snapshot_type: "daily".to_owned(),
                window_start: format!("2026-01-{:02}", 1 + turn % 28),
                fencing_token: turn + 1,
                hash: digest(scenario + 1, turn),
                site: digest(scenario, turn),
            },
        ),
        (_, 16) => (Source::Subject, page(tenant, seq)),
        (_, 17) => (
            Source::Subject,
            Fact::TextShown {
                tenant,
                surface: "drift".to_owned(),
                text: "field \"Team\" was added; status \"In Review\" was renamed".to_owned(),
                quoted: vec!["Team".to_owned(), "In Review".to_owned()],
                carries: vec![],
            },
        ),
        (_, 18) => (Source::Store, Fact::LockReleased { worker, key: lock, fencing_token: turn + 1 }),
        (_, 19) => (
            Source::Subject,
            Fact::JobEnded {
                job,
                tenant: Some(tenant),
                worker,
                ending: Ending::Succeeded,
                report: json!({"outcome": "succeeded", "events": 3, "skipped": 0, "window": "2026-01-01"}),
            },
        ),
        _ => (
            Source::Subject,
            Fact::TelemetryEmitted {
                tenant: Some(tenant),
                event: "job_state_changed".to_owned(),
                body: json!({"from": "running", "to": "succeeded", "seq": seq, "job": "snapshot_daily",
                    "fencing_token": turn + 1, "attempt": 1}),
            },
        ),
    }
}

fn planned(scenario: usize) -> Planned {
    Planned {
        id: format!("features/bench.feature:{scenario}"),
        feature: "Judging a large file".to_owned(),
        name: format!("Scenario {scenario} of the bench"),
        tags: vec!["SEV-2-001".to_owned()],
        steps: 1,
    }
}

fn request(tenant: &str, seq: u64) -> Fact {
    let scope = |name: &str| Scope { name: name.to_owned(), effect: Effect::Read };
    Fact::RequestAnswered {
        tenant: Some(tenant.to_owned()),
        operation: "searchAndReconsileIssuesUsingJql".to_owned(),
        method: "GET".to_owned(),
        path: "/ex/jira/3f1b6a0e-90e2-4e7e-8d5c-7a2f60a3c1d4/rest/api/3/search/jql".to_owned(),
        effect: Effect::Read,
        status: if seq.is_multiple_of(97) { 429 } else { 200 },
        token: Some("0123456789ab".to_owned()),
        token_tenant: Some(tenant.to_owned()),
        scopes: vec![scope("read:jira-work"), scope("read:jira-user"), scope("offline_access")],
        carries: vec![],
        retry_after_s: seq.is_multiple_of(97).then_some(1),
    }
}

fn page(tenant: String, seq: u64) -> Fact {
    Fact::PageServed {
        tenant,
        listing: "drift".to_owned(),
        limit: 10,
        items: (0..10).map(|item| format!("{:032x}", seq * 10 + item)).collect(),
        has_more: true,
        next_cursor: true,
    }
}

fn digest(scenario: usize, turn: u64) -> String {
    format!("{:064x}", u128::from(turn) << 32 | scenario as u128)
}
