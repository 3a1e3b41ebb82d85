//! Conditions that were meant, in the place of those that always hold or never
//! do.

use std::ops::Range;

use cofferdam_findings::Finding;
use cofferdam_rules::Context;
use cofferdam_workflows::expressions::{self, Expr, ExprKind, Operator};
use cofferdam_workflows::yaml::Node;
use cofferdam_workflows::yaml::edit::{Change, Value};

use crate::fix::{Fix, Fixer, NoFix, Offer, Safety};
use crate::place::Place;

/// The fixer.
pub const FIXER: Fixer = Fixer {
    rule: "constant-condition",
    offer: Offer::Either,
    summary: "Takes out a condition that is nothing but `true`, which is safe; else writes the \
              one that was meant: without the text around it, each side of `||` as a \
              comparison, labels by their names, booleans without quotes. Check then that it \
              is what was meant.",
    fix,
};

fn fix(cx: &Context<'_>, finding: &Finding) -> Result<Fix, NoFix> {
    let place = Place::of(cx, finding)?;
    let node = place.node()?;
    let parent = node.parent().ok_or(NoFix::NoPlace)?;
    if parent.get("if") != Some(node) {
        return Err(NoFix::NoPlace);
    }
    let text = node.as_str().ok_or(NoFix::NoPlace)?;
    let expr = expressions::condition(text).map_err(|_| NoFix::NoPlace)?;
    if let ExprKind::Text(_) = &expr.kind {
        let meant = bare(text).filter(|meant| expressions::condition(meant).is_ok());
        let meant = meant.ok_or_else(|| NoFix::not_here("what was meant cannot be told"))?;
        let change = Change::Replace {
            node: node.id(),
            value: Value::String(meant.clone()),
        };
        return Ok(meant_fix(&meant, true).with(place.path(), change));
    }
    if expr.contexts().is_empty() {
        return match expr.truth_with(&|_| None) {
            Some(true) if !expr.asks_for_status() => {
                let change = Change::Remove {
                    mapping: parent.id(),
                    key: "if".to_owned(),
                };
                let explanation = "without a condition it runs just as well";
                Ok(Fix::new(Safety::Safe, explanation).with(place.path(), change))
            }
            _ => Err(NoFix::not_here(
                "only its author knows what it is to depend on",
            )),
        };
    }
    let parts = parts(text, &expr);
    if parts.is_empty() {
        return Err(NoFix::not_here("what was meant cannot be told"));
    }
    let mut meant = text.to_owned();
    for (range, new) in parts.iter().rev() {
        if meant.get(range.clone()).is_some() {
            meant.replace_range(range.clone(), new);
        }
    }
    let always = expr.truth_with(&|_| None) == Some(true);
    let mut fix = meant_fix(meant.trim(), always);
    for (range, text) in parts {
        fix = fix.with(place.path(), part(node, range, text));
    }
    Ok(fix)
}

fn meant_fix(meant: &str, always: bool) -> Fix {
    let meant = meant.split_whitespace().collect::<Vec<_>>().join(" ");
    let so_far = if always { "always" } else { "never" };
    let check = format!("it is to run only where `{meant}` holds; so far it {so_far} did");
    Fix::new(Safety::check(check), "this is what reads as meant")
}

fn part(node: Node<'_>, range: Range<usize>, text: String) -> Change {
    Change::ReplacePart {
        node: node.id(),
        range,
        text,
    }
}

/// A condition without braces, from one with text around them.
fn bare(text: &str) -> Option<String> {
    let embedded = expressions::embedded(text);
    let mut meant = String::new();
    let mut at = 0;
    for one in &embedded {
        meant.push_str(text.get(at..one.range.start)?);
        let inner = text
            .get(one.range.start + 3..one.range.end.checked_sub(2)?)?
            .trim();
        if embedded.len() == 1 && text.trim().len() == one.range.len() {
            return Some(inner.to_owned());
        }
        meant.push('(');
        meant.push_str(inner);
        meant.push(')');
        at = one.range.end;
    }
    meant.push_str(text.get(at..)?);
    Some(meant.trim().to_owned())
}

/// What is to be written elsewise inside of a condition, in order.
fn parts(text: &str, expr: &Expr) -> Vec<(Range<usize>, String)> {
    let mut parts = compared_alternatives(text, expr);
    for operand in expr.conjuncts() {
        if let [list, name] = operand.as_call("contains").unwrap_or_default()
            && let Some(path) = list.as_context()
            && (path.is("github.event.pull_request.labels") || path.is("github.event.issue.labels"))
            && name.as_str().is_some()
        {
            let end = path.range.end;
            parts.push((end..end, ".*.name".to_owned()));
        }
        if let Some((Operator::Equal, left, right)) = operand.is_comparison()
            && let Some(literal) = [left, right]
                .into_iter()
                .find(|side| side.as_str().is_some())
            && let Some(word @ ("true" | "false")) = literal.as_str()
        {
            parts.push((literal.range.clone(), word.to_owned()));
        }
    }
    parts.sort_by_key(|(range, _)| range.start);
    parts
}

/// `x == 'a' || 'b'`: the comparison that the text on the right is to have.
fn compared_alternatives(text: &str, expr: &Expr) -> Vec<(Range<usize>, String)> {
    let mut parts = Vec::new();
    let mut compared: Option<&str> = None;
    for operand in expr.disjuncts() {
        if let Some((Operator::Equal, left, right)) = operand.is_comparison() {
            let side = [left, right].into_iter().find(|s| s.as_context().is_some());
            compared = side.and_then(|side| text.get(side.range.clone()));
        } else if let (Some(path), Some(_)) = (compared, operand.as_str()) {
            let start = operand.range.start;
            parts.push((start..start, format!("{path} == ")));
        }
    }
    parts
}
