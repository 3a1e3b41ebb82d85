//! Conditions that always hold, or never.

use cofferdam_findings::{Confidence, Finding, Severity};
use cofferdam_workflows::documents::{Action, Workflow};
use cofferdam_workflows::expressions::{self, ContextPath, Expr, ExprKind, Operator, Value};
use cofferdam_workflows::semantics::gates::Stranger;

use crate::context::Context;
use crate::exposure::{self, Exposure};
use crate::expression_sites::{self, ConditionSite, Holder};
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// An `if:` has the same outcome in every run, although it reads as if it
    /// decided something.
    ///
    /// # Why
    /// GitHub takes an `if:` with anything outside of `${{ }}`, be it the line
    /// break of a block scalar, for a text, and a text that is not empty is
    /// true. `x == 'a' || 'b'` is true as well, for `'b'` is. Where such a
    /// condition was to keep strangers, forks or branches from a job, nothing
    /// keeps them from it.
    ///
    /// # Vulnerable
    /// ```yaml
    /// if: |
    ///   ${{ github.event.comment.author_association == 'OWNER' }}
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// if: github.event.comment.author_association == 'OWNER'
    /// ```
    ///
    /// # How it is decided
    /// The condition is parsed as GitHub parses it and evaluated with every
    /// context unknown; what is true or false all the same is constant. Besides,
    /// a boolean input that is compared with the text `'true'` never equals it,
    /// and a list of label objects never contains a name.
    ///
    /// Then the condition that was meant is worked out: without the text around
    /// it, or without the operand that is constant. High where that one would
    /// keep strangers from a job that holds a secret, publishes or writes, and
    /// the one that stands there does not; medium where the job holds something
    /// and it takes no stranger; low otherwise, informational for a plain
    /// `true`.
    ///
    /// `always()` and the other status functions, and a plain `false`, by which
    /// things are switched off, are no findings. zizmor's `unsound-condition`
    /// knows the text outside of braces; poutine's `if_always_true`,
    /// actionlint's `if-cond` and CodeQL's `ExpressionIsAlwaysTrue` that and
    /// constants without contexts; none asks what was behind it.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/expressions>
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idif>
    /// - <https://github.com/actions/runner/issues/1173>
    pub struct ConstantCondition {
        id: "constant-condition",
        title: "A condition always holds, or never",
        severity: High,
        controls: [T1],
        peers: [
            "zizmor/unsound-condition",
            "poutine/if_always_true",
            "actionlint/if-cond",
            "codeql/ExpressionIsAlwaysTrue",
            "sisakulint/cond",
        ],
        standards: [Cwe::Cwe571],
    }
}

impl Rule for ConstantCondition {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        for view in cx.jobs(workflow) {
            let exposure = Exposure::new(cx, view);
            for site in expression_sites::conditions_of_job(view) {
                if let Some(flaw) = flaw(&site, workflow) {
                    judge(Some(&exposure), &site, &flaw, out);
                }
            }
        }
    }

    fn action(&self, _cx: &Context<'_>, action: &Action, out: &mut Sink) {
        for site in expression_sites::conditions_of_action(action) {
            if let Some(flaw) = flaw_of(&site) {
                judge(None, &site, &flaw, out);
            }
        }
    }
}

/// What is wrong with a condition.
struct Flaw {
    /// What it always is.
    holds: bool,
    /// Why, as the rest of a sentence.
    because: &'static str,
    /// What to do.
    fix: &'static str,
    /// What was meant, where that can be told.
    meant: Option<Expr>,
    /// Whether somebody may have meant just that.
    plain: bool,
}

fn flaw(site: &ConditionSite<'_>, workflow: &Workflow) -> Option<Flaw> {
    flaw_of(site).or_else(|| {
        let expr = site.condition.expr()?;
        compares_boolean(expr, workflow)
    })
}

fn flaw_of(site: &ConditionSite<'_>) -> Option<Flaw> {
    let expr = site.condition.expr()?;
    if let ExprKind::Text(pieces) = &expr.kind {
        return Some(of_text(&site.condition.text.value, pieces));
    }
    if expr.asks_for_status() {
        return None;
    }
    constant(expr).or_else(|| searches_objects(expr))
}

fn of_text(written: &str, pieces: &[Expr]) -> Flaw {
    let only_space = pieces
        .iter()
        .filter_map(Expr::as_str)
        .all(|text| text.trim().is_empty());
    let bare = written.trim().replace("${{", "(").replace("}}", ")");
    Flaw {
        holds: true,
        because: if only_space {
            "the line break after `}}` makes it a text"
        } else {
            "what stands outside of `${{ }}` makes it a text"
        },
        fix: "Write the whole condition without `${{ }}`, or end the block scalar with `|-` or `>-`",
        meant: expressions::condition(&bare).ok(),
        plain: false,
    }
}

