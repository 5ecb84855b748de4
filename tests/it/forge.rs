//! A Forge app in Node, by the app in `forge_app/`: what it may do, how its invocations end, what the mocked
//! platform takes down of it. Without Node and npm these tests are skipped, and say so.

#![allow(clippy::print_stdout, reason = "a skipped test says so")]

use std::{
    path::Path,
    sync::{Arc, OnceLock},
    time::Duration,
};

use gonogo::{
    clock::{Clock, ManualClock},
    evidence::{Fact, Recorder},
    forge_app::Manifest,
    mock_jira::{
        Fault, FaultRule, Front, FrontKind, Held, Moment, Options, Platform, Route, TenantSpec, When,
    },
    subject::forge::{Deployment, Ground, Installation, Instances, InvocationEnd, Invoked, Trigger},
};
use serde_json::{Value, json};

fn deployment() -> Option<Arc<Deployment>> {
    static BUILT: OnceLock<Option<Arc<Deployment>>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        if !crate::node::is_here() {
            return None;
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/forge_app");
        let manifest = Manifest::read(&folder).expect("a manifest");
        Some(Arc::new(Deployment::build(&folder, manifest).expect("a deployment")))
    });
    built.clone()
}

struct Stand {
    clock: ManualClock,
    platform: Platform,
    recorder: Recorder,
    instances: Arc<Instances>,
    _front: Front,
}

async fn stand() -> Option<Stand> {
    let deployment = deployment()?;
    let clock = ManualClock::new("2026-01-01T00:00:00Z".parse().expect("a time"));
    let (stamps, passing) = (clock.clone(), clock.clone());
    let recorder = Recorder::new(0, move || stamps.now());
    let platform = Platform::new(Options {
        recorder: Some(recorder.clone()),
        pass_time: Some(Arc::new(move |duration| passing.advance(duration))),
        ..Options::new(7, Arc::new(clock.clone()), vec![TenantSpec::new("acme"), TenantSpec::new("globex")])
    });
    let front = Front::start(FrontKind::Socket, platform.clone(), 0).await.expect("a front");
    let (known, scopes) = (platform.clone(), deployment.manifest().scopes.clone());
    let installation = Arc::new(move |tenant: &str| {
        let (cloud_id, installation_id) = known.installation(tenant).ok()?;
        Some(Installation { cloud_id, installation_id, token: known.system_token(tenant, &scopes).ok()? })
    });
    let held = platform.clone();
    let ground = Ground {
        patience: Duration::from_secs(3),
        held: Arc::new(move |instance| held.is_held(instance)),
        ..Ground::new(front.url(), clock.clone(), installation)
    };
    let instances = Arc::new(Instances::new(deployment, ground));
    Some(Stand { clock, platform, recorder, instances, _front: front })
}

fn call(name: &str, payload: Value) -> Trigger {
    Trigger::Resolver { function: "resolve".into(), call: name.into(), payload, account: None }
}

impl Stand {
    async fn run(&self, name: &str, payload: Value) -> Invoked {
        self.instances.invoke("acme", &call(name, payload)).await
    }

    async fn returns(&self, name: &str, payload: Value) -> Value {
        match self.run(name, payload).await.end {
            InvocationEnd::Returned(value) => value,
            end => panic!("{name}: {end:?}"),
        }
    }

    fn facts(&self) -> Vec<Fact> {
        self.recorder.observations().into_iter().map(|o| o.fact).collect()
    }
}

