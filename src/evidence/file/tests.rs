//! Every way of damaging a small file, exhaustively where that is possible.

use std::io;

use proptest::prelude::*;

use super::{super::*, *};

fn header(planned: usize) -> Header {
    Header {
        format: FORMAT.into(),
        tool: "0.0.0".into(),
        started_at: Timestamp::UNIX_EPOCH,
        subject: "reference app".into(),
        seed: 7,
        planned,
        left_out: 0,
        previous_verdict: None,
        accepted: vec![],
        release: None,
        shard: None,
        policy: Policy { judging_words: vec!["bad".into()], ..Policy::default() },
    }
}

fn observations(planned: usize) -> Vec<Observation> {
    let mut all = vec![];
    for scenario in 0..planned {
        let facts = [
            Fact::ScenarioPlanned(Planned {
                id: format!("a.feature:{scenario}"),
                feature: "A".into(),
                name: "a \"quoted\" name\n".into(),
                tags: vec!["smoke".into()],
                steps: 1,
            }),
            Fact::TimePassed { ms: 90_000 },
            Fact::ScenarioEnded { outcome: Outcome::Passed, duration_ms: 3, error: None },
        ];
        for (seq, fact) in (0..).zip(facts) {
            let at = Timestamp::UNIX_EPOCH;
            all.push(Observation { scenario, seq, at, source: Source::Scenario, fact });
        }
    }
    all
}

fn file(planned: usize) -> (Vec<u8>, Sealed) {
    let mut chain = Chain::begin(vec![], &header(planned)).expect("a header");
    for observation in observations(planned) {
        chain.append(&observation).expect("in order");
    }
    chain.close().expect("whole")
}

fn read(bytes: &[u8]) -> Result<(Vec<Observation>, Sealed), EvidenceError> {
    let mut reader = Reader::over("evidence.jsonl", bytes)?;
    let (mut all, mut log) = (vec![], vec![]);
    loop {
        match reader.next_log(&mut log)? {
            Next::Log => all.append(&mut log),
            Next::End(sealed) => return Ok((all, sealed)),
        }
    }
}

fn says(bytes: &[u8]) -> String {
    read(bytes).expect_err("unsound").to_string()
}

#[test]
fn what_was_written_is_read_and_both_sides_know_the_same_hash() {
    let (bytes, sealed) = file(2);
    assert_eq!(read(&bytes).expect("sound"), (observations(2), sealed.clone()));
    assert_eq!(sealed.sha256, hex::encode(Sha256::digest(&bytes)));
    assert_eq!(sealed.observations, 6);
    assert_eq!(read(&file(0).0).expect("sound").1.observations, 0);
}

#[test]
fn every_cut_is_refused_with_its_line() {
    let (bytes, _) = file(2);
    for end in 0..bytes.len() {
        let error = says(&bytes[..end]);
        assert!(error.starts_with("evidence.jsonl:"), "{end}: {error}");
    }
    assert_eq!(says(b""), "evidence.jsonl:1: the file is empty");
    assert!(says(&bytes[..bytes.len() - 1]).contains("no newline"));
}

#[test]
fn every_flipped_bit_is_refused() {
    let (mut bytes, _) = file(1);
    for at in 0..bytes.len() {
        for bit in 0..8 {
            bytes[at] ^= 1 << bit;
            assert!(read(&bytes).is_err(), "bit {bit} of byte {at}");
            bytes[at] ^= 1 << bit;
        }
    }
}

#[test]
fn each_kind_of_damage_is_named() {
    let (bytes, _) = file(1);
    let text = String::from_utf8(bytes).expect("text");
    let lines: Vec<&str> = text.lines().collect();
    let join = |order: &[usize]| -> Vec<u8> {
        order.iter().flat_map(|line| format!("{}\n", lines[*line]).into_bytes()).collect()
    };
    let cases: [(Vec<u8>, &str); 9] = [
        (join(&[0, 1, 3, 4]), "3: the chain is broken"),
        (join(&[0, 1, 3, 2, 4]), "3: the chain is broken"),
        (join(&[0, 1, 2, 2, 3, 4]), "4: the chain is broken"),
        (join(&[0, 1, 2, 3]), "5: the file ends without its closing line"),
        (join(&[0, 1, 2, 3, 4, 4]), "6: something follows the closing line"),
        (text.replacen("evidence/1", "evidence/2", 1).into(), "1: unknown format \"gonogo.evidence/2\""),
        (text.replacen("\"seed\"", "\"seeds\"", 1).into(), "1: cannot read the line: unknown field"),
        (format!("{text}\n").into(), "6: something follows"),
        (text.replacen("{\"prev\"", "{ \"prev\"", 1).into(), "1: the line is not one that gonogo writes"),
    ];
    for (bytes, expected) in cases {
        assert!(says(&bytes).contains(expected), "{expected}: {}", says(&bytes));
    }
}