fn constant(expr: &Expr) -> Option<Flaw> {
    let holds = expr.truth_with(&|_| None)?;
    if let ExprKind::Literal(Value::Bool(word)) = &expr.kind {
        return word.then_some(Flaw {
            holds,
            because: "it says `true`",
            fix: "Leave it out",
            meant: None,
            plain: true,
        });
    }
    if expr.contexts().is_empty() {
        // `1 == 2` by which something is switched off, or on.
        return Some(Flaw {
            holds,
            because: "nothing in it changes from run to run",
            fix: "Leave it out, or compare what it is to depend on",
            meant: None,
            plain: true,
        });
    }
    let operands = if holds {
        expr.disjuncts()
    } else {
        expr.conjuncts()
    };
    let varying = operands
        .into_iter()
        .find(|operand| operand.truth_with(&|_| None).is_none());
    Some(Flaw {
        holds,
        because: if holds {
            "one side of its `||` is always true"
        } else {
            "one side of its `&&` is always false"
        },
        fix: "Compare each side of `||` and `&&` on its own: `x == 'a' || x == 'b'`",
        meant: varying.cloned(),
        plain: false,
    })
}

// `contains(github.event.pull_request.labels, 'name')`, where `.*.name` was meant.
fn searches_objects(expr: &Expr) -> Option<Flaw> {
    let mut found = false;
    for operand in expr.conjuncts() {
        let args = operand.as_call("contains").unwrap_or_default();
        if let [list, name] = args {
            let labels = list.as_context().is_some_and(|path| {
                path.is("github.event.pull_request.labels") || path.is("github.event.issue.labels")
            });
            found |= labels && name.as_str().is_some();
        }
    }
    found.then_some(Flaw {
        holds: false,
        because: "labels are objects, and none of them equals a name",
        fix: "Search the names: `contains(github.event.pull_request.labels.*.name, 'x')`",
        meant: None,
        plain: false,
    })
}

// `inputs.flag == 'true'` of a boolean: the text is no number, so that neither
// value equals it.
fn compares_boolean(expr: &Expr, workflow: &Workflow) -> Option<Flaw> {
    let never = |operand: &&Expr| {
        let Some((Operator::Equal, left, right)) = operand.is_comparison() else {
            return false;
        };
        let word = [left, right].into_iter().find_map(Expr::as_str);
        let path = [left, right].into_iter().find_map(Expr::as_context);
        matches!(word, Some("true" | "false")) && path.is_some_and(|p| is_boolean(p, workflow))
    };
    expr.conjuncts().iter().find(|o| never(o))?;
    Some(Flaw {
        holds: false,
        because: "a boolean input never equals the text it is compared with",
        fix: "Write the input alone, or compare it with `true` without quotes",
        meant: None,
        plain: false,
    })
}

fn is_boolean(path: &ContextPath, workflow: &Workflow) -> bool {
    if path.head() != "inputs" || path.parts.len() != 2 {
        return false;
    }
    let Some(name) = path.name(1) else {
        return false;
    };
    let mut kinds = workflow
        .triggers
        .iter()
        .flat_map(|trigger| &trigger.inputs)
        .filter(|input| input.name.value.eq_ignore_ascii_case(name))
        .map(|input| input.kind.as_deref() == Some("boolean"))
        .peekable();
    kinds.peek().is_some() && kinds.all(|boolean| boolean)
}

fn judge(exposure: Option<&Exposure<'_>>, site: &ConditionSite<'_>, flaw: &Flaw, out: &mut Sink) {
    let opened = exposure.and_then(|exposure| opened(exposure, site, flaw));
    let grave = exposure.is_some_and(|exposure| exposure.stakes().is_grave());
    let severity = match &opened {
        _ if flaw.plain => Severity::Info,
        Some((severity, ..)) => *severity,
        None if grave && flaw.holds => Severity::Medium,
        None => Severity::Low,
    };
    let (verb, outcome) = if flaw.holds {
        (
            "always runs",
            "the condition keeps nobody and nothing from it",
        )
    } else {
        ("never runs", "what it was to do is not done")
    };
    let why = match &opened {
        Some((_, who, held, _)) => {
            format!("The condition was to keep strangers out, and {who} gets in; at stake: {held}")
        }
        None => format!("Whatever was meant, {outcome}"),
    };
    let finding = Finding::new(
        ConstantCondition::INFO.id,
        severity,
        site.location(),
        format!("{} {verb}: {}", site.holder.whom(), flaw.because),
    )
    .why(why)
    .fix(flaw.fix)
    .group(if flaw.holds {
        "conditions that always hold"
    } else {
        "conditions that never hold"
    })
    .subject(format!("{} if", site.holder.subject()));
    match opened {
        Some((.., confidence)) => out.report(finding.confidence(confidence)),
        None => out.report_against(&[], finding),
    }
}

// Whom the condition that was meant would keep out, with what they get, where
// the one that stands there lets them in.
fn opened(
    exposure: &Exposure<'_>,
    site: &ConditionSite<'_>,
    flaw: &Flaw,
) -> Option<(Severity, String, String, Confidence)> {
    let meant = flaw.meant.as_ref().filter(|_| flaw.holds)?;
    let step = match site.holder {
        Holder::Step(_, step) => Some(step),
        _ => None,
    };
    let start = exposure::gravest(exposure.starts(), |start| {
        let stranger = Stranger::new(start.trigger, &|_, _| None);
        exposure::way_to(start, step).is_open() && !stranger.way(meant, true).is_open()
    })?;
    Some((
        exposure::severity(&start.stakes),
        start.who(),
        start.stakes.describe(),
        exposure::confidence(start, &start.way),
    ))
}
