//! Which tables there are, and which version of them.

use std::collections::HashSet;

use rusqlite::Connection;

use crate::DbError;
use crate::database::Database;
use crate::fault::Fault;

/// The version of the schema that orch writes: that of Task Copilot 2.3.
pub(crate) const VERSION: u32 = 10;

/// Every table and index of `tasks.db`, as the originals' ten migrations leave it.
const TABLES: &str = include_str!("schema.sql");

/// Finds out the version of the schema in `database`.
pub(crate) fn version(database: &Database) -> Result<u32, DbError> {
    let names = database.read(table_names).map_err(|fault| database.located(fault))?;
    let has = |name: &str| names.contains(name);
    if has("schema_version") || (has("streams") && !has("migrations")) {
        return Err(DbError::TaskCopilot3 { path: database.path().into() });
    }
    require(database, &names, &["migrations", "tasks"])?;
    let version = database.read(version_number).map_err(|fault| database.located(fault))?;
    if version < VERSION {
        return Err(DbError::Older { path: database.path().into(), version });
    }
    require(database, &names, &["initiatives", "prds", "work_products"])?;
    Ok(version)
}

/// Makes the tables in `database` unless there are tables already, and turns on its write-ahead log then.
pub(crate) fn create(database: &mut Database) -> Result<(), DbError> {
    let there_are_none = |connection: &Connection| Ok::<_, Fault>(table_names(connection)?.is_empty());
    if !database.read(there_are_none).map_err(|fault| database.located(fault))? {
        return Ok(());
    }
    // Two programs may be here at once. One of them makes the tables; SQLite refuses to change the log while the other
    // reads, so each tries before and after.
    let before = database.use_write_ahead_log();
    let made = database.write(|connection| {
        if there_are_none(connection)? {
            connection.execute_batch(TABLES)?;
            for version in 1..=VERSION {
                connection.execute(
                    "INSERT INTO migrations (version, applied_at) VALUES (?1, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))",
                    [version],
                )?;
            }
        }
        Ok::<_, Fault>(())
    });
    made.and_then(|()| before.or_else(|_| database.use_write_ahead_log()))
        .map_err(|fault| database.located(fault))
}

/// That all of `tables` are in `database`.
pub(crate) fn require_tables(database: &Database, tables: &[&'static str]) -> Result<(), DbError> {
    let names = database.read(table_names).map_err(|fault| database.located(fault))?;
    require(database, &names, tables)
}

fn require(database: &Database, names: &HashSet<String>, tables: &[&'static str]) -> Result<(), DbError> {
    if names.is_empty() {
        return Err(DbError::Empty { path: database.path().into() });
    }
    match tables.iter().find(|table| !names.contains(**table)) {
        Some(table) => Err(DbError::NoTables { path: database.path().into(), table }),
        None => Ok(()),
    }
}

fn table_names(connection: &Connection) -> Result<HashSet<String>, Fault> {
    let mut statement = connection
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_'")?;
    let names = statement.query_map([], |row| {
        row.get_ref(0).map(|name| String::from_utf8_lossy(name.as_bytes().unwrap_or_default()).into_owned())
    })?;
    Ok(names.collect::<Result<_, _>>()?)
}

fn version_number(connection: &Connection) -> Result<u32, Fault> {
    let newest: Option<i64> =
        connection.query_row("SELECT max(version) FROM migrations", [], |row| row.get(0))?;
    Ok(u32::try_from(newest.unwrap_or(0).max(0)).unwrap_or(u32::MAX))
}
