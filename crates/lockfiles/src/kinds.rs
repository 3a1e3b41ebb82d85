//! Which files name or lock dependencies, told by their path alone.
//!
//! A rule that asks "is there a vulnerability scan for every ecosystem?" first
//! needs to know which ecosystems a repository has. The path is enough for
//! that: every package manager fixes the name of its files.

use std::fmt;

macro_rules! ecosystems {
    ($($(#[$doc:meta])* $variant:ident = $title:literal, osv $osv:expr;)*) => {
        /// A world of packages with one way to name them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Ecosystem { $($(#[$doc])* $variant,)* }

        impl Ecosystem {
            /// Every ecosystem, in the order in which they are shown.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name that people use.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// The name in the OSV schema; `None` where OSV has no such ecosystem.
            #[must_use]
            pub fn osv_name(self) -> Option<&'static str> {
                match self { $(Self::$variant => $osv,)* }
            }
        }
    };
}

ecosystems! {
    /// Go modules.
    Go = "Go", osv Some("Go");
    /// Rust crates.
    Cargo = "Rust", osv Some("crates.io");
    /// JavaScript packages, whichever tool installs them.
    Npm = "JavaScript", osv Some("npm");
    /// Python packages, whichever tool installs them.
    PyPi = "Python", osv Some("PyPI");
    /// Ruby gems.
    RubyGems = "Ruby", osv Some("RubyGems");
    /// PHP packages.
    Packagist = "PHP", osv Some("Packagist");
    /// Java, Kotlin and Scala artifacts.
    Maven = "Java", osv Some("Maven");
    /// .NET packages.
    NuGet = ".NET", osv Some("NuGet");
    /// Dart and Flutter packages.
    Pub = "Dart", osv Some("Pub");
    /// Elixir and Erlang packages.
    Hex = "Elixir", osv Some("Hex");
    /// Swift packages.
    Swift = "Swift", osv Some("SwiftURL");
    /// CocoaPods.
    CocoaPods = "CocoaPods", osv None;
    /// C and C++ packages of Conan.
    Conan = "C and C++ (Conan)", osv Some("ConanCenter");
    /// Haskell packages.
    Hackage = "Haskell", osv Some("Hackage");
    /// R packages.
    Cran = "R", osv Some("CRAN");
    /// Julia packages.
    Julia = "Julia", osv Some("Julia");
    /// Modules and registries that Deno reads.
    Deno = "Deno", osv None;
    /// Flake inputs of Nix.
    Nix = "Nix", osv None;
    /// Bazel modules.
    Bazel = "Bazel", osv None;
    /// Terraform and OpenTofu providers.
    Terraform = "Terraform", osv None;
    /// Helm charts.
    Helm = "Helm", osv None;
    /// Container images that a build starts from.
    Docker = "container images", osv None;
    /// Actions and reusable workflows.
    GitHubActions = "GitHub Actions", osv Some("GitHub Actions");
    /// Git submodules.
    GitSubmodule = "git submodules", osv None;
    /// Packages of Debian and of what is built on it. OSV's name depends on the
    /// distribution.
    Debian = "Debian packages", osv None;
    /// Packages of Alpine and of what is built on it.
    Alpine = "Alpine packages", osv None;
    /// Packages of Red Hat, SUSE and of what is built on them.
    Rpm = "RPM packages", osv None;
    /// What belongs to no world that is known here.
    Generic = "other software", osv None;
}

impl Ecosystem {
    /// The ecosystem of a name of the OSV schema, without a release.
    #[must_use]
    pub fn of_osv(name: &str) -> Option<Self> {
        let has_name = |ecosystem: &Self| ecosystem.osv_name() == Some(name);
        Self::ALL.iter().copied().find(has_name)
    }

    /// The name by which two packages are the same one: registries differ in
    /// whether they tell `A` from `a` and `_` from `-`.
    #[cfg(feature = "packages")]
    #[must_use]
    pub fn lookup_name(self, name: &str) -> String {
        match self {
            Self::PyPi => crate::purl::pypi_name(name),
            Self::NuGet | Self::Packagist | Self::GitHubActions | Self::Hex => name.to_lowercase(),
            _ => name.to_owned(),
        }
    }
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())
    }
}

