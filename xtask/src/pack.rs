//! `cargo xtask pack`: makes and signs the data pack.
//!
//! - `build [--out FILE]` checks `data/pack` and writes the bytes to be signed.
//! - `keygen --key FILE` makes a key; its private half stays in that file.
//! - `sign --key FILE…` signs `data/pack` into the pack that is compiled in.
//! - `renew` makes a key, signs with it and forgets the private half; every
//!   other key of `keys.json` is retired.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use cofferdam_datapack::{
    PackError, TrustedKeys,
    build::{BuildError, FILES, INCIDENTS, assemble, payload, sign},
    embedded,
    keys::{KeyEntry, KeyFile, Role},
    verify,
};
use cofferdam_facts::Timestamp;
use ed25519_dalek::SigningKey;

const SOURCES: &str = "data/pack";
const INCIDENT_SOURCES: &str = "data/incidents";
const PACK: &str = "crates/datapack/pack.dsse.json";
const KEYS: &str = "crates/datapack/keys.json";

/// Why the task stops.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PackTaskError {
    /// The arguments are not understood.
    #[error(
        "usage: cargo xtask pack build [--out FILE] | keygen --key FILE | sign --key FILE... | renew"
    )]
    Usage,
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file that is no private key of this task.
    #[error("{} is not a private key of 64 hexadecimal digits", path.display())]
    PrivateKey {
        /// Which file.
        path: PathBuf,
    },
    /// The source files do not make a pack.
    #[error("the sources do not make a pack: {0}")]
    Build(#[from] BuildError),
    /// What was signed would not be accepted.
    #[error("what was signed would not be accepted: {0}")]
    Pack(#[from] PackError),
    /// The key file cannot be read or written as JSON.
    #[error("the key file: {0}")]
    Json(#[from] serde_json::Error),
    /// The operating system gives no random bytes.
    #[error("no random bytes: {0}")]
    Random(getrandom::Error),
    /// The contents changed and the version did not grow: programs that have the
    /// old pack would refuse the new one.
    #[error("the contents changed since pack {version}; raise the version in data/pack/pack.json")]
    Version {
        /// The version of the signed pack.
        version: u64,
    },
    /// A date before 1970.
    #[error("the clock of this machine is wrong")]
    Clock,
}

/// Runs the task with the arguments after `pack`, from the root of the
/// repository.
///
/// # Errors
/// If the arguments are not understood, a file cannot be read or written, or
/// the sources break a rule.
pub(crate) fn run(args: &[String]) -> Result<(), PackTaskError> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["build"] => build(None),
        ["build", "--out", file] => build(Some(Path::new(file))),
        ["keygen", "--key", file] => keygen(Path::new(file)),
        ["sign", rest @ ..] if !rest.is_empty() => {
            let keys: Result<Vec<SigningKey>, PackTaskError> = rest
                .chunks(2)
                .map(|pair| match pair {
                    ["--key", file] => read_key(Path::new(file)),
                    _ => Err(PackTaskError::Usage),
                })
                .collect();
            sign_pack(&keys?)
        }
        ["renew"] => renew(),
        _ => Err(PackTaskError::Usage),
    }
}

fn build(out: Option<&Path>) -> Result<(), PackTaskError> {
    let pack = assemble(&sources()?)?;
    let bytes = payload(&pack)?;
    if let Some(out) = out {
        write(out, &bytes)?;
    }
    say(&format!(
        "pack {}, {} bytes: {}",
        pack.version,
        bytes.len(),
        pack.contents()
    ));
    Ok(())
}

fn sign_pack(keys: &[SigningKey]) -> Result<(), PackTaskError> {
    let trusted = TrustedKeys::parse(&read(Path::new(KEYS))?)?;
    write(Path::new(PACK), &signed(keys, &trusted)?)?;
    say(&format!("signed {PACK}"));
    Ok(())
}

/// Signs and takes the program's own way to make sure it is accepted, before
/// anything is written.
fn signed(keys: &[SigningKey], trusted: &TrustedKeys) -> Result<Vec<u8>, PackTaskError> {
    let envelope = sign(&payload(&assemble(&sources()?)?)?, keys)?;
    let new = verify(&envelope, trusted)?;
    // What is compiled in may be unreadable after a change of format; then there
    // is nothing to compare with.
    if let Ok(old) = embedded::pack() {
        let version = old.pack.version;
        if new.pack.version <= version && new.digest != old.digest {
            return Err(PackTaskError::Version { version });
        }
    }
    Ok(envelope)
}

