//! Running git itself: its arguments, its environment, its end.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::GitError;
use crate::lock::{Backoff, Held};

/// More of git's output than this is thrown away.
const OUTPUT_KEPT: u64 = 16 << 20;

/// How long a command that stays on this machine may take.
const LOCAL_LIMIT: Duration = Duration::from_secs(600);

/// How long a command that asks another machine may take.
const REMOTE_LIMIT: Duration = Duration::from_secs(10);

/// How long a command that moves commits between machines may take.
const TRANSFER_LIMIT: Duration = Duration::from_secs(60);

/// How long to wait for a lock that another git, or another orch, holds.
const PATIENCE: Duration = Duration::from_secs(10);

/// A git whose time is up is asked to end, so that it removes its lock files; it has this long.
const GRACE: Duration = Duration::from_secs(2);

/// Variables by which an outer git (a hook, an alias) would point this one at another repository, or change what
/// its arguments mean.
const POINTERS: &[&str] = &[
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
    "GIT_REPLACE_REF_BASE",
    "GIT_QUARANTINE_PATH",
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "GIT_REFLOG_ACTION",
    "GIT_AUTHOR_DATE",
    "GIT_COMMITTER_DATE",
    // By these a signature would ask for a passphrase, on the terminal or in a window.
    "GPG_TTY",
    "DISPLAY",
    "WAYLAND_DISPLAY",
];

/// How long a call may take.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limit {
    Local,
    Remote,
    Transfer,
}

/// What git finds on its standard input.
#[derive(Debug)]
enum Input {
    Nothing,
    Bytes(Arc<[u8]>),
    /// Not to be read, only to be held open.
    Lock(File),
}

/// One run of git: what it is told and how.
#[derive(Debug)]
pub(crate) struct Call {
    config: Vec<&'static str>,
    args: Vec<OsString>,
    env: Vec<(&'static str, OsString)>,
    limit: Limit,
    kept: u64,
    no: Option<i32>,
    input: Input,
}

impl Call {
    pub(crate) fn new<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Self {
        let args = args.into_iter().map(|arg| arg.as_ref().to_owned()).collect();
        let (config, env) = (Vec::new(), Vec::new());
        Self { config, args, env, limit: Limit::Local, kept: OUTPUT_KEPT, no: None, input: Input::Nothing }
    }

    /// A call that changes the repository: none of its hooks is run.
    pub(crate) fn change<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Self {
        Self::new(args)
            .config("core.hooksPath=/dev/null")
            .config("maintenance.auto=false")
            .config("gc.auto=0")
    }

    /// One more argument.
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// A setting for this call only.
    pub(crate) fn config(mut self, setting: &'static str) -> Self {
        self.config.push(setting);
        self
    }

    pub(crate) fn env(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.env.push((name, value.into()));
        self
    }

    pub(crate) fn limit(self, limit: Limit) -> Self {
        Self { limit, ..self }
    }

    /// How much of its output is kept, in bytes; 16 MiB unless set.
    pub(crate) fn keeping(self, kept: u64) -> Self {
        Self { kept, ..self }
    }

    /// The exit code that is an answer as well, for [`Git::answer`]: no.
    pub(crate) fn saying_no_with(self, code: i32) -> Self {
        Self { no: Some(code), ..self }
    }

    /// The lock under which it runs. Git gets it as its standard input, so that the lock lasts as long as git
    /// does, even when orch is killed.
    pub(crate) fn holding(self, lock: &Held) -> io::Result<Self> {
        Ok(Self { input: Input::Lock(lock.file().try_clone()?), ..self })
    }

    /// What it reads from its standard input.
    pub(crate) fn reading(self, input: impl Into<Arc<[u8]>>) -> Self {
        Self { input: Input::Bytes(input.into()), ..self }
    }

    /// It takes what is on this machine. In a partial clone, git would otherwise ask another one, and perhaps a person
    /// for a password, for an object that is not here.
    pub(crate) fn offline(self) -> Self {
        self.env("GIT_NO_LAZY_FETCH", "1").env("GIT_ASKPASS", "")
    }

