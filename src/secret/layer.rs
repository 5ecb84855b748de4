//! Adds to what the rules find in a text what they find in what the text stands for: base64, hexadecimal digits,
//! escapes, one within the other. A name says nothing there: of what is decoded by chance too much would fit it.

use std::ops::Range;

use super::{
    Seen,
    encoded::{self, Encoding},
    escaped, plain,
    rule::Shape,
};

/// Encodings within encodings that are looked into.
const DEEPEST: usize = 3;

/// What was found in a text, and what is encoded in it and is a secret by its own form.
pub(super) fn with_encoded(found: Vec<Seen>, text: &[u8]) -> Vec<Seen> {
    layered(found, text, 1)
}

fn layered(found: Vec<Seen>, text: &[u8], depth: usize) -> Vec<Seen> {
    with_escapes(with_runs(found, text, depth), text, depth)
}

/// What a decoded text holds, down to the deepest layer.
fn within(text: &[u8], depth: usize) -> Vec<Seen> {
    let found = plain(text, Shape::stands_alone);
    if depth < DEEPEST { layered(found, text, depth + 1) } else { found }
}

fn with_runs(mut found: Vec<Seen>, text: &[u8], depth: usize) -> Vec<Seen> {
    for run in encoded::runs(text) {
        // What stands there as it is outweighs what it could be decoded to; a mere name does not.
        let meets = |seen: &Seen| seen.shown.encoding.is_none() && meet(&seen.at, &run.at);
        if found.iter().any(|seen| seen.rule.shape.stands_alone() && meets(seen)) {
            continue;
        }
        let mut inner = within(&run.text, depth);
        // Of one run several readings may tell the same.
        let mut known = vec![];
        inner.retain(|seen| {
            let is_new = !known.contains(&seen.shown.fingerprint);
            known.push(seen.shown.fingerprint.clone());
            is_new
        });
        if inner.is_empty() {
            continue;
        }
        found.retain(|seen| !meets(seen));
        found.extend(inner.into_iter().map(|seen| seen.encoded(run.encoding, run.at.clone())));
    }
    found
}

fn with_escapes(mut found: Vec<Seen>, text: &[u8], depth: usize) -> Vec<Seen> {
    for run in escaped::runs(text) {
        for seen in within(&run.text, depth) {
            let at = run.place(&seen.at);
            let known = |other: &Seen| other.rule.shape.stands_alone() && meet(&other.at, &at);
            if found.iter().any(known) {
                continue;
            }
            found.retain(|other| !meet(&other.at, &at));
            // An escape beside it hid where it begins or ends.
            let is_as_it_stands = text[at.clone()] == run.text[seen.at.clone()];
            found.push(match is_as_it_stands {
                true => Seen { at, ..seen },
                false => seen.encoded(Encoding::Escapes, at),
            });
        }
    }
    found
}

fn meet(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start < other.end && other.start < one.end
}

impl Seen {
    /// The same as it stands one layer above.
    fn encoded(mut self, encoding: Encoding, at: Range<usize>) -> Self {
        let is_inner = self.shown.encoding.is_some();
        self.shown.encoding = Some(if is_inner { Encoding::Layers } else { encoding });
        Self { at, ..self }
    }
}
