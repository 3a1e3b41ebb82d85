//! Images that a build puts in the place of an argument of its Dockerfile:
//! `--build-arg BASE=golang:1.25` where a `FROM ${BASE}` takes it.
//!
//! Source: Dockerfile reference, "Understand how ARG and FROM interact".

use std::collections::BTreeMap;

use cofferdam_facts::ImageRef;

use super::builds::Argument;
use crate::documents::Dockerfile;
use crate::documents::dockerfile::{ImageName, ImagePlace};
use crate::repository::Repository;
use crate::semantics::constants::{Constant, Values};
use crate::semantics::images::{Named, Role};

/// The most values of one argument that are put into a file.
const MOST_VALUES: usize = 64;

/// Every image that the arguments of a build make of the Dockerfile at `path`,
/// and that it does not name itself.
pub(super) fn of(repository: &Repository, path: &str, arguments: &[Argument]) -> Vec<Named> {
    let file = (repository.dockerfiles.iter()).find(|file| file.file().path() == path);
    let Some(file) = file.filter(|_| !arguments.is_empty()) else {
        return Vec::new();
    };
    let known = |argument: &Argument| match argument.values.known.as_slice() {
        [only] if argument.values.complete => Some(only.text.clone()),
        _ => None,
    };
    let fixed: BTreeMap<String, String> = (arguments.iter())
        .filter_map(|argument| Some((argument.name.clone(), known(argument)?)))
        .collect();
    let taken_by = |argument: &Argument, place: &ImagePlace| {
        place.arguments.contains(&argument.name) && !place.is_some_stage()
    };
    let mut found = Vec::new();
    for argument in arguments {
        if !file.images().iter().any(|place| taken_by(argument, place)) {
            continue;
        }
        let mut images: Vec<Constant> = Vec::new();
        for value in argument.values.known.iter().take(MOST_VALUES) {
            let mut given = fixed.clone();
            given.insert(argument.name.clone(), value.text.clone());
            let built = Dockerfile::parse_with(file.file().clone(), &given);
            for (before, after) in file.images().iter().zip(built.images()) {
                if !taken_by(argument, before) || before.name == after.name {
                    continue;
                }
                if let ImageName::Image(image) = &after.name {
                    let whole = ImageRef::parse(&value.text) == *image;
                    images.push(Constant {
                        text: image.to_string(),
                        set_at: value.set_at.filter(|_| whole),
                    });
                }
            }
        }
        images.dedup();
        let complete = argument.values.complete && argument.values.known.len() <= MOST_VALUES;
        if images.is_empty() && complete {
            continue;
        }
        let values = Values {
            known: images,
            complete,
        };
        let written = &argument.written;
        found.push(Named::new(Role::Script, written, argument.span, values));
    }
    found
}
