//! Updates by Dependabot that wait, and that are there at all.

use cofferdam_findings::Finding;
use cofferdam_rules::Context;
use cofferdam_workflows::documents::dependabot::DEFAULT_COOLDOWN_DAYS;
use cofferdam_workflows::yaml::Kind;
use cofferdam_workflows::yaml::edit::{Change, Position, Value};

use crate::fix::{Fix, Fixer, NoFix, Offer, Safety};
use crate::place::Place;

/// The days that updates wait: within a week most hijacked versions are found.
const DAYS: i64 = 7;

/// The fixer.
pub const FIXER: Fixer = Fixer {
    rule: "update-cooldown",
    offer: Offer::Unsafe,
    summary: "Lets Dependabot wait for seven days, or look after the actions once a week. Check \
              that the project can wait so long; updates that fix a known vulnerability do not.",
    fix,
};

fn fix(cx: &Context<'_>, finding: &Finding) -> Result<Fix, NoFix> {
    let place = Place::of(cx, finding).map_err(|_| {
        NoFix::not_here("there is no configuration of Dependabot that an edit could begin with")
    })?;
    if !finding.subject.starts_with("no-updater/") {
        return wait(&place);
    }
    if !finding.message.contains("actions") && !finding.message.contains("Actions") {
        return Err(NoFix::not_here(
            "only its authors know in which folders updates of this kind are wanted",
        ));
    }
    let updates = place.root()?.get("updates").ok_or(NoFix::NoPlace)?;
    let text = |text: &str| Value::String(text.to_owned());
    let entry = |key: &str, value| (key.to_owned(), value);
    let value = Value::Mapping(vec![
        entry("package-ecosystem", text("github-actions")),
        entry("directory", text("/")),
        entry(
            "schedule",
            Value::Mapping(vec![entry("interval", text("weekly"))]),
        ),
        entry(
            "cooldown",
            Value::Mapping(vec![entry("default-days", Value::Integer(DAYS))]),
        ),
    ]);
    let change = Change::Append {
        sequence: updates.id(),
        value,
    };
    let check = "pull requests for new versions of actions are wanted, once a week";
    let explanation = "pinned actions get their fixes, seven days after they appear";
    Ok(Fix::new(Safety::check(check), explanation).with(place.path(), change))
}

fn wait(place: &Place<'_>) -> Result<Fix, NoFix> {
    let node = place.node()?;
    let block = if node.kind() == Kind::Mapping {
        node.get("cooldown").unwrap_or(node)
    } else {
        node.parent().ok_or(NoFix::NoPlace)?
    };
    let short = |text: &str| {
        text.trim()
            .parse::<u64>()
            .is_ok_and(|n| n < DEFAULT_COOLDOWN_DAYS)
    };
    let check = format!("the project can wait {DAYS} days for versions that fix no known hole");
    let explanation = "a hijacked version is mostly found and withdrawn within days";
    let mut fix = Fix::new(Safety::check(check), explanation);
    for (key, value) in block.entries() {
        let is_days = key.as_str().is_some_and(|key| key.ends_with("-days"));
        if is_days && value.as_str().is_some_and(short) {
            let change = Change::Replace {
                node: value.id(),
                value: Value::Integer(DAYS),
            };
            fix = fix.with(place.path(), change);
        }
    }
    let is_block =
        (block.entries()).any(|(key, _)| key.as_str().is_some_and(|key| key.ends_with("-days")));
    if fix.changes.is_empty() && is_block && block.get("default-days").is_none() {
        let change = Change::Insert {
            mapping: block.id(),
            key: "default-days".to_owned(),
            value: Value::Integer(DAYS),
            position: Position::First,
        };
        fix = fix.with(place.path(), change);
    }
    if fix.changes.is_empty() {
        return Err(NoFix::not_here(
            "what is exempt from waiting was chosen by its authors",
        ));
    }
    Ok(fix)
}
