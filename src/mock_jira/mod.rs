//! The mocked Jira. The core is free of any transport: a request in, a reply out ([`Platform::handle`]).
//! Deterministic from a seed; faults are put in by rule; every request and answer is journaled, tokens as
//! fingerprints only. `front` puts it on the wire.

mod account;
mod endpoint;
pub mod fault;
pub mod front;
mod hold;
mod issue;
mod journal;
mod jql;
mod kvs;
mod paging;
mod platform;
mod route;
mod site;
mod tenant;

pub use account::{Credentials, fingerprint};
pub use fault::{Barrier, Fault, FaultRule, RetryAfter, Route, When};
pub use front::{Front, FrontKind};
pub use hold::{Held, Moment};
pub use journal::Entry;
pub use platform::{Options, PassTime, Platform};
pub use site::{ChangeRefused, ListingOrder, SiteChange};
pub use tenant::{TenantExists, TenantSpec, UnknownTenant};

use std::{borrow::Cow, time::Duration};

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

impl Request {
    /// A request without headers and body.
    #[must_use]
    pub fn new(method: &str, path_and_query: &str) -> Self {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: vec![],
            body: vec![],
        }
    }

    /// The first header of this (lower-case) name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// An answer to be put on the wire.
#[derive(Clone)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Headers beside those that the front adds; names in lower case.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// Body.
    pub body: Vec<u8>,
}

/// What the core wants done with a request.
#[derive(Clone)]
pub enum Reply {
    /// Send this.
    Answer(Response),
    /// Send this after so much real time.
    Slow(Duration, Response),
    /// Never answer; the connection stays open.
    Hang,
    /// Reset the connection without an answer.
    Reset,
    /// Send the head and half of the body, then close.
    Half(Response),
    /// Wait until the barrier is released, then do what follows.
    Held(Barrier, Box<Reply>),
    /// Wait until the barrier is released, then ask again: nothing is done yet.
    HeldBefore(Barrier),
}

impl Reply {
    /// The answer, if the client gets a whole one.
    #[must_use]
    pub fn answer(self) -> Option<Response> {
        match self {
            Self::Answer(response) | Self::Slow(_, response) => Some(response),
            Self::Held(_, then) => then.answer(),
            Self::Hang | Self::Reset | Self::Half(_) | Self::HeldBefore(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
