//! A document while it is put together.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use cofferdam_facts::{SourceFile, Span};

use crate::document::{Ask, Note, NoteKind};
use crate::mistake::{Mistake, Problem};
use crate::{Document, Ecosystem, Format, Integrity, Package, Relation, Scope, Unreadable};

/// The most packages of one file.
pub(crate) const MOST_PACKAGES: usize = 500_000;
/// The most requirements of one file, all packages together.
const MOST_EDGES: usize = 4_000_000;
/// The most candidates that are looked at while requirements are followed, all
/// packages together. Real files need a few for each requirement; a file that needs
/// more has many packages of one name, and is built to be slow.
const MOST_LOOKS: usize = 8_000_000;
/// The most notes of one file; the last one then stands for all others.
const MOST_NOTES: usize = 1_000;
/// The most characters of a foreign text that a note repeats.
const SHOWN: usize = 120;

/// A document while it is put together.
pub(crate) struct Draft<'f> {
    pub(crate) file: &'f SourceFile,
    pub(crate) packages: Vec<Package>,
    notes: Vec<Note>,
    edges: Vec<(usize, usize)>,
    asks: Vec<(usize, Ask)>,
    /// The text of the last line that named a package: a file of one long line has
    /// it once, and not for each package.
    line: RefCell<Option<(usize, Arc<str>)>>,
    looks: usize,
    /// What nobody in the file asks for is asked for by the project, and of the
    /// rest nothing is known.
    roots_are_direct: bool,
    /// The project is named, and not what it asks for.
    knows_nothing: bool,
}

impl<'f> Draft<'f> {
    pub(crate) fn new(file: &'f SourceFile) -> Self {
        Self {
            file,
            packages: Vec::new(),
            notes: Vec::new(),
            edges: Vec::new(),
            asks: Vec::new(),
            line: RefCell::new(None),
            looks: 0,
            roots_are_direct: false,
            knows_nothing: false,
        }
    }

    /// A package at a place of the file, not added yet.
    pub(crate) fn package(
        &self,
        ecosystem: Ecosystem,
        name: impl Into<String>,
        version: Option<String>,
        span: Span,
    ) -> Package {
        let mut location = self.file.locate(span);
        let mut last = self.line.borrow_mut();
        match last.as_ref().filter(|(line, _)| *line == location.line) {
            Some((_, snippet)) => location.snippet = Arc::clone(snippet),
            None => *last = Some((location.line, Arc::clone(&location.snippet))),
        }
        Package::new(ecosystem, name, version, location)
    }

    /// Adds a package and returns its place.
    pub(crate) fn add(&mut self, package: Package) -> Result<usize, Mistake> {
        if self.packages.len() >= MOST_PACKAGES {
            return Err(Mistake {
                line: package.location.line,
                column: package.location.column,
                problem: Problem::TooLarge {
                    limit: MOST_PACKAGES,
                    unit: "packages",
                },
            });
        }
        for hash in &package.integrity {
            if !hash.is_well_formed() {
                let found = shown(&hash.to_string());
                let location = package.location.clone();
                let kind = NoteKind::BadIntegrity { found };
                push(&mut self.notes, Note { location, kind });
            }
        }
        self.packages.push(package);
        Ok(self.packages.len() - 1)
    }

    /// One package asks for another.
    pub(crate) fn edge(&mut self, from: usize, to: usize) -> Result<(), Mistake> {
        if self.edges.len() >= MOST_EDGES {
            let limit = MOST_EDGES;
            let unit = "requirements";
            return Err(Mistake::at(1, Problem::TooLarge { limit, unit }));
        }
        self.edges.push((from, to));
        Ok(())
    }

    /// The project asks for a package by itself.
    pub(crate) fn ask(&mut self, package: usize, ask: Ask) -> Result<(), Mistake> {
        self.look(1)?;
        self.asks.push((package, ask));
        Ok(())
    }

