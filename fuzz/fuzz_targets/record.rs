//! What a record is made of: the ledger under a chain that holds, the envelope and the checkpoint, statements,
//! signatures, allowed and revoked signers. What is taken is, byte for byte, what gonogo would have written.
#![no_main]

use std::sync::OnceLock;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use gonogo::record::{
    AllowedSigners, PublicKey, Revoked, SealingKey, Statement, canonical, checkpoint::Checkpoint, dsse,
    ledger::Ledger, merkle, sshsig,
};
use gonogo_fuzz::{NAME, cut, name};
use libfuzzer_sys::fuzz_target;
use sha2::{Digest as _, Sha256};

fuzz_target!(|bytes: &[u8]| {
    ledger(bytes);
    let key = key();
    if let Ok(payload) = dsse::open(bytes, &key.public()) {
        assert_eq!(dsse::seal(&payload, key), bytes, "an envelope that gonogo did not write");
    }
    let sealed = dsse::seal(bytes, key);
    assert_eq!(dsse::open(&sealed, &key.public()).as_deref(), Ok(bytes));
    assert!(dsse::open(cut(&sealed), &key.public()).is_err(), "a part of an envelope");
    if let Ok(statement) = canonical::from_bytes::<Statement>(bytes) {
        assert_eq!(canonical::to_bytes(&statement).as_deref(), Ok(bytes), "another spelling");
    }
    assert!(sshsig::check(bytes, b"what nobody signed").is_err(), "a signature over nothing");
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(checkpoint) = Checkpoint::open(text, &key.public()) {
        assert_eq!(checkpoint.sign(key), text, "a checkpoint that gonogo did not write");
    }
    let _ = PublicKey::parse(text);
    if let Err(error) = AllowedSigners::parse(name(), text) {
        assert!(error.to_string().contains(NAME), "{error}");
    }
    if let Err(error) = Revoked::parse(name(), text) {
        assert!(error.to_string().contains(NAME), "{error}");
    }
});

/// The lines with the hashes that are due: whole, they are taken; cut, or with another head, never.
fn ledger(bytes: &[u8]) {
    const PREV: &[u8] = b"\"prev\":\"";
    let (mut prev, mut text, mut leaves) = ("0".repeat(64), vec![], vec![]);
    for line in bytes.strip_suffix(b"\n").unwrap_or(bytes).split(|byte| *byte == b'\n') {
        let mut line = line.to_vec();
        let place = line.windows(PREV.len()).rposition(|window| window == PREV).map(|at| at + PREV.len());
        if let Some(hash) = place.and_then(|at| line.get_mut(at..at + 64)) {
            hash.copy_from_slice(prev.as_bytes());
        }
        prev = hex::encode(Sha256::digest(&line));
        leaves.push(merkle::leaf(&line));
        text.extend(line);
        text.push(b'\n');
    }
    let root = hex::encode(merkle::root(&leaves));
    let head =
        |size: usize| format!("{{\"last\":\"{prev}\",\"root\":\"{root}\",\"size\":{size}}}\n").into_bytes();
    match Ledger::of(&text, &head(leaves.len())) {
        Ok(ledger) => {
            assert_eq!((ledger.size(), hex::encode(ledger.root())), (leaves.len() as u64, root.clone()));
            let lines = ledger.entries().iter().map(|entry| canonical::to_bytes(entry).expect("it was read"));
            let written: Vec<u8> = lines.flat_map(|line| [line, b"\n".to_vec()].concat()).collect();
            assert_eq!(written, text, "a ledger that gonogo did not write");
            assert!(Ledger::of(cut(&text), &head(leaves.len())).is_err(), "a part of a ledger");
            assert!(Ledger::of(&text, &head(leaves.len() + 1)).is_err(), "a ledger that was cut");
        }
        Err(error) => {
            assert!(error.to_string().contains("ledger.jsonl") || error.to_string().contains("head"))
        }
    }
}

/// A key of 32 zeros.
fn key() -> &'static SealingKey {
    static KEY: OnceLock<SealingKey> = OnceLock::new();
    KEY.get_or_init(|| {
        let head = hex::decode("302e020100300506032b657004220420").expect("PKCS #8 of Ed25519");
        let body = STANDARD.encode([head, vec![0; 32]].concat());
        let kind = "PRIVATE KEY";
        let file = tempfile::NamedTempFile::new().expect("a file");
        let pem = format!("-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n");
        std::fs::write(file.path(), pem).expect("a file that can be written");
        SealingKey::read(file.path()).expect("a key")
    })
}
