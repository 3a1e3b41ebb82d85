//! `.github/cofferdam.lock`: what `actions.lock` leaves open.
//!
//! The file is YAML in one fixed form (see [`Contents::text`]): sorted, one
//! fact a line, texts in single quotes, so that two branches that lock
//! different things join without a conflict and a review reads line by line.
//! Nothing in it is optional to the reader: an unknown key, a value of another
//! form and a key that stands twice are problems with a place.

use std::collections::BTreeMap;

use cofferdam_facts::image::is_digest;
use cofferdam_facts::pin::{Commit, Pin};
use cofferdam_facts::{Location, SourceFile, Span, Spanned};

use super::conflict;
use super::problem::{Problem, ProblemKind};
use super::reading::Reading;
use crate::yaml::{Document, Node};

mod contents;
mod schema;

pub use contents::{Contents, Entry, Hash, Key, NotWritable, Tool};
pub use schema::schema;

/// Where it stands.
pub const PLACE: &str = ".github/cofferdam.lock";
/// The version that is read and written.
pub const VERSION: u32 = 1;
/// Larger files are not read.
pub const MAX_BYTES: usize = 4 << 20;

/// What stands for a hash that nobody knows.
const NOT_KNOWN: &str = "no hash known";

const SECTIONS: [&str; 7] = [
    "version",
    "actions",
    "images",
    "bases",
    "tools",
    "downloads",
    "local",
];
const ENTRY: [&str; 12] = [
    "commit",
    "tree",
    "excluded",
    "accepted",
    "paths",
    "uses",
    "images",
    "tools",
    "downloads",
    "permissions",
    "calls",
    "undecided",
];

/// The lock as far as it was understood.
#[derive(Clone, Debug)]
pub struct CofferdamLock {
    document: Document,
    contents: Contents,
    places: BTreeMap<Key, Span>,
    problems: Vec<Problem>,
}

impl CofferdamLock {
    /// Reads a lock. Never fails; see [`Self::problems`].
    #[must_use]
    pub fn parse(file: SourceFile) -> Self {
        let document = Document::parse(file);
        let mut reader = Reader::new(&document);
        reader.root(&document);
        let Reader {
            reading,
            contents,
            places,
        } = reader;
        Self {
            contents,
            places,
            problems: reading.problems,
            document,
        }
    }

    /// The file that was read.
    #[must_use]
    pub fn file(&self) -> &SourceFile {
        self.document.file()
    }

    /// What is wrong with it, in the order of reading.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// What it locks.
    #[must_use]
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// Where a key stands; the head of the file for one that it does not have.
    #[must_use]
    pub fn place(&self, key: &Key) -> Location {
        let span = self.places.get(key).copied().unwrap_or_default();
        self.file().locate(span)
    }

    /// The first line that is not as [`Contents::text`] writes it; line breaks
    /// of Windows do not count. `None` for a file with problems.
    #[must_use]
    pub fn first_difference(&self) -> Option<usize> {
        if !self.problems.is_empty() {
            return None;
        }
        let expected = self.contents.text().ok()?;
        let text = self.file().text();
        let mut lines = text.split('\n').map(|l| l.strip_suffix('\r').unwrap_or(l));
        let mut wanted = expected.split('\n');
        let mut number = 1;
        loop {
            match (lines.next(), wanted.next()) {
                (None, None) => return None,
                (one, other) if one == other => number += 1,
                _ => return Some(number),
            }
        }
    }
}

struct Reader {
    reading: Reading,
    contents: Contents,
    places: BTreeMap<Key, Span>,
}

impl Reader {
    fn new(document: &Document) -> Self {
        let mut reading = Reading::of(document);
        for problem in &mut reading.problems {
            // A key that stands twice leaves open which of the two counts.
            if problem.kind != ProblemKind::TooLarge {
                problem.kind = ProblemKind::Syntax;
            }
        }
        if let Some(problem) = conflict::first(document.text()) {
            reading.problems.insert(0, problem);
        }
        if document.text().len() > MAX_BYTES {
            let message = format!("the lock is larger than {} MiB", MAX_BYTES >> 20);
            reading.problem(ProblemKind::TooLarge, Span::default(), message);
        }
        Self {
            reading,
            contents: Contents::default(),
            places: BTreeMap::new(),
        }
    }

