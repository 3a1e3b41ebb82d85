//! `.github/dependabot.yml`: which dependencies GitHub's update bot looks
//! after, and how long it waits.
//!
//! Source: GitHub, "Dependabot options reference".

use cofferdam_facts::{SourceFile, Span, Spanned};

use super::path_parts;
use super::problem::{Problem, ProblemKind};
use super::reading::{Reading, unknown_keys};
use crate::yaml::{Document, Node};

/// Where GitHub looks.
pub const PLACES: [&str; 2] = [".github/dependabot.yml", ".github/dependabot.yaml"];

/// How many days Dependabot waits with a version update if nothing is set.
/// Source: GitHub changelog of 2026-07-14, "Dependabot version updates
/// introduce default package cooldown". It holds on github.com; GitHub
/// Enterprise Server has it from 3.23 on.
pub const DEFAULT_COOLDOWN_DAYS: u64 = 3;

const ROOT_KEYS: [&str; 5] = [
    "version",
    "updates",
    "registries",
    "enable-beta-ecosystems",
    "multi-ecosystem-groups",
];

const UPDATE_KEYS: [&str; 24] = [
    "allow",
    "assignees",
    "commit-message",
    "cooldown",
    "directories",
    "directory",
    "exclude-paths",
    "groups",
    "ignore",
    "insecure-external-code-execution",
    "labels",
    "milestone",
    "multi-ecosystem-group",
    "open-pull-requests-limit",
    "package-ecosystem",
    "patterns",
    "pull-request-branch-name",
    "rebase-strategy",
    "registries",
    "reviewers",
    "schedule",
    "target-branch",
    "vendor",
    "versioning-strategy",
];

const COOLDOWN_KEYS: [&str; 6] = [
    "default-days",
    "exclude",
    "include",
    "semver-major-days",
    "semver-minor-days",
    "semver-patch-days",
];

/// A configuration of Dependabot as far as it was understood.
#[derive(Clone, Debug)]
pub struct Dependabot {
    document: Document,
    /// `version`; GitHub takes 2 only.
    pub version: Option<Spanned<u64>>,
    /// The entries of `updates`, in order.
    pub updates: Vec<Update>,
    /// The private registries by name, with their type.
    pub registries: Vec<Registry>,
    /// Keys at the top that are not known here.
    pub unknown: Vec<Spanned<String>>,
    problems: Vec<Problem>,
}

/// One entry of `updates`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// `package-ecosystem`.
    pub ecosystem: Option<Spanned<String>>,
    /// `directory` or `directories`, as written.
    pub directories: Vec<Spanned<String>>,
    /// `schedule.interval`.
    pub interval: Option<Spanned<String>>,
    /// `cooldown`, if it is set.
    pub cooldown: Option<CooldownBlock>,
    /// The names of `groups`.
    pub groups: Vec<Spanned<String>>,
    /// `insecure-external-code-execution`: `allow` lets manifests run code on
    /// the updater, next to the credentials of the registries.
    pub insecure_code_execution: Option<Spanned<String>>,
    /// The registries it may use: names, or `*`.
    pub registries: Vec<Spanned<String>>,
    /// `open-pull-requests-limit`; 0 leaves security updates only.
    pub open_pull_requests_limit: Option<Spanned<u64>>,
    /// `target-branch`.
    pub target_branch: Option<Spanned<String>>,
    /// Keys that are not known here.
    pub unknown: Vec<Spanned<String>>,
    /// The bytes of the entry.
    pub span: Span,
}

/// The block `cooldown`, in days.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CooldownBlock {
    /// For every dependency without a rule of its own.
    pub default_days: Option<Spanned<u64>>,
    /// For updates to a new major version.
    pub major_days: Option<Spanned<u64>>,
    /// For updates to a new minor version.
    pub minor_days: Option<Spanned<u64>>,
    /// For updates to a new patch version.
    pub patch_days: Option<Spanned<u64>>,
    /// The dependencies that wait; all, if empty.
    pub include: Vec<Spanned<String>>,
    /// The dependencies that do not wait.
    pub exclude: Vec<Spanned<String>>,
    /// The bytes of the block.
    pub span: Span,
}

