//! Publishing by an action and its inputs.
//!
//! Source: the README and `action.yml` of each action.

use super::{Artifact, Publication, Registry, targets};
use crate::documents::step::Step;
use crate::documents::text::Text;
use crate::semantics::surroundings::Surroundings;

use Artifact::{Chart, Image, Package, Release, Site};
use When::{Always, Flag, Given, UnlessFalse, UnlessTrue, Words};

/// What an action publishes, by its inputs.
struct Row {
    name: &'static str,
    artifact: Artifact,
    when: When,
    /// The input that says where to, or empty.
    target: &'static str,
}

enum When {
    Always,
    /// The input is `true`.
    Flag(&'static str),
    /// The input is not `false`.
    UnlessFalse(&'static str),
    /// The input is not `true`.
    UnlessTrue(&'static str),
    /// The input is there and not empty.
    Given(&'static str),
    /// The input holds one of the words and none of the others.
    Words(
        &'static str,
        &'static [&'static str],
        &'static [&'static str],
    ),
}

const fn row(name: &'static str, artifact: Artifact, when: When, target: &'static str) -> Row {
    Row {
        name,
        artifact,
        when,
        target,
    }
}

const NPM: Artifact = Package(Registry::Npm);
const PYPI: Artifact = Package(Registry::PyPi);
const CRATE: Artifact = Package(Registry::CratesIo);
const GEM: Artifact = Package(Registry::Gems);
const EXTENSION: Artifact = Package(Registry::VsCode);
const REGISTRY: &[&str] = &["type=registry", "push=true"];

#[rustfmt::skip]
const ACTIONS: &[Row] = &[
    row("docker/build-push-action", Image, Flag("push"), "tags"),
    row("docker/build-push-action", Image, Words("outputs", REGISTRY, &[]), "tags"),
    row("docker/bake-action", Image, Flag("push"), ""),
    row("docker/bake-action", Image, Words("set", REGISTRY, &[]), ""),
    row("depot/build-push-action", Image, Flag("push"), "tags"),
    row("depot/bake-action", Image, Flag("push"), ""),
    row("redhat-actions/push-to-registry", Image, Always, "image"),
    row("mr-smithers-excellent/docker-build-push", Image, UnlessFalse("pushimage"), "image"),
    row("elgohr/publish-docker-github-action", Image, UnlessTrue("no_push"), "name"),
    row("macbre/push-to-ghcr", Image, UnlessTrue("dry_run"), "image_name"),
    row("akhilerm/tag-push-action", Image, Always, "dst"),
    row("appany/helm-oci-chart-releaser", Chart, Always, "repository"),
    row("bsord/helm-push", Chart, Always, "registry-url"),
    row("helm/chart-releaser-action", Chart, UnlessTrue("skip_upload"), ""),
    row("stefanprodan/helm-gh-pages", Chart, Always, ""),
    row("pypa/gh-action-pypi-publish", PYPI, Always, "repository-url"),
    row("pypa/gh-action-pypi-publish", PYPI, Always, "repository_url"),
    row("pyo3/maturin-action", PYPI, Words("command", &["upload", "publish"], &[]), ""),
    row("js-devtools/npm-publish", NPM, UnlessTrue("dry-run"), "registry"),
    row("changesets/action", NPM, Given("publish"), ""),
    row("changesets/action", NPM, Given("publish-script"), ""),
    row("cycjimmy/semantic-release-action", NPM, UnlessTrue("dry_run"), ""),
    row("katyo/publish-crates", CRATE, UnlessTrue("dry-run"), ""),
    row("release-plz/action", CRATE, Words("command", &["release"], &["release-pr"]), ""),
    row("rubygems/release-gem", GEM, Always, ""),
    row("cadwallion/publish-rubygems-action", GEM, Always, ""),
    row("haaleo/publish-vscode-extension", EXTENSION, UnlessTrue("dryrun"), ""),
    row("alirezanet/publish-nuget", Package(Registry::NuGet), Always, ""),
    row("softprops/action-gh-release", Release, Always, "files"),
    row("ncipollo/release-action", Release, Always, "artifacts"),
    row("actions/create-release", Release, Always, "-"),
    row("actions/upload-release-asset", Release, Always, ""),
    row("svenstaro/upload-release-action", Release, Always, ""),
    row("marvinpinto/action-automatic-releases", Release, Always, "files"),
    row("googleapis/release-please-action", Release, UnlessTrue("skip-github-release"), "-"),
    row("google-github-actions/release-please-action", Release, UnlessTrue("skip-github-release"), "-"),
    row("goreleaser/goreleaser-action", Release, Words("args", &["release"], &SNAPSHOT), ""),
    row("taiki-e/upload-rust-binary-action", Release, UnlessTrue("dry-run"), ""),
    row("taiki-e/create-gh-release-action", Release, Always, "-"),
    row("cli/gh-extension-precompile", Release, Always, ""),
    row("tauri-apps/tauri-action", Release, Given("tagname"), ""),
    row("wangyoucao577/go-release-action", Release, Always, ""),
    row("shogo82148/actions-upload-release-asset", Release, Always, ""),
    row("python-semantic-release/publish-action", Release, Always, ""),
    row("actions/deploy-pages", Site, Always, ""),
    row("peaceiris/actions-gh-pages", Site, Always, ""),
    row("jamesives/github-pages-deploy-action", Site, Always, ""),
];

/// Options with which GoReleaser publishes nothing.
pub(super) const SNAPSHOT: [&str; 4] = [
    "--snapshot",
    "--skip=publish",
    "--skip-publish",
    "--skip publish",
];

/// What one step publishes by the action that it uses.
#[must_use]
pub fn by_action(around: &Surroundings<'_>, step: &Step) -> Option<Publication> {
    let uses = step.uses()?;
    let name = step.action()?;
    let published = |row: &&Row| decided(step, &row.when).is_some();
    let rows = || {
        ACTIONS
            .iter()
            .filter(|row| row.name == name)
            .filter(published)
    };
    // Where two names of one input exist, the one that is written counts.
    let row = rows()
        .find(|row| step.input(row.target).is_some())
        .or_else(|| rows().next())?;
    let decision = decided(step, &row.when)?;
    let target = step.input(row.target);
    let is_release = row.artifact == Release;
    let names = match target {
        Some(text) if !is_release => targets::repositories(around, step, text),
        _ => Vec::new(),
    };
    if !names.is_empty() && names.iter().all(|name| targets::is_local(name)) {
        return None;
    }
    Some(Publication {
        artifact: row.artifact,
        step: step.index,
        span: uses.span,
        means: row.name.to_owned(),
        conditional: decision.is_some(),
        decided_by: decision.and_then(|text| text.sole_expression().cloned()),
        target: target.map(|t| t.value.clone()),
        names,
        bare: is_release && !row.target.is_empty() && target.is_none_or(|t| t.value.is_empty()),
        draft: is_release && draft(step),
        copy: row.name == "akhilerm/tag-push-action",
    })
}

fn outside_of_expressions(text: &Text) -> String {
    let mut written = String::new();
    let mut done = 0;
    for embedded in &text.expressions {
        written.push_str(text.value.get(done..embedded.range.start).unwrap_or(""));
        done = embedded.range.end;
    }
    written.push_str(text.value.get(done..).unwrap_or(""));
    written
}

fn draft(step: &Step) -> bool {
    step.input("draft")
        .and_then(Text::literal)
        .is_some_and(|text| text.trim() == "true")
}

// `None`: not published. Otherwise the input that decides at run time, if any.
fn decided<'s>(step: &'s Step, when: &When) -> Option<Option<&'s Text>> {
    let flag = |text: &Text| {
        text.literal()
            .map(|v| v.trim().eq_ignore_ascii_case("true"))
    };
    let unless = |input: &str, off: bool| match step.input(input) {
        None => Some(None),
        Some(text) => match flag(text) {
            Some(value) => (value != off).then_some(None),
            None => Some(Some(text)),
        },
    };
    match when {
        Always => Some(None),
        Flag(input) => {
            let text = step.input(input)?;
            match flag(text) {
                Some(on) => on.then_some(None),
                None => Some(Some(text)),
            }
        }
        UnlessFalse(input) => unless(input, false),
        UnlessTrue(input) => unless(input, true),
        Given(input) => step
            .input(input)
            .filter(|t| !t.value.is_empty())
            .map(|_| None),
        Words(input, any, none) => {
            let Some(text) = step.input(input) else {
                // `release-plz` and the like publish by default.
                return (*input == "command" && !none.is_empty()).then_some(None);
            };
            let written = outside_of_expressions(text);
            // `release` is a word of its own, not a part of `.goreleaser.yaml`.
            let says = |word: &str| match word.contains(['=', ' ', '-']) {
                true => written.contains(word),
                false => written.split_whitespace().any(|own| own == word),
            };
            if none.iter().any(|word| says(word)) {
                return None;
            }
            // A snapshot that an expression chooses is a release otherwise.
            let decides = (!text.is_static()).then_some(text);
            if any.iter().any(|word| says(word)) {
                return Some(decides);
            }
            // Arguments that are put together elsewhere may say anything; lists
            // of outputs and settings seldom push.
            decides
                .filter(|text| *input == "args" && text.sole_expression().is_some())
                .map(Some)
        }
    }
}
