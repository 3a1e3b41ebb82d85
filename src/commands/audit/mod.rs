//! `cofferdam audit`: which protections a project's CI has.

mod arguments;
mod baseline;
pub(crate) mod change;

use std::fs::{self, File};
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use cofferdam_datapack::InForce;
use cofferdam_facts::Timestamp;
use cofferdam_facts::settings::{self, Snapshot, SnapshotError};
use cofferdam_findings::formats::{self, Render};
use cofferdam_findings::{Exit, Filter, NotChecked, Report, Severity};
use cofferdam_pipelines::collect::{CollectError, bounded, is_document};
use cofferdam_pipelines::judging::all_rules;
use cofferdam_pipelines::{
    AuditError, Base, Data, Gap, Input, Judging, Limits, Options, OrganisationFile, Slug, Target,
    audit_all, discover,
};

pub(crate) use arguments::AuditArgs;
use arguments::ShownArgs;
#[cfg(feature = "verify")]
pub(crate) use arguments::date;

use crate::clock;
use crate::commands::data;
use crate::environment;
use crate::failure::Failure;
use crate::output::{ColourChoice, Screen, Sink};
use crate::progress::Progress;

/// The stack of a worker. Documents may be as deep as the parser allows, and
/// the parser's bound is set for a main thread.
pub(crate) const STACK: usize = 8 * 1024 * 1024;

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuditCommandError {
    /// One repository was named and could not be audited.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// What standard input is said to be is nothing that is audited.
    #[error("--stdin-path {path} names no workflow, action or other file that is audited")]
    StdinPath { path: String },
    /// A file cannot be made where the result shall go.
    #[error("the result cannot be written to {name}: {source}")]
    NoOutput { name: String, source: io::Error },
    /// A path cannot be looked at.
    #[error("{}: {source}", path.display())]
    Path { path: PathBuf, source: io::Error },
    /// No repository lies below the folders.
    #[error("there is no repository below {}", path.display())]
    NoRepository { path: PathBuf },
    /// A path was named that does not go with the others.
    #[error("{0}")]
    Combination(&'static str),
    /// A settings file is no snapshot.
    #[error("{}: {source}", path.display())]
    Settings {
        path: PathBuf,
        source: SnapshotError,
    },
    /// Standard input cannot be read.
    #[error("standard input: {0}")]
    Stdin(io::Error),
    /// The result cannot be written.
    #[error("{name}: {source}")]
    Output { name: String, source: io::Error },
    /// The baseline is not written, because not everything was looked at.
    #[error(
        "the baseline is not written: {count} needed things could not be checked, and what was not looked at is not gone"
    )]
    HalfSeen { count: usize },
    /// The threads cannot be started.
    #[error("the threads could not be started: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

impl From<AuditCommandError> for Failure {
    fn from(error: AuditCommandError) -> Self {
        let hint = match &error {
            AuditCommandError::Audit(inner) => inner.hint(),
            AuditCommandError::Settings { .. } => {
                Some("`cofferdam settings snapshot OWNER/NAME` writes such a file")
            }
            AuditCommandError::NoRepository { .. } => {
                Some("a repository is a folder that holds `.git` or `.github`")
            }
            AuditCommandError::StdinPath { .. } => Some(
                "write the path that the file has in its repository, as in `.github/workflows/ci.yml`",
            ),
            AuditCommandError::NoOutput { .. } => {
                Some("name a file in a folder that exists and may be written")
            }
            AuditCommandError::HalfSeen { .. } => {
                Some("run without `--update-baseline` to see what could not be checked")
            }
            _ => None,
        };
        let failure = match &error {
            AuditCommandError::Audit(inner) if !inner.is_usage() => Self::not_checked(&error),
            // A result that is not delivered must not look like a clean one.
            AuditCommandError::Output { .. } | AuditCommandError::HalfSeen { .. } => {
                Self::not_checked(&error)
            }
            _ => Self::usage(&error),
        };
        failure.hint(hint)
    }
}

