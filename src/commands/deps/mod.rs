//! `cofferdam deps`: what a project takes from others.

#[cfg(feature = "advisories")]
mod db;
mod environment;
mod human;
mod json;
mod licenses;
mod listing;
mod review;
mod tree;
#[cfg(feature = "advisories")]
mod vulns;

use std::io;
use std::path::{Path, PathBuf};

use cofferdam_findings::{Exit, sanitise};
#[cfg(feature = "advisories")]
use cofferdam_pipelines::collect::CollectError;
use cofferdam_pipelines::dependencies::DependenciesError;
use cofferdam_pipelines::vendoring::{self, MANIFESTS, VendorError, VendorReport, Written};

use self::environment::Ask;
use crate::failure::Failure;
use crate::output;

/// What a project takes from others: list it, review a change of it, look for what
/// is weak in it, and prove it.
#[derive(Debug, clap::Args)]
pub(crate) struct DepsArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// List the packages of every lockfile, workflow and Dockerfile.
    #[command(after_help = EXIT_CODES)]
    List(listing::ListArgs),
    /// Show which package asks for which.
    #[command(after_help = EXIT_CODES)]
    Tree(tree::TreeArgs),
    /// Show the shortest ways by which a package comes in.
    #[command(after_help = EXIT_CODES)]
    Why(tree::WhyArgs),
    /// Show the licence of every package, as its lockfile or its vendored files
    /// state it.
    #[command(
        visible_alias = "licences",
        after_help = "Exit codes:\n  0  every licence is allowed, or nothing was ruled\n  1  a licence \
            is not allowed\n  2  wrong usage\n  3  something could not be read\n\nExamples:\n  \
            cofferdam deps licenses\n  cofferdam deps licenses --deny GPL-3.0-only,AGPL-3.0-only"
    )]
    Licenses(licenses::LicensesArgs),
    /// Review what a change adds, removes and updates, from git alone.
    ///
    /// The change is what HEAD has since it left the base: no server is asked.
    /// Settings and exemptions are those of the base, never of the change:
    /// .github/dependency-review-config.yml as dependency-review-action reads it,
    /// osv-scanner.toml, and the exemptions of cofferdam.toml.
    #[command(
        after_help = "Exit codes:\n  0  nothing that comes in fails\n  1  something fails\n  \
            2  wrong usage\n  3  something could not be checked\n\nExamples:\n  \
            cofferdam deps review --base origin/main\n  \
            cofferdam deps review --base main --head topic --format markdown"
    )]
    Review(Box<review::ReviewArgs>),
    /// The vendor directories of Go and Cargo.
    Vendor(VendorArgs),
    /// The database of advisories: take, see and import it.
    #[cfg(feature = "advisories")]
    Db(db::DbArgs),
    #[cfg(feature = "advisories")]
    Vulns(Box<vulns::VulnArgs>),
}

const EXIT_CODES: &str = "Exit codes:\n  0  everything was read\n  2  wrong usage\n  \
    3  something could not be read, and is named";

#[derive(Debug, clap::Args)]
struct VendorArgs {
    #[command(subcommand)]
    what: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Compare every vendored file with the module that it comes from.
    ///
    /// Each module's manifest must hash to the sum in go.sum, and each file
    /// must equal its line. Manifests come from .github/cofferdam.vendor.gz,
    /// the cache, Go's module cache, the proxies of GOPROXY, and, where that leads
    /// to `direct`, the tag in the module's own repository, in this order.
    /// No Go toolchain is needed. A module is proven when its sum stands in the
    /// base's go.sum or in the checksum database; otherwise lock and files may
    /// have been changed together, and that is said.
    #[command(
        after_help = "Exit codes:\n  0  every file that was compared is what its module has: all of them, or with --base\n     those that differ from it\n  1  something differs, or --require-anchor fails\n  \
        2  wrong usage\n  3  something could not be checked\n\nExamples:\n  cofferdam deps vendor check\n  \
        cofferdam deps vendor check --base origin/main --offline\n  cofferdam deps vendor check --format json"
    )]
    Check(CheckArgs),
    /// Write the manifests of everything that is vendored into one file.
    ///
    /// With .github/cofferdam.vendor.gz committed, `check` needs no network.
    /// The records of the checksum database come along, each with the path to
    /// the signed root, and are checked again offline by every `check`.
    #[command(
        after_help = "Exit codes:\n  0  the file holds every module\n  2  wrong usage\n  3  a module is \
        not in it, and is named"
    )]
    WriteManifests(WriteArgs),
}

