//! Finding the plan that a person means: a file, a folder, or what lies in the current folder.

use std::fs;
use std::path::{Path, PathBuf};

use crate::OpenError;
use crate::listing::{Listing, Named, is_document_name, is_index_name};
use crate::milestones::{looks_like_one, may_be_one, planning_documents_of};
use crate::prompts::INDEX;
use crate::streams::{Database, Surroundings, is_database, project_of};
use crate::waves;
use crate::weavers::{META, PLANS};

/// The systems that a plan can belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A Markdown index of prompt files (seed 002).
    Prompts,
    /// A planning document (seed 000).
    Milestones,
    /// The streams that the tasks of a database form (seed 001).
    Streams,
    /// A folder of specs, each a branch of its own (seed 003).
    Weavers,
    /// A plan in the commits of a branch, its tasks ready when what they require is provided (seed 004).
    Waves,
}

impl Kind {
    /// The name used on the command line and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Prompts => "prompts",
            Kind::Milestones => "milestones",
            Kind::Streams => "streams",
            Kind::Weavers => "weavers",
            Kind::Waves => "waves",
        }
    }

    /// The system called `name`.
    ///
    /// # Errors
    /// [`OpenError::Request`] for a name that is none of the five.
    pub fn named(name: &str) -> Result<Self, OpenError> {
        const ALL: [Kind; 5] = [Kind::Prompts, Kind::Milestones, Kind::Streams, Kind::Weavers, Kind::Waves];
        let found = ALL.into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| OpenError::Request {
            code: "kind.unknown",
            message: format!("there is no kind of plan called `{name}`"),
            hint: format!("the kinds are {}", ALL.map(Kind::name).join(", ")),
        })
    }
}

/// A plan that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Which system it belongs to.
    pub kind: Kind,
    /// The file that stands for it, or the branch (waves).
    pub path: PathBuf,
    /// The project that it is about, where its file does not lie there (streams, waves).
    pub project: Option<PathBuf>,
    /// Whether the streams of all initiatives are meant, and not of the current one alone.
    pub all_initiatives: bool,
}

impl Found {
    /// A plan of this kind, which this file stands for.
    pub fn new(kind: Kind, path: PathBuf) -> Self {
        Self { kind, path, project: None, all_initiatives: false }
    }
}

/// The plan that `given` means, or the only one in `here` when nothing is given: a file, a folder, the id of a plan of
/// weavers, or the branch of a plan of waves. With a `kind`, plans of other kinds are passed over.
///
/// # Errors
/// [`OpenError::NoPlan`] when there is none, or more than one.
pub fn locate(given: Option<&Path>, here: &Path, kind: Option<Kind>) -> Result<Found, OpenError> {
    locate_among(given, here, kind, Listing::of_plans)
}

