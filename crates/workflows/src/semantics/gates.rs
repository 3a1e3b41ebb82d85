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
use crate::semantics::bots;
use crate::semantics::conditions::{Situation, is_fork_flag};

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

/// One thing that has to happen first; but for [`Gate::ForkGone`], somebody
/// with a role has to do it.
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
            Self::Dispatch => f.write_str("somebody who may write starts the run for it"),
            Self::Environment(name) => write!(f, "a reviewer of environment `{name}` approves"),
            Self::Team(teams) => write!(f, "a member of {teams} gives the command"),
            Self::ForkGone => f.write_str("the fork is deleted, so that `fork` is null"),
        }
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
                // Of as many the ones that somebody with a role passes in any
                // event.
                let rank = |list: &[Gate]| (list.len(), list.contains(&Gate::ForkGone));
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
            Self::Gated(gates) => gates.iter().all(|g| *g == Gate::Contributor),
            Self::Closed => false,
        }
    }

    /// Whether no stranger gets through, whatever anybody does.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Closed)
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

/// Settles a path that the situation does not fix, such as the output of a job.
pub type Lookup<'l> = dyn Fn(&ContextPath) -> Option<Way> + 'l;

/// A run that a stranger causes.
#[derive(Clone, Copy)]
pub struct Stranger<'s> {
    /// The trigger.
    pub trigger: &'s Trigger,
    /// What the caller knows of other paths: the way for the path to be true.
    pub lookup: &'s Lookup<'s>,
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

/// Whether an expression looks for something in a text that is written out, in
/// which `contains` takes any part of it.
///
/// Source: GitHub, "Evaluate expressions in workflows and actions", `contains`.
fn searches_text(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Call { function, args } if function == "contains" => {
            args.first().is_some_and(|first| first.as_str().is_some())
        }
        _ => false,
    }
}

/// What it takes to start a trigger at all, by its activities.
#[must_use]
pub fn of_trigger(trigger: &Trigger) -> Way {
    let Some(types) = &trigger.types else {
        return Way::Open;
    };
    types
        .iter()
        .map(|activity| activity_way(&activity.value))
        .reduce(Way::or)
        .unwrap_or_default()
}

fn activity_way(activity: &str) -> Way {
    match activity {
        "labeled" | "unlabeled" => Way::Gated(vec![Gate::Label(String::new())]),
        other if TRIAGE.contains(&other) => Way::Gated(vec![Gate::Triage]),
        _ => Way::Open,
    }
}