/// Lines with a true chain, so that only their content can be wrong.
fn rechained(contents: &[String]) -> Vec<u8> {
    let (mut prev, mut bytes) = (GENESIS.as_bytes().to_vec(), vec![]);
    for content in contents {
        let line = format!(r#"{{"prev":"{}",{content}}}"#, String::from_utf8_lossy(&prev));
        prev = digest(line.as_bytes()).to_vec();
        bytes.extend_from_slice(line.as_bytes());
        bytes.push(b'\n');
    }
    bytes
}

#[test]
fn an_unsound_order_is_refused_even_under_a_sound_chain() {
    let head = |planned| format!("\"header\":{}", serde_json::to_string(&header(planned)).expect("json"));
    let all = observations(2);
    let line = |o: &Observation| format!("\"observation\":{}", serde_json::to_string(o).expect("json"));
    let end = |n: usize| format!("\"end\":{{\"observations\":{n}}}");
    let build = |planned: usize, picks: &[usize]| {
        let mut contents = vec![head(planned)];
        contents.extend(picks.iter().map(|pick| line(&all[*pick])));
        contents.push(end(picks.len()));
        rechained(&contents)
    };
    assert!(read(&build(2, &[0, 1, 2, 3, 4, 5])).is_ok(), "the builder itself is sound");
    let cases: [(usize, &[usize], &str); 8] = [
        (2, &[0, 1, 2], "2 scenarios are planned, 1 have a log"),
        (1, &[0, 1, 2, 3, 4, 5], "1 scenarios are planned, 2 have a log"),
        (1, &[0, 1], "the log of scenario 0 does not end as it should"),
        (2, &[0, 3, 4, 5], "the log of scenario 0 does not end as it should"),
        (2, &[3, 4, 5, 0, 1, 2], "scenario 1 stands where scenario 0 is due"),
        (1, &[0, 2], "observation 2 stands where observation 1 is due"),
        (1, &[1, 2], "observation 1 stands where observation 0 is due"),
        (1, &[0, 0, 1, 2], "observation 0 stands where observation 1 is due"),
    ];
    for (planned, picks, expected) in cases {
        assert!(says(&build(planned, picks)).contains(expected), "{}", says(&build(planned, picks)));
    }
    let unknown = line(&all[1]).replace("time_passed", "time_flew");
    assert!(says(&rechained(&[head(1), line(&all[0]), unknown])).contains("unknown variant `time_flew`"));
    let wrong_count = rechained(&[head(1), line(&all[0]), line(&all[1]), line(&all[2]), end(4)]);
    assert!(says(&wrong_count).contains("the closing line should be"));
}

#[test]
fn invalid_utf_8_is_refused() {
    let mut bytes = rechained(&["\"header\":{\"format\":\"?\"}".into()]);
    let at = bytes.iter().position(|byte| *byte == b'?').expect("the mark");
    bytes[at] = 0xff;
    assert!(says(&bytes).contains("1: cannot read the line"), "{}", says(&bytes));
}

#[test]
fn a_writer_refuses_what_a_reader_would_refuse() {
    let mut chain = Chain::begin(vec![], &header(2)).expect("a header");
    assert!(chain.append(&observations(1)[1]).is_err());
    for observation in observations(1) {
        chain.append(&observation).expect("in order");
    }
    assert!(chain.close().is_err(), "a planned scenario has no log");
    assert!(Chain::begin(vec![], &Header { format: "other".into(), ..header(0) }).is_err());
}

#[test]
fn a_full_disk_is_an_error_and_what_was_there_stays() {
    struct Full;
    impl io::Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    assert!(Chain::begin(Full, &header(0)).is_err());

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("evidence.jsonl");
    std::fs::write(&path, "before").expect("written");
    let mut writer = Writer::create(&path, &header(1)).expect("created");
    writer.append(&observations(1)[0]).expect("in order");
    assert!(writer.finish().is_err(), "the log is not whole");
    assert_eq!(std::fs::read_to_string(&path).expect("read"), "before");
    assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 1, "nothing else is left");

    let mut writer = Writer::create(&path, &header(1)).expect("created");
    for observation in observations(1) {
        writer.append(&observation).expect("in order");
    }
    let sealed = writer.finish().expect("whole");
    let bytes = std::fs::read(&path).expect("read");
    assert_eq!(read(&bytes).expect("sound").1, sealed);
    assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 1);
}

