//! `gonogo init`: a commented `gonogo.yaml` and a CI workflow, from the templates in `init/`. Never overwrites, never
//! writes a part of a file, and follows no link out of the folder.

mod place;

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow};

use self::place::{Place, State};
use super::{Console, Refusal, baseline, console::printable_lines};
use crate::{
    cli::{Ci, Init},
    config::{Config, FILE_NAME},
    exit::Exit,
    forge_app::Manifest,
};

const SETTINGS: &str = include_str!("init/gonogo.yml");
const GITHUB: &str = include_str!("init/github.yml");
const GITLAB: &str = include_str!("init/gitlab.yml");
const BITBUCKET: &str = include_str!("init/bitbucket.yml");

const GITLAB_OWN: &str = ".gitlab-ci.yml";
const GITLAB_FILE: &str = "gonogo.gitlab-ci.yml";
const BITBUCKET_FILE: &str = "bitbucket-pipelines.yml";

/// Writes what is not there yet, and tells of each file what became of it.
pub(super) fn init(arguments: &Init, console: &mut Console) -> Result<u8, Refusal> {
    let dir = arguments.dir.as_deref().unwrap_or(Path::new("."));
    let home = dir.canonicalize().with_context(|| format!("cannot read {}", dir.display()));
    let home = home.map_err(Refusal::input)?;
    if !home.is_dir() {
        return Err(Refusal::input(anyhow!("cannot write to {}: it is no folder", dir.display())));
    }
    let root = home.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(&home);
    let systems = arguments.ci.map_or_else(|| found(root), |ci| vec![ci]);
    let app = if systems.is_empty() { String::new() } else { quoted(&home, root)? };

    let mut places = vec![Place::new(&home, FILE_NAME, settings(&home))];
    let mut advice = vec![];
    for ci in &systems {
        let (place, said) = workflow(*ci, root, &app);
        places.extend(place);
        advice.extend(said);
    }
    if systems.is_empty() {
        advice.push(
            "no workflow: nothing here tells of a CI system; name one with --ci github, gitlab or bitbucket"
                .to_owned(),
        );
    }
    if let Some(above) = home.parent().and_then(Config::find) {
        advice.push(format!("{FILE_NAME} here holds in place of {}", above.display()));
    }
    // All are looked at before the first is written.
    let states = places.iter().map(Place::state).collect::<Result<Vec<_>, _>>()?;
    let mut text = String::new();
    for (place, state) in places.iter().zip(states) {
        let written = state == State::Free && place.write()?;
        let became = if written { "written" } else { "is there already, left as it is" };
        let _ = writeln!(text, "{}: {became}", place.shown());
    }
    for said in advice {
        let _ = writeln!(text, "{said}");
    }
    console.document(printable_lines(&text).as_bytes())?;
    Ok(Exit::Go.code())
}

/// The settings for what lies in a folder.
fn settings(home: &Path) -> String {
    let subject = if Manifest::find(home).is_some() { "forge" } else { "reference" };
    let text = SETTINGS.replace("<subject>", subject);
    match home.join(baseline::FILE_NAME).is_file() {
        true => text.replace("\n# baseline:", "\nbaseline:"),
        false => text,
    }
}

/// The CI systems that a repository's files tell of.
fn found(root: &Path) -> Vec<Ci> {
    let known = [(".github", Ci::Github), (GITLAB_OWN, Ci::Gitlab), (BITBUCKET_FILE, Ci::Bitbucket)];
    known.into_iter().filter(|(name, _)| root.join(name).exists()).map(|(_, ci)| ci).collect()
}

/// Where a workflow goes, and what is left to people.
fn workflow(ci: Ci, root: &Path, app: &str) -> (Option<Place>, Option<String>) {
    let says = |name: &str, part: &str| is_said(&root.join(name), part);
    match ci {
        Ci::Github => (Some(Place::new(root, ".github/workflows/gonogo.yml", filled(GITHUB, app))), None),
        Ci::Gitlab => {
            let advice = format!("add to {GITLAB_OWN}:\n\ninclude:\n  - local: {GITLAB_FILE}\n");
            let place = Place::new(root, GITLAB_FILE, filled(GITLAB, app));
            (Some(place), (!says(GITLAB_OWN, GITLAB_FILE)).then_some(advice))
        }
        // Bitbucket reads no other file than this one.
        Ci::Bitbucket if says(BITBUCKET_FILE, "gonogo run") => {
            (Some(Place::new(root, BITBUCKET_FILE, String::new())), None)
        }
        Ci::Bitbucket if fs::symlink_metadata(root.join(BITBUCKET_FILE)).is_ok() => {
            let step = filled(BITBUCKET, app);
            (None, Some(format!("{BITBUCKET_FILE} is there already, left as it is; its step:\n\n{step}")))
        }
        Ci::Bitbucket => (Some(Place::new(root, BITBUCKET_FILE, filled(BITBUCKET, app))), None),
    }
}

fn filled(template: &str, app: &str) -> String {
    template.replace("<folder>", app)
}

fn is_said(path: &Path, part: &str) -> bool {
    path.is_file() && fs::read_to_string(path).is_ok_and(|text| text.contains(part))
}

/// The app's folder as a word of a shell's line that also stands in YAML and between `${{ }}`: other names are refused.
fn quoted(home: &Path, root: &Path) -> Result<String, Refusal> {
    let path = home.strip_prefix(root).unwrap_or(Path::new(""));
    let usable = |c: char| c.is_alphanumeric() || " ._-/+@,~=".contains(c);
    match path.to_str().filter(|path| path.chars().all(usable)) {
        Some("") => Ok(".".to_owned()),
        Some(path) => Ok(format!("'./{path}'")),
        None => Err(Refusal::input(anyhow!(
            "cannot write a workflow: the name of the folder {} cannot stand in one",
            PathBuf::from(path).display()
        ))),
    }
}