/// The same; `named` says which of the folder's files are called as plans are.
pub(crate) fn locate_among(
    given: Option<&Path>,
    here: &Path,
    kind: Option<Kind>,
    named: impl FnOnce(&Path) -> Result<Named, OpenError>,
) -> Result<Found, OpenError> {
    let place = given.map_or_else(|| here.to_owned(), |given| here.join(given));
    let is_meta = place.file_name().is_some_and(|name| name == META) && is_there(&place);
    if place.is_file() && kind.map_or_else(|| is_database(&place), |kind| kind == Kind::Streams) {
        return Ok(Found { project: Some(project_of(here)), ..Found::new(Kind::Streams, place) });
    }
    if place.is_file() || is_meta {
        let name = place.file_name().and_then(|name| name.to_str());
        let kind = kind.unwrap_or_else(|| match () {
            () if is_meta => Kind::Weavers,
            () if name.is_some_and(is_index_name) => Kind::Prompts,
            () if looks_like_one(&place) => Kind::Milestones,
            () if name.is_some_and(is_document_name) && may_be_one(&place) => Kind::Milestones,
            () => Kind::Prompts,
        });
        return Ok(Found::new(kind, place));
    }
    if !place.is_dir() {
        let by_id = given.map(|given| here.join(PLANS).join(given).join(META));
        if let Some(path) =
            by_id.filter(|path| kind.is_none_or(|kind| kind == Kind::Weavers) && is_there(path))
        {
            return Ok(Found::new(Kind::Weavers, path));
        }
        if let Some(given) = given.and_then(Path::to_str)
            && kind.map_or_else(|| waves::is_like_a_plan(given), |kind| kind == Kind::Waves)
        {
            return waves::find(here, given);
        }
        let what = if is_there(&place) { "no file that can be read at" } else { "no" };
        return Err(OpenError::NoPlan {
            message: format!("there is {what} `{}`", place.display()),
            hint: "name an index file such as PROMPT-ORCHESTRATOR.md, a planning document, the folder of a plan, the \
                   folder it is in, or the branch of a plan"
                .into(),
        });
    }
    let mut found = in_folder(&place, named)?;
    found.retain(|found| kind.is_none_or(|kind| kind == found.kind));
    let project = project_of(&place);
    if kind.is_none_or(|kind| kind == Kind::Streams)
        && let Some(path) = Database::that_is_there(&project, &Surroundings::of_process())
        // Beside other plans it counts only where it is looked for, and when there is something in it.
        && (found.is_empty() || (is_same(&place, &project) && has_streams(&path)))
    {
        found.push(Found { project: Some(project.clone()), ..Found::new(Kind::Streams, path) });
    }
    if kind.is_none_or(|kind| kind == Kind::Waves) {
        found.extend(waves::found_in(&place, kind.is_some(), !found.is_empty())?);
    }
    match found.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(OpenError::NoPlan {
            message: format!("there is no plan in {}", place.display()),
            hint: match kind {
                Some(Kind::Streams) => no_database(&project),
                Some(Kind::Weavers) => format!("name the folder of a plan, with a {META} and specs in it"),
                Some(Kind::Waves) => "`orch generate --kind waves \"what is wanted\"` makes one".into(),
                Some(Kind::Milestones) => "name a planning document; `orch new plan` writes one".into(),
                _ => format!("name a plan, or write an index as {INDEX}{}", or_streams(&project)),
            },
        }),
        several => Err(OpenError::NoPlan {
            message: format!("there are {} plans in {}", several.len(), place.display()),
            hint: format!(
                "name one of {}",
                several.iter().filter_map(|found| found.shown(&place)).collect::<Vec<_>>().join(", ")
            ),
        }),
    }
}

impl Found {
    /// How a person in `place` would name it.
    fn shown(&self, place: &Path) -> Option<String> {
        let named = match self.kind {
            Kind::Prompts | Kind::Milestones => &self.path,
            Kind::Streams => return Some("the project's streams (`--kind streams`)".into()),
            Kind::Weavers => self.path.parent()?,
            Kind::Waves => return self.path.to_str().map(str::to_owned),
        };
        Some(named.strip_prefix(place).ok()?.to_str()?.to_owned())
    }
}

/// The plans in a folder, in the order of their names: indexes of prompts, planning documents, the plan of weavers that the
/// folder itself is, and those where the originals keep them.
fn in_folder(
    place: &Path,
    named: impl FnOnce(&Path) -> Result<Named, OpenError>,
) -> Result<Vec<Found>, OpenError> {
    let is_plan = |folder: &Path| is_there(&folder.join(META)) && folder.join("specs").is_dir();
    if is_plan(place) {
        return Ok(vec![Found::new(Kind::Weavers, place.join(META))]);
    }
    let Named { indexes, documents } = named(place)?;
    let mut found: Vec<Found> = indexes.into_iter().map(|path| Found::new(Kind::Prompts, path)).collect();
    // One with a session here is meant rather than those that lie beside it, and may be called as it likes.
    let mut planned = planning_documents_of(place);
    if planned.is_empty() {
        planned = documents.into_iter().filter(|path| looks_like_one(path)).collect();
    }
    found.extend(planned.into_iter().map(|path| Found::new(Kind::Milestones, path)));
    let plans = place.join(PLANS);
    if plans.is_dir() {
        let plans = entries(&plans)?.into_iter().filter(|path| is_plan(path));
        found.extend(plans.map(|path| Found::new(Kind::Weavers, path.join(META))));
    }
    Ok(found)
}

/// Where streams would be, for whoever has said something of it.
fn or_streams(project: &Path) -> String {
    let surroundings = Surroundings::of_process();
    match Database::of(project, &surroundings) {
        _ if surroundings.tasks.is_none() && surroundings.workspace.is_none() => String::new(),
        Ok(database) => format!("; the streams of this project would be in {}", database.path.display()),
        Err(error) => format!("; {error}"),
    }
}