    /// Counts candidates that are looked at.
    pub(crate) fn look(&mut self, count: usize) -> Result<(), Mistake> {
        self.looks = self.looks.saturating_add(count);
        if self.looks <= MOST_LOOKS {
            return Ok(());
        }
        let limit = MOST_LOOKS;
        let unit = "candidates for what is asked for";
        Err(Mistake::at(1, Problem::TooLarge { limit, unit }))
    }

    /// For a file that lists every requirement of every package and does not say
    /// what the project itself asks for.
    pub(crate) fn roots_are_direct(&mut self) {
        self.roots_are_direct = true;
    }

    /// For a file that names the project and says of no package who asks for it.
    pub(crate) fn knows_nothing(&mut self) {
        self.knows_nothing = true;
    }

    pub(crate) fn no_manifest(&mut self, path: &str) {
        let path = shown(path);
        self.note(Span::default(), NoteKind::NoManifest { path });
    }

    pub(crate) fn note(&mut self, span: Span, kind: NoteKind) {
        let location = self.file.locate(span);
        push(&mut self.notes, Note { location, kind });
    }

    pub(crate) fn dangling(&mut self, span: Span, name: &str) {
        let name = shown(name);
        self.note(span, NoteKind::Dangling { name });
    }

    pub(crate) fn not_understood(&mut self, span: Span, what: &'static str, found: &str) {
        let found = shown(found);
        self.note(span, NoteKind::NotUnderstood { what, found });
    }

    pub(crate) fn unread(&mut self, span: Span, path: &str, why: Unreadable) {
        let path = shown(path);
        self.note(span, NoteKind::Unread { path, why });
    }

    /// For packages that are taken out again.
    pub(crate) fn forget_edges(&mut self) {
        self.edges.clear();
        self.asks.clear();
    }

    /// Takes over what was found in a file that this one includes.
    pub(crate) fn include(&mut self, other: Draft<'_>) -> Result<(), Mistake> {
        let shift = self.packages.len();
        for package in other.packages {
            if self.packages.len() >= MOST_PACKAGES {
                let limit = MOST_PACKAGES;
                let unit = "packages";
                return Err(Mistake::at(1, Problem::TooLarge { limit, unit }));
            }
            self.packages.push(package);
        }
        for note in other.notes {
            push(&mut self.notes, note);
        }
        for (from, to) in other.edges {
            self.edge(from + shift, to + shift)?;
        }
        let asks = other.asks.into_iter();
        self.asks.extend(asks.map(|(at, ask)| (at + shift, ask)));
        Ok(())
    }

    /// Fills scope and optionality of every package from what the project asks
    /// for: whatever a runtime dependency needs is of the runtime, and the rest of
    /// what a development dependency needs is for development.
    pub(crate) fn spread(&mut self) {
        let mut needs: Vec<Vec<usize>> = vec![Vec::new(); self.packages.len()];
        for &(from, to) in &self.edges {
            // What a member of the project needs is among the asks.
            let is_project = (self.packages.get(from))
                .is_some_and(|package| package.relation == Relation::Project);
            if let Some(list) = needs.get_mut(from).filter(|_| !is_project) {
                list.push(to);
            }
        }
        // The strongest reason first: each package keeps the first that reaches it.
        let order = [Ask::RUNTIME, Ask::OPTIONAL, Ask::DEVELOPMENT];
        let mut seen = vec![false; self.packages.len()];
        for wanted in order {
            let starts = self.asks.iter().filter(|(_, ask)| *ask == wanted);
            let mut queue: VecDeque<usize> = starts.map(|(at, _)| *at).collect();
            while let Some(at) = queue.pop_front() {
                let Some(mark) = seen.get_mut(at) else {
                    continue;
                };
                if std::mem::replace(mark, true) {
                    continue;
                }
                if let Some(package) = self.packages.get_mut(at) {
                    package.scope = wanted.scope;
                    package.optional |= wanted.optional;
                }
                queue.extend(needs.get(at).into_iter().flatten());
            }
        }
    }

