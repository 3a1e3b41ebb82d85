//! Where tags lead now, as the host of a repository lists them.

use cofferdam_registries::git::{GitClient, Repository, Target};

use super::SourceTags;

impl SourceTags for GitClient {
    fn commit(&self, repository: &str, tag: &str) -> Result<Option<String>, String> {
        let unknown = || format!("`{repository}` is no address of a repository");
        let (_, rest) = repository.split_once("://").ok_or_else(unknown)?;
        let (host, slug) = rest.split_once('/').ok_or_else(unknown)?;
        let (owner, name) = slug.split_once('/').ok_or_else(unknown)?;
        let named = Repository::new(host, owner, name).map_err(|error| error.to_string())?;
        let listing = self.list_refs(&named).map_err(|error| error.to_string())?;
        let target = listing.tags.get(tag).map(Target::commit);
        Ok(target.map(|commit| commit.to_string()))
    }
}
