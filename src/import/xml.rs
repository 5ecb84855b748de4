//! A tolerant, bounded XML reader over quick-xml's events: strips illegal characters and counts them, expands no
//! entity, fetches nothing, and never takes an unclosed document for a whole one.

use std::{
    io::{self, BufRead, Read},
    path::{Path, PathBuf},
};

use quick_xml::{
    Error, Reader,
    errors::{IllFormedError, SyntaxError},
    events::{BytesStart, Event},
};

use super::{ImportError, Place};

/// Bytes of one tag with its attributes.
const TAG_LIMIT: u64 = 1 << 20;
/// Bytes of one piece of text: a test's whole captured output may stand there.
const TEXT_LIMIT: u64 = 64 << 20;
/// Elements within elements.
const DEPTH_LIMIT: usize = 256;

/// A start tag.
#[derive(Debug)]
pub struct Element {
    /// The name, without its namespace's prefix.
    pub name: String,
    /// Attributes in order, unescaped.
    pub attributes: Vec<(String, String)>,
}

impl Element {
    /// The attribute of that name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// What the reader met.
#[derive(Debug)]
pub enum XmlEvent {
    /// A start tag; its end follows, for an empty element too.
    Start(Element),
    /// The end of the innermost open element.
    End,
    /// Text or CDATA within the innermost open element; adjacent pieces come one by one.
    Text(String),
    /// The document is whole.
    Whole,
    /// The file ends within the document: cut off.
    CutOff,
}

/// Reads one document.
pub struct XmlReader<R> {
    path: PathBuf,
    reader: Reader<Counted<R>>,
    buffer: Vec<u8>,
    open: usize,
    seen_root: bool,
    pending_end: bool,
    illegal: u64,
}

impl<R: BufRead> XmlReader<R> {
    /// A reader from the document's start.
    ///
    /// # Errors
    ///
    /// The text is UTF-16 or cannot be read.
    pub fn new(path: &Path, mut input: R) -> Result<Self, ImportError> {
        let head = input.fill_buf().map_err(|e| ImportError::file(path, format!("cannot be read: {e}")))?;
        if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
            return Err(ImportError::file(path, "is UTF-16: only UTF-8 is read"));
        }
        let input = Counted { input, clean: Vec::new(), at: 0, since: 0, limit: TEXT_LIMIT, stripped: 0 };
        let reader = Reader::from_reader(input);
        Ok(Self {
            path: path.to_owned(),
            reader,
            buffer: Vec::new(),
            open: 0,
            seen_root: false,
            pending_end: false,
            illegal: 0,
        })
    }

    /// Characters so far that XML does not allow, or bytes that are no UTF-8: left out.
    #[must_use]
    pub fn illegal(&self) -> u64 {
        self.illegal + self.reader.get_ref().stripped
    }

    /// Where the reader is.
    #[must_use]
    pub fn place(&self) -> Place {
        Place::Offset(self.reader.buffer_position())
    }

    /// An error about where the reader is.
    #[must_use]
    pub fn error(&self, what: impl Into<String>) -> ImportError {
        ImportError::at(&self.path, self.place(), what)
    }

    /// The next event.
    ///
    /// # Errors
    ///
    /// The document is ill-formed, uses an entity of its own, is nested too deep, or one of its pieces is too large.
    pub fn next_event(&mut self) -> Result<XmlEvent, ImportError> {
        if self.pending_end {
            self.pending_end = false;
            return Ok(XmlEvent::End);
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        loop {
            buffer.clear();
            self.reader.get_mut().since = 0;
            let met = self.reader.read_event_into(&mut buffer);
            let event = match met {
                Ok(event) => self.meant(event)?,
                Err(error) if is_cut(&error) && self.reader.get_ref().at_end() => Some(XmlEvent::CutOff),
                Err(error) => return Err(self.ill_formed(&error)),
            };
            if let Some(event) = event {
                self.buffer = buffer;
                return Ok(event);
            }
        }
    }

    fn meant(&mut self, event: Event<'_>) -> Result<Option<XmlEvent>, ImportError> {
        Ok(match event {
            Event::Start(tag) => Some(XmlEvent::Start(self.start(&tag)?)),
            Event::Empty(tag) => {
                let element = self.start(&tag)?;
                self.open -= 1;
                self.pending_end = true;
                Some(XmlEvent::Start(element))
            }
            Event::End(_) => {
                self.open -= 1;
                Some(XmlEvent::End)
            }
            Event::Text(text) => {
                let text = self.legal(&text);
                self.text(text, false)?
            }
            Event::CData(text) => {
                let text = self.legal(&text);
                self.text(text, true)?
            }
            Event::GeneralRef(name) => {
                let name = self.legal(&name);
                let text = self.referred(&name)?;
                self.text(text, true)?
            }
            Event::DocType(text) if text.contains(&b'[') => {
                return Err(self
                    .error("declares entities or elements of its own (`<!DOCTYPE … [`), which is not read"));
            }
            Event::Decl(declaration) => {
                let encoding = declaration.encoding().and_then(Result::ok);
                let name = encoding.map(|name| self.legal(&name)).unwrap_or_else(|| "utf-8".to_owned());
                if !["utf-8", "utf8", "us-ascii", "ascii"].contains(&name.to_ascii_lowercase().as_str()) {
                    return Err(self.error(format!("is in {}: only UTF-8 is read", super::excerpt(&name))));
                }
                None
            }
            Event::Comment(_) | Event::PI(_) | Event::DocType(_) => None,
            Event::Eof if self.open > 0 => Some(XmlEvent::CutOff),
            Event::Eof if !self.seen_root => return Err(self.error("holds no element")),
            Event::Eof => Some(XmlEvent::Whole),
        })
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Result<Element, ImportError> {
        if self.open == 0 && self.seen_root {
            return Err(self.error("has a second root element"));
        }
        if self.open >= DEPTH_LIMIT {
            return Err(self.error(format!("is nested deeper than {DEPTH_LIMIT} elements")));
        }
        if tag.len() as u64 > TAG_LIMIT {
            return Err(self.error(format!("has a tag larger than {TAG_LIMIT} bytes")));
        }
        self.open += 1;
        self.seen_root = true;
        let name = self.legal(tag.local_name().as_ref());
        let mut attributes = Vec::new();
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|error| self.error(format!("is ill-formed XML: {error}")))?;
            let key = self.legal(attribute.key.as_ref());
            let raw = self.legal(&attribute.value);
            attributes.push((key, self.unescaped(&raw)?));
        }
        Ok(Element { name, attributes })
    }

