//! `.goreleaser.yaml`: what GoReleaser builds, publishes and signs.
//!
//! Source: GoReleaser, "Customization": `release`, `dockers`, `dockers_v2`,
//! `docker_manifests`, `kos`, `signs`, `binary_signs`, `docker_signs`, `sboms`,
//! `publishers`. Values are Go templates; one that is not plain is kept as it
//! stands and decides nothing.

use cofferdam_facts::{SourceFile, Span, Spanned};

use super::problem::Problem;
use super::reading::Reading;
use crate::yaml::{Document, Kind, Node};

/// Where GoReleaser looks if no file is named, in its order.
pub const PLACES: [&str; 6] = [
    ".config/goreleaser.yml",
    ".config/goreleaser.yaml",
    ".goreleaser.yml",
    ".goreleaser.yaml",
    "goreleaser.yml",
    "goreleaser.yaml",
];

/// A configuration as far as it was understood. Keys that say nothing about
/// publishing or proving are not read.
#[derive(Clone, Debug)]
pub struct GoReleaser {
    document: Document,
    /// `release`.
    pub release: Release,
    /// `dockers`, `dockers_v2`, `docker_manifests` and `kos`, in this order.
    pub images: Vec<Images>,
    /// `signs` and `binary_signs`: signatures of files.
    pub signs: Vec<Signing>,
    /// `docker_signs`: signatures of images.
    pub docker_signs: Vec<Signing>,
    /// `sboms`.
    pub sboms: Vec<Sbom>,
    /// `publishers`: commands that publish in a way of their own.
    pub publishers: Vec<Spanned<String>>,
    problems: Vec<Problem>,
}

/// `release`.
#[derive(Clone, Debug, Default)]
pub struct Release {
    /// `disable`; `None` where it is missing or a template.
    pub disabled: Option<Spanned<bool>>,
    /// `draft`.
    pub draft: Option<Spanned<bool>>,
}

/// How images are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Builder {
    /// `dockers`: `docker build` and `docker push`.
    Docker,
    /// `dockers_v2`: one `docker buildx build --push` for all platforms.
    DockerV2,
    /// `docker_manifests`: a list over images of `dockers`.
    Manifest,
    /// `kos`: ko.
    Ko,
}

/// One entry that pushes images.
#[derive(Clone, Debug)]
pub struct Images {
    /// How.
    pub builder: Builder,
    /// The entry.
    pub span: Span,
    /// Names as they stand, templates and tags included.
    pub names: Vec<Spanned<String>>,
    /// `sbom`, as it stands.
    pub sbom: Option<Spanned<String>>,
    /// Flags for the builder: `build_flag_templates` and `flags`.
    pub flags: Vec<Spanned<String>>,
    /// Whether `skip_push` or `disable` is plainly true.
    pub off: bool,
}

/// One entry of `signs`, `binary_signs` or `docker_signs`.
#[derive(Clone, Debug)]
pub struct Signing {
    /// The entry.
    pub span: Span,
    /// `cmd`, or GoReleaser's default.
    pub cmd: String,
    /// `args`, or GoReleaser's default.
    pub args: Vec<String>,
    /// `artifacts`; empty where the default applies.
    pub artifacts: String,
}

/// One entry of `sboms`.
#[derive(Clone, Debug)]
pub struct Sbom {
    /// The entry.
    pub span: Span,
    /// `artifacts`, `archive` by default.
    pub artifacts: String,
}

impl GoReleaser {
    /// Reads a configuration. Never fails; see [`Self::problems`].
    #[must_use]
    pub fn parse(file: SourceFile) -> Self {
        let document = Document::parse(file);
        let mut reading = Reading::of(&document);
        let mut config = Self {
            release: Release::default(),
            images: Vec::new(),
            signs: Vec::new(),
            docker_signs: Vec::new(),
            sboms: Vec::new(),
            publishers: Vec::new(),
            problems: Vec::new(),
            document: document.clone(),
        };
        if let Some(root) = reading.any_root(&document) {
            config.read(&mut reading, root);
        }
        config.problems = reading.problems;
        config
    }

    fn read(&mut self, reading: &mut Reading, root: Node<'_>) {
        if let Some(release) = root.get("release") {
            self.release = Release {
                disabled: plain_flag(release, "disable"),
                draft: plain_flag(release, "draft"),
            };
        }
        for (key, builder) in [
            ("dockers", Builder::Docker),
            ("dockers_v2", Builder::DockerV2),
            ("docker_manifests", Builder::Manifest),
            ("kos", Builder::Ko),
        ] {
            for entry in entries(reading, root, key) {
                self.images.push(images(reading, entry, builder));
            }
        }
        for key in ["signs", "binary_signs"] {
            for entry in entries(reading, root, key) {
                let default = ["--output", "${signature}", "--detach-sign", "${artifact}"];
                self.signs.push(signing(reading, entry, "gpg", &default));
            }
        }
        for entry in entries(reading, root, "docker_signs") {
            let default = ["sign", "--key=cosign.key", "${artifact}@${digest}", "--yes"];
            self.docker_signs
                .push(signing(reading, entry, "cosign", &default));
        }
        for entry in entries(reading, root, "sboms") {
            let artifacts = reading.text_at(entry, "artifacts");
            self.sboms.push(Sbom {
                span: entry.span(),
                artifacts: artifacts.map_or_else(|| "archive".to_owned(), |a| a.value),
            });
        }
        for entry in entries(reading, root, "publishers") {
            self.publishers.extend(reading.text_at(entry, "cmd"));
        }
    }

    /// The file that was read.
    #[must_use]
    pub fn file(&self) -> &SourceFile {
        self.document.file()
    }

