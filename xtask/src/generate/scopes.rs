//! `docs/token-scopes.md`: what fixes of permissions know of actions.

use std::fmt::Write as _;

use cofferdam_facts::Scope;
use cofferdam_workflows::semantics::needs::actions;

use super::NOTE;

/// The whole page.
pub(super) fn page() -> String {
    let mut text = format!("{NOTE}\n{INTRODUCTION}");
    for row in actions::all() {
        let _ = writeln!(
            text,
            "| [`{}`]({}) | {} | {} | {} | {} |",
            row.name,
            row.source(),
            words(row.reads),
            words(row.writes),
            words(row.perhaps),
            if row.git { "yes" } else { "" },
        );
    }
    text
}

const INTRODUCTION: &str = "# Scopes that actions need\n\n\
What [`cofferdam fix`](fixing.md) knows of what actions do with a job's token. An action that is \
not listed may need anything, so that a fix of permissions beside it has to be checked. Each name \
leads to the page that the row was taken from: the action's README and `action.yml`.\n\n\
| action | reads | writes | writes if asked | uses the checkout's credentials |\n\
|---|---|---|---|---|\n";

fn words(scopes: &[Scope]) -> String {
    let words: Vec<&str> = scopes.iter().map(|scope| scope.word()).collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_its_row() {
        let page = page();
        for row in actions::all() {
            let cell = format!("\n| [`{}`](https://github.com/", row.name);
            assert_eq!(page.matches(&cell).count(), 1, "{}", row.name);
        }
    }
}
