//! A checkout that somebody edits: read once, and judged again with every
//! change of a text that is not on disk yet.
//!
//! It is judged as [`audit`](super::audit()) judges a checkout without a base:
//! by the configuration that lies on disk, with the comments of the texts at
//! hand. Documents that did not change are not parsed again.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use cofferdam_facts::SourceFile;
use cofferdam_findings::Report;
use cofferdam_rules::Context;
use cofferdam_workflows::repository::{Part, Tree};

use super::change::{by_own, own_words, root};
use super::{AuditError, Identity, Input, Material, Options, collect, facts, identity};
use crate::collect::{self as texts, Collected, Source, behind_link, is_read, is_sound};
use crate::gap::Gap;
use crate::judging::Words;
use crate::limits::Limits;

/// A checkout as it stands on disk.
#[derive(Debug)]
pub struct Standing {
    name: String,
    collected: Collected,
    /// The canonical folder that names of documents begin at; none for a
    /// document alone.
    folder: Option<PathBuf>,
    words: Words,
}

/// Documents that were parsed before, by path.
#[derive(Debug, Default)]
pub struct Parsed {
    parts: RwLock<HashMap<String, (SourceFile, Part)>>,
}

/// What is found in a checkout with texts laid over it.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// What is found.
    pub report: Report,
    /// The texts that it speaks about, by path.
    pub texts: HashMap<String, SourceFile>,
}

impl Standing {
    /// Reads the checkout at a root.
    ///
    /// # Errors
    /// [`AuditError`] if nothing could be judged at all.
    pub fn read(path: &Path, options: &Options) -> Result<Self, AuditError> {
        let input = Input::Path(path.to_owned());
        let collected = collect(&input, &options.limits)?;
        let around = root(&input).filter(|_| !collected.part);
        let folder = match &collected.source {
            Source::Folder { root, .. } => Some(root.clone()),
            _ => None,
        };
        Ok(Self {
            name: path.display().to_string(),
            words: own_words(&input, around, options)?,
            collected,
            folder,
        })
    }

    /// A document of which nothing around it is read.
    ///
    /// # Errors
    /// [`AuditError`] if the organisation's file is wrong.
    pub fn alone(name: &str, options: &Options) -> Result<Self, AuditError> {
        let input = Input::Text {
            path: name.to_owned(),
            bytes: Ok(Vec::new()),
        };
        Ok(Self {
            name: name.to_owned(),
            collected: texts::text(name, Ok(Vec::new()), &options.limits),
            folder: None,
            words: own_words(&input, None, options)?,
        })
    }

    /// What is found with these texts in place of those on disk.
    ///
    /// # Errors
    /// [`AuditError`] if the settings are those of another repository.
    pub fn audit(
        &self,
        over: &[SourceFile],
        parsed: &Parsed,
        options: &Options,
    ) -> Result<Snapshot, AuditError> {
        self.with_material(over, parsed, options, |material, known| {
            let policies = self.words.policies();
            let facts = facts(known, &policies, options);
            let cx = Context::new(&material.repository, facts);
            let side = material.side(&cx, &material.sources, known, options);
            let texts = (material.sources.iter().chain(over))
                .map(|file| (file.path().to_owned(), file.clone()))
                .collect();
            Snapshot {
                report: by_own(&side, &self.words, known, options),
                texts,
            }
        })
    }

    /// What mends it with these texts in place of those on disk.
    ///
    /// # Errors
    /// As [`Self::audit`].
    #[cfg(feature = "fix")]
    pub fn mend(
        &self,
        over: &[SourceFile],
        parsed: &Parsed,
        wanted: &cofferdam_fixes::Wanted,
        options: &Options,
    ) -> Result<cofferdam_fixes::Outcome, AuditError> {
        self.with_material(over, parsed, options, |material, known| {
            let repository = material.repository.clone();
            let bench = super::fixing::Bench {
                material,
                part: self.collected.part,
                known: Identity { ..*known },
                words: &self.words,
                policies: self.words.policies(),
                options,
            };
            bench.engine().run(&repository, wanted)
        })
    }

