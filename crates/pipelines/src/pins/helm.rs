//! Images in the values of Helm charts.
//!
//! Charts agree on two forms: a name under `image:`, and a mapping with
//! `repository`, `tag` and often `registry` and `digest`. What a chart makes of
//! them stands in its templates, which nobody reads here; this is why values
//! are looked at on request only.

use std::path::Path;

use cofferdam_facts::{ImageRef, SourceFile};
use cofferdam_findings::NotChecked;
use cofferdam_workflows::repository::Tree;
use cofferdam_workflows::yaml::{Document, Node};

use super::places::{self, Place};
use crate::Limits;
use crate::collect::{Links, bounded, regular};

/// The most nodes of one file.
const MOST_NODES: usize = 200_000;

/// Reads a values file and every image in it.
pub(super) fn read(
    root: &Path,
    path: &Path,
    limits: &Limits,
) -> Result<(SourceFile, Vec<Place>), Box<NotChecked>> {
    let unread = |reason: String| {
        Box::new(NotChecked {
            code: "helm-values-unread",
            message: format!("{}: {reason}", path.display()),
            location: None,
            settle: "name a values file of the checkout".to_owned(),
            required: true,
        })
    };
    let outside = path.is_absolute() || path.components().any(|part| part.as_os_str() == "..");
    // No folder on the way may be a link either: it could lead anywhere.
    let opened = std::fs::canonicalize(root)
        .and_then(|root| regular(&root.join(path), Links::Refused))
        .ok()
        .filter(|_| !outside && !behind_link(root, path));
    let mut file =
        opened.ok_or_else(|| unread("it is no regular file of the checkout".to_owned()))?;
    let bytes = bounded(&mut file, limits.document_bytes)
        .map_err(|error| unread(error.to_string()))?
        .map_err(|_| unread("it is too large".to_owned()))?;
    let text = String::from_utf8(bytes).map_err(|_| unread("it is not UTF-8".to_owned()))?;
    let name = path.to_str().unwrap_or_default().replace('\\', "/");
    let file = SourceFile::new(name, text);
    let document = Document::parse(file.clone());
    if !super::compose::is_understood(&document) {
        return Err(unread("it is not understood as YAML".to_owned()));
    }
    let found = places(&file);
    Ok((file, found))
}

/// Whether a part of a path is a link, on systems that cannot refuse links when
/// they open a file.
fn behind_link(root: &Path, path: &Path) -> bool {
    let mut here = root.to_owned();
    path.components().any(|part| {
        here.push(part);
        std::fs::symlink_metadata(&here).is_ok_and(|found| found.is_symlink())
    })
}

/// Charts whose templates nobody looked at, each named once.
pub(super) fn templates(tree: &Tree) -> Vec<NotChecked> {
    (tree.iter())
        .filter_map(|path| path.strip_suffix("Chart.yaml"))
        .filter(|folder| folder.is_empty() || folder.ends_with('/'))
        .filter(|folder| {
            let templates = format!("{folder}templates");
            tree.below(&templates).next().is_some()
        })
        .map(|folder| NotChecked {
            code: "helm-templates",
            message: format!("{folder}templates: images in templates of Helm are not looked at"),
            location: None,
            settle: "name the values that the chart takes with `--helm-values FILE`".to_owned(),
            required: false,
        })
        .collect()
}

/// Every image of a values file.
pub(super) fn places(file: &SourceFile) -> Vec<Place> {
    let document = Document::parse(file.clone());
    let mut found = Vec::new();
    for root in document.roots() {
        walk(file, root, &mut found);
    }
    found
}

fn walk(file: &SourceFile, node: Node<'_>, found: &mut Vec<Place>) {
    let mut open = vec![node];
    // Aliases can make much of little.
    for _ in 0..MOST_NODES {
        let Some(node) = open.pop() else { return };
        if let Some(place) = mapping(file, node) {
            found.push(place);
        }
        for (key, value) in node.entries() {
            if let ("image", Some(text)) = (key.as_str().unwrap_or_default(), value.as_str()) {
                let named = text.contains([':', '/']) && !text.contains(['{', ' ']);
                if named {
                    let name = ImageRef::parse(text);
                    found.push(places::image(file, name, value.span()));
                }
            }
            open.push(value);
        }
        open.extend(node.items());
    }
}

/// `repository` and `tag` side by side. The digest goes behind the tag, which
/// every template that joins them by a colon takes.
fn mapping(file: &SourceFile, node: Node<'_>) -> Option<Place> {
    let text = |name: &str| {
        let (_, value) = node.entries().find(|(key, _)| key.as_str() == Some(name))?;
        Some((value.as_str()?.to_owned(), value.span()))
    };
    let (repository, _) = text("repository").filter(|(name, _)| !name.is_empty())?;
    let (tag, span) = text("tag").filter(|(tag, _)| !tag.is_empty())?;
    let registry = text("registry")
        .map(|(name, _)| name)
        .filter(|name| !name.is_empty());
    let before = match registry {
        Some(registry) => format!("{registry}/{repository}:"),
        None => format!("{repository}:"),
    };
    let digest = text("digest").filter(|(digest, _)| !digest.is_empty());
    let name = match digest {
        Some((digest, _)) => format!("{before}{tag}@{digest}"),
        None => format!("{before}{tag}"),
    };
    let mut place = places::image(file, ImageRef::parse(&name), span);
    let raw = file.slice(span);
    let at = raw.find(&tag)?;
    place.edit = Some(span.start + at..span.start + at + tag.len());
    place.elsewhere = before;
    Some(place)
}
