//! The rules: what gives a secret away, one row each. What is common to all of them (placeholders, entropy) is
//! in `drawn`.

use std::fmt;

/// What a rule's pattern matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A value that its own form gives away.
    Token,
    /// A value under a name that says what it is; the first group.
    Named,
    /// The same without quotation marks, in files of settings.
    Setting,
    /// The first line of a private key; the secret is what follows.
    Key,
}

impl Shape {
    /// Whether the value gives itself away, whatever stands around it.
    pub fn stands_alone(self) -> bool {
        matches!(self, Self::Token | Self::Key)
    }
}

/// One kind of secret.
#[derive(PartialEq, Eq)]
pub struct Rule {
    /// What names it in facts and reports: `github-token`.
    pub id: &'static str,
    /// What it finds, in two or three words: `GitHub token`.
    pub title: &'static str,
    /// Where one is revoked.
    pub revoke: &'static str,
    /// A file without any of these (in any case) cannot hold one.
    pub(super) keywords: &'static [&'static str],
    /// In bytes, without Unicode classes.
    pub(super) pattern: &'static str,
    /// Bits a letter that the value must have at least, tenths.
    pub(super) least_entropy_tenths: u32,
    pub(super) shape: Shape,
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rule({})", self.id)
    }
}

const fn token(
    id: &'static str,
    title: &'static str,
    revoke: &'static str,
    keywords: &'static [&'static str],
    pattern: &'static str,
    least_entropy_tenths: u32,
) -> Rule {
    Rule { id, title, revoke, keywords, pattern, least_entropy_tenths, shape: Shape::Token }
}

const ATLASSIAN: &str = "at id.atlassian.com under API tokens, or by the site's administrator";
const BITBUCKET: &str = "at bitbucket.org in the settings of its owner";
const GITHUB: &str = "at github.com/settings/tokens";
const GITLAB: &str = "in GitLab, under access tokens of its owner";
const AWS: &str = "in AWS IAM: make the key inactive, then delete it";
const GOOGLE: &str = "in the Google Cloud console under credentials";
const AZURE: &str = "in the Azure portal: make new keys";
const SLACK: &str = "at api.slack.com/apps";
const CHAT: &str = "where the webhook or bot was made: remove it and make a new one";
const ISSUER: &str = "with whoever issued it";
const STRIPE: &str = "at dashboard.stripe.com/apikeys: roll the key";
const SENTRY: &str = "in Sentry, under client keys and auth tokens";

/// Names of values that are secret.
macro_rules! names {
    () => {
        concat!(
            r"(?:client[_-]?secret|shared[_-]?secret|api[_-]?(?:key|token|secret)|access[_-]?(?:token|key)",
            r"|refresh[_-]?token|secret[_-]?(?:access[_-]?)?key|auth[_-]?token|app[_-]?password|private[_-]?token",
            r"|bearer|passwd|password|secret|token)"
        )
    };
}

const NAMED: &[&str] =
    &["secret", "token", "password", "passwd", "apikey", "api_key", "api-key", "bearer", "access"];

