//! The lockfiles of Python: Poetry, uv, PDM, Pipenv, pylock and requirements.

pub(crate) mod pdm;
pub(crate) mod pipfile;
pub(crate) mod poetry;
pub(crate) mod pylock;
mod requirement;
pub(crate) mod requirements;
pub(crate) mod uv;

use std::collections::HashMap;

use requirement::Requirement;

use crate::document::Ask;
use crate::draft::Draft;
use crate::files::{Files, beside};
use crate::mistake::Mistake;
use crate::purl::pypi_name;
use crate::tree::{self, Node};
use crate::{Integrity, Source, Subject};

/// The packages by their normalised name; several where the environments differ.
type Places = HashMap<String, Vec<usize>>;

fn places(draft: &Draft<'_>) -> Places {
    let mut places = Places::new();
    for (at, package) in draft.packages.iter().enumerate() {
        places.entry(pypi_name(&package.name)).or_default().push(at);
    }
    places
}

/// What a `pyproject.toml` asks for: by PEP 621 and PEP 735, and as Poetry and PDM
/// wrote it before.
fn asks(root: &Node<'_>) -> Vec<(String, Ask)> {
    let mut all = Vec::new();
    let mut texts = |list: &[Node<'_>], ask: Ask| {
        for item in list {
            if let Some(one) = item.text().and_then(Requirement::parse) {
                all.push((pypi_name(one.name), ask));
            }
        }
    };
    if let Some(project) = root.get("project") {
        texts(project.items_of("dependencies"), Ask::RUNTIME);
        for extra in project.entries_of("optional-dependencies") {
            texts(extra.node.items(), Ask::OPTIONAL);
        }
    }
    for group in root.entries_of("dependency-groups") {
        texts(group.node.items(), Ask::DEVELOPMENT);
    }
    let tool = |name: &str| root.get("tool").and_then(|tool| tool.get(name));
    for group in tool("pdm").map_or(&[][..], |pdm| pdm.entries_of("dev-dependencies")) {
        texts(group.node.items(), Ask::DEVELOPMENT);
    }
    let Some(poetry) = tool("poetry") else {
        return all;
    };
    for entry in poetry.entries_of("dependencies") {
        let ask = if entry.node.flag("optional") {
            Ask::OPTIONAL
        } else {
            Ask::RUNTIME
        };
        all.push((pypi_name(&entry.key), ask));
    }
    for entry in poetry.entries_of("dev-dependencies") {
        all.push((pypi_name(&entry.key), Ask::DEVELOPMENT));
    }
    for group in poetry.entries_of("group") {
        for entry in group.node.entries_of("dependencies") {
            all.push((pypi_name(&entry.key), Ask::DEVELOPMENT));
        }
    }
    all
}

/// Notes what the `pyproject.toml` beside the lockfile asks for. Returns whether
/// there is one that can be understood.
fn ask_project(draft: &mut Draft<'_>, files: &dyn Files, places: &Places) -> Result<bool, Mistake> {
    let Some(path) = beside(draft.file.path(), "pyproject.toml") else {
        return Ok(false);
    };
    let Ok(file) = files.read(&path) else {
        return Ok(false);
    };
    let Ok(root) = tree::toml(&file) else {
        draft.no_manifest(&path);
        return Ok(false);
    };
    for (name, ask) in asks(&root) {
        for at in places.get(&name).into_iter().flatten() {
            draft.ask(*at, ask)?;
        }
    }
    Ok(true)
}

/// A hash of one file, as in `sha256:…`.
fn file_hash(name: Option<&str>, hash: &str) -> Option<Integrity> {
    let subject = match name {
        Some(name) => Subject::File(name.to_owned()),
        None => Subject::Archive,
    };
    Integrity::prefixed(subject, hash)
}

/// The name of the file at the end of an address.
fn file_name(url: &str) -> &str {
    let until = url.split(['#', '?']).next().unwrap_or(url);
    until.rsplit('/').next().unwrap_or(until)
}

/// An address as requirements have it: of a repository, an archive or a folder.
/// Source: pip documentation, "VCS Support"; PEP 610.
fn source_of(url: &str) -> Source {
    let is_repository = ["git+", "hg+", "svn+", "bzr+"]
        .iter()
        .any(|start| url.starts_with(start));
    if is_repository {
        let (address, _) = url.split_once('#').unwrap_or((url, ""));
        let (_, address) = address.split_once('+').unwrap_or(("", address));
        let after_host = address.find("://").map_or(0, |at| at + 3);
        let slash = address.get(after_host..).and_then(|rest| rest.find('/'));
        let path = slash.map_or(address.len(), |at| after_host + at);
        let reference = address.get(path..).and_then(|rest| rest.rsplit_once('@'));
        let (url, reference) = match reference {
            Some((before, reference)) => {
                let end = path + before.len();
                (address.get(..end).unwrap_or(address), Some(reference))
            }
            None => (address, None),
        };
        let is_commit =
            |text: &&str| text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        return Source::Git {
            url: url.to_owned(),
            commit: reference.filter(is_commit).map(str::to_owned),
            reference: reference.filter(|text| !is_commit(text)).map(str::to_owned),
        };
    }
    match url.strip_prefix("file:") {
        Some(path) => Source::Path {
            path: path.trim_start_matches("//").to_owned(),
        },
        None if url.contains("://") => Source::Url {
            url: url.to_owned(),
        },
        None => Source::Path {
            path: url.to_owned(),
        },
    }
}
