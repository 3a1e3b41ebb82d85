//! Any text gives expressions whose places lie inside of it, and whose values
//! do not depend on what is unknown.

#![no_main]

use cofferdam_workflows::expressions::{Expr, Value, condition, embedded};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut end = 0;
    for part in embedded(text) {
        assert!(part.range.start >= end);
        end = part.range.end;
        assert!(text[part.range.clone()].starts_with("${{"));
        if let Ok(expr) = part.parsed {
            check(text, &expr);
        }
    }
    if let Ok(expr) = condition(text) {
        check(text, &expr);
    }
});

fn check(text: &str, expr: &Expr) {
    expr.visit(&mut |inner| {
        assert!(text.get(inner.range.clone()).is_some(), "{inner:?}");
    });
    let all = expr.contexts();
    for path in &all {
        assert!(text.get(path.range.clone()).is_some(), "{path:?}");
        let pattern = path.text().replace("[…]", "*");
        assert!(pattern.contains('[') || path.covers(&pattern), "{path:?}");
    }
    // The very same places: a computed index with `NaN` is not equal to itself.
    let is_one = |path: &_| all.iter().any(|known| std::ptr::eq(*known, path));
    assert!(expr.value_contexts().into_iter().all(is_one));
    let truth = expr.truth_with(&|_| None);
    for value in [Value::Null, Value::from("x"), Value::Number(1.0)] {
        let known = |_: &_| Some(value.clone());
        if let Some(folded) = expr.fold() {
            // As text, since `NaN` is not equal to itself.
            let later = expr.evaluate_with(&known);
            assert_eq!(format!("{later:?}"), format!("{:?}", Some(folded)));
        }
        if let (Some(truth), Some(later)) = (truth, expr.truth_with(&known)) {
            assert_eq!(truth, later, "{expr:?}");
        }
    }
}
