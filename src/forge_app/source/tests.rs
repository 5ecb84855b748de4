//! What is found in source that people write, and what only looks like it.

use std::fs;

use super::*;

/// The source of an app with these files.
fn read(files: &[(&str, &str)]) -> Source {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    Source::read(folder.path(), &[])
}

fn calls_of(text: &str) -> Vec<(String, String, Option<&'static str>)> {
    let source = read(&[("src/index.ts", text)]);
    let known = |call: &JiraCall| call.operation.map(|operation| operation.id);
    let method = |call: &JiraCall| call.method.clone().unwrap_or_else(|| "?".to_owned());
    source.calls.iter().map(|call| (method(call), call.route.clone(), known(call))).collect()
}

#[test]
fn literal_calls_are_found_with_their_method_and_operation() {
    let one = |method: &str, route: &str, id| vec![(method.to_owned(), route.to_owned(), id)];
    for (text, expected) in [
        (
            "await api.asApp().requestJira(route`/rest/api/3/project/search?startAt=${at}`);",
            one("GET", "/rest/api/3/project/search", Some("searchProjects")),
        ),
        (
            "api.asApp()\n .requestJira(\n  route`/rest/api/3/issue/${issue.fields[`a`]}/worklog`,\n  {\n   headers: {Accept: 'x'},\n   method: 'post',\n  });",
            one("POST", "/rest/api/3/issue/{…}/worklog", Some("addWorklog")),
        ),
        (
            "requestJira(assumeTrustedRoute('/rest/api/2/issue/P-' + id), { \"method\": \"PUT\" })",
            one("PUT", "/rest/api/2/issue/P-{…}", Some("editIssue")),
        ),
        ("requestJira('/rest/api/3/' + f(a, b), {method: 'POST'})", one("POST", "/rest/api/3/{…}", None)),
        ("requestJira('/rest/api/3/myself')", one("GET", "/rest/api/3/myself", Some("getCurrentUser"))),
        ("requestJira(route`/rest/api/3/field`, options)", one("?", "/rest/api/3/field", Some("getFields"))),
        (
            "requestJira(route`/rest/api/3/field`, { ...options })",
            one("?", "/rest/api/3/field", Some("getFields")),
        ),
        (
            "requestJira(route`/rest/api/3/field`, { method })",
            one("?", "/rest/api/3/field", Some("getFields")),
        ),
        (
            "requestJira(route`/rest/api/3/field`, { method: how })",
            one("?", "/rest/api/3/field", Some("getFields")),
        ),
        (
            "send(route`/rest/api/3/issue`, { method: 'POST', body: '{}' })",
            one("POST", "/rest/api/3/issue", Some("createIssue")),
        ),
        (
            "const r = route`/rest/api/3/issue`\n  other(x, { method: 'POST' })",
            one("?", "/rest/api/3/issue", None),
        ),
        ("pages(route`/rest/api/3/status`)", one("?", "/rest/api/3/status", Some("getStatuses"))),
        (
            "requestJira(route`/rest/api/3/search${q}`)",
            one("GET", "/rest/api/3/search{…}", Some("searchForIssuesUsingJql")),
        ),
        ("requestJira(route`/rest/api/3/${path}`)", one("GET", "/rest/api/3/{…}", None)),
        ("// requestJira(route`/rest/api/3/field`)\n/* requestJira(route`/rest/api/3/field`) */", vec![]),
        ("requestConfluence(route`/wiki/rest/api/content`)", vec![]),
        ("requestJira(route`/rest/api/3/field", vec![]),
    ] {
        assert_eq!(calls_of(text), expected, "{text}");
    }
}

#[test]
fn a_method_that_a_name_holds_is_each_that_the_name_is_given() {
    for (text, expected) in [
        (
            "const method = gone ? 'DELETE' : 'GET';\nrequestJira(route`/rest/api/3/field`, { method })",
            vec!["DELETE", "GET"],
        ),
        ("let how: string = `put`;\nrequestJira(route`/rest/api/3/field`, { method: how })", vec!["PUT"]),
        ("requestJira(route`/rest/api/3/field`, { method: how, headers })", vec!["?"]),
        ("if (method === 'POST') {}\nrequestJira(route`/rest/api/3/field`, { method })", vec!["?"]),
    ] {
        let methods: Vec<String> = calls_of(text).into_iter().map(|(method, ..)| method).collect();
        assert_eq!(methods, expected, "{text}");
    }
}

