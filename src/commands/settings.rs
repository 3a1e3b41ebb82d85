//! `cofferdam settings snapshot OWNER/REPO`: what GitHub tells a read-only
//! token about a repository's settings, as a file that the audit can join.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use cofferdam_facts::settings::{Checked, PermissionSet, Reason, Snapshot, SnapshotError};
use cofferdam_findings::{Exit, sanitise};
use cofferdam_registries::github::{Budget, GitHub, PUBLIC_API, RepositoryName, snapshot};
use cofferdam_registries::http::{Connection, HttpClient, HttpError, Token};

use crate::failure::Failure;
use crate::output;

/// The most lines of one kind in the table.
const MOST_LINES: usize = 100;

/// Read the settings that a checkout does not show.
#[derive(Debug, clap::Args)]
pub(crate) struct SettingsArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Write a file with the settings of one repository and its organisation.
    ///
    /// Reads the token from GITHUB_TOKEN or else GH_TOKEN; it needs nothing but
    /// reading. What the token may not read is named as not checked, with the
    /// permission that it lacks. The exit code is 0 if everything was read, 3
    /// if something was not, and 2 if the call was wrong.
    Snapshot(SnapshotArgs),
}

#[derive(Debug, clap::Args)]
struct SnapshotArgs {
    /// The repository.
    #[arg(value_name = "OWNER/REPO", value_parser = RepositoryName::parse)]
    repository: RepositoryName,
    /// The file to write; `-` writes to standard output.
    #[arg(
        short,
        long,
        value_name = "FILE",
        default_value = "cofferdam-settings.json"
    )]
    output: PathBuf,
    /// The root of the API; of a GitHub Enterprise Server https://HOST/api/v3.
    #[arg(long, value_name = "URL", default_value = PUBLIC_API)]
    api_url: String,
    /// The most seconds to wait for GitHub's rate limits, all together.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    max_wait: u64,
}

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    /// The address, the token or the proxy cannot be used.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The result cannot be written down.
    #[error("the snapshot could not be written as JSON: {0}")]
    Form(#[from] SnapshotError),
    /// Nothing was read, so that there is nothing to write.
    #[error("nothing was read of {repository}, and no file is written: {cause}")]
    NothingRead {
        /// The repository.
        repository: String,
        /// What stood in the way.
        cause: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// The file cannot be written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The result cannot be printed.
    #[error("standard output: {0}")]
    Output(io::Error),
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        match &error {
            SettingsError::NothingRead { remedy, .. } => {
                Self::not_checked(&error).hint(Some(*remedy))
            }
            // A result that is not delivered must not look like a clean one.
            SettingsError::File { .. } | SettingsError::Output(_) => Self::not_checked(&error),
            SettingsError::Http(_) | SettingsError::Form(_) => Self::usage(&error),
        }
    }
}

pub(crate) fn run(args: &SettingsArgs) -> Result<Exit, SettingsError> {
    let What::Snapshot(args) = &args.what;
    let connection = Connection {
        token: environment("GITHUB_TOKEN")
            .or_else(|| environment("GH_TOKEN"))
            .map(|text| Token::new(&text))
            .transpose()?,
        proxy: environment("HTTPS_PROXY").or_else(|| environment("https_proxy")),
        ..Connection::default()
    };
    if connection.token.is_none() {
        let text = "note: neither GITHUB_TOKEN nor GH_TOKEN is set; asking as a stranger";
        let _ = writeln!(io::stderr(), "{text}");
    }
    let api = GitHub::new(&args.api_url, &connection)?;
    let budget = Budget {
        waiting: Duration::from_secs(args.max_wait),
        ..Budget::default()
    };
    let taken = snapshot(&api, &args.repository, &budget);
    if taken
        .inventory()
        .iter()
        .all(|fact| fact.not_checked.is_some())
    {
        return Err(nothing_read(&taken, &args.api_url, &connection));
    }
    let text = taken.to_json()?;
    let table = table(&taken);
    if args.output == Path::new("-") {
        output::print(&text).map_err(SettingsError::Output)?;
        let _ = io::stderr().write_all(table.as_bytes());
    } else {
        output::write_whole(&args.output, text.as_bytes()).map_err(|source| {
            SettingsError::File {
                path: args.output.clone(),
                source,
            }
        })?;
        let wrote = format!("Wrote {}", args.output.display());
        let text = format!("{table}{}\n", sanitise::line(&wrote));
        output::print(&text).map_err(SettingsError::Output)?;
    }
    Ok(if taken.not_checked().is_empty() {
        Exit::Clean
    } else {
        Exit::NotChecked
    })
}

