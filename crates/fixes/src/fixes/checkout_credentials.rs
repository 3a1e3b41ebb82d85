//! `persist-credentials: false`.
//!
//! It is safe where every other step is known to leave the remote of the work
//! tree alone: actions by the table of what they need, programs by the list of
//! those that run no code of the files around them and by git's own verbs.

use cofferdam_findings::Finding;
use cofferdam_rules::{Context, JobView, expression_sites};
use cofferdam_workflows::documents::Step;
use cofferdam_workflows::documents::action::Runs;
use cofferdam_workflows::semantics::needs::actions::of_action;
use cofferdam_workflows::semantics::needs::commands::{self, Uses};
use cofferdam_workflows::semantics::{checkouts, execution, inert};
use cofferdam_workflows::shell::{Command, Script};
use cofferdam_workflows::yaml::edit::{Change, Value};

use crate::fix::{Fix, Fixer, NoFix, Offer, Safety};
use crate::place::{Place, put_below};

/// The fixer.
pub const FIXER: Fixer = Fixer {
    rule: "checkout-credentials",
    offer: Offer::Either,
    summary: "Sets `persist-credentials: false`; safe where no step of the job uses the \
              credentials, which is known of the actions and commands that are listed.",
    fix,
};

fn fix(cx: &Context<'_>, finding: &Finding) -> Result<Fix, NoFix> {
    let place = Place::of(cx, finding)?;
    let (view, step) = place.step().ok_or(NoFix::NoPlace)?;
    if !checkouts::is_checkout(step) {
        return Err(NoFix::NoPlace);
    }
    let node = place.step_node(step)?;
    let written = node.get("with").and_then(|with| {
        let mut entries = with.entries();
        entries.find(|(key, _)| {
            key.as_str()
                .is_some_and(|key| key.eq_ignore_ascii_case("persist-credentials"))
        })
    });
    let change = match written {
        Some((_, value)) => Change::Replace {
            node: value.id(),
            value: Value::Bool(false),
        },
        None => put_below(node, "with", "persist-credentials", Value::Bool(false)),
    };
    let Some(view) = view else {
        let check = "no job that uses this action fetches or pushes with git after it";
        let explanation = "the token stays in the action's step";
        return Ok(Fix::new(Safety::check(check), explanation).with(place.path(), change));
    };
    let users = users(cx, view, step);
    let job = view.job.name();
    Ok(match users.as_slice() {
        [] => Fix::new(
            Safety::Safe,
            format!("no other step of job `{job}` fetches or pushes with git"),
        ),
        [one, rest @ ..] => {
            let more = match rest.len() {
                0 => String::new(),
                1 => ", nor does one more step".to_owned(),
                n => format!(", nor do {n} more steps"),
            };
            Fix::new(
                Safety::check(format!(
                    "{one} does not fetch or push with the checkout's credentials{more}"
                )),
                format!("the token stays in the step that checks out in job `{job}`"),
            )
        }
    }
    .with(place.path(), change))
}

/// What may use the credentials, each as the subject of a sentence.
fn users(cx: &Context<'_>, view: &JobView<'_>, checkout: &Step) -> Vec<String> {
    // What a checkout has left out, git fetches when it is asked for.
    let partial = ["filter", "sparse-checkout"]
        .iter()
        .any(|input| checkout.input(input).is_some());
    let others = view
        .job
        .steps()
        .iter()
        .filter(|s| s.index != checkout.index);
    others
        .filter_map(|step| {
            let script = cx.script(view.workflow.path(), step);
            user(cx, step, script, partial, 0)
        })
        .collect()
}

fn user(
    cx: &Context<'_>,
    step: &Step,
    script: Option<&Script>,
    partial: bool,
    depth: usize,
) -> Option<String> {
    if let Some(uses) = step.uses() {
        let name = format!("`{}`", uses.value);
        if let Some(action) = cx.repository.own_action(&uses.value) {
            // GitHub allows ten levels.
            if !matches!(action.runs, Runs::Composite { .. }) || depth > 10 {
                return Some(name);
            }
            let mut steps = action.steps().iter();
            return steps.find_map(|inner| {
                let script = cx.script(action.path(), inner);
                user(cx, inner, script, partial, depth + 1).map(|who| format!("{who} in {name}"))
            });
        }
        let known = step.action().and_then(of_action);
        return known.is_none_or(|row| row.git).then_some(name);
    }
    let text = step.script()?;
    let label = || expression_sites::called(step);
    let Some(script) = script.filter(|script| script.understood) else {
        return (!text.value.trim().is_empty()).then(label);
    };
    let command = script
        .commands
        .iter()
        .find(|command| uses_git(command) || (partial && command.is("git")))?;
    let (name, args) = command.effective();
    let words = std::iter::once(name).chain(args).take(2);
    let words: Vec<&str> = words.map(|word| word.text.as_str()).collect();
    Some(format!("`{}` in {}", words.join(" "), label()))
}

fn uses_git(command: &Command) -> bool {
    if commands::reaches_remote(command) {
        return true;
    }
    let (name, args) = command.effective();
    let Some(program) = name.file_name() else {
        return true;
    };
    let words: Vec<String> = args.iter().map(|word| word.text.clone()).collect();
    let by_itself = match commands::of_command(command) {
        Uses::Nothing => program != "find" || !words.iter().any(|w| w.starts_with("-exec")),
        _ => false,
    };
    if by_itself {
        return false;
    }
    // `gh pr checkout` and `gh repo sync` fetch with git.
    let through_gh = program == "gh"
        && !matches!(
            words.first().map(String::as_str),
            Some("api" | "auth" | "cache" | "issue" | "label" | "release" | "run" | "workflow")
        );
    through_gh || execution::is_listed(program) || !inert::is_inert(program, &words)
}
