//! Which steps restore the Actions cache.
//!
//! Sources: `action.yml` and README of each action; GitHub, "Workflow syntax",
//! `cache-mode` (2026-09).

use cofferdam_facts::Span;

use crate::documents::step::Step;
use crate::documents::text::Text;
use crate::expressions::Expr;
use crate::semantics::publishing::programs;
use crate::semantics::surroundings::Surroundings;
use crate::semantics::versions::{self, ActionVersion};
use crate::shell::Script;

/// A step that restores a cache, or may.
#[derive(Clone, Debug, PartialEq)]
pub struct Restore {
    /// The place in the list of steps.
    pub step: usize,
    /// Where: the input that asks for it, or the action that does it by itself.
    pub span: Span,
    /// The action or command.
    pub means: String,
    /// Whether nobody asked for it: it is what the action does by default.
    pub by_default: bool,
    /// The expression that decides, where one does, and whether the cache is
    /// restored when it is true.
    pub decided_by: Option<(Expr, bool)>,
    /// When the action leaves it out by itself.
    pub spared: Spared,
    /// What decides and is not known here, in one phrase.
    pub unknown: Option<&'static str>,
}

/// When an action leaves its cache alone by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spared {
    /// Never.
    Never,
    /// In runs for a release or a tag.
    Releases,
}

// How an action decides.
#[derive(Clone, Copy)]
enum Rule {
    /// It always restores.
    Always,
    /// It restores unless the input is this value.
    Unless(&'static str, &'static str),
    /// It restores if the input is there and not `false`.
    If(&'static str),
    /// Like `Unless`, since this major version; before, like `If`.
    UnlessSince(u32, &'static str, &'static str),
    /// It restores if the input holds the word.
    Holds(&'static str, &'static str),
}

use Rule::{Always, Holds, If, Unless, UnlessSince};

#[rustfmt::skip]
const ACTIONS: &[(&str, Rule)] = &[
    ("actions/cache", Unless("lookup-only", "true")),
    ("actions/cache/restore", Unless("lookup-only", "true")),
    ("actions/setup-dotnet", If("cache")),
    ("actions/setup-go", UnlessSince(4, "cache", "false")),
    ("actions/setup-java", If("cache")),
    ("actions/setup-node", If("cache")),
    ("actions/setup-python", If("cache")),
    ("actions-rust-lang/setup-rust-toolchain", Unless("cache", "false")),
    ("astral-sh/setup-uv", UnlessSince(5, "enable-cache", "false")),
    ("awalsh128/cache-apt-pkgs-action", Always),
    ("bahmutov/npm-install", Always),
    ("buildjet/cache", Unless("lookup-only", "true")),
    ("coursier/cache-action", Always),
    ("determinatesystems/magic-nix-cache-action", Always),
    ("docker/bake-action", Holds("set", "cache-from=type=gha")),
    ("docker/build-push-action", Holds("cache-from", "type=gha")),
    ("golangci/golangci-lint-action", Unless("skip-cache", "true")),
    ("graalvm/setup-graalvm", If("cache")),
    ("gradle/actions/setup-gradle", Unless("cache-disabled", "true")),
    ("gradle/gradle-build-action", Unless("cache-disabled", "true")),
    ("hendrikmuhs/ccache-action", Always),
    ("jdx/mise-action", Unless("cache", "false")),
    ("julia-actions/cache", Always),
    ("moonrepo/setup-rust", Unless("cache", "false")),
    ("mozilla-actions/sccache-action", Always),
    ("namespacelabs/nscloud-cache-action", Always),
    ("nix-community/cache-nix-action", Always),
    ("pnpm/action-setup", If("cache")),
    ("pyo3/maturin-action", If("sccache")),
    ("ramsey/composer-install", Unless("ignore-cache", "yes")),
    ("ruby/setup-ruby", If("bundler-cache")),
    ("subosito/flutter-action", If("cache")),
    ("swatinem/rust-cache", Unless("lookup-only", "true")),
    ("taiki-e/cache-cargo-install-action", Always),
    ("useblacksmith/cache", Unless("lookup-only", "true")),
];

/// Inputs with which an action saves and never restores.
#[rustfmt::skip]
const SAVE_ONLY: &[(&str, &str, &str)] = &[
    ("astral-sh/setup-uv", "restore-cache", "false"),
    ("gradle/actions/setup-gradle", "cache-write-only", "true"),
    ("gradle/gradle-build-action", "cache-write-only", "true"),
];

/// Whether and how a step restores a cache.
#[must_use]
pub fn of_step(
    around: &Surroundings<'_>,
    step: &Step,
    script: Option<&Script>,
    at: &dyn Fn(std::ops::Range<usize>) -> Span,
) -> Option<Restore> {
    if let Some(script) = script {
        return of_script(step, script, at);
    }
    let uses = step.uses()?;
    let name = step.action()?;
    if SAVE_ONLY
        .iter()
        .any(|(action, input, value)| *action == name && is(step, input, value))
    {
        return None;
    }
    let version = versions::of_step(around.document, step);
    // Newer versions of GitHub's library look at it; which one an action has
    // cannot be told.
    let asked = around
        .variable(step, "ACTIONS_CACHE_MODE")
        .and_then(Text::literal)
        .is_some_and(|mode| matches!(mode.trim(), "none" | "write-only"));
    let restore = |text: Option<&Text>, decided_by: Option<(Expr, bool)>| Restore {
        step: step.index,
        span: text.map_or(uses.span, |t| t.span),
        means: name.to_owned(),
        by_default: text.is_none(),
        decided_by,
        spared: spared(&name, version, step),
        unknown: asked.then_some("whether the action heeds `ACTIONS_CACHE_MODE`"),
    };
    if name == "actions/setup-node" && step.input("cache").is_none() {
        return by_package_manager(step, version, restore(None, None));
    }
    let (_, rule) = ACTIONS.iter().find(|(action, _)| *action == name)?;
    match *rule {
        Always => Some(restore(None, None)),
        Holds(input, word) => step
            .input(input)
            .filter(|t| t.value.contains(word))
            .map(|t| restore(Some(t), None)),
        If(input) => wanted(step, input).map(|(text, expr)| restore(Some(text), expr)),
        Unless(input, value) => unless(step, input, value).map(|(text, expr)| restore(text, expr)),
        UnlessSince(major, input, value) => {
            if versions::at_least(version, major, 0) {
                unless(step, input, value).map(|(text, expr)| restore(text, expr))
            } else {
                wanted(step, input).map(|(text, expr)| restore(Some(text), expr))
            }
        }
    }
}

fn is(step: &Step, input: &str, value: &str) -> bool {
    step.input(input)
        .and_then(Text::literal)
        .is_some_and(|v| v.trim().eq_ignore_ascii_case(value))
}

type Wanted<'s> = (&'s Text, Option<(Expr, bool)>);

