//! Looks for a tenant's mark in what an app sends, keeps or shows: as it stands, and in the encodings that
//! data is put in on its way. Bounded in depth and size; breaks no cipher.

use std::io::Read;

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::general_purpose::{GeneralPurpose, NO_PAD},
};
use flate2::read::{GzDecoder, ZlibDecoder};

/// Encodings that lie within each other.
const DEPTH: usize = 3;
/// A shorter run of letters cannot hold a mark.
const SHORTEST_RUN: usize = 16;
/// What all the readings of one text may come to.
const MOST_BYTES: usize = 4 << 20;

/// A text and all that it says when it is decoded.
#[derive(Debug, Default)]
pub struct Readings {
    texts: Vec<String>,
    bytes: usize,
}

impl Readings {
    /// Reads bytes as they are, percent-decoded, inflated (gzip, zlib), and whatever in them is hexadecimal or
    /// base64, in either alphabet.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut readings = Self::default();
        readings.take(bytes, DEPTH);
        readings
    }

    /// Whether one of them holds the mark.
    #[must_use]
    pub fn hold(&self, mark: &str) -> bool {
        self.texts.iter().any(|text| text.contains(mark))
    }

    fn take(&mut self, bytes: &[u8], depth: usize) {
        self.bytes = self.bytes.saturating_add(bytes.len());
        if self.bytes > MOST_BYTES && !self.texts.is_empty() {
            return;
        }
        let text = String::from_utf8_lossy(bytes).into_owned();
        if depth > 0 {
            if let Some(inflated) = inflated(bytes) {
                self.take(&inflated, depth - 1);
            }
            if let Some(plain) = without_percents(bytes) {
                self.take(&plain, depth - 1);
            }
            let runs = text.split(|letter: char| !is_base64(letter)).filter(|run| run.len() >= SHORTEST_RUN);
            for run in runs {
                self.take_run(run, depth - 1);
            }
        }
        self.texts.push(text);
    }

    /// A run may begin before what is encoded does: every way to cut it is tried.
    fn take_run(&mut self, run: &str, depth: usize) {
        for digits in run.split(|letter: char| !letter.is_ascii_hexdigit()) {
            for begin in 0..2.min(digits.len()) {
                let even = begin + ((digits.len() - begin) & !1);
                if digits.len() >= SHORTEST_RUN
                    && let Ok(bytes) = hex::decode(&digits[begin..even])
                {
                    self.take(&bytes, depth);
                }
            }
        }
        let plain: String = run.chars().map(standard).collect();
        for begin in [0, 1, 2, 3].into_iter().chain(packed_at(run)) {
            let length = plain.len() - begin;
            let end = plain.len() - usize::from(length % 4 == 1);
            if let Ok(bytes) = BASE64.decode(&plain[begin..end]) {
                self.take(&bytes, depth);
            }
        }
    }
}

const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, NO_PAD.with_decode_allow_trailing_bits(true));

fn is_base64(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '+' | '/' | '-' | '_')
}

fn standard(letter: char) -> char {
    match letter {
        '-' => '+',
        '_' => '/',
        other => other,
    }
}

/// Where the first bytes of gzip or zlib stand in base64, behind whatever else the run holds.
fn packed_at(run: &str) -> Option<usize> {
    ["H4sI", "eJ", "eN", "eA"].into_iter().filter_map(|begin| run.find(begin)).find(|at| *at > 3)
}

/// What a packed text says, as far as it can be read: it may have been cut.
fn inflated(bytes: &[u8]) -> Option<Vec<u8>> {
    let most = MOST_BYTES as u64 / 4;
    let mut out = vec![];
    // An error ends what can be read; what came before it counts.
    let _ = match bytes {
        [0x1f, 0x8b, ..] => GzDecoder::new(bytes).take(most).read_to_end(&mut out),
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => ZlibDecoder::new(bytes).take(most).read_to_end(&mut out),
        _ => return None,
    };
    (!out.is_empty()).then_some(out)
}

fn without_percents(bytes: &[u8]) -> Option<Vec<u8>> {
    let value = |at: usize| {
        let digits = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%')?;
        u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let decoded = value(at);
        plain.push(decoded.unwrap_or(bytes[at]));
        at += if decoded.is_some() { 3 } else { 1 };
    }
    (plain.len() < bytes.len()).then_some(plain)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use base64::engine::general_purpose::{STANDARD as WITH_PADDING, URL_SAFE_NO_PAD};
    use flate2::{
        Compression,
        write::{GzEncoder, ZlibEncoder},
    };

    use super::*;

    const MARK: &str = "canary-0a1b2c3d";

    fn gzip(text: &str) -> Vec<u8> {
        let mut packed = GzEncoder::new(vec![], Compression::default());
        packed.write_all(text.as_bytes()).expect("packed");
        packed.finish().expect("packed")
    }

    fn zlib(text: &str) -> Vec<u8> {
        let mut packed = ZlibEncoder::new(vec![], Compression::default());
        packed.write_all(text.as_bytes()).expect("packed");
        packed.finish().expect("packed")
    }

    #[test]
    fn a_mark_is_found_however_it_is_encoded() {
        let text = format!("{{\"name\": \"Visitors {MARK}\", \"more\": [1, 2, 3]}}");
        let packed = WITH_PADDING.encode(gzip(&text));
        for (how, encoded) in [
            ("as it is", text.clone()),
            ("base64", format!("{{\"prev\":\"{}\"}}", WITH_PADDING.encode(&text))),
            ("base64url", URL_SAFE_NO_PAD.encode(format!("?>{text}"))),
            ("in a path", format!("/a/{}", URL_SAFE_NO_PAD.encode(&text))),
            ("hexadecimal", format!("v={}", hex::encode(&text))),
            ("upper hexadecimal", hex::encode_upper(&text)),
            ("percent", text.bytes().map(|b| format!("%{b:02X}")).collect()),
            ("gzip in base64", packed.clone()),
            ("gzip in base64, in a path", format!("/stored/{packed}")),
            ("cut gzip", packed[..packed.len() - 12].to_owned()),
            ("zlib in base64", WITH_PADDING.encode(zlib(&text))),
            ("base64 of base64", WITH_PADDING.encode(WITH_PADDING.encode(&text))),
        ] {
            assert!(Readings::of(encoded.as_bytes()).hold(MARK), "{how}: {encoded}");
            assert!(!Readings::of(encoded.as_bytes()).hold("canary-ffffffff"), "{how}");
        }
        assert!(Readings::of(&gzip(&text)).hold(MARK), "gzip as it is");
    }

    #[test]
    fn a_text_that_unpacks_without_end_is_read_as_far_as_the_bound() {
        let many = format!("\"{}\" ", WITH_PADDING.encode(gzip(&"0".repeat(2 << 20)))).repeat(64);
        let readings = Readings::of(many.as_bytes());
        assert!(readings.texts.iter().map(String::len).sum::<usize>() <= 3 * MOST_BYTES);
    }
}
