//! Expressions under random and hostile input, and beside the crate that the
//! grammar comes from.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use cofferdam_workflows::expressions::{
    ExprKind, ExpressionError, MAX_DEPTH, MAX_LENGTH, MAX_OPERATORS, Value, condition, embedded,
};
use github_actions_expressions::{Evaluation, Expr as Peer};
use proptest::prelude::*;

/// Everything that can be asked of a parsed expression, so that a panic in any
/// of it is found; also that all places lie inside of the text.
fn ask_everything(text: &str) {
    let mut parsed: Vec<_> = embedded(text)
        .into_iter()
        .filter_map(|part| {
            assert!(
                text.get(part.range.clone())
                    .is_some_and(|raw| raw.starts_with("${{"))
            );
            part.parsed.ok()
        })
        .collect();
    parsed.extend(condition(text));
    for expr in &parsed {
        expr.visit(&mut |inner| assert!(text.get(inner.range.clone()).is_some(), "{inner:?}"));
        let all = expr.contexts();
        for path in &all {
            assert!(text.get(path.range.clone()).is_some());
            let pattern = path.text().replace("[…]", "*");
            assert!(pattern.contains('[') || path.covers(&pattern), "{path:?}");
        }
        // The very same places: a computed index with `NaN` is not equal to itself.
        let is_one = |path: &_| all.iter().any(|known| std::ptr::eq(*known, path));
        assert!(expr.value_contexts().into_iter().all(is_one));
        let folded = expr.fold();
        let known = expr.evaluate_with(&|_| Some(Value::from("x")));
        assert!(
            folded.is_none() || same(folded.as_ref(), known.as_ref()),
            "{text}"
        );
        if let Some(truth) = expr.truth_with(&|_| None) {
            // What is decided without knowledge stays so with any knowledge.
            for value in [Value::Null, Value::from("x"), Value::Number(1.0)] {
                let later = expr.truth_with(&|_| Some(value.clone()));
                assert!(later.is_none_or(|later| later == truth), "{text}");
            }
        }
        assert_eq!(format!("{:?}", expr.clone()), format!("{expr:?}"));
    }
}

/// Equality that takes `NaN` as equal to itself.
fn same(left: Option<&Value>, right: Option<&Value>) -> bool {
    format!("{left:?}") == format!("{right:?}")
}

/// Text of the pieces that expressions are made of, in any order.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "${{", "}}", "'", "''", "(", ")", "[", "]", ".", "*", ",", "!", "==", "!=", "&&", "||",
        "<", ">=", " ", "\n", "github", "event", "secrets", "true", "null", "NaN", "0", "-1.5",
        "0xff", "fromJSON", "toJSON", "format", "contains", "case", "join", "always()", "'{0}'",
        "'[1]'", "ü", "\u{a0}", "a", "b-c", "_",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Well-formed constant expressions.
fn constant() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "true",
        "false",
        "null",
        "0",
        "1",
        "-3.5",
        "0x10",
        "''",
        "'a'",
        "'A'",
        "'abc'",
        "'1'",
        "' 1 '",
        "'true'",
        "'x{0}y{1}'",
        "'{{{0}}}'",
        "'[\"a\", 1, null]'",
        "NaN",
        "Infinity",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(5, 40, 3, |inner| {
        let one = inner.clone();
        let two = (inner.clone(), inner.clone());
        let three = (inner.clone(), inner.clone(), inner);
        prop_oneof![
            (
                two.clone(),
                prop::sample::select(vec!["==", "!=", "<", "<=", ">", ">=", "&&", "||"])
            )
                .prop_map(|((left, right), operator)| format!("({left} {operator} {right})")),
            one.prop_map(|inner| format!("!{inner}")),
            (
                two,
                prop::sample::select(vec!["contains", "startsWith", "endsWith"])
            )
                .prop_map(|((left, right), function)| format!("{function}({left}, {right})")),
            three
                .clone()
                .prop_map(|(a, b, c)| format!("format({a}, {b}, {c})")),
            three.prop_map(|(a, b, c)| format!("case({a} == {b}, {b}, {c})")),
        ]
    })
}

