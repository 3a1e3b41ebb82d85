//! Folders whose contents a project keeps but does not ship: tests, examples,
//! documentation.
//!
//! A convention, not a fact: it lowers what a rule says and never silences it.

/// Whether a file lies in such a folder, by the name of any folder above it.
#[must_use]
pub fn is_aside(path: &str) -> bool {
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    folders.split('/').any(is_aside_name)
}

fn is_aside_name(folder: &str) -> bool {
    const NAMES: &[&str] = &[
        "__tests__",
        "demo",
        "demos",
        "docs",
        "e2e",
        "example",
        "examples",
        "fixture",
        "fixtures",
        "integration-tests",
        "sample",
        "samples",
        "spec",
        "test",
        "test-data",
        "testdata",
        "testing",
        "tests",
    ];
    NAMES.iter().any(|name| folder.eq_ignore_ascii_case(name))
        || folder.eq_ignore_ascii_case(".devcontainer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_decide() {
        for aside in [
            "tests/Dockerfile",
            "a/TestData/b/action.yml",
            "crates/x/test-data/y/action.yml",
            ".devcontainer/Dockerfile",
        ] {
            assert!(is_aside(aside), "{aside}");
        }
        for shipped in ["test", "Dockerfile", "attest/action.yml", "src/tests.rs"] {
            assert!(!is_aside(shipped), "{shipped}");
        }
    }
}
