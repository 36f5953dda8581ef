//! `orch watch`: what `orch status` shows, for as long as somebody looks.
//!
//! - [`look`] looks at the plan, on a thread of its own: however long that takes, keys and signals are heard.
//! - [`news`] hears of changes, [`rhythm`] says when it is time to look again.
//! - [`screen`] is the terminal, and [`frame`] what is drawn there; [`plain`] is for everything else.

mod frame;
mod look;
mod news;
mod plain;
mod rhythm;
mod screen;

use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use orch_systems::OpenError;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGWINCH};
use signal_hook::iterator::Signals;

use crate::args::Watch;
use crate::failure::{Failure, code};
use crate::interrupt;
use frame::Clock;
use look::{Looked, Looker};
use news::News;
use plain::Plain;
use rhythm::Rhythm;
use screen::Screen;

/// Between two looks when nothing is heard (seed 001).
const INTERVAL: Duration = Duration::from_secs(15);

/// The longest time between two looks, in seconds.
const LONGEST: u64 = 86_400;

/// What is waited for.
enum Event {
    /// Something has changed on disk.
    Changed,
    /// The plan was looked at.
    Looked(Result<Looked, OpenError>),
    /// Somebody pressed a key.
    Key(u8),
    /// Somebody sent a signal.
    Signal(i32),
}

/// Where it is shown.
enum Face {
    Terminal(Screen),
    Plain(Plain),
}

/// Shows the plan until there is nothing more to see, or somebody ends it.
pub(super) fn run(args: &Watch) -> Result<u8, Failure> {
    let given: Vec<&str> = [&args.plan, &args.seconds].into_iter().flatten().map(String::as_str).collect();
    let (plan, interval) = words(&given)?;
    let began = Instant::now();
    let opening = super::load_to_look(plan.map(Path::new), &args.kind)?;
    let found = opening.plan().found();
    let is_terminal = screen::is_terminal();
    let first = look::look(opening, args.all, is_terminal.then(screen::size))?;
    let mut rhythm = Rhythm::new(interval, began);
    rhythm.ended(Instant::now());
    // Where the sun stands can only be asked as long as there is one thread.
    let clock = Clock::of_process();
    let (sender, events) = channel();
    listen(&sender)?;
    let face = match is_terminal {
        true => Face::Terminal(Screen::open(&sender).map_err(Failure::Output)?),
        false => Face::Plain(Plain::default()),
    };
    let mut watching = Watching {
        rhythm,
        news: News::new(sender.clone()),
        looker: Looker::start(found, args.all, sender)?,
        face,
        foot: Foot { clock, interval, looked_at: String::new() },
        seen: first,
        trouble: None,
    };
    watching.go_on(&events)
}

/// The plan and the interval among the words of the command line.
fn words<'a>(words: &[&'a str]) -> Result<(Option<&'a str>, Duration), OpenError> {
    let refused = |message: String| OpenError::Request {
        code: "watch.words",
        message,
        hint: "`orch watch [PLAN] [SECONDS]`; a plan that is called as a number is written ./15".into(),
    };
    let (mut plan, mut interval) = (None, None);
    for &word in words {
        let is_number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number {
            if plan.replace(word).is_some() {
                return Err(refused("there are two plans to watch".into()));
            }
            continue;
        }
        let seconds = word.parse().ok().filter(|seconds| (1..=LONGEST).contains(seconds));
        let Some(seconds) = seconds else {
            return Err(refused(format!("{word} is no interval: it is 1 to {LONGEST} seconds")));
        };
        if interval.replace(Duration::from_secs(seconds)).is_some() {
            return Err(refused("there are two intervals".into()));
        }
    }
    Ok((plan, interval.unwrap_or(INTERVAL)))
}

/// Passes on the signals that ask a program to end, and the one that says that the terminal has another size.
fn listen(events: &Sender<Event>) -> Result<(), OpenError> {
    let failed = |source| OpenError::System { what: "listen for signals", source };
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGWINCH]).map_err(failed)?;
    let events = events.clone();
    let pass_on = move || {
        for signal in signals.forever() {
            // Nobody listens any more when the command is about to end.
            let _ = events.send(Event::Signal(signal));
        }
    };
    thread::Builder::new().name("signals".into()).spawn(pass_on).map_err(failed)?;
    Ok(())
}

