//! The author of the pull request in the place of the causer of the event.

use cofferdam_findings::Finding;
use cofferdam_rules::Context;
use cofferdam_workflows::expressions;
use cofferdam_workflows::semantics::bots::{self, Whose};
use cofferdam_workflows::semantics::events;
use cofferdam_workflows::yaml::edit::Change;

use crate::fix::{Fix, Fixer, NoFix, Offer, Safety};
use crate::place::Place;

/// The fixer.
pub const FIXER: Fixer = Fixer {
    rule: "bot-conditions",
    offer: Offer::Unsafe,
    summary: "Compares the author of the pull request in place of who caused the event. Check \
              that the job is to run for every change of the bot's pull requests, and for none \
              of the bot's changes on those of others.",
    fix,
};

fn fix(cx: &Context<'_>, finding: &Finding) -> Result<Fix, NoFix> {
    let place = Place::of(cx, finding)?;
    let view = place.job().ok_or(NoFix::NoPlace)?;
    let node = place.node()?;
    let text = node.as_str().ok_or(NoFix::NoPlace)?;
    let condition = expressions::condition(text).map_err(|_| NoFix::NoPlace)?;
    let checks = bots::checks(&condition);
    let check = checks
        .iter()
        .find(|check| {
            check.whose == Whose::Causer && node.raw_span(check.range.clone()) == place.span
        })
        .ok_or(NoFix::NoPlace)?;
    let (of_pulls, others): (Vec<&String>, Vec<&String>) =
        (view.entry.events.iter()).partition(|event| events::is_pull_request(event));
    if of_pulls.is_empty() {
        return Err(NoFix::not_here(
            "no event here tells the author: the pull request has to be looked up by its head",
        ));
    }
    let number = check.bot.bytes().all(|byte| byte.is_ascii_digit());
    let field = if number { "id" } else { "login" };
    let author = format!("github.event.pull_request.user.{field}");
    let elsewhere = match others.as_slice() {
        [] => String::new(),
        [one, ..] => format!(", and that nothing is to run for the bot on `{one}`"),
    };
    let check_text = format!(
        "it is to run on every change of a pull request that `{}` has opened, also one that \
         somebody else pushes there{elsewhere}",
        check.bot
    );
    let explanation = "the author of a pull request never changes".to_owned();
    let change = Change::ReplacePart {
        node: node.id(),
        range: check.path.range.clone(),
        text: author,
    };
    Ok(Fix::new(Safety::check(check_text), explanation).with(place.path(), change))
}
