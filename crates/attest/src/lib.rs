//! Statements about artifacts, their signatures, and the verification of both.
//!
//! Verification does no I/O: the bytes of a bundle, the bytes of a trusted
//! root, the digests of an artifact and an expected identity go in, a
//! [`Verdict`] made of lines comes out. There is no verification without an
//! expected identity, and what a bundle says of itself has `unverified_` in
//! its name until a verdict has proven it. The one thing that is taken from
//! outside is the present second, since times in the future are refused.
//!
//! Signing asks a certificate authority, a log and a timestamp authority. It
//! is behind the feature `sign`, and behind the trait [`sign::Signer`].
//!
//! The cryptography is that of the crates `sigstore-verify` and
//! `sigstore-sign`; none of their types is part of this interface.

pub mod artifact;
pub mod bundle;
pub mod certificate;
pub mod consistency;
pub mod cosign;
pub mod dependency;
pub mod identity;
pub mod job;
pub mod json;
pub mod level;
pub mod pattern;
pub mod policy;
pub mod predicate;
pub mod provenance;
pub mod root;
#[cfg(feature = "sign")]
pub mod sign;
pub mod statement;
pub mod summary;
pub mod verdict;
pub mod verifier;
pub mod workflow;

pub use artifact::{Algorithm, Algorithms, ArtifactDigests};
pub use bundle::{BundleError, UnverifiedBundle};
pub use certificate::{Certificate, CertificateError, Claims, Subject};
pub use dependency::{Dependency, Kind, Listed};
pub use identity::{ExpectedIdentity, Issuer, PublicKey, SubjectIdentity};
pub use job::{JobClaims, JobError, WorkflowRef};
pub use level::{Builders, Level};
pub use pattern::{Pattern, PatternError};
pub use policy::{Policy, PolicyError};
pub use provenance::{Provenance, ProvenanceError, ResourceDescriptor};
pub use root::{RootError, TrustRoot};
pub use statement::{Statement, StatementError};
pub use verdict::{Check, Line, Outcome, Verdict};
pub use verifier::Verifier;
pub use workflow::{Builder, Runner, SourceRef, WorkflowIdentity};
