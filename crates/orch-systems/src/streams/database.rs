//! Where a project's `tasks.db` is: Task Copilot keeps one a workspace, in the user's own folder.

use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use orch_git::Git;
use orch_state_sqlite::workspace_hash;
use orch_store::StoreError;

use super::note::Note;
use crate::OpenError;
use crate::session::repository_root;

/// The name of the database.
pub(super) const TASKS_DB: &str = "tasks.db";

/// Where Task Copilot 3 keeps its own, in the project; orch can't read it, and says so by name.
const OF_VERSION_3: &str = ".copilot/tasks.db";

/// The file, among orch's own, that says which project a database is of.
const PROJECT: &str = "project";

/// What the environment says of where databases are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Surroundings {
    /// `TASK_DB_PATH`: the folder of the workspaces.
    pub(crate) tasks: Option<OsString>,
    /// `WORKSPACE_ID`: the workspace, whatever the project is called.
    pub(crate) workspace: Option<OsString>,
    /// The user's folder.
    pub(crate) home: Option<PathBuf>,
}

impl Surroundings {
    /// Those of this process.
    pub(crate) fn of_process() -> Self {
        let named = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        Self {
            tasks: named("TASK_DB_PATH"),
            workspace: named("WORKSPACE_ID"),
            home: named("HOME").map(PathBuf::from),
        }
    }

    fn tasks_folder(&self) -> Option<PathBuf> {
        match &self.tasks {
            Some(folder) => Some(PathBuf::from(folder)),
            None => Some(self.home.as_ref()?.join(".claude/tasks")),
        }
    }
}

/// A project's database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Database {
    /// The file; it may not be there yet.
    pub(crate) path: PathBuf,
    /// The workspace that it is of.
    pub(crate) workspace: String,
    /// What should be said of how it was found.
    pub(crate) note: Option<String>,
    /// Whether it is there.
    pub(crate) is_there: bool,
    /// Where it was looked for.
    pub(crate) tried: Vec<PathBuf>,
}

impl Database {
    /// That of `project`. Its workspace is called as `WORKSPACE_ID` says, else as the project's folder, as the original
    /// orchestrator has it, else by the hash of its path, as the original server has it.
    ///
    /// # Errors
    /// [`OpenError::Environment`] when nobody knows where databases are, or the name of the workspace is no name.
    pub(crate) fn of(project: &Path, surroundings: &Surroundings) -> Result<Self, OpenError> {
        let folder = surroundings.tasks_folder().ok_or_else(|| OpenError::Environment {
            message: "nothing says where Task Copilot's databases are: HOME is not set".into(),
            hint: "set HOME, or TASK_DB_PATH to the folder of the workspaces".into(),
        })?;
        let place = |workspace: &str| folder.join(workspace).join(TASKS_DB);
        if let Some(named) = &surroundings.workspace {
            let workspace =
                named.to_str().filter(|name| is_name(name)).ok_or_else(|| OpenError::Environment {
                    message: format!("WORKSPACE_ID is no name of a workspace: {:?}", named.to_string_lossy()),
                    hint: "a workspace is called as a folder: without slashes, and not `..`".into(),
                })?;
            let path = place(workspace);
            let is_there = path.exists();
            let (workspace, tried) = (workspace.to_owned(), vec![path.clone()]);
            return Ok(Self { path, workspace, note: None, is_there, tried });
        }
        let name = project.file_name().and_then(|name| name.to_str()).filter(|name| is_name(name));
        let hash = workspace_hash(project);
        let by_name = name.map(|name| (name.to_owned(), place(name)));
        let by_hash = (hash.clone(), place(&hash));
        let tried: Vec<PathBuf> =
            by_name.iter().map(|(_, path)| path.clone()).chain([by_hash.1.clone()]).collect();
        let (has_name, has_hash) =
            (by_name.as_ref().is_some_and(|(_, path)| path.exists()), by_hash.1.exists());
        let found = |(workspace, path): (String, PathBuf), note, is_there| Self {
            path,
            workspace,
            note,
            is_there,
            tried,
        };
        Ok(match by_name {
            Some(by_name) if has_name => {
                let note = has_hash.then(|| {
                    format!(
                        "the workspace `{}` has a database, and so has `{hash}`, by the hash of the project's path: the \
                         first is taken; WORKSPACE_ID={hash} takes the other",
                        by_name.0
                    )
                });
                found(by_name, note, true)
            }
            Some(by_name) if !has_hash => found(by_name, None, false),
            _ => {
                let note = format!("the workspace is `{hash}`, by the hash of the project's path");
                found(by_hash, Some(note), has_hash)
            }
        })
    }

    /// That of `project` if it is there, or the one of Task Copilot 3 in its place.
    pub(crate) fn that_is_there(project: &Path, surroundings: &Surroundings) -> Option<PathBuf> {
        let known = Self::of(project, surroundings).ok().filter(|found| found.is_there);
        let newer = || Some(project.join(OF_VERSION_3)).filter(|path| path.is_file());
        known.map(|found| found.path).or_else(newer)
    }
}

/// Whose a database is: that of the project from which orch first ran it or made streams in it, as noted among orch's own files.
/// Another project that is called the same would take the same streams for its own.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    note: Note,
}

