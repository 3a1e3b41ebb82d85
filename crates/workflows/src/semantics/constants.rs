//! What a text with expressions is known to be before it runs: values of a
//! static matrix, constants of `env:`, defaults of inputs.
//!
//! Source: GitHub, "Workflow syntax", `strategy.matrix` and `env`; "Contexts
//! reference" for `matrix`, `env` and `inputs`.

use std::cell::Cell;
use std::collections::HashMap;

use cofferdam_facts::Span;

use crate::documents::job::Matrix;
use crate::documents::text::{Pair, Text};
use crate::documents::{Action, Job, Step, Workflow};
use crate::expressions::{self, ContextPath, Embedded, Expr};
use crate::shell::{Script, Word};

/// The most values that one text is followed into.
const MAX_VALUES: usize = 64;
/// How many times a constant may name another.
const MAX_DEPTH: usize = 3;
/// The most expressions of one text that are followed.
const MAX_EXPRESSIONS: usize = 32;
/// The most texts that are looked at for one: axes of a matrix multiply.
const MAX_STEPS: usize = 2_000;

/// Where a text stands, which decides what its expressions can mean.
#[derive(Clone, Copy, Debug, Default)]
pub struct Surroundings<'d> {
    /// The workflow.
    pub workflow: Option<&'d Workflow>,
    /// The job.
    pub job: Option<&'d Job>,
    /// The action.
    pub action: Option<&'d Action>,
    /// The step.
    pub step: Option<&'d Step>,
}

/// Whether an axis of a matrix has more values than are followed.
#[must_use]
pub fn is_too_large(matrix: &Matrix) -> bool {
    let mut sizes: HashMap<&str, usize> = HashMap::new();
    matrix.values.iter().any(|(name, _)| {
        let size = sizes.entry(name).or_default();
        *size += 1;
        *size > MAX_VALUES
    })
}

/// One value that a text can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constant {
    /// The value.
    pub text: String,
    /// Where the whole of it is written, if not in the text itself.
    pub set_at: Option<Span>,
}

/// The values that a text can have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    /// Each once, in order of the file.
    pub known: Vec<Constant>,
    /// Whether there are no others.
    pub complete: bool,
}

impl Values {
    pub(crate) fn one(text: impl Into<String>, set_at: Option<Span>) -> Self {
        let text = text.into();
        Self {
            known: vec![Constant { text, set_at }],
            complete: true,
        }
    }
}

impl<'d> Surroundings<'d> {
    /// Those of a job.
    #[must_use]
    pub fn of_job(workflow: &'d Workflow, job: &'d Job) -> Self {
        Self {
            workflow: Some(workflow),
            job: Some(job),
            ..Self::default()
        }
    }

    /// Those of a composite action.
    #[must_use]
    pub fn of_action(action: &'d Action) -> Self {
        Self {
            action: Some(action),
            ..Self::default()
        }
    }

    /// The same, inside of a step.
    #[must_use]
    pub fn in_step(self, step: &'d Step) -> Self {
        Self {
            step: Some(step),
            ..self
        }
    }

    /// The values of a scalar.
    #[must_use]
    pub fn values(&self, text: &Text) -> Values {
        self.bounded(&text.value, &text.expressions)
    }

    /// The values of a part of a scalar.
    #[must_use]
    pub fn values_of_part(&self, text: &str) -> Values {
        self.bounded(text, &expressions::embedded(text))
    }

    /// What lies beyond a bound has no known value at all.
    fn bounded(&self, text: &str, expressions: &[Embedded]) -> Values {
        let steps = Cell::new(MAX_STEPS);
        self.follow(text, expressions, MAX_DEPTH, &steps)
            .unwrap_or_default()
    }

    /// The values of a context, given as in `matrix.os`.
    #[must_use]
    pub fn values_of_path(&self, dotted: &str) -> Values {
        ContextPath::parse(dotted).map_or_else(Values::default, |path| {
            let steps = Cell::new(MAX_STEPS);
            self.of_context(&path, MAX_DEPTH - 1, &steps)
                .unwrap_or_default()
        })
    }

