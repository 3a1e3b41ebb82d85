//! Files and their bundles: collected, verified, and told one by one.
//!
//! A bundle belongs to a file because it is named after it or because the
//! caller says so; a bundle that merely lies nearby counts if it says that it
//! is about the file. Which of these it was never makes a verdict better.

mod built;
mod collect;
pub mod find;
#[cfg(feature = "lock")]
mod tags;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cofferdam_attest::{
    ArtifactDigests, BundleError, Certificate, Check, ExpectedIdentity, Level, Line, Outcome,
    UnverifiedBundle, Verifier,
};
use cofferdam_facts::Timestamp;
use rayon::prelude::*;

pub use built::{Demands, SourceTags, Suspect, suspects};
pub use collect::{CollectError, Limits};
use collect::{Job, Source};

/// What is to be verified.
#[derive(Clone, Debug)]
pub enum Subject {
    /// A file, or every file of a folder.
    Path(PathBuf),
    /// An artifact that is not here, by its digest.
    Digest(ArtifactDigests),
}

/// What is asked.
pub struct Request<'a> {
    /// What is to be verified.
    pub subject: Subject,
    /// Bundles, and folders of bundles. Without any, those are taken that are
    /// named after a file.
    pub bundles: Vec<PathBuf>,
    /// Who is expected to have signed.
    pub expected: &'a ExpectedIdentity,
    /// By whose trust.
    pub verifier: &'a Verifier,
    /// Types of statements of which each artifact needs one.
    pub require: &'a [String],
    /// What is asked of provenance besides.
    pub demands: Demands<'a>,
    /// How much is read.
    pub limits: Limits,
}

/// What was verified of one artifact.
#[derive(Clone, Debug)]
pub struct VerifiedArtifact {
    /// The path, or the digest where there is no file.
    pub name: String,
    /// `ALGORITHM:HEX`; empty if the file could not be read.
    pub digest: String,
    /// Its bundles.
    pub bundles: Vec<VerifiedBundle>,
    /// What else stands against it.
    pub problems: Vec<Problem>,
    /// An artifact that names this one by its digest, so that whoever has signed
    /// that one has signed this one with it.
    pub covered: Option<Covered>,
}

/// Stands for what it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covered {
    /// What it is, with its digest.
    pub by: String,
    /// How it came out.
    pub outcome: Outcome,
}

/// What was verified of one bundle.
#[derive(Clone, Debug)]
pub struct VerifiedBundle {
    /// Where it was read, with the line where a file holds several.
    pub source: String,
    /// All lines together.
    pub outcome: Outcome,
    /// The lines.
    pub lines: Vec<Line>,
    /// Who signed, if that is proven.
    pub signer: Option<Certificate>,
    /// When it was signed, if that is proven.
    pub signed_at: Option<Timestamp>,
    /// The type of what was signed, if that is proven and a statement.
    pub predicate_type: Option<String>,
    /// The level of SLSA's build track, if this is provenance that has passed.
    pub level: Option<Level>,
}

/// Something that stands against an artifact as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Failed, or not checked.
    pub outcome: Outcome,
    /// Whether the artifact depends on it. What is no signature and is not
    /// understood is named, and not required.
    pub required: bool,
    /// What.
    pub text: String,
}

impl Problem {
    pub(crate) fn failed(text: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Failed,
            required: true,
            text: text.into(),
        }
    }

    pub(crate) fn not_checked(text: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::NotChecked,
            required: true,
            text: text.into(),
        }
    }

    #[cfg(feature = "images")]
    pub(crate) fn not_required(text: impl Into<String>) -> Self {
        Self {
            required: false,
            ..Self::not_checked(text)
        }
    }
}

impl VerifiedArtifact {
    /// Everything together. An artifact without a bundle has failed.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let bundles = self.bundles.iter().map(|bundle| bundle.outcome);
        let problems = self.problems.iter().filter(|problem| problem.required);
        let problems = problems.map(|problem| problem.outcome);
        let covered = self.covered.iter().map(|covered| covered.outcome);
        let all = bundles.chain(problems).chain(covered);
        all.max().unwrap_or(Outcome::Failed)
    }
}

/// Everything together; nothing at all is not checked.
#[must_use]
pub fn outcome(artifacts: &[VerifiedArtifact]) -> Outcome {
    let outcomes = artifacts.iter().map(VerifiedArtifact::outcome);
    outcomes.max().unwrap_or(Outcome::NotChecked)
}

/// Verifies what is asked, in parallel, in an order that does not depend on
/// it. Bundles are read when their turn comes, and not kept.
///
/// # Errors
/// [`CollectError`] if what is asked for is not there, or is too much.
pub fn verify(request: &Request<'_>) -> Result<Vec<VerifiedArtifact>, CollectError> {
    let jobs = collect::jobs(&request.subject, &request.bundles, &request.limits)?;
    Ok(jobs
        .par_iter()
        .map(|job| {
            let mut verified = one(request, job);
            require(request.require, &mut verified);
            verified
        })
        .collect())
}

