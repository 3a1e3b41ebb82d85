//! The files of the runner in the place of commands in its log.

use cofferdam_findings::Finding;
use cofferdam_rules::Context;
use cofferdam_workflows::documents::Step;
use cofferdam_workflows::shell::{Command, Word};
use cofferdam_workflows::yaml::edit::Change;

use crate::fix::{Fix, Fixer, NoFix, Offer, Safety};
use crate::place::{Place, remove};

/// The fixer.
pub const FIXER: Fixer = Fixer {
    rule: "insecure-commands",
    offer: Offer::Unsafe,
    summary: "Takes the switch out of `env:`, and writes `echo \"::set-env …\"` as a line of \
              `$GITHUB_ENV` and `::add-path` as one of `$GITHUB_PATH`. Check that nothing else \
              prints such commands.",
    fix,
};

const SWITCH: &str = "ACTIONS_ALLOW_UNSECURE_COMMANDS";

fn fix(cx: &Context<'_>, finding: &Finding) -> Result<Fix, NoFix> {
    let place = Place::of(cx, finding)?;
    let node = place.node()?;
    let parent = node.parent().ok_or(NoFix::NoPlace)?;
    let key = (parent.entries())
        .find(|(_, value)| *value == node)
        .and_then(|(key, _)| key.as_str());
    if let Some(key) = key.filter(|key| key.eq_ignore_ascii_case(SWITCH)) {
        let check = "no step, and no action, prints `::set-env` or `::add-path` for later steps";
        let explanation = "what is printed then sets nothing";
        return Ok(
            Fix::new(Safety::check(check), explanation).with(place.path(), remove(parent, key)?)
        );
    }
    let (_, step) = place.step().ok_or(NoFix::NoPlace)?;
    let script = cx.script(place.path(), step).ok_or(NoFix::NoPlace)?;
    let text = step.script().ok_or(NoFix::NoPlace)?;
    let at = |word: &Word| text.raw_span(place.document, word.range.clone()) == place.span;
    let command = (script.commands.iter())
        .find(|command| command.args.iter().any(at))
        .ok_or_else(|| NoFix::not_here("the script switches it on by itself"))?;
    printed(&place, step, command)
}

fn printed(place: &Place<'_>, step: &Step, command: &Command) -> Result<Fix, NoFix> {
    let text = step.script().ok_or(NoFix::NoPlace)?;
    let plain = command.is("echo")
        && command.args.len() == 1
        && command.redirects.is_empty()
        && command.pipeline.is_none()
        && !command.in_substitution
        && command.depth == 0;
    let word = command.args.first().filter(|_| plain);
    let written = word.and_then(|word| line(text.value.get(word.range.clone())?));
    let (Some(word), Some((line, file))) = (word, written) else {
        return Err(NoFix::not_here("what is printed is not one plain `echo`"));
    };
    let check = "the value holds no line break";
    let explanation = format!("`${file}` is what runners take since 2020");
    let line = Change::ReplacePart {
        node: text.node,
        range: word.range.clone(),
        text: line,
    };
    let end = command.range.end;
    let redirect = Change::ReplacePart {
        node: text.node,
        range: end..end,
        text: format!(" >> \"${file}\""),
    };
    Ok(Fix::new(Safety::check(check), explanation)
        .with(place.path(), line)
        .with(place.path(), redirect))
}

/// The word as a line of a file, and which.
fn line(word: &str) -> Option<(String, &'static str)> {
    if let Some((before, rest)) = word.split_once("::set-env name=") {
        let (name, value) = rest.split_once("::")?;
        let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let quote = matches!(before, "" | "\"" | "'");
        return (is_name && quote).then(|| (format!("{before}{name}={value}"), "GITHUB_ENV"));
    }
    let (before, value) = word.split_once("::add-path::")?;
    matches!(before, "" | "\"" | "'").then(|| (format!("{before}{value}"), "GITHUB_PATH"))
}
