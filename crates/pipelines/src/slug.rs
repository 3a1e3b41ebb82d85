//! `owner/name` of a repository, and how remotes spell it.

use std::fmt;

/// The owner and name of a repository on GitHub, each checked against what
/// GitHub allows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Slug {
    owner: String,
    name: String,
}

impl Slug {
    /// Reads `owner/name`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (owner, name) = text.split_once('/')?;
        let owner_ok = (1..=39).contains(&owner.len())
            && owner
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        let name_ok = (1..=100).contains(&name.len())
            && !matches!(name, "." | "..")
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        (owner_ok && name_ok).then(|| Self {
            owner: owner.to_owned(),
            name: name.to_owned(),
        })
    }

    /// The repository that a remote names, if its host is GitHub's: a mirror
    /// elsewhere under somebody's name is not that repository.
    ///
    /// `server` is one more host that is known to be GitHub's, such as that of
    /// a GitHub Enterprise Server.
    #[must_use]
    pub fn from_remote(remote: &Remote, server: Option<&str>) -> Option<Self> {
        if is_github(&remote.host, server) {
            Self::parse(&remote.path)
        } else {
            None
        }
    }

    /// Whether both name the same repository; GitHub ignores case.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.owner.eq_ignore_ascii_case(&other.owner) && self.name.eq_ignore_ascii_case(&other.name)
    }
}

/// Host and path of a remote's URL; user and password are dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    host: String,
    path: String,
}

impl Remote {
    /// Reads `https://HOST/PATH(.git)`, with or without a user,
    /// `ssh://git@HOST/PATH`, or `git@HOST:PATH`.
    #[must_use]
    pub fn parse(url: &str) -> Option<Self> {
        let (host, path) = match url.split_once("://") {
            Some(("https" | "http" | "ssh" | "git" | "git+ssh", rest)) => rest.split_once('/')?,
            Some(_) => return None,
            None => url.split_once(':')?,
        };
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        let host = host.split_once(':').map_or(host, |(host, _)| host);
        let path = path.trim_matches('/');
        Some(Self {
            host: host.to_ascii_lowercase(),
            path: path.strip_suffix(".git").unwrap_or(path).to_owned(),
        })
    }
}

fn is_github(host: &str, server: Option<&str>) -> bool {
    matches!(host, "github.com" | "www.github.com" | "ssh.github.com")
        || host.ends_with(".ghe.com")
        || server.is_some_and(|server| server.eq_ignore_ascii_case(host))
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remote(url: &str) -> Option<String> {
        Slug::from_remote(&Remote::parse(url)?, Some("git.example.org"))
            .map(|slug| slug.to_string())
    }

    #[test]
    fn every_spelling_of_a_remote_is_read() {
        let known = [
            "https://github.com/Owner/name",
            "https://github.com/Owner/name.git",
            "https://github.com/Owner/name/",
            "https://user:secret@github.com/Owner/name.git",
            "git@github.com:Owner/name.git",
            "github.com:Owner/name",
            "ssh://git@github.com/Owner/name.git",
            "ssh://git@ssh.github.com:443/Owner/name.git",
            "https://git.example.org/Owner/name",
            "https://acme.ghe.com/Owner/name",
        ];
        for url in known {
            assert_eq!(remote(url).as_deref(), Some("Owner/name"), "{url}");
        }
    }

    #[test]
    fn a_remote_elsewhere_is_no_repository_of_github() {
        let others = [
            "https://gitlab.com/actions/checkout",
            "https://github.com.evil.example/actions/checkout",
            "https://evil.example/github.com/actions/checkout",
            "git@evil.example:actions/checkout",
            "file:///srv/actions/checkout",
            "ext::sh -c evil",
            "/srv/actions/checkout",
            "https://github.com/actions",
            "https://github.com/a/b/c",
            "https://github.com/a/..",
            "https://github.com/a/b\u{1b}[31m",
            "",
        ];
        for url in others {
            assert_eq!(remote(url), None, "{url}");
        }
    }
}
