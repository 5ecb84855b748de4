//! Which parts of a text are names from a tenant's data.

use serde_json::Value;

/// The ways in which `name` may stand between double quotes: as it is, and with whatever could end the
/// quotation, break the line or turn the reading direction escaped.
#[must_use]
pub fn names_in_text(name: &str) -> Vec<String> {
    let mut names = vec![name.to_owned()];
    let json = Value::from(name).to_string();
    let mut escaped = String::with_capacity(name.len());
    for character in name.chars() {
        let turns =
            matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        match character {
            '"' | '\\' => escaped.extend(['\\', character]),
            _ if character.is_control() || turns => escaped.extend(character.escape_unicode()),
            _ => escaped.push(character),
        }
    }
    for other in [json[1..json.len() - 1].to_owned(), escaped] {
        if !names.contains(&other) {
            names.push(other);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::names_in_text;
    use crate::app::{plain::FactualWording, port::Wording as _};

    #[test]
    fn every_name_is_found_as_the_plain_wording_writes_it() {
        for name in ["Team", "a \"critical\" b", "back\\slash", "line\nbreak", "right\u{202e}left", "é"] {
            let text = FactualWording.drift("added", "field", name);
            let found = names_in_text(name).iter().any(|form| text.contains(&format!("\"{form}\"")));
            assert!(found, "{text}");
        }
    }
}