    fn root(&mut self, document: &Document) {
        let Some(root) = self.reading.root(document, &SECTIONS) else {
            return;
        };
        self.version(root);
        for (key, pin, node) in self.keyed(
            root,
            "actions",
            "an action must be OWNER/REPO@REF",
            Pin::parse,
        ) {
            if let Some(entry) = self.entry(&pin, node) {
                self.contents.actions.insert(pin.clone(), entry);
            }
            self.place(Key::Action(pin), key);
        }
        let image = |text: &str| is_plain(text).then(|| text.to_owned());
        for section in ["images", "bases"] {
            for (key, name, node) in
                self.keyed(root, section, "a name of an image must be one line", image)
            {
                let hash = self.hash(node, "sha256: and 64 digits", is_digest);
                let (list, place) = match section {
                    "images" => (&mut self.contents.images, Key::Image(name.clone())),
                    _ => (&mut self.contents.bases, Key::Base(name.clone())),
                };
                list.extend(hash.map(|hash| (name, hash)));
                self.place(place, key);
            }
        }
        for (key, tool, node) in self.keyed(
            root,
            "tools",
            "a tool must be OWNER/REPO@REF NAME VERSION",
            Tool::parse,
        ) {
            if let Some(from) = self.reading.text(node, "where a tool comes from") {
                self.contents.tools.insert(tool.clone(), from.value);
            }
            self.place(Key::Tool(tool), key);
        }
        for (key, address, node) in
            self.keyed(root, "downloads", "an address must be one line", image)
        {
            let hash = self.hash(node, "sha256: or sha512: and all digits", is_digest);
            self.contents
                .downloads
                .extend(hash.map(|hash| (address.clone(), hash)));
            self.place(Key::Download(address), key);
        }
        let folder = |text: &str| is_folder(text).then(|| text.to_owned());
        for (key, path, node) in self.keyed(
            root,
            "local",
            "a local action must be a folder of the repository",
            folder,
        ) {
            let hash = self.hash(node, "h1: and 44 characters of base64", is_h1);
            self.contents
                .local
                .extend(hash.map(|hash| (path.clone(), hash)));
            self.place(Key::Local(path), key);
        }
    }

    fn version(&mut self, root: Node<'_>) {
        match self.reading.count_at(root, "version") {
            Some(version) if version.value == u64::from(VERSION) => {}
            Some(version) => {
                let message = format!(
                    "version {} of the lock is not known; this program reads version {VERSION}",
                    version.value
                );
                self.reading
                    .problem(ProblemKind::UnknownVersion, version.span, message);
            }
            None if root.get("version").is_some() => {}
            None => {
                let message = format!("`version: {VERSION}` is missing");
                self.reading
                    .problem(ProblemKind::Missing, root.span(), message);
            }
        }
    }

