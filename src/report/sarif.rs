//! SARIF 2.1.0, as GitHub's code scanning takes it: every finding has one place, every rule its help, no text is
//! empty, and what would be too much for it is cut with a note. Empty only for an UNCONDITIONAL GO.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Finding, Look, Weight, brief, findings, printable, uri};
use crate::judge::Judgement;

/// GitHub refuses a run with more results.
const MOST_RESULTS: usize = 25_000;
/// GitHub refuses more than 10 MB; the whole is kept below that before it is packed. Bytes.
const MOST_BYTES: usize = 9_500_000;
/// The rule of the note that says that something was cut.
const CUT: &str = "cut";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sarif {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    automation_details: AutomationDetails,
    column_kind: &'static str,
    properties: Properties,
    results: Vec<Result>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    version: String,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: String,
    name: String,
    short_description: Text,
    full_description: Text,
    help: Text,
    default_configuration: Configuration,
    properties: RuleProperties,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct RuleProperties {
    tags: [&'static str; 1],
    precision: &'static str,
    #[serde(rename = "problem.severity")]
    severity: &'static str,
}

#[derive(Serialize)]
struct AutomationDetails {
    id: String,
}

/// What the judgement says as a whole.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    verdict: &'static str,
    exit_code: u8,
    evidence_sha256: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Result {
    rule_id: String,
    rule_index: usize,
    level: &'static str,
    message: Text,
    locations: [Location; 1],
    partial_fingerprints: Fingerprints,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppression>,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u64,
    start_column: u64,
    end_line: u64,
    end_column: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fingerprints {
    primary_location_line_hash: String,
}

#[derive(Serialize)]
struct Suppression {
    kind: &'static str,
    status: &'static str,
    justification: String,
}

pub(super) fn render(judgement: &Judgement, _: &Look) -> Vec<u8> {
    let findings = findings(judgement);
    let mut rules = Rules::default();
    let (mut results, mut bytes) = (vec![], 0);
    for finding in &findings {
        let result = rules.result(judgement, finding);
        bytes += serde_json::to_vec_pretty(&result).map_or(0, |text| text.len() + 256);
        if results.len() + 1 >= MOST_RESULTS || bytes > MOST_BYTES {
            break;
        }
        results.push(result);
    }
    if let Some(first) = findings.get(results.len()) {
        let left = findings.len() - results.len();
        results.push(rules.cut(first, left));
    }
    let sarif = Sarif {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "gonogo",
                    version: some(&judgement.tool.version, "unknown"),
                    rules: rules.list,
                },
            },
            automation_details: AutomationDetails {
                // What stands before the last `/` is the category: a later upload of it takes the place of an earlier.
                id: format!(
                    "gonogo/{}/{}",
                    some(&judgement.subject, "app").replace('/', "-"),
                    some(&judgement.started_at, "run").replace('/', "-")
                ),
            },
            column_kind: "unicodeCodePoints",
            properties: Properties {
                verdict: judgement.verdict.word(),
                exit_code: judgement.exit_code,
                evidence_sha256: printable(&judgement.evidence.sha256),
            },
            results,
        }],
    };
    // Text, numbers and lists alone: nothing that fails to serialise.
    let mut bytes = serde_json::to_vec_pretty(&sarif).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// The rules that the results name, each listed once.
#[derive(Default)]
struct Rules {
    list: Vec<Rule>,
    places: BTreeMap<String, usize>,
}

impl Rules {
    fn place(&mut self, id: &str, rule: impl FnOnce() -> Rule) -> usize {
        if let Some(place) = self.places.get(id) {
            return *place;
        }
        self.list.push(rule());
        self.places.insert(id.to_owned(), self.list.len() - 1);
        self.list.len() - 1
    }

    fn result(&mut self, judgement: &Judgement, finding: &Finding<'_>) -> Result {
        let level = level(finding.weight);
        let invariant = judgement.invariants.iter().find(|invariant| invariant.name == finding.rule);
        let short = invariant.map_or_else(|| finding.rule.replace('_', " "), |i| some(&i.statement, &i.name));
        let help = match invariant {
            Some(invariant) => {
                format!("{short} `gonogo explain {}` tells what the rule asks.", invariant.name)
            }
            None => format!("{short}: {}.", some(&finding.remedy, "see verdict.json")),
        };
        let rule_index = self.place(&finding.rule, || rule(&finding.rule, &short, help, level));
        let waiver = finding.waiver.map(|waiver| Suppression {
            kind: "external",
            status: "accepted",
            justification: brief(
                &format!(
                    "waiver {} of {}, until {}: {}",
                    waiver.id, waiver.owner, waiver.expires, waiver.reason
                ),
                1_000,
            ),
        });
        Result {
            rule_id: some(&finding.rule, "finding"),
            rule_index,
            level,
            message: Text {
                text: format!(
                    "{}: {}. What would mend it: {}.",
                    some(&brief(finding.subject, 300), "the release"),
                    some(&finding.message, "no message"),
                    some(&finding.remedy, "see verdict.json")
                ),
            },
            locations: [location(&finding.place.path, finding.place.line)],
            partial_fingerprints: Fingerprints {
                primary_location_line_hash: format!("{}:1", finding.fingerprint()),
            },
            suppressions: waiver.into_iter().collect(),
        }
    }

    /// Says how many findings did not fit.
    fn cut(&mut self, first: &Finding<'_>, left: usize) -> Result {
        let what = "more findings than a code view takes";
        let help = format!("There are {what}; all of them stand in verdict.json.");
        let rule_index = self.place(CUT, || rule(CUT, what, help, "error"));
        Result {
            rule_id: CUT.to_owned(),
            rule_index,
            level: "error",
            message: Text { text: format!("{left} more findings stand in verdict.json.") },
            locations: [location(&first.place.path, first.place.line)],
            partial_fingerprints: Fingerprints { primary_location_line_hash: format!("{CUT}:1") },
            suppressions: vec![],
        }
    }
}

fn rule(id: &str, short: &str, help: String, level: &'static str) -> Rule {
    Rule {
        id: some(id, "finding"),
        name: pascal(id),
        short_description: Text { text: some(short, "A finding of gonogo.") },
        full_description: Text { text: format!("A release gate's finding. {short}") },
        help: Text { text: help },
        default_configuration: Configuration { level },
        properties: RuleProperties {
            tags: ["release-gate"],
            precision: "very-high",
            severity: if level == "note" { "recommendation" } else { level },
        },
    }
}

/// Code scanning fails a pull request for errors: whatever is no GO, and not to be fixed later, is one.
fn level(weight: Weight) -> &'static str {
    match weight {
        Weight::Stops | Weight::NotShown => "error",
        Weight::ToFix => "warning",
        Weight::Minor | Weight::Waived => "note",
    }
}

/// The file's line, by its first character: how long the line is, the evidence does not tell.
fn location(path: &str, line: u64) -> Location {
    Location {
        physical_location: PhysicalLocation {
            artifact_location: ArtifactLocation { uri: uri(path) },
            region: Region { start_line: line, start_column: 1, end_line: line, end_column: 2 },
        },
    }
}

/// No text may be empty.
fn some(text: &str, otherwise: &str) -> String {
    let text = printable(text);
    if text.trim().is_empty() { otherwise.to_owned() } else { text }
}

/// `read_only_jira` → `ReadOnlyJira`, `waiver` → `GateWaiver`.
fn pascal(id: &str) -> String {
    let mut name = String::new();
    for part in id.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty()) {
        let mut letters = part.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    // A name that says the id again is no name.
    if name.eq_ignore_ascii_case(id) { format!("Gate{name}") } else { name }
}
