//! What the graph asks of the settings, and which fact is missing where they do
//! not answer.
//!
//! Sources: docs.github.com, "Available rules for rulesets"; "Managing
//! environments for deployment", deployment protection rules; "Approving
//! workflow runs from forks"; "Managing GitHub Actions settings for a
//! repository".

use cofferdam_facts::settings::{
    BypassActor, BypassActorKind, DeploymentRefs, Enforcement, Environment, Fact as Known,
    ForkApproval, NamedRef, RefKind, Rule, Ruleset, RulesetTarget, Snapshot, Visibility,
};
use cofferdam_rules::context::Facts;

use crate::graph::{Own, Rank};
use crate::verdict::{Control, Fact, Verdict, Wait};

/// GitHub's number of the role `write` among those that may ignore rules.
const WRITE_ROLE: u64 = 4;

/// What is known of the settings.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'c> {
    snapshot: Option<&'c Snapshot>,
    /// What the project says itself.
    declared: Option<&'c Visibility>,
}

/// How the default branch is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Branch {
    Open,
    /// Somebody else has to approve.
    Reviewed,
    /// Only named people push.
    Restricted,
}

/// The ref that a run is about, as environments look at it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ref {
    /// The default branch.
    Default,
    /// A branch with this name or pattern; none for any that somebody makes.
    Branch(Option<String>),
    /// A tag.
    Tag,
    /// The merge ref of a pull request.
    Pull,
}

impl<'c> Settings<'c> {
    /// Those of a snapshot, if there is one, and what the project says of itself.
    #[must_use]
    pub fn new(facts: &Facts<'c>) -> Self {
        Self {
            snapshot: facts.settings,
            declared: facts.visibility,
        }
    }