// The input is there and not plainly off.
fn wanted<'s>(step: &'s Step, input: &str) -> Option<Wanted<'s>> {
    let text = step.input(input)?;
    match text.literal().map(str::trim) {
        Some("" | "false" | "''" | "no" | "0") => None,
        Some(_) => Some((text, None)),
        None => Some((text, text.sole_expression().cloned().map(|e| (e, true)))),
    }
}

type Default<'s> = (Option<&'s Text>, Option<(Expr, bool)>);

// Everything but the value that switches it off.
fn unless<'s>(step: &'s Step, input: &str, off: &str) -> Option<Default<'s>> {
    let Some(text) = step.input(input) else {
        return Some((None, None));
    };
    match text.literal().map(str::trim) {
        Some(value) if value.eq_ignore_ascii_case(off) => None,
        Some(_) => Some((None, None)),
        None => {
            let on_when = off == "false";
            Some((
                Some(text),
                text.sole_expression().cloned().map(|e| (e, on_when)),
            ))
        }
    }
}

// Since version 5 setup-node caches by itself if package.json names a package
// manager, since version 6 only if that is npm. The file is not read here.
fn by_package_manager(
    step: &Step,
    version: Option<ActionVersion>,
    restore: Restore,
) -> Option<Restore> {
    let automatic = versions::at_least(version, 5, 0) && version.is_some();
    (automatic && !is(step, "package-manager-cache", "false")).then_some(Restore {
        unknown: Some("whether `package.json` names npm as its package manager"),
        ..restore
    })
}

// Since version 10 setup-uv's `auto` leaves releases and tags alone.
fn spared(name: &str, version: Option<ActionVersion>, step: &Step) -> Spared {
    let automatic = step
        .input("enable-cache")
        .is_none_or(|t| t.value.trim() == "auto");
    if name == "astral-sh/setup-uv" && automatic && versions::at_least(version, 10, 0) {
        Spared::Releases
    } else {
        Spared::Never
    }
}