/// The last line of a terminal.
struct Foot {
    clock: Clock,
    interval: Duration,
    /// The time of day when the plan was looked at last.
    looked_at: String,
}

struct Watching {
    rhythm: Rhythm,
    news: News,
    looker: Looker,
    face: Face,
    foot: Foot,
    /// What was seen last.
    seen: Looked,
    /// Why it could not be looked at since.
    trouble: Option<String>,
}

impl Watching {
    fn go_on(&mut self, events: &Receiver<Event>) -> Result<u8, Failure> {
        let mut is_over = self.show()?;
        while !is_over {
            let event = match self.rhythm.due() {
                Some(due) => events.recv_timeout(due.saturating_duration_since(Instant::now())),
                None => events.recv().map_err(RecvTimeoutError::from),
            };
            match event {
                Ok(Event::Changed) => {
                    self.news.heard();
                    self.rhythm.changed(Instant::now());
                }
                Ok(Event::Looked(looked)) => {
                    self.rhythm.ended(Instant::now());
                    match looked {
                        Ok(looked) => (self.seen, self.trouble) = (looked, None),
                        // A lock ends, and a plan that is being replaced is there again.
                        Err(error) => self.trouble = Some(look::trouble(&error)),
                    }
                    is_over = self.show()?;
                }
                Ok(Event::Signal(SIGWINCH)) => {
                    self.draw()?;
                    self.rhythm.changed(Instant::now());
                }
                Ok(Event::Signal(signal)) => return Ok(interrupt::exit_code(signal)),
                Ok(Event::Key(b'q' | b'Q')) => return Ok(code::SUCCESS),
                Ok(Event::Key(screen::CTRL_C)) => return Ok(interrupt::exit_code(SIGINT)),
                Ok(Event::Key(_)) => {}
                Err(_) => {
                    let size = matches!(self.face, Face::Terminal(_)).then(screen::size);
                    self.looker.look(size);
                    self.rhythm.began(Instant::now());
                }
            }
        }
        Ok(code::SUCCESS)
    }

    /// Shows what was seen; whether there is no more to come.
    fn show(&mut self) -> io::Result<bool> {
        self.news.follow(&self.seen.folders);
        self.foot.looked_at = self.foot.clock.now();
        match &mut self.face {
            Face::Plain(plain) => plain.show(&self.seen, self.trouble.as_deref(), &mut io::stdout().lock()),
            Face::Terminal(_) => self.draw().map(|()| false),
        }
    }

    fn draw(&mut self) -> io::Result<()> {
        let Face::Terminal(screen) = &mut self.face else { return Ok(()) };
        let Foot { interval, looked_at, .. } = &self.foot;
        let ends = if screen.hears_keys() { "q" } else { "Ctrl-C" };
        let foot = format!("{looked_at} · every {} s · {ends} ends", interval.as_secs());
        let text = match &self.trouble {
            Some(trouble) => format!("{trouble}\n{}", self.seen.text),
            None => self.seen.text.clone(),
        };
        screen.draw(&frame::compose(&text, &foot, screen::size()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_is_the_interval_and_anything_else_the_plan() {
        for (line, plan, seconds) in [
            ("", None, 15),
            ("5", None, 5),
            ("plan.md", Some("plan.md"), 15),
            ("plan.md 5", Some("plan.md"), 5),
            ("5 plan.md", Some("plan.md"), 5),
            ("./15", Some("./15"), 15),
            ("-5", Some("-5"), 15),
            ("1.5", Some("1.5"), 15),
            ("007 86400s", Some("86400s"), 7),
        ] {
            let given: Vec<&str> = line.split_whitespace().collect();
            assert_eq!(words(&given).unwrap(), (plan, Duration::from_secs(seconds)), "{line}");
        }
        for line in ["0", "86401", "99999999999999999999", "5 6", "a b"] {
            let given: Vec<&str> = line.split_whitespace().collect();
            assert!(matches!(words(&given), Err(OpenError::Request { code: "watch.words", .. })), "{line}");
        }
    }
}
