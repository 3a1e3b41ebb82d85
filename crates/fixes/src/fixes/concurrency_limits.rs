//! A group in which one run waits for the other.

use cofferdam_findings::Finding;
use cofferdam_rules::Context;
use cofferdam_workflows::yaml::edit::{Change, Position, Value};

use crate::fix::{Fix, Fixer, NoFix, Offer, Safety};
use crate::place::Place;

/// The fixer.
pub const FIXER: Fixer = Fixer {
    rule: "concurrency-limits",
    offer: Offer::Unsafe,
    summary: "Adds `concurrency:` to the workflow: one run for each pull request, where a new \
              one cancels the old, or one that publishes after the other. Check that no run is \
              needed that is then cancelled.",
    fix,
};

fn fix(cx: &Context<'_>, finding: &Finding) -> Result<Fix, NoFix> {
    let place = Place::of(cx, finding)?;
    let root = place.root()?;
    if root.get("concurrency").is_some() {
        return Err(NoFix::NoPlace);
    }
    let publishes = place.job().is_some();
    let entry = |key: &str, value| (key.to_owned(), value);
    let (value, check, explanation) = if publishes {
        let group = "${{ github.workflow }}-${{ github.ref }}";
        (
            vec![entry("group", Value::String(group.to_owned()))],
            "no run is needed that waits while two newer ones of the same ref start: GitHub keeps \
             one that runs and the newest that waits",
            "two runs for one ref no longer publish at the same time",
        )
    } else {
        let group = "${{ github.workflow }}-${{ github.head_ref || github.run_id }}";
        (
            vec![
                entry("group", Value::String(group.to_owned())),
                entry("cancel-in-progress", Value::Bool(true)),
            ],
            "no run for a pull request is needed once a newer commit is there",
            "a new commit of a pull request ends the run for the one before",
        )
    };
    let change = Change::Insert {
        mapping: root.id(),
        key: "concurrency".to_owned(),
        value: Value::Mapping(value),
        position: Position::After(
            if root.get("permissions").is_some() {
                "permissions"
            } else {
                "on"
            }
            .to_owned(),
        ),
    };
    Ok(Fix::new(Safety::check(check), explanation).with(place.path(), change))
}
