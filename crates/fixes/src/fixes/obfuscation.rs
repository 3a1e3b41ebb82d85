//! Constants written as expressions, and paths that lead round about.

use cofferdam_findings::Finding;
use cofferdam_rules::Context;
use cofferdam_workflows::expressions::{self, Expr, ExprKind, Value};
use cofferdam_workflows::yaml::edit::{self, Change};

use crate::fix::{Fix, Fixer, NoFix, Offer, Safety};
use crate::place::Place;

/// The fixer.
pub const FIXER: Fixer = Fixer {
    rule: "obfuscation",
    offer: Offer::Safe,
    summary: "Writes the constant that an expression always is, and the path of an action \
              without parts that lead round about: both mean what stood there.",
    fix,
};

fn fix(cx: &Context<'_>, finding: &Finding) -> Result<Fix, NoFix> {
    let place = Place::of(cx, finding)?;
    let node = place.node()?;
    let text = node.as_str().ok_or(NoFix::NoPlace)?;
    let around = node.parent().ok_or(NoFix::NoPlace)?;
    if around.get("uses") == Some(node) {
        let plain = plain_reference(text).ok_or(NoFix::NoPlace)?;
        let explanation = format!("`{plain}` names the same action");
        let name = |text: &str| text.split('@').next().unwrap_or(text).to_ascii_lowercase();
        let renames = [(text.to_owned(), plain.clone()), (name(text), name(&plain))];
        let value = edit::Value::String(plain);
        let change = Change::Replace {
            node: node.id(),
            value,
        };
        let mut fix = Fix::new(Safety::Safe, explanation).with(place.path(), change);
        fix.renames.extend(renames);
        return Ok(fix);
    }
    let at = |range: &std::ops::Range<usize>| node.raw_span(range.clone()) == place.span;
    for embedded in expressions::embedded(text) {
        let Ok(expr) = &embedded.parsed else { continue };
        if at(&embedded.range) {
            let value = constant(expr).ok_or(NoFix::NoPlace)?;
            let explanation = format!("the expression is `{value}` in every run");
            let whole = text.trim().len() == embedded.range.len();
            let change = if whole {
                Change::Replace {
                    node: node.id(),
                    value: edit::Value::String(value),
                }
            } else {
                Change::ReplacePart {
                    node: node.id(),
                    range: embedded.range,
                    text: value,
                }
            };
            return Ok(Fix::new(Safety::Safe, explanation).with(place.path(), change));
        }
        let mut inner = None;
        expr.visit(&mut |part| {
            let call = matches!(part.kind, ExprKind::Call { .. });
            if call && inner.is_none() && at(&part.range) {
                inner = constant(part).map(|value| (part.range.clone(), value));
            }
        });
        if let Some((range, value)) = inner {
            let explanation = format!("this part of the expression is `{value}` in every run");
            let change = Change::ReplacePart {
                node: node.id(),
                range,
                text: format!("'{}'", value.replace('\'', "''")),
            };
            return Ok(Fix::new(Safety::Safe, explanation).with(place.path(), change));
        }
    }
    Err(NoFix::not_here(
        "what the script decodes has to be put into the repository by hand",
    ))
}

fn constant(expr: &Expr) -> Option<String> {
    match expr.fold()? {
        Value::String(text) => Some(text),
        value @ (Value::Bool(_) | Value::Number(_)) => value.to_text(),
        _ => None,
    }
}

/// A reference without empty parts, `.` and `..` in its path.
fn plain_reference(written: &str) -> Option<String> {
    let (path, version) = match written.rsplit_once('@') {
        Some((path, version)) => (path, Some(version)),
        None => (written, None),
    };
    let (start, rest) = ["./", "$/"]
        .iter()
        .find_map(|start| Some((*start, path.strip_prefix(start)?)))
        .unwrap_or(("", path));
    let mut parts: Vec<&str> = Vec::new();
    for part in rest.split('/') {
        match part {
            "" | "." => {}
            // Out of the repository's own folder it is another repository.
            ".." => {
                let least = if start.is_empty() { 2 } else { 0 };
                if parts.len() <= least {
                    return None;
                }
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let version = version.map_or_else(String::new, |version| format!("@{version}"));
    Some(format!("{start}{}{version}", parts.join("/")))
}
