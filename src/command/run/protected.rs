//! The policy that counts: the protected branch's, where one is named. Whoever may write to the branch that is
//! released could otherwise take a sign-off out, or a waiver in.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use sha2::{Digest as _, Sha256};

use crate::{command::Refusal, config::Config, import};

/// The settings that hold, and what every report says of where they are from.
pub(in crate::command) fn governed(
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