/// One private registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registry {
    /// The name by which entries use it.
    pub name: Spanned<String>,
    /// `type`.
    pub kind: Option<Spanned<String>>,
    /// `replaces-base`: packages come from nowhere else.
    pub replaces_base: bool,
}

/// How long the version updates of one entry wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The shortest time that an update of a dependency without exemption
    /// waits, in days.
    pub days: u64,
    /// Whether some dependencies are exempt, by `exclude` or a narrow `include`.
    pub partial: bool,
    /// Whether the file says so, rather than the default of the service.
    pub written: bool,
}

impl Update {
    /// How long version updates wait. Security updates never do.
    #[must_use]
    pub fn waiting(&self) -> Waiting {
        let Some(block) = &self.cooldown else {
            return Waiting {
                days: DEFAULT_COOLDOWN_DAYS,
                partial: false,
                written: false,
            };
        };
        let days = |days: &Option<Spanned<u64>>| days.as_ref().map(|days| days.value);
        let default = days(&block.default_days);
        let by_size = [
            days(&block.major_days),
            days(&block.minor_days),
            days(&block.patch_days),
        ];
        let fallback = default.unwrap_or(DEFAULT_COOLDOWN_DAYS);
        // What has no semantic version takes the default, so it always counts.
        let shortest = by_size
            .into_iter()
            .flatten()
            .chain([fallback])
            .min()
            .unwrap_or(fallback);
        let everything = |pattern: &Spanned<String>| pattern.value == "*";
        let narrow = !block.include.is_empty() && !block.include.iter().any(everything);
        Waiting {
            days: shortest,
            partial: narrow || !block.exclude.is_empty(),
            written: default.is_some() || by_size.iter().all(Option::is_some),
        }
    }

    /// Whether the entry makes version updates at all, rather than security
    /// updates only.
    #[must_use]
    pub fn updates_versions(&self) -> bool {
        self.open_pull_requests_limit
            .as_ref()
            .is_none_or(|limit| limit.value > 0)
    }

    /// Whether the entry looks at manifests in `folder`, relative to the root,
    /// empty for the root itself.
    ///
    /// For `github-actions`, the root stands for `.github/workflows` and an
    /// action in the root; other actions need a directory of their own.
    #[must_use]
    pub fn covers_folder(&self, folder: &str) -> bool {
        let actions = self
            .ecosystem
            .as_ref()
            .is_some_and(|e| e.value == "github-actions");
        let folder = if actions && folder == ".github/workflows" {
            ""
        } else {
            folder
        };
        self.directories.iter().any(|directory| {
            let pattern = directory.value.trim_matches('/');
            let pattern = if actions && pattern == ".github/workflows" {
                ""
            } else {
                pattern
            };
            path_parts::fits(pattern.trim_start_matches("./"), folder)
        })
    }
}

impl Dependabot {
    /// Reads a configuration. Never fails; see [`Self::problems`].
    #[must_use]
    pub fn parse(file: SourceFile) -> Self {
        let document = Document::parse(file);
        let mut reading = Reading::of(&document);
        let mut version = None;
        let mut updates = Vec::new();
        let mut registries = Vec::new();
        let mut unknown = Vec::new();
        if let Some(root) = reading.root(&document, &ROOT_KEYS) {
            unknown = unknown_keys(root, &ROOT_KEYS);
            version = reading.count_at(root, "version");
            match &version {
                Some(version) if version.value == 2 => {}
                Some(version) => reading.problem(
                    ProblemKind::UnknownVersion,
                    version.span,
                    "GitHub reads version 2 of this format only",
                ),
                None => reading.problem(ProblemKind::Missing, root.span(), "`version` is missing"),
            }
            match root.get("updates") {
                Some(list) => {
                    let items = reading.list(list, "`updates`");
                    updates = items
                        .into_iter()
                        .filter_map(|n| update(&mut reading, n))
                        .collect();
                }
                None => reading.problem(ProblemKind::Missing, root.span(), "`updates` is missing"),
            }
            if let Some(node) = root.get("registries").filter(|n| !n.is_null()) {
                registries = read_registries(&mut reading, node);
            }
        }
        let problems = reading.problems;
        Self {
            document,
            version,
            updates,
            registries,
            unknown,
            problems,
        }
    }