/// All rules. Of two that find the same value the earlier one counts. No word need end before a beginning that says
/// enough by itself: columns of a database stand side by side, and a name may be glued to its token.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "private-key",
        title: "private key",
        revoke: "wherever its public half is trusted",
        keywords: &["private key"],
        pattern: r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----",
        least_entropy_tenths: 40,
        shape: Shape::Key,
    },
    token(
        "atlassian-token",
        "Atlassian token",
        ATLASSIAN,
        &["atatt", "atctt", "atoas", "atstt"],
        r"AT(?:ATT|CTT|OAS|STT)3x?[A-Za-z0-9_=.-]{20,400}",
        35,
    ),
    token(
        "atlassian-oauth-secret",
        "Atlassian OAuth secret",
        ATLASSIAN,
        &["atoa"],
        r"(?:\b|_)(ATOA[A-Za-z0-9_-]{56,})",
        40,
    ),
    token(
        "bitbucket-app-password",
        "Bitbucket app password",
        BITBUCKET,
        &["atbb"],
        r"(?:\b|_)(ATBB[A-Za-z0-9]{24,40})(?:\b|_)",
        35,
    ),
    Rule {
        id: "atlassian-legacy-token",
        title: "Atlassian token",
        revoke: ATLASSIAN,
        keywords: &["atlassian", "jira", "confluence", "forge", "bitbucket"],
        pattern: concat!(
            r"(?i)(?:atlassian|jira|confluence|forge|bitbucket)[\w.-]{0,30}(?:key|pass|secret|token)[\w.-]{0,20}",
            r#"["']?[ \t]*(?:=|:|=>)[ \t]*["'`]?([A-Za-z0-9]{24,40})(?:["'`\s;,]|$)"#
        ),
        least_entropy_tenths: 35,
        shape: Shape::Named,
    },
    token(
        "github-token",
        "GitHub token",
        GITHUB,
        &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
        r"gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255}",
        30,
    ),
    token(
        "gitlab-token",
        "GitLab token",
        GITLAB,
        &[
            "glpat-",
            "gldt-",
            "glrt-",
            "glptt-",
            "glcbt-",
            "glsoat-",
            "glft-",
            "glimt-",
            "glagent-",
            "gr1348941",
        ],
        concat!(
            r"gl(?:pat|dt|rt|ptt|soat|ft|imt|agent)-[A-Za-z0-9_-]{20,}|glcbt-[A-Za-z0-9_-]{20,}",
            r"|GR1348941[A-Za-z0-9_-]{20,}"
        ),
        30,
    ),
    token(
        "aws-access-key",
        "AWS access key",
        AWS,
        &["akia", "asia", "abia", "acca"],
        r"(?:\b|[a-z_])((?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16})(?:\b|[a-z_])",
        30,
    ),
    Rule {
        id: "aws-secret-key",
        title: "AWS secret key",
        revoke: AWS,
        keywords: &["aws"],
        pattern: concat!(
            r"(?i)aws[\w.-]{0,20}(?:secret|key)[\w.-]{0,20}",
            r#"["']?[ \t]*(?:=|:|=>)[ \t]*["'`]?([A-Za-z0-9/+=]{40})(?:["'`\s;,]|$)"#
        ),
        least_entropy_tenths: 40,
        shape: Shape::Named,
    },
    token(
        "google-api-key",
        "Google API key",
        GOOGLE,
        &["aiza"],
        r"AIza[0-9A-Za-z_-]{35}(?:[^0-9A-Za-z_-]|$)",
        35,
    ),
    token(
        "google-oauth-secret",
        "Google OAuth secret",
        GOOGLE,
        &["gocspx-", "ya29."],
        r"GOCSPX-[A-Za-z0-9_-]{28}|ya29\.[A-Za-z0-9_-]{30,}",
        35,
    ),
    token(
        "azure-storage-key",
        "Azure storage key",
        AZURE,
        &["accountkey=", "sharedaccesskey="],
        r"(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{42,86}={1,2}",
        40,
    ),
    token(
        "azure-client-secret",
        "Azure client secret",
        AZURE,
        &["q~"],
        r"\b[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}",
        35,
    ),
    token(
        "azure-sas",
        "Azure shared access signature",
        AZURE,
        &["sig="],
        r"\bsig=[A-Za-z0-9%/+]{40,80}(?:%3D|=)",
        40,
    ),
    token(
        "slack-token",
        "Slack token",
        SLACK,
        &["xox", "xapp-"],
        r"xox[abeoprs]-[A-Za-z-]{0,20}[0-9][A-Za-z0-9-]{9,250}|xapp-[0-9]-[A-Za-z0-9-]{20,250}",
        25,
    ),
    token(
        "slack-webhook",
        "Slack webhook",
        SLACK,
        &["hooks.slack.com"],
        r"\bhooks\.slack\.com/(?:services/T[A-Za-z0-9]+/B[A-Za-z0-9]+/[A-Za-z0-9]{8,}|workflows/[A-Za-z0-9+/]{43,60})",
        30,
    ),
    token(
        "teams-webhook",
        "Teams webhook",
        CHAT,
        &["webhook.office.com"],
        r"\b[a-z0-9-]+\.webhook\.office\.com/webhookb2/[a-z0-9@-]{36,80}/IncomingWebhook/[a-z0-9]{32}/[a-z0-9-]{36}",
        30,
    ),
    token(
        "discord-webhook",
        "Discord webhook",
        CHAT,
        &["/api/webhooks/"],
        r"\bdiscord(?:app)?\.com/api/webhooks/[0-9]{17,20}/[A-Za-z0-9_-]{60,}",
        35,
    ),
    token(
        "discord-bot-token",
        "Discord bot token",
        CHAT,
        &["discord"],
        r"\b[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38}\b",
        42,
    ),
    token(
        "json-web-token",
        "JSON Web Token",
        ISSUER,
        &["eyj"],
        r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
        35,
    ),
    token(
        "npm-token",
        "npm token",
        "at npmjs.com under access tokens",
        &["npm_", "_authtoken"],
        r"npm_[A-Za-z0-9]{36}|_authToken\s*=\s*[A-Za-z0-9-]{20,}",
        30,
    ),
    token(
        "pypi-token",
        "PyPI token",
        "at pypi.org under API tokens",
        &["pypi-"],
        r"pypi-AgE[A-Za-z0-9_-]{50,}",
        35,
    ),
    token(
        "stripe-key",
        "Stripe key",
        STRIPE,
        &["sk_live_", "rk_live_", "sk_test_", "rk_test_", "whsec_"],
        r"(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{24,99}|\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,99}\b|whsec_[A-Za-z0-9+/]{32,}",
        30,
    ),
    token(
        "sentry-dsn-secret",
        "Sentry DSN with its secret",
        SENTRY,
        &["sentry", "ingest"],
        r"https://[0-9a-f]{32}:[0-9a-f]{32}@[A-Za-z0-9.-]+(?::[0-9]+)?/[0-9]+",
        30,
    ),
    token(
        "sentry-token",
        "Sentry token",
        SENTRY,
        &["sntrys_", "sntryu_"],
        r"sntrys_[A-Za-z0-9+/=_-]{40,}|sntryu_[0-9a-f]{64}",
        35,
    ),
    token(
        "llm-key",
        "key of a language model's API",
        ISSUER,
        &["sk-ant-", "t3blbkfj"],
        r"sk-ant-[a-z0-9]{3,8}-[A-Za-z0-9_-]{60,}|\bsk-[A-Za-z0-9_-]{16,}T3BlbkFJ[A-Za-z0-9_-]{16,}",
        40,
    ),
    token(
        "sendgrid-key",
        "SendGrid key",
        ISSUER,
        &["sg."],
        r"SG\.[A-Za-z0-9_-]{20,24}\.[A-Za-z0-9_-]{39,50}",
        40,
    ),
    Rule {
        id: "password-in-url",
        title: "password in an address",
        revoke: "where the account is: set another password",
        keywords: &["://"],
        pattern: r#"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@"'`<>${}%]{0,64}:([^\s/:@"'`<>${}]{8,200})@[A-Za-z0-9.\[-]"#,
        least_entropy_tenths: 30,
        shape: Shape::Named,
    },
    Rule {
        id: "secret-under-its-name",
        title: "secret under its name",
        revoke: "where it is checked: set another one",
        keywords: NAMED,
        pattern: concat!(
            r"(?i)",
            names!(),
            r#"["']?(?:\s*:\s*&?(?:'static )?[A-Za-z]+)?\s*(?::|=|:=|=>)\s*b?["'`]([^"'`\s${}<>()]{12,400})["'`]"#
        ),
        least_entropy_tenths: 30,
        shape: Shape::Named,
    },
    Rule {
        id: "secret-in-settings",
        title: "secret under its name",
        revoke: "where it is checked: set another one",
        keywords: NAMED,
        pattern: concat!(
            r"(?im)^[ \t-]*(?:export[ \t]+)?[\w.-]*",
            names!(),
            r#"[ \t]*[:=][ \t]*([^\s"'`${}<>()#,;]{12,400})[ \t]*\r?$"#
        ),
        least_entropy_tenths: 32,
        shape: Shape::Setting,
    },
];
