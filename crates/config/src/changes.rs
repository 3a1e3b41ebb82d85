//! What a change does to the silencers. None of it counts yet; all of it is
//! shown to whoever reviews the change.

use std::collections::BTreeMap;

use cofferdam_facts::{Location, SourceFile, Span};
use cofferdam_findings::baseline::{Key, lines};
use cofferdam_findings::{Baseline, Finding, Severity};
use toml::de::{DeTable, DeValue};

use crate::comments::IgnoreComment;
use crate::config::{Config, Scope};
use crate::pages;

/// The silencers of one side of a change.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sources<'s> {
    /// The repository's file.
    pub config: Option<&'s SourceFile>,
    /// The organisation's file, where it lies in the repository.
    pub organisation: Option<&'s SourceFile>,
    /// The ignore comments.
    pub comments: &'s [IgnoreComment],
    /// The baseline's file.
    pub baseline: Option<&'s SourceFile>,
}

/// The longest value that a message repeats, in characters.
const SHOWN: usize = 160;

/// A finding for each edit between `base` and `head`. `rules` are the ids that
/// a configuration may name.
#[must_use]
pub fn changed(base: &Sources<'_>, head: &Sources<'_>, rules: &[&'static str]) -> Vec<Finding> {
    let mut found = Vec::new();
    let files = [
        (base.config, head.config, Scope::Repository),
        (base.organisation, head.organisation, Scope::Organisation),
    ];
    for (base, head, scope) in files {
        found.extend(settings(base, head));
        if let Some(file) = head
            && let Err(mistakes) = Config::parse(file, scope, rules)
            && base.is_none_or(|base| base.text() != file.text())
        {
            found.extend(mistakes.0.into_iter().map(|mistake| {
                broken(
                    mistake.location,
                    format!("the configuration could not be read: {}", mistake.message),
                )
            }));
        }
    }
    found.extend(comments(base.comments, head.comments));
    found.extend(baseline(base.baseline, head.baseline));
    found
}

fn edit(location: Location, message: String, subject: String) -> Finding {
    Finding::new(pages::CHANGED.id, Severity::Info, location, message)
        .why("It counts only after the merge: a change is judged by its base")
        .fix("Decide whether this shall hold from the merge on")
        .subject(subject)
}

fn broken(location: Location, message: String) -> Finding {
    let subject = message.clone();
    Finding::new(pages::CHANGED.id, Severity::Medium, location, message)
        .why("After the merge every run would end without a result")
        .fix("Mend it before the merge; `cofferdam config check` tells what is wrong")
        .subject(subject)
}

fn clip(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// One setting: a key with its value, or one table of a list as a whole.
struct Item {
    key: String,
    value: String,
    /// Whether several may have this key.
    of_list: bool,
    span: Span,
}

fn settings(base: Option<&SourceFile>, head: Option<&SourceFile>) -> Vec<Finding> {
    let (Some(file), mut old) = (head.or(base), base.map(items).unwrap_or_default()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let at = |span: Span| match head {
        Some(file) => file.locate(span),
        None => Location::whole_file(file.shared_path()),
    };
    let mut added = Vec::new();
    for item in head.map(items).unwrap_or_default() {
        let same = |other: &Item| other.key == item.key && other.value == item.value;
        match old.iter().position(same) {
            Some(at) => drop(old.remove(at)),
            None => added.push(item),
        }
    }
    for item in added {
        let before = (old.iter()).position(|other| !item.of_list && other.key == item.key);
        let message = match before.map(|at| old.remove(at)) {
            Some(before) => {
                let (from, to) = (clip(&before.value), clip(&item.value));
                format!("`{}` changes from {from} to {to}", item.key)
            }
            None => format!("`{}` is added: {}", item.key, clip(&item.value)),
        };
        let subject = format!("{} {}", item.key, item.value);
        found.push(edit(at(item.span), message, subject));
    }
    for item in old {
        let message = format!("`{}` is removed: {}", item.key, clip(&item.value));
        let subject = format!("removed {} {}", item.key, item.value);
        let place = Location::whole_file(file.shared_path());
        found.push(edit(place, message, subject));
    }
    found
}

fn items(file: &SourceFile) -> Vec<Item> {
    let mut items = Vec::new();
    match DeTable::parse(file.text()) {
        Ok(root) => flatten("", root.get_ref(), &mut items),
        // What is no TOML is one item, so that its going or coming is seen.
        Err(_) => items.push(Item {
            key: "the whole file".to_owned(),
            value: file.text().to_owned(),
            of_list: false,
            span: Span::default(),
        }),
    }
    items
}

fn flatten(prefix: &str, table: &DeTable<'_>, items: &mut Vec<Item>) {
    for (name, value) in table {
        let key = if prefix.is_empty() {
            name.get_ref().to_string()
        } else {
            format!("{prefix}.{}", name.get_ref())
        };
        let tables = value.get_ref().as_array().filter(|array| {
            let mut all = array.iter();
            !array.is_empty() && all.all(|item| item.get_ref().as_table().is_some())
        });
        if let Some(tables) = tables {
            items.extend(tables.iter().map(|item| Item {
                key: key.clone(),
                value: text(item.get_ref()),
                of_list: true,
                span: item.span().into(),
            }));
        } else if let Some(inner) = value.get_ref().as_table() {
            flatten(&key, inner, items);
        } else {
            items.push(Item {
                key,
                value: text(value.get_ref()),
                of_list: false,
                span: value.span().into(),
            });
        }
    }
}

/// A value in one form, however it is written. The depth is bounded by that of
/// the parser.
fn text(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("\"{text}\""),
        DeValue::Integer(number) => number.as_str().to_owned(),
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(date) => date.to_string(),
        DeValue::Array(array) => {
            let parts: Vec<String> = array.iter().map(|item| text(item.get_ref())).collect();
            format!("[{}]", parts.join(", "))
        }
        DeValue::Table(table) => {
            let parts: BTreeMap<&str, String> = (table.iter())
                .map(|(key, value)| (&**key.get_ref(), text(value.get_ref())))
                .collect();
            let parts: Vec<String> = parts.iter().map(|(k, v)| format!("{k} = {v}")).collect();
            parts.join(", ")
        }
    }
}

fn comments(base: &[IgnoreComment], head: &[IgnoreComment]) -> Vec<Finding> {
    let key = |c: &IgnoreComment| {
        let path = c.location.path.to_string();
        (path, c.text.clone(), c.target.clone())
    };
    let mut old: BTreeMap<_, Vec<&IgnoreComment>> = BTreeMap::new();
    for comment in base {
        old.entry(key(comment)).or_default().push(comment);
    }
    let mut found = Vec::new();
    for comment in head {
        let known = old.get_mut(&key(comment)).and_then(Vec::pop);
        if known.is_none() {
            found.push(edit(
                comment.location.clone(),
                format!("an ignore comment is added: {}", clip(&comment.text)),
                format!("{} on {}", comment.text, comment.target),
            ));
        }
    }
    for comment in old.into_values().flatten() {
        found.push(edit(
            Location::whole_file(comment.location.path.clone()),
            format!("an ignore comment is removed: {}", clip(&comment.text)),
            format!("removed {} on {}", comment.text, comment.target),
        ));
    }
    found
}

fn baseline(base: Option<&SourceFile>, head: Option<&SourceFile>) -> Vec<Finding> {
    let read = |file: &SourceFile| Baseline::parse(file.text().as_bytes());
    let old = base.and_then(|file| read(file).ok()).unwrap_or_default();
    let Some(file) = head else {
        let Some(base) = base else { return Vec::new() };
        let place = Location::whole_file(base.shared_path());
        let message = format!("the baseline with {} findings is removed", old.total());
        return vec![edit(place, message, "baseline removed".to_owned())];
    };
    let new = match read(file) {
        Ok(new) => new,
        Err(_) if base.is_some_and(|base| base.text() == file.text()) => return Vec::new(),
        Err(error) => {
            let place = file.locate(Span::default());
            let message = format!("the baseline could not be read: {error}");
            return vec![broken(place, message)];
        }
    };
    let total = |of: &[(&Key, usize)]| of.iter().map(|(_, count)| count).sum::<usize>();
    let (more, less) = (new.beyond(&old), old.beyond(&new));
    let mut found = Vec::new();
    if let Some((first, _)) = more.first() {
        found.push(edit(
            file.locate(
                lines(file.text())
                    .get(first.fingerprint.as_str())
                    .copied()
                    .unwrap_or_default(),
            ),
            format!("the baseline grows by {}", findings(total(&more))),
            "baseline grows".to_owned(),
        ));
    }
    if !less.is_empty() {
        found.push(edit(
            Location::whole_file(file.shared_path()),
            format!("the baseline shrinks by {}", findings(total(&less))),
            "baseline shrinks".to_owned(),
        ));
    }
    found
}

fn findings(count: usize) -> String {
    match count {
        1 => "1 finding".to_owned(),
        n => format!("{n} findings"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(base: Option<&str>, head: Option<&str>) -> Vec<(usize, String)> {
        let file = |text: &str| SourceFile::new("cofferdam.toml", text);
        let (base, head) = (base.map(file), head.map(file));
        let of = |config| Sources {
            config,
            ..Sources::default()
        };
        let found = changed(&of(base.as_ref()), &of(head.as_ref()), &["a-rule"]);
        let mut all: Vec<_> = found
            .into_iter()
            .map(|finding| (finding.location.line, finding.message))
            .collect();
        all.sort();
        all
    }

    fn exemption(reason: &str) -> String {
        format!(
            "[[exempt]]\nrules = [\"a-rule\"]\npaths = [\"x\"]\nowner = \"o\"\n\
             reason = \"{reason}\"\nexpires = 2027-01-31\n"
        )
    }

    #[test]
    fn settings_are_compared_by_key_and_exemptions_as_wholes() {
        let base = format!("fail-on = \"low\"\n{}", exemption("one"));
        let head = format!(
            "fail-on = 'none'\n\n{}{}",
            exemption("two"),
            exemption("one")
        );
        let found = messages(Some(&base), Some(&head));
        let lines: Vec<usize> = found.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 3], "{found:?}");
        assert_eq!(
            found.first().map(|(_, message)| &**message),
            Some("`fail-on` changes from \"low\" to \"none\"")
        );
        assert!(messages(Some(&base), Some(&base)).is_empty());
    }

    #[test]
    fn form_alone_is_no_edit() {
        let base = "fail-on = \"low\"\n# x\nrequire = [\"C4\", \"data\"]\n";
        let head = "require = [\n 'C4',\n 'data',\n]\nfail-on = 'low'\n";
        assert_eq!(messages(Some(base), Some(head)), []);
    }

    #[test]
    fn coming_going_and_breaking_are_seen() {
        assert_eq!(messages(None, Some("fail-on = \"none\"\n")).len(), 1);
        assert_eq!(messages(Some("fail-on = \"low\"\n"), None).len(), 1);
        let found = messages(Some("fail-on = \"low\"\n"), Some("fail-on = \n"));
        let told = |(_, message): &(usize, String)| message.contains("could not be read");
        assert!(found.iter().any(told), "{found:?}");
        assert_eq!(messages(None, None), []);
    }
}
