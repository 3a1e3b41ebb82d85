//! The fields of the Security Insights specification, as tables.
//!
//! Source: ossf/security-insights, tag v1.0.0 (`security-insights-schema.yaml`)
//! and tags v2.0.0, v2.1.0 and v2.2.0 (`schema.cue`).

/// What a value must be.
#[derive(Debug)]
pub(super) enum Shape {
    Text,
    /// Up to 560 characters.
    ShortText,
    Url,
    Email,
    /// `YYYY-MM-DD`
    Date,
    /// RFC 3339
    Time,
    Flag,
    Whole,
    OneOf(&'static [&'static str]),
    List(&'static Shape),
    /// A list that may be empty in the first minor version only.
    Several(&'static Shape),
    Object(&'static [Field]),
}

/// One key of an object.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) required: bool,
    /// The first and the last minor version that have the key.
    pub(super) minors: (u64, u64),
}

const fn must(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        shape,
        required: true,
        minors: (0, u64::MAX),
    }
}

const fn may(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        shape,
        required: false,
        minors: (0, u64::MAX),
    }
}

const fn may_in(name: &'static str, shape: Shape, first: u64, last: u64) -> Field {
    Field {
        name,
        shape,
        required: false,
        minors: (first, last),
    }
}

use Shape::{Date, Email, Flag, List, Object, OneOf, Several, ShortText, Text, Time, Url, Whole};

/// The newest minor version of 2 that is known here.
pub(super) const NEWEST_MINOR: u64 = 2;

const CONTACT: Shape = Object(&[
    must("name", Text),
    must("primary", Flag),
    may("affiliation", Text),
    may("email", Email),
    may("social", Text),
]);

const LINK: Shape = Object(&[must("uri", Text), must("comment", Text)]);

const LICENSE: Shape = Object(&[must("url", Url), must("expression", Text)]);

const ASSESSMENT: Shape = Object(&[
    must("comment", Text),
    may("name", Text),
    may("evidence", Url),
    may("date", Date),
]);

const ATTESTATION: Shape = Object(&[
    must("name", Text),
    must("location", Url),
    must("predicate-uri", Text),
    may("comment", Text),
]);

const TOOL: Shape = Object(&[
    must("name", Text),
    must(
        "type",
        OneOf(&["fuzzing", "container", "secret", "SCA", "SAST", "other"]),
    ),
    may("version", Text),
    may("comment", Text),
    must("rulesets", List(&Text)),
    must(
        "integration",
        Object(&[must("adhoc", Flag), must("ci", Flag), must("release", Flag)]),
    ),
    must(
        "results",
        Object(&[
            may("adhoc", ATTESTATION),
            may("ci", ATTESTATION),
            may("release", ATTESTATION),
        ]),
    ),
]);

const REPORTING: Shape = Object(&[
    must("reports-accepted", Flag),
    must("bug-bounty-available", Flag),
    may("bug-bounty-program", Url),
    may("contact", CONTACT),
    may("comment", Text),
    may_in("security-policy", Url, 0, 1),
    may_in("policy", Url, 2, u64::MAX),
    may("pgp-key", Text),
    may("in-scope", List(&Text)),
    may("out-of-scope", List(&Text)),
]);

const PROJECT_DOCUMENTATION: Shape = Object(&[
    may_in("design", Url, 2, u64::MAX),
    may("detailed-guide", Url),
    may("code-of-conduct", Url),
    may("quickstart-guide", Url),
    may("release-process", Url),
    may_in("support-policy", Url, 1, u64::MAX),
    may("signature-verification", Url),
]);

const PROJECT: Shape = Object(&[
    must("name", Text),
    may("homepage", Url),
    may("roadmap", Url),
    may("funding", Url),
    may_in("steward", LINK, 1, u64::MAX),
    must("administrators", Several(&CONTACT)),
    must(
        "repositories",
        Several(&Object(&[
            must("name", Text),
            must("comment", Text),
            must("url", Url),
        ])),
    ),
    must("vulnerability-reporting", REPORTING),
    may("documentation", PROJECT_DOCUMENTATION),
]);

const REPOSITORY: Shape = Object(&[
    must(
        "status",
        OneOf(&[
            "active",
            "abandoned",
            "concept",
            "inactive",
            "moved",
            "suspended",
            "unsupported",
            "WIP",
        ]),
    ),
    must("url", Url),
    must("accepts-change-request", Flag),
    must("accepts-automated-change-request", Flag),
    may("bug-fixes-only", Flag),
    may("no-third-party-packages", Flag),
    must("core-team", Several(&CONTACT)),
    must("license", LICENSE),
    must(
        "security",
        Object(&[
            must(
                "assessments",
                Object(&[
                    must("self", ASSESSMENT),
                    may("third-party", List(&ASSESSMENT)),
                ]),
            ),
            may("champions", List(&CONTACT)),
            may("tools", List(&TOOL)),
        ]),
    ),
    may(
        "documentation",
        Object(&[
            may("contributing-guide", Url),
            may("dependency-management-policy", Url),
            may("governance", Url),
            may("review-policy", Url),
            may("security-policy", Url),
        ]),
    ),
    may(
        "release",
        Object(&[
            must("automated-pipeline", Flag),
            must("distribution-points", Several(&LINK)),
            may("changelog", Url),
            may("license", LICENSE),
            may("attestations", List(&ATTESTATION)),
        ]),
    ),
]);

