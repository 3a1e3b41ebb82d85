//! Rights of tokens that nobody has explained.

use std::collections::BTreeSet;

use cofferdam_facts::Access;
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::Workflow;
use cofferdam_workflows::documents::job::{Permissions, PermissionsKind, ScopeEntry};
use cofferdam_workflows::yaml::Node;

use crate::context::Context;
use crate::rule::{Rule, Sink};
use crate::rules::token_excessive::surely_needs;

crate::rule! {
    /// # What
    /// A `permissions:` block gives a right to write, no comment says what for,
    /// and no step is seen to use it.
    ///
    /// # Why
    /// A right outlives the step that needed it. With the reason behind it, a
    /// reviewer can tell whether it is still needed; without, nobody dares to
    /// take it away.
    ///
    /// # Vulnerable
    /// ```yaml
    /// permissions:
    ///   contents: read
    ///   packages: write
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// permissions:
    ///   contents: read
    ///   packages: write # pushes the image to ghcr.io
    /// ```
    ///
    /// # How it is decided
    /// A comment on the line of the right, or alone on the line above it, is
    /// an explanation, as is one above or behind `permissions:` where a single
    /// right to write follows. A right that a known action or command of the job
    /// uses explains itself. Always informational, one finding a workflow.
    ///
    /// zizmor's `undocumented-permissions` asks for a comment on rights to read
    /// too, except `contents`, whatever the steps do.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#permissions>
    pub struct UndocumentedPermission {
        id: "undocumented-permission",
        title: "A right to write has no explanation",
        severity: Info,
        controls: [],
        peers: ["zizmor/undocumented-permissions"],
        standards: [Cwe::Cwe1059],
    }
}

impl Rule for UndocumentedPermission {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        let views = cx.jobs(workflow);
        let used = |entry: &ScopeEntry, id: Option<&str>| {
            let mut jobs = views
                .iter()
                .filter(|view| id.is_none_or(|id| view.job.id.value == id));
            (entry.scope).is_some_and(|scope| jobs.any(|view| surely_needs(cx, view, scope)))
        };
        let root = workflow.document.root();
        let mut bare = Vec::new();
        if let Some(permissions) = &workflow.permissions {
            let key = root.and_then(|root| root.get_entry("permissions"));
            let found = unexplained(workflow, permissions, key);
            bare.extend(found.into_iter().filter(|entry| !used(entry, None)));
        }
        let jobs = root.and_then(|root| root.get("jobs"));
        for job in &workflow.jobs {
            if let Some(permissions) = &job.permissions {
                let node = jobs.and_then(|jobs| jobs.get(&job.id.value));
                let key = node.and_then(|node| node.get_entry("permissions"));
                let found = unexplained(workflow, permissions, key);
                let id = Some(job.id.value.as_str());
                bare.extend(found.into_iter().filter(|entry| !used(entry, id)));
            }
        }
        let Some(first) = bare.first() else { return };
        let words: BTreeSet<&str> = bare.iter().map(|entry| entry.word.as_str()).collect();
        let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        let at = |entry: &ScopeEntry| workflow.file().locate(entry.span);
        let finding = Finding::new(
            Self::INFO.id,
            Severity::Info,
            at(first),
            format!(
                "the workflow gives rights to write {}, and nothing shows what for",
                words.join(", ")
            ),
        )
        .why("Nobody can tell whether a right is still needed")
        .fix("Say behind each right, in a comment, what needs it")
        .group("rights to write without an explanation")
        .subject("permissions");
        let others = bare.iter().skip(1);
        out.report(others.fold(finding, |f, entry| f.related(at(entry), "this one too")));
    }
}

/// The rights to write of one block that no comment explains.
fn unexplained<'w>(
    workflow: &'w Workflow,
    permissions: &'w Permissions,
    key: Option<(Node<'_>, Node<'_>)>,
) -> Vec<&'w ScopeEntry> {
    let PermissionsKind::Scopes(entries) = &permissions.kind else {
        return Vec::new();
    };
    let document = &workflow.document;
    let explained =
        |at: usize| document.comment_on_line(at).is_some() || document.comment_above(at).is_some();
    let writes: Vec<&ScopeEntry> = entries
        .iter()
        .filter(|entry| entry.access == Access::Write)
        .collect();
    let one_for_all = || key.is_some_and(|(key, _)| explained(key.span().start));
    if writes.len() == 1 && one_for_all() {
        return Vec::new();
    }
    writes
        .into_iter()
        .filter(|entry| !explained(entry.span.start))
        .collect()
}
