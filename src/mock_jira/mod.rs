//! The mocked Jira. The core is free of any transport: a request in, a reply out.

/// A request, whatever it came over.
#[derive(Clone)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// Path without the query, as sent (still percent-encoded).
    pub path: String,
    /// Raw query without `?`.
    pub query: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

/// An answer to be put on the wire.
#[derive(Clone)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Headers beside those that the front adds.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

/// What the core wants done with a request.
#[derive(Clone)]
pub enum Reply {
    /// Send this.
    Answer(Response),
    /// Never answer; the connection stays open.
    Hang,
    /// Reset the connection without an answer.
    Reset,
    /// Send the head and half of the body, then close.
    Half(Response),
}
