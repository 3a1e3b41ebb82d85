//! How a stranger gets past an `if:`.
//!
//! [`super::conditions`] says whether something runs; this module says what it
//! takes. Every atom of the condition is something that the stranger may write
//! (`github.event.comment.body`), something that a person with a role must do
//! first (a label), something that rules the stranger out, or something that
//! the files do not fix. `&&` asks for all of it, `||` for the least.
//!
//! Source: GitHub, "Webhook events and payloads"; "Events that trigger
//! workflows"; GitHub Security Lab, "Preventing pwn requests" and "New patterns
//! and mitigations" for labels, actors and `workflow_run`.

use std::fmt;

use crate::documents::text::Condition;
use crate::documents::trigger::Trigger;
use crate::expressions::{ContextPath, Expr, ExprKind, Operator, PathPart, Value};
use crate::semantics::domains::{Run, Trial, is_account};

/// What it takes a stranger to get past.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// Nothing: it always holds, or the stranger writes what is tested.
    #[default]
    Open,
    /// Something that the files do not fix.
    Unknown,
    /// Somebody with a role has to do something first, each of these.
    Gated(Vec<Gate>),
    /// It never holds for a stranger.
    Closed,
}

/// One thing that has to happen first; but for [`Gate::ForkGone`],
/// [`Gate::Check`] and [`Gate::AnotherAuthor`], somebody with a role has to do
/// it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gate {
    /// Put a label on the pull request or issue; takes the triage role. Empty
    /// where any label will do.
    Label(String),
    /// Do something else that takes the triage role: assign, lock, request a
    /// review.
    Triage,
    /// Write the comment: it counts only from a member or collaborator.
    Comment,
    /// Be one of the accounts that the condition names.
    Person,
    /// Have had a change merged before.
    Contributor,
    /// Approve the run of the fork's pull request.
    RunApproval,
    /// Merge the pull request.
    Merge,
    /// Start the run: a job before asks the API what the starter may do.
    PermissionCheck,
    /// Get past a check at this place, `FILE:LINE`, of which nothing proves that
    /// it keeps anybody out. Nobody else has to do anything.
    Check(String),
    /// Comment below what somebody with a role has opened: anybody may, but what
    /// the run fetches there is not the stranger's.
    AnotherAuthor,
    /// Send the event that names the pull request; takes the right to write.
    Dispatch,
    /// Approve the deployment to an environment.
    Environment(String),
    /// Give a command that is for the members of teams only.
    Team(String),
    /// Delete the fork while its pull request is open, so that the payload has
    /// no repository for the head. The author does it alone, but few events
    /// are left that start something afterwards.
    ForkGone,
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Label(name) if name.is_empty() => f.write_str("somebody puts a label on it"),
            Self::Label(name) => write!(f, "somebody puts the label `{name}` on it"),
            Self::Triage => f.write_str("somebody with the triage role acts on it"),
            Self::Comment => f.write_str("a member or collaborator comments"),
            Self::Person => f.write_str("a named account starts it"),
            Self::Contributor => f.write_str("the author has had a change merged before"),
            Self::RunApproval => f.write_str("somebody approves the fork's run"),
            Self::Merge => f.write_str("somebody merges it"),
            Self::PermissionCheck => f.write_str("the starter passes a check of permissions"),
            Self::Check(place) => write!(f, "the check at {place} lets the starter pass"),
            Self::AnotherAuthor => f.write_str("it is about what somebody else has opened"),
            Self::Dispatch => f.write_str("somebody who may write starts the run for it"),
            Self::Environment(name) => write!(f, "a reviewer of environment `{name}` approves"),
            Self::Team(teams) => write!(f, "a member of {teams} gives the command"),
            Self::ForkGone => f.write_str("the fork is deleted, so that `fork` is null"),
        }
    }
}

impl Gate {
    /// Whether nobody else has to do anything.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        matches!(
            self,
            Self::AnotherAuthor | Self::Check(_) | Self::Contributor | Self::ForkGone
        )
    }
}

