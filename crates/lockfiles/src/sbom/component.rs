//! What the formats have in common: a component with an identity, and who needs
//! whom.

use std::collections::HashMap;

use cofferdam_facts::Span;

use crate::draft::Draft;
use crate::mistake::Mistake;
use crate::package::Distribution;
use crate::{Ecosystem, Integrity, Package, PackageUrl, Relation, Source};

/// One component as a bill describes it.
#[derive(Default)]
pub(super) struct Component {
    /// The identity inside of the bill.
    pub(super) id: String,
    pub(super) name: String,
    pub(super) version: Option<String>,
    pub(super) purl: Option<String>,
    pub(super) integrity: Vec<Integrity>,
    pub(super) licence: Option<String>,
    pub(super) download: Option<String>,
    pub(super) optional: bool,
    pub(super) is_project: bool,
    pub(super) span: Span,
}

/// The components of a bill by their identity.
pub(super) type Ids = HashMap<String, usize>;

/// Adds a component. Its package URL decides what it is; a component without one
/// belongs to no ecosystem.
pub(super) fn add(
    draft: &mut Draft<'_>,
    ids: &mut Ids,
    component: Component,
) -> Result<usize, Mistake> {
    let url = component.purl.as_deref().and_then(PackageUrl::parse);
    if let (None, Some(purl)) = (&url, &component.purl) {
        draft.not_understood(component.span, "a package URL", purl);
    }
    let (ecosystem, name) = match &url {
        Some(url) => url.ecosystem(),
        None => (Ecosystem::Generic, component.name.clone()),
    };
    let named = url.as_ref().and_then(|url| url.version.clone());
    let version = named
        .or(component.version)
        .filter(|version| !version.is_empty());
    let mut package: Package = draft.package(ecosystem, name, version, component.span);
    package.integrity = component.integrity;
    package.licence = component.licence;
    package.optional = component.optional;
    package.written_purl = component.purl.filter(|_| url.is_some());
    if let Some(url) = url {
        package.source = source(&url, component.download);
        package.distribution = distribution(&url);
        package.qualifiers = url.qualifiers;
        package.qualifiers.sort();
    }
    if component.is_project {
        package.relation = Relation::Project;
    }
    let at = draft.add(package)?;
    if !component.id.is_empty() {
        ids.insert(component.id, at);
    }
    Ok(at)
}

fn source(url: &PackageUrl, download: Option<String>) -> Source {
    let qualifier = |name: &str| {
        let found = url.qualifiers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.clone())
    };
    if let Some(vcs) = qualifier("vcs_url") {
        let vcs = vcs.trim_start_matches("git+");
        let scheme = vcs.find("://").map_or(0, |at| at + 3);
        let commit = vcs.get(scheme..).and_then(|rest| rest.rsplit_once('@'));
        return match commit {
            Some((before, commit)) if !commit.contains('/') => Source::Git {
                url: vcs.get(..scheme + before.len()).unwrap_or(vcs).to_owned(),
                commit: Some(commit.to_owned()),
                reference: None,
            },
            _ => Source::Git {
                url: vcs.to_owned(),
                commit: None,
                reference: None,
            },
        };
    }
    match (qualifier("download_url"), qualifier("repository_url")) {
        (Some(url), _) => Source::Url { url },
        (None, index) => {
            let is_address = |text: &String| text.starts_with("http");
            let archive = download.filter(is_address);
            if index.is_none() && archive.is_none() {
                Source::Unknown
            } else {
                Source::Registry { index, archive }
            }
        }
    }
}

/// The distribution of a package of one, as its URL names it: `distro=debian-12`.
fn distribution(url: &PackageUrl) -> Option<Distribution> {
    if !matches!(url.kind.as_str(), "deb" | "apk" | "rpm") {
        return None;
    }
    let distro = url.qualifiers.iter().find(|(key, _)| key == "distro");
    let vendor = url.namespace.split('/').next().unwrap_or_default();
    match distro.map(|(_, value)| value.as_str()) {
        Some(distro) => {
            let (id, version) = match distro.rsplit_once('-') {
                Some((id, version)) => (id, Some(version.to_owned())),
                None => (distro, None),
            };
            let is_version = distro.starts_with(|c: char| c.is_ascii_digit());
            Some(Distribution {
                id: if is_version { vendor } else { id }.to_owned(),
                version: if is_version {
                    Some(distro.to_owned())
                } else {
                    version
                },
            })
        }
        None if !vendor.is_empty() => Some(Distribution {
            id: vendor.to_owned(),
            version: None,
        }),
        None => None,
    }
}
