//! One vendor directory of Cargo.
//!
//! `Cargo.lock` names the hash of a crate's archive, and not of its files. The
//! list in `.cargo-checksum.json` is the crate's own word, so that files are
//! proven by the archive alone, or by a manifest that the base has already.

use std::collections::BTreeMap;
use std::path::Path;

use cofferdam_lockfiles::cargo::{CargoLock, Checksums, LockedCrate};
use cofferdam_trees::bundle::Subject;
use cofferdam_trees::{
    Anchor, Comparison, Difference, Digest, Entry, Manifest, Wanted as Belongs, archives, compare,
};
use toml::de::{DeTable, DeValue};

use super::base::Base;
use super::discovery::{CRATE_LIST as LIST, Place};
use super::folder::{Folder, Found, Wanted, bytes_of};
use super::list::joined;
use super::report::{
    Code, Ecosystem, ManifestSource, ModuleReport, NotChecked, Problem, State, TreeReport,
};
use super::sources::{MOST_ARCHIVE, Sources};
use super::{MANIFESTS, VendorError};
use crate::collect::plain;
use crate::git::Below;

/// Where crates come from by default.
const CRATES_IO: [&str; 2] = [
    "registry+https://github.com/rust-lang/crates.io-index",
    "sparse+https://index.crates.io/",
];

struct Tree<'t> {
    root: &'t Path,
    place: &'t Place,
    lock_path: String,
    lock: CargoLock,
    folder: Folder,
    before: Option<Before<'t>>,
}

/// The base's state.
struct Before<'t> {
    lock: CargoLock,
    ids: Below,
    /// Where the manifests are that it keeps.
    base: &'t Base,
}

pub(super) fn check(
    root: &Path,
    place: &Place,
    sources: &Sources<'_>,
    base: Option<&Base>,
) -> Result<TreeReport, VendorError> {
    let lock_path = joined(&place.home, "Cargo.lock");
    let wanted = Wanted {
        ids: base.map(Base::hash),
        one_module: false,
    };
    let folder = Folder::read(&root.join(&place.folder), wanted, &sources.options.limits);
    let mut report = TreeReport {
        ecosystem: Ecosystem::Cargo,
        folder: place.folder.clone(),
        files: folder.files.len(),
        bytes: folder.bytes(),
        modules: Vec::new(),
        problems: Vec::new(),
        not_checked: Vec::new(),
    };
    let read = bytes_of(&root.join(&lock_path), super::MOST_BYTES);
    let lock = match read.map_err(|error| plain(&error)).and_then(parsed) {
        Ok(lock) => lock,
        Err(why) => {
            let what = lock_path;
            report.not_checked.push(NotChecked { what, why });
            return Ok(report);
        }
    };
    let before = match base {
        Some(base) => Some(Before {
            lock: parsed(base.bytes(&lock_path)?).unwrap_or_default(),
            ids: base.below(&place.folder),
            base,
        }),
        None => None,
    };
    let tree = Tree {
        root,
        place,
        lock_path,
        lock,
        folder,
        before,
    };
    for (path, why) in &tree.folder.unread {
        report.not_checked.push(NotChecked {
            what: joined(&place.folder, path),
            why: why.clone(),
        });
    }
    tree.changed_sums(&mut report);
    for (name, files) in tree.crates(&mut report) {
        tree.one(name, &files, sources, &mut report);
    }
    (report.problems).sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    Ok(report)
}

pub(super) fn parsed(bytes: Option<Vec<u8>>) -> Result<CargoLock, String> {
    let bytes = bytes.ok_or("there is none")?;
    let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8")?;
    CargoLock::parse(&text).map_err(|error| error.to_string())
}

/// The files of one crate by their path inside of it.
type Files<'t> = BTreeMap<&'t str, &'t Found>;

/// Whether a file of an archive is copied. What cargo and git need for
/// themselves differs from version to version of `cargo vendor`.
fn belongs(path: &str) -> Belongs {
    let name = path.rsplit('/').next().unwrap_or(path);
    let own = matches!(
        name,
        ".cargo-ok" | ".cargo_vcs_info.json" | ".gitattributes" | ".gitignore" | "Cargo.lock"
    );
    if own || name.ends_with(".orig") || name.ends_with(".rej") {
        Belongs::May
    } else {
        Belongs::Must
    }
}

