//! Links to files of a repository on GitHub.

/// A link to a file or folder of one revision of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileLink {
    /// `owner/name`, as written.
    pub slug: String,
    /// The branch, tag or commit, up to its first slash.
    pub reference: String,
    /// The path in the repository; empty for its root.
    pub path: String,
}

/// The parts of a GitHub link before the reference.
const VIEWS: [&str; 5] = ["blob", "tree", "raw", "blame", "edit"];

impl FileLink {
    /// Reads a link. `None` for links to anything else, and to other hosts.
    #[must_use]
    pub fn parse(link: &str) -> Option<Self> {
        let (host, path) = split(link)?;
        let mut parts = path.split('/').filter(|part| !part.is_empty());
        let slug = format!("{}/{}", parts.next()?, parts.next()?);
        match host {
            "github.com" | "www.github.com" => {
                let view = parts.next()?;
                let workflows = view == "actions" && parts.clone().next() == Some("workflows");
                if workflows {
                    let name = parts.nth(1)?;
                    return Some(Self {
                        slug,
                        reference: "HEAD".to_owned(),
                        path: format!(".github/workflows/{name}"),
                    });
                }
                VIEWS.contains(&view).then_some(())?;
            }
            "raw.githubusercontent.com" => {}
            _ => return None,
        }
        let mut reference = parts.next()?;
        if reference == "refs" && parts.clone().next() == Some("heads") {
            parts.next();
            reference = parts.next()?;
        }
        let path: Vec<&str> = parts.collect();
        Some(Self {
            slug,
            reference: reference.to_owned(),
            path: path.join("/"),
        })
    }

    /// Whether the link means what the default branch holds, as far as that can
    /// be told: the name of the default branch may be unknown.
    #[must_use]
    pub fn means_default_branch(&self, default: Option<&str>) -> bool {
        match default {
            Some(default) => matches!(&*self.reference, "HEAD") || self.reference == default,
            None => matches!(&*self.reference, "HEAD" | "main" | "master"),
        }
    }

    /// The same link with another path.
    #[must_use]
    pub fn with_path(&self, link: &str, path: &str) -> Option<String> {
        let end = link.find(['#', '?']).unwrap_or(link.len());
        let (before, after) = link.split_at_checked(end)?;
        let start = before
            .trim_end_matches('/')
            .strip_suffix(self.path.as_str())?;
        Some(format!("{start}{path}{after}"))
    }
}

/// `owner/name`, if the link is one to a repository on GitHub itself.
#[must_use]
pub fn repository(link: &str) -> Option<String> {
    let (host, path) = split(link)?;
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let (owner, name) = (parts.next()?, parts.next()?);
    let whole = matches!(host, "github.com" | "www.github.com") && parts.next().is_none();
    whole.then(|| format!("{owner}/{}", name.strip_suffix(".git").unwrap_or(name)))
}

fn split(link: &str) -> Option<(&str, &str)> {
    let rest = link
        .strip_prefix("https://")
        .or_else(|| link.strip_prefix("http://"))?;
    let rest = rest.split(['#', '?']).next()?;
    Some(rest.split_once('/').unwrap_or((rest, "")))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn links_to_files_are_taken_apart() {
        let cases = [
            (
                "https://github.com/o/r/blob/main/SECURITY.md",
                "main",
                "SECURITY.md",
            ),
            (
                "https://github.com/o/r/blob/v1/docs/a.md#top",
                "v1",
                "docs/a.md",
            ),
            ("https://github.com/o/r/tree/HEAD/docs/", "HEAD", "docs"),
            (
                "https://raw.githubusercontent.com/o/r/main/a.yml",
                "main",
                "a.yml",
            ),
            (
                "https://raw.githubusercontent.com/o/r/refs/heads/main/a.yml",
                "main",
                "a.yml",
            ),
            (
                "https://github.com/o/r/actions/workflows/ci.yml?query=x",
                "HEAD",
                ".github/workflows/ci.yml",
            ),
        ];
        for (link, reference, path) in cases {
            let parsed = FileLink::parse(link).unwrap();
            assert_eq!(
                (&*parsed.slug, &*parsed.reference, &*parsed.path),
                ("o/r", reference, path)
            );
        }
        for link in [
            "https://github.com/o/r",
            "https://github.com/o/r/security/advisories",
            "https://github.com/o/r/releases/tag/v1",
            "https://example.org/o/r/blob/main/x",
            "o/r/blob/main/x",
        ] {
            assert_eq!(FileLink::parse(link), None, "{link}");
        }
    }

    #[test]
    fn a_path_is_exchanged_and_the_rest_stays() {
        let link = "https://github.com/o/r/blob/main/SECURITY.md#reporting";
        let parsed = FileLink::parse(link).unwrap();
        assert_eq!(
            parsed.with_path(link, ".github/SECURITY.md").unwrap(),
            "https://github.com/o/r/blob/main/.github/SECURITY.md#reporting"
        );
    }

    #[test]
    fn a_repository_is_told_by_its_own_link_only() {
        assert_eq!(repository("https://github.com/o/r.git").unwrap(), "o/r");
        assert_eq!(repository("https://github.com/o/r/").unwrap(), "o/r");
        assert_eq!(repository("https://github.com/o/r/issues"), None);
        assert_eq!(repository("https://gitlab.com/o/r"), None);
    }

    proptest! {
        #[test]
        fn any_link_is_answered(link in "(https://github.com/)?[a-z/#?.]{0,40}", path in "[a-z/]{0,10}") {
            if let Some(parsed) = FileLink::parse(&link) {
                let _ = parsed.with_path(&link, &path);
            }
            let _ = repository(&link);
        }
    }
}
