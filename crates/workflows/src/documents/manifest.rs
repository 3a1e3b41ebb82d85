//! What a project calls its package: the name under which a registry gets it.
//!
//! Sources: npm, "package.json", `name`; "The Manifest Format" of Cargo,
//! `package.name`; Python Packaging User Guide, "Writing your pyproject.toml",
//! `project.name`. Only the files at the root are read.

use cofferdam_facts::SourceFile;

use super::json5;

/// Longer manifests are not read for a name.
const MAX_BYTES: usize = 1 << 20;

/// Which registry a manifest is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ecosystem {
    /// `package.json`.
    Npm,
    /// `Cargo.toml`.
    Cargo,
    /// `pyproject.toml`.
    Python,
}

/// A manifest of the project.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The file.
    pub file: SourceFile,
    /// The registry.
    pub ecosystem: Ecosystem,
    /// The name of the package, if it is written plainly.
    pub name: Option<String>,
}

/// The registry of the manifest at a path; only those at the root are read.
#[must_use]
pub fn ecosystem(path: &str) -> Option<Ecosystem> {
    match path {
        "package.json" => Some(Ecosystem::Npm),
        "Cargo.toml" => Some(Ecosystem::Cargo),
        "pyproject.toml" => Some(Ecosystem::Python),
        _ => None,
    }
}

impl Manifest {
    /// Reads a manifest; `None` for another file. What is not understood has no
    /// name.
    #[must_use]
    pub fn read(file: &SourceFile) -> Option<Self> {
        let ecosystem = ecosystem(file.path())?;
        let name = match ecosystem {
            _ if file.text().len() > MAX_BYTES => None,
            Ecosystem::Npm => {
                let root = json5::parse(file).ok();
                root.and_then(|root| root.get("name")?.as_str().map(str::to_owned))
            }
            Ecosystem::Cargo => of_table(file.text(), "package"),
            Ecosystem::Python => of_table(file.text(), "project"),
        };
        Some(Self {
            file: file.clone(),
            ecosystem,
            name: name.filter(|name| is_name(name)),
        })
    }
}

/// The plain text behind `name =` in a table of a TOML file.
fn of_table(text: &str, table: &str) -> Option<String> {
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix('[') {
            let head = rest.split(']').next().unwrap_or_default();
            inside = head.trim() == table;
        } else if inside && let Some((key, value)) = line.split_once('=') {
            if key.trim() != "name" {
                continue;
            }
            let value = value.trim();
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            let rest = value.strip_prefix(quote)?;
            return rest.split(quote).next().map(str::to_owned);
        }
    }
    None
}

fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '@');
    !name.is_empty() && name.len() <= 214 && name.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(path: &str, text: &str) -> Option<String> {
        Manifest::read(&SourceFile::new(path, text.to_owned()))?.name
    }

    #[test]
    fn names_are_read_from_their_table_alone() {
        let cargo = "[workspace]\nname = \"no\"\n[package]\nversion = '1'\nname = \"widget\" # x\n";
        assert_eq!(name("Cargo.toml", cargo).as_deref(), Some("widget"));
        let python = "[project]\nname='widget'\n[tool.x]\nname='no'\n";
        assert_eq!(name("pyproject.toml", python).as_deref(), Some("widget"));
        let npm = "{\"name\": \"@acme/widget\"}";
        assert_eq!(name("package.json", npm).as_deref(), Some("@acme/widget"));
        for (path, text) in [
            ("package.json", "{"),
            ("package.json", "{\"name\": 1}"),
            ("Cargo.toml", "[package]\nname.workspace = true\n"),
            ("a/Cargo.toml", cargo),
            ("pyproject.toml", "[project]\nname = \"a b\"\n"),
        ] {
            assert_eq!(name(path, text), None, "{path} {text}");
        }
    }
}
