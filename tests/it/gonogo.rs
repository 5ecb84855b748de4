//! Runs the real binary in a folder and an environment of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

/// A run to be.
pub struct Gonogo {
    home: tempfile::TempDir,
    args: Vec<String>,
    env: Vec<(&'static str, String)>,
    /// A shell line around the program, which it runs as `"$@"`.
    shell: Option<String>,
}

/// What came of it.
pub struct Outcome {
    home: tempfile::TempDir,
    output: Output,
}

/// A run in an empty folder.
pub fn gonogo() -> Gonogo {
    Gonogo { home: tempfile::tempdir().expect("a folder"), args: vec![], env: vec![], shell: None }
}

impl Gonogo {
    /// Puts a file into the folder.
    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.home.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, content).expect("a file");
        self
    }

    /// Runs these features in place of the built-in ones.
    pub fn features(mut self, features: &[(&str, &str)]) -> Self {
        self.args.extend(["run", "--features", "features"].map(str::to_owned));
        fs::create_dir_all(self.home.path().join("features")).expect("a folder");
        features.iter().fold(self, |run, (name, text)| run.file(&format!("features/{name}"), text))
    }

    /// Adds arguments.
    pub fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|arg| (*arg).to_owned()));
        self
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Runs inside this shell line, which must contain `"$@"`.
    pub fn shell(mut self, line: &str) -> Self {
        self.shell = Some(line.into());
        self
    }

    /// Sets a variable of its environment, which is otherwise bare.
    pub fn env(mut self, name: &'static str, value: &str) -> Self {
        self.env.push((name, value.to_owned()));
        self
    }

    /// Finds programs where the tests do: Node may lie anywhere.
    #[allow(clippy::disallowed_methods, reason = "a test looks where it was started")]
    pub fn path_of_node(self) -> Self {
        let path = std::env::var("PATH").unwrap_or_default();
        self.env("PATH", &path)
    }

    /// Runs it to its end.
    pub fn run(self) -> Outcome {
        let output = self.command().output().expect("the program runs");
        let outcome = Outcome { home: self.home, output };
        for word in ["panicked at", "internal error", "RUST_BACKTRACE"] {
            assert!(!outcome.all().contains(word), "{}", outcome.all());
        }
        outcome
    }

    /// Starts it, both streams piped; the folder lives as long as what is returned beside it.
    pub fn start(self) -> (Child, tempfile::TempDir) {
        let mut command = self.command();
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        (child.expect("the program starts"), self.home)
    }

    fn command(&self) -> Command {
        let program = env!("CARGO_BIN_EXE_gonogo");
        let mut command = match &self.shell {
            None => Command::new(program),
            Some(line) => {
                let mut shell = Command::new("bash");
                shell.args(["-c", line, "bash", program]);
                shell
            }
        };
        let home = self.home.path();
        command.args(&self.args).current_dir(home).env_clear().env("HOME", home);
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin");
        command.envs(self.env.iter().map(|(name, value)| (*name, value)));
        command
    }
}

impl Outcome {
    /// The exit code must be this.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.output.status.code(), Some(code), "{}", self.all());
        self
    }

    /// The exit code.
    pub fn code(&self) -> i32 {
        self.output.status.code().expect("an exit of its own")
    }

    /// stdout or stderr must contain this.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.all().contains(text), "{text:?} is not in\n{}", self.all());
        self
    }

    /// Nothing was judged: no verdict stands in the output folder.
    #[track_caller]
    pub fn leaves_no_verdict(self) -> Self {
        assert!(!self.path("gonogo-report/verdict.json").exists());
        self.exits(2)
    }

    /// This scenario ended so, by `verdict.json`.
    #[track_caller]
    pub fn has(self, scenario: &str, outcome: &str) -> Self {
        let verdict = self.verdict();
        let scenarios = verdict["scenarios"].as_array().expect("scenarios");
        let found = scenarios.iter().find(|found| found["name"] == scenario);
        assert_eq!(found.expect(scenario)["outcome"], outcome, "{scenario}");
        assert_ne!(verdict["verdict"], "UNCONDITIONAL GO");
        self
    }

    /// The document in the output folder.
    pub fn verdict(&self) -> serde_json::Value {
        let text = fs::read(self.path("gonogo-report/verdict.json")).expect("a verdict");
        serde_json::from_slice(&text).expect("JSON")
    }

    /// stdout.
    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    /// A file in the run's folder.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.home.path().join(name)
    }

    /// stdout and stderr, one after the other.
    pub fn all(&self) -> String {
        format!("{}{}", self.stdout(), String::from_utf8_lossy(&self.output.stderr))
    }
}
