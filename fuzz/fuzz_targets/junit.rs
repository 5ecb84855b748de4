//! JUnit XML: any bytes behind a root element, or a whole document.
//! Must neither panic nor take nothing for a whole.
#![no_main]

use std::path::Path;

use gonogo::import::tests::read_bytes;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let root: &[u8] = if bytes.starts_with(b"<") { b"" } else { b"<testsuites>" };
    let document = [root, bytes].concat();
    let Ok(report) = read_bytes(Path::new("fuzzed"), &document, None) else { return };
    assert!(!report.cases.is_empty() || report.incomplete.is_some(), "no test counts as whole");
    for case in &report.cases {
        assert!(!case.id().contains(char::is_control), "a control character in a name");
    }
});
