//! The wire between gonogo and a driver: JSON-RPC 2.0, one message a line. Reads and writes single messages;
//! knows no process.

use serde_json::{Value, json};

/// JSON-RPC's code for a method that the other side does not have.
pub(super) const NO_SUCH_METHOD: i64 = -32_601;
/// JSON-RPC's code for parameters that make no sense.
pub(super) const INVALID_PARAMS: i64 = -32_602;

/// What a driver may say.
#[derive(Debug, PartialEq)]
pub(super) enum Message {
    /// It answers the request with this id.
    Answer(u64, Value),
    /// It refuses the request with this id.
    Refusal(u64, i64, String),
    /// It asks gonogo for something; the id is given back as it came.
    Request(Value, String, Value),
}

/// A request line.
pub(super) fn request(id: u64, method: &str, params: &Value) -> Vec<u8> {
    line(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))
}

/// The line that answers a driver's request.
pub(super) fn answer(id: &Value, result: &Value) -> Vec<u8> {
    line(&json!({"jsonrpc": "2.0", "id": id, "result": result}))
}

/// The line that refuses a driver's request.
pub(super) fn refusal(id: &Value, code: i64, message: &str) -> Vec<u8> {
    line(&json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}}))
}

fn line(message: &Value) -> Vec<u8> {
    let mut bytes = message.to_string().into_bytes();
    bytes.push(b'\n');
    bytes
}

/// Reads one line.
///
/// # Errors
/// What is wrong with it, fit for "it wrote …".
pub(super) fn read(line: &[u8]) -> Result<Message, &'static str> {
    let message: Value = serde_json::from_slice(line).map_err(|_| "a line that is no JSON")?;
    if message["jsonrpc"] != "2.0" {
        return Err("a line that is no JSON-RPC 2.0 message");
    }
    if let Some(method) = message["method"].as_str() {
        let id = message.get("id").ok_or("a notification, which gonogo has no use for")?;
        return Ok(Message::Request(id.clone(), method.to_owned(), message["params"].clone()));
    }
    let id = message["id"].as_u64().ok_or("an answer without the id of a request")?;
    match (message.get("result"), message.get("error")) {
        (Some(result), None) => Ok(Message::Answer(id, result.clone())),
        (None, Some(error)) => {
            let code = error["code"].as_i64().ok_or("an error without a code")?;
            Ok(Message::Refusal(id, code, error["message"].as_str().unwrap_or_default().to_owned()))
        }
        _ => Err("an answer that has not exactly one of result and error"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_answer_a_refusal_a_request_or_rubbish() {
        let id = Value::from(1);
        for (line, expected) in [
            (r#"{"jsonrpc":"2.0","id":3,"result":{"a":1}}"#, Ok(Message::Answer(3, json!({"a": 1})))),
            (r#"{"jsonrpc":"2.0","id":3,"result":null}"#, Ok(Message::Answer(3, Value::Null))),
            (
                r#"{"jsonrpc":"2.0","id":3,"error":{"code":-1,"message":"no"}}"#,
                Ok(Message::Refusal(3, -1, "no".into())),
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"sleep","params":{"ms":5}}"#,
                Ok(Message::Request(id, "sleep".into(), json!({"ms": 5}))),
            ),
            ("Traceback", Err("a line that is no JSON")),
            ("", Err("a line that is no JSON")),
            ("{}", Err("a line that is no JSON-RPC 2.0 message")),
            ("[]", Err("a line that is no JSON-RPC 2.0 message")),
            (r#"{"jsonrpc":"2.0","method":"log"}"#, Err("a notification, which gonogo has no use for")),
            (r#"{"jsonrpc":"2.0","id":"x","result":1}"#, Err("an answer without the id of a request")),
            (r#"{"jsonrpc":"2.0","id":3}"#, Err("an answer that has not exactly one of result and error")),
            (
                r#"{"jsonrpc":"2.0","id":3,"result":1,"error":{"code":1}}"#,
                Err("an answer that has not exactly one of result and error"),
            ),
            (r#"{"jsonrpc":"2.0","id":3,"error":{}}"#, Err("an error without a code")),
        ] {
            assert_eq!(read(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn what_is_written_is_one_line_each() {
        let params = json!({"text": "two\nlines"});
        for bytes in [request(1, "m", &params), answer(&json!(1), &params), refusal(&json!(1), 2, "a\nb")] {
            assert_eq!(bytes.iter().filter(|byte| **byte == b'\n').count(), 1);
            assert_eq!(bytes.last(), Some(&b'\n'));
        }
    }
}
