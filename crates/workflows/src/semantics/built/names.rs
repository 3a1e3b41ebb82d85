//! Names of images: what is left out of them, and what they leave open.

use cofferdam_facts::ImageRef;

use super::Tag;
use crate::expressions;

/// What a name is known to be, whole, in order.
pub(super) fn known(tag: &Tag) -> Vec<String> {
    let all = tag.values.known.iter();
    let mut all: Vec<String> = all.map(|one| canonical(&one.text)).collect();
    all.sort();
    all
}

/// The name with all that is left out of it.
fn canonical(name: &str) -> String {
    let image = ImageRef::parse(name.trim().trim_start_matches("docker://"));
    let registry = match image.registry.as_deref() {
        None | Some("index.docker.io") => "docker.io",
        Some(other) => other,
    };
    let library = match registry == "docker.io" && !image.repository.contains('/') {
        true => "library/",
        false => "",
    };
    let tag = match (&image.tag, &image.digest) {
        (Some(tag), _) => tag,
        (None, Some(_)) => "",
        (None, None) => "latest",
    };
    let digest = image.digest.as_deref().unwrap_or_default();
    format!("{registry}/{library}{}:{tag}@{digest}", image.repository)
}

/// Whether all that a name leaves open is the same for every job of a run.
pub(super) fn is_of_run(written: &str) -> bool {
    let open = expressions::embedded(written);
    let mut rest = written.to_owned();
    for one in open.iter().rev() {
        rest.replace_range(one.range.clone(), "");
    }
    !rest.contains(['$', '`'])
        && open.iter().all(|one| {
            let path = one.parsed.as_ref().ok().and_then(|expr| expr.as_context());
            path.is_some_and(|path| matches!(path.head(), "github" | "inputs" | "vars"))
        })
}
