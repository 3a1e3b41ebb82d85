//! The tree of an expression and the questions rules ask of it.

use std::ops::Range;

use super::{ContextPath, PathPart, Value};

/// An operator with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `&&`: the left operand if it is falsy, else the right one.
    And,
    /// `||`: the left operand if it is truthy, else the right one.
    Or,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Operator {
    /// Whether the operator compares its operands.
    #[must_use]
    pub fn is_comparison(self) -> bool {
        !matches!(self, Self::And | Self::Or)
    }
}

/// An expression with its place. Two are equal if they mean the same, wherever
/// they stand.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands: bytes in the text that was handed in. Parentheses
    /// belong to it.
    pub range: Range<usize>,
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

/// The kinds of expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A constant.
    Literal(Value),
    /// A path into a context.
    Context(ContextPath),
    /// A function call.
    Call {
        /// The function's name in lower case.
        function: String,
        /// Its arguments.
        args: Vec<Expr>,
    },
    /// Steps into the value of something that is no plain path, such as
    /// `fromJSON(env.X).name` or `(github.event.issue || github.event.pull_request).title`.
    Index {
        /// What is stepped into.
        base: Box<Expr>,
        /// The steps.
        parts: Vec<PathPart>,
        /// The paths that may flow into the value, with the steps appended
        /// wherever the base is a path or a choice between paths.
        paths: Vec<ContextPath>,
    },
    /// Two operands.
    Binary {
        /// Which operator.
        op: Operator,
        /// The left operand.
        left: Box<Expr>,
        /// The right operand.
        right: Box<Expr>,
    },
    /// `!x`
    Not(Box<Expr>),
    /// Text with expressions in it, joined to a string: what GitHub makes of
    /// an `if:` that has anything outside of `${{ }}`. True whenever any piece
    /// of plain text is not empty.
    Text(Vec<Expr>),
}

impl Expr {
    /// All paths into contexts, also those in conditions and in indices.
    #[must_use]
    pub fn contexts(&self) -> Vec<&ContextPath> {
        let mut found = Vec::new();
        self.collect_contexts(&mut found);
        found
    }

