//! `cofferdam lock update [NAME…]`: newer versions, and what changed with them.

use std::path::PathBuf;

use cofferdam_findings::{Exit, sanitise};
use cofferdam_pipelines::locking::diff::{diff, locked};
use cofferdam_pipelines::locking::place::Writing;
use cofferdam_pipelines::locking::update::{Outcome, UpdateOptions, update};
use cofferdam_pipelines::locking::versions::Version;
use cofferdam_pipelines::locking::write::{WriteOptions, plan};
use cofferdam_pipelines::{Limits, locking};

use super::write::{place, root};
use super::{LockError, markdown, say};
use crate::commands::network::NetworkArgs;
use crate::{clock, output};

/// Take the newest versions that have waited long enough, and show what changed.
///
/// An action that is named by a commit or a whole version is named by the newer
/// one from then on, with the version as its comment; a branch or a part of a
/// version is followed to where it leads now. Versions of another major number
/// are taken, and said to be, unless --same-major is given; a commit that is newer
/// than the newest release stays. The age of a commit is what the commit itself says.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes:\n  0  everything is up to date and locked\n  1  something cannot be \
    locked as it is\n  2  wrong usage\n  3  something could not be found out\n\nExamples:\n  \
    cofferdam lock update\n  cofferdam lock update actions/checkout --min-age 14d\n  cofferdam lock \
    update acme/deploy --to v3.1.0"
)]
pub(crate) struct UpdateArgs {
    /// Actions as OWNER/REPO or OWNER/REPO@REF; all for none.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// The root of the checkout.
    #[arg(long, value_name = "PATH", default_value = ".")]
    path: PathBuf,
    /// How long a version must have been there, as in 5d, 12h or 0d.
    #[arg(long, value_name = "AGE", default_value = "5d", value_parser = age)]
    min_age: u64,
    /// The version to take, whatever its age.
    #[arg(long, value_name = "REF", requires = "names")]
    to: Option<String>,
    /// Stay within the major version: no step from v4 to v5, nor from v0.4 to v0.5.
    #[arg(long, conflicts_with = "to")]
    same_major: bool,
    /// Show what would change and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Leave actions.lock alone, for hosts that know no such file.
    #[arg(long)]
    no_actions_lock: bool,
    /// Ask no registry for the digests of images that no reference names.
    #[arg(long)]
    no_images: bool,
    #[command(flatten)]
    network: NetworkArgs,
}

/// Reads an age into seconds.
fn age(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no age as in 5d, 12h or 30m");
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let seconds: u64 = match unit {
        'd' => 24 * 60 * 60,
        'h' => 60 * 60,
        'm' => 60,
        _ => return Err(wrong()),
    };
    let number = text.strip_suffix(unit).unwrap_or_default();
    let number: u64 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(seconds).ok_or_else(wrong)
}

pub(crate) fn run(args: &UpdateArgs) -> Result<Exit, LockError> {
    let limits = Limits::default();
    let root = root(&args.path)?;
    let writing = Writing::begin(&root)?;
    let opened = locking::open(&root, &limits)?;
    let network = args.network.open()?;
    let images = (!args.no_images).then_some(&network.oci);
    let host = args.network.host_name();
    let found = update(
        &opened,
        &network.git,
        &UpdateOptions {
            names: args.names.clone(),
            min_age: args.min_age,
            to: args.to.clone(),
            same_major: args.same_major,
            host: host.clone(),
            now: u64::try_from(clock::now().unix()).unwrap_or(0),
        },
    );
    if let (true, Some(name)) = (found.steps.is_empty(), args.names.first()) {
        let name = name.clone();
        return Err(LockError::NoName { name });
    }
    let (mut lines, failed) = told(&found.steps);
    let after = opened.with_texts(&found.texts);
    let options = WriteOptions {
        host: host.clone(),
        actions_lock: !args.no_actions_lock && !locked(&opened).no_actions_lock,
        fresh: false,
        renewed: found.renewed.clone(),
        accepted: std::collections::BTreeSet::new(),
        limits,
    };
    let planned = plan(&after, &network.git, images, &options)?;
    let changes = diff(
        &locked(&opened),
        &planned.contents,
        &found.moves(),
        &[&after, &opened],
        &host,
        Some(&network.git),
    );
    let exit = if args.dry_run {
        lines.push("nothing is written".to_owned());
        Exit::Clean
    } else {
        // The workflows last: a lock that knows more than they name is noticed.
        let (written, exit) = place(&planned, &writing)?;
        lines.extend(written);
        if planned.ours.is_some() {
            for file in &found.texts {
                writing.file(file.path(), file.text())?;
                lines.push(format!("{} is written", file.path()));
            }
        }
        exit
    };
    lines.extend(network.by_cache());
    say(&lines)?;
    output::print(&sanitise::inert_for_log(&markdown::render(&changes)))?;
    Ok(match exit {
        Exit::Clean if failed => Exit::NotChecked,
        exit => exit,
    })
}

fn told(steps: &[locking::update::Step]) -> (Vec<String>, bool) {
    let mut failed = false;
    let lines = steps.iter().map(|step| {
        let what = match &step.outcome {
            Outcome::Newest => "is the newest".to_owned(),
            Outcome::Named { version, from, .. } => becomes(version, from.as_deref()),
            Outcome::Ahead { newest } => {
                format!("stays: the commit is already newer than {newest}, the newest release")
            }
            Outcome::NoMajor => {
                "stays: it is no release, so that its major version is not known".to_owned()
            }
            Outcome::Renewed => "is followed to where it leads now".to_owned(),
            Outcome::Waits { version, age } => format!(
                "stays: {version} is {} days old and has not waited long enough",
                age / (24 * 60 * 60)
            ),
            Outcome::Failed(why) => {
                failed = true;
                format!("not checked: {why}")
            }
        };
        format!("{}: {what}", step.pin)
    });
    (lines.collect(), failed)
}

fn becomes(version: &str, from: Option<&str>) -> String {
    let Some(from) = from else {
        return format!("becomes {version}");
    };
    let major = |text: &str| Version::parse(text).map(|version| version.major());
    match (major(from), major(version)) {
        (Some(old), Some(new)) if old != new => format!(
            "becomes {version}, ANOTHER MAJOR VERSION than {from}: read what it breaks, or stay \
             with `--same-major`"
        ),
        _ => format!("becomes {version} (from {from})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_has_a_unit() {
        assert_eq!(age("5d"), Ok(432_000));
        assert_eq!(age("0d"), Ok(0));
        assert_eq!(age("90m"), Ok(5_400));
        for text in ["", "5", "d", "-1d", "5w", "99999999999999999999d", "5é"] {
            assert!(age(text).is_err(), "{text}");
        }
    }
}
