//! Archives of `docker save`.
//!
//! Source: moby, `image/spec/v1.2.md`, "Combined Image JSON + Filesystem
//! Changeset Format". Layers are identified by the digest of their content.

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::image::{self, Configuration, LayerSource};
use super::store::Store;
use super::tar::plain;
use super::unpack::hex;
use super::{Harvest, Options, Subject, SubjectKind};
use crate::error::{ImageProblem, SbomError};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    layers: Vec<String>,
}

impl Entry {
    fn tags(&self) -> &[String] {
        self.repo_tags.as_deref().unwrap_or_default()
    }
}

/// Reads the image of an archive.
pub(crate) fn read(
    store: &Store,
    name: &str,
    options: &Options,
) -> Result<(Subject, Harvest), SbomError> {
    let bytes = store.small("manifest.json", &options.limits)?;
    let problem = SbomError::image("manifest.json");
    let entries: Vec<Entry> =
        serde_json::from_slice(&bytes).map_err(|error| problem(error.into()))?;
    let fits = |entry: &&Entry| {
        (options.image.as_ref()).is_none_or(|wanted| entry.tags().contains(wanted))
    };
    let chosen: Vec<&Entry> = entries.iter().filter(fits).collect();
    let [entry] = chosen.as_slice() else {
        let first = |entry: &Entry| {
            entry
                .tags()
                .first()
                .cloned()
                .unwrap_or(entry.config.clone())
        };
        let have = entries.iter().map(first).collect();
        return Err(SbomError::SeveralImages { have });
    };
    let bytes = store.small(&inside(&entry.config)?, &options.limits)?;
    let found = hex(&Sha256::digest(&bytes));
    let of_name = entry.config.rsplit('/').next().unwrap_or_default();
    let of_name = of_name.strip_suffix(".json").unwrap_or(of_name);
    // The configuration is named after its digest, and it names the layers.
    if of_name.len() == 64 && of_name != found {
        return Err(SbomError::image(&entry.config)(ImageProblem::Digest {
            found,
        }));
    }
    let configuration: Configuration = serde_json::from_slice(&bytes)
        .map_err(|error| SbomError::image(&entry.config)(error.into()))?;
    let diff_ids = &configuration.rootfs.diff_ids;
    let (said, have) = (diff_ids.len(), entry.layers.len());
    if said != have {
        return Err(problem(ImageProblem::Layers { said, found: have }));
    }
    let layers: Result<Vec<LayerSource>, SbomError> = entry
        .layers
        .iter()
        .zip(diff_ids)
        .map(|(path, diff_id)| {
            let form = || SbomError::image(path)(ImageProblem::DigestForm(diff_id.clone()));
            Ok(LayerSource {
                name: path.clone(),
                blob: store.open(&inside(path)?)?,
                said: None,
                diff_id: Some(diff_id.strip_prefix("sha256:").ok_or_else(form)?.to_owned()),
                packing: None,
            })
        })
        .collect();
    let subject = Subject {
        kind: SubjectKind::Image,
        name: entry.tags().first().map_or(name, String::as_str).to_owned(),
        version: None,
        // A registry would give the image another digest, which nobody knows here.
        digest: None,
        platform: configuration.platform(),
        created: configuration.created(),
    };
    Ok((subject, image::read(layers?, options)?))
}

fn inside(path: &str) -> Result<String, SbomError> {
    plain(path).ok_or_else(|| SbomError::image(path)(ImageProblem::Missing))
}
