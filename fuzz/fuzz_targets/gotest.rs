//! `go test -json` and libtest: any lines behind an event, which the first byte chooses.
//! Must neither panic nor take nothing for a whole.
#![no_main]

use std::path::Path;

use gonogo::import::tests::read_bytes;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (first, rest) = bytes.split_at(bytes.len().min(1));
    let document = match first {
        b"0" => [b"{\"Action\":\"start\",\"Package\":\"p\"}\n", rest].concat(),
        b"1" => [b"{\"type\":\"suite\",\"event\":\"started\",\"test_count\":1}\n", rest].concat(),
        _ => bytes.to_vec(),
    };
    let Ok(report) = read_bytes(Path::new("fuzzed"), &document, None) else { return };
    assert!(!report.cases.is_empty() || report.incomplete.is_some(), "no test counts as whole");
    for case in &report.cases {
        assert!(!case.id().contains(char::is_control), "a control character in a name");
    }
});
