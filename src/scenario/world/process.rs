//! Processes under test as workers of a scenario: where they come from, and what gonogo sees of their storage.

use std::sync::Arc;

use secrecy::SecretString;
use serde_json::Value;

use super::{Scene, Target, Worker, World};
use crate::{
    mock_jira::Platform,
    scenario::failure::Failure,
    subject::{
        Stage,
        process::{Ground, Process, Witness},
    },
};

/// What processes of this scenario stand on.
pub(super) fn ground(stage: &Stage, platform: &Platform) -> Ground {
    Ground::new(stage.clone(), Arc::new(Sight(platform.clone())))
}

/// What the mocked platform shows of an app.
#[derive(Debug)]
struct Sight(Platform);

impl Witness for Sight {
    fn stored(&self, tenant: &str) -> Vec<(String, Value)> {
        self.0.stored_keys(tenant).unwrap_or_default()
    }

    fn storage_token(&self, tenant: &str) -> Option<SecretString> {
        self.0.credentials(tenant).ok().map(|credentials| credentials.access_token)
    }

    fn secrets(&self) -> Vec<SecretString> {
        self.0.issued_secrets()
    }
}

impl World {
    /// The process of this name; it is started when first asked for.
    ///
    /// # Errors
    /// When it cannot be started, or no process is under test.
    pub async fn process(&mut self, name: &str) -> Result<Arc<Process>, Failure> {
        let scene = self.scene()?;
        if let Some(Worker::Process(process)) = scene.workers.get(name) {
            return Ok(process.clone());
        }
        let Target::Process(program) = &scene.setup.subject else {
            return Err(Failure::new("this step is about a process, and none is under test"));
        };
        let (ground, program) = (scene.ground.clone(), program.clone());
        let process =
            Process::start(&ground, &program, name).await.map_err(|e| Failure::new(e.to_string()))?;
        self.scene_mut()?.workers.insert(name.to_owned(), Worker::Process(process.clone()));
        Ok(process)
    }

    fn scene_mut(&mut self) -> Result<&mut Scene, Failure> {
        self.scene.as_mut().ok_or_else(|| Failure::new("the world was not begun"))
    }
}
