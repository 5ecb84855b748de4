//! Whether a file exports a name. Says no only when nothing in the file could make it yes.

use std::{
    fs,
    path::{Path, PathBuf},
};

use regex::Regex;

use super::code::without_comments;

const DEEPEST: usize = 6;
const ENDS: [&str; 8] = ["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs"];

/// Whether `file` exports `name`; `true` when that cannot be told from the file.
pub(in super::super) fn exports(file: &Path, name: &str) -> bool {
    look(file, name, 0)
}

fn look(file: &Path, name: &str, depth: usize) -> bool {
    let Ok(bytes) = fs::read(file) else { return true };
    let code = without_comments(&String::from_utf8_lossy(&bytes));
    let word = regex::escape(name);
    let own = [
        format!(r"\bexport\s+(?:default\s+)?(?:declare\s+)?(?:async\s+)?(?:function\s*\*?|class)\s*{word}\b"),
        format!(r"\bexport\s+(?:const|let|var|enum)\b[^;]*?[\s,{{]{word}\s*[=:,}}]"),
        format!(r"\bexport\s*\{{[^}}]*\b{word}\s*(?:,|\}})"),
        format!(r"\bexport\s*\*\s*as\s+{word}\b"),
        // CommonJS, and what a compiler makes of it.
        format!(r"\bexports\s*(?:\.\s*{word}\b|\[\s*['\x22]{word}['\x22]\s*\])\s*="),
        format!(r"\bmodule\.exports\s*=\s*\{{[^;]*\b{word}\b"),
    ];
    let says = |pattern: &str| Regex::new(pattern).map_or(true, |pattern| pattern.is_match(&code));
    if own.iter().any(|pattern| says(pattern)) || name == "default" && says(r"\bexport\s+default\b") {
        return true;
    }
    // What is built at run time, or passed on from a package, cannot be seen.
    let hidden = [
        r"\bmodule\.exports\s*=\s*[^\s{]",
        r"\bmodule\.exports\s*=\s*\{[^}]*\.\.\.",
        r"\bObject\.(?:assign|definePropert\w+)\s*\(\s*(?:module\.)?exports\b",
        r"\bexports\s*\[\s*[^'\x22\s]",
        r"\b__export(?:Star)?\s*\(",
    ];
    if hidden.iter().any(|pattern| says(pattern)) {
        return true;
    }
    let Ok(passed_on) = Regex::new(r#"\bexport\s*\*\s*from\s*["']([^"']+)["']"#) else { return true };
    passed_on.captures_iter(&code).any(|found| match resolved(file, &found[1]) {
        Some(next) if depth < DEEPEST => look(&next, name, depth + 1),
        _ => true,
    })
}

/// The file that a relative import names; `None` when it is a package's, or is not found.
fn resolved(from: &Path, import: &str) -> Option<PathBuf> {
    if !import.starts_with('.') {
        return None;
    }
    let path = from.parent()?.join(import);
    // TypeScript imports `./a.js` and means `./a.ts`.
    let bare = path.with_extension("");
    let ended = |path: &Path, end: &str| PathBuf::from(format!("{}.{end}", path.display()));
    let beside =
        ENDS.iter().flat_map(|end| [ended(&path, end), path.join(format!("index.{end}")), ended(&bare, end)]);
    [path.clone()].into_iter().chain(beside).find(|path| path.is_file())
}
