//! What runs while a stranger's files lie elsewhere on the runner.
//!
//! A tool of the project may come upon them: by a workspace, a link, an include, a
//! pattern that walks into every folder, a configuration that names their folder.
//! Whether it does is in files that nobody reads here, so that it is not known;
//! only what is known to come upon nothing is left out.

use cofferdam_facts::Span;
use cofferdam_workflows::documents::Language;

use super::{At, Walk, Whose};

/// So many of one job are kept.
const MAX_BESIDE: usize = 64;

/// What loads code in Python besides that which starts programs.
const LOADS_PYTHON: &[&str] = &["sys.path", "pickle", "yaml.load(", "site."];

impl Walk<'_> {
    /// How much was said of the commands so far.
    pub(super) fn said(&self) -> usize {
        let out = &self.out;
        out.runs.len() + out.doubts.len() + out.lost.len() + out.unread.len() + out.beside.len()
    }

    /// The last that a stranger put anywhere, or may have put.
    pub(super) fn anywhere(&self) -> Option<usize> {
        self.tree.any().or(self.strewn)
    }

    /// Notes what runs while a stranger's files lie anywhere, if they do.
    pub(super) fn beside(&mut self, at: &At<'_>, span: Span, means: String, contained: bool) {
        if self.whose != Whose::Stranger || self.out.beside.len() >= MAX_BESIDE {
            return;
        }
        let Some(fetch) = self.anywhere() else {
            return;
        };
        let run = self.made(at, fetch, span, means, contained);
        self.out.beside.push(run);
    }

    /// An action for which nothing else was said. It works in the workspace, and
    /// is told of no other folder.
    pub(super) fn beside_action(&mut self, at: &At<'_>, said: usize) {
        let Some(uses) = at.step.uses() else { return };
        if self.said() == said && self.tree.inside().is_some() {
            self.beside(at, at.step.head(), uses.value.to_string(), false);
        }
    }
}

/// Whether a program may start another one, or load what lies elsewhere.
pub(super) fn may_come_upon(language: Language, text: &str) -> bool {
    let loads = match language {
        Language::Python => LOADS_PYTHON.iter().any(|w| text.contains(w)),
        Language::JavaScript => ["require(", "import("].iter().any(|opener| {
            let mut rest = text.split(opener).skip(1);
            // Anything but a name that is written out.
            rest.any(|rest| !rest.trim_start().starts_with(['\'', '"']))
        }),
        _ => false,
    };
    loads || language == Language::Make || language.starts_programs(text)
}
