//! Reads what the release rests on beside the scenarios, as `release` in `gonogo.yaml` names it: each check's facts,
//! and what could not be read. Judges nothing.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::previous;
use crate::{
    clock::{Clock as _, SystemClock},
    config,
    evidence::{
        CheckFact, CheckKind, Fact, Limits, Objective, Observation, Of, PlannedCheck, Release, Source,
        Thresholds,
        file::{EvidenceError, Writer},
    },
    import::{
        self, ImportError,
        change::{CommitChange, Released},
        logs::LogFields,
        metrics::Times,
    },
    record::entry::{Imported, Predecessor},
    secret,
};

/// What was read for each check of a release, in the order of the policy.
pub(in crate::command) struct Gathered {
    /// The policy that goes into the evidence.
    pub(in crate::command) policy: Release,
    checks: Vec<Vec<CheckFact>>,
    /// The folder of `gonogo.yaml`.
    root: PathBuf,
}

/// The verdict before: of the record that the release's policy names, else of what stood in the output folder.
pub(in crate::command) fn previous_verdict(
    release: Option<&Gathered>,
    in_folder: Option<String>,
) -> Option<String> {
    let names =
        |release: &&Gathered| release.policy.checks.iter().any(|check| check.kind == CheckKind::Previous);
    match release.filter(names) {
        Some(release) => release.predecessor().map(|before| before.verdict),
        None => in_folder,
    }
}

impl Gathered {
    /// Reads everything that `release` names below `root`.
    pub(in crate::command) fn of(
        release: &config::Release,
        root: &Path,
        thresholds: &Thresholds,
        policy_ref: Option<&str>,
    ) -> Self {
        let base = release.change.as_ref().and_then(|change| change.base.as_deref());
        let change = import::change::read(root, base);
        let released = import::change::released(root);
        let commit = released.as_ref().ok().map(|released| released.commit.clone());
        let policy = release.policy(commit, thresholds);
        let now = SystemClock::new().now();
        let gather = Gather { release, root, policy_ref, change, released, now };
        let mut checks: Vec<_> =
            policy.checks.iter().map(|planned| gather.check(planned, &policy.limits)).collect();
        checks.iter_mut().for_each(|facts| secret::hide_names(facts));
        Self { policy, checks, root: root.to_owned() }
    }

    /// The files that were read, for the record, each with where it lies; once, however many checks read it.
    pub(super) fn imported(&self) -> Vec<(Imported, PathBuf)> {
        let mut files: Vec<(Imported, PathBuf)> = vec![];
        for fact in self.checks.iter().flatten() {
            let CheckFact::FileRead { of, path, sha256, format, .. } = fact else { continue };
            let (path, sha256, format) = (path.clone(), sha256.clone(), format.clone());
            let place = self.root.join(&path);
            let commit = self.policy.commit.clone().filter(|_| *of == Of::Now);
            let file = Imported { commit, format, path, sha256 };
            if files.iter().all(|(known, _)| *known != file) {
                files.push((file, place));
            }
        }
        files
    }

    /// The record before, if the policy names one and it verifies.
    pub(super) fn predecessor(&self) -> Option<Predecessor> {
        previous::predecessor(self.checks.iter().flatten())
    }

    /// Puts the checks' logs behind those of so many scenarios.
    pub(super) fn append(
        &self,
        scenarios: usize,
        at: Timestamp,
        evidence: &mut Writer,
    ) -> Result<(), EvidenceError> {
        for (place, (planned, facts)) in self.policy.checks.iter().zip(&self.checks).enumerate() {
            let begun = [Fact::CheckPlanned(planned.clone())].into_iter();
            let seen = facts.iter().cloned().map(Fact::CheckSaw);
            for (seq, fact) in (0..).zip(begun.chain(seen).chain([Fact::CheckEnded {}])) {
                let (scenario, source) = (scenarios + place, Source::Import);
                evidence.append(&Observation { scenario, seq, at, source, fact })?;
            }
        }
        Ok(())
    }
}

struct Gather<'a> {
    release: &'a config::Release,
    /// The folder of `gonogo.yaml`.
    root: &'a Path,
    /// The protected branch whose word counts, if one is named.
    policy_ref: Option<&'a str>,
    /// What it changes, if that can be told.
    change: Result<CommitChange, ImportError>,
    /// What is to be released, if it is committed.
    released: Result<Released, ImportError>,
    now: Timestamp,
}

