//! `cofferdam release find`: which releases were built with something.

use std::io::{self, Write};
use std::path::PathBuf;

use cofferdam_attest::Verifier;
use cofferdam_attest::policy::is_repository;
use cofferdam_facts::Timestamp;
use cofferdam_findings::{Exit, formats, sanitise};
use cofferdam_pipelines::verification::find::{
    self as pipeline, Answer, Counts, FindError, Found, Proof, Request, Use, Wanted,
};
use cofferdam_pipelines::verification::{CollectError, Limits};
use serde_json::{Value, json};

use crate::commands::audit::{data_in_force, date};
use crate::commands::verify::{Identity, IdentityError, TrustArgs, TrustError};
use crate::failure::Failure;
use crate::output::Sink;
use crate::{clock, output};

/// The version of the JSON that this command prints.
const SCHEMA_VERSION: u32 = 1;
/// The most that is shown of one text.
const CLIP: usize = 400;

/// Find the releases that were built with an action.
///
/// Looks through a folder of bundles for provenance that lists what a build
/// took, as `cofferdam release provenance` writes it. Provenance without such a
/// list, GitHub's own among it, cannot tell, and is named. With an expected
/// identity, every signature is verified.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes:\n  0  nothing was built with it, and every provenance could tell\n  \
    1  something was\n  2  wrong usage\n  \
    3  some provenance cannot tell, or is not signed as expected; 1 wins where both\n\n\
    Examples:\n  cofferdam release find --used tj-actions/changed-files bundles/\n  \
    cofferdam release find --compromised bundles/ --repo OWNER/REPO \
    --workflow .github/workflows/release.yml"
)]
pub(crate) struct FindArgs {
    /// A folder of bundles, at any depth, or a file of them.
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// An action or a called workflow: `OWNER/REPO`, with a path behind it, and
    /// behind `@` a ref as it is written, a commit, or the first digits of one.
    #[arg(
        long,
        value_name = "ACTION[@REF]",
        required_unless_present = "compromised"
    )]
    used: Option<String>,
    /// Every action that the data pack knows to have been compromised.
    #[arg(long, conflicts_with = "used")]
    compromised: bool,
    /// The day of the search, by which the data pack may be too old; today, if
    /// none is named.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
    date: Option<Timestamp>,
    #[command(flatten)]
    identity: Identity,
    #[command(flatten)]
    trust: TrustArgs,
    /// How the result is written.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    format: Form,
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Form {
    /// For reading in a terminal.
    #[default]
    Human,
    /// Everything, for programs.
    Json,
}

/// Why nothing is found.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReleaseFindError {
    /// It is no action.
    #[error("`{0}` is not of the form OWNER/REPO[/PATH][@REF]")]
    Action(String),
    /// Nobody is expected who could be.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The trusted root cannot be used.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// No data pack can be believed.
    #[error("{0}")]
    Data(String),
    /// The folder cannot be read.
    #[error(transparent)]
    Collect(#[from] CollectError),
    /// The result cannot be printed.
    #[error("standard output: {0}")]
    Output(#[from] io::Error),
}

impl From<ReleaseFindError> for Failure {
    fn from(error: ReleaseFindError) -> Self {
        match &error {
            ReleaseFindError::Action(_) => Self::usage(&error),
            ReleaseFindError::Identity(inner) if inner.is_usage() => {
                Self::usage(&error).hint(inner.hint())
            }
            ReleaseFindError::Data(_) => Self::not_checked(&error).hint(Some(
                "refresh it with `cofferdam data update`, or install a newer version",
            )),
            _ => Self::not_checked(&error),
        }
    }
}

impl From<FindError> for ReleaseFindError {
    fn from(error: FindError) -> Self {
        match error {
            FindError::Collect(inner) => Self::Collect(inner),
            FindError::Output(inner) => Self::Output(inner),
        }
    }
}

pub(super) fn run(args: &FindArgs) -> Result<Exit, ReleaseFindError> {
    let policy = args.identity.if_given()?;
    let root = args.trust.read()?;
    let verifier = Verifier::new(&root).map_err(TrustError::from)?;
    let data = data_in_force(args.date.unwrap_or_else(clock::now));
    let wanted = match &args.used {
        Some(text) => action(text).ok_or_else(|| ReleaseFindError::Action(text.clone()))?,
        None => Wanted::Compromised(data.pack().ok_or_else(|| {
            let why: Vec<&str> = data.not_checked().map(|one| one.message.as_str()).collect();
            ReleaseFindError::Data(why.join("; "))
        })?),
    };
    let request = Request {
        path: &args.path,
        wanted,
        expected: policy.as_ref().map(|policy| (&policy.identity, &verifier)),
        limits: Limits::default(),
    };
    let counts = match args.format {
        Form::Human => human(&request)?,
        Form::Json => json(&request)?,
    };
    Ok(exit(&counts))
}

/// An action as people write it.
fn action(text: &str) -> Option<Wanted<'static>> {
    let (name, version) = match text.split_once('@') {
        Some((_, "")) => return None,
        Some((name, version)) => (name, Some(version.to_owned())),
        None => (text, None),
    };
    let mut parts = name.splitn(3, '/');
    let slug = format!("{}/{}", parts.next()?, parts.next()?);
    let path = parts
        .next()
        .map(|path| path.trim_end_matches('/').to_owned());
    let path = path.filter(|path| !path.is_empty());
    is_repository(&slug).then_some(Wanted::Used {
        slug,
        path,
        version,
    })
}

