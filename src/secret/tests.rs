//! Tests of the rules and the searches. What looks like a secret is put together at run time: no file holds one.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use sha2::{Digest as _, Sha256};

use super::*;

/// Letters as a generator draws them, always the same; `set` by `set`.
fn drawn_of(set: &[u8], length: usize) -> String {
    let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut draw = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(set[usize::try_from(state >> 33).expect("31 bits") % set.len()])
    };
    (0..length).map(|_| draw()).collect()
}

pub(super) fn drawn(length: usize) -> String {
    drawn_of(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", length)
}

fn hexadecimal(length: usize) -> String {
    drawn_of(b"0123456789abcdef", length)
}

fn uppercase(length: usize) -> String {
    drawn_of(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", length)
}

/// rule, file, text in which `@` is the secret, the secret.
fn positives() -> Vec<(&'static str, &'static str, &'static str, String)> {
    let a = |beginning: [&str; 2], rest: String| format!("{}{}{rest}", beginning[0], beginning[1]);
    let guid = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9";
    let body: Vec<String> =
        drawn(300).as_bytes().chunks(64).map(|l| String::from_utf8_lossy(l).into()).collect();
    let pem = |kind: &str, lines: &str| format!("-----BEGIN {kind}PRIVATE {}{lines}", "KEY-----");
    vec![
        ("private-key", "a.pem", "@-----END RSA", pem("RSA ", &format!("\n{}\n", body.join("\n")))),
        ("private-key", "a", "@-----END", pem("OPENSSH ", &format!("\n{}\n", body.join("\r\n")))),
        (
            "private-key",
            "key.json",
            "{\"key\": \"@-----END\"}",
            pem("", &format!("\\n{}\\n", body.join("\\n"))),
        ),
        ("atlassian-token", "a.ts", "const x = '@';", a(["ATAT", "T3xFfGF0"], drawn(178) + "=A1B2C3D4")),
        ("atlassian-token", "a.ts", "x @ y", a(["ATCT", "T3xFfGN0"], drawn(150) + "=0A1B2C3D")),
        ("atlassian-oauth-secret", "a.ts", "\"@\"", a(["ATO", "A"], drawn(64))),
        ("bitbucket-app-password", "a.ts", "user:@", a(["ATB", "B"], drawn(32))),
        ("atlassian-legacy-token", "a.sh", "JIRA_API_TOKEN=@\n", drawn(24)),
        ("atlassian-legacy-token", "a.sh", "export FORGE_API_TOKEN='@'", drawn(30)),
        ("github-token", "a.ts", "`@`", a(["gh", "p_"], drawn(36))),
        ("github-token", "a.ts", "`@`", a(["github", "_pat_"], drawn(22) + "_" + &drawn(59))),
        ("gitlab-token", "a.ts", "`@`", a(["glp", "at-"], drawn(20))),
        ("aws-access-key", "a.ts", "'@'", a(["AK", "IA"], uppercase(16))),
        ("aws-secret-key", "a.ts", "awsSecretAccessKey: '@'", drawn(40)),
        ("google-api-key", "a.ts", "'@'", a(["AI", "za"], drawn(35))),
        ("google-oauth-secret", "a.ts", "'@'", a(["GOC", "SPX-"], drawn(28))),
        ("azure-storage-key", "a.ts", ";@;", a(["Account", "Key="], drawn(86) + "==")),
        ("azure-client-secret", "a.ts", "'@'", a(["aB3", "8Q~"], drawn(34))),
        ("azure-sas", "a.ts", "?sv=1&@&x", a(["si", "g="], drawn(43) + "%3D")),
        ("slack-token", "a.ts", "'@'", a(["xo", "xb-"], drawn(40))),
        ("slack-webhook", "a.ts", "https://@", a(["hooks.slack", ".com/services/T0AB12/B0CD34/"], drawn(24))),
        (
            "teams-webhook",
            "a.ts",
            "https://@",
            a(
                ["contoso.webhook", ".office.com/webhookb2/"],
                format!("{guid}@{guid}/IncomingWebhook/{}/{guid}", hexadecimal(32)),
            ),
        ),
        (
            "discord-webhook",
            "a.ts",
            "https://@",
            a(["discord", ".com/api/webhooks/123456987654321098/"], drawn(68)),
        ),
        (
            "discord-bot-token",
            "a.ts",
            "discord.login('@')",
            a(["M", "T"], format!("{}.Gh3kLm.{}", drawn(24), drawn(38))),
        ),
        (
            "json-web-token",
            "a.ts",
            "'@'",
            a(["ey", "JhbGciOiJIUzI1NiJ9."], format!("eyJ{}.{}", drawn(30), drawn(43))),
        ),
        ("npm-token", ".npmrc", "//host/:_authToken=@", a(["np", "m_"], drawn(36))),
        ("pypi-token", "a.ts", "'@'", a(["pyp", "i-AgEIcHlwaS5vcmc"], drawn(90))),
        ("stripe-key", "a.ts", "'@'", a(["sk_", "live_"], drawn(24))),
        (
            "sentry-dsn-secret",
            "a.ts",
            "'@'",
            a(["https", "://"], format!("{0}:{0}@o1.ingest.sentry.io/42", hexadecimal(32))),
        ),
        ("sentry-token", "a.ts", "'@'", a(["sntr", "ys_"], drawn(80))),
        ("llm-key", "a.ts", "'@'", a(["sk-a", "nt-api03-"], drawn(90))),
        ("sendgrid-key", "a.ts", "'@'", a(["S", "G."], format!("{}.{}", drawn(22), drawn(43)))),
        ("password-in-url", "a.ts", "postgres://admin:@@db.internal:5432/x", drawn(14)),
        ("secret-under-its-name", "a.ts", "client_secret = \"@\"", drawn(30)),
        ("secret-under-its-name", "a.json", "{\"apiToken\": \"@\"}", drawn(20)),
        ("secret-under-its-name", "a.rs", "let password: &'static str = \"@\";", drawn(16)),
        ("secret-in-settings", "deep/.env", "A=1\nDB_PASSWORD=@\n", drawn(16)),
        ("secret-in-settings", "values.yaml", "db:\n  password: @\n", drawn(16)),
    ]
}

#[test]
fn every_rule_finds_what_it_is_for_at_its_place_and_shows_a_fingerprint() {
    let mut rules = BTreeSet::new();
    for (rule, file, frame, secret) in positives() {
        let text = format!("first\n\n{}", frame.replacen('@', &secret, 1));
        let found = find(file, text.as_bytes());
        let told: Vec<_> = found.iter().map(|sighting| sighting.rule.id).collect();
        assert_eq!(told, [rule], "{frame}");
        let line = 3 + frame.split('@').next().unwrap_or_default().matches('\n').count();
        assert_eq!(found[0].line, line, "{rule}");
        // Some rules take what is around the secret with it.
        let whole = &text.as_bytes()[found[0].at.clone()];
        assert!(
            String::from_utf8_lossy(whole).contains(secret.trim_end_matches("\\n")) || rule == "npm-token",
            "{rule}"
        );
        let digest = hex::encode(Sha256::digest(whole));
        assert_eq!(found[0].shown.fingerprint, digest[..12], "{rule}");
        rules.insert(rule);
    }
    let all: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(rules, all, "a rule without a test");
}

#[test]
fn no_more_than_four_letters_of_a_secret_are_shown_by_anything() {
    for (rule, file, frame, secret) in positives() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(&path, frame.replacen('@', &secret, 1)).expect("a file");
        let search = search(folder.path()).expect("a search");
        assert_eq!(search.findings.len(), 1, "{rule}");
        let facts = serde_json::to_string(&search.facts()).expect("JSON");
        for told in [
            format!("{search:?}"),
            facts,
            format!("{:?}", find(file, frame.replacen('@', &secret, 1).as_bytes())),
        ] {
            let tail = &secret[secret.len() / 2..secret.len() / 2 + 6];
            assert!(!told.contains(tail), "{rule}: {told}");
            assert!(!told.contains(&secret[5..11]), "{rule}: {told}");
        }
    }
}

#[test]
fn what_stands_in_for_a_secret_or_only_looks_like_one_is_none() {
    let token = |beginning: &str, rest: &str| format!("'{beginning}{rest}'");
    let texts = [
        token("AKIA", "IOSFODNN7EXAMPLE"),
        token("AKIA", &"A".repeat(16)),
        token("AKIA", &uppercase(15)),
        token("ghp_", &"x".repeat(36)),
        token("ghp_", "1234567890abcdefghijklmnopqrstuvwxyz"),
        token("ghp_", &drawn(20)),
        token("ATATT", &drawn(10)),
        token("ATATT3", &"a".repeat(180)),
        token("xoxb-", "your-token"),
        token("sk_live_", &"x".repeat(24)),
        token("glpat-", &"x".repeat(20)),
        token("eyJ", "hbGciOiJIUzI1NiJ9.payload.signature"),
        token("https://hooks.slack.com/services/", "T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"),
        token("https://public@o1.ingest.sentry.io/", "42"),
        token("npm_", &drawn(12)),
        "const JIRA_API_TOKEN = process.env.JIRA_API_TOKEN".into(),
        "JIRA_API_TOKEN=<token>".into(),
        "client_secret = \"your-client-secret-1234\"".into(),
        "password = \"${DB_PASSWORD_1234567}\"".into(),
        "apiKey: 'jira-api-key-v1'".into(),
        "const password = 'aaaaaaaaaaaa1111';".into(),
        "password: 'Please choose 1 Password'".into(),
        "token: './src/tokens/v123/Token.ts'".into(),
        "postgres://user:password@localhost/x".into(),
        "postgres://user:${PASSWORD_1a2B3c4D}@localhost/x".into(),
        "https://example.com:8080/a@b12345678".into(),
        format!("-----BEGIN {}-----\n{}\n-----END", "PUBLIC KEY", drawn(64)),
        format!(
            "if text.starts_with(\"-----BEGIN {} KEY-----\") {{ return Kind::SomeVeryLongNameOfAVariant1 }}",
            "PRIVATE"
        ),
        format!("-----BEGIN {} KEY-----\n...\n-----END", "PRIVATE"),
        format!("-----BEGIN {} KEY-----\n{}\n-----END", "PRIVATE", "A".repeat(64)),
    ];
    for text in texts {
        for file in ["a.ts", ".env"] {
            let found = find(file, text.as_bytes());
            assert!(found.is_empty(), "{file}: {text}: {found:?}");
        }
    }
    let unquoted = format!("DB_PASSWORD={}", drawn(16));
    assert_eq!(
        find("notes.md", unquoted.as_bytes()),
        [],
        "settings alone hold values without quotation marks"
    );
}

#[test]
fn every_pattern_compiles_and_every_positive_passes_its_keywords() {
    for (at, rule) in RULES.iter().enumerate() {
        assert!(PATTERNS[at].is_some(), "{}", rule.id);
        assert!(!rule.keywords.is_empty() && rule.keywords.iter().all(|word| *word == word.to_lowercase()));
    }
    let ids: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), RULES.len());
}

