//! Fixtures laid out as checkouts, so that any scanner can read them.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::{txtar, workspace};

/// What a rule must make of a fixture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It must be reported.
    Positive,
    /// It must not be reported.
    Negative,
    /// It must not be reported, and a careless rule would.
    NearMiss,
}

/// One fixture of one rule, laid out as a folder.
pub(super) struct Checkout {
    /// The rule that it is a fixture of.
    pub(super) rule: String,
    /// What the rule must make of it.
    pub(super) kind: Kind,
    /// The folder.
    pub(super) folder: PathBuf,
}

/// Lays out the fixtures of every rule under `target/peers/fixtures`. Those that
/// hold settings are left out: no other scanner is told any.
pub(super) fn lay_out() -> Result<Vec<Checkout>, Error> {
    let home = workspace::root().join("target/peers/fixtures");
    if home.exists() {
        std::fs::remove_dir_all(&home).map_err(Error::file(&home))?;
    }
    let mut checkouts = Vec::new();
    for path in workspace::files(&["crates/rules/fixtures/*/*.txtar"])? {
        let full = workspace::root().join(&path);
        let text = std::fs::read_to_string(&full).map_err(Error::file(&full))?;
        let stem = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let rule = path
            .parent()
            .and_then(Path::file_name)
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let folder = home.join(&rule).join(&stem);
        let members = txtar::members(&text);
        if members.iter().any(|(name, _)| *name == "settings.json") {
            continue;
        }
        // Scanners look for the root of a repository by its .git folder.
        let git = folder.join(".git");
        std::fs::create_dir_all(&git).map_err(Error::file(&git))?;
        txtar::lay_out(&text, &folder, &["slug"])?;
        if let Some((_, slug)) = members.iter().find(|(name, _)| *name == "slug") {
            // Where a scanner looks for the repository's name.
            let config = git.join("config");
            let remote = format!("https://github.com/{}.git", slug.trim());
            std::fs::write(&config, format!("[remote \"origin\"]\n\turl = {remote}\n"))
                .map_err(Error::file(&config))?;
        }
        let kind = match stem.as_str() {
            stem if stem.starts_with("positive") => Kind::Positive,
            stem if stem.starts_with("near-miss") => Kind::NearMiss,
            _ => Kind::Negative,
        };
        checkouts.push(Checkout { rule, kind, folder });
    }
    Ok(checkouts)
}
