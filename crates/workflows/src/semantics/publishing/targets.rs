//! Names of what is pushed: which repository, and whether two can be the same.

use crate::documents::step::Step;
use crate::documents::text::Text;
use crate::semantics::stages::{self, Stage};
use crate::semantics::surroundings::Surroundings;

/// The repositories that a list of image references names, without tags and
/// digests. The list may be the output of `docker/metadata-action`.
#[must_use]
pub fn repositories(around: &Surroundings<'_>, step: &Step, text: &Text) -> Vec<String> {
    let from_metadata = text
        .sole_expression()
        .and_then(|expr| expr.as_context())
        .and_then(|path| around.output(path))
        .filter(|(_, output)| matches!(*output, "tags" | "json" | "bake-file"))
        .and_then(|(meta, _)| {
            let known = meta.action() == Some("docker/metadata-action");
            known.then_some(meta)
        });
    if let Some(meta) = from_metadata {
        let images = meta.input("images").map(|t| around.resolve(meta, t));
        return split(images.as_deref().unwrap_or(""))
            .filter_map(|line| {
                // `name=ghcr.io/o/r,enable=true` is the long form.
                let name = line.split(',').next()?;
                Some(repository(name.strip_prefix("name=").unwrap_or(name)))
            })
            .collect();
    }
    names(&around.resolve(step, text))
}

/// The repositories that a plain list names.
#[must_use]
pub fn names(list: &str) -> Vec<String> {
    let mut names: Vec<String> = split(list)
        .flat_map(|line| {
            if line.contains("${{") {
                vec![line]
            } else {
                line.split(',').collect()
            }
        })
        .map(|name| repository(name.trim()))
        .filter(|name| !name.is_empty())
        .collect();
    names.dedup();
    names
}

fn split(list: &str) -> impl Iterator<Item = &str> {
    list.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The reference without tag, digest and transport.
#[must_use]
pub fn repository(reference: &str) -> String {
    let name = reference
        .trim()
        .trim_start_matches("docker://")
        .trim_start_matches("oci://");
    let name = match at_sign(name) {
        Some((name, _)) => name,
        None => name,
    };
    match name.rsplit_once(':') {
        Some((repository, tag)) if is_tag(tag) => repository.to_owned(),
        _ => name.to_owned(),
    }
}

// An expression may hold an `@` or a `:` of its own.
fn at_sign(name: &str) -> Option<(&str, &str)> {
    let (before, after) = name.split_once('@')?;
    (before.matches("${{").count() == before.matches("}}").count()).then_some((before, after))
}

fn is_tag(tag: &str) -> bool {
    let dynamic = tag.contains("${{") || tag.starts_with('$');
    dynamic || (!tag.contains('/') && !tag.contains('}'))
}

/// Whether a reference is on this machine, so that pushing to it publishes
/// nothing.
#[must_use]
pub fn is_local(reference: &str) -> bool {
    stages::of_name(reference) == Stage::Local
}

/// Whether two repositories can be the same; `None` where expressions or
/// variables leave it open.
#[must_use]
pub fn same(one: &str, other: &str) -> Option<bool> {
    let one = canonical(one);
    let other = canonical(other);
    if one == other {
        return Some(true);
    }
    let last = |name: &str| name.rsplit('/').next().unwrap_or("").to_owned();
    let (a, b) = (last(&one), last(&other));
    let dynamic = |part: &str| part.contains(['$', '{', '}']);
    if !dynamic(&a) && !dynamic(&b) && a != b {
        return Some(false);
    }
    if dynamic(&one) || dynamic(&other) {
        return None;
    }
    Some(false)
}

fn canonical(name: &str) -> String {
    let name = name.trim().to_ascii_lowercase();
    let name = ["docker.io/library/", "index.docker.io/", "docker.io/"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(&name);
    name.split_whitespace().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_digests_are_not_part_of_the_name() {
        for (reference, name) in [
            ("ghcr.io/o/r:v1", "ghcr.io/o/r"),
            ("ghcr.io/o/r:${{ github.sha }}", "ghcr.io/o/r"),
            ("localhost:5000/r", "localhost:5000/r"),
            ("o/r@sha256:abc", "o/r"),
            (
                "quay.io/${{ github.repository_owner }}/x:$TAG",
                "quay.io/${{ github.repository_owner }}/x",
            ),
            ("ghcr.io/${{ env.X }}", "ghcr.io/${{ env.X }}"),
            ("oci://ghcr.io/o/charts", "ghcr.io/o/charts"),
        ] {
            assert_eq!(repository(reference), name, "{reference}");
        }
    }

    #[test]
    fn repositories_are_compared_as_registries_do() {
        assert_eq!(same("docker.io/o/r", "o/r"), Some(true));
        assert_eq!(same("ghcr.io/o/a", "ghcr.io/o/b"), Some(false));
        assert_eq!(
            same("ghcr.io/${{ github.repository_owner }}/a", "ghcr.io/o/a"),
            None
        );
        assert_eq!(same("ghcr.io/${{ matrix.x }}", "ghcr.io/o/a"), None);
    }
}
