//! What is asked of provenance besides its signature.

use cofferdam_attest::{Builders, ExpectedIdentity, Level, Policy};
use cofferdam_facts::Timestamp;
use cofferdam_pipelines::Data;
use cofferdam_pipelines::verification::Demands;
#[cfg(feature = "lock")]
use cofferdam_pipelines::verification::SourceTags;

#[cfg(feature = "lock")]
use cofferdam_registries::git::GitClient;

use super::VerifyError;
use crate::clock;
use crate::commands::audit::{data_in_force, date};
#[cfg(feature = "lock")]
use crate::commands::network::RepositoryArgs;

/// What is asked of provenance.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What provenance must say")]
pub(super) struct ProvenanceArgs {
    /// The level of SLSA's build track that provenance must have, at least; see
    /// docs/provenance.md.
    #[arg(long, value_name = "1|2|3", value_parser = level)]
    level: Option<Level>,
    /// Let provenance list what nobody has resolved to a digest.
    #[arg(long)]
    allow_unresolved: bool,
    /// The day of the verification, by which the data pack may be too old; today,
    /// if none is named.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
    date: Option<Timestamp>,
    /// Ask where the tag that was built leads now. Nobody is asked without it.
    #[cfg(feature = "lock")]
    #[arg(long)]
    online: bool,
    #[cfg(feature = "lock")]
    #[command(flatten)]
    repositories: RepositoryArgs,
}

fn level(text: &str) -> Result<Level, &'static str> {
    let number = text.parse().ok();
    let level = number.and_then(Level::numbered);
    level.ok_or("SLSA's build track has the levels 1, 2 and 3")
}

/// What is asked, with all that it takes.
pub(super) struct Asked {
    level: Option<Level>,
    allow_unresolved: bool,
    builders: Builders,
    data: Data,
    why_not: String,
    #[cfg(feature = "lock")]
    repositories: Option<GitClient>,
}

impl ProvenanceArgs {
    pub(super) fn asked(&self, policy: &Policy) -> Result<Asked, VerifyError> {
        let mut builders = policy.builders.clone();
        if let ExpectedIdentity::Workflow(expected) = &policy.identity {
            builders.believe(&expected.server, &expected.issuer);
        }
        let data = data_in_force(self.date.unwrap_or_else(clock::now));
        let why: Vec<&str> = data.not_checked().map(|one| one.message.as_str()).collect();
        Ok(Asked {
            level: self.level.max(policy.level),
            allow_unresolved: self.allow_unresolved,
            builders,
            why_not: why.join("; "),
            data,
            #[cfg(feature = "lock")]
            repositories: match self.online {
                true => Some(self.repositories.open()?),
                false => None,
            },
        })
    }
}

impl Asked {
    pub(super) fn level(&self) -> Option<Level> {
        self.level
    }

    pub(super) fn demands(&self) -> Demands<'_> {
        Demands {
            builders: &self.builders,
            level: self.level,
            data: self.data.pack().ok_or(self.why_not.as_str()),
            allow_unresolved: self.allow_unresolved,
            #[cfg(feature = "lock")]
            tags: (self.repositories.as_ref()).map(|git| git as &dyn SourceTags),
            #[cfg(not(feature = "lock"))]
            tags: None,
        }
    }
}
