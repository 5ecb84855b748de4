//! TAP: any lines behind a version.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let version: &[u8] = if bytes.starts_with(b"TAP version ") { b"" } else { b"TAP version 14\n" };
    gonogo_fuzz::test_results(&[version, bytes].concat(), false);
});
