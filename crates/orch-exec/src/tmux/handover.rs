//! The launch file: what a pane is to run, handed over unseen by others.
//!
//! Arguments and environments hold secrets, and a process's arguments are for all to see; so they go by a file that
//! only its owner can read. Whoever removes the file has its content: a pane that takes it runs it, and a start that
//! was given up withdraws it. So a launch runs once or not at all, however late tmux gets round to it.

use std::ffi::{OsStr, OsString};
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use crate::process::{Launch, Stdin};

/// Arguments and environment together are at most 6 MiB on Linux, and a byte takes at most four here.
const LONGEST: u64 = 32 << 20;

/// What a pane has to know.
#[derive(Debug)]
pub(super) struct Handover {
    pub(super) launch: Launch,
    /// Time for the worker to end, once it has been asked to.
    pub(super) grace: Duration,
}

#[derive(Serialize, Deserialize)]
struct Form {
    argv: Vec<Bytes>,
    cwd: Bytes,
    env: Vec<(Bytes, Bytes)>,
    stdin: Option<Bytes>,
    log: Bytes,
    receipt: Option<Bytes>,
    marker: String,
    grace: Duration,
}

/// Text where it is text, numbers where it is not: names of files may be any bytes.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Bytes {
    Text(String),
    Raw(Vec<u8>),
}

impl From<&OsStr> for Bytes {
    fn from(text: &OsStr) -> Self {
        match text.to_str() {
            Some(text) => Self::Text(text.to_owned()),
            None => Self::Raw(text.as_bytes().to_vec()),
        }
    }
}

impl From<Bytes> for OsString {
    fn from(bytes: Bytes) -> Self {
        match bytes {
            Bytes::Text(text) => text.into(),
            Bytes::Raw(bytes) => Self::from_vec(bytes),
        }
    }
}

impl From<Bytes> for PathBuf {
    fn from(bytes: Bytes) -> Self {
        OsString::from(bytes).into()
    }
}

impl Handover {
    /// Writes it to a file that must not exist, readable to its owner alone. The pane works elsewhere, so all paths
    /// become absolute.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let absolute = |path: &Path| Ok::<Bytes, io::Error>(std::path::absolute(path)?.as_os_str().into());
        let launch = &self.launch;
        let form = Form {
            argv: launch.argv.iter().map(|word| word.as_os_str().into()).collect(),
            cwd: absolute(&launch.cwd)?,
            env: launch
                .env
                .iter()
                .map(|(name, value)| (name.as_os_str().into(), value.as_os_str().into()))
                .collect(),
            stdin: match &launch.stdin {
                Stdin::Null => None,
                Stdin::File(path) => Some(absolute(path)?),
            },
            log: absolute(&launch.log)?,
            receipt: launch.receipt.as_deref().map(absolute).transpose()?,
            marker: launch.marker.clone(),
            grace: self.grace,
        };
        let text = serde_json::to_vec(&form)?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let mut file = options.custom_flags(OFlags::NOFOLLOW.bits().cast_signed()).open(path)?;
        file.write_all(&text).inspect_err(|_| _ = fs::remove_file(path))
    }

    /// Reads it and removes the file. Fails where it has been withdrawn, even just now.
    pub(super) fn take(path: &Path) -> io::Result<Self> {
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
        let found = file.metadata()?;
        let is_ours = found.uid() == rustix::process::geteuid().as_raw();
        if !found.is_file() || !is_ours || found.mode() & 0o077 != 0 {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "not a private file of this user"));
        }
        let mut text = Vec::new();
        file.take(LONGEST).read_to_end(&mut text)?;
        fs::remove_file(path)?;
        let form: Form = serde_json::from_slice(&text)?;
        let launch = Launch {
            argv: form.argv.into_iter().map(OsString::from).collect(),
            cwd: form.cwd.into(),
            env: form.env.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
            stdin: form.stdin.map_or(Stdin::Null, |path| Stdin::File(path.into())),
            log: form.log.into(),
            receipt: form.receipt.map(PathBuf::from),
            marker: form.marker,
        };
        Ok(Self { launch, grace: form.grace })
    }
}

/// Removes a launch file. Returns whether it was still there: nobody has run it then, and nobody will.
pub(super) fn withdraw(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::os::unix::fs::PermissionsExt;

    fn handover(argv: Vec<OsString>, env: Vec<(OsString, OsString)>) -> Handover {
        let launch = Launch {
            argv,
            cwd: "/a\u{fffd}".into(),
            env,
            stdin: Stdin::File("relative".into()),
            log: OsString::from_vec(b"/log\xff\n".to_vec()).into(),
            receipt: Some("/receipt".into()),
            marker: "plan#1;\n".into(),
        };
        Handover { launch, grace: Duration::MAX }
    }

    proptest! {
        #[test]
        fn any_bytes_survive(words in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 0..6)) {
            let words: Vec<OsString> = words.into_iter().map(OsString::from_vec).collect();
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("launch");
            let env: Vec<_> = words.iter().map(|word| (word.clone(), word.clone())).collect();
            let given = handover(words, env);
            given.write(&path).unwrap();
            let taken = Handover::take(&path).unwrap();
            let want = Launch {
                stdin: Stdin::File(std::env::current_dir().unwrap().join("relative")),
                ..given.launch
            };
            prop_assert_eq!(format!("{:?}", taken.launch), format!("{want:?}"));
            prop_assert_eq!(taken.grace, given.grace);
            prop_assert!(!path.exists());
        }
    }

    #[test]
    fn it_is_private_and_taken_once_or_withdrawn() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("launch");
        let given = handover(vec![], vec![]);
        given.write(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(given.write(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        Handover::take(&path).unwrap();
        assert_eq!(Handover::take(&path).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(!withdraw(&path).unwrap());
        given.write(&path).unwrap();
        assert!(withdraw(&path).unwrap());
    }

    #[test]
    fn what_others_could_have_written_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("launch"), folder.path().join("link"));
        handover(vec![], vec![]).write(&path).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(Handover::take(&link).is_err());
        assert!(handover(vec![], vec![]).write(&link).is_err());
        fs::set_permissions(&path, PermissionsExt::from_mode(0o620)).unwrap();
        assert_eq!(Handover::take(&path).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        assert!(Handover::take(folder.path()).is_err());
        fs::remove_file(&path).unwrap();
        fs::write(&path, "{\"argv\":[[300]]}").unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        assert_eq!(Handover::take(&path).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
