//! `cofferdam claims init`: a starter set of claims.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use cofferdam_config::{Claim, Config, PLACES, Scope};
use cofferdam_exposure::claims::Standing;
use cofferdam_exposure::claims::propose::{propose, undeclared};
use cofferdam_facts::SourceFile;
use cofferdam_facts::settings::Visibility;
use cofferdam_findings::{Exit, sanitise};
use cofferdam_pipelines::Slug;
use cofferdam_pipelines::judging::rule_ids;

use super::{ClaimsError, examined, of_target, rulings, slug, ways, word_of};
use crate::output::{self, Sink};

#[derive(Debug, clap::Args)]
pub(super) struct InitArgs {
    /// The checkout.
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,

    /// Append them to cofferdam.toml, as comments where they are refuted today.
    #[arg(long)]
    write: bool,

    /// A file that `cofferdam settings snapshot` has written.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,

    /// The repository that this is, where its remote does not say so.
    #[arg(long, value_name = "OWNER/NAME", value_parser = slug)]
    repository: Option<Slug>,

    /// Who sees the repository, where no settings tell: `public`, `private` or
    /// `internal`. In a public one forks get no secrets, whatever is set.
    #[arg(long, value_name = "WHO", value_parser = ways::seen_by)]
    visibility: Option<Visibility>,
}

pub(super) fn run(args: &InitArgs) -> Result<Exit, ClaimsError> {
    let read = ways::Read {
        path: &args.path,
        rev: None,
        base: None,
        settings: args.settings.as_slice(),
        repository: args.repository.as_ref(),
        visibility: args.visibility.as_ref(),
        date: None,
    };
    let (target, mut options) = ways::options(&read)?;
    options.judging.base = None;
    let judged = of_target(&target, &options)?;
    let known: Vec<&Claim> = judged
        .config
        .iter()
        .flat_map(|config| &config.claims)
        .collect();
    let proposals = propose(&judged.head.exposure);
    let old = (judged.config.as_ref()).map_or("", |config| config.file.text());
    let tables: Vec<String> = proposals
        .iter()
        .filter(|one| !known.iter().any(|claim| claim.name.value == one.name))
        .map(|one| one.to_toml())
        .filter(|table| !is_commented(old, table, "name = "))
        .collect();
    let unfit = |path: &Path, why: &dyn std::fmt::Display| ClaimsError::Unfit {
        path: path.to_owned(),
        why: why.to_string(),
    };
    let file = SourceFile::new("cofferdam.toml", tables.join("\n"));
    let proposed = Config::parse(&file, Scope::Repository, &rule_ids())
        .map_err(|error| unfit(Path::new("cofferdam.toml"), &error))?;
    let registries = judged.config.as_ref().unwrap_or(&proposed);
    let found = rulings(&proposed, registries, &judged).map_err(ClaimsError::Meaningless)?;
    let mut text = String::new();
    let mut written = String::new();
    for (table, ruling) in tables.iter().zip(&found) {
        let word = word_of(&ruling.standing);
        let mut comment = format!("# Today: {word}; {}.\n", examined(ruling));
        if let Standing::Refuted(all) = &ruling.standing
            && let Some(first) = all.first()
        {
            let row = &first.row;
            comment.push_str(&format!(
                "# {} -> {}: {}",
                row.position, row.asset, row.verdict
            ));
            if let Some(line) = ways::lines(&judged.head.exposure, row).last() {
                comment.push_str(&format!(", {line}"));
            }
            comment.push('\n');
        }
        let comment = lines(&comment);
        text.push_str(&format!("{comment}{table}\n"));
        written.push_str(&match ruling.standing {
            Standing::Refuted(_) => format!(
                "\n# Refuted on the day it was proposed. Close its ways, then uncomment it: take the `# ` before each line below away.\n{}",
                commented(table)
            ),
            _ => format!("\n{table}"),
        });
    }
    let hints = hints(&undeclared(&judged.head.exposure), old);
    text.push_str(&hints);
    if !hints.is_empty() {
        written.push_str(&format!("\n{}", hints.trim_end_matches('\n')));
        written.push('\n');
    }
    if written.is_empty() {
        text.push_str(
            "Every claim that would be proposed is made already, or stands there as a comment.\n",
        );
    }
    if args.write && !written.is_empty() {
        let path = write(&args.path, judged.config.as_ref(), &written)?;
        text.push_str(&format!(
            "Written to {}; `cofferdam claims check` checks them.\n",
            path.display()
        ));
    } else if !written.is_empty() {
        text.push_str("# Nothing is written; --write appends these to cofferdam.toml.\n");
    }
    output::print(&sanitise::inert_for_log(&lines(&text))).map_err(ways::unwritten)?;
    Ok(Exit::Clean)
}

/// What to say of secrets of which nothing is declared, as comments; without what
/// stands there as a comment already.
fn hints(secrets: &BTreeMap<String, BTreeSet<String>>, old: &str) -> String {
    let mut text = String::new();
    for (name, targets) in secrets {
        let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
        let table = format!(
            "[[registry]]\nsecret = \"{name}\"\nrepositories = [\"…\"]\nkind = \"production\"\n"
        );
        if !is_commented(old, &table, "secret = ") {
            text.push_str(&lines(&format!(
                "# {name} may push to {} as far as the files tell. Say what it can do, and uncomment it:\n",
                targets.join(", ")
            )));
            text.push_str(&lines(&commented(&table)));
            text.push('\n');
        }
    }
    text
}

/// Whether the line of a table that begins so stands in a file as a comment.
fn is_commented(file: &str, table: &str, key: &str) -> bool {
    let line = table.lines().find(|line| line.starts_with(key));
    line.is_some_and(|line| {
        let comments = file.lines().filter_map(|one| one.trim().strip_prefix('#'));
        comments.into_iter().any(|one| one.trim() == line)
    })
}

/// Every line made safe to print.
fn lines(text: &str) -> String {
    let safe = text
        .lines()
        .map(|line| format!("{}\n", sanitise::line(line)));
    safe.collect()
}

fn commented(table: &str) -> String {
    table.lines().map(|line| format!("# {line}\n")).collect()
}

/// Appends to the configuration, of which every other byte stays.
fn write(root: &Path, config: Option<&Config>, claims: &str) -> Result<PathBuf, ClaimsError> {
    let place = config.map_or(PLACES.first().copied().unwrap_or_default(), |config| {
        config.file.path()
    });
    let path = root.join(place);
    let old = config.map_or("", |config| config.file.text());
    let mut text = old.to_owned();
    let end = if old.contains("\r\n") { "\r\n" } else { "\n" };
    if !text.is_empty() && !text.ends_with('\n') {
        text.push_str(end);
    }
    let claims = match old.is_empty() {
        true => claims.trim_start_matches('\n'),
        false => claims,
    };
    text.push_str(&claims.replace('\n', end));
    let again = SourceFile::new(place, text.as_str());
    Config::parse(&again, Scope::Repository, &rule_ids()).map_err(|error| ClaimsError::Unfit {
        path: path.clone(),
        why: error.to_string(),
    })?;
    let failed = |source| ClaimsError::Write {
        path: path.clone(),
        source,
    };
    let mut sink = Sink::open(Some(&path)).map_err(failed)?;
    sink.write_all(text.as_bytes()).map_err(failed)?;
    sink.finish().map_err(failed)?;
    Ok(path)
}
