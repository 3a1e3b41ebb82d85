//! `yarn.lock`: one name for two formats, told apart by what stands in them.

use std::collections::HashMap;

use super::Manifest;
use crate::document::Document;
use crate::draft::Draft;
use crate::files::Files;
use crate::mistake::Mistake;

pub(crate) fn read(draft: Draft<'_>, files: &dyn Files) -> Result<Document, Mistake> {
    let is_berry = draft
        .file
        .text()
        .lines()
        .any(|line| line.starts_with("__metadata:"));
    if is_berry {
        super::yarn_berry::read(draft, files)
    } else {
        super::yarn_classic::read(draft, files)
    }
}

/// The packages by the descriptors that they answer: `name@range`.
pub(super) type Descriptors = HashMap<String, usize>;

/// The package that a name with a range means. Old lockfiles of Berry leave the
/// protocol out where it is that of the registry.
pub(super) fn find(descriptors: &Descriptors, name: &str, range: &str) -> Option<usize> {
    let exact = descriptors.get(&format!("{name}@{range}"));
    exact
        .or_else(|| descriptors.get(&format!("{name}@npm:{range}")))
        .copied()
}

/// Notes what a manifest asks for.
pub(super) fn ask(draft: &mut Draft<'_>, descriptors: &Descriptors, manifest: &Manifest) {
    for wish in &manifest.wishes {
        if let Some(at) = find(descriptors, &wish.name, &wish.range) {
            draft.ask(at, wish.ask);
        }
    }
}
