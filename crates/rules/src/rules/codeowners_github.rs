//! Owners of what CI runs.

use cofferdam_facts::settings::{Fact, Rule as BranchRule, Snapshot};
use cofferdam_facts::{Control, Location, SourceFile, Span};
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::CodeOwners;
use cofferdam_workflows::documents::codeowners;

use crate::context::Context;
use crate::rule::{Rule, Sink};
use crate::unread;

crate::rule! {
    /// # What
    /// A change to `.github/`, to workflows, actions or the list of owners
    /// itself, needs nobody in particular: no CODEOWNERS file covers it, a later
    /// line takes it out again, or nothing requires the owners' review.
    ///
    /// # Why
    /// What stands in a workflow runs with the repository's secrets once it is
    /// merged. A change to it that anybody may approve is as good as a change to
    /// the secrets.
    ///
    /// # Vulnerable
    /// ```text
    /// *           @org/maintainers
    /// /.github/
    /// ```
    ///
    /// # Fixed
    /// ```text
    /// *           @org/maintainers
    /// /.github/   @org/ci-owners
    /// ```
    ///
    /// # How it is decided
    /// Of the three places GitHub takes the first file it finds. It is asked for
    /// the owners of a workflow and an action that do not exist yet, of every
    /// one that does, and of itself; the last line that matches decides. Whether
    /// the owners' review is required comes from the rules in force on the
    /// default branch, and is not known without settings. Everything here takes
    /// write access, so that it is medium at most: medium where a line takes
    /// owners away or the review is not required, low where there are none.
    /// Scorecard's `Branch-Protection` looks at the requirement and not at what
    /// the file covers.
    ///
    /// # References
    /// - <https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners>
    pub struct CodeownersGithub {
        id: "codeowners-github",
        title: "Changes to .github/ need no owner",
        severity: Medium,
        controls: [T3],
        standards: [Cwe::Cwe863, Slsa::TwoPartyReview, Osps::Qa0701],
    }
}

impl Rule for CodeownersGithub {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let Some(first) = cx.repository.workflows.first() else {
            out.not_applicable(Control::T3, "there is no workflow");
            return;
        };
        let files = &cx.repository.codeowners;
        let effective = codeowners::effective(files.iter().map(|f| f.file().path()));
        let Some(file) = files
            .iter()
            .find(|f| effective.is_some_and(|path| path == f.file().path()))
        else {
            let what = "whether a CODEOWNERS file gives workflows an owner";
            if !unread::elsewhere(cx, Control::T3, what, out) {
                none(first.file(), out);
            }
            return;
        };
        if covers(cx, file, out) {
            required(cx, file, out);
        }
    }
}

fn none(workflow: &SourceFile, out: &mut Sink) {
    out.report(
        Finding::new(
            CodeownersGithub::INFO.id,
            Severity::Low,
            workflow.locate(Span::default()),
            "there is no CODEOWNERS file, so that workflows have no owner",
        )
        .why("Whoever may approve any change may approve one that reads every secret of CI")
        .fix("Add `.github/CODEOWNERS` with `/.github/ @OWNERS`, and require the owners' review")
        .subject("CODEOWNERS")
        .group("workflows without owners"),
    );
}

// What must have an owner: what is there, and what a change may add.
fn probes(cx: &Context<'_>, file: &CodeOwners) -> Vec<(String, &'static str)> {
    let mut probes = vec![
        (".github/workflows/new.yml".to_owned(), "a new workflow"),
        (".github/actions/new/action.yml".to_owned(), "a new action"),
        (file.file().path().to_owned(), "the list of owners itself"),
    ];
    let workflows = cx.repository.workflows.iter().map(|w| w.path());
    let actions = cx.repository.actions.iter().map(|a| a.path());
    let all = workflows.map(|p| (p, "the workflow")).chain(
        actions
            .filter(|path| path.starts_with(".github/"))
            .map(|p| (p, "the action")),
    );
    probes.extend(all.map(|(path, what)| (path.to_owned(), what)));
    probes
}

fn covers(cx: &Context<'_>, file: &CodeOwners, out: &mut Sink) -> bool {
    let mut bare: Vec<(String, &'static str, Option<Span>)> = Vec::new();
    let mut owned = None;
    for (path, what) in probes(cx, file) {
        match file.owners_of(&path) {
            Some(rule) if !rule.owners.is_empty() => owned = Some(rule.span),
            Some(rule) => bare.push((path, what, Some(rule.span))),
            None => bare.push((path, what, None)),
        }
    }
    let Some((path, what, line)) = bare.first() else {
        let span = owned.unwrap_or_default();
        let place = file.file().locate(span);
        out.satisfied(Control::T3, place, "every file of `.github/` has owners");
        return true;
    };
    let taken = bare.iter().find_map(|(.., line)| *line);
    let place = file.file().locate(line.or(taken).unwrap_or_default());
    let (more, has) = match bare.len() {
        1 => (String::new(), "has"),
        n => (format!(" and {} more", n - 1), "have"),
    };
    let thing = if path.ends_with("new.yml") || path.ends_with("new/action.yml") {
        (*what).to_owned()
    } else {
        format!("{what} `{path}`")
    };
    let (severity, how) = match line {
        Some(_) => (Severity::Medium, "no owner, because a line takes it out"),
        None => (Severity::Low, "no owner"),
    };
    out.report(
        Finding::new(
            CodeownersGithub::INFO.id,
            severity,
            place,
            format!("{thing}{more} {has} {how}"),
        )
        .why("A change to it needs no owner's review, and what it holds runs with CI's secrets")
        .fix("Put `/.github/ @OWNERS` on the last line of the file that matches it")
        .subject("coverage")
        .group("parts of `.github/` without owners"),
    );
    false
}

fn required(cx: &Context<'_>, file: &CodeOwners, out: &mut Sink) {
    let place = file.file().locate(Span::default());
    match cx.facts.settings.map_or(Needed::Unknown, needed) {
        Needed::Yes => out.satisfied(
            Control::T3,
            place,
            "the default branch requires the owners' review",
        ),
        Needed::Unknown => out.unknown(
            Control::T3,
            Some(place),
            "whether the default branch requires the owners' review",
            "`cofferdam settings snapshot OWNER/REPO`, then `audit --settings FILE`",
        ),
        Needed::No => not_required(place, out),
    }
}

fn not_required(place: Location, out: &mut Sink) {
    out.report(
        Finding::new(
            CodeownersGithub::INFO.id,
            Severity::Medium,
            place,
            "nothing requires the review of the owners that the file names",
        )
        .why("Owners are asked for a review, and the change is merged without it")
        .fix("Switch on \"Require review from Code Owners\" in a ruleset for the default branch")
        .subject("requirement")
        .group("owners whose review is not required"),
    );
}

enum Needed {
    Yes,
    No,
    Unknown,
}

fn needed(settings: &Snapshot) -> Needed {
    let by_rules = match &settings.default_branch_rules {
        Fact::Known(rules) => Some(rules.iter().any(
            |active| matches!(&active.rule, BranchRule::PullRequest(rule) if rule.code_owner_review),
        )),
        Fact::NotChecked(_) => None,
    };
    let by_protection = match &settings.default_branch_protection {
        Fact::Known(protection) => Some(protection.as_ref().is_some_and(|p| {
            p.pull_request
                .as_ref()
                .is_some_and(|rule| rule.code_owner_review)
        })),
        Fact::NotChecked(_) => None,
    };
    match (by_rules, by_protection) {
        (Some(true), _) | (_, Some(true)) => Needed::Yes,
        (Some(false), Some(false)) => Needed::No,
        _ => Needed::Unknown,
    }
}