/// What to do about a project without a database, and where one was looked for.
fn no_database(project: &Path) -> String {
    let tried = match Database::of(project, &Surroundings::of_process()) {
        Ok(database) => {
            let tried = database.tried.iter().map(|path| path.display().to_string());
            tried.collect::<Vec<_>>().join(" and ")
        }
        Err(error) => return error.to_string(),
    };
    format!(
        "looked for {tried}; `orch generate \"what is wanted\"` makes one, TASK_DB_PATH and WORKSPACE_ID say where it is"
    )
}

fn has_streams(path: &Path) -> bool {
    orch_state_sqlite::TaskDb::open(path).and_then(|db| db.has_streams()).unwrap_or(false)
}

fn is_same(place: &Path, project: &Path) -> bool {
    place.canonicalize().is_ok_and(|place| place == project)
}

/// Whether there is anything at all, also what can't be read as a plan: then that is what has to be said of it.
fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// What is in `folder`, in the order of the names.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, OpenError> {
    let entries = fs::read_dir(folder);
    let entries = entries.map_err(|source| OpenError::Read { path: folder.to_owned(), source })?;
    let mut paths: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_taken_several_are_listed_none_is_hinted_at() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        let failed = |given: Option<&str>| match locate(given.map(Path::new), here, None) {
            Err(OpenError::NoPlan { message, hint }) => format!("{message}; {hint}"),
            other => panic!("{other:?}"),
        };
        assert!(failed(None).contains("there is no plan in"));
        assert!(failed(Some("nowhere.md")).contains("there is no"));
        fs::write(here.join("PROMPT-ORCHESTRATOR.state.md"), "").unwrap();
        fs::write(here.join("PROMPT-ORCHESTRATOR-a.md"), "").unwrap();
        assert_eq!(locate(None, here, None).unwrap().path, here.join("PROMPT-ORCHESTRATOR-a.md"));
        fs::write(here.join("PROMPT-ORCHESTRATOR-b.md"), "").unwrap();
        assert!(failed(None).ends_with("name one of PROMPT-ORCHESTRATOR-a.md, PROMPT-ORCHESTRATOR-b.md"));
        assert_eq!(
            locate(Some(Path::new("PROMPT-ORCHESTRATOR-b.md")), here, None).unwrap().path,
            here.join("PROMPT-ORCHESTRATOR-b.md")
        );
        fs::remove_file(here.join("PROMPT-ORCHESTRATOR-a.md")).unwrap();
        fs::remove_file(here.join("PROMPT-ORCHESTRATOR-b.md")).unwrap();
        fs::write(here.join("PROMPT-ORCHESTRATOR.md"), "").unwrap();
        assert_eq!(
            locate(Some(here), Path::new("/"), None).unwrap().path,
            here.join("PROMPT-ORCHESTRATOR.md")
        );
    }

    #[test]
    fn plans_of_weavers_are_found_by_folder_by_id_and_beside_others() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        let plan = |id: &str| {
            let plan = here.join(PLANS).join(id);
            fs::create_dir_all(plan.join("specs")).unwrap();
            fs::write(plan.join(META), "{}").unwrap();
            plan
        };
        let first = plan("plan-20260119-1430");
        let found = |given: Option<&str>, kind| locate(given.map(Path::new), here, kind);
        let meta = Found::new(Kind::Weavers, first.join(META));
        assert_eq!(found(None, None).unwrap(), meta);
        assert_eq!(found(Some("plan-20260119-1430"), None).unwrap(), meta);
        assert_eq!(found(Some(".claude/vertical/plans/plan-20260119-1430"), None).unwrap(), meta);
        assert_eq!(found(Some(".claude/vertical/plans/plan-20260119-1430/meta.json"), None).unwrap(), meta);
        fs::write(here.join(INDEX), "").unwrap();
        assert!(found(None, None).is_err());
        assert_eq!(found(None, Some(Kind::Weavers)).unwrap(), meta);
        assert_eq!(found(None, Some(Kind::Prompts)).unwrap().path, here.join(INDEX));
        plan("plan-20260119-143052");
        let Err(OpenError::NoPlan { hint, .. }) = found(None, Some(Kind::Weavers)) else { panic!() };
        assert_eq!(
            hint,
            "name one of .claude/vertical/plans/plan-20260119-1430, .claude/vertical/plans/plan-20260119-143052"
        );
    }
}
