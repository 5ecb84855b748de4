//! Search by JQL: pages by a token that is bound to its query; no totals.

use std::{collections::VecDeque, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{
    super::{
        fingerprint,
        issue::{FieldSet, write_json},
        jql::{self, Query, UNBOUNDED},
        paging::Twist,
        site::Site,
    },
    Response, Visit, errors, ok, raw_json,
};

/// How long a page token is good (Jira: seven days).
const TOKEN_LIFE_MS: i64 = 7 * 86_400_000;
/// How many results are remembered, so that a page need not search the whole site again.
const REMEMBERED: usize = 4;

/// The latest results, by site, its version and the query; and the latest issues as they were written.
#[derive(Debug, Default)]
pub(in super::super) struct SearchResults {
    found: VecDeque<(ResultKey, Arc<Vec<u32>>)>,
    written: VecDeque<(Shown, Arc<[u8]>)>,
}

/// All that the JSON of some issues follows from.
#[derive(Debug, PartialEq)]
struct Shown {
    seed: u64,
    version: u64,
    issues: Vec<u32>,
    fields: FieldSet,
    base: String,
    version_2: bool,
}

/// The site's seed, its version, the query.
type ResultKey = (u64, u64, String);

impl SearchResults {
    fn of(&mut self, site: &Site, text: &str, query: &Query) -> Arc<Vec<u32>> {
        let is_it = |key: &ResultKey| key.0 == site.seed && key.1 == site.version && key.2 == text;
        if let Some((_, found)) = self.found.iter().find(|(key, _)| !query.relative && is_it(key)) {
            return found.clone();
        }
        let found = Arc::new(query.run(site));
        if self.found.len() == REMEMBERED {
            self.found.pop_front();
        }
        self.found.push_back(((site.seed, site.version, text.to_owned()), found.clone()));
        found
    }

    /// The issues as JSON, with commas between them. Writing them is most of the work of a search, and load
    /// tests ask for the same page over and over.
    fn written(&mut self, site: &Site, shown: Shown) -> Arc<[u8]> {
        if let Some((_, written)) = self.written.iter().find(|(known, _)| *known == shown) {
            return written.clone();
        }
        let mut json = Vec::with_capacity(128 * shown.issues.len());
        for (place, index) in shown.issues.iter().enumerate() {
            if place > 0 {
                json.push(b',');
            }
            site.write_issue(&mut json, *index as usize, &shown.fields, &shown.base, shown.version_2);
        }
        let written: Arc<[u8]> = json.into();
        if self.written.len() == REMEMBERED {
            self.written.pop_front();
        }
        self.written.push_back((shown, written.clone()));
        written
    }
}

/// Where a page begins: after this issue, in this round of an endless listing.
struct Position {
    after: usize,
    round: u64,
}

impl Position {
    fn seal(&self, site: &Site, jql: &str, now_ms: i64) -> String {
        let claim = format!("{}.{}.{}", self.after, self.round, now_ms + TOKEN_LIFE_MS);
        URL_SAFE_NO_PAD.encode(format!("{claim}.{}", Self::mark(site, jql, &claim)))
    }

    fn open(token: &str, site: &Site, jql: &str, now_ms: i64) -> Option<Self> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let (claim, mark) = text.rsplit_once('.')?;
        let mut parts = claim.split('.');
        let position = Self { after: parts.next()?.parse().ok()?, round: parts.next()?.parse().ok()? };
        let until: i64 = parts.next()?.parse().ok()?;
        (Self::mark(site, jql, claim) == mark && now_ms <= until).then_some(position)
    }

    fn mark(site: &Site, jql: &str, claim: &str) -> String {
        fingerprint(&format!("{}/{jql}/{claim}", site.seed))
    }
}

/// `/search`, in both methods: removed.
pub(super) fn removed() -> Response {
    errors(
        410,
        "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full migration \
         guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046",
    )
}

/// What a search asks for, whichever method it came by.
struct Asked {
    jql: String,
    token: Option<String>,
    limit: usize,
    fields: FieldSet,
}

fn asked(visit: &Visit<'_>) -> Result<Asked, Response> {
    let call = visit.call;
    let (jql, token, most, fields) = if call.request.method == "POST" {
        let body = call.json();
        if !body.is_object() {
            return Err(errors(
                400,
                "Invalid request payload. Refer to the REST API documentation and try again.",
            ));
        }
        let names = body["fields"].as_array().into_iter().flatten().filter_map(Value::as_str);
        if body["reconcileIssues"].as_array().is_some_and(|ids| ids.len() > 50) {
            return Err(errors(400, "The number of reconcileIssues must not exceed 50."));
        }
        (
            body["jql"].as_str().unwrap_or_default().to_owned(),
            body["nextPageToken"].as_str().map(str::to_owned),
            body["maxResults"].as_i64(),
            FieldSet::new(names, "id"),
        )
    } else {
        (
            call.query("jql").unwrap_or_default().into_owned(),
            call.query("nextPageToken").map(|t| t.into_owned()),
            call.query("maxResults").and_then(|n| n.parse().ok()),
            FieldSet::new(call.query_all("fields").iter().map(AsRef::as_ref), "id"),
        )
    };
    let most_allowed = if fields.is_bare() { 5000 } else { 100 };
    let limit = most.and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0).unwrap_or(50).min(most_allowed);
    Ok(Asked { jql, token: token.filter(|t| !t.is_empty()), limit, fields })
}