impl Way {
    /// Takes both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Closed, _) | (_, Self::Closed) => Self::Closed,
            (Self::Gated(mut gates), Self::Gated(more)) => {
                gates.extend(more);
                gates.sort();
                gates.dedup();
                Self::Gated(gates)
            }
            (Self::Gated(gates), _) | (_, Self::Gated(gates)) => Self::Gated(gates),
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Open, Self::Open) => Self::Open,
        }
    }

    /// Takes the easier of the two.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Open, _) | (_, Self::Open) => Self::Open,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Gated(gates), Self::Gated(more)) => {
                // The ones for which nobody else is needed; of as many the ones that
                // somebody with a role passes in any event.
                let rank = |list: &[Gate]| {
                    let others = list.iter().filter(|gate| !gate.is_alone()).count();
                    (others, list.len(), list.contains(&Gate::ForkGone))
                };
                Self::Gated(if rank(&more) < rank(&gates) {
                    more
                } else {
                    gates
                })
            }
            (Self::Gated(gates), Self::Closed) | (Self::Closed, Self::Gated(gates)) => {
                Self::Gated(gates)
            }
            (Self::Closed, Self::Closed) => Self::Closed,
        }
    }

    /// Whether a stranger gets through without anybody's help: at most with one
    /// change merged before, or past something that is not known.
    #[must_use]
    pub fn is_open(&self) -> bool {
        match self {
            Self::Open | Self::Unknown => true,
            Self::Gated(gates) => gates
                .iter()
                .all(|g| matches!(g, Gate::Contributor | Gate::AnotherAuthor)),
            Self::Closed => false,
        }
    }

    /// Whether no stranger gets through, whatever anybody does.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Closed)
    }

    /// The same for what the stranger writes in a comment or review itself,
    /// which may stand below anything: what was merged, and what others opened.
    #[must_use]
    pub fn for_comment(self) -> Self {
        match self {
            Self::Gated(mut gates) => {
                gates.retain(|gate| !matches!(gate, Gate::Merge | Gate::AnotherAuthor));
                if gates.is_empty() {
                    Self::Open
                } else {
                    Self::Gated(gates)
                }
            }
            way => way,
        }
    }

    /// The same for files and words of what the run is about: where that has to
    /// be somebody else's, they are not the stranger's.
    #[must_use]
    pub fn for_own(self) -> Self {
        if self.gates().contains(&Gate::AnotherAuthor) {
            return Self::Closed;
        }
        self
    }

    /// Whether no files of a stranger get through that nobody has reviewed: it
    /// is closed, or about what was merged or what somebody else has opened.
    #[must_use]
    pub fn keeps_files_out(&self) -> bool {
        let reviewed = |gate: &Gate| matches!(gate, Gate::Merge | Gate::AnotherAuthor);
        self.is_closed() || self.gates().iter().any(reviewed)
    }

    /// What has to be done first; empty where nothing has, or nothing helps.
    #[must_use]
    pub fn gates(&self) -> &[Gate] {
        match self {
            Self::Gated(gates) => gates,
            _ => &[],
        }
    }
}

/// What is asked of a path that the situation does not fix.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked<'e> {
    /// That it is true, or with `false` that it is not.
    Truth(bool),
    /// That it equals a constant, or with `false` that it does not.
    Equal(&'e Value, bool),
    /// That it is one of a list, or with `false` that it is none.
    Listed(Vec<String>, bool),
    /// Something else.
    Other,
}

/// Settles a path that the situation does not fix, such as the output of a job:
/// the way for it to be what is asked.
pub type Lookup<'l> = dyn Fn(&ContextPath, &Asked<'_>) -> Option<Way> + 'l;

/// A run that a stranger causes.
#[derive(Clone, Copy)]
pub struct Stranger<'s> {
    /// The trigger.
    trigger: &'s Trigger,
    /// What the caller knows of other paths.
    lookup: &'s Lookup<'s>,
    slug: Option<&'s str>,
    before: &'s [&'s str],
}

impl fmt::Debug for Stranger<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stranger").field(&self.event()).finish()
    }
}

