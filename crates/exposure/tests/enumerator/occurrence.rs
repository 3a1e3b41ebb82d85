//! What may happen to a repository: each event as it may come about, by whom, and
//! what of it is somebody's own.

use crate::run::Run;
use crate::settings::{self, Standing};
use crate::ways::Way;
use crate::world::{Event, Types, World};

/// GITHUB_REF of a run (events that trigger workflows, one table for each event).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ref {
    Main,
    Merge,
    Tag,
    Queue,
}

/// One thing that happens.
#[derive(Clone, Debug)]
pub(crate) struct Occurrence {
    pub(crate) workflow: usize,
    pub(crate) event: Event,
    pub(crate) at: Ref,
    pub(crate) way: Way,
    pub(crate) by_dependabot: bool,
    pub(crate) pull_request: Option<PullRequest>,
    pub(crate) label: bool,
    pub(crate) comment: Option<Comment>,
    pub(crate) issue: Option<Issue>,
    pub(crate) run_before: Option<RunBefore>,
    /// The number that was put in is that of somebody's own pull request.
    pub(crate) number_is_theirs: bool,
    /// What is checked out without a `ref` is somebody's own.
    pub(crate) files_are_theirs: bool,
    /// Nobody attacks.
    pub(crate) of_the_project: bool,
    /// Nothing of it is the attacker's, whoever causes it.
    pub(crate) of_a_bystander: bool,
}

