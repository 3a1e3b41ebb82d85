//! The keys of a description that questions are about: where the answer stands,
//! who reads it, and what an answer looks like.
//!
//! Source: OpenSSF Security Insights 2.2.0, `spec/schema.cue`.

/// What there is to know of a key that somebody is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The path in a description of version 2.
    pub path: &'static str,
    /// The question that a draft has at its place.
    pub asked: &'static str,
    /// Who needs the answer, and for what.
    pub why: &'static str,
    /// How an answer may be written in the file.
    pub example: &'static str,
}

/// Every key that is asked about.
#[rustfmt::skip]
pub static KEYS: &[Key] = &[
    Key { path: "header.schema-version", asked: "which version of the specification is it?",
        why: "readers of version 2 do not understand version 1", example: "schema-version: 2.2.0" },
    Key { path: "project.administrators", asked: "who administers the project?",
        why: "users learn who decides when nobody else answers", example: "- {name: Ada Lovelace, primary: true}" },
    Key { path: "project.repositories.comment", asked: "what is this repository for?",
        why: "users of several repositories learn which of them this is", example: "comment: The server and its command line" },
    Key { path: "project.vulnerability-reporting.contact", asked: "whom does one write to?",
        why: "whoever finds a vulnerability writes there, and a dead address ends in a public issue", example: "contact: {name: Security team, primary: true, email: security@example.org}" },
    Key { path: "project.vulnerability-reporting.reports-accepted", asked: "are reports of vulnerabilities accepted?",
        why: "whoever finds a vulnerability learns whether to tell you at all", example: "reports-accepted: true" },
    Key { path: "project.vulnerability-reporting.bug-bounty-available", asked: "is there a bug bounty?",
        why: "whoever finds a vulnerability learns whether it is paid for", example: "bug-bounty-available: false" },
    Key { path: "repository.status", asked: "is it?",
        why: "users learn whether holes will still be mended", example: "status: active" },
    Key { path: "repository.accepts-change-request", asked: "are pull requests welcome?",
        why: "contributors learn whether to send one", example: "accepts-change-request: true" },
    Key { path: "repository.accepts-automated-change-request", asked: "are changes by bots accepted?",
        why: "services that send mends in bulk leave the project alone where they are not", example: "accepts-automated-change-request: true" },
    Key { path: "repository.core-team", asked: "who is in the core team?",
        why: "users learn who may merge and release", example: "- {name: Grace Hopper, primary: true}" },
    Key { path: "repository.license.url", asked: "where does the licence stand?",
        why: "users and scanners look for its text", example: "url: https://github.com/OWNER/NAME/blob/main/LICENSE" },
    Key { path: "repository.license.expression", asked: "the SPDX expression of the licence",
        why: "scanners compare it with what a user allows", example: "expression: Apache-2.0" },
    Key { path: "repository.security.tools", asked: "which tools look for weaknesses?",
        why: "users learn what was looked for before a release", example: "- {name: cofferdam, type: SAST, rulesets: [default]}" },
    Key { path: "repository.security.assessments.self.comment", asked: "what did the last self-assessment find?",
        why: "users learn whether anybody thought about what could go wrong", example: "comment: No assessment has been made yet." },
];

/// The key with this path.
#[must_use]
pub fn at(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path)
}

/// The key at whose place a draft asks this.
#[must_use]
pub fn asked(question: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.asked == question)
}