impl Tree<'_> {
    fn changed_sums(&self, report: &mut TreeReport) {
        let Some(before) = &self.before else {
            return;
        };
        for one in self.lock.crates() {
            let mut known = before.lock.named(&one.name, &one.version);
            let known = known.find(|known| known.source == one.source);
            let Some(sum) = known.and_then(|known| known.checksum.as_ref()) else {
                continue;
            };
            if one.checksum.as_ref() != Some(sum) {
                let mine = one.checksum.as_deref().unwrap_or("nothing");
                let text = format!(
                    "{} {} has {mine}, and {sum} in the base",
                    one.name, one.version
                );
                let path = self.lock_path.clone();
                report
                    .problems
                    .push(problem(Code::SumChanged, path, one, text));
            }
        }
    }

    /// The files of each crate, by its folder. What lies outside is stray.
    fn crates(&self, report: &mut TreeReport) -> BTreeMap<&str, Files<'_>> {
        let mut crates: BTreeMap<&str, Files<'_>> = BTreeMap::new();
        for (path, found) in &self.folder.files {
            match path.split_once('/') {
                Some((folder, inner)) => {
                    crates.entry(folder).or_default().insert(inner, found);
                }
                None => report.problems.push(Problem {
                    code: Code::File(Difference::Stray),
                    path: joined(&self.place.folder, path),
                    line: None,
                    module: None,
                    text: "it belongs to no crate".to_owned(),
                    first: None,
                }),
            }
        }
        crates
    }

    fn one(&self, folder: &str, files: &Files<'_>, sources: &Sources<'_>, report: &mut TreeReport) {
        let path = joined(&self.place.folder, folder);
        let read = |name: &str| bytes_of(&self.root.join(&path).join(name), super::MOST_BYTES);
        let named = match read("Cargo.toml") {
            Ok(Some(bytes)) => name_and_version(&bytes),
            _ => None,
        };
        let Some((name, version)) = named else {
            report.not_checked.push(NotChecked {
                what: path,
                why: "its `Cargo.toml` does not name a crate and a version".to_owned(),
            });
            return;
        };
        let mut module = ModuleReport {
            name: name.clone(),
            version: version.clone(),
            replacement: None,
            state: State::NotChecked,
            anchor: Anchor::Unanchored,
            source: None,
            files: files.len(),
        };
        let problems_before = report.problems.len();
        let list = match read(LIST) {
            Ok(Some(bytes)) => Checksums::parse(&bytes).ok(),
            _ => None,
        };
        let claimed = list.as_ref().and_then(|list| list.package.as_deref());
        let Some(locked) = self.locked(&name, &version, claimed) else {
            report.problems.push(Problem {
                code: Code::File(Difference::Stray),
                path: path.clone(),
                line: None,
                module: Some(format!("{name}@{version}")),
                text: format!("`{}` has no {name} {version}", self.lock_path),
                first: None,
            });
            module.state = State::Differs;
            report.modules.push(module);
            return;
        };
        if self.is_as_before(folder, files, locked) {
            module.state = State::Unchanged;
            report.modules.push(module);
            return;
        }
        module.anchor = self.anchor(locked);
        match &list {
            None => {
                let text = format!("{LIST} is not there, or no list");
                report
                    .problems
                    .push(problem(Code::CrateList, path.clone(), locked, text));
            }
            Some(list) => self.own_word(&path, list, files, locked, report),
        }
        let vouched = self.manifest(locked, sources, report);
        if let Some(vouched) = &vouched {
            module.source = Some(vouched.source);
            let comparison = against(&vouched.manifest, files);
            module.files = comparison.equal;
            let name = match vouched.by {
                Voucher::Nobody => format!("the committed manifest of {name} {version}"),
                Voucher::Archive | Voucher::Base => format!("the archive of {name} {version}"),
            };
            differences(&path, &comparison, &name, locked, report);
        }
        let by = vouched.map_or(Voucher::Nobody, |vouched| vouched.by);
        module.state = if report.problems.len() > problems_before {
            State::Differs
        } else if by == Voucher::Nobody {
            State::NotChecked
        } else if module.anchor.proves() {
            State::Proven
        } else {
            State::Agrees
        };
        report.modules.push(module);
    }

    /// The crate of the lock; where several sources have one, the one whose
    /// archive the list names.
    fn locked(&self, name: &str, version: &str, claimed: Option<&str>) -> Option<&LockedCrate> {
        let all = || {
            let crates = self.lock.crates().iter();
            crates.filter(|one| one.name == name && one.version == version)
        };
        all()
            .find(|one| one.checksum.as_deref() == claimed && one.source.is_some())
            .or_else(|| all().next())
    }

    fn anchor(&self, locked: &LockedCrate) -> Anchor {
        if locked.checksum.is_none() {
            return Anchor::Unanchored;
        }
        if self.is_locked_before(locked) {
            Anchor::Base
        } else {
            Anchor::LockOnly
        }
    }

    /// Whether the base's lock says the same of a crate.
    fn is_locked_before(&self, locked: &LockedCrate) -> bool {
        self.before.as_ref().is_some_and(|before| {
            let mut known = before.lock.named(&locked.name, &locked.version);
            known.any(|one| one == locked)
        })
    }

    fn is_as_before(&self, folder: &str, files: &Files<'_>, locked: &LockedCrate) -> bool {
        let Some(before) = &self.before else {
            return false;
        };
        let prefix = format!("{folder}/");
        let same = |(path, found): (&&str, &&Found)| {
            let id = before.ids.get(&format!("{prefix}{path}"));
            found.id.is_some() && id == found.id.as_ref()
        };
        let known = before.ids.keys().filter(|path| path.starts_with(&prefix));
        self.is_locked_before(locked) && files.iter().all(same) && known.count() == files.len()
    }

    /// What the crate says of itself: its archive, and its files.
    fn own_word(
        &self,
        path: &str,
        list: &Checksums,
        files: &Files<'_>,
        locked: &LockedCrate,
        report: &mut TreeReport,
    ) {
        if list.package != locked.checksum {
            let mine = list.package.as_deref().unwrap_or("no hash of an archive");
            let theirs = locked.checksum.as_deref().unwrap_or("none");
            let text = format!("it names {mine}, and `{}` {theirs}", self.lock_path);
            let at = joined(path, LIST);
            report
                .problems
                .push(problem(Code::CrateSum, at, locked, text));
        }
        let lines = list
            .files
            .iter()
            .filter_map(|(path, hash)| Some((Box::from(path.as_str()), Digest::from_hex(hash)?)));
        let manifest = match Manifest::new(lines) {
            Ok(manifest) if manifest.len() == list.files.len() => manifest,
            _ => {
                let text = "its list has what is no path or no SHA-256".to_owned();
                let at = joined(path, LIST);
                report
                    .problems
                    .push(problem(Code::CrateList, at, locked, text));
                return;
            }
        };
        let comparison = against(&manifest, files);
        differences(path, &comparison, "its own list", locked, report);
    }

    /// The manifest of the archive that the lock names. The archive itself
    /// vouches for it by its hash, and so does the base, which no change can
    /// touch; a manifest that came with the change does not.
    fn manifest(
        &self,
        locked: &LockedCrate,
        sources: &Sources<'_>,
        report: &mut TreeReport,
    ) -> Option<Vouched> {
        let name = || format!("{}@{}", locked.name, locked.version);
        let mut gap = |why: String| report.not_checked.push(NotChecked { what: name(), why });
        let sum = locked.checksum.as_deref().and_then(Digest::from_hex);
        let Some(sum) = sum else {
            gap("the lock names no hash of an archive, as for crates from git".to_owned());
            return None;
        };
        let subject = subject(locked, sum);
        let kept = sources.kept(&subject).map(|kept| &kept.unpacked.manifest);
        let before = self.before.as_ref();
        let bundle = before.and_then(|before| before.base.bundle().ok().flatten());
        let of_base = bundle.and_then(|bundle| bundle.kept.get(&subject));
        let mut whys = Vec::new();
        let vouched = match of_base {
            Some(of_base) => Some(Vouched {
                manifest: of_base.unpacked.manifest.clone(),
                source: ManifestSource::Committed,
                by: Voucher::Base,
            }),
            None => {
                let found = archived(locked, sum, &subject, sources, &mut whys);
                found.map(|(manifest, source)| Vouched {
                    manifest,
                    source,
                    by: Voucher::Archive,
                })
            }
        };
        match (vouched, kept) {
            (Some(vouched), Some(kept)) if *kept != vouched.manifest => {
                let than = match vouched.by {
                    Voucher::Base => "the base's for the same archive",
                    Voucher::Archive | Voucher::Nobody => "the one of the archive",
                };
                let text = format!("the manifest of {} is another one than {than}", name());
                let path = MANIFESTS.to_owned();
                (report.problems).push(problem(Code::ManifestForged, path, locked, text));
                Some(vouched)
            }
            (Some(vouched), _) => Some(vouched),
            (None, Some(kept)) => {
                whys.push(
                    "nobody vouches for the committed manifest: its hash stands nowhere, and \
                     neither the archive nor a base with the same manifest is at hand"
                        .to_owned(),
                );
                gap(whys.join("; "));
                Some(Vouched {
                    manifest: kept.clone(),
                    source: ManifestSource::Committed,
                    by: Voucher::Nobody,
                })
            }
            (None, None) => {
                if whys.is_empty() {
                    whys.push("its archive is not cached, and no registry may be asked".to_owned());
                }
                gap(whys.join("; "));
                None
            }
        }
    }
}

