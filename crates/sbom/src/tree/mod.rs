//! A target as a tree of files that are looked into as they come by.

pub(crate) mod chart;
pub(crate) mod directory;
pub(crate) mod docker_archive;
pub(crate) mod image;
pub(crate) mod layer;
pub(crate) mod oci_layout;
pub(crate) mod open;
pub(crate) mod single;
pub(crate) mod spool;
pub(crate) mod squash;
pub(crate) mod store;
pub(crate) mod tar;
pub(crate) mod target;
pub(crate) mod unpack;

use std::path::PathBuf;

use cofferdam_facts::Timestamp;

use crate::catalogue::{FileDigests, FileFound, Unread};
use crate::limits::Limits;

/// Which files a document lists with their digests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Files {
    /// None: packages name their files, without digests.
    #[default]
    None,
    /// Those that a package was found in.
    Evidence,
    /// Every one.
    All,
}

/// How a target is read.
#[derive(Clone, Debug)]
pub struct Options {
    /// What it may cost.
    pub limits: Limits,
    /// A folder for nameless files, where something is too large for memory.
    pub scratch: PathBuf,
    /// Which files are listed.
    pub files: Files,
    /// `OS/ARCHITECTURE[/VARIANT]`, where an image is there for several.
    pub platform: Option<String>,
    /// The name of an image, where a layout or archive holds several.
    pub image: Option<String>,
    /// Paths below a folder that are left out.
    pub exclude: Vec<String>,
}

/// What kind of thing a document is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectKind {
    /// A container image.
    Image,
    /// A chart.
    Chart,
    /// A folder.
    Folder,
    /// One file.
    File,
}

/// What a document is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Which kind.
    pub kind: SubjectKind,
    /// Its name.
    pub name: String,
    /// Its version, where it has one.
    pub version: Option<String>,
    /// Its SHA-256 digest, where it has one: of an image that of its manifest.
    pub digest: Option<String>,
    /// The platform of an image.
    pub platform: Option<String>,
    /// When it was made, where it says so itself.
    pub created: Option<Timestamp>,
}

/// What was found in a tree.
#[derive(Debug, Default)]
pub(crate) struct Harvest {
    pub(crate) found: Vec<FileFound>,
    /// Files and folders that could not be opened at all.
    pub(crate) unread: Vec<(String, Unread)>,
    /// Every file with its digests, where all are listed.
    pub(crate) listed: Vec<(String, FileDigests)>,
}

impl Harvest {
    pub(crate) fn append(&mut self, mut other: Self) {
        self.found.append(&mut other.found);
        self.unread.append(&mut other.unread);
        self.listed.append(&mut other.listed);
    }
}
