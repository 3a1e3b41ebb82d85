//! How much of a repository is read.

/// Bounds for one repository. What lies beyond a bound is reported as not
/// checked, never dropped in silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one document.
    pub document_bytes: u64,
    /// Bytes of all documents together.
    pub total_bytes: u64,
    /// Documents that are read.
    pub documents: usize,
    /// Paths that are listed.
    pub paths: usize,
    /// Folders, or trees of a revision, that are opened.
    pub folders: usize,
    /// How deep folders may lie in each other.
    pub depth: usize,
    /// Bytes of a git index, of a list of references, or of one tree object.
    pub git_bytes: u64,
}

const MIB: u64 = 1024 * 1024;

impl Default for Limits {
    /// More than the largest public repositories need: half a million files in
    /// forty thousand folders.
    fn default() -> Self {
        Self {
            document_bytes: 4 * MIB,
            total_bytes: 512 * MIB,
            documents: 50_000,
            paths: 1_000_000,
            folders: 150_000,
            depth: 128,
            git_bytes: 512 * MIB,
        }
    }
}
