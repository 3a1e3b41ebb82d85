//! OCI image layouts, as a folder or in an archive.
//!
//! Source: OCI image specification, "OCI Image Layout", "OCI Image Index",
//! "OCI Image Manifest"; Helm documentation, "Use OCI-based registries".

use serde::Deserialize;

use super::image::{self, Configuration, LayerSource};
use super::store::{Descriptor, Store};
use super::unpack::Packing;
use super::{Harvest, Options, Subject, SubjectKind, chart};
use crate::error::{ImageProblem, SbomError};

const INDEX: [&str; 2] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];
const MANIFEST: [&str; 2] = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];
const CONFIGURATION: [&str; 2] = [
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
];
const CHART: &str = "application/vnd.cncf.helm.config.v1+json";
const CHART_CONTENT: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
/// How deep indexes lie in each other, and how many manifests they name.
const MOST_DEPTH: usize = 4;
const MOST_MANIFESTS: usize = 10_000;
/// The name of an image in a layout.
const NAME: &str = "org.opencontainers.image.ref.name";

#[derive(Deserialize)]
struct Index {
    manifests: Vec<Descriptor>,
}

#[derive(Deserialize)]
struct Manifest {
    config: Descriptor,
    layers: Vec<Descriptor>,
}

/// Reads the image or chart of a layout.
pub(crate) fn read(
    store: &Store,
    name: &str,
    options: &Options,
) -> Result<(Subject, Harvest), SbomError> {
    let limits = &options.limits;
    let index = store.small("index.json", limits)?;
    let mut all = Vec::new();
    manifests(store, "index.json", &index, 0, options, &mut all)?;
    let chosen = choose(&all, options)?;
    let bytes = store.checked(&chosen, limits)?;
    let image = SbomError::image(&chosen.digest);
    let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|error| image(error.into()))?;
    let name = chosen.annotations.get(NAME).map_or(name, String::as_str);
    let mut subject = Subject {
        kind: SubjectKind::Image,
        name: name.to_owned(),
        version: None,
        digest: chosen.hex().map(str::to_owned),
        platform: None,
        created: None,
    };
    if manifest.config.media_type == CHART {
        let content = manifest
            .layers
            .iter()
            .find(|layer| layer.media_type == CHART_CONTENT);
        let content = content.ok_or_else(|| image(ImageProblem::Missing))?;
        let (found, harvest) = chart::read(layer(store, content)?, options)?;
        subject.kind = SubjectKind::Chart;
        if let Some((name, version)) = found {
            (subject.name, subject.version) = (name, Some(version));
        }
        return Ok((subject, harvest));
    }
    if !CONFIGURATION.contains(&manifest.config.media_type.as_str()) {
        return Err(image(ImageProblem::MediaType(manifest.config.media_type)));
    }
    let bytes = store.checked(&manifest.config, limits)?;
    let configuration: Configuration = serde_json::from_slice(&bytes)
        .map_err(|error| SbomError::image(&manifest.config.digest)(error.into()))?;
    let (said, found) = (configuration.rootfs.diff_ids.len(), manifest.layers.len());
    if said != found {
        return Err(image(ImageProblem::Layers { said, found }));
    }
    subject.created = configuration.created();
    subject.platform = configuration.platform();
    let layers: Result<Vec<LayerSource>, SbomError> = manifest
        .layers
        .iter()
        .map(|one| layer(store, one))
        .collect();
    Ok((subject, image::read(layers?, options)?))
}

/// Whether a media type is that of a manifest or an index.
pub(crate) fn is_manifest(media_type: &str) -> bool {
    INDEX.contains(&media_type) || MANIFEST.contains(&media_type)
}

