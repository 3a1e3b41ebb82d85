//! What a job publishes: images, charts, packages, releases.
//!
//! Decided step by step from the action used and its inputs, or from the
//! commands of its script. An input that is an expression makes the
//! publication conditional rather than absent.

use std::fmt;

use cofferdam_facts::Span;

use crate::documents::step::Step;
use crate::documents::text::Text;
use crate::expressions::Expr;
use crate::semantics::conditions::Situation;
use crate::shell::{Command, Script};

/// What is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Artifact {
    /// A container image, or another OCI artifact.
    Image,
    /// A Helm chart.
    Chart,
    /// A package of a language's registry.
    Package(Registry),
    /// A GitHub release or files attached to one.
    Release,
    /// Files put into a bucket or on a server.
    Files,
    /// A web site.
    Site,
}

/// A language's package registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each registry is known by its own name")]
pub enum Registry {
    CratesIo,
    Gems,
    Hex,
    Maven,
    Npm,
    NuGet,
    PubDev,
    PyPi,
    VsCode,
}

impl fmt::Display for Artifact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Image => "container image",
            Self::Chart => "Helm chart",
            Self::Package(Registry::CratesIo) => "crates.io package",
            Self::Package(Registry::Gems) => "RubyGems package",
            Self::Package(Registry::Hex) => "Hex package",
            Self::Package(Registry::Maven) => "Maven package",
            Self::Package(Registry::Npm) => "npm package",
            Self::Package(Registry::NuGet) => "NuGet package",
            Self::Package(Registry::PubDev) => "pub.dev package",
            Self::Package(Registry::PyPi) => "PyPI package",
            Self::Package(Registry::VsCode) => "editor extension",
            Self::Release => "GitHub release",
            Self::Files => "set of files",
            Self::Site => "web site",
        })
    }
}

/// One publication by one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Publication {
    /// What.
    pub artifact: Artifact,
    /// The place in the list of steps.
    pub step: usize,
    /// What does it: the value of `uses:`, or the command in the script.
    pub span: Span,
    /// The means, for messages: `docker/build-push-action`, `npm publish`.
    pub means: String,
    /// Whether something decides at run time if anything is published: an
    /// expression, or a branch of the script.
    pub conditional: bool,
    /// The input whose expression decides, where it is one.
    pub decided_by: Option<Expr>,
    /// Where to, as written (tags of an image, a repository), if it is written.
    pub target: Option<String>,
}

/// What an action publishes, by its inputs.
struct ActionRow {
    name: &'static str,
    artifact: Artifact,
    when: When,
    target: &'static str,
}

