//! What a run goes by: flag over environment over file over default. Runs nothing.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use anyhow::anyhow;

use super::{
    configured::{Configured, root},
    release::{self, Gathered},
    shard,
    target::target,
};
use crate::{
    baseline::Baseline,
    cli,
    command::{Refusal, accepted, folder::DEFAULT_OUT, header, policy_for},
    config::{self, Seconds},
    evidence::{Header, Policy, Shard},
    import, invariant,
    scenario::{
        Limits, Listing, Plan, RunOptions, Selection, Setup, Vocabulary,
        source::{self, Source},
    },
    subject::Target,
};

/// The scenarios of what a Forge app may do without.
const LISTING: &str = "forge/listing.feature";

/// Everything a run needs to know.
pub(super) struct Settings {
    pub out: PathBuf,
    pub options: RunOptions,
    pub setup: Setup,
    /// What the release rests on beside the scenarios.
    pub release: Option<Gathered>,
    shard: Option<cli::Part>,
    config: Option<PathBuf>,
    baseline: Option<PathBuf>,
    policy: Policy,
    features: Vec<PathBuf>,
    /// Whether the command line names the features.
    replaced: bool,
    selection: Selection,
    seed: u64,
    accepted: Vec<String>,
}

impl Settings {
    #[allow(clippy::needless_update, reason = "a setup may grow")]
    /// What the flags, the environment and the file say. Without `compared` no released version is looked at.
    pub(super) fn of(arguments: &cli::Run, compared: bool) -> Result<Self, Refusal> {
        let gate = &arguments.gate;
        let policy_ref = gate.policy_ref.as_deref().filter(|_| compared);
        let Configured { file, config, remarks } =
            Configured::read(gate.config.as_deref(), arguments.dir.as_deref(), policy_ref)?;
        let subject = target(&config, file.as_deref(), arguments.dir.as_deref())?;
        let mut policy = config.policy(policy_for(&subject));
        policy.remarks.extend(remarks);
        if let Target::Forge(deployment) = &subject {
            policy.remarks.extend(deployment.other_node());
        }
        let baseline = arguments.baseline.as_ref().or(config.baseline.as_ref()).filter(|_| compared).cloned();
        let released = baseline.as_deref().map(Baseline::read).transpose().map_err(Refusal::input)?;
        let features = match (arguments.features.as_slice(), &arguments.dir) {
            ([_, ..], _) => arguments.features.clone(),
            ([], _) if !config.features.is_empty() => {
                config.features.iter().map(|path| from_here(path)).collect()
            }
            ([], Some(dir)) if dir.join("features").is_dir() => vec![dir.join("features")],
            // An app that is named, or lies there, is judged by the built-in features of its kind.
            ([], Some(dir)) if matches!(subject, Target::Reference) && config.subject.is_none() => {
                vec![dir.clone()]
            }
            ([], Some(_)) => vec![],
            ([], None) => vec![],
        };
        let gathered = |named| Gathered::of(named, root(file.as_deref()), &policy.thresholds, policy_ref);
        // What belongs to the whole release is gathered once, by whoever puts the shards together.
        let whole = compared && arguments.shard.is_none();
        let release = config.release.as_ref().filter(|_| whole).map(gathered);
        let or = |limit: Option<Seconds>, default: Duration| limit.map_or(default, |limit| limit.0);
        let (defaults, timeouts) = (defaults_for(&subject), &config.timeouts);
        let limits = Limits {
            step: or(timeouts.step_s, defaults.limits.step),
            scenario: or(timeouts.scenario_s, defaults.limits.scenario),
            run: arguments.timeout.map_or(or(timeouts.run_s, defaults.limits.run), Duration::from_secs_f64),
        };
        Ok(Self {
            out: gate.out.clone().or(config.out).unwrap_or_else(|| DEFAULT_OUT.into()),
            options: RunOptions {
                jobs: arguments.jobs.map(usize::from).or(config.jobs).unwrap_or(defaults.jobs),
                retries: usize::from(arguments.retries),
                fail_fast: arguments.fail_fast,
                limits,
                ..defaults
            },
            setup: Setup {
                seed: arguments.seed,
                subject,
                listing: config.forge.listing.map(listing),
                baseline: released.map(Arc::new),
                ..Setup::default()
            },
            release,
            shard: arguments.shard,
            baseline,
            config: file,
            policy,
            features,
            replaced: !arguments.features.is_empty(),
            selection: Selection { tags: arguments.tags.clone(), name: arguments.name.clone() },
            seed: arguments.seed,
            accepted: accepted(&gate.accept),
        })
    }

    /// The texts of the features.
    pub(super) fn sources(&self) -> Result<Vec<Source>, Refusal> {
        if self.features.is_empty() || self.comes_beside() {
            let mut sources = source::built_in(&self.setup.subject);
            // What the app is said not to have cannot be run; the policy says so in every report.
            let lists = self.policy.set_aside.is_empty();
            sources.retain(|source| lists || !source.path.ends_with(LISTING));
            // What a team adds for its own app comes beside what every app is judged by.
            if !self.features.is_empty() {
                sources.extend(source::from_folders(&self.features).map_err(Refusal::input)?);
            }
            return Ok(sources);
        }
        source::from_folders(&self.features).map_err(Refusal::input)
    }

