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
    let mut totals = Totals::default();
    loop {
        match reader.next_event()? {
            XmlEvent::Start(element) => {
                match (element.name.as_str(), &mut class) {
                    ("coverage", None) if open.is_empty() => totals.declared(&element, coverage),
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
                        if !open.iter().any(|name| name == "method") {
                            totals.listed += 1;
                            totals.ran += u64::from(hits > 0);
                        }
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
                    if lines.is_empty() {
                        coverage.silent.insert(file.clone());
                    }
                    coverage.ran(file, lines);
                }
            }
            XmlEvent::Text(text) => {
                let text = text.trim();
                if open.last().is_some_and(|name| name == "source") && !text.is_empty() {
                    coverage.roots.push(text.to_owned());
                }
            }
            XmlEvent::Whole => {
                totals.compare(coverage);
                break;
            }
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

/// Lines as the document counts them, and as it lists them in its classes.
#[derive(Default)]
struct Totals {
    valid: Option<u64>,
    covered: Option<u64>,
    listed: u64,
    ran: u64,
}

impl Totals {
    fn declared(&mut self, element: &Element, coverage: &mut Coverage) {
        for (key, total) in [("lines-valid", &mut self.valid), ("lines-covered", &mut self.covered)] {
            let Some(value) = element.attribute(key) else { continue };
            *total = value.trim().parse().ok();
            if total.is_none() {
                coverage.incomplete = Some(format!("its `{key}` is no number"));
            }
        }
    }

    /// More lines than are listed, or fewer that ran, and the document looks better than its tool says. Where the
    /// total is what is listed, a class without lines has none that can run.
    fn compare(&self, coverage: &mut Coverage) {
        let (listed, ran) = (self.listed, self.ran);
        if let Some(valid) = self.valid.filter(|valid| *valid > listed) {
            coverage.incomplete = Some(format!("it declares {valid} lines, lists {listed}"));
        } else if let Some(covered) = self.covered.filter(|covered| *covered < ran) {
            coverage.incomplete = Some(format!("it declares {covered} lines that ran, lists {ran}"));
        } else if self.valid == Some(listed) {
            coverage.silent.clear();
        }
    }
}

fn line(element: &Element) -> Option<(u64, u64)> {
    let number = element.attribute("number")?.parse::<u64>().ok().filter(|number| *number > 0)?;
    Some((number, element.attribute("hits")?.parse().ok()?))
}
