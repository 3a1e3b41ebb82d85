//! Lists that are searched as text, and names that are compared in part.

use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::Workflow;
use cofferdam_workflows::expressions::{ContextPath, Expr, ExprKind, Operator, Value};
use cofferdam_workflows::semantics::gates::Stranger;

use crate::context::{Context, JobView};
use crate::exposure::{self, Exposure};
use crate::expression_sites::{self, ConditionSite, Holder};
use crate::rule::{Rule, Sink};
use crate::starts::Start;

crate::rule! {
    /// # What
    /// A condition compares a name in part where the whole was meant:
    /// `contains('main develop', github.ref_name)` searches a text and not a
    /// list, `startsWith(github.actor, 'trusted-')` asks for a beginning.
    ///
    /// # Why
    /// Any piece of the text passes: a branch named `mai`, an account named as
    /// the end of a longer one, and the empty name too. Accounts and branches
    /// are there for the making, so that the condition lets in whoever gives
    /// one the right name.
    ///
    /// # Vulnerable
    /// ```yaml
    /// if: contains('alice,maintainer-bob', github.actor)
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// if: contains(fromJSON('["alice", "maintainer-bob"]'), github.actor)
    /// ```
    ///
    /// # How it is decided
    /// Calls in the parsed condition that speak for running: `contains` with a
    /// constant text first and a value of the run second, and `contains`,
    /// `startsWith` or `endsWith` of an account or of a head's repository with a
    /// constant. A beginning that ends in `/` names an owner in full and is
    /// sound.
    ///
    /// Where outsiders choose the value and nothing else keeps them from a job
    /// on an event that gives them privileges, the severity is what the job
    /// holds; where it takes somebody who can push a branch it is medium for a
    /// job that publishes, low otherwise.
    ///
    /// Values of a fixed set, such as the event's name or an author's
    /// association, are tried one by one, and are findings only if a wrong one
    /// passes. Deny lists (`!contains(…)`) keep too much out and are none.
    /// zizmor's `unsound-contains` reports every value that a user can shape as
    /// high, and does not look at accounts compared in part; CodeQL's
    /// `UnsoundContains` likewise.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/expressions#contains>
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/contexts#github-context>
    pub struct UnsoundContains {
        id: "unsound-contains",
        title: "A condition compares a part of a name",
        severity: High,
        controls: [T1],
        peers: [
            "zizmor/unsound-contains",
            "codeql/UnsoundContains",
            "sisakulint/unsound-contains",
        ],
        standards: [Cwe::Cwe187],
    }
}

impl Rule for UnsoundContains {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        for view in cx.jobs(workflow) {
            let exposure = Exposure::new(cx, view);
            for site in expression_sites::conditions_of_job(view) {
                let Some(expr) = site.condition.expr() else {
                    continue;
                };
                for call in wanted_calls(expr) {
                    if let Some(partial) = partial(call, view) {
                        judge(&exposure, &site, call, &partial, out);
                    }
                }
            }
        }
    }
}

/// A comparison of a part.
struct Partial<'e> {
    path: &'e ContextPath,
    chosen: Chosen,
    /// Whether the constant is a list of names, so that the fix is a list.
    list: bool,
    /// Something that passes and should not.
    example: String,
}

/// Who chooses the value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chosen {
    Outsider,
    Writer,
    Nobody,
}

// Calls that have to be true, or one of which has to be.
fn wanted_calls(condition: &Expr) -> Vec<&Expr> {
    let mut found = Vec::new();
    let mut waiting = vec![(condition, true)];
    while let Some((expr, wanted)) = waiting.pop() {
        match &expr.kind {
            ExprKind::Not(inner) => waiting.push((inner, !wanted)),
            ExprKind::Binary { op, left, right } if !op.is_comparison() => {
                waiting.push((right, wanted));
                waiting.push((left, wanted));
            }
            // `contains(…) == true`
            ExprKind::Binary { op, left, right } => {
                let truth = [left, right].into_iter().find_map(|side| side.fold());
                let same = truth.map(|value| value.is_truthy() == (*op == Operator::Equal));
                for side in [left, right] {
                    if let (ExprKind::Call { .. }, Some(same)) = (&side.kind, same) {
                        waiting.push((side, wanted == same));
                    }
                }
            }
            ExprKind::Call { .. } if wanted => found.push(expr),
            _ => {}
        }
    }
    found
}

