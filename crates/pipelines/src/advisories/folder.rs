//! Where databases lie.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use cofferdam_advisories::is_ecosystem;
use cofferdam_facts::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use crate::collect::{Links, bounded, regular};

/// The name of an archive. Source: osv-scanner, documentation, "Offline mode".
pub(super) const ARCHIVE: &str = "all.zip";
const INDEX: &str = "all.zip.cofferdam-index";
const ORIGIN: &str = "cofferdam.json";
/// The most bytes of the note of where an archive came from.
const MOST_ORIGIN: u64 = 64 * 1024;

/// The folder of all databases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseFolder {
    root: PathBuf,
}

/// Where an archive came from, as far as this program brought it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The address or the file.
    pub source: String,
    /// When it was taken.
    pub taken: Timestamp,
    /// The time of what it holds: what the server said of its last change, or what the
    /// user said.
    pub as_of: Option<Timestamp>,
    /// The SHA-256 of the archive that this is a note of, hexadecimal.
    pub sha256: String,
}

impl DatabaseFolder {
    /// The folder `osv-scanner` in a folder of caches.
    #[must_use]
    pub fn in_cache(cache: &Path) -> Self {
        Self {
            root: cache.join("osv-scanner"),
        }
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// The ecosystems that have an archive, in order of name.
    ///
    /// # Errors
    /// What reading the folder says; a folder that is not there has none.
    pub fn ecosystems(&self) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(&self.root) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let name = entry?.file_name().into_string();
            names.extend(name.ok().filter(|name| {
                is_ecosystem(name) && self.archive(name).symlink_metadata().is_ok()
            }));
        }
        names.sort_unstable();
        Ok(names)
    }

    fn of(&self, ecosystem: &str) -> PathBuf {
        self.root.join(ecosystem)
    }

    pub(super) fn archive(&self, ecosystem: &str) -> PathBuf {
        self.of(ecosystem).join(ARCHIVE)
    }

    pub(super) fn index(&self, ecosystem: &str) -> PathBuf {
        self.of(ecosystem).join(INDEX)
    }

    /// The note of the archive with this hash; a note of another one says nothing.
    pub(super) fn origin(&self, ecosystem: &str, sha256: &str) -> Option<Origin> {
        let mut file = regular(&self.of(ecosystem).join(ORIGIN), Links::Followed).ok()?;
        let bytes = bounded(&mut file, MOST_ORIGIN).ok()?.ok()?;
        let origin: Origin = serde_json::from_slice(&bytes).ok()?;
        (origin.sha256 == sha256).then_some(origin)
    }

    /// A new file in the folder of an ecosystem. Its name ends with `.part`, and nothing
    /// of that name is ever read.
    pub(super) fn part(&self, ecosystem: &str) -> io::Result<NamedTempFile> {
        let folder = self.of(ecosystem);
        fs::create_dir_all(&folder)?;
        tempfile::Builder::new()
            .prefix(".cofferdam-")
            .suffix(".part")
            .tempfile_in(folder)
    }

    /// Puts a whole archive in its place, with the note of where it came from.
    pub(super) fn put(
        &self,
        ecosystem: &str,
        archive: NamedTempFile,
        origin: &Origin,
    ) -> io::Result<()> {
        let mut note = self.part(ecosystem)?;
        serde_json::to_writer_pretty(&mut note, origin)?;
        note.write_all(b"\n")?;
        archive.as_file().sync_all()?;
        // A note without its archive says nothing; the other way round the age is lost.
        persist(note, &self.of(ecosystem).join(ORIGIN))?;
        persist(archive, &self.archive(ecosystem))
    }
}

pub(super) fn persist(file: NamedTempFile, path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // Others who share the folder may read, as for what other programs put there.
        let mode = fs::Permissions::from_mode(0o644);
        file.as_file().set_permissions(mode)?;
    }
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// The SHA-256 of a file from its beginning, hexadecimal.
pub(super) fn sha256(file: &mut File) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            count => hash.update(buffer.get(..count).unwrap_or_default()),
        }
    }
    Ok(hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}