#[test]
fn what_is_bundled_is_read_wherever_it_lies() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        let line = " ".repeat(LONGEST_LINE + 1);
        fs::write(path, format!("{line}requestJira(route`/rest/api/3/field`)")).expect("a file");
    };
    let files = ["src/vendor/a.js", "src/build/b.js", "src/tests/c.js", "d.test.js", "node_modules/e/f.js"];
    files.iter().for_each(|file| write(file));
    assert_eq!(Source::read(folder.path(), &[]).calls.len(), 0);
    let bundled = files.map(str::to_owned);
    let places: Vec<String> =
        Source::read(folder.path(), &bundled).calls.into_iter().map(|call| call.place.file).collect();
    assert_eq!(places, ["d.test.js", "src/build/b.js", "src/tests/c.js", "src/vendor/a.js"]);
}

#[test]
fn the_method_of_the_next_call_is_not_this_ones() {
    let text = "await Promise.all([requestJira(route`/rest/api/3/field`), requestJira(route`/rest/api/3/status`, {method: 'PUT'})]);\n\
        await read(route`/rest/api/3/priority`); await write(x, {method: 'PUT'});";
    let methods: Vec<String> = calls_of(text).into_iter().map(|(method, ..)| method).collect();
    assert_eq!(methods, ["GET", "PUT", "?"]);
}

#[test]
fn comments_are_blanked_and_what_looks_like_one_is_kept() {
    for (text, kept) in [
        ("a // b\nc", "a     \nc"),
        ("a /* b\nc */ d", "a     \n     d"),
        ("/* /*/ a", "       a"),
        ("/**/a", "    a"),
        ("'// a' // b", "'// a'     "),
        ("'\\'// a' // b", "'\\'// a'     "),
        ("`//${x /* y */}// z`", "`//${x        }// z`"),
        ("`${{a: `${1}`}} // z` // w", "`${{a: `${1}`}} // z`     "),
        ("x = /[/*]/; // b", "x = /[/*]/;     "),
        ("a / b // c", "a / b     "),
        ("<p>Don't</p>\n// c", "<p>Don't</p>\n    "),
        ("// é\na", "     \na"),
        ("\"", "\""),
        ("/*", "  "),
    ] {
        assert_eq!(code::without_comments(text), kept, "{text}");
    }
}

#[test]
fn hosts_are_found_where_they_are_called_and_not_where_they_are_named() {
    let text = "const API = 'https://API.example.com/v1';\n\
        const doc = 'https://docs.example.net/why';\n\
        await fetch('https://hooks.example.org/x', {});\n\
        await fetch(`https://${region}.example.org`);\n\
        await axios.post<Answer>(API, body);\n\
        await fetch(`${API}/items`);\n\
        // fetch('https://commented.example.com')\n\
        new WebSocket('wss://live.example.com:8443/');\n\
        api.fetch('http://localhost:3000');\n\
        https.get('https://raw.example.com');\n\
        open('https://opened.example.com');\n";
    let hosts: Vec<(usize, String)> =
        read(&[("src/a.js", text)]).hosts.into_iter().map(|(place, host)| (place.line, host)).collect();
    let expected = [
        (3, "hooks.example.org"),
        (5, "api.example.com"),
        (6, "api.example.com"),
        (8, "live.example.com"),
        (10, "raw.example.com"),
    ];
    assert_eq!(hosts, expected.map(|(line, host)| (line, host.to_owned())));
}

#[test]
fn what_is_taken_out_of_a_client_calls_hosts_under_its_own_name() {
    for text in [
        "import { get } from 'node:https';\nget('https://a.example.com');",
        "import { request as ask, get } from \"http\";\nask('https://a.example.com', f);",
        "import grab from 'node-fetch';\nawait grab('https://a.example.com');",
        "import * as net from 'undici';\nnet.request('https://a.example.com');",
        "const { get: take } = require('https');\ntake('https://a.example.com');",
        "const client = require('axios');\nclient.post('https://a.example.com');",
    ] {
        assert_eq!(read(&[("src/a.ts", text)]).hosts.len(), 1, "{text}");
    }
    let other = "import { get } from './store';\nget('https://a.example.com');";
    assert_eq!(read(&[("src/a.ts", other)]).hosts, []);
}

