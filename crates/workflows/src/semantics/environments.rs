//! The names that `environment:` of a job can have.
//!
//! Source: GitHub, "Workflow syntax", `jobs.<id>.environment`: the name may be
//! an expression; an empty one means no environment.

use std::collections::BTreeSet;

use crate::documents::job::Job;
use crate::documents::text::Text;
use crate::documents::workflow::Workflow;
use crate::expressions::{Expr, ExprKind, Operator, Value};
use crate::semantics::starts::Start;

/// Most names that are followed: a matrix has no more jobs.
const MAX_NAMES: usize = 256;

/// The names that a job's environment can have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Names, as written.
    pub names: BTreeSet<String>,
    /// Whether the job surely runs without an environment in some start.
    pub none: bool,
    /// Whether the expression may give an empty name in some start.
    pub perhaps_none: bool,
    /// Whether there may be others, because the expression is not a choice
    /// between constants.
    pub open: bool,
}

/// The names that a job's environment has in the given starts; whatever the
/// files allow where there is none.
#[must_use]
pub fn names(workflow: &Workflow, job: &Job, starts: &[&Start<'_>]) -> Names {
    let mut names = Names::default();
    let Some(environment) = &job.environment else {
        names.none = true;
        return names;
    };
    let text = &environment.name;
    let mut surely = Vec::new();
    let mut open = starts.is_empty() && !text.is_static();
    if let Some(literal) = text.literal() {
        surely.push(literal.to_owned());
    } else {
        for start in starts {
            match start.text_of(workflow, job, text) {
                Some(name) => surely.push(name),
                None => open = true,
            }
        }
    }
    names.none = surely.iter().any(|name| name.trim().is_empty());
    let mut perhaps = Vec::new();
    if open {
        match choices(workflow, job, text) {
            Some(choices) => perhaps = choices,
            None => names.open = true,
        }
    }
    // Whether it is empty may hang on what decides the publication too.
    names.perhaps_none = perhaps.iter().any(|name| name.trim().is_empty());
    names.names = surely
        .into_iter()
        .chain(perhaps)
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    names
}

/// Every value that a scalar can have, if it is a choice between constants.
fn choices(workflow: &Workflow, job: &Job, text: &Text) -> Option<Vec<String>> {
    let mut values = Vec::new();
    of_expr(workflow, job, text.sole_expression()?, &mut values, 0)?;
    (values.len() <= MAX_NAMES).then_some(values)
}

fn of_expr(
    workflow: &Workflow,
    job: &Job,
    expr: &Expr,
    values: &mut Vec<String>,
    depth: usize,
) -> Option<()> {
    if depth > 8 || values.len() > MAX_NAMES {
        return None;
    }
    if let Some(value) = expr.fold() {
        values.push(value.to_text()?);
        return Some(());
    }
    match &expr.kind {
        // `a && b`: `b`, or what is falsy of `a`, which a further `||` replaces.
        ExprKind::Binary {
            op: Operator::And,
            right,
            ..
        } => {
            of_expr(workflow, job, right, values, depth + 1)?;
            values.push(String::new());
            Some(())
        }
        ExprKind::Binary {
            op: Operator::Or,
            left,
            right,
        } => {
            let mut first = Vec::new();
            of_expr(workflow, job, left, &mut first, depth + 1)?;
            values.extend(first.into_iter().filter(|v| !v.is_empty()));
            of_expr(workflow, job, right, values, depth + 1)
        }
        ExprKind::Call { function, args } if function == "case" => {
            let last = args.len().saturating_sub(1);
            for (at, arg) in args.iter().enumerate() {
                if at % 2 == 1 || at == last {
                    of_expr(workflow, job, arg, values, depth + 1)?;
                }
            }
            Some(())
        }
        ExprKind::Context(path) => match (path.head(), path.name(1)) {
            ("inputs", Some(name)) => of_input(workflow, name, values),
            ("github", Some("event")) if path.name(2) == Some("inputs") => {
                of_input(workflow, path.name(3)?, values)
            }
            ("matrix", Some(_)) => {
                let matrix = job.matrix.as_ref().filter(|m| !m.dynamic)?;
                let axis = path.text();
                let axis = axis.strip_prefix("matrix.")?;
                let found: Vec<_> = matrix
                    .values
                    .iter()
                    .filter(|(key, _)| key.eq_ignore_ascii_case(axis))
                    .map(|(_, text)| text.literal().map(str::to_owned))
                    .collect::<Option<_>>()?;
                values.extend(found.iter().cloned());
                (!found.is_empty()).then_some(())
            }
            _ => None,
        },
        ExprKind::Literal(Value::String(text)) => {
            values.push(text.clone());
            Some(())
        }
        _ => None,
    }
}

// The options of a choice; any other input may be anything.
fn of_input(workflow: &Workflow, name: &str, values: &mut Vec<String>) -> Option<()> {
    if workflow.is_reusable() {
        return None;
    }
    let trigger = workflow.trigger("workflow_dispatch")?;
    let input = trigger
        .inputs
        .iter()
        .find(|i| i.name.value.eq_ignore_ascii_case(name))?;
    if input.kind.as_deref() != Some("choice") || input.options.is_empty() {
        return None;
    }
    values.extend(input.options.iter().cloned());
    // In every other event the input is empty.
    if workflow.triggers.len() > 1 {
        values.push(String::new());
    }
    Some(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use cofferdam_facts::SourceFile;

    fn of(on: &str, environment: &str) -> (Vec<String>, bool, bool) {
        let text = format!(
            "on: {on}\njobs:\n  a:\n    strategy: {{matrix: {{to: [x, y]}}}}\n    environment: {environment}\n    steps: [{{run: make}}]\n"
        );
        let workflow = Workflow::parse(SourceFile::new("w.yml", text));
        let names = names(&workflow, workflow.jobs.first().unwrap(), &[]);
        (
            names.names.into_iter().collect(),
            names.perhaps_none,
            names.open,
        )
    }

    fn strings(names: &[&str]) -> Vec<String> {
        names.iter().map(|n| (*n).to_owned()).collect()
    }

    #[test]
    fn choices_between_constants_are_followed() {
        let choice = "\"${{ github.ref_type == 'tag' && 'release' || 'dev' }}\"";
        assert_eq!(
            of("push", choice),
            (strings(&["dev", "release"]), false, false)
        );
        let maybe = "\"${{ github.ref_type == 'tag' && 'release' || '' }}\"";
        assert_eq!(of("push", maybe), (strings(&["release"]), true, false));
        let and = "\"${{ github.ref_type == 'tag' && 'release' }}\"";
        assert_eq!(of("push", and), (strings(&["release"]), true, false));
        assert_eq!(
            of("push", "${{ matrix.to }}"),
            (strings(&["x", "y"]), false, false)
        );
        let on = "{workflow_dispatch: {inputs: {to: {type: choice, options: [p, q]}}}}";
        assert_eq!(
            of(on, "${{ inputs.to }}"),
            (strings(&["p", "q"]), false, false)
        );
        assert_eq!(of("push", "${{ vars.TO }}"), (vec![], false, true));
        assert_eq!(of("push", "plain"), (strings(&["plain"]), false, false));
    }
}
