//! The operation table and how a concrete request finds its operation in it.
//! The facts are those of Atlassian's OpenAPI description of the Jira Cloud platform REST API v3; the effect
//! is set by hand, since neither the method nor the scopes of an operation tell it.

use std::{borrow::Cow, collections::HashMap, sync::OnceLock};

use super::Effect;

/// One operation of Jira.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: &'static str,
    /// Path template, for instance `/rest/api/3/issue/{issueIdOrKey}`.
    pub path: &'static str,
    /// `operationId` of the OpenAPI description.
    pub id: &'static str,
    /// What it does to Jira's data when called without special parameters.
    pub effect: Effect,
    /// Classic scopes, all needed; empty when the classic family does not cover it.
    pub classic_scopes: Vec<&'static str>,
    /// Granular scopes, all needed; empty when the granular family does not cover it.
    pub granular_scopes: Vec<&'static str>,
    /// Whether Jira answers it without a token, where the site allows that.
    pub anonymous: bool,
}

impl Operation {
    /// Whether a token with these scopes may call it: all classic or all granular ones are there.
    pub fn allowed_by<S: AsRef<str>>(&self, granted: &[S]) -> bool {
        let covers = |needed: &[&str]| needed.iter().all(|n| granted.iter().any(|g| g.as_ref() == *n));
        match (self.classic_scopes.is_empty(), self.granular_scopes.is_empty()) {
            (true, true) => true,
            (false, true) => covers(&self.classic_scopes),
            (true, false) => covers(&self.granular_scopes),
            (false, false) => covers(&self.classic_scopes) || covers(&self.granular_scopes),
        }
    }
}

/// What a request was found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched<'a> {
    /// `None` when the table does not know it.
    pub operation: Option<&'static Operation>,
    /// What this very request does: an unknown operation writes, and so does a read with a writing parameter.
    pub effect: Effect,
    /// Values of the path template's parameters, in order, still percent-encoded.
    pub parameters: Vec<&'a str>,
}

impl Matched<'_> {
    /// The operation's id, or `unknown`.
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.operation.map_or("unknown", |operation| operation.id)
    }
}

/// The whole table, ordered by path and method.
#[must_use]
pub fn operations() -> &'static [Operation] {
    static TABLE: OnceLock<Vec<Operation>> = OnceLock::new();
    TABLE.get_or_init(|| include_str!("operations.tsv").lines().skip(1).filter_map(row).collect())
}

fn row(line: &'static str) -> Option<Operation> {
    let mut cells = line.split('\t');
    let mut cell = || cells.next();
    let scopes = |cell: &'static str| -> Vec<&'static str> {
        if cell == "-" { vec![] } else { cell.split(',').collect() }
    };
    Some(Operation {
        method: cell()?,
        path: cell()?,
        id: cell()?,
        effect: if cell()? == "read" { Effect::Read } else { Effect::Write },
        classic_scopes: scopes(cell()?),
        granular_scopes: scopes(cell()?),
        anonymous: cell()? == "anonymous",
    })
}

#[derive(Default)]
struct Node {
    literals: HashMap<&'static str, Node>,
    parameter: Option<Box<Node>>,
    operations: Vec<&'static Operation>,
}

impl Node {
    fn insert(&mut self, mut segments: std::str::Split<'static, char>, operation: &'static Operation) {
        match segments.next() {
            None => self.operations.push(operation),
            Some(name) if name.starts_with('{') => {
                self.parameter.get_or_insert_default().insert(segments, operation);
            }
            Some(name) => self.literals.entry(name).or_default().insert(segments, operation),
        }
    }

    /// Literal segments are tried before parameters, so the most literal template wins.
    fn find<'a>(
        &self,
        method: &str,
        segments: &[&'a str],
        parameters: &mut Vec<&'a str>,
    ) -> Option<&'static Operation> {
        let Some((first, rest)) = segments.split_first() else {
            return self.operations.iter().copied().find(|operation| operation.method == method);
        };
        let literal = self.literals.get(first).and_then(|node| node.find(method, rest, parameters));
        if literal.is_some() {
            return literal;
        }
        let node = self.parameter.as_ref().filter(|_| !first.is_empty())?;
        parameters.push(first);
        let found = node.find(method, rest, parameters);
        if found.is_none() {
            parameters.pop();
        }
        found
    }
}

