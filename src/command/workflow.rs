//! The files of a step in a GitHub workflow: its summary and its outputs. Appends, since a step shares them with its
//! other commands; only where the `github` report is asked for.

use std::{
    env,
    fs::{self, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow};

use super::Refusal;
use crate::{
    cli::Report,
    judge::Judgement,
    report::{self, Look},
};

const FORMAT: &str = "github";
const SUMMARY: &str = "GITHUB_STEP_SUMMARY";
const OUTPUT: &str = "GITHUB_OUTPUT";
/// A larger summary is dropped by GitHub, and the step stays green. Bytes.
const LARGEST_SUMMARY: usize = 1 << 20;

/// Writes summary and outputs, if the workflow asks for them.
pub(super) fn tell(judgement: &Judgement, reports: &[Report]) -> Result<(), Refusal> {
    if !reports.iter().any(|report| report.format == FORMAT) {
        return Ok(());
    }
    let file = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(summary) = file(SUMMARY)
        // Who sends the summary there by hand wants it once.
        && !reports.iter().any(|report| report.file == summary)
        && let Some(markdown) = report::format("markdown")
    {
        let text = (markdown.render)(judgement, &Look { width: 100, colour: false });
        let there =
            fs::metadata(&summary).map_or(0, |found| usize::try_from(found.len()).unwrap_or(usize::MAX));
        append(&summary, SUMMARY, &cut(&text, LARGEST_SUMMARY.saturating_sub(there + 1)))?;
    }
    if let Some(output) = file(OUTPUT) {
        // Words of gonogo's own, in one line each: no delimiter can stand in them.
        let lines = [
            format!("verdict={}", judgement.verdict.word()),
            format!("exit-code={}", judgement.exit_code),
            format!("evidence-sha256={}", report::printable(&judgement.evidence.sha256)),
        ];
        append(&output, OUTPUT, format!("{}\n", lines.join("\n")).as_bytes())?;
    }
    Ok(())
}

/// So much of a text as there is room for, up to a line's end, with a note that it was cut.
fn cut(text: &[u8], room: usize) -> Vec<u8> {
    const NOTE: &[u8] = b"\n*Cut: the whole stands in report.md.*\n";
    if text.len() <= room {
        return text.to_vec();
    }
    let fitting = text.get(..room.saturating_sub(NOTE.len())).unwrap_or_default();
    let end = fitting.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let note = if room < NOTE.len() { &[] } else { NOTE };
    [&fitting[..end], note].concat()
}

/// Behind what stands there, in a line of its own.
fn append(path: &Path, name: &str, bytes: &[u8]) -> Result<(), Refusal> {
    let unwritable = || format!("cannot write to {name}, {}", path.display());
    if !path.is_file() {
        return Err(Refusal::input(anyhow!("it is no regular file").context(unwritable())));
    }
    let written = || {
        let is_open = fs::read(path)?.last().is_some_and(|last| *last != b'\n');
        let mut file = OpenOptions::new().append(true).open(path)?;
        file.write_all(&[if is_open { b"\n" } else { b"".as_slice() }, bytes].concat())
    };
    written().with_context(unwritable).map_err(Refusal::input)
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn a_summary_is_cut_at_a_line_and_says_so() {
        let text = "a line of text\n".repeat(10);
        assert_eq!(cut(text.as_bytes(), 150), text.as_bytes());
        let less = cut(text.as_bytes(), 149);
        let less = String::from_utf8(less).expect("text");
        assert!(less.len() <= 149, "{}", less.len());
        assert!(less.ends_with("a line of text\n\n*Cut: the whole stands in report.md.*\n"), "{less}");
        assert!(cut(text.as_bytes(), 5).is_empty());
    }
}
