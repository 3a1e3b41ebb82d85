//! `requirements.txt`, with what it includes.
//!
//! Source: pip documentation, "Requirements File Format"; what pip-compile and uv
//! write behind `# via`. A file that is included has to lie in the checkout.

mod lines;

use std::collections::{HashMap, HashSet};

use cofferdam_facts::Span;

use self::lines::{Line, Via, logical};
use super::requirement::Requirement;
use super::{file_name, places, source_of};
use crate::document::{Ask, Document};
use crate::draft::Draft;
use crate::files::{Files, Unreadable, beside};
use crate::mistake::Mistake;
use crate::purl::pypi_name;
use crate::{Ecosystem, Format, Integrity, Package, Source, Subject};

/// The most files that are read for one.
const MOST_FILES: usize = 64;
/// The most files that include each other in a chain.
const DEEPEST: usize = 16;

pub(crate) fn read(mut draft: Draft<'_>, files: &dyn Files) -> Result<Document, Mistake> {
    let mut reader = Reader {
        files,
        count: 1,
        bytes: draft.file.text().len(),
        pins: HashMap::new(),
        has_via: false,
    };
    let mut chain = vec![draft.file.path().to_owned()];
    reader.collect(&mut draft, &mut chain, &mut HashSet::new())?;
    for package in &mut draft.packages {
        if package.version.is_none()
            && matches!(package.source, Source::Registry { .. })
            && let Some(version) = reader.pins.get(&pypi_name(&package.name))
        {
            package.version = Some(version.clone());
        }
    }
    Ok(draft.finish(Format::Requirements, None))
}

struct Reader<'f> {
    files: &'f dyn Files,
    /// How many files are read.
    count: usize,
    /// Their bytes.
    bytes: usize,
    /// The versions that constraints fix, by normalised name.
    pins: HashMap<String, String>,
    /// Whether any file says who needs what.
    has_via: bool,
}

/// What a file says for all of its lines.
#[derive(Default)]
struct Indexes {
    main: Option<String>,
    has_extra: bool,
}

impl Reader<'_> {
    fn collect(
        &mut self,
        draft: &mut Draft<'_>,
        chain: &mut Vec<String>,
        done: &mut HashSet<String>,
    ) -> Result<(), Mistake> {
        let lines = logical(draft.file)?;
        let mut indexes = Indexes::default();
        for line in &lines {
            match option(&line.text) {
                Some(("-i" | "--index-url" | "--pypi-url", url)) => {
                    indexes.main = Some(url.to_owned());
                }
                Some(("--extra-index-url", _)) => indexes.has_extra = true,
                _ => {}
            }
        }
        let mut needs = Vec::new();
        let mut included = Vec::new();
        for line in lines {
            match option(&line.text) {
                Some(("-r" | "--requirement", path)) => {
                    included.push((path.to_owned(), true, line.span))
                }
                Some(("-c" | "--constraint", path)) => {
                    included.push((path.to_owned(), false, line.span))
                }
                Some(("-e" | "--editable", text)) => {
                    let package = located(draft, text, line.span);
                    draft.add(package)?;
                }
                Some(_) => {}
                None => {
                    if let Some(package) = requirement(draft, &line, &indexes) {
                        let at = draft.add(package)?;
                        needs.push((at, line.via));
                    }
                }
            }
        }
        self.connect(draft, needs)?;
        for (path, whole, span) in included {
            self.include(draft, &path, whole, span, chain, done)?;
        }
        Ok(())
    }

    /// Who needs what, as the comments say.
    fn connect(&mut self, draft: &mut Draft<'_>, needs: Vec<(usize, Via)>) -> Result<(), Mistake> {
        let places = places(draft);
        for (to, via) in needs {
            self.has_via |= via.is_direct || !via.names.is_empty();
            if via.is_direct {
                draft.ask(to, Ask::UNKNOWN)?;
            }
            for name in via.names {
                for from in places.get(&pypi_name(&name)).into_iter().flatten() {
                    draft.edge(*from, to)?;
                }
            }
        }
        Ok(())
    }

    fn include(
        &mut self,
        draft: &mut Draft<'_>,
        path: &str,
        whole: bool,
        span: Span,
        chain: &mut Vec<String>,
        done: &mut HashSet<String>,
    ) -> Result<(), Mistake> {
        let Some(inside) = beside(draft.file.path(), path) else {
            draft.unread(span, path, Unreadable::Outside);
            return Ok(());
        };
        if chain.contains(&inside) {
            draft.unread(span, path, Unreadable::Circle);
            return Ok(());
        }
        if !done.insert(format!("{whole}{inside}")) {
            return Ok(());
        }
        if self.count >= MOST_FILES || chain.len() >= DEEPEST {
            draft.unread(span, path, Unreadable::TooLarge);
            return Ok(());
        }
        let file = match self.files.read(&inside) {
            Ok(file) if self.bytes + file.text().len() <= crate::MAX_BYTES => file,
            Ok(_) => {
                draft.unread(span, path, Unreadable::TooLarge);
                return Ok(());
            }
            Err(why) => {
                draft.unread(span, path, why);
                return Ok(());
            }
        };
        self.count += 1;
        self.bytes += file.text().len();
        chain.push(inside);
        let mut inner = Draft::new(&file);
        let read = self.collect(&mut inner, chain, done);
        chain.pop();
        if read.is_err() {
            draft.unread(span, path, Unreadable::Refused);
            return Ok(());
        }
        if !whole {
            for package in inner.packages.drain(..) {
                if let Some(version) = package.version {
                    self.pins.insert(pypi_name(&package.name), version);
                }
            }
            inner.forget_edges();
        }
        draft.include(inner)
    }
}