    /// Whether anything is known of what the project asks for by itself.
    pub(crate) fn knows_asks(&self) -> bool {
        let is_project = |package: &Package| package.relation == Relation::Project;
        let is_named = !self.asks.is_empty() || self.packages.iter().any(is_project);
        is_named && !self.knows_nothing
    }

    /// The document.
    pub(crate) fn finish(mut self, format: Format, format_version: Option<String>) -> Document {
        let knows = self.knows_asks();
        self.edges.sort_unstable();
        self.edges.dedup();
        let projects: Vec<bool> = (self.packages.iter())
            .map(|package| package.relation == Relation::Project)
            .collect();
        let is_project = |at: usize| projects.get(at).copied().unwrap_or(false);
        for &(from, to) in &self.edges {
            let Some(package) = self.packages.get_mut(to) else {
                continue;
            };
            package.requirers.push(from);
            if is_project(from) && package.relation == Relation::Unknown {
                package.relation = Relation::Direct;
            }
        }
        for &(at, _) in &self.asks {
            if let Some(package) = self.packages.get_mut(at)
                && package.relation != Relation::Project
            {
                package.relation = Relation::Direct;
            }
        }
        if self.roots_are_direct {
            for package in &mut self.packages {
                if package.relation == Relation::Unknown && package.requirers.is_empty() {
                    package.relation = Relation::Direct;
                }
            }
        } else if knows {
            for package in &mut self.packages {
                if package.relation == Relation::Unknown {
                    package.relation = Relation::Transitive;
                }
            }
        }
        self.note_duplicates();
        self.notes.sort_by(|a, b| a.location.cmp(&b.location));
        Document {
            path: self.file.shared_path(),
            format,
            format_version,
            packages: self.packages,
            notes: self.notes,
        }
    }

    /// The same package at the same version from the same source with other hashes.
    fn note_duplicates(&mut self) {
        let mut first = HashMap::with_capacity(self.packages.len());
        let mut found = Vec::new();
        for package in &self.packages {
            let key = (
                package.ecosystem,
                package.name.as_str(),
                package.version.as_deref(),
                package.source.address(),
                package.qualifiers.as_slice(),
            );
            let known: Option<&&Package> = first.get(&key);
            let Some(known) = known else {
                first.insert(key, package);
                continue;
            };
            let hashes = |package: &Package| {
                let mut all = package.integrity.clone();
                all.sort();
                all
            };
            let is_same = hashes(known) == hashes(package);
            if !is_same {
                found.push(Note {
                    location: package.location.clone(),
                    kind: NoteKind::Duplicate {
                        name: shown(&package.name),
                        first: known.location.line,
                    },
                });
            }
        }
        for note in found {
            push(&mut self.notes, note);
        }
    }
}

fn push(notes: &mut Vec<Note>, note: Note) {
    if notes.len() < MOST_NOTES {
        notes.push(note);
    } else if notes.len() == MOST_NOTES {
        notes.push(Note {
            location: note.location,
            kind: NoteKind::NotUnderstood {
                what: "what follows",
                found: "more than a thousand notes".to_owned(),
            },
        });
    }
}

/// The beginning of a foreign text.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

/// The strongest of several scopes.
pub(crate) fn strongest(scopes: impl IntoIterator<Item = Scope>) -> Scope {
    let mut best = Scope::Unknown;
    for scope in scopes {
        best = match (best, scope) {
            (Scope::Runtime, _) | (_, Scope::Runtime) => Scope::Runtime,
            (Scope::Development, _) | (_, Scope::Development) => Scope::Development,
            _ => Scope::Unknown,
        };
    }
    best
}

/// A hash of an archive, where a text is there.
pub(crate) fn archive_hash(algorithm: crate::Algorithm, text: Option<&str>) -> Vec<Integrity> {
    let text = text.filter(|text| !text.is_empty());
    text.map(|text| Integrity::hex(crate::Subject::Archive, algorithm, text))
        .into_iter()
        .collect()
}
