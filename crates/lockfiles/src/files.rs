//! Other files of the checkout that a lockfile needs beside it.
//!
//! A lockfile often says less than the manifest next to it knows: which packages
//! the project asks for by itself, and what for. Some include each other. The
//! crate reads nothing; it asks through [`Files`].

use cofferdam_facts::SourceFile;

pub use crate::document::Unreadable;

/// The files of a checkout.
pub trait Files {
    /// The text of the file at a path relative to the root of the checkout, `/`
    /// between the parts, without `.` and `..`.
    ///
    /// # Errors
    /// Why it is not read.
    fn read(&self, path: &str) -> Result<SourceFile, Unreadable>;
}

/// No file but the one at hand.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &str) -> Result<SourceFile, Unreadable> {
        Err(Unreadable::Missing)
    }
}

impl<F: Fn(&str) -> Result<SourceFile, Unreadable>> Files for F {
    fn read(&self, path: &str) -> Result<SourceFile, Unreadable> {
        self(path)
    }
}

/// The path that `relative` means in the folder of the file at `from`, or `None`
/// where that lies outside of the checkout.
///
/// Nothing is looked up: a symbolic link on the way is for the reader to refuse.
#[must_use]
pub fn beside(from: &str, relative: &str) -> Option<String> {
    let is_drive = relative.as_bytes().get(1) == Some(&b':');
    let is_odd = relative.starts_with(['/', '\\', '~']) || relative.contains(['\0', '\n']);
    if is_drive || is_odd || relative.contains("://") || relative.starts_with("file:") {
        return None;
    }
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::beside;

    #[test]
    fn paths_stay_inside() {
        let cases = [
            ("a/b/r.txt", "base.txt", Some("a/b/base.txt")),
            ("a/b/r.txt", "../base.txt", Some("a/base.txt")),
            ("a/r.txt", "..\\base.txt", Some("base.txt")),
            ("r.txt", "./x//y.txt", Some("x/y.txt")),
            ("r.txt", "../x.txt", None),
            ("a/r.txt", "../../etc/passwd", None),
            ("a/r.txt", "x/../../../y", None),
            ("r.txt", "/etc/passwd", None),
            ("r.txt", "C:\\x", None),
            ("r.txt", "~/x", None),
            ("r.txt", "https://x/r.txt", None),
            ("r.txt", "file:///etc/passwd", None),
            ("a/r.txt", "..", None),
            ("r.txt", "a\0b", None),
        ];
        for (from, relative, expected) in cases {
            assert_eq!(beside(from, relative).as_deref(), expected, "{relative}");
        }
    }
}