pub(crate) fn run(args: &AuditArgs, colour: ColourChoice) -> Result<Exit, AuditCommandError> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(args.input.threads.map_or(0, usize::from))
        .stack_size(STACK)
        .build_global()?;
    of_one_question(&args.shown)?;
    against_a_standard(args)?;
    let limits = Limits::default();
    let (targets, problems) = targets(args, &limits)?;
    let options = options(args, &targets, limits)?;
    if args.judged.update_baseline {
        baseline::update(args, &targets, &options)?;
    }
    let several = args.input.recursive || targets.len() > 1;
    let screen = Screen::of_stdout();
    let render = args.shown.format.open(&formats::Options {
        colour: args.shown.output.is_none() && colour.on_stdout(),
        width: screen.columns,
        lines: screen.lines,
        all: args.shown.all,
        fail_on: Some(Severity::High),
        several,
        paths: (!args.input.recursive).then_some(targets.len()),
        cut: args.shown.output.is_none() && Screen::is_terminal(),
        against: args.shown.against,
    });
    let name = match &args.shown.output {
        Some(path) => path.display().to_string(),
        None => "standard output".to_owned(),
    };
    let failed = |source| AuditCommandError::Output {
        name: name.clone(),
        source,
    };
    let mut writing = Writing {
        render,
        sink: Sink::open(args.shown.output.as_deref()).map_err(|source| {
            AuditCommandError::NoOutput {
                name: name.clone(),
                source,
            }
        })?,
        filter: Filter {
            rules: args.shown.rule.clone(),
            controls: args.shown.control.clone(),
            min_severity: args.shown.min_severity,
        },
        exit: Exit::Clean,
        started: false,
    };
    let progress = Progress::begin(targets.len(), !args.shown.no_progress);
    let written = writing.all(&targets, &options, problems, several, &progress);
    progress.end();
    match written {
        Ok(()) => {}
        Err(Stop::Audit(error)) => return Err((*error).into()),
        // A reader that has seen enough, such as `head`, is no error.
        Err(Stop::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            return Ok(writing.exit);
        }
        Err(Stop::Output(error)) => return Err(failed(error)),
    }
    let exit = writing.exit;
    match writing.sink.finish() {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(failed(error)),
        _ => Ok(exit),
    }
}

/// Reports on their way out.
struct Writing {
    render: Box<dyn Render>,
    sink: Sink,
    filter: Filter,
    exit: Exit,
    started: bool,
}

/// Why writing ended before the last report.
enum Stop {
    Audit(Box<AuditError>),
    Output(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl Writing {
    fn all(
        &mut self,
        targets: &[Target],
        options: &Options,
        problems: Vec<Report>,
        several: bool,
        progress: &Progress,
    ) -> Result<(), Stop> {
        for report in problems {
            self.one(report)?;
        }
        let flow = audit_all(targets, options, |target, result| {
            progress.step();
            let written = match result {
                Ok(report) => self.one(report).map_err(Stop::from),
                Err(error) if several => self
                    .one(error.into_report(&target.name))
                    .map_err(Stop::from),
                Err(error) => Err(Stop::Audit(Box::new(error))),
            };
            match written {
                Ok(()) => ControlFlow::Continue(()),
                Err(stop) => ControlFlow::Break(stop),
            }
        });
        if let ControlFlow::Break(stop) = flow {
            return Err(stop);
        }
        self.start()?;
        self.render.end(&mut self.sink)?;
        Ok(self.sink.flush()?)
    }

    /// Nothing is written before there is a report: an error leaves no half of
    /// an output behind.
    fn start(&mut self) -> io::Result<()> {
        if self.started {
            return Ok(());
        }
        self.started = true;
        self.render.start(&mut self.sink)
    }

    fn one(&mut self, report: Report) -> io::Result<()> {
        self.start()?;
        let report = report.filtered(&self.filter);
        // Every report has a threshold of its own.
        self.exit = self.exit.and(report.exit_code(Some(Severity::High)));
        self.render.report(&report, &mut self.sink)?;
        // Whoever waits for a thousand repositories sees each as it is done.
        self.sink.flush()
    }
}

/// Everything that was named, and a report for each folder that could not be
/// searched.
fn targets(
    args: &AuditArgs,
    limits: &Limits,
) -> Result<(Vec<Target>, Vec<Report>), AuditCommandError> {
    let is_stdin = |path: &PathBuf| path == Path::new("-");
    if args.paths.iter().any(is_stdin) {
        return stdin(args, limits).map(|target| (vec![target], Vec::new()));
    }
    let mut targets = Vec::new();
    let mut problems = Vec::new();
    for path in &args.paths {
        let found = fs::metadata(path).map_err(|source| unreadable(path, source))?;
        if let Some(revision) = &args.input.rev {
            targets.push(Target {
                name: path.display().to_string(),
                input: Input::Revision {
                    root: path.clone(),
                    revision: revision.clone(),
                },
            });
        } else if args.input.recursive && found.is_dir() {
            let below = discover(path, limits);
            if below.repositories.is_empty() && below.gaps.is_empty() {
                return Err(AuditCommandError::NoRepository { path: path.clone() });
            }
            targets.extend(below.repositories.into_iter().map(checkout));
            problems.extend(unsearched(path, below.gaps));
        } else {
            targets.push(checkout(path.clone()));
        }
    }
    Ok((targets, problems))
}

/// In the words of every command for a path where nothing is.
fn unreadable(path: &Path, source: io::Error) -> AuditCommandError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound => AuditError::from(CollectError::NotFound { path }).into(),
        _ => AuditCommandError::Path { path, source },
    }
}

