//! Every tag of a repository: what it stands for now, whether that is signed,
//! and whether it has moved.

use std::collections::BTreeMap;

use cofferdam_facts::ImageRef;

use super::verify::{ImageRequest, verify};
use super::{ImageError, named};
use crate::verification::{Problem, VerifiedArtifact};

/// What tags stood for, by name.
pub type Tags = BTreeMap<String, String>;

/// What was found of a repository.
#[derive(Debug)]
pub struct VerifiedTags {
    /// Every tag, and what the images name, in the order of tags.
    pub artifacts: Vec<VerifiedArtifact>,
    /// What tags stand for now.
    pub tags: Tags,
    /// Tags that stood for something before and are gone.
    pub gone: Vec<String>,
    /// Tags that were not verified, since by their names they hold signatures;
    /// whoever may push can give such a name to an image.
    pub left_out: Vec<String>,
}

/// Verifies what every tag of a repository stands for, each digest once. Tags
/// that hold signatures are left out. A tag that stood for something else before
/// has failed: whoever has pulled it has another image than who pulls it now.
///
/// # Errors
/// [`ImageError`] if the tags cannot be listed. A tag that cannot be resolved or
/// read is not checked.
pub fn verify_tags(
    request: &ImageRequest<'_>,
    before: Option<&Tags>,
) -> Result<VerifiedTags, ImageError> {
    let all = request.client.tags(request.image)?;
    let mut found = VerifiedTags {
        artifacts: Vec::new(),
        tags: Tags::new(),
        gone: Vec::new(),
        left_out: Vec::new(),
    };
    let mut known: BTreeMap<String, VerifiedArtifact> = BTreeMap::new();
    let (aside, all): (Vec<String>, Vec<String>) =
        all.into_iter().partition(|tag| holds_signatures(tag));
    found.left_out = aside;
    for tag in all {
        let image = ImageRef {
            tag: Some(tag.clone()),
            digest: None,
            ..request.image.clone()
        };
        let digest = match request.client.resolve(&image) {
            Ok(digest) => digest,
            Err(error) => {
                let problem = Problem::not_checked(error.to_string());
                found
                    .artifacts
                    .push(bare(image.to_string(), String::new(), problem));
                // What is not known to have moved is what it was.
                if let Some(old) = before.and_then(|before| before.get(&tag)) {
                    found.tags.insert(tag, old.clone());
                }
                continue;
            }
        };
        let mut one = match known.get(&digest) {
            Some(one) => one.clone(),
            None => {
                let verified = verify(&ImageRequest {
                    digest: &digest,
                    image: request.image,
                    ..*request
                });
                let mut verified = verified.unwrap_or_else(|error| {
                    let name = named(request.image, &digest);
                    let problem = Problem::not_checked(error.to_string());
                    vec![bare(name, digest.clone(), problem)]
                });
                if verified.is_empty() {
                    continue;
                }
                let first = verified.remove(0);
                known.insert(digest.clone(), first.clone());
                found.artifacts.extend(verified);
                first
            }
        };
        one.name = format!("{image}@{digest}");
        if let Some(old) = before.and_then(|before| before.get(&tag))
            && *old != digest
        {
            let text = format!("the tag has moved: it was {old} when it was last looked at");
            one.problems.push(Problem::failed(text));
        }
        found.artifacts.push(one);
        found.tags.insert(tag, digest);
    }
    found.artifacts.sort_by(|a, b| a.name.cmp(&b.name));
    let gone = before.into_iter().flatten().map(|(tag, _)| tag);
    found.gone = gone
        .filter(|tag| {
            !found
                .artifacts
                .iter()
                .any(|one| is_of(&one.name, request.image, tag))
        })
        .cloned()
        .collect();
    Ok(found)
}

fn bare(name: String, digest: String, problem: Problem) -> VerifiedArtifact {
    VerifiedArtifact {
        name,
        digest,
        bundles: Vec::new(),
        problems: vec![problem],
        covered: None,
    }
}

/// Whether a name is that of a tag, with its digest or without.
fn is_of(name: &str, image: &ImageRef, tag: &str) -> bool {
    let rest = name.strip_prefix(&format!("{}:{tag}", image.name()));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('@'))
}

/// Whether a tag holds what refers to an image: `sha256-HEX`, and with an end as
/// cosign 2 writes it.
fn holds_signatures(tag: &str) -> bool {
    let Some(rest) = tag.strip_prefix("sha256-").or(tag.strip_prefix("sha512-")) else {
        return false;
    };
    let (digits, end) = rest.split_at_checked(64).unwrap_or_default();
    let hex = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    hex && matches!(end, "" | ".sig" | ".att" | ".sbom")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tags_of_signatures_are_left_out() {
        let hex = "a".repeat(64);
        for end in ["", ".sig", ".att", ".sbom"] {
            assert!(holds_signatures(&format!("sha256-{hex}{end}")), "{end}");
        }
        for tag in [
            "1.0".to_owned(),
            "sha256-abc".to_owned(),
            format!("sha256-{hex}a"),
            format!("sha256-{hex}.evil"),
            format!("v{hex}.sig"),
        ] {
            assert!(!holds_signatures(&tag), "{tag}");
        }
    }
}
