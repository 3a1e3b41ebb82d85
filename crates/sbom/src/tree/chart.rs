//! Packed charts.

use std::hash::RandomState;

use super::image::{LayerSource, one};
use super::layer::Whiteouts;
use super::squash::squash;
use super::{Harvest, Options};
use crate::error::SbomError;
use crate::package::Kind;

/// Reads a packed chart, and gives its name and version too.
pub(crate) fn read(
    source: LayerSource,
    options: &Options,
) -> Result<(Option<(String, String)>, Harvest), SbomError> {
    let hasher = RandomState::new();
    let layer = one(source, Whiteouts::Plain, options, &hasher)?;
    let harvest = squash(vec![layer], &hasher);
    Ok((own(&harvest), harvest))
}

/// The chart itself: the one whose file lies in the only folder of the archive.
fn own(harvest: &Harvest) -> Option<(String, String)> {
    let file = harvest.found.iter().find(|file| {
        let mut parts = file.path.split('/').skip(1);
        parts.next() == Some("Chart.yaml") && parts.next().is_none()
    })?;
    let found = file.by.iter().filter_map(|(_, found)| found.as_ref().ok());
    let item = found
        .flat_map(|found| &found.items)
        .find(|item| item.package.kind == Kind::Helm)?;
    Some((item.package.name.clone(), item.package.version.clone()?))
}
