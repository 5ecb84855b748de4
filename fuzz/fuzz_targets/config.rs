//! `gonogo.yaml`: any bytes. What is refused is refused in words, with the file's name; what is taken is taken again.
#![no_main]

use gonogo::config::Config;
use gonogo_fuzz::{NAME, name};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| match Config::parse(name(), bytes) {
    Ok(config) => {
        let again = Config::parse(name(), bytes).expect("it was taken before");
        assert_eq!(format!("{config:?}"), format!("{again:?}"));
    }
    Err(error) => assert!(error.to_string().contains(NAME), "{error}"),
});
