//! What the contexts of a condition may be in a run that a stranger causes.
//!
//! Where that is a choice among a few values, all are listed, each with what it
//! takes to have it. Of names, which are without number, those are listed that
//! decide a comparison with the texts of the condition: the texts themselves,
//! which belong to somebody, and names that a stranger may take and that begin
//! with them, end with them or hold them.
//!
//! Source: GitHub, "Webhook events and payloads"; "Events that trigger
//! workflows", activity types and refs; "Username considerations": letters,
//! digits and single hyphens inside, 39 at most; "Evaluate expressions in
//! workflows and actions", Operators and Functions.

mod names;

use std::cell::OnceCell;

use crate::documents::trigger::Trigger;
use crate::expressions::{ContextPath, Expr, ExprKind, Operator, PathPart, Value};
use crate::semantics::bots;
use crate::semantics::events::{self, Starter, WorkflowSource};
use crate::semantics::gates::{Gate, Way, of_activity};
use crate::semantics::payload::{self, Presence};

use names::Texts;

/// Most combinations of values that one comparison is tried with.
const MOST: usize = 8_192;

/// One value, and what it takes for the context to have it; `None` for one that
/// is not told.
pub(super) type Choice = (Option<Value>, Way);

/// The constants of a comparison, worked out when they are first asked for.
type Ask<'t> = dyn Fn() -> Option<&'t Texts> + 't;

/// What a context may be.
#[derive(Clone, Debug)]
pub(super) enum Domain {
    /// One of these.
    Among(Vec<Choice>),
    /// Whatever the stranger likes.
    Free,
    /// Not known.
    Unknown,
}

/// A run that a stranger causes, as far as it decides on contexts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run<'s> {
    /// The event.
    pub event: &'s str,
    /// The trigger, where it is known.
    pub trigger: Option<&'s Trigger>,
    /// The repository's own name, where it is known.
    pub slug: Option<&'s str>,
    /// Events by which strangers start the workflow that this one follows;
    /// empty where they are not known.
    pub before: &'s [&'s str],
    /// Whether the stranger's fork still exists.
    pub fork_exists: bool,
    /// Whether somebody without a role causes it.
    pub outsider: bool,
}

/// A comparison that has been tried with every combination of values: what the
/// truth is in each, and what it takes.
pub(super) struct Trial {
    /// Each combination in which the truth is known.
    pub known: Vec<(bool, Way)>,
    /// What it takes for those in which it is not.
    pub open: Vec<Way>,
    /// Contexts that are whatever the stranger likes.
    pub free: bool,
    /// Contexts of which nothing is known.
    pub unknown: Vec<ContextPath>,
}

