//! What the files, branches and work trees of a stream are called.

use xxhash_rust::xxh3::xxh3_64;

/// The longest a stream's id may be to name its files as it is, in bytes.
const LONGEST: usize = 64;

/// The name of a stream's files: its id where that is one, else what is plain in it and a hash, so that no two streams
/// share a name and none leads out of its folder.
pub(super) fn file_name(id: &str) -> String {
    if is_plain(id) {
        return id.to_owned();
    }
    let fit = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let plain: String = id.chars().take(LONGEST / 2).map(fit).collect();
    let plain = plain.trim_matches('-');
    let hash = xxh3_64(id.as_bytes()) & 0xffff_ffff;
    if plain.is_empty() { format!("stream-{hash:08x}") } else { format!("{plain}-{hash:08x}") }
}

/// The branch of a stream that names none itself.
pub(super) fn branch(id: &str) -> String {
    format!("stream/{}", file_name(id))
}

fn is_plain(id: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !id.is_empty()
        && id.len() <= LONGEST
        && id.starts_with(|c: char| c.is_ascii_alphanumeric())
        && id.chars().all(allowed)
        && !id.contains("..")
        && !id.ends_with('.')
        && !id.ends_with(".lock")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use orch_git::BranchName;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_ids_name_their_files_themselves() {
        for id in ["Stream-A", "Audit-A", "main", "v1.2_x"] {
            assert_eq!(file_name(id), id);
        }
        for id in
            ["..", "a/b", "a b", "it's", "-x", ".hidden", "a..b", "x.lock", "Größe", "a\nb", &"x".repeat(65)]
        {
            let name = file_name(id);
            assert_ne!(name, id, "{id:?}");
            assert!(is_plain(&name), "{id:?}: {name}");
        }
    }

    proptest! {
        #[test]
        fn every_id_has_a_name_and_a_branch(ids in prop::collection::hash_set(any::<String>(), 1..6)) {
            let names: HashSet<String> = ids.iter().map(|id| file_name(id)).collect();
            prop_assert_eq!(names.len(), ids.len());
            for id in &ids {
                prop_assert!(!file_name(id).contains('/') && file_name(id).len() <= LONGEST);
                prop_assert!(BranchName::new(branch(id)).is_ok(), "{:?}", id);
            }
        }
    }
}
