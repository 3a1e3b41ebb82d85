//! The level of SLSA's build track that provenance can be believed for.
//!
//! Pure: the claims of the certificate, which are the platform's word, and
//! what a policy says of builders, go in. What the provenance says of itself
//! never raises a level.
//!
//! Source: SLSA v1.2, "Build: Security levels" and "Verifying artifacts", where
//! whoever verifies keeps a map from builders to the highest level each is
//! trusted for.

use crate::certificate::Certificate;
use crate::workflow::{Builder, BuilderError, BuilderVersion, GITHUB_ISSUER, GITHUB_SERVER, at};

/// A level of SLSA's build track.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Provenance is there.
    One,
    /// A hosted platform has signed it.
    Two,
    /// What ran in the build could not sign as the builder.
    Three,
}

/// Builders that somebody trusts, each up to a level.
#[derive(Clone, Debug, Default)]
pub struct Builders {
    list: Vec<(Builder, Level)>,
    /// A server of GitHub's other than github.com, with its issuer.
    server: Option<(String, String)>,
}

/// A level, and why it is that one and no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessed {
    /// The level.
    pub level: Level,
    /// Why.
    pub reason: String,
}

impl Level {
    /// Level 1, 2 or 3.
    #[must_use]
    pub const fn numbered(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::One,
            2 => Self::Two,
            3 => Self::Three,
            _ => return None,
        })
    }

    /// The word of a verification summary.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::One => "SLSA_BUILD_LEVEL_1",
            Self::Two => "SLSA_BUILD_LEVEL_2",
            Self::Three => "SLSA_BUILD_LEVEL_3",
        }
    }
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::One => "SLSA build level 1",
            Self::Two => "SLSA build level 2",
            Self::Three => "SLSA build level 3",
        })
    }
}

impl Builders {
    /// Trusts a builder, `OWNER/REPO/PATH@VERSION`, up to a level.
    ///
    /// # Errors
    /// [`BuilderError`] if the text names none.
    pub fn trust(&mut self, text: &str, level: Level) -> Result<(), BuilderError> {
        self.list.push((Builder::parse(text)?, level));
        Ok(())
    }

    /// Believes a server of GitHub's besides github.com, by its issuer.
    pub fn believe(&mut self, server: &str, issuer: &str) {
        self.server = Some((server.to_owned(), issuer.to_owned()));
    }

    /// The level for which a policy trusts the builder of a certificate.
    fn trusted(&self, uri: &str, commit: Option<&str>, server: &str) -> Option<Level> {
        let is = |builder: &Builder| {
            let Some(at) = at(uri, server, &builder.workflow) else {
                return false;
            };
            match &builder.version {
                BuilderVersion::Commit(wanted) => {
                    commit.is_some_and(|commit| commit.eq_ignore_ascii_case(wanted))
                }
                BuilderVersion::Ref(wanted) => wanted.matches(at),
            }
        };
        let named = self.list.iter().filter(|(builder, _)| is(builder));
        // Of two entries that name it, the more careful one counts.
        named.map(|(_, level)| *level).min()
    }

    /// The server of an issuer that is GitHub's.
    fn server_of(&self, issuer: &str) -> Option<&str> {
        if let Some((server, own)) = &self.server
            && own == issuer
        {
            return Some(server);
        }
        (issuer == GITHUB_ISSUER).then_some(GITHUB_SERVER)
    }