    fn collect_contexts<'e>(&'e self, found: &mut Vec<&'e ContextPath>) {
        match &self.kind {
            ExprKind::Literal(_) => {}
            ExprKind::Context(path) => {
                found.push(path);
                collect_computed(&path.parts, found);
            }
            ExprKind::Index { base, parts, paths } => {
                found.extend(paths);
                collect_computed(parts, found);
                let inner = base.contexts();
                found.extend(inner.into_iter().filter(|context| {
                    // Those that flow on stand in `paths` already, in full length.
                    !paths.iter().any(|path| path.range == context.range)
                }));
            }
            ExprKind::Call { args: inner, .. } | ExprKind::Text(inner) => {
                for expr in inner {
                    expr.collect_contexts(found);
                }
            }
            ExprKind::Binary { left, right, .. } => {
                left.collect_contexts(found);
                right.collect_contexts(found);
            }
            ExprKind::Not(inner) => inner.collect_contexts(found),
        }
    }

    /// The condition, the value and the other value of `condition && value ||
    /// other`, which stands for a choice.
    #[must_use]
    pub fn choice(&self) -> Option<[&Self; 3]> {
        let ExprKind::Binary {
            op: Operator::Or,
            left,
            right: other,
        } = &self.kind
        else {
            return None;
        };
        let ExprKind::Binary {
            op: Operator::And,
            left: condition,
            right: value,
        } = &left.kind
        else {
            return None;
        };
        Some([condition, value, other])
    }

    /// The paths whose value can become part of this expression's value. A path
    /// that is only compared, tested or hashed is not among them; of `a && b`
    /// only `b`, since `a` comes through only where it is falsy.
    #[must_use]
    pub fn value_contexts(&self) -> Vec<&ContextPath> {
        let mut found = Vec::new();
        self.collect_values(&mut found);
        found
    }

    fn collect_values<'e>(&'e self, found: &mut Vec<&'e ContextPath>) {
        match &self.kind {
            ExprKind::Literal(_) | ExprKind::Not(_) => {}
            ExprKind::Context(path) => found.push(path),
            ExprKind::Index { paths, .. } => found.extend(paths),
            ExprKind::Call { function, args } => {
                for arg in value_arguments(function, args) {
                    arg.collect_values(found);
                }
            }
            ExprKind::Text(pieces) => {
                for piece in pieces {
                    piece.collect_values(found);
                }
            }
            ExprKind::Binary { op, left, right } => {
                if *op == Operator::Or {
                    left.collect_values(found);
                }
                if !op.is_comparison() {
                    right.collect_values(found);
                }
            }
        }
    }

    /// The arguments of a call whose value can become part of its result: all
    /// of `format`, none of `contains`. Empty for everything that is no call.
    #[must_use]
    pub fn value_arguments(&self) -> Vec<&Self> {
        match &self.kind {
            ExprKind::Call { function, args } => value_arguments(function, args),
            _ => Vec::new(),
        }
    }

    /// The operands of an outermost chain of `&&`, in order; the expression
    /// itself if it is none. All of them hold where the expression is true.
    #[must_use]
    pub fn conjuncts(&self) -> Vec<&Expr> {
        self.chain(Operator::And)
    }

    /// The operands of an outermost chain of `||`, in order; the expression
    /// itself if it is none. One of them holds where the expression is true.
    #[must_use]
    pub fn disjuncts(&self) -> Vec<&Expr> {
        self.chain(Operator::Or)
    }

    /// The operands of a chain of one operator, in order.
    pub(super) fn chain(&self, operator: Operator) -> Vec<&Expr> {
        let mut operands = Vec::new();
        let mut waiting = vec![self];
        while let Some(expr) = waiting.pop() {
            match &expr.kind {
                ExprKind::Binary { op, left, right } if *op == operator => {
                    waiting.push(right);
                    waiting.push(left);
                }
                _ => operands.push(expr),
            }
        }
        operands
    }

    /// The operator and operands, if this is a comparison.
    #[must_use]
    pub fn is_comparison(&self) -> Option<(Operator, &Expr, &Expr)> {
        match &self.kind {
            ExprKind::Binary { op, left, right } if op.is_comparison() => Some((*op, left, right)),
            _ => None,
        }
    }

    /// The path, if this is one.
    #[must_use]
    pub fn as_context(&self) -> Option<&ContextPath> {
        match &self.kind {
            ExprKind::Context(path) => Some(path),
            _ => None,
        }
    }

    /// The string, if this is a string constant.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::Literal(value) => value.as_str(),
            _ => None,
        }
    }

    /// The arguments, if this is a call of `function` (in lower case).
    #[must_use]
    pub fn as_call(&self, function: &str) -> Option<&[Expr]> {
        match &self.kind {
            ExprKind::Call {
                function: name,
                args,
            } if name == function => Some(args),
            _ => None,
        }
    }

    /// Whether a status function (`success`, `failure`, `always`, `cancelled`)
    /// is called anywhere. GitHub puts `success() &&` before an `if:` without one.
    #[must_use]
    pub fn asks_for_status(&self) -> bool {
        let mut found = false;
        self.visit(&mut |expr| {
            if let ExprKind::Call { function, .. } = &expr.kind {
                found |= matches!(
                    function.as_str(),
                    "success" | "failure" | "always" | "cancelled"
                );
            }
        });
        found
    }

    /// Whether `function` (in lower case) is called anywhere.
    #[must_use]
    pub fn calls(&self, function: &str) -> bool {
        let mut found = false;
        self.visit(&mut |expr| found |= expr.as_call(function).is_some());
        found
    }

    /// Calls `visitor` for this expression and everything inside it, outer
    /// before inner, left before right.
    pub fn visit<'e>(&'e self, visitor: &mut dyn FnMut(&'e Expr)) {
        let mut waiting = vec![self];
        while let Some(expr) = waiting.pop() {
            visitor(expr);
            match &expr.kind {
                ExprKind::Literal(_) => {}
                ExprKind::Context(path) => waiting.extend(computed(&path.parts).rev()),
                ExprKind::Call { args: inner, .. } | ExprKind::Text(inner) => {
                    waiting.extend(inner.iter().rev());
                }
                ExprKind::Index { base, parts, .. } => {
                    waiting.extend(computed(parts).rev());
                    waiting.push(base);
                }
                ExprKind::Binary { left, right, .. } => {
                    waiting.push(right);
                    waiting.push(left);
                }
                ExprKind::Not(inner) => waiting.push(inner),
            }
        }
    }
}

/// The expressions in the steps of a path.
fn computed(parts: &[PathPart]) -> impl DoubleEndedIterator<Item = &Expr> {
    parts.iter().filter_map(|part| match part {
        PathPart::Computed(index) => Some(&**index),
        _ => None,
    })
}

fn collect_computed<'e>(parts: &'e [PathPart], found: &mut Vec<&'e ContextPath>) {
    for index in computed(parts) {
        index.collect_contexts(found);
    }
}

