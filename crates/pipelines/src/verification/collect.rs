//! Which files are to be verified, and by which bundles.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use cofferdam_attest::{Algorithms, ArtifactDigests, BundleError, UnverifiedBundle};

use super::{Subject, shown};

/// The ends of names by which a bundle is known.
const ENDS: [&str; 3] = [".sigstore.json", ".sigstore", ".sigstore.jsonl"];

/// How much is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Files and folders that are listed.
    pub paths: usize,
    /// How deep folders may lie in each other.
    pub depth: usize,
    /// Bytes of one file of bundles.
    pub bundle_bytes: u64,
    /// Bundles in one file.
    pub bundles: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            paths: 500_000,
            depth: 32,
            bundle_bytes: 64 * 1024 * 1024,
            bundles: 10_000,
        }
    }
}

/// Why nothing is verified.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// It is not there, or may not be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// There is more than is listed.
    #[error("{} holds more than {most} files and folders", path.display())]
    TooMany {
        /// The folder.
        path: PathBuf,
        /// The most that are listed.
        most: usize,
    },
    /// Folders lie too deep in each other.
    #[error("{} lies deeper than {most} folders", path.display())]
    TooDeep {
        /// The folder.
        path: PathBuf,
        /// The most.
        most: usize,
    },
    /// A folder has nothing in it.
    #[error("{} holds no file", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// An artifact that is not here has no bundles that could be named after it.
    #[error("a digest needs its bundles by name")]
    DigestAlone,
    /// What is neither file nor folder, such as a pipe or a device.
    #[error("{} is neither a file nor a folder", path.display())]
    Kind {
        /// The path.
        path: PathBuf,
    },
}

/// One artifact and where its bundles may be.
pub(super) struct Job {
    what: What,
    pub(super) bundles: Vec<Source>,
}

enum What {
    File(PathBuf),
    Digest(ArtifactDigests),
    /// A bundle without its file.
    Absent(PathBuf),
    /// What is no file, such as a link in a folder.
    Odd(PathBuf),
}

/// A file that holds one bundle, or one a line.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    /// Whether it is about the artifact by its name or by the caller's word.
    pub(super) certain: bool,
}

impl Job {
    pub(super) fn name(&self) -> String {
        match &self.what {
            What::File(path) | What::Absent(path) | What::Odd(path) => shown(path),
            What::Digest(digest) => digest.shown(),
        }
    }

    /// The digests of the artifact; `None` where it is not here.
    pub(super) fn artifact(&self, needs: Algorithms) -> Result<Option<ArtifactDigests>, String> {
        match &self.what {
            What::Digest(digest) => Ok(Some(digest.clone())),
            What::Absent(_) => Ok(None),
            What::Odd(_) => Err("it is no file, and links are not followed".to_owned()),
            What::File(path) => {
                let problem = |error: io::Error| format!("it cannot be read: {error}");
                let file = File::open(path).map_err(problem)?;
                // A named pipe would be waited for without an end.
                if !file.metadata().map_err(problem)?.is_file() {
                    return Err("it is no file".to_owned());
                }
                ArtifactDigests::from_reader(file, needs)
                    .map(Some)
                    .map_err(problem)
            }
        }
    }
}

/// What is to be done, in the order of names.
pub(super) fn jobs(
    subject: &Subject,
    bundles: &[PathBuf],
    limits: &Limits,
) -> Result<Vec<Job>, CollectError> {
    let named = named(bundles, limits)?;
    match subject {
        Subject::Digest(_) if named.is_empty() => Err(CollectError::DigestAlone),
        Subject::Digest(digest) => Ok(vec![Job {
            what: What::Digest(digest.clone()),
            bundles: named,
        }]),
        Subject::Path(path) => {
            let kind = fs::metadata(path).map_err(unreadable(path))?;
            if kind.is_dir() {
                folder(path, &named, limits)
            } else if kind.is_file() {
                let bundles = if named.is_empty() {
                    beside(path, limits)?
                } else {
                    named
                };
                Ok(vec![Job {
                    what: What::File(path.clone()),
                    bundles,
                }])
            } else {
                Err(CollectError::Kind { path: path.clone() })
            }
        }
    }
}

