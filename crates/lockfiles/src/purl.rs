//! Package URLs.
//!
//! Source: the package URL specification (ECMA-427) and its list of types.

use std::fmt::Write as _;

use crate::{Ecosystem, Package, Source};

impl Package {
    /// The package URL: the one that the file has, or one put together; `None`
    /// where the ecosystem has no type of its own or the name does not fit the
    /// type.
    #[must_use]
    pub fn purl(&self) -> Option<String> {
        if let Some(written) = &self.written_purl {
            return Some(written.clone());
        }
        let (kind, namespace, name) = self.purl_parts()?;
        if name.is_empty() {
            return None;
        }
        let mut text = format!("pkg:{kind}/");
        for part in namespace.split('/').filter(|part| !part.is_empty()) {
            encode(part, &mut text);
            text.push('/');
        }
        encode(&name, &mut text);
        if let Some(version) = self.version.as_deref().filter(|v| !v.is_empty()) {
            text.push('@');
            encode(version, &mut text);
        }
        let mut qualifiers = self.qualifiers.clone();
        if let Some(distribution) = &self.distribution
            && !qualifiers.iter().any(|(key, _)| key == "distro")
        {
            let value = match &distribution.version {
                Some(version) => format!("{}-{version}", distribution.id),
                None => distribution.id.clone(),
            };
            qualifiers.push(("distro".to_owned(), value));
        }
        if let Some(qualifier) = self.source_qualifier()
            && !qualifiers.iter().any(|(key, _)| *key == qualifier.0)
        {
            qualifiers.push(qualifier);
        }
        qualifiers.sort();
        let mut sign = '?';
        for (key, value) in qualifiers.iter().filter(|(_, value)| !value.is_empty()) {
            text.push(sign);
            text.push_str(key);
            text.push('=');
            encode(value, &mut text);
            sign = '&';
        }
        Some(text)
    }

    /// What the specification wants said of a package that is from no public
    /// registry.
    fn source_qualifier(&self) -> Option<(String, String)> {
        match &self.source {
            Source::Git { url, commit, .. } if self.ecosystem != Ecosystem::GitHubActions => {
                let url = url.strip_prefix("git+").unwrap_or(url);
                let url = match commit {
                    Some(commit) => format!("git+{url}@{commit}"),
                    None => format!("git+{url}"),
                };
                Some(("vcs_url".to_owned(), url))
            }
            Source::Url { url } => Some(("download_url".to_owned(), url.clone())),
            Source::Registry {
                index: Some(index), ..
            } if self.source.is_public_registry(self.ecosystem) == Some(false) => {
                Some(("repository_url".to_owned(), index.clone()))
            }
            _ => None,
        }
    }

    /// Type, namespace and name.
    fn purl_parts(&self) -> Option<(&'static str, String, String)> {
        let cut = |at: Option<(&str, &str)>| match at {
            Some((namespace, name)) => (namespace.to_owned(), name.to_owned()),
            None => (String::new(), self.name.clone()),
        };
        let whole = || (String::new(), self.name.clone());
        let slash = || cut(self.name.rsplit_once('/'));
        let (kind, (namespace, name)) = match self.ecosystem {
            Ecosystem::Go => ("golang", slash()),
            Ecosystem::Cargo => ("cargo", whole()),
            Ecosystem::Npm => ("npm", slash()),
            Ecosystem::PyPi => ("pypi", (String::new(), pypi_name(&self.name))),
            Ecosystem::RubyGems => ("gem", whole()),
            Ecosystem::Packagist => {
                let (vendor, name) = slash();
                let lower = (vendor.to_lowercase(), name.to_lowercase());
                ("composer", lower)
            }
            Ecosystem::Maven => ("maven", cut(self.name.split_once(':'))),
            Ecosystem::NuGet => ("nuget", whole()),
            Ecosystem::Pub => ("pub", whole()),
            Ecosystem::Hex => {
                let (organisation, name) = slash();
                ("hex", (organisation.to_lowercase(), name.to_lowercase()))
            }
            Ecosystem::Swift => ("swift", slash()),
            Ecosystem::CocoaPods => ("cocoapods", whole()),
            Ecosystem::Conan => ("conan", whole()),
            Ecosystem::Hackage => ("hackage", whole()),
            Ecosystem::Cran => ("cran", whole()),
            Ecosystem::Julia => ("julia", whole()),
            Ecosystem::Docker => {
                let (place, name) = slash();
                // The host is a qualifier by the specification, and part of the
                // name here.
                ("docker", (place, name))
            }
            Ecosystem::GitHubActions => {
                let mut parts = self.name.splitn(3, '/');
                let owner = parts.next().unwrap_or_default().to_lowercase();
                let repository = parts.next()?.to_lowercase();
                ("github", (owner, repository))
            }
            Ecosystem::Debian => (
                "deb",
                (self.distributor("debian"), self.name.to_lowercase()),
            ),
            Ecosystem::Alpine => (
                "apk",
                (self.distributor("alpine"), self.name.to_lowercase()),
            ),
            Ecosystem::Rpm => ("rpm", (self.distributor("redhat"), self.name.clone())),
            Ecosystem::Generic => ("generic", whole()),
            Ecosystem::Deno
            | Ecosystem::Nix
            | Ecosystem::Bazel
            | Ecosystem::Terraform
            | Ecosystem::Helm
            | Ecosystem::GitSubmodule => return None,
        };
        Some((kind, namespace, name))
    }

