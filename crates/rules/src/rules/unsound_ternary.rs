//! Choices between two values, of which one is never taken.

use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::{Action, Workflow};
use cofferdam_workflows::expressions::{Expr, Value};

use crate::context::Context;
use crate::expression_sites::{self, ExpressionSite};
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// `condition && value || other` with a value that counts as false (`''`,
    /// `0`, `false`, `null`): the other value is taken whatever the condition
    /// says.
    ///
    /// # Why
    /// Expressions have no ternary operator. `&&` gives its right side, and
    /// where that side is false, `||` goes on to what follows. A cache that was
    /// to be off in releases stays on, a push that was to be left out in forks
    /// is made.
    ///
    /// # Vulnerable
    /// ```yaml
    /// cache: ${{ github.ref_type == 'tag' && '' || 'npm' }}
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// cache: ${{ github.ref_type != 'tag' && 'npm' || '' }}
    /// ```
    ///
    /// # How it is decided
    /// Every expression of workflows and composite actions is parsed; a chain of
    /// `&&` that ends in a constant which is false, on the left of a `||` whose
    /// right side differs from it. A value of the run that may be empty is not
    /// taken for one: there the fallback is usually what was meant. Low, and
    /// medium where the choice stands in a job that publishes, since what is
    /// published depends on it. `case(…)` says the same without the trap.
    /// zizmor's `unsound-ternary` reports the same constants and gives every
    /// place the same severity.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/expressions#operators>
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/expressions#case>
    pub struct UnsoundTernary {
        id: "unsound-ternary",
        title: "A choice always takes its second value",
        severity: Medium,
        controls: [],
        peers: ["zizmor/unsound-ternary"],
        standards: [Cwe::Cwe670],
    }
}

impl Rule for UnsoundTernary {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        for site in expression_sites::of_workflow(cx, workflow) {
            look(&site, out);
        }
    }

    fn action(&self, _cx: &Context<'_>, action: &Action, out: &mut Sink) {
        for site in expression_sites::of_action(action) {
            look(&site, out);
        }
    }
}

fn look(site: &ExpressionSite<'_>, out: &mut Sink) {
    // An `if:` may do without braces.
    let bare = (site.key == "if" && site.text.is_static())
        .then(|| cofferdam_workflows::expressions::condition(&site.text.value).ok())
        .flatten();
    for (_, expr) in site.text.parsed() {
        look_in(site, expr, out);
    }
    if let Some(expr) = &bare {
        look_in(site, expr, out);
    }
}

fn look_in(site: &ExpressionSite<'_>, expr: &Expr, out: &mut Sink) {
    let mut found = Vec::new();
    expr.visit(&mut |part| {
        if let Some((chosen, other)) = lost(part) {
            found.push((part.range.clone(), chosen, other));
        }
    });
    for (range, chosen, other) in found {
        let publishes = site
            .holder
            .job()
            .is_some_and(|job| !job.stakes().publishes.is_empty());
        let written = site.text.value.get(other).unwrap_or("the other value");
        let severity = if publishes {
            Severity::Medium
        } else {
            Severity::Low
        };
        out.report(
            Finding::new(
                UnsoundTernary::INFO.id,
                severity,
                site.at(range),
                format!(
                    "{} always takes `{}` in `{}`",
                    site.holder.whom(),
                    written.trim(),
                    site.key
                ),
            )
            .why(format!(
                "`{chosen}` counts as false, so that `||` goes on to the other value also where \
                 the condition holds"
            ))
            .fix("Turn the condition round, or write `case(condition, value, other)`")
            .group("choices that always take their second value")
            .subject(format!("{} {}", site.holder.subject(), site.key)),
        );
    }
}

/// The value that is never taken, and where the one stands that is.
fn lost(expr: &Expr) -> Option<(String, std::ops::Range<usize>)> {
    let [condition, value, right] = expr.choice()?;
    let chosen = value.fold().filter(|value| !value.is_truthy())?;
    // With a constant condition it is another mistake.
    condition.fold().is_none().then_some(())?;
    let same = right
        .fold()
        .is_some_and(|other| other.loosely_equals(&chosen) == Some(true));
    (!same).then(|| (shown(&chosen), right.range.clone()))
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(_) => "''".to_owned(),
        Value::Null => "null".to_owned(),
        other => other.to_text().unwrap_or_else(|| "it".to_owned()),
    }
}
