//! Conditions that ask whether a bot is at work, and of whom they ask it.
//!
//! `github.actor` is the account that caused the event. A bot causes events on
//! branches of others: Dependabot rebases a branch of a fork as soon as its
//! owner asks it to, and from then on the fork's pull request carries the
//! bot's name. The author of the pull request never changes.
//!
//! Source: GitHub, "Contexts reference", `github`; "Automating Dependabot with
//! GitHub Actions", which compares `github.event.pull_request.user.login`.

use std::ops::Range;

use crate::expressions::{ContextPath, Expr, ExprKind, Operator, Value};

/// A comparison that is true for a bot only.
#[derive(Clone, Debug, PartialEq)]
pub struct BotCheck<'e> {
    /// What is compared.
    pub path: &'e ContextPath,
    /// The bot, as written: a login or a number.
    pub bot: String,
    /// Whose account is compared.
    pub whose: Whose,
    /// The comparison.
    pub range: Range<usize>,
}

/// Whose account a context names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Who caused the event, which need not be who wrote the change.
    Causer,
    /// Who opened the pull request.
    Author,
}

/// Numbers of the accounts of well-known bots, with their logins.
const IDS: &[(&str, &str)] = &[
    ("27856297", "dependabot-preview[bot]"),
    ("29139614", "renovate[bot]"),
    ("37929162", "mergify[bot]"),
    ("41898282", "github-actions[bot]"),
    ("49699333", "dependabot[bot]"),
    ("66853113", "pre-commit-ci[bot]"),
];

/// The login of a bot whose login or number this is.
#[must_use]
pub fn login(literal: &str) -> Option<&str> {
    if literal.to_ascii_lowercase().contains("[bot]") {
        return Some(literal);
    }
    IDS.iter()
        .find(|(id, _)| *id == literal)
        .map(|(_, login)| *login)
}

/// Whose account a path names, if it names one of a pull request's or an
/// event's.
#[must_use]
pub fn whose(path: &ContextPath) -> Option<Whose> {
    Some(match path.text().as_str() {
        "github.actor"
        | "github.actor_id"
        | "github.triggering_actor"
        | "github.event.sender.login"
        | "github.event.sender.id"
        | "github.event.workflow_run.actor.login"
        | "github.event.workflow_run.actor.id"
        | "github.event.workflow_run.triggering_actor.login"
        | "github.event.workflow_run.triggering_actor.id" => Whose::Causer,
        "github.event.pull_request.user.login"
        | "github.event.pull_request.user.id"
        | "github.event.issue.user.login"
        | "github.event.issue.user.id" => Whose::Author,
        _ => return None,
    })
}

/// The comparisons with bots in a condition which speak for running where they
/// hold. `actor != 'x[bot]'` keeps a bot out, and is none.
#[must_use]
pub fn checks(condition: &Expr) -> Vec<BotCheck<'_>> {
    let mut found = Vec::new();
    let mut waiting = vec![(condition, true)];
    while let Some((expr, wanted)) = waiting.pop() {
        match &expr.kind {
            ExprKind::Not(inner) => waiting.push((inner, !wanted)),
            ExprKind::Binary { op, left, right } if !op.is_comparison() => {
                waiting.push((right, wanted));
                waiting.push((left, wanted));
            }
            ExprKind::Binary { op, left, right } => {
                let equal = match op {
                    Operator::Equal => wanted,
                    Operator::NotEqual => !wanted,
                    _ => false,
                };
                if equal {
                    found.extend(check(expr, [left, right]));
                    // `contains(…) == true`
                    for side in [left, right] {
                        if matches!(side.kind, ExprKind::Call { .. }) {
                            waiting.push((side, true));
                        }
                    }
                }
            }
            ExprKind::Call { function, args } if wanted => {
                let compares = matches!(function.as_str(), "contains" | "startswith" | "endswith");
                if let ([first, second], true) = (args.as_slice(), compares) {
                    found.extend(check(expr, [first, second]));
                }
            }
            _ => {}
        }
    }
    found
}

fn check<'e>(whole: &Expr, sides: [&'e Expr; 2]) -> Option<BotCheck<'e>> {
    let path = sides.iter().find_map(|side| side.as_context())?;
    let whose = whose(path)?;
    let bot = sides
        .iter()
        .flat_map(|side| constants(side))
        .find_map(|text| login(&text).map(str::to_owned))?;
    Some(BotCheck {
        path,
        bot,
        whose,
        range: whole.range.clone(),
    })
}

// Every string that a constant holds: itself, or the entries of a list.
fn constants(expr: &Expr) -> Vec<String> {
    match expr.fold() {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(values)) => values.iter().filter_map(Value::to_text).collect(),
        Some(number @ Value::Number(_)) => number.to_text().into_iter().collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use crate::expressions::condition;

    fn found(text: &str) -> Vec<(String, Whose)> {
        let expr = condition(text).unwrap();
        checks(&expr)
            .into_iter()
            .map(|c| (c.bot, c.whose))
            .collect()
    }

    #[test]
    fn a_check_counts_where_it_speaks_for_running() {
        let bot = || "dependabot[bot]".to_owned();
        let causer = vec![(bot(), Whose::Causer)];
        for text in [
            "github.actor == 'dependabot[bot]'",
            "'dependabot[bot]' == github.triggering_actor && github.ref == 'x'",
            "!(github.actor != 'dependabot[bot]')",
            "contains(fromJSON('[\"me\", \"dependabot[bot]\"]'), github.actor)",
            "github.event.sender.login == 'dependabot[bot]' || always()",
            "github.actor_id == '49699333'",
            "github['actor_id'] == 49699333",
            "startsWith(github.actor, 'dependabot[bot]') == true",
        ] {
            assert_eq!(found(text), causer, "{text}");
        }
        for text in [
            "github.actor != 'dependabot[bot]'",
            "!(github.actor == 'dependabot[bot]')",
            "github.actor == 'somebody'",
            "github.event.comment.body == 'dependabot[bot]'",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
        let author = vec![(bot(), Whose::Author)];
        assert_eq!(
            found("github.event.pull_request.user.login == 'dependabot[bot]'"),
            author
        );
        assert_eq!(
            found("github.event.pull_request.user.id == 49699333"),
            author
        );
    }
}