impl<'s> Stranger<'s> {
    fn event(&self) -> &'s str {
        self.trigger.name()
    }

    fn situation(&self) -> Situation<'s> {
        Situation {
            event: self.event(),
            outsider: true,
            fork_exists: false,
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
        let contexts = expr.contexts();
        let comparison = Comparison::of(expr);
        // Who comments is asked first: to `conditions` a stranger who is no
        // member never passes, while a member may well start the job on a
        // stranger's pull request.
        for path in &contexts {
            if let Some(way) = self.by_role(path, &comparison, expr, wanted) {
                return way;
            }
        }
        if reads_merged(expr) {
            return merged(&comparison, wanted);
        }
        if let Some(way) = self.by_fork(expr, wanted) {
            return way;
        }
        if let Some(known) = self.situation().evaluate(expr) {
            return open_if(known == wanted);
        }
        if let Some(known) = expr.fold().map(|value| value.is_truthy()) {
            return open_if(known == wanted);
        }
        if matches!(&expr.kind, ExprKind::Call { function, .. }
            if matches!(function.as_str(), "success" | "failure" | "always" | "cancelled"))
        {
            return Way::Open;
        }
        let ways = contexts
            .iter()
            .map(|p| self.of_path(p, &comparison, wanted));
        // A function over several values holds for the stranger as soon as one
        // of them is hers to write; what nobody knows does not take that away.
        ways.reduce(|a, b| match (a, b) {
            (Way::Closed, _) | (_, Way::Closed) => Way::Closed,
            (Way::Gated(gates), _) | (_, Way::Gated(gates)) => Way::Gated(gates),
            (Way::Open, _) | (_, Way::Open) => Way::Open,
            _ => Way::Unknown,
        })
        .unwrap_or(Way::Unknown)
    }

    fn by_role(
        &self,
        path: &ContextPath,
        comparison: &Comparison<'_>,
        expr: &Expr,
        wanted: bool,
    ) -> Option<Way> {
        let text = path.text();
        let literals = literals(expr);
        if text.contains(".labels") || text.starts_with("github.event.label") {
            let name = literals.first().cloned().unwrap_or_default();
            return Some(if comparison.equal == wanted {
                Way::Gated(vec![Gate::Label(name)])
            } else {
                Way::Open
            });
        }
        if text.ends_with(".author_association") {
            return Some(self.association(&text, &literals, comparison.equal == wanted));
        }
        if is_account(&text) && searches_text(expr) {
            // In one text a part of a name is enough.
            return Some(Way::Open);
        }
        if is_account(&text) {
            return Some(self.account(&text, &literals, comparison.equal == wanted));
        }
        if text == "github.event.pull_request.merged"
            || text == "github.event.pull_request.merged_at"
        {
            return Some(merged(comparison, wanted));
        }
        None
    }

    // `fork` is true for a stranger's fork, and null once that is deleted.
    fn by_fork(&self, expr: &Expr, wanted: bool) -> Option<Way> {
        if !expr.contexts().into_iter().any(is_fork_flag) {
            return None;
        }
        let truth = |fork: &Value| {
            expr.truth_with(&|path| {
                if is_fork_flag(path) {
                    Some(fork.clone())
                } else {
                    self.situation().value(path)
                }
            })
        };
        match (truth(&Value::Bool(true)), truth(&Value::Null)) {
            (Some(there), _) if there == wanted => Some(Way::Open),
            (Some(_), Some(gone)) if gone == wanted => Some(Way::Gated(vec![Gate::ForkGone])),
            (Some(_), Some(_)) => Some(Way::Closed),
            _ => None,
        }
    }

    // `is` says whether the association has to be one of the literals.
    fn association(&self, text: &str, literals: &[String], is: bool) -> Way {
        let words: Vec<String> = literals
            .iter()
            .flat_map(|l| l.split(|c: char| !c.is_ascii_alphabetic() && c != '_'))
            .filter(|w| !w.is_empty())
            .map(str::to_ascii_uppercase)
            .collect();
        let names = |word: &str| words.iter().any(|w| w == word);
        // The weakest account that passes.
        let strangers = ["NONE", "FIRST_TIME_CONTRIBUTOR", "FIRST_TIMER"];
        let stranger = strangers.iter().any(|s| names(s)) || names("MANNEQUIN");
        // Who is new to the project has one of three words.
        let all = strangers.iter().all(|s| names(s));
        let weakest = match (is, stranger, names("CONTRIBUTOR")) {
            (true, true, _) => return Way::Open,
            (true, false, true) => Gate::Contributor,
            (true, false, false) => Gate::Comment,
            (false, _, _) if all => Gate::Contributor,
            (false, _, _) => return Way::Open,
        };
        let of_comment = text.contains(".comment.") || text.contains(".review.");
        match weakest {
            // The author of a foreign pull request or issue is no member.
            Gate::Comment if !of_comment => Way::Closed,
            gate => Way::Gated(vec![gate]),
        }
    }

    fn account(&self, text: &str, literals: &[String], is: bool) -> Way {
        if !is || literals.is_empty() {
            return Way::Open;
        }
        // A bot acts on a stranger's branch when the stranger makes it to, so
        // that `github.actor` proves nothing about who wrote the code.
        let of_author = text.ends_with(".user.login") || text.ends_with(".user.id");
        if literals.iter().any(|l| bots::login(l).is_some()) && !of_author {
            return if self.event().starts_with("pull_request") {
                Way::Open
            } else {
                Way::Unknown
            };
        }
        let author = text
            .strip_suffix(".login")
            .or_else(|| text.strip_suffix(".id"));
        if author.is_some_and(|a| a.ends_with("pull_request.user") || a.ends_with("issue.user")) {
            return Way::Closed;
        }
        Way::Gated(vec![Gate::Person])
    }

    fn of_path(&self, path: &ContextPath, comparison: &Comparison<'_>, wanted: bool) -> Way {
        if let Some(way) = (self.lookup)(path) {
            // What holds once it is merged says nothing of the opposite.
            let opposite = comparison.equal != wanted
                || comparison
                    .literal
                    .is_some_and(|value| value.as_str().is_some_and(|text| text == "false"));
            if !(opposite && way.gates().contains(&Gate::Merge)) {
                return way;
            }
        }
        let text = path.text();
        match text.as_str() {
            "github.event.action" => self.activity(comparison, wanted),
            // In the very repository that is audited; elsewhere the question
            // does not arise.
            "github.repository" | "github.repository_owner" => open_if(comparison.equal == wanted),
            "github.event.workflow_run.event" => {
                match comparison.literal.and_then(Value::as_str) {
                    Some(event) if event.starts_with("pull_request") => Way::Open,
                    Some("issue_comment" | "issues") | None => Way::Unknown,
                    // A stranger's push happens in the fork and starts nothing here.
                    Some(_) => open_if(comparison.equal != wanted),
                }
            }
            "github.ref" | "github.ref_name" if self.runs_on_default_branch() => Way::Open,
            _ if is_free(&text) => Way::Open,
            _ => Way::Unknown,
        }
    }

    fn activity(&self, comparison: &Comparison<'_>, wanted: bool) -> Way {
        let Some(activity) = comparison.literal.and_then(Value::as_str) else {
            return Way::Unknown;
        };
        if comparison.equal != wanted {
            return Way::Open;
        }
        if self.trigger.types.is_some() && !self.trigger.has_type(activity) {
            return Way::Closed;
        }
        activity_way(activity)
    }

    fn runs_on_default_branch(&self) -> bool {
        use crate::semantics::events::{WorkflowSource, info};
        info(self.event()).is_some_and(|e| e.source == WorkflowSource::DefaultBranch)
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

fn literals(expr: &Expr) -> Vec<String> {
    let mut found = Vec::new();
    expr.visit(&mut |e| match &e.kind {
        ExprKind::Literal(Value::String(text)) => found.push(text.clone()),
        ExprKind::Literal(number @ Value::Number(_)) => found.extend(number.to_text()),
        _ => {}
    });
    found
}

fn is_account(text: &str) -> bool {
    matches!(
        text,
        "github.actor"
            | "github.triggering_actor"
            | "github.actor_id"
            | "github.event.sender.login"
            | "github.event.sender.id"
            | "github.event.comment.user.login"
            | "github.event.comment.user.id"
            | "github.event.pull_request.user.login"
            | "github.event.pull_request.user.id"
            | "github.event.issue.user.login"
            | "github.event.issue.user.id"
            | "github.event.workflow_run.actor.login"
            | "github.event.workflow_run.triggering_actor.login"
    )
}

/// Whether the stranger decides on the value: text, branches, states of her own
/// pull request, and whether her own run passes.
fn is_free(text: &str) -> bool {
    const FREE: &[&str] = &[
        "github.base_ref",
        "github.event.comment",
        "github.event.discussion",
        "github.event.head",
        "github.event.issue",
        "github.event.number",
        "github.event.pull_request",
        "github.event.workflow_run",
        "github.head_ref",
    ];
    FREE.iter().any(|prefix| {
        text.strip_prefix(prefix)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use crate::documents::Workflow;
    use crate::expressions::condition;
    use cofferdam_facts::SourceFile;

    fn way(event: &str, text: &str) -> Way {
        let file = SourceFile::new("w.yml", format!("on:\n  {event}\njobs: {{}}\n"));
        let workflow = Workflow::parse(file);
        let stranger = Stranger {
            trigger: workflow.triggers.first().unwrap(),
            lookup: &|_| None,
        };
        stranger.way(&condition(text).unwrap(), true)
    }

    #[test]
    fn what_is_joined_to_a_text_is_always_true() {
        let condition = "${{ github.event.comment.author_association == 'OWNER' }}";
        assert!(
            way("issue_comment:", condition)
                .gates()
                .contains(&Gate::Comment)
        );
        for around in [
            "\n",
            " && ${{ github.actor == 'somebody' }}",
            " # owners only",
        ] {
            assert_eq!(
                way("issue_comment:", &format!("{condition}{around}")),
                Way::Open
            );
        }
    }

    #[test]
    fn the_author_of_a_pull_request_is_nobody_else_by_number_too() {
        let by = |text: &str| way("pull_request_target:", text);
        assert_eq!(
            by("github.event.pull_request.user.id == 49699333"),
            Way::Closed
        );
        assert_eq!(by("github.actor_id == '49699333'"), Way::Open);
        assert_eq!(by("github.actor_id == '1'"), Way::Gated(vec![Gate::Person]));
    }

    #[test]
    fn what_the_stranger_writes_is_no_gate() {
        for text in [
            "github.event.issue.pull_request && startsWith(github.event.comment.body, '/test')",
            "github.repository == 'org/app'",
            "github.ref == 'refs/heads/main'",
            "success()",
            "github.event.comment.author_association != 'MEMBER'",
            "github.event.comment.author_association != 'NONE'",
        ] {
            assert_eq!(way("issue_comment:", text), Way::Open, "{text}");
        }
        let text = "github.event.workflow_run.conclusion == 'success' && \
                    github.event.workflow_run.head_branch == 'main'";
        assert_eq!(way("workflow_run:", text), Way::Open);
        assert_eq!(
            way("pull_request_target:", "github.actor == 'dependabot[bot]'"),
            Way::Open
        );
    }

    #[test]
    fn what_rules_the_stranger_out_closes() {
        for text in [
            "github.event.pull_request.head.repo.full_name == github.repository",
            "github.event.pull_request.user.login == 'dependabot[bot]'",
            "github.event.pull_request.author_association == 'MEMBER'",
            "github.event_name == 'push'",
            "false",
        ] {
            assert_eq!(way("pull_request_target:", text), Way::Closed, "{text}");
        }
        assert_eq!(
            way("workflow_run:", "github.event.workflow_run.event == 'push'"),
            Way::Closed
        );
        assert_eq!(
            way(
                "pull_request_target: {types: [opened]}",
                "github.event.action == 'closed'"
            ),
            Way::Closed
        );
    }

    #[test]
    fn a_fork_that_is_deleted_is_none() {
        let by = |text: &str| way("pull_request_target:", text);
        let gone = Way::Gated(vec![Gate::ForkGone]);
        let flag = "github.event.pull_request.head.repo.fork";
        for text in [
            format!("!{flag}"),
            format!("{flag} == false"),
            format!("{flag} != true"),
            format!("false == {flag}"),
            format!("{flag} != true && github.repository == 'a/b'"),
        ] {
            assert_eq!(by(&text), gone, "{text}");
        }
        // A boolean is never equal to a word.
        assert_eq!(by(&format!("{flag} == 'false'")), Way::Closed);
        assert_eq!(by(&format!("{flag} != 'true'")), Way::Open);
        assert_eq!(by(&format!("{flag} == true")), Way::Open);
        let name = "github.event.pull_request.head.repo.full_name == github.repository";
        assert_eq!(by(&format!("!{flag} && {name}")), Way::Closed);
        let run = "!github.event.workflow_run.head_repository.fork";
        assert_eq!(way("workflow_run:", run), gone);
    }

    #[test]
    fn what_somebody_must_do_is_a_gate() {
        let label = Way::Gated(vec![Gate::Label("safe".into())]);
        for text in [
            "contains(github.event.pull_request.labels.*.name, 'safe')",
            "github.event.label.name == 'safe'",
            "github.event.label.name == 'safe' && github.repository == 'a/b'",
        ] {
            assert_eq!(way("pull_request_target:", text), label, "{text}");
        }
        assert_eq!(
            way(
                "issue_comment:",
                "contains(fromJSON('[\"OWNER\", \"MEMBER\"]'), github.event.comment.author_association)"
            ),
            Way::Gated(vec![Gate::Comment])
        );
        assert_eq!(
            way(
                "pull_request_target:",
                "github.event.pull_request.merged == true"
            ),
            Way::Gated(vec![Gate::Merge])
        );
        let read = "fromJSON(steps.pr.outputs.result).merged == true";
        assert_eq!(way("issue_comment:", read), Way::Gated(vec![Gate::Merge]));
        assert_eq!(
            way(
                "issue_comment:",
                "github.event.comment.author_association == 'CONTRIBUTOR' || github.actor == 'me'"
            ),
            Way::Gated(vec![Gate::Contributor])
        );
    }

    #[test]
    fn the_least_of_alternatives_counts() {
        let text = "contains(github.event.pull_request.labels.*.name, 'safe') || \
                    github.event.action == 'synchronize'";
        assert_eq!(way("pull_request_target:", text), Way::Open);
        assert_eq!(
            way("pull_request_target:", "vars.ON == 'yes' && inputs.x"),
            Way::Unknown
        );
        // Text beside the braces is always true.
        assert_eq!(way("pull_request_target:", "${{ false }} "), Way::Open);
    }

    #[test]
    fn activities_decide_who_starts_a_trigger() {
        let parse = |on: &str| {
            let file = SourceFile::new("w.yml", format!("on:\n  {on}\njobs: {{}}\n"));
            of_trigger(Workflow::parse(file).triggers.first().unwrap())
        };
        assert_eq!(
            parse("pull_request_target: {types: [opened, labeled]}"),
            Way::Open
        );
        assert_eq!(
            parse("pull_request_target: {types: [labeled]}"),
            Way::Gated(vec![Gate::Label(String::new())])
        );
        assert_eq!(parse("issue_comment:"), Way::Open);
    }
}
