//! What leads from one text to another, as edits of whole lines.

use std::ops::Range;

use cofferdam_facts::Span;
use cofferdam_workflows::yaml::edit::Edit;
use similar::{DiffTag, TextDiff};

/// The lines of `before` that differ in `after`, in order; what lies between two
/// runs of equal lines is one edit.
#[must_use]
pub fn between(before: &str, after: &str) -> Vec<Edit> {
    let diff = TextDiff::from_lines(before, after);
    let (old, new) = (starts(diff.old_slices()), starts(diff.new_slices()));
    let equal = diff.ops().iter().filter(|op| op.tag() == DiffTag::Equal);
    let runs = equal.map(|op| (op.old_range(), op.new_range()));
    let (old_end, new_end) = (diff.old_slices().len(), diff.new_slices().len());
    let mut edits = Vec::new();
    let (mut old_at, mut new_at) = (0, 0);
    for (old_run, new_run) in runs.chain([(old_end..old_end, new_end..new_end)]) {
        let range = bytes(&old, old_at..old_run.start);
        let text = after.get(bytes(&new, new_at..new_run.start));
        let text = text.unwrap_or_default();
        if !range.is_empty() || !text.is_empty() {
            edits.push(Edit {
                span: Span::new(range.start, range.end),
                replacement: text.to_owned(),
            });
        }
        (old_at, new_at) = (old_run.end, new_run.end);
    }
    edits
}

/// Where each line begins, and where the last one ends.
fn starts(lines: &[&str]) -> Vec<usize> {
    let mut at = 0;
    let mut starts = vec![0];
    for line in lines {
        at += line.len();
        starts.push(at);
    }
    starts
}

fn bytes(starts: &[usize], lines: Range<usize>) -> Range<usize> {
    let of = |line: usize| starts.get(line).copied().unwrap_or(0);
    of(lines.start)..of(lines.end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn edits_lead_from_one_text_to_the_other(
            before in "([aé𝄞b]{0,2}\r?\n){0,8}[a]?",
            after in "([aé𝄞b]{0,2}\r?\n){0,8}[a]?",
        ) {
            let mut text = before.clone();
            for edit in between(&before, &after).iter().rev() {
                text.replace_range(edit.span.start..edit.span.end, &edit.replacement);
            }
            prop_assert_eq!(text, after);
        }
    }
}
