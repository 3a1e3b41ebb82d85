//! JSON, strictly, or with comments and trailing commas.

use std::borrow::Cow;

use cofferdam_facts::{SourceFile, Span};
use jsonc_parser::ast;
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::{Entry, MAX_DEPTH, Node, Value, at, bounded, unique, unmarked};
use crate::mistake::{Mistake, Problem};

pub(super) fn read(file: &SourceFile, lax: bool) -> Result<Node<'_>, Mistake> {
    bounded(file)?;
    let (text, shift) = unmarked(file);
    let options = ParseOptions {
        allow_comments: lax,
        allow_trailing_commas: lax,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let syntax = |offset: usize, message: String| {
        let language = "JSON";
        at(file, offset + shift, Problem::Syntax { language, message })
    };
    let parsed = parse_to_ast(text, &CollectOptions::default(), &options)
        .map_err(|error| syntax(error.range().start, error.kind().to_string()))?;
    let Some(value) = parsed.value else {
        return Err(syntax(0, "the file is empty".to_owned()));
    };
    convert(file, shift, value, 0)
}

fn convert<'t>(
    file: &SourceFile,
    shift: usize,
    value: ast::Value<'t>,
    depth: usize,
) -> Result<Node<'t>, Mistake> {
    let place = |range: jsonc_parser::common::Range| Span {
        start: range.start + shift,
        end: range.end + shift,
    };
    let span = place(value.range());
    if depth > MAX_DEPTH {
        let limit = MAX_DEPTH;
        return Err(at(file, span.start, Problem::TooDeep { limit }));
    }
    let value = match value {
        ast::Value::NullKeyword(_) => Value::Null,
        ast::Value::BooleanLit(literal) => Value::Bool(literal.value),
        ast::Value::NumberLit(literal) => Value::Number(Cow::Borrowed(literal.value)),
        ast::Value::StringLit(literal) => Value::Text(literal.value),
        ast::Value::Array(array) => {
            let mut items = Vec::with_capacity(array.elements.len());
            for element in array.elements {
                items.push(convert(file, shift, element, depth + 1)?);
            }
            Value::List(items)
        }
        ast::Value::Object(object) => {
            let mut entries = Vec::with_capacity(object.properties.len());
            for property in object.properties {
                let (key, span) = match property.name {
                    ast::ObjectPropName::String(name) => (name.value, place(name.range)),
                    ast::ObjectPropName::Word(name) => {
                        (Cow::Borrowed(name.value), place(name.range))
                    }
                };
                let node = convert(file, shift, property.value, depth + 1)?;
                entries.push(Entry { key, span, node });
            }
            unique(file, &entries)?;
            Value::Table(entries)
        }
    };
    Ok(Node { span, value })
}
