//! Evaluation with three answers: known, known to be true or false, unknown.

use std::cell::Cell;

use super::convert::constant_step;
use super::functions;
use super::path::PathPart;
use super::{ContextPath, Expr, ExprKind, Operator, Value};

/// Most bytes of strings that one evaluation builds: nested `format` doubles
/// its output at every level. What would exceed it is unknown.
const BUDGET: usize = 256 * 1024;

/// What is known of a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    /// The value itself.
    Known(Value),
    /// Not the value, but that it is truthy.
    Truthy,
    /// Not the value, but that it is falsy.
    Falsy,
    /// Nothing.
    Unknown,
}

impl Outcome {
    /// Whether it is true, if that is known.
    pub(super) fn truth(&self) -> Option<bool> {
        match self {
            Self::Known(value) => Some(value.is_truthy()),
            Self::Truthy => Some(true),
            Self::Falsy => Some(false),
            Self::Unknown => None,
        }
    }

    fn from_option(value: Option<Value>) -> Self {
        value.map_or(Self::Unknown, Self::Known)
    }
}

/// What the caller knows of contexts; `None` for what is unknown.
type Lookup<'a> = &'a dyn Fn(&ContextPath) -> Option<Value>;

impl Expr {
    /// The value of a constant expression, by GitHub's semantics. `None` if it
    /// depends on a run, or if GitHub would fail to evaluate it.
    #[must_use]
    pub fn fold(&self) -> Option<Value> {
        match Evaluation::new(&|_| None).outcome(self) {
            Outcome::Known(value) => Some(value),
            _ => None,
        }
    }

    /// The value given what is known of contexts. `None` is unknown, both from
    /// `lookup` and as the answer. Where the value is unknown but its truth is
    /// not, as in `unknown && false`, the answer is that truth as a boolean.
    #[must_use]
    pub fn evaluate_with(&self, lookup: &dyn Fn(&ContextPath) -> Option<Value>) -> Option<Value> {
        match Evaluation::new(lookup).outcome(self) {
            Outcome::Known(value) => Some(value),
            other => other.truth().map(Value::Bool),
        }
    }

    /// Whether the expression is true given what is known of contexts; `None`
    /// if it may be either.
    #[must_use]
    pub fn truth_with(&self, lookup: &dyn Fn(&ContextPath) -> Option<Value>) -> Option<bool> {
        Evaluation::new(lookup).outcome(self).truth()
    }
}

/// One evaluation with its budget.
pub(super) struct Evaluation<'a> {
    lookup: Lookup<'a>,
    left: Cell<usize>,
}

impl<'a> Evaluation<'a> {
    fn new(lookup: Lookup<'a>) -> Self {
        Self {
            lookup,
            left: Cell::new(BUDGET),
        }
    }

    /// Takes bytes from the budget; `None` if there are not enough.
    pub(super) fn spend(&self, bytes: usize) -> Option<()> {
        self.left.set(self.left.get().checked_sub(bytes)?);
        Some(())
    }

    pub(super) fn outcome(&self, expr: &Expr) -> Outcome {
        match &expr.kind {
            ExprKind::Literal(value) => Outcome::Known(value.clone()),
            ExprKind::Context(path) => Outcome::from_option(self.context(path)),
            ExprKind::Call { function, args } => functions::call(self, function, args),
            ExprKind::Index { base, parts, .. } => Outcome::from_option(self.index(base, parts)),
            ExprKind::Not(inner) => match self.outcome(inner).truth() {
                Some(truth) => Outcome::Known(Value::Bool(!truth)),
                None => Outcome::Unknown,
            },
            ExprKind::Binary {
                op: op @ (Operator::And | Operator::Or),
                ..
            } => self.chain(*op, &expr.chain(*op)),
            ExprKind::Binary { op, left, right } => {
                match (self.outcome(left), self.outcome(right)) {
                    (Outcome::Known(left), Outcome::Known(right)) => {
                        Outcome::from_option(left.compare(*op, &right).map(Value::Bool))
                    }
                    _ => Outcome::Unknown,
                }
            }
            ExprKind::Text(pieces) => self.text(pieces),
        }
    }

    /// A chain of `&&` or of `||`; both are associative, also in their values.
    fn chain(&self, operator: Operator, operands: &[&Expr]) -> Outcome {
        // The truth that ends the chain early.
        let decisive = operator == Operator::Or;
        let mut so_far = Outcome::Known(Value::Bool(!decisive));
        for operand in operands {
            match so_far.truth() {
                Some(truth) if truth == decisive => return so_far,
                Some(_) => so_far = self.outcome(operand),
                None if self.outcome(operand).truth() == Some(decisive) => {
                    return if decisive {
                        Outcome::Truthy
                    } else {
                        Outcome::Falsy
                    };
                }
                None => {}
            }
        }
        so_far
    }