fn tree() -> &'static Node {
    static TREE: OnceLock<Node> = OnceLock::new();
    TREE.get_or_init(|| {
        let mut root = Node::default();
        for operation in operations() {
            root.insert(operation.path.split('/'), operation);
        }
        root
    })
}

/// Finds the operation of a request. `path` starts with `/rest/`; versions 2 and `latest` of the platform API
/// count as 3. `query` is raw, without `?`.
#[must_use]
pub fn find<'a>(method: &str, path: &'a str, query: &str) -> Matched<'a> {
    let mut segments: Vec<&str> = path.split('/').collect();
    if let ["", "rest", "api", version @ ("2" | "latest"), ..] = segments.as_mut_slice() {
        *version = "3";
    }
    let method = if method == "HEAD" { "GET" } else { method };
    let mut parameters = vec![];
    let operation = tree().find(method, &segments, &mut parameters);
    let effect = match operation {
        None => Effect::Write,
        Some(operation) if operation.id == "getIssue" && updates_history(query) => Effect::Write,
        Some(operation) => operation.effect,
    };
    Matched { operation, effect, parameters }
}

/// `GET /issue/{key}?updateHistory=true` writes to the user's history; anything but a plain `false` counts.
fn updates_history(query: &str) -> bool {
    !query.is_empty()
        && query_pairs(query).any(|(name, value)| {
            name.eq_ignore_ascii_case("updateHistory") && !value.eq_ignore_ascii_case("false")
        })
}

/// The decoded pairs of a raw query.
pub fn query_pairs(query: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (form_decode(name), form_decode(value))
    })
}

/// The decoded values that a raw query has for this name; the others are not decoded.
pub fn query_values<'a>(query: &'a str, name: &'a str) -> impl Iterator<Item = Cow<'a, str>> {
    query.split('&').filter(|pair| !pair.is_empty()).filter_map(move |pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (form_decode(key) == name).then(|| form_decode(value))
    })
}

fn form_decode(text: &str) -> Cow<'_, str> {
    if text.contains('+') { decode(&text.replace('+', " ")).into_owned().into() } else { decode(text) }
}

