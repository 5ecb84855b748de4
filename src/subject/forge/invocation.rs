//! What one invocation is told and what comes of it, in the bridge's words: how a trigger becomes the arguments
//! of a handler, and how an end is read. Knows no process.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{Deployment, Ground, InvocationEnd, LogLine, Trigger};
use crate::{
    clock::Clock,
    forge_app::{Function, Manifest},
};

/// Seconds that the platform lets a function run (developer.atlassian.com/platform/forge/platform-quotas-and-limits):
/// what a person or a product waits for, and what nobody waits for.
const WAITED_FOR_S: u64 = 25;
const UNATTENDED_S: u64 = 55;

/// One invocation, ready to be sent to an instance.
pub(super) struct Order {
    /// Parameters of the bridge's `invoke`. Holds the installation's token: never shown, never logged.
    pub params: Value,
    pub limit: Duration,
}

/// What the trigger names: the function, the type and key of its module, the arguments.
struct Target<'a> {
    function: &'a Function,
    module_type: &'static str,
    module_key: &'a str,
    arguments: Value,
    limit_s: u64,
}

impl Order {
    /// Makes the arguments as the platform does.
    ///
    /// # Errors
    /// In words: the manifest has no such trigger or function, its file does not exist, or the app is not
    /// installed for the tenant.
    pub fn new(
        deployment: &Deployment,
        ground: &Ground,
        tenant: &str,
        trigger: &Trigger,
    ) -> Result<Self, String> {
        let installation = (ground.installation)(tenant)
            .ok_or_else(|| format!("the app is not installed for {tenant:?}"))?;
        let account = match trigger {
            Trigger::Resolver { account, .. } => account.as_deref(),
            _ => None,
        };
        let install_context = format!("ari:cloud:jira::site/{}", installation.cloud_id);
        let manifest = &deployment.manifest;
        let target = target_of(manifest, trigger, &installation.cloud_id, account)?;
        let (file, _) = target.function.handler.rsplit_once('.').unwrap_or_default();
        if !deployment.bundle.holds(file) {
            let handler = &target.function.handler;
            return Err(format!(
                "the function {:?} has no file: no src/{file} with an extension for {handler:?}",
                target.function.key
            ));
        }
        let context = json!({
            "principal": account.map(|id| json!({"accountId": id})),
            "installContext": install_context,
            "installation": {
                "ari": {"installationId": installation.installation_id},
                "contexts": [{"cloudId": installation.cloud_id}],
            },
        });
        let limit = Duration::from_secs(target.function.timeout_s.unwrap_or(target.limit_s));
        let now = ground.clock.now().as_millisecond();
        let params = json!({
            "id": fresh_id(),
            "function": {"key": target.function.key, "file": file, "export": target.function.export()},
            "args": [target.arguments, context],
            "moduleType": target.module_type,
            "moduleKey": target.module_key,
            "installation": {
                "cloudId": installation.cloud_id,
                "installationId": installation.installation_id,
                "token": installation.token.expose_secret(),
                "accountId": account,
            },
            "now": now,
            "deadlineMs": now.saturating_add(i64::try_from(limit.as_millis()).unwrap_or(i64::MAX)),
        });
        Ok(Self { params, limit })
    }
}

