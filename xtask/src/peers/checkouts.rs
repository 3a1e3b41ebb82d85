//! Fixtures laid out as checkouts, so that any scanner can read them.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::{txtar, workspace};

/// One fixture of one rule, laid out as a folder.
pub(super) struct Checkout {
    /// The rule that it is a fixture of.
    pub(super) rule: String,
    /// Whether the rule must find something in it.
    pub(super) positive: bool,
    /// The folder.
    pub(super) folder: PathBuf,
}

/// Members of a fixture that are facts for the test, not files of a checkout.
const FACTS: &[&str] = &["settings.json", "slug"];

/// Lays out every fixture of every rule under `target/peers/fixtures`.
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
        // Scanners look for the root of a repository by its .git folder.
        let git = folder.join(".git");
        std::fs::create_dir_all(&git).map_err(Error::file(&git))?;
        txtar::lay_out(&text, &folder, FACTS)?;
        checkouts.push(Checkout {
            rule,
            positive: stem.starts_with("positive"),
            folder,
        });
    }
    Ok(checkouts)
}
