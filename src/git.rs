//! The program `git`, plumbing alone: without anyone's configuration, pager, hooks, replaced objects or network.
//! Never writes to a repository but to a scratch one of its own.

use std::{
    collections::BTreeMap,
    env,
    ffi::{OsStr, OsString},
    fs,
    io::{self, BufRead, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    thread,
};

/// Bytes of what git says on stderr that are kept.
const MOST_SAID: u64 = 16 << 10;

/// What is asked of git in every call: nothing from configuration may run a program or change what is printed.
const SETTINGS: [&str; 12] = [
    "core.quotepath=off",
    "core.fsmonitor=false",
    "core.pager=cat",
    "core.hooksPath=/dev/null",
    "core.excludesFile=",
    "core.attributesFile=",
    "core.precomposeUnicode=false",
    "diff.external=",
    "submodule.recurse=false",
    "core.trustctime=true",
    "core.checkStat=default",
    "advice.graftFileDeprecated=false",
];

/// Why git did not answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no such program.
    #[error("there is no program `git` here: {0}")]
    NoProgram(io::Error),
    /// The folder is in no repository that has a working tree.
    #[error("{} is not in a git repository", .0.display())]
    NoRepository(PathBuf),
    /// `core.worktree` has the repository's working tree elsewhere: what git says is not of the folder.
    #[error("the working tree of the repository of {} is elsewhere (`core.worktree`)", .0.display())]
    Elsewhere(PathBuf),
    /// git refuses, in its own words.
    #[error("`git {command}` refuses: {said}")]
    Refused {
        /// The subcommand.
        command: String,
        /// The first line that it said.
        said: String,
    },
    /// A short name that leads to more than one commit: which of them is meant would be git's guess.
    #[error("{name:?} is ambiguous: {found}; give the full name, refs/remotes/origin/main for instance")]
    Ambiguous {
        /// The name.
        name: String,
        /// What it may mean, each with its commit.
        found: String,
    },
    /// What git says cannot be read.
    #[error("what `git {command}` says cannot be read: {error}")]
    Unread {
        /// The subcommand.
        command: String,
        /// Why.
        error: io::Error,
    },
}

/// A repository with a working tree.
#[derive(Clone, Debug)]
pub struct Git {
    folder: PathBuf,
    root: PathBuf,
    shallow: bool,
    index: Option<PathBuf>,
    trusted: Vec<OsString>,
}

