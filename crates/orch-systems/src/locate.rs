//! Finding the plan that a person means: a file, a folder, or what lies in the current folder.

use std::path::{Path, PathBuf};

use crate::OpenError;
use crate::prompts::INDEX;

/// The systems that a plan can belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A Markdown index of prompt files (seed 002).
    Prompts,
}

impl Kind {
    /// The name used on the command line and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Prompts => "prompts",
        }
    }

    /// The system called `name`.
    ///
    /// # Errors
    /// [`OpenError::Request`] for a name that is none of the five, and for one that this version can't run yet.
    pub fn named(name: &str) -> Result<Self, OpenError> {
        let (message, hint) = match name {
            "prompts" => return Ok(Kind::Prompts),
            "milestones" | "streams" | "weavers" | "waves" => (
                format!("plans of the kind `{name}` can't be run by this version of orch yet"),
                "`--kind prompts`",
            ),
            _ => (
                format!("there is no kind of plan called `{name}`"),
                "the kinds are prompts, milestones, streams, weavers, waves",
            ),
        };
        Err(OpenError::Request { code: "kind.unknown", message, hint: hint.into() })
    }
}

/// The index file that `given` means, or the only one in `here` when nothing is given.
///
/// # Errors
/// [`OpenError::NoPlan`] when there is none, or more than one.
pub fn locate(given: Option<&Path>, here: &Path) -> Result<PathBuf, OpenError> {
    let place = given.map_or_else(|| here.to_owned(), |given| here.join(given));
    if place.is_file() {
        return Ok(place);
    }
    if !place.is_dir() {
        return Err(OpenError::NoPlan {
            message: format!("there is no `{}`", place.display()),
            hint: "name an index file such as PROMPT-ORCHESTRATOR.md, or the folder it is in".into(),
        });
    }
    let mut found: Vec<PathBuf> = std::fs::read_dir(&place)
        .map_err(|source| OpenError::Read { path: place.clone(), source })?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(is_index_name))
        .collect();
    found.sort();
    match found.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(OpenError::NoPlan {
            message: format!("there is no plan in {}", place.display()),
            hint: format!("name a plan, or write an index as {INDEX}"),
        }),
        several => Err(OpenError::NoPlan {
            message: format!("there are {} plans in {}", several.len(), place.display()),
            hint: format!(
                "name one of {}",
                several.iter().filter_map(|path| path.file_name()?.to_str()).collect::<Vec<_>>().join(", ")
            ),
        }),
    }
}

/// Index files by another name, such as `PROMPT-ORCHESTRATOR-auth.md`; what orch and runners write beside them is none.
fn is_index_name(name: &str) -> bool {
    name.strip_suffix(".md").is_some_and(|stem| {
        stem.starts_with("PROMPT-ORCHESTRATOR")
            && !stem.contains(".state")
            && !stem.contains(".validation")
            && !stem.ends_with("-PLAN")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn one_is_taken_several_are_listed_none_is_hinted_at() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        let failed = |given: Option<&str>| match locate(given.map(Path::new), here) {
            Err(OpenError::NoPlan { message, hint }) => format!("{message}; {hint}"),
            other => panic!("{other:?}"),
        };
        assert!(failed(None).contains("there is no plan in"));
        assert!(failed(Some("nowhere.md")).contains("there is no"));
        fs::write(here.join("PROMPT-ORCHESTRATOR.state.md"), "").unwrap();
        fs::write(here.join("PROMPT-ORCHESTRATOR-a.md"), "").unwrap();
        assert_eq!(locate(None, here).unwrap(), here.join("PROMPT-ORCHESTRATOR-a.md"));
        fs::write(here.join("PROMPT-ORCHESTRATOR-b.md"), "").unwrap();
        assert!(failed(None).ends_with("name one of PROMPT-ORCHESTRATOR-a.md, PROMPT-ORCHESTRATOR-b.md"));
        assert_eq!(
            locate(Some(Path::new("PROMPT-ORCHESTRATOR-b.md")), here).unwrap(),
            here.join("PROMPT-ORCHESTRATOR-b.md")
        );
        fs::remove_file(here.join("PROMPT-ORCHESTRATOR-a.md")).unwrap();
        fs::remove_file(here.join("PROMPT-ORCHESTRATOR-b.md")).unwrap();
        fs::write(here.join("PROMPT-ORCHESTRATOR.md"), "").unwrap();
        assert_eq!(locate(Some(here), Path::new("/")).unwrap(), here.join("PROMPT-ORCHESTRATOR.md"));
    }
}