/// Why nothing at all was read. The first fact that was asked for tells; where
/// no answer came, the same host is asked once more for the cause alone.
fn nothing_read(taken: &Snapshot, root: &str, connection: &Connection) -> SettingsError {
    let inventory = taken.inventory();
    let first = inventory
        .iter()
        .filter_map(|fact| fact.not_checked)
        .map(|why| &why.reason)
        .find(|reason| {
            !matches!(
                reason,
                Reason::NotAsked | Reason::NotOffered | Reason::DependsOn { .. }
            )
        });
    let (cause, remedy) = match first {
        Some(Reason::Unreachable) | None => unreachable_host(root, connection),
        Some(reason) => (reason.to_string(), remedy(reason)),
    };
    SettingsError::NothingRead {
        repository: format!("{}/{}", taken.owner, taken.name),
        cause,
        remedy,
    }
}

fn remedy(reason: &Reason) -> &'static str {
    match reason {
        Reason::Unauthenticated => "set GITHUB_TOKEN to a valid token",
        Reason::Forbidden => "use a token that may read the repository's settings",
        Reason::NotFound => {
            "check the name; a private repository needs a token in GITHUB_TOKEN that may read it"
        }
        Reason::RateLimited { .. } => {
            "set GITHUB_TOKEN, which has a higher limit, or wait longer with `--max-wait SECONDS`"
        }
        _ => "check that `--api-url` is the root of GitHub's API, and run again later",
    }
}

/// What keeps from a host, in words, and what to do about it.
fn unreachable_host(root: &str, connection: &Connection) -> (String, &'static str) {
    let asked = HttpClient::new("cofferdam", connection).and_then(|client| client.get(root, &[]));
    match asked {
        // It answers now: the connection comes and goes.
        Ok(_) => (
            format!("no answer came from {root}"),
            "run again: the host answers by now",
        ),
        Err(error) => {
            let chain = chain(&error);
            let (what, remedy) = obstacle(&chain, connection.proxy.is_some());
            (format!("{what} ({root})"), remedy)
        }
    }
}

/// An error with everything that it comes from, the origin last.
fn chain(error: &dyn Error) -> Vec<String> {
    let mut all = vec![error.to_string()];
    let mut next = error.source();
    while let Some(error) = next {
        all.push(error.to_string());
        next = error.source();
    }
    all
}

/// Names the obstacle by the words of the system and of the libraries.
fn obstacle(chain: &[String], through_proxy: bool) -> (String, &'static str) {
    let lower = chain.join(": ").to_ascii_lowercase();
    let origin = chain.last().map_or("no answer came", String::as_str);
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if says(&["certificate", "tls", "handshake"]) {
        (
            format!("TLS failed: {origin}"),
            "the system's root certificates must know who signs for the host, or for the proxy before it",
        )
    } else if through_proxy || says(&["proxy", "tunnel"]) {
        (
            format!("the proxy of HTTPS_PROXY did not lead there: {origin}"),
            "check HTTPS_PROXY, or unset it where no proxy is needed",
        )
    } else if says(&["dns", "resolve", "lookup"]) {
        (
            format!("the name of the host is not found (DNS): {origin}"),
            "check the network and the name; behind a proxy set HTTPS_PROXY",
        )
    } else if says(&["refused"]) {
        (
            format!("the connection is refused: {origin}"),
            "check the address and its port, and whether a firewall keeps from it",
        )
    } else if says(&["timed out", "timeout"]) {
        (
            format!("no answer came in time: {origin}"),
            "check the network; behind a proxy set HTTPS_PROXY",
        )
    } else {
        (
            origin.to_owned(),
            "check the network; behind a proxy set HTTPS_PROXY",
        )
    }
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name)
        .ok()
        .filter(|value| !value.trim().is_empty())
}

/// What was read and what was not.
fn table(taken: &Snapshot) -> String {
    let (lacking, read): (Vec<Checked<'_>>, Vec<Checked<'_>>) = taken
        .inventory()
        .into_iter()
        .partition(|fact| fact.not_checked.is_some());
    let mut out = String::new();
    let name = format!("{}/{}", taken.owner, taken.name);
    let _ = writeln!(out, "Settings of {}", sanitise::line(&name));
    let _ = writeln!(out, "\nRead ({})", read.len());
    lines(&mut out, &read, |_| String::new());
    if lacking.is_empty() {
        let _ = writeln!(out, "\nNothing was left unread.\n");
        return out;
    }
    let _ = writeln!(out, "\nNot checked ({})", lacking.len());
    lines(&mut out, &lacking, |fact| {
        fact.not_checked
            .map(ToString::to_string)
            .unwrap_or_default()
    });
    let permissions = permissions(&lacking);
    if !permissions.is_empty() {
        let all: Vec<String> = permissions.iter().map(ToString::to_string).collect();
        let _ = writeln!(out, "\nA token reads more with: {}", all.join(", "));
    }
    out.push('\n');
    out
}