impl Git {
    /// The repository that a folder is in.
    ///
    /// # Errors
    /// There is no git, or no repository, or git refuses to read it.
    pub fn open(folder: &Path) -> Result<Self, GitError> {
        let mut git =
            Self { folder: folder.into(), root: folder.into(), shallow: false, index: None, trusted: vec![] };
        let asked = ["rev-parse", "--is-shallow-repository", "--show-toplevel"];
        let answer = match git.output(&asked) {
            Err(GitError::Refused { said, .. }) if said.contains("dubious ownership") => {
                git.trusted = trusted_by_the_user();
                git.output(&asked)?
            }
            Err(GitError::Refused { said, .. })
                if said.contains("not a git repository") || said.contains("must be run in a work tree") =>
            {
                return Err(GitError::NoRepository(folder.into()));
            }
            answer => answer?,
        };
        let text = answer.strip_suffix(b"\n").unwrap_or(&answer);
        let (shallow, root) =
            text.split_at(text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len()));
        git.shallow = shallow == b"true";
        git.root = path_of(root.get(1..).unwrap_or_default());
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        match real(folder).starts_with(real(&git.root)) {
            true => Ok(git),
            false => Err(GitError::Elsewhere(folder.into())),
        }
    }

    /// A repository of its own in an empty folder, which borrows this one's objects: whatever is tried there changes
    /// nothing here.
    ///
    /// # Errors
    /// There is no git, or the folder cannot be written.
    pub fn scratch(&self, folder: &Path) -> Result<Self, GitError> {
        let objects = self.output(&["rev-parse", "--path-format=absolute", "--git-path", "objects"])?;
        let format = self.line(&["rev-parse", "--show-object-format"])?;
        let format = format!("--object-format={}", format.as_deref().unwrap_or("sha1"));
        let (folder, trusted) = (folder.to_owned(), self.trusted.clone());
        let git = Self { root: folder.clone(), folder, shallow: false, index: None, trusted };
        git.output(&["init", "--quiet", "--template=", &format])?;
        let info = git.root.join(".git/objects/info");
        let written = fs::create_dir_all(&info).and_then(|()| fs::write(info.join("alternates"), objects));
        written.map_err(|error| GitError::Unread { command: "init".to_owned(), error })?;
        Ok(git)
    }

    /// The same repository with the index that a hook is given, as `git commit FILE` has one of its own.
    #[must_use]
    pub fn with_index_of_the_hook(mut self) -> Self {
        let given = env::var_os("GIT_INDEX_FILE").filter(|file| !file.is_empty()).map(PathBuf::from);
        self.index = given.and_then(|file| std::path::absolute(file).ok()).filter(|file| file.is_file());
        self
    }

    /// The top folder of the working tree.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether its history is cut off.
    #[must_use]
    pub fn is_shallow(&self) -> bool {
        self.shallow
    }

    /// All that a call prints.
    ///
    /// # Errors
    /// There is no git, or it refuses.
    pub fn output(&self, arguments: &[&str]) -> Result<Vec<u8>, GitError> {
        self.stream(arguments, |stdout| {
            let mut bytes = vec![];
            stdout.read_to_end(&mut bytes).map(|_| bytes)
        })
    }

    /// The line that a call prints; `None` when git refuses, as it does for names of nothing.
    ///
    /// # Errors
    /// There is no git.
    pub fn line(&self, arguments: &[&str]) -> Result<Option<String>, GitError> {
        match self.output(arguments) {
            Ok(bytes) => {
                let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
                Ok(Some(line).filter(|line| !line.is_empty()))
            }
            Err(GitError::Refused { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The commit that a name leads to, in full; `None` where there is none. What begins with `refs/` is a full name,
    /// and no short one of anything else.
    ///
    /// # Errors
    /// There is no git, or the name is a branch's and a tag's, for instance, and they lead to different commits.
    pub fn commit(&self, name: &str) -> Result<Option<String>, GitError> {
        let asked = |name: &str| {
            let asked = format!("{name}^{{commit}}");
            self.line(&["rev-parse", "--verify", "--quiet", "--end-of-options", &asked])
        };
        let end = [name.find(['^', '~', ':']), name.find("@{")].into_iter().flatten().min();
        let plain = &name[..end.unwrap_or(name.len())];
        let is_full = plain.starts_with("refs/");
        let spelt: Vec<String> = match is_full {
            true => vec![plain.to_owned()],
            false => ["refs/", "refs/tags/", "refs/heads/", "refs/remotes/"]
                .iter()
                .map(|above| format!("{above}{plain}"))
                .chain([format!("refs/remotes/{plain}/HEAD")])
                .collect(),
        };
        let each: Vec<&str> = spelt.iter().map(String::as_str).collect();
        let known = self.output(&[&["for-each-ref", "--format=%(refname)", "--"], &each[..]].concat())?;
        let known = String::from_utf8_lossy(&known).into_owned();
        let mut found = BTreeMap::new();
        for full in known.lines().filter(|full| each.contains(full)) {
            found.insert(asked(full)?.unwrap_or_else(|| "no commit".to_owned()), full);
        }
        if found.len() > 1 {
            let found = found.iter().map(|(commit, full)| format!("{full} is {commit:.12}"));
            let found = found.collect::<Vec<_>>().join(", ");
            return Err(GitError::Ambiguous { name: plain.to_owned(), found });
        }
        if is_full && found.is_empty() { Ok(None) } else { asked(name) }
    }

    /// Has what a call prints read while it runs.
    ///
    /// # Errors
    /// There is no git, it refuses, or the reader does.
    pub fn stream<T>(
        &self,
        arguments: &[&str],
        read: impl FnOnce(&mut BufReader<ChildStdout>) -> io::Result<T>,
    ) -> Result<T, GitError> {
        let mut command = self.command();
        command.args(arguments).stdin(Stdio::null());
        run(command, arguments, read)
    }

    /// A process that answers what is written to it, for `cat-file --batch`.
    ///
    /// # Errors
    /// There is no git.
    pub fn converse(&self, arguments: &[&str]) -> Result<Child, GitError> {
        let mut command = self.command();
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        command.spawn().map_err(GitError::NoProgram)
    }

    fn command(&self) -> Command {
        let mut command = bare();
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        command.arg("--no-pager").arg("--literal-pathspecs").arg("-C").arg(&self.folder);
        for setting in SETTINGS {
            command.arg("-c").arg(setting);
        }
        for folder in &self.trusted {
            let mut setting = OsString::from("safe.directory=");
            setting.push(folder);
            command.arg("-c").arg(setting);
        }
        if let Some(index) = &self.index {
            command.env("GIT_INDEX_FILE", index);
        }
        command
    }
}

/// git with none of the variables that steer it: neither another repository nor a trace of what is read.
fn bare() -> Command {
    let mut command = Command::new("git");
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
        command.env_remove(name);
    }
    let fixed = [
        ("GIT_OPTIONAL_LOCKS", "0"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GIT_NO_LAZY_FETCH", "1"),
        ("GIT_NO_REPLACE_OBJECTS", "1"),
        // A graft tells of another history than the commits do.
        ("GIT_GRAFT_FILE", "/dev/null"),
        ("LC_ALL", "C"),
    ];
    command.envs(fixed);
    command
}

/// Folders of others that this user lets git read; the one thing of the user's configuration that counts, as CI
/// checks out by another user than the one who builds.
fn trusted_by_the_user() -> Vec<OsString> {
    let mut trusted = vec![];
    for scope in ["--system", "--global"] {
        let mut command = bare();
        command.args(["config", scope, "-z", "--get-all", "safe.directory"]).stdin(Stdio::null());
        let bytes = command.output().map(|output| output.stdout).unwrap_or_default();
        let each = bytes.split(|byte| *byte == 0).filter(|folder| !folder.is_empty());
        trusted.extend(each.map(|folder| path_of(folder).into_os_string()));
    }
    trusted
}

fn run<T>(
    mut command: Command,
    arguments: &[&str],
    read: impl FnOnce(&mut BufReader<ChildStdout>) -> io::Result<T>,
) -> Result<T, GitError> {
    let name = || arguments.first().copied().unwrap_or_default().to_owned();
    let unread = |error| GitError::Unread { command: name(), error };
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(GitError::NoProgram)?;
    // Beside the reading: a full pipe would stop both.
    let said = child.stderr.take().map(|mut stderr| {
        thread::spawn(move || {
            let mut said = vec![];
            let _ = stderr.by_ref().take(MOST_SAID).read_to_end(&mut said);
            let _ = io::copy(&mut stderr, &mut io::sink());
            String::from_utf8_lossy(&said).into_owned()
        })
    });
    let Some(stdout) = child.stdout.take() else {
        return Err(unread(io::Error::other("it has no stdout")));
    };
    let mut stdout = BufReader::with_capacity(64 << 10, stdout);
    let result = read(&mut stdout);
    drop(stdout);
    let status = child.wait().map_err(unread)?;
    let said = said.and_then(|said| said.join().ok()).unwrap_or_default();
    match result {
        Err(error) => Err(unread(error)),
        Ok(value) if status.success() => Ok(value),
        Ok(_) => {
            let line = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("without a word");
            let line = line.trim_start_matches("fatal: ").trim().to_owned();
            Err(GitError::Refused { command: name(), said: line })
        }
    }
}

/// A path of git's output.
#[must_use]
pub fn path_of(bytes: &[u8]) -> PathBuf {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        PathBuf::from(OsStr::from_bytes(bytes))
    }
    #[cfg(not(unix))]
    PathBuf::from(OsStr::new(String::from_utf8_lossy(bytes).as_ref()))
}

/// Reads up to the end of a line or of the stream; keeps no more than `most` bytes and passes the rest over. The
/// line's end is not kept. `None` at the end of the stream.
///
/// # Errors
/// The stream's own.
pub fn bounded_line(stream: &mut impl BufRead, most: usize) -> io::Result<Option<Vec<u8>>> {
    let mut kept = vec![];
    let mut began = false;
    loop {
        let buffer = stream.fill_buf()?;
        if buffer.is_empty() {
            return Ok(began.then_some(kept));
        }
        began = true;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let line = &buffer[..end.unwrap_or(buffer.len())];
        kept.extend_from_slice(&line[..line.len().min(most.saturating_sub(kept.len()))]);
        let used = line.len() + usize::from(end.is_some());
        stream.consume(used);
        if end.is_some() {
            return Ok(Some(kept));
        }
    }
}