    fn distributor(&self, default: &str) -> String {
        match &self.distribution {
            Some(distribution) if distribution.id == "rhel" => "redhat".to_owned(),
            Some(distribution) => distribution.id.clone(),
            None => default.to_owned(),
        }
    }
}

/// A name of the Python Package Index as it compares names.
/// Source: Python packaging specifications, "Names and normalization".
#[must_use]
pub fn pypi_name(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for character in name.chars() {
        if matches!(character, '-' | '_' | '.') {
            if !text.ends_with('-') {
                text.push('-');
            }
        } else {
            text.extend(character.to_lowercase());
        }
    }
    text
}

/// Everything but letters, digits and `.-_~:` becomes `%XX`.
fn encode(text: &str, into: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'~' | b':') {
            into.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(into, "%{byte:02X}");
        }
    }
}

/// A package URL taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackageUrl {
    /// The type, in lower case.
    pub kind: String,
    /// The parts of the namespace, joined with `/`.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The version.
    pub version: Option<String>,
    /// The qualifiers, in order of the text.
    pub qualifiers: Vec<(String, String)>,
}

impl PackageUrl {
    /// Takes a package URL apart; `None` where it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("pkg:")?.trim_start_matches('/');
        let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (kind, rest) = rest.split_once('/')?;
        let rest = rest.trim_matches('/');
        let (path, version) = match rest.rfind('@') {
            // Of an unencoded scope the `@` stands at the very front.
            Some(at) if at > 0 && !rest.get(at..)?.contains('/') => {
                (rest.get(..at)?, Some(decode(rest.get(at + 1..)?)?))
            }
            _ => (rest, None),
        };
        let mut parts = Vec::new();
        for part in path.split('/').filter(|part| !part.is_empty()) {
            parts.push(decode(part)?);
        }
        let name = parts.pop()?;
        let mut qualifiers = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()).take(64) {
            let (key, value) = pair.split_once('=')?;
            qualifiers.push((key.to_ascii_lowercase(), decode(value)?));
        }
        Some(Self {
            kind: kind.to_ascii_lowercase(),
            namespace: parts.join("/"),
            name,
            version: version.filter(|version| !version.is_empty()),
            qualifiers,
        })
    }

    /// The ecosystem of the type, and the name as [`Package::name`] has it.
    #[must_use]
    pub fn ecosystem(&self) -> (Ecosystem, String) {
        let joined = |sign: &str| {
            if self.namespace.is_empty() {
                self.name.clone()
            } else {
                format!("{}{sign}{}", self.namespace, self.name)
            }
        };
        let name = self.name.clone();
        match self.kind.as_str() {
            "golang" => (Ecosystem::Go, joined("/")),
            "cargo" => (Ecosystem::Cargo, name),
            "npm" => (Ecosystem::Npm, joined("/")),
            "pypi" => (Ecosystem::PyPi, name),
            "gem" => (Ecosystem::RubyGems, name),
            "composer" => (Ecosystem::Packagist, joined("/")),
            "maven" => (Ecosystem::Maven, joined(":")),
            "nuget" => (Ecosystem::NuGet, name),
            "pub" => (Ecosystem::Pub, name),
            "hex" => (Ecosystem::Hex, joined("/")),
            "swift" => (Ecosystem::Swift, joined("/")),
            "cocoapods" => (Ecosystem::CocoaPods, name),
            "conan" => (Ecosystem::Conan, name),
            "hackage" => (Ecosystem::Hackage, name),
            "cran" => (Ecosystem::Cran, name),
            "julia" => (Ecosystem::Julia, name),
            "docker" | "oci" => (Ecosystem::Docker, joined("/")),
            "githubactions" | "github-actions" => (Ecosystem::GitHubActions, joined("/")),
            "deb" => (Ecosystem::Debian, name),
            "apk" => (Ecosystem::Alpine, name),
            "rpm" => (Ecosystem::Rpm, name),
            _ => (Ecosystem::Generic, joined("/")),
        }
    }
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (pair, tail) = rest.split_at_checked(2)?;
        rest = tail;
        let digits = std::str::from_utf8(pair).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use cofferdam_facts::Location;

    use super::*;

    fn package(ecosystem: Ecosystem, name: &str, version: &str) -> Package {
        let place = Location::whole_file("x");
        Package::new(ecosystem, name, Some(version.to_owned()), place)
    }

    #[test]
    fn every_type_is_written_as_specified() {
        use Ecosystem as E;
        let cases = [
            (
                E::Npm,
                "@angular/core",
                "1.0.0",
                "pkg:npm/%40angular/core@1.0.0",
            ),
            (E::Maven, "org.a:b", "1", "pkg:maven/org.a/b@1"),
            (
                E::Go,
                "github.com/a/B",
                "v1.0.0+incompatible",
                "pkg:golang/github.com/a/B@v1.0.0%2Bincompatible",
            ),
            (E::PyPi, "Foo_Bar.baz", "1", "pkg:pypi/foo-bar-baz@1"),
            (
                E::Packagist,
                "Laravel/Framework",
                "1",
                "pkg:composer/laravel/framework@1",
            ),
            (
                E::GitHubActions,
                "Actions/checkout/sub",
                "v4",
                "pkg:github/actions/checkout@v4",
            ),
            (E::Debian, "curl", "1:7-2", "pkg:deb/debian/curl@1:7-2"),
            (E::Generic, "a b\u{1b}", "1", "pkg:generic/a%20b%1B@1"),
        ];
        for (ecosystem, name, version, expected) in cases {
            let purl = package(ecosystem, name, version).purl().unwrap();
            assert_eq!(purl, expected);
            let again = PackageUrl::parse(&purl).unwrap();
            assert_eq!(again.version.as_deref(), Some(version));
        }
        assert_eq!(package(E::Nix, "a", "1").purl(), None);
        assert_eq!(package(E::Npm, "", "1").purl(), None);
    }

    #[test]
    fn taking_apart_gives_the_names_back() {
        for (text, name) in [
            ("pkg:npm/%40angular/core@1.0.0", "@angular/core"),
            ("pkg:npm/@angular/core@1.0.0", "@angular/core"),
            ("pkg:maven/org.a/b@1?type=jar", "org.a:b"),
            ("pkg:golang/github.com/a/b@v1#sub", "github.com/a/b"),
        ] {
            let (_, found) = PackageUrl::parse(text).unwrap().ecosystem();
            assert_eq!(found, name, "{text}");
        }
        for text in [
            "",
            "npm/a",
            "pkg:npm",
            "pkg:npm/",
            "pkg:npm/%4",
            "pkg:npm/%zz",
        ] {
            assert_eq!(PackageUrl::parse(text), None, "{text}");
        }
    }
}