enum When {
    Always,
    /// The input is `true`.
    Flag(&'static str),
    /// The input is not `false` (published unless switched off).
    Unless(&'static str),
    /// The input is there and not empty.
    Given(&'static str),
    /// The input holds one of the words and none of the others.
    Words(
        &'static str,
        &'static [&'static str],
        &'static [&'static str],
    ),
}

const fn row(
    name: &'static str,
    artifact: Artifact,
    when: When,
    target: &'static str,
) -> ActionRow {
    ActionRow {
        name,
        artifact,
        when,
        target,
    }
}

use Artifact::{Chart, Files, Image, Package, Release, Site};

const ACTIONS: &[ActionRow] = &[
    row(
        "docker/build-push-action",
        Image,
        When::Flag("push"),
        "tags",
    ),
    row(
        "docker/build-push-action",
        Image,
        When::Words("outputs", &["type=registry", "push=true"], &[]),
        "tags",
    ),
    row("docker/bake-action", Image, When::Flag("push"), "targets"),
    row(
        "docker/bake-action",
        Image,
        When::Words("set", &["type=registry", "push=true"], &[]),
        "targets",
    ),
    row(
        "redhat-actions/push-to-registry",
        Image,
        When::Always,
        "image",
    ),
    row(
        "mr-smithers-excellent/docker-build-push",
        Image,
        When::Unless("pushimage"),
        "image",
    ),
    row(
        "elgohr/publish-docker-github-action",
        Image,
        When::Unless("no_push"),
        "name",
    ),
    row(
        "macbre/push-to-ghcr",
        Image,
        When::Unless("dry_run"),
        "image_name",
    ),
    row(
        "appany/helm-oci-chart-releaser",
        Chart,
        When::Always,
        "repository",
    ),
    row(
        "helm/chart-releaser-action",
        Chart,
        When::Unless("skip_upload"),
        "charts_dir",
    ),
    row(
        "stefanprodan/helm-gh-pages",
        Chart,
        When::Always,
        "target_dir",
    ),
    row(
        "pypa/gh-action-pypi-publish",
        Package(Registry::PyPi),
        When::Always,
        "repository-url",
    ),
    row(
        "pyo3/maturin-action",
        Package(Registry::PyPi),
        When::Words("command", &["upload", "publish"], &[]),
        "",
    ),
    row(
        "js-devtools/npm-publish",
        Package(Registry::Npm),
        When::Always,
        "registry",
    ),
    row(
        "changesets/action",
        Package(Registry::Npm),
        When::Given("publish"),
        "",
    ),
    row(
        "cycjimmy/semantic-release-action",
        Package(Registry::Npm),
        When::Unless("dry_run"),
        "",
    ),
    row(
        "katyo/publish-crates",
        Package(Registry::CratesIo),
        When::Unless("dry-run"),
        "",
    ),
    row(
        "release-plz/action",
        Package(Registry::CratesIo),
        When::Words("command", &["release"], &["release-pr"]),
        "",
    ),
    row(
        "rubygems/release-gem",
        Package(Registry::Gems),
        When::Always,
        "",
    ),
    row(
        "cadwallion/publish-rubygems-action",
        Package(Registry::Gems),
        When::Always,
        "",
    ),
    row(
        "haaleo/publish-vscode-extension",
        Package(Registry::VsCode),
        When::Unless("dryrun"),
        "",
    ),
    row(
        "softprops/action-gh-release",
        Release,
        When::Always,
        "tag_name",
    ),
    row("ncipollo/release-action", Release, When::Always, "tag"),
    row("actions/create-release", Release, When::Always, "tag_name"),
    row(
        "actions/upload-release-asset",
        Release,
        When::Always,
        "asset_name",
    ),
    row(
        "svenstaro/upload-release-action",
        Release,
        When::Always,
        "tag",
    ),
    row(
        "marvinpinto/action-automatic-releases",
        Release,
        When::Always,
        "automatic_release_tag",
    ),
    row(
        "googleapis/release-please-action",
        Release,
        When::Unless("skip-github-release"),
        "",
    ),
    row(
        "google-github-actions/release-please-action",
        Release,
        When::Unless("skip-github-release"),
        "",
    ),
    row(
        "goreleaser/goreleaser-action",
        Release,
        When::Words(
            "args",
            &["release"],
            &["--snapshot", "--skip=publish", "--skip-publish"],
        ),
        "",
    ),
    row(
        "taiki-e/upload-rust-binary-action",
        Release,
        When::Unless("dry-run"),
        "bin",
    ),
    row(
        "taiki-e/create-gh-release-action",
        Release,
        When::Always,
        "",
    ),
    row(
        "tauri-apps/tauri-action",
        Release,
        When::Given("tagname"),
        "tagname",
    ),
    row("wangyoucao577/go-release-action", Release, When::Always, ""),
    row(
        "shogo82148/actions-upload-release-asset",
        Release,
        When::Always,
        "asset_path",
    ),
    row("actions/deploy-pages", Site, When::Always, ""),
    row(
        "peaceiris/actions-gh-pages",
        Site,
        When::Always,
        "publish_dir",
    ),
    row(
        "jamesives/github-pages-deploy-action",
        Site,
        When::Always,
        "folder",
    ),
];

/// A command that publishes: the program, words that must follow in order, and
/// words that turn it off.
struct CommandRow {
    program: &'static str,
    words: &'static [&'static str],
    unless: &'static [&'static str],
    artifact: Artifact,
}

const fn command(
    program: &'static str,
    words: &'static [&'static str],
    unless: &'static [&'static str],
    artifact: Artifact,
) -> CommandRow {
    CommandRow {
        program,
        words,
        unless,
        artifact,
    }
}

const DRY: &[&str] = &["--dry-run", "--dry_run", "-n"];