/// The bundles that the caller names, and those in folders that it names.
fn named(bundles: &[PathBuf], limits: &Limits) -> Result<Vec<Source>, CollectError> {
    let mut sources = Vec::new();
    for path in bundles {
        if fs::metadata(path).map_err(unreadable(path))?.is_dir() {
            let inside = list(path, limits)?;
            let kept = inside
                .into_iter()
                .filter(|found| found.file && is_bundle(&found.path));
            sources.extend(kept.map(|found| Source {
                path: found.path,
                certain: false,
            }));
        } else {
            sources.push(Source {
                path: path.clone(),
                certain: true,
            });
        }
    }
    Ok(sources)
}

/// The bundles that are named after a file and lie beside it.
fn beside(path: &Path, limits: &Limits) -> Result<Vec<Source>, CollectError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return Ok(Vec::new());
    };
    let mut sources = Vec::new();
    for (count, entry) in fs::read_dir(folder)
        .map_err(unreadable(folder))?
        .enumerate()
    {
        if count >= limits.paths {
            return Err(CollectError::TooMany {
                path: folder.to_owned(),
                most: limits.paths,
            });
        }
        let entry = entry.map_err(unreadable(folder))?;
        let found = entry.file_name();
        if let Some(certain) = found.to_str().and_then(|found| belongs(found, name)) {
            sources.push(Source {
                path: path.with_file_name(&found),
                certain,
            });
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(sources)
}

/// Whether the name of a bundle is that of a file with an end, which is
/// certain, or with a word and an end, as in `app.sbom.sigstore.json`, which
/// may be the bundle of a file `app.sbom`.
fn belongs(bundle: &str, file: &str) -> Option<bool> {
    let rest = bundle.strip_prefix(file)?;
    if ENDS.contains(&rest) {
        return Some(true);
    }
    let word = ENDS.iter().find_map(|end| rest.strip_suffix(end))?;
    (word.len() > 1 && word.starts_with('.')).then_some(false)
}

/// Every file of a folder with its bundles, and every bundle without a file.
fn folder(root: &Path, named: &[Source], limits: &Limits) -> Result<Vec<Job>, CollectError> {
    let found = list(root, limits)?;
    let (bundles, artifacts): (Vec<Found>, Vec<Found>) = found
        .into_iter()
        .partition(|found| found.file && is_bundle(&found.path));
    // By the folder and the name without its end, and without its word.
    let mut by_name: BTreeMap<PathBuf, Vec<(Source, usize)>> = BTreeMap::new();
    for (index, bundle) in bundles.iter().enumerate() {
        for (path, certain) in owners(&bundle.path) {
            let source = Source {
                path: bundle.path.clone(),
                certain,
            };
            by_name.entry(path).or_default().push((source, index));
        }
    }
    let mut used = vec![!named.is_empty(); bundles.len()];
    let mut jobs = Vec::new();
    for artifact in artifacts {
        let own = by_name.remove(&artifact.path).unwrap_or_default();
        let mut sources = named.to_vec();
        for (source, index) in own {
            if let Some(used) = used.get_mut(index) {
                *used = true;
            }
            sources.push(source);
        }
        let what = if artifact.file {
            What::File(artifact.path)
        } else {
            What::Odd(artifact.path)
        };
        jobs.push(Job {
            what,
            bundles: sources,
        });
    }
    let alone = bundles.into_iter().zip(used).filter(|(_, used)| !used);
    jobs.extend(alone.map(|(bundle, _)| Job {
        what: What::Absent(bundle.path.clone()),
        bundles: vec![Source {
            path: bundle.path,
            certain: true,
        }],
    }));
    if jobs.is_empty() {
        return Err(CollectError::Empty {
            path: root.to_owned(),
        });
    }
    jobs.sort_by_cached_key(Job::name);
    Ok(jobs)
}

/// The files after which a bundle may be named: certainly without its end, and
/// perhaps without the words before that.
fn owners(bundle: &Path) -> Vec<(PathBuf, bool)> {
    let name = bundle.file_name().and_then(|name| name.to_str());
    let Some(name) = name else { return Vec::new() };
    let Some(whole) = ENDS.iter().find_map(|end| name.strip_suffix(end)) else {
        return Vec::new();
    };
    let mut owners = vec![(bundle.with_file_name(whole), true)];
    let mut rest = whole;
    while let Some((shorter, _)) = rest.rsplit_once('.') {
        if shorter.is_empty() {
            break;
        }
        owners.push((bundle.with_file_name(shorter), false));
        rest = shorter;
    }
    owners
}

pub(super) fn is_bundle(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| ENDS.iter().any(|end| name.ends_with(end)) || name.ends_with(".jsonl"))
}

