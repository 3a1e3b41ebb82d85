//! Which of a manager's dependencies a package rule means.
//!
//! Source: Renovate documentation, "Configuration Options", `packageRules`,
//! and the pages of the managers for their datasources.

use super::super::json5::Value;

/// How much of a manager's dependencies a rule means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// None.
    None,
    /// Some, or it cannot be told how many.
    Part,
    /// All of the usual ones.
    Whole,
}

/// The first datasource is where the usual dependencies of the manager come
/// from; the others serve the rest.
const DATASOURCES: [(&str, &[&str]); 26] = [
    ("bazel-module", &["bazel", "crate", "docker", "maven"]),
    ("bun", &["npm"]),
    ("bundler", &["rubygems", "ruby-version"]),
    ("cargo", &["crate", "git-refs", "git-tags", "github-tags"]),
    ("composer", &["packagist", "git-tags"]),
    ("devcontainer", &["docker"]),
    ("docker-compose", &["docker"]),
    ("dockerfile", &["docker"]),
    (
        "github-actions",
        &["github-tags", "github-releases", "github-runners", "docker"],
    ),
    ("gomod", &["go", "golang-version"]),
    ("gradle", &["maven"]),
    ("gradle-wrapper", &["gradle-version"]),
    ("helmv3", &["helm", "docker"]),
    ("maven", &["maven"]),
    ("maven-wrapper", &["maven"]),
    ("mix", &["hex"]),
    ("npm", &["npm", "github-tags", "node-version"]),
    ("nuget", &["nuget", "docker", "dotnet-version"]),
    ("pep621", &["pypi", "git-refs"]),
    ("pip-compile", &["pypi"]),
    ("pip_requirements", &["pypi", "git-tags"]),
    ("pipenv", &["pypi"]),
    ("poetry", &["pypi", "git-refs", "git-tags", "github-tags"]),
    ("pub", &["dart", "dart-version", "flutter-version"]),
    ("swift", &["git-tags"]),
    (
        "terraform",
        &["terraform-provider", "terraform-module", "docker", "helm"],
    ),
];

/// Keys that choose dependencies by what is modelled here.
const MODELLED: [&str; 5] = [
    "matchManagers",
    "matchDatasources",
    "matchDepTypes",
    "matchPackageNames",
    "matchUpdateTypes",
];

/// Names that stand for every package.
const EVERYTHING: [&str; 4] = ["*", "**", "/.*/", "/^.*$/"];

/// Kinds of updates to another version.
pub(super) const VERSIONS: [&str; 3] = ["major", "minor", "patch"];

/// Kinds of updates to other contents.
pub(super) const CONTENTS: [&str; 4] = ["digest", "major", "minor", "patch"];

/// How much of `manager` a package rule of a configuration means. A rule for
/// some kinds of updates means all if it names at least the `usual` ones.
pub(super) fn of_rule(rule: &Value, manager: &str, usual: &[&str]) -> Reach {
    let mut reach = of_lists(
        &texts(rule, "matchManagers"),
        &texts(rule, "matchDatasources"),
        &texts(rule, "matchDepTypes"),
        manager,
    );
    let names = texts(rule, "matchPackageNames");
    let everything = names.iter().any(|name| EVERYTHING.contains(name))
        && !names.iter().any(|name| name.starts_with('!'));
    if !names.is_empty() && !everything {
        reach = reach.min(Reach::Part);
    }
    let updates = texts(rule, "matchUpdateTypes");
    if !updates.is_empty() && !usual.iter().all(|update| updates.contains(update)) {
        reach = reach.min(Reach::Part);
    }
    let chooses = |key: &str| {
        (key.starts_with("match") || key.starts_with("exclude")) && !MODELLED.contains(&key)
    };
    // Presets inside of a rule bring matchers along, usually lists of packages.
    let narrowed = rule
        .entries()
        .iter()
        .any(|(key, _)| chooses(&key.value) || key.value == "extends");
    if narrowed {
        reach.min(Reach::Part)
    } else {
        reach
    }
}

/// How much of `manager` these lists mean. An empty list means everything.
pub(super) fn of_lists(
    managers: &[&str],
    datasources: &[&str],
    dep_types: &[&str],
    manager: &str,
) -> Reach {
    let by_manager = of_names(managers, manager);
    let by_source = match DATASOURCES.iter().find(|(name, _)| *name == manager) {
        _ if datasources.is_empty() => Reach::Whole,
        None => Reach::Part,
        Some((_, own)) => match own
            .iter()
            .map(|source| of_names(datasources, source))
            .collect::<Vec<_>>()
        {
            reaches if reaches.first() == Some(&Reach::Whole) => Reach::Whole,
            reaches if reaches.iter().all(|reach| *reach == Reach::None) => Reach::None,
            _ => Reach::Part,
        },
    };
    let by_type = match dep_types {
        [] => Reach::Whole,
        // The type of everything behind `uses:` in a workflow or action.
        types if types.contains(&"action") => {
            if manager == "github-actions" {
                Reach::Whole
            } else {
                Reach::None
            }
        }
        _ => Reach::Part,
    };
    by_manager.min(by_source).min(by_type)
}

/// Lists of names may hold negations and expressions between slashes.
fn of_names(names: &[&str], wanted: &str) -> Reach {
    if names.is_empty() || names.iter().any(|name| EVERYTHING.contains(name)) {
        return Reach::Whole;
    }
    if names
        .iter()
        .any(|name| name.strip_prefix('!') == Some(wanted))
    {
        return Reach::None;
    }
    if names.contains(&wanted)
        || names
            .iter()
            .all(|name| name.starts_with('!') && !name.ends_with('/'))
    {
        return Reach::Whole;
    }
    let pattern = |name: &&str| name.ends_with('/') || name.contains('*');
    if names.iter().any(pattern) {
        Reach::Part
    } else {
        Reach::None
    }
}

/// The texts of a list, or of a single text.
pub(super) fn texts<'v>(value: &'v Value, key: &str) -> Vec<&'v str> {
    let Some(value) = value.get(key) else {
        return Vec::new();
    };
    match value.as_str() {
        Some(text) => vec![text],
        None => value.items().iter().filter_map(Value::as_str).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_reach_as_far_as_they_say() {
        let reach = |managers: &[&str], sources: &[&str], types: &[&str], manager: &str| {
            of_lists(managers, sources, types, manager)
        };
        assert_eq!(reach(&[], &[], &[], "npm"), Reach::Whole);
        assert_eq!(reach(&["npm"], &[], &[], "npm"), Reach::Whole);
        assert_eq!(reach(&["npm"], &[], &[], "gomod"), Reach::None);
        assert_eq!(reach(&["!npm"], &[], &[], "npm"), Reach::None);
        assert_eq!(reach(&["!npm"], &[], &[], "gomod"), Reach::Whole);
        assert_eq!(reach(&["/^go/"], &[], &[], "gomod"), Reach::Part);
        assert_eq!(reach(&[], &["docker"], &[], "dockerfile"), Reach::Whole);
        assert_eq!(reach(&[], &["docker"], &[], "github-actions"), Reach::Part);
        assert_eq!(reach(&[], &["npm"], &[], "cargo"), Reach::None);
        assert_eq!(reach(&[], &["npm"], &[], "some-new-manager"), Reach::Part);
        assert_eq!(reach(&[], &[], &["action"], "github-actions"), Reach::Whole);
        assert_eq!(reach(&[], &[], &["action"], "npm"), Reach::None);
        assert_eq!(reach(&[], &[], &["devDependencies"], "npm"), Reach::Part);
    }
}
