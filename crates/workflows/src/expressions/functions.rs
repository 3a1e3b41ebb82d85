//! The built-in functions, as the runner computes them.

use serde_json::Value as Json;

use super::evaluate::{Evaluation, Outcome};
use super::value::upper;
use super::{Expr, Value};

/// The outcome of a call.
pub(super) fn call(evaluation: &Evaluation<'_>, function: &str, args: &[Expr]) -> Outcome {
    if function == "case" {
        return case(evaluation, args);
    }
    if function == "always" {
        return Outcome::Known(Value::Bool(true));
    }
    let outcomes: Vec<Outcome> = args.iter().map(|arg| evaluation.outcome(arg)).collect();
    if function == "format" {
        return format(evaluation, &outcomes).unwrap_or(Outcome::Unknown);
    }
    let mut known = Vec::with_capacity(outcomes.len());
    for outcome in outcomes {
        match outcome {
            Outcome::Known(value) => known.push(value),
            _ => return Outcome::Unknown,
        }
    }
    let result = match (function, known.as_slice()) {
        ("contains", [search, item]) => contains(search, item),
        ("startswith", [text, start]) => affix(text, start, |text, start| text.starts_with(start)),
        ("endswith", [text, end]) => affix(text, end, |text, end| text.ends_with(end)),
        ("join", [list]) => join(evaluation, list, ","),
        ("join", [list, separator]) => {
            let separator = if separator.is_primitive() {
                separator.to_text()
            } else {
                Some(",".to_owned())
            };
            separator.and_then(|separator| join(evaluation, list, &separator))
        }
        ("tojson", [value]) => to_json(evaluation, value),
        ("fromjson", [value]) => from_json(evaluation, value),
        // `hashFiles` reads files; `success`, `failure` and `cancelled` ask the run.
        _ => None,
    };
    result.map_or(Outcome::Unknown, Outcome::Known)
}

/// `case(test, value, test, value, …, default)`; a test that is no boolean is
/// an error on GitHub.
fn case(evaluation: &Evaluation<'_>, args: &[Expr]) -> Outcome {
    for pair in args.chunks(2) {
        match pair {
            [default] => return evaluation.outcome(default),
            [test, value] => match evaluation.outcome(test) {
                Outcome::Known(Value::Bool(true)) => return evaluation.outcome(value),
                Outcome::Known(Value::Bool(false)) => {}
                _ => return Outcome::Unknown,
            },
            _ => return Outcome::Unknown,
        }
    }
    Outcome::Unknown
}

/// Text in the case that comparisons ignore.
fn folded(value: &Value) -> Option<String> {
    value.to_text().map(|text| upper(&text).collect())
}

fn contains(search: &Value, item: &Value) -> Option<Value> {
    match search {
        Value::Array(elements) => {
            let mut certain = true;
            for element in elements {
                match element.loosely_equals(item) {
                    Some(true) => return Some(Value::Bool(true)),
                    Some(false) => {}
                    None => certain = false,
                }
            }
            certain.then_some(Value::Bool(false))
        }
        Value::Object(_) => Some(Value::Bool(false)),
        _ if !item.is_primitive() => Some(Value::Bool(false)),
        _ => Some(Value::Bool(folded(search)?.contains(&folded(item)?))),
    }
}

fn affix(text: &Value, affix: &Value, test: fn(&str, &str) -> bool) -> Option<Value> {
    if !text.is_primitive() || !affix.is_primitive() {
        return Some(Value::Bool(false));
    }
    Some(Value::Bool(test(&folded(text)?, &folded(affix)?)))
}

fn join(evaluation: &Evaluation<'_>, list: &Value, separator: &str) -> Option<Value> {
    let elements = match list {
        Value::Array(elements) => elements,
        Value::Object(_) => return Some(Value::String(String::new())),
        single => return single.to_text().map(Value::String),
    };
    let mut joined = String::new();
    for (at, element) in elements.iter().enumerate() {
        let separator = if at == 0 { "" } else { separator };
        let text = element.to_text()?;
        evaluation.spend(separator.len() + text.len())?;
        joined.push_str(separator);
        joined.push_str(&text);
    }
    Some(Value::String(joined))
}

/// `format('{0} {{ {1}', …)`; nothing if GitHub would refuse the template.
fn format(evaluation: &Evaluation<'_>, outcomes: &[Outcome]) -> Option<Outcome> {
    let (Outcome::Known(template), args) = outcomes.split_first()? else {
        return None;
    };
    let template = template.to_text()?;
    let mut parts = Vec::new();
    let mut rest = template.as_str();
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at_checked(at)?;
        parts.push(Outcome::Known(Value::from(before)));
        if let Some(after) = from.strip_prefix("{{") {
            parts.push(Outcome::Known(Value::from("{")));
            rest = after;
        } else if let Some(after) = from.strip_prefix("}}") {
            parts.push(Outcome::Known(Value::from("}")));
            rest = after;
        } else {
            // A format after a colon is for dates, which expressions do not have.
            let (number, after) = from.strip_prefix('{')?.split_once('}')?;
            if !number.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            parts.push(args.get(number.parse::<usize>().ok()?)?.clone());
            rest = after;
        }
    }
    parts.push(Outcome::Known(Value::from(rest)));
    Some(evaluation.concatenate(&parts))
}