    /// The level for provenance that this certificate has signed, or a key where
    /// there is none.
    #[must_use]
    pub fn assess(&self, signer: Option<&Certificate>) -> Assessed {
        let one = |reason: &str| Assessed {
            level: Level::One,
            reason: reason.to_owned(),
        };
        let Some(signer) = signer else {
            return one("a key signed, and nobody says where it was used");
        };
        let server = signer.issuer.as_deref().and_then(|i| self.server_of(i));
        let Some(server) = server else {
            return one("whoever vouches for the signer is no build platform that is known");
        };
        let claims = &signer.claims;
        match claims.runner_environment.as_deref() {
            Some("github-hosted") => {}
            Some(_) => {
                return one("the machine was no hosted one: what it ran before could have signed");
            }
            None => return one("the certificate does not say whose machine it was"),
        }
        let (Some(uri), Some(started)) = (
            claims.build_signer_uri.as_deref(),
            claims.build_config_uri.as_deref(),
        ) else {
            return one("the certificate names no workflow");
        };
        let two = |reason: String| Assessed {
            level: Level::Two,
            reason,
        };
        if uri == started {
            let own =
                "a job of the started workflow signed, and its steps could sign anything as it";
            return two(own.to_owned());
        }
        // Whoever may change the source may change a builder that lies in it.
        let own = claims.source_repository_uri.as_deref().is_some_and(|own| {
            let end = uri
                .get(..own.len())
                .filter(|start| start.eq_ignore_ascii_case(own));
            end.is_some()
                && uri
                    .get(own.len()..)
                    .is_some_and(|rest| rest.starts_with('/'))
        });
        if own {
            return two("the called workflow lies in the repository that it builds".to_owned());
        }
        match self.trusted(uri, claims.build_signer_digest.as_deref(), server) {
            None => two(format!(
                "the called workflow {uri} signed, and no policy says that what it builds cannot \
                 sign as it"
            )),
            Some(level) => Assessed {
                level,
                reason: format!("the policy trusts the called workflow {uri} for it"),
            },
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use cofferdam_facts::Timestamp;

    use super::*;
    use crate::certificate::{Claims, Subject};

    fn signed(signer: &str, runner: &str) -> Certificate {
        let started = "https://github.com/o/r/.github/workflows/x.yml@refs/tags/v1";
        Certificate {
            subject: Subject::Uri(signer.to_owned()),
            issuer: Some(GITHUB_ISSUER.to_owned()),
            claims: Claims {
                build_signer_uri: Some(signer.to_owned()),
                build_signer_digest: Some("b".repeat(40)),
                build_config_uri: Some(started.to_owned()),
                source_repository_uri: Some("https://github.com/o/r".to_owned()),
                runner_environment: Some(runner.to_owned()),
                ..Claims::default()
            },
            not_before: Timestamp::from_unix(0),
            not_after: Timestamp::from_unix(1),
        }
    }

    const OWN: &str = "https://github.com/o/r/.github/workflows/x.yml@refs/tags/v1";
    const CALLED: &str = "https://github.com/o/b/.github/workflows/y.yml@refs/tags/v2";

    fn builders(version: &str, level: Level) -> Builders {
        let mut builders = Builders::default();
        let name = format!("o/b/.github/workflows/y.yml@{version}");
        builders.trust(&name, level).unwrap();
        builders
    }

    #[test]
    fn only_a_builder_that_a_policy_names_gets_the_third_level() {
        let none = Builders::default();
        let level = |builders: &Builders, signer: &str, runner: &str| {
            builders.assess(Some(&signed(signer, runner))).level
        };
        assert_eq!(none.assess(None).level, Level::One);
        assert_eq!(level(&none, OWN, "self-hosted"), Level::One);
        assert_eq!(level(&none, OWN, "github-hosted"), Level::Two);
        assert_eq!(level(&none, CALLED, "github-hosted"), Level::Two);
        let by_commit = builders(&"b".repeat(40), Level::Three);
        assert_eq!(level(&by_commit, CALLED, "github-hosted"), Level::Three);
        assert_eq!(level(&by_commit, CALLED, "self-hosted"), Level::One);
        assert_eq!(level(&by_commit, OWN, "github-hosted"), Level::Two);
        let other = builders(&"c".repeat(40), Level::Three);
        assert_eq!(level(&other, CALLED, "github-hosted"), Level::Two);
        let by_tag = builders("v2", Level::Three);
        assert_eq!(level(&by_tag, CALLED, "github-hosted"), Level::Three);
        // A policy may also trust less than the default.
        let less = builders("v2", Level::One);
        assert_eq!(level(&less, CALLED, "github-hosted"), Level::One);
    }

    #[test]
    fn a_builder_in_the_repository_that_it_builds_is_no_third_level() {
        let mut builders = Builders::default();
        let inside = "https://github.com/O/R/.github/workflows/y.yml@refs/tags/v1";
        let name = "o/r/.github/workflows/y.yml@v1";
        builders.trust(name, Level::Three).unwrap();
        let found = builders.assess(Some(&signed(inside, "github-hosted")));
        assert_eq!(found.level, Level::Two);
    }

    #[test]
    fn an_issuer_that_is_not_known_vouches_for_no_platform() {
        let mut other = signed(CALLED, "github-hosted");
        other.issuer = Some("https://ci.example".to_owned());
        let mut builders = builders("v2", Level::Three);
        assert_eq!(builders.assess(Some(&other)).level, Level::One);
        builders.believe(GITHUB_SERVER, "https://ci.example");
        assert_eq!(builders.assess(Some(&other)).level, Level::Three);
    }
}
