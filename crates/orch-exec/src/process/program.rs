//! Where a program is, and whether it can be started.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use super::{Launch, StartError};

/// More programs than a run has use for; who has a folder of its own for each worker may get there.
const MOST_KNOWN: usize = 64;

/// The programs found so far. Where one has gone meanwhile, its start fails, and it is looked for anew.
#[derive(Debug, Default)]
pub(super) struct Programs {
    /// By what was asked for, and the `PATH` or the folder that this depends on.
    found: HashMap<(OsString, OsString), PathBuf>,
}

impl Programs {
    /// The path of the program of a launch.
    pub(super) fn find(&mut self, launch: &Launch) -> Result<PathBuf, StartError> {
        let Some(asked) = asked(launch) else { return launch.program() };
        if let Some(known) = self.found.get(&asked) {
            return Ok(known.clone());
        }
        let program = launch.program()?;
        if self.found.len() >= MOST_KNOWN {
            self.found.clear();
        }
        self.found.insert(asked, program.clone());
        Ok(program)
    }
}

fn asked(launch: &Launch) -> Option<(OsString, OsString)> {
    let name = launch.argv.first()?;
    let on = if is_path(name) { launch.cwd.as_os_str() } else { search_path(launch)? };
    Some((name.clone(), on.to_owned()))
}

fn is_path(name: &OsStr) -> bool {
    name.as_bytes().contains(&b'/')
}

fn search_path(launch: &Launch) -> Option<&OsStr> {
    launch.env.iter().rfind(|(name, _)| name == "PATH").map(|(_, value)| value.as_os_str())
}

impl Launch {
    /// The program's own path. Found here and not by the system, so that a missing program is told apart from all
    /// else, also when a shell stands in front of it.
    pub(super) fn program(&self) -> Result<PathBuf, StartError> {
        let name = self.argv.first().filter(|name| !name.is_empty()).ok_or(StartError::NoProgram)?;
        let candidates = if is_path(name) {
            vec![self.folder()?.join(name)]
        } else {
            let folders = search_path(self).map(std::env::split_paths).into_iter().flatten();
            folders.filter(|folder| folder.is_absolute()).map(|folder| folder.join(name)).collect()
        };
        let mut barred = None;
        for candidate in candidates {
            if !fs::metadata(&candidate).is_ok_and(|found| found.is_file()) {
                continue;
            }
            if access(&candidate, Access::EXEC_OK).is_ok() {
                return check_interpreter(candidate);
            }
            barred.get_or_insert(candidate);
        }
        Err(match barred {
            Some(program) => StartError::NotExecutable { program },
            None => StartError::NotFound { program: name.into() },
        })
    }
}

/// A script whose first line names a missing program fails with "not found", as if it were missing itself.
fn check_interpreter(program: PathBuf) -> Result<PathBuf, StartError> {
    let mut first_line = Vec::new();
    if let Ok(file) = File::open(&program) {
        // A failed read leaves less to look at: running it will tell.
        let _ = file.take(256).read_to_end(&mut first_line);
    }
    let line = first_line.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let words = line.strip_prefix(b"#!").unwrap_or_default().trim_ascii();
    let word = words.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    let interpreter = Path::new(OsStr::from_bytes(word));
    if interpreter.is_absolute() && !interpreter.exists() {
        let interpreter = OsString::from_vec(word.to_vec()).into();
        return Err(StartError::NoInterpreter { program, interpreter });
    }
    Ok(program)
}
