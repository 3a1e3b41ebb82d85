//! A bundle to bytes: the same ones for the same bundle.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compression, GzBuilder};

use super::{Bundle, HEAD, Kept, Subject};

impl Bundle {
    /// The text, before it is compressed.
    #[must_use]
    pub fn text(&self) -> Vec<u8> {
        let mut out = format!("{HEAD}\n").into_bytes();
        if let Some(note) = &self.unverified_note {
            push(&mut out, &format!("note {}\n", note.lines().count()));
            push(&mut out, note);
            if !note.ends_with('\n') {
                out.push(b'\n');
            }
        }
        for (subject, kept) in &self.kept {
            one(&mut out, subject, kept);
        }
        out
    }

    /// The file's bytes.
    ///
    /// # Errors
    /// None in practice: nothing but memory is written to.
    pub fn to_gzip(&self) -> io::Result<Vec<u8>> {
        // No name and no time, which would differ from run to run.
        let mut gzip = GzBuilder::new().write(Vec::new(), Compression::best());
        gzip.write_all(&self.text())?;
        gzip.finish()
    }
}

fn push(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

fn one(out: &mut Vec<u8>, subject: &Subject, kept: &Kept) {
    let files = kept.unpacked.manifest.len();
    push(
        out,
        &match subject {
            Subject::Go { module, version } => format!("go {module} {version} {files}\n"),
            Subject::Crate {
                name,
                version,
                archive,
            } => format!("crate {name} {version} {archive} {files}\n"),
        },
    );
    push(out, &kept.unpacked.manifest.text(""));
    for (path, bytes) in &kept.unpacked.witnesses {
        push(out, &format!("left-out {} {path}\n", bytes.len()));
        out.extend_from_slice(bytes);
        out.push(b'\n');
    }
    if let Some(record) = &kept.record {
        let mut head = format!("record {} {}", record.number, record.text.lines().count());
        for hash in &record.path {
            // Writing to a string cannot fail.
            let _ = write!(head, " {}", STANDARD.encode(hash));
        }
        push(out, &head);
        out.push(b'\n');
        push(out, &record.text);
    }
}