/// Activities of pull requests and issues that take the triage role.
const TRIAGE: &[&str] = &[
    "assigned",
    "auto_merge_disabled",
    "auto_merge_enabled",
    "demilestoned",
    "dequeued",
    "enqueued",
    "labeled",
    "locked",
    "milestoned",
    "pinned",
    "review_request_removed",
    "review_requested",
    "transferred",
    "unassigned",
    "unlabeled",
    "unlocked",
    "unpinned",
];

/// What it takes to start a trigger at all, by its activities.
#[must_use]
pub fn of_trigger(trigger: &Trigger) -> Way {
    let Some(types) = &trigger.types else {
        return Way::Open;
    };
    types
        .iter()
        .map(|activity| of_activity(&activity.value))
        .reduce(Way::or)
        .unwrap_or_default()
}

/// What it takes for an activity to happen.
#[must_use]
pub fn of_activity(activity: &str) -> Way {
    match activity.to_ascii_lowercase().as_str() {
        "labeled" | "unlabeled" => Way::Gated(vec![Gate::Label(String::new())]),
        other if TRIAGE.contains(&other) => Way::Gated(vec![Gate::Triage]),
        _ => Way::Open,
    }
}

impl<'s> Stranger<'s> {
    /// Somebody without a role, in a run of a trigger.
    #[must_use]
    pub fn new(trigger: &'s Trigger, lookup: &'s Lookup<'s>) -> Self {
        Self {
            trigger,
            lookup,
            slug: None,
            before: &[],
        }
    }

    /// With the repository's name, where it is known, and the events by which
    /// strangers start the workflow that this one follows.
    #[must_use]
    pub fn knowing(self, slug: Option<&'s str>, before: &'s [&'s str]) -> Self {
        Self {
            slug,
            before,
            ..self
        }
    }

    fn event(&self) -> &'s str {
        self.trigger.name()
    }

    fn run(&self) -> Run<'s> {
        Run {
            event: self.event(),
            trigger: Some(self.trigger),
            slug: self.slug,
            before: self.before,
            fork_exists: false,
            outsider: true,
        }
    }

    /// What it takes to get past an `if:`.
    #[must_use]
    pub fn passes(&self, condition: Option<&Condition>) -> Way {
        match condition.map(Condition::expr) {
            None => Way::Open,
            Some(None) => Way::Unknown,
            Some(Some(expr)) => self.way(expr, true),
        }
    }

    /// What it takes for an expression to be true, or with `wanted` false, to
    /// be false.
    #[must_use]
    pub fn way(&self, expr: &Expr, wanted: bool) -> Way {
        match &expr.kind {
            ExprKind::Not(inner) => self.way(inner, !wanted),
            ExprKind::Binary { op, left, right } if !op.is_comparison() => {
                let (left, right) = (self.way(left, wanted), self.way(right, wanted));
                if (*op == Operator::And) == wanted {
                    left.and(right)
                } else {
                    left.or(right)
                }
            }
            // What is joined to a text is true as soon as a piece of it is
            // there in every run, whatever the expressions in it say.
            ExprKind::Text(_) => match expr.truth_with(&|_| None) {
                Some(known) => open_if(known == wanted),
                None => Way::Unknown,
            },
            _ => self.atom(expr, wanted),
        }
    }

    fn atom(&self, expr: &Expr, wanted: bool) -> Way {
        if reads_merged(expr) {
            return merged(&Comparison::of(expr), wanted);
        }
        if let Some(known) = expr.fold().map(|value| value.is_truthy()) {
            return open_if(known == wanted);
        }
        if matches!(&expr.kind, ExprKind::Call { function, .. }
            if matches!(function.as_str(), "success" | "failure" | "always" | "cancelled"))
        {
            return Way::Open;
        }
        let trial = self.run().try_out(expr, &|_| true);
        let rest = self.undecided(expr, &trial, wanted);
        let known = trial.known.into_iter();
        let known = known.filter_map(|(truth, way)| (truth == wanted).then_some(way));
        let open = trial.open.into_iter().map(|way| way.and(rest.clone()));
        known.chain(open).reduce(Way::or).unwrap_or(Way::Closed)
    }

    // What it takes where values are not told. A function over several values
    // holds for the stranger as soon as one of them is hers to write; what nobody
    // knows does not take that away.
    fn undecided(&self, expr: &Expr, trial: &Trial, wanted: bool) -> Way {
        let settled = trial
            .unknown
            .iter()
            .map(|path| self.settled(expr, path, wanted));
        let free = (trial.free || trial.unknown.is_empty()).then_some(Way::Open);
        settled
            .chain(free)
            .reduce(|a, b| match (a, b) {
                (Way::Closed, _) | (_, Way::Closed) => Way::Closed,
                (Way::Gated(gates), _) | (_, Way::Gated(gates)) => Way::Gated(gates),
                (Way::Open, _) | (_, Way::Open) => Way::Open,
                _ => Way::Unknown,
            })
            .unwrap_or(Way::Unknown)
    }

    fn settled(&self, expr: &Expr, path: &ContextPath, wanted: bool) -> Way {
        let asked = Asked::of(expr, path, wanted);
        if is_account(&path.text()) {
            return Way::Open;
        }
        (self.lookup)(path, &asked).unwrap_or(Way::Unknown)
    }
}