/// Undoes percent-encoding; bytes that are no UTF-8 become replacement characters.
#[must_use]
pub fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return text.into();
    }
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = (bytes[at] == b'%').then(|| bytes.get(at + 1..at + 3)).flatten();
        let value = escape
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        decoded.push(value.unwrap_or(bytes[at]));
        at += if value.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_holds_every_operation_once() {
        assert_eq!(operations().len(), 619);
        let by_method = |method| operations().iter().filter(|o| o.method == method).count();
        assert_eq!(
            [by_method("GET"), by_method("POST"), by_method("PUT"), by_method("DELETE")],
            [275, 135, 119, 90]
        );
        for operation in operations() {
            let concrete = operation.path.replace('{', "x").replace('}', "");
            let matched = find(operation.method, &concrete, "");
            assert_eq!(matched.id(), operation.id, "{} {concrete}", operation.method);
        }
    }

    #[test]
    fn posts_that_only_read_are_reads_and_no_other_post_is() {
        let reads: Vec<&str> = operations()
            .iter()
            .filter(|o| o.method == "POST" && o.effect == Effect::Read)
            .map(|o| o.path.trim_start_matches("/rest/api/3/"))
            .collect();
        assert_eq!(
            reads,
            [
                "app/field/context/configuration/list",
                "changelog/bulkfetch",
                "comment/list",
                "expression/analyse",
                "expression/eval",
                "expression/evaluate",
                "field/{fieldId}/context/mapping",
                "issue/bulkfetch",
                "issue/watching",
                "issue/{issueIdOrKey}/changelog/list",
                "jql/autocompletedata",
                "jql/function/computation/search",
                "jql/match",
                "jql/parse",
                "jql/pdcleaner",
                "jql/sanitize",
                "permissions/check",
                "permissions/project",
                "priorityscheme/mappings",
                "search",
                "search/approximate-count",
                "search/jql",
                "workflow/history",
                "workflow/history/list",
                "workflows",
                "workflows/create/validation",
                "workflows/preview",
                "workflows/update/validation",
                "workflowscheme/read",
                "workflowscheme/update/mappings",
                "worklog/list",
            ]
        );
    }

    #[test]
    fn what_only_looks_like_reading_is_a_write() {
        for (method, path, query) in [
            ("POST", "/rest/api/3/webhook", ""),
            ("DELETE", "/rest/api/3/webhook", ""),
            ("PUT", "/rest/api/3/webhook/refresh", ""),
            ("POST", "/rest/api/3/uiModifications", ""),
            ("PUT", "/rest/api/3/uiModifications/7", ""),
            ("PUT", "/rest/api/3/issues/archive/export", ""),
            ("POST", "/rest/api/3/jql/function/computation", ""),
            ("POST", "/rest/atlassian-connect/1/migration/app/fields/task", ""),
            ("GET", "/rest/api/3/issue/P0-1", "fields=id&updateHistory=true"),
            ("GET", "/rest/api/3/issue/P0-1", "update%48istory=True"),
            ("GET", "/rest/api/2/issue/P0-1", "updateHistory"),
            ("GET", "/rest/api/3/no/such/operation", ""),
            ("GET", "/rest/api/3/issue//", ""),
            ("POST", "/rest/api/3/search/jql/../../issue", ""),
            ("PATCH", "/rest/api/3/search/jql", ""),
        ] {
            assert_eq!(find(method, path, query).effect, Effect::Write, "{method} {path}?{query}");
        }
        assert_eq!(find("GET", "/rest/api/3/issue/P0-1", "updateHistory=false").effect, Effect::Read);
    }

    #[test]
    fn the_most_literal_template_wins() {
        for (method, path, id, parameters) in [
            ("GET", "/rest/api/3/issue/createmeta", "getCreateIssueMeta", vec![]),
            ("GET", "/rest/api/3/issue/P0-1", "getIssue", vec!["P0-1"]),
            ("DELETE", "/rest/api/3/issue/createmeta", "deleteIssue", vec!["createmeta"]),
            ("GET", "/rest/api/3/field/search", "getFieldsPaginated", vec![]),
            ("GET", "/rest/api/3/project/search", "searchProjects", vec![]),
            ("GET", "/rest/api/latest/project/P0", "getProject", vec!["P0"]),
            ("GET", "/rest/api/3/issue/P0-1/comment/9", "getComment", vec!["P0-1", "9"]),
            ("HEAD", "/rest/api/2/serverInfo", "getServerInfo", vec![]),
        ] {
            let matched = find(method, path, "");
            assert_eq!((matched.id(), matched.parameters), (id, parameters), "{method} {path}");
        }
    }

    #[test]
    fn scopes_count_by_family_and_never_mixed() {
        let search = find("GET", "/rest/api/3/workflows/search", "").operation.expect("an operation");
        assert!(search.allowed_by(&["manage:jira-configuration"]));
        assert!(search.allowed_by(&search.granular_scopes));
        assert!(!search.allowed_by(&["read:jira-work"]));
        let free = find("GET", "/rest/api/3/serverInfo", "").operation.expect("an operation");
        assert!(free.allowed_by::<&str>(&[]));
    }

    #[test]
    fn percent_encoding_is_undone_and_damage_is_kept() {
        for (raw, decoded) in [("a%20b", "a b"), ("%zz%4", "%zz%4"), ("%C3%A9", "é"), ("%ff", "\u{fffd}")] {
            assert_eq!(decode(raw), decoded);
        }
        let pairs: Vec<_> = query_pairs("jql=a+%2B+b&&x").collect();
        assert_eq!(pairs, [("jql".into(), "a + b".into()), ("x".into(), "".into())]);
    }
}
