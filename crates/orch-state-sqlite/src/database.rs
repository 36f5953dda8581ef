//! A SQLite file that others made and go on writing.

use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::DbError;
use crate::fault::Fault;

/// For how long a lock is waited for when nothing else is said.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The largest value that is read or written, in bytes.
const LARGEST_VALUE: i32 = 16 << 20;

/// A connection to a file, hardened against what may be in it.
#[derive(Debug)]
pub(crate) struct Database {
    connection: Connection,
    path: PathBuf,
    patience: Duration,
}

impl Database {
    /// Opens the file at `path`, which has to be there.
    pub(crate) fn open(path: &Path, patience: Duration) -> Result<Self, DbError> {
        let path = absolute(path)?;
        // Only its kind is looked at: opening the file here and closing it again would drop the locks that SQLite holds on
        // it elsewhere in this process.
        match path.metadata() {
            Ok(metadata) if metadata.is_file() => {}
            Ok(_) => return Err(DbError::NotAFile { path }),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Err(DbError::Missing { path });
            }
            Err(error) => return Err(permission(&path, &error)),
        }
        let opened = Self::connect(path.clone(), patience, OpenFlags::empty())
            .and_then(|database| database.probe().map(|()| database));
        match opened {
            Err(DbError::Permission { .. }) if nothing_unwritten(&path) => {
                Self::open_unchanging(path, patience)
            }
            opened => opened,
        }
    }

    /// Opens the file at `path`, or makes it, and the folders above it for their owner alone.
    pub(crate) fn open_or_create(path: &Path, patience: Duration) -> Result<Self, DbError> {
        use std::os::unix::fs::DirBuilderExt;
        let path = absolute(path)?;
        if path.is_dir() {
            return Err(DbError::NotAFile { path });
        }
        if let Some(folder) = path.parent() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .map_err(|error| permission(folder, &error))?;
        }
        Self::connect(path, patience, OpenFlags::SQLITE_OPEN_CREATE)
    }

    fn connect(path: PathBuf, patience: Duration, more: OpenFlags) -> Result<Self, DbError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
        let patience = patience.min(Duration::from_secs(24 * 60 * 60));
        Connection::open_with_flags(&path, flags)
            .and_then(|connection| harden(&connection, patience).map(|()| connection))
            .map_err(|error| Fault::from(error).located(&path, patience))
            .map(|connection| Self { connection, path, patience })
    }

    /// Opens a file of which SQLite can't keep the books beside it because its folder can't be written: as it is now, and
    /// as it will stay.
    fn open_unchanging(path: PathBuf, patience: Duration) -> Result<Self, DbError> {
        let flags =
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let database = Connection::open_with_flags(unchanging_uri(&path), flags)
            .and_then(|connection| harden(&connection, patience).map(|()| connection))
            .map_err(|error| Fault::from(error).located(&path, patience))
            .map(|connection| Self { connection, path, patience })?;
        database.probe()?;
        Ok(database)
    }

    /// Reads the file's first page, which opening does not, and looks at its end: SQLite takes what is missing of the last page
    /// for zeros. While there is a log beside the file, the log may have that page.
    fn probe(&self) -> Result<(), DbError> {
        let size_of_page = self.read(|connection| {
            connection.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?;
            Ok(connection.query_row("PRAGMA page_size", [], |row| row.get::<_, i64>(0))?)
        });
        let size_of_page = size_of_page.map_err(|fault| self.located(fault))?.unsigned_abs().max(1);
        let size = self.path.metadata().map_or(0, |metadata| metadata.len());
        if !size.is_multiple_of(size_of_page) && nothing_unwritten(&self.path) {
            let message = format!("it ends within a page, after {size} bytes");
            return Err(DbError::Damaged { path: self.path.clone(), message });
        }
        Ok(())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The same with another patience.
    pub(crate) fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience.min(Duration::from_secs(24 * 60 * 60));
        // Setting it fails on a misused connection only.
        let _ = self.connection.busy_timeout(self.patience);
        self
    }

    /// `fault` as an error about this file.
    pub(crate) fn located(&self, fault: Fault) -> DbError {
        fault.located(&self.path, self.patience)
    }

    /// What `work` reads, all of it at one moment.
    pub(crate) fn read<T, E: From<Fault>>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction = Transaction::new_unchecked(&self.connection, TransactionBehavior::Deferred)
            .map_err(Fault::from)?;
        let found = work(&transaction)?;
        transaction.finish().map_err(Fault::from)?;
        Ok(found)
    }

    /// What `work` does, wholly or not at all. The lock is taken first, so that no reading in it has to be done again.
    pub(crate) fn write<T, E: From<Fault>>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(Fault::from)?;
        let done = work(&transaction)?;
        transaction.commit().map_err(Fault::from)?;
        Ok(done)
    }

    /// Turns on the log that lets readers and a writer work at once. Somebody else may be doing the same.
    pub(crate) fn use_write_ahead_log(&self) -> Result<(), Fault> {
        Ok(self.connection.pragma_update(None, "journal_mode", "wal")?)
    }
}

/// Sets what makes reading a hostile file safe. No database that orch knows needs triggers or views to be read or written;
/// the only triggers there are keep `memory.db`'s index, which orch never changes.
fn harden(connection: &Connection, patience: Duration) -> rusqlite::Result<()> {
    connection.busy_timeout(patience)?;
    for (setting, value) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true),
    ] {
        connection.set_db_config(setting, value)?;
    }
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LARGEST_VALUE)?;
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// `path` from the root: as a relative one, `:memory:` would be no file.
fn absolute(path: &Path) -> Result<PathBuf, DbError> {
    std::path::absolute(path).map_err(|error| permission(path, &error))
}

fn permission(path: &Path, error: &std::io::Error) -> DbError {
    DbError::Permission { path: path.to_path_buf(), message: error.to_string() }
}

/// Whether all that was written is in the file at `path` itself, not in a log beside it.
fn nothing_unwritten(path: &Path) -> bool {
    ["-wal", "-journal"].iter().all(|ending| {
        let mut beside = path.as_os_str().to_owned();
        beside.push(ending);
        Path::new(&beside).metadata().map_or(true, |metadata| metadata.len() == 0)
    })
}

/// The name by which SQLite opens `path` without locks and without files beside it.
fn unchanging_uri(path: &Path) -> String {
    let mut uri = String::from("file://");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                uri.push(char::from(*byte))
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri + "?immutable=1"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unchanging_file_keeps_its_name() {
        assert_eq!(unchanging_uri(Path::new("/a b/ü?#.db")), "file:///a%20b/%C3%BC%3F%23.db?immutable=1");
    }
}
