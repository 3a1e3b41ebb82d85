//! The rows of the matrix, those that are alike as one.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use cofferdam_exposure::matrix::Cell;
use cofferdam_exposure::whatif::weight;
use cofferdam_exposure::{Class, Position};

/// What one position reaches, by class.
pub(super) type Cells = BTreeMap<Class, Cell>;

/// One line of the matrix.
pub(super) struct Line<'c> {
    pub(super) name: String,
    /// How many positions it stands for.
    pub(super) count: usize,
    pub(super) cells: &'c Cells,
    /// Whether it is somebody with a role.
    pub(super) role: bool,
}

/// How much is taken together.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fold {
    /// Nothing.
    Nothing,
    /// What is of one owner, host or registry.
    Owner,
    /// What is of one kind.
    Kind,
}

/// Strangers first, then what a build takes from elsewhere, then people with a
/// role; the worse the earlier.
pub(super) fn order(position: &Position, of: &Cells) -> (Reverse<u64>, [usize; 4], Position) {
    let strength = Reverse(weight::of_position(position));
    (strength, weight_of(of), position.clone())
}

/// The worse the smaller.
fn weight_of(of: &Cells) -> [usize; 4] {
    let mut sums = [usize::MAX; 4];
    for cell in of.values() {
        for (sum, count) in sums.iter_mut().zip(cell.counts) {
            *sum -= count;
        }
    }
    sums
}

/// The lines, in order.
pub(super) fn lines<'c>(cells: &'c BTreeMap<&Position, Cells>, fold: Fold) -> Vec<Line<'c>> {
    let mut positions: Vec<(&Position, &Cells)> =
        cells.iter().map(|(position, of)| (*position, of)).collect();
    positions.sort_by_key(|(position, of)| order(position, of));
    let mut found: Vec<(Line<'c>, String)> = Vec::new();
    for (position, of) in positions {
        let stem = stem(position, fold);
        let alike = |(line, other): &&mut (Line<'c>, String)| {
            fold != Fold::Nothing && *other == stem && line.cells == of
        };
        if let Some((line, _)) = found.iter_mut().find(alike) {
            line.count += 1;
            if Position::PEOPLE.contains(position) {
                line.name.push_str(&format!(", {position}"));
            }
            continue;
        }
        let line = Line {
            name: position.to_string(),
            count: 1,
            cells: of,
            role: weight::of_position(position) == 1,
        };
        found.push((line, stem));
    }
    found.into_iter().map(|(line, _)| line).collect()
}

/// What positions have in common that may stand in one line.
fn stem(position: &Position, fold: Fold) -> String {
    if Position::PEOPLE.contains(position) {
        return "people".to_owned();
    }
    let name = position.to_string();
    let end = match fold {
        Fold::Kind => name.find(':'),
        _ => name.find('/'),
    };
    name.get(..end.unwrap_or(name.len()))
        .unwrap_or_default()
        .to_owned()
}