    /// The entries of a section whose keys `read` takes; a problem for others.
    fn keyed<'d, K: Ord + Clone>(
        &mut self,
        root: Node<'d>,
        section: &str,
        expected: &str,
        read: impl Fn(&str) -> Option<K>,
    ) -> Vec<(Span, K, Node<'d>)> {
        let Some(node) = root.get(section) else {
            return Vec::new();
        };
        let Some(node) = self.reading.any_mapping(node, &format!("`{section}`")) else {
            return Vec::new();
        };
        let mut found: BTreeMap<K, ()> = BTreeMap::new();
        let mut entries = Vec::new();
        for (key, value) in node.entries() {
            let Some(text) = self.reading.text(key, &format!("a key of `{section}`")) else {
                continue;
            };
            match read(&text.value) {
                Some(parsed) if found.insert(parsed.clone(), ()).is_none() => {
                    entries.push((text.span, parsed, value));
                }
                // The same pin in other upper and lower case.
                Some(_) => {
                    let message = format!("`{}` stands twice", text.value);
                    self.reading
                        .problem(ProblemKind::BadValue, text.span, message);
                }
                None => self
                    .reading
                    .problem(ProblemKind::BadValue, text.span, expected),
            }
        }
        entries
    }

    fn place(&mut self, key: Key, span: Span) {
        self.places.insert(key, span);
    }

    fn hash(&mut self, node: Node<'_>, expected: &str, fits: fn(&str) -> bool) -> Option<Hash> {
        let text = self.reading.text(node, "a hash")?;
        if text.value == NOT_KNOWN {
            return Some(Hash::NotKnown);
        }
        if !fits(&text.value) {
            let message = format!("a hash here must be {expected}, or `{NOT_KNOWN}`");
            self.reading
                .problem(ProblemKind::BadValue, text.span, message);
            return None;
        }
        Some(Hash::Known(text.value))
    }

    fn entry(&mut self, pin: &Pin, node: Node<'_>) -> Option<Entry> {
        let node = self
            .reading
            .mapping(node, "an entry of `actions`", &ENTRY)?;
        for key in ["commit", "tree", "paths"] {
            if node.get(key).is_none() {
                let message = format!("the entry of {pin} lacks `{key}`");
                self.reading
                    .problem(ProblemKind::Missing, node.span(), message);
            }
        }
        let commit = self.commit(pin, node);
        let tree = node
            .get("tree")
            .and_then(|tree| self.hash(tree, "h1: and 44 characters of base64", is_h1));
        let one_line = |text: &str| is_plain(text).then(|| text.to_owned());
        let path = |text: &str| is_folder(text).then(|| text.to_owned());
        let entry = Entry {
            commit: commit?,
            tree: tree?,
            excluded: self.set(node, "excluded", "a path of the action", path),
            accepted: self.set(node, "accepted", "a path of the action", path),
            paths: self.set(node, "paths", "a path of the action, or `.`", path),
            uses: self.set(node, "uses", "OWNER/REPO@REF", Pin::parse),
            images: self.set(node, "images", "one line", one_line),
            tools: self.set(node, "tools", "OWNER/REPO@REF NAME VERSION", Tool::parse),
            downloads: self.set(node, "downloads", "one line", one_line),
            permissions: self.set(node, "permissions", "SCOPE: LEVEL", one_line),
            calls: self.set(node, "calls", "one line", one_line),
            undecided: self.set(node, "undecided", "one line", one_line),
        };
        if let Some(path) = entry.accepted.difference(&entry.excluded).next() {
            let message = format!("`{path}` is accepted and not under `excluded` of {pin}");
            let place = node.get("accepted").map_or(node.span(), |list| list.span());
            self.reading.problem(ProblemKind::BadValue, place, message);
        }
        Some(entry)
    }

    fn commit(&mut self, pin: &Pin, node: Node<'_>) -> Option<Commit> {
        let text: Spanned<String> = self.reading.text_at(node, "commit")?;
        let commit = Commit::parse(&text.value);
        let message = match &commit {
            None => "a commit must be sha1- or sha256- and all its digits".to_owned(),
            Some(commit) if pin.commit().is_some_and(|named| named != *commit) => {
                format!("the commit is not the one that {pin} names")
            }
            Some(_) => return commit,
        };
        self.reading
            .problem(ProblemKind::BadValue, text.span, message);
        commit
    }

    fn set<T: Ord>(
        &mut self,
        node: Node<'_>,
        key: &str,
        expected: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> std::collections::BTreeSet<T> {
        let mut set = std::collections::BTreeSet::new();
        for text in self.reading.texts_at(node, key) {
            match read(&text.value) {
                Some(value) => {
                    set.insert(value);
                }
                None => {
                    let message = format!("an item of `{key}` must be {expected}");
                    self.reading
                        .problem(ProblemKind::BadValue, text.span, message);
                }
            }
        }
        set
    }
}

/// `h1:` and the base64 of 32 bytes.
fn is_h1(text: &str) -> bool {
    let base64 = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    text.strip_prefix("h1:")
        .and_then(|rest| rest.strip_suffix('='))
        .is_some_and(|digits| digits.len() == 43 && digits.bytes().all(base64))
}

/// A path inside a repository, with `.` for its root.
fn is_folder(text: &str) -> bool {
    text == "."
        || (is_plain(text)
            && !text.contains('\\')
            && text.split('/').all(|part| !matches!(part, "" | "." | "..")))
}

/// One line that can be written in single quotes.
fn is_plain(text: &str) -> bool {
    contents::quoted(text).is_ok()
}

#[cfg(test)]
mod tests;
