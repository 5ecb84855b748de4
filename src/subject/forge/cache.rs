//! Where bundles are kept between runs, and when a kept one still holds: all that went into it is as it was.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::bundle::{BRIDGE, ESBUILD, lines};

/// gonogo's own folder among the user's caches.
pub(super) fn system_cache() -> Option<PathBuf> {
    Some(std::env::home_dir()?.join(".cache").join("gonogo"))
}

/// Where a bundle is kept, and what it is known by.
pub(super) struct Cache {
    folder: PathBuf,
    place: Option<PathBuf>,
    key: String,
}

/// How many bundles of an app are kept.
const KEPT: usize = 8;

impl Cache {
    pub fn of(folder: &Path, handlers: &BTreeMap<String, PathBuf>, node_major: u32) -> Self {
        let modules = folder.join("node_modules");
        let own = modules.is_dir().then(|| modules.join(".cache").join("gonogo"));
        let places = own.into_iter().chain(system_cache().map(|cache| cache.join("bundles")));
        let place = places.into_iter().find(|place| fs::create_dir_all(place).is_ok());
        Self::at(place, folder, handlers, node_major)
    }

    /// The cache in this place.
    fn at(
        place: Option<PathBuf>,
        folder: &Path,
        handlers: &BTreeMap<String, PathBuf>,
        node_major: u32,
    ) -> Self {
        let mut hash = Sha256::new();
        for (_, text) in BRIDGE {
            hash.update(text);
        }
        hash.update(ESBUILD);
        hash.update(json!([folder, handlers, node_major]).to_string());
        for name in ["package.json", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "tsconfig.json"] {
            hash.update([0]);
            hash.update(fs::read(folder.join(name)).unwrap_or_default());
        }
        // A new file can be found before an old one.
        hash.update(json!(source_files(folder)).to_string());
        Self { folder: folder.to_owned(), place, key: hex::encode(&hash.finalize()[..12]) }
    }

    /// The kept bundle with its warnings and inputs, if everything that went into it is as it was.
    pub fn find(&self) -> Option<(PathBuf, Vec<String>, Vec<String>)> {
        let index = fs::read(self.place.as_ref()?.join(format!("{}.json", self.key))).ok()?;
        let index: Value = serde_json::from_slice(&index).ok()?;
        let file = PathBuf::from(index["file"].as_str()?);
        let inputs = index["inputs"].as_object()?;
        let same = |(path, hash): (&String, &Value)| hash.as_str() == self.hash_of(path).as_deref();
        let names = || inputs.keys().cloned().collect();
        (file.is_file() && inputs.iter().all(same)).then(|| (file, lines(&index["warnings"]), names()))
    }

    /// Keeps a bundle with its map; `None` when it cannot be kept.
    pub fn keep(&self, built: &Path, inputs: &[String], warnings: &[String]) -> Option<PathBuf> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_bundle_is_found_until_something_that_went_into_it_changes() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("a file");
        let handlers = BTreeMap::from([("index".to_owned(), folder.path().join("index.js"))]);
        let place = tempfile::tempdir().expect("a folder");
        let cache = || Cache::at(Some(place.path().to_owned()), folder.path(), &handlers, 22);
        write("index.js", "1");
        let built = place.path().join("built.cjs");
        fs::write(&built, "bundle").expect("a file");
        fs::write(place.path().join("built.cjs.map"), r#"{"sources": ["x"]}"#).expect("a file");
        assert!(cache().find().is_none());
        let inputs = ["index.js".to_owned()];
        let kept = cache().keep(&built, &inputs, &["careful".to_owned()]).expect("kept");
        assert_eq!(cache().find(), Some((kept, vec!["careful".to_owned()], inputs.to_vec())));
        write("index.js", "2");
        assert!(cache().find().is_none(), "an input changed");
        write("index.js", "1");
        assert!(cache().find().is_some());
        write("index.ts", "0");
        assert!(cache().find().is_none(), "a new file may be found first");
        fs::remove_file(folder.path().join("index.ts")).expect("removed");
        write("package-lock.json", "{}");
        assert!(cache().find().is_none(), "other packages");
    }
}
