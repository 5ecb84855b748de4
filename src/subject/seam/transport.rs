//! The seam between an app and the network. Only the mocked platform is ever reached: anything else is
//! recorded as egress and refused.

use async_trait::async_trait;

use crate::{
    app::port::{HttpRequest, HttpResponse, Transport, TransportError},
    evidence::{Fact, Source},
    subject::Stage,
};

/// Lets requests to the mocked platform through and records every other.
#[derive(Debug)]
pub struct RecordingTransport {
    stage: Stage,
}

impl RecordingTransport {
    /// The seam of one worker.
    #[must_use]
    pub fn new(stage: Stage) -> Self {
        Self { stage }
    }

    fn is_platform(&self, url: &str) -> bool {
        let host = host_of(url);
        [&self.stage.gateway_url, &self.stage.token_url].iter().any(|base| host_of(base) == host)
    }
}

/// Scheme, host and port of an absolute URL.
fn host_of(url: &str) -> &str {
    let start = url.find("://").map_or(0, |i| i + 3);
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |i| start + i);
    &url[..end]
}

#[async_trait]
impl Transport for RecordingTransport {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        if self.is_platform(&request.url) {
            return self.stage.transport.send(request).await;
        }
        let host = host_of(&request.url);
        let host = host.find("://").map_or(host, |i| &host[i + 3..]).to_owned();
        let tenant = Some(request.tenant.clone());
        self.stage.recorder.record(Source::Subject, Fact::EgressTried { tenant, host: host.clone() });
        Err(TransportError::NotSent(format!("{host} is no part of the platform")))
    }
}

#[cfg(test)]
mod tests {
    use super::host_of;

    #[test]
    fn a_host_ends_before_path_query_or_fragment() {
        for (url, host) in [
            ("http://127.0.0.1:80/ex/jira", "http://127.0.0.1:80"),
            ("http://127.0.0.1:80?x", "http://127.0.0.1:80"),
            ("https://chat.example", "https://chat.example"),
            ("http://127.0.0.1:80@evil.example/", "http://127.0.0.1:80@evil.example"),
        ] {
            assert_eq!(host_of(url), host);
        }
    }
}
