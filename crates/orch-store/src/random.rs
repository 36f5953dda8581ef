//! Numbers that nobody outside can guess, for the names of temporary files and for ids.

use std::hash::{BuildHasher, Hasher, RandomState};

/// A number from the keys that the standard library draws from the operating system.
pub(crate) fn random_u64() -> u64 {
    let mut hasher = RandomState::new().build_hasher();
    // The keys of one thread differ by a counter only; the keyed hash is what hides that.
    hasher.write_u32(std::process::id());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::random_u64;

    #[test]
    fn two_draws_differ() {
        assert_ne!(random_u64(), random_u64());
    }
}
