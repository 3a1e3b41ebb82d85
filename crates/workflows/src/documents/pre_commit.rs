//! `.pre-commit-config.yaml`: which repositories pre-commit fetches hooks from.
//!
//! Source: <https://pre-commit.com/#adding-pre-commit-plugins-to-your-project>.

use cofferdam_facts::{SourceFile, Spanned};

use super::problem::Problem;
use super::reading::Reading;
use crate::yaml::{self, Document, Kind, Node};

/// A configuration as far as it was understood.
#[derive(Clone, Debug)]
pub struct PreCommit {
    document: Document,
    /// The repositories, in order; `local` and `meta` are not among them.
    pub repositories: Vec<HookRepository>,
    problems: Vec<Problem>,
}

/// One repository of hooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookRepository {
    /// `repo:`.
    pub address: Spanned<String>,
    /// `rev:`.
    pub revision: Option<Spanned<String>>,
}

impl PreCommit {
    /// Reads a configuration. Never fails; see [`Self::problems`].
    #[must_use]
    pub fn parse(file: SourceFile) -> Self {
        let document = Document::parse(file);
        let list = document.root().and_then(|root| match root.kind() {
            Kind::Mapping => root.get("repos"),
            // The form of the first versions.
            Kind::Sequence => Some(root),
            Kind::Scalar => None,
        });
        let items: Vec<Node<'_>> = list
            .into_iter()
            .flat_map(|list| list.items().collect::<Vec<_>>())
            .collect();
        let mut problems = Reading::of(&document).problems;
        // pre-commit merges `<<`; it hides something only where an address may
        // come from there.
        if items.iter().all(|item| item.get("repo").is_some()) {
            let merges = |problem: &Problem| {
                let mut all = document.problems().iter();
                all.any(|p| p.kind == yaml::ProblemKind::MergeKey && p.span == problem.span)
            };
            problems.retain(|problem| !merges(problem));
        }
        Self {
            repositories: items.into_iter().filter_map(repository).collect(),
            problems,
            document: document.clone(),
        }
    }

    /// The file that was read.
    #[must_use]
    pub fn file(&self) -> &SourceFile {
        self.document.file()
    }

    /// What was not understood.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

fn repository(node: Node<'_>) -> Option<HookRepository> {
    let text = |key| {
        let node = node.get(key)?;
        Some(Spanned::new(node.as_str()?.to_owned(), node.span()))
    };
    let address = text("repo")?;
    let fetched = !matches!(address.value.as_str(), "local" | "meta" | "builtin");
    fetched.then(|| HookRepository {
        address,
        revision: text("rev"),
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn parse(text: &str) -> PreCommit {
        PreCommit::parse(SourceFile::new(".pre-commit-config.yaml", text))
    }

    #[test]
    fn repositories_are_read_with_their_places() {
        let read = parse(
            "repos:\n- repo: local\n  hooks: []\n- repo: https://x.example/a\n  rev: v1\n- hooks: []\n",
        );
        assert_eq!(read.repositories.len(), 1);
        let only = read.repositories.first().unwrap();
        assert_eq!(read.file().slice(only.address.span), "https://x.example/a");
        assert_eq!(only.revision.as_ref().unwrap().value, "v1");
        assert_eq!(parse("- repo: git://x/a\n").repositories.len(), 1);
        assert_eq!(parse("repos: {a: 1}\n").repositories, []);
        assert!(parse("repos: [").problems().iter().any(Problem::hides));
        assert_eq!(read.problems(), []);
        let hook = "repos:\n- repo: https://x/a\n  hooks:\n  - &a {id: x}\n  - {<<: *a, name: y}\n";
        assert_eq!(parse(hook).problems(), []);
        let whole = "a: &a {repo: http://x/a}\nrepos:\n- {<<: *a, hooks: []}\n";
        assert!(parse(whole).problems().iter().any(Problem::hides));
    }
}
