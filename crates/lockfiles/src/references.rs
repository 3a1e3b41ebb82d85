//! The packages that a workflow or a Dockerfile names. Those files are read by the
//! crate of workflows; a reference of theirs becomes a package here, so that it is
//! compared and matched like every other.

use cofferdam_facts::uses::RepositoryUses;
use cofferdam_facts::{ImageRef, Location};

use crate::{Algorithm, Ecosystem, Integrity, Package, Relation, Scope, Source, Subject};

impl Package {
    /// An action or a reusable workflow. `commit` is what a lockfile fixes; a ref
    /// that is a commit needs none.
    #[must_use]
    pub fn action(uses: &RepositoryUses, commit: Option<&str>, location: Location) -> Self {
        let version = uses.git_ref.clone();
        let name = uses.as_written();
        let mut package = Self::new(Ecosystem::GitHubActions, name, version, location);
        package.source = Source::Git {
            url: format!("https://github.com/{}/{}", uses.owner, uses.repo),
            commit: commit.or(uses.commit()).map(str::to_owned),
            reference: uses.git_ref.clone(),
        };
        package.relation = Relation::Direct;
        package.scope = Scope::Development;
        package
    }

    /// An image that a job, a step or a build begins with.
    #[must_use]
    pub fn image(image: &ImageRef, location: Location) -> Self {
        let version = image.tag.clone().or_else(|| image.digest.clone());
        let mut package = Self::new(Ecosystem::Docker, image.name(), version, location);
        let digest = image.digest.as_deref();
        let hash = digest.and_then(|digest| Integrity::prefixed(Subject::Archive, digest));
        package.integrity.extend(hash);
        package.source = Source::Registry {
            // Without a host, a reference means Docker Hub.
            index: Some(
                image
                    .registry
                    .clone()
                    .unwrap_or_else(|| "docker.io".to_owned()),
            ),
            archive: None,
        };
        package.relation = Relation::Direct;
        package
    }

    /// The hash of what is fetched under a git reference, where it names a commit.
    #[must_use]
    pub fn commit(&self) -> Option<Integrity> {
        let Source::Git { commit, .. } = &self.source else {
            return None;
        };
        let commit = commit.as_deref()?;
        let algorithm = match commit.len() {
            64 => Algorithm::Sha256,
            _ => Algorithm::Sha1,
        };
        let hash = Integrity::hex(Subject::Contents, algorithm, commit);
        hash.is_well_formed().then_some(hash)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn references_are_packages() {
        let uses = RepositoryUses {
            owner: "Actions".to_owned(),
            repo: "checkout".to_owned(),
            path: String::new(),
            git_ref: Some("v4".to_owned()),
        };
        let place = Location::whole_file(".github/workflows/a.yml");
        let action = Package::action(&uses, None, place.clone());
        assert_eq!(action.purl().unwrap(), "pkg:github/actions/checkout@v4");
        assert_eq!(action.lookup_name(), "actions/checkout");
        assert_eq!(action.commit(), None);
        let commit = "0123456789012345678901234567890123456789";
        let locked = Package::action(&uses, Some(commit), place.clone());
        assert_eq!(
            locked.commit().unwrap().to_string(),
            format!("sha1:{commit}")
        );
        let image = ImageRef::parse("ghcr.io/org/app:1@sha256:00");
        let package = Package::image(&image, place);
        assert_eq!(package.name, "ghcr.io/org/app");
        assert_eq!(package.integrity.len(), 1);
        assert!(!package.integrity.first().unwrap().is_well_formed());
    }
}