    /// The snapshot.
    #[must_use]
    pub fn snapshot(&self) -> Option<&'c Snapshot> {
        self.snapshot
    }

    /// Who can see the repository: what the platform says, else the project.
    #[must_use]
    pub fn visibility(&self) -> Option<&'c Visibility> {
        let repository = self.snapshot.and_then(|s| s.repository.known());
        repository.map(|one| &one.visibility).or(self.declared)
    }

    /// Whether it is known that not everybody sees the repository.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.visibility().is_some_and(|v| *v != Visibility::Public)
    }

    /// The name of the default branch.
    #[must_use]
    pub fn default_branch(&self) -> Option<&'c str> {
        let repository = self.snapshot?.repository.known()?;
        Some(&repository.default_branch)
    }

    /// What it takes for the run of a fork's pull request to start; `None` where
    /// forks run nothing.
    #[must_use]
    pub fn fork_runs(&self, rank: Rank) -> Option<Verdict> {
        // Public repositories ask nobody with a role for an approval, private
        // ones everybody who may not write.
        if rank >= Rank::Writer || rank == Rank::Triager && !self.is_private() {
            return Some(Verdict::reachable());
        }
        let approval = self.snapshot.map(|s| &s.actions.fork_approval);
        if self.is_private() {
            let forks = self.snapshot.and_then(|s| s.actions.private_forks.known());
            return match forks {
                Some(Some(forks)) if !forks.run_workflows => None,
                Some(Some(forks)) if forks.require_approval => Some(Verdict::after(Wait::Fork)),
                Some(_) => Some(Verdict::reachable()),
                None => Some(Verdict::when(Fact::SecretsToForks)),
            };
        }
        Some(match approval.and_then(Known::known) {
            Some(ForkApproval::NewToGitHub) => Verdict::reachable(),
            Some(ForkApproval::FirstTimeContributors) if rank == Rank::Newcomer => {
                Verdict::after(Wait::Fork)
            }
            Some(ForkApproval::FirstTimeContributors) => Verdict::reachable(),
            Some(ForkApproval::AllExternalContributors) => Verdict::after(Wait::Fork),
            Some(_) | None => Verdict::when(Fact::ForkApproval),
        })
    }

    /// What it takes for a fork's run to get the secrets; `None` where it never
    /// does, as in a public repository.
    #[must_use]
    pub fn forks_get_secrets(&self) -> Option<Verdict> {
        self.forks_get(|forks| forks.send_secrets_and_variables)
    }

    /// What it takes for a fork's run to get a token that writes.
    #[must_use]
    pub fn forks_get_writes(&self) -> Option<Verdict> {
        self.forks_get(|forks| forks.send_write_tokens)
    }

    fn forks_get(
        &self,
        asked: impl Fn(&cofferdam_facts::settings::PrivateForks) -> bool,
    ) -> Option<Verdict> {
        if self.visibility() == Some(&Visibility::Public) {
            return None;
        }
        let stopped = || Verdict::blocked(Control::SecretsToForks);
        match self.snapshot.and_then(|s| s.actions.private_forks.known()) {
            Some(Some(forks)) if asked(forks) => Some(Verdict::reachable()),
            Some(Some(_)) => Some(stopped()),
            Some(None) => None,
            None => Some(Verdict::when(Fact::SecretsToForks)),
        }
    }

    /// What it takes somebody with the role write to run a workflow file of
    /// their own.
    #[must_use]
    pub fn own(&self, own: Own) -> Verdict {
        match own {
            Own::Fork => Verdict::reachable(),
            Own::Branch | Own::Pull if self.every_branch_is_restricted() => {
                Verdict::blocked(Control::BranchRules)
            }
            Own::Branch | Own::Pull => Verdict::reachable(),
            Own::Tag => self.tags(),
            Own::Default => match self.default_branch_rules() {
                Some(Branch::Open) => Verdict::reachable(),
                // A change that somebody else has merged is that person's deed.
                Some(_) => Verdict::blocked(Control::BranchRules),
                None => Verdict::when(Fact::BranchRules),
            },
        }
    }

    /// What it takes a job's token that may write contents to write the default
    /// branch. It passes no review.
    #[must_use]
    pub fn token_to_default(&self) -> Verdict {
        match self.default_branch_rules() {
            Some(Branch::Open) => Verdict::reachable(),
            Some(_) => Verdict::blocked(Control::BranchRules),
            None => Verdict::when(Fact::BranchRules),
        }
    }

    /// The same for other branches.
    #[must_use]
    pub fn token_to_branches(&self) -> Verdict {
        if self.every_branch_is_restricted() {
            Verdict::blocked(Control::BranchRules)
        } else {
            Verdict::reachable()
        }
    }

    /// What it takes somebody, or a token, that may write to make a tag.
    #[must_use]
    pub fn tags(&self) -> Verdict {
        let Some(rulesets) = self.rulesets() else {
            return Verdict::when(Fact::TagRules);
        };
        let restricted = rulesets.iter().any(|ruleset| {
            is_of(ruleset, &RulesetTarget::Tag)
                && covers_all(ruleset, "refs/tags/")
                && has(ruleset, &Rule::Creation)
        });
        if restricted {
            Verdict::blocked(Control::TagRules)
        } else {
            Verdict::reachable()
        }
    }

    fn rulesets(&self) -> Option<&'c [Ruleset]> {
        self.snapshot?.rulesets.known().map(Vec::as_slice)
    }

    // New branches cannot be made, and those that are there not be changed.
    fn every_branch_is_restricted(&self) -> bool {
        self.rulesets().unwrap_or_default().iter().any(|ruleset| {
            is_of(ruleset, &RulesetTarget::Branch)
                && covers_all(ruleset, "refs/heads/")
                && has(ruleset, &Rule::Creation)
                && has(ruleset, &Rule::Update)
        })
    }

    fn default_branch_rules(&self) -> Option<Branch> {
        let snapshot = self.snapshot?;
        let active = snapshot.default_branch_rules.known();
        let classic = snapshot.default_branch_protection.known();
        let mut found = Branch::Open;
        for rule in active.into_iter().flatten() {
            if rule.ruleset_id.is_some_and(|id| self.writers_bypass(id)) {
                continue;
            }
            match &rule.rule {
                Rule::Update => return Some(Branch::Restricted),
                Rule::PullRequest(asked) if asked.approvals > 0 => found = Branch::Reviewed,
                _ => {}
            }
        }
        if let Some(Some(classic)) = classic {
            if classic.push_restrictions.is_some() {
                return Some(Branch::Restricted);
            }
            let asked = classic.pull_request.as_ref().map_or(0, |p| p.approvals);
            if asked > 0 {
                found = Branch::Reviewed;
            }
        }
        let all_seen = active.is_some() && classic.is_some();
        (all_seen || found != Branch::Open).then_some(found)
    }

    fn writers_bypass(&self, ruleset: u64) -> bool {
        let found = self.rulesets().unwrap_or_default().iter();
        let mut found = found.filter(|r| r.id == ruleset);
        found
            .next()
            .and_then(|r| r.bypass_actors.known())
            .is_some_and(|actors| actors.iter().any(is_writer))
    }

    /// What it takes a job on one of these refs to run in an environment. An
    /// environment that does not exist is made on the spot, without protection.
    #[must_use]
    pub fn environment(&self, name: &str, refs: &[Ref]) -> Verdict {
        let fact = || Fact::Environment(name.to_owned());
        let found = match self.snapshot.map(|s| s.environment(name)) {
            Some(Known::Known(found)) => found,
            _ => return Verdict::when(fact()),
        };
        let Some(environment) = found else {
            return Verdict::reachable();
        };
        let admitted = refs
            .iter()
            .map(|one| self.admits(environment, one))
            .max_by_key(|admitted| match admitted {
                Some(true) => 2,
                None => 1,
                Some(false) => 0,
            })
            .unwrap_or(Some(true));
        let mut verdict = match admitted {
            Some(true) => Verdict::reachable(),
            None => Verdict::when(fact()),
            Some(false) => Verdict::blocked(Control::Environment(name.to_owned())),
        };
        let reviewed = environment.required_reviewers().map(|who| who.is_some());
        let gated = environment
            .custom_rules
            .as_ref()
            .map(|rules| rules.iter().any(|rule| rule.enabled));
        match [reviewed.known(), gated.known()] {
            all if all.contains(&Some(&true)) => {
                verdict = verdict.and(&Verdict::after(Wait::Environment(name.to_owned())));
            }
            [Some(false), Some(false)] => {}
            _ => verdict = verdict.and(&Verdict::when(fact())),
        }
        let minutes = environment
            .protection
            .known()
            .and_then(|one| one.wait_minutes);
        if minutes.is_some_and(|minutes| minutes > 0) {
            verdict = verdict.and(&Verdict::after(Wait::Timer(name.to_owned())));
        }
        verdict
    }

    // Whether an environment takes a ref; `None` where that is not known.
    fn admits(&self, environment: &Environment, asked: &Ref) -> Option<bool> {
        match environment.deployment_refs.known()? {
            DeploymentRefs::Any => Some(true),
            DeploymentRefs::ProtectedBranches => {
                let protected = self.default_branch_is_protected()?;
                // Where no branch is protected, GitHub takes every ref.
                Some(!protected || *asked == Ref::Default)
            }
            DeploymentRefs::Named(names) => {
                let names = names.known()?;
                Some(names.iter().any(|name| self.matches(name, asked)))
            }
        }
    }

    fn default_branch_is_protected(&self) -> Option<bool> {
        let snapshot = self.snapshot?;
        let classic = snapshot
            .default_branch_protection
            .known()
            .map(Option::is_some);
        let rules = snapshot.default_branch_rules.known().map(|r| !r.is_empty());
        match [classic, rules] {
            all if all.contains(&Some(true)) => Some(true),
            [Some(false), Some(false)] => Some(false),
            _ => None,
        }
    }

    // Whoever makes a branch or tag chooses its name.
    fn matches(&self, name: &NamedRef, asked: &Ref) -> bool {
        let pattern = name.pattern.as_str();
        let tags = name.kind.known() != Some(&RefKind::Branch);
        let branches = name.kind.known() != Some(&RefKind::Tag);
        let default = self.default_branch().unwrap_or("main");
        match asked {
            Ref::Default => branches && fits(pattern, default),
            Ref::Branch(None) => branches && pattern != default,
            Ref::Branch(Some(known)) => branches && (fits(pattern, known) || fits(known, pattern)),
            Ref::Tag => tags,
            Ref::Pull => branches && (pattern.starts_with('*') || pattern.contains("pull")),
        }
    }

    /// What it takes an administrator to get into an environment without anybody
    /// else.
    #[must_use]
    pub fn administrators_pass(&self, name: &str) -> Verdict {
        let all = self.environment(name, &[Ref::Default]);
        let bypass = match self.snapshot.map(|s| s.environment(name)) {
            Some(Known::Known(Some(found))) => found.can_admins_bypass.known().copied(),
            Some(Known::Known(None)) => Some(true),
            _ => None,
        };
        match bypass {
            Some(true) => Verdict::reachable(),
            Some(false) => all,
            None if all.conditions() == 0 => all,
            None => Verdict::when(Fact::Environment(name.to_owned())),
        }
    }

    /// Whether somebody with the role maintain approves for an environment what
    /// they started themselves.
    #[must_use]
    pub fn maintainers_approve(&self, name: &str) -> Option<bool> {
        let environment = match self.snapshot?.environment(name) {
            Known::Known(found) => found?,
            Known::NotChecked(_) => return None,
        };
        let reviewers = environment.required_reviewers();
        let reviewers = (*reviewers.known()?)?;
        Some(!*reviewers.prevent_self_review.known()?)
    }

    /// The environment that keeps a secret which a job in it names; `None` for
    /// one of the repository, and an error where that is not known.
    ///
    /// # Errors
    /// The fact that is missing.
    pub fn home(&self, name: &str, environment: &str) -> Result<Option<&'c str>, Fact> {
        let missing = || Fact::Environment(environment.to_owned());
        let snapshot = self.snapshot.ok_or_else(missing)?;
        let found = match snapshot.environment(environment) {
            Known::Known(found) => found,
            Known::NotChecked(_) => return Err(missing()),
        };
        let Some(found) = found else { return Ok(None) };
        let secrets = found.secrets.known().ok_or_else(missing)?;
        let here = secrets.iter().any(|s| s.name.eq_ignore_ascii_case(name));
        Ok(here.then_some(found.name.as_str()))
    }

    /// The names of the secrets that an environment keeps, as far as they are
    /// known.
    #[must_use]
    pub fn secrets_of(&self, environment: &str) -> Vec<String> {
        let found = match self.snapshot.map(|s| s.environment(environment)) {
            Some(Known::Known(found)) => found,
            _ => None,
        };
        let secrets = found.and_then(|found| found.secrets.known());
        let names = secrets.into_iter().flatten();
        names.map(|one| one.name.to_ascii_uppercase()).collect()
    }

    /// The names of the secrets that any branch's job may name, as far as they
    /// are known.
    pub fn shared_secrets(&self) -> impl Iterator<Item = &'c str> {
        let secrets = self.snapshot.map(|s| &s.secrets);
        let own = secrets.and_then(|s| s.repository.known());
        let above = secrets.and_then(|s| s.organization.known());
        let all = own.into_iter().chain(above).flatten();
        all.map(|secret| secret.name.as_str())
    }

    /// The environments that exist, where that is known.
    #[must_use]
    pub fn environments(&self) -> &'c [Environment] {
        let known = self.snapshot.and_then(|s| s.environments.known());
        known.map_or(&[], Vec::as_slice)
    }
}

