//! One package as a file names it.

use cofferdam_facts::Location;

use crate::Ecosystem;
use crate::integrity::Integrity;

/// One package as one file names it.
///
/// Every text is as the file has it and therefore foreign: whoever prints one
/// makes it harmless first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Package {
    /// The world of packages.
    pub ecosystem: Ecosystem,
    /// The name that its registry knows. Of npm with its scope (`@a/b`), of Maven
    /// `group:artifact`, of Packagist `vendor/name`, of Go the path of the module.
    pub name: String,
    /// The name by which the project calls it, where that is another one.
    pub alias: Option<String>,
    /// The version that is used; `None` where the file does not fix one.
    pub version: Option<String>,
    /// The range that is asked for, where the file has no version.
    pub requirement: Option<String>,
    /// Where it comes from.
    pub source: Source,
    /// The hashes that the file has of it.
    pub integrity: Vec<Integrity>,
    /// How it stands to the project.
    pub relation: Relation,
    /// What it is needed for.
    pub scope: Scope,
    /// Whether the project also works without it: an optional dependency, an
    /// extra, or one of other platforms.
    pub optional: bool,
    /// The groups, configurations or target frameworks that ask for it, as the
    /// file names them.
    pub groups: Vec<String>,
    /// The condition under which it is installed, as the file writes it.
    pub marker: Option<String>,
    /// The licence, where the file names one, as it writes it.
    pub licence: Option<String>,
    /// Whether it runs code when it is installed, where the file says so.
    pub install_script: Option<bool>,
    /// Whether the file calls it deprecated or withdrawn.
    pub deprecated: bool,
    /// The packages that ask for it, by their place in
    /// [`Document::packages`](crate::Document::packages), in ascending order.
    pub requirers: Vec<usize>,
    /// The distribution that it is a package of.
    pub distribution: Option<Distribution>,
    /// What tells it from others of the same name and version, in a package URL:
    /// architecture, classifier and the like. Sorted by key.
    pub qualifiers: Vec<(String, String)>,
    /// The package URL, where the file itself has one.
    pub written_purl: Option<String>,
    /// The place that names it.
    pub location: Location,
}

impl Package {
    /// A package of which nothing else is known yet.
    pub fn new(
        ecosystem: Ecosystem,
        name: impl Into<String>,
        version: Option<String>,
        location: Location,
    ) -> Self {
        Self {
            ecosystem,
            name: name.into(),
            alias: None,
            version,
            requirement: None,
            source: Source::Unknown,
            integrity: Vec::new(),
            relation: Relation::Unknown,
            scope: Scope::Unknown,
            optional: false,
            groups: Vec::new(),
            marker: None,
            licence: None,
            install_script: None,
            deprecated: false,
            requirers: Vec::new(),
            distribution: None,
            qualifiers: Vec::new(),
            written_purl: None,
            location,
        }
    }

    /// The name by which two packages of the ecosystem are the same one: registries
    /// differ in whether they tell `A` from `a` and `_` from `-`.
    #[must_use]
    pub fn lookup_name(&self) -> String {
        self.ecosystem.lookup_name(&self.name)
    }

    /// The name of its ecosystem in the OSV schema, with the release of a
    /// distribution where OSV has one: `npm`, `Debian:12`, `Alpine:v3.20`.
    #[must_use]
    pub fn osv_ecosystem(&self) -> Option<String> {
        if let Some(name) = self.ecosystem.osv_name() {
            return Some(name.to_owned());
        }
        let distribution = self.distribution.as_ref()?;
        let version = distribution.version.as_deref();
        let two = |version: &str| {
            let mut parts = version.split('.');
            let major = parts.next().unwrap_or_default();
            let minor = parts.next().unwrap_or("0");
            format!("{major}.{minor}")
        };
        let released = |name: &str, version: Option<String>| match version {
            Some(version) => format!("{name}:{version}"),
            None => name.to_owned(),
        };
        let major = || version.map(|v| v.split('.').next().unwrap_or(v).to_owned());
        Some(match distribution.id.as_str() {
            "debian" => released("Debian", major()),
            "ubuntu" => released("Ubuntu", version.map(two)),
            "alpine" => released("Alpine", version.map(|v| format!("v{}", two(v)))),
            "wolfi" => "Wolfi".to_owned(),
            "chainguard" => "Chainguard".to_owned(),
            "rhel" | "redhat" => "Red Hat".to_owned(),
            "rocky" => released("Rocky Linux", major()),
            "almalinux" => released("AlmaLinux", major()),
            _ => return None,
        })
    }
}

/// Where a package comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// A registry.
    Registry {
        /// The address of the registry or index, where the file names it.
        index: Option<String>,
        /// The address of the archive, where the file names it.
        archive: Option<String>,
    },
    /// A git repository.
    Git {
        /// Its address.
        url: String,
        /// The commit that is used.
        commit: Option<String>,
        /// The branch, tag or range that was asked for.
        reference: Option<String>,
    },
    /// An archive or repository at an address of its own, outside of any registry.
    Url {
        /// The address.
        url: String,
    },
    /// A folder or file near the project.
    Path {
        /// The path as the file writes it.
        path: String,
    },
    /// Inside of the archive of the package that requires it.
    Bundled,
    /// The file does not say.
    #[default]
    Unknown,
}

impl Source {
    /// A registry of which the file says no more.
    #[must_use]
    pub fn registry() -> Self {
        Self::Registry {
            index: None,
            archive: None,
        }
    }

