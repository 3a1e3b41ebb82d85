//! `cofferdam data`: the pack of compromised, vulnerable, archived and popular
//! actions that the audit consults; its state, its refresh, its proof.
//!
//! A refreshed pack and the record of the highest pack ever in use lie in one
//! folder. The record is written first: a crash between the two leaves a pack
//! that is refused, never an older one that is let in.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use cofferdam_datapack::{
    DataPack, Freshness, InForce, Origin, PackError, TrustedKeys, Verified, accept, embedded,
    envelope::MAX_ENVELOPE, in_force, verify,
};
use cofferdam_facts::Timestamp;
use cofferdam_findings::Exit;
use cofferdam_pipelines::collect::bounded;

use crate::clock;
use crate::environment;
use crate::failure::Failure;
use crate::output;

const PACK: &str = "pack.dsse.json";
const RECORD: &str = "highest.json";
const LOCK: &str = "lock";

/// See, refresh and verify the data that the audit consults.
#[derive(Debug, clap::Args)]
pub(crate) struct DataArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Show the pack in force: its age, what it holds, where it comes from.
    ///
    /// The exit code is 0 if it may be consulted, and 3 if it is too old or if
    /// none may be.
    Status,
    /// Take a newer pack from a file.
    ///
    /// It must be signed by the keys that this program trusts, must not be too
    /// old, and must not be older than any pack that was in use. The exit code
    /// is 0 if it is in force afterwards, and 1 if it is refused.
    Update {
        /// The signed pack.
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
    },
    /// Verify a pack without taking it.
    ///
    /// The exit code is 0 if `update` would take it, and 1 if it would not.
    Verify {
        /// The signed pack.
        file: PathBuf,
    },
}

/// Why the command cannot be carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DataError {
    /// A file or folder cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A stored file is larger than any honest one.
    #[error("{} is larger than a data pack may be", path.display())]
    TooLarge {
        /// Which one.
        path: PathBuf,
    },
    /// The pack, the keys or the record are refused.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// The result cannot be shown.
    #[error("the output: {0}")]
    Output(io::Error),
    /// Neither `XDG_DATA_HOME` nor `HOME` says where the pack may be kept.
    #[error("no folder to keep the pack in: set XDG_DATA_HOME or HOME")]
    NoFolder,
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        match &error {
            // A result that is not delivered must not look like a clean one.
            DataError::Output(_) => Self::not_checked(&error),
            _ => Self::usage(&error),
        }
    }
}

/// What a pack is judged by.
pub(crate) struct Trust {
    keys: TrustedKeys,
    embedded: Verified,
}

impl Trust {
    /// The keys and the pack that are compiled in.
    pub(crate) fn compiled_in() -> Result<Self, DataError> {
        Ok(Self {
            keys: embedded::keys()?,
            embedded: embedded::pack()?,
        })
    }
}

/// The folder for the refreshed pack, from the values of `XDG_DATA_HOME` and
/// `HOME`. A relative `XDG_DATA_HOME` counts as none, as its specification says.
pub(crate) fn folder(xdg_data_home: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    let absolute = |value: Option<OsString>| value.map(PathBuf::from).filter(|p| p.is_absolute());
    let base = absolute(xdg_data_home).or_else(|| Some(absolute(home)?.join(".local/share")))?;
    Some(base.join("cofferdam").join("data"))
}

/// The pack that the audit consults. The caller asks for its freshness.
pub(crate) fn pack_in_force(folder: Option<&Path>, trust: &Trust) -> Result<InForce, DataError> {
    let stored = |name| folder.map_or(Ok(None), |folder| read_if_there(&folder.join(name)));
    let (pack, record) = (stored(PACK)?, stored(RECORD)?);
    Ok(in_force(
        &trust.embedded,
        pack.as_deref(),
        record.as_deref(),
        &trust.keys,
    )?)
}

pub(crate) fn run(args: &DataArgs) -> Result<Exit, DataError> {
    let (xdg, home) = environment::data_homes();
    let folder = folder(xdg, home);
    let trust = Trust::compiled_in()?;
    let (text, exit) = answer(args, folder.as_deref(), &trust, clock::now())?;
    output::print(&text).map_err(DataError::Output)?;
    Ok(exit)
}

