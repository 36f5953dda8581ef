//! The `.orch` folder beside a plan: where orch keeps what is its own.

use std::collections::HashSet;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use crate::StoreError;
use crate::replace::{sweep_folder, sync_folder_of};

/// The name of the folder.
const FOLDER: &str = ".orch";

/// The longest part of an id that goes into a file name, in bytes.
const LONGEST_NAME: usize = 100;

/// Orch's own files for one plan, all in `.orch/<plan>/` beside it.
///
/// The folder is its owner's only and ignored by git. Names made from task ids can't leave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    folder: PathBuf,
}

impl Home {
    /// Opens the home of the plan called `plan_stem` in `plan_dir`, making the folders that are missing.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when one of the folders is a link, not a folder, or somebody else's: what is put
    /// there could be read or replaced by them. [`StoreError::Io`].
    ///
    /// ```
    /// let project = tempfile::tempdir()?;
    /// let home = orch_store::Home::open(project.path(), "PROMPT-ORCHESTRATOR")?;
    /// assert!(home.history().ends_with(".orch/PROMPT-ORCHESTRATOR/history.jsonl"));
    /// assert!(home.log("a/b", 1).parent().unwrap().ends_with(".orch/PROMPT-ORCHESTRATOR/logs"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(plan_dir: &Path, plan_stem: &str) -> Result<Self, StoreError> {
        let outer = plan_dir.join(FOLDER);
        make_folder(&outer)?;
        ignore_all(&outer.join(".gitignore"))?;
        let home = Self { folder: outer.join(file_name(plan_stem)) };
        make_folder(&home.folder)?;
        make_folder(&home.folder.join("logs"))?;
        make_folder(&home.folder.join("prompts"))?;
        Ok(home)
    }

    /// The home of a plan if it has one that [`open`](Self::open) would take. Makes nothing.
    pub fn find(plan_dir: &Path, plan_stem: &str) -> Option<Self> {
        let outer = plan_dir.join(FOLDER);
        let folder = outer.join(file_name(plan_stem));
        let good = is_own_folder(&outer).unwrap_or(false) && is_own_folder(&folder).unwrap_or(false);
        good.then_some(Self { folder })
    }

    /// The folder itself.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the history is.
    pub fn history(&self) -> PathBuf {
        self.folder.join("history.jsonl")
    }

    /// Where the lock is.
    pub fn lock(&self) -> PathBuf {
        self.folder.join("lock")
    }

    /// The folder of what workers are told.
    pub fn prompts(&self) -> PathBuf {
        self.folder.join("prompts")
    }

    /// Removes what a run that was killed has left of files that it was about to replace. To be called under the plan's
    /// lock.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the folder can't be read or a leftover can't be removed.
    pub fn sweep(&self) -> Result<(), StoreError> {
        sweep_folder(&self.folder.join("logs"))
    }

    /// Where the output of an attempt goes.
    pub fn log(&self, task: &str, attempt: u32) -> PathBuf {
        self.of_attempt("logs", task, attempt, "log")
    }

    /// Where what the worker is told is written.
    pub fn prompt(&self, task: &str, attempt: u32) -> PathBuf {
        self.of_attempt("prompts", task, attempt, "md")
    }

    /// Where it is written which tools the worker's agent is to start.
    pub fn tools(&self, task: &str, attempt: u32) -> PathBuf {
        self.of_attempt("prompts", task, attempt, "mcp.json")
    }

    /// Where it is written how the worker's process ended.
    pub fn receipt(&self, task: &str, attempt: u32) -> PathBuf {
        self.of_attempt("logs", task, attempt, "receipt")
    }

    /// Where the worker writes its result.
    pub fn result(&self, task: &str, attempt: u32) -> PathBuf {
        self.of_attempt("logs", task, attempt, "result")
    }

    /// Where it is kept what the worker has said of itself so far, whatever it writes over.
    pub fn status(&self, task: &str, attempt: u32) -> PathBuf {
        self.of_attempt("logs", task, attempt, "status.json")
    }

    /// Where it is noted that the worker has said it is done, and nobody has looked whether it is.
    pub fn claim(&self, task: &str, attempt: u32) -> PathBuf {
        self.of_attempt("logs", task, attempt, "claim")
    }

    /// Where it is written what became of the checks of the worker's claim.
    pub fn checks(&self, task: &str, attempt: u32) -> PathBuf {
        self.of_attempt("logs", task, attempt, "checks.json")
    }

    /// Where it is noted at which commit the worker's branch was when the attempt began.
    pub fn began(&self, task: &str, attempt: u32) -> PathBuf {
        self.of_attempt("logs", task, attempt, "began")
    }

    /// Removes the prompt, the tools, the receipt, the result, the status, the checks, the claim and the beginning that an
    /// earlier history may have left under the names of this attempt, so that they are not taken for its own. To be called before the attempt is started.
    ///
    /// # Errors
    /// [`StoreError::Io`] when one is there and can't be removed.
    pub fn clear(&self, task: &str, attempt: u32) -> Result<(), StoreError> {
        let (prompt, receipt) = (self.prompt(task, attempt), self.receipt(task, attempt));
        let (status, checks) = (self.status(task, attempt), self.checks(task, attempt));
        let (claim, tools) = (self.claim(task, attempt), self.tools(task, attempt));
        let (result, began) = (self.result(task, attempt), self.began(task, attempt));
        for path in [prompt, tools, receipt, result, status, checks, claim, began] {
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(StoreError::io(&path, "remove")(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The files of attempts that are there already. Attempts are numbered anew for each, so those that are to come find
    /// something under their names only where a history was lost, or its end in a power cut.
    ///
    /// # Errors
    /// [`StoreError::Io`] when a folder can't be read.
    pub fn leftovers(&self) -> Result<Leftovers, StoreError> {
        let mut names = HashSet::new();
        for folder in ["logs", "prompts"] {
            let path = self.folder.join(folder);
            for entry in std::fs::read_dir(&path).map_err(StoreError::io(&path, "read"))? {
                let name = entry.map_err(StoreError::io(&path, "read"))?.file_name();
                // Names made from ids are plain.
                names.extend(attempts_of(name.to_str().unwrap_or_default()).map(str::to_owned));
            }
        }
        Ok(Leftovers { names })
    }

    fn of_attempt(&self, folder: &str, task: &str, attempt: u32, ending: &str) -> PathBuf {
        self.folder.join(folder).join(format!("{}.{attempt}.{ending}", file_name(task)))
    }
}

/// The attempts of which there were files when it was looked.
#[derive(Clone, Debug)]
pub struct Leftovers {
    /// What their names begin with: `<task>.<attempt>`.
    names: HashSet<String>,
}

impl Leftovers {
    /// Whether there may be a file of this attempt.
    pub fn has(&self, task: &str, attempt: u32) -> bool {
        self.names.contains(&format!("{}.{attempt}", file_name(task)))
    }
}

/// What a file may belong to: each beginning of its name that is a task and the number of an attempt. That is one, unless
/// a task is called like the attempt of another.
fn attempts_of(name: &str) -> impl Iterator<Item = &str> {
    let ends = name.match_indices('.').map(|(at, _)| at);
    ends.map(|at| &name[..at]).filter(|begin| {
        let number = begin.rsplit_once('.').map_or("", |(_, number)| number);
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Creates a file that only its owner may read, for what is handed to a worker.
///
/// # Errors
/// [`StoreError::Io`] when anything is there already, a link included.
fn create_private(path: &Path) -> Result<File, StoreError> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits() as i32)
        .open(path)
        .map_err(StoreError::io(path, "create"))
}

/// Writes a file that only its owner may read in the place of one that is there: nobody can read it, or have it lead
/// elsewhere. It is for one attempt; what has to survive a crash is [`replace`](crate::replace)d.
///
/// # Errors
/// [`StoreError::Io`].
pub fn replace_private(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(StoreError::io(path, "remove")(error));
        }
        _ => {}
    }
    create_private(path)?.write_all(bytes).map_err(StoreError::io(path, "write"))
}

/// Makes a folder that only its owner may enter, or checks the one that is there.
fn make_folder(path: &Path) -> Result<(), StoreError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => sync_folder_of(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match is_own_folder(path)? {
            true => Ok(()),
            false => Err(StoreError::Refused {
                path: path.to_owned(),
                why: "it is a link, not a folder, or belongs to another user",
            }),
        },
        Err(error) => Err(StoreError::io(path, "create")(error)),
    }
}

fn is_own_folder(path: &Path) -> Result<bool, StoreError> {
    let found = std::fs::symlink_metadata(path).map_err(StoreError::io(path, "look at"))?;
    Ok(found.is_dir() && found.uid() == rustix::process::geteuid().as_raw())
}

/// Keeps git from seeing the folder; a file that a person put there stays.
fn ignore_all(path: &Path) -> Result<(), StoreError> {
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut file) => file.write_all(b"*\n").map_err(StoreError::io(path, "write")),
        // An empty one was begun and never written.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match std::fs::metadata(path) {
            Ok(found) if found.len() == 0 => {
                std::fs::write(path, "*\n").map_err(StoreError::io(path, "write"))
            }
            _ => Ok(()),
        },
        Err(error) => Err(StoreError::io(path, "create")(error)),
    }
}

