//! Cobertura's XML, as coverage.py, istanbul, cargo-llvm-cov and others write it. Its document type is named by an
//! address, which is never fetched.

use std::collections::BTreeMap;

use super::{Coverage, ImportError, LineHits, Source, told};
use crate::import::{Element, XmlEvent, XmlReader};

pub(super) fn read(source: &mut Source<'_>, coverage: &mut Coverage) -> Result<(), ImportError> {
    let path = source.path().to_owned();
    let mut reader = XmlReader::new(&path, source.rewound()?)?;
    let (mut open, mut count): (Vec<String>, _) = (vec![], 0);
    // The file of the class that is open, with its lines: a method's stand there twice.
    let mut class: Option<(String, LineHits)> = None;
    loop {
        match reader.next_event()? {
            XmlEvent::Start(element) => {
                match (element.name.as_str(), &mut class) {
                    ("coverage", None) if open.is_empty() => {}
                    _ if open.is_empty() => {
                        return Err(
                            reader.error(format!("begins with `{}`: expected `coverage`", element.name))
                        );
                    }
                    ("class", _) => {
                        let Some(file) = element.attribute("filename").filter(|file| !file.is_empty()) else {
                            return Err(reader.error("has a class without a `filename`"));
                        };
                        told(&mut count).map_err(|what| reader.error(what))?;
                        class = Some((file.to_owned(), BTreeMap::new()));
                    }
                    ("line", Some((_, lines))) => {
                        let Some((number, hits)) = line(&element) else {
                            return Err(
                                reader.error("has a line without a `number` from 1 and `hits` from 0")
                            );
                        };
                        told(&mut count).map_err(|what| reader.error(what))?;
                        let counted = lines.entry(number).or_default();
                        *counted = hits.max(*counted);
                    }
                    _ => {}
                }
                open.push(element.name);
            }
            XmlEvent::End => {
                let ended = open.pop();
                if ended.as_deref() == Some("class")
                    && let Some((file, lines)) = class.take()
                {
                    coverage.ran(file, lines);
                }
            }
            XmlEvent::Text(text) => {
                let text = text.trim();
                if open.last().is_some_and(|name| name == "source") && !text.is_empty() {
                    coverage.roots.push(text.to_owned());
                }
            }
            XmlEvent::Whole => break,
            XmlEvent::CutOff => {
                coverage.incomplete = Some("it is cut off within the document".into());
                break;
            }
        }
    }
    if reader.illegal() > 0 {
        coverage.notes.push(format!("{} characters that XML does not allow", reader.illegal()));
    }
    Ok(())
}

fn line(element: &Element) -> Option<(u64, u64)> {
    let number = element.attribute("number")?.parse::<u64>().ok().filter(|number| *number > 0)?;
    Some((number, element.attribute("hits")?.parse().ok()?))
}
