//! What looks into files and says which packages they tell of.
//!
//! One more cataloguer is one file here and one line in [`CATALOGUERS`].

mod actions;
mod apk;
mod cargo_auditable;
mod dpkg;
pub(crate) mod file;
mod go_binary;
mod helm;
mod jar;
mod lockfiles;
mod npm;
mod os_release;
mod paragraphs;
mod python;
mod rpm;

use std::io::{self, SeekFrom};

pub use self::file::{Beside, Content, Opened, Unread};
pub use self::os_release::OsRelease;
use crate::executable;
use crate::limits::Limits;
use crate::package::Package;

/// What kind of tree a file lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tree {
    /// What is built from: lockfiles say what it is made of.
    Source,
    /// What is run: only what is installed is there.
    Installed,
}

/// A file before it is opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate<'a> {
    /// Where it lies below the root, with slashes.
    pub(crate) path: &'a str,
    /// Its bytes.
    pub(crate) size: u64,
    /// In what kind of tree.
    pub(crate) tree: Tree,
}

impl<'a> Candidate<'a> {
    /// The last part of the path.
    pub(crate) fn name(&self) -> &'a str {
        self.path.rsplit('/').next().unwrap_or(self.path)
    }

    /// Whether it lies at a path below any folder, or is it.
    pub(crate) fn is_at(&self, path: &str) -> bool {
        let folder = self.path.strip_suffix(path);
        folder.is_some_and(|folder| folder.is_empty() || folder.ends_with('/'))
    }
}

/// Whether a cataloguer looks into a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Interest {
    /// It does not.
    No,
    /// If its first bytes are those of an executable.
    Executable,
    /// In any case.
    Yes,
}