/// Version 2.
pub(super) const SECOND: [Field; 3] = [
    must(
        "header",
        Object(&[
            must("last-reviewed", Date),
            must("last-updated", Date),
            must("schema-version", Text),
            must("url", Url),
            may("comment", Text),
            may("project-si-source", Url),
        ]),
    ),
    may("project", PROJECT),
    may("repository", REPOSITORY),
];

const EVIDENCE: Field = may("evidence-url", List(&Url));
const COMMENT: Field = may("comment", ShortText);

const SCOPE: Shape = List(&OneOf(&[
    "broken access control",
    "cryptographic failures",
    "injection",
    "insecure design",
    "security misconfiguration",
    "vulnerable and outdated components",
    "identification and authentication failures",
    "software and data integrity failures",
    "security logging and monitoring failures",
    "ssrf",
    "other",
]));

const POLICY: Shape = Object(&[may("policy-url", Url), may("comment", ShortText)]);

const LIFECYCLE: Shape = Object(&[
    may("bug-fixes-only", Flag),
    may("core-maintainers", List(&Text)),
    may("roadmap", Url),
    may("release-cycle", Url),
    may("release-process", ShortText),
    must(
        "status",
        OneOf(&[
            "active",
            "inactive",
            "concept",
            "wip",
            "suspended",
            "abandoned",
            "unsupported",
            "moved",
        ]),
    ),
]);

const CONTRIBUTION: Shape = Object(&[
    must("accepts-pull-requests", Flag),
    must("accepts-automated-pull-requests", Flag),
    may(
        "automated-tools-list",
        List(&Object(&[
            must("automated-tool", Text),
            must("action", OneOf(&["allowed", "denied"])),
            may("path", List(&Text)),
            may("comment", ShortText),
        ])),
    ),
    may("contributing-policy", Url),
    may("code-of-conduct", Url),
]);

const TESTING: Shape = List(&Object(&[
    must(
        "tool-type",
        OneOf(&["sast", "dast", "iast", "fuzzer", "sca"]),
    ),
    must("tool-name", Text),
    must("tool-version", Text),
    may("tool-url", Url),
    may("tool-rulesets", List(&Text)),
    must(
        "integration",
        Object(&[
            must("ad-hoc", Flag),
            must("ci", Flag),
            must("before-release", Flag),
        ]),
    ),
    may("comment", ShortText),
]));

const FIRST_REPORTING: Shape = Object(&[
    must("accepts-vulnerability-reports", Flag),
    may("bug-bounty-available", Flag),
    may("bug-bounty-url", Url),
    may("email-contact", Email),
    may("security-policy", Url),
    may("pgp-key", Text),
    may("in-scope", SCOPE),
    may("out-scope", SCOPE),
    may("comment", ShortText),
]);

/// Version 1.
pub(super) const FIRST: [Field; 11] = [
    must(
        "header",
        Object(&[
            must("schema-version", Text),
            must("expiration-date", Time),
            may("last-updated", Date),
            may("last-reviewed", Date),
            may("commit-hash", Text),
            must("project-url", Url),
            may("project-release", Text),
            may("changelog", Url),
            may("license", Url),
        ]),
    ),
    must("project-lifecycle", LIFECYCLE),
    must("contribution-policy", CONTRIBUTION),
    may("documentation", List(&Url)),
    must("distribution-points", List(&Text)),
    may(
        "security-artifacts",
        Object(&[
            may(
                "threat-model",
                Object(&[must("threat-model-created", Flag), EVIDENCE, COMMENT]),
            ),
            may(
                "self-assessment",
                Object(&[must("self-assessment-created", Flag), EVIDENCE, COMMENT]),
            ),
            may(
                "other-artifacts",
                List(&Object(&[
                    may("artifact-name", Text),
                    may("artifact-created", Flag),
                    EVIDENCE,
                    COMMENT,
                ])),
            ),
        ]),
    ),
    may("security-testing", TESTING),
    may(
        "security-assessments",
        List(&Object(&[
            must("auditor-name", Text),
            must("auditor-url", Url),
            may("auditor-report", Url),
            must("report-year", Whole),
            may("comment", ShortText),
        ])),
    ),
    must(
        "security-contacts",
        List(&Object(&[
            must("type", OneOf(&["email", "phone", "url"])),
            must("value", Text),
            may("primary", Flag),
        ])),
    ),
    must("vulnerability-reporting", FIRST_REPORTING),
    may(
        "dependencies",
        Object(&[
            may("third-party-packages", Flag),
            may("dependencies-lists", List(&Url)),
            may(
                "sbom",
                List(&Object(&[
                    may("sbom-file", Url),
                    may("sbom-format", Text),
                    may("sbom-url", Url),
                    may("sbom-creation", ShortText),
                ])),
            ),
            may("dependencies-lifecycle", POLICY),
            may("env-dependencies-policy", POLICY),
        ]),
    ),
];
