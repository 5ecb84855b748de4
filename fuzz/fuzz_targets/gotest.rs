//! `go test -json` and libtest: any lines behind an event, which the first byte chooses. Both are streams without an
//! end of their own.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (first, rest) = bytes.split_at(bytes.len().min(1));
    let document = match first {
        b"0" => [b"{\"Action\":\"start\",\"Package\":\"p\"}\n", rest].concat(),
        b"1" => [b"{\"type\":\"suite\",\"event\":\"started\",\"test_count\":1}\n", rest].concat(),
        _ => bytes.to_vec(),
    };
    gonogo_fuzz::test_results(&document, false);
});