impl Interest {
    /// Yes or no.
    pub(crate) fn when(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

/// One cataloguer.
pub(crate) struct Cataloguer {
    /// Its name in documents.
    pub(crate) name: &'static str,
    /// Whether it looks into a file.
    pub(crate) interest: fn(Candidate<'_>) -> Interest,
    /// Looks into it.
    pub(crate) read: fn(&mut Opened<'_>, &mut Found) -> Result<(), Unread>,
}

/// Every cataloguer.
pub(crate) const CATALOGUERS: &[Cataloguer] = &[
    actions::CATALOGUER,
    apk::CATALOGUER,
    cargo_auditable::CATALOGUER,
    dpkg::CATALOGUER,
    go_binary::CATALOGUER,
    helm::CATALOGUER,
    jar::CATALOGUER,
    lockfiles::CATALOGUER,
    npm::CATALOGUER,
    os_release::CATALOGUER,
    python::CATALOGUER,
    rpm::CATALOGUER,
];

/// The names of all cataloguers.
pub fn names() -> impl Iterator<Item = &'static str> {
    CATALOGUERS.iter().map(|cataloguer| cataloguer.name)
}

/// A name that others may refer to: what lies in a folder of modules.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The folder.
    pub folder: String,
    /// The name within it.
    pub name: String,
}

/// A package, as one file tells of it.
#[derive(Clone, Debug)]
pub struct Item {
    /// The package.
    pub package: Package,
    /// The line of the file, from 1 on.
    pub line: Option<usize>,
    /// The file inside of an archive.
    pub inner: Option<String>,
    /// Under which name packages of other files depend on it.
    pub place: Option<Place>,
    /// On which names of other files it depends: for each, the places where it
    /// is looked for, in order.
    pub needs: Vec<Vec<Place>>,
    /// The package that depends on it, where another file tells of that one.
    pub of: Option<Place>,
}

impl Item {
    /// A package of the whole file.
    #[must_use]
    pub fn new(package: Package) -> Self {
        Self {
            package,
            line: None,
            inner: None,
            place: None,
            needs: Vec::new(),
            of: None,
        }
    }
}

/// What one cataloguer found in one file.
#[derive(Debug, Default)]
pub struct Found {
    /// Packages.
    pub items: Vec<Item>,
    /// Pairs of items of which the first depends on the second.
    pub edges: Vec<(usize, usize)>,
    /// The distribution, where the file says it.
    pub os: Option<OsRelease>,
    /// What could not be read, though the rest could.
    pub partly: Vec<Unread>,
}

impl Found {
    /// Without packages that have no name, which is said where there is one.
    fn with_names(mut self) -> Self {
        if self.items.iter().all(|item| !item.package.name.is_empty()) {
            return self;
        }
        let what = "a package in it has no name";
        self.partly.push(Unread::Damaged { what });
        let mut places = Vec::with_capacity(self.items.len());
        let mut items = Vec::new();
        for item in self.items {
            let is_named = !item.package.name.is_empty();
            places.push(is_named.then_some(items.len()));
            items.extend(is_named.then_some(item));
        }
        let place = |at: usize| places.get(at).copied().flatten();
        let edges = self.edges.iter();
        let edges = edges.filter_map(|&(from, on)| Some((place(from)?, place(on)?)));
        self.edges = edges.collect();
        self.items = items;
        self
    }
}

/// What all cataloguers found in one file.
#[derive(Debug)]
pub struct FileFound {
    /// Where it lies.
    pub path: String,
    /// For each cataloguer, what it found or why it could not look.
    pub by: Vec<(&'static str, Result<Found, Unread>)>,
    /// Digests, where they were asked for.
    pub digests: Option<FileDigests>,
}

/// The digests of a file: those that SPDX and CycloneDX both want.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDigests {
    /// SHA-1 in hexadecimal.
    pub sha1: String,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

/// The strongest interest that any cataloguer has.
pub(crate) fn interest(candidate: Candidate<'_>) -> Interest {
    let interests = CATALOGUERS.iter().map(|one| (one.interest)(candidate));
    interests.max().unwrap_or(Interest::No)
}

/// Lets every cataloguer that wants it look into a file.
pub(crate) fn look(
    candidate: Candidate<'_>,
    content: &mut dyn Content,
    beside: Beside<'_>,
    limits: &Limits,
) -> io::Result<Option<FileFound>> {
    let mut head = [0; executable::HEAD];
    let read = file::up_to(content, &mut head)?;
    let is_executable = executable::begins(head.get(..read).unwrap_or_default());
    let mut by = Vec::new();
    for cataloguer in CATALOGUERS {
        match (cataloguer.interest)(candidate) {
            Interest::Yes => {}
            Interest::Executable if is_executable => {}
            _ => continue,
        }
        content.seek(SeekFrom::Start(0))?;
        let mut opened = Opened::new(candidate.path, candidate.size, content, beside, limits);
        let mut found = Found::default();
        let result = (cataloguer.read)(&mut opened, &mut found);
        let too_many = found.items.len() > limits.packages_of_file;
        let result = match result {
            Ok(()) if too_many => Err(Unread::TooMany {
                most: limits.packages_of_file,
            }),
            Ok(()) => Ok(found.with_names()),
            Err(error) => Err(error),
        };
        let is_nothing = matches!(&result, Ok(found)
            if found.items.is_empty() && found.os.is_none() && found.partly.is_empty());
        if !is_nothing {
            by.push((cataloguer.name, result));
        }
    }
    Ok((!by.is_empty()).then(|| FileFound {
        path: candidate.path.to_owned(),
        by,
        digests: None,
    }))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// Found by fuzzing.
    #[test]
    fn a_package_without_a_name_is_said_and_moves_no_edge() {
        let text = "Package:\nVersion: 1\nDepends: b\n\nPackage: a\nVersion: 1\nDepends: b\n\n\
            Package: b\nVersion: 2\n";
        let limits = Limits::default();
        let file = crate::read_file("var/lib/dpkg/status", text.as_bytes(), &limits);
        let (_, found) = file.unwrap().unwrap().by.pop().unwrap();
        let found = found.unwrap();
        assert_eq!(testing::purls(&found), ["pkg:deb/a@1", "pkg:deb/b@2"]);
        assert_eq!(testing::edges(&found), [("a", "b")]);
        assert_eq!(found.partly.len(), 1);
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::{Candidate, Cataloguer, Found, Interest, Opened, Unread};
    use crate::limits::Limits;

    /// What one cataloguer finds in one file that it wants.
    pub(crate) fn run(one: &Cataloguer, path: &str, bytes: &[u8]) -> Result<Found, Unread> {
        let size = bytes.len() as u64;
        let tree = super::Tree::Source;
        let candidate = Candidate { path, size, tree };
        assert_ne!((one.interest)(candidate), Interest::No, "{path} is wanted");
        let mut content = std::io::Cursor::new(bytes);
        let limits = Limits::default();
        let mut found = Found::default();
        (one.read)(
            &mut Opened::new(path, size, &mut content, super::file::NOTHING, &limits),
            &mut found,
        )?;
        Ok(found)
    }

    /// Package URLs, in order.
    pub(crate) fn purls(found: &Found) -> Vec<String> {
        found.items.iter().map(|item| item.package.purl()).collect()
    }

    /// Edges by name.
    pub(crate) fn edges(found: &Found) -> Vec<(&str, &str)> {
        let name = |at: usize| {
            found
                .items
                .get(at)
                .map_or("", |item| item.package.name.as_str())
        };
        found
            .edges
            .iter()
            .map(|&(from, to)| (name(from), name(to)))
            .collect()
    }
}
