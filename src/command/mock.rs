//! `gonogo mock`: the mocked Jira, standing alone, for any client, until it is interrupted.

use std::{io::Write, sync::Arc};

use anyhow::Context;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::{
    clock::SystemClock,
    mock_jira::{Front, FrontKind, Options, Platform, TenantSpec},
};

/// What `gonogo mock` is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MockOptions {
    /// Port on 127.0.0.1; 0 takes any that is free.
    pub port: u16,
    /// Equal seeds make equal sites.
    pub seed: u64,
    /// Issues per site.
    pub issues: usize,
    /// How many tenants, at least one.
    pub tenants: usize,
}

/// Serves the mocked Jira until SIGINT or SIGTERM. When ready, one JSON line with addresses and credentials
/// goes to `ready`: the one place where tokens are printed, since they are the mock's own.
pub fn run(options: MockOptions, ready: &mut dyn Write) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start a runtime")?;
    runtime.block_on(async {
        let (front, platform) = start(options).await?;
        writeln!(ready, "{}", ready_line(&front, &platform)?).context("cannot say that the mock is ready")?;
        ready.flush().context("cannot say that the mock is ready")?;
        interrupted().await.context("cannot wait for the interrupt")
    })
}

async fn start(options: MockOptions) -> anyhow::Result<(Front, Platform)> {
    let spec = |n: usize| TenantSpec { issues: options.issues, ..TenantSpec::new(&format!("tenant-{n}")) };
    let tenants = (1..=options.tenants.max(1)).map(spec).collect();
    let platform = Platform::new(Options::new(options.seed, Arc::new(SystemClock::new()), tenants));
    let front = Front::start(FrontKind::Socket, platform.clone(), options.port).await?;
    Ok((front, platform))
}

fn ready_line(front: &Front, platform: &Platform) -> anyhow::Result<Value> {
    let url = front.url();
    let mut tenants = vec![];
    for id in platform.tenant_ids() {
        let granted = platform.credentials(&id)?;
        tenants.push(json!({
            "id": granted.tenant,
            "cloud_id": granted.cloud_id,
            "access_token": granted.access_token.expose_secret(),
            "refresh_token": granted.refresh_token.expose_secret(),
            "client_id": granted.client_id,
            "client_secret": granted.client_secret.expose_secret(),
        }));
    }
    Ok(json!({
        "site": url,
        "gateway": url,
        "token_url": format!("{url}/oauth/token"),
        "kvs": format!("{url}/forge/storage/kvs/v1"),
        "tenants": tenants,
    }))
}

#[cfg(unix)]
async fn interrupted() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed,
        _ = terminated.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn interrupted() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_ready_line_names_addresses_that_answer_and_credentials_that_work() {
        let options = MockOptions { port: 0, seed: 1, issues: 30, tenants: 2 };
        let (front, platform) = start(options).await.expect("a mock");
        let line = ready_line(&front, &platform).expect("a line");
        let tenants = line["tenants"].as_array().expect("tenants");
        assert_eq!(tenants.len(), 2);
        for tenant in tenants {
            let gateway = line["gateway"].as_str().expect("a gateway");
            let cloud_id = tenant["cloud_id"].as_str().expect("a cloud id");
            let answer = reqwest::Client::new()
                .get(format!("{gateway}/ex/jira/{cloud_id}/rest/api/3/myself"))
                .bearer_auth(tenant["access_token"].as_str().expect("a token"));
            assert_eq!(answer.send().await.expect("an answer").status(), 200);
        }
    }
}