#[test]
fn a_token_under_its_name_is_one_finding_and_bytes_that_are_no_text_are_no_obstacle() {
    let token = format!("{}_{}", "ghp", drawn(36));
    let mut text = format!("\u{feff}password = \"{token}\" // ").into_bytes();
    text.extend([0xff, 0xfe, b'\n']);
    text.extend(format!("x = '{token}'").into_bytes());
    let found = find("a.ts", &text);
    let told: Vec<_> = found.iter().map(|sighting| (sighting.rule.id, sighting.line)).collect();
    assert_eq!(told, [("github-token", 1), ("github-token", 2)]);
    assert_eq!(found[0].shown, found[1].shown);
    assert!(holds(&token) && !holds("token"));
    let shown = redacted(&format!("it said {token} to me")).into_owned();
    assert!(shown.starts_with("it said [GitHub token: ghp_…") && shown.ends_with("] to me"), "{shown}");
}

#[test]
fn secrets_are_allowed_by_fingerprint_by_path_and_by_comment_but_never_without_a_reason() {
    let token = format!("{}_{}", "ghp", drawn(36));
    let fingerprint = find("", token.as_bytes())[0].shown.fingerprint.clone();
    let cases = [
        (format!("x = '{token}'"), String::new(), (1, 0)),
        (format!("x = '{token}'"), format!("{fingerprint} revoked long ago\n"), (0, 1)),
        (format!("x = '{token}'"), "# remark\n\nsrc/*.ts made up\n".into(), (0, 1)),
        (format!("x = '{token}'"), "lib/*.ts made up\n".into(), (1, 0)),
        (format!("x = '{token}' // gonogo:allow-secret made up"), String::new(), (0, 1)),
        (format!("/* gonogo:allow-secret: made up */\nx = '{token}'"), String::new(), (0, 1)),
        (format!("// gonogo:allow-secret made up\n\nx = '{token}'"), String::new(), (1, 0)),
        (format!("x = '{token}' // gonogo:allow-secret"), String::new(), (1, 0)),
        (format!("x = '{token}' /* gonogo:allow-secret: - */"), String::new(), (1, 0)),
    ];
    for (text, allowed, expected) in cases {
        let folder = tree(&[("src/a.ts", &text), (ALLOW_FILE, &allowed)]);
        let search = search(folder.path()).expect("a search");
        assert_eq!((search.findings.len(), search.allowed.len()), expected, "{text} {allowed}");
        let noted = |facts: &[crate::evidence::CheckFact]| format!("{facts:?}").contains("is allowed: ");
        assert_eq!(noted(&search.facts()), expected.1 == 1, "{text}");
        let unused = search.notes.iter().any(|note| note.contains("allows nothing"));
        assert_eq!(unused, allowed.starts_with("lib"), "{:?}", search.notes);
    }
}

