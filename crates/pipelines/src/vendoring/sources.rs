//! Where manifests come from, nearest first: the committed file, the user's
//! cache, the language's own cache, a registry.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use cofferdam_registries::go_modules::{ProxyError, escaped};
use cofferdam_trees::archives::{self, Unpacked};
use cofferdam_trees::bundle::{BundleError, Kept, Subject};
use cofferdam_trees::go::patterns::names_module;
use cofferdam_trees::{Bundle, Digest, H1};

use super::folder::bytes_of;
use super::report::{Code, ManifestSource};
use super::{MANIFESTS, VendorOptions, tags};
use crate::collect::plain;

/// The most bytes of an archive.
pub(super) const MOST_ARCHIVE: u64 = 500 * 1024 * 1024;

/// Everything that may be asked for manifests.
pub(super) struct Sources<'o> {
    pub(super) options: &'o VendorOptions,
    committed: Option<Committed>,
    known: Mutex<Known>,
}

/// The file of manifests that the checkout holds.
pub(super) struct Committed {
    bytes: Vec<u8>,
    is_as_before: bool,
    bundle: OnceLock<Result<Bundle, BundleError>>,
}

impl Committed {
    /// A file whose content waits until it is needed. One that the base has too,
    /// byte for byte, takes longer to read than all else where nothing has
    /// changed.
    pub(super) fn unread(bytes: Vec<u8>, is_as_before: bool) -> Self {
        Self {
            bytes,
            is_as_before,
            bundle: OnceLock::new(),
        }
    }

    /// One that was read.
    pub(super) fn read(bundle: Bundle) -> Self {
        Self {
            bytes: Vec::new(),
            is_as_before: false,
            bundle: OnceLock::from(Ok(bundle)),
        }
    }

    /// What it has; nothing where it cannot be read, so that whatever needs it
    /// is not checked.
    fn bundle(&self) -> Option<&Bundle> {
        self.result().as_ref().ok()
    }

    fn result(&self) -> &Result<Bundle, BundleError> {
        self.bundle.get_or_init(|| Bundle::from_gzip(&self.bytes))
    }
}

/// Why there is no archive.
#[derive(Debug)]
pub(super) enum NoArchive {
    /// The module's own repository is to be asked instead.
    Direct,
    /// In words.
    Because(String),
}

/// What was found already, by module and sum.
type Known = HashMap<(Subject, Option<H1>), Arc<Obtained>>;

/// A manifest or an archive that does not hash to the sum.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) code: Code,
    /// The file it is about, where that is not the one with the sum.
    pub(super) path: Option<String>,
    /// What it hashes to.
    pub(super) found: H1,
    /// In words.
    pub(super) text: String,
}

/// What was found for one module.
#[derive(Debug, Default)]
pub(super) struct Obtained {
    /// The manifest, with where it comes from. It hashes to the sum, if there
    /// is one.
    pub(super) manifest: Option<(Unpacked, ManifestSource)>,
    /// What is wrong with those that were not taken.
    pub(super) wrong: Vec<Wrong>,
    /// Why there is none.
    pub(super) why: Vec<String>,
}

impl<'o> Sources<'o> {
    pub(super) fn new(options: &'o VendorOptions, committed: Option<Committed>) -> Self {
        Self {
            options,
            committed,
            known: Mutex::default(),
        }
    }

    /// Reads a committed file that is not the base's, where that is not done
    /// yet, and gives what is wrong with it.
    pub(super) fn read_committed(&self) -> Option<&BundleError> {
        let committed = self.committed.as_ref().filter(|one| !one.is_as_before);
        committed?.result().as_ref().err()
    }

    /// What the committed file has of a module.
    pub(super) fn kept(&self, subject: &Subject) -> Option<&Kept> {
        self.committed.as_ref()?.bundle()?.kept.get(subject)
    }

    /// Everything that a change has put into the committed file; nothing where
    /// the base has the same file.
    pub(super) fn all_new(&self) -> impl Iterator<Item = (&Subject, &Kept)> {
        let committed = self.committed.as_ref().filter(|one| !one.is_as_before);
        let bundle = committed.and_then(Committed::bundle);
        bundle.into_iter().flat_map(|bundle| &bundle.kept)
    }

    /// The signed note of the committed file.
    pub(super) fn note(&self) -> Option<&str> {
        let bundle = self.committed.as_ref()?.bundle()?;
        bundle.unverified_note.as_deref()
    }