fn to_json(evaluation: &Evaluation<'_>, value: &Value) -> Option<Value> {
    let text = serde_json::to_string_pretty(&json(value)?).ok()?;
    evaluation.spend(text.len())?;
    Some(Value::String(text))
}

fn json(value: &Value) -> Option<Json> {
    Some(match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        // Through text, so that whole numbers are written without a fraction.
        Value::Number(_) => serde_json::from_str(&value.to_text()?).ok()?,
        Value::String(value) => Json::String(value.clone()),
        Value::Array(elements) => Json::Array(elements.iter().map(json).collect::<Option<_>>()?),
        Value::Object(entries) => Json::Object(
            entries
                .iter()
                .map(|(key, value)| Some((key.clone(), json(value)?)))
                .collect::<Option<_>>()?,
        ),
    })
}

/// Strict JSON only. GitHub's reader takes more (comments, single quotes); what
/// it makes of that is unknown here.
fn from_json(evaluation: &Evaluation<'_>, value: &Value) -> Option<Value> {
    let text = value.to_text()?;
    evaluation.spend(text.len())?;
    from(serde_json::from_str(&text).ok()?)
}

fn from(json: Json) -> Option<Value> {
    Some(match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(number) => Value::Number(number.as_f64()?),
        Json::String(value) => Value::String(value),
        Json::Array(elements) => {
            Value::Array(elements.into_iter().map(from).collect::<Option<_>>()?)
        }
        Json::Object(entries) => Value::Object(
            entries
                .into_iter()
                .map(|(key, value)| Some((key, from(value)?)))
                .collect::<Option<_>>()?,
        ),
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::super::{Value, condition};

    fn check(cases: &[(&str, Value)]) {
        for (text, expected) in cases {
            assert_eq!(
                condition(text).unwrap().fold().as_ref(),
                Some(expected),
                "{text}"
            );
        }
    }

    #[test]
    fn searches_ignore_case_and_coerce() {
        check(&[
            ("contains('Hello', 'ELL')", Value::Bool(true)),
            ("contains('abc', '')", Value::Bool(true)),
            ("contains(12345, 34)", Value::Bool(true)),
            ("contains(null, 'null')", Value::Bool(false)),
            ("contains('a', fromJSON('[]'))", Value::Bool(false)),
            ("contains(fromJSON('[\"A\", 1]'), 'a')", Value::Bool(true)),
            ("contains(fromJSON('[\"A\", 1]'), '1')", Value::Bool(true)),
            ("contains(fromJSON('[\"abc\"]'), 'a')", Value::Bool(false)),
            ("contains(fromJSON('{\"a\": 1}'), 'a')", Value::Bool(false)),
            (
                "startsWith('Refs/Tags/v1', 'refs/tags/')",
                Value::Bool(true),
            ),
            ("startsWith('v', fromJSON('[]'))", Value::Bool(false)),
            ("endsWith('v1.0', '.0')", Value::Bool(true)),
            ("endsWith(100, 0)", Value::Bool(true)),
        ]);
    }

    #[test]
    fn format_fills_in_and_escapes() {
        check(&[
            ("format('{0}-{1}-{0}', 'a', 2)", Value::from("a-2-a")),
            ("format('{{0}} {0} }}', true)", Value::from("{0} true }")),
            ("format('{{{0}}}', null)", Value::from("{}")),
            ("format('ü{0}', 'ß')", Value::from("üß")),
        ]);
        for refused in [
            "format('{1}', 'a')",
            "format('{0')",
            "format('}')",
            "format('{a}', 1)",
        ] {
            assert_eq!(condition(refused).unwrap().fold(), None, "{refused}");
        }
        let partly = condition("format('refs/{0}', inputs.x)").unwrap();
        assert_eq!(partly.truth_with(&|_| None), Some(true));
        assert_eq!(partly.fold(), None);
    }

    #[test]
    fn json_and_lists() {
        check(&[
            ("toJSON('a\"b')", Value::from("\"a\\\"b\"")),
            ("toJSON(1.50)", Value::from("1.5")),
            (
                "toJSON(fromJSON('[1, {\"a\": null}]'))",
                Value::from("[\n  1,\n  {\n    \"a\": null\n  }\n]"),
            ),
            (
                "join(fromJSON('[\"a\", 1, null, true]'), '-')",
                Value::from("a-1--true"),
            ),
            ("join('x', '-')", Value::from("x")),
            ("fromJSON('true')", Value::Bool(true)),
        ]);
        for unknown in [
            "fromJSON('')",
            "fromJSON('{')",
            "fromJSON(env.X)",
            "fromJSON('1 // 2')",
        ] {
            assert_eq!(condition(unknown).unwrap().fold(), None, "{unknown}");
        }
    }

    #[test]
    fn case_takes_the_first_test_that_holds() {
        check(&[
            ("case(false, 'a', true, 'b', 'c')", Value::from("b")),
            ("case(false, 'a', 'c')", Value::from("c")),
            // What stands after the test that holds need not be known.
            ("case(true, 'a', inputs.x, 'b', 'c')", Value::from("a")),
        ]);
        assert_eq!(condition("case('yes', 'a', 'b')").unwrap().fold(), None);
        assert_eq!(condition("case(inputs.x, 'a', 'b')").unwrap().fold(), None);
    }
}
