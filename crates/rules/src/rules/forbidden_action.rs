//! Actions, reusable workflows and images that the project's own list forbids.

use cofferdam_findings::{Finding, Severity};

use crate::context::Context;
use crate::rule::{Rule, Sink};
use crate::sites;

crate::rule! {
    /// # What
    /// A workflow or action uses something that `cofferdam.toml`, or the
    /// organisation's file, denies, or does not allow.
    ///
    /// # Why
    /// Whoever decides which code may run in the project's CI has to be able to
    /// say so once, and to see every place that does not keep to it.
    ///
    /// # Vulnerable
    /// ```yaml
    /// - uses: somebody/handy-action@v1 # with `allow = ["actions/*"]`
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
    /// ```
    ///
    /// # How it is decided
    /// ```toml
    /// [uses]
    /// allow = ["actions/*", "our-org/*", "*@commit"]
    /// deny = ["our-org/retired-action", "docker://*"]
    /// ```
    /// A pattern is `owner/name`, with or without a path, or `docker://IMAGE`;
    /// `*` is any text. Behind an `@` stands the kind of ref that it is for:
    /// `commit`, `version` or `other`, for a tag and a branch cannot be told
    /// apart by the files. Where `allow` is given, everything else is
    /// forbidden; `deny` wins over it. References into the same repository are
    /// never asked. The organisation's list and the repository's hold both, so
    /// that a repository can only add to it. Always high: somebody has decided
    /// it; `[rules.forbidden-action]` sets another severity, and the floor of an
    /// organisation keeps a repository from silencing it. Without a list the
    /// rule says nothing. zizmor's `forbidden-uses` has either list, not both,
    /// and none for an organisation.
    ///
    /// # References
    /// - <https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/enabling-features-for-your-repository/managing-github-actions-settings-for-a-repository>
    pub struct ForbiddenAction {
        id: "forbidden-action",
        title: "The project's own list forbids what is used",
        severity: High,
        controls: [],
        peers: ["zizmor/forbidden-uses", "sisakulint/action-list"],
        standards: [Cwe::Cwe1357],
    }
}

impl Rule for ForbiddenAction {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        if cx.facts.policies.is_empty() {
            return;
        }
        for site in sites::of(cx) {
            if cx.repository.own_path(site.uses).is_some() {
                continue;
            }
            for policy in cx.facts.policies {
                let (says, fix) = match policy.denied(site.uses) {
                    Some(pattern) => (
                        format!("denies by `{}`", pattern.written),
                        "Use something else, or take the pattern out of the list",
                    ),
                    None if policy.is_missing(site.uses) => (
                        "does not allow".to_owned(),
                        "Use something that the list allows, or add a pattern to it",
                    ),
                    None => continue,
                };
                out.report(
                    Finding::new(
                        Self::INFO.id,
                        Severity::High,
                        site.location(),
                        format!(
                            "{} uses `{}`, which {} {says}",
                            site.whom(),
                            site.uses,
                            policy.of
                        ),
                    )
                    .why("Somebody has decided that this code must not run here")
                    .fix(fix)
                    .group("uses that the project's own list forbids")
                    .subject(format!("{} {}", site.subject(), site.uses)),
                );
                break;
            }
        }
    }
}