#[test]
fn texts_are_those_that_a_person_is_shown() {
    let page = "<html><head><style>.bad { color: red }</style></head>\n<!-- bad -->\n<body><h1>All\n  fine</h1><br>Ok<script>const bad = '<p>bad</p>';</script></body></html>";
    let view = "import { A } from './Bad'\nconst x = (a: Map<string, Bad>) => {\n  console.log({ message: 'bad log' });\n  \
        return <Section title=\"A problem\" appearance=\"warning\">\n    <p>Don't panic {name}</p>\n    {list.map((l) => <b>{l}</b>)}\n  </Section>;\n};\n\
        throw new Refused({ message: 'bad' });\nexport class Problem {\n}\nconst y = { label: 'It\\'s on', value: 'bad', text: `${bad.problem} was added` };\n";
    let source =
        read(&[("static/page/index.html", page), ("src/view.tsx", view), ("src/view.test.tsx", view)]);
    let texts: Vec<(String, &str)> =
        source.texts.iter().map(|(place, text)| (place.to_string(), text.as_str())).collect();
    let expected = [
        ("src/view.tsx:4", "A problem"),
        ("src/view.tsx:5", "Don't panic"),
        ("src/view.tsx:12", "It\\'s on"),
        ("src/view.tsx:12", "… was added"),
        ("static/page/index.html:3", "All fine"),
        ("static/page/index.html:4", "Ok"),
    ];
    assert_eq!(texts, expected.map(|(place, text)| (place.to_owned(), text)));
}

