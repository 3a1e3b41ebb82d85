//! The vendor directories of a checkout.

use std::fs;
use std::path::Path;

use super::report::Ecosystem;
use crate::limits::Limits;

/// A vendor directory, with the folder that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// The folder of the module or workspace, relative to the root of the
    /// checkout; empty for the root.
    pub(super) home: String,
    /// The directory itself, relative to the root of the checkout.
    pub(super) folder: String,
}

/// Finds every vendor directory below `root`, which must be canonical. What
/// lies inside of one is not looked into.
pub(super) fn discover(root: &Path, limits: &Limits) -> Vec<(Ecosystem, Place)> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), 0_usize)];
    let mut folders = 0_usize;
    while let Some((prefix, depth)) = open.pop() {
        folders += 1;
        if folders > limits.folders || depth > limits.depth {
            break;
        }
        let Ok(entries) = fs::read_dir(root.join(&prefix)) else {
            continue;
        };
        for entry in entries.flatten() {
            let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else {
                continue;
            };
            if !kind.is_dir() || matches!(name.as_str(), ".git" | "node_modules") {
                continue;
            }
            let folder = format!("{prefix}{name}");
            let place = |ecosystem| {
                let home = prefix.trim_end_matches('/').to_owned();
                let folder = folder.clone();
                (ecosystem, Place { home, folder })
            };
            if name == "vendor" && is_file(&entry.path().join("modules.txt")) {
                found.push(place(Ecosystem::Go));
            } else if is_cargo(root, &prefix, &entry.path()) {
                found.push(place(Ecosystem::Cargo));
            } else {
                open.push((format!("{folder}/"), depth + 1));
            }
        }
    }
    found.sort_by(|(_, a), (_, b)| a.cmp(b));
    found
}

/// Whether crates are vendored in a folder. `cargo vendor` may be told to use
/// any name.
fn is_cargo(root: &Path, prefix: &str, folder: &Path) -> bool {
    if !is_file(&root.join(prefix).join("Cargo.lock")) {
        return false;
    }
    let Ok(entries) = fs::read_dir(folder) else {
        return false;
    };
    entries
        .flatten()
        .take(1000)
        .any(|entry| is_file(&entry.path().join(".cargo-checksum.json")))
}

fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_file())
}
