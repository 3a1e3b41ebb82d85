//! `cofferdam release provenance`: how files were built, and with what.

use std::io::{self, Write as _};
use std::path::PathBuf;

use cofferdam_attest::predicate;
use cofferdam_attest::sign::Signer;
use cofferdam_attest::workflow::GITHUB_SERVER;
use cofferdam_attest::{Dependency, JobError, provenance};
use cofferdam_findings::{Exit, sanitise};
use cofferdam_pipelines::Limits;
use cofferdam_pipelines::provenance::{self as pipeline, Gathered, ProvenanceError, Request};

use super::signing::Given;
use super::{ReleaseError, attest};
use crate::failure::Failure;
use crate::{environment, output};

/// The end of the name of a bundle.
const END: &str = ".provenance.sigstore.json";

/// Say how files were built, with every action, called workflow and image.
///
/// The predicate is SLSA's, with the fields and values of GitHub's own
/// provenance. Behind the source it lists everything that the job, and every
/// job that it needs, takes: actions and called workflows at any depth, images
/// and machines, with digests, from the workflow and the locks as they are in
/// the commits that the job's token names. The work tree is not read. With
/// files, it is signed for each of them into `FILE.provenance.sigstore.json`;
/// what the certificate says otherwise than the token did is not written.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit codes:\n  0  it is written\n  \
    1  something is not resolved, and --require-resolved was given\n  2  wrong usage\n  \
    3  a commit or the token could not be read, or something not signed or written\n\n\
    Examples:\n  cofferdam release provenance dist/*\n  \
    cofferdam release provenance --output provenance.json --require-resolved")]
pub(crate) struct ProvenanceArgs {
    /// The files. Without any, the predicate alone is written.
    #[arg(value_name = "FILE", required_unless_present = "output")]
    files: Vec<PathBuf>,
    /// Write the predicate to this file.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// A clone of the repository that is built, which holds the commits of the
    /// token.
    #[arg(long, value_name = "PATH", default_value = ".")]
    repository: PathBuf,
    /// The id of the job in its workflow, if GITHUB_JOB does not say it.
    #[arg(long, value_name = "ID")]
    job: Option<String>,
    /// Write and sign nothing if the digest of an action, a called workflow or
    /// an image, or what it uses itself, is not known.
    #[arg(long)]
    require_resolved: bool,
    #[command(flatten)]
    given: Given,
}

/// Why there is no provenance.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReleaseProvenanceError {
    /// It cannot be signed or written.
    #[error(transparent)]
    Release(#[from] ReleaseError),
    /// The token says too little.
    #[error(transparent)]
    Job(#[from] JobError),
    /// Nobody says which job this is.
    #[error("nobody says which job this is: GITHUB_JOB is not set")]
    NoJob,
    /// What was used is not known.
    #[error(transparent)]
    Gather(#[from] ProvenanceError),
    /// The predicate cannot be written.
    #[error("{}: {source}", path.display())]
    Output {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The result cannot be printed.
    #[error("standard error: {0}")]
    Print(io::Error),
}

impl From<ReleaseProvenanceError> for Failure {
    fn from(error: ReleaseProvenanceError) -> Self {
        match error {
            ReleaseProvenanceError::Release(inner) => inner.into(),
            ReleaseProvenanceError::NoJob => {
                Self::usage(&error).hint(Some("name the job by its id, --job ID"))
            }
            ReleaseProvenanceError::Gather(ref inner @ ProvenanceError::NoJob { .. }) => {
                Self::usage(&error).hint(inner.hint())
            }
            ReleaseProvenanceError::Gather(ref inner) => {
                Self::not_checked(&error).hint(inner.hint())
            }
            ReleaseProvenanceError::Job(_) => Self::usage(&error).hint(Some(
                "only a job of GitHub Actions is told what it needs to say",
            )),
            _ => Self::not_checked(&error),
        }
    }
}

pub(super) fn run(args: &ProvenanceArgs) -> Result<Exit, ReleaseProvenanceError> {
    // Everything that can be wrong before anything is signed.
    let artifacts = args.given.artifacts(&args.files, END)?;
    let token = args.given.token()?;
    let claims = token.unverified_job()?;
    let job = args.job.clone().or_else(environment::job_id);
    let job = job.ok_or(ReleaseProvenanceError::NoJob)?;
    let server = environment::server_url().unwrap_or(GITHUB_SERVER.to_owned());
    let server = server.trim_end_matches('/');
    let machine = environment::machine_image();
    let gathered = pipeline::gather(&Request {
        root: &args.repository,
        claims: &claims,
        server,
        job: &job,
        machine: machine.as_ref().map(|(os, version)| (&**os, &**version)),
        limits: &Limits::default(),
    })?;
    say(&gathered).map_err(ReleaseProvenanceError::Print)?;
    if args.require_resolved && !pipeline::open(&gathered.dependencies).is_empty() {
        return Ok(Exit::Findings);
    }
    let predicate = predicate::slsa(&claims, server, &gathered.jobs, &gathered.dependencies);
    let predicate = predicate.to_string();
    if !artifacts.is_empty() {
        let ready = args.given.ready_as(&token)?;
        for artifact in &artifacts {
            let statement = attest::statement(artifact, provenance::V1, &predicate);
            ready.keep_provenance(artifact, ready.signer.attest(statement.as_bytes()))?;
        }
    }
    if let Some(path) = &args.output {
        output::write_whole(path, format!("{predicate}\n").as_bytes()).map_err(|source| {
            ReleaseProvenanceError::Output {
                path: path.clone(),
                source,
            }
        })?;
    }
    Ok(Exit::Clean)
}

/// What was found, and what is open, on standard error: standard output names
/// the bundles.
fn say(gathered: &Gathered) -> io::Result<()> {
    let mut text = String::new();
    let mut line = |one: &str| {
        text.push_str(&sanitise::line(one));
        text.push('\n');
    };
    let open = |one: &&Dependency| one.unresolved.is_some();
    for one in gathered.dependencies.iter().filter(open) {
        let why = one.unresolved.as_deref().unwrap_or_default();
        let by: Vec<&str> = one.by.iter().map(String::as_str).collect();
        line(&format!(
            "unresolved: {} {}, named by {}: {why}",
            one.kind.word(),
            one.name,
            by.join(", ")
        ));
    }
    line(&format!(
        "{}: {}; {} unresolved",
        gathered.jobs.join(", "),
        pipeline::counted(&gathered.dependencies),
        gathered.dependencies.iter().filter(open).count()
    ));
    io::stderr().write_all(sanitise::inert_for_log(&text).as_bytes())
}