/// An option that has a line of its own, with its value.
fn option(text: &str) -> Option<(&str, &str)> {
    if let Some(rest) = text.strip_prefix("--") {
        let end = rest.find(['=', ' ', '\t']).unwrap_or(rest.len());
        let (name, value) = text.split_at_checked(end + 2)?;
        return Some((name, value.trim_start_matches(['=', ' ', '\t']).trim()));
    }
    if text.starts_with('-') {
        let (name, value) = text.split_at_checked(2)?;
        return Some((name, value.trim_start_matches('=').trim()));
    }
    None
}

fn requirement(draft: &mut Draft<'_>, line: &Line, indexes: &Indexes) -> Option<Package> {
    let text = line.text.as_str();
    let (wish, options) = match text.find(" --") {
        Some(at) => text.split_at_checked(at)?,
        None => (text, ""),
    };
    let wish = wish.trim();
    let hashes = hashes(options);
    let mut package = match Requirement::parse(wish) {
        Some(wish) => {
            let version = wish.version().map(str::to_owned);
            let mut package = draft.package(Ecosystem::PyPi, wish.name, version, line.span);
            if package.version.is_none() && !wish.specifier.is_empty() {
                package.requirement = Some(wish.specifier.to_owned());
            }
            package.marker = wish.marker.map(str::to_owned);
            package.source = match wish.url {
                Some(url) => source_of(url),
                None => Source::Registry {
                    index: indexes.main.clone().filter(|_| !indexes.has_extra),
                    archive: None,
                },
            };
            package
        }
        None if is_place(wish) => located(draft, wish, line.span),
        None => {
            draft.not_understood(line.span, "a requirement", wish);
            return None;
        }
    };
    package.integrity = hashes;
    Some(package)
}

/// The hashes among the options of one requirement.
fn hashes(options: &str) -> Vec<Integrity> {
    let words = options.replace("--hash ", "--hash=");
    let words = words.split_ascii_whitespace();
    let texts = words.filter_map(|word| word.strip_prefix("--hash="));
    texts
        .filter_map(|text| Integrity::prefixed(Subject::Archive, text))
        .collect()
}

fn is_place(text: &str) -> bool {
    let path = text
        .split([';', '[', '#'])
        .next()
        .unwrap_or(text)
        .trim_end();
    text.contains("://")
        || text.starts_with(['.', '/'])
        || text.starts_with("~/")
        || text.starts_with("file:")
        || path.contains('/')
        || [".whl", ".zip", ".tar.gz", ".tar.bz2"]
            .iter()
            .any(|end| path.ends_with(end))
}

/// A package that is named by its address or path. Its name stands behind `#egg=`,
/// or in the name of the archive.
fn located(draft: &mut Draft<'_>, text: &str, span: Span) -> Package {
    let text = text.trim().trim_matches(['"', '\'']);
    if let Some(wish) = Requirement::parse(text)
        && let Some(url) = wish.url
    {
        let mut package = draft.package(Ecosystem::PyPi, wish.name, None, span);
        package.source = source_of(url);
        return package;
    }
    let address = text.split(" ;").next().unwrap_or(text).trim();
    let fragment = address.split_once('#').map_or("", |(_, fragment)| fragment);
    let egg = fragment
        .split('&')
        .find_map(|pair| pair.strip_prefix("egg="));
    let egg = egg.map(|name| name.split('[').next().unwrap_or(name));
    let archive = archive_parts(file_name(address));
    let version = archive.map(|(_, version)| version.to_owned());
    let source = source_of(address.split('[').next().unwrap_or(address));
    let name = egg.or(archive.map(|(name, _)| name));
    let name = name.unwrap_or_else(|| {
        if !matches!(source, Source::Path { .. }) {
            draft.not_understood(span, "the name of a package", address);
        }
        address
    });
    let mut package = draft.package(Ecosystem::PyPi, name, version, span);
    package.source = source;
    package
}

/// Name and version of an archive.
/// Source: Python packaging specifications, "Binary distribution format" and
/// "Source distribution format".
fn archive_parts(name: &str) -> Option<(&str, &str)> {
    if let Some(stem) = name.strip_suffix(".whl") {
        let mut parts = stem.split('-');
        return Some((parts.next()?, parts.next()?));
    }
    let ends = [".tar.gz", ".zip", ".tar.bz2"];
    let stem = ends.iter().find_map(|end| name.strip_suffix(end))?;
    let (name, version) = stem.rsplit_once('-')?;
    version
        .starts_with(|c: char| c.is_ascii_digit())
        .then_some((name, version))
}

#[cfg(test)]
mod tests;
