//! The manifest of a Forge app, as far as a gate must know it. What the platform itself would refuse at the
//! first look is an error; everything else is read as it stands, and judged elsewhere.

mod raw;

use std::path::{Component, Path, PathBuf};

use crate::yaml::{self, Distinct, YamlError};

/// The names that are looked for, in this order.
pub const FILE_NAMES: [&str; 2] = ["manifest.yml", "manifest.yaml"];
const EXTENSIONS: [&str; 7] = ["ts", "tsx", "js", "jsx", "mjs", "cjs", "mts"];

/// A Forge app's manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// Name of the file that was read.
    pub file: String,
    /// `app.id`.
    pub app_id: String,
    /// `app.runtime.name`, for instance `nodejs22.x`; empty when the manifest names none.
    pub runtime: String,
    /// `permissions.scopes`, in the manifest's order.
    pub scopes: Vec<String>,
    /// `permissions.external.fetch.backend` as written, and the base URLs of remotes and containers.
    pub egress: Vec<String>,
    /// `permissions.external.fetch.client` as written.
    pub client_egress: Vec<String>,
    /// What an administrator consents to beside scopes and backend hosts: client hosts, frames, scripts, content
    /// policies, impersonation; a line each.
    pub grants: Vec<String>,
    /// The functions.
    pub functions: Vec<Function>,
    /// Scheduled triggers that call a function.
    pub scheduled_triggers: Vec<ScheduledTrigger>,
    /// Triggers of product events that call a function.
    pub event_triggers: Vec<EventTrigger>,
    /// Keys of the functions that any module names as its resolver, distinct.
    pub resolvers: Vec<String>,
    /// Consumers of queues that call a function.
    pub consumers: Vec<Consumer>,
    /// Every module as `type:key`, functions left out.
    pub modules: Vec<String>,
    /// Keys of the external authentication providers.
    pub external_auth: Vec<String>,
    /// Everywhere a module names a function.
    pub mentions: Vec<Mention>,
    /// Scheduled triggers, event triggers and consumers, as `type:key`, that call something else than a
    /// function of this app: an endpoint or a workflow.
    pub remote: Vec<String>,
    /// What modules show a person: titles, labels and descriptions, each with its module.
    pub words: Vec<(String, String)>,
}

/// A function of the app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Function {
    /// Its key.
    pub key: String,
    /// File and export, for instance `index.run`.
    pub handler: String,
    /// Seconds that it may take, when the manifest says so.
    pub timeout_s: Option<u64>,
}

/// A scheduled trigger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScheduledTrigger {
    /// Its key.
    pub key: String,
    /// Key of the function that it calls.
    pub function: String,
    /// How often, as written.
    pub interval: String,
}

/// A trigger of product events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventTrigger {
    /// Its key.
    pub key: String,
    /// Key of the function that it calls.
    pub function: String,
    /// Names of the events, for instance `avi:jira:created:issue`.
    pub events: Vec<String>,
}

/// A consumer of a queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consumer {
    /// Its key.
    pub key: String,
    /// The queue's name.
    pub queue: String,
    /// Key of the function that it calls, directly or as its resolver.
    pub function: String,
    /// With a resolver, the name of the call.
    pub method: Option<String>,
}

/// How a module names a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// As what it calls.
    Function,
    /// As its resolver.
    Resolver,
}

/// A place where a module names a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// `type:key` of the module.
    pub module: String,
    /// How it is named.
    pub place: Use,
    /// Key of the function.
    pub function: String,
}

/// Why there is no manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The folder has none.
    #[error("{folder} holds no manifest.yml", folder = folder.display())]
    Missing {
        /// The folder.
        folder: PathBuf,
    },
    /// It cannot be read, or is no manifest.
    #[error(transparent)]
    Unsound(#[from] YamlError),
}

impl Manifest {
    /// The manifest's file in this folder.
    #[must_use]
    pub fn find(folder: &Path) -> Option<PathBuf> {
        FILE_NAMES.iter().map(|name| folder.join(name)).find(|path| path.is_file())
    }

    /// Reads the manifest of the app in this folder.
    ///
    /// # Errors
    /// There is none, it cannot be read, is over 1 MiB, nests too deep, has a key twice in one place, or lacks
    /// or mistypes what is read here.
    pub fn read(folder: &Path) -> Result<Self, ManifestError> {
        let path = Self::find(folder).ok_or_else(|| ManifestError::Missing { folder: folder.into() })?;
        Self::parse(&path, &yaml::bytes(&path)?)
    }

    /// Reads a manifest's text; `path` is its name in errors.
    ///
    /// # Errors
    /// As [`Manifest::read`].
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, ManifestError> {
        yaml::parse::<Distinct>(path, bytes)?;
        let raw: Option<raw::Raw> = yaml::parse(path, bytes)?;
        let raw = raw.ok_or_else(|| YamlError::placeless(path, "the manifest is empty".into()))?;
        let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        Ok(raw.into_manifest(file))
    }

    /// The function of this key.
    #[must_use]
    pub fn function(&self, key: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.key == key)
    }
}

impl Function {
    /// The source file that holds the handler, below `src` in the app's folder; `None` when there is none, or
    /// when the handler leads out of `src`.
    #[must_use]
    pub fn source(&self, folder: &Path) -> Option<PathBuf> {
        let (file, _) = self.handler.rsplit_once('.')?;
        let inside = Path::new(file).components().all(|part| matches!(part, Component::Normal(_)));
        if file.is_empty() || !inside {
            return None;
        }
        EXTENSIONS
            .iter()
            .map(|end| folder.join("src").join(format!("{file}.{end}")))
            .find(|path| path.is_file())
    }

    /// The name that the source file exports the handler under.
    #[must_use]
    pub fn export(&self) -> &str {
        self.handler.rsplit_once('.').map_or("", |(_, export)| export)
    }
}

#[cfg(test)]
mod tests;
