//! Both fronts over real connections.

use std::{
    io::{Read, Write},
    sync::Arc,
    time::Duration,
};

use secrecy::ExposeSecret;

use super::*;
use crate::{
    clock::SystemClock,
    mock_jira::{Barrier, Fault, FaultRule, Options, TenantSpec, When},
};

const KINDS: [FrontKind; 2] = [FrontKind::WireMock, FrontKind::Socket];

fn platform() -> Platform {
    Platform::new(Options::new(1, Arc::new(SystemClock::new()), vec![TenantSpec::new("a")]))
}

fn bearer(platform: &Platform) -> String {
    platform.credentials("a").expect("a tenant").access_token.expose_secret().to_owned()
}

fn inject(platform: &Platform, fault: Fault) {
    let route = "getFields".parse().expect("a route");
    platform.inject(FaultRule { tenant: None, route, when: When::First(1), fault });
}

async fn field(platform: &Platform, front: &Front) -> reqwest::Result<String> {
    let client = reqwest::Client::builder().timeout(Duration::from_millis(500)).build()?;
    let url = format!("{}/rest/api/3/field", front.url());
    client.get(url).bearer_auth(bearer(platform)).send().await?.error_for_status()?.text().await
}

#[tokio::test]
async fn both_fronts_do_what_a_reply_says_and_serve_on_afterwards() {
    for kind in KINDS {
        for fault in [Fault::Reset, Fault::HalfBody, Fault::Hang, Fault::LostReply] {
            let platform = platform();
            let front = Front::start(kind, platform.clone(), 0).await.expect("a front");
            let whole = field(&platform, &front).await.expect("an answer");
            inject(&platform, fault.clone());
            assert!(field(&platform, &front).await.is_err(), "{kind:?} {fault:?}");
            assert_eq!(field(&platform, &front).await.expect("an answer"), whole, "{kind:?} {fault:?}");
        }
    }
}

#[tokio::test]
async fn a_held_reply_waits_for_its_release_while_others_are_served() {
    let platform = platform();
    let front = Front::start(FrontKind::Socket, platform.clone(), 0).await.expect("a front");
    let barrier = Barrier::new();
    inject(&platform, Fault::Hold(barrier.clone()));
    let client = reqwest::Client::new();
    let held = client.get(format!("{}/rest/api/3/field", front.url())).bearer_auth(bearer(&platform));
    let held = tokio::spawn(held.send());
    barrier.wait_reached().await;
    assert!(field(&platform, &front).await.is_ok());
    assert!(!held.is_finished());
    barrier.release();
    assert_eq!(held.await.expect("a task").expect("an answer").status(), 200);
}

#[tokio::test]
async fn the_socket_resets_for_real() {
    let platform = platform();
    let front = Front::start(FrontKind::Socket, platform.clone(), 0).await.expect("a front");
    inject(&platform, Fault::Reset);
    let (address, token) = (front.url().trim_start_matches("http://").to_owned(), bearer(&platform));
    let read = tokio::task::spawn_blocking(move || {
        let mut stream = std::net::TcpStream::connect(address).expect("a connection");
        write!(stream, "GET /rest/api/3/field HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n")
            .expect("sent");
        stream.read(&mut [0; 16])
    });
    let error = read.await.expect("a task").expect_err("no answer");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wiremock_forgets_requests_without_a_moment_of_404() {
    let platform = platform();
    let front = Front::start(FrontKind::WireMock, platform.clone(), 0).await.expect("a front");
    let url = format!("{}/rest/api/3/status", front.url());
    let (client, token) = (reqwest::Client::new(), bearer(&platform));
    let clients = (0..16).map(|_| {
        let (client, url, token) = (client.clone(), url.clone(), token.clone());
        tokio::spawn(async move {
            for _ in 0..250 {
                let answer = client.get(&url).bearer_auth(&token).send().await.expect("an answer");
                assert_eq!(answer.status(), 200);
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.expect("every answer is there");
    }
    assert_eq!(platform.requests_served(), 4000);
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    for kind in KINDS {
        let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = taken.local_addr().expect("an address").port();
        let error = Front::start(kind, platform(), port).await.expect_err("taken").to_string();
        assert_eq!(error, format!("cannot listen on 127.0.0.1:{port}"));
    }
}

/// A task may use so much of its thread at a time; then whatever it waits for is put off until it yields.
#[test]
fn a_front_ends_within_a_task_that_has_used_up_its_budget() {
    let (done, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            for kind in KINDS {
                let front = Front::start(kind, platform(), 0).await.expect("a front");
                let spent = std::future::poll_fn(|context| {
                    while tokio::task::coop::poll_proceed(context).map(|left| left.made_progress()).is_ready()
                    {
                    }
                    std::task::Poll::Ready(())
                });
                spent.await;
                drop(front);
            }
        });
        let _ = done.send(());
    });
    assert_eq!(ended.recv_timeout(Duration::from_secs(20)), Ok(()));
}