fn exit(counts: &Counts) -> Exit {
    if counts.used > 0 {
        Exit::Findings
    } else if counts.cannot_tell > 0 || counts.against > 0 || counts.bundles == 0 {
        Exit::NotChecked
    } else {
        Exit::Clean
    }
}

fn human(request: &Request<'_>) -> Result<Counts, ReleaseFindError> {
    let mut tell = |found: &Found| {
        let mut text = String::new();
        for line in lines(found) {
            text.push_str(&line);
            text.push('\n');
        }
        output::print(&sanitise::inert_for_log(&text))
    };
    let counts = pipeline::find(request, &mut tell)?;
    let mut text = format!(
        "{} bundles: {} built with it, {} without, {} cannot tell, {} are no provenance",
        counts.bundles, counts.used, counts.not_used, counts.cannot_tell, counts.other
    );
    if counts.passed_over > 0 {
        text.push_str(&format!("; {} other files", counts.passed_over));
    }
    text.push('\n');
    if request.expected.is_none() {
        text.push_str(
            "signatures not verified: anybody may have written this; name --repo and --workflow\n",
        );
    } else if counts.against > 0 {
        text.push_str(&format!("{} are not signed as expected\n", counts.against));
    }
    output::print(&text)?;
    Ok(counts)
}

/// A bundle for people: each artifact, then what was used.
fn lines(found: &Found) -> Vec<String> {
    let clip = |text: &str| sanitise::clipped(text, CLIP);
    let proof = match &found.proof {
        Proof::NotAsked => "signatures not verified".to_owned(),
        Proof::Passed => "signed as expected".to_owned(),
        Proof::Against(why) => format!("NOT signed as expected: {}", clip(why)),
    };
    let bundle = format!("  in {}, {proof}", clip(&found.bundle));
    let mut names: Vec<String> = (found.artifacts.iter())
        .map(|(name, digests)| clip(&format!("{name} {}", digests.join(" "))))
        .collect();
    if names.is_empty() {
        names.push("an artifact that is not known".to_owned());
    }
    let mut lines: Vec<String> = Vec::new();
    match &found.answer {
        Answer::Used(uses) => {
            lines.extend(names.iter().map(|name| format!("{name}: built with it")));
            lines.extend(uses.iter().map(|one| format!("  {}", clip(&used(one)))));
        }
        Answer::CannotTell(why) => {
            let why = clip(why);
            lines.extend(
                names
                    .iter()
                    .map(|name| format!("{name}: cannot tell: {why}")),
            );
        }
        Answer::NotUsed | Answer::OtherMatter => {
            lines.extend(
                names
                    .iter()
                    .map(|name| format!("{name}: not built with it")),
            );
        }
    }
    lines.push(bundle);
    lines
}

fn used(one: &Use) -> String {
    let used = &one.dependency;
    let by: Vec<&str> = used.by.iter().map(String::as_str).collect();
    let mut text = format!(
        "{} at {}, {} by {}",
        used.name,
        used.commit().unwrap_or("a commit that is not known"),
        if used.direct {
            "directly"
        } else {
            "through others"
        },
        by.join(", ")
    );
    if !one.incidents.is_empty() {
        text.push_str(&format!(", of {}", one.incidents.join("; ")));
    }
    if !one.sure {
        text.push_str(" (perhaps: nobody can tell whether it was this version)");
    }
    text
}

fn json(request: &Request<'_>) -> Result<Counts, ReleaseFindError> {
    let mut sink = Sink::open(None)?;
    let mut first = true;
    write!(
        sink,
        "{{\n\"schema_version\": {SCHEMA_VERSION},\n\"found\": ["
    )?;
    let counts = pipeline::find(request, &mut |found: &Found| {
        sink.write_all(if first { b"\n" } else { b",\n" })?;
        first = false;
        formats::inert_json::write(&value(found), &mut sink)
    })?;
    write!(
        sink,
        "\n],\n\"signatures_verified\": {},\n\"counts\": ",
        request.expected.is_some()
    )?;
    let counted = json!({
        "bundles": counts.bundles,
        "used": counts.used,
        "not_used": counts.not_used,
        "cannot_tell": counts.cannot_tell,
        "no_provenance": counts.other,
        "not_signed_as_expected": counts.against,
        "other_files": counts.passed_over,
    });
    formats::inert_json::write(&counted, &mut sink)?;
    sink.write_all(b"\n}\n")?;
    sink.finish()?;
    Ok(counts)
}

fn value(found: &Found) -> Value {
    let (answer, why) = match &found.answer {
        Answer::Used(_) => ("used", None),
        Answer::NotUsed => ("not-used", None),
        Answer::CannotTell(why) => ("cannot-tell", Some(why)),
        Answer::OtherMatter => ("no-provenance", None),
    };
    let (signature, against) = match &found.proof {
        Proof::NotAsked => ("not-verified", None),
        Proof::Passed => ("passed", None),
        Proof::Against(why) => ("failed", Some(why)),
    };
    let uses = match &found.answer {
        Answer::Used(uses) => uses.as_slice(),
        _ => &[],
    };
    json!({
        "bundle": found.bundle,
        "artifacts": found.artifacts.iter().map(|(name, digests)| json!({
            "name": name,
            "digests": digests,
        })).collect::<Vec<_>>(),
        "signature": signature,
        "against": against,
        "answer": answer,
        "why": why,
        "uses": uses.iter().map(|one| json!({
            "kind": one.dependency.kind.word(),
            "name": one.dependency.name,
            "uri": one.dependency.uri,
            "commit": one.dependency.commit(),
            "direct": one.dependency.direct,
            "by": one.dependency.by,
            "sure": one.sure,
            "incidents": one.incidents,
        })).collect::<Vec<_>>(),
    })
}