impl Owner {
    /// That of the database whose own files are in this folder.
    pub(super) fn of(home: &Path) -> Self {
        Self { note: Note::of(home, PROJECT) }
    }

    /// Refuses any other project as long as the noted one is there.
    ///
    /// # Errors
    /// [`OpenError::Request`] with the project that it is.
    pub(super) fn require(&self, project: &Path, workspace: &str) -> Result<(), OpenError> {
        let another = |noted: &PathBuf| noted.is_absolute() && noted.is_dir() && noted != project;
        match self.note.read().map(PathBuf::from).filter(another) {
            None => Ok(()),
            Some(other) => Err(OpenError::Request {
                code: "streams.project",
                message: format!(
                    "the streams of the workspace `{workspace}` are those of another project: {}",
                    other.display()
                ),
                hint: format!(
                    "give this one a workspace of its own with WORKSPACE_ID; if the other project is not meant any more, \
                     remove {}",
                    self.note.file().display()
                ),
            }),
        }
    }

    /// Notes that it is that of `project`.
    ///
    /// # Errors
    /// [`StoreError`] when that can't be written.
    pub(super) fn note(&self, project: &Path) -> Result<(), StoreError> {
        self.note.write(&project.to_string_lossy())
    }
}

/// The database of the project that `here` belongs to, where it is or is to be.
///
/// # Errors
/// [`OpenError::Environment`] when nothing says where databases are.
pub fn task_database(here: &Path) -> Result<PathBuf, OpenError> {
    Database::of(&project_of(here), &Surroundings::of_process()).map(|database| database.path)
}

/// The `memory.db` of a workspace.
pub(super) fn memory_db(workspace: &str, surroundings: &Surroundings) -> Option<PathBuf> {
    let path = surroundings.home.as_ref()?.join(".claude/memory").join(workspace).join("memory.db");
    (is_name(workspace) && path.is_file()).then_some(path)
}

/// The workspace that the database at `path` is of: the folder it is in.
pub(super) fn workspace_of(path: &Path) -> String {
    let folder = path.parent().and_then(Path::file_name);
    folder.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Whether the file at `path` is a database, or is called as Task Copilot calls its own.
pub(crate) fn is_database(path: &Path) -> bool {
    const BEGINNING: &[u8] = b"SQLite format 3\0";
    let begins = || {
        let mut bytes = [0; BEGINNING.len()];
        let read = orch_store::open_regular(path).and_then(|mut file| file.read_exact(&mut bytes));
        read.is_ok() && bytes == BEGINNING
    };
    path.file_name().is_some_and(|name| name == TASKS_DB) || begins()
}

/// The project that `folder` belongs to: the main work tree of the repository it is in, else the folder itself.
pub(crate) fn project_of(folder: &Path) -> PathBuf {
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let Some(root) = repository_root(&folder) else { return folder };
    if root.join(".git").is_dir() {
        return root;
    }
    // From inside a work tree it is the same project.
    let trees = Git::at(&root).worktrees().unwrap_or_default();
    let main = trees.into_iter().find(|tree| tree.main && !tree.bare);
    main.map_or(root, |main| main.path)
}

fn is_name(name: &str) -> bool {
    let is_plain = !name.contains(['/', '\\', '\0']) && name.chars().all(|c| !c.is_control());
    is_plain && !matches!(name, "" | "." | "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_goes_by_its_id_by_the_folder_then_by_the_hash() {
        let home = tempfile::tempdir().unwrap();
        let project = home.path().join("projects/my-app");
        fs::create_dir_all(&project).unwrap();
        let surroundings = |workspace: Option<&str>| Surroundings {
            home: Some(home.path().to_owned()),
            workspace: workspace.map(OsString::from),
            tasks: None,
        };
        let of = |workspace| Database::of(&project, &surroundings(workspace)).unwrap();
        let make = |workspace: &str| {
            let folder = home.path().join(".claude/tasks").join(workspace);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(TASKS_DB), "").unwrap();
        };
        let hash = workspace_hash(&project);

        let none = of(None);
        assert_eq!((none.is_there, &*none.workspace, none.tried.len()), (false, "my-app", 2));
        make(&hash);
        let by_hash = of(None);
        assert_eq!((by_hash.is_there, &by_hash.workspace), (true, &hash));
        assert!(by_hash.note.unwrap().contains("by the hash"));
        make("my-app");
        let by_name = of(None);
        assert_eq!((by_name.is_there, &*by_name.workspace), (true, "my-app"));
        assert!(by_name.note.unwrap().contains(&format!("WORKSPACE_ID={hash}")));
        let named = of(Some("other"));
        assert_eq!((named.is_there, &*named.workspace, named.note), (false, "other", None));
        for name in ["..", "a/b", "a\nb"] {
            assert!(Database::of(&project, &surroundings(Some(name))).is_err(), "{name:?}");
        }
    }

    #[test]
    fn the_folder_of_the_workspaces_can_be_moved() {
        let surroundings = Surroundings { tasks: Some("/data/tasks".into()), ..Surroundings::default() };
        let found = Database::of(Path::new("/p/app"), &surroundings).unwrap();
        assert_eq!(found.path, Path::new("/data/tasks/app/tasks.db"));
        assert!(Database::of(Path::new("/p/app"), &Surroundings::default()).is_err(), "nobody knows where");
    }
}