/// What a file does for the dependencies it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// It says what is wanted.
    Manifest,
    /// It says what exactly is used.
    Lockfile,
    /// It proves or lists what is copied into the repository or downloaded.
    Vendor,
}

/// One kind of dependency file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The world of packages.
    pub ecosystem: Ecosystem,
    /// The name of the kind, as its own documentation writes it.
    pub name: &'static str,
    /// What the file does.
    pub role: Role,
    /// The values of Dependabot's `package-ecosystem` that update it; empty
    /// where Dependabot does not know it. Source: GitHub, "Dependabot supported
    /// ecosystems and repositories".
    pub dependabot: &'static [&'static str],
    /// The Renovate managers that update it; empty where there is none.
    /// Source: Renovate documentation, "Managers".
    pub renovate: &'static [&'static str],
}

/// How the path of a kind is recognised.
enum Shape {
    /// The last part of the path is this.
    Name(&'static str),
    /// The last part of the path starts and ends so, with anything between.
    Around(&'static str, &'static str),
    /// The path is this, or ends with a slash and this.
    Tail(&'static str),
    /// The path lies in this folder and ends so.
    In(&'static str, &'static str),
}

impl Shape {
    fn matches(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        match self {
            Self::Name(wanted) => name == *wanted,
            Self::Around(start, end) => {
                name.len() >= start.len() + end.len()
                    && name.starts_with(start)
                    && name.ends_with(end)
            }
            Self::Tail(tail) => path
                .strip_suffix(tail)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('/')),
            Self::In(folder, end) => path.strip_prefix(folder).is_some_and(|rest| {
                !rest.contains('/') && rest.len() > end.len() && rest.ends_with(end)
            }),
        }
    }
}

macro_rules! kinds {
    ($($shape:expr => $ecosystem:ident $role:ident $name:literal
        by [$($bot:literal),*] and [$($manager:literal),*];)*) => {
        const KINDS: &[(Shape, Kind)] = &[$((
            $shape,
            Kind {
                ecosystem: Ecosystem::$ecosystem,
                name: $name,
                role: Role::$role,
                dependabot: &[$($bot),*],
                renovate: &[$($manager),*],
            },
        ),)*];
    };
}

use Shape::{Around, In, Name, Tail};

// Where two shapes fit one path, the first line wins.
kinds! {
    Name("go.mod") => Go Manifest "go.mod" by ["gomod"] and ["gomod"];
    Name("go.sum") => Go Lockfile "go.sum" by ["gomod"] and ["gomod"];
    Name("go.work") => Go Manifest "go.work" by ["gomod"] and ["gomod"];
    Name("go.work.sum") => Go Lockfile "go.work.sum" by ["gomod"] and ["gomod"];
    Tail("vendor/modules.txt") => Go Vendor "vendor/modules.txt" by ["gomod"] and ["gomod"];

    Name("Cargo.toml") => Cargo Manifest "Cargo.toml" by ["cargo"] and ["cargo"];
    Name("Cargo.lock") => Cargo Lockfile "Cargo.lock" by ["cargo"] and ["cargo"];

    Name("package.json") => Npm Manifest "package.json" by ["npm", "bun"] and ["npm", "bun"];
    Name("package-lock.json") => Npm Lockfile "package-lock.json" by ["npm"] and ["npm"];
    Name("npm-shrinkwrap.json") => Npm Lockfile "npm-shrinkwrap.json" by ["npm"] and ["npm"];
    Name("yarn.lock") => Npm Lockfile "yarn.lock" by ["npm"] and ["npm"];
    Name("pnpm-lock.yaml") => Npm Lockfile "pnpm-lock.yaml" by ["npm"] and ["npm"];
    Name("bun.lock") => Npm Lockfile "bun.lock" by ["bun"] and ["bun"];
    Name("bun.lockb") => Npm Lockfile "bun.lockb" by [] and ["bun"];

    Name("pyproject.toml") => PyPi Manifest "pyproject.toml" by ["pip", "uv"] and ["pep621", "poetry"];
    Name("setup.py") => PyPi Manifest "setup.py" by ["pip"] and ["pip_setup"];
    Name("setup.cfg") => PyPi Manifest "setup.cfg" by ["pip"] and ["setup-cfg"];
    Name("Pipfile") => PyPi Manifest "Pipfile" by ["pip"] and ["pipenv"];
    Name("Pipfile.lock") => PyPi Lockfile "Pipfile.lock" by ["pip"] and ["pipenv"];
    Name("poetry.lock") => PyPi Lockfile "poetry.lock" by ["pip"] and ["poetry"];
    Name("uv.lock") => PyPi Lockfile "uv.lock" by ["uv"] and ["pep621"];
    Name("pdm.lock") => PyPi Lockfile "pdm.lock" by [] and ["pep621"];
    Name("pylock.toml") => PyPi Lockfile "pylock.toml" by [] and [];
    Around("pylock.", ".toml") => PyPi Lockfile "pylock.toml" by [] and [];
    Around("requirements", ".in") => PyPi Manifest "requirements.in" by ["pip"] and ["pip-compile"];
    Around("requirements", ".txt") => PyPi Manifest "requirements.txt" by ["pip"] and ["pip_requirements", "pip-compile"];
    Around("", "-requirements.txt") => PyPi Manifest "requirements.txt" by ["pip"] and ["pip_requirements"];
    Around("", "_requirements.txt") => PyPi Manifest "requirements.txt" by ["pip"] and [];

    Name("Gemfile") => RubyGems Manifest "Gemfile" by ["bundler"] and ["bundler"];
    Name("gems.rb") => RubyGems Manifest "gems.rb" by ["bundler"] and ["bundler"];
    Name("Gemfile.lock") => RubyGems Lockfile "Gemfile.lock" by ["bundler"] and ["bundler"];
    Name("gems.locked") => RubyGems Lockfile "gems.locked" by ["bundler"] and ["bundler"];
    Around("", ".gemspec") => RubyGems Manifest "gemspec" by ["bundler"] and [];

    Name("composer.json") => Packagist Manifest "composer.json" by ["composer"] and ["composer"];
    Name("composer.lock") => Packagist Lockfile "composer.lock" by ["composer"] and ["composer"];

    Name("pom.xml") => Maven Manifest "pom.xml" by ["maven"] and ["maven"];
    Name("build.gradle") => Maven Manifest "build.gradle" by ["gradle"] and ["gradle"];
    Name("build.gradle.kts") => Maven Manifest "build.gradle.kts" by ["gradle"] and ["gradle"];
    Tail("gradle/libs.versions.toml") => Maven Manifest "libs.versions.toml" by ["gradle"] and ["gradle"];
    Name("gradle.lockfile") => Maven Lockfile "gradle.lockfile" by [] and ["gradle"];
    Name("buildscript-gradle.lockfile") => Maven Lockfile "gradle.lockfile" by [] and ["gradle"];
    Tail("gradle/verification-metadata.xml") => Maven Vendor "verification-metadata.xml" by [] and ["gradle"];
    Tail("gradle/wrapper/gradle-wrapper.properties") => Maven Manifest "gradle-wrapper.properties" by ["gradle"] and ["gradle-wrapper"];
    Name("build.sbt") => Maven Manifest "build.sbt" by [] and ["sbt"];

    Name("packages.lock.json") => NuGet Lockfile "packages.lock.json" by ["nuget"] and ["nuget"];
    Name("packages.config") => NuGet Manifest "packages.config" by ["nuget"] and [];
    Name("Directory.Packages.props") => NuGet Manifest "Directory.Packages.props" by ["nuget"] and ["nuget"];
    Around("", ".csproj") => NuGet Manifest "csproj" by ["nuget"] and ["nuget"];
    Around("", ".fsproj") => NuGet Manifest "fsproj" by ["nuget"] and ["nuget"];
    Around("", ".vbproj") => NuGet Manifest "vbproj" by ["nuget"] and ["nuget"];

    Name("pubspec.yaml") => Pub Manifest "pubspec.yaml" by ["pub"] and ["pub"];
    Name("pubspec.lock") => Pub Lockfile "pubspec.lock" by ["pub"] and ["pub"];
    Name("mix.exs") => Hex Manifest "mix.exs" by ["mix"] and ["mix"];
    Name("mix.lock") => Hex Lockfile "mix.lock" by ["mix"] and ["mix"];
    Name("rebar.config") => Hex Manifest "rebar.config" by [] and [];
    Name("rebar.lock") => Hex Lockfile "rebar.lock" by [] and [];
    Name("gleam.toml") => Hex Manifest "gleam.toml" by [] and ["gleam"];

    Name("Package.swift") => Swift Manifest "Package.swift" by ["swift"] and ["swift"];
    Name("Package.resolved") => Swift Lockfile "Package.resolved" by ["swift"] and ["swift"];
    Name("Podfile") => CocoaPods Manifest "Podfile" by [] and ["cocoapods"];
    Name("Podfile.lock") => CocoaPods Lockfile "Podfile.lock" by [] and ["cocoapods"];
    Name("conanfile.txt") => Conan Manifest "conanfile.txt" by [] and ["conan"];
    Name("conanfile.py") => Conan Manifest "conanfile.py" by [] and ["conan"];
    Name("conan.lock") => Conan Lockfile "conan.lock" by [] and [];
    Around("", ".cabal") => Hackage Manifest "cabal" by [] and ["haskell-cabal"];
    Name("cabal.project.freeze") => Hackage Lockfile "cabal.project.freeze" by [] and [];
    Name("stack.yaml.lock") => Hackage Lockfile "stack.yaml.lock" by [] and [];
    Name("renv.lock") => Cran Lockfile "renv.lock" by [] and ["renv"];
    Name("Project.toml") => Julia Manifest "Project.toml" by ["julia"] and [];
    Name("Manifest.toml") => Julia Lockfile "Manifest.toml" by ["julia"] and [];
    Name("deno.json") => Deno Manifest "deno.json" by [] and ["deno"];
    Name("deno.jsonc") => Deno Manifest "deno.jsonc" by [] and ["deno"];
    Name("deno.lock") => Deno Lockfile "deno.lock" by [] and ["deno"];
    Name("flake.nix") => Nix Manifest "flake.nix" by ["nix"] and ["nix"];
    Name("flake.lock") => Nix Lockfile "flake.lock" by ["nix"] and ["nix"];
    Name("MODULE.bazel") => Bazel Manifest "MODULE.bazel" by ["bazel"] and ["bazel-module"];
    Name("MODULE.bazel.lock") => Bazel Lockfile "MODULE.bazel.lock" by ["bazel"] and ["bazel-module"];
    Name(".terraform.lock.hcl") => Terraform Lockfile ".terraform.lock.hcl" by ["terraform"] and ["terraform"];
    Name("Chart.yaml") => Helm Manifest "Chart.yaml" by ["helm"] and ["helmv3"];
    Name("Chart.lock") => Helm Lockfile "Chart.lock" by [] and ["helmv3"];
    Name(".gitmodules") => GitSubmodule Manifest ".gitmodules" by ["gitsubmodule"] and ["git-submodules"];

    Name("Dockerfile") => Docker Manifest "Dockerfile" by ["docker"] and ["dockerfile"];
    Name("Containerfile") => Docker Manifest "Containerfile" by ["docker"] and ["dockerfile"];
    Around("Dockerfile.", "") => Docker Manifest "Dockerfile" by ["docker"] and ["dockerfile"];
    Around("Containerfile.", "") => Docker Manifest "Containerfile" by ["docker"] and ["dockerfile"];
    Around("", ".Dockerfile") => Docker Manifest "Dockerfile" by ["docker"] and ["dockerfile"];
    Around("", ".dockerfile") => Docker Manifest "Dockerfile" by ["docker"] and ["dockerfile"];
    Around("", ".Containerfile") => Docker Manifest "Containerfile" by ["docker"] and ["dockerfile"];

    Tail(".github/workflows/actions.lock") => GitHubActions Lockfile "actions.lock" by ["github-actions"] and ["github-actions"];
    In(".github/workflows/", ".yml") => GitHubActions Manifest "workflow" by ["github-actions"] and ["github-actions"];
    In(".github/workflows/", ".yaml") => GitHubActions Manifest "workflow" by ["github-actions"] and ["github-actions"];
    Name("action.yml") => GitHubActions Manifest "action" by ["github-actions"] and ["github-actions"];
    Name("action.yaml") => GitHubActions Manifest "action" by ["github-actions"] and ["github-actions"];
}

/// The kind of dependency file that stands at `path` (relative to the root of
/// the checkout, `/` between the parts), or `None`.
///
/// The path alone decides; whether the file belongs to the project itself or
/// came with a copied dependency is told by [`is_copied`].
#[must_use]
pub fn kind_of(path: &str) -> Option<Kind> {
    let kind = KINDS
        .iter()
        .find(|(shape, _)| shape.matches(path))
        .map(|(_, kind)| *kind)?;
    let extension = path
        .rsplit('/')
        .next()?
        .rsplit_once('.')
        .map_or("", |(_, end)| end);
    let about_images = NOT_DOCKERFILES.contains(&extension);
    (kind.ecosystem != Ecosystem::Docker || !about_images).then_some(kind)
}

/// Extensions of files about Dockerfiles, or from which Dockerfiles are made.
const NOT_DOCKERFILES: [&str; 10] = [
    "dockerignore",
    "erb",
    "go",
    "j2",
    "json",
    "md",
    "py",
    "template",
    "tmpl",
    "tpl",
];

/// Whether `path` lies in a folder that package managers fill with other
/// people's code, so that a manifest there says nothing about this project.
///
/// `vendor/modules.txt` itself is the project's own statement.
#[must_use]
pub fn is_copied(path: &str) -> bool {
    if path == "vendor/modules.txt" || path.ends_with("/vendor/modules.txt") {
        let folder = path.strip_suffix("vendor/modules.txt").unwrap_or_default();
        return folder.split('/').any(is_copy_folder);
    }
    let Some((folders, _)) = path.rsplit_once('/') else {
        return false;
    };
    folders.split('/').any(is_copy_folder)
}

fn is_copy_folder(name: &str) -> bool {
    matches!(
        name,
        "vendor"
            | "node_modules"
            | "bower_components"
            | "site-packages"
            | ".venv"
            | "Pods"
            | ".yarn"
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn named(path: &str) -> Option<(Ecosystem, Role)> {
        kind_of(path).map(|kind| (kind.ecosystem, kind.role))
    }

    #[test]
    fn every_kind_is_found_at_the_root_and_deeper() {
        use Ecosystem as E;
        use Role::{Lockfile, Manifest, Vendor};
        let cases = [
            ("go.mod", E::Go, Manifest),
            ("go.sum", E::Go, Lockfile),
            ("vendor/modules.txt", E::Go, Vendor),
            ("Cargo.lock", E::Cargo, Lockfile),
            ("package-lock.json", E::Npm, Lockfile),
            ("npm-shrinkwrap.json", E::Npm, Lockfile),
            ("yarn.lock", E::Npm, Lockfile),
            ("pnpm-lock.yaml", E::Npm, Lockfile),
            ("bun.lock", E::Npm, Lockfile),
            ("poetry.lock", E::PyPi, Lockfile),
            ("uv.lock", E::PyPi, Lockfile),
            ("pdm.lock", E::PyPi, Lockfile),
            ("pylock.toml", E::PyPi, Lockfile),
            ("pylock.dev.toml", E::PyPi, Lockfile),
            ("Pipfile.lock", E::PyPi, Lockfile),
            ("requirements.txt", E::PyPi, Manifest),
            ("requirements-dev.txt", E::PyPi, Manifest),
            ("test-requirements.txt", E::PyPi, Manifest),
            ("Gemfile.lock", E::RubyGems, Lockfile),
            ("composer.lock", E::Packagist, Lockfile),
            ("gradle.lockfile", E::Maven, Lockfile),
            ("gradle/verification-metadata.xml", E::Maven, Vendor),
            ("pom.xml", E::Maven, Manifest),
            ("packages.lock.json", E::NuGet, Lockfile),
            ("App.csproj", E::NuGet, Manifest),
            ("pubspec.lock", E::Pub, Lockfile),
            ("mix.lock", E::Hex, Lockfile),
            ("Dockerfile.alpine", E::Docker, Manifest),
            ("build.Dockerfile", E::Docker, Manifest),
            ("Containerfile", E::Docker, Manifest),
            ("action.yml", E::GitHubActions, Manifest),
        ];
        for (path, ecosystem, role) in cases {
            assert_eq!(named(path), Some((ecosystem, role)), "{path}");
            let deeper = format!("services/api/{path}");
            assert_eq!(named(&deeper), Some((ecosystem, role)), "{deeper}");
        }
        assert_eq!(
            named(".github/workflows/ci.yml"),
            Some((E::GitHubActions, Manifest))
        );
        assert_eq!(
            named(".github/workflows/actions.lock"),
            Some((E::GitHubActions, Lockfile))
        );
    }

    #[test]
    fn near_misses_are_no_kind() {
        for path in [
            "go.mod.bak",
            "modules.txt",
            "myvendor/modules.txt",
            "cargo.lock",
            "requirements.md",
            "pylock.md",
            "verification-metadata.xml",
            "docs/Dockerfile/README.md",
            "Dockerfile.dockerignore",
            "Dockerfile2",
            "Dockerfile.tmpl",
            "Dockerfile.md",
            ".github/workflows/nested/ci.yml",
            "sub/.github/workflows/ci.yml",
            ".github/workflows/.yml",
            "",
            "/",
        ] {
            assert_eq!(kind_of(path), None, "{path}");
        }
    }

    #[test]
    fn copied_dependencies_are_told_apart() {
        assert!(is_copied("vendor/github.com/x/y/go.mod"));
        assert!(is_copied("web/node_modules/left-pad/package.json"));
        assert!(!is_copied("vendor/modules.txt"));
        assert!(!is_copied("api/vendor/modules.txt"));
        assert!(is_copied("vendor/github.com/x/vendor/modules.txt"));
        assert!(!is_copied("vendored/go.mod"));
        assert!(!is_copied("go.mod"));
    }

    #[test]
    fn names_of_ecosystems_are_unique() {
        let mut titles: Vec<_> = Ecosystem::ALL.iter().map(|e| e.title()).collect();
        titles.sort_unstable();
        titles.dedup();
        assert_eq!(titles.len(), Ecosystem::ALL.len());
    }

    proptest! {
        #[test]
        fn any_path_is_answered(path in "\\PC{0,80}") {
            let _ = kind_of(&path);
            let _ = is_copied(&path);
        }
    }
}
