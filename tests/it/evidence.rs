//! A whole file on disk, judged twice and damaged everywhere.

use gonogo::{
    evidence::{
        FORMAT, Header, Outcome, Policy,
        file::{EvidenceError, Writer},
    },
    invariant::RULES,
    judge::judge_file,
    report::{Look, format},
};

use crate::invariants::{fixture, observations, whole};

fn written(path: &std::path::Path) {
    let header = Header {
        format: FORMAT.into(),
        tool: "0.0.0".into(),
        started_at: jiff::Timestamp::UNIX_EPOCH,
        subject: "reference app".into(),
        seed: 7,
        planned: RULES.len(),
        left_out: 0,
        previous_verdict: None,
        accepted: vec![],
        release: None,
        shard: None,
        policy: Policy::default(),
    };
    let mut writer = Writer::create(path, &header).expect("created");
    for (number, rule) in RULES.iter().enumerate() {
        let shown = fixture(rule.name, "holds");
        let facts = whole(format!("a.feature:{number}"), rule.name, shown, (Outcome::Passed, None));
        for observation in observations(number, facts) {
            writer.append(&observation).expect("in order");
        }
    }
    writer.finish().expect("whole");
}

#[test]
fn one_file_has_one_judgement_to_the_byte() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("evidence.jsonl");
    written(&path);
    let json = || {
        let judgement = judge_file(&path).expect("sound");
        assert_eq!(judgement.verdict.word(), "UNCONDITIONAL GO", "{:?}", judgement.blockers);
        (format("json").expect("a format").render)(&judgement, &Look { width: 80, colour: false })
    };
    assert_eq!(json(), json());
}

#[test]
fn a_damaged_file_is_judged_by_nobody_and_its_line_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("evidence.jsonl");
    written(&path);
    let sound = std::fs::read(&path).expect("read");
    for at in (0..sound.len()).step_by(97) {
        let mut flipped = sound.clone();
        flipped[at] ^= 1;
        for damaged in [&flipped[..], &sound[..at]] {
            std::fs::write(&path, damaged).expect("written");
            let error = judge_file(&path).expect_err("unsound");
            assert!(matches!(error, EvidenceError::Unsound { line: 1.., .. }), "{at}: {error}");
        }
    }
    assert!(matches!(judge_file(folder.path().join("none")), Err(EvidenceError::Io { .. })));
}