proptest! {
    #[test]
    fn any_byte_put_anywhere_is_refused(at in 0..file(1).0.len(), byte: u8) {
        let (sound, _) = file(1);
        let mut changed = sound.clone();
        changed[at] = byte;
        prop_assert_eq!(read(&changed).is_ok(), changed == sound);
        let mut grown = sound.clone();
        grown.insert(at, byte);
        prop_assert!(read(&grown).is_err());
        let mut shrunk = sound;
        shrunk.remove(at);
        prop_assert!(read(&shrunk).is_err());
    }

    #[test]
    fn any_choice_of_lines_but_the_true_one_is_refused(picks in proptest::collection::vec(0usize..8, 0..10)) {
        let (sound, _) = file(2);
        let text = String::from_utf8(sound.clone()).expect("text");
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let picked: String = picks.iter().map(|pick| lines[*pick]).collect();
        prop_assert_eq!(read(picked.as_bytes()).is_ok(), picked.as_bytes() == sound);
    }
}

#[test]
fn checks_stand_behind_the_scenarios_and_are_all_there() {
    let check = |id: &str| PlannedCheck {
        id: id.to_owned(),
        title: "Tests".to_owned(),
        kind: CheckKind::Tests,
        severity: Severity::Sev2,
    };
    let release =
        Release { version: "1.2.0".to_owned(), checks: vec![check("a"), check("b")], ..Release::default() };
    let scenario = |id: &str| {
        let planned =
            Planned { id: id.to_owned(), feature: "A".into(), name: "n".into(), tags: vec![], steps: 1 };
        vec![
            Fact::ScenarioPlanned(planned),
            Fact::ScenarioEnded { outcome: Outcome::Passed, duration_ms: 1, error: None },
        ]
    };
    let noted = Fact::CheckSaw(CheckFact::Noted { what: "x".to_owned() });
    let of = |id: &str| vec![Fact::CheckPlanned(check(id)), noted.clone(), Fact::CheckEnded {}];
    let written = |logs: &[Vec<Fact>]| {
        let header = Header { planned: 1, release: Some(release.clone()), ..header(1) };
        let mut chain = Chain::begin(vec![], &header).expect("a header");
        for (scenario, log) in logs.iter().enumerate() {
            for (seq, fact) in (0..).zip(log.clone()) {
                let at = Timestamp::UNIX_EPOCH;
                let source = Source::Import;
                chain.append(&Observation { scenario, seq, at, source, fact }).map_err(|e| e.to_string())?;
            }
        }
        chain.close().map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(written(&[scenario("s"), of("a"), of("b")]), Ok(()));
    let refused = [
        (vec![scenario("s"), of("a")], "2 checks are planned, 1 have a log"),
        (vec![of("a"), of("b"), scenario("s")], "does not start with what was planned"),
        (vec![scenario("s"), of("a"), of("a")], "there is a log of scenario \"a\" already"),
        (vec![vec![noted.clone()]], "does not start with what was planned"),
        (vec![[scenario("s")[..1].to_vec(), vec![noted.clone()]].concat()], "does not end as it should"),
        (
            vec![scenario("s"), [of("a")[..2].to_vec(), scenario("t")[1..].to_vec()].concat()],
            "does not end as it should",
        ),
    ];
    for (logs, expected) in refused {
        let error = written(&logs).expect_err(expected);
        assert!(error.contains(expected), "{error}: {expected}");
    }
}
