//! The formats that are read, by the names of their files.

use cofferdam_facts::SourceFile;

use crate::document::{Document, ParseError};
use crate::draft::Draft;
use crate::files::Files;
use crate::mistake::{Mistake, Problem};

/// The largest file that is read, in bytes.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;

type Reader = for<'f> fn(Draft<'f>, &dyn Files) -> Result<Document, Mistake>;

macro_rules! formats {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, integrity $integrity:literal, $reader:expr;)*) => {
        /// A format of files that name packages.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Format { $($(#[$doc])* $variant,)* }

        impl Format {
            /// Every format, in the order in which they are shown.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name, as its own documentation writes it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Whether files of this format have a hash of what comes from a
            /// registry, so that a missing one is worth a word.
            #[must_use]
            pub fn has_integrity(self) -> bool {
                match self { $(Self::$variant => $integrity,)* }
            }

            fn reader(self) -> Option<Reader> {
                match self { $(Self::$variant => $reader,)* }
            }
        }
    };
}

formats! {
    /// `Cargo.lock`.
    CargoLock = "Cargo.lock", integrity true, Some(crate::cargo::packages::read);
    /// `package-lock.json`, `npm-shrinkwrap.json`.
    PackageLock = "package-lock.json", integrity true, Some(crate::npm::package_lock::read);
    /// `yarn.lock` of Yarn 1 and of Yarn 2 and newer.
    YarnLock = "yarn.lock", integrity true, Some(crate::npm::read_yarn);
    /// `pnpm-lock.yaml`.
    PnpmLock = "pnpm-lock.yaml", integrity true, Some(crate::npm::pnpm::read);
    /// `bun.lock`.
    BunLock = "bun.lock", integrity true, Some(crate::npm::bun::read);
    /// `poetry.lock`.
    PoetryLock = "poetry.lock", integrity true, Some(crate::pypi::poetry::read);
    /// `uv.lock`.
    UvLock = "uv.lock", integrity true, Some(crate::pypi::uv::read);
    /// `pdm.lock`.
    PdmLock = "pdm.lock", integrity true, Some(crate::pypi::pdm::read);
    /// `pylock.toml`, `pylock.NAME.toml`.
    Pylock = "pylock.toml", integrity true, Some(crate::pypi::pylock::read);
    /// `Pipfile.lock`.
    PipfileLock = "Pipfile.lock", integrity true, Some(crate::pypi::pipfile::read);
    /// `requirements.txt` and its like.
    Requirements = "requirements.txt", integrity false, Some(crate::pypi::requirements::read);
    /// `go.mod`, with the hashes of the `go.sum` beside it.
    GoMod = "go.mod", integrity true, Some(crate::go::packages::read_mod);
    /// `go.sum`.
    GoSum = "go.sum", integrity true, Some(crate::go::packages::read_sum);
    /// `go.work`.
    GoWork = "go.work", integrity false, Some(crate::go::packages::read_work);
    /// `vendor/modules.txt`, with the hashes of the `go.sum` above it.
    GoModulesTxt = "vendor/modules.txt", integrity true, Some(crate::go::packages::read_vendor);
    /// `Gemfile.lock`, `gems.locked`.
    GemfileLock = "Gemfile.lock", integrity false, Some(crate::rubygems::gemfile_lock::read);
    /// `composer.lock`.
    ComposerLock = "composer.lock", integrity false, Some(crate::packagist::composer_lock::read);
    /// `gradle.lockfile`, `buildscript-gradle.lockfile`.
    GradleLockfile = "gradle.lockfile", integrity false, Some(crate::maven::gradle_lockfile::read);
    /// `gradle/verification-metadata.xml`.
    VerificationMetadata = "verification-metadata.xml", integrity true, Some(crate::maven::verification_metadata::read);
    /// `pom.xml`: direct dependencies alone.
    Pom = "pom.xml", integrity false, Some(crate::maven::pom::read);
    /// `packages.lock.json` of NuGet.
    PackagesLockJson = "packages.lock.json", integrity true, Some(crate::nuget::packages_lock::read);
    /// `*.deps.json` of a published .NET program.
    DepsJson = "deps.json", integrity true, Some(crate::nuget::deps_json::read);
    /// `pubspec.lock`.
    PubspecLock = "pubspec.lock", integrity true, Some(crate::dart::pubspec_lock::read);
    /// `mix.lock`.
    MixLock = "mix.lock", integrity true, Some(crate::hex::mix_lock::read);
    /// SPDX in JSON.
    SpdxJson = "SPDX JSON", integrity false, Some(crate::sbom::spdx_json::read);
    /// SPDX as tags and values.
    SpdxTagValue = "SPDX tag-value", integrity false, Some(crate::sbom::spdx_tags::read);
    /// CycloneDX in JSON.
    CycloneDxJson = "CycloneDX JSON", integrity false, Some(crate::sbom::cyclonedx_json::read);
    /// CycloneDX in XML.
    CycloneDxXml = "CycloneDX XML", integrity false, Some(crate::sbom::cyclonedx_xml::read);
    /// `.github/workflows/*.yml`, action metadata: read by the crate of workflows.
    Workflow = "workflow", integrity false, None;
    /// `.github/workflows/actions.lock`: read by the crate of workflows.
    ActionsLock = "actions.lock", integrity true, None;
    /// `Dockerfile`: read by the crate of workflows.
    Dockerfile = "Dockerfile", integrity true, None;
}

