//! `cofferdam deps vulns`: what is known of the packages of a checkout.

mod human;
mod json;
mod sarif;

use std::path::PathBuf;

use cofferdam_advisories::{Mirrors, Rating};
use cofferdam_findings::{Exit, sanitise};
use cofferdam_pipelines::Limits;
use cofferdam_pipelines::advisories::Databases;
use cofferdam_pipelines::vulns::{Knows, VulnOptions, VulnReport, vulns};
use cofferdam_registries::osv::{SERVICE, Service};

use super::db::{AgeArgs, FolderArgs};
use super::{DepsError, environment};
use crate::{clock, output};

/// Look for packages that are known to be weak or malicious.
///
/// Every lockfile that git tracks is read, and each package is compared with the
/// advisories of its ecosystem. For Go, the code tells which weak packages it imports,
/// from the vendor directory or the module cache, for all platforms at once and without
/// a toolchain. Nobody is asked unless --online is given.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes:\n  0  nothing at or above --fail-on\n  1  something is\n  2  wrong usage\n  \
    3  something could not be checked: no database, or one that is too old, a file that is not\n     \
    understood (1 wins)\n\nExamples:\n  cofferdam deps db update && cofferdam deps vulns\n  \
    cofferdam deps vulns --fail-on high --format sarif"
)]
pub(super) struct VulnArgs {
    /// The root of the checkout.
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,
    /// The least severity that fails. What nobody has rated always does.
    #[arg(long, value_name = "SEVERITY", value_enum, default_value_t)]
    fail_on: FailOn,
    /// Do not fail for what the code is shown not to import.
    #[arg(long)]
    only_used: bool,
    #[command(flatten)]
    folder: FolderArgs,
    #[command(flatten)]
    age: AgeArgs,
    /// Ask OSV's service instead of a database. It learns the names and versions of the
    /// packages, but for those of registries that are not public.
    #[arg(long, conflicts_with_all = ["db", "max_age"])]
    online: bool,
    /// The service that --online asks.
    #[arg(long, value_name = "URL", default_value = SERVICE, requires = "online")]
    osv_url: String,
    /// A host that hands on the public registry, so that what is malicious there is so
    /// here; may be given several times.
    #[arg(long, value_name = "HOST")]
    mirror_host: Vec<String>,
    /// The version of Go that builds. Without it, the lowest one that go.mod allows is
    /// judged.
    #[arg(long, value_name = "VERSION")]
    go_version: Option<String>,
    /// Do not look into Go files for what is imported.
    #[arg(long)]
    no_imports: bool,
    /// Ignore nothing, whatever osv-scanner.toml says.
    #[arg(long)]
    no_ignores: bool,
    /// How the result is written.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    format: Form,
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum FailOn {
    /// Everything, what is no weakness included.
    Info,
    /// Every weakness.
    #[default]
    Low,
    /// A score of 4 or more.
    Medium,
    /// A score of 7 or more.
    High,
    /// A score of 9 or more, and malicious packages.
    Critical,
}

impl FailOn {
    fn rating(self) -> Rating {
        match self {
            Self::Info => Rating::Info,
            Self::Low => Rating::Low,
            Self::Medium => Rating::Medium,
            Self::High => Rating::High,
            Self::Critical => Rating::Critical,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Form {
    /// For reading in a terminal.
    #[default]
    Human,
    /// Everything, for programs.
    Json,
    /// For code scanning, at the line of the lockfile.
    Sarif,
}

/// What counts for the end of the run.
#[derive(Clone, Copy, Debug)]
struct Gate {
    fail_on: Rating,
    only_used: bool,
}

impl Gate {
    fn exit(self, report: &VulnReport) -> Exit {
        if report.fails(self.fail_on, self.only_used) {
            Exit::Findings
        } else if report.has_gaps() {
            Exit::NotChecked
        } else {
            Exit::Clean
        }
    }
}

pub(super) fn run(args: &VulnArgs) -> Result<Exit, DepsError> {
    let now = clock::now();
    let knows = if args.online {
        let connection = environment::service();
        let service = Service::new(&args.osv_url, environment::AGENT, &connection);
        Knows::Service(service.map_err(|error| DepsError::Mirror {
            address: args.osv_url.clone(),
            problem: error.to_string(),
        })?)
    } else {
        Knows::Databases(Databases::new(args.folder.folder()?, now, args.age.days()))
    };
    let mirrors = args
        .mirror_host
        .iter()
        .map(|host| host.to_ascii_lowercase());
    let options = VulnOptions {
        root: args.path.clone(),
        knows,
        mirrors: mirrors.collect::<Mirrors>(),
        go_version: args
            .go_version
            .as_deref()
            .map(|text| text.trim_start_matches("go").to_owned()),
        ignores: !args.no_ignores,
        imports: !args.no_imports,
        module_cache: environment::go_modules(),
        now,
        limits: Limits::default(),
    };
    let report = vulns(&options)?;
    let gate = Gate {
        fail_on: args.fail_on.rating(),
        only_used: args.only_used,
    };
    let exit = gate.exit(&report);
    let text = match args.format {
        Form::Human => human::render(&report, gate),
        Form::Json => json::render(&report, exit)?,
        Form::Sarif => sarif::render(&report, exit, gate)?,
    };
    output::print(&sanitise::inert_for_log(&text))?;
    Ok(exit)
}
