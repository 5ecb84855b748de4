//! The JSON reports of vitest, jest, Playwright and CTRF: any bytes.
//! Must neither panic nor take nothing for a whole.
#![no_main]

use std::path::Path;

use gonogo::import::tests::read_bytes;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let document = bytes.to_vec();
    let Ok(report) = read_bytes(Path::new("fuzzed"), &document, None) else { return };
    assert!(!report.cases.is_empty() || report.incomplete.is_some(), "no test counts as whole");
    for case in &report.cases {
        assert!(!case.id().contains(char::is_control), "a control character in a name");
    }
});