/// A file name for an id: itself where that is safe, else what is safe of it, `~` and a hash of all of it.
///
/// A name that is kept never contains `~`, so no id can be spelled like the changed name of another.
fn file_name(id: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let safe =
        !id.is_empty() && id.len() <= LONGEST_NAME && !id.starts_with(['.', '-']) && id.chars().all(is_plain);
    if safe {
        return id.to_owned();
    }
    let mut name: String = id.chars().take(LONGEST_NAME).map(|c| if is_plain(c) { c } else { '_' }).collect();
    if name.starts_with(['.', '-']) {
        name.replace_range(..1, "_");
    }
    format!("{name}~{:016x}", xxh3_64(id.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn makes_private_folders_that_git_ignores() {
        let project = tempfile::tempdir().unwrap();
        assert_eq!(Home::find(project.path(), "PLAN"), None);
        assert_eq!(fs::read_dir(project.path()).unwrap().count(), 0, "looking makes nothing");
        let home = Home::open(project.path(), "PLAN").unwrap();
        for folder in [".orch", ".orch/PLAN", ".orch/PLAN/logs", ".orch/PLAN/prompts"] {
            assert_eq!(mode(&project.path().join(folder)), 0o700, "{folder}");
        }
        assert_eq!(fs::read(project.path().join(".orch/.gitignore")).unwrap(), b"*\n");
        fs::write(project.path().join(".orch/.gitignore"), "mine").unwrap();
        assert_eq!(Home::open(project.path(), "PLAN").unwrap(), home);
        assert_eq!(Home::find(project.path(), "PLAN"), Some(home));
        assert_eq!(fs::read(project.path().join(".orch/.gitignore")).unwrap(), b"mine");
    }

    #[test]
    fn a_link_or_a_file_in_its_place_is_refused() {
        let (project, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        symlink(elsewhere.path(), project.path().join(".orch")).unwrap();
        assert!(matches!(Home::open(project.path(), "PLAN"), Err(StoreError::Refused { .. })));
        assert_eq!(Home::find(project.path(), "PLAN"), None);
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);

        fs::remove_file(project.path().join(".orch")).unwrap();
        fs::create_dir(project.path().join(".orch")).unwrap();
        symlink(elsewhere.path(), project.path().join(".orch/PLAN")).unwrap();
        assert!(matches!(Home::open(project.path(), "PLAN"), Err(StoreError::Refused { .. })));
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_of_another_user_is_refused() {
        let project = tempfile::tempdir().unwrap();
        let folder = project.path().join(".orch");
        fs::create_dir(&folder).unwrap();
        // Only root can give a folder away; for anybody else there is nothing to try.
        if std::os::unix::fs::chown(&folder, Some(rustix::process::geteuid().as_raw() + 1), None).is_ok() {
            assert!(matches!(Home::open(project.path(), "PLAN"), Err(StoreError::Refused { .. })));
            assert_eq!(Home::find(project.path(), "PLAN"), None);
        }
    }

    #[test]
    fn ids_become_names_that_stay_in_the_folder() {
        for (id, expected) in [("PROMPT-01-foo", "PROMPT-01-foo"), ("w.1_x", "w.1_x"), ("a..b", "a..b")] {
            assert_eq!(file_name(id), expected);
        }
        let long = "x".repeat(5000);
        let hostile =
            ["", ".", "..", "../../etc/passwd", "a/b", "-rf", ".git", "a\0b", "a\nb", "ü", "~", &long];
        let mut names = std::collections::HashSet::new();
        for id in hostile {
            let name = file_name(id);
            assert!(name.contains('~') && !name.starts_with(['.', '-']), "{id:?} gave {name}");
            assert!(
                name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-~".contains(&b)),
                "{id:?} gave {name}"
            );
            assert!(name.len() <= LONGEST_NAME + 17);
            assert_ne!(file_name(&name), name, "a changed name is nobody's own");
            assert!(names.insert(name));
        }
    }

    #[test]
    fn paths_of_attempts_differ_in_task_attempt_and_kind() {
        let home = Home { folder: "h".into() };
        assert_eq!(home.log("A", 2), Path::new("h/logs/A.2.log"));
        assert_eq!(home.prompt("A", 2), Path::new("h/prompts/A.2.md"));
        assert_eq!(home.receipt("A", 2), Path::new("h/logs/A.2.receipt"));
        assert_eq!(home.result("A", 2), Path::new("h/logs/A.2.result"));
        assert_ne!(home.log("A.1", 2), home.log("A", 12));
    }

    #[test]
    fn leftovers_are_known_by_their_names() {
        let project = tempfile::tempdir().unwrap();
        let home = Home::open(project.path(), "PLAN").unwrap();
        let nothing = home.leftovers().unwrap();
        for made in [home.log("A", 2), home.prompt("B.x", 1), home.checks("C/d", 3), home.log("E.1", 4)] {
            fs::write(made, "").unwrap();
        }
        fs::write(home.folder().join("logs/no number.log"), "").unwrap();
        let found = home.leftovers().unwrap();
        for (task, attempt, is_there) in [
            ("A", 2, true),
            ("B.x", 1, true),
            ("C/d", 3, true),
            ("E.1", 4, true),
            ("E", 1, true),
            ("A", 1, false),
            ("A", 22, false),
            ("B", 1, false),
            ("C_d", 3, false),
        ] {
            assert_eq!(found.has(task, attempt), is_there, "{task} {attempt}");
            assert!(!nothing.has(task, attempt));
        }
    }

    #[test]
    fn private_files_are_new_and_private() {
        let project = tempfile::tempdir().unwrap();
        let home = Home::open(project.path(), "PLAN").unwrap();
        let path = home.prompt("A", 1);
        create_private(&path).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert!(create_private(&path).is_err(), "never one that is there");
        let link = home.prompt("A", 2);
        symlink(project.path().join("target"), &link).unwrap();
        assert!(create_private(&link).is_err(), "never through a link");
        assert!(!project.path().join("target").exists());
        home.clear("A", 1).unwrap();
        home.clear("A", 1).unwrap();
        create_private(&path).unwrap();
    }
}
