//! `gonogo merge`: the shards of one run put together, and judged as one. A missing, doubled or foreign shard is
//! refused: nothing is judged then.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};

use super::{
    Console, Refusal, accepted, deliver,
    folder::{DEFAULT_OUT, EVIDENCE, Folder, put_aside},
    run::{self, Configured, Gathered, Told},
};
use crate::{
    cli,
    config::Config,
    evidence::{
        Header, Shard,
        file::{Next, Reader, Writer},
    },
    import, judge,
};

/// One shard, opened.
struct Part {
    file: PathBuf,
    shard: Shard,
    evidence: Reader,
}

/// Puts the shards together, judges, reports.
pub(super) fn merge(arguments: &cli::Merge, console: &mut Console) -> Result<u8, Refusal> {
    let gate = &arguments.gate;
    let given = gate.out.as_deref();
    let configured = Configured::read(gate.config.as_deref(), None, gate.policy_ref.as_deref());
    let Configured { file, config, remarks } = configured.inspect_err(|_| put_aside(given))?;
    let out = given.or(config.out.as_deref()).unwrap_or(Path::new(DEFAULT_OUT)).to_owned();
    let parts = opened(&arguments.shards, &out).and_then(in_order);
    let parts = parts.and_then(|parts| {
        same_policy(&parts[0], &remarks)?;
        same_release(&parts[0], file.as_deref(), &config).map(|()| parts)
    });
    // Whatever stands there is not the result of these shards.
    let mut parts = parts.inspect_err(|_| put_aside(Some(&out)))?;
    let folder = Folder::open(&out)?;
    folder.put_record_aside()?;
    let inputs: Vec<_> = parts.iter().map(|part| (part.file.clone(), "a shard's evidence")).collect();
    deliver::check(&gate.verdict.reports, Some(&out), &inputs)?;
    let key = run::key(gate.record_key.as_deref())?;
    if let Some(complaint) = folder.complaint() {
        console.remark(complaint);
    }
    let first = parts[0].evidence.header();
    let root = run::root(file.as_deref());
    let policy_ref = gate.policy_ref.as_deref();
    let gathered = |named| Gathered::of(named, root, &first.policy.thresholds, policy_ref);
    let release = config.release.as_ref().map(gathered);
    let header = Header {
        started_at: parts.iter().map(|part| part.evidence.header().started_at).min().unwrap_or_default(),
        planned: parts[0].shard.whole,
        previous_verdict: run::previous_verdict(release.as_ref(), folder.previous_verdict()),
        accepted: accepted(&gate.accept),
        release: release.as_ref().map(|release| release.policy.clone()),
        shard: None,
        ..first.clone()
    };
    judge::check(&header).map_err(|reason| Refusal::input(anyhow!("gonogo.yaml: {reason}")))?;
    let mut evidence = folder.evidence(&header)?;
    interleave(&mut parts, header.planned, &mut evidence)?;
    let told = Told { header: &header, release: release.as_ref(), key: key.as_ref() };
    let judgement = told.conclude(evidence, folder, &out, console)?;
    deliver::to_reports(&judgement, &gate.verdict.reports, console)
}

/// Opens the shards' evidence; none of it may lie where the results are to go.
fn opened(shards: &[PathBuf], out: &Path) -> Result<Vec<Part>, Refusal> {
    let open = |path: &PathBuf| {
        let file = if path.is_dir() { path.join(EVIDENCE) } else { path.clone() };
        if deliver::is_same(&file, &out.join(EVIDENCE)) {
            let (file, out) = (file.display(), out.display());
            return Err(Refusal::input(anyhow!(
                "cannot write to the output folder {out}: {file} lies there"
            )));
        }
        let evidence = Reader::open(&file).context("cannot merge").map_err(Refusal::input)?;
        let header = evidence.header();
        judge::check(header).map_err(|why| Refusal::input(anyhow!("{}: {why}", file.display())))?;
        let shard = header.shard.clone().ok_or_else(|| {
            Refusal::input(anyhow!("{} is no shard: it was recorded without --shard", file.display()))
        })?;
        Ok(Part { file, shard, evidence })
    };
    shards.iter().map(open).collect()
}

