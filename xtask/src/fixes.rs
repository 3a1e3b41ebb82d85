//! `fixes FOLDER`: every fix over real repositories.

use std::path::Path;

use crate::error::Error;
use crate::process;
use crate::workspace::{self, cargo};

/// Mends every checkout in a folder in memory, with and without unsafe fixes,
/// and checks what must hold for every fix. Nothing is written.
pub(crate) fn run(arguments: &[String]) -> Result<(), Error> {
    let [folder] = arguments else {
        return Err(Error::Usage(
            "`fixes` takes a folder of checkouts".to_owned(),
        ));
    };
    let folder = std::fs::canonicalize(folder).map_err(Error::file(Path::new(folder)))?;
    process::run(
        cargo()
            .current_dir(workspace::root())
            .args(["test", "--release", "-p", "cofferdam-pipelines"])
            .args(["--features", "fix", "--test", "fixes"])
            .args(["--", "--ignored", "--nocapture"])
            .env("COFFERDAM_CHECKOUTS", folder),
        "each line names a checkout and what a fix did there that it must not; make it a fixture \
         of the fixer and mend it",
    )
}
