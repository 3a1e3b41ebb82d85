//! From the grammar's borrowed tree to the owned one.

use std::ops::Range;

use github_actions_expressions::call::{self, Function};
use github_actions_expressions::context::Context;
use github_actions_expressions::literal::Literal;
use github_actions_expressions::op::{BinExpr, BinOp};
use github_actions_expressions::{Error, Expr as Parsed, SpannedExpr};

use super::tree::value_arguments;
use super::{
    ContextPath, Expr, ExprKind, ExpressionError, MAX_DEPTH, MAX_LENGTH, MAX_OPERATORS, Operator,
    PathPart, Value,
};

/// Most steps in all paths that one `Index` spreads out to. Each choice in its
/// base makes a path of its own, so nested choices would multiply.
const MAX_SPREAD: usize = 4_096;

/// Parses the inside of an expression. `start` is where `text` begins in the
/// text that was handed in by the caller.
pub(super) fn parse(text: &str, start: usize) -> Result<Expr, ExpressionError> {
    if text.trim().is_empty() {
        return Err(ExpressionError::Empty);
    }
    // GitHub counts UTF-16 code units of the trimmed text; bytes are never fewer.
    if text.trim().len() > MAX_LENGTH && text.trim().encode_utf16().count() > MAX_LENGTH {
        return Err(ExpressionError::TooLong);
    }
    if operators(text) > MAX_OPERATORS {
        return Err(ExpressionError::TooComplex);
    }
    match Parsed::parse(text) {
        Ok(parsed) => Conversion { start }.expr(&parsed),
        Err(error) => Err(failure(error, start)),
    }
}

/// Counts binary operators outside of string literals before anything is
/// built: a long chain of them is a tree as deep as the chain is long.
fn operators(text: &str) -> usize {
    let mut in_string = false;
    let mut previous = b' ';
    let mut count = 0;
    for byte in text.bytes() {
        match byte {
            b'\'' => in_string = !in_string,
            b'&' | b'|' if !in_string && byte == previous => count += 1,
            b'<' | b'>' if !in_string => count += 1,
            b'=' if !in_string && matches!(previous, b'=' | b'!') => count += 1,
            _ => {}
        }
        previous = byte;
    }
    count
}

fn failure(error: Error, start: usize) -> ExpressionError {
    match error {
        Error::Syntax(error) => ExpressionError::Syntax {
            message: error.message,
            offset: start + error.offset,
        },
        Error::Depth => ExpressionError::TooDeep,
        Error::Call(call::Error::UnknownFunction(name)) => ExpressionError::UnknownFunction(name),
        Error::Call(call::Error::Arity(function, expected)) => ExpressionError::Arity {
            function: function_name(function),
            expected,
        },
    }
}

fn function_name(function: Function) -> &'static str {
    match function {
        Function::Contains => "contains",
        Function::StartsWith => "startswith",
        Function::EndsWith => "endswith",
        Function::Format => "format",
        Function::Join => "join",
        Function::ToJSON => "tojson",
        Function::FromJSON => "fromjson",
        Function::HashFiles => "hashfiles",
        Function::Case => "case",
        Function::Success => "success",
        Function::Always => "always",
        Function::Cancelled => "cancelled",
        Function::Failure => "failure",
    }
}

fn operator(operator: &BinOp) -> Operator {
    match operator {
        BinOp::And => Operator::And,
        BinOp::Or => Operator::Or,
        BinOp::Eq => Operator::Equal,
        BinOp::Neq => Operator::NotEqual,
        BinOp::Gt => Operator::Greater,
        BinOp::Ge => Operator::GreaterOrEqual,
        BinOp::Lt => Operator::Less,
        BinOp::Le => Operator::LessOrEqual,
    }
}

/// One conversion with the offset that all its ranges are moved by.
struct Conversion {
    start: usize,
}

impl Conversion {
    fn range(&self, parsed: &SpannedExpr<'_>) -> Range<usize> {
        let span = parsed.origin.span;
        self.start + span.start..self.start + span.end
    }

    fn expr(&self, parsed: &SpannedExpr<'_>) -> Result<Expr, ExpressionError> {
        let kind = match &parsed.inner {
            Parsed::Literal(literal) => ExprKind::Literal(value(literal)),
            Parsed::BinExpr(_) => return self.binary(parsed),
            Parsed::UnExpr { expr, .. } => ExprKind::Not(Box::new(self.expr(expr)?)),
            Parsed::Call(call) => ExprKind::Call {
                function: function_name(call.func).to_owned(),
                args: call
                    .args
                    .iter()
                    .map(|arg| self.expr(arg))
                    .collect::<Result<_, _>>()?,
            },
            Parsed::Context(context) => self.context(context, parsed)?,
            Parsed::Identifier(name) => {
                let mut path = ContextPath::empty(self.range(parsed));
                path.push_name(name.as_str());
                ExprKind::Context(path)
            }
            // The grammar lets these stand inside of a path only.
            Parsed::Star | Parsed::Index(_) => return Err(self.misplaced(parsed)),
        };
        Ok(Expr {
            kind,
            range: self.range(parsed),
        })
    }

    fn misplaced(&self, parsed: &SpannedExpr<'_>) -> ExpressionError {
        ExpressionError::Syntax {
            message: "an index stands without a context",
            offset: self.range(parsed).start,
        }
    }