fn of_script(
    step: &Step,
    script: &Script,
    at: &dyn Fn(std::ops::Range<usize>) -> Span,
) -> Option<Restore> {
    script.commands.iter().find_map(|command| {
        let program = programs::of_command(command);
        let builds = matches!(program.name, "docker" | "buildx");
        let from = program
            .values(&["--cache-from"])
            .find(|v| v.text.contains("type=gha"))?;
        builds.then(|| Restore {
            step: step.index,
            span: at(from.word.range.clone()),
            means: "docker buildx --cache-from".to_owned(),
            by_default: false,
            decided_by: None,
            spared: Spared::Never,
            unknown: None,
        })
    })
}

#[cfg(test)]
mod tests {
    #![expect(
        clippy::unwrap_used,
        reason = "a broken example should stop the test at once"
    )]

    use super::*;
    use crate::documents::Workflow;
    use cofferdam_facts::SourceFile;

    fn restore(uses: &str, with: &str) -> Option<Restore> {
        let with = if with.is_empty() {
            String::new()
        } else {
            format!("      with:\n        {with}\n")
        };
        let text = format!(
            "on: push\njobs:\n  x:\n    runs-on: y\n    steps:\n    - uses: {uses}\n{with}"
        );
        let workflow = Workflow::parse(SourceFile::new(".github/workflows/x.yml", text));
        assert_eq!(workflow.problems, []);
        let job = workflow.jobs.first().unwrap();
        let around = Surroundings {
            document: &workflow.document,
            steps: job.steps(),
            env: Vec::new(),
            id_token: None,
            shell: None,
        };
        of_step(&around, job.steps().first().unwrap(), None, &|_| {
            Span::default()
        })
    }

    #[test]
    fn what_restores_is_told_by_version_and_input() {
        for (uses, with, expected) in [
            ("actions/cache@v4", "", true),
            ("actions/cache@v4", "lookup-only: true", false),
            ("actions/cache/save@v4", "", false),
            ("actions/setup-go@v3", "", false),
            ("actions/setup-go@v3", "cache: true", true),
            ("actions/setup-go@v6", "", true),
            ("actions/setup-go@v6", "cache: false", false),
            ("actions/setup-node@v4", "node-version: 22", false),
            ("actions/setup-node@v4", "cache: pnpm", true),
            ("actions/setup-node@v4", "cache: ''", false),
            (
                "actions/setup-node@v6",
                "package-manager-cache: false",
                false,
            ),
            ("astral-sh/setup-uv@v4", "", false),
            ("astral-sh/setup-uv@v7", "", true),
            ("astral-sh/setup-uv@v7", "enable-cache: false", false),
            ("astral-sh/setup-uv@v7", "restore-cache: false", false),
            ("Swatinem/rust-cache@v2", "", true),
            ("Swatinem/rust-cache@v2", "lookup-only: true", false),
            (
                "gradle/actions/setup-gradle@v4",
                "cache-write-only: true",
                false,
            ),
            ("ruby/setup-ruby@v1", "bundler-cache: true", true),
            ("docker/build-push-action@v6", "cache-from: type=gha", true),
            (
                "docker/build-push-action@v6",
                "cache-from: type=registry,ref=a/b",
                false,
            ),
        ] {
            assert_eq!(restore(uses, with).is_some(), expected, "{uses} {with}");
        }
    }

    #[test]
    fn what_is_decided_elsewhere_is_kept() {
        let node = restore("actions/setup-node@v6", "node-version: 22").unwrap();
        assert!(node.unknown.is_some());
        let uv = restore("astral-sh/setup-uv@v10", "").unwrap();
        assert_eq!(uv.spared, Spared::Releases);
        let go = restore(
            "actions/setup-go@v6",
            "cache: ${{ github.ref_type != 'tag' }}",
        )
        .unwrap();
        assert!(go.decided_by.is_some_and(|(_, on)| on));
        let rust = restore(
            "Swatinem/rust-cache@v2",
            "lookup-only: ${{ github.event_name == 'release' }}",
        )
        .unwrap();
        assert!(rust.decided_by.is_some_and(|(_, on)| !on));
    }
}
