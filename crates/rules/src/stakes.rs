//! What foreign code in a job could take.
//!
//! Rules grade by this: the same weakness is worth an alarm in a job that
//! publishes, and a note in one that holds nothing.

use std::collections::BTreeSet;

use cofferdam_facts::Scope;
use cofferdam_workflows::documents::job::CallSecrets;
use cofferdam_workflows::semantics::publishing::Artifact;
use cofferdam_workflows::semantics::secrets::SecretName;

use crate::context::JobView;

/// Stands for the names where all secrets are handed on.
const EVERY_SECRET: &str = "every secret of the repository";

/// What a job holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stakes {
    /// Secrets by name; a phrase where all are handed on, or one is named at run
    /// time.
    pub secrets: BTreeSet<String>,
    /// Scopes that its token may surely write, `id-token` included.
    pub writes: BTreeSet<Scope>,
    /// What it publishes; sites left out.
    pub publishes: BTreeSet<Artifact>,
    /// Whether the token may be able to write, depending on settings that were
    /// not seen.
    pub perhaps_writes: bool,
}

impl Stakes {
    /// Whether there is anything worth taking.
    #[must_use]
    pub fn any(&self) -> bool {
        !self.secrets.is_empty() || !self.writes.is_empty() || !self.publishes.is_empty()
    }

    /// Whether the job can change the repository, publish, or sign in elsewhere.
    #[must_use]
    pub fn is_grave(&self) -> bool {
        const GRAVE: [Scope; 5] = [
            Scope::Contents,
            Scope::Packages,
            Scope::IdToken,
            Scope::Actions,
            Scope::Attestations,
        ];
        !self.secrets.is_empty()
            || !self.publishes.is_empty()
            || GRAVE.iter().any(|scope| self.writes.contains(scope))
    }

    /// How much it is, for order: what reaches users first, then everything
    /// that can be taken.
    #[must_use]
    pub fn weight(&self) -> usize {
        let all = usize::from(self.describes_all()) * 100;
        20 * self.publishes.len() + all + 2 * self.secrets.len() + self.writes.len()
    }

    fn describes_all(&self) -> bool {
        let labels = [EVERY_SECRET, SecretName::All.label()];
        labels.iter().any(|label| self.secrets.contains(*label))
    }

    fn describe_secrets(&self) -> Option<String> {
        if self.describes_all() {
            return Some(EVERY_SECRET.to_owned());
        }
        let unnamed = SecretName::Computed.label();
        let named: Vec<_> = self.secrets.iter().filter(|s| *s != unnamed).collect();
        let mut parts = Vec::new();
        match named.len() {
            0 => {}
            1 => parts.push(format!("the secret {}", list(named, 1))),
            _ => parts.push(format!("the secrets {}", list(named, 3))),
        }
        if self.secrets.contains(unnamed) {
            parts.push(unnamed.to_owned());
        }
        (!parts.is_empty()).then(|| join(&parts))
    }

    /// One phrase for messages: "the secrets A and B and a token with contents:
    /// write".
    #[must_use]
    pub fn describe(&self) -> String {
        let mut parts = Vec::new();
        parts.extend(self.describe_secrets());
        if !self.writes.is_empty() {
            let words: Vec<_> = self.writes.iter().map(|s| format!("{s}: write")).collect();
            parts.push(format!("a token with {}", list(&words, 4)));
        }
        if !self.publishes.is_empty() {
            let words: Vec<_> = self.publishes.iter().map(ToString::to_string).collect();
            parts.push(format!("what it publishes ({})", list(&words, 3)));
        }
        if parts.is_empty() {
            return if self.perhaps_writes {
                "a token that may be able to write".to_owned()
            } else {
                "no secret and no right to write, only the result of this run".to_owned()
            };
        }
        join(&parts)
    }
}

fn list<'a, T: AsRef<str> + 'a>(words: impl IntoIterator<Item = &'a T>, most: usize) -> String {
    let all: Vec<&str> = words.into_iter().map(AsRef::as_ref).collect();
    let shown: Vec<String> = all.iter().take(most).map(|s| (*s).to_owned()).collect();
    match all.len().saturating_sub(most) {
        0 => join(&shown),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn join(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [init @ .., last] => format!("{} and {last}", init.join(", ")),
    }
}

impl JobView<'_> {
    /// What foreign code in this job could take.
    #[must_use]
    pub fn stakes(&self) -> Stakes {
        let mut stakes = Stakes::default();
        for used in &self.secrets {
            match &used.name {
                SecretName::Token => {}
                name => {
                    stakes.secrets.insert(name.label().to_owned());
                }
            }
        }
        let call = self.job.call();
        if call.is_some_and(|call| matches!(call.secrets, CallSecrets::Inherit(_))) {
            stakes.secrets.insert(EVERY_SECRET.to_owned());
        }
        if self.token.assumed {
            stakes.perhaps_writes = self.token.can_write();
        } else {
            stakes.writes = self.token.writes().collect();
        }
        stakes.publishes = self.publishes().collect();
        stakes
    }

    /// What the job publishes; sites left out.
    pub fn publishes(&self) -> impl Iterator<Item = Artifact> {
        (self.publications.iter().map(|p| p.artifact)).filter(|a| *a != Artifact::Site)
    }
}
