//! The numbers of the lines that a commit adds, from a patch without context. The patch is read while git writes
//! it, and its text is never kept.

use std::{
    collections::BTreeMap,
    io::{self, BufRead},
};

use super::{COMPARED, Change, ChangedFile, fields, path_text};
use crate::git::{Git, GitError, bounded_line};

/// Bytes of a line that are looked at: the longest path with every byte written as an escape.
const MOST_BYTES: usize = 64 << 10;

/// Puts the numbers of the added lines into the files. What attributes declare to be no text is read as text: they
/// must not hide lines.
pub(super) fn number(git: &Git, from: &str, to: &str, files: &mut [ChangedFile]) -> Result<(), GitError> {
    let shape = ["--patch", "--unified=0", "--text", "--no-color", "--src-prefix=a/", "--dst-prefix=b/"];
    let arguments = [&["diff-tree"], &COMPARED[..], &shape[..], &[from, to, "--"]].concat();
    let mut by_path: BTreeMap<String, &mut ChangedFile> =
        files.iter_mut().filter(|file| !file.submodule).map(|file| (file.path.clone(), file)).collect();
    git.stream(&arguments, |patch| read(patch, &mut by_path))
}

/// Puts the numbers of lines that they have in the commit into the files: what they add to an empty tree.
pub(super) fn measure(git: &Git, nothing: &str, to: &str, files: &mut [ChangedFile]) -> Result<(), GitError> {
    let mut by_path: BTreeMap<String, &mut ChangedFile> =
        files.iter_mut().filter(|file| !file.submodule).map(|file| (file.path.clone(), file)).collect();
    let asked = [&["diff-tree"], &COMPARED[..], &["--numstat", "-z", "--text", nothing, to, "--"]].concat();
    for counts in fields(&git.output(&asked)?) {
        let mut parts = counts.splitn(3, |byte| *byte == b'\t');
        let (Some(lines), Some(_), Some(path)) = (parts.next(), parts.next(), parts.next()) else { continue };
        if let Some(file) = by_path.get_mut(&path_text(path)) {
            file.length = String::from_utf8_lossy(lines).parse().ok();
        }
    }
    // What attributes declare to be no text has no number there; of a new file every line is an added one.
    for file in files.iter_mut().filter(|file| file.change == Change::Added && !file.submodule) {
        file.length = file.length.or(file.lines.last().map(|lines| *lines.end()));
    }
    Ok(())
}

fn read(patch: &mut impl BufRead, files: &mut BTreeMap<String, &mut ChangedFile>) -> io::Result<()> {
    let mut path = None;
    // Lines of the hunk that are still to come: they may look like anything.
    let mut rest = 0_u64;
    while let Some(line) = bounded_line(patch, MOST_BYTES)? {
        if rest > 0 {
            rest -= u64::from(matches!(line.first(), Some(b'+' | b'-')));
        } else if let Some(name) = line.strip_prefix(b"+++ ") {
            path = new_path(name);
        } else if let Some(hunk) = line.strip_prefix(b"@@ ") {
            let Some((removed, begin, added)) = counts(&String::from_utf8_lossy(hunk)) else {
                return Err(io::Error::other("a hunk of the patch is not as git writes it"));
            };
            rest = removed + added;
            if let Some(file) = path.as_ref().and_then(|path| files.get_mut(path)).filter(|_| added > 0) {
                file.lines.push(begin..=begin + added - 1);
            }
        } else if line.starts_with(b"diff --git ") {
            path = None;
        }
    }
    Ok(())
}

/// `-3,2 +4 @@ …` → lines removed, first line added, lines added.
fn counts(hunk: &str) -> Option<(u64, u64, u64)> {
    let mut words = hunk.split(' ');
    let pair = |word: &str, sign: char| -> Option<(u64, u64)> {
        let word = word.strip_prefix(sign)?;
        let (begin, count) = word.split_once(',').unwrap_or((word, "1"));
        Some((begin.parse().ok()?, count.parse().ok()?))
    };
    let (_, removed) = pair(words.next()?, '-')?;
    let (begin, added) = pair(words.next()?, '+')?;
    Some((removed, begin, added))
}

/// The path behind `+++ `; `None` for a file that is gone. git writes a tab behind names with blanks, and quotes
/// names with control characters as C does.
fn new_path(name: &[u8]) -> Option<String> {
    let name = name.strip_suffix(b"\t").unwrap_or(name);
    let quoted = name.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\""));
    let name = quoted.map_or_else(|| name.to_vec(), unquoted);
    Some(path_text(name.strip_prefix(b"b/")?))
}

fn unquoted(name: &[u8]) -> Vec<u8> {
    let mut bytes = vec![];
    let mut rest = name;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'\\' {
            bytes.push(*byte);
            continue;
        }
        let digits = rest.iter().take(3).take_while(|digit| (b'0'..=b'7').contains(digit));
        let octal: Vec<u8> = digits.copied().collect();
        if octal.len() == 3 {
            let value =
                octal.iter().fold(0_u8, |value, digit| value.wrapping_mul(8).wrapping_add(digit - b'0'));
            bytes.push(value);
            rest = &rest[3..];
        } else if let Some((letter, after)) = rest.split_first() {
            let known = b"abtnvfr\"\\".iter().position(|known| known == letter);
            bytes.push(known.map_or(*letter, |at| b"\x07\x08\t\n\x0b\x0c\r\"\\"[at]));
            rest = after;
        }
    }
    bytes
}