impl Format {
    /// The format of the file at a path, told by its name; `None` where none is
    /// read here.
    #[must_use]
    pub fn of(path: &str) -> Option<Self> {
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        Some(match name {
            "Cargo.lock" => Self::CargoLock,
            "package-lock.json" | "npm-shrinkwrap.json" | ".package-lock.json" => Self::PackageLock,
            "yarn.lock" => Self::YarnLock,
            "pnpm-lock.yaml" => Self::PnpmLock,
            "bun.lock" => Self::BunLock,
            "poetry.lock" => Self::PoetryLock,
            "uv.lock" => Self::UvLock,
            "pdm.lock" => Self::PdmLock,
            "Pipfile.lock" => Self::PipfileLock,
            "pylock.toml" => Self::Pylock,
            "go.mod" => Self::GoMod,
            "go.sum" | "go.work.sum" => Self::GoSum,
            "go.work" => Self::GoWork,
            "modules.txt" if is_in(path, "vendor") => Self::GoModulesTxt,
            "Gemfile.lock" | "gems.locked" => Self::GemfileLock,
            "composer.lock" => Self::ComposerLock,
            "gradle.lockfile" | "buildscript-gradle.lockfile" => Self::GradleLockfile,
            "verification-metadata.xml" if is_in(path, "gradle") => Self::VerificationMetadata,
            "pom.xml" => Self::Pom,
            "packages.lock.json" => Self::PackagesLockJson,
            "pubspec.lock" => Self::PubspecLock,
            "mix.lock" => Self::MixLock,
            // The names that the specifications recommend.
            "bom.json" => Self::CycloneDxJson,
            "bom.xml" => Self::CycloneDxXml,
            _ if is_around(name, "", ".cdx.json") => Self::CycloneDxJson,
            _ if is_around(name, "", ".cdx.xml") => Self::CycloneDxXml,
            _ if is_around(name, "", ".spdx.json") => Self::SpdxJson,
            _ if is_around(name, "", ".spdx") => Self::SpdxTagValue,
            _ if is_around(name, "", ".deps.json") => Self::DepsJson,
            _ if is_around(name, "pylock.", ".toml") => Self::Pylock,
            _ if is_requirements(path, name) => Self::Requirements,
            _ => return None,
        })
    }
}

fn is_around(name: &str, start: &str, end: &str) -> bool {
    name.len() > start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
}

fn is_in(path: &str, folder: &str) -> bool {
    path.rsplit('/').nth(1) == Some(folder)
}

/// Names that people give to files of requirements, and a folder of them.
fn is_requirements(path: &str, name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".txt") else {
        return false;
    };
    stem.starts_with("requirements")
        || stem.ends_with("-requirements")
        || stem.ends_with("_requirements")
        || is_in(path, "requirements")
}

/// The text of a file of at most [`MAX_BYTES`].
///
/// # Errors
/// [`Problem::TooLarge`] and [`Problem::NotText`].
pub fn text(path: &str, bytes: Vec<u8>) -> Result<SourceFile, ParseError> {
    let failed = |mistake| ParseError {
        path: path.into(),
        mistake,
    };
    if bytes.len() > MAX_BYTES {
        return Err(failed(Mistake::at(1, too_large())));
    }
    if let Some(text) = utf16(&bytes) {
        return Ok(SourceFile::new(path, text));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(SourceFile::new(path, text)),
        Err(error) => {
            let until = error.utf8_error().valid_up_to();
            let before = error.as_bytes().get(..until).unwrap_or_default();
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            Err(failed(Mistake::at(line, Problem::NotText)))
        }
    }
}

/// UTF-16 behind its mark, as shells of Windows write it.
fn utf16(bytes: &[u8]) -> Option<String> {
    let unit: fn([u8; 2]) -> u16 = match bytes.first_chunk()? {
        [0xff, 0xfe] => u16::from_le_bytes,
        [0xfe, 0xff] => u16::from_be_bytes,
        _ => return None,
    };
    let (pairs, rest) = bytes.get(2..)?.as_chunks();
    let units: Vec<u16> = pairs.iter().copied().map(unit).collect();
    rest.is_empty().then(|| String::from_utf16(&units).ok())?
}