pub(super) struct Found {
    pub(super) path: PathBuf,
    /// Whether it is a file; links and devices are not.
    pub(super) file: bool,
}

/// Everything below a folder but folders, by name. Links are not followed.
pub(super) fn list(root: &Path, limits: &Limits) -> Result<Vec<Found>, CollectError> {
    let mut found = Vec::new();
    let mut folders = vec![(root.to_owned(), 0)];
    let mut seen = 0;
    while let Some((folder, depth)) = folders.pop() {
        if depth > limits.depth {
            return Err(CollectError::TooDeep {
                path: folder,
                most: limits.depth,
            });
        }
        for entry in fs::read_dir(&folder).map_err(unreadable(&folder))? {
            let entry = entry.map_err(unreadable(&folder))?;
            seen += 1;
            if seen > limits.paths {
                return Err(CollectError::TooMany {
                    path: root.to_owned(),
                    most: limits.paths,
                });
            }
            let path = entry.path();
            let kind = entry.file_type().map_err(unreadable(&path))?;
            if kind.is_dir() {
                folders.push((path, depth + 1));
            } else {
                let file = kind.is_file();
                found.push(Found { path, file });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> CollectError {
    let path = path.to_owned();
    move |source| CollectError::Unreadable { path, source }
}

/// A bundle by the name of where it was read, or what is wrong with it.
type Read1 = (String, Result<UnverifiedBundle, BundleError>);

/// The bundles of a file.
#[expect(
    clippy::disallowed_methods,
    reason = "the reader is a `take`, so that the end is bounded"
)]
pub(super) fn bundles(source: &Source, limits: &Limits) -> Result<Vec<Read1>, String> {
    let name = source.shown();
    let problem = |error: io::Error| format!("{name} cannot be read: {error}");
    let file = File::open(&source.path).map_err(problem)?;
    if !file.metadata().map_err(problem)?.is_file() {
        return Err(format!("{name} is no file"));
    }
    let mut bytes = Vec::new();
    file.take(limits.bundle_bytes + 1)
        .read_to_end(&mut bytes)
        .map_err(problem)?;
    if bytes.len() as u64 > limits.bundle_bytes {
        return Err(format!(
            "{name} has more than {} bytes",
            limits.bundle_bytes
        ));
    }
    if !name.ends_with(".jsonl") {
        let read = UnverifiedBundle::from_json(&bytes);
        return Ok(vec![(name, read)]);
    }
    let lines = bytes.split(|&byte| byte == b'\n').enumerate();
    let mut read = Vec::new();
    for (index, line) in lines.filter(|(_, line)| !line.trim_ascii().is_empty()) {
        if read.len() >= limits.bundles {
            return Err(format!("{name} holds more than {} bundles", limits.bundles));
        }
        let place = format!("{name}:{}", index + 1);
        read.push((place, UnverifiedBundle::from_json(line)));
    }
    if read.is_empty() {
        return Err(format!("{name} holds no bundle"));
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_belongs_to_the_file_after_which_it_is_named() {
        assert_eq!(belongs("app.sigstore.json", "app"), Some(true));
        assert_eq!(belongs("app.sigstore", "app"), Some(true));
        assert_eq!(belongs("app.sbom.sigstore.json", "app"), Some(false));
        assert_eq!(belongs("app.tar.gz.sigstore.json", "app"), Some(false));
        assert_eq!(belongs("apple.sigstore.json", "app"), None);
        assert_eq!(belongs("app.json", "app"), None);
        assert_eq!(belongs("app..sigstore.json", "app"), None);
    }

    #[test]
    fn the_owners_of_a_bundle_are_those_it_may_belong_to() {
        let owners = owners(Path::new("d/app.tar.sbom.sigstore.json"));
        let expected = ["d/app.tar.sbom", "d/app.tar", "d/app"];
        let names: Vec<_> = owners.iter().map(|(path, _)| path.as_path()).collect();
        assert_eq!(names, expected.map(Path::new));
        let certain: Vec<_> = owners.iter().map(|(_, certain)| *certain).collect();
        assert_eq!(certain, [true, false, false]);
    }
}
