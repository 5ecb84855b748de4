//! Tests of what the allow-list allows in an app's files.

use super::{super::Source, *};

#[test]
fn a_secret_that_the_allow_list_allows_is_none() {
    // Put together here, so that this file holds no secret itself.
    let token = format!("{}_{}", "ghp", "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1eF3hJ5");
    let code = format!("const x = `{token}`;\n");
    let list = secret::ALLOW_FILE;
    let fingerprint = secret::find("", token.as_bytes()).swap_remove(0).shown.fingerprint;
    for (file, text, allowed, secrets) in [
        ("src/index.ts", code.clone(), "# nothing".to_owned(), 1),
        ("src/index.ts", code.clone(), format!("{fingerprint} revoked long ago"), 0),
        ("src/index.ts", code.clone(), "src/*.ts made up".into(), 0),
        ("src/index.ts", code.clone(), "app/src/*.ts made up".into(), 0),
        ("src/index.ts", code.clone(), "lib/*.ts made up".into(), 1),
        ("src/index.ts", code.clone(), "src/*.ts".into(), 1),
        ("src/index.ts", format!("// gonogo:allow-secret made up\n{code}"), String::new(), 0),
        ("src/index.ts", format!("// gonogo:allow-secret\n{code}"), String::new(), 1),
        (".env", "A=1".into(), ".env made up".into(), 0),
        (".env", "A=1".into(), "src/*.ts made up".into(), 1),
    ] {
        // The list of the app's folder, or that of the repository which the app lies in.
        let (own, above) = if allowed.starts_with("app/") { ("", &allowed[..]) } else { (&allowed[..], "") };
        let app = |name: &str| format!("app/{name}");
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in
            [(app(file), &text[..]), (app(list), own), (list.into(), above), (".git/HEAD".into(), "ref: x")]
        {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        let source = Source::read(&folder.path().join("app"), &[]);
        assert_eq!(source.secrets.len(), secrets, "{file} {allowed}");
    }
}
