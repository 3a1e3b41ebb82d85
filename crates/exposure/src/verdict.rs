//! How far a way leads: to its end, to its end if something is so, after
//! somebody has agreed, or up to a control.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// A setting, or the content of something elsewhere, that was not seen and
/// decides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fact {
    /// Whether an Actions policy lets `pull_request_target` start workflows.
    ActionsPolicy,
    /// What a called workflow or an action does with what it is handed.
    Callee(String),
    /// Whether the check at this place, `FILE:LINE`, lets somebody pass who has no
    /// role.
    Check(String),
    /// What a program of the checkout does that was not read, by the place where
    /// it is started.
    Runs(String),
    /// What a job's token may do where no `permissions:` says.
    DefaultToken,
    /// Who pushes to the default branch.
    BranchRules,
    /// The protection of an environment, and the names of its secrets.
    Environment(String),
    /// Whose fork pull requests wait for an approval.
    ForkApproval,
    /// What runs of forks get in a private repository.
    SecretsToForks,
    /// Who pushes tags.
    TagRules,
    /// Which runners the repository has, and whether they take several jobs.
    Runners,
    /// Which Apps are installed, and what they may do.
    Apps,
}

/// Something that somebody else has to do, or a time that has to pass.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wait {
    /// A reviewer of the environment approves.
    Environment(String),
    /// Somebody with a role lets the run start: approves the fork's run, sets
    /// the label, gives the command.
    Fork,
    /// Somebody merges the change.
    Merge,
    /// Somebody merges the next update of a pinned dependency.
    Update,
    /// The environment's timer.
    Timer(String),
}

/// A control that stops a way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Control {
    /// An Actions policy does not let the event start the workflow.
    ActionsPolicy,
    /// Nobody with that role may push the branch.
    BranchRules,
    /// The environment does not take the ref.
    Environment(String),
    /// Nobody with that role may push the tag.
    TagRules,
    /// Forks get nothing, or do not run.
    SecretsToForks,
}

/// How bad, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Nothing stands in the way.
    Reachable,
    /// It depends on facts that were not seen.
    ReachableIf,
    /// Somebody has to agree first, or time has to pass.
    After,
    /// A named control stops it.
    Blocked,
}

impl Level {
    /// Every level, worst first.
    pub const ALL: [Self; 4] = [
        Self::Reachable,
        Self::ReachableIf,
        Self::After,
        Self::Blocked,
    ];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Reachable => "reachable",
            Self::ReachableIf => "reachable-if",
            Self::After => "after",
            Self::Blocked => "blocked",
        }
    }
}

/// All that stands in a way.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Verdict {
    /// Facts that were not seen, all of which must be so.
    pub facts: BTreeSet<Fact>,
    /// Agreements and times, all of which must have been.
    pub waits: BTreeSet<Wait>,
    /// Controls that stop it.
    pub controls: BTreeSet<Control>,
}

/// A text is no verdict.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no verdict")]
pub struct NotAVerdict(pub String);

impl Verdict {
    /// Nothing stands in the way.
    #[must_use]
    pub fn reachable() -> Self {
        Self::default()
    }

    /// One fact decides.
    #[must_use]
    pub fn when(fact: Fact) -> Self {
        Self {
            facts: [fact].into(),
            ..Self::default()
        }
    }

    /// Somebody has to agree.
    #[must_use]
    pub fn after(wait: Wait) -> Self {
        Self {
            waits: [wait].into(),
            ..Self::default()
        }
    }

    /// A control stops it.
    #[must_use]
    pub fn blocked(control: Control) -> Self {
        Self {
            controls: [control].into(),
            ..Self::default()
        }
    }

    /// What stands in a way that has both parts.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        self.facts.extend(other.facts.iter().cloned());
        self.waits.extend(other.waits.iter().cloned());
        self.controls.extend(other.controls.iter().cloned());
        self
    }

    /// The better of two ways for an attacker; the first of two that are alike.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if other.rank() < self.rank() {
            other
        } else {
            self
        }
    }

    fn rank(&self) -> (Level, usize) {
        (self.level(), self.conditions())
    }

    /// How many things stand in the way.
    #[must_use]
    pub fn conditions(&self) -> usize {
        self.facts.len() + self.waits.len() + self.controls.len()
    }

    /// How bad.
    #[must_use]
    pub fn level(&self) -> Level {
        if !self.controls.is_empty() {
            Level::Blocked
        } else if !self.waits.is_empty() {
            Level::After
        } else if !self.facts.is_empty() {
            Level::ReachableIf
        } else {
            Level::Reachable
        }
    }

    /// The same without what a fact that is missing besides would change: a way
    /// that is blocked is blocked whatever else is not known.
    #[must_use]
    pub fn plain(&self) -> Self {
        let mut plain = Self::default();
        match self.level() {
            Level::Blocked => plain.controls.clone_from(&self.controls),
            Level::After => plain.waits.clone_from(&self.waits),
            _ => plain.facts.clone_from(&self.facts),
        }
        plain
    }
}

