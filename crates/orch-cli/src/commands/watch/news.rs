//! Hearing that something has changed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

use notify::event::ModifyKind;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::Event;

/// Listens to folders.
pub(super) struct News {
    /// None where nothing can be watched: the plan is looked at again at its interval.
    watcher: Option<RecommendedWatcher>,
    /// Whether news is under way that was not heard yet: one is enough.
    is_told: Arc<AtomicBool>,
}

impl News {
    pub(super) fn new(events: Sender<Event>) -> Self {
        let is_told = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&is_told);
        let heard = move |event: notify::Result<notify::Event>| {
            let is_news = event.map_or(true, |event| is_news(&event));
            if is_news && !told.swap(true, Ordering::Relaxed) {
                // Nobody listens any more when the command is about to end.
                let _ = events.send(Event::Changed);
            }
        };
        Self { watcher: notify::recommended_watcher(heard).ok(), is_told }
    }

    /// The news has been heard; what comes from now on is new.
    pub(super) fn heard(&self) {
        self.is_told.store(false, Ordering::Relaxed);
    }

    /// Listens to these folders as well. One that was replaced since is another one.
    pub(super) fn follow(&mut self, folders: &[PathBuf]) {
        let Some(watcher) = &mut self.watcher else { return };
        for folder in folders {
            // One that can't be watched is looked at now and then.
            let _ = watcher.watch(folder, RecursiveMode::NonRecursive);
        }
    }
}

/// Whether it says that somebody else has changed something. To look at a database makes, opens and removes the files that
/// SQLite keeps beside it: who took that for news would wake themselves for ever.
fn is_news(event: &notify::Event) -> bool {
    let comes_or_goes = matches!(event.kind, EventKind::Create(_) | EventKind::Remove(_));
    let counts = |path: &PathBuf| !(ends_with(path, "-shm") || (comes_or_goes && ends_with(path, "-wal")));
    match event.kind {
        EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_)) => false,
        _ => event.paths.is_empty() || event.paths.iter().any(counts),
    }
}

fn ends_with(path: &Path, ending: &str) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().ends_with(ending.as_bytes()))
}

#[cfg(test)]
mod tests {
    use notify::event::{
        AccessKind, AccessMode, CreateKind, DataChange, MetadataKind, RemoveKind, RenameMode,
    };

    use super::*;

    #[test]
    fn what_looking_itself_does_is_no_news() {
        let create = EventKind::Create(CreateKind::File);
        let remove = EventKind::Remove(RemoveKind::File);
        let write = EventKind::Modify(ModifyKind::Data(DataChange::Any));
        for (kind, path, news) in [
            (EventKind::Access(AccessKind::Open(AccessMode::Any)), "tasks.db", false),
            (EventKind::Access(AccessKind::Close(AccessMode::Write)), "tasks.db", false),
            (EventKind::Access(AccessKind::Close(AccessMode::Write)), "tasks.db-wal", false),
            (EventKind::Modify(ModifyKind::Metadata(MetadataKind::Any)), "tasks.db", false),
            (create, "tasks.db-shm", false),
            (write, "tasks.db-shm", false),
            (create, "tasks.db-wal", false),
            (remove, "tasks.db-wal", false),
            (write, "tasks.db-wal", true),
            (write, "tasks.db", true),
            (write, "history.jsonl", true),
            (create, "tasks.db", true),
            (remove, ".orch", true),
            (EventKind::Modify(ModifyKind::Name(RenameMode::To)), "PLAN.state.md", true),
            (EventKind::Any, "", true),
        ] {
            let mut event = notify::Event::new(kind);
            if !path.is_empty() {
                event = event.add_path(Path::new("/home/folder").join(path));
            }
            assert_eq!(is_news(&event), news, "{kind:?} {path}");
        }
        let mut renamed = notify::Event::new(EventKind::Modify(ModifyKind::Name(RenameMode::Both)));
        renamed = renamed.add_path("a-shm".into()).add_path("a".into());
        assert!(is_news(&renamed));
    }
}
