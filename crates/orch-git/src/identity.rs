//! Who makes the commits.

use crate::commit::text;
use crate::program::Call;
use crate::{Git, GitError};

const NAME: &str = "orch";
const EMAIL: &str = "orch@localhost";

impl Git {
    /// A call that makes a commit of its own: as the user, or as orch where git knows no user.
    pub(crate) fn with_author(&self, call: Call) -> Result<Call, GitError> {
        let call = self.with_committer(call)?;
        if self.knows("GIT_AUTHOR_IDENT")? {
            return Ok(call);
        }
        Ok(call.env("GIT_AUTHOR_NAME", NAME).env("GIT_AUTHOR_EMAIL", EMAIL))
    }

    /// A call that makes commits of others anew.
    pub(crate) fn with_committer(&self, call: Call) -> Result<Call, GitError> {
        if self.knows("GIT_COMMITTER_IDENT")? {
            return Ok(call);
        }
        Ok(call.env("GIT_COMMITTER_NAME", NAME).env("GIT_COMMITTER_EMAIL", EMAIL))
    }

    /// Whether git has a name and an address that nobody had to guess.
    fn knows(&self, whom: &str) -> Result<bool, GitError> {
        match self.call(&Call::new(["var", whom]).config("user.useConfigOnly=true")) {
            Ok(who) => Ok(!text(&who).is_empty()),
            Err(GitError::Failed { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