fn is_writer(actor: &BypassActor) -> bool {
    actor.kind == BypassActorKind::RepositoryRole && actor.id == Some(WRITE_ROLE)
}

fn is_of(ruleset: &Ruleset, target: &RulesetTarget) -> bool {
    ruleset.enforcement == Enforcement::Active && ruleset.target.known() == Some(target)
}

fn has(ruleset: &Ruleset, rule: &Rule) -> bool {
    let bypassed = (ruleset.bypass_actors.known()).is_some_and(|all| all.iter().any(is_writer));
    let rules = ruleset.rules.known();
    !bypassed && rules.is_some_and(|rules| rules.contains(rule))
}

fn covers_all(ruleset: &Ruleset, prefix: &str) -> bool {
    let Some(Some(refs)) = ruleset.refs.known() else {
        return false;
    };
    let all = |pattern: &String| {
        pattern == "~ALL"
            || pattern
                .strip_prefix(prefix)
                .is_some_and(|rest| matches!(rest, "*" | "**" | "**/*"))
    };
    refs.exclude.is_empty() && refs.include.iter().any(all)
}

/// Whether a pattern with `*` takes a name.
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let mut middle: Vec<&str> = parts.collect();
    let Some(last) = middle.pop() else {
        return rest.is_empty();
    };
    for part in middle {
        // The first place is the best one for what follows.
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn stars_take_anything() {
        for (pattern, name) in [
            ("main", "main"),
            ("*", "x"),
            ("v*", "v1"),
            ("a*b*c", "a-b-b-c"),
        ] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("main", "mai"), ("v*", "w1"), ("a*b", "ab c"), ("a*a", "a")] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }
}