impl Run<'_> {
    /// Tries a comparison, a call or a bare value. `kept` says which of the
    /// choices are to count.
    pub(super) fn try_out(&self, expr: &Expr, kept: &dyn Fn(&Way) -> bool) -> Trial {
        let kept_texts = OnceCell::new();
        let texts = || kept_texts.get_or_init(|| self.texts(expr)).as_ref();
        let mut trial = Trial {
            known: Vec::new(),
            open: Vec::new(),
            free: false,
            unknown: Vec::new(),
        };
        let mut combinations = 1_usize;
        let mut all: Vec<(String, Vec<Choice>)> = Vec::new();
        for path in expr.contexts() {
            let name = path.text();
            if all.iter().any(|(known, _)| *known == name) {
                continue;
            }
            match self.domain(path, &texts) {
                Domain::Among(mut choices) => {
                    choices.retain(|(_, way)| kept(way));
                    let next = combinations.saturating_mul(choices.len().max(1));
                    if next > MOST {
                        trial.free = true;
                        continue;
                    }
                    combinations = next;
                    all.push((name, choices));
                }
                Domain::Free => trial.free = true,
                Domain::Unknown => trial.unknown.push(path.clone()),
            }
        }
        for at in 0..combinations {
            let mut rest = at;
            let mut way = Way::Open;
            let mut values: Vec<(&str, &Option<Value>)> = Vec::new();
            for (name, choices) in &all {
                let Some((value, takes)) = choices.get(rest % choices.len().max(1)) else {
                    continue;
                };
                rest /= choices.len().max(1);
                values.push((name, value));
                way = way.and(takes.clone());
            }
            if way.is_closed() {
                continue;
            }
            let value = |path: &ContextPath| {
                let text = path.text();
                let found = values.iter().find(|(name, _)| *name == text);
                found.and_then(|(_, value)| (*value).clone())
            };
            match expr.truth_with(&value) {
                Some(truth) => trial.known.push((truth, way)),
                None => trial.open.push(way),
            }
        }
        trial
    }

    // The constants that names are compared with; `None` where a name goes into
    // something that is not one of the comparisons for which names are made.
    fn texts(&self, expr: &Expr) -> Option<Texts> {
        let operands: Vec<&Expr> = match &expr.kind {
            ExprKind::Context(_) => return Some(Texts::default()),
            ExprKind::Binary { op, left, right } if op.is_comparison() => vec![left, right],
            ExprKind::Call { function, args }
                if matches!(function.as_str(), "contains" | "startswith" | "endswith") =>
            {
                args.iter().collect()
            }
            _ => return None,
        };
        let mut texts = Texts::default();
        let mut named = None;
        for operand in operands {
            if let ExprKind::Context(path) = &operand.kind {
                if let Some(Value::String(own)) = self.own(path) {
                    texts.add(&own);
                }
                if path.head() != "github" {
                    return None;
                }
                if path.is("github.repository") || path.is("github.repository_owner") {
                    named = Some(path);
                }
                continue;
            }
            match operand.evaluate_with(&|path| self.own(path))? {
                Value::Array(values) => {
                    for value in values {
                        texts.add(&value.to_text()?);
                    }
                }
                value => texts.add(&value.to_text()?),
            }
        }
        if let Some(path) = named {
            self.name_own(expr, path, &mut texts);
        }
        (!texts.is_cut()).then_some(texts)
    }

    // Names of the repository itself that a condition may mean.
    fn name_own(&self, expr: &Expr, path: &ContextPath, texts: &mut Texts) {
        let mut names = texts.names_of_repositories(path.is("github.repository"));
        names.retain(|name| {
            let value = |asked: &ContextPath| match asked == path {
                true => Some(Value::from(name.as_str())),
                false => self.own(asked),
            };
            let (op, _, _) = match expr.is_comparison() {
                Some(comparison) => comparison,
                None => return expr.truth_with(&value) == Some(true),
            };
            let equal = expr.truth_with(&value) == Some(true);
            equal == (op != Operator::NotEqual)
        });
        texts.means(names);
    }

    // What the repository itself is called.
    fn own(&self, path: &ContextPath) -> Option<Value> {
        let slug = self.slug.unwrap_or(names::OWN);
        let owner = slug.split('/').next().unwrap_or(slug);
        let text = path.text();
        if payload::presence(self.event, path) == Presence::Never {
            return None;
        }
        match text.as_str() {
            "github.repository"
            | "github.event.repository.full_name"
            | "github.event.workflow_run.repository.full_name"
            | "github.event.pull_request.base.repo.full_name" => Some(Value::from(slug)),
            "github.repository_owner"
            | "github.event.repository.owner.login"
            | "github.event.workflow_run.repository.owner.login"
            | "github.event.pull_request.base.repo.owner.login"
            | "github.event.pull_request.base.user.login" => Some(Value::from(owner)),
            "github.repository_id" => Some(Value::from(names::OWN_ID)),
            "github.event.repository.id"
            | "github.event.workflow_run.repository.id"
            | "github.event.pull_request.base.repo.id" => {
                Some(Value::Number(names::OWN_ID.parse().ok()?))
            }
            "github.event.repository.default_branch"
            | "github.event.pull_request.base.repo.default_branch" => {
                Some(Value::from(names::BRANCH))
            }
            _ => None,
        }
    }

    fn domain(&self, path: &ContextPath, texts: &Ask<'_>) -> Domain {
        if path.head() != "github" {
            return Domain::Unknown;
        }
        let text = path.text();
        let one = |value: Value| Domain::Among(vec![(Some(value), Way::Open)]);
        if text == "github.event_name" {
            return match events::info(self.event) {
                Some(_) if self.event != "workflow_call" => one(Value::from(self.event)),
                _ => Domain::Unknown,
            };
        }
        match payload::presence(self.event, path) {
            // `null.*` is a list without elements.
            Presence::Never if path.parts.contains(&PathPart::Star) => {
                return one(Value::Array(Vec::new()));
            }
            Presence::Never => return one(Value::Null),
            Presence::Always | Presence::Perhaps => {}
        }
        if matches!(text.as_str(), "github.head_ref" | "github.base_ref")
            && events::info(self.event).is_some()
            && self.event != "workflow_call"
            && !events::is_pull_request(self.event)
        {
            return one(Value::from(""));
        }
        if let Some(found) = self.of_ref(&text, texts) {
            return found;
        }
        if !self.outsider {
            return Domain::Unknown;
        }
        if let Some(own) = self.own(path) {
            return self.of_own(&text, &own, texts);
        }
        self.of_stranger(path, &text, texts)
    }

    // The name of the very repository that is looked at. What a condition
    // compares it with may be its name too: a checkout may be of a fork, and
    // elsewhere the question does not arise.
    fn of_own(&self, text: &str, own: &Value, texts: &Ask<'_>) -> Domain {
        let named = matches!(text, "github.repository" | "github.repository_owner");
        let mut values = open([own.clone()]);
        if let Some(texts) = named.then(texts).flatten() {
            let others = texts.meant().to_vec();
            if self.slug.is_none() && !others.is_empty() {
                values.clear();
            }
            values.extend(open(others.into_iter().map(Value::from)));
        }
        Domain::Among(values)
    }

    // The ref of the run itself: a pull request has its own, and what anybody
    // causes otherwise runs on the default branch.
    fn of_ref(&self, text: &str, texts: &Ask<'_>) -> Option<Domain> {
        if !matches!(text, "github.ref" | "github.ref_name" | "github.ref_type") {
            return None;
        }
        let merge = matches!(
            self.event,
            "pull_request" | "pull_request_review" | "pull_request_review_comment"
        );
        let default = events::info(self.event)
            .is_some_and(|info| info.source == WorkflowSource::DefaultBranch);
        if !merge && !default {
            return None;
        }
        if text == "github.ref_type" {
            return Some(Domain::Among(open([Value::from("branch")])));
        }
        let Some(texts) = texts() else {
            return Some(if merge { Domain::Unknown } else { Domain::Free });
        };
        let refs = match (merge, text) {
            (true, "github.ref") => texts.refs("refs/pull/", "7/merge"),
            (true, _) => texts.refs("", "7/merge"),
            (false, "github.ref") => texts.refs("refs/heads/", names::BRANCH),
            (false, _) => texts.refs("", names::BRANCH),
        };
        let refs = refs.into_iter().filter(|name| {
            let number = name.strip_prefix("refs/pull/").unwrap_or(name);
            !merge || number.ends_with("/merge")
        });
        Some(Domain::Among(open(refs.map(Value::from))))
    }

    fn of_stranger(&self, path: &ContextPath, text: &str, texts: &Ask<'_>) -> Domain {
        if let Some(found) = self.association(text) {
            return Domain::Among(found);
        }
        if text.contains(".labels") || text.starts_with("github.event.label") {
            return self.labels(path, text, texts);
        }
        if let Some(found) = self.of_head(text, texts) {
            return found;
        }
        if is_account(text) {
            return match texts() {
                Some(texts) => Domain::Among(self.accounts(text, texts)),
                None => Domain::Free,
            };
        }
        let merged = |no: Value, yes: Value| {
            let merge = Way::Gated(vec![Gate::Merge]);
            Domain::Among(vec![(Some(no), Way::Open), (Some(yes), merge)])
        };
        match text {
            "github.event.pull_request.merged" => merged(Value::Bool(false), Value::Bool(true)),
            "github.event.pull_request.merged_at" => {
                merged(Value::Null, Value::from("2026-01-01T00:00:00Z"))
            }
            // Anybody comments below what was merged, and it has been looked at.
            "github.event.issue.pull_request.merged_at" => Domain::Among(vec![
                (Some(Value::Null), Way::Open),
                (
                    Some(Value::from("2026-01-01T00:00:00Z")),
                    Way::Gated(vec![Gate::AnotherAuthor]),
                ),
            ]),
            "github.event.action" => self.activities(texts),
            "github.event.workflow_run.event" => Domain::Among(self.events_before()),
            _ if is_free(text) => Domain::Free,
            _ => Domain::Unknown,
        }
    }

    // Written by GitHub from the account, not from text.
    fn association(&self, text: &str) -> Option<Vec<Choice>> {
        let of_comment = matches!(
            text,
            "github.event.comment.author_association" | "github.event.review.author_association"
        );
        let of_author = matches!(
            text,
            "github.event.discussion.author_association"
                | "github.event.issue.author_association"
                | "github.event.pull_request.author_association"
        );
        if !of_comment && !of_author {
            return None;
        }
        let member = if of_comment {
            Way::Gated(vec![Gate::Comment])
        } else {
            self.another_author(text)
        };
        let choices = [
            ("NONE", Way::Open),
            ("FIRST_TIMER", Way::Open),
            ("FIRST_TIME_CONTRIBUTOR", Way::Open),
            ("MANNEQUIN", Way::Open),
            ("CONTRIBUTOR", Way::Gated(vec![Gate::Contributor])),
            ("COLLABORATOR", member.clone()),
            ("MEMBER", member.clone()),
            ("OWNER", member),
        ];
        Some(
            choices
                .into_iter()
                .map(|(word, way)| (Some(Value::from(word)), way))
                .collect(),
        )
    }

    // Who opened it is the stranger, but for a comment or a review, which may
    // stand below what anybody opened.
    fn another_author(&self, text: &str) -> Way {
        let elsewhere = match self.event {
            "issue_comment" => text.starts_with("github.event.issue."),
            "discussion_comment" => text.starts_with("github.event.discussion."),
            "pull_request_review" | "pull_request_review_comment" => {
                text.starts_with("github.event.pull_request.")
            }
            _ => false,
        };
        if elsewhere {
            Way::Gated(vec![Gate::AnotherAuthor])
        } else {
            Way::Closed
        }
    }

    // Whoever opens something has no label on it yet.
    fn labels(&self, path: &ContextPath, text: &str, texts: &Ask<'_>) -> Domain {
        let wrapped = |name: &str| -> Option<Value> {
            let object = || Value::Object(vec![("name".to_owned(), Value::from(name))]);
            Some(match path.parts.last()? {
                PathPart::Name(last) if last == "name" => {
                    if path.parts.contains(&PathPart::Star) {
                        Value::Array(vec![Value::from(name)])
                    } else {
                        Value::from(name)
                    }
                }
                PathPart::Name(last) if last == "labels" => Value::Array(vec![object()]),
                PathPart::Star => Value::Array(vec![object()]),
                PathPart::Name(last) if last == "label" => object(),
                _ => return None,
            })
        };
        let without = if text.starts_with("github.event.label") {
            Value::Null
        } else {
            match path.parts.last() {
                Some(PathPart::Name(last)) if last == "labels" => Value::Array(Vec::new()),
                _ if path.parts.contains(&PathPart::Star) => Value::Array(Vec::new()),
                _ => Value::Null,
            }
        };
        let mut choices = open([without]);
        if text.starts_with("github.event.label") {
            let types = self.trigger.and_then(|t| t.types.as_deref());
            let labelled = |name: &str| {
                name.eq_ignore_ascii_case("labeled") || name.eq_ignore_ascii_case("unlabeled")
            };
            match types {
                Some(types) if types.iter().all(|t| labelled(&t.value)) => choices.clear(),
                Some(types) if !types.iter().any(|t| labelled(&t.value)) => {
                    return Domain::Among(choices);
                }
                None if self.trigger.is_some() && self.event.starts_with("pull_request") => {
                    return Domain::Among(choices);
                }
                _ => {}
            }
        }
        let Some(texts) = texts() else {
            choices.push((None, Way::Gated(vec![Gate::Label(String::new())])));
            return Domain::Among(choices);
        };
        for name in texts.labels() {
            let value = wrapped(&name);
            let gate = if name == names::LABEL {
                String::new()
            } else {
                name
            };
            choices.push((value, Way::Gated(vec![Gate::Label(gate)])));
        }
        Domain::Among(choices)
    }

    // The head's repository is the stranger's fork, and null once that is gone.
    // A run after another one may have been caused without any pull request, on
    // the repository's own branch.
    fn of_head(&self, text: &str, texts: &Ask<'_>) -> Option<Domain> {
        let (field, gone) = match text.strip_prefix("github.event.pull_request.head.") {
            Some("user.login") => ("owner.login", false),
            Some("user.id") => ("owner.id", false),
            Some(rest) => (rest.strip_prefix("repo.")?, true),
            None => (
                text.strip_prefix("github.event.workflow_run.head_repository.")?,
                true,
            ),
        };
        let values: Vec<Value> = match (field, texts()) {
            ("fork", _) => vec![Value::Bool(true)],
            ("full_name", Some(texts)) => values(texts.forks(self.slug)),
            ("owner.login", Some(texts)) => values(texts.strangers(self.slug)),
            ("id" | "owner.id", Some(texts)) => {
                texts.numbers().into_iter().map(Value::Number).collect()
            }
            ("full_name" | "owner.login" | "id" | "owner.id", None) => return Some(Domain::Free),
            _ => return None,
        };
        let mut choices = open(values);
        if gone && !self.fork_exists {
            choices.push((Some(Value::Null), Way::Gated(vec![Gate::ForkGone])));
        }
        if self.event == "workflow_run" && self.before.iter().any(|name| on_default_branch(name)) {
            let own = match field {
                "fork" => Some(Value::Bool(false)),
                "full_name" => self.own(&ContextPath::parse("github.repository")?),
                "owner.login" => self.own(&ContextPath::parse("github.repository_owner")?),
                "id" => self.own(&ContextPath::parse("github.event.repository.id")?),
                _ => None,
            };
            choices.extend(open(own));
        }
        Some(Domain::Among(choices))
    }

    // Accounts: any that a stranger may have, and those that are named.
    fn accounts(&self, text: &str, texts: &Texts) -> Vec<Choice> {
        let by_number = text.ends_with("id");
        let mut choices = if by_number {
            open(texts.numbers().into_iter().map(Value::Number))
        } else {
            open(values(texts.strangers(self.slug)))
        };
        for name in texts.named(by_number) {
            let way = self.named(text, &name);
            let value = match name.parse::<f64>() {
                Ok(number) if by_number => Value::Number(number),
                _ => Value::from(name),
            };
            choices.push((Some(value), way));
        }
        choices
    }

    fn named(&self, text: &str, name: &str) -> Way {
        let of_author = text.ends_with(".user.login") || text.ends_with(".user.id");
        // A bot acts on a stranger's branch when the stranger makes it to, so
        // that `github.actor` proves nothing about who wrote the code.
        if bots::login(name).is_some() && !of_author {
            return if self.event.starts_with("pull_request") {
                Way::Open
            } else {
                Way::Unknown
            };
        }
        let account = text.trim_end_matches(".login").trim_end_matches(".id");
        let opened = ["pull_request.user", "issue.user", "discussion.user"];
        if opened.iter().any(|end| account.ends_with(end)) {
            return self.another_author(text);
        }
        Way::Gated(vec![Gate::Person])
    }

    fn activities(&self, texts: &Ask<'_>) -> Domain {
        let named = |names: &[&str]| {
            let choice = |name: &&str| (Some(Value::from(*name)), of_activity(name));
            Domain::Among(names.iter().map(choice).collect())
        };
        if let Some(types) = self.trigger.and_then(|t| t.types.as_deref()) {
            let types: Vec<&str> = types.iter().map(|t| t.value.as_str()).collect();
            return named(&types);
        }
        match self.event {
            _ if self.trigger.is_none() => Domain::Unknown,
            "pull_request" | "pull_request_target" => named(&["opened", "reopened", "synchronize"]),
            // Any type, which the sender writes.
            "repository_dispatch" => Domain::Unknown,
            "watch" => named(&["started"]),
            _ => {
                let Some(texts) = texts() else {
                    return Domain::Free;
                };
                let mut names = texts.words();
                names.push(names::LABEL.to_owned());
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                named(&names)
            }
        }
    }

    // The events of the run before. A stranger's push happens in the fork and
    // starts nothing here.
    fn events_before(&self) -> Vec<Choice> {
        let outside = events::EVENTS
            .iter()
            .filter(|info| info.starter == Starter::Anyone);
        let way = |name: &str| match () {
            () if self.before.contains(&name) => Way::Open,
            () if !self.before.is_empty() => Way::Closed,
            () if events::is_pull_request(name) => Way::Open,
            () => Way::Unknown,
        };
        let outside = outside.map(|info| info.name);
        // What a comment dispatches is nobody else's doing.
        let others = self.before.iter().copied();
        outside
            .chain(others)
            .map(|name| (Some(Value::from(name)), way(name)))
            .filter(|(_, way)| !way.is_closed())
            .collect()
    }
}

