//! The platform on a bare socket: HTTP/1.1 with keep-alive, and the faults below HTTP: a real reset, half a
//! body, silence. Serves on a thread of its own until dropped.

use std::{convert::Infallible, fmt, io, net::TcpListener, sync::Arc, time::Duration};

use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Request as HttpRequest, Response as HttpResponse, StatusCode,
    body::{Bytes, Incoming},
    header::HeaderName,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    sync::{mpsc, oneshot},
};

use super::header_value;
use crate::mock_jira::{Platform, Reply, Request, Response};

/// Largest request body.
const BODY_BYTES: usize = 64 * 1024 * 1024;

/// A server on a bare socket that asks the platform.
pub struct SocketFront {
    url: String,
    /// Dropping it stops the server.
    _stop: oneshot::Sender<Infallible>,
}

impl fmt::Debug for SocketFront {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketFront").field("url", &self.url).finish_non_exhaustive()
    }
}

/// How a connection ends before its time.
enum Break {
    Reset,
    Half(Response),
}

impl SocketFront {
    /// Serves the platform on a listener, on a thread of its own.
    pub fn start(platform: Platform, listener: TcpListener) -> io::Result<Self> {
        let url = format!("http://{}", listener.local_addr()?);
        listener.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _context = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let (stop, stopped) = oneshot::channel();
        let serve = move || {
            runtime.block_on(async move {
                tokio::select! {
                    () = accept(platform, listener) => {}
                    _ = stopped => {}
                }
            });
        };
        std::thread::Builder::new().name("mock-jira".to_owned()).spawn(serve)?;
        Ok(Self { url, _stop: stop })
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

async fn accept(platform: Platform, listener: tokio::net::TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Answers are written at once; without it, small ones wait for the client's acknowledgement.
                let _ = stream.set_nodelay(true);
                tokio::spawn(serve(platform.clone(), stream));
            }
            // Out of descriptors, or the client is gone already: the listener itself is sound.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn serve(platform: Platform, stream: TcpStream) {
    let (breaks, mut broken) = mpsc::unbounded_channel();
    let breaks = Arc::new(breaks);
    let service = service_fn(move |request| Box::pin(answer(platform.clone(), breaks.clone(), request)));
    let mut connection =
        http1::Builder::new().header_read_timeout(None).serve_connection(TokioIo::new(stream), service);
    let served = std::future::poll_fn(|context| connection.poll_without_shutdown(context));
    let how = tokio::select! {
        _ = served => None,
        how = broken.recv() => how,
    };
    let mut stream = connection.into_parts().io.into_inner();
    match how {
        Some(Break::Reset) => {
            // Closing with linger 0 sends RST. Should it fail, the client sees a plain end.
            let _ = socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO));
        }
        Some(Break::Half(response)) => {
            // The client may be gone; there is nobody to tell.
            let _ = stream.write_all(&half(&response)).await;
            let _ = stream.shutdown().await;
        }
        None => drop(stream.shutdown().await),
    }
}

/// The head, and half of the body that it promises.
fn half(response: &Response) -> Vec<u8> {
    let mut bytes =
        format!("HTTP/1.1 {} OK\r\ncontent-length: {}\r\n", response.status, response.body.len().max(1));
    for (name, value) in &response.headers {
        bytes.push_str(&format!("{name}: {value}\r\n"));
    }
    bytes.push_str("\r\n");
    let mut bytes = bytes.into_bytes();
    bytes.extend_from_slice(&response.body[..response.body.len() / 2]);
    bytes
}

async fn answer(
    platform: Platform,
    breaks: Arc<mpsc::UnboundedSender<Break>>,
    request: HttpRequest<Incoming>,
) -> Result<HttpResponse<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY_BYTES).collect().await else {
        return Ok(plain(413));
    };
    let request = Request {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head
            .headers
            .iter()
            .map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect(),
        body: body.to_bytes().into(),
    };
    let mut reply = platform.handle(&request);
    while let Reply::Held(barrier, _) | Reply::HeldBefore(barrier) = &reply {
        barrier.wait_released().await;
        reply = platform.resumed(reply, &request);
    }
    let how = match reply {
        Reply::Answer(response) => return Ok(on_the_wire(response)),
        Reply::Slow(delay, response) => {
            tokio::time::sleep(delay).await;
            return Ok(on_the_wire(response));
        }
        Reply::Half(response) => Some(Break::Half(response)),
        Reply::Reset => Some(Break::Reset),
        Reply::Hang | Reply::Held(..) | Reply::HeldBefore(_) => None,
    };
    if let Some(how) = how {
        // The connection's task outlives its requests.
        let _ = breaks.send(how);
    }
    std::future::pending().await
}

fn plain(status: u16) -> HttpResponse<Full<Bytes>> {
    on_the_wire(Response { status, headers: vec![], body: vec![] })
}

fn on_the_wire(response: Response) -> HttpResponse<Full<Bytes>> {
    let Response { status, headers, body } = response;
    // Header names and statuses are the platform's own; a value that HTTP cannot carry makes a 500.
    let head = || {
        let mut head = HttpResponse::new(());
        *head.status_mut() = StatusCode::from_u16(status).ok()?;
        head.headers_mut().reserve(headers.len());
        for (name, value) in headers {
            head.headers_mut().append(HeaderName::from_static(name), header_value(value).ok()?);
        }
        Some(head)
    };
    match head() {
        Some(head) => head.map(|()| Full::from(body)),
        None => {
            let mut response = HttpResponse::new(Full::default());
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        }
    }
}
