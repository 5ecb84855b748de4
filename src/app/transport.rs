//! The plain transport: HTTP over loopback or a local proxy, one request at a time, once. It never retries,
//! never follows a redirect (a bearer must not travel to another host) and never prints what it sends.

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::ExposeSecret;

use super::port::{HttpRequest, HttpResponse, Transport, TransportError};
use crate::clock::Clock;

/// The longest answer that is read, in bytes; what goes on beyond it never ends.
const LONGEST_ANSWER: usize = 64 << 20;

/// Sends requests over `reqwest`, with the worker's clock for the time limit.
#[derive(Debug)]
pub struct HttpTransport {
    client: reqwest::Client,
    clock: Arc<dyn Clock>,
}

impl HttpTransport {
    /// A transport with a connection pool of its own. Proxies of the environment are ignored: the app
    /// reaches the addresses of its settings and nothing else.
    pub fn new(clock: Arc<dyn Clock>) -> Result<Self, TransportError> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| TransportError::NotSent(error.without_url().to_string()))?;
        Ok(Self { client, clock })
    }

    async fn exchange(&self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
        let method = reqwest::Method::from_bytes(request.method.as_bytes())
            .map_err(|_| TransportError::NotSent(format!("no such method: {}", request.method)))?;
        let mut builder = self.client.request(method, &request.url).header("accept", "application/json");
        if let Some(bearer) = &request.bearer {
            builder = builder.bearer_auth(bearer.expose_secret());
        }
        if let Some(body) = &request.body {
            builder = builder.header("content-type", "application/json").body(body.to_string());
        }
        let mut response = builder.send().await.map_err(classified)?;
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(classified)? {
            if body.len() + chunk.len() > LONGEST_ANSWER {
                return Err(TransportError::Lost("the answer does not end".to_owned()));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(HttpResponse { status, headers, body })
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        tokio::select! {
            biased;
            answer = self.exchange(&request) => answer,
            () = self.clock.deadline(request.timeout) =>
                Err(TransportError::Lost(format!("no answer within {} ms", request.timeout.as_millis()))),
        }
    }
}

fn classified(error: reqwest::Error) -> TransportError {
    let unsent = error.is_connect() || error.is_builder();
    let text = innermost(&error.without_url());
    if unsent { TransportError::NotSent(text) } else { TransportError::Lost(text) }
}

// The outer layers of an HTTP error say "error sending request"; the innermost says what happened.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;
    use crate::clock::ManualClock;

    fn clock() -> ManualClock {
        ManualClock::new("2026-01-01T12:00:00Z".parse().expect("a time"))
    }

    fn request(url: String) -> HttpRequest {
        HttpRequest {
            method: "GET",
            url,
            bearer: Some("very secret".into()),
            body: None,
            timeout: Duration::from_secs(30),
            tenant: "t".to_owned(),
        }
    }

    // A server that reads one request and then does as told.
    async fn server(answer: Option<&'static str>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/x", listener.local_addr().expect("an address"));
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.expect("a client");
            let mut head = [0; 4096];
            let _ = socket.read(&mut head).await;
            match answer {
                Some(answer) => socket.write_all(answer.as_bytes()).await.expect("written"),
                None => std::future::pending().await,
            }
        });
        url
    }

    #[tokio::test]
    async fn a_request_to_a_closed_port_was_certainly_not_sent() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        drop(listener);
        let transport = HttpTransport::new(Arc::new(clock())).expect("a transport");
        let error = transport.send(request(url)).await.expect_err("no server");
        assert!(error.is_definite(), "{error}");
    }

    #[tokio::test]
    async fn half_a_body_is_lost_and_not_an_answer() {
        let url = server(Some("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{\"a\"")).await;
        let transport = HttpTransport::new(Arc::new(clock())).expect("a transport");
        let error = transport.send(request(url)).await.expect_err("half a body");
        assert!(!error.is_definite(), "{error}");
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_is_not_followed() {
        let url =
            server(Some("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"))
                .await;
        let transport = HttpTransport::new(Arc::new(clock())).expect("a transport");
        let answer = transport.send(request(url)).await.expect("an answer");
        assert_eq!((answer.status, answer.header("location")), (302, Some("http://127.0.0.1:1/")));
    }

    #[tokio::test]
    async fn a_hanging_server_is_given_up_when_the_workers_clock_says_so() {
        let clock = clock();
        let url = server(None).await;
        let transport = HttpTransport::new(Arc::new(clock.clone())).expect("a transport");
        let call = tokio::spawn(async move { transport.send(request(url)).await });
        tokio::task::yield_now().await;
        assert!(!call.is_finished());
        while !call.is_finished() {
            clock.advance(Duration::from_secs(30));
            tokio::task::yield_now().await;
        }
        let error = call.await.expect("joined").expect_err("a hang");
        assert!(!error.is_definite());
        assert!(!format!("{error:?}").contains("very secret"));
    }
}
