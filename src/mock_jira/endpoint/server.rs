//! Server information.

use serde_json::json;

use super::{super::issue::jira_time, Response, Visit, ok};

/// `GET /serverInfo`: public clients take the deployment type and the version from it.
pub(super) fn info(visit: &mut Visit<'_>) -> Response {
    let base = visit.call.base.split("/rest/").next().unwrap_or_default();
    ok(&json!({
        "baseUrl": base, "displayUrl": base, "version": "1001.0.0-SNAPSHOT", "versionNumbers": [1001, 0, 0],
        "deploymentType": "Cloud", "buildNumber": 100_297, "buildDate": "2026-11-18T00:00:00.000+0000",
        "serverTime": jira_time(visit.now.as_millisecond()), "scmInfo": "0000000000000000000000000000000000000000",
        "serverTitle": "Jira", "defaultLocale": {"locale": "en_US"},
        "serverTimeZone": "Etc/UTC",
    }))
}
