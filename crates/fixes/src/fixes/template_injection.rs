//! The value goes through the environment of the step, and the script reads it
//! there.

mod naming;
mod places;

use cofferdam_findings::Finding;
use cofferdam_flows::code_inputs::{self, Language};
use cofferdam_flows::{Flow, SinkKind, Source};
use cofferdam_rules::injections::one_line;
use cofferdam_rules::{Context, JobView};
use cofferdam_workflows::documents::Step;
use cofferdam_workflows::documents::text::{Pair, Text};
use cofferdam_workflows::semantics::{execution, inert, shells};
use cofferdam_workflows::shell::{Script, Shell};
use cofferdam_workflows::yaml::edit::{Change, Value};

use crate::fix::{Fix, Fixer, NoFix, Offer, Safety};
use crate::place::{Place, put_below};
use places::Speech;

/// The fixer.
pub const FIXER: Fixer = Fixer {
    rule: "template-injection",
    offer: Offer::Either,
    summary: "Sets an environment variable of the step to the expression and reads it in the \
              script, quoted as its place asks for; safe in quotes of bash for values that no \
              caller shapes, where the same text reaches the same command.",
    fix,
};

fn fix(cx: &Context<'_>, finding: &Finding) -> Result<Fix, NoFix> {
    let place = Place::of(cx, finding)?;
    let (view, step) = place.step().ok_or(NoFix::NoPlace)?;
    let flows: Vec<&Flow<'_>> = (cx.flows.of_file(place.path()))
        .filter(|flow| (cx.flows.sink(flow)).is_some_and(|sink| sink.span == place.span))
        .collect();
    let sink = (flows.first())
        .and_then(|flow| cx.flows.sink(flow))
        .ok_or(NoFix::NoPlace)?;
    let (text, speech) = match sink.kind {
        SinkKind::Script => {
            let text = step.script().ok_or(NoFix::NoPlace)?;
            (text, speech_of(&place, view, step)?)
        }
        SinkKind::CodeInput => {
            let action = step.action().unwrap_or_default();
            if code_inputs::language(action, &sink.input) != Some(Language::JavaScript) {
                return Err(NoFix::not_here(
                    "where this code runs, the step's environment may not be there",
                ));
            }
            (
                step.input(&sink.input).ok_or(NoFix::NoPlace)?,
                Speech::JavaScript,
            )
        }
        SinkKind::Evaluated => {
            return Err(NoFix::not_here("the script itself runs the value as code"));
        }
        _ => return Err(NoFix::not_here("the shell has to be written as a constant")),
    };
    let embedded = (text.expressions.iter())
        .find(|one| text.raw_span(place.document, one.range.clone()) == place.span)
        .ok_or(NoFix::NoPlace)?;
    let written = text
        .value
        .get(embedded.range.clone())
        .ok_or(NoFix::NoPlace)?;
    let inner = (written.strip_prefix("${{"))
        .and_then(|rest| rest.strip_suffix("}}"))
        .map(one_line_of)
        .ok_or(NoFix::NoPlace)?;
    let name = naming::name(
        &inner,
        embedded.parsed.as_ref().ok(),
        &surroundings(&place, view, step, text),
    );
    let all = places::replacements(text, written, &name, speech, cx, place.path(), step)?;
    let by_caller = flows
        .iter()
        .any(|flow| matches!(flow.source, Source::Caller(_) | Source::Dispatch(_)));
    let fresh = !step.env.iter().any(|pair| pair.key.value == name);
    let mut checks = all.checks;
    if by_caller {
        checks.push(match speech {
            Speech::JavaScript => "no caller passes an escape such as `\\n` in it".to_owned(),
            _ => "no caller passes text that the shell is to expand, such as `$HOME`".to_owned(),
        });
    }
    checks.sort_unstable();
    checks.dedup();
    let safety = if checks.is_empty() {
        Safety::Safe
    } else {
        Safety::check(checks.join(", and that "))
    };
    let explanation =
        format!("`{name}` holds the value, which the script then never takes for code");
    let mut fix = Fix::new(safety, explanation);
    for (range, new) in all.parts {
        let change = Change::ReplacePart {
            node: text.node,
            range,
            text: new,
        };
        fix = fix.with(place.path(), change);
    }
    if fresh {
        let value = Value::String(format!("${{{{ {inner} }}}}"));
        fix = fix.with(
            place.path(),
            put_below(place.step_node(step)?, "env", &name, value),
        );
    }
    Ok(fix)
}

/// An expression on one line, whole.
fn one_line_of(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn speech_of(place: &Place<'_>, view: Option<&JobView<'_>>, step: &Step) -> Result<Speech, NoFix> {
    let shell = match view {
        Some(view) => shells::of_step(view.workflow, view.job, step),
        None => shells::of_composite_step(step),
    };
    match shell {
        Shell::Bash | Shell::Sh => {
            let script = place.cx.script(place.path(), step);
            if script.is_some_and(|script| script.understood) {
                Ok(Speech::Bash)
            } else {
                Err(NoFix::not_here("the script was not understood as a whole"))
            }
        }
        Shell::PowerShell => Ok(Speech::PowerShell),
        Shell::Cmd => Err(NoFix::not_here(
            "`cmd` puts the text of a variable into the script as well",
        )),
        Shell::Python => Err(NoFix::not_here("Python has to read it by `os.environ`")),
        Shell::Other(name) => Err(NoFix::not_here(format!(
            "how `{}` reads variables is not known",
            one_line(&name)
        ))),
    }
}

/// Everything that a new name must not collide with.
fn surroundings<'s>(
    place: &Place<'_>,
    view: Option<&'s JobView<'_>>,
    step: &'s Step,
    text: &'s Text,
) -> naming::Surroundings<'s> {
    let mut outer: Vec<&Pair> = Vec::new();
    if let Some(view) = view {
        outer.extend(view.workflow.env.iter().chain(&view.job.env));
    }
    naming::Surroundings {
        own: &step.env,
        outer,
        script: without_expressions(text),
        foreign: step.script().is_some()
            && (place.cx.script(place.path(), step)).is_none_or(runs_foreign),
    }
}

fn runs_foreign(script: &Script) -> bool {
    script.commands.iter().any(|command| {
        let (name, args) = command.effective();
        let words: Vec<String> = args.iter().map(|word| word.text.clone()).collect();
        (name.file_name()).is_none_or(|program| {
            execution::is_listed(program) || !inert::is_inert(program, &words)
        })
    })
}

fn without_expressions(text: &Text) -> String {
    let mut script = text.value.clone();
    for one in text.expressions.iter().rev() {
        if script.get(one.range.clone()).is_some() {
            script.replace_range(one.range.clone(), " ");
        }
    }
    script
}
