//! What a search comes to: secrets, what is allowed, what was left out; as facts and as lines.

use std::collections::BTreeSet;

use super::{
    Redacted, Rule, Sighting,
    allow::{self, Allowance, Comment},
    content::{Content, Piece},
    find, forms, redacted,
};
use crate::evidence::CheckFact;

/// Paths of one kind that are told one by one.
const MOST_TOLD: usize = 20;

/// A secret that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What found it.
    pub rule: &'static Rule,
    /// Path below the folder that was searched, with `/`; a secret in it is put out of sight.
    pub file: String,
    /// Where of that file.
    pub spot: Spot,
    /// What may be shown of it.
    pub shown: Redacted,
    /// Whether a comment would allow it, did it give a reason.
    pub lacks_reason: bool,
}

/// Where of a file a secret stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spot {
    /// On this line, from 1.
    Line(usize),
    /// On this line of what is packed in it.
    Unpacked(usize),
    /// In its name, or in that of a folder.
    Name,
    /// In the path that it leads to as a link.
    Target,
}

impl Finding {
    /// `src/index.ts:7`.
    #[must_use]
    pub fn place(&self) -> String {
        let file = &self.file;
        match self.spot {
            Spot::Line(line) => format!("{file}:{line}"),
            Spot::Unpacked(line) => format!("{file} (unpacked):{line}"),
            Spot::Name => format!("{file} (its name)"),
            Spot::Target => format!("{file} (where it leads to)"),
        }
    }

    /// The line, from 1, where it stands on one.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        match self.spot {
            Spot::Line(line) | Spot::Unpacked(line) => Some(line),
            Spot::Name | Spot::Target => None,
        }
    }
}

/// What looks like a secret and is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// What was found.
    pub finding: Finding,
    /// Why it may stand there.
    pub reason: String,
}

/// Why a file was not searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// It is over 10 MiB.
    TooLarge,
    /// What gzip packed in it is over 10 MiB.
    TooLargeUnpacked,
    /// What gzip packed in it is cut off or broken.
    Damaged,
    /// What gzip packed in it is packed again, more often than is looked into.
    PackedTooDeep,
    /// It is packed otherwise, and was searched as it is.
    Packed,
    /// It is a link to a place outside the tree.
    LinkOut,
    /// It is the commit of another repository.
    Submodule,
    /// It is a pipe, a device or a socket.
    Irregular,
    /// It is committed, but not in the working tree.
    Absent,
}

impl LeftOut {
    /// Whether it is released and was not looked at.
    fn may_hold_secrets(self) -> bool {
        match self {
            Self::TooLarge
            | Self::TooLargeUnpacked
            | Self::Damaged
            | Self::PackedTooDeep
            | Self::Submodule
            | Self::Absent => true,
            Self::Packed | Self::LinkOut | Self::Irregular => false,
        }
    }

    /// As reports for people write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::TooLarge => "over 10 MiB",
            Self::TooLargeUnpacked => "over 10 MiB once unpacked",
            Self::Damaged => "packed by gzip and broken",
            Self::PackedTooDeep => "packed by gzip too often",
            Self::Packed => "packed, searched as it is",
            Self::LinkOut => "a link that leaves the tree",
            Self::Submodule => "a submodule",
            Self::Irregular => "no regular file",
            Self::Absent => "not in the working tree",
        }
    }
}

/// What a search came to.
#[derive(Debug, Default)]
pub struct Search {
    /// Secrets, by file and line.
    pub findings: Vec<Finding>,
    /// What is allowed, with its reason.
    pub allowed: Vec<Allowed>,
    /// Files that were searched.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that were not, and why.
    pub left_out: Vec<(LeftOut, String)>,
    /// Files of the commit that are not, or may not be, in the tree as they are there.
    pub uncommitted: Vec<String>,
    /// Every file that git keeps below the folder; without a repository any file may be released.
    pub(super) tracked: Option<BTreeSet<String>>,
    /// What should have been read and could not; the search is not whole.
    pub unread: Vec<String>,
    /// Remarks: lines of the allow-list that allowed nothing.
    pub notes: Vec<String>,
}

impl Search {
    /// As facts of a check, which is about what is committed: what of it was not searched is not read.
    #[must_use]
    pub fn facts(&self) -> Vec<CheckFact> {
        let left_out = self.left_out.len() as u64;
        let mut facts = vec![CheckFact::TreeSearched { files: self.files, bytes: self.bytes, left_out }];
        facts.extend(self.unread.iter().map(|what| CheckFact::NotRead { what: what.clone() }));
        let missing =
            self.left_out.iter().filter(|(kind, path)| kind.may_hold_secrets() && self.may_be_released(path));
        facts.extend(missing.take(MOST_TOLD).map(|(kind, path)| CheckFact::NotRead {
            what: format!("{path} was not searched for secrets: {}", kind.word()),
        }));
        facts.extend(self.uncommitted.iter().take(MOST_TOLD).map(|path| CheckFact::NotRead {
            what: format!(
                "{path} was not searched for secrets as it is committed: the tree has it otherwise"
            ),
        }));
        facts.extend(self.findings.iter().map(|finding| CheckFact::SecretSeen {
            rule: finding.rule.title.into(),
            place: finding.place(),
            shown: finding.shown.to_string(),
        }));
        facts.extend(self.allowed.iter().map(|Allowed { finding, reason }| {
            let (place, title, shown) = (finding.place(), finding.rule.title, &finding.shown);
            CheckFact::Noted { what: format!("{place}: {title} {shown} is allowed: {reason}") }
        }));
        facts.extend(self.notes().into_iter().map(|what| CheckFact::Noted { what }));
        facts
    }

