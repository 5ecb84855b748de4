//! The two fronts that put the platform on the wire: `wiremock` for scenarios, a socket server for a standing
//! mock and for faults below HTTP. Neither decides anything; both do what a reply says.

mod socket;
mod wiremock;

pub use self::{socket::SocketFront, wiremock::WireMockFront};

use std::{borrow::Cow, net::TcpListener};

use hyper::{
    body::Bytes,
    header::{HeaderValue, InvalidHeaderValue},
};

use super::Platform;

/// Which front.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FrontKind {
    /// A wiremock server. A reset closes the connection without an answer (no RST), half a body hangs up
    /// before the head, and a held reply keeps the server's only thread: use the socket where these matter.
    #[default]
    WireMock,
    /// A server on a bare socket: can do all that a reply says.
    Socket,
}

/// A platform on the wire; dropping it takes it off.
#[derive(Debug)]
pub enum Front {
    /// Over wiremock.
    WireMock(WireMockFront),
    /// Over a bare socket.
    Socket(SocketFront),
}

/// The front cannot listen.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on 127.0.0.1:{port}")]
pub struct BindError {
    /// The port that was asked for; 0 is any.
    pub port: u16,
    /// Why.
    pub source: std::io::Error,
}

impl Front {
    /// Puts the platform on a port of 127.0.0.1; 0 takes any that is free.
    pub async fn start(kind: FrontKind, platform: Platform, port: u16) -> Result<Self, BindError> {
        let listener = TcpListener::bind(("127.0.0.1", port)).map_err(|source| BindError { port, source })?;
        Ok(match kind {
            FrontKind::WireMock => Self::WireMock(WireMockFront::start(platform, listener).await),
            FrontKind::Socket => {
                let front = SocketFront::start(platform, listener);
                Self::Socket(front.map_err(|source| BindError { port, source })?)
            }
        })
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        match self {
            Self::WireMock(front) => front.url(),
            Self::Socket(front) => front.url(),
        }
    }
}

/// A header's value, not copied.
fn header_value(value: Cow<'static, str>) -> Result<HeaderValue, InvalidHeaderValue> {
    HeaderValue::from_maybe_shared(match value {
        Cow::Borrowed(value) => Bytes::from_static(value.as_bytes()),
        Cow::Owned(value) => Bytes::from(value),
    })
}

#[cfg(test)]
mod tests;
