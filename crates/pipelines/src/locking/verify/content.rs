//! The content hash of an action as it lies on a runner.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use cofferdam_locking::content::h1;
use cofferdam_trees::{Digest, Hasher};
use rayon::prelude::*;

use super::VerifyLimits;
use super::layout::{Kind, names};
use crate::collect::{Links, regular};

/// So much of a file is in memory at once.
const CHUNK: usize = 128 * 1024;

/// The content hash of an unpacked action. Links lead where they lead inside of
/// it; one that leads out makes it unreadable, unless it is excluded.
pub(super) fn of_folder(
    folder: &Path,
    excluded: &BTreeSet<String>,
    limits: &VerifyLimits,
) -> io::Result<String> {
    let files = files(folder, excluded, limits)?;
    // Many links may lead to one file, which is read once.
    let reals: BTreeSet<&PathBuf> = files.iter().map(|(_, real)| real).collect();
    let left = AtomicU64::new(limits.total_bytes);
    let digests: io::Result<BTreeMap<&PathBuf, Digest>> = (reals.into_par_iter())
        .map(|real| Ok((real, digest(real, limits.file_bytes, &left)?)))
        .collect();
    let digests = digests?;
    let hashed = (files.iter())
        .filter_map(|(path, real)| Some((path.clone(), *digests.get(real)?)))
        .collect::<Vec<_>>();
    h1(hashed).map_err(io::Error::other)
}

/// The paths of an action with the files behind them.
fn files(
    folder: &Path,
    excluded: &BTreeSet<String>,
    limits: &VerifyLimits,
) -> io::Result<Vec<(String, PathBuf)>> {
    let root = fs::canonicalize(folder)?;
    let mut files = Vec::new();
    let mut open = vec![(root.clone(), String::new(), 0)];
    let mut seen = 0;
    while let Some((folder, prefix, depth)) = open.pop() {
        if depth > limits.depth {
            return Err(io::Error::other(format!("{prefix} lies too deep")));
        }
        for (name, kind) in names(&folder)? {
            seen += 1;
            if seen > limits.entries {
                return Err(io::Error::other("it holds too many files"));
            }
            let path = format!("{prefix}{name}");
            if excluded.contains(&path) {
                continue;
            }
            let mut real = folder.join(&name);
            let mut is_folder = kind == Kind::Folder;
            if kind == Kind::Link {
                real = fs::canonicalize(&real)?;
                if !real.starts_with(&root) {
                    return Err(io::Error::other(format!("{path} leads out of the action")));
                }
                is_folder = real.is_dir();
            }
            if is_folder {
                open.push((real, format!("{path}/"), depth + 1));
            } else {
                files.push((path, real));
            }
        }
    }
    Ok(files)
}

fn digest(path: &Path, most: u64, left: &AtomicU64) -> io::Result<Digest> {
    let mut file = regular(path, Links::NotTheLast)?;
    let mut hasher = Hasher::default();
    let mut chunk = vec![0; CHUNK];
    let mut read: u64 = 0;
    loop {
        let count = match file.read(&mut chunk) {
            Ok(0) => return Ok(hasher.digest()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.add(chunk.get(..count).unwrap_or_default());
        read += count as u64;
        let taken = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            left.checked_sub(count as u64)
        });
        if read > most || taken.is_err() {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            return Err(io::Error::other(format!("{name} is too large")));
        }
    }
}
