//! The terminal: another screen for as long as it is watched, and the keys that are pressed.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::sync::mpsc::Sender;
use std::thread;

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetwinsize, tcsetattr,
};

use super::Event;
use crate::progress::is_dumb;

/// What the terminal sends for Ctrl-C when it leaves the meaning of keys to the program.
pub(super) const CTRL_C: u8 = 3;

/// Switches to the other screen, and hides the cursor.
const BEGIN: &[u8] = b"\x1b[?1049h\x1b[?25l";

/// Shows the cursor, and switches back.
const END: &[u8] = b"\x1b[?25h\x1b[?1049l";

/// The size of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    /// How many columns a line has.
    pub(super) columns: usize,
    /// How many lines there are.
    pub(super) rows: usize,
}

/// Whether standard output is a terminal that can be drawn on.
pub(super) fn is_terminal() -> bool {
    io::stdout().is_terminal() && !is_dumb()
}

/// The size of the terminal now: as it says itself, else as the environment does, else the usual one.
pub(super) fn size() -> Size {
    let asked = tcgetwinsize(io::stdout()).ok();
    let named = |name| std::env::var(name).ok().and_then(|value| value.parse::<usize>().ok());
    let either = |asked: Option<u16>, name, usual| {
        let asked = asked.map(usize::from).filter(|count| *count > 0);
        asked.or_else(|| named(name).filter(|count| *count > 0)).unwrap_or(usual)
    };
    Size {
        columns: either(asked.map(|size| size.ws_col), "COLUMNS", 80),
        rows: either(asked.map(|size| size.ws_row), "LINES", 24),
    }
}

/// The terminal, as it is drawn on. It is put back when this is dropped.
pub(super) struct Screen {
    out: File,
    /// The keyboard as it was; none when no keys are heard.
    before: Option<Termios>,
}

impl Screen {
    /// Takes the terminal over, and passes on the keys that are pressed.
    pub(super) fn open(events: &Sender<Event>) -> io::Result<Self> {
        let out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let before = tcgetattr(io::stdin()).ok().filter(|before| take_keys(before).is_ok());
        let mut screen = Self { out, before };
        if screen.hears_keys() {
            let (mut keys, events) = (File::from(io::stdin().as_fd().try_clone_to_owned()?), events.clone());
            let pass_on = move || {
                let mut bytes = [0; 64];
                while let Ok(read @ 1..) = keys.read(&mut bytes) {
                    for &key in &bytes[..read] {
                        // Nobody listens any more when the command is about to end.
                        let _ = events.send(Event::Key(key));
                    }
                }
            };
            thread::Builder::new().name("keys".into()).spawn(pass_on)?;
        }
        screen.out.write_all(BEGIN)?;
        Ok(screen)
    }

    /// Whether keys are heard: standard input may be something else than the terminal.
    pub(super) fn hears_keys(&self) -> bool {
        self.before.is_some()
    }

    /// Draws a frame with one write.
    pub(super) fn draw(&mut self, frame: &str) -> io::Result<()> {
        self.out.write_all(frame.as_bytes())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing put back.
        let _ = self.out.write_all(END);
        if let Some(before) = &self.before {
            let _ = tcsetattr(io::stdin(), OptionalActions::Flush, before);
        }
    }
}

/// Has each key come as it is pressed, unseen and without a meaning of its own: nothing stops or ends the program while the
/// terminal is not its own.
fn take_keys(before: &Termios) -> rustix::io::Result<()> {
    let mut keys = before.clone();
    keys.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG);
    keys.special_codes[SpecialCodeIndex::VMIN] = 1;
    keys.special_codes[SpecialCodeIndex::VTIME] = 0;
    tcsetattr(io::stdin(), OptionalActions::Now, &keys)
}