    /// The file that was read.
    #[must_use]
    pub fn file(&self) -> &SourceFile {
        self.document.file()
    }

    /// The YAML tree.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// What is wrong with it. GitHub reads no part of a file with an error.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The entries for one ecosystem.
    pub fn of_ecosystem<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s Update> {
        self.updates
            .iter()
            .filter(move |u| u.ecosystem.as_ref().is_some_and(|e| e.value == name))
    }
}

fn update(reading: &mut Reading, node: Node<'_>) -> Option<Update> {
    let node = reading.mapping(node, "an entry of `updates`", &UPDATE_KEYS)?;
    let mut directories = reading.texts_at(node, "directories");
    directories.extend(reading.text_at(node, "directory"));
    let schedule = node.get("schedule").filter(|s| !s.is_null());
    let schedule = schedule.and_then(|s| reading.any_mapping(s, "`schedule`"));
    let registries = node.get("registries").filter(|n| !n.is_null());
    let update = Update {
        ecosystem: reading.text_at(node, "package-ecosystem"),
        interval: schedule.and_then(|s| reading.text_at(s, "interval")),
        cooldown: node.get("cooldown").and_then(|c| cooldown(reading, c)),
        groups: node.get("groups").map_or_else(Vec::new, names),
        insecure_code_execution: reading.text_at(node, "insecure-external-code-execution"),
        registries: registries.map_or_else(Vec::new, |n| match n.as_str() {
            Some(name) => vec![Spanned::new(name.to_owned(), n.span())],
            None => reading.texts(n, "`registries`"),
        }),
        open_pull_requests_limit: reading.count_at(node, "open-pull-requests-limit"),
        target_branch: reading.text_at(node, "target-branch"),
        unknown: unknown_keys(node, &UPDATE_KEYS),
        span: node.span(),
        directories,
    };
    let grouped = node.get("multi-ecosystem-group").is_some();
    for (missing, name) in [
        (update.ecosystem.is_none(), "package-ecosystem"),
        (update.directories.is_empty(), "directory"),
        (update.interval.is_none() && !grouped, "schedule.interval"),
    ] {
        if missing {
            let message = format!("this entry of `updates` lacks `{name}`");
            reading.problem(ProblemKind::Missing, node.span(), message);
        }
    }
    Some(update)
}

fn cooldown(reading: &mut Reading, node: Node<'_>) -> Option<CooldownBlock> {
    let node = reading.mapping(node, "`cooldown`", &COOLDOWN_KEYS)?;
    Some(CooldownBlock {
        default_days: reading.count_at(node, "default-days"),
        major_days: reading.count_at(node, "semver-major-days"),
        minor_days: reading.count_at(node, "semver-minor-days"),
        patch_days: reading.count_at(node, "semver-patch-days"),
        include: reading.texts_at(node, "include"),
        exclude: reading.texts_at(node, "exclude"),
        span: node.span(),
    })
}

fn names(node: Node<'_>) -> Vec<Spanned<String>> {
    let name = |key: Node<'_>| Some(Spanned::new(key.as_str()?.to_owned(), key.span()));
    node.entries().filter_map(|(key, _)| name(key)).collect()
}

fn read_registries(reading: &mut Reading, node: Node<'_>) -> Vec<Registry> {
    let Some(node) = reading.any_mapping(node, "`registries`") else {
        return Vec::new();
    };
    let mut registries = Vec::new();
    for (key, value) in node.entries() {
        let Some(value) = reading.any_mapping(value, "a registry") else {
            continue;
        };
        registries.push(Registry {
            name: Spanned::new(key.as_str().unwrap_or_default().to_owned(), key.span()),
            kind: reading.text_at(value, "type"),
            replaces_base: value.get("replaces-base").and_then(|n| n.as_bool()) == Some(true),
        });
    }
    registries
}

#[cfg(test)]
mod tests {
    #![expect(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "a test fails by panicking"
    )]

    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Dependabot {
        Dependabot::parse(SourceFile::new(PLACES[0], text))
    }

    const REAL: &str = "\
version: 2
registries:
  npm-internal:
    type: npm-registry
    url: https://npm.example.com
    token: ${{secrets.MY_TOKEN}}
    replaces-base: true