const COMMANDS: &[CommandRow] = &[
    command("docker", &["push"], &[], Image),
    command("docker", &["buildx", "build", "--push"], &[], Image),
    command("docker", &["build", "--push"], &[], Image),
    command("docker", &["buildx", "bake", "--push"], &[], Image),
    command(
        "docker",
        &["buildx", "imagetools", "create"],
        &["--dry-run"],
        Image,
    ),
    command("docker", &["manifest", "push"], &[], Image),
    command("podman", &["push"], &[], Image),
    command("podman", &["manifest", "push"], &[], Image),
    command("buildah", &["push"], &[], Image),
    command("buildah", &["manifest", "push"], &[], Image),
    command("nerdctl", &["push"], &[], Image),
    command("crane", &["push"], &[], Image),
    command("crane", &["copy"], &[], Image),
    command("crane", &["cp"], &[], Image),
    command("regctl", &["image", "copy"], &[], Image),
    command("oras", &["push"], &[], Image),
    command("oras", &["copy"], &[], Image),
    command("ko", &["build"], &["--local", "-L", "--push=false"], Image),
    command(
        "ko",
        &["publish"],
        &["--local", "-L", "--push=false"],
        Image,
    ),
    command("flux", &["push", "artifact"], &[], Image),
    command("helm", &["push"], &[], Chart),
    command("helm", &["cm-push"], &[], Chart),
    command("cr", &["upload"], &[], Chart),
    command("npm", &["publish"], DRY, Package(Registry::Npm)),
    command("pnpm", &["publish"], DRY, Package(Registry::Npm)),
    command("yarn", &["publish"], DRY, Package(Registry::Npm)),
    command("yarn", &["npm", "publish"], DRY, Package(Registry::Npm)),
    command("lerna", &["publish"], DRY, Package(Registry::Npm)),
    command("npx", &["semantic-release"], DRY, Package(Registry::Npm)),
    command("npx", &["lerna", "publish"], DRY, Package(Registry::Npm)),
    command("changeset", &["publish"], DRY, Package(Registry::Npm)),
    command("twine", &["upload"], &[], Package(Registry::PyPi)),
    command(
        "python",
        &["-m", "twine", "upload"],
        &[],
        Package(Registry::PyPi),
    ),
    command(
        "python3",
        &["-m", "twine", "upload"],
        &[],
        Package(Registry::PyPi),
    ),
    command("uv", &["publish"], DRY, Package(Registry::PyPi)),
    command("poetry", &["publish"], DRY, Package(Registry::PyPi)),
    command("pdm", &["publish"], &[], Package(Registry::PyPi)),
    command("hatch", &["publish"], &[], Package(Registry::PyPi)),
    command("flit", &["publish"], &[], Package(Registry::PyPi)),
    command("maturin", &["publish"], &[], Package(Registry::PyPi)),
    command("maturin", &["upload"], &[], Package(Registry::PyPi)),
    command("cargo", &["publish"], DRY, Package(Registry::CratesIo)),
    command(
        "cargo",
        &["release", "--execute"],
        &[],
        Package(Registry::CratesIo),
    ),
    command(
        "cargo",
        &["workspaces", "publish"],
        DRY,
        Package(Registry::CratesIo),
    ),
    command("gem", &["push"], &[], Package(Registry::Gems)),
    command("rake", &["release"], &[], Package(Registry::Gems)),
    command("mix", &["hex.publish"], DRY, Package(Registry::Hex)),
    command(
        "mvn",
        &["deploy"],
        &["-DskipDeploy"],
        Package(Registry::Maven),
    ),
    command("./mvnw", &["deploy"], &[], Package(Registry::Maven)),
    command("gradle", &["publish"], DRY, Package(Registry::Maven)),
    command("./gradlew", &["publish"], DRY, Package(Registry::Maven)),
    command("dotnet", &["nuget", "push"], &[], Package(Registry::NuGet)),
    command("nuget", &["push"], &[], Package(Registry::NuGet)),
    command("dart", &["pub", "publish"], DRY, Package(Registry::PubDev)),
    command(
        "flutter",
        &["pub", "publish"],
        DRY,
        Package(Registry::PubDev),
    ),
    command("vsce", &["publish"], &[], Package(Registry::VsCode)),
    command("ovsx", &["publish"], &[], Package(Registry::VsCode)),
    command("npx", &["vsce", "publish"], &[], Package(Registry::VsCode)),
    command("npx", &["ovsx", "publish"], &[], Package(Registry::VsCode)),
    command("gh", &["release", "create"], &["--draft"], Release),
    command("gh", &["release", "upload"], &[], Release),
    command(
        "goreleaser",
        &["release"],
        &["--snapshot", "--skip=publish", "--skip-publish"],
        Release,
    ),
    command("dist", &["host", "--steps=release"], &[], Release),
    command("aws", &["s3", "cp"], &["--dryrun"], Files),
    command("aws", &["s3", "sync"], &["--dryrun"], Files),
    command("gsutil", &["cp"], &[], Files),
    command("gcloud", &["storage", "cp"], &[], Files),
];

