//! Hooks of pre-commit that are fetched without TLS.

use cofferdam_findings::{Finding, Severity};

use crate::context::Context;
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// `.pre-commit-config.yaml` names a repository of hooks by an address
    /// without TLS: `http://` or `git://`.
    ///
    /// # Why
    /// Hooks are programs that run on every developer's machine and often in
    /// CI. Over such an address, whoever sits between can hand out other code,
    /// and `rev:` does not help: the tag is looked up by the same way.
    ///
    /// # Vulnerable
    /// ```yaml
    /// repos:
    ///   - repo: git://github.com/pre-commit/pre-commit-hooks
    ///     rev: v5.0.0
    ///     hooks: [{id: check-yaml}]
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// repos:
    ///   - repo: https://github.com/pre-commit/pre-commit-hooks
    ///     rev: v5.0.0
    ///     hooks: [{id: check-yaml}]
    /// ```
    ///
    /// # How it is decided
    /// From the beginning of `repo:`. Medium, since the attacker has to sit on
    /// the way; low where `rev:` is a full commit id, which git itself compares
    /// with what it was sent. `ssh://`, `git@…`, `file://` and paths pass.
    /// zizmor's `insecure-url-scheme` gives every place one severity.
    ///
    /// # References
    /// - <https://pre-commit.com/#pre-commit-configyaml---repos>
    /// - <https://git-scm.com/book/en/v2/Git-on-the-Server-The-Protocols>
    pub struct PlaintextHooks {
        id: "plaintext-hooks",
        title: "Hooks of pre-commit are fetched without TLS",
        severity: Medium,
        controls: [],
        peers: ["zizmor/insecure-url-scheme"],
        standards: [Cwe::Cwe494],
    }
}

impl Rule for PlaintextHooks {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        for config in &cx.repository.pre_commits {
            for repository in &config.repositories {
                let address = repository.address.value.trim();
                let lower = address.to_ascii_lowercase();
                let Some(rest) = ["http://", "git://"]
                    .iter()
                    .find_map(|scheme| lower.strip_prefix(scheme))
                else {
                    continue;
                };
                if ["localhost", "127.0.0.1"]
                    .iter()
                    .any(|host| rest.starts_with(host))
                {
                    continue;
                }
                let by_commit = repository.revision.as_ref().is_some_and(|revision| {
                    let revision = revision.value.trim();
                    revision.len() == 40 && revision.bytes().all(|b| b.is_ascii_hexdigit())
                });
                let severity = if by_commit {
                    Severity::Low
                } else {
                    Severity::Medium
                };
                let shown: String = address.chars().take(120).collect();
                out.report(
                    Finding::new(
                        Self::INFO.id,
                        severity,
                        config.file().locate(repository.address.span),
                        format!("pre-commit fetches hooks from `{shown}` without TLS"),
                    )
                    .why(
                        "Whoever sits between can run code on the machines of developers and in CI",
                    )
                    .fix("Write the address with `https://`")
                    .group("hooks that are fetched without TLS")
                    .subject(format!("repos {shown}")),
                );
            }
        }
    }
}
