//! What differs between two states of a project.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use cofferdam_lockfiles::versions::Scheme;
use cofferdam_lockfiles::{Document, Ecosystem, Format, Integrity, Package, Source};

/// The files of one state.
#[derive(Clone, Copy, Debug, Default)]
pub struct State<'d> {
    /// What each file says, in any order.
    pub documents: &'d [Document],
}

/// What happened to a package in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The file had none of this name.
    Added,
    /// It is there in another version.
    Updated,
    /// The version is the same, and what stands behind it is not.
    Altered,
    /// It stood in another file, from which it was taken.
    Moved,
    /// It is there no more.
    Removed,
}

impl Kind {
    /// The one word that formats use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Updated => "updated",
            Self::Altered => "altered",
            Self::Moved => "moved",
            Self::Removed => "removed",
        }
    }
}

/// One package that a change touches, in one file.
#[derive(Clone, Debug)]
pub struct Change<'d> {
    /// What happened.
    pub kind: Kind,
    /// The file as it was.
    pub from: Option<&'d Document>,
    /// The file as it is.
    pub to: Option<&'d Document>,
    /// The package as it was.
    pub before: Option<&'d Package>,
    /// The package as it is.
    pub after: Option<&'d Package>,
    /// The same package in the same version in files of the base, this one and
    /// others: what they say of it has to be the same.
    pub known: Vec<&'d Package>,
    /// Whether the file stands beside another that names what is used, so that
    /// it counts for its hashes alone.
    pub beside: bool,
}

impl<'d> Change<'d> {
    /// The package as it is, or as it was where it is gone.
    #[must_use]
    pub fn package(&self) -> Option<&'d Package> {
        self.after.or(self.before)
    }

    /// The path of the file, as it is or as it was.
    #[must_use]
    pub fn path(&self) -> &'d str {
        let document = self.to.or(self.from);
        document.map_or("", |document| &document.path)
    }

    /// Whether the version is lower than before; `None` where the two are not
    /// compared.
    #[must_use]
    pub fn is_downgrade(&self) -> Option<bool> {
        let (before, after) = (self.before?, self.after?);
        let scheme = Scheme::of(after.ecosystem)?;
        let (old, new) = (before.version.as_deref()?, after.version.as_deref()?);
        (scheme.is_version(old) && scheme.is_version(new))
            .then(|| scheme.compare(new, old) == Ordering::Less)
    }
}

/// Whether a file says of packages only what another one says as well. Its hashes
/// count; its packages are not counted twice.
///
/// `go.sum` lists more than is built, and `go.mod` has its hashes; a file of
/// materials speaks about what was built once.
#[must_use]
pub fn is_beside(document: &Document, paths: &BTreeSet<&str>) -> bool {
    let folder = document
        .path
        .rsplit_once('/')
        .map_or("", |(folder, _)| folder);
    let has = |folder: &str, name: &str| {
        if folder.is_empty() {
            paths.contains(name)
        } else {
            paths.contains(format!("{folder}/{name}").as_str())
        }
    };
    match document.format {
        Format::GoSum => has(folder, "go.mod") || has(folder, "go.work"),
        Format::GoModulesTxt => {
            let home = folder.rsplit_once('/').map_or("", |(home, _)| home);
            has(home, "go.mod") || has(home, "go.work")
        }
        Format::SpdxJson
        | Format::SpdxTagValue
        | Format::CycloneDxJson
        | Format::CycloneDxXml
        | Format::VerificationMetadata
        | Format::DepsJson
        | Format::ActionsLock => true,
        _ => false,
    }
}

/// Everything that a change touches, in order of path, ecosystem and name. Files
/// that are the same on both sides may be missing in `head`; `is_unchanged` tells
/// them by their paths.
#[must_use]
pub fn difference<'d>(
    base: State<'d>,
    head: State<'d>,
    is_unchanged: &dyn Fn(&str) -> bool,
) -> Vec<Change<'d>> {
    let old: BTreeMap<&str, &Document> = by_path(base);
    let new: BTreeMap<&str, &Document> = by_path(head);
    let index = index(base);
    let before: BTreeSet<&str> = old.keys().copied().collect();
    let kept = before.iter().copied().filter(|path| is_unchanged(path));
    let now: BTreeSet<&str> = new.keys().copied().chain(kept).collect();
    let mut changes = Vec::new();
    for path in before.union(&now) {
        let (from, to) = (old.get(path).copied(), new.get(path).copied());
        if to.is_none() && is_unchanged(path) {
            continue;
        }
        let beside = to.is_none_or(|document| is_beside(document, &now))
            && from.is_none_or(|document| is_beside(document, &before));
        let first = changes.len();
        of_file(from, to, &mut changes);
        for change in changes.iter_mut().skip(first) {
            change.beside = beside;
            if let Some(key) = change.after.and_then(Exact::of) {
                change.known = index.get(&key).cloned().unwrap_or_default();
            }
        }
    }
    pair_moved(&mut changes);
    changes
}

