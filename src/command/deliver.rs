//! Brings a judgement's drawings to where they belong: files whole or not at all, one document on stdout.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Write as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use super::{Console, Refusal, folder::EVIDENCE, workflow};
use crate::{
    cli::Report,
    exit::Exit,
    judge::Judgement,
    record::ledger::LEDGER,
    report::{self, Look},
};

/// Refuses, before anything runs, reports that could not be written after it, and those that would take the
/// place of something else: a result in the folder `out`, an input, another report.
pub(super) fn check(
    reports: &[Report],
    out: Option<&Path>,
    inputs: &[(PathBuf, &str)],
) -> Result<(), Refusal> {
    if reports.iter().filter(|report| report.is_stdout()).count() > 1 {
        return Err(Refusal::input(anyhow::anyhow!("only one report can go to stdout")));
    }
    let reports: Vec<_> = reports.iter().filter(|report| !report.is_stdout()).collect();
    for (index, report) in reports.iter().enumerate() {
        let file = report.file.as_path();
        let wrong = if file.is_dir() {
            Some("it is a folder".to_owned())
        } else if !home(file).is_dir() {
            Some("its folder does not exist".to_owned())
        } else if lies_in_record(file) {
            Some("a record lies there, and every file of it counts".to_owned())
        } else if reports[..index].iter().any(|other| is_same(file, &other.file)) {
            Some("another report goes there".to_owned())
        } else if let Some((_, what)) = inputs.iter().find(|(input, _)| is_same(file, input)) {
            Some(format!("{what} lies there"))
        } else {
            out.and_then(|out| taken(report, out))
        };
        if let Some(wrong) = wrong {
            return Err(Refusal::input(anyhow::anyhow!("cannot write {}: {wrong}", file.display())));
        }
    }
    Ok(())
}

/// Whether a file is one of a record, or would be: beside its ledger, or among its blobs.
fn lies_in_record(file: &Path) -> bool {
    let Ok(folder) = home(file).canonicalize() else { return false };
    folder.ancestors().take(2).any(|folder| folder.join(LEDGER).exists())
}

/// What of an output folder lies where the report is to go. The same report may: it is the same.
fn taken(report: &Report, out: &Path) -> Option<String> {
    let file = report.file.as_path();
    let is_at_home = is_same(home(file), out);
    if is_at_home && file.extension().is_some_and(|ending| ending == "jsonl")
        || is_same(file, &out.join(EVIDENCE))
    {
        return Some("the evidence lies there".to_owned());
    }
    let others = report::formats().iter().filter(|format| format.name != report.format);
    let mut named = others.filter_map(|format| Some((format.name, format.file_name?)));
    let (name, _) = named.find(|(_, name)| is_same(file, &out.join(name)))?;
    Some(format!("the run's own {name} report lies there"))
}

/// Whether two paths lead to one file, by another spelling, a symbolic link or a hard link. Devices and pipes
/// are never the same: whoever writes there writes after the other, not over it.
pub(super) fn is_same(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| Some(home(path).canonicalize().ok()?.join(path.file_name()?));
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(one), Ok(other)) => {
            let is_kept = one.is_file() || one.is_dir();
            is_kept && (one.dev(), one.ino()) == (other.dev(), other.ino())
        }
        _ => place(one).is_some_and(|one| Some(one) == place(other)),
    }
}

/// The folder that a file lies in, or is to lie in.
pub(super) fn home(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes the files of an output folder, the verdict last: a folder with a verdict is complete.
pub(super) fn to_folder(judgement: &Judgement, folder: &Path) -> Result<(), Refusal> {
    let look = Look { width: 100, colour: false };
    let named = report::formats().iter().filter_map(|format| Some((format, format.file_name?)));
    let mut files: Vec<_> = named.collect();
    files.sort_by_key(|(_, name)| *name == "verdict.json");
    for (format, name) in files {
        write(&folder.join(name), &(format.render)(judgement, &look))?;
    }
    Ok(())
}

/// Writes the reports that are asked for, shows the terminal's unless stdout is taken, and answers with the
/// verdict's exit code.
pub(super) fn to_reports(
    judgement: &Judgement,
    reports: &[Report],
    console: &mut Console,
) -> Result<u8, Refusal> {
    let look = Look { width: console.width, colour: console.color };
    for report in reports.iter().filter(|report| !report.is_stdout()) {
        write(&report.file, &drawn(judgement, &report.format, &Look { colour: false, ..look })?)?;
    }
    workflow::tell(judgement, reports)?;
    let format = reports.iter().find(|report| report.is_stdout()).map_or("terminal", |report| &report.format);
    console.document(&drawn(judgement, format, &look)?)?;
    Ok(Exit::of(judgement).code())
}

fn drawn(judgement: &Judgement, format: &str, look: &Look) -> Result<Vec<u8>, Refusal> {
    let known = report::format(format).with_context(|| format!("no report format is named `{format}`"));
    Ok((known.map_err(Refusal::input)?.render)(judgement, look))
}

/// Writes a file whole, or leaves what was there.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Refusal> {
    replace(path, bytes).with_context(|| format!("cannot write {}", path.display())).map_err(Refusal::input)
}

/// The file is the old one or the whole new one, never a part. Devices and pipes are written in place.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return match fs::OpenOptions::new().write(true).open(path)?.write_all(bytes) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written,
        };
    }
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.partial", std::process::id()));
    let partial = path.with_file_name(name);
    let written = File::create(&partial)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&partial, path));
    if written.is_err() {
        let _ = fs::remove_file(&partial);
    }
    written
}