    /// The values of a word of a step's script: its variables are looked up
    /// among the script's own assignments and the `env:` around it.
    #[must_use]
    pub fn values_of_word(&self, word: &Word, script: &Script) -> Values {
        if word.is_static {
            return Values::one(word.text.clone(), None);
        }
        if word.holds_substitution {
            return Values::default();
        }
        let mut text = word.text.clone();
        let mut set_at = None;
        // A longer name first, so that `$IMAGE` does not eat into `$IMAGE_TAG`.
        let mut variables: Vec<&String> = word.variables.iter().collect();
        variables.sort_by_key(|name| std::cmp::Reverse(name.len()));
        for name in variables {
            let Some(value) = self.variable(name, script) else {
                return Values::default();
            };
            if text == format!("${name}") {
                set_at = value.set_at;
            }
            text = text
                .replace(&format!("${{{name}}}"), &value.text)
                .replace(&format!("${name}"), &value.text);
        }
        let expressions = expressions::embedded(&text);
        if has_shell_expansion(&text, &expressions) {
            return Values::default();
        }
        let mut values = self.bounded(&text, &expressions);
        for constant in &mut values.known {
            constant.set_at = constant.set_at.or(set_at);
        }
        values
    }

    fn variable(&self, name: &str, script: &Script) -> Option<Constant> {
        let mut assigned = script.assignments.iter().filter(|a| a.name == name);
        match (assigned.next(), assigned.next()) {
            (Some(only), None) if only.value.is_static && !only.conditional => Some(Constant {
                text: only.value.text.clone(),
                set_at: None,
            }),
            (None, _) => {
                let text = self.env(name)?;
                Some(Constant {
                    text: text.value.clone(),
                    set_at: Some(text.span),
                })
            }
            _ => None,
        }
    }

