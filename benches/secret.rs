//! The search for secrets over a tree of code, beside reading the same tree and looking for one letter.

#![allow(clippy::unwrap_used, reason = "a bench may give up")]

mod measure;

use std::{
    fs,
    hint::black_box,
    path::{Path, PathBuf},
    process::ExitCode,
};

use gonogo::secret;
use measure::{Report, memory, seconds, timed, versus};
use walkdir::WalkDir;

/// Megabytes (2^20 bytes) of the tree: gonogo's own code, over and over.
const TREE_MB: u64 = 50;
/// How much longer the search may take than reading and counting.
const SLOWER: f64 = 40.0;

fn main() -> ExitCode {
    let Some(mut report) = Report::asked_for("secret") else { return ExitCode::SUCCESS };
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    // A repository of its own: that of gonogo ignores what lies below the folder.
    fs::create_dir(folder.path().join(".git")).unwrap();
    let bytes = tree(folder.path());
    let size_mb = bytes as f64 / f64::from(1 << 20);
    // Patterns are compiled when they are first needed.
    let warm = secret::search(folder.path()).unwrap();
    assert_eq!((warm.bytes, warm.findings.len()), (bytes, 0));
    let (growth, _) = memory::growth_mb(|| secret::search(folder.path()).unwrap());
    let search = || timed(|| black_box(secret::search(folder.path()).unwrap())).0;
    let versus = versus(5, search, || timed(|| black_box(newlines(folder.path()))).0);
    let speed = |taken_s: f64| format!("{}, {:.0} MB/s", seconds(taken_s), size_mb / taken_s);
    let what = format!("{size_mb:.0} MB of code, beside reading it");
    report.at_most(&what, speed(versus.ours_s), speed(versus.baseline_s), versus.slower, SLOWER, " x");
    if let Some(growth) = growth {
        report.note("memory during a search", format!("{growth:.1} MB"), String::new(), String::new());
    }
    report.finish()
}

/// The baseline: reads every file and counts its lines.
fn newlines(folder: &Path) -> usize {
    let files =
        WalkDir::new(folder).into_iter().filter_map(Result::ok).filter(|entry| entry.file_type().is_file());
    files.map(|entry| memchr::memchr_iter(b'\n', &fs::read(entry.path()).unwrap()).count()).sum()
}

/// Copies of gonogo's code; how many bytes they are.
fn tree(folder: &Path) -> u64 {
    let code = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let entries = WalkDir::new(&code).into_iter().filter_map(Result::ok);
    let files: Vec<PathBuf> =
        entries.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path).collect();
    let mut bytes = 0;
    for copy in 0.. {
        for file in &files {
            if bytes >= TREE_MB << 20 {
                return bytes;
            }
            let to = folder.join(format!("copy-{copy}")).join(file.strip_prefix(&code).unwrap());
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            bytes += fs::copy(file, to).unwrap();
        }
    }
    bytes
}
