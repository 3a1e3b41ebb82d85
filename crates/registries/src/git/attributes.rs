//! The attributes that change what an archive of a tree holds.
//!
//! Source: git, `gitattributes`: `export-ignore`, `export-subst`, `text`, `eol`,
//! `crlf`, `ident`, `working-tree-encoding`. Only the tree's own files count, as
//! for an archive that a host makes.

use std::path::{Path, PathBuf};

use gix_attributes::search::{MetadataCollection, Outcome};
use gix_attributes::{Search, StateRef};

use super::tree::TreeError;

/// Git passes over longer lines.
const LONGEST_LINE: usize = 2_048;
/// The most bytes of one file of attributes.
const MOST_BYTES: usize = 1 << 20;
/// The most stars in one pattern: the time to match grows with each.
const MOST_STARS: usize = 8;
/// The most comparisons of a path with a pattern in one tree.
const MOST_COMPARISONS: u64 = 50_000_000;

const NAMES: [&str; 7] = [
    "export-ignore",
    "export-subst",
    "text",
    "crlf",
    "eol",
    "ident",
    "working-tree-encoding",
];

/// What is done with a file on its way into an archive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Treatment {
    pub(super) ignored: bool,
    pub(super) substituted: bool,
    pub(super) line_ends: LineEnds,
    pub(super) ident: bool,
    /// The encoding into which the file is brought.
    pub(super) encoding: Option<String>,
}

/// Whether line feeds become carriage returns with line feeds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum LineEnds {
    #[default]
    Kept,
    Crlf,
    /// If the file looks like text without them.
    CrlfIfText,
}

/// The attributes in force while a tree is walked.
pub(super) struct Attributes {
    search: Search,
    names: MetadataCollection,
    outcome: Outcome,
    /// How many patterns each entered folder has brought.
    patterns: Vec<u64>,
    comparisons: u64,
}

impl Attributes {
    pub(super) fn new() -> Self {
        let mut names = MetadataCollection::default();
        let mut search = Search::default();
        // Its one error is that of a file that cannot be read.
        let _ = search.add_patterns_buffer(
            b"[attr]binary -diff -merge -text",
            PathBuf::from("[builtin]"),
            None,
            &mut names,
            true,
        );
        let mut all = Self {
            search,
            names,
            outcome: Outcome::default(),
            patterns: Vec::new(),
            comparisons: 0,
        };
        all.select();
        all
    }

    fn select(&mut self) {
        self.outcome = Outcome::default();
        self.outcome.initialize_with_selection(&self.names, NAMES);
    }

    /// Enters a folder that has a file of attributes. `folder` ends with a slash
    /// or is empty.
    pub(super) fn enter(&mut self, folder: &str, bytes: &[u8]) -> Result<(), TreeError> {
        let path = format!("{folder}.gitattributes");
        let refused = |reason| TreeError::Attributes {
            path: path.clone(),
            reason,
        };
        if bytes.len() > MOST_BYTES {
            return Err(refused("it is too large"));
        }
        let mut kept = Vec::with_capacity(bytes.len());
        let mut count = 0;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if line.len() > LONGEST_LINE {
                kept.push(b'\n');
                continue;
            }
            if line.iter().filter(|byte| **byte == b'*').count() > MOST_STARS {
                return Err(refused("a pattern has too many stars"));
            }
            count += 1;
            kept.extend_from_slice(line);
        }
        self.search
            .add_patterns_buffer(
                &kept,
                PathBuf::from(&path),
                Some(Path::new("")),
                &mut self.names,
                folder.is_empty(),
            )
            .map_err(|_| refused("it cannot be read"))?;
        self.patterns.push(count);
        self.select();
        Ok(())
    }

    /// Leaves the folder that was entered last.
    pub(super) fn leave(&mut self) {
        self.search.pop_pattern_list();
        self.patterns.pop();
        self.select();
    }

    /// What happens to a path of the tree.
    pub(super) fn of(&mut self, path: &str, is_folder: bool) -> Result<Treatment, TreeError> {
        let here: u64 = self.patterns.iter().sum();
        if here == 0 {
            return Ok(Treatment::default());
        }
        self.comparisons += here;
        if self.comparisons > MOST_COMPARISONS {
            return Err(TreeError::TooMuch {
                what: "comparisons of paths with attributes",
                limit: MOST_COMPARISONS,
            });
        }
        self.outcome.reset();
        self.search.pattern_matching_relative_path(
            path.into(),
            gix_attributes::glob::pattern::Case::Sensitive,
            Some(is_folder),
            &mut self.outcome,
        );
        let mut found = Treatment::default();
        let mut text = Text::Unspecified;
        let mut crlf = Text::Unspecified;
        let mut eol = None;
        for (name, one) in NAMES.iter().zip(self.outcome.iter_selected()) {
            let state = one.assignment.state;
            let set = matches!(state, StateRef::Set);
            match *name {
                "export-ignore" => found.ignored = set,
                "export-subst" => found.substituted = set,
                "ident" => found.ident = set,
                "text" => text = Text::of(state),
                "crlf" => crlf = Text::of(state),
                "eol" => eol = value(state),
                _ => found.encoding = value(state),
            }
        }
        found.line_ends = line_ends(text, crlf, eol.as_deref());
        Ok(found)
    }
}

/// The states of `text`, and of `crlf`, its older name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Text {
    Unspecified,
    Set,
    Unset,
    Auto,
    /// `crlf=input`, which an `eol` overrules.
    Input,
}

impl Text {
    fn of(state: StateRef<'_>) -> Self {
        match state {
            StateRef::Set => Self::Set,
            StateRef::Unset => Self::Unset,
            StateRef::Unspecified => Self::Unspecified,
            StateRef::Value(_) => match value(state).as_deref() {
                Some("auto") => Self::Auto,
                Some("input") => Self::Input,
                _ => Self::Unspecified,
            },
        }
    }
}

fn value(state: StateRef<'_>) -> Option<String> {
    match state {
        StateRef::Value(value) => Some(value.as_bstr().to_string()),
        _ => None,
    }
}

fn line_ends(text: Text, crlf: Text, eol: Option<&str>) -> LineEnds {
    let text = if text == Text::Unspecified {
        crlf
    } else {
        text
    };
    match (text, eol) {
        (Text::Unset, _) => LineEnds::Kept,
        (Text::Auto, Some("crlf")) => LineEnds::CrlfIfText,
        // Where only the end of lines is set, the file counts as text.
        (Text::Set | Text::Unspecified | Text::Input, Some("crlf")) => LineEnds::Crlf,
        _ => LineEnds::Kept,
    }
}
