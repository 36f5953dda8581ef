//! What Task Copilot calls a project.

use std::path::Path;

use md5::{Digest, Md5};

/// The name that Task Copilot's server gives the workspace of `project` when nothing else names it: the first twelve
/// hexadecimal digits of the MD5 of its path as written.
///
/// The originals hash the absolute path that they were started in, without a slash at its end; so has the caller to.
///
/// ```
/// let name = orch_state_sqlite::workspace_hash("/home/ada/engine".as_ref());
/// assert_eq!(name, "fcc353088c6a");
/// ```
pub fn workspace_hash(project: &Path) -> String {
    let digest = Md5::digest(project.as_os_str().as_encoded_bytes());
    digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}