    /// Pieces joined to a string.
    fn text(&self, pieces: &[Expr]) -> Outcome {
        let outcomes: Vec<Outcome> = pieces.iter().map(|piece| self.outcome(piece)).collect();
        self.concatenate(&outcomes)
    }

    /// Outcomes joined to a string; truthy as soon as one part is not empty.
    pub(super) fn concatenate(&self, parts: &[Outcome]) -> Outcome {
        let mut joined = Some(String::new());
        let mut filled = false;
        for part in parts {
            let text = match part {
                Outcome::Known(value) => value.to_text(),
                _ => None,
            };
            filled |= text.as_ref().is_some_and(|text| !text.is_empty());
            joined = joined.zip(text).and_then(|(mut joined, text)| {
                self.spend(text.len())?;
                joined.push_str(&text);
                Some(joined)
            });
        }
        match joined {
            Some(joined) => Outcome::Known(Value::String(joined)),
            None if filled => Outcome::Truthy,
            None => Outcome::Unknown,
        }
    }

    fn context(&self, path: &ContextPath) -> Option<Value> {
        if path
            .parts
            .iter()
            .any(|part| matches!(part, PathPart::Computed(_)))
        {
            let mut resolved = ContextPath::empty(path.range.clone());
            for part in &path.parts {
                resolved.push(self.resolve(part));
            }
            return (self.lookup)(&resolved);
        }
        (self.lookup)(path)
    }

    /// A step with its index evaluated, where that is known.
    fn resolve(&self, part: &PathPart) -> PathPart {
        if let PathPart::Computed(index) = part
            && let Outcome::Known(value) = self.outcome(index)
            && let Some(step) = constant_step(&value)
        {
            return step;
        }
        part.clone()
    }

    fn index(&self, base: &Expr, parts: &[PathPart]) -> Option<Value> {
        let Outcome::Known(mut value) = self.outcome(base) else {
            return None;
        };
        let mut filtered = false;
        for part in parts {
            let key = match part {
                PathPart::Star => None,
                PathPart::Name(name) => Some(Value::from(name.as_str())),
                #[expect(clippy::cast_precision_loss, reason = "indices are below 2^32")]
                PathPart::Number(at) => Some(Value::Number(*at as f64)),
                PathPart::Computed(index) => match self.outcome(index) {
                    Outcome::Known(key) => Some(key),
                    _ => return None,
                },
            };
            value = step(value, &mut filtered, key.as_ref())?;
        }
        Some(value)
    }
}

/// One step into a value, by a key or, without one, to all elements. After a
/// `*` the value is a filtered list: further steps go into each of its elements
/// and drop those that have no such element.
fn step(value: Value, filtered: &mut bool, key: Option<&Value>) -> Option<Value> {
    let inside = *filtered;
    match (value, key) {
        (Value::Array(elements), None) if inside => Some(Value::Array(
            elements.into_iter().flat_map(children).collect(),
        )),
        (Value::Array(elements), Some(key)) if inside => {
            let mut kept = Vec::new();
            for element in elements {
                kept.extend(child(element, key)?);
            }
            Some(Value::Array(kept))
        }
        (value, None) => {
            *filtered = true;
            Some(Value::Array(children(value)))
        }
        (value, Some(key)) => Some(child(value, key)?.unwrap_or(Value::Null)),
    }
}

/// All elements of a list or values of an object.
fn children(value: Value) -> Vec<Value> {
    match value {
        Value::Array(elements) => elements,
        Value::Object(entries) => entries.into_iter().map(|(_, value)| value).collect(),
        _ => Vec::new(),
    }
}