/// The arguments of a call whose value can become part of its result.
pub(super) fn value_arguments<'e>(function: &str, args: &'e [Expr]) -> Vec<&'e Expr> {
    match function {
        "tojson" | "fromjson" | "format" | "join" => args.iter().collect(),
        // `case(test, value, test, value, …, default)`: tests are booleans.
        "case" => {
            let last = args.len().saturating_sub(1);
            let flows = |(at, arg)| (at % 2 == 1 || at == last).then_some(arg);
            args.iter().enumerate().filter_map(flows).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed unwrap or index is a failed test"
)]
mod tests {
    use super::super::condition;
    use super::*;

    fn values(text: &str) -> Vec<String> {
        condition(text)
            .unwrap()
            .value_contexts()
            .iter()
            .map(|path| path.text())
            .collect()
    }

    fn all(text: &str) -> Vec<String> {
        condition(text)
            .unwrap()
            .contexts()
            .iter()
            .map(|path| path.text())
            .collect()
    }

    #[test]
    fn values_flow_through_choices_and_not_through_tests() {
        assert_eq!(values("a.b == 'x' && c.d || e.f"), ["c.d", "e.f"]);
        assert_eq!(values("!a.b"), Vec::<String>::new());
        assert_eq!(values("contains(a.b, c.d) && format('{0}', e.f)"), ["e.f"]);
        assert_eq!(values("case(a.x, a.y, b.x, b.y, c)"), ["a.y", "b.y", "c"]);
        assert_eq!(values("hashFiles(a.b)"), Vec::<String>::new());
        assert_eq!(
            values("join(github.event.commits.*.message, env.SEP)").len(),
            2
        );
        assert_eq!(values("x[y.z]"), ["x.[…]"]);
        assert_eq!(all("x[y.z]"), ["x.[…]", "y.z"]);
        assert_eq!(values("pre ${{ a.b }} mid ${{ c.d == 1 }}"), ["a.b"]);
    }

    #[test]
    fn steps_into_a_choice_give_every_whole_path() {
        let text = "(github.event.issue || github.event.pull_request).title";
        assert_eq!(
            values(text),
            [
                "github.event.issue.title",
                "github.event.pull_request.title"
            ]
        );
        assert_eq!(all(text), values(text));
        assert_eq!(
            values("(github.event).issue['title']"),
            ["github.event.issue.title"]
        );
        // Behind a function the path is not the value's own.
        assert_eq!(values("fromJSON(env.DATA).name"), ["env.data"]);
        assert_eq!(
            values("((fromJSON(a.b).c || d.e).f || g).h"),
            ["a.b", "d.e.f.h", "g.h"]
        );
        assert_eq!(all("(a.test && b)[c.d].e"), ["b.[…].e", "c.d", "a.test"]);
    }

    #[test]
    fn chains_are_flattened_in_order() {
        let expr = condition("a && (b && c) && (d || e || f)").unwrap();
        let conjuncts = expr.conjuncts();
        assert_eq!(conjuncts.len(), 4);
        assert!(conjuncts[1].as_context().unwrap().is("b"));
        assert_eq!(conjuncts[3].disjuncts().len(), 3);
        assert_eq!(expr.disjuncts().len(), 1);
        assert!(expr.is_comparison().is_none());
    }

    #[test]
    fn precedence_is_githubs() {
        let expr = condition("!a == b || c < d && e").unwrap();
        let or = expr.disjuncts();
        assert!(matches!(
            or[0].is_comparison(),
            Some((Operator::Equal, _, _))
        ));
        assert_eq!(or[1].conjuncts().len(), 2);
    }

    #[test]
    fn every_part_is_visited_outer_first() {
        let expr = condition("format('{0}', a[b]) == fromJSON(c)[d].e && always()").unwrap();
        let mut seen = Vec::new();
        expr.visit(&mut |part| {
            seen.push(match &part.kind {
                ExprKind::Literal(_) => "literal".to_owned(),
                ExprKind::Context(path) => path.text(),
                ExprKind::Call { function, .. } => function.clone(),
                ExprKind::Index { .. } => "index".to_owned(),
                other => format!("{other:?}")
                    .chars()
                    .take_while(|c| c.is_alphabetic())
                    .collect(),
            });
        });
        assert_eq!(
            seen,
            [
                "Binary", "Binary", "format", "literal", "a.[…]", "b", "index", "fromjson", "c",
                "d", "always"
            ]
        );
        assert!(expr.asks_for_status());
        assert!(!condition("a == 'success()'").unwrap().asks_for_status());
    }
}
