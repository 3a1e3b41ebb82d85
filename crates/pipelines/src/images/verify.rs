//! Whether whoever is expected has signed an image, and everything that it
//! names.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use cofferdam_attest::{ArtifactDigests, ExpectedIdentity, Outcome, Verifier};
use cofferdam_facts::ImageRef;
use cofferdam_registries::oci::OciClient;
use rayon::prelude::*;

use super::found::Search;
use super::{ImageError, Node, named, tree};
use crate::verification::{
    Covered, Demands, Judge, Limits, Problem, Request, Subject, VerifiedArtifact,
    verify as verify_files,
};

/// What is asked about an image.
#[derive(Clone, Copy)]
pub struct ImageRequest<'a> {
    /// Who asks the registry.
    pub client: &'a Arc<OciClient>,
    /// The image.
    pub image: &'a ImageRef,
    /// The digest that is verified; tags stand for another one tomorrow.
    pub digest: &'a str,
    /// Bundles in files, and folders of bundles, in the place of those that the
    /// registry keeps.
    pub bundles: &'a [PathBuf],
    /// Who is expected to have signed.
    pub expected: &'a ExpectedIdentity,
    /// By whose trust.
    pub verifier: &'a Verifier,
    /// Types of statements of which each image needs one.
    pub require: &'a [String],
    /// What is asked of provenance besides.
    pub demands: Demands<'a>,
    /// Whether every image of an index must be signed itself.
    pub each_platform: bool,
    /// How much is read.
    pub limits: Limits,
}

/// Verifies an image, and each that it names: by bundles of its own, and by the
/// index that names its digest.
///
/// # Errors
/// [`ImageError`] if the image cannot be read at all.
pub fn verify(request: &ImageRequest<'_>) -> Result<Vec<VerifiedArtifact>, ImageError> {
    let nodes = tree(request.client, request.image, request.digest)?;
    let alone: Result<Vec<VerifiedArtifact>, ImageError> =
        nodes.par_iter().map(|node| one(request, node)).collect();
    let mut all = alone?;
    cover(request, &nodes, &mut all);
    types(request.require, &nodes, &mut all);
    Ok(all)
}

/// One manifest by its own bundles.
fn one(request: &ImageRequest<'_>, node: &Node) -> Result<VerifiedArtifact, ImageError> {
    let mut verified = VerifiedArtifact {
        name: shown(request.image, node),
        digest: node.digest.clone(),
        bundles: Vec::new(),
        problems: node.problem.iter().cloned().collect(),
        covered: None,
    };
    if node.problem.is_some() {
        return Ok(verified);
    }
    if request.bundles.is_empty() {
        let search = Search {
            client: request.client,
            image: request.image,
            judge: Judge {
                verifier: request.verifier,
                expected: request.expected,
                demands: request.demands,
            },
            limits: &request.limits,
        };
        search.look(&node.digest, &mut verified);
        return Ok(verified);
    }
    let Some(digest) = ArtifactDigests::parse(&node.digest) else {
        let text = "its digest is of a kind for which nobody signs";
        verified.problems.push(Problem::not_checked(text));
        return Ok(verified);
    };
    if node.parent.is_some() && !request.each_platform {
        return Ok(verified);
    }
    let found = verify_files(&Request {
        subject: Subject::Digest(digest),
        bundles: request.bundles.to_vec(),
        expected: request.expected,
        verifier: request.verifier,
        require: &[],
        demands: request.demands,
        limits: request.limits,
    })?;
    for one in found {
        verified.bundles.extend(one.bundles);
        verified.problems.extend(one.problems);
    }
    Ok(verified)
}

/// Says by whom those are covered that have no bundle, and what stands against
/// those that nobody covers. Parents come before what they name.
fn cover(request: &ImageRequest<'_>, nodes: &[Node], all: &mut [VerifiedArtifact]) {
    for (index, node) in nodes.iter().enumerate() {
        let parent = node.parent.and_then(|parent| all.get(parent));
        let covered = parent.map(|parent| Covered {
            by: match &parent.covered {
                // The one that is signed, not one between.
                Some(above) if parent.bundles.is_empty() => above.by.clone(),
                _ => parent.digest.clone(),
            },
            outcome: parent.outcome(),
        });
        let Some(one) = all.get_mut(index) else {
            continue;
        };
        let bare = one.bundles.is_empty() && !one.problems.iter().any(|problem| problem.required);
        if !bare {
            continue;
        }
        match covered {
            Some(covered) if node.remark || !request.each_platform => one.covered = Some(covered),
            Some(_) => {
                let text = "there is no signature of its own for it";
                one.problems.push(Problem::failed(text));
            }
            None => one
                .problems
                .push(Problem::failed("there is no signature for it")),
        }
    }
}

/// Each type must have passed for every image: for itself, for an index that
/// names it, or, of an index, for every image that it names.
fn types(require: &[String], nodes: &[Node], all: &mut [VerifiedArtifact]) {
    for kind in require {
        let own: BTreeSet<usize> = all
            .iter()
            .enumerate()
            .filter(|(_, one)| {
                one.bundles.iter().any(|bundle| {
                    bundle.outcome == Outcome::Passed
                        && bundle.predicate_type.as_deref() == Some(kind.as_str())
                })
            })
            .map(|(index, _)| index)
            .collect();
        let above = |mut index: usize| {
            let mut depth = 0;
            while depth <= nodes.len() {
                if own.contains(&index) {
                    return true;
                }
                match nodes.get(index).and_then(|node| node.parent) {
                    Some(parent) => index = parent,
                    None => return false,
                }
                depth += 1;
            }
            false
        };
        let images = |index: usize| {
            let children = nodes.iter().enumerate();
            let mut children = children
                .filter(|(_, child)| child.parent == Some(index) && !child.remark)
                .peekable();
            children.peek().is_some() && children.all(|(child, _)| own.contains(&child))
        };
        let missing: Vec<usize> = (0..nodes.len())
            .filter(|&index| !nodes.get(index).is_some_and(|node| node.remark))
            .filter(|&index| !above(index) && !images(index))
            .collect();
        for index in missing {
            if let Some(one) = all.get_mut(index) {
                let text = format!("no attestation of type {kind} has passed");
                one.problems.push(Problem::failed(text));
            }
        }
    }
}

fn shown(image: &ImageRef, node: &Node) -> String {
    let name = named(image, &node.digest);
    match &node.platform {
        Some(platform) if !node.remark => format!("{name} ({platform})"),
        _ if node.remark => format!("{name} (what BuildKit tells of a build)"),
        _ => name,
    }
}
