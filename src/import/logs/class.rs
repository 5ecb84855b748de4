//! Classes of errors by their names, as languages write them: `TypeError`, `java.io.IOException`. Knows none by heart.

/// Whether a text names a class of errors: a word that begins as a class does and ends in `Error` or `Exception`. These
/// two words alone are one before a colon (`Error: boom`).
pub(super) fn is_named(text: &str) -> bool {
    // Most texts have neither.
    if memchr::memmem::find(text.as_bytes(), b"Error").is_none()
        && memchr::memmem::find(text.as_bytes(), b"Exception").is_none()
    {
        return false;
    }
    text.split(|letter: char| letter.is_whitespace() || "()[]{}<>,;=|\"'`".contains(letter)).any(|word| {
        let bare = word.trim_end_matches([':', '.', '!']);
        let name = bare.rsplit(['.', ':', '$']).next().unwrap_or_default();
        let is_class =
            name.starts_with(|letter: char| letter.is_ascii_uppercase()) && name.len() < 80 && ends(name);
        is_class && (!matches!(name, "Error" | "Exception") || word[bare.len()..].starts_with(':'))
    })
}

/// The first line from the given one on that names a class of errors and is no frame of a stack, without blanks around
/// it and without an `Error: ` that says nothing of the kind.
pub(super) fn line_of(text: &str, from: usize) -> Option<&str> {
    let mut lines = text.lines().skip(from).map(str::trim).filter(|line| !is_frame(line));
    let line = lines.find(|line| is_named(line))?;
    Some(line.strip_prefix("Error: ").unwrap_or(line))
}

/// Whether a line without blanks around it is a place in code, as stacks list them.
pub(super) fn is_frame(line: &str) -> bool {
    line.starts_with("at ") || line.starts_with("File \"") || line.starts_with("... ")
}

fn ends(name: &str) -> bool {
    name.ends_with("Error") || name.ends_with("Exception")
}
