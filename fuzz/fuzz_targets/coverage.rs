//! lcov and Cobertura: any bytes. No more lines are told of than the file has, and a part that was cut off is whole
//! only where a record of lcov ends.
#![no_main]

use gonogo::import::{
    Source,
    coverage::{Coverage, CoverageFormat, read_source},
};
use gonogo_fuzz::{cut, is_told, name, shown};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let read = |bytes| read_source(&mut Source::bytes(name(), bytes), None);
    let coverage = match read(bytes) {
        Ok(coverage) => coverage,
        Err(error) => return is_told(&error),
    };
    coverage.incomplete.iter().for_each(|why| shown(why));
    let sign: &[u8] = if coverage.format == CoverageFormat::Lcov { b"DA:" } else { b"line" };
    let listed = bytes.windows(sign.len()).filter(|window| *window == sign).count();
    let lines = |coverage: &Coverage| coverage.files.values().map(|lines| lines.len()).sum::<usize>();
    assert!(lines(&coverage) <= listed, "more lines than are listed");
    assert!(coverage.incomplete.is_some() || lines(&coverage) > 0, "no line counts as whole");
    let part = cut(bytes);
    let ends = part.trim_ascii_end().ends_with(b"end_of_record");
    if coverage.incomplete.is_none()
        && let Ok(part) = read(part)
        && part.incomplete.is_none()
        && !(ends && part.format == CoverageFormat::Lcov)
    {
        assert_eq!(part.files, coverage.files, "a part reads as whole");
    }
});
