//! Publishing by a command of a script.
//!
//! Source: the manual of each program.

use std::ops::Range;

use cofferdam_facts::Span;

use super::actions::SNAPSHOT;
use super::programs::{self, Program};
use super::{Artifact, Publication, Registry, targets};
use crate::documents::step::Step;
use crate::semantics::secrets;
use crate::semantics::surroundings::Surroundings;
use crate::shell::{Command, Script, Word};

use Artifact::{Chart, Files, Image, Package, Release};
use Target::{After, First, Last, Nowhere, Release as Assets, Upload};

/// A command that publishes.
struct Row {
    program: &'static str,
    /// Words that must follow in order; options may stand anywhere.
    words: &'static [&'static str],
    /// Words that turn it off.
    unless: &'static [&'static str],
    artifact: Artifact,
    target: Target,
}

/// Where the command says where to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    /// Not in the command.
    Nowhere,
    /// The first operand after the words.
    First,
    /// The last operand.
    Last,
    /// The values of these options.
    After(&'static [&'static str]),
    /// The last operand, which must not be a file of this machine.
    Upload(&'static str),
    /// A release: what follows the tag are its files.
    Release,
}

const fn row(
    program: &'static str,
    words: &'static [&'static str],
    unless: &'static [&'static str],
    artifact: Artifact,
    target: Target,
) -> Row {
    Row {
        program,
        words,
        unless,
        artifact,
        target,
    }
}

const DRY: &[&str] = &["--dry-run", "--dry_run", "-n"];
const TAG: Target = After(&["-t", "--tag"]);
const NPM: Artifact = Package(Registry::Npm);
const PYPI: Artifact = Package(Registry::PyPi);
const CRATE: Artifact = Package(Registry::CratesIo);
const GEM: Artifact = Package(Registry::Gems);
const MAVEN: Artifact = Package(Registry::Maven);
const NUGET: Artifact = Package(Registry::NuGet);
const EXTENSION: Artifact = Package(Registry::VsCode);
const KO_LOCAL: &[&str] = &["--local", "-L", "--push=false"];

