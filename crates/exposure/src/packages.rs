//! The packages that a command installs by name, by ecosystem.

use cofferdam_workflows::Repository;
use cofferdam_workflows::semantics::installs::{self, Loose};
use cofferdam_workflows::shell::Command;

/// One package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// `ecosystem/name`.
    pub name: String,
    /// What installs it, as it is written.
    pub by: String,
    /// Whether it is the same until somebody changes what names it.
    pub fixed: bool,
}

/// The packages that a command installs by name.
#[must_use]
pub fn of_command(command: &Command, repository: &Repository) -> Vec<Package> {
    let mut found: Vec<Package> = installs::named(command)
        .into_iter()
        .map(|install| {
            let name = named(install.by, &install.package);
            let exact = matches!(install.loose, Loose::Exact | Loose::Dependencies);
            Package {
                by: format!("{} {}", install.by, install.package),
                // PyPI takes new files for an old version.
                fixed: exact && !name.starts_with("pypi/"),
                name,
            }
        })
        .collect();
    found.extend(of_system(command));
    found.extend(of_requirements(command, repository));
    found
}

// `pip install -r requirements.txt`
fn of_requirements(command: &Command, repository: &Repository) -> Vec<Package> {
    let (program, args) = command.effective();
    let words: Vec<&str> = args.iter().map(|word| word.text.as_str()).collect();
    let pip = match program.file_name() {
        Some("pip" | "pip3" | "pipx") => true,
        Some("python" | "python3" | "uv") => words.contains(&"pip"),
        _ => false,
    };
    if !pip || !words.contains(&"install") {
        return Vec::new();
    }
    let mut found = Vec::new();
    for pair in words.windows(2) {
        let [option, path] = pair else { continue };
        if !matches!(*option, "-r" | "--requirement") {
            continue;
        }
        let path = path.trim_start_matches("./");
        let lists = repository.requirements.iter();
        for list in lists.filter(|list| list.file.path() == path) {
            found.extend(list.packages.iter().map(|package| Package {
                name: format!("pypi/{}", package.name.to_ascii_lowercase()),
                by: format!("pip install -r {path}"),
                fixed: package.hashed,
            }));
        }
    }
    found
}

// A distribution's packages come in the newest version of its release.
fn of_system(command: &Command) -> Vec<Package> {
    let (program, args) = command.effective();
    let (ecosystem, verb) = match program.file_name() {
        Some("apt" | "apt-get") => ("apt", "install"),
        Some("apk") => ("apk", "add"),
        Some("dnf" | "yum") => ("rpm", "install"),
        Some("brew") => ("brew", "install"),
        _ => return Vec::new(),
    };
    let mut words = args.iter().skip_while(|word| word.text != verb).skip(1);
    let mut found = Vec::new();
    while let Some(word) = words.next() {
        let text = word.text.as_str();
        if matches!(
            text,
            "-o" | "-t" | "-c" | "-a" | "--option" | "--target-release"
        ) {
            words.next();
            continue;
        }
        if text.starts_with('-') || text.contains(['/', '$']) || text.is_empty() {
            continue;
        }
        let (name, version) = text.split_once('=').unwrap_or((text, ""));
        found.push(Package {
            name: format!("{ecosystem}/{name}"),
            by: format!("{ecosystem} {verb} {text}"),
            fixed: !version.is_empty(),
        });
    }
    found
}

/// `ecosystem/name` of a package as a command writes it.
fn named(by: &str, package: &str) -> String {
    let (ecosystem, marks): (&str, &[char]) = match by.split(' ').next().unwrap_or(by) {
        "npm" | "npx" | "yarn" | "pnpm" | "bun" | "bunx" => ("npm", &['@']),
        "pip" | "pipx" | "uv" | "uvx" => ("pypi", &['=', '<', '>', '~', '!', '[', ';', ' ']),
        "cargo" => ("cargo", &['@']),
        "go" => ("go", &['@']),
        "gem" => ("gem", &[':']),
        "composer" => ("composer", &[':']),
        "dotnet" => ("nuget", &['@']),
        "choco" => ("choco", &['@']),
        "gh" => ("gh", &['@']),
        other => (other, &['@']),
    };
    // The scope of an npm package starts with the mark.
    let from = usize::from(package.starts_with('@'));
    let end = package
        .char_indices()
        .skip(from)
        .find(|(_, c)| marks.contains(c))
        .map_or(package.len(), |(at, _)| at);
    let name = package.get(..end).unwrap_or(package);
    format!("{ecosystem}/{}", name.trim())
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn versions_are_no_part_of_a_name() {
        for (by, package, name) in [
            ("npm install", "eslint", "npm/eslint"),
            ("npx", "@scope/tool@^2", "npm/@scope/tool"),
            ("pip install", "black>=24", "pypi/black"),
            ("pip install", "x[y]==1", "pypi/x"),
            ("uv tool", "ruff", "pypi/ruff"),
            (
                "go install",
                "example.com/x/cmd/y@latest",
                "go/example.com/x/cmd/y",
            ),
            ("cargo install", "cross@0.2", "cargo/cross"),
        ] {
            assert_eq!(named(by, package), name);
        }
    }
}
