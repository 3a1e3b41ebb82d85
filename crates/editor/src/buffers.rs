//! The texts that an editor holds.

use cofferdam_facts::SourceFile;
use lsp_types::{Diagnostic, TextDocumentContentChangeEvent, Uri};

use crate::diagnostics::Shown;
use crate::homes::Home;
use crate::positions::{Encoding, Lines};

/// One open document that has a say in what is found.
#[derive(Debug)]
pub(crate) struct Buffer {
    pub(crate) uri: Uri,
    pub(crate) version: i32,
    pub(crate) home: Home,
    pub(crate) text: SourceFile,
    /// Whether the client has to hear of this version.
    pub(crate) changed: bool,
    /// What is shown in it, of the text as it is now once all is settled.
    pub(crate) shown: Vec<Shown>,
}

impl Buffer {
    pub(crate) fn new(uri: Uri, version: i32, home: Home, name: &str, text: String) -> Self {
        Self {
            uri,
            version,
            home,
            text: SourceFile::new(name, text),
            changed: true,
            shown: Vec::new(),
        }
    }

    /// Takes over changes, each on the text that the one before has left.
    pub(crate) fn change(
        &mut self,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
        encoding: Encoding,
    ) {
        let mut text = self.text.text().to_owned();
        for change in changes {
            let Some(range) = change.range else {
                text = change.text;
                continue;
            };
            let lines = Lines::new(&text, encoding);
            let (start, end) = (lines.offset(range.start), lines.offset(range.end));
            text.replace_range(start..end.max(start), &change.text);
        }
        self.text = SourceFile::new(self.text.shared_path(), text);
        self.version = version;
        self.changed = true;
    }

    pub(crate) fn diagnostics(&self) -> Vec<Diagnostic> {
        self.shown
            .iter()
            .map(|one| one.diagnostic.clone())
            .collect()
    }
}