#[rustfmt::skip]
const COMMANDS: &[Row] = &[
    row("docker", &["push"], &[], Image, First),
    row("docker", &["image", "push"], &[], Image, First),
    row("docker", &["compose", "push"], &[], Image, Nowhere),
    row("docker", &["manifest", "push"], &[], Image, First),
    row("docker", &["buildx", "build", "--push"], &[], Image, TAG),
    row("docker", &["buildx", "bake", "--push"], &[], Image, Nowhere),
    row("docker", &["buildx", "imagetools", "create"], &["--dry-run"], Image, TAG),
    row("docker", &["build", "--push"], &[], Image, TAG),
    row("docker", &["bake", "--push"], &[], Image, Nowhere),
    row("buildx", &["build", "--push"], &[], Image, TAG),
    row("depot", &["build", "--push"], &[], Image, TAG),
    row("podman", &["push"], &[], Image, Last),
    row("podman", &["image", "push"], &[], Image, Last),
    row("podman", &["manifest", "push"], &[], Image, Last),
    row("buildah", &["push"], &[], Image, Last),
    row("buildah", &["manifest", "push"], &[], Image, Last),
    row("nerdctl", &["push"], &[], Image, First),
    row("crane", &["push"], &[], Image, Last),
    row("crane", &["copy"], &[], Image, Last),
    row("crane", &["cp"], &[], Image, Last),
    row("crane", &["tag"], &[], Image, First),
    row("crane", &["append"], &[], Image, After(&["-t", "--new_tag"])),
    row("crane", &["index", "append"], &[], Image, TAG),
    row("regctl", &["image", "copy"], &[], Image, Last),
    row("regctl", &["index", "create"], &[], Image, First),
    row("skopeo", &["copy"], &[], Image, Upload("docker://")),
    row("skopeo", &["sync"], &[], Image, Last),
    row("oras", &["push"], &[], Image, First),
    row("oras", &["cp"], &[], Image, Last),
    row("oras", &["copy"], &[], Image, Last),
    row("ko", &["build"], KO_LOCAL, Image, Nowhere),
    row("ko", &["publish"], KO_LOCAL, Image, Nowhere),
    row("ko", &["resolve"], KO_LOCAL, Image, Nowhere),
    row("apko", &["publish"], &["--local"], Image, Nowhere),
    row("flux", &["push", "artifact"], &[], Image, First),
    row("helm", &["push"], &[], Chart, Last),
    row("helm", &["cm-push"], &[], Chart, Last),
    row("cr", &["upload"], &[], Chart, Nowhere),
    row("npm", &["publish"], DRY, NPM, Nowhere),
    row("pnpm", &["publish"], DRY, NPM, Nowhere),
    row("bun", &["publish"], DRY, NPM, Nowhere),
    row("yarn", &["publish"], DRY, NPM, Nowhere),
    row("yarn", &["npm", "publish"], DRY, NPM, Nowhere),
    row("lerna", &["publish"], DRY, NPM, Nowhere),
    row("changeset", &["publish"], DRY, NPM, Nowhere),
    row("nx", &["release", "publish"], DRY, NPM, Nowhere),
    row("semantic-release", &[], DRY, NPM, Nowhere),
    row("twine", &["upload"], &[], PYPI, After(&["--repository-url", "-r", "--repository"])),
    row("uv", &["publish"], DRY, PYPI, After(&["--publish-url", "--index"])),
    row("poetry", &["publish"], DRY, PYPI, After(&["-r", "--repository"])),
    row("pdm", &["publish"], &[], PYPI, After(&["-r", "--repository"])),
    row("hatch", &["publish"], &[], PYPI, After(&["-r", "--repo"])),
    row("rye", &["publish"], &[], PYPI, After(&["--repository-url"])),
    row("flit", &["publish"], &[], PYPI, After(&["--repository"])),
    row("maturin", &["publish"], &[], PYPI, After(&["-r", "--repository-url", "--repository"])),
    row("maturin", &["upload"], &[], PYPI, After(&["-r", "--repository-url", "--repository"])),
    row("cargo", &["publish"], DRY, CRATE, After(&["--registry", "--index"])),
    row("cargo", &["release", "--execute"], &[], CRATE, After(&["--registry"])),
    row("cargo", &["workspaces", "publish"], DRY, CRATE, After(&["--registry"])),
    row("cargo", &["ws", "publish"], DRY, CRATE, After(&["--registry"])),
    row("release-plz", &["release"], DRY, CRATE, Nowhere),
    row("gem", &["push"], &[], GEM, After(&["--host"])),
    row("rake", &["release"], &[], GEM, Nowhere),
    row("mix", &["hex.publish"], DRY, Package(Registry::Hex), Nowhere),
    row("mvn", &["deploy"], &["-Dmaven.deploy.skip", "-Dmaven.deploy.skip=true"], MAVEN, Nowhere),
    row("mvn", &["release:perform"], &[], MAVEN, Nowhere),
    row("gradle", &["publish"], DRY, MAVEN, Nowhere),
    row("sbt", &["ci-release"], &[], MAVEN, Nowhere),
    row("sbt", &["publishSigned"], &[], MAVEN, Nowhere),
    row("dotnet", &["nuget", "push"], &[], NUGET, After(&["-s", "--source"])),
    row("nuget", &["push"], &[], NUGET, After(&["-Source", "-src"])),
    row("dart", &["pub", "publish"], DRY, Package(Registry::PubDev), Nowhere),
    row("flutter", &["pub", "publish"], DRY, Package(Registry::PubDev), Nowhere),
    row("vsce", &["publish"], &[], EXTENSION, Nowhere),
    row("ovsx", &["publish"], &[], EXTENSION, Nowhere),
    row("gh", &["release", "create"], &[], Release, Assets),
    row("gh", &["release", "upload"], &[], Release, Nowhere),
    row("gh", &["release", "edit", "--draft=false"], &[], Release, Assets),
    row("hub", &["release", "create"], &[], Release, Nowhere),
    row("ghr", &[], &[], Release, Nowhere),
    row("goreleaser", &["release"], &SNAPSHOT, Release, Nowhere),
    row("dist", &["host", "--steps=release"], &[], Release, Nowhere),
    row("aws", &["s3", "cp"], &["--dryrun"], Files, Upload("s3://")),
    row("aws", &["s3", "sync"], &["--dryrun"], Files, Upload("s3://")),
    row("gsutil", &["cp"], &[], Files, Upload("gs://")),
    row("gsutil", &["rsync"], &["-n"], Files, Upload("gs://")),
    row("gcloud", &["storage", "cp"], &[], Files, Upload("gs://")),
    row("az", &["storage", "blob", "upload"], &["--dryrun"], Files, Nowhere),
    row("az", &["storage", "blob", "upload-batch"], &["--dryrun"], Files, Nowhere),
];

