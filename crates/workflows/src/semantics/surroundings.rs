//! What a step can refer to: the steps beside it and the variables around it.

use std::collections::BTreeSet;

use crate::documents::step::{Step, StepKind};
use crate::documents::text::{Pair, Text, lookup};
use crate::expressions::{self, ContextPath, Expr};
use crate::yaml::Document;

/// What stands around a step.
#[derive(Clone, Debug)]
pub struct Surroundings<'s> {
    /// The file that holds the steps.
    pub document: &'s Document,
    /// The steps of the job, or of the composite action.
    pub steps: &'s [Step],
    /// `env:` of the job and of the workflow, the nearer first.
    pub env: Vec<&'s [Pair]>,
    /// Whether the job may ask for an identity token; `None` where the settings
    /// of the repository decide.
    pub id_token: Option<bool>,
    /// The shell that `defaults` of the job or workflow name.
    pub shell: Option<&'s Text>,
}

impl<'s> Surroundings<'s> {
    /// The shell that is written for a step; `None` for the runner's own.
    #[must_use]
    pub fn shell_of<'a>(&'a self, step: &'a Step) -> Option<&'a Text> {
        let own = match &step.kind {
            StepKind::Run { shell, .. } => shell.as_ref(),
            // A command that an action runs for somebody.
            _ => return None,
        };
        own.or(self.shell)
    }

    /// A variable as the step sees it, if it is set by an `env:`. Variables
    /// that scripts set at run time are not known.
    #[must_use]
    pub fn variable<'a>(&'a self, step: &'a Step, name: &str) -> Option<&'a Text> {
        let of = |pairs: &'a [Pair]| pairs.iter().find(|p| p.key.value == name).map(|p| &p.value);
        of(&step.env).or_else(|| self.env.iter().find_map(|pairs| of(pairs)))
    }

    /// The names of all variables that the step sees, some perhaps twice.
    pub fn variable_names<'a>(&'a self, step: &'a Step) -> impl Iterator<Item = &'a str> {
        let shared = self.env.iter().flat_map(|pairs| pairs.iter());
        step.env.iter().chain(shared).map(|p| p.key.value.as_str())
    }

    /// The text with every `${{ env.NAME }}` replaced by what stands there;
    /// other expressions stay.
    #[must_use]
    pub fn resolve(&self, step: &Step, text: &Text) -> String {
        replace(text, &|expr| {
            let path = expr.as_context()?;
            let name = path
                .starts_with("env")
                .then(|| path.written_name(1))
                .flatten()?;
            Some(self.variable(step, name)?.value.clone())
        })
    }

    /// The step with an id.
    #[must_use]
    pub fn step(&self, id: &str) -> Option<&'s Step> {
        self.steps.iter().find(|s| {
            s.id.as_ref()
                .is_some_and(|i| i.value.eq_ignore_ascii_case(id))
        })
    }

    /// The step whose output an expression takes, and the output's name.
    #[must_use]
    pub fn output<'p>(&self, path: &'p ContextPath) -> Option<(&'s Step, &'p str)> {
        if !path.starts_with("steps") || path.name(2) != Some("outputs") {
            return None;
        }
        Some((self.step(path.name(1)?)?, path.name(3)?))
    }
}

fn replace(text: &Text, value: &dyn Fn(&Expr) -> Option<String>) -> String {
    let mut result = String::with_capacity(text.value.len());
    let mut done = 0;
    for embedded in &text.expressions {
        let known = embedded.parsed.as_ref().ok().and_then(value);
        let Some(known) = known else { continue };
        result.push_str(text.value.get(done..embedded.range.start).unwrap_or(""));
        result.push_str(&known);
        done = embedded.range.end;
    }
    result.push_str(text.value.get(done..).unwrap_or(""));
    result
}

/// The steps of a composite action as they run for one caller: every
/// `${{ inputs.NAME }}` in inputs and variables is replaced by what the caller
/// gives, or by the default. Scripts and conditions stay as they are.
#[must_use]
pub fn bound(steps: &[Step], given: &dyn Fn(&str) -> Option<Text>) -> Vec<Step> {
    let pair = |pair: &Pair| Pair {
        key: pair.key.clone(),
        value: bind(&pair.value, given),
    };
    steps
        .iter()
        .map(|step| {
            let mut step = step.clone();
            step.env = step.env.iter().map(pair).collect();
            if let StepKind::Uses { with, .. } = &mut step.kind {
                *with = with.iter().map(pair).collect();
            }
            step
        })
        .collect()
}

/// The names of the inputs for which [`bound`] asks, each once, in order.
#[must_use]
pub fn inputs(steps: &[Step]) -> BTreeSet<&str> {
    let texts = steps
        .iter()
        .flat_map(|step| step.env.iter().chain(step.with()));
    texts
        .flat_map(|pair| pair.value.parsed())
        .filter_map(|(_, expr)| input(expr))
        .collect()
}

fn input(expr: &Expr) -> Option<&str> {
    let path = expr.as_context()?;
    path.starts_with("inputs").then(|| path.name(1)).flatten()
}

fn bind(text: &Text, given: &dyn Fn(&str) -> Option<Text>) -> Text {
    if text.is_static() {
        return text.clone();
    }
    let value_of = |expr: &Expr| input(expr).and_then(given);
    if let Some(value) = text.sole_expression().and_then(value_of) {
        return Text {
            span: text.span,
            node: text.node,
            ..value
        };
    }
    let value = replace(text, &|expr| value_of(expr).map(|t| t.value));
    Text {
        expressions: expressions::embedded(&value),
        value,
        span: text.span,
        node: text.node,
    }
}

/// What a caller gives to an input of an action: its `with:`, or the default.
#[must_use]
pub fn given(caller: &Step, action: &crate::documents::Action, name: &str) -> Option<Text> {
    lookup(caller.with(), name).cloned().or_else(|| {
        action
            .inputs
            .iter()
            .find(|i| i.name.value.eq_ignore_ascii_case(name))?
            .default
            .clone()
    })
}
