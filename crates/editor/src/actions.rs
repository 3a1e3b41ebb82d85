//! Fixes as edits of an editor.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cofferdam_facts::SourceFile;
use cofferdam_findings::sanitise;
use cofferdam_fixes::{Outcome, Safety, Wanted};
use lsp_types::{Range, TextEdit, Uri};
use serde_json::{Value, json};

use crate::buffers::Buffer;
use crate::diagnostics::Shown;
use crate::positions::{Encoding, Lines};
use crate::uris;

/// The kind of an action that mends one finding.
pub(crate) const QUICK: &str = "quickfix";
/// The kind of the action that mends all that is safe.
pub(crate) const ALL: &str = "source.fixAll.cofferdam";
/// The most findings for which a fix is worked out at once: each is tried out
/// by an audit of its own.
const MOST: usize = 5;
/// The most characters of a title.
const TITLE: usize = 240;

/// Whether a client that asks for some kinds of actions wants this one.
pub(crate) fn is_wanted(only: Option<&[String]>, kind: &str) -> bool {
    only.is_none_or(|only| {
        only.iter().any(|wanted| {
            wanted.is_empty()
                || kind == wanted
                || kind
                    .strip_prefix(wanted.as_str())
                    .is_some_and(|rest| rest.starts_with('.'))
        })
    })
}

/// How edits are written down.
pub(crate) struct Writer<'w> {
    pub(crate) encoding: Encoding,
    /// Whether the client takes edits of a version of a document.
    pub(crate) versions: bool,
    pub(crate) root: Option<&'w Path>,
    /// Open documents by their addresses.
    pub(crate) buffers: &'w BTreeMap<String, Buffer>,
}

/// The findings in a range that may have a fix, the first few.
pub(crate) fn fixable(buffer: &Buffer, range: Range) -> Vec<&Shown> {
    let meets = |shown: &&Shown| {
        let found = shown.diagnostic.range;
        found.start <= range.end && range.start <= found.end
    };
    with_fixer(buffer).filter(meets).take(MOST).collect()
}

fn with_fixer(buffer: &Buffer) -> impl Iterator<Item = &Shown> {
    let fixer = |shown: &&Shown| {
        let rule = shown.finding.as_ref().map(|finding| finding.rule);
        rule.and_then(cofferdam_fixes::fixer).is_some()
    };
    buffer.shown.iter().filter(fixer)
}

/// What mends one finding, whether it is safe or not.
pub(crate) fn of_one(shown: &Shown) -> Wanted {
    let fingerprint = shown.finding.as_ref().map(|f| f.fingerprint.clone());
    Wanted {
        unsafe_too: true,
        findings: Some(fingerprint.into_iter().collect()),
        ..Wanted::default()
    }
}

/// What mends all findings of a document that can be mended safely; `None` if
/// it has none.
pub(crate) fn of_all(buffer: &Buffer) -> Option<Wanted> {
    let findings: BTreeSet<String> = with_fixer(buffer)
        .filter_map(|shown| Some(shown.finding.as_ref()?.fingerprint.clone()))
        .collect();
    (!findings.is_empty()).then(|| Wanted {
        findings: Some(findings),
        ..Wanted::default()
    })
}

impl Writer<'_> {
    /// The action that mends one finding, if it can be mended.
    pub(crate) fn quick(&self, shown: &Shown, outcome: &Outcome) -> Option<Value> {
        let applied = outcome.applied.first()?;
        let explanation = sanitise::line(&applied.fix.explanation);
        let (title, safe) = match &applied.fix.safety {
            Safety::Safe => (explanation.into_owned(), true),
            Safety::Unsafe { check } => (
                format!("{explanation} (check: {})", sanitise::line(check)),
                false,
            ),
        };
        Some(json!({
            "title": sanitise::clipped(&title, TITLE),
            "kind": QUICK,
            "diagnostics": [shown.diagnostic],
            "isPreferred": safe,
            "edit": self.edit(outcome)?,
        }))
    }

    /// The action that mends all that is safe.
    pub(crate) fn all(&self, outcome: &Outcome) -> Option<Value> {
        Some(json!({
            "title": "Mend everything in this file that can be mended safely",
            "kind": ALL,
            "edit": self.edit(outcome)?,
        }))
    }

    fn edit(&self, outcome: &Outcome) -> Option<Value> {
        if outcome.files.is_empty() {
            return None;
        }
        let mut documents = Vec::new();
        for (name, (before, after)) in &outcome.files {
            let (uri, version) = self.document(name)?;
            documents.push((uri, version, edits(before, after, self.encoding)));
        }
        Some(if self.versions {
            let change = |(uri, version, edits): &(Uri, Option<i32>, Vec<TextEdit>)| json!({"textDocument": {"uri": uri, "version": version}, "edits": edits});
            json!({"documentChanges": documents.iter().map(change).collect::<Vec<_>>()})
        } else {
            let changes: serde_json::Map<String, Value> = (documents.iter())
                .map(|(uri, _, edits)| (uri.as_str().to_owned(), json!(edits)))
                .collect();
            json!({"changes": changes})
        })
    }

    /// The address of a document and its version, where it is open.
    fn document(&self, name: &str) -> Option<(Uri, Option<i32>)> {
        let open = self.buffers.values().find(|buffer| {
            let root = match &buffer.home {
                crate::homes::Home::Checkout(root) => Some(root.as_path()),
                crate::homes::Home::Alone(_) => None,
            };
            buffer.text.path() == name && root == self.root
        });
        match open {
            Some(buffer) => Some((buffer.uri.clone(), Some(buffer.version))),
            None => Some((uris::of(&self.root?.join(name))?, None)),
        }
    }
}

/// The lines that differ.
fn edits(before: &SourceFile, after: &SourceFile, encoding: Encoding) -> Vec<TextEdit> {
    let lines = Lines::new(before.text(), encoding);
    cofferdam_fixes::edits::between(before.text(), after.text())
        .into_iter()
        .map(|edit| {
            let range = lines.range(edit.span.start, edit.span.end);
            TextEdit::new(range, edit.replacement)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn kinds_are_asked_for_by_their_beginnings() {
        let asks = |wanted: &str| is_wanted(Some(&[wanted.to_owned()]), ALL);
        assert!(asks("source") && asks("source.fixAll") && asks(ALL) && asks(""));
        assert!(!asks("source.fix") && !asks(QUICK));
        assert!(is_wanted(None, ALL));
    }

    proptest! {
        #[test]
        fn edits_lead_from_one_text_to_the_other(before in "([aé𝄞b]{0,2}\r?\n){0,8}[a]?", after in "([aé𝄞b]{0,2}\r?\n){0,8}[a]?") {
            let old = SourceFile::new("x", before.clone());
            let new = SourceFile::new("x", after.clone());
            let mut text = before.clone();
            let mut edits = edits(&old, &new, Encoding::Utf16);
            edits.reverse();
            let lines = Lines::new(&before, Encoding::Utf16);
            for edit in edits {
                let range = lines.offset(edit.range.start)..lines.offset(edit.range.end);
                text.replace_range(range, &edit.new_text);
            }
            prop_assert_eq!(text, after);
        }
    }
}
