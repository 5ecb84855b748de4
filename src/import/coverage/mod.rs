//! Which lines the tests ran, as coverage tools write it, and which of those the commit adds.

mod cobertura;
mod lcov;
mod paths;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::{ImportError, Source};
use crate::{
    evidence::{Change, CheckFact},
    import::change::{ChangedFile, CommitChange},
};

/// Bytes of a file's beginning by which its format is recognised.
const HEAD_BYTES: u64 = 4 << 10;
/// Files and lines that one coverage file may tell of.
const TOLD_LIMIT: usize = 20_000_000;
/// Files that a remark names.
const MOST_NAMED: usize = 20;
/// Ends of names that mean the same kind of source file to a coverage tool.
const FAMILIES: [&[&str]; 3] = [
    &["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs", "vue", "svelte"],
    &["kt", "kts", "java", "scala", "groovy"],
    &["c", "cc", "cpp", "cxx", "h", "hpp"],
];
/// Ends of names of the source files of other languages whose coverage tools write lcov or Cobertura.
const LANGUAGES: [&str; 10] = ["py", "rs", "go", "rb", "php", "cs", "fs", "swift", "dart", "ex"];

/// What a coverage tool writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoverageFormat {
    /// `lcov.info`, a tag and a value a line.
    Lcov,
    /// Cobertura's XML.
    Cobertura,
}

impl CoverageFormat {
    /// The word used in files and reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Lcov => "lcov",
            Self::Cobertura => "cobertura",
        }
    }
}

/// Lines of a file that the tests could run, with how often they did.
pub type LineHits = BTreeMap<u64, u64>;

/// What a coverage file tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The file, as it was named.
    pub path: PathBuf,
    /// How it is written.
    pub format: CoverageFormat,
    /// By the path that the tool wrote.
    pub files: BTreeMap<String, LineHits>,
    /// Folders that relative paths are below, as the tool wrote them; only Cobertura tells.
    pub roots: Vec<String>,
    /// Files that it names and of which it tells neither a line nor that there is none.
    pub silent: BTreeSet<String>,
    /// Why it cannot count as whole.
    pub incomplete: Option<String>,
    /// Remarks.
    pub notes: Vec<String>,
}

/// Reads a coverage file; its format is recognised by what is in it.
///
/// # Errors
/// The file is no regular one, is of neither format, or is not written as its format has it.
pub fn read(path: &Path, format: Option<CoverageFormat>) -> Result<Coverage, ImportError> {
    read_source(&mut Source::open(path)?, format)
}

/// Reads coverage from an open source.
///
/// # Errors
/// As [`read`].
pub fn read_source(source: &mut Source<'_>, format: Option<CoverageFormat>) -> Result<Coverage, ImportError> {
    let path = source.path().to_owned();
    let format = match format {
        Some(format) => format,
        None => recognised(&source.head(HEAD_BYTES)?).ok_or_else(|| {
            ImportError::file(&path, "is no coverage that is read: expected lcov or Cobertura XML")
        })?,
    };
    let (files, silent) = (BTreeMap::new(), BTreeSet::new());
    let mut coverage =
        Coverage { path, format, files, roots: vec![], silent, incomplete: None, notes: vec![] };
    match format {
        CoverageFormat::Lcov => lcov::read(source, &mut coverage)?,
        CoverageFormat::Cobertura => cobertura::read(source, &mut coverage)?,
    }
    if coverage.incomplete.is_none() && coverage.files.values().all(BTreeMap::is_empty) {
        coverage.incomplete = Some("it tells of no line of any file".into());
    }
    Ok(coverage)
}

/// Counts another file or line that is told of.
///
/// # Errors
/// In words: there are too many.
fn told(count: &mut usize) -> Result<(), String> {
    *count += 1;
    match *count > TOLD_LIMIT {
        true => Err(format!("tells of more than {TOLD_LIMIT} files and lines")),
        false => Ok(()),
    }
}

fn recognised(head: &[u8]) -> Option<CoverageFormat> {
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with('<') {
        // Clover's root has the same name, and its elements another shape.
        let clover = text.contains("clover=") || text.contains("<project");
        return (text.contains("<coverage") && !clover).then_some(CoverageFormat::Cobertura);
    }
    let first = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#'))?;
    ["TN:", "SF:"].iter().any(|tag| first.starts_with(tag)).then_some(CoverageFormat::Lcov)
}

impl Coverage {
    /// Lines of a file that were run so often; what several tests say of one adds up.
    fn ran(&mut self, file: String, lines: LineHits) {
        let known = self.files.entry(file).or_default();
        if known.is_empty() {
            *known = lines;
            return;
        }
        for (line, hits) in lines {
            let counted = known.entry(line).or_default();
            *counted = counted.saturating_add(hits);
        }
    }
}

