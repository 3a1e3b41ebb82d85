//! What outputs of known actions hold.
//!
//! Facts about the actions, each from the action's own documentation (its
//! `action.yml` and README at the tag named, where the behaviour changed).

use cofferdam_workflows::documents::Step;
use cofferdam_workflows::semantics::{agents, events};

use crate::class::{Class, Shape, Who};

/// A kind of text that is looked up rather than handed over by the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holds {
    /// Names of changed files.
    FileNames,
    /// The head branch of a pull request.
    HeadBranch,
    /// Title of a pull request or issue.
    Title,
    /// Body of a pull request, issue or comment, or a part of it.
    Body,
    /// Message or author of a commit.
    Commit,
    /// A login, or the name of somebody's repository.
    Login,
    /// The log of a run.
    Log,
    /// A file of a pull request's head that lies in the workspace.
    Head {
        /// Whether the checkout itself refuses heads of forks where it has a
        /// guard.
        guarded: bool,
        /// The event whose payload names the head, if one does.
        event: Option<&'static str>,
    },
    /// A file of an artifact that another run made.
    Artifact,
    /// A file that a run for a pull request saves in a cache.
    Cache,
    /// The answer of an agent, which says what those want who tell it
    /// something.
    Agent,
}

impl Holds {
    /// How freely it can be shaped on an event, and by whom.
    #[must_use]
    pub fn shape(self, event: &str) -> Option<Shape> {
        let class = self.class().unwrap_or(Class::Text);
        let who = match (event, self) {
            (
                "push" | "merge_group" | "release" | "schedule" | "workflow_dispatch" | "create",
                Self::Commit | Self::FileNames,
            ) => Who::CommitAuthor,
            (event, Self::Head { guarded, event: of }) => {
                // Who opens the pull request of `pull_request` writes the workflow
                // too.
                let guards = matches!(event, "pull_request_target" | "workflow_run");
                let about = guards || event == "issue_comment";
                if !about || guarded && guards || of.is_some_and(|of| of != event) {
                    return None;
                }
                Who::PullRequestAuthor
            }
            ("workflow_run", _) => Who::PullRequestAuthor,
            (_, Self::Artifact) => return None,
            // The event of the run that saves. Its author writes the workflow
            // too, on `pull_request`; somebody may dispatch it for a head.
            ("workflow_dispatch" | "repository_dispatch", Self::Cache) => Who::PullRequestAuthor,
            (event, Self::Cache) => {
                if !events::is_privileged_from_outside(event) {
                    return None;
                }
                Who::PullRequestAuthor
            }
            // Nobody else's text is there.
            ("push" | "merge_group" | "schedule" | "workflow_dispatch", Self::Agent) => {
                return None;
            }
            ("issues" | "issue_comment" | "discussion" | "discussion_comment" | "gollum", _) => {
                Who::Anyone
            }
            (event, _) if event.starts_with("pull_request") => Who::PullRequestAuthor,
            _ => return None,
        };
        Some(Shape::new(class, who))
    }

    /// A few words for messages.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::FileNames => "the list of changed files",
            Self::HeadBranch => "the head branch of a pull request",
            Self::Title => "the title of a pull request or issue",
            Self::Body => "the text of a pull request, issue or comment",
            Self::Commit => "the message or author of a commit",
            Self::Login => "a login that the API tells",
            Self::Log => "the log of a run",
            Self::Head { .. } => "a file of a pull request's head",
            Self::Artifact => "a file of another run's artifact",
            Self::Cache => "a file that a pull request's run saves in a cache",
            Self::Agent => "the answer of an agent",
        }
    }
}

/// One output of one action.
struct Row {
    action: &'static str,
    /// Names of outputs; a trailing `*` stands for any rest.
    outputs: &'static [&'static str],
    holds: Holds,
    unless: Unless,
}