    /// Whether own features are run beside the built-in ones: for any app but the reference app, unless the
    /// command line names them.
    fn comes_beside(&self) -> bool {
        !self.replaced && !matches!(self.setup.subject, Target::Reference)
    }

    /// How many built-in scenarios the command line's own features take the place of: what every app of its
    /// kind is judged by was not shown then.
    fn built_in_left_out(&self) -> usize {
        if !self.replaced || matches!(self.setup.subject, Target::Reference) {
            return 0;
        }
        let built_in = source::load(&source::built_in(&self.setup.subject)).unwrap_or_default();
        Plan::new(&built_in, &Selection::default(), &Vocabulary::free()).map_or(1, |plan| plan.len())
    }

    /// The files that the run is read from, each with what it is.
    pub(super) fn inputs(&self, sources: &[Source]) -> Vec<(PathBuf, &'static str)> {
        // Built-in features are no files, whatever lies under their names.
        let is_own = |source: &&Source| self.features.iter().any(|folder| source.path.starts_with(folder));
        let files = sources.iter().filter(is_own);
        let features = files.map(|source| (source.path.clone(), "a feature file"));
        let baseline = self.baseline.clone().map(|file| (file, "the baseline"));
        let app = self.setup.subject.files().into_iter().map(|file| (file, "a file of the app"));
        features
            .chain(app)
            .chain(self.config.clone().map(|file| (file, "the configuration")))
            .chain(baseline)
            .collect()
    }

    /// Everything that is to run, and which part of it this is.
    pub(super) fn part(&self, sources: &[Source]) -> Result<(Plan, Option<Shard>), Refusal> {
        let plan = self.plan(sources)?;
        let Some(cli::Part { index, of }) = self.shard else { return Ok((plan, None)) };
        let whole = plan.len();
        let mut files = self.inputs(sources);
        // What a handler or a driver calls on lies in files that no setting names.
        let app = self.setup.subject.folder().and_then(import::tracked).unwrap_or_default();
        files.extend(app.into_iter().map(|file| (file, "a tracked file of the app")));
        let shard = Shard {
            index,
            of,
            whole,
            run: shard::in_common(&plan, sources, &files)?,
            config: self.config.as_deref().map(shard::digest).transpose()?,
            commit: import::change::head(root(self.config.as_deref())),
        };
        let part = plan.shard(&shard).ok_or_else(|| {
            Refusal::input(anyhow!("shard {index}/{of} has nothing to do: there are {whole} scenarios"))
        })?;
        Ok((part, Some(shard)))
    }

    fn plan(&self, sources: &[Source]) -> Result<Plan, Refusal> {
        let features = source::load(sources).map_err(Refusal::input)?;
        let vocabulary = Vocabulary::closed(
            invariant::RULES.iter().map(|rule| rule.name.to_owned()).collect(),
            self.policy.issues.iter().map(|issue| issue.id.clone()).collect(),
        );
        Plan::new(&features, &self.selection, &vocabulary).map_err(Refusal::input)
    }

    /// The first line of the evidence.
    pub(super) fn header(
        &self,
        plan: &Plan,
        shard: Option<Shard>,
        previous_verdict: Option<String>,
    ) -> Header {
        Header {
            shard,
            release: self.release.as_ref().map(|release| release.policy.clone()),
            left_out: plan.left_out() + self.built_in_left_out(),
            previous_verdict: release::previous_verdict(self.release.as_ref(), previous_verdict),
            accepted: self.accepted.clone(),
            policy: self.policy.clone(),
            ..header(plan.len(), self.seed, &self.setup.subject)
        }
    }
}

/// A path as it is seen from the current folder, where it lies below it: evidence and reports name no machine's paths,
/// and shards of equal trees name the same.
fn from_here(path: &Path) -> PathBuf {
    let here = Path::new(".").canonicalize().ok();
    let below = here.as_deref().and_then(|here| path.strip_prefix(here).ok());
    below.filter(|below| !below.as_os_str().is_empty()).unwrap_or(path).to_owned()
}

/// Other apps than the reference app run in processes of their own, some to a scenario: as many scenarios at
/// once as there are processors, and time enough for a process to start on a busy machine.
fn defaults_for(subject: &Target) -> RunOptions {
    let defaults = RunOptions::default();
    if matches!(subject, Target::Reference) {
        return defaults;
    }
    let jobs = thread::available_parallelism().map_or(2, usize::from).clamp(2, defaults.jobs);
    let (step, scenario) = (Duration::from_secs(60), Duration::from_secs(180));
    RunOptions { jobs, limits: Limits { step, scenario, ..defaults.limits }, ..defaults }
}

fn listing(named: config::Listing) -> Listing {
    let config::Listing { call, items, has_more, next_cursor, limit, cursor } = named;
    Listing { call, items, has_more, next_cursor, limit, cursor }
}
