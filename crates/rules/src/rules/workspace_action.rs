//! Actions that are run from the workspace.

use std::cell::LazyCell;
use std::collections::HashMap;

use cofferdam_facts::uses::is_commit_id;
use cofferdam_facts::{Location, UsesRef};
use cofferdam_findings::{Confidence, Finding, Severity};
use cofferdam_workflows::documents::{Action, Step};
use cofferdam_workflows::semantics::checkouts;
use cofferdam_workflows::semantics::constants::{Constant, Surroundings};
use cofferdam_workflows::semantics::folders::Folder;

use crate::context::{Context, JobView};
use crate::expression_sites::action_called;
use crate::own_references;
use crate::rule::{Rule, Sink};
use crate::takeover::Takeovers;

crate::rule! {
    /// # What
    /// A step uses an action by `./`, that is, from whatever lies in the
    /// workspace by then: another repository that was checked out there, or
    /// this one, where `$/` would name the running commit.
    ///
    /// # Why
    /// `./` is a path on the runner and no reference. A checkout of another
    /// repository at a branch in that folder makes its owner decide what runs,
    /// with no `uses:` that a pin, a list or an update tool would see; and any
    /// step before can write the file. `$/` (2026) takes the action from the
    /// commit of the workflow and needs no checkout.
    ///
    /// # Vulnerable
    /// ```yaml
    /// - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
    ///   with:
    ///     repository: vendor/tools
    ///     path: tools
    /// - uses: ./tools/setup
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// - uses: vendor/tools/setup@0123456789012345678901234567890123456789 # v1.0.0
    /// - uses: $/.github/actions/build
    /// ```
    ///
    /// # How it is decided
    /// The checkouts of the job before the step are followed in order: the last
    /// one that fills the folder of the action owns it.
    ///
    /// Where it fetches another repository at anything but a commit, the
    /// severity is that of an action of that repository at a branch
    /// (`unpinned-action`); at a commit it is low, as where only the run knows
    /// the ref; one level less where the owner is this repository's, or GitHub.
    /// An expression as the repository cannot be judged and is informational.
    ///
    /// Uses from this repository's own checkout are one informational finding
    /// for a workflow, as are `./` in composite actions, where they mean the
    /// files of whoever uses the action. The head of a pull request is
    /// `untrusted-checkout`'s.
    ///
    /// `./` of a job that calls a workflow means the running commit and is fine.
    /// zizmor's `self-repository` reports each `./` and does not ask what was
    /// checked out; octoscan's `local-action` lists them.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsuses>
    /// - <https://github.com/actions/checkout#usage>
    pub struct WorkspaceAction {
        id: "workspace-action",
        title: "An action is run from whatever lies in the workspace",
        severity: High,
        controls: [D1],
        peers: ["octoscan/local-action", "zizmor/self-repository"],
        standards: [Cwe::Cwe829, Scorecard::PinnedDependencies, StepSecurity::PinnedActions],
    }
}

impl Rule for WorkspaceAction {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let takeovers = LazyCell::new(|| Takeovers::new(cx));
        for workflow in &cx.repository.workflows {
            let mut own: Vec<Location> = Vec::new();
            for view in cx.jobs(workflow) {
                let mut folders: HashMap<String, &Step> = HashMap::new();
                for step in view.job.steps() {
                    filled(step, &mut folders);
                    let Some(path) = local(step) else { continue };
                    match owner(&folders, path) {
                        None => own.push(view.at(step.head())),
                        Some(checkout) => other(cx, &takeovers, (view, step), checkout, out),
                    }
                }
            }
            if let Some(first) = own.first() {
                ours(first, own.len(), out);
            }
        }
    }

    fn action(&self, _cx: &Context<'_>, action: &Action, out: &mut Sink) {
        let Some((step, path)) = action.steps().iter().find_map(|s| Some((s, local(s)?))) else {
            return;
        };
        out.report_against(
            &[],
            Finding::new(
                WorkspaceAction::INFO.id,
                Severity::Info,
                action.file().locate(step.head()),
                format!("{} uses `{path}` of whoever uses it", action_called(action)),
            )
            .why("In a composite action `./` is the workspace of the job, not the action's own repository")
            .fix("Write `$/` and the path, which is the repository of the action")
            .group("composite actions that use files of their users")
            .subject(format!("runs {path}")),
        );
    }
}

fn local(step: &Step) -> Option<&str> {
    match &step.uses()?.value {
        UsesRef::Local(path) => Some(path),
        _ => None,
    }
}