#[derive(Debug, clap::Args)]
struct CheckArgs {
    /// The root of the checkout.
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,
    /// Check only what differs from this branch, tag or commit, whose go.sum
    /// and Cargo.lock count as anchors. What was there before is not judged.
    #[arg(long, value_name = "REV")]
    base: Option<String>,
    /// Ask no proxy and no registry.
    #[arg(long)]
    offline: bool,
    /// Where repositories of github.com are asked for, where GOPROXY leads to
    /// `direct`: a mirror.
    #[arg(long, value_name = "URL", default_value = "https://github.com")]
    git_url: String,
    /// Fail also for modules whose sum nobody but the lock itself stands for.
    /// For crates only the base can stand, so that this needs `--base` there.
    #[arg(long)]
    require_anchor: bool,
    /// How the result is written.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    format: Form,
}

#[derive(Debug, clap::Args)]
struct WriteArgs {
    /// The root of the checkout.
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,
    /// Ask no proxy, no registry and no checksum database.
    #[arg(long)]
    offline: bool,
    /// Where repositories of github.com are asked for, where GOPROXY leads to
    /// `direct`: a mirror.
    #[arg(long, value_name = "URL", default_value = "https://github.com")]
    git_url: String,
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Form {
    /// For reading in a terminal.
    #[default]
    Human,
    /// Everything, for programs.
    Json,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DepsError {
    /// Nothing could be checked.
    #[error(transparent)]
    Vendor(#[from] VendorError),
    /// What the project takes from others cannot be read.
    #[error(transparent)]
    Dependencies(#[from] DependenciesError),
    /// A list of licences cannot be used.
    #[error("{0}")]
    Licence(String),
    /// The job's outputs have no place.
    #[error("--github-output: GITHUB_OUTPUT is not set")]
    NoOutputs,
    /// The address of repositories cannot be used.
    #[error("--git-url {address}: {problem}")]
    Address {
        /// What was said.
        address: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A variable of the environment cannot be used.
    #[error("{name}: {problem}")]
    Variable {
        /// Which one.
        name: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The file cannot be written.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// A link stands where a file or folder is to be written.
    #[error("{} is a link, and nothing is written through links", path.display())]
    Link { path: PathBuf },
    /// Nothing says where databases lie.
    #[cfg(feature = "advisories")]
    #[error("no folder to keep databases in: name one by --db, or set HOME")]
    NoCache,
    /// The address of a mirror or a service cannot be used.
    #[cfg(feature = "advisories")]
    #[error("{address}: {problem}")]
    Mirror {
        /// What was said.
        address: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A database could not be taken.
    #[cfg(feature = "advisories")]
    #[error(transparent)]
    Update(cofferdam_pipelines::advisories::UpdateFailure),
    /// A database could not be imported.
    #[cfg(feature = "advisories")]
    #[error(transparent)]
    Import(cofferdam_pipelines::advisories::ImportFailure),
    /// The checkout cannot be read.
    #[cfg(feature = "advisories")]
    #[error(transparent)]
    Collect(#[from] CollectError),
    /// The result cannot be printed.
    #[error("standard output: {0}")]
    Output(#[from] io::Error),
}

impl From<DepsError> for Failure {
    fn from(error: DepsError) -> Self {
        match &error {
            DepsError::Vendor(inner) if inner.is_usage() => Self::usage(&error).hint(inner.hint()),
            DepsError::Dependencies(inner) if inner.is_usage() => {
                Self::usage(&error).hint(inner.hint())
            }
            DepsError::Dependencies(inner) => Self::not_checked(&error).hint(inner.hint()),
            DepsError::Licence(_) => Self::usage(&error).hint(Some(
                "the identifiers are those of https://spdx.org/licenses",
            )),
            DepsError::NoOutputs => {
                Self::usage(&error).hint(Some("jobs of GitHub Actions have it"))
            }
            DepsError::Vendor(inner) => Self::not_checked(&error).hint(inner.hint()),
            DepsError::Address { .. } | DepsError::Variable { .. } => Self::usage(&error),
            #[cfg(feature = "advisories")]
            DepsError::NoCache | DepsError::Mirror { .. } | DepsError::Update(_) => {
                Self::usage(&error)
            }
            #[cfg(feature = "advisories")]
            DepsError::Import(inner) if inner.is_usage() => Self::usage(&error),
            #[cfg(feature = "advisories")]
            DepsError::Import(_) => Self::not_checked(&error),
            #[cfg(feature = "advisories")]
            DepsError::Collect(CollectError::Io { .. }) => Self::not_checked(&error),
            #[cfg(feature = "advisories")]
            DepsError::Collect(_) => Self::usage(&error),
            DepsError::File { .. } | DepsError::Link { .. } | DepsError::Output(_) => {
                Self::not_checked(&error)
            }
        }
    }
}

pub(crate) fn run(args: &DepsArgs) -> Result<Exit, DepsError> {
    let args = match &args.what {
        #[cfg(feature = "advisories")]
        What::Db(args) => return db::run(args),
        #[cfg(feature = "advisories")]
        What::Vulns(args) => return vulns::run(args),
        What::List(args) => return listing::run(args),
        What::Tree(args) => return tree::run(args),
        What::Why(args) => return tree::why(args),
        What::Licenses(args) => return licenses::run(args),
        What::Review(args) => return review::run(args),
        What::Vendor(args) => args,
    };
    match &args.what {
        Verb::Check(args) => check(args),
        Verb::WriteManifests(args) => write_manifests(args),
    }
}

fn check(args: &CheckArgs) -> Result<Exit, DepsError> {
    let ask = if args.offline {
        Ask::Nobody
    } else {
        Ask::Registries
    };
    let mut options = environment::options(&args.path, &args.git_url, ask)?;
    options.base.clone_from(&args.base);
    let report = vendoring::check(&options)?;
    let exit = exit(&report, args.require_anchor);
    let text = match args.format {
        Form::Human => human::render(&report, args.require_anchor),
        Form::Json => json::render(&report, exit)?,
    };
    output::print(&sanitise::inert_for_log(&text))?;
    Ok(exit)
}

fn exit(report: &VendorReport, require_anchor: bool) -> Exit {
    let unanchored = report.count(vendoring::State::Agrees) > 0;
    if report.is_wrong() || (require_anchor && unanchored) {
        Exit::Findings
    } else if report.has_gaps() {
        Exit::NotChecked
    } else {
        Exit::Clean
    }
}

fn write_manifests(args: &WriteArgs) -> Result<Exit, DepsError> {
    let ask = if args.offline {
        Ask::Nobody
    } else {
        Ask::RegistriesAndDatabase
    };
    let options = environment::options(&args.path, &args.git_url, ask)?;
    let written = vendoring::written(&options)?;
    let path = args.path.join(MANIFESTS);
    if !written.unchanged {
        write(&path, &written)?;
    }
    output::print(&sanitise::inert_for_log(&human::written(&path, &written)))?;
    Ok(if written.without.is_empty() {
        Exit::Clean
    } else {
        Exit::NotChecked
    })
}

fn write(path: &Path, written: &Written) -> Result<(), DepsError> {
    let failed = |source| DepsError::File {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path.parent() {
        no_link(folder)?;
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    no_link(path)?;
    output::write_whole(path, &written.bytes).map_err(failed)
}

/// A link of the checkout would choose where in the machine is written.
fn no_link(path: &Path) -> Result<(), DepsError> {
    if std::fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
        return Err(DepsError::Link {
            path: path.to_owned(),
        });
    }
    Ok(())
}