fn by_path(state: State<'_>) -> BTreeMap<&str, &Document> {
    let documents = state.documents.iter();
    documents.map(|one| (&*one.path, one)).collect()
}

/// A package in one version, wherever it is named.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Exact {
    ecosystem: Ecosystem,
    name: String,
    version: String,
}

impl Exact {
    fn of(package: &Package) -> Option<Self> {
        Some(Self {
            ecosystem: package.ecosystem,
            name: package.lookup_name(),
            version: package.version.clone()?,
        })
    }
}

fn index(state: State<'_>) -> HashMap<Exact, Vec<&Package>> {
    let mut index: HashMap<Exact, Vec<&Package>> = HashMap::new();
    for document in state.documents {
        for (_, package) in document.dependencies() {
            if let Some(key) = Exact::of(package) {
                index.entry(key).or_default().push(package);
            }
        }
    }
    index
}

/// The packages of one file under one name, each once.
type Named<'d> = BTreeMap<(Ecosystem, String), Vec<&'d Package>>;

fn named(document: Option<&Document>) -> Named<'_> {
    let mut all: Named<'_> = BTreeMap::new();
    for (_, package) in document.into_iter().flat_map(Document::dependencies) {
        let list = all
            .entry((package.ecosystem, package.lookup_name()))
            .or_default();
        if !list.iter().any(|one| is_same(one, package)) {
            list.push(package);
        }
    }
    all
}

fn of_file<'d>(
    from: Option<&'d Document>,
    to: Option<&'d Document>,
    changes: &mut Vec<Change<'d>>,
) {
    let (old, mut new) = (named(from), named(to));
    let mut push = |kind, before, after| {
        changes.push(Change {
            kind,
            from,
            to,
            before,
            after,
            known: Vec::new(),
            beside: false,
        });
    };
    for (key, before) in &old {
        let after = new.remove(key).unwrap_or_default();
        let is_in = |list: &[&Package], one: &Package| {
            list.iter().any(|other| pinned(other) == pinned(one))
        };
        for one in after.iter().filter(|one| is_in(before, one)) {
            if before.iter().any(|other| is_same(other, one)) {
                continue;
            }
            let other = before.iter().find(|other| pinned(other) == pinned(one));
            push(Kind::Altered, other.copied(), Some(*one));
        }
        let mut gone: Vec<&Package> = (before.iter().copied())
            .filter(|one| !is_in(&after, one))
            .collect();
        let mut come: Vec<&Package> = (after.iter().copied())
            .filter(|one| !is_in(before, one))
            .collect();
        // The newest takes the place of the newest.
        gone.sort_by(|a, b| order(b, a));
        come.sort_by(|a, b| order(b, a));
        let pairs = gone.len().min(come.len());
        for (nth, one) in come.iter().enumerate() {
            match gone.get(nth) {
                Some(other) => push(Kind::Updated, Some(*other), Some(*one)),
                None => push(Kind::Added, None, Some(*one)),
            }
        }
        for other in gone.iter().skip(pairs) {
            push(Kind::Removed, Some(*other), None);
        }
    }
    for one in new.values().flatten() {
        push(Kind::Added, None, Some(*one));
    }
}

/// The version, with what fixes it where versions may be moved: an image's digest
/// belongs to what is used, as a commit does.
fn pinned(package: &Package) -> (Option<&str>, Option<String>) {
    let fixed = match package.ecosystem {
        Ecosystem::Docker => package.integrity.first().map(ToString::to_string),
        _ => match &package.source {
            Source::Git { commit, .. } => commit.clone(),
            _ => None,
        },
    };
    let version = package
        .version
        .as_deref()
        .or(package.requirement.as_deref());
    (version, fixed)
}

fn order(a: &Package, b: &Package) -> Ordering {
    let text = |package: &Package| package.version.clone().unwrap_or_default();
    let (one, other) = (text(a), text(b));
    match Scheme::of(a.ecosystem) {
        Some(scheme) => scheme.compare(&one, &other).then_with(|| one.cmp(&other)),
        None => one.cmp(&other),
    }
}

/// Whether two entries use the same bytes from the same place, as far as the files
/// say.
fn is_same(a: &Package, b: &Package) -> bool {
    pinned(a) == pinned(b)
        && a.source == b.source
        && a.integrity == b.integrity
        && a.install_script == b.install_script
        && a.licence == b.licence
}

/// Takes what left one file and came into another, unchanged, for moved.
fn pair_moved(changes: &mut Vec<Change<'_>>) {
    let mut removed: HashMap<Exact, Vec<usize>> = HashMap::new();
    for (at, change) in changes.iter().enumerate() {
        if change.kind == Kind::Removed
            && let Some(key) = change.before.and_then(Exact::of)
        {
            removed.entry(key).or_default().push(at);
        }
    }
    let mut taken = BTreeSet::new();
    for at in 0..changes.len() {
        let Some((after, key)) = changes
            .get(at)
            .filter(|change| change.kind == Kind::Added)
            .and_then(|change| Some((change.after?, Exact::of(change.after?)?)))
        else {
            continue;
        };
        let candidates = removed.get_mut(&key);
        let Some(list) = candidates else { continue };
        let found = list.iter().position(|&other| {
            let before = changes.get(other).and_then(|change| change.before);
            before.is_some_and(|before| is_same(before, after))
        });
        let Some(other) = found.map(|place| list.remove(place)) else {
            continue;
        };
        let (from, before) = match changes.get(other) {
            Some(one) => (one.from, one.before),
            None => continue,
        };
        if let Some(change) = changes.get_mut(at) {
            change.kind = Kind::Moved;
            change.from = from;
            change.before = before;
            taken.insert(other);
        }
    }
    let mut at = 0;
    changes.retain(|_| {
        at += 1;
        !taken.contains(&(at - 1))
    });
}

