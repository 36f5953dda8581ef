//! Who makes the commits.

use crate::program::Call;
use crate::{Git, GitError};

const NAME: &str = "orch";
const EMAIL: &str = "orch@localhost";

const AUTHOR: &str = "GIT_AUTHOR_IDENT";
const COMMITTER: &str = "GIT_COMMITTER_IDENT";

impl Git {
    /// A call that makes a commit of its own: as the user, or as orch where git knows no user.
    pub(crate) fn with_author(&self, call: Call) -> Result<Call, GitError> {
        let call = self.with_committer(call)?;
        Ok(if self.known(AUTHOR)?.is_some() { call } else { as_author(call) })
    }

    /// A call that makes commits of others anew.
    pub(crate) fn with_committer(&self, call: Call) -> Result<Call, GitError> {
        Ok(if self.known(COMMITTER)?.is_some() { call } else { as_committer(call) })
    }

    /// The author and the committer of a commit made now, as they stand in it: the user, or orch where git knows no user.
    pub(crate) fn signatures(&self) -> Result<[Vec<u8>; 2], GitError> {
        let signature = |whom, as_orch: fn(Call) -> Call| match self.known(whom)? {
            Some(signature) => Ok(signature),
            None => self.call(&as_orch(Call::new(["var", whom]))).map(|said| one_line(&said)),
        };
        Ok([signature(AUTHOR, as_author)?, signature(COMMITTER, as_committer)?])
    }

    /// A name and an address that nobody had to guess, with the time it is; `None` when git has none.
    fn known(&self, whom: &str) -> Result<Option<Vec<u8>>, GitError> {
        match self.call(&Call::new(["var", whom]).config("user.useConfigOnly=true")) {
            Ok(said) => Ok(Some(one_line(&said)).filter(|line| !line.is_empty())),
            Err(GitError::Failed { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn as_author(call: Call) -> Call {
    call.env("GIT_AUTHOR_NAME", NAME).env("GIT_AUTHOR_EMAIL", EMAIL)
}

fn as_committer(call: Call) -> Call {
    call.env("GIT_COMMITTER_NAME", NAME).env("GIT_COMMITTER_EMAIL", EMAIL)
}

/// What git says in one line, byte for byte: a name need not be UTF-8.
fn one_line(said: &[u8]) -> Vec<u8> {
    said.trim_ascii().to_vec()
}
