//! Every key of the configuration, declared once: the reader refuses all
//! others, and the schema and the pages say the same.

use cofferdam_facts::Control;
use cofferdam_findings::Severity;

use crate::config::Scope;

/// One key of a table.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it means, in one sentence.
    pub about: &'static str,
    /// What its value is.
    pub kind: Kind,
    /// Whether the table makes no sense without it.
    pub required: bool,
    /// The files that may have it.
    pub scope: Option<Scope>,
}

/// What a value is.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Any text but an empty one.
    Text,
    /// `true` or `false`.
    Flag,
    /// A whole number above zero.
    Number,
    /// A date, as `2027-01-31`.
    Date,
    /// A severity.
    Severity,
    /// A severity, or `none`.
    Threshold,
    /// 64 hexadecimal digits.
    Sha256,
    /// 32 hexadecimal digits.
    Fingerprint,
    /// The ids of rules.
    Rules,
    /// Patterns of paths.
    Paths,
    /// Patterns of repositories, as `owner/name`.
    Repositories,
    /// Patterns of actions, reusable workflows and images: `owner/name`,
    /// `owner/name/path` or `docker://IMAGE`, with `*` for any text, and
    /// `@commit`, `@version` or `@other` for a kind of ref.
    Uses,
    /// Facts that must be known.
    Facts,
    /// A table.
    Table(&'static [Key]),
    /// Tables, each under `[[name]]`.
    Tables(&'static [Key]),
    /// A table whose keys are the ids of rules.
    ByRule(&'static [Key]),
}

const fn key(name: &'static str, kind: Kind, about: &'static str) -> Key {
    Key {
        name,
        about,
        kind,
        required: false,
        scope: None,
    }
}

const fn required(name: &'static str, kind: Kind, about: &'static str) -> Key {
    Key {
        required: true,
        ..key(name, kind, about)
    }
}

const fn only(scope: Scope, key: Key) -> Key {
    Key {
        scope: Some(scope),
        ..key
    }
}

/// The keys of the file.
pub const ROOT: &[Key] = &[
    key(
        "fail-on",
        Kind::Threshold,
        "The lowest severity that fails a run; `high` where nothing says otherwise.",
    ),
    key(
        "require",
        Kind::Facts,
        "Facts without which a run ends with exit code 3: `settings`, `data`, `repository`, or the id of a control.",
    ),
    only(
        Scope::Repository,
        key(
            "baseline",
            Kind::Text,
            "The baseline, as a path from the root of the repository.",
        ),
    ),
    key(
        "ignore-comments",
        Kind::Flag,
        "Whether `# cofferdam: ignore[rule] reason` comments count; `true` where nothing says otherwise.",
    ),
    key(
        "zizmor-comments",
        Kind::Flag,
        "Whether `# zizmor: ignore[rule]` comments count for the rules that find the same; `true` where nothing says otherwise.",
    ),
    only(
        Scope::Repository,
        key(
            "extends",
            Kind::Table(EXTENDS),
            "The organisation's file, by its digest. What it says holds here too, and its floor cannot be loosened.",
        ),
    ),
    only(
        Scope::Organisation,
        key(
            "floor",
            Kind::Table(FLOOR),
            "What no repository can loosen.",
        ),
    ),
    key(
        "uses",
        Kind::Table(USES),
        "Which actions, reusable workflows and images may be used. An organisation's list holds beside the repository's.",
    ),
    key("rules", Kind::ByRule(RULE), "Settings of single rules."),
    key(
        "exclude",
        Kind::Tables(EXCLUDE),
        "Files whose findings do not count, such as examples that are weak on purpose.",
    ),
    key(
        "exempt",
        Kind::Tables(EXEMPT),
        "Findings that do not count for a time. Each needs a place: paths, a subject, or a fingerprint.",
    ),
];

const EXTENDS: &[Key] = &[
    key(
        "path",
        Kind::Text,
        "The file, as a path from the root of the repository. Either this or `url`.",
    ),
    key(
        "url",
        Kind::Text,
        "Where the file is published, by HTTPS. It is not fetched: `--organisation FILE` hands it over.",
    ),
    required(
        "sha256",
        Kind::Sha256,
        "The SHA-256 of the file; another file is an error.",
    ),
];

const FLOOR: &[Key] = &[
    key(
        "fail-on",
        Kind::Threshold,
        "Findings of this severity fail every repository, whatever it says itself.",
    ),
    key(
        "rules",
        Kind::Rules,
        "Rules that no repository can silence.",
    ),
    key(
        "longest-exemption",
        Kind::Number,
        "The most days ahead that an exemption of a repository may expire.",
    ),
    key(
        "ignore-comments",
        Kind::Flag,
        "Whether comments in files may silence anything.",
    ),
    key(
        "baseline",
        Kind::Flag,
        "Whether a repository may have a baseline.",
    ),
];

const USES: &[Key] = &[
    key(
        "allow",
        Kind::Uses,
        "Patterns of what may be used; everything else may not.",
    ),
    key(
        "deny",
        Kind::Uses,
        "Patterns of what may not be used, whatever is allowed.",
    ),
];

const RULE: &[Key] = &[
    key(
        "off",
        Kind::Flag,
        "Findings of the rule do not count. Needs a reason.",
    ),
    key(
        "severity",
        Kind::Severity,
        "The severity of every finding of the rule. Needs a reason.",
    ),
    key(
        "exclude",
        Kind::Paths,
        "Files in which findings of the rule do not count. Needs a reason.",
    ),
    key("reason", Kind::Text, "Why."),
];

const EXCLUDE: &[Key] = &[
    required("paths", Kind::Paths, "The files."),
    required("reason", Kind::Text, "Why nothing there counts."),
];

const EXEMPT: &[Key] = &[
    required(
        "rules",
        Kind::Rules,
        "The rules whose findings do not count.",
    ),
    key(
        "paths",
        Kind::Paths,
        "The files in which they do not count.",
    ),
    key(
        "subject",
        Kind::Text,
        "What they are about, as reports show it; `*` is any text.",
    ),
    key(
        "fingerprint",
        Kind::Fingerprint,
        "The content fingerprint of the finding, as reports show it.",
    ),
    key(
        "count",
        Kind::Number,
        "How many copies of the fingerprint do not count; one where nothing says otherwise.",
    ),
    only(
        Scope::Organisation,
        key(
            "repositories",
            Kind::Repositories,
            "The repositories in which they do not count; all of them where nothing says otherwise.",
        ),
    ),
    required("owner", Kind::Text, "Who answers for it."),
    required("reason", Kind::Text, "Why it is accepted for now."),
    required("expires", Kind::Date, "The last day on which it holds."),
];

/// The words of [`Kind::Facts`] besides the ids of controls.
pub const FACTS: &[&str] = &["settings", "data", "repository"];

impl Kind {
    /// The words that are allowed, where there is a list of them.
    #[must_use]
    pub fn words(self) -> Vec<&'static str> {
        let severities = Severity::ALL.iter().map(|severity| severity.word());
        match self {
            Self::Severity => severities.collect(),
            Self::Threshold => severities.chain(["none"]).collect(),
            Self::Facts => FACTS
                .iter()
                .copied()
                .chain(Control::ALL.iter().map(|control| control.id()))
                .collect(),
            _ => Vec::new(),
        }
    }
}
