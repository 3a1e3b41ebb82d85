//! `.pre-commit-config.yaml`: which repositories pre-commit fetches hooks from.
//!
//! Source: <https://pre-commit.com/#adding-pre-commit-plugins-to-your-project>.

use cofferdam_facts::{SourceFile, Spanned};

use crate::yaml::{Document, Kind, Node};

/// A configuration as far as it was understood.
#[derive(Clone, Debug)]
pub struct PreCommit {
    document: Document,
    /// The repositories, in order; `local` and `meta` are not among them.
    pub repositories: Vec<HookRepository>,
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
    /// Reads a configuration. Never fails; what is not understood is left out.
    #[must_use]
    pub fn parse(file: SourceFile) -> Self {
        let document = Document::parse(file);
        let list = document.root().and_then(|root| match root.kind() {
            Kind::Mapping => root.get("repos"),
            // The form of the first versions.
            Kind::Sequence => Some(root),
            Kind::Scalar => None,
        });
        let repositories = list
            .into_iter()
            .flat_map(|list| list.items().collect::<Vec<_>>())
            .filter_map(repository)
            .collect();
        Self {
            repositories,
            document: document.clone(),
        }
    }

    /// The file that was read.
    #[must_use]
    pub fn file(&self) -> &SourceFile {
        self.document.file()
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
        assert_eq!(parse(": [").repositories, []);
    }
}
