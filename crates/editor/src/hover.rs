//! The page of a rule, beside a finding or a comment that names the rule.

use cofferdam_findings::{Finding, RuleInfo, sanitise};
use cofferdam_pipelines::judging::all_rules;
use lsp_types::{MarkupKind, Position};
use serde_json::{Value, json};

use crate::buffers::Buffer;
use crate::positions::{Encoding, Lines};

/// The most pages in one box.
const MOST: usize = 3;

/// What is said at a position; null if nothing is.
pub(crate) fn hover(
    buffer: &Buffer,
    position: Position,
    encoding: Encoding,
    kind: &MarkupKind,
) -> Value {
    let at = |range: &lsp_types::Range| range.start <= position && position <= range.end;
    let here: Vec<&Finding> = (buffer.shown.iter())
        .filter(|shown| at(&shown.diagnostic.range))
        .filter_map(|shown| shown.finding.as_ref())
        .collect();
    let rules = all_rules();
    let page = |id: &str| rules.iter().find(|rule| rule.id == id).map(page);
    let mut parts: Vec<String> = Vec::new();
    for finding in &here {
        let note = format!("**Here:** {}", sanitise::markdown_prose(&finding.message));
        match page(finding.rule) {
            Some(page) if parts.len() < MOST => parts.push(format!("{page}\n{note}\n")),
            _ => {}
        }
    }
    if parts.is_empty() {
        let named = named(buffer.text.text(), position, encoding);
        parts.extend(named.iter().filter_map(|id| page(id)).take(MOST));
    }
    if parts.is_empty() {
        return Value::Null;
    }
    json!({"contents": {"kind": kind, "value": parts.join("\n---\n\n")}})
}

/// The rules that an ignore comment at a position names: the one under the
/// cursor, and else all of them.
fn named(text: &str, position: Position, encoding: Encoding) -> Vec<String> {
    let lines = Lines::new(text, encoding);
    let offset = lines.offset(position);
    let (start, line) = lines.line(lines.line_of(offset));
    let list = line.find("cofferdam:").and_then(|comment| {
        let from = comment + line.get(comment..)?.find("ignore[")? + "ignore[".len();
        let length = line.get(from..)?.find(']')?;
        (line.get(..comment)?.contains('#') && start + comment <= offset)
            .then_some((from, line.get(from..from + length)?))
    });
    let Some((from, list)) = list else {
        return Vec::new();
    };
    let mut at = start + from;
    let mut all = Vec::new();
    for part in list.split(',') {
        let id = part.trim().to_owned();
        if (at..=at + part.len()).contains(&offset) {
            return vec![id];
        }
        at += part.len() + 1;
        all.push(id);
    }
    all
}

/// The page of a rule. It is ours, and so is its Markdown.
fn page(rule: &RuleInfo) -> String {
    let mut text = format!(
        "# {}\n`{}`, at most {}\n\n",
        rule.title, rule.id, rule.severity
    );
    let mut fenced = false;
    for line in rule.docs.lines() {
        // A documentation comment has a space before each line.
        let line = line.strip_prefix(' ').unwrap_or(line).trim_end();
        fenced ^= line.starts_with("```");
        if line.starts_with('#') && !fenced {
            text.push('#');
        }
        text.push_str(line);
        text.push('\n');
    }
    if let Some(fixer) = cofferdam_fixes::fixer(rule.id) {
        text.push_str(&format!(
            "\n## Fix ({})\n{}\n",
            fixer.offer.word(),
            fixer.summary
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_under_the_cursor_is_named() {
        let text = "a: b # cofferdam: ignore[one, two] because\nc: d\n";
        let at = |line, character| {
            let position = Position::new(line, character);
            named(text, position, Encoding::Utf16)
        };
        assert_eq!(at(0, 26), ["one"]);
        assert_eq!(at(0, 31), ["two"]);
        assert_eq!(at(0, 38), ["one", "two"]);
        assert!(at(0, 1).is_empty());
        assert!(at(1, 2).is_empty());
    }
}