impl Occurrence {
    /// Somebody else causes it.
    pub(crate) fn disown(&mut self) {
        if let Some(one) = &mut self.pull_request {
            one.theirs = false;
        }
        if let Some(one) = &mut self.comment {
            one.theirs = false;
        }
        if let Some(one) = &mut self.issue {
            one.theirs = false;
        }
        self.number_is_theirs = false;
        self.of_a_bystander = true;
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct PullRequest {
    pub(crate) own_head: bool,
    pub(crate) fork_is_gone: bool,
    pub(crate) labelled: bool,
    pub(crate) association: &'static str,
    pub(crate) by_dependabot: bool,
    pub(crate) merged: bool,
    /// Head and title are the attacker's.
    pub(crate) theirs: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Comment {
    pub(crate) association: &'static str,
    pub(crate) command: bool,
    pub(crate) theirs: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Issue {
    pub(crate) is_pull_request: bool,
    pub(crate) theirs: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct RunBefore {
    pub(crate) succeeded: bool,
    pub(crate) of_push: bool,
    /// The head, and the branch's name.
    pub(crate) theirs: bool,
    /// What way leads to code in it, which makes an artifact.
    pub(crate) artifact: Option<Way>,
}

/// Somebody who attacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Newcomer,
    Contributor,
    Triager,
    Writer,
    Maintainer,
    Admin,
    App,
    /// Nobody in particular: what happens in a project day by day. Nothing of it
    /// is an attacker's.
    Project,
}

impl Who {
    pub(crate) fn standing(self) -> Standing {
        match self {
            Self::Newcomer => Standing::Newcomer,
            Self::Contributor => Standing::Contributor,
            Self::Triager => Standing::Collaborator,
            _ => Standing::Writer,
        }
    }

    pub(crate) fn triages(self) -> bool {
        !matches!(self, Self::Newcomer | Self::Contributor)
    }

    pub(crate) fn writes(self) -> bool {
        self.triages() && self != Self::Triager
    }

    /// What `author_association` says of them. Somebody who was invited is a
    /// COLLABORATOR, and MEMBER where the owner is an organisation that they
    /// belong to (GraphQL, CommentAuthorAssociation). A second account has
    /// nothing.
    fn associations(self) -> &'static [&'static str] {
        match self {
            Self::Newcomer => &["NONE", "FIRST_TIME_CONTRIBUTOR"],
            Self::Contributor => &["CONTRIBUTOR"],
            Self::Triager | Self::Writer | Self::Maintainer | Self::App => {
                &["CONTRIBUTOR", "COLLABORATOR", "MEMBER"]
            }
            Self::Admin | Self::Project => &["CONTRIBUTOR", "COLLABORATOR", "MEMBER", "OWNER"],
        }
    }
}

fn plain(workflow: usize, event: Event, at: Ref, way: Way) -> Occurrence {
    Occurrence {
        workflow,
        event,
        at,
        way,
        by_dependabot: false,
        pull_request: None,
        label: false,
        comment: None,
        issue: None,
        run_before: None,
        number_is_theirs: false,
        files_are_theirs: false,
        of_the_project: false,
        of_a_bystander: false,
    }
}

/// Everything that an attacker makes happen to one event of one workflow, alone
/// or with the help of somebody with a role.
pub(crate) fn caused(
    world: &World,
    runs: &[Run],
    who: Who,
    workflow: usize,
    event: Event,
) -> Vec<Occurrence> {
    let settings = &world.settings;
    let theirs = who != Who::Project;
    // Somebody with the role triage does it: themselves, or for a stranger.
    let triage = if who.triages() {
        Way::open()
    } else {
        Way::wait("approval:fork")
    };
    let write = if who.writes() {
        Way::open()
    } else {
        Way::wait("approval:fork")
    };
    // Somebody else merges, or has approved what is merged.
    let merge = match theirs {
        true => Way::wait("approval:merge"),
        false => Way::open(),
    };
    let mut all = Vec::new();
    match event {
        Event::Target(types) => {
            for policy in settings::target_policy(settings) {
                for (activity, pr, dependabot, way) in pull_requests(who, types, &triage, &merge) {
                    let mut one = plain(workflow, event, Ref::Main, way.and(&policy));
                    one.label = activity == "labeled";
                    one.by_dependabot = dependabot;
                    one.pull_request = Some(pr);
                    all.push(one);
                }
            }
        }
        Event::PullRequest => {
            for (activity, pr, dependabot, way) in pull_requests(who, Types::Usual, &triage, &merge)
            {
                // What somebody sends brings their own workflow file, and is
                // among what is one's own.
                if !pr.own_head || theirs {
                    continue;
                }
                let mut one = plain(workflow, event, Ref::Merge, way);
                one.label = activity == "labeled";
                one.by_dependabot = dependabot;
                one.files_are_theirs = pr.theirs;
                one.pull_request = Some(pr);
                all.push(one);
            }
        }
        Event::IssueComment => {
            for is_pull_request in [true, false] {
                for association in who.associations() {
                    for command in [true, false] {
                        let mut one = plain(workflow, event, Ref::Main, Way::open());
                        one.comment = Some(Comment {
                            association,
                            command,
                            theirs,
                        });
                        one.issue = Some(Issue {
                            is_pull_request,
                            theirs,
                        });
                        all.push(one);
                    }
                }
                // Somebody with a role comments on what is theirs.
                for association in ["COLLABORATOR", "MEMBER", "OWNER"] {
                    let way = Way::wait("approval:fork");
                    let mut one = plain(workflow, event, Ref::Main, way);
                    one.comment = Some(Comment {
                        association,
                        command: true,
                        theirs: false,
                    });
                    one.issue = Some(Issue {
                        is_pull_request,
                        theirs,
                    });
                    all.push(one);
                }
            }
        }
        Event::Issues(types) => {
            // All kinds of activity where none is named.
            for label in [false, true] {
                let fits = match types {
                    Types::Usual => true,
                    Types::Labeled => label,
                    _ => !label,
                };
                if fits {
                    let way = if label { triage.clone() } else { Way::open() };
                    let mut one = plain(workflow, event, Ref::Main, way);
                    one.label = label;
                    one.issue = Some(Issue {
                        is_pull_request: false,
                        theirs,
                    });
                    all.push(one);
                }
            }
        }
        Event::Watch => all.push(plain(workflow, event, Ref::Main, Way::open())),
        Event::WorkflowRun(after) => all.extend(followed(world, runs, who, workflow, after)),
        Event::Dispatch => {
            // Takes write access; the number may be that of a stranger's pull
            // request.
            for at in [Ref::Main, Ref::Merge, Ref::Tag] {
                let mut one = plain(workflow, event, at, write.clone());
                one.number_is_theirs = theirs;
                all.push(one);
            }
        }
        Event::MergeGroup => {
            // Somebody with write access puts a reviewed change into the queue,
            // and what is in it runs on a branch of the repository.
            let mut one = plain(workflow, event, Ref::Queue, merge);
            one.files_are_theirs = theirs;
            all.push(one);
        }
        Event::PushMain if who == Who::Project => {
            all.push(plain(workflow, event, Ref::Main, Way::open()));
        }
        Event::Schedule if who == Who::Project => {
            all.push(plain(workflow, event, Ref::Main, Way::open()));
        }
        Event::PushTags | Event::Release if who == Who::Project => {
            all.push(plain(workflow, event, Ref::Tag, Way::open()));
        }
        // Pushes with code of one's own bring the workflow along; they are
        // among what is one's own.
        Event::PushMain | Event::Schedule | Event::PushTags | Event::Release | Event::Call => {}
    }
    for one in &mut all {
        one.of_the_project = !theirs;
    }
    all
}

/// Pull requests in every state that matters: kind of activity, the request,
/// whether Dependabot caused it, what it takes.
fn pull_requests(
    who: Who,
    types: Types,
    triage: &Way,
    merge: &Way,
) -> Vec<(&'static str, PullRequest, bool, Way)> {
    let activities: &[&str] = match types {
        Types::Usual => &["opened", "synchronize", "reopened"],
        Types::Opened => &["opened"],
        Types::Edited => &["edited"],
        Types::Labeled => &["labeled"],
        Types::Closed => &["closed"],
    };
    let theirs = who != Who::Project;
    let mut all = Vec::new();
    for activity in activities {
        for association in who.associations() {
            // A condition on the author keeps somebody with the role triage out as
            // well (README.md, "Open").
            if theirs && !who.writes() && *association == "MEMBER" {
                continue;
            }
            for labelled in [false, true] {
                for own_head in [false, true] {
                    for fork_is_gone in [false, true] {
                        for merged in [false, true] {
                            let pr = PullRequest {
                                own_head,
                                fork_is_gone,
                                labelled,
                                association,
                                by_dependabot: false,
                                merged,
                                theirs,
                            };
                            let Some(way) = comes_about(activity, &pr, who, triage, merge) else {
                                continue;
                            };
                            // That no branch may be pushed is not looked at
                            // (README.md, "Wider on purpose").
                            all.push((*activity, pr.clone(), false, way.clone()));
                            // The owner of a fork lets Dependabot push to the
                            // branch of an open request.
                            if *activity == "synchronize" && !own_head {
                                all.push((*activity, pr.clone(), true, way));
                            }
                        }
                    }
                }
            }
        }
        // Who may write edits the titles of Dependabot's requests, and pushes to
        // their branches.
        if who.writes() {
            let pr = PullRequest {
                own_head: true,
                by_dependabot: true,
                association: "NONE",
                labelled: true,
                theirs,
                ..PullRequest::default()
            };
            all.push((*activity, pr, false, Way::open()));
        }
        if who == Who::Project {
            let pr = PullRequest {
                own_head: true,
                by_dependabot: true,
                association: "NONE",
                labelled: true,
                ..PullRequest::default()
            };
            all.push((*activity, pr, true, Way::open()));
        }
    }
    all
}

/// What it takes; `None` where it cannot be. Which label or deletion may come
/// before which activity is not looked at (README.md, "Wider on purpose").
fn comes_about(
    activity: &str,
    pr: &PullRequest,
    who: Who,
    triage: &Way,
    merge: &Way,
) -> Option<Way> {
    let mut way = Way::open();
    if pr.own_head && (!who.writes() || pr.fork_is_gone) {
        return None;
    }
    if activity == "labeled" && !pr.labelled {
        return None;
    }
    if pr.labelled {
        way = way.and(triage);
    }
    if pr.merged {
        if activity != "closed" {
            return None;
        }
        way = way.and(merge);
    }
    Some(way)
}

/// Runs of a workflow that a `workflow_run` follows.
fn followed(
    world: &World,
    runs: &[Run],
    who: Who,
    workflow: usize,
    after: usize,
) -> Vec<Occurrence> {
    let event = Event::WorkflowRun(after);
    let mut all = Vec::new();
    let mut add = |way: Way, before: RunBefore| {
        let mut one = plain(workflow, event, Ref::Main, way);
        one.run_before = Some(before);
        all.push(one);
    };
    if who == Who::Project {
        for succeeded in [false, true] {
            for of_push in [false, true] {
                add(
                    Way::open(),
                    RunBefore {
                        succeeded,
                        of_push,
                        theirs: false,
                        artifact: None,
                    },
                );
            }
        }
        return all;
    }
    // A fork's pull request runs the files as the fork has them, and what follows
    // goes by the name that a file gives itself: it may have that name whatever
    // the files of the repository are called. A run that waits for its approval
    // is sent as completed too.
    for way in settings::fork_run(&world.settings, who.standing()) {
        add(
            Way::open(),
            RunBefore {
                succeeded: false,
                of_push: false,
                theirs: true,
                artifact: None,
            },
        );
        add(
            way.clone(),
            RunBefore {
                succeeded: true,
                of_push: false,
                theirs: true,
                artifact: Some(way),
            },
        );
    }
    // A branch of one's own brings the file along as well, for pushes too.
    if who.writes() {
        for way in settings::own_branch(&world.settings) {
            for of_push in [false, true] {
                add(
                    way.clone(),
                    RunBefore {
                        succeeded: true,
                        of_push,
                        theirs: true,
                        artifact: Some(way.clone()),
                    },
                );
            }
        }
    }
    // That the head of a run that a comment has started is the default branch is
    // not looked at (README.md, "Wider on purpose").
    for event in &world.workflows[after].events {
        // What was put into the queue has been reviewed.
        if *event == Event::MergeGroup {
            continue;
        }
        // What is started by hand is somebody else's (README.md, "Open").
        if *event == Event::Dispatch {
            continue;
        }
        for one in caused(world, runs, who, after, *event) {
            let mut of_it = runs
                .iter()
                .filter(|r| r.workflow == after && r.event == *event);
            let any = of_it.any(|run| run.starts(&one));
            for succeeded in [false, true] {
                // A run of which every job is skipped is not followed up
                // (README.md, "Open").
                if !any {
                    continue;
                }
                add(
                    one.way.clone(),
                    RunBefore {
                        succeeded,
                        of_push: false,
                        theirs: true,
                        artifact: None,
                    },
                );
            }
        }
    }
    all
}