    /// The one word for the kind of source.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Registry { .. } => "registry",
            Self::Git { .. } => "git",
            Self::Url { .. } => "url",
            Self::Path { .. } => "path",
            Self::Bundled => "bundled",
            Self::Unknown => "unknown",
        }
    }

    /// The address that names most exactly what is fetched.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        match self {
            Self::Registry { index, archive } => archive.as_deref().or(index.as_deref()),
            Self::Git { url, .. } | Self::Url { url } => Some(url),
            Self::Path { .. } | Self::Bundled | Self::Unknown => None,
        }
    }

    /// The host of [`Self::address`], in lower case, without port and credentials.
    #[must_use]
    pub fn host(&self) -> Option<String> {
        host(self.address()?)
    }

    /// Whether this is the public registry of the ecosystem. `None` where the
    /// file does not say, which is not the same as yes.
    #[must_use]
    pub fn is_public_registry(&self, ecosystem: Ecosystem) -> Option<bool> {
        match self {
            Self::Registry { index, archive } => {
                let mut known = None;
                for address in [index, archive].into_iter().flatten() {
                    let host = host(address)?;
                    let public = public_hosts(ecosystem)?.contains(&host.as_str());
                    known = Some(known.unwrap_or(true) && public);
                }
                known
            }
            Self::Unknown => None,
            Self::Git { .. } | Self::Url { .. } | Self::Path { .. } | Self::Bundled => Some(false),
        }
    }
}

/// The hosts from which the public registry of an ecosystem serves.
fn public_hosts(ecosystem: Ecosystem) -> Option<&'static [&'static str]> {
    Some(match ecosystem {
        Ecosystem::Cargo => &[
            "crates.io",
            "index.crates.io",
            "static.crates.io",
            "github.com",
        ],
        Ecosystem::Npm => &["registry.npmjs.org", "registry.yarnpkg.com"],
        Ecosystem::PyPi => &["pypi.org", "pypi.python.org", "files.pythonhosted.org"],
        Ecosystem::RubyGems => &["rubygems.org", "index.rubygems.org"],
        Ecosystem::Packagist => &["packagist.org", "repo.packagist.org", "api.github.com"],
        Ecosystem::Maven => &["repo.maven.apache.org", "repo1.maven.org"],
        Ecosystem::NuGet => &["api.nuget.org", "www.nuget.org", "nuget.org"],
        Ecosystem::Pub => &["pub.dev", "pub.dartlang.org"],
        Ecosystem::Hex => &["hex.pm", "repo.hex.pm"],
        Ecosystem::Go => &["proxy.golang.org"],
        _ => return None,
    })
}

/// The host of an address, in lower case, without port and credentials.
#[must_use]
pub fn host(address: &str) -> Option<String> {
    let address = address.split_once('+').map_or(address, |(kind, rest)| {
        let is_kind = kind.bytes().all(|byte| byte.is_ascii_alphabetic());
        if is_kind { rest } else { address }
    });
    let (scheme, rest) = address.split_once("://")?;
    if scheme.is_empty()
        || !scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'+')
    {
        return None;
    }
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let authority = rest.get(..end)?;
    let place = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let host = match place.strip_prefix('[') {
        Some(rest) => rest.split(']').next()?,
        None => place.split(':').next()?,
    };
    (!host.is_empty()).then(|| host.to_ascii_lowercase())
}

/// How a package stands to the project.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// It is the project itself, or a member of its workspace.
    Project,
    /// The project asks for it.
    Direct,
    /// Another package asks for it, and the project does not.
    Transitive,
    /// The file does not say.
    #[default]
    Unknown,
}

impl Relation {
    /// The one word that formats use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Direct => "direct",
            Self::Transitive => "transitive",
            Self::Unknown => "unknown",
        }
    }
}

/// What a package is needed for.
///
/// Several formats say nothing of it (`Cargo.lock`, `go.mod`): a gate for what runs
/// has to count [`Self::Unknown`] in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The product runs with it.
    Runtime,
    /// It is needed for building, testing or checking alone.
    Development,
    /// The file does not say.
    #[default]
    Unknown,
}

impl Scope {
    /// The one word that formats use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Runtime => "runtime",
            Self::Development => "development",
            Self::Unknown => "unknown",
        }
    }
}

/// A distribution of an operating system.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Distribution {
    /// `ID` of its `os-release`: `debian`, `alpine`, `rhel`.
    pub id: String,
    /// `VERSION_ID` of its `os-release`.
    pub version: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_and_nothing_else() {
        let cases = [
            (
                "https://registry.npmjs.org/a/-/a-1.tgz",
                Some("registry.npmjs.org"),
            ),
            (
                "registry+https://github.com/rust-lang/x",
                Some("github.com"),
            ),
            ("git+ssh://git@GitHub.com:22/a/b.git#c", Some("github.com")),
            (
                "https://registry.npmjs.org@evil.example/a",
                Some("evil.example"),
            ),
            (
                "https://evil.example\\@registry.npmjs.org/",
                Some("evil.example"),
            ),
            ("https://[::1]:8080/x", Some("::1")),
            ("file:../x", None),
            ("", None),
        ];
        for (address, expected) in cases {
            assert_eq!(host(address).as_deref(), expected, "{address}");
        }
    }

    #[test]
    fn what_is_not_said_is_not_public() {
        let archive = |url: &str| Source::Registry {
            index: None,
            archive: Some(url.to_owned()),
        };
        let npm = Ecosystem::Npm;
        let public = archive("https://registry.npmjs.org/a/-/a-1.tgz");
        assert_eq!(public.is_public_registry(npm), Some(true));
        let other = archive("https://npm.example/a/-/a-1.tgz");
        assert_eq!(other.is_public_registry(npm), Some(false));
        assert_eq!(Source::registry().is_public_registry(npm), None);
        let mixed = Source::Registry {
            index: Some("https://registry.npmjs.org".to_owned()),
            archive: Some("https://npm.example/a".to_owned()),
        };
        assert_eq!(mixed.is_public_registry(npm), Some(false));
    }
}
