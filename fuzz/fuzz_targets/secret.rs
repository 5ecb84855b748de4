//! The search for secrets: any bytes as a file of code and as one of settings. What is found lies within the text, in
//! order and apart (or within one run that is encoded), and a text that was redacted has nothing more to redact.
#![no_main]

use gonogo::secret::{Sighting, find, redacted};
use gonogo_fuzz::shown;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for name in ["app.ts", ".env"] {
        let found = find(name, bytes);
        assert!(
            found
                .iter()
                .all(|sighting| sighting.at.start < sighting.at.end && sighting.at.end <= bytes.len())
        );
        let is_apart = |two: &[Sighting]| two[0].at.end <= two[1].at.start || two[0].at == two[1].at;
        assert!(found.windows(2).all(is_apart), "two findings overlap");
        let ends = |at: usize| bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        assert!(found.iter().all(|sighting| sighting.line == ends(sighting.at.start)), "another line");
        found.iter().for_each(|sighting| shown(&sighting.shown.to_string()));
    }
    let text = String::from_utf8_lossy(bytes);
    let _ = redacted(&text);
});