    fn text(&self, text: String, is_marked: bool) -> Result<Option<XmlEvent>, ImportError> {
        match self.open {
            0 if is_marked || !text.trim_matches(['\u{feff}', ' ', '\t', '\r', '\n']).is_empty() => {
                Err(self.error("has text outside its root element"))
            }
            0 => Ok(None),
            _ => Ok(Some(XmlEvent::Text(text))),
        }
    }

    /// The text without what XML does not allow.
    fn legal(&mut self, bytes: &[u8]) -> String {
        let mut text = String::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            text.extend(chunk.valid().chars().filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}')));
            let left_out = chunk.valid().chars().filter(|c| matches!(c, '\u{fffe}' | '\u{ffff}')).count();
            self.illegal += left_out as u64;
            if !chunk.invalid().is_empty() {
                self.illegal += 1;
                text.push('\u{fffd}');
            }
        }
        text
    }

    fn unescaped(&mut self, raw: &str) -> Result<String, ImportError> {
        let mut text = String::with_capacity(raw.len());
        let mut rest = raw;
        while let Some((before, after)) = rest.split_once('&') {
            text.push_str(before);
            let (name, behind) = after
                .split_once(';')
                .ok_or_else(|| self.error("is ill-formed XML: a `&` without its `;`"))?;
            text.push_str(&self.referred(name)?);
            rest = behind;
        }
        text.push_str(rest);
        Ok(text)
    }

    /// What `&name;` stands for: the five names that XML knows, and numbers.
    fn referred(&mut self, name: &str) -> Result<String, ImportError> {
        let known = match name {
            "lt" => "<",
            "gt" => ">",
            "amp" => "&",
            "quot" => "\"",
            "apos" => "'",
            _ => "",
        };
        if !known.is_empty() {
            return Ok(known.to_owned());
        }
        let number = name.strip_prefix('#').and_then(|number| match number.strip_prefix('x') {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => number.parse::<u32>().ok(),
        });
        match number {
            Some(number) => match char::from_u32(number).filter(|c| is_allowed(*c)) {
                Some(letter) => Ok(letter.to_string()),
                None => {
                    self.illegal += 1;
                    Ok(String::new())
                }
            },
            None => {
                Err(self.error(format!("uses the entity `&{};`, which XML does not define", short(name))))
            }
        }
    }

    fn ill_formed(&self, error: &Error) -> ImportError {
        let at = Place::Offset(self.reader.error_position());
        ImportError::at(
            &self.path,
            at,
            match error {
                Error::Io(error) => error.to_string(),
                other => format!("is ill-formed XML: {other}"),
            },
        )
    }
}

fn short(name: &str) -> String {
    name.chars().take(60).collect()
}

fn is_allowed(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\r') || (letter >= ' ' && !matches!(letter, '\u{fffe}' | '\u{ffff}'))
}

/// Errors that the end of the file brings about.
fn is_cut(error: &Error) -> bool {
    match error {
        Error::Syntax(error) => !matches!(error, SyntaxError::InvalidBangMarkup),
        Error::IllFormed(error) => {
            matches!(error, IllFormedError::UnclosedReference | IllFormedError::MissingEndTag(_))
        }
        _ => false,
    }
}

/// Leaves control characters out, counts what passes, and refuses more than `limit` bytes since the last event.
struct Counted<R> {
    input: R,
    clean: Vec<u8>,
    at: usize,
    since: u64,
    limit: u64,
    stripped: u64,
}

impl<R> Counted<R> {
    fn at_end(&self) -> bool {
        self.at >= self.clean.len()
    }
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let piece = self.fill_buf()?;
        let taken = piece.len().min(into.len());
        into[..taken].copy_from_slice(&piece[..taken]);
        self.consume(taken);
        Ok(taken)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.since > self.limit {
            return Err(io::Error::other(format!("one piece of text is larger than {} bytes", self.limit)));
        }
        while self.at >= self.clean.len() {
            let piece = self.input.fill_buf()?;
            if piece.is_empty() {
                return Ok(&[]);
            }
            self.clean.clear();
            self.clean
                .extend(piece.iter().copied().filter(|b| *b >= b' ' || matches!(b, b'\t' | b'\n' | b'\r')));
            self.at = 0;
            let taken = piece.len();
            self.stripped += (taken - self.clean.len()) as u64;
            self.input.consume(taken);
        }
        Ok(&self.clean[self.at..])
    }

    fn consume(&mut self, taken: usize) {
        self.at += taken;
        self.since += taken as u64;
    }
}
