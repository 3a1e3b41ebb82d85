//! What a peer's recipe leaves behind: a page with versions, exit codes and
//! figures, and the hashes of the crates that it speaks about.

use std::path::PathBuf;
use std::process::Command;

use crate::error::Error;
use crate::process;
use crate::workspace;

const COVERS: &str = "Covers: ";

/// The page of a peer.
pub(crate) fn path(name: &str) -> PathBuf {
    workspace::root()
        .join("docs/peers")
        .join(format!("{name}.md"))
}

/// Writes the page of a peer: heading, covered folders with their hashes, date,
/// machine, then `body`.
pub(crate) fn write(name: &str, covers: &[&str], body: &str) -> Result<PathBuf, Error> {
    let rustc = process::capture(
        Command::new("rustc").arg("--version"),
        "install Rust by rustup",
    )?;
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let text = format!(
        "# Beside peers: {name}\n\n\
         Written by `cargo xtask peers {name}` on {} with {}, {cores} cores.\n\n\
         {COVERS}{}\n\n{}\n",
        today()?,
        rustc.trim(),
        hashes(covers)?.join(", "),
        body.trim_end(),
    );
    let path = path(name);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(Error::file(parent))?;
    }
    std::fs::write(&path, text).map_err(Error::file(&path))?;
    Ok(path)
}

/// What of the covered folders has changed since the page was written; `None`
/// if nothing has.
pub(crate) fn stale(name: &str, covers: &[&str]) -> Result<Option<String>, Error> {
    let path = path(name);
    if !path.is_file() {
        return Ok(Some("was never written".to_owned()));
    }
    let text = std::fs::read_to_string(&path).map_err(Error::file(&path))?;
    Ok(changed(&text, &hashes(covers)?))
}

fn changed(page: &str, now: &[String]) -> Option<String> {
    let then: Vec<&str> = page
        .lines()
        .find_map(|line| line.strip_prefix(COVERS))
        .map(|line| line.split(", ").collect())
        .unwrap_or_default();
    let changed: Vec<&str> = now
        .iter()
        .filter(|entry| !then.contains(&entry.as_str()))
        .map(|entry| entry.split(' ').next().unwrap_or_default())
        .collect();
    (!changed.is_empty()).then(|| format!("{} changed since", changed.join(", ")))
}

/// `folder hash` for each folder, by the content that lies there now.
fn hashes(covers: &[&str]) -> Result<Vec<String>, Error> {
    covers
        .iter()
        .map(|folder| {
            let hash = workspace::tree_hash(folder)?;
            Ok(format!("`{folder}` {}", hash.get(..12).unwrap_or(&hash)))
        })
        .collect()
}

/// Today's date in UTC.
pub(crate) fn today() -> Result<String, Error> {
    let text = process::capture(
        Command::new("date").args(["-u", "+%Y-%m-%d"]),
        "a POSIX system has `date`",
    )?;
    Ok(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_named() {
        let page = "# x\n\nCovers: `crates/a` 111, `crates/b` 222\n\nbody\n";
        let now = |b: &str| vec!["`crates/a` 111".to_owned(), format!("`crates/b` {b}")];
        assert_eq!(changed(page, &now("222")), None);
        assert_eq!(
            changed(page, &now("333")),
            Some("`crates/b` changed since".to_owned())
        );
        assert_eq!(
            changed("no line", &now("222")),
            Some("`crates/a`, `crates/b` changed since".to_owned())
        );
    }
}
