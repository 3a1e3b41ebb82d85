//! Small repositories with their settings.

use std::collections::BTreeSet;

/// A repository of at most three workflows.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) settings: Settings,
    pub(crate) workflows: Vec<Workflow>,
}

/// What is known about the repository; `None` where nobody looked.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) private: Option<bool>,
    pub(crate) default_token_writes: Option<bool>,
    pub(crate) fork_approval: Option<ForkApproval>,
    pub(crate) branches: Option<Branches>,
    pub(crate) tags_restricted: Option<bool>,
    /// Whether a policy lets every event in, or GitHub's own stands.
    pub(crate) policy: Option<Policy>,
    /// Read in a private repository alone.
    pub(crate) private_forks: Option<PrivateForks>,
    /// Known to exist, known not to, or not seen.
    pub(crate) prod: Prod,
    pub(crate) persistent_runner: Option<bool>,
    pub(crate) app: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ForkApproval {
    NewToGitHub,
    FirstTime,
    AllOutside,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Branches {
    Free,
    Reviewed,
    Restricted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    EveryEvent,
    GitHubs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PrivateForks {
    pub(crate) secrets: bool,
    pub(crate) write_tokens: bool,
    pub(crate) approval: bool,
}

/// The environment `prod`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Prod {
    NotSeen,
    Missing,
    There(Rules),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) reviewers: bool,
    pub(crate) self_review_prevented: bool,
    pub(crate) admin_bypass: bool,
    pub(crate) wait: bool,
    pub(crate) refs: Refs,
    /// Whether it keeps `DEPLOY_KEY`.
    pub(crate) keeps_deploy_key: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refs {
    Any,
    Main,
    Tags,
}

#[derive(Clone, Debug)]
pub(crate) struct Workflow {
    pub(crate) events: Vec<Event>,
    pub(crate) permissions: Permissions,
    /// A secret in the `env` of the whole file.
    pub(crate) env: Option<Secret>,
    pub(crate) cache_mode: CacheMode,
    pub(crate) jobs: Vec<Job>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    PushMain,
    PushTags,
    PullRequest,
    Target(Types),
    IssueComment,
    Issues(Types),
    /// After a run of the workflow with that number.
    WorkflowRun(usize),
    /// With the number of a pull request as input.
    Dispatch,
    Schedule,
    Release,
    MergeGroup,
    Watch,
    Call,
}

/// Kinds of activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Types {
    Usual,
    Opened,
    Edited,
    Labeled,
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Permissions {
    None,
    Unsaid,
    Contents(Access),
    Issues,
    Packages,
    Actions,
    IdToken,
    ReadAll,
    WriteAll,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CacheMode {
    Unsaid,
    None,
    Read,
    Write,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Secret {
    Api,
    Deploy,
    Npm,
}

#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) guard: Guard,
    pub(crate) prod: bool,
    /// Of the job before it.
    pub(crate) needs: bool,
    /// `None`: not said, so those of the workflow.
    pub(crate) permissions: Option<Permissions>,
    pub(crate) self_hosted: bool,
    /// Its label names no image of GitHub's.
    pub(crate) boxed: bool,
    pub(crate) container: Option<Pin>,
    pub(crate) body: Body,
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    Steps(Vec<Step>),
    /// Calls the workflow with that number, which has the event `Call`.
    Call(usize, Passed),
    /// Calls a workflow of another repository.
    Elsewhere(Pin, Passed),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passed {
    Nothing,
    One(Secret),
    Inherit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    None,
    False,
    OwnHead,
    ForkFlag,
    Labels,
    Label,
    CommentByMember,
    CommentByCollaborator,
    AuthorContributor,
    AuthorMember,
    DependabotActs,
    DependabotAuthor,
    EventIsPush,
    RefIsMain,
    RunSucceeded,
    RunOfPush,
    Merged,
    Command,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pin {
    Mutable,
    Fixed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Head {
    /// No `ref` at all.
    Own,
    PullRequest,
    IssueNumber,
    RunBefore,
    InputNumber,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    PullRequestTitle,
    IssueTitle,
    CommentBody,
    RunBeforeBranch,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Echo,
    Checkout(Head),
    /// Runs what lies in the workspace.
    Make,
    /// Reads what lies in the workspace.
    Grep,
    SecretInEnv(Secret),
    SecretInRun(Secret),
    SecretToAction(Secret),
    AllSecrets,
    TextInScript(Text),
    TextInEnv(Text),
    Action(Pin),
    LocalAction,
    Tool(Pin),
    Script(Pin),
    Cache,
    Upload,
    /// Whether it runs what it took.
    Download(bool),
    DockerRun(Pin, Option<Secret>),
    DockerSocket(Pin),
    DockerBuild(Option<Secret>),
    DockerAction(Pin, Option<Secret>),
    NpmPublish,
    GithubRelease,
    /// Puts the output of the job before into a script.
    Output,
}

impl Step {
    /// The secret that it names.
    pub(crate) fn secret(self) -> Option<Secret> {
        match self {
            Self::SecretInEnv(secret)
            | Self::SecretInRun(secret)
            | Self::SecretToAction(secret) => Some(secret),
            Self::DockerRun(_, secret)
            | Self::DockerBuild(secret)
            | Self::DockerAction(_, secret) => secret,
            Self::NpmPublish => Some(Secret::Npm),
            _ => None,
        }
    }
}

/// What has to come up in repositories that have ways at all.
pub(crate) const FEATURES: &[&str] = &[
    "PushMain",
    "PushTags",
    "PullRequest",
    "Target",
    "IssueComment",
    "Issues",
    "WorkflowRun",
    "Dispatch",
    "Schedule",
    "Release",
    "MergeGroup",
    "Watch",
    "Call",
    "OwnHead",
    "ForkFlag",
    "Labels",
    "CommentByMember",
    "CommentByCollaborator",
    "AuthorContributor",
    "AuthorMember",
    "DependabotActs",
    "DependabotAuthor",
    "EventIsPush",
    "RunSucceeded",
    "RunOfPush",
    "Command",
    "prod",
    "needs",
    "self-hosted",
    "boxed",
    "container",
    "calls",
    "calls elsewhere",
    "Checkout",
    "Make",
    "Grep",
    "SecretInEnv",
    "SecretInRun",
    "SecretToAction",
    "AllSecrets",
    "TextInScript",
    "TextInEnv",
    "Action",
    "LocalAction",
    "Tool",
    "Script",
    "Cache",
    "Upload",
    "Download",
    "DockerRun",
    "DockerSocket",
    "DockerBuild",
    "DockerAction",
    "NpmPublish",
    "GithubRelease",
    "Output",
    "public",
    "private",
    "not seen",
    "app",
];

impl World {
    /// The words of what it has.
    pub(crate) fn features(&self) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        let mut word = |value: String| {
            let first = value.split(['(', ' ', '{']).next();
            all.extend(first.map(str::to_owned));
        };
        for workflow in &self.workflows {
            workflow
                .events
                .iter()
                .for_each(|event| word(format!("{event:?}")));
            for job in &workflow.jobs {
                word(format!("{:?}", job.guard));
                if let Body::Steps(steps) = &job.body {
                    steps.iter().for_each(|step| word(format!("{step:?}")));
                }
            }
        }
        let jobs = || self.workflows.iter().flat_map(|workflow| &workflow.jobs);
        let has = [
            ("prod", jobs().any(|job| job.prod)),
            ("needs", jobs().any(|job| job.needs)),
            ("self-hosted", jobs().any(|job| job.self_hosted)),
            ("boxed", jobs().any(|job| job.boxed)),
            ("container", jobs().any(|job| job.container.is_some())),
            (
                "calls",
                jobs().any(|job| matches!(job.body, Body::Call(..))),
            ),
            (
                "calls elsewhere",
                jobs().any(|job| matches!(job.body, Body::Elsewhere(..))),
            ),
            ("public", self.settings.private == Some(false)),
            ("private", self.settings.private == Some(true)),
            ("not seen", self.settings.private.is_none()),
            ("app", self.settings.app),
        ];
        all.extend(
            has.iter()
                .filter(|(_, there)| *there)
                .map(|(word, _)| (*word).to_owned()),
        );
        all
    }
}
