//! Where packages come from.

use cofferdam_lockfiles::{Package, Source};

use super::{Asked, Check, Judged, finding, title};

pub(super) fn check(package: &Package, _: &Asked<'_>, judged: &mut Judged<'_>) {
    // The package of the same file that it takes the place of, or else the same
    // version in another file of the base.
    let before = judged.change.before;
    let known = before.or_else(|| judged.change.known.first().copied());
    let Some(before) = known else {
        outside_of_registries(package, judged);
        return;
    };
    let Some((old, new)) = other_place(before, package) else {
        return;
    };
    let message = format!("{} comes from {new} instead of {old}", title(package));
    let finding = finding(Check::Source, package, message)
        .why("Whoever owns the new place decides what is installed, under a name that is trusted")
        .fix("Go back to the place that was used, or confirm that the new one is meant")
        .related(before.location.clone(), "as it was");
    judged.found(Check::Source, finding);
}

/// A new package from no registry is no change of the source, and yet nobody but
/// its owner looks at what is there.
fn outside_of_registries(package: &Package, judged: &mut Judged<'_>) {
    let is_outside = match &package.source {
        Source::Url { .. } => true,
        Source::Git { .. } => !matches!(
            package.ecosystem,
            cofferdam_lockfiles::Ecosystem::GitHubActions
        ),
        _ => false,
    };
    if !is_outside {
        return;
    }
    let message = format!(
        "{} comes from {}, outside of every registry",
        title(package),
        place(&package.source)
    );
    let mut finding = finding(Check::Source, package, message)
        .why("Advisories and lists of malicious packages speak about registries alone")
        .fix("Use the package of the registry, or confirm that this place is meant");
    finding.severity = cofferdam_findings::Severity::Medium;
    judged.found(Check::Source, finding);
}

/// The two places in words, where they differ in whose they are.
fn other_place(before: &Package, after: &Package) -> Option<(String, String)> {
    let (old, new) = (&before.source, &after.source);
    let differs = match (old, new) {
        (Source::Registry { .. }, Source::Registry { .. }) => {
            let public = |source: &Source| source.is_public_registry(after.ecosystem) == Some(true);
            match (old.host(), new.host()) {
                (Some(one), Some(other)) => one != other && !(public(old) && public(new)),
                // What is not said is not the public registry, and no other one.
                _ => index(old) != index(new) && index(old).is_some() && index(new).is_some(),
            }
        }
        (Source::Git { url: one, .. }, Source::Git { url: other, .. }) => {
            repository(one) != repository(other)
        }
        (Source::Url { .. }, Source::Url { .. }) => old.host() != new.host(),
        (Source::Path { .. }, Source::Path { .. })
        | (Source::Unknown, _)
        | (_, Source::Unknown) => false,
        _ => old.word() != new.word(),
    };
    differs.then(|| (place(old), place(new)))
}

fn index(source: &Source) -> Option<&str> {
    match source {
        Source::Registry { index, .. } => index.as_deref(),
        _ => None,
    }
}

/// The address of a repository in the one form in which two are compared.
fn repository(url: &str) -> String {
    let url = url.strip_prefix("git+").unwrap_or(url);
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let rest = rest.trim_end_matches('/');
    let rest = rest.strip_suffix(".git").unwrap_or(rest);
    rest.replacen(':', "/", 1).to_ascii_lowercase()
}

/// A place in words.
fn place(source: &Source) -> String {
    match (source, source.address()) {
        (Source::Registry { .. }, Some(address)) => {
            let host = source.host().unwrap_or_else(|| address.to_owned());
            format!("the registry {host}")
        }
        (Source::Registry { .. }, None) => "a registry".to_owned(),
        (Source::Git { .. }, Some(url)) => format!("the repository {url}"),
        (Source::Path { path }, _) => format!("the folder {path}"),
        (Source::Bundled, _) => "the archive of another package".to_owned(),
        (_, Some(url)) => url.to_owned(),
        (_, None) => "a place that is not named".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_repository_has_many_addresses() {
        let same = [
            "https://github.com/a/b.git",
            "git+ssh://git@github.com/a/b.git#v1",
            "git@github.com:A/b",
            "https://github.com/a/b/",
        ];
        for url in same {
            assert_eq!(repository(url), "github.com/a/b", "{url}");
        }
        assert_ne!(repository("https://github.com/a/c"), "github.com/a/b");
    }
}
