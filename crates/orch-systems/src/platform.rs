//! Calls that not every supported system has.

use std::io;
use std::path::Path;

/// Makes a named pipe that only its owner may use.
#[cfg(not(target_vendor = "apple"))]
pub(crate) fn make_pipe(path: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    Ok(mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?)
}

/// Makes a named pipe that only its owner may use: with the program that every Unix has, since the call is not to be
/// had without `unsafe` here.
#[cfg(target_vendor = "apple")]
pub(crate) fn make_pipe(path: &Path) -> io::Result<()> {
    let made = std::process::Command::new("/usr/bin/mkfifo").args(["-m", "600"]).arg(path).status()?;
    if made.success() { Ok(()) } else { Err(io::Error::other(format!("mkfifo: {made}"))) }
}
