//! What is heard of workers while they work: the name of their session, how far they say they are, and what the plan
//! awaits from outside.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use orch_core::TaskIx;
use orch_exec::agent::{Profile, ResultKind, session};
use orch_exec::process::{Ended, Exit, Waker, log};
use orch_run::Notice;

use super::{AgentWorkers, Doing};

/// How often the logs of new workers are looked at for the name of their session.
const SESSION_TICK: Duration = Duration::from_secs(1);

/// How far into a log a session's name is looked for, in bytes.
const SESSION_WITHIN: usize = 64 << 10;

/// How often status files are looked at although no event came (seed 003: every 30 seconds).
const POLL: Duration = Duration::from_secs(30);

/// How often it is looked whether what is awaited has come.
const AWAIT_TICK: Duration = Duration::from_secs(3);

/// How long a worker that has said its last word may take to end, unless configured.
pub(super) const LINGER: Duration = Duration::from_secs(60);

/// What is listened to.
pub(super) struct Listening {
    /// The folders in which workers say how far they are.
    folders: Vec<PathBuf>,
    /// Wakes the waiting thread when a status file changes. None where nothing can be watched: polling remains.
    watcher: Option<RecommendedWatcher>,
    waker: Waker,
    /// The conditions that do not hold yet.
    awaited: Vec<String>,
}

impl Listening {
    pub(super) fn to<'a>(
        folders: Vec<PathBuf>,
        conditions: impl Iterator<Item = &'a str>,
        waker: Waker,
    ) -> Self {
        let awaited = conditions.map(str::to_owned).collect();
        Self { folders, watcher: None, waker, awaited }
    }

    /// Whether workers say how far they are.
    fn watches(&self) -> bool {
        !self.folders.is_empty()
    }

    /// Watches the folders, if that is not done yet: they are there as soon as a worker is to write into them.
    pub(super) fn watch(&mut self) {
        if self.watcher.is_some() || self.folders.is_empty() {
            return;
        }
        let waker = self.waker.clone();
        let heard = move |event: notify::Result<Event>| {
            if event.map_or(true, |event| is_news(event.kind)) {
                waker.wake();
            }
        };
        let Ok(mut watcher) = notify::recommended_watcher(heard) else { return };
        for folder in &self.folders {
            // One that can't be watched is looked at now and then.
            let _ = watcher.watch(folder, RecursiveMode::NonRecursive);
        }
        self.watcher = Some(watcher);
    }
}

impl AgentWorkers {
    /// How long may be waited at most before something has to be looked at again.
    pub(super) fn look_again(&self, silent: bool, now: Instant) -> Option<Duration> {
        let working = self.active.values().filter_map(|active| match &active.doing {
            Doing::Work(work) => Some(work),
            _ => None,
        });
        let lingering = working.filter_map(|work| work.final_since).map(|since| since + self.linger);
        let limits = self.active.values().filter_map(|active| match &active.doing {
            Doing::FollowUp(following_up) => following_up.deadline(),
            _ => None,
        });
        let moments = lingering.chain(limits).map(|moment| moment.saturating_duration_since(now));
        let ticks = [
            silent.then_some(SESSION_TICK),
            (self.listening.watches() && !self.active.is_empty()).then_some(POLL),
            (!self.listening.awaited.is_empty()).then_some(AWAIT_TICK),
        ];
        moments.chain(ticks.into_iter().flatten()).min()
    }