    fn may_be_released(&self, path: &str) -> bool {
        self.tracked.as_ref().is_none_or(|tracked| tracked.contains(path))
    }

    /// What was left out and other remarks, a line each.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let kinds: BTreeSet<LeftOut> = self.left_out.iter().map(|(kind, _)| *kind).collect();
        let mut notes = self.notes.clone();
        for kind in kinds {
            let paths: Vec<&str> = self
                .left_out
                .iter()
                .filter(|(other, _)| *other == kind)
                .map(|(_, path)| path.as_str())
                .collect();
            let word = kind.word();
            notes.extend(paths.iter().take(MOST_TOLD).map(|path| format!("left out, {word}: {path}")));
            if paths.len() > MOST_TOLD {
                notes.push(format!("left out, {word}: {} more", paths.len() - MOST_TOLD));
            }
        }
        notes
    }

    /// Searches one file's bytes; `file` is its path as anybody may see it.
    pub(super) fn take(&mut self, file: &str, bytes: &[u8], allowance: &mut Allowance) {
        self.files += 1;
        self.bytes += bytes.len() as u64;
        let Content { pieces, left_out } = Content::of(bytes);
        if let Some(kind) = left_out {
            self.leave_out(kind, file.into(), allowance);
        }
        let mut known: BTreeSet<(&str, String)> = BTreeSet::new();
        for Piece { bytes, is_text, is_unpacked } in pieces {
            let found = if is_text { find(file, &bytes) } else { forms(&bytes) };
            let name = |seen: &Sighting| (seen.rule.id, seen.shown.fingerprint.clone());
            // What one reading of the bytes showed, another shows again.
            let new: Vec<_> = found.into_iter().filter(|seen| !known.contains(&name(seen))).collect();
            known.extend(new.iter().map(name));
            for seen in new {
                let comment = allow::comment(&bytes, seen.at.start);
                let spot = if is_unpacked { Spot::Unpacked(seen.line) } else { Spot::Line(seen.line) };
                self.sort(file, spot, seen, comment, allowance);
            }
        }
    }

    /// Searches the names on a path, each once.
    pub(super) fn take_name(&mut self, path: &str, allowance: &mut Allowance) {
        for (at, name) in path.split('/').scan(0, |end, name| {
            *end += name.len() + 1;
            Some((*end - 1, name))
        }) {
            for seen in forms(name.as_bytes()) {
                let upto = visible(&path[..at]);
                let is_known = |found: &Finding| found.spot == Spot::Name && found.file == upto;
                let allowed = self.allowed.iter().map(|allowed| &allowed.finding);
                if !self.findings.iter().chain(allowed).any(is_known) {
                    self.sort(&upto, Spot::Name, seen, Comment::None, allowance);
                }
            }
        }
    }

    /// Searches where a link leads to.
    pub(super) fn take_target(&mut self, file: &str, target: &[u8], allowance: &mut Allowance) {
        for name in target.split(|byte| matches!(byte, b'/' | b'\\')) {
            for seen in forms(name) {
                self.sort(file, Spot::Target, seen, Comment::None, allowance);
            }
        }
    }

    fn sort(&mut self, file: &str, spot: Spot, seen: Sighting, comment: Comment, allowance: &mut Allowance) {
        let lacks_reason = comment == Comment::WithoutReason;
        let finding = Finding { rule: seen.rule, file: file.into(), spot, shown: seen.shown, lacks_reason };
        let reason = match comment {
            Comment::Allowed(reason) => Some(reason),
            _ => allowance.reason(file, &finding.shown),
        };
        match reason {
            Some(reason) => self.allowed.push(Allowed { finding, reason }),
            None => self.findings.push(finding),
        }
    }

    /// Takes down that a file is not searched, or not all of it; the allow-list may name it.
    pub(super) fn leave_out(&mut self, kind: LeftOut, file: String, allowance: &mut Allowance) {
        match allowance.reason_of_file(&file).filter(|_| kind.may_hold_secrets()) {
            Some(reason) => {
                let word = kind.word();
                self.notes.push(format!("{file} was not searched, {word}, and is allowed: {reason}"));
            }
            None => self.left_out.push((kind, file)),
        }
    }

    /// What is to be said when all was read.
    pub(super) fn finish(mut self, allowance: &Allowance) -> Self {
        let unused = allowance.unused().into_iter();
        self.notes
            .extend(unused.map(|line| format!("{}:{line} allows nothing that is there", allow::ALLOW_FILE)));
        self
    }
}

/// A path as anybody may see it: a secret in it is put out of sight.
pub(super) fn visible(path: &str) -> String {
    path.split('/').map(redacted).collect::<Vec<_>>().join("/")
}

/// Puts secrets in the names of files out of sight, in what another check saw: none may reach the evidence.
pub fn hide_names(facts: &mut [CheckFact]) {
    let hide = |path: &mut String| *path = visible(path);
    for fact in facts {
        match fact {
            CheckFact::FileChanged { file, .. } | CheckFact::LinesRun { file, .. } => hide(file),
            CheckFact::CommitRead { dirty: files, .. }
            | CheckFact::RollbackRehearsed { conflicts: files, .. } => {
                files.iter_mut().for_each(hide);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