/// Refuses a question that nothing can answer: where none of the rules speaks
/// for any of the controls, an empty result would look like a good one.
fn of_one_question(shown: &ShownArgs) -> Result<(), AuditCommandError> {
    if shown.rule.is_empty() || shown.control.is_empty() {
        return Ok(());
    }
    let answers = all_rules().iter().any(|info| {
        shown.rule.iter().any(|id| id == info.id)
            && (info.controls.iter()).any(|control| shown.control.contains(control))
    });
    if answers {
        Ok(())
    } else {
        Err(AuditCommandError::Combination(
            "no rule of --rule speaks for a control of --control, so nothing could be found; `cofferdam rules` lists what each speaks for",
        ))
    }
}

/// Refuses to hold against a standard what cannot be: a single file, which is
/// no project, and in a format that would leave the standard out.
fn against_a_standard(args: &AuditArgs) -> Result<(), AuditCommandError> {
    if args.shown.against.is_none() {
        return Ok(());
    }
    if !args.shown.format.shows_standards {
        return Err(AuditCommandError::Combination(
            "--against is written as human, json or markdown; github and sarif hold findings, and sarif names the CWE numbers of every rule anyway",
        ));
    }
    let single = |path: &PathBuf| path == Path::new("-") || path.is_file();
    if args.paths.iter().any(single) {
        return Err(AuditCommandError::Combination(
            "--against speaks about a whole project: name the root of its checkout, not a file",
        ));
    }
    Ok(())
}

fn checkout(path: PathBuf) -> Target {
    Target {
        name: path.display().to_string(),
        input: Input::Path(path),
    }
}

/// A report that says which folders were not searched; none if all were.
fn unsearched(path: &Path, gaps: Vec<Gap>) -> Option<Report> {
    if gaps.is_empty() {
        return None;
    }
    let report = Report {
        name: path.display().to_string(),
        not_checked: gaps.into_iter().map(NotChecked::from).collect(),
        ..Report::default()
    };
    Some(report.finish())
}

fn stdin(args: &AuditArgs, limits: &Limits) -> Result<Target, AuditCommandError> {
    if args.paths.len() > 1 || args.input.rev.is_some() || args.input.recursive {
        return Err(AuditCommandError::Combination(
            "`-` reads one file from standard input and goes with no other path, nor with --rev or --recursive",
        ));
    }
    let path = args.input.stdin_path.trim_start_matches("./").to_owned();
    if !is_document(&path) {
        return Err(AuditCommandError::StdinPath { path });
    }
    let bytes = bounded(&mut io::stdin().lock(), limits.document_bytes)
        .map_err(AuditCommandError::Stdin)?;
    Ok(Target {
        name: path.clone(),
        input: Input::Text { path, bytes },
    })
}

fn options(
    args: &AuditArgs,
    targets: &[Target],
    limits: Limits,
) -> Result<Options, AuditCommandError> {
    let settings = (args.facts.settings.iter())
        .map(|path| snapshot(path))
        .collect::<Result<_, _>>()?;
    let now = args.facts.date.unwrap_or_else(clock::now);
    let is_stream = |target: &Target| matches!(target.input, Input::Text { .. });
    if args.judged.base.is_some() && targets.iter().any(is_stream) {
        return Err(AuditCommandError::Combination(
            "`-` reads one file, which has no base",
        ));
    }
    if args.judged.baseline.is_some() && targets.len() > 1 {
        return Err(AuditCommandError::Combination(
            "--baseline is that of one repository, but several are audited; their configurations may each name one",
        ));
    }
    if args.facts.repository.is_some() && targets.len() > 1 {
        return Err(AuditCommandError::Combination(
            "--repository names one repository, but several are audited",
        ));
    }
    Ok(Options {
        settings,
        data: data_in_force(now),
        now,
        repository: args.facts.repository.clone(),
        fallback_repository: of_job(targets),
        server: environment::server_host(),
        required: args.facts.require.clone(),
        limits,
        only: targets.len() == 1,
        judging: judging(args)?,
    })
}