/// The shards of one run, each of them once, the first first.
fn in_order(mut parts: Vec<Part>) -> Result<Vec<Part>, Refusal> {
    parts.sort_by_key(|part| part.shard.index);
    let refused = |why: String| Err(Refusal::input(anyhow!("cannot merge: {why}")));
    let Some((first, others)) = parts.split_first() else { return refused("there is no shard".into()) };
    for other in others {
        if let Some(what) = differs(first, other) {
            let (one, two) = (first.file.display(), other.file.display());
            return refused(format!("{one} and {two} are not of one run: {what}"));
        }
    }
    if let Some(pair) = parts.windows(2).find(|pair| pair[0].shard.index == pair[1].shard.index) {
        let (index, one, two) = (pair[0].shard.index, pair[0].file.display(), pair[1].file.display());
        return refused(format!("shard {index} is there twice: {one} and {two}"));
    }
    let of = parts[0].shard.of;
    let missing: Vec<String> = (1..=of)
        .filter(|index| parts.iter().all(|part| part.shard.index != *index))
        .map(|index| format!("{index}/{of}"))
        .collect();
    if missing.is_empty() { Ok(parts) } else { refused(format!("shard {} is missing", missing.join(", "))) }
}

/// In what two shards differ that are no shards of one run.
fn differs(one: &Part, other: &Part) -> Option<String> {
    let (a, b) = (&one.shard, &other.shard);
    let (one, other) = (one.evidence.header(), other.evidence.header());
    let told = |what: &str, one: &str, other: &str| {
        Some(format!("{what} is {one:?} in one, {other:?} in the other"))
    };
    let none = |text: &Option<String>| text.clone().unwrap_or_else(|| "not told".to_owned());
    if a.of != b.of || a.whole != b.whole {
        let count = |shard: &Shard| format!("{} of {} scenarios", shard.of, shard.whole);
        return told("the number of shards", &count(a), &count(b));
    }
    if a.commit != b.commit {
        return told("the commit", &none(&a.commit), &none(&b.commit));
    }
    if a.config != b.config {
        return Some("each was run with another gonogo.yaml".to_owned());
    }
    if one.tool != other.tool {
        return told("the version of gonogo", &one.tool, &other.tool);
    }
    if one.subject != other.subject {
        return told("the app", &one.subject, &other.subject);
    }
    if one.seed != other.seed {
        return told("the seed", &one.seed.to_string(), &other.seed.to_string());
    }
    if one.policy != other.policy || one.left_out != other.left_out {
        return Some("each was run with other settings".to_owned());
    }
    (a.run != b.run).then(|| "the plan, or a file that it is read from, is another".to_owned())
}

/// What is asked of the release must be what was asked of its shards.
fn same_policy(part: &Part, remarks: &[String]) -> Result<(), Refusal> {
    let theirs = &part.evidence.header().policy.remarks;
    match remarks.iter().find(|remark| !theirs.contains(remark)) {
        None => Ok(()),
        Some(remark) => Err(Refusal::input(anyhow!(
            "cannot merge: the shards were run by another policy; here it is: {remark}. Give --policy-ref to all or none"
        ))),
    }
}

/// The shards must be of the tree that lies here: what else the release rests on is read from it.
fn same_release(part: &Part, file: Option<&Path>, config: &Config) -> Result<(), Refusal> {
    let here = file.map(run::digest).transpose()?;
    if here != part.shard.config {
        let which = |there: bool| if there { "another gonogo.yaml" } else { "no gonogo.yaml" };
        return Err(Refusal::input(anyhow!(
            "cannot merge: the shards were run with {}, and here is {}; give theirs with --config",
            which(part.shard.config.is_some()),
            file.map_or_else(|| "none".to_owned(), |file| file.display().to_string())
        )));
    }
    if config.release.is_none() {
        return Ok(());
    }
    let commit = import::change::head(run::root(file));
    if commit != part.shard.commit {
        let told =
            |commit: &Option<String>| commit.clone().unwrap_or_else(|| "none that can be told".to_owned());
        return Err(Refusal::input(anyhow!(
            "cannot merge: the shards are of the commit {}, and here is {}",
            told(&part.shard.commit),
            told(&commit)
        )));
    }
    Ok(())
}

/// Puts the logs into the order of the whole plan.
fn interleave(parts: &mut [Part], whole: usize, evidence: &mut Writer) -> Result<(), Refusal> {
    let unread = |error| Refusal::input(anyhow::Error::new(error).context("cannot merge"));
    let of = parts.len();
    let mut log = vec![];
    for place in 0..whole {
        let part = &mut parts[place % of];
        if part.evidence.next_log(&mut log).map_err(unread)? != Next::Log {
            return Err(Refusal::input(anyhow!("cannot merge: {} ends early", part.file.display())));
        }
        for mut observation in log.drain(..) {
            observation.scenario = place;
            let written = evidence.append(&observation).context("cannot write the evidence");
            written.map_err(Refusal::input)?;
        }
    }
    for part in parts {
        // Whole and unchanged is a file only at its end.
        if part.evidence.next_log(&mut log).map_err(unread)? == Next::Log {
            return Err(Refusal::input(anyhow!("cannot merge: {} goes on", part.file.display())));
        }
    }
    Ok(())
}