/// What is printed, and how the program ends.
fn answer(
    args: &DataArgs,
    folder: Option<&Path>,
    trust: &Trust,
    now: Timestamp,
) -> Result<(String, Exit), DataError> {
    match &args.what {
        What::Status => Ok(status(folder, trust, now)),
        What::Update { from } => update(from, folder.ok_or(DataError::NoFolder)?, trust, now),
        What::Verify { file } => check(file, folder, trust, now),
    }
}

fn status(folder: Option<&Path>, trust: &Trust, now: Timestamp) -> (String, Exit) {
    let chosen = match pack_in_force(folder, trust) {
        Ok(chosen) => chosen,
        Err(error) => {
            let advice = "Known-bad actions are not checked. Take a newer pack with \
                          `cofferdam data update --from FILE`, or use a newer cofferdam.";
            return (
                format!("no pack may be consulted: {error}\n{advice}\n"),
                Exit::NotChecked,
            );
        }
    };
    let origin = match chosen.origin {
        Origin::Embedded => "compiled in",
        Origin::Refreshed => "refreshed",
    };
    let freshness = chosen.pack.pack.freshness(now);
    let mut text = format!("pack {}, {origin}\n", chosen.pack.pack.version);
    text += &describe(&chosen.pack, freshness);
    if let Some(reason) = &chosen.set_aside {
        text += &format!("  set aside  a refreshed pack: {reason}\n");
    }
    (
        text,
        if freshness.is_fresh() {
            Exit::Clean
        } else {
            Exit::NotChecked
        },
    )
}

fn update(
    from: &Path,
    folder: &Path,
    trust: &Trust,
    now: Timestamp,
) -> Result<(String, Exit), DataError> {
    let bytes = read(from)?;
    fs::create_dir_all(folder).map_err(failed(folder))?;
    // Two updates at once must not write the record of the older one last.
    let lock_path = folder.join(LOCK);
    let mut options = OpenOptions::new();
    let lock = options
        .create(true)
        .append(true)
        .open(&lock_path)
        .map_err(failed(&lock_path))?;
    lock.lock().map_err(failed(&lock_path))?;

    let record = read_if_there(&folder.join(RECORD))?;
    let offered = match judge(&bytes, record.as_deref(), trust, now) {
        Ok(offered) => offered,
        Err(error) => return Ok((format!("refused: {error}\n"), Exit::Findings)),
    };
    let version = offered.pack.version;
    if offered.digest == trust.embedded.digest {
        return Ok((
            format!("pack {version} is the one that is compiled in\n"),
            Exit::Clean,
        ));
    }
    let highest = accept(&offered, &trust.embedded, record.as_deref())?;
    replace(&folder.join(RECORD), &highest.encode())?;
    replace(&folder.join(PACK), &bytes)?;
    let text = describe(&offered, offered.pack.freshness(now));
    Ok((format!("pack {version} is in force\n{text}"), Exit::Clean))
}

fn check(
    file: &Path,
    folder: Option<&Path>,
    trust: &Trust,
    now: Timestamp,
) -> Result<(String, Exit), DataError> {
    let bytes = read(file)?;
    let record = match folder {
        Some(folder) => read_if_there(&folder.join(RECORD))?,
        None => None,
    };
    Ok(match judge(&bytes, record.as_deref(), trust, now) {
        Ok(pack) => {
            let text = describe(&pack, pack.pack.freshness(now));
            (
                format!("pack {} is good\n{text}", pack.pack.version),
                Exit::Clean,
            )
        }
        Err(error) => (format!("refused: {error}\n"), Exit::Findings),
    })
}

/// Whether a pack may come into force at `now`.
fn judge(
    bytes: &[u8],
    record: Option<&[u8]>,
    trust: &Trust,
    now: Timestamp,
) -> Result<Verified, PackError> {
    let offered = verify(bytes, &trust.keys)?;
    accept(&offered, &trust.embedded, record)?;
    match offered.pack.freshness(now) {
        Freshness::Fresh { .. } => Ok(offered),
        Freshness::TooOld { expired } => Err(PackError::TooOld { expired }),
        Freshness::FromTheFuture { created_at } => Err(PackError::FromTheFuture { created_at }),
    }
}