fn partial<'e>(call: &'e Expr, view: &JobView<'_>) -> Option<Partial<'e>> {
    let ExprKind::Call { function, args } = &call.kind else {
        return None;
    };
    let [first, second] = args.as_slice() else {
        return None;
    };
    match (first.as_str(), second.as_context()) {
        (Some(text), Some(path)) if function == "contains" => in_text(text, path, view),
        _ => in_name(function, first.as_context()?, second.as_str()?),
    }
}

fn in_text<'e>(text: &str, path: &'e ContextPath, view: &JobView<'_>) -> Option<Partial<'e>> {
    let dotted = path.text();
    let values: Option<Vec<&str>> = match dotted.as_str() {
        "github.event_name" => Some(view.entry.events.iter().map(String::as_str).collect()),
        "github.ref_type" => Some(vec!["branch", "tag"]),
        other if other.ends_with(".author_association") => Some(vec![
            "CONTRIBUTOR",
            "FIRST_TIMER",
            "FIRST_TIME_CONTRIBUTOR",
            "MANNEQUIN",
            "NONE",
        ]),
        _ => None,
    };
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|'))
        .filter(|word| !word.is_empty())
        .collect();
    if let Some(values) = values {
        let passes = |value: &&&str| {
            text.to_ascii_lowercase()
                .contains(&value.to_ascii_lowercase())
                && !words.iter().any(|w| w.eq_ignore_ascii_case(value))
        };
        let wrong = values.iter().find(passes)?;
        return Some(Partial {
            path,
            chosen: Chosen::Nobody,
            list: true,
            example: (*wrong).to_owned(),
        });
    }
    let chosen = chooser(&dotted)?;
    let longest = words.iter().max_by_key(|word| word.chars().count())?;
    let mut shorter = longest.chars();
    shorter.next_back();
    Some(Partial {
        path,
        chosen,
        list: true,
        example: shorter.as_str().to_owned(),
    })
}

// Who may choose the value of a path; `None` where it is no name to choose.
fn chooser(dotted: &str) -> Option<Chosen> {
    let outsider = is_identity(dotted)
        || dotted == "github.head_ref"
        || [
            "comment",
            "discussion",
            "issue",
            "pull_request",
            "review",
            "workflow_run",
        ]
        .iter()
        .any(|of| {
            dotted
                .strip_prefix("github.event.")
                .is_some_and(|rest| rest.starts_with(of))
        });
    if outsider {
        return Some(Chosen::Outsider);
    }
    let writer = matches!(
        dotted,
        "github.ref" | "github.ref_name" | "github.base_ref" | "github.event.ref"
    ) || dotted.starts_with("env.")
        || dotted.starts_with("inputs.")
        || dotted.starts_with("github.event.inputs.");
    if writer {
        return Some(Chosen::Writer);
    }
    let runner = dotted.starts_with("runner.") || dotted.starts_with("vars.");
    runner.then_some(Chosen::Nobody)
}

fn is_identity(dotted: &str) -> bool {
    matches!(
        dotted,
        "github.actor"
            | "github.triggering_actor"
            | "github.event.sender.login"
            | "github.event.comment.user.login"
            | "github.event.issue.user.login"
            | "github.event.pull_request.user.login"
            | "github.event.pull_request.head.user.login"
            | "github.event.pull_request.head.repo.full_name"
            | "github.event.pull_request.head.repo.owner.login"
            | "github.event.review.user.login"
            | "github.event.workflow_run.actor.login"
            | "github.event.workflow_run.head_repository.full_name"
            | "github.event.workflow_run.head_repository.owner.login"
    )
}

