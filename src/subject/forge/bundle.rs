//! Makes an app ready to run: finds Node and esbuild, bundles the handlers in one call, keeps the bundle for the
//! next run as long as nothing that went into it has changed, and writes the bridge down.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU64, Ordering},
};

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::ForgeError;
use crate::forge_app::Manifest;

/// The files of the bridge, as they are written down for Node.
const BRIDGE: [(&str, &str); 10] = [
    ("main.cjs", include_str!("bridge/main.cjs")),
    ("wire.cjs", include_str!("bridge/wire.cjs")),
    ("time.cjs", include_str!("bridge/time.cjs")),
    ("transport.cjs", include_str!("bridge/transport.cjs")),
    ("runtime.cjs", include_str!("bridge/runtime.cjs")),
    ("egress.cjs", include_str!("bridge/egress.cjs")),
    ("work.cjs", include_str!("bridge/work.cjs")),
    ("invocation.cjs", include_str!("bridge/invocation.cjs")),
    ("node-fetch.cjs", include_str!("bridge/node-fetch.cjs")),
    ("bundle.cjs", include_str!("bridge/bundle.cjs")),
];
/// What is installed when the app has no esbuild of its own.
const ESBUILD: &str = "0.28.2";
const OLDEST_NODE: u32 = 20;

/// A Node that runs.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Node {
    pub path: PathBuf,
    pub version: String,
}

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
        let cache = Cache::of(&folder, &handlers);
        if let Some((file, warnings)) = cache.find() {
            return Ok(Self { node, bridge, folder, file, warnings, handlers });
        }
        let esbuild = find_esbuild(&folder, &node)?;
        let built = bridge.scratch().join("bundle.cjs");
        let target = format!("node{}", node.major().min(24));
        let options = json!({"esbuild": esbuild, "folder": folder, "handlers": handlers, "outfile": built,
            "nodeFetch": bridge.folder.join("node-fetch.cjs"), "target": target});
        let output = Command::new(&node.path)
            .arg(bridge.folder.join("bundle.cjs"))
            .arg(options.to_string())
            .current_dir(&folder)
            .output()
            .map_err(|e| ForgeError::Bundle(e.to_string()))?;
        let said: Value = serde_json::from_slice(&output.stdout)
            .map_err(|_| ForgeError::Bundle(String::from_utf8_lossy(&output.stderr).trim().to_owned()))?;
        if said["errors"].is_array() {
            return Err(ForgeError::Bundle(lines(&said["errors"]).join("; ")));
        }
        let warnings = lines(&said["warnings"]);
        let inputs = lines(&said["inputs"]);
        let file = cache.keep(&built, &inputs, &warnings).unwrap_or(built);
        Ok(Self { node, bridge, folder, file, warnings, handlers })
    }

    /// Whether the bundle holds the handler file of this name.
    pub fn holds(&self, file: &str) -> bool {
        self.handlers.contains_key(file)
    }
}

fn lines(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn file_error(verb: &str, path: &Path, error: &std::io::Error) -> ForgeError {
    ForgeError::File(format!("cannot {verb} {}: {error}", path.display()))
}

impl Node {
    /// Asks the `node` of the search path what and where it is.
    fn find() -> Result<Self, ForgeError> {
        let asked = "console.log(JSON.stringify({path: process.execPath, version: process.versions.node}))";
        let output = Command::new("node").arg("-e").arg(asked).output();
        let output = output.map_err(|e| ForgeError::NoNode(e.to_string()))?;
        let node: Self = serde_json::from_slice(&output.stdout).map_err(|_| {
            ForgeError::NoNode(String::from_utf8_lossy(&output.stderr).trim().chars().take(200).collect())
        })?;
        if node.major() < OLDEST_NODE {
            return Err(ForgeError::OldNode(node.version));
        }
        Ok(node)
    }

    fn major(&self) -> u32 {
        self.version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0)
    }
}

