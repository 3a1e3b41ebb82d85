//! Which file of a checkout is which document, told by its path alone.

use super::{contributing, dockerfile, goreleaser, insights, requirements};

/// A kind of file that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// A workflow that GitHub would run.
    Workflow,
    /// An action's metadata.
    Action,
    /// `.github/workflows/actions.lock`.
    ActionsLock,
    /// `.github/cofferdam.lock`.
    CofferdamLock,
    /// `.github/dependabot.yml`.
    Dependabot,
    /// A configuration of Renovate, under any of its names, or the
    /// `package.json` at the root, which may hold one and names the package.
    Renovate,
    /// `Cargo.toml` or `pyproject.toml` at the root, which names the package.
    Manifest,
    /// `requirements*.txt` at the root.
    Requirements,
    /// `CODEOWNERS` in one of its three places.
    CodeOwners,
    /// `SECURITY-INSIGHTS.yml`.
    SecurityInsights,
    /// `SECURITY.md` in one of its places.
    SecurityPolicy,
    /// `CONTRIBUTING.md` in one of its places.
    Contributing,
    /// A Dockerfile or Containerfile.
    Dockerfile,
    /// `.github/ariane-config.yaml`.
    Ariane,
    /// `.github/maintainers-little-helper.yaml`.
    LittleHelper,
    /// `.github/dco.yml`.
    Dco,
    /// A configuration of GoReleaser, under any of its names.
    GoReleaser,
    /// `.pre-commit-config.yaml`, at the root or in a folder of a part.
    PreCommit,
}

/// What the file at a path is, if it is one that is read. Folders that hold
/// other projects' sources are left out: what of them runs here is named by
/// another document, and is read for that reason.
#[must_use]
pub fn kind_of(path: &str) -> Option<FileKind> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let lower = name.to_ascii_lowercase();
    let yaml = lower.ends_with(".yml") || lower.ends_with(".yaml");
    match folder {
        ".github/workflows" if yaml || is_yaml_of_template(&lower) => {
            return Some(FileKind::Workflow);
        }
        ".github/workflows" if name == "actions.lock" => return Some(FileKind::ActionsLock),
        ".github" if name == "cofferdam.lock" => return Some(FileKind::CofferdamLock),
        _ => {}
    }
    if is_foreign(folder) {
        return None;
    }
    if lower == "action.yml" || lower == "action.yaml" {
        return Some(FileKind::Action);
    }
    if insights::is_insights(path) {
        return Some(FileKind::SecurityInsights);
    }
    if contributing::is_contributing(path) {
        return Some(FileKind::Contributing);
    }
    if dockerfile::is_dockerfile(path) {
        return Some(FileKind::Dockerfile);
    }
    if goreleaser::is_goreleaser(path) {
        return Some(FileKind::GoReleaser);
    }
    if name == ".pre-commit-config.yaml" {
        return Some(FileKind::PreCommit);
    }
    let stem = lower
        .rsplit_once('.')
        .map_or(lower.as_str(), |(stem, _)| stem);
    match (folder, stem) {
        (".github", "dependabot") if yaml => Some(FileKind::Dependabot),
        (".github", "ariane-config") if yaml => Some(FileKind::Ariane),
        (".github", "maintainers-little-helper") if yaml => Some(FileKind::LittleHelper),
        (".github", "dco") if yaml => Some(FileKind::Dco),
        ("" | ".github" | ".gitlab" | "docs", _) => root_kind(folder, name, &lower, stem),
        _ => None,
    }
}

fn root_kind(folder: &str, name: &str, lower: &str, stem: &str) -> Option<FileKind> {
    if folder.is_empty() && requirements::is_requirements(name) {
        return Some(FileKind::Requirements);
    }
    if folder.is_empty() && matches!(name, "Cargo.toml" | "pyproject.toml") {
        return Some(FileKind::Manifest);
    }
    if name == "CODEOWNERS" && folder != ".gitlab" {
        return Some(FileKind::CodeOwners);
    }
    if stem == "security"
        && matches!(
            lower,
            "security.md" | "security.rst" | "security.adoc" | "security.txt"
        )
    {
        return Some(FileKind::SecurityPolicy);
    }
    let renovate = matches!(lower, "renovate.json" | "renovate.json5")
        || (folder.is_empty()
            && matches!(
                lower,
                ".renovaterc" | ".renovaterc.json" | ".renovaterc.json5"
            ))
        || (folder.is_empty() && name == "package.json");
    (renovate && folder != "docs").then_some(FileKind::Renovate)
}

