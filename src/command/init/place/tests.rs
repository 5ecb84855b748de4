//! What comes in between looking and writing.

use std::os::unix::fs::symlink;

use super::*;

const NAME: &str = "a/b/file.yml";

fn place(folder: &tempfile::TempDir) -> Place {
    let folder = folder.path().canonicalize().expect("a folder");
    let place = Place::new(&folder, NAME, "ours\n".to_owned());
    assert_eq!(place.state().expect("a state"), State::Free);
    place
}

#[test]
fn a_file_that_comes_in_between_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = place(&folder);
    fs::create_dir_all(folder.path().join("a/b")).expect("a folder");
    fs::write(folder.path().join(NAME), "theirs").expect("a file");
    assert!(!place.write().expect("an answer"));
    assert_eq!(fs::read_to_string(folder.path().join(NAME)).expect("a file"), "theirs");
    assert_eq!(fs::read_dir(folder.path().join("a/b")).expect("a folder").count(), 1);
}

#[test]
fn a_link_that_comes_in_between_is_not_followed_and_no_folder_is_left() {
    let (folder, outside) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let place = place(&folder);
    fs::create_dir(folder.path().join("a")).expect("a folder");
    symlink(outside.path(), folder.path().join("a/b")).expect("a link");
    assert!(place.write().expect_err("a refusal").to_string().contains("leads out of"));
    assert_eq!(fs::read_dir(outside.path()).expect("a folder").count(), 0);
}

#[test]
fn what_cannot_be_written_leaves_no_folder_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().canonicalize().expect("a folder");
    let long: &'static str = format!("a/b/{}", "x".repeat(300)).leak();
    let place = Place::new(&root, long, String::new());
    place.write().expect_err("a name that is too long");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[test]
fn a_link_within_the_folder_is_the_folders_own_affair() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(folder.path().join("real/b")).expect("a folder");
    symlink("real", folder.path().join("a")).expect("a link");
    assert!(place(&folder).write().expect("an answer"));
    let path = folder.path().join("real/b/file.yml");
    assert_eq!(fs::read_to_string(&path).expect("a file"), "ours\n");
    assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o600, 0o600);
    assert_eq!(place_state(&folder), State::Taken);
}

fn place_state(folder: &tempfile::TempDir) -> State {
    let folder = folder.path().canonicalize().expect("a folder");
    Place::new(&folder, NAME, String::new()).state().expect("a state")
}
