//! Third-party tools that the tests need: pinned, built once, kept under
//! `target/`, never installed outside of this checkout.

use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::process;
use crate::workspace::{self, cargo};

/// A cargo subcommand at one version.
pub(crate) struct Tool {
    name: &'static str,
    version: &'static str,
}

/// Checks licences, bans and sources of dependencies.
pub(crate) const DENY: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
};
/// Builds and runs the fuzz targets.
pub(crate) const FUZZ: Tool = Tool {
    name: "cargo-fuzz",
    version: "0.13.2",
};

impl Tool {
    /// The program, built from the package registry if it is not there yet.
    pub(crate) fn ready(&self) -> Result<PathBuf, Error> {
        let home = workspace::root()
            .join("target/tools")
            .join(format!("{}-{}", self.name, self.version));
        let program = home.join("bin").join(self.name);
        if program.is_file() {
            return Ok(program);
        }
        println!("building {} {}", self.name, self.version);
        let build = home.join("build");
        process::run(
            cargo()
                .args([
                    "install",
                    self.name,
                    "--version",
                    self.version,
                    "--locked",
                    "--quiet",
                ])
                .arg("--root")
                .arg(&home)
                .arg("--target-dir")
                .arg(&build)
                // A tool that is built once is not worth optimising for minutes.
                .env("CARGO_PROFILE_RELEASE_LTO", "off")
                .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
                .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
            "see what cargo says above; the tool is built from the package registry",
        )?;
        std::fs::remove_dir_all(&build).map_err(Error::file(&build))?;
        Ok(program)
    }
}

/// Rustup components that the tests need; each is a cargo subcommand too.
pub(crate) fn components() -> Result<(), Error> {
    for (subcommand, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if process::succeeds(cargo().args([subcommand, "--version"])) {
            continue;
        }
        process::run(
            Command::new("rustup").args(["component", "add", component]),
            "install Rust by rustup, or the component by your package manager",
        )?;
    }
    Ok(())
}

/// Installs what a folder of `tests/peers` pins by npm or PyPI manifests:
/// `package-lock.json` into its `node_modules`, `requirements.txt` into a
/// virtual environment under `target/peers`. Does nothing when the manifests
/// are those of the last time.
pub(crate) fn packages(folder: &Path) -> Result<(), Error> {
    let lock = folder.join("package-lock.json");
    if lock.is_file() {
        once(&lock, &folder.join("node_modules/.installed"), || {
            process::run(
                Command::new("npm")
                    .args([
                        "ci",
                        "--ignore-scripts",
                        "--no-audit",
                        "--no-fund",
                        "--loglevel=error",
                    ])
                    .current_dir(folder),
                "Node.js and npm must be installed",
            )
        })?;
    }
    let requirements = folder.join("requirements.txt");
    if requirements.is_file() {
        let home = environment(folder);
        once(&requirements, &home.join(".installed"), || {
            process::run(
                Command::new("python3")
                    .args(["-m", "venv", "--clear"])
                    .arg(&home),
                "Python 3 and its venv module must be installed (Debian: python3-venv)",
            )?;
            process::run(
                Command::new(home.join("bin/pip"))
                    .args(["install", "--quiet", "--disable-pip-version-check"])
                    .args(["--require-hashes", "--only-binary=:all:", "--requirement"])
                    .arg(&requirements),
                "see what pip says above; each requirement must carry its hash",
            )
        })?;
    }
    Ok(())
}

/// The virtual environment of a folder of `tests/peers`.
pub(crate) fn environment(folder: &Path) -> PathBuf {
    let name = folder.file_name().unwrap_or_default();
    workspace::root()
        .join("target/peers")
        .join(name)
        .join("venv")
}

/// Does `work` unless `stamp` says that it was done for this very `manifest`.
fn once(
    manifest: &Path,
    stamp: &Path,
    work: impl FnOnce() -> Result<(), Error>,
) -> Result<(), Error> {
    let bytes = std::fs::read(manifest).map_err(Error::file(manifest))?;
    let digest = hex(&Sha256::digest(&bytes));
    if std::fs::read_to_string(stamp).is_ok_and(|text| text == digest) {
        return Ok(());
    }
    let shown = manifest.strip_prefix(workspace::root()).unwrap_or(manifest);
    println!("installing what {} pins", shown.display());
    work()?;
    std::fs::write(stamp, digest).map_err(Error::file(stamp))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
