//! The files that a glob names below a root. Never follows a link out of the tree, never takes "nothing" for an
//! answer.

use std::{
    collections::BTreeSet,
    path::{Component, Path, PathBuf},
};

use globset::GlobBuilder;
use walkdir::WalkDir;

use super::ImportError;

/// Files that one glob may name.
const FILE_LIMIT: usize = 100_000;

/// The files below `root` that `glob` names, sorted. `*` stays within a folder, `**` does not; a glob without either
/// is a path. Folders named `.git` and `node_modules` are searched only when the glob names them.
///
/// # Errors
///
/// The glob is none, is absolute or climbs by `..`; it names nothing; a folder cannot be read; a link on the way leads
/// out of the tree.
pub fn find(root: &Path, glob: &str) -> Result<Vec<PathBuf>, ImportError> {
    let glob = glob.strip_prefix("./").unwrap_or(glob);
    let named = |what: String| ImportError::file(Path::new(glob), what);
    let matcher = GlobBuilder::new(glob)
        .literal_separator(true)
        .build()
        .map_err(|error| named(format!("is no glob: {}", error.kind())))?
        .compile_matcher();
    let parts: Vec<_> = Path::new(glob).components().collect();
    if !parts.iter().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err(named("is absolute or climbs by `..`: a glob stays below its root".to_owned()));
    }
    let whole =
        root.canonicalize().map_err(|error| ImportError::file(root, format!("cannot be read: {error}")))?;
    let start = root.join(literal(glob));
    let nothing = || named(format!("names no file below {}", root.display()));
    if start.symlink_metadata().is_err() {
        return Err(nothing());
    }
    let inside = |path: &Path| match path.canonicalize() {
        Ok(real) if real.starts_with(&whole) => Ok(()),
        Ok(_) => Err(ImportError::file(path, "is a link that leads out of the tree")),
        Err(error) => Err(ImportError::file(path, format!("cannot be read: {error}"))),
    };
    inside(&start)?;
    let mut found = vec![];
    let mut real = BTreeSet::new();
    let mut walk = WalkDir::new(&start).follow_links(true).sort_by_file_name().into_iter();
    while let Some(entry) = walk.next() {
        let is_named = |path: &Path| {
            let relative = path.strip_prefix(root).unwrap_or(path);
            matcher.is_match(relative) || relative == Path::new(glob)
        };
        let entry = match entry {
            Ok(entry) => entry,
            // What a link back up shows is walked already.
            Err(error) if error.loop_ancestor().is_some() => continue,
            Err(error) if error.path().is_some_and(|p| p.is_symlink() && !is_named(p)) => continue,
            Err(error) => return Err(named(format!("cannot be searched: {error}"))),
        };
        if entry.file_type().is_dir() && entry.depth() > 0 && is_foreign(entry.file_name()) {
            walk.skip_current_dir();
            continue;
        }
        let is_named = is_named(entry.path());
        if entry.path_is_symlink() && (is_named || entry.file_type().is_dir()) {
            inside(entry.path())?;
        }
        // A folder, and a file that is here by two names, count once or not at all.
        if is_named && !entry.file_type().is_dir() {
            let unread = |error| ImportError::file(entry.path(), format!("cannot be read: {error}"));
            if real.insert(entry.path().canonicalize().map_err(unread)?) {
                found.push(entry.into_path());
            }
        }
        if found.len() > FILE_LIMIT {
            return Err(named(format!("names more than {FILE_LIMIT} files")));
        }
    }
    found.sort();
    if found.is_empty() { Err(nothing()) } else { Ok(found) }
}

/// Folders of others' files, too large to search by chance.
fn is_foreign(name: &std::ffi::OsStr) -> bool {
    name == ".git" || name == "node_modules"
}

/// The leading folders of a glob that hold no sign of one.
fn literal(glob: &str) -> PathBuf {
    let is_plain = |part: &&str| !part.contains(['*', '?', '[', ']', '{', '}', '\\']);
    let is_all_plain = glob.split('/').all(|part| is_plain(&part));
    let parts: Vec<_> = glob.split('/').take_while(is_plain).collect();
    match is_all_plain {
        true => PathBuf::from(glob),
        false => parts.iter().collect(),
    }
}

#[cfg(test)]
mod finding {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    fn tree() -> tempfile::TempDir {
        let tree = tempfile::tempdir().unwrap();
        for file in ["a.xml", "reports/b.xml", "reports/deep/c.xml", "reports/d.txt", "node_modules/p/e.xml"]
        {
            let path = tree.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        tree
    }

    fn found(tree: &Path, glob: &str) -> Result<Vec<String>, String> {
        let name = |path: PathBuf| path.strip_prefix(tree).unwrap().to_string_lossy().into_owned();
        find(tree, glob).map(|all| all.into_iter().map(name).collect()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_glob_names_files_below_its_root() {
        let tree = tree();
        for (glob, files) in [
            ("*.xml", vec!["a.xml"]),
            ("./*.xml", vec!["a.xml"]),
            ("reports/*.xml", vec!["reports/b.xml"]),
            ("**/*.xml", vec!["a.xml", "reports/b.xml", "reports/deep/c.xml"]),
            ("reports/**/*.{xml,txt}", vec!["reports/b.xml", "reports/d.txt", "reports/deep/c.xml"]),
            ("reports/d.txt", vec!["reports/d.txt"]),
            ("node_modules/**/*.xml", vec!["node_modules/p/e.xml"]),
        ] {
            assert_eq!(found(tree.path(), glob).unwrap(), files, "{glob}");
        }
    }

    #[test]
    fn a_glob_that_names_nothing_or_leaves_its_root_is_an_error() {
        let tree = tree();
        for (glob, words) in [
            ("*.json", "names no file"),
            ("none/*.xml", "names no file"),
            ("reports", "names no file"),
            ("../*.xml", "climbs"),
            ("/etc/passwd", "absolute"),
            ("a{", "is no glob"),
            ("", "names no file"),
        ] {
            let error = found(tree.path(), glob).unwrap_err();
            assert!(error.starts_with(glob) && error.contains(words), "{glob}: {error}");
        }
    }

    #[test]
    fn links_that_leave_the_tree_are_refused_and_others_followed() {
        let (tree, outside) = (tree(), tree());
        symlink(outside.path().join("a.xml"), tree.path().join("reports/out.txt")).unwrap();
        assert!(found(tree.path(), "reports/*.txt").unwrap_err().contains("leads out of the tree"));
        assert_eq!(found(tree.path(), "reports/*.xml").unwrap(), ["reports/b.xml"]);
        symlink(outside.path(), tree.path().join("link")).unwrap();
        for glob in ["link/*.xml", "*/*.xml", "**/*.xml"] {
            assert!(found(tree.path(), glob).unwrap_err().contains("leads out of the tree"), "{glob}");
        }
        fs::remove_file(tree.path().join("link")).unwrap();
        symlink(tree.path().join("reports"), tree.path().join("link")).unwrap();
        symlink(tree.path(), tree.path().join("reports/up")).unwrap();
        assert_eq!(found(tree.path(), "link/*.xml").unwrap(), ["link/b.xml"]);
        assert_eq!(found(tree.path(), "**/b.xml").unwrap(), ["link/b.xml"]);
    }
}
