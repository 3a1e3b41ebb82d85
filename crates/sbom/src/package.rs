//! One package, as the document names it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $word:literal;)*) => {
        /// Which kind of package it is: the type of its package URL.
        ///
        /// Source: package-url/purl-spec, "PURL-TYPES".
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $($(#[$doc])* $variant,)* }

        impl Kind {
            /// The type in a package URL.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The kind with a type.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

kinds! {
    /// A package of Alpine.
    Apk = "apk";
    /// A crate.
    Cargo = "cargo";
    /// A pod.
    Cocoapods = "cocoapods";
    /// A PHP package.
    Composer = "composer";
    /// A C or C++ package of Conan.
    Conan = "conan";
    /// An R package.
    Cran = "cran";
    /// A package of Debian and what comes from it.
    Deb = "deb";
    /// A container image that a workflow names.
    Docker = "docker";
    /// A Ruby gem.
    Gem = "gem";
    /// Something of no ecosystem.
    Generic = "generic";
    /// An action or reusable workflow.
    Github = "github";
    /// A Go module, or the standard library.
    Golang = "golang";
    /// A Haskell package.
    Hackage = "hackage";
    /// A chart.
    Helm = "helm";
    /// An Erlang or Elixir package.
    Hex = "hex";
    /// A Julia package.
    Julia = "julia";
    /// A Java artifact.
    Maven = "maven";
    /// A Node.js package.
    Npm = "npm";
    /// A .NET package.
    Nuget = "nuget";
    /// A Dart package.
    Pub = "pub";
    /// A Python package.
    Pypi = "pypi";
    /// An RPM package.
    Rpm = "rpm";
    /// A Swift package.
    Swift = "swift";
}

impl Kind {
    /// Whether a distribution's name belongs into the package URL.
    #[must_use]
    pub fn of_distribution(self) -> bool {
        matches!(self, Self::Apk | Self::Deb | Self::Rpm)
    }
}

/// A checksum of what a package was made from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Checksum {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// The digest in lower-case hexadecimal.
    pub hex: String,
}

/// Algorithms that both formats know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// One package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Which kind.
    pub kind: Kind,
    /// What stands before the name in a package URL: a Maven group, an npm
    /// scope, a distribution.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
    /// The version, where it is known.
    pub version: Option<String>,
    /// Qualifiers of the package URL.
    pub qualifiers: BTreeMap<Cow<'static, str>, String>,
    /// A path inside of the package.
    pub subpath: Option<String>,
    /// Licences as the package declares them.
    pub licences: Vec<String>,
    /// Checksums of what it was made from.
    pub checksums: Vec<Checksum>,
    /// Who supplies it.
    pub supplier: Option<String>,
    /// Where it comes from.
    pub download: Option<String>,
    /// Whether it is needed for building and testing alone.
    pub development: bool,
}

impl Package {
    /// A package with a name and a version; an empty version is none.
    #[must_use]
    pub fn new(kind: Kind, name: impl Into<String>, version: impl Into<String>) -> Self {
        let version = version.into();
        Self {
            kind,
            namespace: None,
            name: name.into(),
            version: Some(version).filter(|version| !version.is_empty()),
            qualifiers: BTreeMap::new(),
            subpath: None,
            licences: Vec::new(),
            checksums: Vec::new(),
            supplier: None,
            download: None,
            development: false,
        }
    }

    /// With a namespace; an empty one is none.
    #[must_use]
    pub fn within(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into()).filter(|text| !text.is_empty());
        self
    }

    /// With a qualifier; an empty one is none.
    #[must_use]
    pub fn qualified(mut self, key: &'static str, value: impl Into<String>) -> Self {
        let value = value.into();
        if !value.is_empty() {
            self.qualifiers.insert(Cow::Borrowed(key), value);
        }
        self
    }

    /// With a licence; an empty one is none.
    #[must_use]
    pub fn licensed(mut self, licence: impl Into<String>) -> Self {
        let licence = licence.into();
        if !licence.trim().is_empty() {
            self.licences.push(licence);
        }
        self
    }

    /// The name as people write it: with the scope of npm, the whole path of Go.
    #[must_use]
    pub fn display_name(&self) -> String {
        match (&self.namespace, self.kind) {
            (Some(space), Kind::Npm | Kind::Golang | Kind::Github | Kind::Composer) => {
                let mut text = format!("{space}/{}", self.name);
                if let Some(path) = &self.subpath {
                    text.extend(["/", path]);
                }
                text
            }
            _ => self.name.clone(),
        }
    }

    /// The package URL.
    ///
    /// Source: package-url/purl-spec, "Package URL specification v1.0.X".
    #[must_use]
    pub fn purl(&self) -> String {
        let mut out = String::with_capacity(64);
        out.extend(["pkg:", self.kind.word(), "/"]);
        if let Some(space) = &self.namespace {
            for part in space.split('/').filter(|part| !part.is_empty()) {
                encode(&mut out, part);
                out.push('/');
            }
        }
        encode(&mut out, &self.name);
        if let Some(version) = &self.version {
            out.push('@');
            encode(&mut out, version);
        }
        let mut sign = '?';
        for (key, value) in &self.qualifiers {
            out.push(sign);
            out.extend([key, "="]);
            encode(&mut out, value);
            sign = '&';
        }
        if let Some(path) = &self.subpath {
            let mut sign = '#';
            let parts = path.split('/');
            for part in parts.filter(|part| !matches!(*part, "" | "." | "..")) {
                out.push(sign);
                encode(&mut out, part);
                sign = '/';
            }
        }
        out
    }
}

/// Percent-encodes everything but letters, digits and `.-_~:`.
fn encode(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'~' | b':' => {
                out.push(char::from(byte));
            }
            other => {
                // Writing to a string cannot fail.
                let _ = write!(out, "%{other:02X}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_urls_are_those_of_the_specification() {
        let deb = Package::new(Kind::Deb, "libstdc++6", "1:12.2.0-14+deb12u1")
            .within("debian")
            .qualified("arch", "amd64")
            .qualified("distro", "debian-12");
        assert_eq!(
            deb.purl(),
            "pkg:deb/debian/libstdc%2B%2B6@1:12.2.0-14%2Bdeb12u1?arch=amd64&distro=debian-12"
        );
        let npm = Package::new(Kind::Npm, "plot", "0.6.9").within("@observablehq");
        assert_eq!(npm.purl(), "pkg:npm/%40observablehq/plot@0.6.9");
        assert_eq!(npm.display_name(), "@observablehq/plot");
        let mut action = Package::new(Kind::Github, "codeql-action", "v3").within("github");
        action.subpath = Some("upload-sarif".to_owned());
        assert_eq!(
            action.purl(),
            "pkg:github/github/codeql-action@v3#upload-sarif"
        );
        assert_eq!(Package::new(Kind::Maven, "a", "").purl(), "pkg:maven/a");
    }

    #[test]
    fn no_name_can_end_its_place_in_a_package_url() {
        let hostile = Package::new(Kind::Npm, "a@1?b=c#d/../e", "1 \u{202e}\n").within("x//y");
        assert_eq!(
            hostile.purl(),
            "pkg:npm/x/y/a%401%3Fb%3Dc%23d%2F..%2Fe@1%20%E2%80%AE%0A"
        );
    }
}