fn target_of<'a>(
    manifest: &'a Manifest,
    trigger: &'a Trigger,
    cloud_id: &str,
    account: Option<&str>,
) -> Result<Target<'a>, String> {
    let function = |key: &str, whose: &str| {
        manifest
            .function(key)
            .ok_or_else(|| format!("{whose} names the function {key:?}, which does not exist"))
    };
    let missing = |kind: &str, key: &str| format!("the manifest has no {kind} {key:?}");
    match trigger {
        Trigger::Scheduled { key } => {
            let found = manifest.scheduled_triggers.iter().find(|t| t.key == *key);
            let found = found.ok_or_else(|| missing("scheduled trigger", key))?;
            Ok(Target {
                function: function(&found.function, &format!("the scheduled trigger {key:?}"))?,
                module_type: "scheduledTrigger",
                module_key: key,
                arguments: json!({
                    "context": {"cloudId": cloud_id, "moduleKey": key}, "contextToken": "context-token",
                }),
                limit_s: UNATTENDED_S,
            })
        }
        Trigger::Event { key, event } => {
            let found = manifest.event_triggers.iter().find(|t| t.key == *key);
            let found = found.ok_or_else(|| missing("event trigger", key))?;
            let mut arguments = event.clone();
            if let Some(fields) = arguments.as_object_mut() {
                let context = json!({"cloudId": cloud_id, "moduleKey": key});
                fields.entry("context").or_insert(context);
                fields.entry("contextToken").or_insert_with(|| json!("context-token"));
            }
            Ok(Target {
                function: function(&found.function, &format!("the event trigger {key:?}"))?,
                module_type: "trigger",
                module_key: key,
                arguments,
                limit_s: WAITED_FOR_S,
            })
        }
        Trigger::Resolver { function: key, call, payload, .. } => Ok(Target {
            function: manifest.function(key).ok_or_else(|| missing("function", key))?,
            module_type: "resolver",
            module_key: key,
            arguments: json!({
                "call": {"functionKey": call, "payload": payload},
                "context": {"cloudId": cloud_id, "accountId": account, "moduleKey": key, "extension": {}},
            }),
            limit_s: WAITED_FOR_S,
        }),
        Trigger::Consumer { key, body, retry } => {
            let found = manifest.consumers.iter().find(|c| c.key == *key);
            let found = found.ok_or_else(|| missing("consumer", key))?;
            let job = fresh_id();
            let context = json!({"cloudId": cloud_id, "moduleKey": key});
            let mut arguments = match &found.method {
                Some(method) => json!({
                    "call": {"functionKey": method, "payload": body, "jobId": job}, "context": context,
                }),
                None => json!({"queueName": found.queue, "jobId": job, "body": body, "context": context}),
            };
            if !retry.is_null() {
                arguments["retryContext"] = retry.clone();
            }
            Ok(Target {
                function: function(&found.function, &format!("the consumer {key:?}"))?,
                module_type: "consumer",
                module_key: key,
                arguments,
                limit_s: UNATTENDED_S,
            })
        }
    }
}

/// An invocation's id: unlike any other of this process, and in the form that apps expect.
fn fresh_id() -> String {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    uuid::Builder::from_random_bytes(u128::from(number).to_be_bytes()).into_uuid().to_string()
}

/// The bridge's word on an invocation.
#[derive(Debug, serde::Deserialize)]
pub(super) struct Said {
    end: SaidEnd,
    pub logs: Vec<LogLine>,
    pub calls: usize,
    /// Calls that had no answer when the handler returned.
    pub unfinished: usize,
    /// What time it is for the app by now, in milliseconds since the epoch.
    pub now: i64,
}

#[derive(Debug, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum SaidEnd {
    Returned { value: Value },
    Threw { name: String, message: String, at: Option<String> },
    LoadFailed { message: String, at: Option<String> },
    TimedOut,
    Died { how: String },
}

impl Said {
    /// The end, and whether the instance may be used again: after anything but the handler's own end it may not.
    pub fn end(self, limit: Duration) -> (InvocationEnd, bool) {
        match self.end {
            SaidEnd::Returned { value } => (InvocationEnd::Returned(value), true),
            SaidEnd::Threw { name, message, at } => (InvocationEnd::Threw { name, message, at }, true),
            SaidEnd::LoadFailed { message, at } => (InvocationEnd::LoadFailed { message, at }, false),
            SaidEnd::TimedOut => (InvocationEnd::TimedOut { after_s: limit.as_secs() }, false),
            SaidEnd::Died { how } => (InvocationEnd::Died { how }, false),
        }
    }
}