fn too_large() -> Problem {
    Problem::TooLarge {
        limit: MAX_BYTES,
        unit: "bytes",
    }
}

/// Reads a file of a format; `files` gives the manifests beside it and what it
/// includes.
///
/// # Errors
/// [`ParseError`] with line and column. A format that is not read here
/// ([`Format::Workflow`], [`Format::ActionsLock`], [`Format::Dockerfile`]) is
/// [`Problem::Refused`].
pub fn parse(format: Format, file: &SourceFile, files: &dyn Files) -> Result<Document, ParseError> {
    let failed = |mistake| ParseError {
        path: file.shared_path(),
        mistake,
    };
    if file.text().len() > MAX_BYTES {
        return Err(failed(Mistake::at(1, too_large())));
    }
    conflict(file.text()).map_err(failed)?;
    let Some(reader) = format.reader() else {
        let what = "a format that another reader is for";
        return Err(failed(Mistake::at(1, Problem::Refused { what })));
    };
    reader(Draft::new(file), files).map_err(failed)
}

/// Finds the marks of a merge. Seven equal signs alone may underline a heading.
fn conflict(text: &str) -> Result<(), Mistake> {
    for mark in ["<<<<<<< ", ">>>>>>> ", "||||||| "] {
        for (at, _) in text.match_indices(mark) {
            let before = text.as_bytes().get(..at).unwrap_or_default();
            if before.last().is_none_or(|byte| *byte == b'\n') {
                let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
                return Err(Mistake::at(line, Problem::ConflictMarker));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::NoFiles;

    #[test]
    fn bytes_become_text_or_a_mistake() {
        let utf16: Vec<u8> = "\u{feff}a==1\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let file = text("requirements.txt", utf16).unwrap();
        assert_eq!(file.text(), "a==1\n");
        let error = text("x", b"a\nb\xffc".to_vec()).unwrap_err();
        assert_eq!(
            (error.mistake.line, error.problem()),
            (2, &Problem::NotText)
        );
        assert!(text("x", vec![0xff, 0xfe, 0]).is_err());
        let error = text("x", vec![b' '; MAX_BYTES + 1])
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "x: line 1, column 1: more than 67108864 bytes are not read"
        );
    }

    #[test]
    fn formats_are_told_by_name() {
        for (path, format) in [
            ("a/Cargo.lock", Some(Format::CargoLock)),
            ("npm-shrinkwrap.json", Some(Format::PackageLock)),
            ("pylock.dev.toml", Some(Format::Pylock)),
            ("pylock..toml", None),
            ("requirements/dev.txt", Some(Format::Requirements)),
            ("requirements-dev.txt", Some(Format::Requirements)),
            ("requirements.md", None),
            ("vendor/modules.txt", Some(Format::GoModulesTxt)),
            ("modules.txt", None),
            (
                "a/gradle/verification-metadata.xml",
                Some(Format::VerificationMetadata),
            ),
            ("App.deps.json", Some(Format::DepsJson)),
            ("sbom.cdx.json", Some(Format::CycloneDxJson)),
            ("x.spdx", Some(Format::SpdxTagValue)),
            (".github/workflows/actions.lock", None),
            ("", None),
        ] {
            assert_eq!(Format::of(path), format, "{path}");
        }
        let mut names: Vec<_> = Format::ALL.iter().map(|format| format.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Format::ALL.len());
    }

    #[test]
    fn every_format_answers_anything() {
        let texts = [
            "", "{}", "[]", "x y", "\0", "\u{feff}", "<a/>", "%{}", "---\n", "a = 1\n", "\r\n\r",
            "((((", "\"", "é",
        ];
        for format in Format::ALL {
            for text in texts {
                let file = SourceFile::new("f", text);
                if let Ok(document) = parse(*format, &file, &NoFiles) {
                    let places = document.packages.iter().map(|p| &p.location);
                    for place in places.chain(document.notes.iter().map(|n| &n.location)) {
                        assert!(place.span.end <= text.len(), "{format:?} {text:?}");
                    }
                }
            }
        }
        let file = SourceFile::new("f", "x: 1\n======= \n>>>>>>> theirs\n");
        let error = parse(Format::GoMod, &file, &NoFiles).unwrap_err();
        assert_eq!(
            (error.mistake.line, error.problem()),
            (3, &Problem::ConflictMarker)
        );
        assert!(error.hint().contains("merge"));
        let other = parse(Format::Dockerfile, &SourceFile::new("f", ""), &NoFiles).unwrap_err();
        assert!(matches!(other.problem(), Problem::Refused { .. }));
    }
}
