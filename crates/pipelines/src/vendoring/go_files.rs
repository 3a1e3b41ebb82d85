//! The files of one Go module, against its manifest.

use std::collections::HashMap;
use std::path::Path;

use cofferdam_lockfiles::go::{GoMod, GoVersion, ModulesTxt, VendoredModule};
use cofferdam_trees::archives::Unpacked;
use cofferdam_trees::go::{Copied, Rules, Witnesses, constraints, parent};
use cofferdam_trees::{Anchor, Comparison, Difference, Digest, Entry, H1, Manifest, compare};

use super::folder::{Folder, Found, Wanted, bytes_of};
use super::go::{Sides, blank};
use super::list::{joined, resolved};
use super::records::Records;
use super::report::{Code, ManifestSource, ModuleReport, NotChecked, Problem, State};
use super::sources::{Obtained, Sources};

/// Which module each file belongs to.
pub(super) struct Owners<'l> {
    packages: HashMap<&'l str, usize>,
    modules: HashMap<&'l str, usize>,
}

impl<'l> Owners<'l> {
    pub(super) fn new(listed: &'l ModulesTxt) -> Self {
        let mut packages = HashMap::new();
        let mut modules = HashMap::new();
        for (at, module) in listed.modules.iter().enumerate() {
            for package in &module.packages {
                packages.entry(package.as_str()).or_insert(at);
            }
            // A module is listed once for each version that is required; the
            // packages are those of one, and all else is a contradiction.
            if !module.packages.is_empty() {
                modules.entry(module.module.path.as_str()).or_insert(at);
            }
        }
        Self { packages, modules }
    }

    /// The module of a path below the vendor directory.
    pub(super) fn of(&self, path: &str) -> Option<usize> {
        let folder = parent(path);
        if let Some(at) = self.packages.get(folder) {
            return Some(*at);
        }
        let mut above = folder;
        while !above.is_empty() {
            if let Some(at) = self.modules.get(above) {
                return Some(*at);
            }
            above = parent(above);
        }
        None
    }

    /// The files of each module, and those of none.
    pub(super) fn assign<'f>(
        &self,
        folder: &'f Folder,
    ) -> (HashMap<usize, Vec<&'f str>>, Vec<&'f str>) {
        let mut files: HashMap<usize, Vec<&str>> = HashMap::new();
        let mut strangers = Vec::new();
        for path in folder.files.keys() {
            match self.of(path) {
                Some(at) => files.entry(at).or_default().push(path),
                None if path == "modules.txt" => {}
                None => strangers.push(path.as_str()),
            }
        }
        (files, strangers)
    }
}

/// One module, and everything that its proof needs.
pub(super) struct Proof<'p> {
    pub(super) sides: &'p Sides<'p>,
    pub(super) sources: &'p Sources<'p>,
    pub(super) records: &'p Records<'p>,
    pub(super) module: &'p VendoredModule,
    pub(super) files: &'p [&'p str],
}

/// Whether the list names the version of Go that the module does.
#[derive(PartialEq, Eq)]
enum Go {
    Same,
    /// Another one, in words.
    Other(String),
    /// The module's `go.mod` is not at hand, or no such file.
    Unknown,
}

/// What came out for one module.
pub(super) struct Judged {
    pub(super) report: ModuleReport,
    pub(super) problems: Vec<Problem>,
    pub(super) not_checked: Vec<NotChecked>,
}

pub(super) fn prove(proof: &Proof<'_>) -> Judged {
    let mut judged = Judged {
        report: blank(proof.module),
        problems: Vec::new(),
        not_checked: Vec::new(),
    };
    if proof.module.packages.is_empty() {
        judged.report.state = State::NothingVendored;
    } else if proof.module.source().is_folder() {
        proof.local(&mut judged);
    } else {
        proof.module(&mut judged);
    }
    judged
}

