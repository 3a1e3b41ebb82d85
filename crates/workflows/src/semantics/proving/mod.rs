//! What a job proves of what it publishes: signatures, bills of material
//! (SBOM), and provenance of the build.
//!
//! Decided step by step from the action used and its inputs, or from the
//! commands of its script.
//!
//! Sources: the manuals of cosign, notation, syft, buildx and GoReleaser;
//! `action.yml` and README of each action; npm, "Generating provenance
//! statements"; PyPI, "Attestations"; SLSA 1.1, "Build track".

mod actions;
mod calls;
mod commands;
mod cosign;
mod goreleaser;
mod liveness;
mod naming;
mod npm;

use cofferdam_facts::Span;

use crate::documents::step::Step;
use crate::semantics::publishing::Registry;
use crate::semantics::surroundings::Surroundings;
use crate::shell::Script;

use liveness::Live;

pub use calls::by_call;
pub use goreleaser::by_goreleaser;
pub use liveness::{never_runs, only_reads};
pub use naming::Naming;

/// What is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Proves {
    /// Who made it: a signature of the artifact.
    Signature,
    /// Who made one of the files, in a way that an operating system checks:
    /// Authenticode, Apple's code signing, signed packages of a distribution.
    Code,
    /// What is in it.
    Sbom(SbomForm),
    /// How it was built.
    Provenance(Origin),
    /// Nothing new: a signature is checked.
    Check,
}

impl Proves {
    /// Whether the tool that pushes an image puts it into the registry along
    /// with the image, if it is a builder that makes it.
    pub(crate) fn is_part_of_push(self) -> bool {
        matches!(
            self,
            Self::Provenance(Origin::Embedded) | Self::Sbom(SbomForm::Attached)
        )
    }
}

/// What becomes of a bill of materials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SbomForm {
    /// It is written to a file.
    Made,
    /// It lies beside the image in the registry, without a signature of its own.
    Attached,
    /// It is part of a signed statement about the artifact.
    Attested,
}

/// Who writes the provenance, and who signs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// BuildKit writes it into the image's index; nobody signs it.
    Embedded,
    /// A step writes it and the job signs it.
    Written,
    /// PyPI's publish attestation: the certificate names workflow and commit,
    /// the statement itself is empty.
    Publish,
    /// GitHub's attestation or a registry's client makes it from the identity
    /// of the run and signs it.
    Platform,
    /// A reusable workflow makes and signs it with an identity that the steps
    /// of the caller do not reach.
    Isolated,
}

/// What is proven about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// An image or chart in a registry.
    Image,
    /// Files.
    Files,
    /// A package, by what its registry keeps beside it.
    Package(Registry),
    /// Cannot be told.
    Any,
}

/// Which key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// None: nothing is signed.
    None,
    /// One that lives for this signature, bound to the identity of the run.
    Keyless,
    /// One that is kept as a secret or a file.
    Stored(KeyForm),
    /// One that stays in a key management service or on a device.
    Managed,
}

/// The form of a stored key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyForm {
    /// A key of cosign.
    Cosign,
    /// A PGP key.
    Pgp,
    /// Another.
    Other,
}

/// One proof made by one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    /// What.
    pub proves: Proves,
    /// About what.
    pub subject: Subject,
    /// By which name.
    pub naming: Naming,
    /// With which key.
    pub key: Key,
    /// The place in the list of steps.
    pub step: usize,
    /// What does it.
    pub span: Span,
    /// The means, for messages: `cosign sign`.
    pub means: String,
    /// The subject as written, where it is written.
    pub target: Option<String>,
    /// Whether it is a part of publishing, about what its own step publishes and
    /// nothing else: what a builder puts into the image that it pushes.
    pub own: bool,
    /// Whether its step makes it in every run, and fails where it does not; false
    /// for a command in a branch, or one whose failure is thrown away.
    pub sure: bool,
}

