//! Layers on top of each other, as a runtime lays them.
//!
//! Source: OCI image specification, "Image Layer Filesystem Changeset",
//! "Applying Changesets".

use std::collections::{BTreeMap, BTreeSet};
use std::hash::RandomState;

use super::Harvest;
use super::layer::Layer;

/// What can be seen of all layers, the lowest first.
pub(crate) fn squash(mut layers: Vec<Layer>, hasher: &RandomState) -> Harvest {
    let mut harvest = Harvest::default();
    let hides: Vec<Hides> = layers.iter().map(Hides::of).collect();
    let aliases: Vec<_> = (0..layers.len())
        .map(|index| aliases(layers.get(..=index).unwrap_or_default()))
        .collect();
    for (index, aliases) in aliases.iter().enumerate() {
        let Some(mut layer) = layers.get_mut(index).map(std::mem::take) else {
            continue;
        };
        let above = layers.get(index + 1..).unwrap_or_default();
        let hidden_by = hides.get(index + 1..).unwrap_or_default();
        let visible = |path: &str| {
            let real = real(path, aliases);
            let mut names = vec![real.clone()];
            names.extend(aliases.iter().filter_map(|(link, folder)| {
                let rest = real.strip_prefix(folder.as_str())?.strip_prefix('/')?;
                Some(format!("{link}/{rest}"))
            }));
            let is_hidden = above.iter().zip(hidden_by).any(|(layer, hides)| {
                names
                    .iter()
                    .any(|name| is_hidden(name, layer, hides, hasher))
            });
            (!is_hidden).then_some(real)
        };
        let mut others: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (path, target) in &layer.links {
            others.entry(target).or_default().push(path);
        }
        let seen = |path: &str| {
            let names = others.get(path).into_iter().flatten().copied();
            std::iter::once(path).chain(names).find_map(&visible)
        };
        for (path, mut found) in layer.found.drain() {
            if let Some(path) = seen(&path) {
                found.path = path;
                harvest.found.push(found);
            }
        }
        for (path, why) in layer.unread.drain() {
            harvest.unread.extend(seen(&path).map(|path| (path, why)));
        }
        for (path, digests) in layer.listed.drain() {
            harvest
                .listed
                .extend(visible(&path).map(|path| (path, digests)));
        }
    }
    harvest
}

/// What a layer deletes, for looking up.
struct Hides {
    deleted: BTreeSet<String>,
    opaque: BTreeSet<String>,
}

impl Hides {
    fn of(layer: &Layer) -> Self {
        Self {
            deleted: layer.deleted.iter().cloned().collect(),
            opaque: layer.opaque.iter().cloned().collect(),
        }
    }
}

fn is_hidden(path: &str, layer: &Layer, hides: &Hides, hasher: &RandomState) -> bool {
    if layer.has(path, hasher) || hides.deleted.contains(path) || hides.opaque.contains("") {
        return true;
    }
    path.match_indices('/').any(|(at, _)| {
        let folder = path.get(..at).unwrap_or_default();
        layer.has_file(folder, hasher)
            || hides.deleted.contains(folder)
            || hides.opaque.contains(folder)
    })
}

/// Links at the root that stand for folders, as far as they are there.
fn aliases(layers: &[Layer]) -> Vec<(String, String)> {
    let mut all: BTreeMap<&str, &str> = BTreeMap::new();
    for layer in layers {
        for path in &layer.deleted {
            all.remove(path.as_str());
        }
        for (link, target) in &layer.folders {
            all.insert(link, target);
        }
    }
    let pairs = all
        .into_iter()
        .filter(|(link, target)| !target.is_empty() && link != target);
    pairs
        .map(|(link, target)| (link.to_owned(), target.to_owned()))
        .collect()
}

/// A path with the folder that a link at the root stands for.
fn real(path: &str, aliases: &[(String, String)]) -> String {
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    match aliases.iter().find(|(link, _)| link == first) {
        Some((_, target)) if !rest.is_empty() => format!("{target}/{rest}"),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
#[path = "squash_tests.rs"]
mod tests;