impl Proof<'_> {
    fn name(&self) -> String {
        self.module.source().to_string()
    }

    fn problem(&self, code: Code, path: String, line: Option<usize>, text: String) -> Problem {
        Problem {
            code,
            path,
            line,
            module: Some(self.name()),
            text,
            first: None,
        }
    }

    fn list_path(&self) -> String {
        joined(&self.sides.place.folder, "modules.txt")
    }

    fn module(&self, judged: &mut Judged) {
        let source = self.module.source();
        let version = source.version.as_deref().unwrap_or_default();
        let (sum, mut anchor) = self.sides.sum(&source.path, version);
        if let Some(record) = self.records.sum(&source.path, version) {
            match (record, sum) {
                (Ok(found), Some(sum)) if found == sum => anchor = anchor.max(Anchor::Database),
                (Ok(found), _) => {
                    let text = format!(
                        "the checksum database has {found} for {source}, and the lock {}",
                        sum.map_or("nothing".to_owned(), |sum| sum.to_string())
                    );
                    let path = self.list_path();
                    let line = Some(self.module.line);
                    judged
                        .problems
                        .push(self.problem(Code::RecordWrong, path, line, text));
                }
                (Err(text), _) => {
                    let path = super::MANIFESTS.to_owned();
                    judged
                        .problems
                        .push(self.problem(Code::RecordWrong, path, None, text));
                }
            }
        }
        judged.report.anchor = anchor;
        if sum.is_none() {
            let text = format!("no go.sum has a line for {source}");
            let problem = self.problem(
                Code::SumMissing,
                self.list_path(),
                Some(self.module.line),
                text,
            );
            judged.problems.push(problem);
        }
        let obtained = self.sources.go(&source.path, version, sum, false);
        self.wrong_sources(&obtained, judged);
        let Some((unpacked, from)) = &obtained.manifest else {
            self.unobtained(&obtained, judged);
            return;
        };
        let mut comparison = self.compare(unpacked);
        let mut from = *from;
        let mut go = self.other_go(unpacked);
        // A manifest that was written for fewer packages lacks witnesses, and
        // only the archive tells whether a Go file was meant to be left out.
        let lacks = lacks_a_witness(&comparison) || go == Go::Unknown;
        if lacks && !has_contents(from) {
            let again = self.sources.go(&source.path, version, sum, true);
            if let Some((unpacked, better)) = &again.manifest {
                comparison = self.compare(unpacked);
                go = self.other_go(unpacked);
                from = *better;
            }
        }
        self.judge_go(go, judged);
        judged.report.source = Some(from);
        self.judge(&comparison, sum, judged);
    }

    fn judge_go(&self, go: Go, judged: &mut Judged) {
        match go {
            Go::Same => {}
            Go::Other(text) => {
                let line = Some(self.module.line);
                let problem = self.problem(Code::ListInconsistent, self.list_path(), line, text);
                judged.problems.push(problem);
            }
            Go::Unknown => judged.not_checked.push(NotChecked {
                what: self.name(),
                why: "its go.mod is not at hand, which says by which version of Go it is compiled"
                    .to_owned(),
            }),
        }
    }

    /// The version of Go that the list names decides how a vendored module is
    /// compiled, and is the one of the module's own `go.mod`. For old versions
    /// of Go the list names none.
    fn other_go(&self, unpacked: &Unpacked) -> Go {
        let line = unpacked.manifest.get("go.mod");
        let own = if self.sides.list.go() < GoVersion::LEAVES_OUT_GO_MOD || line.is_none() {
            None
        } else {
            let bytes = unpacked.witnesses.get("go.mod");
            let bytes = bytes.filter(|bytes| line == Some(Digest::of(bytes)));
            let text = bytes.and_then(|bytes| str::from_utf8(bytes).ok());
            let Some(file) = text.and_then(|text| GoMod::parse(text).ok()) else {
                return Go::Unknown;
            };
            file.go
        };
        if own == self.module.go {
            return Go::Same;
        }
        let name = |go: Option<GoVersion>| {
            go.map_or("no version of Go".to_owned(), |go| format!("go {go}"))
        };
        Go::Other(format!(
            "{} has {} by its go.mod and the version of Go here, and {} in the list",
            self.name(),
            name(own),
            name(self.module.go)
        ))
    }

    fn wrong_sources(&self, obtained: &Obtained, judged: &mut Judged) {
        let source = self.module.source();
        let version = source.version.as_deref().unwrap_or_default();
        for (code, path, text) in &obtained.wrong {
            let (sum, _) = self.sides.sum(&source.path, version);
            let sum = sum.map_or("nothing".to_owned(), |sum| sum.to_string());
            let text = format!("{text}, and the lock has {sum}");
            let in_sum = self.sides.list.sums.iter().find_map(|(path, sums)| {
                let line = sums.of(&source.path, version).next()?;
                Some((path.clone(), Some(line.line)))
            });
            let (at, line) = match path {
                Some(path) => (path.clone(), None),
                None => in_sum.unwrap_or((self.list_path(), Some(self.module.line))),
            };
            judged.problems.push(self.problem(*code, at, line, text));
        }
    }

    fn unobtained(&self, obtained: &Obtained, judged: &mut Judged) {
        judged.not_checked.push(NotChecked {
            what: self.name(),
            why: if obtained.why.is_empty() {
                "nothing that is at hand hashes to the sum of the lock".to_owned()
            } else {
                obtained.why.join("; ")
            },
        });
        if !judged.problems.is_empty() {
            judged.report.state = State::Differs;
        }
    }

    fn rules(&self) -> Rules {
        let go = self.sides.list.go();
        Rules {
            copies_go_mod: go < GoVersion::LEAVES_OUT_GO_MOD,
            copies_test_embeds: go < GoVersion::LEAVES_OUT_TEST_EMBEDS,
        }
    }

    /// The files that are there, by their path inside of the module.
    fn found(&self) -> impl Iterator<Item = (&str, &Found)> {
        let prefix = self.module.module.path.len() + 1;
        self.files.iter().filter_map(move |path| {
            let found = self.sides.folder.files.get(*path)?;
            Some((path.get(prefix..)?, found))
        })
    }

    fn packages(&self) -> impl Iterator<Item = String> {
        let module = self.module.module.path.as_str();
        self.module.packages.iter().map(move |package| {
            let below = package.strip_prefix(module).unwrap_or_default();
            below.trim_start_matches('/').to_owned()
        })
    }

    fn compare(&self, unpacked: &Unpacked) -> Comparison {
        let mut patterns = Vec::new();
        for (path, found) in self.found() {
            let folder = parent(path);
            patterns.extend((found.embeds.iter()).map(|one| (folder.to_owned(), one.clone())));
        }
        let copied = Copied::new(
            &unpacked.manifest,
            &unpacked.witnesses,
            self.rules(),
            self.packages(),
            &patterns,
        );
        let entries = self.found().map(|(path, found)| (path, &found.entry));
        compare(entries, &unpacked.manifest, |path| copied.wanted(path))
    }

    fn judge(&self, comparison: &Comparison, sum: Option<H1>, judged: &mut Judged) {
        judged.report.files = comparison.equal;
        let folder = joined(&self.sides.place.folder, &self.module.module.path);
        for (path, difference) in &comparison.differences {
            let text = self.words(path, *difference);
            let path = joined(&folder, path);
            judged
                .problems
                .push(self.problem(Code::File(*difference), path, None, text));
        }
        judged.report.state = if !judged.problems.is_empty() {
            State::Differs
        } else if !judged.not_checked.is_empty() {
            State::NotChecked
        } else if sum.is_some() && judged.report.anchor.proves() {
            State::Proven
        } else {
            State::Agrees
        };
    }

    fn words(&self, path: &str, difference: Difference) -> String {
        let name = self.name();
        match difference {
            Difference::Changed => format!("it differs from the file of {name}"),
            Difference::Added => format!("{name} has no such file"),
            Difference::Missing => {
                format!("{name} has {path}, which `go mod vendor` copies, and it is not here")
            }
            Difference::Stray => {
                format!("it equals the file of {name}, and `go mod vendor` does not copy it")
            }
            Difference::Link => "a link stands where `go mod vendor` puts a file".to_owned(),
            Difference::Special => "it is no regular file".to_owned(),
        }
    }

    /// A module whose files come from a folder of the checkout.
    fn local(&self, judged: &mut Judged) {
        let named = &self.module.source().path;
        let place = self.sides.place;
        let below = resolved(&place.home, named);
        let inside = |path: &str| Path::new(path).starts_with(&place.folder);
        if below.as_deref().is_some_and(inside) {
            // Compared with itself, it would equal whatever is put there.
            judged.not_checked.push(NotChecked {
                what: self.name(),
                why: "the folder of the replacement lies in the vendor directory itself".to_owned(),
            });
            return;
        }
        let folder = below.and_then(|path| {
            let full = self.sides.root.join(&path);
            let real = std::fs::canonicalize(&full).ok()?;
            // A link would lead to what nobody has named.
            (real == full && real.is_dir()).then_some(real)
        });
        let Some(folder) = folder else {
            judged.not_checked.push(NotChecked {
                what: self.name(),
                why: "the folder of the replacement is not in this checkout".to_owned(),
            });
            return;
        };
        let limits = &self.sources.options.limits;
        let wanted = Wanted {
            ids: None,
            one_module: true,
        };
        let read = Folder::read(&folder, wanted, limits);
        let files = read
            .files
            .iter()
            .filter_map(|(path, found)| match found.entry {
                Entry::File(digest) => Some((Box::from(path.as_str()), digest)),
                _ => None,
            });
        for (path, why) in &read.unread {
            judged.not_checked.push(NotChecked {
                what: format!("{}: {path}", self.name()),
                why: why.clone(),
            });
        }
        let Ok(manifest) = Manifest::new(files) else {
            judged.not_checked.push(NotChecked {
                what: self.name(),
                why: "the folder of the replacement cannot be read".to_owned(),
            });
            return;
        };
        let mut witnesses = Witnesses::new();
        let packages: Vec<String> = self.packages().collect();
        for (path, _) in manifest.files() {
            let of_package = packages.iter().any(|one| one == parent(path));
            let may_tell = path == "go.mod" || (of_package && path.ends_with(".go"));
            if may_tell
                && let Ok(Some(bytes)) = bytes_of(&folder.join(path), super::MOST_BYTES)
                && (path == "go.mod" || constraints::is_left_out(&bytes))
            {
                witnesses.insert(path.into(), bytes);
            }
        }
        let unpacked = Unpacked {
            manifest,
            witnesses,
        };
        let comparison = self.compare(&unpacked);
        self.judge_go(self.other_go(&unpacked), judged);
        judged.report.source = Some(ManifestSource::Folder);
        self.judge(&comparison, None, judged);
        if judged.report.state == State::Agrees {
            judged.report.state = State::LocalFolder;
        }
    }
}

fn lacks_a_witness(comparison: &Comparison) -> bool {
    (comparison.differences.iter())
        .any(|(path, kind)| *kind == Difference::Missing && path.ends_with(".go"))
}

fn has_contents(source: ManifestSource) -> bool {
    matches!(
        source,
        ManifestSource::LocalArchive | ManifestSource::Registry | ManifestSource::Repository
    )
}