    /// The manifest of a Go module that hashes to `sum`. `again` is set where
    /// one without contents was not enough, so that only archives will do.
    pub(super) fn go(
        &self,
        module: &str,
        version: &str,
        sum: Option<H1>,
        archives_only: bool,
    ) -> Arc<Obtained> {
        let subject = Subject::Go {
            module: module.to_owned(),
            version: version.to_owned(),
        };
        let key = (subject.clone(), sum);
        if !archives_only && let Some(known) = self.lock().get(&key) {
            return Arc::clone(known);
        }
        let obtained = Arc::new(self.search(&subject, module, version, sum, archives_only));
        self.lock().insert(key, Arc::clone(&obtained));
        obtained
    }

    /// The `go.mod` of a Go module, which came along with its manifest, from
    /// what was found already or lies at hand; nobody is asked. It is empty for
    /// a module that has none.
    pub(super) fn go_mod(&self, module: &str, version: &str, sum: H1) -> Option<Vec<u8>> {
        let subject = Subject::Go {
            module: module.to_owned(),
            version: version.to_owned(),
        };
        let of = |unpacked: &Unpacked| {
            let Some(line) = unpacked.manifest.get("go.mod") else {
                return Some(Vec::new());
            };
            let bytes = unpacked.witnesses.get("go.mod")?;
            (line == Digest::of(bytes)).then(|| bytes.clone())
        };
        let known = self.lock().get(&(subject.clone(), Some(sum))).cloned();
        if let Some((unpacked, _)) = known.as_ref().and_then(|known| known.manifest.as_ref()) {
            return of(unpacked);
        }
        let fits = |unpacked: &Unpacked| unpacked.manifest.h1(&subject.prefix()) == sum;
        let kept = self.kept(&subject).map(|kept| &kept.unpacked);
        match kept.filter(|unpacked| fits(unpacked)) {
            Some(unpacked) => of(unpacked),
            None => of(&self.cached(&subject).filter(fits)?),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn search(
        &self,
        subject: &Subject,
        module: &str,
        version: &str,
        sum: Option<H1>,
        archives_only: bool,
    ) -> Obtained {
        let mut obtained = Obtained::default();
        let prefix = subject.prefix();
        let fits = |unpacked: &Unpacked| sum.is_none_or(|sum| unpacked.manifest.h1(&prefix) == sum);
        if !archives_only && let Some(kept) = self.kept(subject) {
            if fits(&kept.unpacked) {
                let unpacked = kept.unpacked.clone();
                obtained.manifest = Some((unpacked, ManifestSource::Committed));
                return obtained;
            }
            let found = kept.unpacked.manifest.h1(&prefix);
            let text = format!("the manifest of {module}@{version} hashes to {found}");
            obtained.wrong.push(Wrong {
                code: Code::ManifestForged,
                path: Some(MANIFESTS.to_owned()),
                found,
                text,
            });
        }
        // The cache is self-checking by the sum, and of no use without one.
        if !archives_only
            && sum.is_some()
            && let Some(unpacked) = self.cached(subject).filter(fits)
        {
            obtained.manifest = Some((unpacked, ManifestSource::Cache));
            return obtained;
        }
        for source in [ManifestSource::LocalArchive, ManifestSource::Registry] {
            let archive = match self.archive(source, module, version) {
                Ok(Some(bytes)) => bytes,
                Ok(None) => continue,
                Err(NoArchive::Direct) => {
                    match self.repository(module, version, &fits, &mut |_, _| {}) {
                        Ok(unpacked) => {
                            if sum.is_some() {
                                self.remember(subject, &unpacked);
                            }
                            obtained.manifest = Some((unpacked, ManifestSource::Repository));
                            return obtained;
                        }
                        Err(why) => obtained.why.push(why),
                    }
                    continue;
                }
                Err(NoArchive::Because(why)) => {
                    obtained.why.push(why);
                    continue;
                }
            };
            match archives::module_zip(&archive, &prefix, &mut |_, _| {}) {
                Ok(unpacked) if fits(&unpacked) => {
                    if sum.is_some() {
                        self.remember(subject, &unpacked);
                    }
                    obtained.manifest = Some((unpacked, source));
                    return obtained;
                }
                Ok(unpacked) => {
                    let found = unpacked.manifest.h1(&prefix);
                    let text = format!("{module}@{version} hashes to {found} in {}", words(source));
                    obtained.wrong.push(Wrong {
                        code: Code::SumWrong,
                        path: None,
                        found,
                        text,
                    });
                }
                Err(error) => obtained.why.push(format!("in {}: {error}", words(source))),
            }
        }
        if obtained.why.is_empty() && obtained.wrong.is_empty() {
            let text = "no manifest is committed or cached, and no registry may be asked";
            obtained.why.push(text.to_owned());
        }
        obtained
    }

    /// The zip archive of a module.
    pub(super) fn archive(
        &self,
        source: ManifestSource,
        module: &str,
        version: &str,
    ) -> Result<Option<Vec<u8>>, NoArchive> {
        if source == ManifestSource::LocalArchive {
            let Some(folder) = &self.options.module_cache else {
                return Ok(None);
            };
            let Some(path) = archive_file(folder, module, version) else {
                return Ok(None);
            };
            return bytes_of(&path, MOST_ARCHIVE)
                .map_err(|error| NoArchive::Because(plain(&error)));
        }
        let Some(proxies) = &self.options.proxies else {
            return Ok(None);
        };
        if names_module(&self.options.no_proxy, module) {
            return Err(NoArchive::Direct);
        }
        match proxies.zip(module, version) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(ProxyError::Direct) => Err(NoArchive::Direct),
            Err(error) => Err(NoArchive::Because(error.to_string())),
        }
    }

    /// A module from its own repository, in the form that fits.
    pub(super) fn repository(
        &self,
        module: &str,
        version: &str,
        fits: &dyn Fn(&Unpacked) -> bool,
        each: &mut dyn FnMut(&str, &[u8]),
    ) -> Result<Unpacked, String> {
        let Some(git) = &self.options.repositories else {
            return Err("GOPROXY leads to its own repository, and none is asked".to_owned());
        };
        match tags::module(git, module, version, fits, each) {
            Ok(Some(unpacked)) => Ok(unpacked),
            Ok(None) => Err("the tag in its own repository does not hash to the sum".to_owned()),
            Err(why) => Err(format!("GOPROXY leads to its own repository: {why}")),
        }
    }

    fn cache_file(&self, subject: &Subject) -> Option<PathBuf> {
        let folder = self.options.cache.as_ref()?.join("vendor");
        Some(match subject {
            Subject::Go { module, version } => {
                let name = format!("{}@{}.gz", escaped(module), escaped(version));
                // Both come from the checkout, and may not lead elsewhere.
                cofferdam_trees::manifest::is_sound(&name).then(|| folder.join("go").join(name))?
            }
            Subject::Crate { archive, .. } => folder.join("crates").join(format!("{archive}.gz")),
        })
    }

    pub(super) fn cached(&self, subject: &Subject) -> Option<Unpacked> {
        let file = std::fs::canonicalize(self.cache_file(subject)?).ok()?;
        let bytes = bytes_of(&file, super::MOST_BYTES).ok()??;
        let mut bundle = Bundle::from_gzip(&bytes).ok()?;
        Some(bundle.kept.remove(subject)?.unpacked)
    }

    /// Keeps a manifest for the next time. A cache that cannot be written is
    /// no loss.
    pub(super) fn remember(&self, subject: &Subject, unpacked: &Unpacked) {
        let Some(file) = self.cache_file(subject) else {
            return;
        };
        let kept = Kept {
            unpacked: unpacked.clone(),
            record: None,
        };
        let bundle = Bundle {
            unverified_note: None,
            kept: [(subject.clone(), kept)].into(),
        };
        let write = || {
            let bytes = bundle.to_gzip()?;
            let folder = file.parent().unwrap_or(&file);
            std::fs::create_dir_all(folder)?;
            // A name of its own, so that two writers do not meet.
            let part = folder.join(format!(
                ".{}-{}.part",
                std::process::id(),
                Digest::of(file.as_os_str().as_encoded_bytes())
            ));
            std::fs::write(&part, bytes)?;
            std::fs::rename(&part, &file)
        };
        let _ = write();
    }
}

pub(super) fn words(source: ManifestSource) -> &'static str {
    match source {
        ManifestSource::Committed => "the committed file",
        ManifestSource::Cache => "the cache",
        ManifestSource::LocalArchive => "the local module cache",
        ManifestSource::Registry => "what the proxy gives",
        ManifestSource::Repository => "its repository",
        ManifestSource::Folder => "the folder",
    }
}

/// Where Go's module cache keeps the archive of a module. Both names come from the
/// checkout, and may not lead elsewhere.
fn archive_file(cache: &Path, module: &str, version: &str) -> Option<PathBuf> {
    let name = format!("{}/@v/{}.zip", escaped(module), escaped(version));
    cofferdam_trees::manifest::is_sound(&name).then(|| cache.join("cache/download").join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leads_out_of_the_cache_names_no_archive() {
        let of = |module, version| archive_file(Path::new("/c"), module, version);
        let own = "/c/cache/download/example.com/!a/@v/v1.0.0.zip";
        assert_eq!(of("example.com/A", "v1.0.0"), Some(PathBuf::from(own)));
        for (module, version) in [
            ("../../x", "v1.0.0"),
            ("/etc/x", "v1.0.0"),
            ("a/../../x", "v1.0.0"),
            ("a", "../../../x"),
        ] {
            assert_eq!(of(module, version), None, "{module} {version}");
        }
    }
}
