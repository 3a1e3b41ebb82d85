//! What a hostile image or tree may cost.

/// The limits of one run. Every one that is passed is an error or a named gap,
/// never silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Entries of one layer, or files and folders of one tree.
    pub entries: u64,
    /// Bytes of a path.
    pub path_bytes: usize,
    /// Bytes that all layers of an image unpack to.
    pub unpacked_bytes: u64,
    /// How many bytes a compressed one may become, on average over a blob.
    pub ratio: u64,
    /// Bytes that may be unpacked before the ratio is looked at: a layer of
    /// nothing but zeros is small and no attack.
    pub ratio_from: u64,
    /// Bytes of an index, a manifest or a configuration.
    pub manifest_bytes: u64,
    /// Layers of an image. Each is an open file while the image is read, of which
    /// a process may have about a thousand; runtimes take no more than 127.
    pub layers: usize,
    /// Bytes of a text that a cataloguer reads whole.
    pub text_bytes: u64,
    /// Bytes of a file that is kept in memory while it is looked into; larger
    /// ones lie in a nameless file meanwhile.
    pub memory_bytes: u64,
    /// Bytes of an archive inside of an archive.
    pub nested_bytes: u64,
    /// How deep archives lie in each other.
    pub nested_depth: usize,
    /// Entries of a zip archive.
    pub zip_entries: u64,
    /// Packages of one file.
    pub packages_of_file: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 10_000_000,
            path_bytes: 4096,
            unpacked_bytes: 256 << 30,
            ratio: 400,
            ratio_from: 512 << 20,
            manifest_bytes: 8 << 20,
            layers: 500,
            text_bytes: 64 << 20,
            memory_bytes: 16 << 20,
            nested_bytes: 64 << 20,
            nested_depth: 4,
            zip_entries: 400_000,
            packages_of_file: 200_000,
        }
    }
}