    /// Walks down the left spine in a loop: it is as long as the chain.
    fn binary(&self, parsed: &SpannedExpr<'_>) -> Result<Expr, ExpressionError> {
        let mut spine = Vec::new();
        let mut left = parsed;
        while let Parsed::BinExpr(BinExpr { lhs, op, rhs }) = &left.inner {
            spine.push((operator(op), rhs, self.range(left)));
            left = lhs;
        }
        let mut expr = self.expr(left)?;
        while let Some((op, right, range)) = spine.pop() {
            let (left, right) = (Box::new(expr), Box::new(self.expr(right)?));
            expr = Expr {
                kind: ExprKind::Binary { op, left, right },
                range,
            };
        }
        Ok(expr)
    }

    fn context(
        &self,
        context: &Context<'_>,
        parsed: &SpannedExpr<'_>,
    ) -> Result<ExprKind, ExpressionError> {
        if context.parts.len() > MAX_DEPTH {
            return Err(ExpressionError::TooDeep);
        }
        let Some((head, rest)) = context.parts.split_first() else {
            return Err(self.misplaced(parsed));
        };
        let head = self.expr(head)?;
        let mut steps = ContextPath::empty(self.range(parsed));
        for part in rest {
            self.step(part, &mut steps)?;
        }
        match head.kind {
            ExprKind::Context(mut path) => {
                path.range = self.range(parsed);
                path.extend_from(&steps, 0);
                Ok(ExprKind::Context(path))
            }
            _ => {
                let paths = spread(&head, &steps)?;
                Ok(ExprKind::Index {
                    base: Box::new(head),
                    parts: steps.parts,
                    paths,
                })
            }
        }
    }

    fn step(&self, part: &SpannedExpr<'_>, steps: &mut ContextPath) -> Result<(), ExpressionError> {
        match &part.inner {
            Parsed::Identifier(name) => steps.push_name(name.as_str()),
            Parsed::Star => steps.push(PathPart::Star),
            Parsed::Index(index) => match &index.inner {
                Parsed::Star => steps.push(PathPart::Star),
                _ => {
                    let index = self.expr(index)?;
                    steps.push(
                        index
                            .fold()
                            .and_then(|value| constant_step(&value))
                            .unwrap_or_else(|| PathPart::Computed(Box::new(index))),
                    );
                }
            },
            _ => return Err(self.misplaced(part)),
        }
        Ok(())
    }
}

fn value(literal: &Literal<'_>) -> Value {
    match literal {
        Literal::Number(number) => Value::Number(*number),
        Literal::String(text) => Value::String(text.clone().into_owned()),
        Literal::Boolean(boolean) => Value::Bool(*boolean),
        Literal::Null => Value::Null,
    }
}

/// The step that a constant index is: a name or a whole number.
pub(super) fn constant_step(index: &Value) -> Option<PathPart> {
    match index {
        Value::String(name) => Some(PathPart::Name(name.clone())),
        Value::Number(number) => whole(*number).map(PathPart::Number),
        _ => None,
    }
}

/// A number as an index, if it is whole and below 2^32.
fn whole(number: f64) -> Option<u64> {
    if number.fract() != 0.0 || !(0.0..4_294_967_296.0).contains(&number) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range was just checked"
    )]
    Some(number as u64)
}

/// The paths that flow out of `base` once the `steps` are taken.
fn spread(base: &Expr, steps: &ContextPath) -> Result<Vec<ContextPath>, ExpressionError> {
    let mut flowing = Vec::new();
    collect_flow(base, true, &mut flowing);
    let length: usize = flowing
        .iter()
        .map(|(path, _)| path.parts.len() + steps.parts.len())
        .sum();
    if length > MAX_SPREAD {
        return Err(ExpressionError::TooComplex);
    }
    Ok(flowing
        .into_iter()
        .map(|(path, whole)| {
            let mut path = path.clone();
            if whole {
                path.extend_from(steps, 0);
            }
            path
        })
        .collect())
}

/// Collects the paths that flow out of an expression, each with whether the
/// value is the path's own (so that a further step steps into it), not
/// something made from it.
fn collect_flow<'e>(expr: &'e Expr, whole: bool, found: &mut Vec<(&'e ContextPath, bool)>) {
    match &expr.kind {
        ExprKind::Context(path) => found.push((path, whole)),
        // Its paths stand in the order in which they flow out of its base.
        ExprKind::Index { base, paths, .. } => {
            let mut inner = Vec::new();
            collect_flow(base, whole, &mut inner);
            found.extend(
                paths
                    .iter()
                    .zip(inner)
                    .map(|(path, (_, whole))| (path, whole)),
            );
        }
        ExprKind::Call { function, args } => {
            let whole = whole && function == "case";
            for arg in value_arguments(function, args) {
                collect_flow(arg, whole, found);
            }
        }
        ExprKind::Binary { op, left, right } => {
            if *op == Operator::Or {
                collect_flow(left, whole, found);
            }
            if !op.is_comparison() {
                collect_flow(right, whole, found);
            }
        }
        ExprKind::Literal(_) | ExprKind::Not(_) | ExprKind::Text(_) => {}
    }
}
