//! The tiles in which a checksum database serves its hashes.
//!
//! Source: golang.org/x/mod, package `sumdb/tlog`: a tile of height 8 at
//! level `L` and number `N` holds 256 hashes of the tree's level `8·L`, from
//! number `256·N` on; the last one of a level may be narrower.

use std::collections::{BTreeMap, BTreeSet};

use super::proof::{node_hash, path_ranges, range_hash};

/// Levels of the tree in one tile.
const HEIGHT: u32 = 8;
/// Hashes in a whole tile.
const WIDTH: u64 = 1 << HEIGHT;

/// The place of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// Its level.
    pub level: u32,
    /// Its number on the level.
    pub number: u64,
    /// How many hashes it holds, at most 256.
    pub width: u64,
}

impl Tile {
    /// The address below the root of the database, as in
    /// `tile/8/0/x001/234.p/56`.
    #[must_use]
    pub fn path(&self) -> String {
        let mut number = format!("{:03}", self.number % 1000);
        let mut rest = self.number / 1000;
        while rest > 0 {
            number = format!("x{:03}/{number}", rest % 1000);
            rest /= 1000;
        }
        let part = if self.width == WIDTH {
            String::new()
        } else {
            format!(".p/{}", self.width)
        };
        format!("tile/{HEIGHT}/{}/{number}{part}", self.level)
    }

    /// The number of bytes that it has.
    #[must_use]
    pub fn bytes(&self) -> usize {
        usize::try_from(self.width * 32).unwrap_or(usize::MAX)
    }

    /// The tile that holds the hash at a level and number of the tree, and how
    /// many levels above the tile's own hashes it lies.
    fn holding(level: u32, number: u64, size: u64) -> (Self, u32) {
        let above = level % HEIGHT;
        let tile_level = level / HEIGHT;
        let first = number << above;
        let tile = first / WIDTH;
        let on_level = size >> (tile_level * HEIGHT);
        let width = (on_level - (tile * WIDTH).min(on_level)).min(WIDTH);
        let tile = Self {
            level: tile_level,
            number: tile,
            width,
        };
        (tile, above)
    }
}

/// The tiles from which the path of a record is made.
#[must_use]
pub fn tiles_for(number: u64, size: u64) -> BTreeSet<Tile> {
    let mut tiles = BTreeSet::new();
    for (low, high) in path_ranges(number, size) {
        let mut note = |level: u32, at: u64| {
            tiles.insert(Tile::holding(level, at, size).0);
            Ok::<_, std::convert::Infallible>([0; 32])
        };
        let _ = range_hash(low, high, &mut note);
    }
    tiles
}

/// A tile that is needed and missing, or has the wrong size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tile {} is not there as a whole", .0.path())]
pub struct MissingTile(pub Tile);

/// The path of a record, made of tiles. Whether they are the right ones shows
/// when the path is verified.
///
/// # Errors
/// [`MissingTile`].
pub fn path_from(
    unverified_tiles: &BTreeMap<Tile, Vec<u8>>,
    number: u64,
    size: u64,
) -> Result<Vec<[u8; 32]>, MissingTile> {
    let mut node = |level: u32, at: u64| {
        let (tile, above) = Tile::holding(level, at, size);
        let missing = MissingTile(tile);
        let bytes = unverified_tiles.get(&tile).ok_or(missing)?;
        let first = usize::try_from((at << above) % WIDTH).unwrap_or(usize::MAX);
        let count = 1_usize << above;
        let hashes = bytes.get(first * 32..(first + count) * 32).ok_or(missing)?;
        let mut hashes: Vec<[u8; 32]> = (hashes.chunks_exact(32))
            .filter_map(|hash| hash.try_into().ok())
            .collect();
        while hashes.len() > 1 {
            hashes = (hashes.chunks(2))
                .filter_map(|pair| match pair {
                    [left, right] => Some(node_hash(left, right)),
                    _ => None,
                })
                .collect();
        }
        hashes.first().copied().ok_or(missing)
    };
    path_ranges(number, size)
        .into_iter()
        .map(|(low, high)| range_hash(low, high, &mut node))
        .collect()
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
mod tests {
    use super::*;
    use crate::sumdb::proof::{leaf_hash, verify_inclusion};

    /// Every whole level of a tree, the leaves first.
    fn levels(size: u64) -> Vec<Vec<[u8; 32]>> {
        let mut all = vec![
            (0..size)
                .map(|at| leaf_hash(&at.to_be_bytes()))
                .collect::<Vec<_>>(),
        ];
        while all[all.len() - 1].len() > 1 {
            let below = &all[all.len() - 1];
            let above = below.chunks_exact(2).map(|two| node_hash(&two[0], &two[1]));
            all.push(above.collect());
        }
        all
    }

    #[test]
    fn paths_made_of_tiles_lead_to_the_root() {
        for size in [1_u64, 2, 255, 256, 257, 700, 66_000] {
            let levels = levels(size);
            let mut node = |level: u32, at: u64| {
                let hash = levels[level as usize][usize::try_from(at).unwrap()];
                Ok::<_, std::convert::Infallible>(hash)
            };
            let root = range_hash(0, size, &mut node).unwrap();
            for number in [0, 1, 255, 256, 300, 65_535, 65_900, size - 1] {
                if number >= size {
                    continue;
                }
                let tile = |tile: Tile| {
                    let level = &levels[(tile.level * HEIGHT) as usize];
                    let first = usize::try_from(tile.number * WIDTH).unwrap();
                    let width = usize::try_from(tile.width).unwrap();
                    (tile, level[first..first + width].concat())
                };
                let tiles: BTreeMap<_, _> = tiles_for(number, size).into_iter().map(tile).collect();
                let path = path_from(&tiles, number, size).unwrap();
                let leaf = levels[0][usize::try_from(number).unwrap()];
                assert!(verify_inclusion(leaf, number, size, &path, root));
                if let Some((first, bytes)) = tiles.first_key_value() {
                    let mut lacking = tiles.clone();
                    lacking.insert(*first, bytes[..bytes.len() - 1].to_vec());
                    let short = path_from(&lacking, number, size);
                    lacking.remove(first);
                    assert!(path_from(&lacking, number, size).is_err());
                    // A tile may be short where nothing of its end is needed.
                    assert!(short.is_err() || short == Ok(path));
                }
            }
        }
    }

    #[test]
    fn tiles_have_the_addresses_of_the_protocol() {
        let path = |number, width| {
            Tile {
                level: 0,
                number,
                width,
            }
            .path()
        };
        assert_eq!(path(5, 256), "tile/8/0/005");
        assert_eq!(path(1_234_067, 256), "tile/8/0/x001/x234/067");
        assert_eq!(path(131_500, 17), "tile/8/0/x131/500.p/17");
    }
}