/// Which of the lines that the commit adds to the product the tests ran, as facts: one for each changed source file,
/// in the order of the paths. A file that the coverage should know and does not counts as not run at all; what it
/// tells too little of, or of another version, is not read. Of several files of one run, a line ran when any says so.
#[must_use]
pub fn changed_lines(change: &CommitChange, coverages: &[Coverage]) -> Vec<CheckFact> {
    let incomplete = |coverage: &Coverage| {
        let why = coverage.incomplete.as_ref()?;
        Some(CheckFact::NotRead { what: format!("{}: {why}", coverage.path.display()) })
    };
    let mut facts: Vec<CheckFact> = coverages.iter().filter_map(incomplete).collect();
    facts.extend(change.not_read());
    let notes = coverages.iter().flat_map(|coverage| &coverage.notes);
    facts.extend(notes.map(|what| CheckFact::Noted { what: what.clone() }));
    let known = paths::resolve(change, coverages);
    let files = coverages.iter().flat_map(|coverage| coverage.files.keys());
    let kinds: BTreeSet<String> = files.filter_map(|path| kind(path)).collect();
    let (mut others, mut unknown): (Vec<&str>, Vec<&str>) = (vec![], vec![]);
    let product = |file: &&ChangedFile| !file.test && !file.submodule && file.change != Change::Removed;
    for file in change.files.iter().filter(product) {
        let added = || file.lines.iter().map(|lines| lines.end() + 1 - lines.start()).sum::<u64>();
        let path = file.path.as_str();
        let noted = |what: String| CheckFact::Noted { what };
        let not_run = || CheckFact::LinesRun { file: path.into(), changed: added(), run: 0 };
        if let Some(why) = known.files.get(path).and_then(|lines| doubt(file, lines, &known.silent)) {
            facts.push(CheckFact::NotRead { what: format!("{path}: {why}") });
        } else if let Some(lines) = known.files.get(path) {
            let changed = file.lines.iter().flat_map(|range| lines.range(range.clone()));
            let (changed, run) =
                changed.fold((0, 0), |(changed, run), (_, hits)| (changed + 1, run + u64::from(*hits > 0)));
            facts.push(CheckFact::LinesRun { file: path.into(), changed, run });
        } else if let Some(names) = known.ambiguous.get(path) {
            let names = names.join(", ");
            facts.push(noted(format!(
                "{path}: the coverage's {names} may be this file or another; counted as not run"
            )));
            facts.push(not_run());
        } else if added() == 0 || path.ends_with(".d.ts") {
            // Nothing of it can run.
        } else if kind(path).is_some_and(|kind| kinds.contains(&kind)) {
            facts.push(noted(format!("{path}: the coverage does not know this file; counted as not run")));
            facts.push(not_run());
        } else if kind(path).is_some_and(|kind| is_code(&kind)) {
            unknown.push(path);
        } else {
            others.push(path);
        }
    }
    if !unknown.is_empty() {
        let named = named(&unknown);
        let what = format!(
            "the coverage has no file of their kind, so whether the tests ran them is not told: {named}"
        );
        facts.push(CheckFact::NotRead { what });
    }
    if !others.is_empty() {
        let what = format!("of a kind that the coverage has no file of, not counted: {}", named(&others));
        facts.push(CheckFact::Noted { what });
    }
    facts
}

/// Why the lines that are told of a file say nothing of it as it is in the commit.
fn doubt(file: &ChangedFile, lines: &LineHits, silent: &BTreeSet<String>) -> Option<String> {
    if lines.is_empty() && silent.contains(&file.path) && !file.lines.is_empty() {
        return Some("the coverage names this file and tells of no line of it".to_owned());
    }
    let (last, length) = (lines.keys().next_back()?, file.length?);
    // Some tools count the empty line behind the last one.
    let beyond = *last > length + 1;
    beyond.then(|| {
        format!("the coverage tells of line {last}, and in the commit it has {length}: it is of another")
    })
}

fn named(paths: &[&str]) -> String {
    let more = paths.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", paths[..paths.len().min(MOST_NAMED)].join(", "))
}

/// Whether files of a kind hold lines that run, in a language that tools measure.
fn is_code(kind: &str) -> bool {
    FAMILIES.iter().any(|family| family[0] == kind) || LANGUAGES.contains(&kind)
}

/// The kind of source file that a path is of: the first end of its family, or its own; in small letters.
fn kind(path: &str) -> Option<String> {
    let name = path.rsplit(['/', '\\']).next()?;
    let (stem, end) = name.rsplit_once('.')?;
    let end = end.to_ascii_lowercase();
    let family = FAMILIES.iter().find(|family| family.contains(&end.as_str()));
    (!stem.is_empty()).then(|| family.map_or(end, |family| family[0].to_owned()))
}

#[cfg(test)]
mod tests;
