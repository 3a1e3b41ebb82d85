//! What stood there before a change, so that only what it touches is judged.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cofferdam_facts::SourceFile;

use super::places::{self, Place};
use super::unread::{self, Unread};
use super::{Options, Recorded, compose, helm, locked};
use crate::audit::{AuditError, Input, collect};
use crate::git::{Blob, Commit};

/// Everything of the base that counts.
pub(super) struct Before {
    /// How often each place stands there.
    places: BTreeMap<Key, usize>,
    texts: BTreeMap<String, String>,
    /// What could not be looked at there either.
    unread: BTreeSet<(String, &'static str, String)>,
    /// The numbers that its lock records: those of a change do not judge it.
    pub(super) recorded: Recorded,
}

/// A place, wherever in its file it stands.
type Key = (String, String, Option<String>);

fn key(place: &Place) -> Key {
    (
        place.location.path.to_string(),
        place.written.clone(),
        place.comment.as_ref().map(|(words, _)| words.clone()),
    )
}

impl Before {
    /// Reads the commit that `revision` names.
    pub(super) fn read(
        root: &Path,
        revision: &str,
        options: &Options<'_>,
    ) -> Result<Self, AuditError> {
        let input = Input::Revision {
            root: root.to_owned(),
            revision: revision.to_owned(),
        };
        let limits = &options.limits;
        let mut collected = collect(&input, limits)?;
        let checkout = collected.repository(None, limits);
        let commit = Commit::open(root, revision, limits)?;
        // What cannot be read there did not stand there: it is judged.
        let text = |path: &str| -> Option<SourceFile> {
            match commit.file(path, limits.document_bytes) {
                Ok(Some(Blob::Bytes(bytes))) => {
                    Some(SourceFile::new(path, String::from_utf8(bytes).ok()?))
                }
                _ => None,
            }
        };
        let files: Vec<SourceFile> = (compose::paths(&checkout).iter())
            .filter_map(|path| text(path))
            .collect();
        let mut all = places::all(&checkout);
        all.extend(compose::all(&files));
        let mut texts: BTreeMap<String, String> = BTreeMap::new();
        for path in options.helm.iter().filter_map(|path| path.to_str()) {
            if let Some(file) = text(&path.replace('\\', "/")) {
                all.extend(helm::places(&file));
            }
        }
        let read = (collected.files.iter()).chain(&files);
        texts.extend(read.map(|file| (file.path().to_owned(), file.text().to_owned())));
        let mut places = BTreeMap::new();
        for place in places::sorted(all) {
            *places.entry(key(&place)).or_default() += 1;
        }
        Ok(Self {
            places,
            texts,
            unread: (unread::of(&checkout, true).iter())
                .map(Unread::key)
                .collect(),
            recorded: locked(&checkout, options.host),
        })
    }

    /// Leaves what the change touches: a place that was not there, or not as
    /// often.
    pub(super) fn touched(&self, places: Vec<Place>) -> Vec<Place> {
        let mut left = self.places.clone();
        places
            .into_iter()
            .filter(|place| match left.get_mut(&key(place)) {
                Some(count) if *count > 0 => {
                    *count -= 1;
                    false
                }
                _ => true,
            })
            .collect()
    }

    /// Leaves what could be looked at before, or was not there.
    pub(super) fn new_among(&self, unread: Vec<Unread>) -> Vec<Unread> {
        let is_new = |one: &Unread| !self.unread.contains(&one.key());
        unread.into_iter().filter(is_new).collect()
    }

    /// Whether a file is byte for byte as it was.
    pub(super) fn has(&self, path: &str, text: &str) -> bool {
        self.texts.get(path).is_some_and(|before| before == text)
    }
}