updates:
  - package-ecosystem: github-actions
    directory: /
    schedule:
      interval: weekly
    cooldown:
      default-days: 7
    groups:
      actions:
        patterns: ['*']
  - package-ecosystem: npm
    directories:
      - /web
      - '/packages/*'
    schedule: { interval: daily }
    cooldown:
      default-days: 5
      semver-major-days: 30
      semver-patch-days: 2
      exclude: ['@our-org/*']
    registries: '*'
    insecure-external-code-execution: allow
    shiny-new-key: 1
  - package-ecosystem: gomod
    directory: /
    schedule: { interval: daily }
    open-pull-requests-limit: 0
";

    #[test]
    fn a_real_file_is_understood() {
        let parsed = parse(REAL);
        let problems: Vec<_> = parsed
            .problems()
            .iter()
            .map(|p| (p.kind, parsed.file().slice(p.span)))
            .collect();
        assert_eq!(problems, [(ProblemKind::UnknownKey, "shiny-new-key")]);
        assert_eq!(parsed.updates.len(), 3);
        assert!(parsed.registries[0].replaces_base);
        let actions = parsed.of_ecosystem("github-actions").next().unwrap();
        assert_eq!(
            actions.waiting(),
            Waiting {
                days: 7,
                partial: false,
                written: true
            }
        );
        assert!(actions.covers_folder(".github/workflows") && actions.covers_folder(""));
        assert!(!actions.covers_folder(".github/actions/build"));
        assert_eq!(actions.groups[0].value, "actions");
        let npm = &parsed.updates[1];
        assert_eq!(
            npm.waiting(),
            Waiting {
                days: 2,
                partial: true,
                written: true
            }
        );
        assert!(npm.covers_folder("web") && npm.covers_folder("packages/a"));
        assert!(!npm.covers_folder("packages") && !npm.covers_folder("packages/a/b"));
        assert_eq!(npm.insecure_code_execution.as_ref().unwrap().value, "allow");
        assert_eq!(npm.unknown[0].value, "shiny-new-key");
        let go = &parsed.updates[2];
        assert!(!go.updates_versions() && npm.updates_versions());
        assert_eq!(
            go.waiting(),
            Waiting {
                days: 3,
                partial: false,
                written: false
            }
        );
    }

    #[test]
    fn cooldown_counts_what_is_shortest() {
        let waiting = |block: &str| {
            let text = format!(
                "version: 2\nupdates:\n- {{package-ecosystem: npm, directory: /, schedule: {{interval: daily}}, cooldown: {{{block}}}}}\n"
            );
            parse(&text).updates[0].waiting()
        };
        assert_eq!(waiting("default-days: 0").days, 0);
        assert_eq!(waiting("semver-major-days: 9").days, DEFAULT_COOLDOWN_DAYS);
        assert!(!waiting("semver-major-days: 9").written);
        assert!(waiting("default-days: 9, include: [a]").partial);
        assert!(!waiting("default-days: 9, include: ['*']").partial);
    }

    #[test]
    fn what_is_missing_is_named() {
        let kinds = |text: &str| -> Vec<ProblemKind> {
            parse(text).problems().iter().map(|p| p.kind).collect()
        };
        assert_eq!(kinds(""), [ProblemKind::Missing]);
        assert_eq!(
            kinds("version: 1\nupdates: []\n"),
            [ProblemKind::UnknownVersion]
        );
        assert_eq!(kinds("version: 2\n"), [ProblemKind::Missing]);
        assert_eq!(
            kinds("version: 2\nupdates: [{}]\n"),
            [ProblemKind::Missing; 3]
        );
        assert_eq!(
            kinds("version: 2\nupdates: {a: 1}\n"),
            [ProblemKind::WrongType]
        );
        assert!(kinds("version: 2\nupdates: [\n").contains(&ProblemKind::Syntax));
        assert_eq!(kinds("[]"), [ProblemKind::WrongType]);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,200}") {
            for update in &parse(&text).updates {
                let _ = (update.waiting(), update.covers_folder("a/b"));
            }
        }

        #[test]
        fn cut_files_are_read(end in 0..REAL.len()) {
            if let Some(text) = REAL.get(..end) {
                let _ = parse(text);
            }
        }
    }
}
