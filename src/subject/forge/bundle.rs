//! Makes an app ready to run: finds Node and esbuild, bundles the handlers in one call, keeps the bundle for the
//! next run as long as nothing that went into it has changed, and writes the bridge down.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use serde_json::{Value, json};

use super::{
    ForgeError,
    cache::{Cache, system_cache},
    node::{self, Node},
};
use crate::forge_app::Manifest;

/// The files of the bridge, as they are written down for Node.
pub(super) const BRIDGE: [(&str, &str); 12] = [
    ("main.cjs", include_str!("bridge/main.cjs")),
    ("wire.cjs", include_str!("bridge/wire.cjs")),
    ("time.cjs", include_str!("bridge/time.cjs")),
    ("transport.cjs", include_str!("bridge/transport.cjs")),
    ("answer.cjs", include_str!("bridge/answer.cjs")),
    ("runtime.cjs", include_str!("bridge/runtime.cjs")),
    ("egress.cjs", include_str!("bridge/egress.cjs")),
    ("work.cjs", include_str!("bridge/work.cjs")),
    ("places.cjs", include_str!("bridge/places.cjs")),
    ("invocation.cjs", include_str!("bridge/invocation.cjs")),
    ("node-fetch.cjs", include_str!("bridge/node-fetch.cjs")),
    ("bundle.cjs", include_str!("bridge/bundle.cjs")),
];
/// What is installed when the app has no esbuild of its own.
pub(super) const ESBUILD: &str = "0.28.2";
/// How long bundling may take: the largest of apps takes seconds.
const BUNDLING: Duration = Duration::from_secs(60);
/// How long npm may take for one package.
const FETCHING: Duration = Duration::from_secs(120);

/// The bridge on disk, and a folder for what the instances leave behind; both go with the last user.
#[derive(Debug)]
pub(super) struct Bridge {
    folder: PathBuf,
}

/// An app's handlers in one file.
#[derive(Debug)]
pub(super) struct Bundle {
    pub node: Node,
    pub bridge: Bridge,
    /// The app's folder, absolute.
    pub folder: PathBuf,
    /// The bundle.
    pub file: PathBuf,
    pub warnings: Vec<String>,
    /// Files that went into it, as the bundler names them: below the app's folder, or a way out of it.
    pub inputs: Vec<String>,
    /// Handler files that it holds, by the name in the manifest.
    handlers: BTreeMap<String, PathBuf>,
}

impl Bundle {
    /// Bundles the handlers of all functions whose files exist.
    ///
    /// # Errors
    /// As [`ForgeError`].
    pub fn make(folder: &Path, manifest: &Manifest) -> Result<Self, ForgeError> {
        let folder = fs::canonicalize(folder).map_err(|e| file_error("read", folder, &e))?;
        let node = Node::find()?;
        let bridge = Bridge::write()?;
        require_packages(&folder)?;
        let mut handlers = BTreeMap::new();
        for function in &manifest.functions {
            if let (Some(source), Some((name, _))) =
                (function.source(&folder), function.handler.rsplit_once('.'))
            {
                handlers.insert(name.to_owned(), source);
            }
        }
        let major = node.major().unwrap_or_default();
        let cache = Cache::of(&folder, &handlers, major);
        // A copy of this run's own: the kept one may be swept by another run.
        if let Some((file, warnings, inputs)) = cache.find().and_then(|(kept, warnings, inputs)| {
            Some((own_copy(&kept, &bridge.scratch()).ok()?, warnings, inputs))
        }) {
            return Ok(Self { node, bridge, folder, file, warnings, inputs, handlers });
        }
        let esbuild = find_esbuild(&folder, &node)?;
        let built = bridge.scratch().join("bundle.cjs");
        let target = format!("node{}", major.min(24));
        let options = json!({"esbuild": esbuild, "folder": folder, "handlers": handlers, "outfile": built,
            "nodeFetch": bridge.folder.join("node-fetch.cjs"), "target": target});
        let arguments = [bridge.folder.join("bundle.cjs").into(), options.to_string().into()];
        let output = node
            .run(&arguments, &folder, BUNDLING)
            .map_err(|e| ForgeError::Bundle(format!("{} {e}", node.path.display())))?;
        let said: Value = serde_json::from_slice(&output.stdout)
            .map_err(|_| ForgeError::Bundle(String::from_utf8_lossy(&output.stderr).trim().to_owned()))?;
        if said["errors"].is_array() {
            return Err(ForgeError::Bundle(lines(&said["errors"]).join("; ")));
        }
        let warnings = lines(&said["warnings"]);
        let inputs = lines(&said["inputs"]);
        let kept = cache.keep(&built, &inputs, &warnings);
        let file = kept.and_then(|kept| own_copy(&kept, &bridge.scratch()).ok()).unwrap_or(built);
        Ok(Self { node, bridge, folder, file, warnings, inputs, handlers })
    }

    /// Whether the bundle holds the handler file of this name.
    pub fn holds(&self, file: &str) -> bool {
        self.handlers.contains_key(file)
    }
}