#[test]
fn an_allow_list_that_is_not_as_it_must_be_is_refused_with_its_line() {
    for (text, line, what) in [
        ("0123456789ab", 1, "a reason must follow"),
        ("# x\nsrc/a.ts  1", 2, "a reason must follow"),
        ("** everything is fine", 1, "names no path in particular"),
        ("*/* everything is fine", 1, "names no path in particular"),
        ("src/[ broken pattern", 1, "expected a fingerprint"),
    ] {
        let error = Allowance::parse(text).expect_err(text);
        assert_eq!(error.line, Some(line), "{text}");
        assert!(error.to_string().contains(what), "{error}");
    }
}

pub(super) fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(path, text).expect("a file");
    }
    folder
}

#[test]
fn what_is_left_out_of_a_search_is_said_and_what_cannot_be_read_makes_it_incomplete() {
    let token = format!("x = '{}_{}'", "ghp", drawn(36));
    let folder = tree(&[
        ("a.ts", "clean"),
        ("large.txt", &"x".repeat(11 << 20)),
        ("node_modules/b.ts", &token),
        (".git/c", &token),
        ("target/d", &token),
    ]);
    let wide: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(token.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    fs::write(folder.path().join("wide.txt"), wide).expect("a file");
    #[cfg(unix)]
    {
        let outside = tree(&[("secret.txt", &token)]);
        std::os::unix::fs::symlink(outside.path().join("secret.txt"), folder.path().join("link"))
            .expect("a link");
        std::os::unix::fs::symlink("a.ts", folder.path().join("inner")).expect("a link");
        let made = Command::new("mkfifo").arg(folder.path().join("pipe")).status();
        let search = search(folder.path()).expect("a search");
        let mut left: Vec<_> = search.left_out.iter().map(|(kind, name)| (*kind, name.as_str())).collect();
        let mut expected = vec![(LeftOut::TooLarge, "large.txt"), (LeftOut::LinkOut, "link")];
        expected.extend(made.is_ok_and(|status| status.success()).then_some((LeftOut::Irregular, "pipe")));
        left.sort();
        assert_eq!(left, expected);
        assert_eq!(search.files, 2);
        let places: Vec<String> = search.findings.iter().map(Finding::place).collect();
        assert_eq!(places, ["wide.txt:1"], "UTF-16 is text too");
        assert!(search.notes().iter().any(|note| note == "left out, a link that leaves the tree: link"));
    }
    let empty = tree(&[]);
    for folder in [empty.path(), &empty.path().join("nowhere")] {
        let search = search(folder).expect("a search");
        assert_eq!(search.unread.len(), 1, "{search:?}");
        assert!(matches!(search.facts()[1], crate::evidence::CheckFact::NotRead { .. }));
    }
}

pub(super) fn git(folder: &Path, arguments: &[&str]) {
    let set = ["-c", "user.name=a", "-c", "user.email=a@localhost", "-c", "init.defaultBranch=main"];
    let output = Command::new("git").current_dir(folder).args(set).args(arguments).output().expect("git");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

pub(super) fn git_is_here() -> bool {
    let here = Command::new("git").arg("--version").output().is_ok_and(|output| output.status.success());
    if !here {
        eprintln!("skipped: there is no git on this machine");
    }
    here
}

#[test]
fn in_a_repository_what_is_ignored_is_not_searched_unless_it_is_committed() {
    if !git_is_here() {
        return;
    }
    let token = format!("x = '{}_{}'", "ghp", drawn(36));
    let folder = tree(&[
        (".gitignore", "ignored*\n"),
        ("ignored.ts", &token),
        ("ignored-but-committed.ts", &token),
        ("new.ts", &token),
        ("node_modules/committed.ts", &token),
        ("gone.ts", "x"),
    ]);
    git(folder.path(), &["init", "-q"]);
    git(folder.path(), &["add", "-f", "ignored-but-committed.ts", "node_modules", "gone.ts"]);
    fs::remove_file(folder.path().join("gone.ts")).expect("a file");
    let search = search(folder.path()).expect("a search");
    let files: Vec<&str> = search.findings.iter().map(|finding| finding.file.as_str()).collect();
    assert_eq!(files, ["ignored-but-committed.ts", "new.ts", "node_modules/committed.ts"]);
    assert_eq!(search.left_out, [(LeftOut::Absent, "gone.ts".into())]);
}

#[test]
fn what_is_staged_is_searched_as_git_has_it_before_and_after_the_first_commit() {
    if !git_is_here() {
        return;
    }
    let token = format!("x = '{}_{}'", "ghp", drawn(36));
    let folder = tree(&[("clean.ts", "x"), ("a b\n.ts", &token), ("later.ts", &token)]);
    git(folder.path(), &["init", "-q"]);
    git(folder.path(), &["add", "clean.ts", "a b\n.ts"]);
    // The file in the tree is clean by now; what would be committed is not.
    fs::write(folder.path().join("a b\n.ts"), "clean").expect("a file");
    let found = staged(folder.path()).expect("a search");
    assert_eq!(found.findings.iter().map(Finding::place).collect::<Vec<_>>(), ["a b\n.ts:1"]);
    assert_eq!(found.files, 2);
    git(folder.path(), &["commit", "-q", "-m", "x"]);
    let found = staged(folder.path()).expect("a search");
    assert_eq!((found.findings.len(), found.files), (0, 0), "nothing is staged");
    git(folder.path(), &["add", "later.ts"]);
    git(folder.path(), &["rm", "-q", "--cached", "clean.ts"]);
    let found = staged(folder.path()).expect("a search");
    assert_eq!(found.findings.iter().map(Finding::place).collect::<Vec<_>>(), ["later.ts:1"]);
    assert!(staged(tree(&[]).path()).is_err(), "no repository");
}

#[test]
fn this_repository_holds_no_secret() {
    let search = search(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("a search");
    let places: Vec<_> = search.findings.iter().map(|f| format!("{} {}", f.place(), f.rule.id)).collect();
    assert!(search.files > 100, "{search:?}");
    assert_eq!(places, Vec::<String>::new());
}