impl Fact {
    /// What settles it, as a command.
    #[must_use]
    pub fn settle(&self) -> String {
        match self {
            Self::Callee(name) => format!("read {name} at its ref, or `cofferdam lock why` for it"),
            Self::SecretsToForks => "if the repository is public, --visibility public, or `visibility` under `[exposure]` in cofferdam.toml"
                .to_owned(),
            Self::Check(place) => format!(
                "read {place}: does it fail, or answer otherwise, for whoever may not write?"
            ),
            Self::Runs(place) => format!(
                "read what {place} starts: whether it fetches, or runs, what the starter of the run names"
            ),
            _ => "cofferdam settings snapshot OWNER/NAME (a token that reads, in GITHUB_TOKEN), then --settings cofferdam-settings.json"
                .to_owned(),
        }
    }
}

macro_rules! words {
    ($type:ty, $($variant:ident = $word:literal,)* ; $($with:ident = $prefix:literal,)*) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$variant => f.write_str($word),)*
                    $(Self::$with(name) => write!(f, concat!($prefix, "{}"), name),)*
                }
            }
        }

        impl FromStr for $type {
            type Err = NotAVerdict;

            fn from_str(text: &str) -> Result<Self, NotAVerdict> {
                $(if text == $word { return Ok(Self::$variant); })*
                $(if let Some(name) = text.strip_prefix($prefix).filter(|n| !n.is_empty()) {
                    return Ok(Self::$with(name.to_owned()));
                })*
                Err(NotAVerdict(text.to_owned()))
            }
        }
    };
}

words! {
    Fact,
    ActionsPolicy = "settings:actions-policy",
    DefaultToken = "settings:default-token",
    BranchRules = "settings:branch-rules",
    ForkApproval = "settings:fork-approval",
    SecretsToForks = "settings:secrets-to-forks",
    TagRules = "settings:tag-rules",
    Runners = "settings:runners",
    Apps = "settings:apps",
    ;
    Environment = "settings:environment:",
    Callee = "callee:",
    Check = "check:",
    Runs = "runs:",
}

words! {
    Wait,
    Fork = "approval:fork",
    Merge = "approval:merge",
    Update = "approval:update",
    ;
    Environment = "approval:environment:",
    Timer = "wait:",
}

words! {
    Control,
    ActionsPolicy = "settings:actions-policy",
    BranchRules = "settings:branch-rules",
    TagRules = "settings:tag-rules",
    SecretsToForks = "settings:secrets-to-forks",
    ;
    Environment = "settings:environment:",
}

fn list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, items: &BTreeSet<T>) -> fmt::Result {
    for (at, item) in items.iter().enumerate() {
        f.write_str(if at == 0 { " " } else { ", " })?;
        write!(f, "{item}")?;
    }
    Ok(())
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.level().word())?;
        match self.level() {
            Level::Reachable => Ok(()),
            Level::ReachableIf => list(f, &self.facts),
            Level::After => list(f, &self.waits),
            Level::Blocked => list(f, &self.controls),
        }
    }
}

impl FromStr for Verdict {
    type Err = NotAVerdict;

    fn from_str(text: &str) -> Result<Self, NotAVerdict> {
        fn all<T: FromStr<Err = NotAVerdict> + Ord>(
            text: &str,
        ) -> Result<BTreeSet<T>, NotAVerdict> {
            text.split(',').map(|item| item.trim().parse()).collect()
        }
        let (word, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        let mut verdict = Self::default();
        match word {
            "reachable" if rest.is_empty() => {}
            "reachable-if" => verdict.facts = all(rest)?,
            "after" => verdict.waits = all(rest)?,
            "blocked" => verdict.controls = all(rest)?,
            _ => return Err(NotAVerdict(text.to_owned())),
        }
        Ok(verdict)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for word in [
            "reachable",
            "reachable-if settings:default-token",
            "reachable-if settings:environment:release",
            "reachable-if check:.github/workflows/ci.yml:7",
            "reachable-if callee:o/r/.github/workflows/x.yml@v1",
            "reachable-if runs:.github/workflows/x.yml:7",
            "after approval:environment:release, approval:update",
            "after wait:release",
            "blocked settings:branch-rules",
        ] {
            let verdict: Result<Verdict, _> = word.parse();
            assert_eq!(verdict.map(|v| v.to_string()).as_deref(), Ok(word));
        }
        for word in ["", "maybe", "after", "blocked settings:x", "reachable x"] {
            assert!(word.parse::<Verdict>().is_err(), "{word}");
        }
    }

    #[test]
    fn the_order_is_worst_first() {
        let ways = [
            Verdict::reachable(),
            Verdict::when(Fact::BranchRules),
            Verdict::after(Wait::Fork),
            Verdict::blocked(Control::BranchRules),
        ];
        let levels: Vec<Level> = ways.iter().map(Verdict::level).collect();
        assert_eq!(levels, Level::ALL);
        let [open, when, after, blocked] = ways;
        assert_eq!(blocked.clone().or(after.clone()), after);
        assert_eq!(when.and(&after).level(), Level::After);
        assert_eq!(open.and(&blocked).level(), Level::Blocked);
    }
}
