//! Conditions that leave a value no freedom.
//!
//! Source: GitHub, "Evaluate expressions", operators and `contains`. GitHub
//! compares strings without case, which changes no character that matters.

use cofferdam_workflows::expressions::{Expr, ExprKind, Operator, Value};

/// Whether the expression can be true only where the path has one of a few
/// constant values.
pub(crate) fn pins(condition: &Expr, path: &str) -> bool {
    holds(condition, path, true, 0)
}

// Whether the expression being `wanted` fixes the path.
fn holds(expr: &Expr, path: &str, wanted: bool, depth: usize) -> bool {
    if depth > 64 {
        return false;
    }
    match &expr.kind {
        ExprKind::Not(inner) => holds(inner, path, !wanted, depth + 1),
        ExprKind::Binary { op, left, right } if !op.is_comparison() => {
            let sides = [left, right].map(|side| holds(side, path, wanted, depth + 1));
            if (*op == Operator::And) == wanted {
                sides.contains(&true)
            } else {
                sides == [true, true]
            }
        }
        ExprKind::Binary { op, left, right } => {
            let equal = match op {
                Operator::Equal => wanted,
                Operator::NotEqual => !wanted,
                _ => false,
            };
            equal
                && (is_path(left, path) && is_constant(right)
                    || is_path(right, path) && is_constant(left))
        }
        // contains(fromJSON('["a", "b"]'), x): x is one of them. With a string
        // it is a part of the string.
        ExprKind::Call { function, args } if function == "contains" && wanted => match &args[..] {
            [list, value] => is_path(value, path) && is_constant(list),
            _ => false,
        },
        _ => false,
    }
}

fn is_path(expr: &Expr, path: &str) -> bool {
    expr.as_context()
        .is_some_and(|context| context.text() == path)
}

// A constant text, and none that could be spliced into code by itself.
fn is_constant(expr: &Expr) -> bool {
    let text = match &expr.kind {
        ExprKind::Literal(Value::String(text)) => text,
        ExprKind::Literal(_) => return true,
        ExprKind::Call { function, args } if function == "fromjson" => {
            match args.first().map(|arg| &arg.kind) {
                Some(ExprKind::Literal(Value::String(text))) => text,
                _ => return false,
            }
        }
        _ => return false,
    };
    !text.contains(['$', '`', ';', '\'', '|', '&'])
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use cofferdam_workflows::expressions::condition;

    use super::*;

    #[test]
    fn only_comparisons_with_constants_pin_a_value() {
        let pinned = [
            "a.b == 'x'",
            "'x' == A.B",
            "a.b == 'x' || a.b == 'y'",
            "c && (a.b == 'x' && d)",
            "!(a.b != 'x')",
            "contains(fromJSON('[\"x\",\"y\"]'), a.b)",
            "contains('x y', a.b)",
        ];
        for text in pinned {
            assert!(pins(&condition(text).unwrap(), "a.b"), "{text}");
        }
        let open = [
            "a.b != 'x'",
            "a.b == c.d",
            "a.b == 'x' || c",
            "!(a.b == 'x')",
            "contains(a.b, 'x')",
            "startsWith(a.b, 'x')",
            "a.c == 'x'",
            "a.b",
            "a.b == '$(x)'",
        ];
        for text in open {
            assert!(!pins(&condition(text).unwrap(), "a.b"), "{text}");
        }
    }
}
