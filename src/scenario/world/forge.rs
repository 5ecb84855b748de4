//! Forge apps under test as a scenario has them: installed by the platform, run in instances, and what is
//! taken down of them before anything runs.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Step, Target, World};
use crate::{
    clock::ManualClock,
    evidence::{Fact, Source},
    mock_jira::{Platform, TenantSpec},
    scenario::failure::Failure,
    subject::forge::{Deployment, Ground, Installation, Instances},
};

/// The instances of one scenario.
#[derive(Clone, Debug)]
pub struct Forge {
    /// What runs the app.
    pub instances: Arc<Instances>,
    busy: Names,
    held: Names,
}

type Names = Arc<Mutex<BTreeSet<String>>>;

impl Forge {
    pub(super) fn new(
        deployment: &Arc<Deployment>,
        base_url: &str,
        scene: (&ManualClock, &Platform),
    ) -> Self {
        let (clock, platform) = (scene.0.clone(), scene.1.clone());
        let scopes = deployment.manifest().scopes.clone();
        let installation = Arc::new(move |tenant: &str| {
            let (cloud_id, installation_id) = platform.installation(tenant).ok()?;
            let token = platform.system_token(tenant, &scopes).ok()?;
            Some(Installation { cloud_id, installation_id, token })
        });
        let held = Names::default();
        let is_held = held.clone();
        let ground = Ground {
            held: Arc::new(move |name: &str| lock(&is_held).contains(name)),
            ..Ground::new(base_url, clock, installation)
        };
        Self { instances: Arc::new(Instances::new(deployment.clone(), ground)), busy: Names::default(), held }
    }

    /// The first instance that has nothing to do; it is busy until [`Forge::free`].
    #[must_use]
    pub fn reserve(&self) -> String {
        let mut busy = lock(&self.busy);
        let name = (1..).map(|number| format!("instance-{number}")).find(|name| !busy.contains(name));
        let name = name.unwrap_or_default();
        busy.insert(name.clone());
        name
    }

    /// The instance has nothing to do any more.
    pub fn free(&self, name: &str) {
        lock(&self.busy).remove(name);
        lock(&self.held).remove(name);
    }

    /// The scenario holds the instance at the platform: time may pass without it.
    pub fn hold(&self, name: &str, is_held: bool) {
        let mut held = lock(&self.held);
        if is_held {
            held.insert(name.to_owned());
        } else {
            held.remove(name);
        }
    }
}

fn lock(names: &Names) -> MutexGuard<'_, BTreeSet<String>> {
    names.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    /// The Forge app under test.
    ///
    /// # Errors
    /// When another kind of app is under test; and as [`World::scene`].
    pub fn deployment(&self) -> Result<Arc<Deployment>, Failure> {
        match &self.scene()?.setup.subject {
            Target::Forge(deployment) => Ok(deployment.clone()),
            _ => Err(Failure::new("this step is about a Forge app, and none is under test")),
        }
    }

    /// What runs the Forge app under test.
    ///
    /// # Errors
    /// As [`World::deployment`].
    pub fn forge(&self) -> Result<Forge, Failure> {
        self.deployment()?;
        let forge = self.scene()?.forge.clone();
        forge.ok_or_else(|| Failure::new("this step is about a Forge app, and none is under test"))
    }

    /// Makes a site and installs the app there, as an administrator's one click does. The first time, what the
    /// app's folder and its baseline say is taken down too.
    ///
    /// # Errors
    /// When there is such a site already; and as [`World::deployment`].
    pub fn install_forge(&mut self, tenant: &str) -> Step {
        self.install_forge_on(TenantSpec::new(tenant))
    }

    /// As [`World::install_forge`], on a site of this kind.
    ///
    /// # Errors
    /// As [`World::install_forge`].
    pub fn install_forge_on(&mut self, site: TenantSpec) -> Step {
        let tenant = site.id.clone();
        let deployment = self.deployment()?;
        let first = self.scene()?.platform.tenant_ids().is_empty();
        let scopes = deployment.manifest().scopes.clone();
        self.add_site(TenantSpec { scopes, everyday_names: true, ..site })?;
        if first {
            for fact in deployment.facts() {
                self.scene()?.stage.recorder.record(Source::Subject, fact.clone());
            }
            if let Some(baseline) = self.scene()?.setup.baseline.clone() {
                self.record(baseline.fact())?;
            }
        }
        self.record(Fact::Installed { tenant, settings: vec![] })
    }
}
