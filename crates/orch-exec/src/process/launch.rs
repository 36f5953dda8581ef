//! From a description to a running process.

use std::ffi::{CString, OsString};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use rustix::fs::{Access, OFlags, access};
use rustix::io::Errno;

use super::{MARKER, receipt};
use crate::platform::Image;

/// Everything about one worker before it runs.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The program and its arguments. A program without `/` is looked for in the `PATH` of [`env`](Self::env), whose
    /// empty and relative entries do not count; with `/` it is relative to [`cwd`](Self::cwd).
    pub argv: Vec<OsString>,
    /// Where it runs.
    pub cwd: PathBuf,
    /// Its whole environment but for [`MARKER`]: nothing is inherited.
    pub env: Vec<(OsString, OsString)>,
    /// What it reads.
    pub stdin: Stdin,
    /// Where its output and errors go: appended, created readable to its owner alone. Must not be a link.
    pub log: PathBuf,
    /// Where its exit code is to be written, so that it is known even if this program has gone; see
    /// [`receipt`] and [`Processes::with_witness`](super::Processes::with_witness). An old file there is removed first.
    pub receipt: Option<PathBuf>,
    /// A name for this attempt that no other has. Goes into [`MARKER`].
    pub marker: String,
}

/// What a worker reads. Never a terminal or an open pipe: some agents wait for the end of it for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stdin {
    /// Nothing.
    Null,
    /// This file, for prompts of any length.
    File(PathBuf),
}

/// Why a worker could not be started. Nothing runs then.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// [`Launch::argv`] is empty.
    #[error("no program given")]
    NoProgram,
    /// No such program.
    #[error("program {} not found", .program.display())]
    NotFound {
        /// As it was asked for.
        program: PathBuf,
    },
    /// It is there and may not be run, or is no program.
    #[error("{} is not executable", .program.display())]
    NotExecutable {
        /// What was found.
        program: PathBuf,
    },
    /// The first line of a script names a program that is not there.
    #[error("{} needs {}, which is not found", .program.display(), .interpreter.display())]
    NoInterpreter {
        /// The script.
        program: PathBuf,
        /// What its first line names.
        interpreter: PathBuf,
    },
    /// The folder to run in is missing or no folder.
    #[error("cannot run in {}: {source}", .path.display())]
    Cwd {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file to read from cannot be opened.
    #[error("cannot read {}: {source}", .path.display())]
    Stdin {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The log cannot be opened.
    #[error("cannot write the log {}: {source}", .path.display())]
    Log {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An old receipt cannot be removed.
    #[error("cannot replace the receipt {}: {source}", .path.display())]
    Receipt {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// One argument (128 KiB on Linux) or all of them with the environment are too long: hand over by file.
    #[error("the arguments of {} are too long", .program.display())]
    TooLong {
        /// The program.
        program: PathBuf,
    },
    /// A worker with this key is still here.
    #[error("a worker with key {key} is running")]
    KeyInUse {
        /// The key.
        key: u64,
    },
    /// Anything else.
    #[error("cannot start {}: {source}", .program.display())]
    Os {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl StartError {
    /// What to do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoProgram => "name the program first, then its arguments",
            Self::NotFound { .. } => "install it, or name it otherwise in orch.toml",
            Self::NotExecutable { .. } => {
                "make it executable (`chmod +x`), or name another program in orch.toml"
            }
            Self::NoInterpreter { .. } => "install that, or mend the first line of the script",
            Self::Cwd { .. } => "see what became of that folder",
            Self::Stdin { .. } | Self::Log { .. } | Self::Receipt { .. } => {
                "see whether the disk is full, and who may write there"
            }
            Self::TooLong { .. } => "hand the prompt over as a file (`prompt = \"file\"`)",
            Self::KeyInUse { .. } | Self::Os { .. } => return None,
        })
    }

    /// Whether the same start may well succeed later: too few processes, too little memory, no descriptor left, a program
    /// that is just being written.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        let source = match self {
            Self::Cwd { source, .. }
            | Self::Stdin { source, .. }
            | Self::Log { source, .. }
            | Self::Receipt { source, .. }
            | Self::Os { source, .. } => source,
            _ => return false,
        };
        let errno = source.raw_os_error().map(Errno::from_raw_os_error);
        matches!(errno, Some(Errno::AGAIN | Errno::NOMEM | Errno::MFILE | Errno::NFILE | Errno::TXTBSY))
    }
}

impl Launch {
    /// Starts it, as the leader of a process group of its own.
    pub(super) fn spawn(&self) -> Result<Child, StartError> {
        let program = self.program()?;
        let cwd = self.folder()?;
        let stdin = self.open_stdin()?.map_or_else(std::process::Stdio::null, Into::into);
        let stderr = self.open_log()?;
        let stdout =
            stderr.try_clone().map_err(|source| StartError::Log { path: self.log.clone(), source })?;

        let mut argv = self.argv.clone();
        argv[0] = program.clone().into_os_string();
        let mut command;
        if let Some(receipt) = &self.receipt {
            let failed = |source| StartError::Receipt { path: receipt.clone(), source };
            let receipt_path = std::path::absolute(receipt).map_err(failed)?;
            receipt::clear(&receipt_path).map_err(failed)?;
            command = Command::new("/bin/sh");
            command.args(receipt::wrap(&receipt_path, &argv));
        } else {
            command = Command::new(&program);
            command.args(&argv[1..]);
        }
        command.current_dir(cwd).env_clear();
        command.envs(self.env.iter().map(|(name, value)| (name, value))).env(MARKER, &self.marker);
        command.stdin(stdin).stdout(stdout).stderr(stderr).process_group(0);
        command.spawn().map_err(|source| not_started(program, source))
    }