impl fmt::Display for InvocationEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |at: &Option<String>| at.as_ref().map(|at| format!(" (at {at})")).unwrap_or_default();
        match self {
            Self::Returned(_) => f.write_str("it returned"),
            Self::Threw { name, message, at } => write!(f, "{name}: {message}{}", place(at)),
            Self::LoadFailed { message, at } => write!(f, "{message}{}", place(at)),
            Self::TimedOut { after_s } => write!(f, "it did not end within its {after_s} s"),
            Self::Died { how } => f.write_str(how),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forge_app::{Consumer, EventTrigger, ScheduledTrigger};

    fn manifest() -> Manifest {
        let function = |key: &str| Function { key: key.into(), handler: "index.run".into(), timeout_s: None };
        let consumer = |key: &str, method: Option<&str>| Consumer {
            key: key.into(),
            queue: "work".into(),
            function: "run".into(),
            method: method.map(str::to_owned),
        };
        let event = |key: &str, function: &str| EventTrigger {
            key: key.into(),
            function: function.into(),
            events: vec!["avi:jira:created:issue".into()],
        };
        Manifest {
            functions: vec![function("run")],
            scheduled_triggers: vec![ScheduledTrigger {
                key: "hourly".into(),
                function: "run".into(),
                interval: "hour".into(),
            }],
            event_triggers: vec![event("created", "run"), event("lost", "gone")],
            consumers: vec![consumer("direct", None), consumer("resolved", Some("take"))],
            ..Manifest::default()
        }
    }

    #[test]
    fn each_trigger_calls_its_function_with_the_arguments_of_its_kind() {
        let key = str::to_owned;
        for (trigger, kind, limit_s, pointer, expected) in [
            (
                Trigger::Scheduled { key: key("hourly") },
                "scheduledTrigger",
                55,
                "/context",
                json!({"cloudId": "c", "moduleKey": "hourly"}),
            ),
            (
                Trigger::Event { key: key("created"), event: json!({"issue": {"id": "1"}}) },
                "trigger",
                25,
                "/issue/id",
                json!("1"),
            ),
            (
                Trigger::Resolver {
                    function: key("run"),
                    call: key("list"),
                    payload: json!({"a": 1}),
                    account: None,
                },
                "resolver",
                25,
                "/call",
                json!({"functionKey": "list", "payload": {"a": 1}}),
            ),
            (
                Trigger::Consumer { key: key("direct"), body: json!({"n": 1}), retry: Value::Null },
                "consumer",
                55,
                "/body",
                json!({"n": 1}),
            ),
            (
                Trigger::Consumer { key: key("resolved"), body: json!({"n": 1}), retry: Value::Null },
                "consumer",
                55,
                "/call/payload",
                json!({"n": 1}),
            ),
        ] {
            let manifest = manifest();
            let target = target_of(&manifest, &trigger, "c", None).expect("a target");
            assert_eq!((target.module_type, target.limit_s), (kind, limit_s), "{trigger:?}");
            assert_eq!(target.function.key, "run");
            assert_eq!(target.arguments.pointer(pointer), Some(&expected), "{trigger:?}");
        }
    }

    #[test]
    fn a_trigger_that_leads_nowhere_says_what_is_missing() {
        let key = str::to_owned;
        for (trigger, missing) in [
            (Trigger::Scheduled { key: key("daily") }, "no scheduled trigger \"daily\""),
            (Trigger::Event { key: key("lost"), event: json!({}) }, "names the function \"gone\""),
            (Trigger::Consumer { key: key("x"), body: json!({}), retry: Value::Null }, "no consumer \"x\""),
        ] {
            let error = target_of(&manifest(), &trigger, "c", None).err().expect("an error");
            assert!(error.contains(missing), "{error}");
        }
    }

    #[test]
    fn only_a_handlers_own_end_leaves_the_instance_sound() {
        let limit = Duration::from_secs(25);
        for (end, expected, sound) in [
            (json!({"kind": "returned", "value": null}), InvocationEnd::Returned(Value::Null), true),
            (
                json!({"kind": "threw", "name": "E", "message": "m"}),
                InvocationEnd::Threw { name: "E".into(), message: "m".into(), at: None },
                true,
            ),
            (json!({"kind": "timedOut"}), InvocationEnd::TimedOut { after_s: 25 }, false),
            (json!({"kind": "died", "how": "h"}), InvocationEnd::Died { how: "h".into() }, false),
            (
                json!({"kind": "loadFailed", "message": "m", "at": "a:1"}),
                InvocationEnd::LoadFailed { message: "m".into(), at: Some("a:1".into()) },
                false,
            ),
        ] {
            let said: Said = serde_json::from_value(
                json!({"end": end, "logs": [], "calls": 0, "unfinished": 0, "now": 0}),
            )
            .expect("said");
            assert_eq!(said.end(limit), (expected, sound));
        }
        let unknown = json!({"end": {"kind": "slept"}, "logs": [], "calls": 0, "unfinished": 0, "now": 0});
        assert!(serde_json::from_value::<Said>(unknown).is_err());
    }
}