/// Copies of what a registry already holds.
const COPIES: &[(&str, &str)] = &[
    ("docker", "imagetools"),
    ("docker", "manifest"),
    ("podman", "manifest"),
    ("buildah", "manifest"),
    ("crane", "copy"),
    ("crane", "cp"),
    ("crane", "tag"),
    ("crane", "index"),
    ("regctl", "image"),
    ("regctl", "index"),
    ("skopeo", "copy"),
    ("skopeo", "sync"),
    ("oras", "cp"),
    ("oras", "copy"),
];

// Options that take their value as a word of its own. The list holds those
// that stand before or between the words of a row.
const WITH_VALUE: &[&str] = &[
    "--filter",
    "-F",
    "-C",
    "--dir",
    "--prefix",
    "--cwd",
    "--workspace",
    "-w",
    "--context",
    "--host",
    "-H",
    "--config",
    "-R",
    "--repo",
    "--project",
    "--directory",
    "--manifest-path",
    "-p",
    "--package",
    "-f",
    "--file",
    "--tag",
    "-t",
    "--title",
    "--notes",
    "--notes-file",
    "--target",
    "--discussion-category",
    "--notes-start-tag",
    "--registry",
    "--otp",
    "--access",
    "--token",
    "--profile",
    "--region",
    "--acl",
    "--exclude",
    "--include",
    "--platform",
    "--annotation",
    "-a",
    "--build-arg",
    "--provenance",
    "--sbom",
    "--attest",
    "--output",
    "-o",
    "--cache-from",
    "--cache-to",
    "--label",
    "--secret",
    "--builder",
    "--authfile",
    "--creds",
    "--dest-creds",
    "--src-creds",
    "--dest-tls-verify",
    "--multi-arch",
    "--format",
    "--registry-config",
    "--username",
    "-u",
    "--password",
    "--ca-file",
    "--color",
];

/// What the commands of a script publish. `at` turns a range of the decoded
/// script into bytes of the file.
#[must_use]
pub fn by_script(
    around: &Surroundings<'_>,
    step: &Step,
    script: &Script,
    at: impl Fn(Range<usize>) -> Span,
) -> Vec<Publication> {
    let publication = |command: &Command| {
        let program = programs::of_command(command);
        let row = row_of(&program)?;
        let written = written(row, &program, command, around, step);
        let known: Vec<&str> = written.iter().map(String::as_str).collect();
        if !known.is_empty() && known.iter().all(|name| targets::is_local(name)) {
            return None;
        }
        if let Upload(scheme) = row.target {
            let remote = |name: &str| name.starts_with(scheme) || name.starts_with(['$', '"']);
            if !known.iter().all(|name| remote(name)) {
                return None;
            }
        }
        Some(Publication {
            artifact: row.artifact,
            step: step.index,
            span: at(command.range.clone()),
            means: std::iter::once(row.program)
                .chain(row.words.iter().copied())
                .collect::<Vec<_>>()
                .join(" "),
            conditional: command.conditional,
            decided_by: None,
            target: written.first().cloned(),
            names: match row.artifact {
                Image | Chart | Package(_) => written
                    .iter()
                    .flat_map(|name| targets::names(name))
                    .collect(),
                _ => Vec::new(),
            },
            // `xargs` puts the files behind what is written.
            bare: row.target == Assets
                && !attaches(&program)
                && command.name.file_name() != Some("xargs"),
            draft: row.artifact == Release && (program.has("--draft") || program.has("-d")),
            copy: copies(row, &program),
        })
    };
    script.commands.iter().filter_map(publication).collect()
}