    /// Looks at what workers say of themselves, at whose time is up, and for what is awaited.
    pub(super) fn look(&mut self, now: Instant) -> Vec<Notice> {
        let mut notices = Vec::new();
        let (mut to_end, mut handed_back) = (Vec::new(), Vec::new());
        let watches = self.listening.watches();
        for (&key, active) in &mut self.active {
            match &mut active.doing {
                Doing::Work(work) if watches => {
                    let glance = self.system.glance(&self.place.home, active.task, active.attempt);
                    // After it: whatever somebody was told of is kept, although the worker may write at any moment.
                    self.system.keep_word(&self.place.home, active.task, active.attempt);
                    if glance.progress.is_some() && glance.progress != work.progress {
                        work.progress.clone_from(&glance.progress);
                        let text = glance.progress.unwrap_or_default();
                        notices.push(Notice::Progress { task: active.task, attempt: active.attempt, text });
                    }
                    let since = glance.is_final.then(|| work.final_since.unwrap_or(now));
                    work.final_since = since;
                    let lingers = since.is_some_and(|since| now >= since + self.linger);
                    if lingers || glance.is_over {
                        to_end.push(key);
                    }
                }
                Doing::ByPerson
                    if self.system.has_handed_back(&self.place.home, active.task, active.attempt) =>
                {
                    handed_back.push(Ended { key, exit: Exit::Unknown });
                }
                Doing::FollowUp(following_up) if following_up.is_late(now) => to_end.push(key),
                _ => {}
            }
        }
        for key in to_end {
            self.processes.stop(key);
        }
        self.ended.extend(handed_back);
        if !self.listening.awaited.is_empty() {
            let holding = self.system.holding();
            self.listening.awaited.retain(|condition| {
                let holds = holding.contains(condition);
                if holds {
                    notices.push(Notice::Holds { condition: condition.clone() });
                }
                !holds
            });
        }
        notices
    }

    /// Whether there are workers whose agent names its session and has not done so yet.
    pub(super) fn is_waiting_for_sessions(&self) -> bool {
        let silent = |doing: &Doing| matches!(doing, Doing::Work(work) if work.session.is_none());
        has_sessions(&self.profile) && self.active.values().any(|active| silent(&active.doing))
    }

    /// Looks for the names of sessions in the logs of workers that have not said theirs yet.
    pub(super) fn find_sessions(&mut self) -> Vec<Notice> {
        let silent = self.active.values().filter_map(|active| match &active.doing {
            Doing::Work(work) if work.session.is_none() => Some((active.task, active.attempt)),
            _ => None,
        });
        let silent: Vec<(TaskIx, u32)> = silent.collect();
        let mut found = Vec::new();
        for (task, attempt) in silent {
            if let Some(notice) = self.find_session(task, attempt) {
                if let (Notice::Session { session: name, .. }, Some(active)) =
                    (&notice, self.active.get_mut(&self.keys.work(task)))
                    && let Doing::Work(work) = &mut active.doing
                {
                    work.session = Some(name.clone());
                }
                found.push(notice);
            }
        }
        found
    }

    pub(super) fn find_session(&self, task: TaskIx, attempt: u32) -> Option<Notice> {
        if !has_sessions(&self.profile) {
            return None;
        }
        let head = log::head(&self.place.home.log(&self.id(task), attempt), SESSION_WITHIN).ok()?;
        let session = session(&self.profile.result, &head)?;
        Some(Notice::Session { task, attempt, session })
    }
}

/// Whether something may have changed. That somebody reads is no news: it may be this very program, which would wake
/// itself for ever.
fn is_news(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(how) => how == AccessKind::Close(AccessMode::Write),
        _ => true,
    }
}

fn has_sessions(profile: &Profile) -> bool {
    !matches!(profile.result, ResultKind::Report | ResultKind::Exit)
}

#[cfg(test)]
mod tests {
    use notify::event::{CreateKind, DataChange, ModifyKind, RemoveKind};

    use super::*;

    #[test]
    fn reading_is_no_news() {
        for (kind, news) in [
            (EventKind::Access(AccessKind::Open(AccessMode::Any)), false),
            (EventKind::Access(AccessKind::Open(AccessMode::Read)), false),
            (EventKind::Access(AccessKind::Read), false),
            (EventKind::Access(AccessKind::Close(AccessMode::Read)), false),
            (EventKind::Access(AccessKind::Close(AccessMode::Write)), true),
            (EventKind::Modify(ModifyKind::Data(DataChange::Any)), true),
            (EventKind::Create(CreateKind::File), true),
            (EventKind::Remove(RemoveKind::File), true),
            (EventKind::Any, true),
        ] {
            assert_eq!(is_news(kind), news, "{kind:?}");
        }
    }
}
