//! What a job publishes: images, charts, packages, releases.
//!
//! Decided step by step from the action used and its inputs, or from the
//! commands of its script. An input that is an expression makes the
//! publication conditional rather than absent. What is pushed to a registry on
//! the same machine is not published.

mod actions;
mod calls;
mod commands;
mod goreleaser;
mod hidden;
pub mod programs;
mod tags;
pub mod targets;

use std::fmt;

use cofferdam_facts::Span;

use crate::documents::step::Step;
use crate::expressions::Expr;
use crate::semantics::conditions::Situation;
use crate::semantics::surroundings::Surroundings;
use crate::shell::Script;

pub use actions::by_action;
pub use calls::{by_call, external, is_docker_builder};
pub use commands::by_script;
pub use goreleaser::{Run as GoReleaserRun, by_goreleaser, configuration, runs_goreleaser};
pub use hidden::by_name;

/// What is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Artifact {
    /// A container image, or another OCI artifact.
    Image,
    /// A Helm chart.
    Chart,
    /// A package of a language's registry.
    Package(Registry),
    /// A GitHub release or files attached to one.
    Release,
    /// Files put into a bucket or on a server.
    Files,
    /// A web site.
    Site,
    /// A tag that is pushed: what users fetch by it is the source.
    Tag,
    /// Something that a target of make or a script of the checkout decides.
    Unread,
}

/// A language's package registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each registry is known by its own name")]
pub enum Registry {
    CratesIo,
    Gems,
    Hex,
    Maven,
    Npm,
    NuGet,
    PubDev,
    PyPi,
    VsCode,
}

impl fmt::Display for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CratesIo => "crates.io",
            Self::Gems => "RubyGems",
            Self::Hex => "Hex",
            Self::Maven => "Maven",
            Self::Npm => "npm",
            Self::NuGet => "NuGet",
            Self::PubDev => "pub.dev",
            Self::PyPi => "PyPI",
            Self::VsCode => "an extension marketplace",
        })
    }
}

impl fmt::Display for Artifact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image => f.write_str("container image"),
            Self::Chart => f.write_str("Helm chart"),
            Self::Package(Registry::VsCode) => f.write_str("editor extension"),
            Self::Package(registry) => write!(f, "{registry} package"),
            Self::Release => f.write_str("GitHub release"),
            Self::Files => f.write_str("set of files"),
            Self::Site => f.write_str("web site"),
            Self::Tag => f.write_str("release tag"),
            Self::Unread => f.write_str("something that is not read"),
        }
    }
}

/// One publication by one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Publication {
    /// What.
    pub artifact: Artifact,
    /// The place in the list of steps.
    pub step: usize,
    /// What does it: the value of `uses:`, or the command in the script.
    pub span: Span,
    /// The means, for messages: `docker/build-push-action`, `npm publish`.
    pub means: String,
    /// Whether something decides at run time if anything is published: an
    /// expression, or a branch of the script.
    pub conditional: bool,
    /// The input whose expression decides, where it is one.
    pub decided_by: Option<Expr>,
    /// Where to, as written (tags of an image, a repository), if it is written.
    pub target: Option<String>,
    /// The repositories that the target names, as far as they are written.
    pub names: Vec<String>,
    /// Whether it is a release to which no file is attached: what GitHub makes
    /// of the tag is all that there is.
    pub bare: bool,
    /// Whether it stays a draft until a person publishes it.
    pub draft: bool,
    /// Whether it copies, tags or lists what a registry already holds.
    pub copy: bool,
}

impl Publication {
    /// Whether the deciding input rules the publication out in a situation.
    /// True is certain; false is not.
    #[must_use]
    pub fn is_off(&self, situation: Situation<'_>) -> bool {
        self.decided_by
            .as_ref()
            .is_some_and(|expr| situation.evaluate(expr) == Some(false))
    }
}

/// What one step publishes. `at` turns a range of the decoded script into
/// bytes of the file.
#[must_use]
pub fn of_step(
    around: &Surroundings<'_>,
    step: &Step,
    script: Option<&Script>,
    at: impl Fn(std::ops::Range<usize>) -> Span,
) -> Vec<Publication> {
    let Some(script) = script else {
        return by_action(around, step).into_iter().collect();
    };
    let mut found = by_script(around, step, script, &at);
    if found.is_empty() {
        found = commands::by_credential(step, script, &at);
    }
    found.extend(tags::by_push(step, script, &at));
    found
}

#[cfg(test)]
mod tests;
