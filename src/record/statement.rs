//! The verdict as in-toto Statements (v1): one that can say every verdict, and for an UNCONDITIONAL GO the
//! Simple Verification Result. Pure functions of ledger and report: a verifier builds them again and compares.

use serde_json::{Map, Value, json};

use super::{
    canonical,
    entry::{Event, Opened, Verdict},
    ledger::Ledger,
};

/// The predicate type of a verdict. It names no host, as nobody serves it; `docs/record.md` tells its form.
pub const VERDICT_PREDICATE: &str = "urn:uuid:5f0d2bd4-6c0e-4b55-9d3a-6e2a8a1f7c43#gonogo-verdict-v1";
/// Who verified, as the Simple Verification Result asks for it.
const VERIFIER: &str = "urn:uuid:5f0d2bd4-6c0e-4b55-9d3a-6e2a8a1f7c43#gonogo-verifier-v1";
/// The predicate type of a Simple Verification Result.
const SVR_PREDICATE: &str = "https://in-toto.io/attestation/svr/v0.2";
/// The only verdict that passes whole.
const GO: &str = "UNCONDITIONAL GO";

/// The statements about a ledger's last verdict: canonical bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statements {
    /// Every verdict has it.
    pub verdict: Vec<u8>,
    /// An UNCONDITIONAL GO alone has it.
    pub svr: Option<Vec<u8>>,
}

/// Builds the statements; `report` is the JSON report that the last verdict names.
///
/// # Errors
/// In words: there is no verdict or no evidence, or the report is not one.
pub fn build(ledger: &Ledger, report: &[u8]) -> Result<Statements, String> {
    let told = Told::of(ledger)?;
    let report: Value = serde_json::from_slice(report).map_err(|_| "the report is not JSON".to_owned())?;
    let verdict = told.statement(VERDICT_PREDICATE, &told.verdict_predicate(&report)?)?;
    // An overridden verdict is never one that passes, whatever its word.
    let svr = match told.verdict.verdict == GO && overridden(&report).is_none() {
        true => Some(told.statement(SVR_PREDICATE, &told.svr_predicate(&report)?)?),
        false => None,
    };
    Ok(Statements { verdict, svr })
}

/// What a ledger tells up to its last verdict.
struct Told<'a> {
    opened: &'a Opened,
    verdict: &'a Verdict,
    decided_at: String,
    evidence: String,
    inputs: Map<String, Value>,
    waivers: Vec<&'a str>,
    sign_offs: Vec<Value>,
    predecessor: Option<Value>,
    size: u64,
    root: String,
}

impl<'a> Told<'a> {
    fn of(ledger: &'a Ledger) -> Result<Self, String> {
        let (entry, verdict) = ledger.verdict().ok_or("the ledger holds no verdict")?;
        let size = entry.seq + 1;
        let root = ledger.root_at(size).map(hex::encode).unwrap_or_default();
        let Some(Event::Opened(opened)) = ledger.entries().first().map(|entry| &entry.event) else {
            return Err("the ledger's first entry does not open it".to_owned());
        };
        let mut told = Self {
            opened,
            verdict,
            decided_at: entry.ts.to_string(),
            evidence: String::new(),
            inputs: Map::new(),
            waivers: vec![],
            sign_offs: vec![],
            predecessor: None,
            size,
            root,
        };
        for entry in ledger.entries().iter().filter(|entry| entry.seq < size) {
            told.take(&entry.event);
        }
        if told.evidence.is_empty() { Err("the ledger names no evidence".to_owned()) } else { Ok(told) }
    }

