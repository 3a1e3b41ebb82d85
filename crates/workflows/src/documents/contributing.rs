//! CONTRIBUTING: whether it asks for signed-off commits.
//!
//! The text is for people, so only plain facts are taken from it. That a
//! sign-off is asked for does not say that a missing one is noticed.

use cofferdam_facts::{SourceFile, Span};

/// No guide that people write comes near this size.
const LONGEST_FILE: usize = 1 << 20;

/// Words that ask for a sign-off. The last ones name the agreement itself.
const SIGN_OFF: [&str; 7] = [
    "signed-off-by",
    "sign-off",
    "sign off",
    "signoff",
    "commit -s",
    "developer certificate of origin",
    "developercertificate.org",
];

/// Words that name a licence agreement that contributors sign once.
const AGREEMENT: [&str; 3] = [
    "contributor license agreement",
    "contributor licence agreement",
    "cla-assistant.io",
];

/// A guide for contributors as facts about its text.
#[derive(Clone, Debug)]
pub struct Contributing {
    file: SourceFile,
    /// The first place that speaks of a sign-off or the certificate of origin.
    pub sign_off: Option<Span>,
    /// The first place that names a contributor licence agreement.
    pub agreement: Option<Span>,
    /// Whether the file was too large to be read, so that nothing is known.
    pub too_large: bool,
}

impl Contributing {
    /// Reads a guide.
    #[must_use]
    pub fn parse(file: SourceFile) -> Self {
        let too_large = file.text().len() > LONGEST_FILE;
        let text = if too_large { "" } else { file.text() };
        // ASCII only, so that offsets stay those of the file.
        let lower = text.to_ascii_lowercase();
        let first = |words: &[&str]| {
            let places = words.iter().filter_map(|word| {
                let at = lower.find(word)?;
                Some(Span::new(at, at + word.len()))
            });
            places.min_by_key(|span| span.start)
        };
        Self {
            sign_off: first(&SIGN_OFF),
            agreement: first(&AGREEMENT),
            too_large,
            file,
        }
    }

    /// The file that was read.
    #[must_use]
    pub fn file(&self) -> &SourceFile {
        &self.file
    }
}

/// Whether a path is one where GitHub looks for the guide.
#[must_use]
pub fn is_contributing(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let lower = name.to_ascii_lowercase();
    let named = [
        "contributing",
        "contributing.md",
        "contributing.rst",
        "contributing.adoc",
        "contributing.txt",
    ];
    matches!(folder, "" | ".github" | "docs") && named.contains(&lower.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Contributing {
        Contributing::parse(SourceFile::new("CONTRIBUTING.md", text))
    }

    #[test]
    fn a_guide_that_asks_for_a_sign_off_says_where() {
        let guide =
            parse("# Help\n\nUse `git commit -s`. See the Developer Certificate of Origin.\n");
        assert_eq!(
            guide.sign_off.map(|span| guide.file().slice(span)),
            Some("commit -s")
        );
        assert_eq!(guide.agreement, None);
    }

    #[test]
    fn other_signatures_are_no_sign_off() {
        let guide =
            parse("Sign the Contributor License Agreement. Commits must be signed with GPG.\n");
        assert_eq!(guide.sign_off, None);
        assert!(guide.agreement.is_some());
    }

    #[test]
    fn the_guide_is_told_by_its_path() {
        for path in [
            "CONTRIBUTING.md",
            ".github/CONTRIBUTING.md",
            "docs/contributing.rst",
            "CONTRIBUTING",
        ] {
            assert!(is_contributing(path), "{path}");
        }
        for path in [
            "src/CONTRIBUTING.md",
            "CONTRIBUTING.html",
            "contributing/guide.md",
        ] {
            assert!(!is_contributing(path), "{path}");
        }
    }
}