    /// Whether what stands at a path, relative to the root, has a say in what
    /// is found.
    #[must_use]
    pub fn concerns(path: &str) -> bool {
        is_read(path) || cofferdam_config::PLACES.contains(&path)
    }

    fn with_material<T>(
        &self,
        over: &[SourceFile],
        parsed: &Parsed,
        options: &Options,
        work: impl FnOnce(Material, &Identity<'_>) -> T,
    ) -> Result<T, AuditError> {
        let collected = self.laid(over, &options.limits);
        let (slug, settings) = identity(&self.name, &collected, options)?;
        let known = Identity {
            name: &self.name,
            slug: slug.as_ref(),
            settings,
        };
        let material = Material::parsed(collected, &known, options, &|file| parsed.part(file));
        parsed.keep(&material.sources);
        Ok(work(material, &known))
    }

    /// What was read, with other texts laid over it.
    fn laid(&self, over: &[SourceFile], limits: &Limits) -> Collected {
        let read = &self.collected;
        let mut laid = Collected {
            files: read.files.clone(),
            gaps: read.gaps.clone(),
            remote: read.remote.clone(),
            revision: read.revision.clone(),
            part: read.part,
            source: match &read.source {
                Source::Folder { root, tracked } => Source::Folder {
                    root: root.clone(),
                    tracked: *tracked,
                },
                // What is edited is never a commit.
                _ => Source::Nothing,
            },
            ..Collected::default()
        };
        let mut new: Vec<Arc<str>> = Vec::new();
        for file in over {
            self.lay(file, &mut laid, limits);
            if is_read(file.path()) && !read.tree.has(file.path()) {
                new.push(file.shared_path());
            }
        }
        laid.tree = if new.is_empty() {
            read.tree.clone()
        } else {
            Tree::new(read.tree.iter().map(Arc::from).chain(new).collect())
        };
        laid
    }

    fn lay(&self, file: &SourceFile, laid: &mut Collected, limits: &Limits) {
        let path = file.path();
        if !is_read(path) || !is_sound(path) {
            return;
        }
        let linked = |folder: &PathBuf| behind_link(folder, path);
        if let Some(folder) = self.folder.as_ref().and_then(linked) {
            let gap = Gap::LinkedFolder {
                path: folder.to_owned(),
            };
            if !laid.gaps.contains(&gap) {
                laid.gaps.push(gap);
            }
            return;
        }
        let about = |gap: &Gap| match gap {
            Gap::NotUtf8 { location } => &*location.path == path,
            other => other.path() == Some(path),
        };
        // What is not a file of the repository on disk is none in the editor.
        let stays = |gap: &Gap| {
            matches!(
                gap,
                Gap::LinkOutside { .. } | Gap::LinkBroken { .. } | Gap::NotAFile { .. }
            )
        };
        if laid.gaps.iter().any(|gap| about(gap) && stays(gap)) {
            return;
        }
        laid.gaps.retain(|gap| !about(gap));
        laid.files.retain(|old| old.path() != path);
        let bytes = file.text().len() as u64;
        if bytes > limits.document_bytes {
            laid.gaps.push(Gap::TooLarge {
                path: path.to_owned(),
                bytes,
                limit: limits.document_bytes,
            });
            return;
        }
        laid.files.push(file.clone());
        laid.laid_over.insert(path.to_owned(), file.clone());
    }
}

impl Parsed {
    /// Reads a file as [`Part::read`] does, unless it was read before.
    fn part(&self, file: SourceFile) -> Option<Part> {
        let before = self.parts.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((old, part)) = before.get(file.path())
            && old.text() == file.text()
        {
            return Some(part.clone());
        }
        drop(before);
        let part = Part::read(file.clone())?;
        let mut parts = self.parts.write().unwrap_or_else(PoisonError::into_inner);
        parts.insert(file.path().to_owned(), (file, part.clone()));
        Some(part)
    }

    /// Forgets what is no longer there.
    fn keep(&self, sources: &[SourceFile]) {
        let there: BTreeMap<&str, ()> = sources.iter().map(|file| (file.path(), ())).collect();
        let mut parts = self.parts.write().unwrap_or_else(PoisonError::into_inner);
        parts.retain(|path, _| there.contains_key(path.as_str()));
    }
}