    // The nearest wins, as on the runner; names of variables keep their case.
    fn env(&self, name: &str) -> Option<&'d Text> {
        let named = |pairs: &'d [Pair]| pairs.iter().find(|p| p.key.value == name);
        let step = self.step.map_or(&[][..], |s| s.env.as_slice());
        let job = self.job.map_or(&[][..], |j| j.env.as_slice());
        let workflow = self.workflow.map_or(&[][..], |w| w.env.as_slice());
        named(step)
            .or_else(|| named(job))
            .or_else(|| named(workflow))
            .map(|pair| &pair.value)
    }

    /// `None` where a bound is reached, so that nothing more is tried.
    fn follow(
        &self,
        text: &str,
        expressions: &[Embedded],
        depth: usize,
        steps: &Cell<usize>,
    ) -> Option<Values> {
        let Some(first) = expressions.first() else {
            return Some(Values::one(text, None));
        };
        steps.set(steps.get().checked_sub(1)?);
        if expressions.len() > MAX_EXPRESSIONS {
            return None;
        }
        if depth == 0 {
            return Some(Values::default());
        }
        let Ok(expr) = &first.parsed else {
            return Some(Values::default());
        };
        let found = self.of_expression(expr, depth - 1, steps)?;
        let whole = text.trim().len() == first.range.len();
        let mut values = Values {
            complete: found.complete,
            known: Vec::new(),
        };
        for constant in found.known {
            let mut put = text.to_owned();
            put.replace_range(first.range.clone(), &constant.text);
            // The value may bring no expression of its own: what is left to
            // follow is what the text had.
            let rest = expressions::embedded(&put);
            if rest.len() >= expressions.len() {
                values.complete = false;
                continue;
            }
            let set_at = constant.set_at.filter(|_| whole);
            let more = self.follow(&put, &rest, depth, steps)?;
            values.complete &= more.complete;
            for constant in more.known {
                let constant = Constant {
                    set_at: constant.set_at.or(set_at),
                    ..constant
                };
                if !values.known.contains(&constant) {
                    values.known.push(constant);
                }
            }
            if values.known.len() > MAX_VALUES {
                return None;
            }
        }
        Some(values)
    }

    fn of_expression(&self, expr: &Expr, depth: usize, steps: &Cell<usize>) -> Option<Values> {
        if let Some(text) = expr.fold().and_then(|value| value.to_text()) {
            return Some(Values::one(text, None));
        }
        expr.as_context().map_or_else(
            || Some(Values::default()),
            |path| self.of_context(path, depth, steps),
        )
    }

    fn of_context(&self, path: &ContextPath, depth: usize, steps: &Cell<usize>) -> Option<Values> {
        match path.head() {
            "matrix" => self.of_matrix(path, depth, steps),
            "env" => path
                .written_name(1)
                .and_then(|name| self.env(name))
                .map_or_else(
                    || Some(Values::default()),
                    |text| self.placed(text, depth, steps),
                ),
            "inputs" => Some(self.of_input(path.name(1))),
            "github" if path.starts_with("github.event.inputs") => {
                Some(self.of_input(path.name(3)))
            }
            _ => Some(Values::default()),
        }
    }

    fn of_matrix(&self, path: &ContextPath, depth: usize, steps: &Cell<usize>) -> Option<Values> {
        let unknown = || Some(Values::default());
        let Some(matrix) = self.job.and_then(|job| job.matrix.as_ref()) else {
            return unknown();
        };
        let text = path.text();
        let Some(axis) = text.strip_prefix("matrix.") else {
            return unknown();
        };
        // An expression in place of a mapping may hold the part that is asked for.
        let holds = |(name, text): &(String, Text)| {
            let below = axis.get(..name.len()).zip(axis.get(name.len()..));
            let below = below.is_some_and(|(head, rest)| {
                head.eq_ignore_ascii_case(name) && rest.starts_with('.')
            });
            below && !text.is_static()
        };
        let mut values = Values {
            known: Vec::new(),
            complete: !matrix.open && !matrix.values.iter().any(holds),
        };
        for (_, text) in matrix
            .values
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(axis))
        {
            let value = self.placed(text, depth, steps)?;
            values.complete &= value.complete;
            for constant in value.known {
                if !values.known.contains(&constant) {
                    values.known.push(constant);
                }
            }
            if values.known.len() > MAX_VALUES {
                return None;
            }
        }
        Some(values)
    }

    fn of_input(&self, name: Option<&str>) -> Values {
        let Some(name) = name else {
            return Values::default();
        };
        let of_action = self
            .action
            .iter()
            .flat_map(|action| &action.inputs)
            .filter(|input| input.name.value.eq_ignore_ascii_case(name))
            .filter_map(|input| input.default.as_ref());
        let of_workflow = self
            .workflow
            .iter()
            .flat_map(|workflow| &workflow.triggers)
            .flat_map(|trigger| &trigger.inputs)
            .filter(|input| input.name.value.eq_ignore_ascii_case(name))
            .filter_map(|input| input.default.as_ref());
        // Whoever calls may hand over another value.
        Values {
            known: of_action
                .chain(of_workflow)
                .filter(|text| text.is_static() && !text.value.is_empty())
                .map(|text| Constant {
                    text: text.value.clone(),
                    set_at: Some(text.span),
                })
                .collect(),
            complete: false,
        }
    }

    fn placed(&self, text: &Text, depth: usize, steps: &Cell<usize>) -> Option<Values> {
        let mut values = self.follow(&text.value, &text.expressions, depth, steps)?;
        for constant in &mut values.known {
            constant.set_at = constant.set_at.or(Some(text.span));
        }
        Some(values)
    }
}

/// Whether the shell still changes a text whose variables were put in.
fn has_shell_expansion(text: &str, expressions: &[Embedded]) -> bool {
    text.char_indices()
        .filter(|(_, c)| matches!(c, '$' | '`'))
        .any(|(at, _)| !expressions.iter().any(|e| e.range.contains(&at)))
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a broken example should stop the test"
)]
mod tests {
    use cofferdam_facts::SourceFile;

    use super::*;
    use crate::shell::{self, Shell};

    const WORKFLOW: &str = "\
on:
  workflow_dispatch:
    inputs:
      base: { default: 'alpine:3' }
env: { REGISTRY: ghcr.io/org, NEXT: '${{ env.REGISTRY }}/next' }
jobs:
  a:
    runs-on: x
    strategy:
      matrix:
        os: [one, two]
        include: [{ os: three }]
    env: { TOOL: 'tool:1', RUN: '${{ github.run_id }}' }
    steps: [{ run: 'true' }]
  b:
    runs-on: x
    strategy: { matrix: '${{ fromJSON(needs.a.outputs.m) }}' }
    steps: [{ run: 'true' }]
";

    fn texts(job: &str, text: &str) -> (Vec<String>, bool) {
        let workflow = Workflow::parse(SourceFile::new(".github/workflows/a.yml", WORKFLOW));
        let around = Surroundings::of_job(&workflow, workflow.job(job).unwrap());
        let values = around.bounded(text, &expressions::embedded(text));
        let known = values.known.into_iter().map(|c| c.text).collect();
        (known, values.complete)
    }

