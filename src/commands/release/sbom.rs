//! `cofferdam release sbom`: what an image, a folder, an executable or a chart
//! is made of.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cofferdam_facts::{ImageRef, Timestamp};
use cofferdam_findings::{Exit, sanitise};
use cofferdam_registries::oci::{self, OciClient, OciError};
use cofferdam_sbom::formats::{self, Format};
use cofferdam_sbom::{Blobs, Document, Files, Limits, Options, SbomError};

use crate::commands::registries::{RegistryArgs, RegistryError, digest_of, image};
use crate::environment;
use crate::failure::Failure;
use crate::output::Sink;

/// The most gaps that are shown; the document names all.
const MOST_SHOWN: usize = 50;

/// Write what a target is made of as SPDX or CycloneDX.
///
/// A target is a folder, an OCI image layout (folder or tar), an archive of
/// `docker save`, a Helm chart (.tgz), a single file such as an executable, or an
/// image of a registry as `HOST/REPOSITORY@DIGEST`, of which layers are read as
/// they come.
/// Layers are laid on top of each other as a runtime does, every blob is checked
/// against its digest, and nothing is unpacked to disk or executed, or asked of
/// anybody but the registry of an image. The same target gives the same bytes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes:\n  0  the document says everything that was looked for\n  2  wrong usage\n  \
        3  the target, or some file of it, could not be read; the document and standard error name it\n\n\
        Examples:\n  cofferdam release sbom . --output sbom.spdx.json\n  \
        cofferdam release sbom image.tar --format cyclonedx-json\n  \
        cofferdam release sbom layout/ --platform linux/arm64"
)]
pub(crate) struct SbomArgs {
    /// What is looked into.
    #[arg(value_name = "TARGET")]
    target: String,
    /// How the document is written.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    format: Form,
    /// Write to this file rather than to standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The name of the target in the document, if it is not its own.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The version of the target in the document.
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// Which image, where a layout or an archive holds several: its name or its
    /// digest.
    #[arg(long, value_name = "NAME")]
    image: Option<String>,
    /// Which platform, where an image is there for several: `linux/amd64`.
    #[arg(long, value_name = "PLATFORM")]
    platform: Option<String>,
    /// Which files are listed with their SHA-1 and SHA-256.
    #[arg(long, value_name = "WHICH", value_enum, default_value_t)]
    files: Listed,
    /// Leave out what lies below this path of a folder; may be given again.
    #[arg(long, value_name = "PATH")]
    exclude: Vec<String>,
    /// The time that the document says, as 2026-01-31T12:00:00Z. Without it,
    /// SOURCE_DATE_EPOCH, then the time at which an image says it was made.
    #[arg(long, value_name = "TIME")]
    created: Option<String>,
    #[command(flatten)]
    registry: RegistryArgs,
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Form {
    /// SPDX 2.3.
    #[default]
    SpdxJson,
    /// CycloneDX 1.6.
    CyclonedxJson,
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Listed {
    /// None; packages name the files that tell of them all the same.
    #[default]
    None,
    /// Those that tell of a package.
    Evidence,
    /// Every one.
    All,
}

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReleaseSbomError {
    /// The target cannot be read.
    #[error(transparent)]
    Sbom(#[from] SbomError),
    /// The registry of an image cannot be asked.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The image cannot be read.
    #[error(transparent)]
    Image(#[from] OciError),
    /// Its manifest is none.
    #[error("{digest}: {source}")]
    Manifest {
        /// Which.
        digest: String,
        /// What is wrong.
        source: oci::DocumentError,
    },
    /// A time is none.
    #[error("{what}: `{text}` is no time")]
    Time {
        /// Where it stands.
        what: &'static str,
        /// What stands there.
        text: String,
    },
    /// The document cannot be written.
    #[error("{}: {source}", place(path.as_deref()))]
    Output {
        /// The file; none for standard output.
        path: Option<PathBuf>,
        /// Why.
        source: io::Error,
    },
}

fn place(path: Option<&Path>) -> String {
    path.map_or_else(
        || "standard output".to_owned(),
        |path| path.display().to_string(),
    )
}

impl From<ReleaseSbomError> for Failure {
    fn from(error: ReleaseSbomError) -> Self {
        match &error {
            ReleaseSbomError::Sbom(inner) if inner.is_usage() => {
                Self::usage(&error).hint(inner.hint())
            }
            ReleaseSbomError::Sbom(inner) => Self::not_checked(&error).hint(inner.hint()),
            ReleaseSbomError::Registry(inner) if inner.is_usage() => {
                Self::usage(&error).hint(inner.hint())
            }
            ReleaseSbomError::Registry(inner) => Self::not_checked(&error).hint(inner.hint()),
            ReleaseSbomError::Time { .. } => Self::usage(&error),
            ReleaseSbomError::Image(_)
            | ReleaseSbomError::Manifest { .. }
            | ReleaseSbomError::Output { .. } => Self::not_checked(&error),
        }
    }
}

pub(super) fn run(args: &SbomArgs) -> Result<Exit, ReleaseSbomError> {
    let created = created(args)?;
    let options = Options {
        limits: Limits::default(),
        scratch: std::env::temp_dir(),
        files: match args.files {
            Listed::None => Files::None,
            Listed::Evidence => Files::Evidence,
            Listed::All => Files::All,
        },
        platform: args.platform.clone(),
        image: args.image.clone(),
        exclude: args.exclude.iter().map(|path| plain(path)).collect(),
    };
    let mut document = match image(&args.target)? {
        Some(image) => of_registry(args, image, &options)?,
        None => cofferdam_sbom::read(Path::new(&args.target), &options)?,
    };
    if let Some(name) = &args.name {
        document.subject.name.clone_from(name);
    }
    if args.version.is_some() {
        document.subject.version.clone_from(&args.version);
    }
    let format = match args.format {
        Form::SpdxJson => Format::SpdxJson,
        Form::CyclonedxJson => Format::CyclonedxJson,
    };
    let failed = |source| ReleaseSbomError::Output {
        path: args.output.clone(),
        source,
    };
    let mut sink = Sink::open(args.output.as_deref()).map_err(failed)?;
    formats::write(&document, format, created, &mut sink).map_err(failed)?;
    sink.finish().map_err(failed)?;
    gaps(&document).map_err(failed)?;
    Ok(if document.gaps.is_empty() {
        Exit::Clean
    } else {
        Exit::NotChecked
    })
}

/// An image as its registry gives it.
struct Remote {
    client: Arc<OciClient>,
    image: ImageRef,
}

impl Blobs for Remote {
    fn manifest(&self, digest: &str) -> io::Result<Vec<u8>> {
        let bytes = self.client.manifest(&self.image, digest);
        bytes.map_err(io::Error::other)
    }

    fn blob(&self, digest: &str, size: u64) -> io::Result<Box<dyn io::Read + Send>> {
        let reader = self.client.blob(&self.image, digest, size);
        Ok(Box::new(reader.map_err(io::Error::other)?))
    }
}

/// Looks into an image of a registry.
fn of_registry(
    args: &SbomArgs,
    image: ImageRef,
    options: &Options,
) -> Result<Document, ReleaseSbomError> {
    let client = args.registry.open(std::slice::from_ref(&image))?;
    let digest = digest_of(&client, &image)?;
    let bytes = client.manifest(&image, &digest)?;
    let read = oci::Document::parse(&bytes).map_err(|error| ReleaseSbomError::Manifest {
        digest: digest.clone(),
        source: error,
    })?;
    let root = (read.media_type(), digest.as_str(), bytes.len() as u64);
    let name = image.name();
    let remote = Box::new(Remote { client, image });
    Ok(cofferdam_sbom::read_image(remote, &name, root, options)?)
}

/// The time that the caller gives, by option or by the variable of reproducible
/// builds.
///
/// Source: reproducible-builds.org, "`SOURCE_DATE_EPOCH` specification".
fn created(args: &SbomArgs) -> Result<Option<Timestamp>, ReleaseSbomError> {
    if let Some(text) = &args.created {
        let what = "--created";
        let wrong = || ReleaseSbomError::Time {
            what,
            text: text.clone(),
        };
        return Timestamp::parse(text).map(Some).ok_or_else(wrong);
    }
    let Some(text) = environment::source_date_epoch() else {
        return Ok(None);
    };
    let seconds: Result<i64, _> = text.parse();
    // The year 9999 is the last that both formats can write.
    match seconds {
        Ok(seconds) if (0..=253_402_300_799).contains(&seconds) => {
            Ok(Some(Timestamp::from_unix(seconds)))
        }
        _ => Err(ReleaseSbomError::Time {
            what: "SOURCE_DATE_EPOCH",
            text,
        }),
    }
}

/// A path as the walk names it.
fn plain(path: &str) -> String {
    let parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
    parts.collect::<Vec<_>>().join("/")
}

/// Names on standard error what the document cannot say.
fn gaps(document: &Document) -> io::Result<()> {
    let mut text = String::new();
    for gap in document.gaps.iter().take(MOST_SHOWN) {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "not read: {}: {}",
            sanitise::line(&gap.path),
            sanitise::line(&gap.why)
        );
    }
    if document.gaps.len() > MOST_SHOWN {
        let more = document.gaps.len() - MOST_SHOWN;
        let _ = writeln!(text, "and {more} more, which the document names");
    }
    if text.is_empty() {
        return Ok(());
    }
    text.push_str("hint: leave out what does not belong to the release with `--exclude PATH`\n");
    io::stderr().write_all(sanitise::inert_for_log(&text).as_bytes())
}