fn keygen(path: &Path) -> Result<(), PackTaskError> {
    let (seed, key) = new_key()?;
    let digits: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
    write_private(path, format!("{digits}\n").as_bytes())?;
    let entry = KeyEntry::new(&key.verifying_key(), Role::Pack, today()?, "");
    say(&format!(
        "for {KEYS}:\n{}",
        serde_json::to_string_pretty(&entry)?
    ));
    Ok(())
}

fn renew() -> Result<(), PackTaskError> {
    let (_, key) = new_key()?;
    let mut file: KeyFile = serde_json::from_slice(&read(Path::new(KEYS))?)?;
    for entry in &mut file.keys {
        entry.role = Role::Retired;
    }
    let note = "Made for one pack; the private half was never written down.";
    file.keys.push(KeyEntry::new(
        &key.verifying_key(),
        Role::Pack,
        today()?,
        note,
    ));
    file.threshold = 1;
    let mut bytes = serde_json::to_vec_pretty(&file)?;
    bytes.push(b'\n');
    let envelope = signed(&[key], &TrustedKeys::parse(&bytes)?)?;
    write(Path::new(KEYS), &bytes)?;
    write(Path::new(PACK), &envelope)?;
    say(&format!("renewed {KEYS} and {PACK}"));
    Ok(())
}

fn new_key() -> Result<([u8; 32], SigningKey), PackTaskError> {
    let mut seed = [0_u8; 32];
    getrandom::fill(&mut seed).map_err(PackTaskError::Random)?;
    Ok((seed, SigningKey::from_bytes(&seed)))
}

fn read_key(path: &Path) -> Result<SigningKey, PackTaskError> {
    let wrong = || PackTaskError::PrivateKey {
        path: path.to_owned(),
    };
    let text = String::from_utf8(read(path)?).map_err(|_| wrong())?;
    let digits = text.trim();
    if digits.len() != 64 || !digits.is_ascii() {
        return Err(wrong());
    }
    let mut seed = [0_u8; 32];
    for (byte, pair) in seed.iter_mut().zip(digits.as_bytes().chunks(2)) {
        let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
        *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
    }
    Ok(SigningKey::from_bytes(&seed))
}

fn sources() -> Result<BTreeMap<String, Vec<u8>>, PackTaskError> {
    let mut files = folder(SOURCES, "")?;
    if files.is_empty() {
        return Err(BuildError::Missing {
            file: FILES.first().copied().unwrap_or_default(),
        }
        .into());
    }
    files.extend(folder(INCIDENT_SOURCES, INCIDENTS)?);
    Ok(files)
}

/// The files of a folder, each name behind a prefix.
fn folder(folder: &str, prefix: &str) -> Result<BTreeMap<String, Vec<u8>>, PackTaskError> {
    let folder = Path::new(folder);
    let fail = |source| PackTaskError::File {
        path: folder.to_owned(),
        source,
    };
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        // A note for readers may lie beside the lists; anything else is a list
        // that was forgotten, and the builder refuses it.
        if name != "README.md" {
            files.insert(format!("{prefix}{name}"), read(&path)?);
        }
    }
    Ok(files)
}

fn today() -> Result<Timestamp, PackTaskError> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_err(|_| PackTaskError::Clock)?;
    let day = now.as_secs() / 86_400 * 86_400;
    Ok(Timestamp::from_unix(
        i64::try_from(day).map_err(|_| PackTaskError::Clock)?,
    ))
}

fn read(path: &Path) -> Result<Vec<u8>, PackTaskError> {
    fs::read(path).map_err(|source| PackTaskError::File {
        path: path.to_owned(),
        source,
    })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), PackTaskError> {
    fs::write(path, bytes).map_err(|source| PackTaskError::File {
        path: path.to_owned(),
        source,
    })
}

/// Writes a private key for its owner's eyes, and never over another file.
fn write_private(path: &Path, bytes: &[u8]) -> Result<(), PackTaskError> {
    let fail = |source| PackTaskError::File {
        path: path.to_owned(),
        source,
    };
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .and_then(|mut file| file.write_all(bytes))
        .map_err(fail)
}

#[expect(clippy::print_stdout, reason = "the task's only output")]
fn say(text: &str) {
    println!("{text}");
}
