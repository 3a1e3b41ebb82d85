//! A database as an archive of tar and gzip, as a forge gives out a repository.

use std::io::Read;

use flate2::read::MultiGzDecoder;

use super::{ImportError, Imported, MOST_BYTES, document};
use crate::archive::Limits;

/// Hands the advisory of every file of an archive to `each`. Paths are used for what
/// they end with, and links are passed over.
///
/// # Errors
/// [`ImportError`] where the archive is damaged or has more than the limits allow; what
/// is wrong with a single file goes to `each`.
#[expect(
    clippy::disallowed_methods,
    reason = "the reader is a `take`, so that the end is bounded"
)]
pub fn tarball(
    source: impl Read,
    limits: &Limits,
    each: &mut dyn FnMut(Result<Imported, ImportError>),
) -> Result<(), ImportError> {
    let wrong = |what: String| ImportError {
        path: "the archive".to_owned(),
        what,
    };
    let damaged = |error: std::io::Error| wrong(format!("it is damaged or not whole: {error}"));
    // The headers and the padding of tar come on top of what the files hold.
    let bounded = MultiGzDecoder::new(source).take(limits.total_bytes.saturating_mul(2));
    let mut archive = tar::Archive::new(bounded);
    let mut content = Vec::new();
    for (count, entry) in archive.entries().map_err(damaged)?.enumerate() {
        let mut entry = entry.map_err(damaged)?;
        if count >= limits.entries {
            return Err(wrong(format!(
                "it has more than {} entries",
                limits.entries
            )));
        }
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        content.clear();
        let most = MOST_BYTES.saturating_add(1);
        let bytes = entry
            .by_ref()
            .take(most)
            .read_to_end(&mut content)
            .map_err(damaged)?;
        if bytes as u64 > MOST_BYTES {
            return Err(wrong(format!("{path} has more than {MOST_BYTES} bytes")));
        }
        if let Some(found) = document(&path, &content) {
            each(found);
        }
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn half_an_archive_is_refused() {
        let mut tar = tar::Builder::new(Vec::new());
        for name in ["db/GO-1.json", "db/README.md", "db/GO-2.json"] {
            let bytes = format!("{{\"id\":\"{}\"}}", name.get(3..7).unwrap());
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            tar.append_data(&mut header, name, bytes.as_bytes())
                .unwrap();
        }
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(&tar.into_inner().unwrap()).unwrap();
        let bytes = gzip.finish().unwrap();
        let mut ids = Vec::new();
        let limits = Limits::default();
        tarball(bytes.as_slice(), &limits, &mut |one| {
            ids.push(one.unwrap().advisory.id)
        })
        .unwrap();
        assert_eq!(ids, ["GO-1", "GO-2"]);
        let half = bytes.get(..bytes.len() / 2).unwrap();
        assert!(tarball(half, &limits, &mut |_| {}).is_err());
        let few = Limits {
            entries: 1,
            ..limits
        };
        assert!(tarball(bytes.as_slice(), &few, &mut |_| {}).is_err());
    }
}
