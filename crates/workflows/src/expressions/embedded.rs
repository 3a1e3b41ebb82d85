//! Expressions inside of text, and the conditions of `if:`.

use std::ops::Range;

use super::{Expr, ExprKind, ExpressionError, Value, convert};

const OPEN: &str = "${{";
const CLOSE: usize = 2;

/// An expression inside of text.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedded {
    /// Its bytes in the text, with `${{` and `}}`.
    pub range: Range<usize>,
    /// What stands between them.
    pub parsed: Result<Expr, ExpressionError>,
}

/// Finds and parses all expressions in a text, in order. As in GitHub's
/// template reader, `}}` inside of a string literal does not end one. A `${{`
/// that is never closed is the last result, reaches to the end of the text, and
/// is an error.
#[must_use]
pub fn embedded(text: &str) -> Vec<Embedded> {
    ranges(text)
        .into_iter()
        .map(|(range, closed)| {
            let parsed = if closed {
                let inner = range.start + OPEN.len()..range.end - CLOSE;
                let start = inner.start;
                text.get(inner)
                    .ok_or(ExpressionError::Empty)
                    .and_then(|inner| convert::parse(inner, start))
            } else {
                Err(ExpressionError::Unterminated)
            };
            Embedded { range, parsed }
        })
        .collect()
}

/// The ranges of all expressions in a text, each with whether it is closed.
/// Nothing is parsed.
pub(crate) fn ranges(text: &str) -> Vec<(Range<usize>, bool)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find(OPEN)) {
        let start = from + at;
        match close(text.as_bytes(), start + OPEN.len()) {
            Some(end) => {
                found.push((start..end, true));
                from = end;
            }
            None => {
                found.push((start..text.len(), false));
                break;
            }
        }
    }
    found
}

/// The offset after the `}}` that ends the expression whose inside begins at
/// `start`. A doubled quote inside of a literal closes and opens it again,
/// which comes to the same.
fn close(bytes: &[u8], start: usize) -> Option<usize> {
    let mut in_string = false;
    let mut previous = b'{';
    for (at, &byte) in bytes.iter().enumerate().skip(start) {
        if byte == b'\'' {
            in_string = !in_string;
        } else if byte == b'}' && previous == b'}' && !in_string {
            return Some(at + 1);
        }
        previous = byte;
    }
    None
}

/// Parses the condition of an `if:`, with or without `${{ }}`. As on GitHub,
/// anything outside of the braces, even a final line break, makes it a piece of
/// text ([`ExprKind::Text`]), which is true; and nothing at all means
/// `success()`.
///
/// # Errors
/// The first expression in it that cannot be understood.
pub fn condition(text: &str) -> Result<Expr, ExpressionError> {
    if text.trim().is_empty() {
        let kind = ExprKind::Call {
            function: "success".to_owned(),
            args: Vec::new(),
        };
        return Ok(Expr {
            kind,
            range: 0..text.len(),
        });
    }
    let mut pieces = Vec::new();
    let mut end = 0;
    for part in embedded(text) {
        push_text(text, end..part.range.start, &mut pieces);
        end = part.range.end;
        pieces.push(part.parsed?);
    }
    if pieces.is_empty() {
        return convert::parse(text, 0);
    }
    push_text(text, end..text.len(), &mut pieces);
    match (pieces.pop(), pieces.is_empty()) {
        (Some(only), true) => Ok(only),
        (last, _) => {
            pieces.extend(last);
            Ok(Expr {
                kind: ExprKind::Text(pieces),
                range: 0..text.len(),
            })
        }
    }
}

