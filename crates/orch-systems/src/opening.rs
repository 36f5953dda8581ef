//! A plan about to be opened: its history is read while the plan is loaded.

use std::fs;
use std::path::Path;
use std::thread::{self, JoinHandle};

use orch_store::{Home, ReadAhead};

use crate::listing::{Files, Listing};
use crate::locate::{Found, Kind, locate, locate_among};
use crate::prompts::INDEX;
use crate::{AnyPlan, MilestonePlan, OpenError, PromptPlan, StreamPlan, WavePlan, WeaverPlan};

/// From this size of a history or an index on, a thread of its own is worth it: with 100,000 prompts, reading the history
/// takes a quarter of the time to open a plan, and listing its folder a fifth, which nobody has to wait for then.
const LARGE: u64 = 1 << 20;

/// Which of the plans that are there is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only one of this kind.
    pub kind: Option<Kind>,
    /// The streams of all initiatives, and not of the current one alone.
    pub all_initiatives: bool,
}

/// A plan, and what is being read of its past meanwhile.
#[derive(Debug)]
pub struct Opening {
    pub(crate) plan: AnyPlan,
    history: Option<JoinHandle<Option<ReadAhead>>>,
}

impl Opening {
    /// Finds the plan that is meant, as [`locate`] does, and loads it. When the usual index is there and large, its folder,
    /// in which there may be as many files as it has prompts, is listed once, and meanwhile the index is read.
    ///
    /// # Errors
    /// Those of [`locate`] and of [`AnyPlan::load`].
    pub fn find(given: Option<&Path>, here: &Path, wanted: Wanted) -> Result<Self, OpenError> {
        let Wanted { kind, all_initiatives } = wanted;
        let Some(usual) = usual_large(given, here, kind) else {
            return Self::load(&Found { all_initiatives, ..locate(given, here, kind)? });
        };
        thread::scope(|scope| {
            let mut listing = Some(scope.spawn(|| Listing::of(usual.path.parent()?).ok()));
            let mut named = None;
            let mut files = || {
                let listed = listing.take().and_then(|listing| listing.join().ok()?);
                listed.map_or_else(Files::default, |listed| {
                    named = Some(listed.named);
                    listed.files
                })
            };
            let history = read_ahead(&usual);
            let loaded = PromptPlan::load_among(&usual.path, Some(&mut files));
            if loaded.is_err() {
                files();
            }
            let listed = |folder: &Path| named.map_or_else(|| Listing::of_plans(folder), Ok);
            let found = locate_among(given, here, kind, listed)?;
            match found == usual {
                true => Ok(Self { plan: loaded?.into(), history }),
                false => Self::load(&Found { all_initiatives, ..found }),
            }
        })
    }

    /// Loads the plan that was found.
    ///
    /// # Errors
    /// Those of [`AnyPlan::load`].
    pub fn load(found: &Found) -> Result<Self, OpenError> {
        let history = read_ahead(found);
        Ok(Self { plan: AnyPlan::load(found)?, history })
    }

    /// The plan.
    pub fn plan(&self) -> &AnyPlan {
        &self.plan
    }

    /// The plan, and what was read of its history when that was worth a thread.
    pub(crate) fn into_parts(self) -> (AnyPlan, Option<ReadAhead>) {
        (self.plan, self.history.and_then(|history| history.join().ok().flatten()))
    }
}

/// Begins to read the history of the plan that was found, if there is much of it.
fn read_ahead(found: &Found) -> Option<JoinHandle<Option<ReadAhead>>> {
    let Kind::Prompts = found.kind else { return None };
    let index = found.path.canonicalize().ok()?;
    let history = Home::find(index.parent()?, index.file_stem()?.to_str()?)?.history();
    let is_large = fs::symlink_metadata(&history).is_ok_and(|file| file.is_file() && file.len() >= LARGE);
    is_large.then(|| thread::Builder::new().spawn(move || ReadAhead::of(&history)).ok()).flatten()
}

/// The usual index of the folder that is meant, if it is a large one.
fn usual_large(given: Option<&Path>, here: &Path, kind: Option<Kind>) -> Option<Found> {
    let path = given.map_or_else(|| here.to_owned(), |given| here.join(given)).join(INDEX);
    let is_large = fs::symlink_metadata(&path).is_ok_and(|file| file.is_file() && file.len() >= LARGE);
    (is_large && kind.is_none_or(|kind| kind == Kind::Prompts)).then(|| Found::new(Kind::Prompts, path))
}

impl From<AnyPlan> for Opening {
    fn from(plan: AnyPlan) -> Self {
        Self { plan, history: None }
    }
}

impl From<PromptPlan> for Opening {
    fn from(plan: PromptPlan) -> Self {
        AnyPlan::from(plan).into()
    }
}

impl From<MilestonePlan> for Opening {
    fn from(plan: MilestonePlan) -> Self {
        AnyPlan::from(plan).into()
    }
}

impl From<StreamPlan> for Opening {
    fn from(plan: StreamPlan) -> Self {
        AnyPlan::from(plan).into()
    }
}

impl From<WeaverPlan> for Opening {
    fn from(plan: WeaverPlan) -> Self {
        AnyPlan::from(plan).into()
    }
}

impl From<WavePlan> for Opening {
    fn from(plan: WavePlan) -> Self {
        AnyPlan::from(plan).into()
    }
}