fn lines(out: &mut String, facts: &[Checked<'_>], why: impl Fn(&Checked<'_>) -> String) {
    let shown = facts.get(..MOST_LINES).unwrap_or(facts);
    let width = shown
        .iter()
        .map(|fact| fact.path.chars().count())
        .max()
        .unwrap_or(0)
        .min(60);
    for fact in shown {
        let line = format!("  {:width$}  {}", sanitise::line(&fact.path), why(fact));
        let _ = writeln!(out, "{}", line.trim_end());
    }
    if facts.len() > shown.len() {
        let _ = writeln!(
            out,
            "  and {} more, which stand in the file",
            facts.len() - shown.len()
        );
    }
}

/// Of each fact that was not read, the first set of permissions that would do.
fn permissions<'s>(lacking: &[Checked<'s>]) -> Vec<&'s PermissionSet> {
    let mut all: Vec<&PermissionSet> = Vec::new();
    for set in lacking
        .iter()
        .filter_map(|fact| fact.not_checked?.needs.first())
    {
        if !all.contains(&set) {
            all.push(set);
        }
    }
    all
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use clap::Parser;
    use cofferdam_facts::settings::{Fact, NotChecked, TokenAccess, TokenPermission};

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        settings: SettingsArgs,
    }

    fn parse(args: &[&str]) -> Result<SnapshotArgs, clap::Error> {
        let all = ["cofferdam", "snapshot"].iter().chain(args);
        let What::Snapshot(args) = Cli::try_parse_from(all)?.settings.what;
        Ok(args)
    }

    #[test]
    fn the_call_is_read() {
        let args = parse(&["octo/hello", "-o", "-", "--max-wait", "5"]).unwrap();
        assert_eq!((args.repository.owner(), args.max_wait), ("octo", 5));
        assert_eq!(args.output, Path::new("-"));
        let args = parse(&["octo/hello"]).unwrap();
        assert_eq!(args.output, Path::new("cofferdam-settings.json"));
        assert_eq!(args.api_url, "https://api.github.com");
        for wrong in [
            &[][..],
            &["octo"],
            &["octo/hello/x"],
            &["../x"],
            &["o/h", "--max-wait", "x"],
        ] {
            assert_eq!(parse(wrong).unwrap_err().exit_code(), 2, "{wrong:?}");
        }
    }

    #[test]
    fn where_nothing_is_read_the_obstacle_is_named() {
        // A port that nothing listens at any more.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let root = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let (cause, _) = unreachable_host(&root, &Connection::default());
        assert!(cause.starts_with("the connection is refused: "), "{cause}");
        for (chain, proxy, start) in [
            (
                "no answer came: dns error: failed to lookup address",
                false,
                "the name",
            ),
            (
                "no answer came: invalid peer certificate: UnknownIssuer",
                true,
                "TLS failed",
            ),
            ("no answer came: Connection refused", true, "the proxy"),
            (
                "no answer came: operation timed out",
                false,
                "no answer came in time",
            ),
        ] {
            let (cause, _) = obstacle(&[chain.to_owned()], proxy);
            assert!(cause.starts_with(start), "{cause}");
        }
        let taken = Snapshot::unasked("octo", "hello");
        let error = nothing_read(&taken, &root, &Connection::default());
        assert!(error.to_string().contains("octo/hello"), "{error}");
    }

    #[test]
    fn the_table_names_what_is_lacking_and_the_permissions_once() {
        let mut taken = Snapshot::unasked("octo", "hello\u{1b}[31m");
        let needs = vec![PermissionSet(vec![TokenPermission {
            name: "secrets".to_owned(),
            access: TokenAccess::Read,
        }])];
        let why = NotChecked {
            reason: Reason::Forbidden,
            needs,
        };
        taken.secrets.repository = Fact::NotChecked(why.clone());
        taken.secrets.organization = Fact::NotChecked(why);
        taken.security.vulnerability_alerts = Fact::Known(true);
        let text = table(&taken);
        assert!(!text.contains('\u{1b}'), "{text}");
        assert!(
            text.contains("Read (1)\n  security.vulnerability_alerts\n"),
            "{text}"
        );
        let line = text
            .lines()
            .find(|line| line.contains("secrets.repository "))
            .unwrap();
        assert!(
            line.ends_with("the token may not read it; needs `secrets: read`"),
            "{line}"
        );
        assert!(
            text.ends_with("A token reads more with: `secrets: read`\n\n"),
            "{text}"
        );
    }
}