/// Hashes of one package that cannot both be right: the same thing hashed the
/// same way, and not one in common.
#[must_use]
pub fn contradiction<'p>(
    before: &'p Package,
    after: &'p Package,
) -> Option<(&'p Integrity, &'p Integrity)> {
    for old in &before.integrity {
        let alike = |one: &&Integrity| one.subject == old.subject && one.algorithm == old.algorithm;
        let mut new = after.integrity.iter().filter(alike).peekable();
        let Some(first) = new.peek().copied() else {
            continue;
        };
        let others = before.integrity.iter().filter(alike);
        let known: BTreeSet<&str> = others.map(|one| one.digest.as_str()).collect();
        if !new.any(|one| known.contains(one.digest.as_str())) {
            return Some((old, first));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use cofferdam_facts::Location;

    use super::*;

    fn package(name: &str, version: &str, digest: &str) -> Package {
        let place = Location::whole_file("package-lock.json");
        let mut package = Package::new(Ecosystem::Npm, name, Some(version.to_owned()), place);
        package.source = Source::registry();
        package.integrity = Integrity::subresource(digest);
        package
    }

    fn file(path: &str, packages: &[Package]) -> Document {
        let mut document = Document::new(path, Format::PackageLock);
        document.packages = packages.to_vec();
        document
    }

    fn shown(base: &[Document], head: &[Document]) -> Vec<String> {
        let of = |documents| State { documents };
        let version = |one: Option<&Package>| one.and_then(|one| one.version.clone());
        (difference(of(base), of(head), &|_| false).iter())
            .map(|change| {
                format!(
                    "{} {} {} {} -> {}",
                    change.path(),
                    change.kind.word(),
                    change.package().map_or("", |one| &one.name),
                    version(change.before).unwrap_or_default(),
                    version(change.after).unwrap_or_default(),
                )
            })
            .collect()
    }

    #[test]
    fn versions_are_paired_newest_first() {
        let base = [file(
            "l",
            &[package("a", "1.0.0", ""), package("a", "2.0.0", "")],
        )];
        let head = [file(
            "l",
            &[package("a", "10.0.0", ""), package("b", "1.0.0", "")],
        )];
        assert_eq!(
            shown(&base, &head),
            [
                "l updated a 2.0.0 -> 10.0.0",
                "l removed a 1.0.0 -> ",
                "l added b  -> 1.0.0"
            ]
        );
        assert_eq!(shown(&base, &base), [""; 0]);
    }

    #[test]
    fn the_same_version_with_other_bytes_is_altered_and_moving_is_no_addition() {
        let base = [file("l", &[package("a", "1.0.0", "sha256-AAAA")])];
        let head = [file("l", &[package("a", "1.0.0", "sha256-BBBB")])];
        assert_eq!(shown(&base, &head), ["l altered a 1.0.0 -> 1.0.0"]);
        let moved = [file(
            "m",
            &base
                .first()
                .map(|one| one.packages.clone())
                .unwrap_or_default(),
        )];
        assert_eq!(shown(&base, &moved), ["m moved a 1.0.0 -> 1.0.0"]);
        // A second use of what is still there is an addition.
        let both = [base.to_vec(), moved.to_vec()].concat();
        assert_eq!(shown(&base, &both), ["m added a  -> 1.0.0"]);
    }

    #[test]
    fn a_second_copy_from_elsewhere_is_seen_beside_the_first() {
        let good = package("a", "1.0.0", "sha256-AAAA");
        let mut evil = package("a", "1.0.0", "sha256-BBBB");
        evil.source = Source::Url {
            url: "https://evil.example/a.tgz".to_owned(),
        };
        let base = [file("l", std::slice::from_ref(&good))];
        let head = [file("l", &[good, evil])];
        assert_eq!(shown(&base, &head), ["l altered a 1.0.0 -> 1.0.0"]);
    }

    #[test]
    fn hashes_contradict_where_none_is_shared() {
        let one = package("a", "1", "sha256-AAAA sha512-CCCC");
        let more = package("a", "1", "sha256-AAAA sha256-BBBB");
        let other = package("a", "1", "sha512-DDDD");
        let weak = package("a", "1", "sha1-EEEE");
        assert_eq!(contradiction(&one, &more), None);
        assert!(contradiction(&one, &other).is_some());
        assert_eq!(contradiction(&one, &weak), None);
    }
}