#[test]
fn resolvers_and_packages_are_named() {
    let source = read(&[
        (
            "src/index.js",
            "resolver.define('list', f); r.define(\"list\", g).define(`later`, h); customElements.define(name)",
        ),
        (
            "src/made.ts",
            "export const a = makeResolver<Calls>({ first: async ({ payload: { at, to } }) => [at, to], second,\n\
             'third': f, async fourth(request) { return { five: 5 }; }, ...more, });",
        ),
        (
            "package.json",
            r#"{"dependencies": {"@forge/api": "^1", "@forge/kvs": "^1", "left-pad": "1"}, "devDependencies": {"@forge/cli": "9"}}"#,
        ),
        ("package-lock.json", r#"{"packages": {"node_modules/@forge/kvs": {"version": "1.6.5"}}}"#),
        ("node_modules/@forge/api/package.json", r#"{"version": "8.3.0"}"#),
    ]);
    assert_eq!(source.resolvers, ["first", "fourth", "later", "list", "second", "third"]);
    let packages: Vec<(&str, &str)> = source.packages.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(packages, [("@forge/api", "8.3.0"), ("@forge/cli", "9"), ("@forge/kvs", "1.6.5")]);
}

/// Put together here, so that this file holds no secret itself.
fn secrets() -> Vec<(&'static str, String)> {
    let drawn = "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1eF3hJ5";
    vec![
        ("private key", format!("-----BEGIN RSA {} KEY-----\\n{drawn}{drawn}", "PRIVATE")),
        ("AWS access key", format!("{}{}", "AKIA", "Q3T5V7Y9B1E3H5J7")),
        ("GitHub token", format!("{}_{drawn}", "ghp")),
        ("Slack token", format!("{}-{drawn}", "xoxb")),
        ("Slack webhook", format!("https://{}.slack.com/services/T0AB12/B0CD34/{drawn}", "hooks")),
        ("Atlassian token", format!("{}3xFfGF0{drawn}=A1B2C3D4", "ATATT")),
        ("JSON Web Token", format!("{}.{}.{drawn}", "eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0In0")),
        ("secret under its name", format!("client_{} = \"{drawn}\"", "secret")),
        ("secret under its name", format!("\"apiToken\": '{drawn}'")),
    ]
}

#[test]
fn secrets_are_told_by_place_and_kind_and_never_by_value() {
    for (kind, value) in secrets() {
        let source = read(&[("src/index.ts", &format!("\n\nconst x = `{value}`;\n"))]);
        let expected = (Place { file: "src/index.ts".into(), line: 3 }, kind);
        assert_eq!(source.secrets, [expected], "{kind}");
        let text = read(&[("src/a.ts", &format!("const x = {{ label: '{}' }}", value.replace('\'', "\"")))]);
        let told = format!("{text:?}");
        assert!(kind == "secret under its name" || !told.contains(&value), "{kind}");
    }
}

#[test]
fn what_stands_in_for_a_secret_is_none() {
    for text in [
        "client_secret = \"your-client-secret-1234\"",
        "client_secret = process.env.CLIENT_SECRET",
        "apiKey: 'jira-api-key-v1'",
        "const password = 'aaaaaaaaaaaa1111';",
        "const API_TOKEN_KEY = 'aB3dE5gH7jK9mN1pQ3sT5';",
        "accessToken: `${await token()}aB3dE5gH7jK9mN1pQ3`",
        "AKIAIOSFODNN7EXAMPLE",
        "-----BEGIN PUBLIC KEY-----",
        concat!("-----BEGIN PRIVATE", " KEY-----"),
    ] {
        assert_eq!(read(&[("src/index.ts", text)]).secrets, [], "{text}");
    }
}

#[test]
fn an_environment_file_counts_unless_it_is_ignored_or_a_template() {
    let one = |name: &str, line| vec![(Place { file: name.into(), line }, "environment file with values")];
    for (name, text, ignored, expected) in [
        (".env", "# x\n\nA=1\n", "", one(".env", 3)),
        ("deep/.env.local", "export A=1", "node_modules\n", one("deep/.env.local", 1)),
        (".env", "A=1", ".env\n", vec![]),
        (".env.local", "A=1", "/.env*\n", vec![]),
        (".env", "A=1", "!.env\n", one(".env", 1)),
        (".env.example", "A=1", "", vec![]),
        (".env", "A=\n# B=1\n", "", vec![]),
        (".environment", "A=1", "", vec![]),
    ] {
        let source = read(&[(name, text), (".gitignore", ignored)]);
        assert_eq!(source.secrets, expected, "{name} {text:?} {ignored:?}");
    }
}

#[test]
fn what_is_not_the_apps_is_passed_over_and_what_is_too_much_is_counted() {
    let call = "requestJira(route`/rest/api/3/field`)";
    let long = format!("{}\n{call}", "x".repeat(6_000));
    let source = read(&[
        ("src/index.js", call),
        ("src/image.js", "\u{0}requestJira(route`/rest/api/3/field`)"),
        ("node_modules/a/index.js", call),
        ("static/page/build/main.js", call),
        (".git/x.js", call),
        ("src/__tests__/x.js", call),
        ("src/minified.js", &long),
        ("src/big.js", &format!("{}{call}", " ".repeat(1 << 20))),
        ("README.md", call),
    ]);
    assert_eq!((source.calls.len(), source.left_out, source.files), (1, 1, 5));
}

#[test]
fn an_export_is_missed_only_when_nothing_could_make_it() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("other.ts"), "export const run = 1;").expect("a file");
    fs::create_dir(folder.path().join("deep")).expect("a folder");
    fs::write(folder.path().join("deep/index.ts"), "export function walk() {}").expect("a file");
    let file = folder.path().join("index.ts");
    for (text, expected) in [
        ("export async function run() {}", true),
        ("export const run = async () => {};", true),
        ("export const a = 1, run = 2;", true),
        ("export const { run, b } = make();", true),
        ("const a = 1;\nexport { a as run };", true),
        ("export { run } from './jobs';", true),
        ("export * as run from './jobs';", true),
        ("exports.run = () => {};", true),
        ("module.exports = { a, run };", true),
        ("module.exports = make();", true),
        ("module.exports = { ...jobs };", true),
        ("export * from './other';", true),
        ("export * from './other.js';", true),
        ("export * from 'some-package';", true),
        ("export * from './deep';", false),
        ("export const other = 1;\nconst run = 2;", false),
        ("// export const run = 1;", false),
        ("export function runs() {}", false),
        ("export type run = string;", false),
        ("export { run as other };", false),
        ("module.exports = { other };", false),
        ("", false),
    ] {
        fs::write(&file, text).expect("a file");
        assert_eq!(exports(&file, "run"), expected, "{text}");
    }
    fs::write(&file, "export * from './deep';").expect("a file");
    assert!(exports(&file, "walk"));
    fs::write(&file, "export default resolver.getDefinitions();").expect("a file");
    assert!(exports(&file, "default"));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(256))]

    #[test]
    fn no_text_trips_the_reader_and_places_stay(parts in proptest::collection::vec(
        proptest::sample::select(vec![
            "requestJira(", "route`", "/rest/api/3/issue/", "${", "}", "`", "'", "\"", "//", "/*", "*/", "\\", "\n",
            "é", "{", "(", ")", ", { method: 'PUT' }", "+ id", "fetch(", "https://a.example.com", "</p>", "<p>",
            "title: ", "export const run =", "import { get as é } from 'https'", "?updateHistory=true", "/",
        ]), 0..40)
    ) {
        let text = parts.concat();
        let code = code::without_comments(&text);
        proptest::prop_assert_eq!(code.len(), text.len());
        proptest::prop_assert_eq!(code.matches('\n').count(), text.matches('\n').count());
        let lines = text.lines().count().max(1) + 1;
        let mut source = Source::default();
        let file = File::new(Path::new("/app"), Path::new("/app/src/a.tsx"), &text);
        source.take(&file, &Allowances::default(), &mut BTreeSet::new());
        let places = source.calls.iter().map(|call| &call.place).chain(source.hosts.iter().map(|(place, _)| place));
        for place in places.chain(source.texts.iter().map(|(place, _)| place)) {
            proptest::prop_assert!((1..=lines).contains(&place.line));
        }
    }
}
