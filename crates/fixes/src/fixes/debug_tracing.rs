//! Switches that print debug output in every run are taken out.

use cofferdam_findings::Finding;
use cofferdam_rules::Context;
use cofferdam_workflows::documents::Step;
use cofferdam_workflows::shell::Command;
use cofferdam_workflows::yaml::edit::Change;

use crate::fix::{Fix, Fixer, NoFix, Offer, Safety};
use crate::place::{Place, remove};

/// The fixer.
pub const FIXER: Fixer = Fixer {
    rule: "debug-tracing",
    offer: Offer::Unsafe,
    summary: "Takes the debug switch out of `env:`, or `-x` out of the shell's options. Check \
              that nothing reads the output.",
    fix,
};

const SWITCHES: &[&str] = &["ACTIONS_RUNNER_DEBUG", "ACTIONS_STEP_DEBUG", "RUNNER_DEBUG"];

fn fix(cx: &Context<'_>, finding: &Finding) -> Result<Fix, NoFix> {
    let place = Place::of(cx, finding)?;
    let node = place.node()?;
    let parent = node.parent().ok_or(NoFix::NoPlace)?;
    let key = parent
        .entries()
        .find(|(_, value)| *value == node)
        .and_then(|(key, _)| key.as_str())
        .ok_or(NoFix::NoPlace)?;
    if SWITCHES.iter().any(|name| name.eq_ignore_ascii_case(key)) {
        let check = format!("nothing reads what `{key}` makes programs print");
        let explanation = "a single run can be repeated with debug logging";
        return Ok(
            Fix::new(Safety::check(check), explanation).with(place.path(), remove(parent, key)?)
        );
    }
    let (_, step) = place.step().ok_or(NoFix::NoPlace)?;
    let script = cx.script(place.path(), step).ok_or(NoFix::NoPlace)?;
    let traces = |command: &&Command| command.is("set") && option(command).is_some();
    let command = (script.commands.iter().find(traces)).ok_or_else(|| {
        NoFix::not_here("tracing is switched on in a way that is not taken out by an edit")
    })?;
    trace_off(&place, step, command)
}

/// The word of a `set` that holds the option, with its letters without `x`.
fn option(command: &Command) -> Option<(std::ops::Range<usize>, String)> {
    command.effective().1.iter().find_map(|word| {
        let letters = word.text.strip_prefix('-')?;
        let plain = letters.bytes().all(|b| b.is_ascii_alphabetic());
        (plain && letters.contains('x') && word.range.len() == word.text.len())
            .then(|| (word.range.clone(), letters.replace('x', "")))
    })
}

fn trace_off(place: &Place<'_>, step: &Step, command: &Command) -> Result<Fix, NoFix> {
    let text = step.script().ok_or(NoFix::NoPlace)?;
    let (range, letters) = option(command).ok_or(NoFix::NoPlace)?;
    if letters.is_empty() {
        // What `set` alone does is to print every variable.
        return with_part(place, text.node, command.range.clone(), "set +x");
    }
    with_part(place, text.node, range, &format!("-{letters}"))
}

fn with_part(
    place: &Place<'_>,
    node: cofferdam_workflows::yaml::NodeId,
    range: std::ops::Range<usize>,
    text: &str,
) -> Result<Fix, NoFix> {
    let change = Change::ReplacePart {
        node,
        range,
        text: text.to_owned(),
    };
    let check = "nothing reads the trace of the commands";
    let explanation = "the commands that use the secret are no longer printed with it";
    Ok(Fix::new(Safety::check(check), explanation).with(place.path(), change))
}
