//! Logs: JSON lines, OTLP, `forge logs`, plain text, any bytes. Everything is counted, nothing twice, and a JSON line
//! that was cut off is said.
#![no_main]

use gonogo::{
    evidence::Of,
    import::{
        Source,
        logs::{LogFields, LogFormat, LogReport, read_source},
    },
};
use gonogo_fuzz::{cut, is_told, name, shown};
use libfuzzer_sys::fuzz_target;
use sha2::{Digest as _, Sha256};

fuzz_target!(|bytes: &[u8]| {
    let read = |bytes| read_source(&mut Source::bytes(name(), bytes), Of::Now, &LogFields::default());
    let report = match read(bytes) {
        Ok(report) => report,
        Err(error) => return is_told(&error),
    };
    holds(&report, bytes);
    let part = cut(bytes);
    let is_open = !part.is_empty() && !part.ends_with(b"\n");
    if let Ok(report) = read(part) {
        holds(&report, part);
        let last = part.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        if is_open && report.format == LogFormat::Json && last.starts_with(b"{\"") && !last.ends_with(b"}") {
            assert!(!report.amiss.is_empty(), "a line that was cut off passes");
        }
    }
});

fn holds(report: &LogReport, bytes: &[u8]) {
    let ends = bytes.iter().filter(|byte| **byte == b'\n').count();
    let lines = ends + usize::from(!bytes.is_empty() && !bytes.ends_with(b"\n"));
    assert_eq!((report.lines, report.bytes), (lines as u64, bytes.len() as u64), "a line or a byte is lost");
    assert_eq!(report.sha256, hex::encode(Sha256::digest(bytes)));
    assert!(report.errors <= report.levelled && report.levelled <= report.entries, "{report:?}");
    assert!(report.entries > 0 || !report.amiss.is_empty(), "no entry counts as a log");
    let kinds = report.kinds.seen.values().sum::<u64>() + report.kinds.others;
    assert!(kinds <= report.entries, "more kinds than entries");
    assert!(report.refreshes.0 + report.refreshes.1 <= report.entries, "more refreshes than entries");
    assert!(
        report.page_p95_ms.0.is_none_or(f64::is_finite) && report.memory_growth.0.is_none_or(f64::is_finite)
    );
    assert!(report.page_p95_ms.1 > 0 || report.page_p95_ms.0.is_none(), "a figure of nothing");
    assert!(report.entries <= report.bytes, "more entries than bytes");
    if report.format != LogFormat::Otlp && !bytes.windows(8).any(|window| window == b"resource") {
        assert!(report.entries <= report.lines, "more entries than lines");
    }
    report.amiss.iter().chain(&report.notes).chain(report.kinds.seen.keys()).for_each(|text| shown(text));
}