#[tokio::test]
async fn a_handler_ends_by_returning_throwing_or_not_being_there() {
    let Some(stand) = stand().await else { return };
    assert_eq!(stand.returns("count", json!({})).await, 1);
    let InvocationEnd::Threw { name, at, .. } = stand.run("throw", json!({})).await.end else { panic!() };
    assert_eq!(name, "TypeError");
    assert!(at.as_deref().is_some_and(|at| at.starts_with("src/index.js:")), "{at:?}");
    let end = stand.run("throwWord", json!({})).await.end;
    assert!(matches!(&end, InvocationEnd::Threw { message, .. } if message == "a word"), "{end:?}");
    let end = stand.run("circular", json!({})).await.end;
    assert!(matches!(&end, InvocationEnd::Threw { name, .. } if name == "TypeError"), "{end:?}");
    for (function, expected) in
        [("broken", "no function today"), ("absent", "no file"), ("nameless", "exports no function")]
    {
        let trigger = Trigger::Resolver {
            function: function.into(),
            call: String::new(),
            payload: Value::Null,
            account: None,
        };
        let end = stand.instances.invoke("acme", &trigger).await.end;
        assert!(
            matches!(&end, InvocationEnd::LoadFailed { message, .. } if message.contains(expected)),
            "{end:?}"
        );
        if function == "broken" {
            let InvocationEnd::LoadFailed { at, .. } = end else { panic!() };
            assert_eq!(at.as_deref(), Some("src/broken.js:3"));
        }
    }
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "real elapsed time is what is measured")]
async fn an_app_sees_the_scenarios_time_only_and_waiting_takes_no_real_time() {
    let Some(stand) = stand().await else { return };
    let began = std::time::Instant::now();
    let before = stand.clock.now();
    assert_eq!(stand.returns("wait", json!({"ms": 20_000})).await, 20_000);
    assert_eq!(stand.clock.now().duration_since(before).as_secs(), 20);
    assert_eq!(stand.returns("race", json!({})).await, json!([100, 200, 300]));
    assert_eq!(stand.returns("unzipBeforeTimer", json!({})).await, "unzipped");
    assert_eq!(stand.returns("busy", json!({})).await, "done");
    let now = stand.returns("now", json!({})).await;
    assert!(now[0].as_str().is_some_and(|now| now.starts_with("2026-01-01T00:00:2")), "{now}");
    assert!(now[1].as_str().is_some_and(|now| now.contains("Jan 01 2026")), "{now}");
    assert_eq!((&now[2], &now[3]), (&json!(true), &json!(0)));
    let patient = Trigger::Scheduled { key: "patient".into() };
    assert_eq!(stand.instances.invoke("acme", &patient).await.end, InvocationEnd::Returned(json!("patient")));
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[tokio::test]
async fn whatever_ends_an_instance_ends_its_invocation_in_words_and_nothing_else() {
    let Some(stand) = stand().await else { return };
    for (name, words) in [
        ("exit", "process.exit(3)"),
        ("unhandled", "nobody handled: RangeError: dropped"),
        ("uncaught", "nobody caught: Error: in a timer"),
        ("spin", "busy"),
        ("huge", "5242880"),
        ("kill", "SIGKILL"),
    ] {
        let end = stand.run(name, json!({})).await.end;
        assert!(matches!(&end, InvocationEnd::Died { how } if how.contains(words)), "{name}: {end:?}");
    }
    assert_eq!(stand.run("forever", json!({})).await.end, InvocationEnd::TimedOut { after_s: 25 });
    let end = stand.run("wait", json!({"ms": 60_000})).await.end;
    assert_eq!(end, InvocationEnd::TimedOut { after_s: 25 });
    assert_eq!(stand.returns("count", json!({})).await, 1, "a fresh instance");
}

#[tokio::test]
async fn what_an_app_writes_is_kept_and_never_taken_for_a_message() {
    let Some(stand) = stand().await else { return };
    let invoked = stand.run("log", json!({})).await;
    let logs: Vec<_> = invoked.logs.iter().map(|l| (l.level.as_str(), l.text.as_str())).collect();
    assert_eq!(logs, [("log", "one 1"), ("stdout", "two"), ("stderr", "three")]);
    let invoked = stand.run("smuggle", json!({})).await;
    assert_eq!(invoked.end, InvocationEnd::Returned(json!("ok")));
    assert!(invoked.logs.iter().any(|line| line.text == "half a line"), "{:?}", invoked.logs);
    let environment = stand.returns("environment", json!({})).await;
    let own = ["LANG", "NODE_ENV", "TMPDIR", "TZ"].map(str::to_owned);
    let named = environment[0].as_array().into_iter().flatten().filter_map(Value::as_str);
    let beside: Vec<_> = named.filter(|name| !own.contains(&(*name).to_owned())).collect();
    assert!(beside.iter().all(|name| name.starts_with("AWS_") || *name == "LAMBDA_TASK_ROOT"), "{beside:?}");
    assert_eq!(environment[1], true);
}

#[tokio::test]
async fn an_instance_stays_warm_and_two_at_once_are_two_instances() {
    let Some(stand) = stand().await else { return };
    let (first, second) =
        tokio::join!(stand.run("wait", json!({"ms": 2_000})), stand.run("wait", json!({"ms": 1_000})),);
    assert_ne!(first.instance, second.instance);
    assert_eq!(first.end, InvocationEnd::Returned(json!(2_000)));
    assert_eq!(second.end, InvocationEnd::Returned(json!(1_000)));
    for count in 1..=2 {
        let invoked = stand.instances.invoke_on("instance-1", "globex", &call("count", json!({}))).await;
        assert_eq!(invoked.end, InvocationEnd::Returned(json!(count)));
    }
    assert_eq!(stand.instances.names().len(), 2);
}

#[tokio::test]
async fn the_platform_sees_calls_writes_and_pushes_under_the_tenant_and_the_instance() {
    let Some(stand) = stand().await else { return };
    assert_eq!(stand.returns("search", json!({})).await, json!([200, 5]));
    assert_eq!(stand.returns("asUser", json!({})).await, json!([401, "NEEDS_AUTHENTICATION_ERR"]));
    assert_eq!(stand.returns("lock", json!({"key": "k"})).await, 204);
    assert_eq!(stand.returns("lock", json!({"key": "k"})).await, 409);
    assert_eq!(stand.returns("push", json!({})).await, 201);
    assert_eq!(stand.returns("unawaited", json!({"key": "left"})).await, "left");
    let written: Vec<_> = stand
        .facts()
        .into_iter()
        .filter_map(|fact| match fact {
            Fact::KeyWritten { tenant, worker, key, .. } => Some(("written", tenant, worker, key)),
            Fact::WriteRefused { tenant, worker, key } => Some(("refused", tenant, worker, key)),
            _ => None,
        })
        .collect();
    let seen = |what, key: &str| (what, Some("acme".into()), "instance-1".into(), format!("acme/{key}"));
    assert_eq!(written, [seen("written", "k"), seen("refused", "k"), seen("written", "left")]);
    assert_eq!(stand.platform.take_pushed("acme").expect("acme").len(), 1);
}

#[tokio::test]
async fn only_what_the_manifest_allows_gets_out_and_every_attempt_is_recorded() {
    let Some(stand) = stand().await else { return };
    let reached = stand.returns("reach", json!({})).await;
    let refused = "REQUEST_EGRESS_ALLOWLIST_ERR";
    assert_eq!(
        reached,
        json!({"allowed": 200, "wildcard": 200, "plain": refused, "fetch": refused, "http": refused,
            "net": refused, "dns": refused, "program": refused})
    );
    assert_eq!(stand.returns("viaHttps", json!({})).await, 200);
    let hosts: Vec<_> = stand
        .facts()
        .into_iter()
        .filter_map(|fact| match fact {
            Fact::EgressTried { tenant, host } => {
                assert_eq!(tenant.as_deref(), Some("acme"));
                Some(host)
            }
            _ => None,
        })
        .collect();
    let expected = [
        "api.example.com",
        "eu.allowed.example",
        "api.example.com",
        "fetch.example",
        "http.example",
        "net.example",
        "dns.example",
        "program:curl",
        "api.example.com",
    ];
    assert_eq!(hosts, expected);
    let shown = format!("{:?}", stand.facts());
    assert!(!shown.contains("secret=1") && !shown.contains("/path"), "an address outside is shown");
}

#[tokio::test]
async fn a_platform_that_hangs_or_breaks_off_is_seen_as_such_in_the_scenarios_time() {
    let Some(stand) = stand().await else { return };
    let rule = |fault| FaultRule { tenant: None, route: Route::Any, when: When::Always, fault };
    stand.platform.inject(rule(Fault::Hang));
    let hung = stand.returns("hang", json!({"ms": 10_000})).await;
    assert_eq!(hung[0], json!(23), "code of a TimeoutError");
    stand.platform.clear_faults();
    stand.platform.inject(rule(Fault::HalfBody));
    assert_eq!(stand.returns("half", json!({})).await, "TypeError");
    stand.platform.clear_faults();
    stand.platform.inject(rule(Fault::Reset));
    assert_eq!(stand.returns("half", json!({})).await, "TypeError");
}

#[tokio::test]
async fn an_instance_can_be_killed_in_the_middle_of_a_write_and_leaves_nothing_behind() {
    let Some(stand) = stand().await else { return };
    let stand = Arc::new(stand);
    let barrier = stand.platform.hold("instance-1", Moment::Before, Held::Write("k".into()));
    let working = stand.clone();
    let work = tokio::spawn(async move { working.run("lock", json!({"key": "k"})).await });
    barrier.wait_reached().await;
    assert!(stand.platform.is_held("instance-1"));
    assert!(stand.instances.kill("instance-1"));
    barrier.kill();
    let end = work.await.expect("an end").end;
    assert_eq!(end, InvocationEnd::Died { how: "it was killed".into() });
    assert!(!stand.facts().iter().any(|fact| matches!(fact, Fact::KeyWritten { .. })));
    assert_eq!(stand.returns("lock", json!({"key": "k"})).await, 204, "another instance goes on");
}

#[test]
fn what_an_app_reads_of_a_platform_call_reads_as_fetch_would_have_it() {
    if !crate::node::is_here() {
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let compared = std::process::Command::new("node")
        .arg(root.join("tests/it/forge_answer.cjs"))
        .arg(root.join("src/subject/forge/bridge"))
        .output()
        .expect("node runs");
    let said = String::from_utf8_lossy(&compared.stderr);
    assert!(compared.status.success(), "{said}");
}