/// Whether it is worked out what findings expose: not where none of them is
/// shown, as in one line for each of many repositories.
#[cfg(feature = "exposure")]
fn exposure(args: &AuditArgs) -> bool {
    let shown = &args.shown;
    let only_counts = shown.format.name == "human" && args.input.recursive && !shown.all;
    !shown.no_exposure && !only_counts && shown.against.is_none()
}

#[cfg(not(feature = "exposure"))]
fn exposure(_: &AuditArgs) -> bool {
    false
}

fn judging(args: &AuditArgs) -> Result<Judging, AuditCommandError> {
    let base = match &args.judged.base {
        Some(revision) => Some(Base::Named(revision.clone())),
        None => change::of_job().map(Base::Change),
    };
    if base.is_some() && args.judged.update_baseline {
        return Err(AuditCommandError::Combination(
            "--update-baseline is not for a job of a pull request: a change does not say what is known",
        ));
    }
    Ok(Judging {
        nothing_of_its_own: args.judged.no_config,
        base,
        organisation: (args.judged.organisation.as_deref())
            .map(organisation)
            .transpose()?,
        baseline: args.judged.baseline.clone(),
        without_baseline: false,
        fail_on: args.shown.fail_on,
        settings: args.facts.settings.clone(),
        exposure: exposure(args),
        visibility: None,
    })
}

/// Reads an organisation's file.
pub(crate) fn organisation(path: &Path) -> Result<OrganisationFile, AuditCommandError> {
    let failed = |source| AuditCommandError::Path {
        path: path.to_owned(),
        source,
    };
    let limit = cofferdam_config::MAX_BYTES;
    let read = File::open(path).and_then(|mut file| bounded(&mut file, limit));
    let too_large = |_| failed(io::Error::other(format!("it has more than {limit} bytes")));
    let bytes = read.map_err(failed)?.map_err(too_large)?;
    Ok(OrganisationFile {
        name: path.display().to_string(),
        path: path.to_owned(),
        bytes,
    })
}

/// Reads a settings file.
pub(crate) fn snapshot(path: &Path) -> Result<Snapshot, AuditCommandError> {
    let failed = |source| AuditCommandError::Path {
        path: path.to_owned(),
        source,
    };
    let read = File::open(path)
        .and_then(|mut file| bounded(&mut file, settings::MAX_BYTES as u64))
        .map_err(failed)?;
    let too_large = |bytes| SnapshotError::TooLarge {
        bytes: usize::try_from(bytes).unwrap_or(usize::MAX),
    };
    let parsed = read
        .map_err(too_large)
        .and_then(|bytes| Snapshot::from_json(&bytes));
    parsed.map_err(|source| AuditCommandError::Settings {
        path: path.to_owned(),
        source,
    })
}

/// The repository of the job that this runs in, if its checkout is what is
/// audited.
pub(crate) fn of_job(targets: &[Target]) -> Option<Slug> {
    let (name, workspace) = environment::job_repository()?;
    let [target] = targets else { return None };
    let root = match &target.input {
        Input::Path(path) | Input::Revision { root: path, .. } => path,
        Input::Text { .. } => return None,
    };
    let same = fs::canonicalize(root).ok()? == fs::canonicalize(workspace).ok()?;
    Slug::parse(&name).filter(|_| same)
}

/// The data pack: the refreshed one, or that of the program.
pub(crate) fn data_in_force(now: Timestamp) -> Data {
    let (xdg, home) = environment::data_homes();
    let folder = data::folder(xdg, home);
    let found =
        data::Trust::compiled_in().and_then(|trust| data::pack_in_force(folder.as_deref(), &trust));
    let InForce {
        pack, set_aside, ..
    } = match found {
        Ok(found) => found,
        Err(error) => return Data::missing(format!("no data pack can be believed: {error}")),
    };
    let data = Data::new(pack.pack, now);
    match set_aside {
        None => data,
        Some(error) => data.with_note(NotChecked {
            code: "data-set-aside",
            message: format!(
                "the refreshed data pack was set aside for that of the program: {error}"
            ),
            location: None,
            settle: "take a newer one with `cofferdam data update`".to_owned(),
            required: false,
        }),
    }
}
