use serde_json::json;

use super::*;

const MANIFEST: &str = r"
app: {id: 'ari:cloud:ecosystem::app/11111111-2222-4333-8444-555555555555', runtime: {name: nodejs22.x}}
permissions: {scopes: ['read:jira-work', 'storage:app']}
modules:
  function:
    - {key: tick, handler: index.tick}
    - {key: slow, handler: index.slow, timeoutSeconds: 100}
    - {key: gone, handler: elsewhere.run}
  scheduledTrigger:
    - {key: hourly, function: tick, interval: hour}
    - {key: late, function: slow, interval: hour}
    - {key: lost, function: gone, interval: hour}
";

#[test]
fn placeholder() {
    let manifest = Manifest::parse(Path::new("manifest.yml"), MANIFEST.as_bytes()).expect("a manifest");
    assert_eq!(manifest.functions.len(), 3);
    assert_eq!(json!(1), json!(1));
}
