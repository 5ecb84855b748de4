//! Whether this machine has what runs Forge apps. Tests that need it are skipped without it, and say so; where
//! `GONOGO_REQUIRE_ALL` is set, as in this repository's own gate, they fail instead.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    thread,
};

/// Says that a test is skipped, or fails it.
#[allow(clippy::print_stderr, reason = "whoever runs the tests must learn what they did not show")]
pub fn skip(why: &str) {
    #[allow(clippy::disallowed_methods, reason = "a switch of the tests")]
    let required = std::env::var_os("GONOGO_REQUIRE_ALL").is_some();
    assert!(!required, "needed here: {why}");
    eprintln!("skipped: {why}");
}

/// Whether Node and npm run here.
pub fn is_here() -> bool {
    let runs = |program: &str| {
        Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
    };
    let here = runs("node") && runs("npm");
    if !here {
        skip("there is no Node or no npm on this machine");
    }
    here
}

/// The installed packages of the app that comes with gonogo; `None` when they cannot be had here.
pub fn packages_of_drift_watch() -> Option<&'static Path> {
    static INSTALLED: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    if !is_here() {
        return None;
    }
    told("drift-watch", INSTALLED.get_or_init(|| install("drift-watch")))
}

/// The installed packages of what looks at a page in a browser; `None` when they cannot be had here.
pub fn packages_of_page() -> Option<&'static Path> {
    static INSTALLED: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    if !is_here() {
        return None;
    }
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page");
    told("tests/page", INSTALLED.get_or_init(|| install_from(&home, "page")))
}

/// The installed packages of each of these apps of `fixtures/apps`, in their order, installed at once; `None`
/// when some cannot be had here.
pub fn packages_of(apps: &[&str]) -> Option<Vec<PathBuf>> {
    if !is_here() {
        return None;
    }
    let installed: Vec<_> = thread::scope(|scope| {
        let started: Vec<_> = apps.iter().map(|app| scope.spawn(|| install(app))).collect();
        started.into_iter().map(|install| install.join().expect("an install")).collect()
    });
    let each = apps.iter().zip(&installed);
    each.map(|(app, installed)| told(app, installed).map(Path::to_owned)).collect()
}

fn told<'a>(app: &str, installed: &'a Result<PathBuf, String>) -> Option<&'a Path> {
    match installed {
        Ok(folder) => Some(folder),
        Err(why) => {
            skip(&format!("the packages of {app} cannot be installed: {why}"));
            None
        }
    }
}

fn install(name: &str) -> Result<PathBuf, String> {
    install_from(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/apps").join(name), name)
}

fn install_from(app: &Path, name: &str) -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
    let lock = fs::read(app.join("package-lock.json")).map_err(|e| e.to_string())?;
    let done = folder.join("node_modules/.package-lock.json").exists();
    if done && fs::read(folder.join("package-lock.json")).is_ok_and(|before| before == lock) {
        return Ok(folder.join("node_modules"));
    }
    for name in ["package.json", "package-lock.json"] {
        fs::copy(app.join(name), folder.join(name)).map_err(|e| e.to_string())?;
    }
    let flags = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"];
    let output = Command::new("npm").args(flags).current_dir(&folder).output().map_err(|e| e.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).chars().take(400).collect());
    }
    Ok(folder.join("node_modules"))
}