/// A manifest, and who stands for it.
struct Vouched {
    manifest: Manifest,
    source: ManifestSource,
    by: Voucher,
}

/// Who stands for a manifest of a crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Voucher {
    /// The archive that has the lock's hash.
    Archive,
    /// The base, which has the same manifest.
    Base,
    /// The author of the change alone.
    Nobody,
}

/// The manifest of the archive that the lock names, and where it was found.
pub(super) fn archived(
    locked: &LockedCrate,
    sum: Digest,
    subject: &Subject,
    sources: &Sources<'_>,
    whys: &mut Vec<String>,
) -> Option<(Manifest, ManifestSource)> {
    for source in [ManifestSource::LocalArchive, ManifestSource::Registry] {
        let read = archive(source, locked, sources).and_then(|bytes| match bytes {
            Some(bytes) => made(&bytes, sum, subject).map(Some),
            None => Ok(None),
        });
        match read {
            Ok(Some(manifest)) => return Some((manifest, source)),
            Ok(None) => {}
            Err(why) => whys.push(why),
        }
    }
    None
}

pub(super) fn subject(locked: &LockedCrate, archive: Digest) -> Subject {
    Subject::Crate {
        name: locked.name.clone(),
        version: locked.version.clone(),
        archive,
    }
}

fn problem(code: Code, path: String, locked: &LockedCrate, text: String) -> Problem {
    Problem {
        code,
        path,
        line: None,
        module: Some(format!("{}@{}", locked.name, locked.version)),
        text,
        first: None,
    }
}