fn describe(verified: &Verified, freshness: Freshness) -> String {
    let pack: &DataPack = &verified.pack;
    let age = match freshness {
        Freshness::Fresh { days_left } => {
            format!(
                "valid until {} ({days_left} days left)",
                pack.expires().date()
            )
        }
        Freshness::TooOld { expired } => {
            format!(
                "too old since {}: known-bad actions are not checked",
                expired.date()
            )
        }
        Freshness::FromTheFuture { .. } => {
            "dated in the future: known-bad actions are not checked".to_owned()
        }
    };
    let mut text = format!("  made       {}, {age}\n", pack.created_at.date());
    text += &format!("  holds      {}\n", pack.contents());
    text += &format!("  sha256     {}\n", verified.digest);
    for signer in &verified.signers {
        text += &format!("  signed by  {signer}\n");
    }
    for source in &pack.sources {
        text += &format!(
            "  source     {} ({}), {}\n",
            source.name, source.license, source.url
        );
    }
    text
}

fn read(path: &Path) -> Result<Vec<u8>, DataError> {
    File::open(path)
        .and_then(|mut file| bounded(&mut file, MAX_ENVELOPE as u64))
        .map_err(failed(path))?
        .map_err(|_| DataError::TooLarge {
            path: path.to_owned(),
        })
}

