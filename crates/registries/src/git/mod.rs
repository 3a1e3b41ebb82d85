//! Repositories, asked by git's own protocol and by nothing else.
//!
//! One listing of refs a repository, one fetch a commit at depth 1, and the
//! proof that a commit belongs to a repository: git serves every object that its
//! store holds, those of forks and of deleted branches included, so that a
//! fetch that succeeds proves nothing about membership.
//!
//! Nothing is taken from a server's word that can be checked: every object is
//! hashed, every answer is bounded, and what is missing, cut or malformed is an
//! error and never a success. No file of a user's configuration is read, and a
//! program is started in one case only: an installed git, by whoever hands one
//! over, for a mirror that speaks no version 2 of the protocol.

mod archive;
mod attributes;
mod cache;
mod client;
mod error;
mod ids;
mod membership;
mod objects;
mod pack;
mod pktline;
mod refs;
mod repository;
mod system;
mod tree;
mod wire;

pub use archive::Dependence;
pub use cache::Cache;
pub(crate) use cache::{Kept, Key};
pub use client::{Counts, GitClient, GitLimits, Mode};
pub use error::{GitError, ProtocolError, SystemError};
pub use ids::{MOST_AGE, RepositoryIds};
pub use membership::{Membership, Proof, Unknown};
pub use objects::{Commit, Kind, NotAnObjectId, ObjectError, ObjectId, Objects, Signature};
pub use pack::{PackError, PackLimits};
pub use pktline::LineError;
pub use refs::{RefListing, Resolved, Target};
pub use repository::{Host, Hosts, NotARepository, PUBLIC_HOST, Repository};
pub use system::SystemGit;
pub use tree::{ActionTree, Content, Entry, Form, TreeError, TreeLimits};