// The last checkout that fills a folder, by its path below the workspace. One
// that an expression names is not followed.
fn filled<'s>(step: &'s Step, folders: &mut HashMap<String, &'s Step>) {
    if !checkouts::is_checkout(step) {
        return;
    }
    let folder = checkouts::folder(step).map(|folder| Folder::workspace().join(&folder));
    if let Some(Folder::Inside(folder)) = folder {
        folders.insert(folder, step);
    }
}

// The checkout of another repository, or of one that is not known, in whose
// folder an action lies: the folder nearest to it decides.
fn owner<'s>(folders: &HashMap<String, &'s Step>, path: &str) -> Option<&'s Step> {
    let Folder::Inside(wanted) = Folder::workspace().join(path) else {
        return None;
    };
    let mut folder = wanted.as_str();
    let checkout = loop {
        if let Some(checkout) = folders.get(folder) {
            break *checkout;
        }
        if folder.is_empty() {
            return None;
        }
        folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
    };
    let repository = checkout.input("repository")?;
    let this = repository.value.trim().is_empty() || is_this(&repository.value);
    (!this).then_some(checkout)
}

fn is_this(repository: &str) -> bool {
    let bare: String = repository.chars().filter(|c| !c.is_whitespace()).collect();
    bare.eq_ignore_ascii_case("${{github.repository}}")
}

fn other(
    cx: &Context<'_>,
    takeovers: &Takeovers<'_>,
    (view, step): (&JobView<'_>, &Step),
    checkout: &Step,
    out: &mut Sink,
) {
    let Some(repository) = checkout.input("repository") else {
        return;
    };
    let own = cx.repository.slug.as_deref();
    if own.is_some_and(|own| own.eq_ignore_ascii_case(repository.value.trim())) {
        return;
    }
    // Forks' heads have a rule of their own.
    if repository.value.contains("pull_request") || repository.value.contains("head_repository") {
        return;
    }
    let around = Surroundings::of_job(view.workflow, view.job).in_step(checkout);
    let reference = checkouts::reference(checkout);
    let values = reference.map(|text| around.values(text));
    let pinned = values.as_ref().is_some_and(|values| {
        let commit = |c: &Constant| is_commit_id(c.text.trim());
        values.complete && !values.known.is_empty() && values.known.iter().all(commit)
    });
    // A ref that only the run knows may be a commit as well.
    let open = values.as_ref().is_some_and(|values| !values.complete);
    let takeover = takeovers.of_job(view);
    let (severity, confidence) = match repository.literal() {
        None => (Severity::Info, Confidence::Low),
        Some(_) if pinned => (Severity::Low, Confidence::High),
        Some(_) if open => (takeover.severity.min(Severity::Low), Confidence::Low),
        Some(name) if is_near(cx, name) => (takeover.severity.lowered(), takeover.confidence),
        Some(_) => (takeover.severity, takeover.confidence),
    };
    let reference = reference.map(|text| text.value.trim());
    let what = step
        .uses()
        .map_or_else(String::new, |u| u.value.to_string());
    let at = match reference {
        Some(reference) => format!("`{reference}`"),
        None => "its default branch".to_owned(),
    };
    let finding = Finding::new(
        WorkspaceAction::INFO.id,
        severity,
        view.at(step.head()),
        format!(
            "job `{}` uses `{what}`, which is `{}` at {at}",
            view.job.name(),
            repository.value.trim()
        ),
    )
    .why(if pinned {
        "The commit is fixed, but no list of actions and no update tool sees it here".to_owned()
    } else {
        format!(
            "Who can push there decides what runs here, and no `uses:` says so; at stake: {}",
            takeover.held
        )
    })
    .fix("Use the action by its repository and a commit, or check that commit out")
    .confidence(confidence)
    .group("actions of other repositories that are run from the workspace")
    .subject(format!("{} {what}", view.step_subject(step)))
    .related(view.at(repository.span), "this checkout puts it there");
    if severity > Severity::Low {
        out.report(finding);
    } else {
        out.report_against(&[], finding);
    }
}

// Of the same owner, or of GitHub.
fn is_near(cx: &Context<'_>, name: &str) -> bool {
    match UsesRef::parse(name.trim()) {
        UsesRef::Repository(uses) => own_references::is_familiar(cx.repository, &uses),
        _ => false,
    }
}

fn ours(first: &Location, count: usize, out: &mut Sink) {
    let message = match count {
        1 => "an own action is run from the workspace".to_owned(),
        n => format!("own actions are run from the workspace in {n} places"),
    };
    out.report_against(
        &[],
        Finding::new(WorkspaceAction::INFO.id, Severity::Info, first.clone(), message)
            .why("Steps before it can change what lies there; `$/` takes the action from the running commit")
            .fix("Write `$/` in place of `./`")
            .group("own actions that are run from the workspace")
            .subject("own"),
    );
}
