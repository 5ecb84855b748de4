//! The platform's packages that the app brings, and in which versions: what is installed, else what the lock
//! file pins, else what is asked for.

use std::{fs, path::Path};

use serde_json::Value;

const LARGEST_BYTES: u64 = 16 << 20;

pub(super) fn of_the_platform(folder: &Path) -> Vec<(String, String)> {
    let Some(manifest) = json(&folder.join("package.json")) else { return vec![] };
    let lock = json(&folder.join("package-lock.json"));
    let mut packages = vec![];
    for group in ["dependencies", "devDependencies", "optionalDependencies"] {
        let Some(asked) = manifest.get(group).and_then(Value::as_object) else { continue };
        for (name, range) in asked.iter().filter(|(name, _)| name.starts_with("@forge/")) {
            let place = format!("node_modules/{name}");
            let installed = json(&folder.join(&place).join("package.json"));
            let pinned = lock.as_ref().and_then(|lock| lock.get("packages")?.get(&place));
            let version = |package: Option<&Value>| package?.get("version")?.as_str().map(str::to_owned);
            let version = version(installed.as_ref()).or_else(|| version(pinned));
            let asked = || range.as_str().unwrap_or("?").to_owned();
            packages.push((name.clone(), version.unwrap_or_else(asked)));
        }
    }
    packages.sort();
    packages.dedup();
    packages
}

fn json(path: &Path) -> Option<Value> {
    let size = fs::metadata(path).ok()?.len();
    let bytes = (size <= LARGEST_BYTES).then(|| fs::read(path).ok())??;
    serde_json::from_slice(&bytes).ok()
}