/// Every manifest of an index and of those inside of it.
fn manifests(
    store: &Store,
    name: &str,
    bytes: &[u8],
    depth: usize,
    options: &Options,
    all: &mut Vec<Descriptor>,
) -> Result<(), SbomError> {
    let image = SbomError::image(name);
    if depth >= MOST_DEPTH {
        return Err(image(ImageProblem::Depth));
    }
    let index: Index = serde_json::from_slice(bytes).map_err(|error| image(error.into()))?;
    for one in index.manifests {
        if all.len() >= MOST_MANIFESTS {
            let what = "manifests";
            return Err(image(ImageProblem::TooMany {
                what,
                most: MOST_MANIFESTS,
            }));
        }
        // BuildKit's attestations stand beside the images that they are about.
        if one.annotations.contains_key("vnd.docker.reference.type") {
            continue;
        }
        if INDEX.contains(&one.media_type.as_str()) {
            let bytes = store.checked(&one, &options.limits)?;
            let first = all.len();
            manifests(store, &one.digest, &bytes, depth + 1, options, all)?;
            // The name of an index is that of what it holds.
            if let Some(name) = one.annotations.get(NAME) {
                for inner in all.iter_mut().skip(first) {
                    inner
                        .annotations
                        .entry(NAME.to_owned())
                        .or_insert_with(|| name.clone());
                }
            }
        } else if MANIFEST.contains(&one.media_type.as_str()) {
            all.push(one);
        } else {
            return Err(image(ImageProblem::MediaType(one.media_type)));
        }
    }
    Ok(())
}

/// The one manifest that is meant.
fn choose(all: &[Descriptor], options: &Options) -> Result<Descriptor, SbomError> {
    let name = |one: &Descriptor| {
        one.annotations
            .get(NAME)
            .cloned()
            .unwrap_or(one.digest.clone())
    };
    let platform = |one: &Descriptor| one.platform.as_ref().map(super::store::Platform::text);
    let named: Vec<&Descriptor> = match &options.image {
        Some(wanted) => {
            let fits = |one: &&Descriptor| name(one) == *wanted || one.digest == *wanted;
            all.iter().filter(fits).collect()
        }
        None => all.iter().collect(),
    };
    let of_platform: Vec<&Descriptor> = match &options.platform {
        Some(wanted) => named
            .iter()
            .copied()
            .filter(|one| platform(one).is_none_or(|text| is_of(&text, wanted)))
            .collect(),
        None => named.clone(),
    };
    match of_platform.as_slice() {
        [one] => return Ok((*one).clone()),
        [] if options.platform.is_some() && !named.is_empty() => {
            return Err(SbomError::NoPlatform {
                wanted: options.platform.clone().unwrap_or_default(),
                have: named.iter().filter_map(|one| platform(one)).collect(),
            });
        }
        [] => {
            let have = all.iter().map(name).collect();
            return Err(SbomError::SeveralImages { have });
        }
        _ => {}
    }
    let mut names: Vec<String> = of_platform.iter().map(|one| name(one)).collect();
    names.sort();
    names.dedup();
    let platforms: Vec<String> = of_platform.iter().filter_map(|one| platform(one)).collect();
    let distinct: std::collections::BTreeSet<&String> = platforms.iter().collect();
    if options.platform.is_none() && distinct.len() == of_platform.len() {
        let have = platforms;
        return Err(SbomError::SeveralPlatforms { have });
    }
    Err(SbomError::SeveralImages { have: names })
}

/// Whether a platform is one that was asked for: a variant need not be said.
fn is_of(platform: &str, wanted: &str) -> bool {
    let rest = platform.strip_prefix(wanted);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn layer(store: &Store, descriptor: &Descriptor) -> Result<LayerSource, SbomError> {
    let media_type = &descriptor.media_type;
    let image = SbomError::image(&descriptor.digest);
    let is_layer = media_type.starts_with("application/vnd.oci.image.layer.")
        || media_type.starts_with("application/vnd.docker.image.rootfs.")
        || media_type == CHART_CONTENT;
    if !is_layer {
        return Err(image(ImageProblem::MediaType(media_type.clone())));
    }
    let packing = if media_type.ends_with("gzip") {
        Packing::Gzip
    } else if media_type.ends_with("zstd") {
        Packing::Zstd
    } else {
        Packing::Plain
    };
    let hex = descriptor.hex().unwrap_or_default().to_owned();
    Ok(LayerSource {
        name: descriptor.digest.clone(),
        blob: store.named(descriptor)?,
        said: Some((hex, descriptor.size)),
        diff_id: None,
        packing: Some((packing, media_type.clone())),
    })
}