fn peer_value(value: Evaluation) -> Value {
    match value {
        Evaluation::Null => Value::Null,
        Evaluation::Boolean(value) => Value::Bool(value),
        Evaluation::Number(value) => Value::Number(value),
        Evaluation::String(value) => Value::String(value),
        Evaluation::Array(list) => Value::Array(list.into_iter().map(peer_value).collect()),
        Evaluation::Object(_) => unreachable!("no constant above is an object"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_survived(text in "\\PC{0,80}") {
        ask_everything(&text);
        ask_everything(&format!("${{{{ {text} }}}}"));
    }

    #[test]
    fn any_order_of_pieces_is_survived(text in soup()) {
        ask_everything(&text);
        ask_everything(&format!("a ${{{{ {text} }}}} b"));
    }

    #[test]
    fn constants_fold_as_the_grammars_crate_folds_them(text in constant()) {
        let peer = Peer::parse(&text).unwrap().consteval().map(peer_value);
        let own = condition(&text).unwrap().fold();
        // This one short-circuits, as GitHub does, so it may know more.
        prop_assert!(peer.is_none() || same(own.as_ref(), peer.as_ref()), "{text}: {own:?}, {peer:?}");
    }

    #[test]
    fn every_embedded_expression_is_found_where_it_was_put(
        pieces in prop::collection::vec(("[a-z {}$\n]{0,6}", "[a-z]{1,5}(\\.[a-z]{1,5}|\\['[a-z}{$ ]{1,5}'\\])*"), 0..6)
    ) {
        let mut text = String::new();
        let mut places = Vec::new();
        for (before, inside) in &pieces {
            // Plain text must not open an expression by itself.
            text.push_str(&before.replace('$', "").replace('{', " "));
            let start = text.len();
            text.push_str(&format!("${{{{ {inside} }}}}"));
            places.push(start..text.len());
        }
        let found: Vec<_> = embedded(&text);
        prop_assert_eq!(found.iter().map(|part| part.range.clone()).collect::<Vec<_>>(), places);
        for part in found {
            prop_assert!(matches!(part.parsed.unwrap().kind, ExprKind::Context(_)));
        }
    }
}

#[test]
fn limits_are_githubs_or_our_own_and_named() {
    let nested = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert!(condition(&nested(MAX_DEPTH - 2)).is_ok());
    assert_eq!(
        condition(&nested(MAX_DEPTH + 1)),
        Err(ExpressionError::TooDeep)
    );
    assert_eq!(
        condition(&format!("a{}", ".b".repeat(MAX_DEPTH))),
        Err(ExpressionError::TooDeep)
    );
    let long = format!("'{}'", "x".repeat(MAX_LENGTH));
    assert_eq!(condition(&long), Err(ExpressionError::TooLong));
    assert!(condition(&format!("'{}'", "ü".repeat(MAX_LENGTH - 2))).is_ok());
    let chain = |length: usize| vec!["a"; length].join("||");
    assert_eq!(
        condition(&chain(MAX_OPERATORS + 1))
            .unwrap()
            .disjuncts()
            .len(),
        MAX_OPERATORS + 1
    );
    assert_eq!(
        condition(&chain(MAX_OPERATORS + 2)),
        Err(ExpressionError::TooComplex)
    );
    // Operators inside of a string are none.
    assert!(condition(&format!("'{}'", "||==".repeat(2_000))).is_ok());
}

/// The longest trees that pass the limits, on a stack smaller than any thread's
/// that parses files.
#[test]
fn the_deepest_trees_need_little_stack() {
    let worst = [
        vec!["a"; MAX_OPERATORS + 1].join(" == "),
        vec!["a"; MAX_OPERATORS + 1].join(" && "),
        vec!["a && b"; MAX_OPERATORS / 2].join(" || "),
        format!("{}a", "!".repeat(MAX_DEPTH - 1)),
        format!(
            "{}a{}",
            "a[".repeat(MAX_DEPTH - 2),
            "]".repeat(MAX_DEPTH - 2)
        ),
        format!(
            "{}1{}",
            "toJSON(".repeat(MAX_DEPTH - 2),
            ")".repeat(MAX_DEPTH - 2)
        ),
        format!("fromJSON('{}{}')", "[".repeat(120), "]".repeat(120)),
    ];
    let small = std::thread::Builder::new()
        .stack_size(1024 * 1024)
        .spawn(move || {
            for text in worst {
                assert!(condition(&text).is_ok(), "{text}");
                ask_everything(&text);
            }
        });
    small.unwrap().join().unwrap();
}

/// Nested choices multiply the paths that flow; they are refused by name before
/// that takes memory.
#[test]
fn nested_choices_do_not_multiply_without_bound() {
    let mut text = vec!["a"; 200].join("||");
    for _ in 0..30 {
        text = format!("({text}).b.c");
    }
    assert_eq!(condition(&text), Err(ExpressionError::TooComplex));
}

#[test]
fn many_unclosed_openings_are_one_error() {
    let parts = embedded(&"${{ ".repeat(100_000));
    assert_eq!(parts.len(), 1);
    let first = parts.into_iter().next().unwrap();
    assert_eq!(first.parsed, Err(ExpressionError::Unterminated));
}
