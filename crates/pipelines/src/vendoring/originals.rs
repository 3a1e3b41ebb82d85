//! The first line in which a changed file differs from the original, where
//! that is at hand.

use std::collections::HashMap;

use cofferdam_trees::lines::first_difference;
use cofferdam_trees::{Difference, Digest, archives};

use super::base::Base;
use super::folder::bytes_of;
use super::go::Sides;
use super::list::resolved;
use super::report::{Code, ManifestSource, Problem, TreeReport};
use super::sources::{NoArchive, Sources};

/// The most modules whose archives are fetched for the sake of a line.
const MOST_MODULES: usize = 20;
/// The most bytes of a file that is compared line by line.
const MOST_FILE: u64 = 16 * 1024 * 1024;

/// Adds the lines to the problems of a directory.
pub(super) fn explain(
    sides: &Sides<'_>,
    sources: &Sources<'_>,
    base: Option<&Base>,
    report: &mut TreeReport,
) {
    let mut by_module: HashMap<String, Vec<&mut Problem>> = HashMap::new();
    for problem in &mut report.problems {
        if problem.code == Code::File(Difference::Changed)
            && let Some(module) = &problem.module
        {
            by_module.entry(module.clone()).or_default().push(problem);
        }
    }
    let mut modules: Vec<_> = by_module.into_iter().collect();
    modules.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (name, mut problems) in modules.into_iter().take(MOST_MODULES) {
        let listed = sides.list.listed.modules.iter();
        let mut listed = listed.filter(|one| one.source().to_string() == name);
        let Some(module) = listed.find(|one| !one.packages.is_empty()) else {
            continue;
        };
        let prefix = format!("{}/{}/", sides.place.folder, module.module.path);
        let inner = |problem: &Problem| problem.path.strip_prefix(&prefix).map(str::to_owned);
        let paths: Vec<String> = problems.iter().filter_map(|one| inner(one)).collect();
        let source = module.source();
        let version = source.version.as_deref().unwrap_or_default();
        let originals = if source.is_folder() {
            from_folder(sides, &source.path, &paths)
        } else {
            let sum = sides.sum(&source.path, version).0;
            let obtained = sources.go(&source.path, version, sum, false);
            let Some((unpacked, _)) = &obtained.manifest else {
                continue;
            };
            let line = |path: &str| unpacked.manifest.get(path);
            let name = |path: &str| format!("{}/{path}", module.module.path);
            let mut found = from_base(sides, base, &paths, &name, &line);
            if found.len() < paths.len() {
                found.extend(from_archive(sources, &source.path, version, &paths, &line));
            }
            found
        };
        for problem in &mut problems {
            let original = inner(problem).and_then(|path| originals.get(&path));
            let here = bytes_of(&sides.root.join(&problem.path), MOST_FILE);
            let (Some(original), Ok(Some(here))) = (original, here) else {
                continue;
            };
            problem.first = first_difference(original, &here);
            problem.line = problem.first.as_ref().map(|first| first.line);
            if is_line_ends(original, &here) {
                problem.text.push_str(" in its line ends alone");
            }
        }
    }
}

fn is_line_ends(original: &[u8], here: &[u8]) -> bool {
    let plain = |bytes: &[u8]| {
        let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
        for &byte in bytes {
            if byte == b'\n' && out.last() == Some(&b'\r') {
                out.pop();
            }
            out.push(byte);
        }
        out
    };
    plain(original) == plain(here)
}

fn from_folder(sides: &Sides<'_>, folder: &str, paths: &[String]) -> HashMap<String, Vec<u8>> {
    let Some(folder) = resolved(&sides.place.home, folder) else {
        return HashMap::new();
    };
    let read = |path: &String| {
        let full = sides.root.join(&folder).join(path);
        Some((path.clone(), bytes_of(&full, MOST_FILE).ok()??))
    };
    paths.iter().filter_map(read).collect()
}

/// The base's files, as far as they are the originals.
fn from_base(
    sides: &Sides<'_>,
    base: Option<&Base>,
    paths: &[String],
    name: &dyn Fn(&str) -> String,
    line: &dyn Fn(&str) -> Option<Digest>,
) -> HashMap<String, Vec<u8>> {
    let (Some(base), Some(before)) = (base, sides.base) else {
        return HashMap::new();
    };
    let mut found = HashMap::new();
    for path in paths {
        let full = name(path);
        let mut blobs = base.blobs(before.ids(), &[&full]);
        if let Some(bytes) = blobs.remove(&full)
            && line(path) == Some(Digest::of(&bytes))
        {
            found.insert(path.clone(), bytes);
        }
    }
    found
}

fn from_archive(
    sources: &Sources<'_>,
    module: &str,
    version: &str,
    paths: &[String],
    line: &dyn Fn(&str) -> Option<Digest>,
) -> HashMap<String, Vec<u8>> {
    let mut found = HashMap::new();
    for source in [ManifestSource::LocalArchive, ManifestSource::Registry] {
        let mut each = |path: &str, bytes: &[u8]| {
            let wanted = paths.iter().any(|one| one == path);
            if wanted && line(path) == Some(Digest::of(bytes)) {
                found.insert(path.to_owned(), bytes.to_vec());
            }
        };
        let bytes = match sources.archive(source, module, version) {
            Ok(Some(bytes)) => bytes,
            Err(NoArchive::Direct) => {
                // Each file proves itself by its line, whatever the others do.
                let _ = sources.repository(module, version, &|_| true, &mut each);
                continue;
            }
            Ok(None) | Err(NoArchive::Because(_)) => continue,
        };
        let prefix = format!("{module}@{version}/");
        if archives::module_zip(&bytes, &prefix, &mut each).is_ok() {
            break;
        }
    }
    found
}
