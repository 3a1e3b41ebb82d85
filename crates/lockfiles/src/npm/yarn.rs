//! `yarn.lock`: one name for two formats, told apart by what stands in them.

use std::collections::HashMap;

use super::{Manifest, cut};
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
#[derive(Default)]
pub(super) struct Descriptors {
    exact: HashMap<String, usize>,
    /// The packages by name; `None` where there are several.
    names: HashMap<String, Option<usize>>,
}

impl Descriptors {
    pub(super) fn insert(&mut self, descriptor: &str, at: usize) {
        if let Some((name, _)) = cut(descriptor) {
            let only = self.names.entry(name.to_owned()).or_insert(Some(at));
            *only = only.filter(|known| *known == at);
        }
        self.exact.insert(descriptor.to_owned(), at);
    }

    pub(super) fn get(&self, descriptor: &str) -> Option<usize> {
        self.exact.get(descriptor).copied()
    }

    /// The package that a name with a range means. Old lockfiles of Berry leave the
    /// protocol out where it is that of the registry. The `resolutions` of a project
    /// put another range into the place of the one that is asked for: then it is the
    /// only package of the name.
    pub(super) fn find(&self, name: &str, range: &str) -> Option<usize> {
        self.get(&format!("{name}@{range}"))
            .or_else(|| self.get(&format!("{name}@npm:{range}")))
            .or_else(|| self.names.get(name).copied().flatten())
    }
}

/// Notes what a manifest asks for.
pub(super) fn ask(
    draft: &mut Draft<'_>,
    descriptors: &Descriptors,
    manifest: &Manifest,
) -> Result<(), Mistake> {
    for wish in &manifest.wishes {
        if let Some(at) = descriptors.find(&wish.name, &wish.range) {
            draft.ask(at, wish.ask)?;
        }
    }
    Ok(())
}
