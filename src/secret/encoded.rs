//! What a text holds in base64 or in hexadecimal digits, made readable again. Knows no rule, and takes a run that comes
//! to anything but text for what it most often is: a hash, a picture, a name.

use std::{fmt, ops::Range};

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::content::Content;

/// Letters of the shortest run that is looked at: base64 of the twenty letters of the shortest token.
const SHORTEST: usize = 27;
/// Letters of the longest run that is decoded; more of it is passed over.
const LONGEST: usize = 1 << 20;
/// Letters of a run by which it is seen whether it comes to text: whole groups of base64 and of hexadecimal digits.
const GLANCE: usize = 24;
/// Packed runs of one text that are unpacked: each may come to much.
const MOST_PACKED: usize = 64;
/// How packed bytes begin.
const GZIP: &[u8] = b"\x1f\x8b\x08";
/// Letters that a line has at least when what it holds goes on on the next one.
const WRAPPED: usize = 60;

/// Base64 as it lies in files: with or without padding, its last letter used up or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// How a secret is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Encoding {
    Base64,
    Hexadecimal,
    /// `%5F`, `\u005f`, `\x5f`.
    Escapes,
    /// One within the other, or one twice.
    Layers,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Base64 => "in base64",
            Self::Hexadecimal => "in hexadecimal digits",
            Self::Escapes => "in escapes",
            Self::Layers => "encoded more than once",
        })
    }
}

/// A run of letters and the text that it stands for.
pub(super) struct Run {
    /// Where it stands, in bytes.
    pub at: Range<usize>,
    pub text: Vec<u8>,
    pub encoding: Encoding,
}

/// The runs of a text that stand for texts, in their order and apart.
pub(super) fn runs(text: &[u8]) -> impl Iterator<Item = Run> {
    let (mut from, mut packed) = (0, MOST_PACKED);
    std::iter::from_fn(move || {
        while let Some(at) = next(text, from) {
            from = at.end;
            if let Some((text, encoding)) = decoded(&text[at.clone()], &mut packed) {
                return Some(Run { at, text, encoding });
            }
        }
        None
    })
}

/// The next run of at least [`SHORTEST`] letters, with the lines that it goes on over.
fn next(text: &[u8], mut from: usize) -> Option<Range<usize>> {
    // Where a letter is missing no run of that length can begin before it: most of a text is never looked at.
    while let Some(gap) = text.get(from..from + SHORTEST)?.iter().rposition(|byte| !is_letter(*byte)) {
        from += gap + 1;
    }
    let length = |at: usize| text[at..].iter().take_while(|byte| is_letter(**byte)).count();
    let width = length(from);
    let mut end = from + width;
    let mut last = width;
    while last == width && width >= WRAPPED {
        let Some(line) = line_behind(text, end) else { break };
        last = length(line);
        if last == 0 || last > width {
            break;
        }
        end = line + last;
    }
    let padding = text[end..].iter().take(2).take_while(|byte| **byte == b'=').count();
    Some(from..end + padding)
}

/// Where the next line's first letter stands, when the line ends here.
fn line_behind(text: &[u8], end: usize) -> Option<usize> {
    let rest = text[end..].strip_prefix(b"\r").unwrap_or(&text[end..]).strip_prefix(b"\n")?;
    let blank = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    Some(text.len() - rest.len() + blank)
}

/// Of either alphabet of base64; hexadecimal digits are among them.
fn is_letter(byte: u8) -> bool {
    const LETTERS: [bool; 256] = {
        let mut letters = [false; 256];
        let mut byte = 0;
        while byte < 256 {
            letters[byte] =
                (byte as u8).is_ascii_alphanumeric() || matches!(byte as u8, b'+' | b'/' | b'-' | b'_');
            byte += 1;
        }
        letters
    };
    LETTERS[usize::from(byte)]
}

fn decoded(run: &[u8], packed: &mut usize) -> Option<(Vec<u8>, Encoding)> {
    let letters: Vec<u8> = run.iter().copied().filter(|byte| is_letter(*byte)).take(LONGEST).collect();
    let digits = letters.strip_prefix(b"0x").unwrap_or(&letters);
    if digits.len().is_multiple_of(2) && digits.iter().all(u8::is_ascii_hexdigit) {
        let text = hex::decode(digits).ok().and_then(|bytes| readable(bytes, packed));
        if let Some(text) = text {
            return Some((text, Encoding::Hexadecimal));
        }
    }
    let standard = |byte: &u8| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    };
    let mut letters: Vec<u8> = letters.iter().map(standard).collect();
    // One letter alone holds no byte.
    if letters.len() % 4 == 1 {
        letters.pop();
    }
    let glance = BASE64.decode(&letters[..GLANCE]).ok()?;
    if !is_text(&glance) && !is_wide(&glance) && !glance.starts_with(GZIP) {
        return None;
    }
    let text = BASE64.decode(&letters).ok().and_then(|bytes| readable(bytes, packed))?;
    Some((text, Encoding::Base64))
}

/// The text that bytes come to: as they are, in letters of two bytes, or packed by gzip.
fn readable(bytes: Vec<u8>, packed: &mut usize) -> Option<Vec<u8>> {
    if is_text(&bytes) {
        return Some(bytes);
    }
    let is_packed = bytes.starts_with(GZIP) && *packed > 0;
    if is_packed {
        *packed -= 1;
    } else if !is_wide(&bytes[..bytes.len().min(GLANCE / 4 * 3)]) {
        return None;
    }
    let pieces = Content::of(&bytes).pieces;
    let texts: Vec<_> = pieces.into_iter().filter(|piece| piece.is_text).map(|piece| piece.bytes).collect();
    Some(texts.join(&b'\n'))
}

/// Whether bytes are letters of ASCII in two bytes each, marked as such or not.
fn is_wide(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xff\xfe").or(bytes.strip_prefix(b"\xfe\xff")).unwrap_or(bytes);
    let zero_at = |at: usize| bytes.chunks_exact(2).all(|pair| pair[at] == 0 && pair[1 - at] != 0);
    bytes.len() > 1 && (zero_at(0) || zero_at(1))
}

/// Whether bytes are text; the last letter may be cut off.
fn is_text(bytes: &[u8]) -> bool {
    let whole = match std::str::from_utf8(bytes) {
        Ok(_) => bytes,
        Err(error) if error.error_len().is_none() => &bytes[..error.valid_up_to()],
        Err(_) => return false,
    };
    let is_odd = |byte: &u8| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\r' | b'\n');
    !whole.is_empty() && !whole.iter().any(is_odd)
}

#[cfg(test)]
mod tests;