    #[test]
    fn constants_are_followed_and_everything_else_is_open() {
        let all = |known: &[&str], complete| {
            let known: Vec<String> = known.iter().map(|s| (*s).to_owned()).collect();
            (known, complete)
        };
        let cases: &[(&str, &str, &[&str], bool)] = &[
            ("a", "plain", &["plain"], true),
            (
                "a",
                "x:${{ matrix.os }}",
                &["x:one", "x:two", "x:three"],
                true,
            ),
            ("a", "${{ env.TOOL }}", &["tool:1"], true),
            ("a", "${{ env.NEXT }}:1", &["ghcr.io/org/next:1"], true),
            ("a", "${{ env.RUN }}", &[], false),
            ("a", "${{ inputs.base }}", &["alpine:3"], false),
            ("a", "${{ github.event.inputs.base }}", &["alpine:3"], false),
            ("a", "${{ matrix.none }}", &[], true),
            ("a", "${{ 'a:1' }}", &["a:1"], true),
            ("b", "${{ matrix.os }}", &[], false),
        ];
        for (job, text, known, complete) in cases {
            assert_eq!(texts(job, text), all(known, *complete), "{text}");
        }
    }

    #[test]
    fn a_value_is_placed_where_it_is_written() {
        let workflow = Workflow::parse(SourceFile::new(".github/workflows/a.yml", WORKFLOW));
        let around = Surroundings::of_job(&workflow, workflow.job("a").unwrap());
        let text = "${{ env.TOOL }}";
        let values = around.bounded(text, &expressions::embedded(text));
        let span = values.known.first().unwrap().set_at.unwrap();
        assert_eq!(workflow.file().slice(span), "'tool:1'");
    }

    #[test]
    fn variables_of_a_script_are_looked_up() {
        let workflow = Workflow::parse(SourceFile::new(".github/workflows/a.yml", WORKFLOW));
        let around = Surroundings::of_job(&workflow, workflow.job("a").unwrap());
        let last = |script: &str| {
            let script = shell::parse(script, &Shell::Bash);
            let run = script.commands.iter().find(|c| c.is("run")).unwrap();
            let word = run.args.last().unwrap();
            let values = around.values_of_word(word, &script);
            values.known.into_iter().map(|c| c.text).collect::<Vec<_>>()
        };
        assert_eq!(last("run $TOOL"), ["tool:1"]);
        assert_eq!(
            last("TAG=2\nrun \"$REGISTRY/x:${TAG}\""),
            ["ghcr.io/org/x:2"]
        );
        assert_eq!(last("run $UNSET"), Vec::<String>::new());
        assert_eq!(last("run ${TOOL:-x}"), Vec::<String>::new());
        assert_eq!(
            last("if a; then TOOL=b; fi\nrun $TOOL"),
            Vec::<String>::new()
        );
        assert_eq!(last("run $(cat image)"), Vec::<String>::new());
    }

    #[test]
    fn axes_that_multiply_are_given_up() {
        let axis = |name: &str, values: usize| {
            let list: Vec<String> = (1..=values).map(|n| "x".repeat(n)).collect();
            format!("{name}: [{}]", list.join(", "))
        };
        let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
        for (axes, values) in [(5, 1000), (10, 4), (1, 65)] {
            let names = &names[..axes];
            let matrix: Vec<String> = names.iter().map(|n| axis(n, values)).collect();
            let text = format!(
                "on: push\njobs:\n  a:\n    runs-on: x\n    strategy: {{matrix: {{{}}}}}\n    steps: []\n",
                matrix.join(", ")
            );
            let workflow = Workflow::parse(SourceFile::new("w.yml", text));
            let job = workflow.jobs.first().unwrap();
            let around = Surroundings::of_job(&workflow, job);
            let image: String = names
                .iter()
                .map(|n| format!("${{{{ matrix.{n} }}}}"))
                .collect();
            let begin = std::time::Instant::now();
            assert_eq!(around.values_of_part(&image), Values::default(), "{axes}");
            assert!(begin.elapsed().as_secs() < 5, "{axes} x {values}");
        }
        let many = "${{ env.A }}".repeat(10_000);
        assert_eq!(
            Surroundings::default().values_of_part(&many),
            Values::default()
        );
    }
}
