//! A plan about to be opened: its history and its state file are read while the plan is loaded.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use orch_state_md::state::StateFile;
use orch_store::{Home, ReadAhead};

use crate::listing::{Files, Listing};
use crate::locate::{Found, Kind, locate, locate_among};
use crate::prompts::{INDEX, read_state, state_of};
use crate::{AnyPlan, MilestonePlan, OpenError, PromptPlan, StreamPlan, WavePlan, WeaverPlan};

/// From this size of an index, a history or a state file on, a thread is worth it.
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
    history: Option<Receiver<ReadAhead>>,
    /// Why it is not the plan as it is now that is looked at, if it is not.
    note: Option<String>,
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
        let Ahead { mut listing, history, state } = Ahead::of(&usual, true);
        let mut named = None;
        let mut files = || {
            let listed = listing.take().and_then(|listing| listing.recv().ok());
            listed.map_or_else(Files::default, |listed| {
                named = Some(listed.named);
                listed.files
            })
        };
        let loaded = PromptPlan::load_among(&usual.path, Some(&mut files));
        if loaded.is_err() {
            files();
        }
        let listed = |folder: &Path| named.map_or_else(|| Listing::of_plans(folder), Ok);
        let found = locate_among(given, here, kind, listed)?;
        match found == usual {
            true => Ok(Self { plan: loaded?.with_state(state).into(), history, note: None }),
            false => Self::load(&Found { all_initiatives, ..found }),
        }
    }

    /// Loads the plan that was found.
    ///
    /// # Errors
    /// Those of [`AnyPlan::load`].
    pub fn load(found: &Found) -> Result<Self, OpenError> {
        let Ahead { history, state, .. } = Ahead::of(found, false);
        let plan = match AnyPlan::load(found)? {
            AnyPlan::Prompts(plan) => plan.with_state(state).into(),
            other => other,
        };
        Ok(Self { plan, history, note: None })
    }

    /// The same as [`find`](Self::find) for whoever only looks, or ends what is under way: where the plan was run, and was
    /// changed since to what can't be run, the last version that can be is taken, if the plan has such. [`note`](Self::note)
    /// says so.
    ///
    /// # Errors
    /// Those of [`find`](Self::find).
    pub fn find_to_look(given: Option<&Path>, here: &Path, wanted: Wanted) -> Result<Self, OpenError> {
        match Self::find(given, here, wanted) {
            Err(wrong @ OpenError::Invalid { .. }) => {
                Self::last_valid(&locate(given, here, wanted.kind)?, wrong)
            }
            found => found,
        }
    }

    /// The same as [`load`](Self::load) for whoever only [looks](Self::find_to_look).
    ///
    /// # Errors
    /// Those of [`load`](Self::load).
    pub fn load_to_look(found: &Found) -> Result<Self, OpenError> {
        match Self::load(found) {
            Err(wrong @ OpenError::Invalid { .. }) => Self::last_valid(found, wrong),
            loaded => loaded,
        }
    }

    fn last_valid(found: &Found, wrong: OpenError) -> Result<Self, OpenError> {
        let root = found.project.as_deref().filter(|_| found.kind == Kind::Waves);
        let valid = root.and_then(|root| WavePlan::last_valid(root, &found.path.to_string_lossy(), &wrong));
        match valid {
            Some((plan, note)) => Ok(Self { note: Some(note), ..plan.into() }),
            None => Err(wrong),
        }
    }

    /// What a person should be told of the plan that is looked at, a lower-case fragment.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// The plan.
    pub fn plan(&self) -> &AnyPlan {
        &self.plan
    }

    /// The plan, and what was read of its history when that was worth a thread.
    pub(crate) fn into_parts(self) -> (AnyPlan, Option<ReadAhead>) {
        (self.plan, self.history.and_then(|history| history.recv().ok()))
    }
}

/// What is read while the index is; nothing comes of what can't be read, and whoever needs it will find out why.
///
/// It is one thread that reads all of it, in the order in which it is asked for. Together it takes less than the index, so
/// that of two processors each has its thread; three would take turns.
#[derive(Debug, Default)]
struct Ahead {
    listing: Option<Receiver<Listing>>,
    history: Option<Receiver<ReadAhead>>,
    state: Option<Receiver<StateFile>>,
}

impl Ahead {
    /// Begins to read what there is much of, of the plan that was found: its folder, if that is wanted, its history and its
    /// state file.
    fn of(found: &Found, with_listing: bool) -> Self {
        if found.kind != Kind::Prompts {
            return Self::default();
        }
        let (to_list, listing) = asked(found.path.parent().filter(|_| with_listing).map(Path::to_owned));
        let index = found.path.canonicalize().ok();
        let (to_fold, history) = asked(index.as_deref().and_then(history_of).filter(|path| is_large(path)));
        let (to_read, state) = asked(index.as_deref().map(state_of).filter(|path| is_large(path)));
        if to_list.is_none() && to_fold.is_none() && to_read.is_none() {
            return Self::default();
        }
        let read = move || {
            answer(to_list, |folder| Listing::of(folder).ok());
            answer(to_fold, ReadAhead::of);
            answer(to_read, read_state);
        };
        // Without a thread nothing is ever sent.
        let _ = thread::Builder::new().spawn(read);
        Self { listing, history, state }
    }
}

/// What is to be read, and where what comes of it goes.
type Question<T> = (PathBuf, Sender<T>);

/// The question about what is at `path`, and where the answer comes out.
fn asked<T>(path: Option<PathBuf>) -> (Option<Question<T>>, Option<Receiver<T>>) {
    path.map(|path| {
        let (sender, receiver) = channel();
        ((path, sender), receiver)
    })
    .unzip()
}

fn answer<T>(question: Option<Question<T>>, read: impl FnOnce(&Path) -> Option<T>) {
    let Some((path, sender)) = question else { return };
    if let Some(answer) = read(&path) {
        // Nobody waits any more for what can't be sent.
        let _ = sender.send(answer);
    }
}

fn history_of(index: &Path) -> Option<PathBuf> {
    Some(Home::find(index.parent()?, index.file_stem()?.to_str()?)?.history())
}

fn is_large(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|file| file.is_file() && file.len() >= LARGE)
}

/// The usual index of the folder that is meant, if it is a large one.
fn usual_large(given: Option<&Path>, here: &Path, kind: Option<Kind>) -> Option<Found> {
    let path = given.map_or_else(|| here.to_owned(), |given| here.join(given)).join(INDEX);
    (is_large(&path) && kind.is_none_or(|kind| kind == Kind::Prompts))
        .then(|| Found::new(Kind::Prompts, path))
}

impl From<AnyPlan> for Opening {
    fn from(plan: AnyPlan) -> Self {
        Self { plan, history: None, note: None }
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
