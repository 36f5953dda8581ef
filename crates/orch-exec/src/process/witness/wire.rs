//! What goes between orch, its workers and their witness.
//!
//! Through the socket, each with a hold on the process that it is about: the number of a start and the path of a receipt; or,
//! from a worker that could not become its program, the number alone.
//! Through the pipe, from orch: the numbers of the starts whose ends are written down, [`LOOK`] among them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Says nothing but that it is time to look into the socket. No start has this number.
pub(super) const LOOK: u64 = 0;

/// What the witness says when it is there.
pub(super) const READY: &[u8] = b"ready";

/// The longest message: a number and a path.
pub(super) const LONGEST: usize = 8 + 4096;

/// A start, as its worker puts it into the socket.
pub(super) fn start(number: u64, receipt: &Path) -> Vec<u8> {
    let mut words = number.to_le_bytes().to_vec();
    words.extend_from_slice(receipt.as_os_str().as_bytes());
    words
}

/// What [`start`] has made; without a path: it did not come to it. None: somebody else has said that.
pub(super) fn read_start(words: &[u8]) -> Option<(u64, Option<&Path>)> {
    let (number, path) = words.split_first_chunk()?;
    let path = (!path.is_empty()).then(|| Path::new(OsStr::from_bytes(path)));
    path.is_none_or(Path::is_absolute).then_some((u64::from_le_bytes(*number), path))
}

/// Takes the whole numbers off the front of what was read.
pub(super) fn numbers(read: &mut Vec<u8>) -> Vec<u64> {
    let (whole, _) = read.as_chunks();
    let numbers = whole.iter().map(|number| u64::from_le_bytes(*number)).collect();
    read.drain(..whole.len() * 8);
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_start_is_read_as_it_was_written(number: u64, name in proptest::collection::vec(1_u8.., 0..60)) {
            let path = Path::new("/").join(OsStr::from_bytes(&name));
            let words = start(number, &path);
            prop_assert_eq!(read_start(&words), Some((number, Some(&*path))));
            prop_assert_eq!(read_start(&words[..8]), Some((number, None)));
        }

        #[test]
        fn numbers_are_read_however_they_come(numbers_in: Vec<u64>, cuts in proptest::collection::vec(1..20_usize, 1..9)) {
            let bytes: Vec<u8> = numbers_in.iter().flat_map(|number| number.to_le_bytes()).collect();
            let (mut rest, mut read, mut got) = (&bytes[..], Vec::new(), Vec::new());
            for cut in cuts.iter().cycle() {
                let (part, after) = rest.split_at((*cut).min(rest.len()));
                read.extend_from_slice(part);
                got.extend(numbers(&mut read));
                rest = after;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(got, numbers_in);
            prop_assert!(read.is_empty());
        }
    }

    #[test]
    fn what_is_no_start_is_none() {
        for words in [&b""[..], b"1234567", b"12345678relative"] {
            assert_eq!(read_start(words), None);
        }
    }
}