fn push_text(text: &str, range: Range<usize>, pieces: &mut Vec<Expr>) {
    if let Some(piece) = text.get(range.clone()).filter(|piece| !piece.is_empty()) {
        pieces.push(Expr {
            kind: ExprKind::Literal(Value::from(piece)),
            range,
        });
    }
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a failed unwrap or index is a failed test"
)]
mod tests {
    use super::super::{Operator, PathPart};
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        embedded(text)
            .into_iter()
            .map(|part| text.get(part.range).unwrap())
            .collect()
    }

    #[test]
    fn finds_every_expression_with_its_bytes() {
        assert_eq!(found("a ${{ b.c }} d ${{e}}"), ["${{ b.c }}", "${{e}}"]);
        assert_eq!(found("no $ {{ x }} here, nor {{ y }}"), Vec::<&str>::new());
        assert_eq!(found("${{ a }}${{ b }}"), ["${{ a }}", "${{ b }}"]);
        assert_eq!(found("ü ${{ 'ö' }} ß"), ["${{ 'ö' }}"]);
    }

    #[test]
    fn braces_in_a_string_do_not_end_it() {
        assert_eq!(
            found("${{ format('{0}}}', x) }} }}"),
            ["${{ format('{0}}}', x) }}"]
        );
        assert_eq!(found("${{ 'it''s }}' }}"), ["${{ 'it''s }}' }}"]);
        assert_eq!(found("${{ '}'}} '"), ["${{ '}'}}"]);
    }

    #[test]
    fn what_is_not_closed_is_an_error_to_the_end() {
        let parts = embedded("${{ a }} ${{ 'b }} ${{ c }}");
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[1].range, 9..27);
        assert_eq!(parts[1].parsed, Err(ExpressionError::Unterminated));
    }

    #[test]
    fn one_bad_expression_does_not_hide_the_next() {
        let parts = embedded("${{ }} ${{ a b }} ${{ nope(1) }} ${{ contains(a) }} ${{ c }}");
        let errors: Vec<_> = parts.iter().map(|part| part.parsed.clone().err()).collect();
        assert_eq!(errors[0], Some(ExpressionError::Empty));
        assert_eq!(
            errors[1],
            Some(ExpressionError::Syntax {
                message: "unexpected trailing input",
                offset: 13
            })
        );
        assert_eq!(
            errors[2],
            Some(ExpressionError::UnknownFunction("nope".to_owned()))
        );
        assert!(matches!(
            errors[3],
            Some(ExpressionError::Arity {
                function: "contains",
                ..
            })
        ));
        assert!(errors[4].is_none());
    }

    #[test]
    fn ranges_point_into_the_text_handed_in() {
        let text = "run ${{ github.event.issue.title  || (inputs.b) }}";
        let expr = embedded(text).remove(0).parsed.unwrap();
        assert_eq!(
            &text[expr.range.clone()],
            "github.event.issue.title  || (inputs.b)"
        );
        let paths = expr.contexts();
        assert_eq!(&text[paths[0].range.clone()], "github.event.issue.title");
        assert_eq!(&text[paths[1].range.clone()], "(inputs.b)");
    }

    #[test]
    fn a_condition_needs_no_braces() {
        let bare = condition("github.event_name == 'push'").unwrap();
        let braced = condition("${{ github.event_name == 'push' }}").unwrap();
        assert_eq!(bare, braced);
        let (operator, left, right) = bare.is_comparison().unwrap();
        assert_eq!(operator, Operator::Equal);
        assert!(left.as_context().unwrap().is("github.event_name"));
        assert_eq!(right.as_str(), Some("push"));
    }

    #[test]
    fn text_around_braces_makes_a_condition_true() {
        for text in [
            "${{ a == 1 }} && ${{ b }}",
            "!${{ a }}",
            "${{ false }}\n",
            " ${{ false }}",
        ] {
            let expr = condition(text).unwrap();
            assert!(matches!(expr.kind, ExprKind::Text(_)), "{text:?}");
            assert_eq!(expr.truth_with(&|_| None), Some(true), "{text:?}");
        }
        let joined = condition("${{ a }}${{ b }}").unwrap();
        assert_eq!(joined.truth_with(&|_| None), None);
        assert_eq!(joined.truth_with(&|_| Some(Value::Null)), Some(false));
    }

    #[test]
    fn an_empty_condition_is_success() {
        assert!(condition(" \n").unwrap().as_call("success").is_some());
        assert_eq!(condition("${{ }}"), Err(ExpressionError::Empty));
    }

    #[test]
    fn steps_are_names_stars_numbers_or_computed() {
        let expr = condition("a.B['c'][0].*[d.e][f][*]").unwrap();
        let parts = &expr.as_context().unwrap().parts;
        assert_eq!(parts[1], PathPart::Name("b".to_owned()));
        assert_eq!(parts[2], PathPart::Name("c".to_owned()));
        assert_eq!(parts[3], PathPart::Number(0));
        assert_eq!(parts[4], PathPart::Star);
        assert!(
            matches!(&parts[5], PathPart::Computed(index) if index.as_context().unwrap().is("d.e"))
        );
        assert_eq!(parts[7], PathPart::Star);
        assert_eq!(expr.contexts().len(), 3);
    }
}