/// Variables that programs read only to publish.
const UPLOAD_ONLY: &[(&str, Registry)] = &[
    ("CARGO_REGISTRY_TOKEN", Registry::CratesIo),
    ("FLIT_PASSWORD", Registry::PyPi),
    ("GEM_HOST_API_KEY", Registry::Gems),
    ("HATCH_INDEX_AUTH", Registry::PyPi),
    ("MATURIN_PYPI_TOKEN", Registry::PyPi),
    ("OVSX_PAT", Registry::VsCode),
    ("PDM_PUBLISH_PASSWORD", Registry::PyPi),
    ("TWINE_PASSWORD", Registry::PyPi),
    ("UV_PUBLISH_TOKEN", Registry::PyPi),
    ("VSCE_PAT", Registry::VsCode),
];

/// What a script publishes that hands a credential for publishing to something
/// that is not read here: `scripts/publish` with `TWINE_PASSWORD`.
#[must_use]
pub(super) fn by_credential(
    step: &Step,
    script: &Script,
    at: impl Fn(Range<usize>) -> Span,
) -> Vec<Publication> {
    // A rehearsal is handed the credential too.
    let rehearsal = step
        .script()
        .is_some_and(|text| text.value.contains("dry-run"));
    let Some((_, registry)) = UPLOAD_ONLY.iter().find(|(name, _)| {
        step.env.iter().any(|pair| {
            pair.key.value == *name
                && pair
                    .value
                    .parsed()
                    .any(|(_, expr)| !secrets::names(expr).is_empty())
        })
    }) else {
        return Vec::new();
    };
    let ignored = ["echo", "cd", "set", "export", "git", "test", "[", "printf"];
    let command = script.commands.iter().find(|command| {
        let name = programs::of_command(command).name;
        !ignored.contains(&name)
    });
    command
        .filter(|_| !rehearsal)
        .map(|command| Publication {
            artifact: Package(*registry),
            step: step.index,
            span: at(command.range.clone()),
            means: command.effective().0.text.clone(),
            conditional: true,
            decided_by: None,
            target: None,
            names: Vec::new(),
            bare: false,
            draft: false,
            copy: false,
        })
        .into_iter()
        .collect()
}

fn written(
    row: &Row,
    program: &Program<'_>,
    command: &Command,
    around: &Surroundings<'_>,
    step: &Step,
) -> Vec<String> {
    let operands = || {
        let plain = row.words.iter().filter(|w| !w.starts_with('-')).count();
        let all = program.operands(WITH_VALUE);
        all.into_iter().skip(plain).collect::<Vec<_>>()
    };
    let text = |word: &Word| expand(&word.text, around, step);
    match row.target {
        Nowhere | Assets if row.program == "ko" => ko_repository(command, around, step),
        Nowhere | Assets => program
            .values(&["--registry"])
            .map(|value| value.text.to_owned())
            .collect(),
        First => operands().first().map(|w| text(w)).into_iter().collect(),
        Last | Upload(_) => operands().last().map(|w| text(w)).into_iter().collect(),
        After(options) => program
            .values(options)
            .map(|value| expand(value.text, around, step))
            .collect(),
    }
}

// What is loaded from a file of this machine is no copy.
fn copies(row: &Row, program: &Program<'_>) -> bool {
    let listed = COPIES
        .iter()
        .any(|(name, word)| *name == row.program && row.words.contains(word));
    let from_registry = program
        .operands(WITH_VALUE)
        .get(row.words.len())
        .is_none_or(|source| source.text.starts_with("docker://"));
    listed && (row.program != "skopeo" || from_registry)
}

