//! What of a file's bytes can be searched: the text; UTF-16 and UTF-32, marked or not; the letters in what is no text;
//! what gzip packed. Knows no rule.

use std::{borrow::Cow, io::Read as _};

use flate2::read::MultiGzDecoder;

use super::{LeftOut, tree::LARGEST_BYTES};

/// Packed files within packed files that are opened.
const DEEPEST: usize = 3;
/// How packed bytes begin.
const GZIP: &[u8] = b"\x1f\x8b\x08";
/// Places within a file where packed bytes may begin that are looked at.
const MOST_INNER: usize = 256;
/// A text has at most so many control characters, and one more in so many bytes.
const FEW_CONTROLS: usize = 4;
const CONTROLS_SHARE: usize = 32;
/// How files begin whose content is packed otherwise than by gzip, and is not unpacked: zip, xz, zstd, bzip2, 7z, rar.
const PACKED: [&[u8]; 6] =
    [b"PK\x03\x04", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"BZh", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07"];

/// A part or a reading of a file's bytes.
pub(super) struct Piece<'a> {
    pub bytes: Cow<'a, [u8]>,
    /// Whether it is text, so that the name before a value says something.
    pub is_text: bool,
    /// Whether it was packed.
    pub is_unpacked: bool,
}

/// What a file holds that can be searched, and what of it cannot.
pub(super) struct Content<'a> {
    pub pieces: Vec<Piece<'a>>,
    pub left_out: Option<LeftOut>,
}

impl<'a> Content<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        let mut content = Self { pieces: vec![], left_out: None };
        content.read(Cow::Borrowed(bytes), 0);
        content
    }

    fn read(&mut self, bytes: Cow<'a, [u8]>, depth: usize) {
        let is_unpacked = depth > 0;
        let wide = wide(&bytes).into_iter();
        self.pieces.extend(wide.map(|(text, is_text)| Piece {
            bytes: Cow::Owned(text),
            is_text,
            is_unpacked,
        }));
        let unpacked = bytes.starts_with(GZIP).then(|| unpacked(&bytes, LARGEST_BYTES));
        if unpacked.is_none() && depth < DEEPEST {
            self.read_inner(&bytes, depth);
        }
        if PACKED.iter().any(|beginning| bytes.starts_with(beginning)) {
            self.left_out = Some(LeftOut::Packed);
        }
        let is_text = is_text(&bytes);
        self.pieces.push(Piece { bytes, is_text, is_unpacked });
        let Some((bytes, whole)) = unpacked else { return };
        if depth == DEEPEST {
            self.left_out = Some(LeftOut::PackedTooDeep);
            return;
        }
        self.read(Cow::Owned(bytes), depth + 1);
        self.left_out = whole.err().or(self.left_out);
    }

    /// What was packed and lies behind other bytes: in an archive, or behind a script that unpacks itself.
    fn read_inner(&mut self, bytes: &[u8], depth: usize) {
        let mut left = LARGEST_BYTES;
        for (tries, at) in memchr::memmem::find_iter(bytes, GZIP).enumerate() {
            if tries == MOST_INNER {
                self.left_out = Some(LeftOut::Packed);
                return;
            }
            // By chance the signs stand anywhere: what comes to nothing was none.
            let (text, whole) = unpacked(&bytes[at..], left);
            left = left.saturating_sub(text.len() as u64);
            if whole == Err(LeftOut::TooLargeUnpacked) {
                self.left_out = Some(LeftOut::TooLargeUnpacked);
            }
            if !text.is_empty() {
                self.read(Cow::Owned(text), depth + 1);
            }
            if left == 0 {
                return;
            }
        }
    }
}

/// What gzip packed, as far as it can be had, and what is in the way of the rest.
fn unpacked(bytes: &[u8], most: u64) -> (Vec<u8>, Result<(), LeftOut>) {
    let mut text = vec![];
    let read = MultiGzDecoder::new(bytes).take(most + 1).read_to_end(&mut text);
    let whole = match read {
        Err(_) => Err(LeftOut::Damaged),
        Ok(_) if text.len() as u64 > most => Err(LeftOut::TooLargeUnpacked),
        Ok(_) => Ok(()),
    };
    (text, whole)
}

/// A text may hold a stray control character; what is no text has them everywhere. Without NUL it counts as text.
fn is_text(bytes: &[u8]) -> bool {
    let is_control =
        |byte: &&u8| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\r' | b'\n' | 0x0c | 0x1b);
    memchr::memchr(0, bytes).is_none()
        || bytes.iter().filter(is_control).count() <= FEW_CONTROLS + bytes.len() / CONTROLS_SHARE
}

/// The texts in letters of two or four bytes, each with whether it makes up the whole.
fn wide(bytes: &[u8]) -> Vec<(Vec<u8>, bool)> {
    let marked = match bytes {
        [0xff, 0xfe, rest @ ..] => Some(utf16(rest, u16::from_le_bytes)),
        [0xfe, 0xff, rest @ ..] => Some(utf16(rest, u16::from_be_bytes)),
        _ => None,
    };
    let is_marked = marked.is_some();
    let mut texts: Vec<_> = marked.into_iter().map(|text| (text.into_bytes(), true)).collect();
    if memchr::memchr(0, bytes).is_none() {
        return texts;
    }
    let reversed = || bytes.iter().rev();
    for width in [2, 4] {
        let forwards = narrow(bytes.iter(), width);
        // With the high byte first it is the same, seen from the end.
        let mut backwards = narrow(reversed(), width);
        backwards.reverse();
        let is_whole = |text: &[u8]| !is_marked && text.len() * width * 2 > bytes.len();
        texts.extend([forwards, backwards].into_iter().map(|text| {
            let is_text = is_whole(&text) && is_text(&text);
            (text, is_text)
        }));
    }
    texts.retain(|(text, _)| !text.is_empty());
    texts
}

/// The letters of ASCII that so many bytes less one follow, all zero; a single NUL stands for all between two runs.
fn narrow<'a>(bytes: impl Iterator<Item = &'a u8>, width: usize) -> Vec<u8> {
    let mut bytes = bytes.copied().peekable();
    let mut text: Vec<u8> = vec![];
    let mut last = 0;
    while let Some(byte) = bytes.next() {
        let is_letter = byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        let zeros =
            if is_letter { (1..width).take_while(|_| bytes.next_if_eq(&0).is_some()).count() } else { 0 };
        let letter = if is_letter && zeros + 1 == width { byte } else { 0 };
        if letter != 0 || last != 0 {
            text.push(letter);
        }
        last = letter;
    }
    text
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

#[cfg(test)]
mod tests;
