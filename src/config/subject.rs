//! What `gonogo.yaml` names as the app under test: the reference app, the Forge app beside it, or a program
//! and how it is spoken to.

use std::{fmt, path::PathBuf};

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::{Seconds, schema};

/// What is judged.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// The app that comes with gonogo.
    Reference,
    /// The Forge app in the file's folder.
    Forge,
    /// A program that speaks the driver protocol.
    Program(Program),
}

/// A program that speaks the driver protocol.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Its name and its arguments.
    #[serde(deserialize_with = "command")]
    #[schemars(schema_with = "schema::command")]
    pub command: Vec<String>,
    /// How it is spoken to.
    pub protocol: Protocol,
    /// How long it may say nothing when it is asked.
    #[serde(default)]
    pub answer_within_s: Option<Seconds>,
    /// Where it runs: the folder of the file.
    #[serde(skip)]
    pub dir: PathBuf,
}

/// How a program is spoken to.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// JSON-RPC 2.0, a message a line, on its standard input and output.
    Stdio,
}

fn command<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let command = Vec::<String>::deserialize(deserializer)?;
    let unusable = |part: &String| part.contains('\0');
    if command.first().is_none_or(|name| name.trim().is_empty()) || command.iter().any(unusable) {
        return Err(D::Error::custom("expected a list: the program, then its arguments"));
    }
    Ok(command)
}

/// A subject that is there; a key without a value names none, and would be taken for the reference app.
pub(super) fn named<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Subject>, D::Error> {
    Subject::deserialize(deserializer).map(Some)
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Subject;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`reference`, `forge`, or a program: `{command: [...], protocol: stdio}`")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Subject, E> {
                match name {
                    "reference" => Ok(Subject::Reference),
                    "forge" => Ok(Subject::Forge),
                    other => Err(E::custom(format!(
                        "`{other}` is not supported; say `reference`, `forge`, or `{{command: [...], protocol: stdio}}`"
                    ))),
                }
            }

            fn visit_unit<E: Error>(self) -> Result<Subject, E> {
                Err(E::custom(
                    "expected a subject after the colon; say `reference`, `forge`, or `{command: [...], protocol: stdio}`",
                ))
            }

            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Subject, M::Error> {
                Program::deserialize(MapAccessDeserializer::new(map)).map(Subject::Program)
            }
        }
        deserializer.deserialize_any(Either)
    }
}