impl Proof {
    /// Whether it tells who made the artifact, in a way that can be verified.
    #[must_use]
    pub fn is_signature(&self) -> bool {
        match self.proves {
            Proves::Signature => true,
            Proves::Provenance(origin) => origin != Origin::Embedded,
            Proves::Code | Proves::Sbom(_) | Proves::Check => false,
        }
    }
}

/// Something that a step switches off although it would be made by default, or
/// says that it does not want.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What.
    pub what: Refused,
    /// The place in the list of steps.
    pub step: usize,
    /// Where.
    pub span: Span,
    /// As written, for messages: `provenance: false`.
    pub written: String,
}

/// What is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refused {
    /// Provenance, which would be made by default.
    Provenance,
    /// A bill of materials.
    Sbom,
    /// A signature, which would be made by default.
    Signature,
}

/// A stored key that a step brings onto the runner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyImport {
    /// Its form.
    pub form: KeyForm,
    /// The place in the list of steps.
    pub step: usize,
    /// Where.
    pub span: Span,
    /// The means, for messages.
    pub means: String,
    /// Whether it is set up for signing commits and tags alone.
    pub commits_only: bool,
}

/// A step whose name says that it signs, attests or lists, in a way that is
/// not known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The place in the list of steps.
    pub step: usize,
    /// Where.
    pub span: Span,
    /// The action or command.
    pub means: String,
}

/// What steps prove, refuse and bring along.
#[derive(Clone, Debug, Default)]
pub struct Proving {
    /// Proofs.
    pub proofs: Vec<Proof>,
    /// Refusals.
    pub refusals: Vec<Refusal>,
    /// Keys.
    pub imports: Vec<KeyImport>,
    /// Steps that may prove something.
    pub hints: Vec<Hint>,
}

impl Proving {
    /// Adds what another step proves.
    pub fn absorb(&mut self, other: Self) {
        self.proofs.extend(other.proofs);
        self.refusals.extend(other.refusals);
        self.imports.extend(other.imports);
        self.hints.extend(other.hints);
    }

    /// How much there is of the kind that there is most of.
    #[must_use]
    pub fn len(&self) -> usize {
        let most = self.proofs.len().max(self.refusals.len());
        most.max(self.imports.len()).max(self.hints.len())
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Shows everything at another step and place: the step that calls a
    /// composite action.
    #[must_use]
    pub fn moved(mut self, step: usize, span: Span) -> Self {
        let places = self
            .proofs
            .iter_mut()
            .map(|p| (&mut p.step, &mut p.span))
            .chain(self.refusals.iter_mut().map(|r| (&mut r.step, &mut r.span)))
            .chain(self.imports.iter_mut().map(|i| (&mut i.step, &mut i.span)))
            .chain(self.hints.iter_mut().map(|h| (&mut h.step, &mut h.span)));
        for (old_step, old_span) in places {
            *old_step = step;
            *old_span = span;
        }
        self
    }
}

/// What one step proves. `at` turns a range of the decoded script into bytes of
/// the file.
#[must_use]
pub fn of_step(
    around: &Surroundings<'_>,
    step: &Step,
    script: Option<&Script>,
    at: &dyn Fn(std::ops::Range<usize>) -> Span,
) -> Proving {
    match script {
        Some(script) => {
            let mut found = commands::of_script(around, step, script, at);
            match liveness::of_shell(around.shell_of(step)) {
                Live::Yes => {}
                Live::Perhaps => found.proofs.iter_mut().for_each(|p| p.sure = false),
                Live::No => found = Proving::default(),
            }
            found
        }
        None => actions::of_step(around, step),
    }
}

/// Whether a word says that something signs or attests.
#[must_use]
pub(crate) fn says_so(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    // `assign`, `design` and `signal` are other words.
    let words = || lower.split(|c: char| !c.is_ascii_alphanumeric());
    words().any(|word| {
        matches!(
            word,
            "sign"
                | "signing"
                | "signer"
                | "cosign"
                | "notation"
                | "notarize"
                | "sigstore"
                | "attest"
                | "attestation"
                | "attestations"
                | "provenance"
                | "codesign"
                | "gpg"
        )
    })
}

#[cfg(test)]
mod tests;
