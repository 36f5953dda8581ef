//! Which stream a dependency means.

/// The stream that `dependency` names, of those that `is_stream` knows: by its id, or as the originals' agents write
/// it, with the title of a task (`Stream-A: Tables` or `[Stream-A] Tables`). `None` when it names none of them.
///
/// An id that is one as a whole is that stream, be there a colon in it or not; of two that are followed by a colon the
/// longer counts.
///
/// ```
/// use orch_state_sqlite::stream_named;
/// let known = |id: &str| ["Stream-A", "api: v2"].contains(&id);
/// assert_eq!(stream_named("Stream-A", known), Some("Stream-A"));
/// assert_eq!(stream_named("Stream-A: Tables and types", known), Some("Stream-A"));
/// assert_eq!(stream_named("[Stream-A] Tables", known), Some("Stream-A"));
/// assert_eq!(stream_named("api: v2: Routes", known), Some("api: v2"));
/// assert_eq!(stream_named("Stream-B", known), None);
/// ```
pub fn stream_named(dependency: &str, is_stream: impl Fn(&str) -> bool) -> Option<&str> {
    let dependency = dependency.trim();
    let bracketed =
        dependency.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(id, _)| id.trim());
    let before_colons = dependency.rmatch_indices(':').map(|(at, _)| dependency[..at].trim());
    [dependency].into_iter().chain(bracketed).chain(before_colons).find(|id| is_stream(id))
}
