//! Canonical JSON (RFC 8785) behind an admission of its own: text, whole numbers, lists and objects. Never
//! lets a number through that another reader could round.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// The largest whole number that every JSON reader keeps: 2^53-1 (RFC 7493, section 2.2).
const LARGEST: u64 = (1 << 53) - 1;

/// Why something has no canonical form here.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each message says what its variant means")]
pub enum Inadmissible {
    #[error("{0} is beyond the whole numbers that every reader keeps: write it as text")]
    Number(String),
    #[error("there is a null, which is also what becomes of a number that is none: leave the key out")]
    Null,
    #[error("it cannot be written as JSON: {0}")]
    Content(String),
    #[error("it is not in canonical form (RFC 8785): it was not written by gonogo, or was changed")]
    Form,
}

/// The canonical bytes, without a newline.
///
/// # Errors
/// A fraction, a number beyond 2^53-1, a null: serde turns NaN and the infinities into one.
pub fn to_bytes(value: &impl Serialize) -> Result<Vec<u8>, Inadmissible> {
    let content = |error: serde_json::Error| Inadmissible::Content(error.to_string());
    let value = serde_json::to_value(value).map_err(content)?;
    admit(&value)?;
    serde_json_canonicalizer::to_vec(&value).map_err(content)
}

/// Reads bytes that [`to_bytes`] wrote: any other spelling of the same value is refused.
///
/// # Errors
/// Not such a value, or not its canonical form: a double key, a blank, another order.
pub fn from_bytes<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, Inadmissible> {
    let value: T = serde_json::from_slice(bytes).map_err(|error| Inadmissible::Content(error.to_string()))?;
    if to_bytes(&value)? == bytes { Ok(value) } else { Err(Inadmissible::Form) }
}

fn admit(value: &Value) -> Result<(), Inadmissible> {
    match value {
        Value::Null => Err(Inadmissible::Null),
        Value::Bool(_) | Value::String(_) => Ok(()),
        Value::Number(number) => {
            let magnitude = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
            match magnitude {
                Some(magnitude) if magnitude <= LARGEST => Ok(()),
                _ => Err(Inadmissible::Number(number.to_string())),
            }
        }
        Value::Array(items) => items.iter().try_for_each(admit),
        Value::Object(entries) => entries.values().try_for_each(admit),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_reader_could_round_is_refused() {
        for (value, admitted) in [
            (json!(9_007_199_254_740_991_u64), true),
            (json!(-9_007_199_254_740_991_i64), true),
            (json!(9_007_199_254_740_992_u64), false),
            (json!(-9_007_199_254_740_992_i64), false),
            (json!(i64::MIN), false),
            (json!(0.5), false),
            (json!(f64::NAN), false),
            (json!({"a": [1, {"b": f64::INFINITY}]}), false),
            (json!(null), false),
            (json!({"a": ["x", true, 0]}), true),
        ] {
            assert_eq!(to_bytes(&value).is_ok(), admitted, "{value}");
        }
    }

    #[test]
    fn keys_are_sorted_by_utf_16_and_text_is_spelt_one_way() {
        let value = json!({"\u{20ac}": 1, "\r": 2, "\u{1f600}": 3, "\u{fb33}": 4, "1": "\u{7f}\u{e9}\n/"});
        let text = String::from_utf8(to_bytes(&value).expect("bytes")).expect("text");
        assert_eq!(
            text,
            "{\"\\r\":2,\"1\":\"\u{7f}\u{e9}\\n/\",\"\u{20ac}\":1,\"\u{1f600}\":3,\"\u{fb33}\":4}"
        );
    }

    #[test]
    fn another_spelling_of_the_same_value_is_refused() {
        type Map = std::collections::BTreeMap<String, u64>;
        assert!(from_bytes::<Map>(br#"{"a":1,"b":2}"#).is_ok());
        for text in [r#"{"b":2,"a":1}"#, r#"{"a":1, "b":2}"#, r#"{"a":1,"a":1}"#, r#"{"\u0061":1}"#] {
            assert_eq!(from_bytes::<Map>(text.as_bytes()), Err(Inadmissible::Form), "{text}");
        }
    }
}