/// Only "there is no such file" counts as none; what cannot be read for another
/// reason might be the record that keeps an old pack out.
fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, DataError> {
    match read(path) {
        Err(DataError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

/// Replaces a file, for good before the next one is written.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), DataError> {
    let write = || {
        output::write_whole(path, bytes)?;
        #[cfg(unix)]
        if let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    };
    write().map_err(failed(path))
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> DataError {
    let path = path.to_owned();
    move |source| DataError::File { path, source }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first wrong step")]
mod tests {
    use cofferdam_datapack::{
        build::{payload, sign},
        keys::{KEY_FORMAT, KeyEntry, KeyFile, Role},
    };
    use ed25519_dalek::SigningKey;

    use super::*;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_bytes(&[seed; 32])
    }

    /// The embedded pack's contents as version `version`, signed by `seed`.
    fn signed(version: u64, seed: u8) -> Vec<u8> {
        let mut pack = embedded::pack().unwrap().pack;
        pack.version = version;
        sign(&payload(&pack).unwrap(), &[key(seed)]).unwrap()
    }

    fn trust(embedded: u64) -> Trust {
        let made = Timestamp::parse("2026-01-01").unwrap();
        let entry = KeyEntry::new(&key(1).verifying_key(), Role::Pack, made, "a test");
        let file = KeyFile {
            format: KEY_FORMAT,
            threshold: 1,
            keys: vec![entry],
        };
        let keys = TrustedKeys::parse(&serde_json::to_vec(&file).unwrap()).unwrap();
        let embedded = verify(&signed(embedded, 1), &keys).unwrap();
        Trust { keys, embedded }
    }

    struct Place {
        root: tempfile::TempDir,
        trust: Trust,
        now: Timestamp,
    }

    impl Place {
        fn new() -> Self {
            let trust = trust(2);
            let now = trust.embedded.pack.created_at.plus_days(1);
            Self {
                root: tempfile::tempdir().unwrap(),
                trust,
                now,
            }
        }

        fn folder(&self) -> PathBuf {
            self.root.path().join("data")
        }

        fn file(&self, bytes: &[u8]) -> PathBuf {
            let path = self.root.path().join("offered");
            fs::write(&path, bytes).unwrap();
            path
        }

        fn run(&self, what: What) -> (String, Exit) {
            let args = DataArgs { what };
            answer(&args, Some(&self.folder()), &self.trust, self.now).unwrap()
        }

        fn update(&self, bytes: &[u8]) -> (String, Exit) {
            self.run(What::Update {
                from: self.file(bytes),
            })
        }

        fn version(&self) -> Result<u64, DataError> {
            pack_in_force(Some(&self.folder()), &self.trust).map(|chosen| chosen.pack.pack.version)
        }
    }

    #[test]
    fn a_newer_pack_comes_into_force_and_stays() {
        let place = Place::new();
        assert_eq!(place.version().unwrap(), 2);
        let (text, code) = place.update(&signed(5, 1));
        assert_eq!((code, place.version().unwrap()), (Exit::Clean, 5), "{text}");
        let (text, code) = place.run(What::Status);
        assert!(text.starts_with("pack 5, refreshed\n"), "{text}");
        assert_eq!(code, Exit::Clean);
        // Taking it once more is no change.
        assert_eq!(place.update(&signed(5, 1)).1, Exit::Clean);
        let left: Vec<_> = fs::read_dir(place.folder())
            .unwrap()
            .map(|e| e.unwrap())
            .collect();
        assert_eq!(left.len(), 3, "the pack, the record and the lock: {left:?}");
    }

    #[test]
    fn what_is_older_forged_or_stale_is_refused_and_changes_nothing() {
        let mut place = Place::new();
        place.update(&signed(5, 1));
        let before = fs::read(place.folder().join(PACK)).unwrap();
        for (bytes, reason) in [
            (signed(4, 1), "older"),
            (signed(1, 1), "older"),
            (signed(6, 9), "signatures"),
            (b"{}".to_vec(), "envelope"),
        ] {
            let (text, code) = place.update(&bytes);
            assert!(text.contains(reason), "{text}");
            assert_eq!(code, Exit::Findings);
            let (_, code) = place.run(What::Verify {
                file: place.file(&bytes),
            });
            assert_eq!(code, Exit::Findings);
        }
        place.now = place.now.plus_days(400);
        assert_eq!(place.update(&signed(6, 1)).1, Exit::Findings);
        assert_eq!(fs::read(place.folder().join(PACK)).unwrap(), before);
    }

    #[test]
    fn an_older_pack_put_in_its_place_is_not_consulted() {
        let place = Place::new();
        place.update(&signed(5, 1));
        let rollback = |place: &Place| {
            matches!(
                place.version(),
                Err(DataError::Pack(PackError::Rollback { .. }))
            )
        };
        fs::write(place.folder().join(PACK), signed(3, 1)).unwrap();
        assert!(rollback(&place));
        fs::remove_file(place.folder().join(PACK)).unwrap();
        assert!(rollback(&place));
        let (text, code) = place.run(What::Status);
        assert!(text.contains("older than pack 5"), "{text}");
        assert_eq!(code, Exit::NotChecked);
        // A damaged record is not taken for a first start.
        fs::write(place.folder().join(RECORD), b"").unwrap();
        assert!(matches!(
            place.version(),
            Err(DataError::Pack(PackError::Record(_)))
        ));
        assert_eq!(place.update(&signed(9, 1)).1, Exit::Findings);
    }

    #[test]
    fn verifying_leaves_no_trace() {
        let place = Place::new();
        let (text, code) = place.run(What::Verify {
            file: place.file(&signed(5, 1)),
        });
        assert!(text.starts_with("pack 5 is good\n"), "{text}");
        assert_eq!(code, Exit::Clean);
        assert!(!place.folder().exists());
    }

    #[test]
    fn a_pack_too_old_is_said_to_be() {
        let mut place = Place::new();
        place.now = place.now.plus_days(400);
        let (text, code) = place.run(What::Status);
        assert!(text.contains("too old since"), "{text}");
        assert_eq!(code, Exit::NotChecked);
    }

    #[test]
    fn a_file_too_large_is_an_error() {
        let place = Place::new();
        let file = place.file(&vec![b' '; MAX_ENVELOPE + 1]);
        let args = DataArgs {
            what: What::Verify { file },
        };
        let result = answer(&args, None, &place.trust, place.now);
        assert!(matches!(result, Err(DataError::TooLarge { .. })));
    }

    #[test]
    fn the_folder_follows_the_base_directory_specification() {
        let os = |text: &str| Some(OsString::from(text));
        let path = |text: &str| Some(PathBuf::from(text));
        assert_eq!(folder(os("/x"), os("/h")), path("/x/cofferdam/data"));
        assert_eq!(
            folder(os("relative"), os("/h")),
            path("/h/.local/share/cofferdam/data")
        );
        assert_eq!(
            folder(None, os("/h")),
            path("/h/.local/share/cofferdam/data")
        );
        assert_eq!(folder(None, None), None);
    }
}
