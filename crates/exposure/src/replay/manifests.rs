//! Packages that come by the project's own dependency files.
//!
//! Those files are searched as text: whether one of them speaks of a package.
//! Which of its versions a job had installed in those days is decided by locks,
//! caches and registries, and is not worked out here.

use cofferdam_datapack::Incident;

use crate::replay::Replay;

/// A dependency file of the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Its path.
    pub path: String,
    /// The ecosystem, as in `npm`.
    pub ecosystem: &'static str,
    /// What it says; `None` where it was not read.
    pub text: Option<String>,
}

/// What the dependency files leave open, each as a sentence.
pub(super) fn of(replay: &Replay<'_>, incident: &Incident) -> Vec<String> {
    let mut open = Vec::new();
    for bad in &incident.packages {
        let Some((ecosystem, name)) = bad.name.split_once('/') else {
            continue;
        };
        let (name, many) = match name.strip_suffix('*') {
            Some(start) => (start, true),
            None => (name, false),
        };
        let files = replay.manifests.iter().filter(|m| m.ecosystem == ecosystem);
        for file in files {
            let Some(text) = &file.text else {
                open.push(format!(
                    "{}: it was not read, and may name {name}",
                    file.path
                ));
                continue;
            };
            if !names(text, name, many) {
                continue;
            }
            let version = bad
                .versions
                .iter()
                .find(|version| beside(text, name, version));
            open.push(match version {
                Some(version) => format!(
                    "{}: it names {name} and the bad version {version}; whether a job installed that is not followed",
                    file.path
                ),
                None => format!(
                    "{}: it names {}; which version a job installed in those days is not followed",
                    file.path, bad.name
                ),
            });
        }
    }
    open.sort();
    open.dedup();
    open
}

/// Whether a text names a package: what stands around the name is no part of one.
fn names(text: &str, name: &str, many: bool) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
    text.match_indices(name).any(|(at, _)| {
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        let after = text.get(at + name.len()..).and_then(|t| t.chars().next());
        let own = text.get(..at).is_some_and(is_own_name);
        let begins =
            !own && !before.is_some_and(part) && (before != Some('/') || node_modules(text, at));
        let ends = many || !after.is_some_and(|c| part(c) && c != '@' || c == '/');
        begins && ends
    })
}

/// Whether a file says its own name here and not that of a dependency.
fn is_own_name(before: &str) -> bool {
    let before = before.trim_end_matches(['"', ' ', '\'']);
    let key = before.strip_suffix([':', '=']).map(str::trim_end);
    key.is_some_and(|key| {
        let key = key.trim_end_matches('"');
        key.strip_suffix("name")
            .is_some_and(|rest| rest.ends_with(['"', '\n', ' ']))
    })
}

/// Whether what stands before a slash is the folder of installed packages.
fn node_modules(text: &str, at: usize) -> bool {
    text.get(..at).is_some_and(|t| t.ends_with("node_modules/"))
}

/// How far behind a name its version stands in a lockfile.
const NEAR: usize = 200;

/// Whether a version stands close behind a name.
fn beside(text: &str, name: &str, version: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let rest = text.get(at + name.len()..).unwrap_or_default();
        let end = rest
            .char_indices()
            .map(|(at, _)| at)
            .take_while(|at| *at <= NEAR);
        let near = rest.get(..end.last().unwrap_or(0)).unwrap_or_default();
        near.match_indices(version).any(|(at, _)| {
            let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit() || c == '.');
            let before = near.get(..at).and_then(|t| t.chars().next_back());
            let after = near
                .get(at + version.len()..)
                .and_then(|t| t.chars().next());
            !digit(before) && !digit(after)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{beside, names};

    #[test]
    fn names_are_told_from_parts_of_names() {
        for (text, name, many, expected) in [
            ("\"nx\": \"^20\"", "nx", false, true),
            ("\"lynx\": \"1\"", "nx", false, false),
            ("\"nx-cloud\": \"1\"", "nx", false, false),
            ("\"@nrwl/nx\": \"1\"", "nx", false, false),
            ("node_modules/nx\": {", "nx", false, true),
            ("  nx@21.5.0:", "nx", false, true),
            ("litellm==1.82.7", "litellm", false, true),
            ("{\n  \"name\": \"cline\",", "cline", false, false),
            ("[project]\nname = \"litellm\"\n", "litellm", false, false),
            ("\"rename\": \"cline\"", "cline", false, true),
            ("\"@tanstack/router\"", "@tanstack/", true, true),
            ("\"@tanstacks/router\"", "@tanstack/", true, false),
        ] {
            assert_eq!(names(text, name, many), expected, "{text}");
        }
    }

    #[test]
    fn versions_stand_close() {
        let text = "\"node_modules/nx\": {\n  \"version\": \"21.7.0\",";
        assert!(beside(text, "nx", "21.7.0"));
        assert!(!beside(text, "nx", "1.7.0"));
        assert!(!beside(
            &format!("nx{}21.7.0", " ".repeat(300)),
            "nx",
            "21.7.0"
        ));
    }
}
