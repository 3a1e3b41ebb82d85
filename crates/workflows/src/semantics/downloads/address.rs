//! What an address says about what will be found there.

/// How firmly an address names what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fixed {
    /// Whatever is served at the moment: a branch, `latest`, no version at all.
    No,
    /// A version, which the server can still replace.
    Version,
    /// A commit, which nobody can change.
    Commit,
}

/// How firmly an address names what is there. A variable whose name speaks of a
/// version is one.
#[must_use]
pub fn fixed(address: &str) -> Fixed {
    let path = address.split_once("://").map_or(address, |(_, rest)| rest);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let parts: Vec<&str> = path.split(['/', '@']).skip(1).collect();
    let by_commit = [
        "github.com",
        "githubusercontent.com",
        "jsdelivr.net",
        "statically.io",
    ]
    .iter()
    .any(|of| host(address).is_some_and(|host| is_under(host, of)));
    if by_commit && parts.iter().any(|part| is_commit(part)) {
        return Fixed::Commit;
    }
    // Below `refs/heads` and the like a number is the name of a branch.
    let branch = path.contains("/refs/heads/") || parts.contains(&"latest");
    let version = |part: &&str| {
        let lower = part.to_ascii_lowercase();
        // A variable, or an expression, that says what it holds.
        let named = lower.contains('$')
            && ["ver", "tag", "release", "_rev", "sha", "commit"]
                .iter()
                .any(|w| lower.contains(w));
        named || has_version(&lower)
    };
    if !branch && parts.iter().any(version) {
        Fixed::Version
    } else {
        Fixed::No
    }
}

/// The host of an address, without user and port.
#[must_use]
pub fn host(address: &str) -> Option<&str> {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next()?;
    let host = host.rsplit('@').next()?;
    let host = if host.starts_with('[') {
        host
    } else {
        host.split(':').next()?
    };
    let plain = !host.is_empty() && !host.contains('$') && !host.contains('{');
    plain.then_some(host)
}

/// `owner/name` of the repository on GitHub that an address leads into.
#[must_use]
pub fn repository(address: &str) -> Option<(&str, &str)> {
    let host = host(address)?;
    let github = is_under(host, "github.com") || is_under(host, "raw.githubusercontent.com");
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let mut parts = rest.split('/').skip(1).filter(|part| !part.is_empty());
    let (owner, name) = (parts.next()?, parts.next()?);
    // `api.github.com/repos/…`
    let (owner, name) = match owner {
        "repos" => (name, parts.next()?),
        _ => (owner, name),
    };
    github.then_some((owner, name))
}

fn is_under(host: &str, parent: &str) -> bool {
    host.strip_suffix(parent)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn is_commit(part: &str) -> bool {
    let part = part
        .strip_suffix(".tar.gz")
        .or(part.strip_suffix(".zip"))
        .unwrap_or(part);
    part.len() == 40 && part.bytes().all(|b| b.is_ascii_hexdigit())
}

/// `1.2`, `v1.2.3`, and `v2` by itself; not `x86_64`, `arm64` or `sha256`.
fn has_version(part: &str) -> bool {
    let dotted = part
        .split(|c: char| !c.is_ascii_digit() && c != '.')
        .any(|run| {
            let mut numbers = run.split('.').filter(|n| !n.is_empty());
            numbers.next().is_some() && numbers.next().is_some()
        });
    let date = part.len() >= 8 && part.bytes().take(8).all(|b| b.is_ascii_digit());
    dotted || date
}