fn understood(visit: &Visit<'_>, text: &str) -> Result<Query, Response> {
    let query = jql::parse(text, visit.site, visit.now).map_err(|complaint| errors(400, &complaint))?;
    if query.is_bounded() { Ok(query) } else { Err(errors(400, UNBOUNDED)) }
}

/// `/search/jql`, in both methods: `{issues, nextPageToken?, isLast}`.
pub(super) fn by_jql(visit: &mut Visit<'_>) -> Response {
    match page(visit) {
        Ok(response) | Err(response) => response,
    }
}

fn page(visit: &mut Visit<'_>) -> Result<Response, Response> {
    let asked = asked(visit)?;
    let query = understood(visit, &asked.jql)?;
    let found = visit.results.of(visit.site, &asked.jql, &query);
    let (site, now_ms) = (&*visit.site, visit.now.as_millisecond());
    let position = match &asked.token {
        None => None,
        Some(token) => Some(
            Position::open(token, site, &asked.jql, now_ms)
                .ok_or_else(|| errors(400, "The provided next page token is invalid or expired."))?,
        ),
    };
    let round = position.as_ref().map_or(0, |p| p.round);
    let start = position
        .as_ref()
        .map_or(0, |p| found.partition_point(|index| query.compare(site, *index as usize, p.after).is_le()));
    let limit =
        if let Twist::Short(most) = visit.twist { asked.limit.min((*most).max(1)) } else { asked.limit };
    let limit = limit.min(site.issues_per_page.max(1));
    let (mut first, mut end) = (start, start.saturating_add(limit).min(found.len()));
    if *visit.twist == Twist::Repeat {
        (first, end) = (start.saturating_sub(limit), if start == 0 { end } else { start });
    }
    let seal = |after: u32, round| Position { after: after as usize, round }.seal(site, &asked.jql, now_ms);
    let next = match (visit.twist, found[first..end].last()) {
        (Twist::Repeat, _) if asked.token.is_some() => asked.token.clone(),
        (Twist::Endless, Some(last)) if end == found.len() => {
            // The last page leads to where the first one ended, in a new round.
            Some(seal(if found.len() <= limit { *last } else { found[limit - 1] }, round + 1))
        }
        (_, Some(last)) if end < found.len() => Some(seal(*last, round)),
        _ => None,
    };
    if *visit.twist == Twist::Endless && first == end && !found.is_empty() {
        (first, end) = (0, limit.min(found.len()));
    }
    let shown = Shown {
        seed: site.seed,
        version: site.version,
        issues: found[first..end].to_vec(),
        fields: asked.fields,
        base: visit.call.base.clone(),
        version_2: visit.call.version_2,
    };
    let written = visit.results.written(site, shown);
    let mut body = Vec::with_capacity(written.len() + 256);
    body.extend_from_slice(br#"{"issues":["#);
    body.extend_from_slice(&written);
    body.push(b']');
    let next = next.or_else(|| {
        let endless = *visit.twist == Twist::Endless;
        found.last().filter(|_| endless).map(|last| seal(*last, round + 1))
    });
    if let Some(token) = &next {
        body.extend_from_slice(br#","nextPageToken":"#);
        write_json(&mut body, token);
    }
    body.extend_from_slice(if next.is_some() { br#","isLast":false}"# } else { br#","isLast":true}"# });
    Ok(raw_json(200, body))
}

/// `POST /search/approximate-count`: `{count}`.
pub(super) fn count(visit: &mut Visit<'_>) -> Response {
    let text = visit.call.json()["jql"].as_str().unwrap_or_default().to_owned();
    match understood(visit, &text) {
        Ok(query) => {
            let off = if let Twist::Total(by) = visit.twist { *by } else { 0 };
            ok(&json!({"count": visit.results.of(visit.site, &text, &query).len() as i64 + off}))
        }
        Err(response) => response,
    }
}

/// `POST /issue/bulkfetch`: at most 100 issues by id or key.
pub(super) fn bulk_fetch(visit: &mut Visit<'_>) -> Response {
    let body = visit.call.json();
    let wanted: Vec<&str> =
        body["issueIdsOrKeys"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if wanted.is_empty() || wanted.len() > 100 {
        return errors(400, "Between 1 and 100 issue ids or keys are needed.");
    }
    let names = body["fields"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let fields = FieldSet::new(names, "*navigable");
    let mut issues = vec![];
    let mut missing = vec![];
    for id_or_key in wanted {
        let Some(index) = visit.site.find_issue(id_or_key) else {
            missing.push(json!({"id": id_or_key, "errorMessage": "Issue not found"}));
            continue;
        };
        let mut written = vec![];
        visit.site.write_issue(&mut written, index, &fields, &visit.call.base, visit.call.version_2);
        issues.push(serde_json::from_slice::<Value>(&written).unwrap_or_default());
    }
    ok(&json!({"issues": issues, "issueErrors": missing}))
}
