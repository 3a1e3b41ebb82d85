//! A list of names in the place of a text that holds them.

use cofferdam_findings::Finding;
use cofferdam_rules::Context;
use cofferdam_workflows::expressions::{self, Expr, ExprKind};
use cofferdam_workflows::yaml::edit::Change;

use crate::fix::{Fix, Fixer, NoFix, Offer, Safety};
use crate::place::Place;

/// The fixer.
pub const FIXER: Fixer = Fixer {
    rule: "unsound-contains",
    offer: Offer::Unsafe,
    summary: "Searches a list of the names, by `fromJSON`, in place of the text that holds \
              them. Check that no part of a name is to pass.",
    fix,
};

fn fix(cx: &Context<'_>, finding: &Finding) -> Result<Fix, NoFix> {
    let place = Place::of(cx, finding)?;
    let node = place.node()?;
    let text = node.as_str().ok_or(NoFix::NoPlace)?;
    let condition = expressions::condition(text).map_err(|_| NoFix::NoPlace)?;
    let mut call = None;
    condition.visit(&mut |expr| {
        if call.is_none() && node.raw_span(expr.range.clone()) == place.span {
            call = names(expr);
        }
    });
    let Some((range, words)) = call else {
        return Err(NoFix::not_here(
            "only its author knows the whole of the name that is meant",
        ));
    };
    if words.is_empty() || words.iter().any(|word| word.contains(['"', '\\', '\''])) {
        return Err(NoFix::not_here("the text is no plain list of names"));
    }
    let list: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    let check = format!(
        "nothing but {} is to pass, whole and as written",
        listed(&words)
    );
    let explanation = "a list is searched for whole names, a text for any part of it";
    let change = Change::ReplacePart {
        node: node.id(),
        range,
        text: format!("fromJSON('[{}]')", list.join(", ")),
    };
    Ok(Fix::new(Safety::check(check), explanation).with(place.path(), change))
}

/// The text of `contains('a b', path)` and the names in it.
fn names(expr: &Expr) -> Option<(std::ops::Range<usize>, Vec<String>)> {
    let ExprKind::Call { function, args } = &expr.kind else {
        return None;
    };
    let [text, path] = args.as_slice() else {
        return None;
    };
    path.as_context().filter(|_| function == "contains")?;
    let words = text
        .as_str()?
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|'))
        .filter(|word| !word.is_empty())
        .map(str::to_owned);
    Some((text.range.clone(), words.collect()))
}

fn listed(words: &[String]) -> String {
    let words: Vec<String> = words
        .iter()
        .take(5)
        .map(|word| format!("`{word}`"))
        .collect();
    words.join(", ")
}
