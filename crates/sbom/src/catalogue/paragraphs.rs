//! Fields in paragraphs, as in the database of dpkg and in Python's metadata.
//!
//! Source: Debian Policy Manual, section 5.1, "Syntax of control files".

/// One field: its line, its name, and the value with the lines that go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field<'t> {
    pub(crate) line: usize,
    pub(crate) name: &'t str,
    pub(crate) value: &'t str,
}

/// Paragraphs of fields. Lines that are none are stepped over.
pub(crate) fn paragraphs(text: &str) -> impl Iterator<Item = Vec<Field<'_>>> {
    let mut lines = text.split_inclusive('\n').enumerate().peekable();
    let mut at = 0;
    std::iter::from_fn(move || {
        let mut fields: Vec<Field<'_>> = Vec::new();
        // Where the value of the field that goes on begins and ends.
        let mut open: Option<(usize, usize)> = None;
        for (number, line) in lines.by_ref() {
            let begins = at;
            at += line.len();
            let bare = line.trim_end_matches(['\n', '\r']);
            if bare.trim().is_empty() {
                if fields.is_empty() {
                    continue;
                }
                return Some(fields);
            }
            if bare.starts_with([' ', '\t']) {
                if let (Some((from, to)), Some(field)) = (&mut open, fields.last_mut()) {
                    *to = begins + bare.len();
                    field.value = text.get(*from..*to).unwrap_or_default().trim();
                }
                continue;
            }
            open = None;
            if let Some((name, value)) = bare.split_once(':') {
                let from = begins + name.len() + 1;
                open = Some((from, begins + bare.len()));
                fields.push(Field {
                    line: number + 1,
                    name: name.trim(),
                    value: value.trim(),
                });
            }
        }
        (!fields.is_empty()).then_some(fields)
    })
}

/// The value of a field, whatever the case of its name.
pub(crate) fn value<'t>(fields: &[Field<'t>], name: &str) -> Option<&'t str> {
    let field = fields
        .iter()
        .find(|field| field.name.eq_ignore_ascii_case(name))?;
    Some(field.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_on_and_paragraphs_end() {
        let text = "A: 1\nB: 2\n more\n\tand more\nnothing\n stray\n\n\nC:\r\n";
        let all: Vec<_> = paragraphs(text).collect();
        assert_eq!(all.len(), 2);
        let first = all.first().map(Vec::as_slice).unwrap_or_default();
        assert_eq!(value(first, "a"), Some("1"));
        assert_eq!(value(first, "B"), Some("2\n more\n\tand more"));
        assert_eq!(first.get(1).map(|field| field.line), Some(2));
        let last = all.last().map(Vec::as_slice).unwrap_or_default();
        assert_eq!(value(last, "C"), Some(""));
    }
}
