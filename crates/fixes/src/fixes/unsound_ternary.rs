//! `case(…)` in the place of a choice whose first value is never taken.

use std::ops::Range;

use cofferdam_findings::Finding;
use cofferdam_rules::Context;
use cofferdam_workflows::expressions::{self, Expr};
use cofferdam_workflows::yaml::Node;
use cofferdam_workflows::yaml::edit::Change;

use crate::fix::{Fix, Fixer, NoFix, Offer, Safety};
use crate::place::Place;

/// The fixer.
pub const FIXER: Fixer = Fixer {
    rule: "unsound-ternary",
    offer: Offer::Unsafe,
    summary: "Writes `case(condition, value, other)`, which takes the first value where the \
              condition holds. Check that this is what is wanted: so far it was never taken.",
    fix,
};

fn fix(cx: &Context<'_>, finding: &Finding) -> Result<Fix, NoFix> {
    let place = Place::of(cx, finding)?;
    let node = place.node()?;
    let text = node.as_str().ok_or(NoFix::NoPlace)?;
    let mut found = None;
    let embedded = expressions::embedded(text);
    let inside = embedded.into_iter().filter_map(|one| one.parsed.ok());
    let whole = expressions::condition(text).ok();
    for expr in inside.chain(whole) {
        expr.visit(&mut |part| {
            if found.is_none() && node.raw_span(part.range.clone()) == place.span {
                found = choice(node, part);
            }
        });
    }
    let choice = found.ok_or(NoFix::NoPlace)?;
    let check = format!(
        "`{}` is wanted where `{}` holds; so far `{}` was taken there too",
        choice.value, choice.condition, choice.other
    );
    let change = Change::ReplacePart {
        node: node.id(),
        range: choice.range,
        text: format!(
            "case({}, {}, {})",
            choice.condition, choice.value, choice.other
        ),
    };
    let explanation = "`case` takes a value that counts as false as well";
    Ok(Fix::new(Safety::check(check), explanation).with(place.path(), change))
}

struct Choice {
    range: Range<usize>,
    condition: String,
    value: String,
    other: String,
}

fn choice(node: Node<'_>, expr: &Expr) -> Option<Choice> {
    let [condition, value, right] = expr.choice()?;
    let text = |expr: &Expr| {
        let text = node.as_str()?.get(expr.range.clone())?;
        Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    Some(Choice {
        range: expr.range.clone(),
        condition: text(condition)?,
        value: text(value)?,
        other: text(right)?,
    })
}