impl Gather<'_> {
    fn check(&self, planned: &PlannedCheck, limits: &Limits) -> Vec<CheckFact> {
        let name = planned.id.split_once('/').map_or("", |(_, name)| name);
        let mut facts = vec![];
        if matches!(planned.kind, CheckKind::Tests | CheckKind::Logs | CheckKind::Metrics) {
            facts.extend(self.unbound());
        }
        match planned.kind {
            CheckKind::Tests => {
                for suite in self.release.tests.iter().filter(|suite| suite.id == name) {
                    self.tests(&mut facts, Of::Now, &suite.files);
                    self.tests(&mut facts, Of::Before, &suite.before);
                }
            }
            CheckKind::Change => match &self.change {
                Ok(change) => facts.extend(change.facts().into_iter().chain(change.rehearsed())),
                Err(error) => facts.push(self.unread(error)),
            },
            CheckKind::Coverage => self.coverage(&mut facts),
            CheckKind::Secrets => match self.searched() {
                Ok(search) => facts.extend(search.facts()),
                Err(error) => facts.push(not_read(error.to_string())),
            },
            CheckKind::Previous => {
                let named = self.release.previous.as_deref();
                facts.extend(named.into_iter().flat_map(|dir| previous::facts(self.root, dir)));
            }
            CheckKind::Logs => {
                for logs in self.release.logs.iter().filter(|logs| logs.id == name) {
                    self.logs(&mut facts, logs);
                }
            }
            CheckKind::Metrics => {
                let objectives = limits.objectives.get(&planned.id).map_or(&[][..], Vec::as_slice);
                for metrics in self.release.metrics.iter().filter(|metrics| metrics.id == name) {
                    self.metrics(&mut facts, Of::Now, &metrics.files, objectives);
                    self.metrics(&mut facts, Of::Before, &metrics.before, objectives);
                }
            }
        }
        facts
    }

    /// The tree, with the allow-list of the protected branch where one is named; one that is not there allows nothing.
    fn searched(&self) -> Result<secret::Search, secret::AllowError> {
        let Some(reference) = self.policy_ref else { return secret::search(self.root) };
        let listed = import::file_at(reference, &self.root.join(secret::ALLOW_FILE)).map(|list| list.bytes);
        secret::search_allowing(self.root, &String::from_utf8_lossy(&listed.unwrap_or_default()))
    }

    fn tests(&self, facts: &mut Vec<CheckFact>, of: Of, globs: &[String]) {
        for path in self.files(facts, globs) {
            let read = |source: &mut import::Source<'_>| {
                import::tests::read_source(source, None).map(|report| (report.format.word(), report))
            };
            let Some(report) = self.read(facts, of, &path, read) else { continue };
            facts.extend(report.notes.iter().map(|note| self.note(&path, note)));
            // Results of before are of another commit by their nature.
            let commits = report.commits.iter().filter(|_| of == Of::Now);
            facts.extend(commits.filter_map(|named| self.of_another(&path, named)));
            if let Some(why) = &report.incomplete {
                facts.push(not_read(format!("{}: {why}", self.shown(&path))));
            }
            facts.extend(report.cases.iter().map(|case| CheckFact::TestEnded {
                of,
                id: case.id(),
                outcome: case.outcome,
            }));
        }
    }

    /// That results cannot be those of what is released, as nobody knows what that is.
    fn unbound(&self) -> Option<CheckFact> {
        let error = self.released.as_ref().err()?;
        let what = format!(
            "results cannot be bound to a commit: {}; commit what is released (`git init`, `git commit`), or run it in \
             its checkout",
            error.what
        );
        Some(not_read(what))
    }

    /// That a file names another commit than the one that is to be released.
    fn of_another(&self, path: &Path, named: &str) -> Option<CheckFact> {
        let released = &self.released.as_ref().ok()?.commit;
        let is_same = is_same_commit(named, released);
        let what =
            || format!("{}: says that it is of commit {named}, {released} is released", self.shown(path));
        (!is_same).then(|| not_read(what()))
    }

    fn coverage(&self, facts: &mut Vec<CheckFact>) {
        let Some(named) = &self.release.coverage else { return };
        let mut read_files = vec![];
        for path in self.files(facts, &named.files) {
            let read = |source: &mut import::Source<'_>| {
                import::coverage::read_source(source, None).map(|read| (read.format.word(), read))
            };
            read_files.extend(self.read(facts, Of::Now, &path, read));
        }
        match &self.change {
            Ok(_) if read_files.is_empty() => {}
            Ok(change) => facts.extend(import::coverage::changed_lines(change, &read_files)),
            Err(error) => facts.push(self.unread(error)),
        }
    }

    fn logs(&self, facts: &mut Vec<CheckFact>, named: &config::Logs) {
        let fields = named.fields.clone().unwrap_or_default();
        if fields != LogFields::default() {
            let what = "the policy says by `fields` how what is counted is told".to_owned();
            facts.push(CheckFact::Noted { what });
        }
        let now = self.log(facts, Of::Now, &named.files, &fields);
        let amiss = now.as_ref().and_then(|now| now.of_another_time(self.committed(), self.now));
        facts.extend(amiss.map(not_read));
        let before = self.log(facts, Of::Before, &named.before, &fields);
        facts.extend(now.iter().flat_map(|now| now.facts(before.as_ref())));
    }

    /// The files of a log, one after another: what one of them lacks, the whole log does.
    fn log(
        &self,
        facts: &mut Vec<CheckFact>,
        of: Of,
        globs: &[String],
        fields: &LogFields,
    ) -> Option<import::logs::LogReport> {
        let mut reader = import::logs::LogReader::new(of, fields);
        for path in self.files(facts, globs) {
            // It is hashed while it is read: a log may be large.
            let read = || reader.read(&mut import::Source::open(&path)?);
            let (format, sha256, bytes) = self.noted(facts, read)?;
            self.file(facts, of, &path, (sha256, bytes), format.word());
        }
        reader.report()
    }

    fn metrics(&self, facts: &mut Vec<CheckFact>, of: Of, globs: &[String], objectives: &[Objective]) {
        let mut whole: Option<import::metrics::MetricReport> = None;
        for path in self.files(facts, globs) {
            let read = |source: &mut import::Source<'_>| {
                import::metrics::read_source(source).map(|report| (report.format.word(), report))
            };
            let Some(report) = self.read(facts, of, &path, read) else { return };
            match &mut whole {
                None => whole = Some(report),
                Some(whole) => {
                    if let Err(what) = whole.absorb(report) {
                        facts.push(not_read(format!("{}: {what}", self.shown(&path))));
                        return;
                    }
                }
            }
        }
        // What was measured of the released version is older by its nature.
        let times = Times { since: self.committed().filter(|_| of == Of::Now), until: self.now };
        if let Some(report) = &whole {
            facts.extend(report.of_other_times(objectives, times).into_iter().map(not_read));
            facts.extend(report.facts(of, objectives));
        }
    }

    /// The files that the globs name; a glob that names none is taken down.
    fn files(&self, facts: &mut Vec<CheckFact>, globs: &[String]) -> Vec<PathBuf> {
        let found = globs.iter().filter_map(|glob| self.noted(facts, || import::find(self.root, glob)));
        let mut files: Vec<PathBuf> = found.flatten().collect();
        files.sort();
        files.dedup();
        files
    }

    /// What a reader made of something; its error is taken down.
    fn noted<T>(
        &self,
        facts: &mut Vec<CheckFact>,
        read: impl FnOnce() -> Result<T, ImportError>,
    ) -> Option<T> {
        match read() {
            Ok(read) => Some(read),
            Err(error) => {
                facts.push(self.unread(&error));
                None
            }
        }
    }

    fn unread(&self, error: &ImportError) -> CheckFact {
        let path = self.shown(&error.path);
        let place = error.at.map(|at| format!(", {at}")).unwrap_or_default();
        not_read(format!("{path}{place}: {}", error.what))
    }

    /// Reads a file and takes it down, both through one opening: what is hashed is what was read.
    fn read<T>(
        &self,
        facts: &mut Vec<CheckFact>,
        of: Of,
        path: &Path,
        read: impl FnOnce(&mut import::Source<'_>) -> Result<(&'static str, T), ImportError>,
    ) -> Option<T> {
        let (format, report, hash) = self.noted(facts, || {
            let mut source = import::Source::open(path)?;
            let (format, report) = read(&mut source)?;
            let bytes = path.metadata().map_or(0, |meta| meta.len());
            Ok((format, report, (source.sha256()?, bytes)))
        })?;
        self.file(facts, of, path, hash, format);
        Some(report)
    }

    fn file(
        &self,
        facts: &mut Vec<CheckFact>,
        of: Of,
        path: &Path,
        (sha256, bytes): (String, u64),
        format: &str,
    ) {
        let stale = (of == Of::Now).then(|| self.stale(path)).flatten();
        let (path, format) = (self.shown(path), format.to_owned());
        facts.push(CheckFact::FileRead { of, path, sha256, bytes, format, stale });
    }

    /// Why a file cannot tell of the commit: it was there before it.
    fn stale(&self, path: &Path) -> Option<String> {
        let committed = self.committed()?;
        let modified = path.metadata().and_then(|metadata| metadata.modified()).ok();
        let written = modified.and_then(|modified| Timestamp::try_from(modified).ok());
        let Some(written) = written else { return Some("when it was written cannot be told".to_owned()) };
        // A commit knows seconds only.
        (written.as_second() < committed.as_second())
            .then(|| format!("written {written}, before the commit of {committed}"))
    }

    fn committed(&self) -> Option<Timestamp> {
        self.released.as_ref().ok()?.committed
    }

    fn note(&self, path: &Path, note: &str) -> CheckFact {
        CheckFact::Noted { what: format!("{}: {note}", self.shown(path)) }
    }

    /// A path as the policy file would name it: nothing of the machine.
    fn shown(&self, path: &Path) -> String {
        path.strip_prefix(self.root).unwrap_or(path).display().to_string()
    }
}

/// Whether two hashes name one commit; either may be shortened, to what still names it.
fn is_same_commit(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_ascii_lowercase(), other.to_ascii_lowercase());
    one.len().min(other.len()) >= 7 && (one.starts_with(&other) || other.starts_with(&one))
}

fn not_read(what: String) -> CheckFact {
    CheckFact::NotRead { what }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortened_hash_names_its_commit_and_no_other() {
        let whole = "c0ffee1234567890c0ffee1234567890c0ffee12";
        for (named, is_same) in [
            (whole, true),
            ("c0ffee1", true),
            ("C0FFEE1234", true),
            ("c0ffee", false),
            ("c0ffee2", false),
            ("0ffee12", false),
        ] {
            assert_eq!(is_same_commit(named, whole), is_same, "{named}");
        }
    }
}
