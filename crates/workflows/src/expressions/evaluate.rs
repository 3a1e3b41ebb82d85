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
            let part = self.resolve(part);
            (value, filtered) = step(value, filtered, &part)?;
        }
        Some(value)
    }
}

/// One step into a value. After a `*` the value is a filtered list, and further
/// steps go into each of its elements and drop those that have no such step.
fn step(value: Value, filtered: bool, part: &PathPart) -> Option<(Value, bool)> {
    if matches!(part, PathPart::Computed(_)) {
        return None;
    }
    let elements = match value {
        Value::Array(elements) if filtered => elements,
        single => return Some(step_single(single, part)),
    };
    let mut kept = Vec::new();
    for element in elements {
        match (element, part) {
            (Value::Array(inner), PathPart::Star) => kept.extend(inner),
            (Value::Object(inner), PathPart::Star) => {
                kept.extend(inner.into_iter().map(|(_, value)| value));
            }
            (Value::Array(inner), PathPart::Number(at)) => {
                kept.extend(
                    usize::try_from(*at)
                        .ok()
                        .and_then(|at| inner.into_iter().nth(at)),
                );
            }
            (object, PathPart::Name(name)) => kept.extend(object.property(name).cloned()),
            _ => {}
        }
    }
    Some((Value::Array(kept), true))
}

fn step_single(value: Value, part: &PathPart) -> (Value, bool) {
    match (value, part) {
        (Value::Array(elements), PathPart::Star) => (Value::Array(elements), true),
        (Value::Object(entries), PathPart::Star) => (
            Value::Array(entries.into_iter().map(|(_, value)| value).collect()),
            true,
        ),
        (Value::Array(elements), PathPart::Number(at)) => {
            let at = usize::try_from(*at).unwrap_or(usize::MAX);
            (elements.into_iter().nth(at).unwrap_or(Value::Null), false)
        }
        (Value::Array(elements), PathPart::Name(name)) => {
            let at = constant_step(&Value::Number(Value::from(name.as_str()).to_number()));
            match at {
                Some(PathPart::Number(at)) => {
                    step_single(Value::Array(elements), &PathPart::Number(at))
                }
                _ => (Value::Null, false),
            }
        }
        (object, PathPart::Name(name)) => {
            (object.property(name).cloned().unwrap_or(Value::Null), false)
        }
        (object, PathPart::Number(at)) => (
            object
                .property(&at.to_string())
                .cloned()
                .unwrap_or(Value::Null),
            false,
        ),
        // `*` on what has no elements gives an empty filtered list.
        (_, PathPart::Star) => (Value::Array(Vec::new()), true),
        (_, PathPart::Computed(_)) => (Value::Null, false),
    }
}