// Variables that an `env:` sets to a constant are put in, since names of
// images are often kept there.
fn expand(text: &str, around: &Surroundings<'_>, step: &Step) -> String {
    let mut result = text.to_owned();
    for (start, _) in text.match_indices('$').take(8) {
        let rest = text.get(start + 1..).unwrap_or("");
        let (name, written) = match rest.strip_prefix('{') {
            Some(braced) => match braced.split_once('}') {
                Some((name, _)) => (name, format!("${{{name}}}")),
                None => continue,
            },
            None => {
                let end = rest
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .unwrap_or(rest.len());
                let name = rest.get(..end).unwrap_or("");
                (name, format!("${name}"))
            }
        };
        if name.is_empty() || name.starts_with('{') {
            continue;
        }
        if let Some(value) = around.variable(step, name) {
            result = result.replace(&written, &around.resolve(step, value));
        }
    }
    result
}

fn ko_repository(command: &Command, around: &Surroundings<'_>, step: &Step) -> Vec<String> {
    let own = command
        .env
        .iter()
        .find(|(name, _)| name == "KO_DOCKER_REPO")
        .map(|(_, word)| word.text.clone());
    own.or_else(|| {
        let value = around.variable(step, "KO_DOCKER_REPO")?;
        Some(around.resolve(step, value))
    })
    .into_iter()
    .collect()
}

/// Whether a program is in the table, whatever its words.
#[must_use]
pub(super) fn is_known(program: &str) -> bool {
    COMMANDS.iter().any(|row| row.program == program)
}

fn row_of(program: &Program<'_>) -> Option<&'static Row> {
    let name = match program.name {
        "mvnw" => "mvn",
        "gradlew" | "gradlew.bat" => "gradle",
        other => other,
    };
    COMMANDS
        .iter()
        .filter(|row| row.program == name)
        .find(|row| matches(row, program))
}

fn matches(row: &Row, program: &Program<'_>) -> bool {
    let args = || program.args.iter().map(|w| w.text.as_str());
    if args().any(|a| row.unless.contains(&a)) {
        return false;
    }
    // Python's program of the same name has subcommands.
    if row.program == "semantic-release" {
        return program.operands(WITH_VALUE).is_empty();
    }
    if row.program == "gradle" {
        return args().any(is_gradle_publication);
    }
    if row.program == "mvn" || row.program == "sbt" {
        return row
            .words
            .iter()
            .all(|word| args().any(|a| a == *word || a.rsplit(':').next() == Some(word)));
    }
    let mut plain = program
        .operands(WITH_VALUE)
        .into_iter()
        .map(|w| w.text.as_str())
        .filter(|w| !w.starts_with('+'));
    row.words.iter().all(|word| {
        if *word == "--push" {
            return pushes(program);
        }
        if word.starts_with("--") {
            return args().any(|a| a == *word || a == format!("{word}=true"));
        }
        plain.next() == Some(word)
    })
}

// `--output=type=registry` and `-o type=image,push=true` push as well.
fn pushes(program: &Program<'_>) -> bool {
    program.has("--push")
        || program
            .values(&["--output", "-o"])
            .any(|v| v.text.contains("type=registry") || v.text.contains("push=true"))
}

// `publish`, `:lib:publishToSonatype`, `publishPlugins`; what goes to a
// repository on this machine is none.
fn is_gradle_publication(task: &str) -> bool {
    let name = task.rsplit(':').next().unwrap_or("");
    name.starts_with("publish")
        && !name.contains("MavenLocal")
        && !name.contains("BuildRepository")
        && !name.contains("TestRepository")
        && !name.contains("LocalRepository")
}

// Whether files follow the tag. A variable that holds options by its name is
// taken for options.
fn attaches(program: &Program<'_>) -> bool {
    const VALUES: &[&str] = &[
        "-t",
        "--title",
        "-n",
        "--notes",
        "-F",
        "--notes-file",
        "--target",
        "-R",
        "--repo",
        "--discussion-category",
        "--notes-start-tag",
    ];
    let options = |word: &&Word| {
        let lower = word.text.to_ascii_lowercase();
        word.text.starts_with('$')
            && ["arg", "flag", "opt", "pre_release", "prerelease", "latest"]
                .iter()
                .any(|part| lower.contains(part))
    };
    let operands = program.operands(VALUES);
    // `release`, `create` and the tag come first.
    operands.iter().skip(3).any(|w| !options(w))
}