// Whether the runs of an event that anybody causes are of the default branch,
// and so of the repository itself, to a run that follows.
fn on_default_branch(event: &str) -> bool {
    events::info(event).is_some_and(|info| info.source == WorkflowSource::DefaultBranch)
        && !events::is_pull_request(event)
}

fn open(values: impl IntoIterator<Item = Value>) -> Vec<Choice> {
    values
        .into_iter()
        .map(|value| (Some(value), Way::Open))
        .collect()
}

fn values(names: Vec<String>) -> Vec<Value> {
    names.into_iter().map(Value::from).collect()
}

/// Whether a context names the account of somebody.
pub(super) fn is_account(text: &str) -> bool {
    matches!(
        text,
        "github.actor"
            | "github.triggering_actor"
            | "github.actor_id"
            | "github.event.sender.login"
            | "github.event.sender.id"
            | "github.event.comment.user.login"
            | "github.event.comment.user.id"
            | "github.event.review.user.login"
            | "github.event.review.user.id"
            | "github.event.discussion.user.login"
            | "github.event.discussion.user.id"
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
        "github.event.forkee",
        "github.event.head",
        "github.event.issue",
        "github.event.number",
        "github.event.pages",
        "github.event.pull_request",
        "github.event.review",
        "github.event.workflow_run",
        "github.head_ref",
    ];
    FREE.iter().any(|prefix| {
        text.strip_prefix(prefix)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}
