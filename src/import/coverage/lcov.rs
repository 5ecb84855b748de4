//! lcov's tracefiles (`man geninfo`): a record for each source file, a tag and a value on each line.

use super::{Coverage, ImportError, LineHits, Source, told};
use crate::import::{Lines, NAME_LIMIT};

/// Tags that say nothing about lines: functions, branches, conditions, versions, totals.
const PASSED_OVER: [&str; 15] =
    ["TN", "FN", "FNDA", "FNF", "FNH", "FNL", "FNA", "BRDA", "BRF", "BRH", "VER", "MCDC", "MCF", "MCH", "BA"];

/// A record that is being read.
struct Record {
    file: String,
    begun: u64,
    ran: LineHits,
    lines: u64,
    hit: u64,
    declared: [Option<u64>; 2],
}

pub(super) fn read(source: &mut Source<'_>, coverage: &mut Coverage) -> Result<(), ImportError> {
    let path = source.path().to_owned();
    let mut lines = Lines::new(&path, source.rewound()?);
    let mut record: Option<Record> = None;
    let (mut mismatches, mut lacking, mut count) = (0_u64, 0_u64, 0);
    while let Some(line) = lines.next_line()? {
        let text = line.text.trim_end();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        if text == "end_of_record" {
            let Some(ended) = record.take() else {
                return Err(lines.error("`end_of_record` ends no record: expected `SF:` before it"));
            };
            let counted = [ended.lines, ended.hit];
            let differs = |(declared, counted): (&Option<u64>, &u64)| declared.is_some_and(|d| d != *counted);
            // More lines than are listed, or fewer that ran: either way the file looks better than its tool says.
            let [found, hit] = ended.declared;
            let lacks =
                found.is_some_and(|found| found > ended.lines) || hit.is_some_and(|hit| hit < ended.hit);
            lacking += u64::from(lacks);
            mismatches += u64::from(!lacks && ended.declared.iter().zip(&counted).any(differs));
            if ended.lines == 0 && found != Some(0) {
                coverage.silent.insert(ended.file.clone());
            }
            coverage.ran(ended.file, ended.ran);
            continue;
        }
        let Some((tag, value)) = text.split_once(':') else {
            return Err(lines.error("expected a tag, as in `DA:12,1`"));
        };
        match (tag, &mut record) {
            ("SF", None) if value.len() > NAME_LIMIT => {
                return Err(lines.error(format!("a file's name is longer than {NAME_LIMIT} bytes")));
            }
            ("SF", None) if !value.is_empty() => {
                told(&mut count).map_err(|what| lines.error(what))?;
                let (file, begun, ran) = (value.to_owned(), line.number, LineHits::new());
                record = Some(Record { file, begun, ran, lines: 0, hit: 0, declared: [None, None] });
            }
            ("SF", None) => return Err(lines.error("`SF:` names no file")),
            ("SF", Some(open)) => {
                let what =
                    format!("`SF:` within the record that begins on line {}: it has no end", open.begun);
                return Err(lines.error(what));
            }
            ("DA", Some(open)) => {
                let Some((number, hits)) = data(value) else {
                    return Err(lines.error("expected a line's number and how often it ran, as in `DA:12,1`"));
                };
                open.lines += 1;
                open.hit += u64::from(hits > 0);
                told(&mut count).map_err(|what| lines.error(what))?;
                let counted = open.ran.entry(number).or_default();
                *counted = counted.saturating_add(hits);
            }
            ("LF" | "LH", Some(open)) => {
                let declared = value.parse().map_err(|_| lines.error(format!("`{tag}:` has no number")))?;
                open.declared[usize::from(tag == "LH")] = Some(declared);
            }
            ("DA" | "LF" | "LH", None) => return Err(lines.error(format!("`{tag}:` before any `SF:`"))),
            _ if PASSED_OVER.contains(&tag) => {}
            _ => {
                let tag: String = tag.chars().take(40).collect();
                return Err(lines.error(format!("`{tag}:` is no tag of lcov")));
            }
        }
    }
    if lines.illegal() > 0 {
        coverage.notes.push(format!("{} places that are no UTF-8", lines.illegal()));
    }
    if let Some(open) = record {
        let begun = open.begun;
        coverage.incomplete =
            Some(format!("it is cut off: the record that begins on line {begun} has no end"));
        coverage.ran(open.file, open.ran);
    }
    if lacking > 0 {
        let what =
            format!("totals tell of lines that are not listed, or of fewer that ran, in {lacking} records");
        coverage.incomplete = Some(match coverage.incomplete.take() {
            Some(why) => format!("{why}; {what}"),
            None => what,
        });
    }
    if mismatches > 0 {
        coverage.notes.push(format!("totals differ from the lines that are listed, in {mismatches} records"));
    }
    Ok(())
}

/// `12,1` or `12,1,CHECKSUM`. A count below zero is a known fault of gcc's and means that it is not known to have run.
fn data(value: &str) -> Option<(u64, u64)> {
    let mut parts = value.split(',');
    let number = parts.next()?.parse::<u64>().ok().filter(|number| *number > 0)?;
    let hits = parts.next()?;
    let (digits, negative) = hits.strip_prefix('-').map_or((hits, false), |digits| (digits, true));
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // More digits than fit are more hits than matter.
    let hits = if negative { 0 } else { digits.parse().unwrap_or(u64::MAX) };
    Some((number, hits))
}
