//! Feature files: the embedded ones and the user's. Reads and parses them, and says where a file is wrong;
//! never drops or repairs a scenario in silence.

use std::{
    collections::BTreeSet,
    fmt, io,
    path::{Path, PathBuf},
};

use cucumber::{feature::Ext as _, gherkin};
use include_dir::{Dir, File, include_dir};

use super::{slip, text};
use crate::subject::Target;

static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/features");

/// The text of one feature file.
#[derive(Clone, Debug)]
pub struct Source {
    /// The path as the user gave it, or `features/…` for an embedded one.
    pub path: PathBuf,
    /// Its bytes, as found.
    pub bytes: Vec<u8>,
}

/// What is wrong with a feature file, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub path: PathBuf,
    /// From 1; 0 if the whole file is meant.
    pub line: usize,
    /// From 1; 0 if the whole line is meant.
    pub column: usize,
    /// A lowercase phrase.
    pub reason: String,
    /// The line as it stands in the file.
    pub snippet: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if self.column > 0 {
            write!(f, ":{}", self.column)?;
        }
        write!(f, ": {}", self.reason)?;
        if !self.snippet.trim().is_empty() {
            let shown: String = self.snippet.chars().filter(|c| !c.is_control()).take(200).collect();
            write!(f, "\n  {:>4} | {}", self.line, shown.trim_end())?;
        }
        Ok(())
    }
}

/// Why no features came of the given sources.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A folder or file could not be read.
    #[error("cannot read {path}: {reason}", path = path.display())]
    Unreadable {
        /// What was to be read.
        path: PathBuf,
        /// Why it could not be.
        reason: String,
    },
    /// There is not one feature file.
    #[error("no feature file (*.feature) in {}", .0.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", "))]
    NoFeatures(Vec<PathBuf>),
    /// Files that do not parse, all of them.
    #[error("{}", .0.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n"))]
    Rejected(Vec<Problem>),
}

/// A parsed feature, its outlines expanded.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// With `path` set; every scenario has a line of its own.
    pub feature: gherkin::Feature,
    /// Outlines that have no rows, as they stand in the file.
    pub rowless: Vec<gherkin::Scenario>,
}

/// The features that travel in the binary for this kind of subject, sorted by path.
#[must_use]
pub fn built_in(subject: &Target) -> Vec<Source> {
    fn walk<'a>(dir: &'a Dir<'a>, found: &mut Vec<&'a File<'a>>) {
        found.extend(dir.files());
        dir.dirs().for_each(|dir| walk(dir, found));
    }
    let mut files = vec![];
    walk(&BUILT_IN, &mut files);
    // The other subjects' features lie in folders of their own; the rest is about the reference app.
    let is_of = |path: &Path| match subject {
        Target::Reference => !path.starts_with("forge") && !path.starts_with("process"),
        Target::Process(_) => path.starts_with("process"),
        Target::Forge(_) => path.starts_with("forge"),
    };
    let mut found: Vec<Source> = files
        .into_iter()
        .filter(|file| is_feature(file.path()) && is_of(file.path()))
        .map(|file| Source { path: Path::new("features").join(file.path()), bytes: file.contents().to_vec() })
        .collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Every `*.feature` under the folders (or the named files), sorted by path within each.
///
/// # Errors
/// A folder that is missing or unreadable, a loop of symbolic links, and no feature file at all.
pub fn from_folders(folders: &[PathBuf]) -> Result<Vec<Source>, SourceError> {
    let mut found = vec![];
    let mut seen = BTreeSet::new();
    for folder in folders {
        let unreadable = |path: &Path, reason: String| SourceError::Unreadable { path: path.into(), reason };
        for entry in walkdir::WalkDir::new(folder).follow_links(true).sort_by_file_name() {
            let entry = entry.map_err(|error| {
                let path = error.path().unwrap_or(folder).to_owned();
                let reason = match (error.loop_ancestor(), error.io_error()) {
                    (Some(ancestor), _) => format!("a symbolic link leads back to {}", ancestor.display()),
                    (None, Some(error)) => plain(error),
                    (None, None) => error.to_string(),
                };
                SourceError::Unreadable { path, reason }
            })?;
            let path = entry.path();
            if !entry.file_type().is_file() || !is_feature(path) {
                continue;
            }
            let identity = path.canonicalize().map_err(|error| unreadable(path, plain(&error)))?;
            if seen.insert(identity) {
                let bytes = std::fs::read(path).map_err(|error| unreadable(path, plain(&error)))?;
                found.push(Source { path: path.to_owned(), bytes });
            }
        }
    }
    if found.is_empty() { Err(SourceError::NoFeatures(folders.to_vec())) } else { Ok(found) }
}

