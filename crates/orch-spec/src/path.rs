//! Paths and globs that a plan may name: inside the project, nothing else.

use crate::overlap::braces;
use crate::reading::{Context, Located, is_odd, quoted};

/// Bytes that a path may have.
const LONGEST: usize = 4096;

/// Whether `path`, a path or a glob, stays inside the folder that it is relative to, as far as its text says; if not,
/// why not, as a fragment about "it". Where links lead is for who opens it.
///
/// # Errors
///
/// The first rule that the path breaks.
///
/// ```
/// assert_eq!(orch_spec::check_path("src/**/*.ts"), Ok(()));
/// assert_eq!(orch_spec::check_path("a/../../b").unwrap_err(), "it goes up with `..`");
/// ```
pub fn check_path(path: &str) -> Result<(), String> {
    if path.is_empty() {
        return Err("it is empty".to_owned());
    }
    if path.len() > LONGEST {
        return Err(format!("it has more than {LONGEST} bytes"));
    }
    if path.chars().any(is_odd) {
        return Err("it holds a control or invisible character".to_owned());
    }
    if let Some(why) = leads_out(path) {
        return Err(why.to_owned());
    }
    // `{a,..}/x` goes up as well, for whoever expands braces.
    match braces::expand(path) {
        Some(variants) => match variants.iter().find_map(|variant| leads_out(variant)) {
            Some(why) => Err(format!("{why} in its braces")),
            None => Ok(()),
        },
        None => Err("its braces stand for too many paths".to_owned()),
    }
}

/// Why a path without braces leads out of its folder.
fn leads_out(path: &str) -> Option<&'static str> {
    let drive = matches!(path.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    if path.starts_with(['/', '\\']) || drive {
        Some("it is an absolute path")
    } else if path == "~" || path.starts_with("~/") {
        Some("it begins in a home folder")
    } else {
        path.split(['/', '\\']).any(|part| part == "..").then_some("it goes up with `..`")
    }
}

/// Says what is wrong with a path that has the name `key`. Returns whether it is sound.
pub(crate) fn check_located(context: &Context, key: &str, path: &Located<String>) -> bool {
    let Err(why) = check_path(&path.value) else { return true };
    let message = format!("the path {} in `{key}` can't be used: {why}", quoted(&path.value));
    context.error(
        context.codes.path,
        message,
        "name it relative to the project's root, inside of it",
        path.at,
    );
    false
}
