//! The runners that jobs ask for, as far as they are not surely GitHub's.

use cofferdam_facts::settings::{Fact as Known, Runner, Snapshot};
use cofferdam_rules::machines::{self, Machine};
use cofferdam_rules::{Context, JobView};
use cofferdam_workflows::documents::text::Text;
use cofferdam_workflows::expressions::{Expr, ExprKind, Operator, Value};
use cofferdam_workflows::semantics::constants::Surroundings;

use crate::scene::{Run, Scene};
use crate::verdict::{Fact, Verdict};

/// How many callers an input is followed through.
const MAX_CALLERS: usize = 10;

/// The label of the self-hosted runner that a run takes, and what is not known
/// of it.
#[must_use]
pub fn of_run(scene: &Scene<'_>, run: &Run<'_>) -> Option<(String, Verdict)> {
    let machine = machines::of_job(scene.cx, run.view);
    if let Machine::Own(..) = machine {
        let (labels, _) = machines::labels(run.view);
        return Some((label(&labels), Verdict::reachable()));
    }
    // With a list of every runner, a label that none of them has is hosted; where
    // there is none at all, also one that is not known.
    let listed = machines::runners(scene.cx).filter(|_| is_settled(scene.cx));
    if listed.is_some_and(|all| all.is_empty() || matches!(machine, Machine::Hosted)) {
        return None;
    }
    let asked = Asked::of(run);
    let runs_on = &run.view.job.runs_on;
    let group = runs_on.group.as_ref().map(|group| group.value.clone());
    let others = asked.known.iter().filter(|label| !is_hosted(label));
    let others: Vec<String> = others.cloned().collect();
    let name = match others.is_empty() {
        false => label(&others),
        true => asked.open.or(group)?,
    };
    Some((name, Verdict::when(Fact::Runners)))
}

/// Whether every runner that may take the job takes one job only.
#[must_use]
pub fn runs_once(scene: &Scene<'_>, run: &Run<'_>) -> bool {
    match machines::of_job(scene.cx, run.view) {
        Machine::Own(_, runners) => {
            let once = |runner: &&Runner| runner.ephemeral.known() == Some(&true);
            !runners.is_empty() && runners.iter().all(once)
        }
        _ => false,
    }
}

/// The labels that a run asks for.
#[derive(Debug, Default)]
struct Asked {
    /// Those that are known, in lower case.
    known: Vec<String>,
    /// One that is not known, as it is written.
    open: Option<String>,
}

impl Asked {
    fn of(run: &Run<'_>) -> Self {
        let mut asked = Self::default();
        for text in &run.view.job.runs_on.labels {
            let (known, complete) = values(run, &run.start.chain, text);
            asked
                .known
                .extend(known.iter().map(|label| label.to_ascii_lowercase()));
            if !complete {
                asked.open.get_or_insert_with(|| text.value.clone());
            }
        }
        asked
    }
}

/// What a value of the last job of a chain of calls may be, and whether it can be
/// nothing else. An input is what the caller passes, and its default where the
/// caller passes none; one of a dispatch by choice is one of the choices.
///
/// Source: docs.github.com, "Reuse workflows", using inputs and secrets in a
/// reusable workflow; "Workflow syntax", `on.workflow_dispatch.inputs`.
fn values(run: &Run<'_>, chain: &[&JobView<'_>], text: &Text) -> (Vec<String>, bool) {
    let Some((last, callers)) = chain.split_last().filter(|(_, c)| c.len() < MAX_CALLERS) else {
        return (Vec::new(), false);
    };
    if let Some(choices) = text.sole_expression().and_then(choices) {
        return (choices, true);
    }
    let found = Surroundings::of_job(last.workflow, last.job).values(text);
    let known = found.known.into_iter().map(|c| c.text).collect();
    let Some(input) = input(text).filter(|_| !found.complete) else {
        return (known, found.complete);
    };
    let Some(call) = callers.last().and_then(|caller| caller.job.call()) else {
        let mut inputs = run.start.trigger.inputs.iter();
        let choice = inputs.find(|one| one.name.value.eq_ignore_ascii_case(&input));
        return match choice {
            Some(choice) if !choice.options.is_empty() => (choice.options.clone(), true),
            _ => (known, false),
        };
    };
    let mut passed = call.with.iter();
    if let Some(pair) = passed.find(|pair| pair.key.value.eq_ignore_ascii_case(&input)) {
        return values(run, callers, &pair.value);
    }
    let called = last.workflow.triggers.iter();
    let called = called.filter(|trigger| trigger.name() == "workflow_call");
    let mut inputs = called.flat_map(|trigger| &trigger.inputs);
    let default = inputs
        .find(|one| one.name.value.eq_ignore_ascii_case(&input))
        .and_then(|one| one.default.as_ref()?.literal());
    match default {
        Some(default) => (vec![default.to_owned()], true),
        None => (known, false),
    }
}