    /// What was not understood.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Whether a part was not read, so that nothing follows from what is absent.
    #[must_use]
    pub fn hides_something(&self) -> bool {
        self.problems.iter().any(Problem::hides)
    }
}

fn entries<'d>(reading: &mut Reading, root: Node<'d>, key: &str) -> Vec<Node<'d>> {
    let Some(node) = root.get(key) else {
        return Vec::new();
    };
    reading
        .list(node, &format!("`{key}`"))
        .into_iter()
        .filter(|entry| entry.kind() == Kind::Mapping)
        .collect()
}

// A template decides when GoReleaser runs, not here.
fn plain_flag(node: Node<'_>, key: &str) -> Option<Spanned<bool>> {
    let value = node.get(key)?;
    let flag = match value.as_str()?.trim() {
        "true" => true,
        "false" => false,
        _ => return None,
    };
    Some(Spanned::new(flag, value.span()))
}

fn images(reading: &mut Reading, entry: Node<'_>, builder: Builder) -> Images {
    let names: &[&str] = match builder {
        Builder::Docker => &["image_templates"],
        Builder::DockerV2 => &["images"],
        Builder::Manifest => &["name_template"],
        Builder::Ko => &["repositories", "repository"],
    };
    let mut found = Vec::new();
    for key in names {
        match entry.get(key) {
            Some(node) if node.kind() == Kind::Sequence => {
                found.extend(reading.texts_at(entry, key));
            }
            Some(_) => found.extend(reading.text_at(entry, key)),
            None => {}
        }
    }
    let mut flags = Vec::new();
    for key in ["build_flag_templates", "flags"] {
        if entry
            .get(key)
            .is_some_and(|node| node.kind() == Kind::Sequence)
        {
            flags.extend(reading.texts_at(entry, key));
        }
    }
    let off = ["skip_push", "disable"]
        .iter()
        .any(|key| plain_flag(entry, key).is_some_and(|flag| flag.value));
    Images {
        builder,
        span: entry.span(),
        names: found,
        sbom: reading.text_at(entry, "sbom"),
        flags,
        off,
    }
}

fn signing(reading: &mut Reading, entry: Node<'_>, cmd: &str, args: &[&str]) -> Signing {
    let written = reading.texts_at(entry, "args");
    Signing {
        span: entry.span(),
        cmd: reading
            .text_at(entry, "cmd")
            .map_or_else(|| cmd.to_owned(), |cmd| cmd.value),
        args: if written.is_empty() {
            args.iter().map(|arg| (*arg).to_owned()).collect()
        } else {
            written.into_iter().map(|arg| arg.value).collect()
        },
        artifacts: reading
            .text_at(entry, "artifacts")
            .map_or_else(String::new, |a| a.value),
    }
}

/// Whether a path is one under which a configuration of GoReleaser is kept.
#[must_use]
pub fn is_goreleaser(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let lower = name.to_ascii_lowercase();
    if !(lower.ends_with(".yml") || lower.ends_with(".yaml")) {
        return false;
    }
    // A second configuration has a word in its name, as in
    // `.goreleaser.nightly.yml`, and is named on the command line.
    lower.starts_with(".goreleaser")
        || (matches!(folder, "" | ".config") && lower.starts_with("goreleaser"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> GoReleaser {
        GoReleaser::parse(SourceFile::new(".goreleaser.yaml", text))
    }

    #[test]
    fn defaults_are_those_of_goreleaser() {
        let config =
            parse("signs:\n  - artifacts: checksum\ndocker_signs:\n  - {}\nsboms:\n  - {}\n");
        assert_eq!(config.problems(), []);
        assert_eq!(config.signs.first().map(|s| s.cmd.as_str()), Some("gpg"));
        let docker = config.docker_signs.first();
        assert!(docker.is_some_and(|s| s.args.iter().any(|a| a == "--key=cosign.key")));
        assert_eq!(
            config.sboms.first().map(|s| s.artifacts.as_str()),
            Some("archive")
        );
        assert!(config.release.disabled.is_none());
    }

    #[test]
    fn images_of_every_builder_are_found_with_their_names() {
        let config = parse(
            "release:\n  disable: true\ndockers:\n- image_templates: ['a/b:{{ .Tag }}']\n  skip_push: true\n\
             dockers_v2:\n- images: [ghcr.io/a/c]\n  sbom: 'false'\n\
             docker_manifests:\n- name_template: a/b:latest\nkos:\n- repository: ghcr.io/a/d\n  disable: '{{ .IsSnapshot }}'\n",
        );
        let names: Vec<_> = config
            .images
            .iter()
            .map(|i| (i.builder, i.off, i.names.len()))
            .collect();
        assert_eq!(
            names,
            [
                (Builder::Docker, true, 1),
                (Builder::DockerV2, false, 1),
                (Builder::Manifest, false, 1),
                (Builder::Ko, false, 1),
            ]
        );
        assert!(config.release.disabled.is_some_and(|flag| flag.value));
    }

    #[test]
    fn what_is_not_yaml_hides_something() {
        assert!(parse("signs: [").hides_something());
        assert!(!parse("builds:\n- {}\n").hides_something());
    }

    #[test]
    fn configurations_are_told_by_their_path() {
        for path in [
            ".goreleaser.yml",
            "cmd/tool/.goreleaser.yaml",
            ".goreleaser.nightly.yml",
            ".config/goreleaser.yaml",
            "goreleaser.yml",
        ] {
            assert!(is_goreleaser(path), "{path}");
        }
        for path in ["docs/goreleaser.yml", ".goreleaser.md", "goreleaser"] {
            assert!(!is_goreleaser(path), "{path}");
        }
    }
}