/// Whether the file of a template becomes YAML under a condition that stands in
/// its name, as in `{% if test %}ci.yml{% endif %}` of Copier and Cookiecutter.
fn is_yaml_of_template(name: &str) -> bool {
    let bare = name
        .strip_suffix("%}")
        .and_then(|rest| rest.rsplit_once("{%"));
    bare.is_some_and(|(rest, _)| rest.ends_with(".yml") || rest.ends_with(".yaml"))
}

/// Whether a folder holds other projects' sources.
#[must_use]
pub fn is_foreign(folder: &str) -> bool {
    folder.split('/').any(|part| {
        matches!(
            part,
            "node_modules" | "vendor" | "third_party" | "third-party" | ".git" | "bower_components"
        )
    })
}

/// Folders of tests, examples for readers, and pages.
const ASIDE: [&str; 32] = [
    "__fixtures__",
    "__tests__",
    "bench",
    "benches",
    "benchmark",
    "benchmarks",
    "contrib",
    "demo",
    "demos",
    "doc",
    "docs",
    "e2e",
    "e2e-tests",
    "example",
    "examples",
    "fixture",
    "fixtures",
    "integration-tests",
    "playground",
    "sample",
    "samples",
    "spec",
    "template",
    "templates",
    "test",
    "test-data",
    "test_data",
    "testcases",
    "testdata",
    "testing",
    "tests",
    "website",
];

/// Whether a file lies in a folder of tests, examples or pages: what stands
/// there is often broken on purpose, and is not what the project ships.
#[must_use]
pub fn is_aside(path: &str) -> bool {
    let Some((folders, _)) = path.rsplit_once('/') else {
        return false;
    };
    folders.split('/').any(|folder| {
        ASIDE
            .binary_search(&folder.to_ascii_lowercase().as_str())
            .is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_aside_is_told_by_a_folder() {
        assert!(ASIDE.windows(2).all(|pair| matches!(pair, [a, b] if a < b)));
        for name in ASIDE {
            assert!(is_aside(&format!("a/{name}/b")), "{name}");
        }
        assert!(is_aside("Examples/web/Dockerfile"));
        assert!(!is_aside("examples") && !is_aside("src/latest/Dockerfile"));
    }

    #[test]
    fn files_are_told_by_their_path() {
        let cases = [
            (".github/workflows/ci.yml", Some(FileKind::Workflow)),
            (".github/workflows/sub/ci.yml", None),
            (
                ".github/workflows/{% if x %}ci.yml{% endif %}",
                Some(FileKind::Workflow),
            ),
            (".github/workflows/{% if x %}a.md{% endif %}", None),
            (".github/cofferdam.lock", Some(FileKind::CofferdamLock)),
            ("cofferdam.lock", None),
            ("action.yaml", Some(FileKind::Action)),
            ("vendor/x/action.yml", None),
            ("images/app/Dockerfile", Some(FileKind::Dockerfile)),
            ("app.Dockerfile", Some(FileKind::Dockerfile)),
            ("Dockerfile.dockerignore", None),
            ("Dockerfile.alpine", Some(FileKind::Dockerfile)),
            ("docs/CODEOWNERS", Some(FileKind::CodeOwners)),
            (".github/renovate.json5", Some(FileKind::Renovate)),
            ("docs/renovate.json", None),
            ("package.json", Some(FileKind::Renovate)),
            ("web/package.json", None),
            (".github/package.json", None),
            ("SECURITY-INSIGHTS.yml", Some(FileKind::SecurityInsights)),
            (".github/SECURITY.md", Some(FileKind::SecurityPolicy)),
            ("src/security.md", None),
            (".goreleaser.yaml", Some(FileKind::GoReleaser)),
            (".github/workflows/goreleaser.yml", Some(FileKind::Workflow)),
            ("CONTRIBUTING.md", Some(FileKind::Contributing)),
            (".pre-commit-config.yaml", Some(FileKind::PreCommit)),
            ("web/.pre-commit-config.yaml", Some(FileKind::PreCommit)),
            (".pre-commit-hooks.yaml", None),
        ];
        for (path, kind) in cases {
            assert_eq!(kind_of(path), kind, "{path}");
        }
    }
}