fn one(request: &Request<'_>, job: &Job) -> VerifiedArtifact {
    let mut verified = VerifiedArtifact {
        name: job.name(),
        digest: String::new(),
        bundles: Vec::new(),
        problems: Vec::new(),
        covered: None,
    };
    // Bundles are read twice, once for what they need of the artifact: so many of them may name
    // one artifact that they are not kept.
    let mut needs = cofferdam_attest::Algorithms::default();
    for source in &job.bundles {
        match collect::bundles(source, &request.limits) {
            Ok(read) => read
                .iter()
                .filter_map(|(_, read)| read.as_ref().ok())
                .for_each(|read| needs.extend(read.needs())),
            Err(problem) => verified.problems.push(Problem::not_checked(problem)),
        }
    }
    let artifact = match job.artifact(needs) {
        Ok(artifact) => artifact,
        Err(problem) => {
            verified.problems.push(Problem::not_checked(problem));
            return verified;
        }
    };
    if let Some(artifact) = &artifact {
        verified.digest = artifact.shown();
    }
    let about = |bundle: &UnverifiedBundle| {
        let about = |artifact| bundle.unverified_is_about(artifact);
        artifact.as_ref().is_none_or(about)
    };
    for source in &job.bundles {
        // What could not be read was told above.
        for (name, read) in collect::bundles(source, &request.limits).unwrap_or_default() {
            let judged = match read {
                Ok(bundle) if !source.certain && !about(&bundle) => continue,
                Ok(bundle) => {
                    let judge = Judge::of(request);
                    judge.judged(name, artifact.as_ref(), &bundle)
                }
                Err(error) => unread(name, &error),
            };
            verified.bundles.push(judged);
        }
    }
    if verified.bundles.is_empty() && verified.problems.is_empty() {
        let text = match job.bundles.len() {
            0 => "there is no bundle for it",
            _ => "no bundle is about it",
        };
        verified.problems.push(Problem::failed(text));
    }
    verified
}

/// By whose trust, and who is expected.
#[derive(Clone, Copy)]
pub(crate) struct Judge<'a> {
    pub(crate) verifier: &'a Verifier,
    pub(crate) expected: &'a ExpectedIdentity,
    pub(crate) demands: Demands<'a>,
}

impl<'a> Judge<'a> {
    fn of(request: &Request<'a>) -> Self {
        Self {
            verifier: request.verifier,
            expected: request.expected,
            demands: request.demands,
        }
    }

    /// What one bundle says of an artifact.
    pub(crate) fn judged(
        self,
        source: String,
        artifact: Option<&ArtifactDigests>,
        bundle: &UnverifiedBundle,
    ) -> VerifiedBundle {
        let alone;
        let (digests, here) = match artifact {
            Some(artifact) => (artifact, true),
            None => {
                // A signature that names no digest cannot be verified without its file.
                alone = bundle.unverified_artifact().unwrap_or_default();
                (&alone, false)
            }
        };
        let mut verdict = self.verifier.verify(digests, bundle, self.expected);
        let (lines, level) = built::lines(&verdict, &self.demands);
        verdict.lines.extend(lines);
        if !here {
            for line in &mut verdict.lines {
                if line.check == Check::Artifact && line.outcome == Outcome::Passed {
                    let text = format!("no file is here; it is about {}", line.text);
                    *line = Line::not_required(Check::Artifact, text);
                }
            }
        }
        VerifiedBundle {
            source,
            outcome: verdict.outcome(),
            predicate_type: verdict
                .statement
                .map(|statement| statement.predicate_type.clone()),
            lines: verdict.lines,
            signer: verdict.signer,
            signed_at: verdict.signed_at,
            level,
        }
    }
}

pub(crate) fn unread(source: String, error: &BundleError) -> VerifiedBundle {
    let text = error.to_string();
    let line = match error {
        BundleError::UnknownVersion { .. } => Line::not_checked(Check::Bundle, text),
        _ => Line::failed(Check::Bundle, text),
    };
    VerifiedBundle {
        source,
        outcome: line.outcome,
        lines: vec![line],
        signer: None,
        signed_at: None,
        predicate_type: None,
        level: None,
    }
}

/// Every type that is needed must have passed.
fn require(types: &[String], verified: &mut VerifiedArtifact) {
    let passed: BTreeSet<&str> = verified
        .bundles
        .iter()
        .filter(|bundle| bundle.outcome == Outcome::Passed)
        .filter_map(|bundle| bundle.predicate_type.as_deref())
        .collect();
    let missing = types.iter().filter(|one| !passed.contains(one.as_str()));
    let problems: Vec<Problem> = missing
        .map(|one| Problem::failed(format!("no attestation of type {one} has passed")))
        .collect();
    verified.problems.extend(problems);
}

/// The path as it is shown.
fn shown(path: &Path) -> String {
    path.display().to_string()
}

impl Source {
    fn shown(&self) -> String {
        shown(&self.path)
    }
}
