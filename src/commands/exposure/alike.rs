//! Ways that read the same, said once with all the pairs that they are of.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

use cofferdam_exposure::whatif::weight;
use cofferdam_exposure::{Asset, Exposure, Level, Position, Row};
use rayon::prelude::*;

use super::ways;

/// So many names of one side of a pair are written, unless all are wanted.
const NAMED: usize = 4;

/// Ways that read the same.
pub(crate) struct Alike<'r> {
    /// Their pairs, the worst first.
    pub(crate) rows: Vec<&'r Row>,
    /// The places, as lines.
    pub(crate) lines: Vec<String>,
    /// What closes them, as sentences.
    pub(crate) cuts: Vec<String>,
}

impl Alike<'_> {
    /// How bad they are.
    pub(crate) fn level(&self) -> Level {
        (self.rows.first()).map_or(Level::Blocked, |row| row.verdict.level())
    }

    /// What stands in them.
    pub(crate) fn verdict(&self) -> String {
        (self.rows.first()).map_or_else(String::new, |row| row.verdict.to_string())
    }
}

/// The ways in the order of the first of each kind, until there are so many
/// kinds; and how many ways are left out.
pub(crate) fn alike<'r>(
    exposure: &Exposure,
    rows: &[&'r Row],
    most: usize,
) -> (Vec<Alike<'r>>, usize) {
    let text = |row: &Row| (row.verdict.to_string(), ways::lines(exposure, row));
    let cuts = |row: &Row| ways::sentences(&row.cuts(&exposure.graph));
    let (found, left) = kinds(rows, most, text, cuts);
    let found = found
        .into_iter()
        .map(|(rows, (_, lines), cuts)| Alike { rows, lines, cuts });
    (found.collect(), left)
}

/// One of the kinds of what reads the same: all of it, its text, and what closes
/// it.
pub(super) type Kind<'t, T, K> = (Vec<&'t T>, K, Vec<String>);

/// What reads the same and is closed by the same, in the order of the first of
/// each, until there are so many kinds; and how much is left out.
pub(super) fn kinds<'t, T: Sync, K: Clone + Eq + Hash>(
    all: &[&'t T],
    most: usize,
    text: impl Fn(&T) -> K,
    cuts: impl Fn(&T) -> Vec<String> + Sync,
) -> (Vec<Kind<'t, T, K>>, usize) {
    let mut by_text: Vec<(Vec<&'t T>, K)> = Vec::new();
    let mut at: HashMap<K, usize> = HashMap::new();
    for one in all {
        let key = text(one);
        match at.get(&key).and_then(|at| by_text.get_mut(*at)) {
            Some((all, _)) => all.push(one),
            None => {
                at.insert(key.clone(), by_text.len());
                by_text.push((vec![one], key));
            }
        }
    }
    // To look for what closes a way takes longer than all the rest.
    by_text.truncate(most);
    let mut found: Vec<Kind<'t, T, K>> = Vec::new();
    for (of_text, key) in by_text {
        let sets: Vec<Vec<String>> = of_text.par_iter().map(|one| cuts(one)).collect();
        let first = found.len();
        for (one, cuts) in of_text.into_iter().zip(sets) {
            // What closes one of them may leave another.
            let mut known = found.iter_mut().skip(first);
            match known.find(|(_, _, other)| *other == cuts) {
                Some((all, _, _)) => all.push(one),
                None => found.push((vec![one], key.clone(), cuts)),
            }
        }
    }
    found.truncate(most);
    let shown: usize = found.iter().map(|(all, _, _)| all.len()).sum();
    (found, all.len() - shown)
}

/// Pairs as `positions -> assets`, as few lines as tell all of them.
pub(crate) fn pairs<'r>(rows: impl IntoIterator<Item = &'r Row>, all: bool) -> Vec<String> {
    let rows = rows.into_iter().map(|row| (&row.position, &row.asset));
    pairs_of(rows, all)
}

/// The same for pairs that are no rows.
pub(crate) fn pairs_of<'r>(
    pairs: impl IntoIterator<Item = (&'r Position, &'r Asset)>,
    all: bool,
) -> Vec<String> {
    let mut by_position: Vec<(&Position, BTreeSet<&Asset>)> = Vec::new();
    let mut at: BTreeMap<&Position, usize> = BTreeMap::new();
    for (position, asset) in pairs {
        let place = *at.entry(position).or_insert(by_position.len());
        match by_position.get_mut(place) {
            Some((_, assets)) => {
                assets.insert(asset);
            }
            None => by_position.push((position, [asset].into())),
        }
    }
    let mut by_assets: Vec<(Vec<&Position>, BTreeSet<&Asset>)> = Vec::new();
    for (position, assets) in by_position {
        match by_assets.iter_mut().find(|(_, other)| *other == assets) {
            Some((positions, _)) => positions.push(position),
            None => by_assets.push((vec![position], assets)),
        }
    }
    let most = if all { usize::MAX } else { NAMED };
    let lines = by_assets.into_iter().map(|(positions, assets)| {
        let assets: Vec<&Asset> = assets.into_iter().collect();
        format!("{} -> {}", named(&positions, most), named(&assets, most))
    });
    lines.collect()
}

/// The first names of a list, and how many more there are.
pub(crate) fn named<T: ToString>(all: &[T], most: usize) -> String {
    let names: Vec<String> = all.iter().take(most).map(ToString::to_string).collect();
    let names = names.join(", ");
    match all.len().saturating_sub(most) {
        0 => names,
        more => format!("{names} (+{more})"),
    }
}

/// Rows, the gravest first: what the asset is worth, times what stands in the way,
/// times who gets there.
pub(super) fn ordered<'r>(rows: &[&'r Row]) -> Vec<&'r Row> {
    let mut rows = rows.to_vec();
    rows.sort_by_key(|row| std::cmp::Reverse(points(row)));
    rows
}

/// How grave a way is; of two alike that of who needs the least.
pub(super) fn points(row: &Row) -> (u64, u64) {
    let strength = weight::of_position(&row.position);
    let level = weight::of_level(row.verdict.level());
    (weight::of_asset(&row.asset) * strength * level, strength)
}
