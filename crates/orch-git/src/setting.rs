//! Settings that a repository remembers for those who work in it.

use crate::commit::text;
use crate::program::Call;
use crate::{Git, GitError};

impl Git {
    /// What the setting `key` says here, such as `init.defaultBranch`; of several values the last. `None` when it is not set.
    ///
    /// # Errors
    /// [`GitError::Failed`] when `key` is no name of a setting, or a file of settings can't be read.
    pub fn setting(&self, key: &str) -> Result<Option<String>, GitError> {
        // Without a repository git would answer from the user's own settings.
        self.common_dir()?;
        let call = Call::new(["config", "--null", "--get", key]).saying_no_with(1);
        let (is_set, value) = self.answer(&call)?;
        Ok(is_set.then(|| text(value.strip_suffix(b"\0").unwrap_or(&value))))
    }

    /// Sets `key` to `value` for this repository, in the place of all values that it has there. Another git that writes
    /// settings is waited for.
    ///
    /// # Errors
    /// Those of [`setting`](Self::setting); [`GitError::LockHeld`].
    pub fn set_setting(&self, key: &str, value: &str) -> Result<(), GitError> {
        self.common_dir()?;
        self.change(&Call::change(["config", "--local", "--replace-all", key, value])).map(drop)
    }

    /// Forgets what this repository says of `key`, if that is `value`; of several values the last counts.
    ///
    /// # Errors
    /// Those of [`set_setting`](Self::set_setting).
    pub fn forget_setting(&self, key: &str, value: &str) -> Result<(), GitError> {
        if self.setting(key)?.as_deref() != Some(value) {
            return Ok(());
        }
        match self.change(&Call::change(["config", "--local", "--unset-all", key])) {
            // It is not this repository that says so.
            Err(GitError::Failed { code: Some(5), .. }) => Ok(()),
            other => other.map(drop),
        }
    }
}