fn in_name<'e>(function: &str, path: &'e ContextPath, part: &str) -> Option<Partial<'e>> {
    // Accounts of bots are `bot-conditions`' matter; nobody can make one.
    if !is_identity(&path.text()) || part.contains("[bot]") || part.is_empty() {
        return None;
    }
    let example = match function {
        "startswith" if part.contains('/') => return None,
        "startswith" => format!("{part}-x"),
        "endswith" => format!("x{part}"),
        "contains" => format!("x{part}"),
        _ => return None,
    };
    Some(Partial {
        path,
        chosen: Chosen::Outsider,
        list: false,
        example,
    })
}

fn judge(
    exposure: &Exposure<'_>,
    site: &ConditionSite<'_>,
    call: &Expr,
    partial: &Partial<'_>,
    out: &mut Sink,
) {
    let step = match site.holder {
        Holder::Step(_, step) => Some(step),
        _ => None,
    };
    let open = exposure::gravest(exposure.starts(), |start| {
        partial.chosen == Chosen::Outsider && passable(start, site, step.is_some(), call)
    });
    let publishes = !exposure.stakes().publishes.is_empty();
    let (severity, stake) = match open {
        Some(start) => (
            exposure::severity(&start.stakes),
            format!("; at stake: {}", start.stakes.describe()),
        ),
        None if partial.chosen == Chosen::Nobody => (Severity::Low, String::new()),
        None if publishes && partial.chosen == Chosen::Writer => (
            Severity::Medium,
            format!("; at stake: {}", exposure.stakes().describe()),
        ),
        None => (Severity::Low, String::new()),
    };
    let dotted = partial.path.text();
    let written = &site.condition.text.value;
    let path = written.get(partial.path.range.clone()).unwrap_or(&dotted);
    let fix = if partial.list {
        format!("Search a list: `contains(fromJSON('[\"…\"]'), {path})`")
    } else {
        format!("Compare the whole of `{path}` with `==`")
    };
    let finding = Finding::new(
        UnsoundContains::INFO.id,
        severity,
        site.at(call.range.clone()),
        format!("{} compares a part of `{path}`", site.holder.whom()),
    )
    .why(format!("`{}` passes as well{stake}", partial.example))
    .fix(fix)
    .group("conditions that compare a part of a name")
    .subject(format!("{} {dotted}", site.holder.subject()));
    match open {
        Some(start) => out.report(
            finding
                .confidence(exposure::confidence(start, &start.way))
                .related(start.place(), start.starter()),
        ),
        None => out.report_against(&[], finding),
    }
}

// Whether a stranger gets through with the right name: with the call taken for
// true, nothing else may stand in the way.
fn passable(start: &Start<'_>, site: &ConditionSite<'_>, of_step: bool, call: &Expr) -> bool {
    let Some(expr) = site.condition.expr() else {
        return false;
    };
    let stranger = Stranger::new(start.trigger, &|_, _| None);
    let place = site.location();
    let elsewhere = if of_step {
        start.way.is_open()
    } else {
        start.guards.iter().all(|guard| guard.place == place)
    };
    elsewhere && stranger.way(&with_truth(expr, call), true).is_open()
}

// A condition with one of its calls taken for true.
fn with_truth(expr: &Expr, call: &Expr) -> Expr {
    if expr.range == call.range {
        return Expr {
            kind: ExprKind::Literal(Value::Bool(true)),
            range: expr.range.clone(),
        };
    }
    let kind = match &expr.kind {
        ExprKind::Not(inner) => ExprKind::Not(Box::new(with_truth(inner, call))),
        ExprKind::Binary { op, left, right } => ExprKind::Binary {
            op: *op,
            left: Box::new(with_truth(left, call)),
            right: Box::new(with_truth(right, call)),
        },
        other => other.clone(),
    };
    Expr {
        kind,
        range: expr.range.clone(),
    }
}