    fn take(&mut self, event: &'a Event) {
        match event {
            Event::Evidence(evidence) => self.evidence.clone_from(&evidence.sha256),
            Event::Imported(file) => {
                self.inputs.insert(file.path.clone(), json!({ "sha256": file.sha256 }));
            }
            Event::Waiver(waiver) => self.waivers.push(&waiver.id),
            Event::SignOff(signed) | Event::BreakGlass(signed) => self.sign_offs.push(json!({
                "by": signed.principal,
                "decision": signed.decision.word(),
                "digest": { "sha256": signed.statement },
                "role": signed.item.as_ref().unwrap_or(&signed.role),
            })),
            Event::Predecessor(before) => {
                self.predecessor = Some(json!({
                    "rootHash": before.root, "size": before.size, "verdict": before.verdict,
                }));
            }
            Event::Opened(_) | Event::Verdict(_) | Event::Carried(_) | Event::Rollout(_) => {}
        }
    }

    fn verdict_predicate(&self, report: &Value) -> Result<Value, String> {
        let invariants: Vec<Value> =
            invariants(report)?.map(|(name, outcome)| json!({ "id": name, "result": outcome })).collect();
        let blockers =
            report.get("blockers").and_then(Value::as_array).ok_or("the report lists no blockers")?;
        let blockers: Vec<&Value> = blockers.iter().filter_map(|blocker| blocker.get("message")).collect();
        let mut predicate = json!({
            "blockers": blockers,
            "decidedAt": self.decided_at,
            "exitCode": self.verdict.exit_code,
            "imported": self.inputs,
            "invariants": invariants,
            "ledger": { "rootHash": self.root, "size": self.size },
            "report": { "digest": { "sha256": self.verdict.sha256 } },
            "signOffs": self.sign_offs,
            "verdict": self.verdict.verdict,
            "waivers": self.waivers,
        });
        if let Some(release) = &self.opened.release {
            predicate["release"] = json!(release);
        }
        if let Some(overridden) = overridden(report) {
            predicate["overridden"] = overridden.clone();
        }
        let accepted = report.get("accepted").and_then(Value::as_array).filter(|words| !words.is_empty());
        if let Some(accepted) = accepted {
            predicate["accepted"] = json!(accepted);
        }
        if let Some(predecessor) = &self.predecessor {
            predicate["predecessor"] = predecessor.clone();
        }
        Ok(predicate)
    }

    /// Passing properties alone: the form knows no others.
    fn svr_predicate(&self, report: &Value) -> Result<Value, String> {
        let mut properties = vec!["GONOGO_VERDICT_UNCONDITIONAL_GO".to_owned()];
        for (name, outcome) in invariants(report)? {
            if outcome != "holds" {
                return Err(format!("the verdict is {GO}, but {name} is {outcome}"));
            }
            properties.push(format!("GONOGO_INVARIANT_{}", name.to_uppercase()));
        }
        Ok(json!({
            "properties": properties,
            "timeCreated": self.decided_at,
            "verifier": { "id": VERIFIER, "policies": [] },
        }))
    }

    fn statement(&self, predicate_type: &str, predicate: &Value) -> Result<Vec<u8>, String> {
        let mut subject = vec![];
        if let Some(commit) = &self.opened.commit {
            subject.push(json!({ "name": "commit", "digest": { "gitCommit": commit } }));
        }
        subject.push(json!({ "name": "evidence.jsonl", "digest": { "sha256": self.evidence } }));
        let statement = json!({
            "_type": "https://in-toto.io/Statement/v1",
            "predicate": predicate,
            "predicateType": predicate_type,
            "subject": subject,
        });
        canonical::to_bytes(&statement).map_err(|error| error.to_string())
    }
}

/// Who overrides the verdict, by the report.
fn overridden(report: &Value) -> Option<&Value> {
    report.get("overridden").filter(|by| by.as_array().is_none_or(|by| !by.is_empty()))
}

/// The report's invariants, by name and outcome.
fn invariants(report: &Value) -> Result<impl Iterator<Item = (&str, &str)>, String> {
    let listed = report.get("invariants").and_then(Value::as_array);
    let listed = listed.ok_or("the report lists no invariants")?;
    Ok(listed.iter().filter_map(|invariant| {
        Some((invariant.get("name")?.as_str()?, invariant.get("outcome")?.as_str()?))
    }))
}
