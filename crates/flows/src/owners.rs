//! Whether a part of an address or of a package's name says whose it is.
//!
//! Sources: <https://docs.github.com/en/repositories/creating-and-managing-repositories/about-repositories>,
//! <https://docs.npmjs.com/about-scopes>, <https://pip.pypa.io/en/stable/topics/vcs-support/>,
//! <https://go.dev/ref/mod#vcs-find>, <https://docs.github.com/en/pages>.

/// Beginnings behind which the owner follows.
const BEFORE: &[&str] = &[
    "@",
    "api.github.com/repos/",
    "bitbucket.org/",
    "cdn.jsdelivr.net/gh/",
    "codeload.github.com/",
    "docker.io/",
    "docker://",
    "gh:",
    "ghcr.io/",
    "gist.github.com/",
    "gist.githubusercontent.com/",
    "git@github.com:",
    "git@gitlab.com:",
    "github.com/",
    "github:",
    "gitlab.com/",
    "gitlab:",
    "pkg.github.com/",
    "quay.io/",
    "raw.githubusercontent.com/",
];

/// Ends of hosts in front of which the owner stands.
const BEHIND: &[&str] = &[".github.io", ".gitlab.io"];

/// Whether what stands between two texts is the name of an owner.
pub(crate) fn is_owner(before: &str, after: &str) -> bool {
    let before = before.to_ascii_lowercase();
    let behind = BEHIND.iter().any(|end| after.starts_with(end));
    behind && (before.is_empty() || before.ends_with("://"))
        || BEFORE.iter().any(|start| before.ends_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_stand_behind_hosts_and_before_pages() {
        for (before, after) in [
            ("https://github.com/", "/app"),
            ("git+https://github.com/", "/app"),
            ("@", "/tool"),
            ("ghcr.io/", "/ci"),
            ("https://", ".github.io/x.sh"),
            ("git@github.com:", "/app.git"),
        ] {
            assert!(is_owner(before, after), "{before}");
        }
        for (before, after) in [
            ("https://github.com/acme/", ""),
            ("https://example.com/?u=", ""),
            ("--user=", ""),
            ("", "/app"),
        ] {
            assert!(!is_owner(before, after), "{before}");
        }
    }
}
