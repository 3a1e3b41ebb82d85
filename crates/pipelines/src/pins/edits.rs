//! Puts pins into texts, byte by byte, and looks at the result once more.

use std::ops::Range;

use cofferdam_facts::SourceFile;

use super::Pin;
use super::places::Place;

/// A change of some bytes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    range: Range<usize>,
    text: String,
}

/// The edits that pin one place; nothing where its text is put together from
/// parts.
pub(super) fn of(place: &Place, pin: &Pin, file: &SourceFile) -> Option<Vec<Edit>> {
    let mut edits = vec![Edit {
        range: place.edit.clone()?,
        text: pin.text.strip_prefix(&place.elsewhere)?.to_owned(),
    }];
    if let Some(version) = &pin.comment {
        edits.extend(comment(place, pin, version, file));
    }
    Some(edits)
}

fn comment(place: &Place, pin: &Pin, version: &str, file: &SourceFile) -> Option<Edit> {
    let Some((words, range)) = &place.comment else {
        let at = place.comment_at?;
        return Some(Edit {
            range: at..at,
            text: format!(" # {version}"),
        });
    };
    let raw = file.text().get(range.clone())?;
    if let Some(said) = &pin.says {
        // The old version goes; what else the comment says stays.
        let at = raw.find(said.as_str())?;
        let start = range.start + at;
        return Some(Edit {
            range: start..start + said.len(),
            text: version.to_owned(),
        });
    }
    if words.is_empty() {
        return Some(Edit {
            range: range.clone(),
            text: format!("# {version}"),
        });
    }
    // Other words stay behind the version, as a comment of their own.
    Some(Edit {
        range: range.start..range.start,
        text: format!("# {version} "),
    })
}

/// The text with all edits; nothing if two of them touch.
pub(super) fn apply(text: &str, mut edits: Vec<Edit>) -> Option<String> {
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    // Two candidates of a matrix may be set in one place.
    edits.dedup();
    let mut out = String::with_capacity(text.len() + edits.len() * 64);
    let mut at = 0;
    for edit in edits {
        out.push_str(text.get(at..edit.range.start)?);
        out.push_str(&edit.text);
        at = edit.range.end;
    }
    out.push_str(text.get(at..)?);
    Some(out)
}
