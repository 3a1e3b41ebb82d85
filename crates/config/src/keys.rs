//! Every key of the configuration, declared once: the reader refuses all
//! others, and the schema and the pages say the same.

use cofferdam_facts::Control;
use cofferdam_findings::Severity;

use crate::claims::Form;
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
    /// A text, or a list of texts.
    Several,
    /// One of these words.
    Choice(&'static [&'static str]),
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
    only(
        Scope::Repository,
        key(
            "registry",
            Kind::Tables(REGISTRY),
            "What a secret that signs in to a registry can do. Without it, it may push anywhere there.",
        ),
    ),
    only(
        Scope::Repository,
        key(
            "claim",
            Kind::Tables(CLAIM),
            "Sentences about who reaches what that must hold; `cofferdam claims check` holds them against the files. Each has either `never` or `only`.",
        ),
    ),
    only(
        Scope::Repository,
        key(
            "exposure",
            Kind::Table(EXPOSURE),
            "What is known of the repository besides its files, and what `cofferdam exposure --base` lets a change do.",
        ),
    ),
];

/// The words of `kind` of a registry.
pub const REGISTRY_KINDS: &[&str] = &["development", "production"];

const REGISTRY: &[Key] = &[
    key(
        "secret",
        Kind::Several,
        "The secrets that push there and nowhere else, as `NAME` or `NAME@ENVIRONMENT`. Leave it out where only a job's token or identity pushes.",
    ),
    required(
        "repositories",
        Kind::Several,
        "The repositories: `HOST/NAME` of images, or `npm:`, `pypi:`, `crates:` and the like before a name. `*` is any text within one folder, `**` any text.",
    ),
    required(
        "kind",
        Kind::Choice(REGISTRY_KINDS),
        "Whom they are for: `production` is what users install.",
    ),
];

const CLAIM: &[Key] = &[
    required("name", Kind::Text, "The sentence, as reports show it."),
    key(
        "never",
        Kind::Table(NEVER),
        "None of these reaches any of those.",
    ),
    key(
        "only",
        Kind::Table(ONLY),
        "Nobody but these reaches any of those.",
    ),
    key(
        "unless",
        Kind::Several,
        "Agreements and times that make a way acceptable, as in `approval:environment:release`; a way has to pass one of them.",
    ),
];

const WHO: Key = required(
    "from",
    Kind::Several,
    "Who: positions, patterns with `*`, and classes such as `fork` or `dependency`.",
);
const WHAT: Key = required(
    "to",
    Kind::Several,
    "What: assets, patterns with `*`, classes such as `secret`, and `registry:production`.",
);
const NEVER: &[Key] = &[WHO, WHAT];
const ONLY: &[Key] = &[
    WHO,
    WHAT,
    key(
        "after",
        Kind::Several,
        "What each of their own ways has to pass one of.",
    ),
];

/// The words of `visibility`.
pub const VISIBILITIES: &[&str] = &["public", "private", "internal"];

const EXPOSURE: &[Key] = &[
    key(
        "visibility",
        Kind::Choice(VISIBILITIES),
        "Who sees the repository, where no settings snapshot says it: in a public one forks get no secrets whatever is set.",
    ),
    key(
        "allow",
        Kind::Tables(ALLOW),
        "What a change may open, for a time.",
    ),
];

pub(crate) const ALLOW: &[Key] = &[
    WHO,
    WHAT,
    key(
        "after",
        Kind::Several,
        "Only ways that pass one of these, as in `approval:update`.",
    ),
    required("owner", Kind::Text, "Who answers for it."),
    required("reason", Kind::Text, "Why it is accepted for now."),
    required("expires", Kind::Date, "The last day on which it holds."),
];

/// The keys below `never` or `only`.
pub(crate) fn of_claim(form: Form) -> &'static [Key] {
    match form {
        Form::Never => NEVER,
        Form::Only => ONLY,
    }
}

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
            Self::Choice(words) => words.to_vec(),
            _ => Vec::new(),
        }
    }
}