/// The element at a key, inner nothing if there is none; outer nothing if the
/// key's own text is unknown. Lists take the key as a number rounded down,
/// objects take it as a string.
fn child(value: Value, key: &Value) -> Option<Option<Value>> {
    match value {
        _ if !key.is_primitive() => Some(None),
        Value::Array(elements) => match constant_step(&Value::Number(key.to_number().floor())) {
            Some(PathPart::Number(at)) => {
                let at = usize::try_from(at).unwrap_or(usize::MAX);
                Some(elements.into_iter().nth(at))
            }
            _ => Some(None),
        },
        Value::Object(_) => Some(value.property(&key.to_text()?).cloned()),
        _ => Some(None),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::super::condition;
    use super::*;

    fn fold(text: &str) -> Option<Value> {
        condition(text).unwrap().fold()
    }

    /// Knows the event's name and nothing else.
    fn event(name: &'static str) -> impl Fn(&ContextPath) -> Option<Value> {
        move |path| path.is("github.event_name").then(|| Value::from(name))
    }

    fn truth(text: &str, name: &'static str) -> Option<bool> {
        condition(text).unwrap().truth_with(&event(name))
    }

    #[test]
    fn and_and_or_give_operands() {
        assert_eq!(fold("'a' && 'b'"), Some(Value::from("b")));
        assert_eq!(fold("'' && 'b'"), Some(Value::from("")));
        assert_eq!(fold("'' || 0 || null"), Some(Value::Null));
        assert_eq!(fold("false || 'x' || 'y'"), Some(Value::from("x")));
        assert_eq!(fold("1 && 0 || 'default'"), Some(Value::from("default")));
        assert_eq!(fold("!''"), Some(Value::Bool(true)));
    }

    #[test]
    fn unknown_is_decided_only_by_what_decides_it() {
        assert_eq!(fold("inputs.x && false"), None);
        let nothing = |_: &ContextPath| None;
        for (text, expected) in [
            ("inputs.x && false", Some(false)),
            ("false && inputs.x", Some(false)),
            ("inputs.x && true", None),
            ("inputs.x || true", Some(true)),
            ("true || inputs.x", Some(true)),
            ("inputs.x || false", None),
            ("inputs.x && inputs.y && '' && inputs.z", Some(false)),
            ("!(inputs.x && false)", Some(true)),
            ("(inputs.x && false) || (inputs.y || 1)", Some(true)),
            ("(inputs.x && false) == false", None),
            ("inputs.x == inputs.x", None),
            ("success() && false", Some(false)),
            ("always() || failure()", Some(true)),
            ("failure()", None),
            ("hashFiles('**/Cargo.lock') == ''", None),
        ] {
            assert_eq!(
                condition(text).unwrap().truth_with(&nothing),
                expected,
                "{text}"
            );
        }
        let answer = condition("inputs.x && false")
            .unwrap()
            .evaluate_with(&nothing);
        assert_eq!(answer, Some(Value::Bool(false)));
    }

    #[test]
    fn a_condition_is_decided_for_an_event() {
        let forks = "github.event_name != 'pull_request_target' || \
                     github.event.pull_request.head.repo.full_name == github.repository";
        assert_eq!(truth(forks, "push"), Some(true));
        assert_eq!(truth(forks, "pull_request_target"), None);
        let pushed = "github.event_name == 'Push' && startsWith(github.ref, 'refs/tags/')";
        assert_eq!(truth(pushed, "push"), None);
        assert_eq!(truth(pushed, "issue_comment"), Some(false));
        let listed = "contains(fromJSON('[\"push\", \"schedule\"]'), github.event_name)";
        assert_eq!(truth(listed, "schedule"), Some(true));
        assert_eq!(truth(listed, "pull_request_target"), Some(false));
        assert_eq!(
            truth("contains('push,schedule', github.event_name)", "push"),
            Some(true)
        );
    }

    #[test]
    fn a_computed_step_is_looked_up_once_it_is_known() {
        let lookup = |path: &ContextPath| match path.text().as_str() {
            "matrix.kind" => Some(Value::from("Token")),
            "secrets.token" => Some(Value::from("s")),
            _ => None,
        };
        let expr = condition("secrets[matrix.kind]").unwrap();
        assert_eq!(expr.evaluate_with(&lookup), Some(Value::from("s")));
        assert_eq!(
            condition("secrets[matrix.other]")
                .unwrap()
                .evaluate_with(&lookup),
            None
        );
    }

    #[test]
    fn steps_into_known_values() {
        for (text, expected) in [
            ("fromJSON('{\"A\": {\"b\": 1}}').a.B", Value::Number(1.0)),
            ("fromJSON('{\"a\": 1}').missing.more", Value::Null),
            ("fromJSON('[5, 6]')[1.9]", Value::Number(6.0)),
            ("fromJSON('[5, 6]')[true]", Value::Number(6.0)),
            ("fromJSON('[5, 6]')[-1]", Value::Null),
            ("fromJSON('{\"0.5\": 7}')[.5]", Value::Number(7.0)),
            (
                "join(fromJSON('[{\"n\": 1}, {}, {\"n\": 2}]').*.n)",
                Value::from("1,2"),
            ),
            (
                "join(fromJSON('{\"x\": [1, 2], \"y\": [3]}').*.*)",
                Value::from("1,2,3"),
            ),
            (
                "join(fromJSON('[[1, 2], [3], [4, 5]]')[*][1])",
                Value::from("2,5"),
            ),
        ] {
            assert_eq!(fold(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn doubling_output_stays_within_the_budget() {
        let mut text = "'0123456789'".to_owned();
        for _ in 0..40 {
            text = format!("format('{{0}}{{0}}', {text})");
        }
        assert_eq!(condition(&text).unwrap().fold(), None);
        let short = condition("format('{0}{0}', format('{0}{0}', 'ab'))").unwrap();
        assert_eq!(short.fold(), Some(Value::from("abababab")));
    }
}
