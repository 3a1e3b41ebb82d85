//! What a verification says: one line for each thing that was looked at.

use std::fmt;
use std::sync::Arc;

use cofferdam_facts::Timestamp;

use crate::certificate::Certificate;
use crate::statement::Statement;

/// How one thing came out, or all of them together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It was looked at and is right.
    Passed,
    /// It could not be looked at. That is never as good as passed.
    NotChecked,
    /// It was looked at and is wrong.
    Failed,
}

impl Outcome {
    /// The word that formats use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::NotChecked => "not-checked",
            Self::Failed => "failed",
        }
    }
}

/// What was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// The bundle can be read, and in one way only.
    Bundle,
    /// A trusted clock says when the signature was made.
    Time,
    /// The certificate leads to a trusted authority and was valid then.
    Certificate,
    /// The certificate stands in a certificate log.
    CertificateLog,
    /// The signature stands in a transparency log.
    Log,
    /// The signature is that of the certificate's or the given key.
    Signature,
    /// What was signed is this artifact.
    Artifact,
    /// The holder of the certificate is the expected one.
    Subject,
    /// The issuer who vouched for the holder is the expected one.
    Issuer,
    /// The repository that was built.
    Repository,
    /// The number of that repository.
    RepositoryId,
    /// The number of its owner.
    OwnerId,
    /// The workflow that was started.
    Workflow,
    /// The workflow whose job signed.
    Builder,
    /// The ref that was built.
    SourceRef,
    /// The commit that was built.
    SourceCommit,
    /// The event that started the workflow.
    Trigger,
    /// Whose machine the job ran on.
    Runner,
    /// The deployment environment of the job.
    Environment,
    /// The statement can be read, and in one way only.
    Statement,
    /// The provenance says what the certificate says.
    Provenance,
    /// The level of SLSA's build track that the provenance can be believed for.
    Level,
    /// Nothing that the build took is known to be bad.
    KnownBad,
    /// Everything that the build took is named by a digest.
    Resolved,
    /// The tag that was built still leads to the commit that was built.
    SourceTag,
}

impl Check {
    /// The word that formats use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Bundle => "bundle",
            Self::Time => "time",
            Self::Certificate => "certificate",
            Self::CertificateLog => "certificate-log",
            Self::Log => "log",
            Self::Signature => "signature",
            Self::Artifact => "artifact",
            Self::Subject => "subject",
            Self::Issuer => "issuer",
            Self::Repository => "repository",
            Self::RepositoryId => "repository-id",
            Self::OwnerId => "owner-id",
            Self::Workflow => "workflow",
            Self::Builder => "builder",
            Self::SourceRef => "source-ref",
            Self::SourceCommit => "source-commit",
            Self::Trigger => "trigger",
            Self::Runner => "runner",
            Self::Environment => "environment",
            Self::Statement => "statement",
            Self::Provenance => "provenance",
            Self::Level => "level",
            Self::KnownBad => "known-bad",
            Self::Resolved => "resolved",
            Self::SourceTag => "source-tag",
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One thing that was looked at, how it came out, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What was looked at.
    pub check: Check,
    /// How it came out.
    pub outcome: Outcome,
    /// Whether the verdict depends on it. What a trust domain does not have,
    /// as GitHub's own has no logs, is not checked and not required.
    pub required: bool,
    /// What was found, or what is missing. It may hold text of others.
    pub text: String,
}

impl Line {
    /// It is right.
    #[must_use]
    pub fn passed(check: Check, text: impl Into<String>) -> Self {
        Self::of(check, Outcome::Passed, text)
    }

    /// It is wrong.
    #[must_use]
    pub fn failed(check: Check, text: impl Into<String>) -> Self {
        Self::of(check, Outcome::Failed, text)
    }

    /// It is needed and could not be looked at.
    #[must_use]
    pub fn not_checked(check: Check, text: impl Into<String>) -> Self {
        Self::of(check, Outcome::NotChecked, text)
    }

    /// It was not looked at, and the verdict does not depend on it.
    #[must_use]
    pub fn not_required(check: Check, text: impl Into<String>) -> Self {
        Self {
            required: false,
            ..Self::of(check, Outcome::NotChecked, text)
        }
    }

    /// Right or wrong, with the same text.
    #[must_use]
    pub fn judged(check: Check, right: bool, text: impl Into<String>) -> Self {
        let outcome = if right {
            Outcome::Passed
        } else {
            Outcome::Failed
        };
        Self::of(check, outcome, text)
    }

    fn of(check: Check, outcome: Outcome, text: impl Into<String>) -> Self {
        Self {
            check,
            outcome,
            required: true,
            text: text.into(),
        }
    }
}

/// Everything that a verification says of one bundle and one artifact.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The lines, in the order of [`Check`].
    pub lines: Vec<Line>,
    /// Who signed. It is there only if the signature, the certificate and the
    /// time have been proven; the expected identity may still be another.
    pub signer: Option<Certificate>,
    /// When it was signed, by the earliest trusted clock. It is there only if
    /// it has been proven.
    pub signed_at: Option<Timestamp>,
    /// What was signed, if it is an attestation and its signature has been
    /// proven.
    pub statement: Option<Arc<Statement>>,
}

impl Verdict {
    /// All lines together: failed if one failed; else not checked if one that
    /// is required was not, or if there is no line at all; else passed.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let required = self.lines.iter().filter(|line| line.required);
        required
            .map(|line| line.outcome)
            .max()
            .unwrap_or(Outcome::NotChecked)
    }

    /// The lines that stand against it.
    pub fn against(&self) -> impl Iterator<Item = &Line> {
        let stands = |line: &&Line| line.required && line.outcome != Outcome::Passed;
        self.lines.iter().filter(stands)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: Vec<Line>) -> Outcome {
        let verdict = Verdict {
            lines,
            signer: None,
            signed_at: None,
            statement: None,
        };
        verdict.outcome()
    }

    #[test]
    fn nothing_is_never_passed_and_failed_wins() {
        let passed = Line::passed(Check::Log, "");
        let open = Line::not_checked(Check::Time, "");
        let spare = Line::not_required(Check::Time, "");
        let failed = Line::failed(Check::Signature, "");
        assert_eq!(of(vec![]), Outcome::NotChecked);
        assert_eq!(of(vec![spare.clone()]), Outcome::NotChecked);
        assert_eq!(of(vec![passed.clone(), spare]), Outcome::Passed);
        assert_eq!(of(vec![passed.clone(), open.clone()]), Outcome::NotChecked);
        assert_eq!(of(vec![failed, open, passed]), Outcome::Failed);
    }
}
