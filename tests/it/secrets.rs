//! No token in any output. What the mock issues follows from its seed alone, so the test can issue the same
//! again, and the evidence tells by fingerprint which of it a run was given.

use std::{collections::BTreeSet, fs, sync::Arc};

use gonogo::{
    app::port::Settings,
    clock::SystemClock,
    mock_jira::{Options, Platform, Request, TenantSpec, fingerprint},
};
use secrecy::ExposeSecret;

use crate::gonogo::gonogo;

/// A token that a run's mock issued, by the evidence: its fingerprint, its family and its rotation there.
type Issued = (String, usize, usize);

/// Everything that a mock with this seed issues up to these families and rotations, and the key of the app's
/// cursors.
fn secrets(seed: u64, issued: &BTreeSet<Issued>) -> Vec<String> {
    let platform = Platform::new(Options::new(seed, Arc::new(SystemClock::new()), vec![]));
    platform.add_tenant(&TenantSpec::new("a")).expect("a tenant");
    let (client_id, client_secret) = platform.client();
    let families = issued.iter().map(|(_, family, _)| family + 1).max().unwrap_or(0);
    for number in 0..families {
        let granted = platform.consent("a", &["offline_access".to_owned()]).expect("a tenant");
        let mine = issued.iter().filter(|(_, family, _)| *family == number);
        for _ in 0..mine.map(|(_, _, rotation)| *rotation).max().unwrap_or(0) {
            let mut request = Request::new("POST", "/oauth/token");
            request.headers.push(("content-type".into(), "application/json".into()));
            let body = serde_json::json!({
                "grant_type": "refresh_token",
                "client_id": client_id,
                "client_secret": client_secret.expose_secret(),
                "refresh_token": granted.refresh_token.expose_secret(),
            });
            request.body = body.to_string().into_bytes();
            assert_eq!(platform.handle(&request).answer().expect("an answer").status, 200);
        }
    }
    let mut all: Vec<String> =
        platform.issued_secrets().iter().map(|secret| secret.expose_secret().to_owned()).collect();
    let settings = Settings::new(String::new(), String::new(), client_id, client_secret);
    all.push(settings.cursor_key.expose_secret().to_owned());
    all
}

/// Which outputs hold which secret.
fn leaks(outputs: &[(String, Vec<u8>)], secrets: &[String]) -> Vec<String> {
    let holds = |(name, bytes): &(String, Vec<u8>)| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let leaked = secrets.iter().filter(|secret| text.contains(secret.as_str()));
        leaked.map(|secret| format!("{name} holds {}", fingerprint(secret))).collect::<Vec<_>>()
    };
    outputs.iter().flat_map(holds).collect()
}

#[test]
fn no_output_of_a_whole_run_holds_a_token() {
    let run = gonogo().args(&["run", "--verbose", "--seed", "7"]).env("RUST_LOG", "trace").run();
    assert!([0, 1, 3, 4].contains(&run.code()), "{}", run.all());
    let mut outputs = vec![("stdout and stderr".to_owned(), run.all().into_bytes())];
    for entry in walkdir::WalkDir::new(run.path("")).into_iter().filter_map(Result::ok) {
        if entry.file_type().is_file() {
            let bytes = fs::read(entry.path()).expect("a file");
            outputs.push((entry.path().display().to_string(), bytes));
        }
    }
    let names: Vec<&str> = outputs.iter().map(|(name, _)| name.as_str()).collect();
    for name in ["evidence.jsonl", "verdict.json", "report.md", "junit.xml"] {
        assert!(names.iter().any(|found| found.ends_with(name)), "{name} is not among {names:?}");
    }

    let evidence = fs::read_to_string(run.path("gonogo-report/evidence.jsonl")).expect("evidence");
    let issued: BTreeSet<Issued> = evidence.lines().filter_map(issued).collect();
    assert!(issued.len() > 3, "the run was given tokens: {issued:?}");
    let secrets = secrets(7, &issued);
    // Every token that the run's mocks issued is among them, by the evidence's own account.
    let known: BTreeSet<String> = secrets.iter().map(|secret| fingerprint(secret)).collect();
    let unknown: Vec<&Issued> = issued.iter().filter(|(token, _, _)| !known.contains(token)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");

    // The check would find one.
    for secret in [&secrets[0], &secrets[secrets.len() - 1], &secrets[secrets.len() - 2]] {
        let planted = [("planted".to_owned(), format!("…{secret}…").into_bytes())];
        assert_eq!(leaks(&planted, &secrets).len(), 1);
    }
    assert_eq!(leaks(&outputs, &secrets), [""; 0]);
}

/// The token that a line of the evidence tells of, if it tells of one.
fn issued(line: &str) -> Option<Issued> {
    let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
    let fact = line["observation"]["fact"].get("token_issued")?;
    let family = fact["family"].as_str()?.strip_prefix("family-")?.parse().ok()?;
    let rotation = usize::try_from(fact["rotation"].as_u64()?).ok()?;
    Some((fact["token"].as_str()?.to_owned(), family, rotation))
}
