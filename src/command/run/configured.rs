//! The settings that count: the nearest file's, and of what is asked of a release the protected branch's, where one is
//! named. Whoever may write to the branch that is released could otherwise take a sign-off out, or a waiver in.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use sha2::{Digest as _, Sha256};

use crate::{
    command::{Refusal, deliver::home},
    config::Config,
    import,
};

/// Settings, and where they are from.
pub(in crate::command) struct Configured {
    pub(in crate::command) file: Option<PathBuf>,
    pub(in crate::command) config: Config,
    /// What every report says of where they are from.
    pub(in crate::command) remarks: Vec<String>,
}

impl Configured {
    /// Of the file that is named, else of the nearest one upwards from `dir`.
    pub(in crate::command) fn read(
        named: Option<&Path>,
        dir: Option<&Path>,
        policy_ref: Option<&str>,
    ) -> Result<Self, Refusal> {
        let (file, tree) = nearest(named, dir)?;
        let (config, remarks) = governed(file.as_deref(), tree, policy_ref)?;
        Ok(Self { file, config, remarks })
    }
}

/// What the settings' paths start from.
pub(in crate::command) fn root(file: Option<&Path>) -> &Path {
    file.map_or(Path::new("."), home)
}

/// The file that is named; else the nearest one upwards; else nothing is set.
fn nearest(named: Option<&Path>, dir: Option<&Path>) -> Result<(Option<PathBuf>, Config), Refusal> {
    if let Some(dir) = dir.filter(|dir| !dir.is_dir()) {
        let what = if dir.exists() { "it is no folder" } else { "no such folder" };
        return Err(Refusal::input(anyhow!("cannot read {}: {what}", dir.display())));
    }
    let from = dir.unwrap_or(Path::new("."));
    let found = match named {
        Some(file) => Some(file.to_owned()),
        None => {
            let from = from.canonicalize().map_err(|error| {
                Refusal::input(anyhow!("cannot read the folder {}: {error}", from.display()))
            })?;
            Config::find(&from)
        }
    };
    let config = found.as_deref().map_or(Ok(Config::default()), Config::read).map_err(Refusal::input)?;
    Ok((found, config))
}

/// The settings that hold, and what every report says of where they are from.
fn governed(
    file: Option<&Path>,
    tree: Config,
    policy_ref: Option<&str>,
) -> Result<(Config, Vec<String>), Refusal> {
    let Some(reference) = policy_ref else {
        let signs = tree.release.as_ref().is_some_and(|release| !release.sign_offs.is_empty());
        let remark = "who must sign is said by the tree that is released; --policy-ref takes it from a protected branch";
        return Ok((tree, signs.then(|| remark.to_owned()).into_iter().collect()));
    };
    let what = || format!("cannot take the policy from {reference}");
    let Some(file) = file else {
        let error = anyhow!("there is no gonogo.yaml here");
        return Err(Refusal::input(error.context(what())));
    };
    let committed = import::file_at(reference, file).with_context(what).map_err(Refusal::input)?;
    let protected = Config::read_as(file, &committed.bytes).with_context(what).map_err(Refusal::input)?;
    let governed = tree.governed_by(protected).map_err(|error| anyhow!(error));
    let (config, differs) = governed.with_context(what).map_err(Refusal::input)?;
    let sha256 = hex::encode(Sha256::digest(&committed.bytes));
    let from = format!("the policy is that of {reference}, commit {}, SHA-256 {sha256}", committed.commit);
    let otherwise = (!differs.is_empty())
        .then(|| format!("the tree says otherwise, and does not count, of {}", differs.join(", ")));
    Ok((config, [from].into_iter().chain(otherwise).collect()))
}