/// Parses all sources.
///
/// # Errors
/// Every problem of every file, or that there is no source.
pub fn load(sources: &[Source]) -> Result<Vec<Loaded>, SourceError> {
    if sources.is_empty() {
        return Err(SourceError::NoFeatures(vec![]));
    }
    let (mut loaded, mut problems) = (vec![], vec![]);
    for source in sources {
        match load_one(source) {
            Ok(feature) => loaded.push(feature),
            Err(mut found) => problems.append(&mut found),
        }
    }
    if problems.is_empty() { Ok(loaded) } else { Err(SourceError::Rejected(problems)) }
}

fn load_one(source: &Source) -> Result<Loaded, Vec<Problem>> {
    let problem = |line: usize, column: usize, reason: String, snippet: &str| Problem {
        path: source.path.clone(),
        line,
        column,
        reason,
        snippet: snippet.to_owned(),
    };
    let bytes = source.bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&source.bytes);
    let raw = std::str::from_utf8(bytes).map_err(|error| {
        let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned();
        let last = before.rsplit('\n').next().unwrap_or_default().to_owned();
        let (line, column) = (before.matches('\n').count() + 1, last.chars().count() + 1);
        vec![problem(line, column, "the file is not UTF-8".into(), &last)]
    })?;
    // Line by line the same, and gherkin's positions hold for the file.
    let raw = raw.replace("\r\n", "\n");
    let lines: Vec<&str> = raw.split('\n').collect();

    let outline = text::Layout::of(&lines);
    let mut problems: Vec<Problem> = outline
        .faults()
        .map(|fault| problem(fault.line, fault.column, fault.reason.clone(), lines[fault.line - 1]))
        .collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut feature = gherkin::Feature::parse(&raw, gherkin::GherkinEnv::default()).map_err(|error| {
        let (line, column) = text::position(&error.to_string()).unwrap_or((1, 1));
        // The parser gives up behind a line that it cannot read, on the blank ones that follow.
        let read =
            lines.iter().take(line).rposition(|line| !line.trim().is_empty()).map_or(line, |index| index + 1);
        let (found, reason) = text::culprit(&lines, read);
        let column = if found == line { column } else { 1 };
        let snippet = lines.get(found.saturating_sub(1)).copied().unwrap_or_default();
        vec![problem(found, column, reason, snippet)]
    })?;
    let slips = slip::mistyped(&feature, &lines);
    if !slips.is_empty() {
        let told = |slip: text::Fault| problem(slip.line, slip.column, slip.reason, lines[slip.line - 1]);
        return Err(slips.into_iter().map(told).collect());
    }
    feature.path = Some(source.path.clone());
    text::each_step(&mut feature, |step| {
        if step.docstring.is_some() {
            step.docstring = outline.doc_string_after(step.position.line).or(step.docstring.take());
        }
    });
    let rowless = text::take_rowless(&mut feature);
    let rows = text::row_lines(&feature, &outline);
    let mut feature = feature.expand_examples().map_err(|error| {
        let line = error.pos.line;
        let reason = format!("no column `{}` in the outline's examples", error.name);
        problems.push(problem(line, 0, reason, lines.get(line.saturating_sub(1)).copied().unwrap_or("")));
        std::mem::take(&mut problems)
    })?;
    text::place_rows(&mut feature, &rows);
    Ok(Loaded { feature, rowless })
}

fn is_feature(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("feature"))
}

fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        _ => error.to_string(),
    }
}
