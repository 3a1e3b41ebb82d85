//! What the settings let happen.

use crate::occurrence::Ref;
use crate::ways::Way;
use crate::world::{Branches, ForkApproval, Policy, Prod, Refs, Settings};

/// Who stands before a gate.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Gate {
    /// May approve deployments, also their own unless that is prevented.
    pub(crate) reviews: bool,
    /// May be allowed to pass by.
    pub(crate) administers: bool,
}

pub(crate) const ADMITS_NOT: &str = "settings:environment:prod";

/// What stands before a job of `prod` on that ref (deployments and
/// environments).
pub(crate) fn environment(settings: &Settings, who: &Gate, at: Ref) -> Vec<Way> {
    let rules = match &settings.prod {
        // A name that does not exist is created by the run, without rules
        // (managing environments, creating an environment).
        Prod::Missing => return vec![Way::open()],
        Prod::NotSeen => return vec![Way::fact(ADMITS_NOT)],
        Prod::There(rules) => rules,
    };
    // "By default administrators can bypass the rules and force a deployment";
    // that can be switched off.
    if who.administers && rules.admin_bypass {
        return vec![Way::open()];
    }
    let mut way = Way::open();
    // The rule is compared with GITHUB_REF of the run.
    let admitted = match rules.refs {
        Refs::Any => true,
        Refs::Main => at == Ref::Main,
        Refs::Tags => at == Ref::Tag,
    };
    if !admitted {
        way = way.and(&Way::control(ADMITS_NOT));
    }
    // One approval is enough; that of the one who started it, unless self-review
    // is prevented.
    if rules.reviewers && (!who.reviews || rules.self_review_prevented) {
        way = way.and(&Way::wait("approval:environment:prod"));
    }
    if rules.wait {
        way = way.and(&Way::wait("wait:prod"));
    }
    vec![way]
}

/// A policy may refuse an event; GitHub's own refuses `pull_request_target` in
/// public repositories (controlling who can execute workflows).
pub(crate) fn target_policy(settings: &Settings) -> Vec<Way> {
    match (settings.policy, settings.private) {
        (Some(Policy::EveryEvent), _) => vec![Way::open()],
        (_, Some(true)) => vec![Way::open()],
        (Some(Policy::GitHubs), Some(false)) => vec![Way::control("settings:actions-policy")],
        // Not known to be public.
        (Some(Policy::GitHubs), None) => vec![Way::fact("settings:actions-policy")],
        (None, _) => vec![Way::fact("settings:actions-policy")],
    }
}

/// A push to a branch of one's own: only a rule about every branch stands in its
/// way (available rules for rulesets: restrict creations, restrict updates).
pub(crate) fn own_branch(settings: &Settings) -> Vec<Way> {
    match settings.branches {
        Some(Branches::Restricted) => vec![Way::control("settings:branch-rules")],
        _ => vec![Way::open()],
    }
}

/// A push to the default branch.
pub(crate) fn default_branch(settings: &Settings) -> Vec<Way> {
    match settings.branches {
        Some(Branches::Free) => vec![Way::open()],
        Some(Branches::Reviewed | Branches::Restricted) => {
            vec![Way::control("settings:branch-rules")]
        }
        None => vec![Way::fact("settings:branch-rules")],
    }
}

/// A push of a tag.
pub(crate) fn tag(settings: &Settings) -> Vec<Way> {
    match settings.tags_restricted {
        Some(true) => vec![Way::control("settings:tag-rules")],
        Some(false) => vec![Way::open()],
        // All rulesets are read at once, so one about branches is there only
        // where the others were seen too.
        None if settings.branches == Some(Branches::Restricted) => vec![Way::open()],
        None => vec![Way::fact("settings:tag-rules")],
    }
}

/// Who opens a pull request from a fork.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Newcomer,
    Contributor,
    Collaborator,
    Writer,
}

/// What a run of a fork's pull request waits for.
pub(crate) fn fork_run(settings: &Settings, standing: Standing) -> Vec<Way> {
    let wait = || Way::wait("approval:fork");
    let public = || match (settings.fork_approval, standing) {
        // "People with write access approve": they need nobody.
        (_, Standing::Writer | Standing::Collaborator) => Way::open(),
        (Some(ForkApproval::AllOutside), _) => wait(),
        (Some(ForkApproval::FirstTime), Standing::Newcomer) => wait(),
        // The loosest asks only for accounts that are new to GitHub.
        (Some(ForkApproval::FirstTime | ForkApproval::NewToGitHub), _) => Way::open(),
        (None, _) => Way::fact("settings:fork-approval"),
    };
    let private = || match (settings.private_forks, standing) {
        (_, Standing::Writer) => Way::open(),
        // "Require approval for fork pull request workflows": of everybody who
        // may not write.
        (Some(forks), _) if forks.approval => wait(),
        (Some(_), _) => Way::open(),
        (None, _) => Way::fact("settings:secrets-to-forks"),
    };
    match settings.private {
        Some(true) => vec![private()],
        Some(false) => vec![public()],
        // Which of the two it is, is a part of that fact.
        None => vec![public()],
    }
}

/// Whether such a run has the secrets, and may write.
pub(crate) fn sent_to_forks(settings: &Settings) -> (Vec<Way>, Vec<Way>) {
    let say = |yes: bool| match yes {
        true => Way::open(),
        false => Way::control("settings:secrets-to-forks"),
    };
    match (settings.private, settings.private_forks) {
        // Forks of a public repository have neither (events that trigger
        // workflows, pull_request events for forked repositories).
        (Some(false), _) => (Vec::new(), Vec::new()),
        (_, Some(forks)) => (vec![say(forks.secrets)], vec![say(forks.write_tokens)]),
        (_, None) => {
            let fact = vec![Way::fact("settings:secrets-to-forks")];
            (fact.clone(), fact)
        }
    }
}

/// Whether a self-hosted runner takes jobs one after another (self-hosted runner
/// reference, ephemeral runners).
pub(crate) fn machine_stays(settings: &Settings) -> Vec<Way> {
    match settings.persistent_runner {
        Some(true) => vec![Way::open()],
        Some(false) => Vec::new(),
        // One takes several jobs unless it was registered for one (adding
        // self-hosted runners, `--ephemeral`).
        None => vec![Way::open()],
    }
}

/// Whether a label that names no image of GitHub's is of a self-hosted runner: where
/// the runners were seen, none of them has it, so that it is a larger one of
/// GitHub's (larger runners).
pub(crate) fn boxes(settings: &Settings) -> Vec<Way> {
    match settings.persistent_runner {
        Some(_) => Vec::new(),
        None => vec![Way::fact("settings:runners")],
    }
}
