//! A pipeline of a CI system, as tests look at it: its texts, and its scripts.

use std::{path::Path, process::Command};

use gonogo::yaml;
use serde_json::Value;

/// Every text in a document.
pub fn texts(name: &str, bytes: &[u8]) -> Vec<String> {
    let document: Value = yaml::parse(Path::new(name), bytes).expect(name).expect(name);
    let mut found = vec![];
    gather(&document, &mut found);
    found
}

fn gather(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|inner| gather(inner, found)),
        Value::Object(map) => map.values().for_each(|inner| gather(inner, found)),
        _ => {}
    }
}

/// The shell's own parser looks at every script among the texts.
pub fn check_scripts(name: &str, texts: &[String]) {
    let scripts: Vec<&String> = texts.iter().filter(|text| text.ends_with('\n')).collect();
    assert!(scripts.len() >= 3, "{name}: {scripts:?}");
    for script in scripts {
        let filled = script.replace("${{ matrix.part }}", "4");
        let checked = Command::new("bash").args(["-n", "-c", &filled]).output().expect("bash");
        assert!(checked.status.success() && checked.stderr.is_empty(), "{name}: {script}: {checked:?}");
    }
}
