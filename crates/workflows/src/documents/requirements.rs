//! `requirements.txt`: packages that pip installs, each by its name or by its
//! content.
//!
//! Source: pip, "Requirements File Format" and "Secure installs", hash-checking
//! mode. Only files at the root are read.

use cofferdam_facts::SourceFile;

/// Longer files are not read, and no more packages than these are kept.
const MAX_BYTES: usize = 1 << 20;
const MAX_PACKAGES: usize = 5_000;

/// The packages that a file lists.
#[derive(Clone, Debug)]
pub struct Requirements {
    /// The file.
    pub file: SourceFile,
    /// In the order of the file.
    pub packages: Vec<Package>,
    /// Whether it is too large, so that packages are missing.
    pub cut: bool,
}

/// One package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its name as it is written.
    pub name: String,
    /// Whether a hash says what its files must be. Without one, new files for an
    /// old version are taken too.
    pub hashed: bool,
}

/// Whether the file at a path is read as a list of packages.
#[must_use]
pub fn is_requirements(path: &str) -> bool {
    path.starts_with("requirements") && path.ends_with(".txt") && !path.contains('/')
}

impl Requirements {
    /// Reads a list. Never fails: lines that are no package are left out.
    #[must_use]
    pub fn parse(file: SourceFile) -> Self {
        let text = file.text();
        let mut packages = Vec::new();
        let mut cut = text.len() > MAX_BYTES;
        let text = if cut { "" } else { text };
        let joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
        for line in joined.lines() {
            let line = line.split(" #").next().unwrap_or_default().trim();
            if line.is_empty() || line.starts_with(['#', '-', '.', '/']) || line.contains("://") {
                continue;
            }
            if packages.len() >= MAX_PACKAGES {
                cut = true;
                break;
            }
            let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
            let name: String = line.chars().take_while(|c| is_part(*c)).collect();
            if !name.is_empty() {
                packages.push(Package {
                    name,
                    hashed: line.contains("--hash="),
                });
            }
        }
        Self {
            file,
            packages,
            cut,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_and_their_hashes_are_read() {
        let text = "# head\n-r other.txt\na==1 \\\n    --hash=sha256:00\nB[x]>=2 # why\nhttps://x/y.whl\n./local\n";
        let read = Requirements::parse(SourceFile::new("requirements.txt", text.to_owned()));
        let found: Vec<(&str, bool)> = read
            .packages
            .iter()
            .map(|p| (p.name.as_str(), p.hashed))
            .collect();
        assert_eq!(found, [("a", true), ("B", false)]);
        assert!(is_requirements("requirements-dev.txt") && !is_requirements("a/requirements.txt"));
    }
}
