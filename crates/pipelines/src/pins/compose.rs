//! Images in the files of `docker compose`.
//!
//! Source: the Compose specification, "services", "interpolation" and
//! "extensions".

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use cofferdam_facts::{ImageRef, SourceFile, Span};
use cofferdam_findings::NotChecked;
use cofferdam_workflows::Repository;
use cofferdam_workflows::documents::Dockerfile;
use cofferdam_workflows::documents::dockerfile::ImageName;
use cofferdam_workflows::repository::{inside, plain};
use cofferdam_workflows::semantics::composes;
use cofferdam_workflows::yaml::{Document, Node, ProblemKind};

use super::places::{self, Place};
use crate::Limits;
use crate::collect::{Links, bounded, regular};

/// The most files of one checkout.
const MOST_FILES: usize = 2_000;
/// The most nodes of one file.
const MOST_NODES: usize = 200_000;

/// Whether a path is one that `docker compose` takes by its name:
/// `compose.yaml`, `docker-compose.yml`, and with a word between, as in
/// `docker-compose.test.yml`.
pub(super) fn is_compose(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let stem = (name.strip_suffix(".yml")).or_else(|| name.strip_suffix(".yaml"));
    let begins = |stem: &str, word: &str| {
        stem.strip_prefix(word)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']))
    };
    stem.is_some_and(|stem| begins(stem, "compose") || begins(stem, "docker-compose"))
}

/// Every file of the checkout that is one by its name, or that a step of a
/// workflow gives to `docker compose`.
pub(super) fn paths(checkout: &Repository) -> BTreeSet<String> {
    let given = composes::named(checkout).into_values().flatten();
    let given = given.filter(|path| checkout.tree.has(path));
    let by_name = checkout.tree.iter().filter(|path| is_compose(path));
    by_name.map(str::to_owned).chain(given).collect()
}

/// The files that a step gives to compose and that nobody can find.
fn lost(checkout: &Repository) -> impl Iterator<Item = String> {
    (composes::named(checkout).into_iter())
        .filter(|(written, path)| match path {
            Some(path) => !checkout.tree.has(path),
            // Wherever it stands, it is read by its name.
            None => !is_compose(written),
        })
        .map(|(written, _)| written)
}

/// Reads every file of the checkout, with what could not be read.
pub(super) fn read(
    root: &Path,
    checkout: &Repository,
    limits: &Limits,
) -> (Vec<SourceFile>, Vec<NotChecked>) {
    let mut files = Vec::new();
    let mut unread = Vec::new();
    let Ok(root) = fs::canonicalize(root) else {
        return (files, unread);
    };
    let mut gap = |message: String| {
        unread.push(NotChecked {
            code: "compose-unread",
            message,
            location: None,
            settle: "mend the file, or take it out of the checkout".to_owned(),
            required: true,
        });
    };
    for written in lost(checkout) {
        gap(format!(
            "`{written}`: a step gives it to compose, and no such file stands in the checkout"
        ));
    }
    let all = paths(checkout);
    for (count, path) in all.iter().map(String::as_str).enumerate() {
        if count >= MOST_FILES {
            gap(format!(
                "more than {MOST_FILES} compose files; the rest was not read"
            ));
            break;
        }
        match text(&root.join(path), limits) {
            Ok(text) => {
                let file = SourceFile::new(path, text);
                let document = Document::parse(file.clone());
                if is_understood(&document) {
                    if let Some(other) = other_file(&document, checkout, &all) {
                        gap(format!(
                            "{path}: it takes in `{other}`, which was not looked at"
                        ));
                    }
                    files.push(file);
                } else {
                    gap(format!("{path}: it is not understood as YAML"));
                }
            }
            Err(reason) => gap(format!("{path}: {reason}")),
        }
    }
    (files, unread)
}

/// Whether everything of a file is understood. What GitHub does not take is
/// usual elsewhere.
pub(super) fn is_understood(document: &Document) -> bool {
    (document.problems().iter()).all(|one| one.kind == ProblemKind::MergeKey)
}

fn text(path: &Path, limits: &Limits) -> Result<String, String> {
    let mut file = regular(path, Links::Refused).map_err(|error| error.to_string())?;
    let bytes = bounded(&mut file, limits.document_bytes)
        .map_err(|error| error.to_string())?
        .map_err(|_| "it is too large".to_owned())?;
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())
}

/// Every image that the files name and that they do not build themselves.
pub(super) fn all(files: &[SourceFile]) -> Vec<Place> {
    files.iter().flat_map(places).collect()
}

/// The places of one file. A service with `build:` names what it makes, for
/// itself and for the other services of the same file.
pub(super) fn places(file: &SourceFile) -> Vec<Place> {
    let document = Document::parse(file.clone());
    let named = images(&document);
    let made: BTreeSet<&str> = (named.iter())
        .filter(|one| one.is_built)
        .map(|one| one.text.as_str())
        .collect();
    let own = (named.iter())
        .filter(|one| !one.is_never_pulled && !made.contains(one.text.as_str()))
        .map(|one| place(file, one));
    own.chain(inline(&document)).collect()
}

/// The images of Dockerfiles that stand in `dockerfile_inline`.
fn inline(document: &Document) -> Vec<Place> {
    let file = document.file();
    let mut found = Vec::new();
    let services = document.roots().filter_map(|root| root.get("services"));
    for (_, service) in services.flat_map(|services| services.entries()) {
        let text = service
            .get("build")
            .and_then(|build| build.get("dockerfile_inline"));
        let Some((text, node)) = text.and_then(|node| Some((node.as_str()?, node))) else {
            continue;
        };
        let inner = Dockerfile::parse(SourceFile::new(file.path(), text.to_owned()));
        for image in inner.images().iter().filter(|one| !one.is_some_stage()) {
            let at = image.default_span.unwrap_or(image.span);
            let span = node.raw_span(at.start..at.end);
            match &image.name {
                ImageName::Image(name) => found.push(places::image(file, name.clone(), span)),
                ImageName::Unknown { .. } => {
                    found.push(places::unknown(file, &image.written, span));
                }
                ImageName::Scratch | ImageName::Stage(_) => {}
            }
        }
        if let Some(problem) = inner.problems().first() {
            let span = node.raw_span(problem.span.start..problem.span.end);
            found.push(places::unknown(file, "dockerfile_inline", span));
        }
    }
    found
}

