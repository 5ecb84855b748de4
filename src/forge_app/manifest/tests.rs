//! What a manifest is read to be, and what is told when it is none.

use super::*;

const WHOLE: &str = "\u{feff}app:\r
  id: ari:cloud:ecosystem::app/1\r
  runtime: {name: nodejs22.x}\r
permissions:
  scopes: [read:jira-work, storage:app]
  external:
    fetch:
      backend:
        - https://api.example.com
        - address: '*.example.org'
        - remote: own
remotes:
  - key: own
    baseUrl: https://own.example.net
  - key: regional
    baseUrl: {default: https://a.example.net, EU: https://eu.example.net}
providers: {auth: [{key: forge-github, name: GitHub}]}
modules:
  function:
    - {key: run, handler: index.run, timeoutSeconds: 900}
    - {key: answer, handler: deep/resolver.handler}
  scheduledTrigger:
    - {key: hourly, function: run, interval: hour}
    - {key: away, endpoint: far, interval: day}
  trigger:
    - {key: created, function: run, events: [avi:jira:created:issue]}
  consumer:
    - {key: later, queue: later-queue, resolver: {function: answer, method: go}}
    - {key: now, queue: now-queue, function: run}
  jira:projectPage:
    - key: page
      title: Drift
      resource: main
      resolver: {function: answer}
  jira:customField:
    - key: field
      name: f
      edit: {resolver: {function: answer}}
      formatter: {function: run}
";

fn parse(text: &str) -> Result<Manifest, String> {
    Manifest::parse(Path::new("app/manifest.yml"), text.as_bytes()).map_err(|error| error.to_string())
}

#[test]
fn a_whole_manifest_is_read() {
    let manifest = parse(WHOLE).unwrap();
    assert_eq!(
        (manifest.app_id.as_str(), manifest.runtime.as_str()),
        ("ari:cloud:ecosystem::app/1", "nodejs22.x")
    );
    assert_eq!(manifest.scopes, ["read:jira-work", "storage:app"]);
    assert_eq!(
        manifest.egress,
        [
            "https://api.example.com",
            "*.example.org",
            "https://own.example.net",
            "https://eu.example.net",
            "https://a.example.net"
        ]
    );
    assert_eq!(manifest.functions[0].timeout_s, Some(900));
    let hourly = ScheduledTrigger { key: "hourly".into(), function: "run".into(), interval: "hour".into() };
    assert_eq!(manifest.scheduled_triggers, [hourly]);
    assert_eq!(manifest.remote, ["scheduledTrigger:away"]);
    assert_eq!(manifest.event_triggers[0].events, ["avi:jira:created:issue"]);
    assert_eq!(manifest.resolvers, ["answer"]);
    let called = |consumer: &Consumer| (consumer.function.clone(), consumer.method.clone());
    assert_eq!(
        manifest.consumers.iter().map(called).collect::<Vec<_>>(),
        [("answer".to_owned(), Some("go".to_owned())), ("run".to_owned(), None)]
    );
    assert_eq!(
        manifest.modules,
        [
            "scheduledTrigger:hourly",
            "scheduledTrigger:away",
            "trigger:created",
            "consumer:later",
            "consumer:now",
            "jira:projectPage:page",
            "jira:customField:field"
        ]
    );
    assert_eq!(manifest.external_auth, ["forge-github"]);
    assert_eq!(manifest.words, [("jira:projectPage:page".to_owned(), "Drift".to_owned())]);
    assert_eq!(manifest.mentions.len(), 7);
}

#[test]
fn scopes_may_be_the_keys_of_a_mapping() {
    let text = "app: {id: a}\npermissions: {scopes: {read:jira-work: {allowImpersonation: true}, storage:app: {}}}\n";
    assert_eq!(parse(text).unwrap().scopes, ["read:jira-work", "storage:app"]);
}

#[test]
fn what_is_no_manifest_is_told_with_its_place() {
    let indented: String = (0..500).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    for (text, expected) in [
        ("", vec!["app/manifest.yml: the manifest is empty"]),
        ("just words", vec!["manifest.yml", "expected a mapping"]),
        ("app: [\n", vec!["manifest.yml:2:1"]),
        ("a: \"\u{0}\"\n", vec!["manifest.yml:1:"]),
        ("modules: {}\n", vec!["missing field `app`"]),
        ("app: {runtime: {name: nodejs22.x}}\n", vec![":1:", "app: missing field `id`"]),
        ("app: {id: ' '}\n", vec![":1:", "app.id: expected a text, found nothing"]),
        ("app: 3\n", vec!["app: expected a mapping, `key: value`, found `3`"]),
        ("app: {id: [a]}\n", vec!["app.id: expected a text, found a list"]),
        ("app: {id: a}\nmodules: [x]\n", vec![":2:", "modules: expected a mapping"]),
        (
            "app: {id: a}\nmodules:\n  function: {key: f}\n",
            vec![":3:", "modules.function", "expected a list"],
        ),
        (
            "app: {id: a}\nmodules:\n  function:\n    - key: f\n",
            vec![":4:", "modules.function[0]: missing field `handler`", "4 |     - key: f"],
        ),
        (
            "app: {id: a}\nmodules:\n  scheduledTrigger:\n    - {key: t, function: f}\n",
            vec![":4:", "missing field `interval`"],
        ),
        (
            "app: {id: a}\npermissions:\n  scopes: read:jira-work\n",
            vec![":3:", "permissions.scopes", "a list of scopes"],
        ),
        (
            "app: {id: a}\npermissions:\n  external: {fetch: {backend: [[x]]}}\n",
            vec![":3:", "permissions.external.fetch.backend", "expected an address"],
        ),
        ("app: {id: a}\napp: {id: b}\n", vec![":2:1: duplicate key `app`"]),
        (
            "app: {id: a}\nmodules:\n  jira:issuePanel:\n    - title: t\n      title: u\n",
            vec![":5:1: duplicate key `title`"],
        ),
        (&indented, vec!["manifest.yml"]),
        (
            "app: {id: a}\nmodules: {jira:adminPage: [x]}\n",
            vec![":2:", "modules.jira:adminPage[0]", "expected a"],
        ),
        (&"[".repeat(100_000), vec!["nested deeper than 64"]),
        (&format!("app: {{id: {}}}\n", "x".repeat(1 << 20)), vec!["larger than 1 MiB"]),
    ] {
        let error = parse(text).expect_err(text.get(..200).unwrap_or(text));
        for part in expected {
            assert!(error.contains(part), "{error:?} should contain {part:?}");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let error = Manifest::read(folder.path()).unwrap_err().to_string();
    assert!(error.ends_with("holds no manifest.yml"), "{error}");
}

#[test]
fn a_handler_is_found_below_src_and_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("src/deep")).unwrap();
    for file in ["src/index.ts", "src/deep/resolver.jsx", "outside.js"] {
        std::fs::write(folder.path().join(file), "").unwrap();
    }
    for (handler, expected, export) in [
        ("index.run", Some("src/index.ts"), "run"),
        ("deep/resolver.handler", Some("src/deep/resolver.jsx"), "handler"),
        ("../outside.run", None, "run"),
        ("missing.run", None, "run"),
        ("index", None, ""),
        (".run", None, "run"),
    ] {
        let function = Function { handler: handler.into(), ..Function::default() };
        let expected = expected.map(|path| folder.path().join(path));
        assert_eq!((function.source(folder.path()), function.export()), (expected, export), "{handler}");
    }
    let absolute =
        Function { handler: format!("{}/outside.run", folder.path().display()), ..Function::default() };
    assert_eq!(absolute.source(folder.path()), None);
}

proptest::proptest! {
    #[test]
    fn no_bytes_trip_the_reader(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        let _ = Manifest::parse(Path::new("manifest.yml"), &bytes);
        let text = String::from_utf8_lossy(&bytes);
        let _ = Manifest::parse(Path::new("manifest.yml"), format!("app: {{id: a}}\nmodules:\n  {text}\n").as_bytes());
    }
}
