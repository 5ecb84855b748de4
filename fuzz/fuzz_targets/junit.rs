//! JUnit XML: any bytes behind a root element, or a whole document.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let root: &[u8] = if bytes.starts_with(b"<") { b"" } else { b"<testsuites>" };
    gonogo_fuzz::test_results(&[root, bytes].concat(), true);
});