/// Another file with services or a Dockerfile that one takes in and that is
/// none of those that are read by their name: a path, or an address.
fn other_file(
    document: &Document,
    checkout: &Repository,
    all: &BTreeSet<String>,
) -> Option<String> {
    let file = document.file().path();
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let is_read = |path: &str| {
        let path = plain(&inside(folder, path));
        all.contains(&path) || (checkout.dockerfiles.iter()).any(|one| one.file().path() == path)
    };
    let mut named: Vec<Node<'_>> = Vec::new();
    let mut dockerfiles: Vec<String> = Vec::new();
    for (key, value) in document.roots().flat_map(|root| root.entries()) {
        match key.as_str() {
            Some("include") => {
                for one in value.items().chain([value]) {
                    named.push(one);
                    let paths = one.get("path");
                    named.extend(paths.into_iter().flat_map(|n| n.items().chain([n])));
                }
            }
            Some("services") => {
                for (_, service) in value.entries() {
                    let extended = service.get("extends").and_then(|one| one.get("file"));
                    named.extend(extended);
                    dockerfiles.extend(dockerfile(service));
                }
            }
            _ => {}
        }
    }
    (named.into_iter().filter_map(|one| one.as_str()))
        .map(str::to_owned)
        .chain(dockerfiles)
        .find(|path| !path.is_empty() && !is_read(path))
}

/// The Dockerfile that a service is built from, where it has a name of its own;
/// an address where it is built from elsewhere.
fn dockerfile(service: Node<'_>) -> Option<String> {
    let build = service.get("build")?;
    let context = build
        .get("context")
        .or(Some(build))
        .and_then(|one| one.as_str());
    let context = context.unwrap_or(".");
    if context.contains("://") || context.starts_with("git@") {
        return Some(context.to_owned());
    }
    let file = build.get("dockerfile")?.as_str()?;
    Some(inside(context, file))
}

struct Named {
    text: String,
    span: Span,
    /// Whether the name is given to what is built here.
    is_built: bool,
    /// Whether the service fails where the image is not there.
    is_never_pulled: bool,
}

/// Every `image` of a service, and of an extension that services take over.
fn images(document: &Document) -> Vec<Named> {
    let mut found = Vec::new();
    for root in document.roots() {
        let mut open: Vec<Node<'_>> = root
            .entries()
            .filter(|(key, _)| {
                let name = key.as_str().unwrap_or_default();
                name == "services" || name.starts_with("x-")
            })
            .map(|(_, value)| value)
            .collect();
        for _ in 0..MOST_NODES {
            let Some(node) = open.pop() else { break };
            let policy = node.get("pull_policy").and_then(|one| one.as_str());
            let is_built = node.entries().any(|(key, _)| key.as_str() == Some("build"));
            for (key, value) in node.entries() {
                match (key.as_str(), value.as_str()) {
                    (Some("image"), Some(text)) if !text.is_empty() => found.push(Named {
                        text: text.to_owned(),
                        span: value.span(),
                        is_built: is_built && policy.is_none_or(|one| one == "build"),
                        is_never_pulled: policy == Some("never"),
                    }),
                    // What belongs to the program inside is no image of compose.
                    (Some("environment" | "labels" | "annotations" | "command"), _) => {}
                    _ => open.push(value),
                }
            }
            open.extend(node.items());
        }
    }
    found
}

fn place(file: &SourceFile, named: &Named) -> Place {
    match interpolated(&named.text) {
        Some(text) => {
            let image = ImageRef::parse(&text);
            let mut place = places::image(file, image, named.span);
            if text != named.text {
                place.edit = None;
            }
            place
        }
        None => places::unknown(file, &named.text, named.span),
    }
}

/// The text with the defaults of its variables in their places; nothing where
/// one has none.
fn interpolated(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let (inner, after) = after.strip_prefix('{')?.split_once('}')?;
        let (_, default) = inner.split_once(":-").or_else(|| inner.split_once('-'))?;
        if default.contains('$') {
            return None;
        }
        out.push_str(default);
        rest = after;
    }
    out.push_str(rest);
    (!out.is_empty()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_compose_files_are_told_from_others() {
        for path in [
            "compose.yaml",
            "a/b/docker-compose.yml",
            "docker-compose.test.yml",
            "docker-compose-dev.yaml",
            "compose.override.yml",
        ] {
            assert!(is_compose(path), "{path}");
        }
        for path in [
            "composer.yaml",
            "compose.json",
            "compose/x.yml",
            "my-compose.yml",
        ] {
            assert!(!is_compose(path), "{path}");
        }
    }

    #[test]
    fn variables_have_their_defaults() {
        let due = |text: &str, due: &str| assert_eq!(interpolated(text).as_deref(), Some(due));
        due("alpine:3.19", "alpine:3.19");
        due("alpine:${TAG:-3.19}", "alpine:3.19");
        due("${IMAGE-octo/app}:1", "octo/app:1");
        for text in ["alpine:${TAG}", "$IMAGE", "${A:-${B}}", "${A:?no}", "a:${T"] {
            assert_eq!(interpolated(text), None, "{text}");
        }
    }
}