    /// What it reads; none: nothing.
    pub(super) fn open_stdin(&self) -> Result<Option<File>, StartError> {
        let Stdin::File(path) = &self.stdin else { return Ok(None) };
        let opened = File::open(path);
        opened.map(Some).map_err(|source| StartError::Stdin { path: path.clone(), source })
    }

    pub(super) fn open_log(&self) -> Result<File, StartError> {
        open_log(&self.log).map_err(|source| StartError::Log { path: self.log.clone(), source })
    }

    /// The same in the form in which the system wants it, with the program's own path.
    pub(super) fn image(&self, program: &Path) -> Result<Image, StartError> {
        // What std says of such a word.
        let no_word = || io::Error::new(io::ErrorKind::InvalidInput, "nul byte found in provided data");
        let word = |bytes: Vec<u8>| {
            CString::new(bytes).map_err(|_| StartError::Os { program: program.into(), source: no_word() })
        };
        let cwd = std::path::absolute(&self.cwd)
            .map_err(|source| StartError::Cwd { path: self.cwd.clone(), source })?;
        let path = word(program.as_os_str().as_bytes().into())?;
        let arguments = self.argv.iter().skip(1).map(|argument| word(argument.as_bytes().into()));
        let marker = [(MARKER.as_ref(), self.marker.as_ref())];
        let env = self.env.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str())).chain(marker);
        let env = env.map(|(name, value)| {
            // With room for what ends it: a worker has dozens of these.
            let mut entry = Vec::with_capacity(name.len() + value.len() + 2);
            entry.extend_from_slice(name.as_bytes());
            entry.push(b'=');
            entry.extend_from_slice(value.as_bytes());
            word(entry)
        });
        Ok(Image {
            argv: std::iter::once(Ok(path.clone())).chain(arguments).collect::<Result<_, _>>()?,
            program: path,
            env: env.collect::<Result<_, _>>()?,
            cwd: word(cwd.into_os_string().into_vec())?,
        })
    }

    /// Why it was not started, when the system gave this error for any of the steps.
    pub(super) fn why_not(&self, source: io::Error) -> StartError {
        match self.check().and_then(|()| self.program()) {
            Ok(program) => not_started(program, source),
            Err(error) => error,
        }
    }

    /// Finds what would keep it from starting, as far as that shows without starting it. Creates the log.
    pub(crate) fn check(&self) -> Result<(), StartError> {
        self.program()?;
        self.folder()?;
        if let Stdin::File(path) = &self.stdin {
            // Not opened: it may be a pipe, and the worker is to be its only reader.
            access(path, Access::READ_OK)
                .map_err(|source| StartError::Stdin { path: path.clone(), source: source.into() })?;
        }
        open_log(&self.log).map_err(|source| StartError::Log { path: self.log.clone(), source })?;
        Ok(())
    }

    /// [`argv`](Self::argv), with the program's own path in front.
    pub(crate) fn resolved_argv(&self) -> Result<Vec<OsString>, StartError> {
        let program = self.program()?;
        let arguments = self.argv.iter().skip(1).cloned();
        Ok(std::iter::once(program.into_os_string()).chain(arguments).collect())
    }

    pub(super) fn folder(&self) -> Result<PathBuf, StartError> {
        let failed = |source| StartError::Cwd { path: self.cwd.clone(), source };
        let cwd = std::path::absolute(&self.cwd).map_err(failed)?;
        if fs::metadata(&cwd).map_err(failed)?.is_dir() {
            Ok(cwd)
        } else {
            Err(failed(io::ErrorKind::NotADirectory.into()))
        }
    }
}

fn not_started(program: PathBuf, source: io::Error) -> StartError {
    match source.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::TOOBIG) => StartError::TooLong { program },
        Some(Errno::NOEXEC | Errno::ACCESS) => StartError::NotExecutable { program },
        _ => StartError::Os { program, source },
    }
}

pub(crate) fn open_log(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true).mode(0o600);
    options.custom_flags(OFlags::NOFOLLOW.bits().cast_signed()).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_shortages_are_transient() {
        let os = |errno: Errno| StartError::Os { program: "x".into(), source: errno.into() };
        for errno in [Errno::AGAIN, Errno::NOMEM, Errno::MFILE, Errno::NFILE, Errno::TXTBSY] {
            assert!(os(errno).is_transient(), "{errno}");
        }
        for errno in [Errno::NOENT, Errno::ACCESS, Errno::TOOBIG, Errno::NOSPC] {
            assert!(!os(errno).is_transient(), "{errno}");
        }
        assert!(!StartError::NoProgram.is_transient());
    }
}
