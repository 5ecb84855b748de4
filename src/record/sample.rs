//! A small record, and people with keys, for tests.

use std::{
    fs,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use super::{
    AllowedSigners, Contents, Outcome, Revoked, SealingKey, Written, add,
    entry::{Decision, Evidence, Imported, Signed},
    key::tests::sealing_key,
    sha256,
    sign_off::{Intent, Statement},
    sshsig::SigningKey,
    taken_over, write,
};
use crate::{
    evidence::{self, Fact, Header, Observation, Planned, Policy, Release, Source, file::Writer},
    judge,
};

/// Keys that `ssh-keygen` made for these tests alone, without the lines that a scanner for secrets looks for.
pub const ALICE: &str = include_str!("sample/alice.base64");
pub const BOB: &str = include_str!("sample/bob.base64");
pub const CAROL_ECDSA: &str = include_str!("sample/carol.base64");
/// Their public halves as people who may sign.
pub const SIGNERS: &str = include_str!("sample/allowed_signers");

/// A key file.
pub fn armoured(base64: &str) -> String {
    let rule = |word: &str| format!("-----{word} OPENSSH PRIVATE KEY-----\n");
    format!("{}{base64}{}", rule("BEGIN"), rule("END"))
}

pub struct Sample {
    pub home: tempfile::TempDir,
}

pub fn at() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().expect("a time")
}

pub fn allowed() -> AllowedSigners {
    AllowedSigners::parse(Path::new("signers"), SIGNERS).expect("a file")
}

impl Sample {
    pub fn new() -> Self {
        Self { home: tempfile::tempdir().expect("a folder") }
    }

    pub fn record(&self) -> PathBuf {
        self.home.path().join("record")
    }

    /// Writes a record of a run in which one scenario passed, and one imported file.
    pub fn write(&self, key: Option<&SealingKey>) -> Written {
        self.write_with(key, "<testsuites/>")
    }

    pub fn write_with(&self, key: Option<&SealingKey>, imported: &str) -> Written {
        self.write_of(key, imported, None)
    }

    /// The same of a release.
    pub fn write_of(&self, key: Option<&SealingKey>, imported: &str, release: Option<Release>) -> Written {
        let (evidence, tests) = (self.home.path().join("evidence.jsonl"), self.home.path().join("junit.xml"));
        let sealed = record_evidence(&evidence, release);
        fs::write(&tests, imported).expect("a file");
        let file = Imported {
            commit: None,
            format: "junit".into(),
            path: "tests/junit.xml".into(),
            sha256: sha256(imported),
        };
        let contents = Contents { evidence: &evidence, sealed, imported: &[(file, tests)], before: None };
        let signed = taken_over(&self.record(), &contents).expect("approvals");
        let judgement = judge::judge_signed(
            &evidence,
            &judge::Since { approvals: &signed, at: Some(at()), ..judge::Since::default() },
        )
        .expect("a judgement");
        let outcome = Outcome {
            verdict: judgement.verdict.word(),
            exit_code: judgement.exit_code,
            report: &super::drawn(&judgement),
            accepted: &[],
        };
        write(&self.record(), &contents, &outcome, key, at()).expect("a record")
    }

    pub fn sealed() -> Self {
        let sample = Self::new();
        sample.write(Some(&sealing_key()));
        sample
    }

    pub fn key(&self, private: &str) -> SigningKey {
        let path = self.home.path().join("id");
        fs::write(&path, armoured(private)).expect("a file");
        SigningKey::read(&path).expect("a key")
    }

    pub fn sign(&self, private: &str, principal: &str, role: &str, decision: Decision) -> Signed {
        let note = (decision != Decision::Approve).then_some("because");
        let intent = Intent { role, item: None, principal, decision, note };
        let statement = Statement::about(&self.record(), &intent, at()).expect("a statement");
        let statement = statement.to_bytes().expect("bytes");
        let signature = self.key(private).sign(&statement).expect("a signature");
        add(&self.record(), &statement, signature.pem.as_bytes(), at()).expect("a sign-off")
    }

    pub fn sign_offs(&self) -> Vec<super::SignOff> {
        super::sign_offs(&self.record(), &allowed(), &Revoked::default(), at()).expect("sign-offs")
    }
}

fn record_evidence(path: &Path, release: Option<Release>) -> Evidence {
    let header = Header {
        format: evidence::FORMAT.into(),
        tool: env!("CARGO_PKG_VERSION").into(),
        started_at: Timestamp::UNIX_EPOCH,
        subject: "reference app".into(),
        seed: 7,
        planned: 1,
        left_out: 0,
        previous_verdict: None,
        accepted: vec![],
        release,
        shard: None,
        policy: Policy::default(),
    };
    let planned = Planned {
        id: "a.feature:3".into(),
        feature: "A".into(),
        name: "it works".into(),
        tags: vec![],
        steps: 1,
    };
    let facts = [
        Fact::ScenarioPlanned(planned),
        Fact::AttemptStarted { attempt: 1 },
        Fact::StepPassed { step: "Then it works".into() },
        Fact::ScenarioEnded { outcome: evidence::Outcome::Passed, duration_ms: 3, error: None },
    ];
    let mut writer = Writer::create(path, &header).expect("a file");
    for (seq, fact) in (0..).zip(facts) {
        let at = Timestamp::UNIX_EPOCH;
        writer
            .append(&Observation { scenario: 0, seq, at, source: Source::Scenario, fact })
            .expect("in order");
    }
    let sealed = writer.finish().expect("whole");
    Evidence { observations: sealed.observations, sha256: sealed.sha256 }
}
