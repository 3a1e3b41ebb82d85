//! Comparing a tree with the tables of the specification.

use cofferdam_facts::Timestamp;

use super::schema::{Field, Shape};
use crate::documents::problem::ProblemKind;
use crate::documents::reading::Reading;
use crate::yaml::{Kind, Node, Scalar};

/// The longest short text of version 1, in characters.
const SHORT: usize = 560;

/// Compares a mapping with its fields. `place` is the path to it, for people.
pub(super) fn fields(
    reading: &mut Reading,
    node: Node<'_>,
    fields: &[Field],
    minor: u64,
    place: &str,
) {
    let what = if place.is_empty() {
        "the document"
    } else {
        place
    };
    let Some(node) = reading.any_mapping(node, what) else {
        if node.is_null() {
            reading.problem(
                ProblemKind::WrongType,
                node.span(),
                format!("{what} is empty"),
            );
        }
        return;
    };
    let in_version = |field: &&Field| field.minors.0 <= minor && minor <= field.minors.1;
    for field in fields.iter().filter(in_version) {
        let path = join(place, field.name);
        match node.get(field.name) {
            Some(value) => shape(reading, value, &field.shape, minor, &path),
            None if field.required => {
                reading.problem(
                    ProblemKind::Missing,
                    node.span(),
                    format!("`{path}` is missing"),
                );
            }
            None => {}
        }
    }
    for (key, _) in node.entries() {
        let name = key.as_str().unwrap_or_default();
        let known = fields
            .iter()
            .filter(in_version)
            .any(|field| field.name == name);
        if !known && name != "<<" {
            let path = join(place, name);
            let message = format!("`{path}` is not in this version of the specification");
            reading.problem(ProblemKind::UnknownKey, key.span(), message);
        }
    }
}

fn join(place: &str, name: &str) -> String {
    if place.is_empty() {
        name.to_owned()
    } else {
        format!("{place}.{name}")
    }
}

fn shape(reading: &mut Reading, node: Node<'_>, shape: &Shape, minor: u64, path: &str) {
    match shape {
        Shape::Object(inner) => fields(reading, node, inner, minor, path),
        Shape::List(item) => list(reading, node, item, minor, path, 0),
        Shape::Several(item) => list(reading, node, item, minor, path, usize::from(minor > 0)),
        Shape::Flag => {
            if node.as_bool().is_none() {
                wrong(reading, node, &format!("`{path}` must be true or false"));
            }
        }
        Shape::Whole => {
            if node.as_number().is_none_or(|number| number.fract() != 0.0) {
                wrong(reading, node, &format!("`{path}` must be a whole number"));
            }
        }
        _ => match node.scalar() {
            Some(Scalar::String(text)) => {
                if let Some(message) = refusal(text, shape) {
                    let message = format!("`{path}` must be {message}");
                    reading.problem(ProblemKind::BadValue, node.span(), message);
                }
            }
            _ => wrong(reading, node, &format!("`{path}` must be a text")),
        },
    }
}

fn list(
    reading: &mut Reading,
    node: Node<'_>,
    item: &Shape,
    minor: u64,
    path: &str,
    at_least: usize,
) {
    if node.kind() != Kind::Sequence {
        wrong(reading, node, &format!("`{path}` must be a list"));
        return;
    }
    if node.items().count() < at_least {
        let message = format!("`{path}` must have at least one item");
        reading.problem(ProblemKind::BadValue, node.span(), message);
    }
    for (index, value) in node.items().enumerate() {
        shape(reading, value, item, minor, &format!("{path}[{index}]"));
    }
}

fn wrong(reading: &mut Reading, node: Node<'_>, message: &str) {
    reading.problem(ProblemKind::WrongType, node.span(), message);
}

/// What a text should have been, if it is not.
fn refusal(text: &str, shape: &Shape) -> Option<String> {
    let plain = |fits: bool, message: &str| (!fits).then(|| message.to_owned());
    match shape {
        Shape::Url => plain(is_url(text), "a link that begins with http:// or https://"),
        Shape::Email => plain(is_email(text), "an e-mail address"),
        Shape::Date => plain(
            Timestamp::parse_date(text).is_some(),
            "a date like 2026-01-31",
        ),
        Shape::Time => plain(
            Timestamp::parse_time(text).is_some(),
            "a time like 2026-01-31T00:00:00Z",
        ),
        Shape::ShortText => {
            let length = text.chars().count();
            plain(
                (1..=SHORT).contains(&length),
                "a text of 1 to 560 characters",
            )
        }
        Shape::OneOf(words) => {
            (!words.contains(&text)).then(|| format!("one of: {}", words.join(", ")))
        }
        _ => None,
    }
}

fn is_url(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace))
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let top = domain
        .rsplit_once('.')
        .map(|(_, top)| top)
        .unwrap_or_default();
    let fits = |text: &str, more: &[u8]| {
        !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || more.contains(&b))
    };
    fits(local, b"._%+-")
        && fits(domain, b".-")
        && top.len() >= 2
        && top.bytes().all(|b| b.is_ascii_alphabetic())
}