pub(super) fn lines(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The bundle with its map, in this run's own folder.
fn own_copy(kept: &Path, scratch: &Path) -> std::io::Result<PathBuf> {
    let own = scratch.join("kept.cjs");
    fs::copy(kept, &own)?;
    fs::copy(kept.with_extension("cjs.map"), scratch.join("bundle.cjs.map"))?;
    Ok(own)
}

fn file_error(verb: &str, path: &Path, error: &std::io::Error) -> ForgeError {
    ForgeError::File(format!("cannot {verb} {}: {error}", path.display()))
}

impl Bridge {
    /// Writes the bridge into a folder of its own below the system's temporary one.
    fn write() -> Result<Self, ForgeError> {
        static MADE: AtomicU64 = AtomicU64::new(0);
        sweep();
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("gonogo-bridge-{}-{number}-{}", std::process::id(), uuid::Uuid::now_v7().simple());
        let bridge = Self { folder: std::env::temp_dir().join(name) };
        fs::create_dir_all(bridge.scratch()).map_err(|e| file_error("write", &bridge.folder, &e))?;
        for (name, text) in BRIDGE {
            let path = bridge.folder.join(name);
            fs::write(&path, text).map_err(|e| file_error("write", &path, &e))?;
        }
        Ok(bridge)
    }

    /// What Node is started with.
    pub fn main(&self) -> PathBuf {
        self.folder.join("main.cjs")
    }

    /// Where instances may leave files.
    pub fn scratch(&self) -> PathBuf {
        self.folder.join("scratch")
    }
}

/// Removes the bridges of processes that ended without doing so: who is killed, or exits at once, drops nothing.
fn sweep() {
    let Ok(entries) = fs::read_dir(std::env::temp_dir()) else { return };
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let owner = name.strip_prefix("gonogo-bridge-").and_then(|rest| rest.split('-').next()?.parse().ok());
        let gone = owner
            .and_then(rustix::process::Pid::from_raw)
            .is_some_and(|pid| rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH));
        if gone {
            // Another process may be sweeping too.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        // A folder that cannot be removed is the system's to clean.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The nearest `node_modules/NAME` at or above a folder.
fn package_above(folder: &Path, name: &str) -> Option<PathBuf> {
    let found = folder.ancestors().map(|above| above.join("node_modules").join(name));
    found.into_iter().find(|path| path.join("package.json").is_file())
}

/// An app that names packages must have them installed.
fn require_packages(folder: &Path) -> Result<(), ForgeError> {
    let path = folder.join("package.json");
    let Ok(text) = fs::read(&path) else { return Ok(()) };
    let package: Value =
        serde_json::from_slice(&text).map_err(|e| ForgeError::File(format!("{}: {e}", path.display())))?;
    let named = package["dependencies"].as_object().into_iter().flat_map(|names| names.keys());
    for name in named {
        if package_above(folder, name).is_none() {
            return Err(ForgeError::NoPackages(folder.display().to_string()));
        }
    }
    Ok(())
}

/// The app's own esbuild, or gonogo's, which is installed when it is first needed.
fn find_esbuild(folder: &Path, node: &Node) -> Result<PathBuf, ForgeError> {
    if let Some(own) = package_above(folder, "esbuild") {
        return Ok(own);
    }
    let home = system_cache().ok_or_else(|| ForgeError::NoEsbuild("there is no home folder".to_owned()))?;
    let place = home.join(format!("esbuild-{ESBUILD}"));
    let installed = place.join("node_modules/esbuild");
    if installed.join("package.json").is_file() {
        return Ok(installed);
    }
    // It comes to its place whole or not at all.
    let scratch = home.join(format!("esbuild-{}", uuid::Uuid::now_v7().simple()));
    fs::create_dir_all(&scratch).map_err(|e| file_error("write", &scratch, &e))?;
    let fetched = fetch_esbuild(&scratch, node);
    if fetched.is_ok() {
        // Somebody else may have been faster; then theirs is there.
        let _ = fs::rename(&scratch, &place);
    }
    let _ = fs::remove_dir_all(&scratch);
    fetched.map(|()| installed)
}

/// Installs esbuild in a folder.
fn fetch_esbuild(place: &Path, node: &Node) -> Result<(), ForgeError> {
    let npm = node.path.with_file_name("npm");
    let npm = if npm.is_file() { npm } else { PathBuf::from("npm") };
    let mut install = Command::new(npm);
    install
        .args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-save", "--prefix"])
        .arg(place)
        .arg(format!("esbuild@{ESBUILD}"))
        .current_dir(place);
    let output = node::run(&mut install, FETCHING).map_err(|error| {
        ForgeError::NoEsbuild(match error.kind() {
            std::io::ErrorKind::NotFound => "there is no `npm` beside Node or on the PATH".to_owned(),
            _ => format!("`npm` {error}"),
        })
    })?;
    if place.join("node_modules/esbuild/package.json").is_file() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let reason = said.lines().find(|line| line.contains("ERR") || line.contains("error"));
    Err(ForgeError::NoEsbuild(reason.unwrap_or("npm failed").chars().take(200).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_that_an_app_names_must_be_installed() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, text).expect("a file");
        };
        assert!(require_packages(folder.path()).is_ok(), "an app without package.json names none");
        write("package.json", r#"{"dependencies": {"@forge/api": "8.0.0"}}"#);
        let error = require_packages(folder.path()).expect_err("not installed").to_string();
        assert!(error.contains("run npm install in"), "{error}");
        write("node_modules/@forge/api/package.json", "{}");
        assert!(require_packages(folder.path()).is_ok());
        write("package.json", "{");
        assert!(matches!(require_packages(folder.path()), Err(ForgeError::File(_))));
    }

    #[test]
    fn the_bridge_leaves_nothing_behind() {
        let bridge = Bridge::write().expect("a bridge");
        let folder = bridge.folder.clone();
        assert!(bridge.main().is_file() && bridge.scratch().is_dir());
        drop(bridge);
        assert!(!folder.exists());
    }
}
