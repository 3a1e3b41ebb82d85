//! Why a question about a repository has no answer.

use std::sync::Arc;

use super::objects::{ObjectError, ObjectId};
use super::pack::PackError;
use super::pktline::LineError;
use super::repository::Repository;
use super::tree::TreeError;
use crate::http::HttpError;

/// Why there is no answer. None of them means "nothing is wrong".
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GitError {
    /// No such host is known here.
    #[error("{repository}: the host `{}` is not among those that may be asked", repository.host())]
    UnknownHost {
        /// The repository.
        repository: Repository,
    },
    /// The client could not be set up.
    #[error("the git client could not be set up: {0}")]
    Setup(Arc<HttpError>),
    /// No answer came.
    #[error("{repository}: {source}")]
    Http {
        /// The repository.
        repository: Repository,
        /// What happened.
        source: Arc<HttpError>,
    },
    /// The server sends elsewhere: the repository or its owner was renamed. The
    /// old name is free for whoever takes it, so that it is never followed.
    #[error("{repository} has moved to {to}")]
    Moved {
        /// The repository.
        repository: Repository,
        /// Where the server sends to.
        to: String,
    },
    /// There is none, or a stranger may not see it.
    #[error("{repository} does not exist, or cannot be read without a token that may see it")]
    NotFound {
        /// The repository.
        repository: Repository,
    },
    /// Too many questions.
    #[error("{repository}: the server asks to wait{}", wait(*.seconds))]
    RateLimited {
        /// The repository.
        repository: Repository,
        /// For how long, where it says.
        seconds: Option<u64>,
    },
    /// Another status than 200.
    #[error("{repository}: the server answered with status {status}")]
    Status {
        /// The repository.
        repository: Repository,
        /// The status.
        status: u16,
    },
    /// The answer is none of git's protocol.
    #[error("{repository}: {what}")]
    Protocol {
        /// The repository.
        repository: Repository,
        /// What is wrong.
        what: ProtocolError,
    },
    /// The server does not have the object.
    #[error("{repository} does not have {id}")]
    Vanished {
        /// The repository.
        repository: Repository,
        /// The object.
        id: ObjectId,
    },
    /// The tree is nothing that a runner could unpack safely.
    #[error("{repository} at {commit}: {source}")]
    Tree {
        /// The repository.
        repository: Repository,
        /// The commit.
        commit: ObjectId,
        /// What is wrong.
        source: TreeError,
    },
    /// The cache alone is used and does not have it.
    #[error("{repository}: {what} is not in the cache, and nothing is fetched")]
    NotCached {
        /// The repository.
        repository: Repository,
        /// What.
        what: &'static str,
    },
    /// The server was asked by an installed git, since it speaks nothing that we
    /// do, and that failed too.
    #[error(
        "{repository}: by the installed git, since the server speaks an older protocol: {what}"
    )]
    System {
        /// The repository.
        repository: Repository,
        /// What happened.
        what: SystemError,
    },
    /// So many commits of one repository would have to be proven.
    #[error("{repository}: more than {limit} fetches of its history would be needed")]
    TooMany {
        /// The repository.
        repository: Repository,
        /// The limit.
        limit: u32,
    },
    /// The REST API is not known for that host, or its answer is none.
    #[error("{repository}: the numeric ids are not known: {reason}")]
    Ids {
        /// The repository.
        repository: Repository,
        /// Why.
        reason: String,
    },
}

/// How an answer breaks the protocol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// A line is malformed, or the answer ended.
    #[error(transparent)]
    Line(#[from] LineError),
    /// The pack is refused.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// An object is not there or malformed.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// The answer is of another type, for instance a web page.
    #[error("the answer is no answer of git but `{found}`")]
    ContentType {
        /// What it says that it is.
        found: String,
    },
    /// The server does not speak version 2.
    #[error("the server does not speak version 2 of git's protocol")]
    Version,
    /// The server lacks something.
    #[error("the server cannot do `{what}`")]
    Lacks {
        /// What.
        what: &'static str,
    },
    /// The repository names its objects by another hash.
    #[error("the repository names its objects by {found}, not by sha1")]
    Hash {
        /// Which.
        found: String,
    },
    /// A line that does not belong there.
    #[error("the answer has a line that does not belong there: {line:?}")]
    Unexpected {
        /// Its beginning.
        line: String,
    },
    /// The server itself reports an error.
    #[error("the server says: {message}")]
    Remote {
        /// What it says.
        message: String,
    },
    /// More than the limit.
    #[error("the answer has more {what} than the limit of {limit}")]
    TooMuch {
        /// What.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
}

/// Why an installed git has given no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SystemError {
    /// It could not be started.
    #[error("it could not be started: {kind}")]
    Start {
        /// What the system says.
        kind: std::io::ErrorKind,
    },
    /// There is no folder for it to work in.
    #[error("there is no folder in which it could work")]
    Scratch,
    /// It ended with an error.
    #[error("{words}")]
    Ended {
        /// The last line of its words.
        words: String,
    },
    /// It took too long.
    #[error("it did not end within {seconds} s")]
    Late {
        /// The limit.
        seconds: u64,
    },
    /// What it gave breaks a limit or a form.
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
}

impl SystemError {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "it is a conversion, and errors are handed over"
    )]
    pub(super) fn start(error: std::io::Error) -> Self {
        Self::Start { kind: error.kind() }
    }
}

fn wait(seconds: Option<u64>) -> String {
    seconds.map_or_else(String::new, |seconds| format!(" for {seconds} s"))
}

impl GitError {
    /// Whether the repository answered and said that the thing is not there;
    /// everything else leaves the question open.
    #[must_use]
    pub fn is_absence(&self) -> bool {
        matches!(self, Self::Vanished { .. } | Self::NotFound { .. })
    }
}
