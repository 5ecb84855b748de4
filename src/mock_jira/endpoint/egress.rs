//! What an app sends out of the platform: `/proxy/{host}/{path}` for what its manifest allows, `/gonogo/egress`
//! for attempts that its runtime refused. Both are recorded; nothing leaves the machine.

use serde_json::json;

use super::{Response, json_response, ok};
use crate::{
    evidence::Fact,
    jira,
    mock_jira::{
        platform::State,
        route::{Call, Surface},
    },
};

/// Hosts, or the ends of hosts, that bring a message to a person.
const SPEAKERS: [&str; 21] = [
    "hooks.slack.com",
    "slack.com",
    "discord.com",
    "discordapp.com",
    "webhook.office.com",
    "outlook.office.com",
    "outlook.office365.com",
    "chat.googleapis.com",
    "api.telegram.org",
    "events.pagerduty.com",
    "api.pagerduty.com",
    "api.opsgenie.com",
    "api.eu.opsgenie.com",
    "api.sendgrid.com",
    "api.mailgun.net",
    "api.postmarkapp.com",
    "api.twilio.com",
    "api.mailjet.com",
    "api.pushover.net",
    "ntfy.sh",
    "webexapis.com",
];

/// Answers an allowed request with an empty object, a refused one with nothing.
pub(super) fn answer(state: &State, call: &Call<'_>, record: &dyn Fn(Fact)) -> Response {
    let tenant = call.tenant.map(|at| state.tenants[at].id.clone());
    let refused = call.path.starts_with("/gonogo/");
    let host = match refused {
        true => call.json()["host"].as_str().unwrap_or("unknown").to_owned(),
        false => jira::decode(call.path.split('/').next().unwrap_or_default()).into_owned(),
    };
    record(Fact::EgressTried { tenant: tenant.clone(), host: host.clone() });
    if !refused && speaks(&host) {
        record(Fact::AlertRaised {
            tenant,
            audience: host,
            occasion: "a message to a person".to_owned(),
            text: String::from_utf8_lossy(&call.request.body).chars().take(2_000).collect(),
        });
    }
    debug_assert!(matches!(call.surface, Surface::Egress));
    if refused { json_response(403, &json!({})) } else { ok(&json!({})) }
}

fn speaks(host: &str) -> bool {
    let host = host.rsplit_once(':').map_or(host, |(name, _)| name).to_ascii_lowercase();
    SPEAKERS
        .iter()
        .any(|known| host == *known || host.strip_suffix(known).is_some_and(|front| front.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::speaks;

    #[test]
    fn a_host_speaks_to_people_when_it_or_its_parent_is_known_to() {
        for (host, expected) in [
            ("hooks.slack.com", true),
            ("Hooks.Slack.com:443", true),
            ("acme.webhook.office.com", true),
            ("notslack.com", false),
            ("api.example.com", false),
            ("", false),
        ] {
            assert_eq!(speaks(host), expected, "{host}");
        }
    }
}