impl<'e> Asked<'e> {
    // What a comparison asks of one of its paths, for it to be true or false.
    fn of(expr: &'e Expr, path: &ContextPath, wanted: bool) -> Self {
        if expr.as_context() == Some(path) {
            return Self::Truth(wanted);
        }
        if let Some((operator, left, right)) = expr.is_comparison() {
            let constant = match (left.as_context(), right.as_context()) {
                (Some(own), _) if own == path => &right.kind,
                (_, Some(own)) if own == path => &left.kind,
                _ => return Self::Other,
            };
            return match (operator, constant) {
                (Operator::Equal, ExprKind::Literal(value)) => Self::Equal(value, wanted),
                (Operator::NotEqual, ExprKind::Literal(value)) => Self::Equal(value, !wanted),
                _ => Self::Other,
            };
        }
        match expr.as_call("contains") {
            Some([list, item]) if item.as_context() == Some(path) => match list.fold() {
                Some(Value::Array(values)) => {
                    let texts: Option<Vec<String>> = values.iter().map(Value::to_text).collect();
                    texts.map_or(Self::Other, |texts| Self::Listed(texts, wanted))
                }
                _ => Self::Other,
            },
            _ => Self::Other,
        }
    }
}

/// A comparison with a constant; a bare value is one with `true`.
struct Comparison<'e> {
    equal: bool,
    literal: Option<&'e Value>,
}

impl<'e> Comparison<'e> {
    fn of(expr: &'e Expr) -> Self {
        let Some((operator, left, right)) = expr.is_comparison() else {
            return Self {
                equal: true,
                literal: None,
            };
        };
        let literal = [left, right].into_iter().find_map(|e| match &e.kind {
            ExprKind::Literal(value) => Some(value),
            _ => None,
        });
        // `x == false` asks for the opposite of `x`.
        Self {
            equal: operator != Operator::NotEqual,
            literal,
        }
    }
}

// What it takes for `merged` to be what is asked.
fn merged(comparison: &Comparison<'_>, wanted: bool) -> Way {
    let merged = match comparison.literal {
        Some(Value::Bool(false) | Value::Null) => comparison.equal != wanted,
        _ => comparison.equal == wanted,
    };
    if merged {
        Way::Gated(vec![Gate::Merge])
    } else {
        Way::Open
    }
}

// `fromJSON(steps.pr.outputs.result).merged`
fn reads_merged(expr: &Expr) -> bool {
    let mut found = false;
    expr.visit(&mut |e| {
        if let ExprKind::Index { parts, .. } = &e.kind {
            found |= matches!(parts.last(), Some(PathPart::Name(name)) if name == "merged");
        }
    });
    found
}

fn open_if(open: bool) -> Way {
    if open { Way::Open } else { Way::Closed }
}

#[cfg(test)]
mod tests;
