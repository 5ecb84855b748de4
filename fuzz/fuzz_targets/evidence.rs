//! The evidence file: lines of any content under a chain that holds, so that what is behind the chain is reached; then
//! judged. A part of a whole file is never whole.
#![no_main]

use gonogo::{
    evidence::file::{EvidenceError, Next, Reader, Sealed},
    judge::{self, Judge},
};
use gonogo_fuzz::{NAME, cut, name};
use libfuzzer_sys::fuzz_target;
use sha2::{Digest as _, Sha256};

const PREV: &[u8] = b"{\"prev\":\"";

fuzz_target!(|bytes: &[u8]| {
    let chained = chained(bytes);
    match read(&chained) {
        Ok((mut judge, sealed)) => {
            assert!(read(cut(&chained)).is_err(), "a part reads as whole");
            let judgement = judge.take().map(|judge| judge.conclude(sealed, &[]));
            drop(judgement);
        }
        Err(error) => assert!(error.to_string().contains(NAME), "{error}"),
    }
});

fn read(bytes: &[u8]) -> Result<(Option<Judge>, Sealed), EvidenceError> {
    let mut reader = Reader::over(name(), bytes)?;
    // What the header may say at all is asked before anything is judged.
    let mut judge = judge::check(reader.header()).is_ok().then(|| Judge::new(reader.header().clone()));
    let mut log = vec![];
    loop {
        match reader.next_log(&mut log)? {
            Next::Log => judge.iter_mut().for_each(|judge| judge.log(&log)),
            Next::End(sealed) => return Ok((judge, sealed)),
        }
    }
}

/// The same lines, each with the hash of the one before it.
fn chained(bytes: &[u8]) -> Vec<u8> {
    let mut prev = "0".repeat(64);
    let mut chained = vec![];
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let mut line = line.to_vec();
        if line.starts_with(PREV) && line.len() >= PREV.len() + 64 {
            line[PREV.len()..PREV.len() + 64].copy_from_slice(prev.as_bytes());
        }
        prev = hex::encode(Sha256::digest(line.strip_suffix(b"\n").unwrap_or(&line)));
        chained.extend(line);
    }
    chained
}