fn against(manifest: &Manifest, files: &Files<'_>) -> Comparison {
    let entries = (files.iter())
        .filter(|(path, found)| **path != LIST || !matches!(found.entry, Entry::File(_)))
        .map(|(path, found)| (*path, &found.entry));
    compare(entries, manifest, belongs)
}

fn differences(
    folder: &str,
    comparison: &Comparison,
    with: &str,
    locked: &LockedCrate,
    report: &mut TreeReport,
) {
    for (path, difference) in &comparison.differences {
        let text = match difference {
            Difference::Changed => format!("it differs from {with}"),
            Difference::Added => format!("{with} has no such file"),
            Difference::Missing => format!("{with} has it, and it is not here"),
            Difference::Stray | Difference::Link | Difference::Special => {
                "it is no regular file".to_owned()
            }
        };
        let path = joined(folder, path);
        // What both words say is said once.
        let code = Code::File(*difference);
        let known = (report.problems.iter()).any(|one| one.path == path && one.code == code);
        if !known {
            report.problems.push(problem(code, path, locked, text));
        }
    }
}

/// The archive of a crate, not yet compared with anything.
pub(super) fn archive(
    source: ManifestSource,
    locked: &LockedCrate,
    sources: &Sources<'_>,
) -> Result<Option<Vec<u8>>, String> {
    let LockedCrate { name, version, .. } = locked;
    if source == ManifestSource::LocalArchive {
        let Some(home) = &sources.options.cargo_home else {
            return Ok(None);
        };
        let file = format!("{name}-{version}.crate");
        if !cofferdam_trees::manifest::is_sound(&file) || file.contains('/') {
            return Err("its name is none".to_owned());
        }
        let Ok(registries) = std::fs::read_dir(home.join("registry").join("cache")) else {
            return Ok(None);
        };
        for registry in registries.flatten() {
            if let Ok(Some(bytes)) = bytes_of(&registry.path().join(&file), MOST_ARCHIVE) {
                return Ok(Some(bytes));
            }
        }
        return Ok(None);
    }
    let Some(registry) = &sources.options.crates else {
        return Ok(None);
    };
    let from = locked.source.as_deref().unwrap_or_default();
    if !CRATES_IO.contains(&from) {
        return Err("it comes from another registry than crates.io".to_owned());
    }
    let answer = registry.archive(name, version);
    answer.map(Some).map_err(|error| error.to_string())
}

/// The manifest of an archive that has the hash of the lock.
pub(super) fn made(bytes: &[u8], sum: Digest, subject: &Subject) -> Result<Manifest, String> {
    if Digest::of(bytes) != sum {
        return Err("an archive has another hash than the lock".to_owned());
    }
    archives::crate_archive(bytes, &subject.prefix(), &mut |_, _| {}).map_err(|e| e.to_string())
}

fn name_and_version(manifest: &[u8]) -> Option<(String, String)> {
    let text = str::from_utf8(manifest).ok()?;
    let file = DeTable::parse(text).ok()?.into_inner();
    let DeValue::Table(package) = file.get("package")?.as_ref() else {
        return None;
    };
    let text = |key: &str| match package.get(key)?.as_ref() {
        DeValue::String(text) => Some(text.to_string()),
        _ => None,
    };
    Some((text("name")?, text("version")?))
}
