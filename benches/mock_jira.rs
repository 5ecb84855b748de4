//! The mocked Jira on both fronts, against bare handlers on the same kind of server that return the same
//! bytes; and the memory that many requests take.

#![allow(clippy::unwrap_used, reason = "a bench may give up")]

mod measure;

use std::{convert::Infallible, process::ExitCode, sync::Arc};

use gonogo::{
    clock::SystemClock,
    mock_jira::{self, Front, FrontKind, Options, Platform, Response, TenantSpec},
};
use http_body_util::{BodyExt, Full};
use hyper::{body::Bytes, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use measure::{Report, Versus, memory, now, percentile, seconds};
use secrecy::ExposeSecret;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

const ROUNDS: usize = 7;
const REQUESTS: usize = 2_000;
const CONNECTIONS: usize = 8;
const TARGET: f64 = 0.7;

fn main() -> ExitCode {
    let Some(mut report) = Report::asked_for("mock_jira") else { return ExitCode::SUCCESS };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for kind in [FrontKind::WireMock, FrontKind::Socket] {
        let platform = platform();
        let front = runtime.block_on(Front::start(kind, platform.clone(), 0)).unwrap();
        let requests = requests(&platform);
        for request in &requests {
            measure(&mut report, &runtime, kind, &platform, &front, request);
        }
        // Every created issue is kept, as it must be; so what grows is looked at with requests that read.
        let (growth, ()) = memory::growth_mb(|| {
            for round in 0..100_000 / REQUESTS {
                runtime.block_on(load(front.url(), &requests[round % 2]));
            }
        });
        if let Some(growth) = growth {
            let what = format!("memory of 100,000 requests, {kind:?}");
            report.at_most(&what, String::new(), String::new(), growth, 32.0, " MB");
        }
    }
    report.finish()
}

/// A request to be sent over and over.
struct Asked {
    name: &'static str,
    core: mock_jira::Request,
}

impl Asked {
    fn wire(&self) -> Vec<u8> {
        let mock_jira::Request { method, path, query, headers, body } = &self.core;
        let query = if query.is_empty() { String::new() } else { format!("?{query}") };
        let mut wire = format!("{method} {path}{query} HTTP/1.1\r\n");
        for (name, value) in headers {
            wire.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() {
            wire.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        wire.push_str("\r\n");
        [wire.as_bytes(), body].concat()
    }
}

fn platform() -> Platform {
    let mut tenant = TenantSpec { issues: 10_000, ..TenantSpec::new("tenant-1") };
    tenant.scopes.push("write:jira-work".to_owned());
    Platform::new(Options::new(1, Arc::new(SystemClock::new()), vec![tenant]))
}

fn requests(platform: &Platform) -> [Asked; 3] {
    let token = platform.credentials("tenant-1").unwrap();
    let gateway = format!("/ex/jira/{}/rest/api/3", token.cloud_id);
    let asked = |name, method: &str, path: &str, body: &str| {
        let mut core = mock_jira::Request::new(method, &format!("{gateway}{path}"));
        let bearer = format!("Bearer {}", token.access_token.expose_secret());
        core.headers = vec![
            ("host".to_owned(), "127.0.0.1".to_owned()),
            ("authorization".to_owned(), bearer),
            ("content-type".to_owned(), "application/json".to_owned()),
        ];
        core.body = body.as_bytes().to_vec();
        Asked { name, core }
    };
    let search = "/search/jql?jql=project%20%3D%20P0&maxResults=50&fields=summary,status";
    [
        asked("GET a search page", "GET", search, ""),
        asked(
            "POST a search page",
            "POST",
            "/search/jql",
            r#"{"jql":"project = P0","maxResults":50,"fields":["summary","status"]}"#,
        ),
        asked(
            "POST an issue",
            "POST",
            "/issue",
            r#"{"fields":{"project":{"key":"P0"},"issuetype":{"id":"10001"},"summary":"Made by a bench"}}"#,
        ),
    ]
}

fn measure(
    report: &mut Report,
    runtime: &Runtime,
    kind: FrontKind,
    platform: &Platform,
    front: &Front,
    asked: &Asked,
) {
    let answer = platform.handle(&asked.core).answer().unwrap();
    assert!((200..300).contains(&answer.status), "{}: {}", asked.name, answer.status);
    let bytes = answer.body.len();
    let bare = runtime.block_on(Bare::start(kind, answer));
    let mut rounds = vec![];
    let mut tails = vec![];
    // The first round warms up and is not counted.
    for round in 0..=ROUNDS {
        let (ours, baseline) = if round.is_multiple_of(2) {
            let ours = runtime.block_on(load(front.url(), asked));
            (ours, runtime.block_on(load(&bare.url, asked)))
        } else {
            let baseline = runtime.block_on(load(&bare.url, asked));
            (runtime.block_on(load(front.url(), asked)), baseline)
        };
        if round > 0 {
            rounds.push((ours.total_s, baseline.total_s));
            tails.push((ours.p99_s, baseline.p99_s));
        }
    }
    let (rate, tail) = (Versus::of(&rounds), Versus::of(&tails));
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let per_second = |total_s: f64| format!("{:.0}/s", REQUESTS as f64 / total_s);
    let what = format!("{} of {bytes} bytes, {kind:?}", asked.name);
    let (ours, baseline) = (per_second(rate.ours_s), per_second(rate.baseline_s));
    report.at_least(&what, ours, baseline, rate.speed(), TARGET);
    let (ours, baseline) = (seconds(tail.ours_s), seconds(tail.baseline_s));
    report.at_least(&format!("{what}, p99"), ours, baseline, tail.speed(), TARGET);
}

struct Load {
    total_s: f64,
    p99_s: f64,
}

/// Sends the request so many times over a few connections that stay open.
async fn load(url: &str, asked: &Asked) -> Load {
    let address = url.trim_start_matches("http://").to_owned();
    let wire: Arc<[u8]> = asked.wire().into();
    let mut streams = vec![];
    for _ in 0..CONNECTIONS {
        let stream = TcpStream::connect(&address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        streams.push(stream);
    }
    let began = now();
    let client = |mut stream: TcpStream| {
        let wire = wire.clone();
        tokio::spawn(async move {
            let mut buffer = Vec::with_capacity(1 << 16);
            let mut took = Vec::with_capacity(REQUESTS / CONNECTIONS);
            for _ in 0..REQUESTS / CONNECTIONS {
                let sent = now();
                stream.write_all(&wire).await.unwrap();
                receive(&mut stream, &mut buffer).await;
                took.push(sent.elapsed().as_secs_f64());
            }
            took
        })
    };
    let clients: Vec<_> = streams.into_iter().map(client).collect();
    let mut took = Vec::with_capacity(REQUESTS);
    for client in clients {
        took.extend(client.await.unwrap());
    }
    Load { total_s: began.elapsed().as_secs_f64(), p99_s: percentile(&mut took, 99) }
}

/// One whole answer with 2xx, of the length that its head tells.
async fn receive(stream: &mut TcpStream, buffer: &mut Vec<u8>) {
    buffer.clear();
    let mut whole = None;
    while whole.is_none_or(|whole| buffer.len() < whole) {
        assert!(stream.read_buf(buffer).await.unwrap() > 0, "the server hung up");
        if whole.is_none()
            && let Some(head) = buffer.windows(4).position(|four| four == b"\r\n\r\n")
        {
            assert!(buffer.starts_with(b"HTTP/1.1 2"), "{}", String::from_utf8_lossy(&buffer[..head]));
            let text = std::str::from_utf8(&buffer[..head]).unwrap().to_ascii_lowercase();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            whole = Some(head + 4 + length.parse::<usize>().unwrap());
        }
    }
}

/// A handler that returns the same bytes to everybody, and what keeps it alive.
struct Bare {
    url: String,
    _server: Option<MockServer>,
}

impl Bare {
    async fn start(kind: FrontKind, answer: Response) -> Self {
        match kind {
            FrontKind::WireMock => Self::wiremock(answer).await,
            FrontKind::Socket => Self::hyper(answer),
        }
    }

    async fn wiremock(answer: Response) -> Self {
        let server = MockServer::builder().disable_request_recording().start().await;
        let mut template = ResponseTemplate::new(answer.status).set_body_bytes(answer.body);
        for (name, value) in answer.headers {
            template = template.insert_header(name, value.as_ref());
        }
        Mock::given(matchers::any()).respond_with(template).mount(&server).await;
        Self { url: server.uri(), _server: Some(server) }
    }

    /// On a thread of its own, which ends with the process.
    fn hyper(answer: Response) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let headers = answer.headers.into_iter().map(|(name, value)| (name.to_owned(), value.into_owned()));
        let (body, answer) = (Bytes::from(answer.body), Arc::new((answer.status, headers.collect())));
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).unwrap();
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    stream.set_nodelay(true).unwrap();
                    tokio::spawn(serve(stream, body.clone(), answer.clone()));
                }
            });
        });
        Self { url, _server: None }
    }
}

async fn serve(stream: TcpStream, body: Bytes, answer: Arc<(u16, Vec<(String, String)>)>) {
    let service = service_fn(|request: hyper::Request<hyper::body::Incoming>| {
        let (body, answer) = (body.clone(), answer.clone());
        async move {
            request.into_body().collect().await.unwrap();
            let mut response = hyper::Response::builder().status(answer.0);
            for (name, value) in &answer.1 {
                response = response.header(name, value);
            }
            Ok::<_, Infallible>(response.body(Full::new(body)).unwrap())
        }
    });
    // The client hangs up when it has enough.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