/// What one step publishes by the action that it uses.
#[must_use]
pub fn by_action(step: &Step) -> Option<Publication> {
    let uses = step.uses()?;
    let name = step.action()?;
    ACTIONS
        .iter()
        .filter(|row| row.name == name)
        .find_map(|row| {
            let decision = decided(step, &row.when)?;
            Some(Publication {
                artifact: row.artifact,
                step: step.index,
                span: uses.span,
                means: row.name.to_owned(),
                conditional: decision.is_some(),
                decided_by: decision.and_then(|text| text.sole_expression().cloned()),
                target: step.input(row.target).map(|t| t.value.clone()),
            })
        })
}

impl Publication {
    /// Whether the deciding input rules the publication out in a situation.
    /// True is certain; false is not.
    #[must_use]
    pub fn is_off(&self, situation: Situation<'_>) -> bool {
        self.decided_by
            .as_ref()
            .is_some_and(|expr| situation.evaluate(expr) == Some(false))
    }
}

// `None`: not published. Otherwise the input that decides at run time, if any.
fn decided<'s>(step: &'s Step, when: &When) -> Option<Option<&'s Text>> {
    let flag = |text: &Text| {
        text.literal()
            .map(|v| v.trim().eq_ignore_ascii_case("true"))
    };
    match when {
        When::Always => Some(None),
        When::Flag(input) => {
            let text = step.input(input)?;
            match flag(text) {
                Some(on) => on.then_some(None),
                None => Some(Some(text)),
            }
        }
        When::Unless(input) => match step.input(input) {
            None => Some(None),
            Some(text) => match flag(text) {
                // `push: false` and `dry-run: true` both end here.
                Some(on) => (on == is_push_input(input)).then_some(None),
                None => Some(Some(text)),
            },
        },
        When::Given(input) => step
            .input(input)
            .filter(|t| !t.value.is_empty())
            .map(|_| None),
        When::Words(input, any, none) => {
            let Some(text) = step.input(input) else {
                // `release-plz` and the like publish by default.
                return (*input == "command" && !none.is_empty()).then_some(None);
            };
            let has = |word: &&str| text.value.contains(*word);
            if none.iter().any(has) {
                // A snapshot that an expression chooses is a release otherwise.
                return (!text.is_static()).then_some(Some(text));
            }
            let decides = (!text.is_static()).then_some(text);
            if any.iter().any(has) {
                return Some(decides);
            }
            decides.map(Some)
        }
    }
}

fn is_push_input(input: &str) -> bool {
    input.contains("push") && !input.starts_with("no")
}

/// What the commands of a script publish. `at` turns a range of the decoded
/// script into bytes of the file.
#[must_use]
pub fn by_script(
    step: &Step,
    script: &Script,
    at: impl Fn(std::ops::Range<usize>) -> Span,
) -> Vec<Publication> {
    let publication = |command: &Command| {
        let (name, args) = command.effective();
        let program = name.text.rsplit('/').next().unwrap_or("");
        let row = COMMANDS.iter().find(|row| {
            let named = row.program == name.text || row.program == program;
            named
                && matches(
                    row,
                    &args.iter().map(|w| w.text.as_str()).collect::<Vec<_>>(),
                )
        })?;
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
            target: args
                .iter()
                .rev()
                .find(|w| !w.text.starts_with('-'))
                .map(|w| w.text.clone()),
        })
    };
    script.commands.iter().filter_map(publication).collect()
}

// Words that are not options must be the first ones, in order; options may
// stand anywhere.
fn matches(row: &CommandRow, args: &[&str]) -> bool {
    let mut plain = args
        .iter()
        .copied()
        .filter(|a| !a.starts_with('-') || *a == "-m");
    for word in row.words {
        let found = if word.starts_with("--") {
            args.iter()
                .any(|a| a == word || *a == format!("{word}=true"))
        } else if row.program.ends_with("mvn")
            || row.program.ends_with("mvnw")
            || row.program.contains("gradle")
        {
            args.iter()
                .any(|a| a == word || a.rsplit(':').next() == Some(word))
        } else {
            plain.next() == Some(word)
        };
        if !found {
            return false;
        }
    }
    !args.iter().any(|a| row.unless.contains(a))
}
