//! The platform over wiremock. Wiremock keeps a copy of every request that it matched until it is reset, so
//! the mounted mocks are renewed every so many requests, without a moment in which none is mounted.

use std::{
    fmt,
    future::Future,
    net::TcpListener,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Waker},
    time::Duration,
};

use futures::FutureExt as _;
use hyper::header::HeaderName;
use wiremock::{Match, Mock, MockServer, Respond, ResponseTemplate, matchers};

use super::header_value;
use crate::mock_jira::{Platform, Reply, Request, Response};

/// How many requests wiremock may keep.
const RENEW_AFTER: u64 = 500;
/// What a hanging answer waits; every client gives up long before.
const FOR_EVER: Duration = Duration::from_secs(24 * 3600);

/// A wiremock server that asks the platform.
pub struct WireMockFront {
    url: String,
    /// Dropping it stops the server.
    server: Option<Arc<MockServer>>,
}

impl Drop for WireMockFront {
    fn drop(&mut self) {
        let server = self.server.take();
        // A server's end blocks its thread on the server's lock. Inside a task whose budget is spent the lock
        // would ask the task to yield, which a blocked thread cannot.
        let _ = tokio::task::unconstrained(async move { drop(server) }).now_or_never();
    }
}

impl fmt::Debug for WireMockFront {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WireMockFront").field("url", &self.url).finish_non_exhaustive()
    }
}

impl WireMockFront {
    /// Serves the platform on a listener, on a thread of its own.
    pub async fn start(platform: Platform, listener: TcpListener) -> Self {
        let server = MockServer::builder().listener(listener).disable_request_recording().start().await;
        let server = Arc::new(server);
        let desk = Desk(Arc::new(Inner {
            platform,
            server: Arc::downgrade(&server),
            reply: Mutex::default(),
            since_renewal: AtomicU64::new(0),
        }));
        for mock in desk.mocks() {
            server.register(mock).await;
        }
        Self { url: server.uri(), server: Some(server) }
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// Takes requests in and hands replies out. Wiremock matches and responds under one lock on one thread, so
/// the reply that a match left here is the one that the following response is for.
#[derive(Clone)]
struct Desk(Arc<Inner>);

struct Inner {
    platform: Platform,
    server: Weak<MockServer>,
    reply: Mutex<Option<Reply>>,
    since_renewal: AtomicU64,
}

/// Asks the platform; matches when the connection is to be broken.
struct Breaks(Desk);

/// Hands the platform's reply out.
struct Answers(Desk);

impl Desk {
    /// The first mock sees every request and breaks the connection if told to; the second one answers.
    fn mocks(&self) -> [Mock; 2] {
        let broken = |_: &wiremock::Request| std::io::Error::other("the connection is broken on purpose");
        [
            Mock::given(Breaks(self.clone())).respond_with_err(broken).with_priority(1),
            Mock::given(matchers::any()).respond_with(Answers(self.clone())).with_priority(2),
        ]
    }

    /// Queues for the server's lock, which the caller's request holds: a reset and both mocks anew, one right
    /// behind the other. The lock is first come, first served, and no request can queue in between, because
    /// requests queue on the thread that is busy here.
    fn renew(&self) {
        let (Some(server), Ok(runtime)) = (self.0.server.upgrade(), tokio::runtime::Handle::try_current())
        else {
            return;
        };
        let mut steps: Vec<Pin<Box<dyn Future<Output = ()> + Send>>> = vec![];
        let resetting = server.clone();
        steps.push(Box::pin(async move { resetting.reset().await }));
        for mock in self.mocks() {
            let mounting = server.clone();
            steps.push(Box::pin(async move { mounting.register(mock).await }));
        }
        // Unconstrained, or a spent budget would keep a step from queueing.
        let mut steps: Vec<_> = steps.into_iter().map(tokio::task::unconstrained).collect();
        let mut context = Context::from_waker(Waker::noop());
        for step in &mut steps {
            // Pending: the lock is held.
            let _ = Pin::new(step).poll(&mut context);
        }
        runtime.spawn(async move {
            for step in steps {
                step.await;
            }
            // A server's end waits for its lock, which must not happen on its own thread.
            if let Some(last) = Arc::into_inner(server) {
                std::thread::spawn(move || drop(last));
            }
        });
    }
}

impl Match for Breaks {
    fn matches(&self, request: &wiremock::Request) -> bool {
        let inner = &self.0.0;
        if inner.since_renewal.fetch_add(1, Ordering::Relaxed) >= RENEW_AFTER {
            inner.since_renewal.store(0, Ordering::Relaxed);
            self.0.renew();
        }
        let headers = request.headers.iter();
        let request = Request {
            method: request.method.as_str().to_owned(),
            path: request.url.path().to_owned(),
            query: request.url.query().unwrap_or_default().to_owned(),
            headers: headers
                .map(|(name, value)| {
                    (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
                })
                .collect(),
            body: request.body.clone(),
        };
        let mut reply = inner.platform.handle(&request);
        while let Reply::Held(barrier, _) | Reply::HeldBefore(barrier) = &reply {
            futures::executor::block_on(tokio::task::unconstrained(barrier.wait_released()));
            reply = inner.platform.resumed(reply, &request);
        }
        let breaks = matches!(reply, Reply::Reset | Reply::Half(_));
        *inner.reply.lock().unwrap_or_else(PoisonError::into_inner) = Some(reply);
        breaks
    }
}

impl Respond for Answers {
    fn respond(&self, _: &wiremock::Request) -> ResponseTemplate {
        let reply = self.0.0.reply.lock().unwrap_or_else(PoisonError::into_inner).take();
        match reply {
            Some(Reply::Answer(response)) => template(response),
            Some(Reply::Slow(delay, response)) => template(response).set_delay(delay),
            Some(Reply::Hang) => ResponseTemplate::new(504).set_delay(FOR_EVER),
            // Broken and held replies were dealt with by the match.
            _ => ResponseTemplate::new(500),
        }
    }
}

fn template(response: Response) -> ResponseTemplate {
    let mut template = ResponseTemplate::new(response.status).set_body_bytes(response.body);
    for (name, value) in response.headers {
        template = match header_value(value) {
            Ok(value) => template.insert_header(HeaderName::from_static(name), value),
            Err(_) => return ResponseTemplate::new(500),
        };
    }
    template
}