impl Bridge {
    /// Writes the bridge into a folder of its own below the system's temporary one.
    fn write() -> Result<Self, ForgeError> {
        static MADE: AtomicU64 = AtomicU64::new(0);
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
    fs::create_dir_all(&place).map_err(|e| file_error("write", &place, &e))?;
    let npm = node.path.with_file_name("npm");
    let npm = if npm.is_file() { npm } else { PathBuf::from("npm") };
    let output = Command::new(npm)
        .args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-save", "--prefix"])
        .arg(&place)
        .arg(format!("esbuild@{ESBUILD}"))
        .current_dir(&place)
        .output()
        .map_err(|e| ForgeError::NoEsbuild(e.to_string()))?;
    if installed.join("package.json").is_file() {
        return Ok(installed);
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let reason = said.lines().find(|line| line.contains("ERR") || line.contains("error"));
    Err(ForgeError::NoEsbuild(reason.unwrap_or("npm failed").chars().take(200).collect()))
}

fn system_cache() -> Option<PathBuf> {
    Some(std::env::home_dir()?.join(".cache").join("gonogo"))
}

/// Where a bundle is kept, and what it is known by.
struct Cache {
    folder: PathBuf,
    place: Option<PathBuf>,
    key: String,
}

/// How many bundles of an app are kept.
const KEPT: usize = 8;

impl Cache {
    fn of(folder: &Path, handlers: &BTreeMap<String, PathBuf>) -> Self {
        let modules = folder.join("node_modules");
        let own = modules.is_dir().then(|| modules.join(".cache").join("gonogo"));
        let places = own.into_iter().chain(system_cache().map(|cache| cache.join("bundles")));
        let place = places.into_iter().find(|place| fs::create_dir_all(place).is_ok());
        let mut hash = Sha256::new();
        for (_, text) in BRIDGE {
            hash.update(text);
        }
        hash.update(ESBUILD);
        hash.update(json!([folder, handlers]).to_string());
        for name in ["package.json", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "tsconfig.json"] {
            hash.update([0]);
            hash.update(fs::read(folder.join(name)).unwrap_or_default());
        }
        // A new file can be found before an old one.
        hash.update(json!(source_files(folder)).to_string());
        Self { folder: folder.to_owned(), place, key: hex::encode(&hash.finalize()[..12]) }
    }

    /// The kept bundle, if everything that went into it is as it was.
    fn find(&self) -> Option<(PathBuf, Vec<String>)> {
        let index = fs::read(self.place.as_ref()?.join(format!("{}.json", self.key))).ok()?;
        let index: Value = serde_json::from_slice(&index).ok()?;
        let file = PathBuf::from(index["file"].as_str()?);
        let inputs = index["inputs"].as_object()?;
        let same = |(path, hash): (&String, &Value)| hash.as_str() == self.hash_of(path).as_deref();
        (file.is_file() && inputs.iter().all(same)).then(|| (file, lines(&index["warnings"])))
    }

    /// Keeps a bundle with its map; `None` when it cannot be kept.
    fn keep(&self, built: &Path, inputs: &[String], warnings: &[String]) -> Option<PathBuf> {
        let place = self.place.as_ref()?;
        let folder = place.join(format!("{}-{}", self.key, uuid::Uuid::now_v7().simple()));
        fs::create_dir_all(&folder).ok()?;
        let file = folder.join("bundle.cjs");
        fs::copy(built, &file).ok()?;
        self.keep_map(built, &folder.join("bundle.cjs.map"))?;
        let hashes: BTreeMap<&String, String> =
            inputs.iter().filter_map(|path| Some((path, self.hash_of(path)?))).collect();
        let index = json!({"file": file, "inputs": hashes, "warnings": warnings}).to_string();
        let written = folder.join("index.json");
        fs::write(&written, index).ok()?;
        fs::rename(&written, place.join(format!("{}.json", self.key))).ok()?;
        self.forget_old();
        Some(file)
    }

    /// The map names its sources from where it was made.
    fn keep_map(&self, built: &Path, to: &Path) -> Option<()> {
        let from = built.with_extension("cjs.map");
        let mut map: Value = serde_json::from_slice(&fs::read(&from).ok()?).ok()?;
        for source in map["sources"].as_array_mut()? {
            let path = built.parent()?.join(source.as_str()?);
            if let Ok(path) = fs::canonicalize(path) {
                *source = json!(path);
            }
        }
        fs::write(to, map.to_string()).ok()
    }

    fn hash_of(&self, path: &str) -> Option<String> {
        let bytes = fs::read(self.folder.join(path)).ok()?;
        Some(hex::encode(&Sha256::digest(bytes)[..12]))
    }

    /// Removes all but the newest bundles; their names begin with the key, then grow with time.
    fn forget_old(&self) {
        let Some(entries) = self.place.as_ref().and_then(|place| fs::read_dir(place).ok()) else { return };
        let mut folders: Vec<_> = entries
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let made = entry.metadata().ok().filter(fs::Metadata::is_dir)?.modified().ok()?;
                Some((made, entry.path()))
            })
            .collect();
        folders.sort();
        for (_, folder) in folders.iter().rev().skip(KEPT) {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// The app's own files, by name: what bundling looks for.
fn source_files(folder: &Path) -> Vec<PathBuf> {
    let skip = ["node_modules", "dist", "build", "static", "target"];
    let own = |entry: &walkdir::DirEntry| {
        let name = entry.file_name().to_string_lossy();
        entry.depth() == 0 || !(name.starts_with('.') || skip.contains(&name.as_ref()))
    };
    let walk = walkdir::WalkDir::new(folder).max_depth(12).sort_by_file_name().into_iter().filter_entry(own);
    let files = walk.filter_map(Result::ok).filter(|entry| entry.file_type().is_file());
    files.map(walkdir::DirEntry::into_path).take(20_000).collect()
}