    fn shown(&self) -> Vec<String> {
        self.args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect()
    }
}

/// Git in one folder.
#[derive(Clone, Debug)]
pub struct Git {
    dir: PathBuf,
    program: OsString,
    local_limit: Duration,
    remote_limit: Duration,
    transfer_limit: Duration,
    patience: Duration,
}

impl Git {
    /// The `git` on the `PATH`, working in `dir`.
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            program: "git".into(),
            local_limit: LOCAL_LIMIT,
            remote_limit: REMOTE_LIMIT,
            transfer_limit: TRANSFER_LIMIT,
            patience: PATIENCE,
        }
    }

    /// The same with another program in the place of `git`.
    #[must_use]
    pub fn with_program(self, program: impl Into<OsString>) -> Self {
        Self { program: program.into(), ..self }
    }

    /// The same with another limit for commands that stay on this machine; 10 minutes unless set.
    #[must_use]
    pub fn with_local_limit(self, local_limit: Duration) -> Self {
        Self { local_limit, ..self }
    }

    /// The same with another limit for commands that ask another machine; 10 seconds unless set.
    #[must_use]
    pub fn with_remote_limit(self, remote_limit: Duration) -> Self {
        Self { remote_limit, ..self }
    }

    /// The same with another limit for commands that move commits between machines (push, fetch, submodules);
    /// 60 seconds unless set.
    #[must_use]
    pub fn with_transfer_limit(self, transfer_limit: Duration) -> Self {
        Self { transfer_limit, ..self }
    }

    /// The same with another time to wait for a lock that another git or another orch holds; 10 seconds unless set.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The folder that git works in.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The same git in another folder.
    pub(crate) fn beside(&self, dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), ..self.clone() }
    }

    pub(crate) fn patience(&self) -> Duration {
        self.patience
    }

    /// Runs a command that stays on this machine, and returns its standard output.
    pub(crate) fn local(&self, args: &[&str]) -> Result<Vec<u8>, GitError> {
        self.call(&Call::new(args))
    }

    /// Runs a command that may ask another machine. When its time is up it is ended with all it started.
    pub(crate) fn remote(&self, args: &[&str]) -> Result<Vec<u8>, GitError> {
        self.call(&Call::new(args).limit(Limit::Remote))
    }

    /// Runs a call and returns its standard output. One that came upon a work tree that another git is about to make is
    /// run again.
    pub(crate) fn call(&self, call: &Call) -> Result<Vec<u8>, GitError> {
        self.answer(call).map(|(_, stdout)| stdout)
    }

    /// The same, and whether git said yes. To say no is a failure unless the call has [a code](Call::saying_no_with) for
    /// it.
    pub(crate) fn answer(&self, call: &Call) -> Result<(bool, Vec<u8>), GitError> {
        let mut backoff = Backoff::new(self.patience);
        loop {
            match self.run(call) {
                Err(GitError::Failed { stderr, .. }) if met_half_a_worktree(&stderr) && backoff.wait() => {
                    self.complete_half_a_worktree(&stderr);
                }
                other => return other,
            }
        }
    }

    /// A git that was killed there leaves the file empty for good, and no git works in the repository any more. What it
    /// was about to write is always the same, so that no harm is done where it still does.
    fn complete_half_a_worktree(&self, stderr: &str) {
        let named =
            stderr.split_once("failed to read ").and_then(|(_, rest)| rest.split_once("/commondir: "));
        let Some((own, _)) = named else { return };
        let own = self.dir.join(own);
        let file = own.join("commondir");
        let is_begun = fs::symlink_metadata(&file).is_ok_and(|found| found.is_file() && found.len() == 0);
        if is_begun && own.parent().is_some_and(|parent| parent.ends_with("worktrees")) {
            // If it fails, git goes on saying what is wrong.
            let _ = fs::write(file, "../..\n");
        }
    }

    fn run(&self, call: &Call) -> Result<(bool, Vec<u8>), GitError> {
        let limit = match call.limit {
            Limit::Local => self.local_limit,
            Limit::Remote => self.remote_limit,
            Limit::Transfer => self.transfer_limit,
        };
        let deadline = Instant::now().checked_add(limit);
        let could_not_run = |error| GitError::CouldNotRun { args: call.shown(), error };
        let child =
            self.command(call).map_err(could_not_run)?.spawn().map_err(|error| match error.kind() {
                ErrorKind::NotFound => GitError::NotInstalled { program: self.program.clone() },
                _ => could_not_run(error),
            })?;
        let mut group = Group { leader: child, has_ended: false };
        if let (Input::Bytes(input), Some(stdin)) = (&call.input, group.leader.stdin.take()) {
            feed(stdin, Arc::clone(input)).map_err(could_not_run)?;
        }
        let stdout = collect(group.leader.stdout.take(), call.kept).map_err(could_not_run)?;
        let stderr = collect(group.leader.stderr.take(), OUTPUT_KEPT).map_err(could_not_run)?;
        let streams =
            wait_for(&stdout, deadline).and_then(|out| wait_for(&stderr, deadline).map(|err| (out, err)));
        let Some((stdout, stderr)) = streams else {
            group.ask_to_end();
            let grace = Instant::now().checked_add(GRACE);
            // Once both have ended, git has put its lock files away; whoever is left is killed with the group.
            if wait_for(&stdout, grace).is_some() {
                let _ = wait_for(&stderr, grace);
            }
            return Err(GitError::TimedOut { args: call.shown(), limit });
        };
        // Both streams have ended, so nothing but git's own exit is left to wait for.
        let status = group.wait().map_err(could_not_run)?;
        if status.success() || (call.no.is_some() && call.no == status.code()) {
            return Ok((status.success(), stdout));
        }
        let stderr = String::from_utf8_lossy(&stderr).trim().to_owned();
        if stderr.contains("not a git repository") {
            return Err(GitError::NotARepository { dir: self.dir.clone() });
        }
        Err(GitError::Failed { args: call.shown(), code: status.code(), stderr })
    }

    fn command(&self, call: &Call) -> io::Result<Command> {
        let mut command = Command::new(&self.program);
        // Not `current_dir`: a folder that is missing would look like a git that is missing.
        command.arg("-C").arg(&self.dir);
        for setting in &call.config {
            command.args(["-c", setting]);
        }
        command.args(&call.args);
        for pointer in POINTERS {
            command.env_remove(pointer);
        }
        command
            .env("GIT_EDITOR", "true")
            .env("GIT_SEQUENCE_EDITOR", "true")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("SSH_ASKPASS_REQUIRE", "never")
            // A look at the repository takes no lock away from those who work in it.
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("LC_ALL", "C")
            .envs(call.env.iter().map(|(name, value)| (name, value)))
            .stdin(match &call.input {
                Input::Nothing => Stdio::null(),
                Input::Bytes(_) => Stdio::piped(),
                Input::Lock(lock) => Stdio::from(lock.try_clone()?),
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        Ok(command)
    }
}

/// A child that leads a process group of its own. Dropped before it was waited for, it is ended with its whole
/// group, and so is what it left behind.
struct Group {
    leader: Child,
    has_ended: bool,
}

impl Group {
    fn wait(&mut self) -> io::Result<ExitStatus> {
        let status = self.leader.wait()?;
        self.has_ended = true;
        Ok(status)
    }

    /// Asks the whole group to end. Only for a leader that nobody has waited for yet: its id still means this group,
    /// even if it has exited.
    fn ask_to_end(&self) {
        self.signal(Signal::TERM);
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = i32::try_from(self.leader.id()).ok().and_then(Pid::from_raw) {
            // It fails only when there is nobody left to end.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        self.signal(Signal::KILL);
        let _ = self.leader.wait();
    }
}

/// Writes all of the input on a thread of its own: a git that never reads it would be waited for without end.
fn feed(mut stdin: ChildStdin, input: Arc<[u8]>) -> io::Result<()> {
    thread::Builder::new().spawn(move || {
        // A git that ends before it has read everything says itself why.
        let _ = stdin.write_all(&input);
    })?;
    Ok(())
}

/// Reads a stream to its end on a thread of its own. The rest of an over-long stream is read and thrown away, so
/// that git never waits for a reader.
fn collect(stream: Option<impl Read + Send + 'static>, most: u64) -> io::Result<mpsc::Receiver<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel();
    thread::Builder::new().spawn(move || {
        let mut kept = Vec::new();
        if let Some(mut stream) = stream
            && stream.by_ref().take(most).read_to_end(&mut kept).is_ok()
        {
            // What can't be read is as good as ended.
            let _ = io::copy(&mut stream, &mut io::sink());
        }
        // Nobody listens any more once the time is up.
        let _ = sender.send(kept);
    })?;
    Ok(receiver)
}

/// Git (2.47) makes a work tree's files one by one and gives up where it finds another's empty.
fn met_half_a_worktree(stderr: &str) -> bool {
    stderr.contains("failed to read ") && stderr.contains("/commondir: ")
}

/// What was collected, or `None` when the time is up.
fn wait_for(stream: &mpsc::Receiver<Vec<u8>>, deadline: Option<Instant>) -> Option<Vec<u8>> {
    match deadline {
        Some(deadline) => stream.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok(),
        None => stream.recv().ok(),
    }
}
