//! The JSON reports of vitest, jest, Playwright and CTRF: any bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| gonogo_fuzz::test_results(bytes, true));
