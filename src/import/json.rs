//! JSON documents of any size read through serde: texts are cut while they are read, lists have an end, strings too.
//! Holds nothing that the caller's type does not name.

use std::{
    fmt,
    io::{self, BufRead, Read},
    marker::PhantomData,
    path::Path,
};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::{ImportError, Place, Source, excerpt};

/// Bytes of one string.
const STRING_LIMIT: u64 = 64 << 20;
/// Entries of one list.
const LIST_LIMIT: usize = 1_000_000;
/// Keys of the root that are looked at.
const KEY_LIMIT: usize = 1_000;

/// A text of which the beginning is kept; anything else than a text is kept as nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excerpt(pub String);

impl<'de> Deserialize<'de> for Excerpt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Cut;
        impl Visitor<'_> for Cut {
            type Value = Excerpt;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_str<E>(self, text: &str) -> Result<Excerpt, E> {
                Ok(Excerpt(excerpt(text)))
            }
            fn visit_unit<E>(self) -> Result<Excerpt, E> {
                Ok(Excerpt::default())
            }
        }
        deserializer.deserialize_any(Cut)
    }
}

/// A list with an end.
#[derive(Clone, Debug)]
pub struct Many<T>(pub Vec<T>);

impl<T> Default for Many<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Many<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for List<T> {
            type Value = Many<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_unit<E>(self) -> Result<Many<T>, E> {
                Ok(Many::default())
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Many<T>, A::Error> {
                let mut list = Vec::new();
                while let Some(entry) = entries.next_element()? {
                    if list.len() >= LIST_LIMIT {
                        return Err(A::Error::custom(format!("a list is longer than {LIST_LIMIT} entries")));
                    }
                    list.push(entry);
                }
                Ok(Many(list))
            }
        }
        deserializer.deserialize_any(List(PhantomData))
    }
}

/// Reads one document as a `T`.
///
/// # Errors
///
/// The text is no JSON, is cut off, holds more than one document or an endless string, or is no `T`.
pub fn document<T: DeserializeOwned>(source: &mut Source<'_>) -> Result<T, ImportError> {
    let path = source.path().to_owned();
    let mut input = source.rewound()?;
    skip_mark(&mut input, &path)?;
    serde_json::from_reader(Stringed { input, in_string: false, is_escaped: false, length: 0 })
        .map_err(|error| told(&path, &error))
}

/// The keys of the root mapping, in order.
///
/// # Errors
///
/// As [`document`]; the root is no mapping.
pub fn root_keys(source: &mut Source<'_>) -> Result<Vec<String>, ImportError> {
    struct Keys(Vec<String>);
    impl<'de> Deserialize<'de> for Keys {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Root;
            impl<'de> Visitor<'de> for Root {
                type Value = Keys;
                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("a mapping")
                }
                fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Keys, A::Error> {
                    let mut keys: Vec<String> = vec![];
                    while let Some(key) = entries.next_key::<Excerpt>()? {
                        entries.next_value::<IgnoredAny>()?;
                        if keys.contains(&key.0) {
                            return Err(A::Error::custom(format!("the key `{}` stands there twice", key.0)));
                        }
                        if keys.len() >= KEY_LIMIT {
                            return Err(A::Error::custom(format!("the root has more than {KEY_LIMIT} keys")));
                        }
                        keys.push(key.0);
                    }
                    Ok(Keys(keys))
                }
            }
            deserializer.deserialize_map(Root)
        }
    }
    Ok(document::<Keys>(source)?.0)
}

fn skip_mark(input: &mut impl BufRead, path: &Path) -> Result<(), ImportError> {
    let head = input.fill_buf().map_err(|e| ImportError::file(path, format!("cannot be read: {e}")))?;
    if head.starts_with(&[0xef, 0xbb, 0xbf]) {
        input.consume(3);
    }
    Ok(())
}

fn told(path: &Path, error: &serde_json::Error) -> ImportError {
    let at = Place::Line(error.line() as u64);
    let what = match error.classify() {
        serde_json::error::Category::Eof => "is cut off: the JSON document does not end".to_owned(),
        serde_json::error::Category::Io => format!("cannot be read: {error}"),
        serde_json::error::Category::Syntax => format!("is no JSON: {}", excerpt(&error.to_string())),
        serde_json::error::Category::Data => excerpt(&error.to_string()),
    };
    ImportError::at(path, at, what)
}

/// Refuses a string beyond its limit before it is held.
struct Stringed<R> {
    input: R,
    in_string: bool,
    is_escaped: bool,
    length: u64,
}

impl<R: BufRead> Read for Stringed<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let piece = self.input.fill_buf()?;
        let taken = piece.len().min(into.len());
        into[..taken].copy_from_slice(&piece[..taken]);
        self.input.consume(taken);
        for byte in &into[..taken] {
            match (self.in_string, self.is_escaped, byte) {
                (false, _, b'"') => (self.in_string, self.length) = (true, 0),
                (false, ..) => {}
                (true, true, _) => self.is_escaped = false,
                (true, false, b'\\') => self.is_escaped = true,
                (true, false, b'"') => self.in_string = false,
                (true, false, _) => self.length += 1,
            }
        }
        if self.in_string && self.length > STRING_LIMIT {
            return Err(io::Error::other(format!("a string is longer than {STRING_LIMIT} bytes")));
        }
        Ok(taken)
    }
}
