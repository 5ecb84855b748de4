//! `verdict.json`: the judgement as it is. Indented, with a newline at its end.

use super::Look;
use crate::judge::Judgement;

pub(super) fn render(judgement: &Judgement, _: &Look) -> Vec<u8> {
    // A judgement holds no map with other keys than text and no type that fails to serialise.
    let mut bytes = serde_json::to_vec_pretty(judgement).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}
