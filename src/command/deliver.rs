//! Brings a judgement's drawings to where they belong: files whole or not at all, one document on stdout.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
};

use anyhow::Context as _;

use super::{Console, Refusal};
use crate::{
    cli::Report,
    exit::Exit,
    judge::Judgement,
    report::{self, Look},
};

/// Refuses, before anything runs, reports that could not be written after it.
pub(super) fn check(reports: &[Report], out: &Path) -> Result<(), Refusal> {
    if reports.iter().filter(|report| report.is_stdout()).count() > 1 {
        return Err(Refusal::input(anyhow::anyhow!("only one report can go to stdout")));
    }
    for report in reports.iter().filter(|report| !report.is_stdout()) {
        let file = &report.file;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let whole = |path: &Path| path.canonicalize().ok();
        let at_home = whole(folder).is_some_and(|folder| Some(folder) == whole(out));
        let wrong = if at_home && file.extension().is_some_and(|ending| ending == "jsonl") {
            Some("the evidence lies there")
        } else if file.is_dir() {
            Some("it is a folder")
        } else if !folder.is_dir() {
            Some("its folder does not exist")
        } else {
            None
        };
        if let Some(wrong) = wrong {
            return Err(Refusal::input(anyhow::anyhow!("cannot write {}: {wrong}", file.display())));
        }
    }
    Ok(())
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
    let format = reports.iter().find(|report| report.is_stdout()).map_or("terminal", |report| &report.format);
    console.document(&drawn(judgement, format, &look)?)?;
    Ok(Exit::of(judgement).code())
}

fn drawn(judgement: &Judgement, format: &str, look: &Look) -> Result<Vec<u8>, Refusal> {
    let known = report::format(format).with_context(|| format!("no report format is named `{format}`"));
    Ok((known.map_err(Refusal::input)?.render)(judgement, look))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Refusal> {
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