/// What `condition && 'one' || 'other'` can be; none where a part is no constant.
///
/// Source: docs.github.com, "Evaluate expressions", operators: `&&` and `||` give
/// one of their operands.
fn choices(expr: &Expr) -> Option<Vec<String>> {
    match &expr.kind {
        ExprKind::Binary {
            op: Operator::Or,
            left,
            right,
        } => {
            let mut all = match &left.kind {
                ExprKind::Binary {
                    op: Operator::And,
                    right,
                    ..
                } => choices(right)?,
                _ => choices(left)?,
            };
            all.extend(choices(right)?);
            Some(all)
        }
        ExprKind::Literal(Value::String(text)) => Some(vec![text.clone()]),
        _ => None,
    }
}

/// The name of the input, where a value is one input and nothing else.
fn input(text: &Text) -> Option<String> {
    let path = text.sole_expression()?.as_context()?;
    let name = path.written_name(1).filter(|_| path.head() == "inputs")?;
    Some(name.to_owned())
}

/// Whether a label names an image of GitHub's: the system, then its version, and
/// perhaps an architecture or a size that GitHub offers. `ubuntu-x64` has no
/// version, and GitHub has no machine for `ubuntu-24.04-s390x`.
///
/// Source: docs.github.com, "GitHub-hosted runners reference", labels; "Larger
/// runners reference", available sizes.
fn is_hosted(label: &str) -> bool {
    let mut words = label.split('-');
    let system = words.next().unwrap_or_default();
    let version = words.next().unwrap_or_default();
    let numbered = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    let is_image = matches!(system, "ubuntu" | "macos" | "windows")
        && (numbered(version) || matches!(version, "latest" | "slim"));
    is_image
        && words.all(|word| {
            let size = word.trim_start_matches(|c: char| c.is_ascii_digit());
            matches!(
                size,
                "" | "core" | "cores" | "cpu" | "vcpu" | "large" | "xlarge"
            ) || matches!(word, "arm" | "arm64" | "x64" | "intel" | "gpu")
                || word.starts_with("vs20")
        })
}

/// Whether no group has runners beside those of the repository.
fn is_settled(cx: &Context<'_>) -> bool {
    let none = |settings: &Snapshot| matches!(&settings.runners.groups, Known::Known(groups) if groups.is_empty());
    cx.facts.settings.is_some_and(none)
}

/// The label that tells a runner from others: the first that is more than
/// `self-hosted`, an operating system or an architecture.
pub(crate) fn label(labels: &[String]) -> String {
    const COMMON: &[&str] = &[
        "self-hosted",
        "linux",
        "windows",
        "macos",
        "x64",
        "arm64",
        "arm",
    ];
    let own = labels
        .iter()
        .find(|label| !COMMON.contains(&label.to_ascii_lowercase().as_str()));
    own.or(labels.first())
        .map_or_else(|| "self-hosted".to_owned(), String::clone)
}

#[cfg(test)]
mod tests {
    use super::is_hosted;

    #[test]
    fn labels_of_images_have_a_version() {
        for label in [
            "ubuntu-latest",
            "ubuntu-24.04-arm",
            "ubuntu-slim",
            "macos-15-xlarge",
            "windows-2025",
            "ubuntu-22.04-16-cores",
            "ubuntu-22.04-arm64",
            "windows-2025-vs2026",
        ] {
            assert!(is_hosted(label), "{label}");
        }
        for label in [
            "ubuntu-x64",
            "macos-m1",
            "big-box",
            "windows-build",
            "ubuntu",
        ] {
            assert!(!is_hosted(label), "{label}");
        }
    }
}