/// When the action makes the output harmless.
#[derive(Clone, Copy)]
enum Unless {
    Never,
    /// Shell characters are escaped from this major version on, unless the
    /// input is set to `false`.
    Escaped(u32, &'static str),
    /// Commands are taken from people with this right alone, unless the input
    /// says that it takes none.
    Asked(&'static str),
    /// `list-files` says how they are written: `shell` and `escape` quote for
    /// a shell, and nothing is listed by default.
    Listed,
}

const fn row(action: &'static str, outputs: &'static [&'static str], holds: Holds) -> Row {
    Row {
        action,
        outputs,
        holds,
        unless: Unless::Never,
    }
}

use Holds::{Body, FileNames, HeadBranch, Title};

const ROWS: &[Row] = &[
    // GHSA-mcph-m25j-8j63: `safe_output` escapes since v41.
    Row {
        action: "tj-actions/changed-files",
        outputs: &["*_files", "*_changed_files", "*_modified_files", "*_keys"],
        holds: FileNames,
        unless: Unless::Escaped(41, "safe_output"),
    },
    // GHSA-gq52-6phf-x2r6: safe since v9.
    Row {
        action: "tj-actions/branch-names",
        outputs: &["head_ref_branch", "ref_branch", "current_branch"],
        holds: HeadBranch,
        unless: Unless::Escaped(9, "safe_output"),
    },
    // GHSA-ghm2-rq8q-wrhc: escaped since v17.
    Row {
        action: "tj-actions/verify-changed-files",
        outputs: &["changed_files", "changed-files"],
        holds: FileNames,
        unless: Unless::Escaped(17, "safe_output"),
    },
    Row {
        action: "dorny/paths-filter",
        outputs: &["*_files"],
        holds: FileNames,
        unless: Unless::Listed,
    },
    row(
        "trilom/file-changes-action",
        &["files", "files_added", "files_modified", "files_removed"],
        FileNames,
    ),
    row(
        "jitterbit/get-changed-files",
        &[
            "all",
            "added",
            "modified",
            "removed",
            "renamed",
            "added_modified",
        ],
        FileNames,
    ),
    row(
        "masesgroup/retrieve-changed-files",
        &[
            "all",
            "added",
            "modified",
            "removed",
            "renamed",
            "added_modified",
        ],
        FileNames,
    ),
    row(
        "ahmadnassri/action-changed-files",
        &["files", "json"],
        FileNames,
    ),
    row(
        "lots0logs/gh-action-get-changed-files",
        &["all", "added", "modified", "deleted", "renamed"],
        FileNames,
    ),
    row(
        "knu/changed-files",
        &[
            "changed_files",
            "changed_files_json",
            "matched_files",
            "matched_files_json",
        ],
        FileNames,
    ),
    row("tony84727/changed-file-filter", &["changed"], FileNames),
    row("yumemi-inc/changed-files", &["files"], FileNames),
    row(
        "xt0rted/pull-request-comment-branch",
        &["head_ref"],
        HeadBranch,
    ),
    row(
        "alessbell/pull-request-comment-branch",
        &["head_ref"],
        HeadBranch,
    ),
    row(
        "gotson/pull-request-comment-branch",
        &["head_ref"],
        HeadBranch,
    ),
    row("eficode/resolve-pr-refs", &["head_ref"], HeadBranch),
    row(
        "potiuk/get-workflow-origin",
        &["sourceHeadBranch", "pullRequestLabels"],
        HeadBranch,
    ),
    Row {
        action: "xt0rted/slash-command-action",
        outputs: &["command-arguments"],
        holds: Body,
        unless: Unless::Asked("permission-level"),
    },
    row("khan/pull-request-comment-trigger", &["comment_body"], Body),
    row(
        "shanegenschaw/pull-request-comment-trigger",
        &["comment_body"],
        Body,
    ),
    row("peter-evans/find-comment", &["comment-body"], Body),
    row("zentered/issue-forms-body-parser", &["data"], Body),
    row(
        "stefanbuck/github-issue-parser",
        &["jsonString", "issueparser_*"],
        Body,
    ),
    row("peter-murray/issue-forms-body-parser", &["payload"], Body),
    row("8bitjonny/gh-get-current-pr", &["pr_title"], Title),
    row("8bitjonny/gh-get-current-pr", &["pr_body", "pr"], Body),
    row("jwalton/gh-find-current-pr", &["title"], Title),
    row("jwalton/gh-find-current-pr", &["body"], Body),
    row(
        "actions-ecosystem/action-get-merged-pull-request",
        &["title"],
        Title,
    ),
    row(
        "actions-ecosystem/action-get-merged-pull-request",
        &["body"],
        Body,
    ),
    row(
        "amannn/action-semantic-pull-request",
        &["error_message"],
        Title,
    ),
];

/// What an output of a step holds, if the action is known and the output is
/// somebody else's text, and whether it is written as JSON.
#[must_use]
pub fn of_step(step: &Step, output: &str) -> Option<(Holds, bool)> {
    if let Some(agent) = agents::of_step(step) {
        let answers = agent.answers.iter();
        return answers
            .into_iter()
            .any(|name| output == "*" || name.eq_ignore_ascii_case(output))
            .then_some((Holds::Agent, false));
    }
    let action = step.action()?;
    ROWS.iter()
        .filter(|row| row.action == action)
        .find(|row| row.outputs.iter().any(|name| fits(name, output)) && !escaped(row.unless, step))
        .map(|row| (row.holds, is_json(step)))
}

/// Whether the outputs of a step's action are known: those in the table, and
/// those that GitHub's own actions make of commits and keys.
pub(crate) fn is_known(step: &Step) -> bool {
    const HARMLESS: &[&str] = &[
        "actions/cache",
        "actions/cache/restore",
        "actions/cache/save",
        "actions/checkout",
        "actions/create-github-app-token",
        "actions/download-artifact",
        "actions/upload-artifact",
    ];
    step.action().is_some_and(|action| {
        HARMLESS.contains(&action)
            || action.starts_with("actions/setup-")
            || ROWS.iter().any(|row| row.action == action)
    })
}

fn is_json(step: &Step) -> bool {
    let says = |input: &str, value: &str| {
        step.input(input)
            .is_some_and(|text| text.value.trim() == value)
    };
    says("list-files", "json") || says("json", "true") && !says("escape_json", "true")
}

fn fits(pattern: &str, output: &str) -> bool {
    if let Some(end) = pattern.strip_prefix('*') {
        return output.len() >= end.len()
            && output
                .get(output.len() - end.len()..)
                .is_some_and(|tail| tail.eq_ignore_ascii_case(end));
    }
    if let Some(start) = pattern.strip_suffix('*') {
        return output
            .get(..start.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(start));
    }
    pattern.eq_ignore_ascii_case(output)
}

fn escaped(unless: Unless, step: &Step) -> bool {
    match unless {
        Unless::Never => false,
        Unless::Asked(input) => step
            .input(input)
            .is_none_or(|text| !matches!(text.value.trim(), "none" | "read")),
        Unless::Listed => step
            .input("list-files")
            .is_none_or(|text| matches!(text.value.trim(), "none" | "shell" | "escape")),
        Unless::Escaped(since, input) => {
            let off = step
                .input(input)
                .is_some_and(|text| text.value.trim() == "false");
            !off && major(step).is_none_or(|major| major >= since)
        }
    }
}

/// The major version that a step's reference names; unknown for commits and
/// branches, which are taken for new.
fn major(step: &Step) -> Option<u32> {
    let reference = step.uses()?.value.repository()?.git_ref.as_deref()?;
    let digits: String = reference
        .strip_prefix('v')?
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().ok()
}
