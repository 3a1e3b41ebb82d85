//! Hashes of a log, and the path from a record to the root.
//!
//! Source: RFC 6962, sections 2.1 and 2.1.1; RFC 9162, section 2.1.3.2, for
//! the way to verify.

use sha2::{Digest as _, Sha256};

/// The hash of a record.
#[must_use]
pub fn leaf_hash(record: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update([0]);
    hash.update(record);
    hash.finalize().into()
}

/// The hash of two subtrees.
#[must_use]
pub fn node_hash(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update([1]);
    hash.update(left);
    hash.update(right);
    hash.finalize().into()
}

/// Whether `path` leads from the record `number` with hash `leaf` to the root
/// of a tree with `size` records.
#[must_use]
pub fn verify_inclusion(
    leaf: [u8; 32],
    number: u64,
    size: u64,
    path: &[[u8; 32]],
    root: [u8; 32],
) -> bool {
    if number >= size {
        return false;
    }
    let (mut at, mut last) = (number, size - 1);
    let mut hash = leaf;
    for sibling in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(sibling, &hash);
            // The last subtree of an odd number has no sibling until a level
            // where it stands to the right.
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && hash == root
}

/// The nodes that make up a path: subtrees as ranges of records. Each is the
/// hash of one range, the lowest first.
#[must_use]
pub fn path_ranges(number: u64, size: u64) -> Vec<(u64, u64)> {
    let mut ranges = Vec::new();
    let (mut low, mut high) = (0, size);
    if number >= size {
        return ranges;
    }
    while high - low > 1 {
        let middle = low + split(high - low);
        if number < middle {
            ranges.push((middle, high));
            high = middle;
        } else {
            ranges.push((low, middle));
            low = middle;
        }
    }
    ranges.reverse();
    ranges
}

/// The hash of a range of records, made of whole subtrees: `node` gives the
/// hash of the one at a level and a number.
pub fn range_hash<E>(
    low: u64,
    high: u64,
    node: &mut impl FnMut(u32, u64) -> Result<[u8; 32], E>,
) -> Result<[u8; 32], E> {
    let size = high - low;
    if size.is_power_of_two() && low.is_multiple_of(size) {
        let level = size.trailing_zeros();
        return node(level, low >> level);
    }
    let middle = low + split(size);
    let left = range_hash(low, middle, node)?;
    let right = range_hash(middle, high, node)?;
    Ok(node_hash(&left, &right))
}

/// The greatest power of two below a size of at least two.
fn split(size: u64) -> u64 {
    1 << (63 - (size - 1).max(1).leading_zeros())
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    /// The hash of a list by the definition of RFC 6962.
    fn tree_hash(leaves: &[[u8; 32]]) -> [u8; 32] {
        match leaves {
            [only] => *only,
            _ => {
                let at = usize::try_from(split(leaves.len() as u64)).unwrap();
                node_hash(&tree_hash(&leaves[..at]), &tree_hash(&leaves[at..]))
            }
        }
    }

    fn leaves(size: u64) -> Vec<[u8; 32]> {
        (0..size).map(|at| leaf_hash(&at.to_be_bytes())).collect()
    }

    fn path_of(all: &[[u8; 32]], number: u64) -> Vec<[u8; 32]> {
        let mut node = |level: u32, at: u64| {
            let low = usize::try_from(at << level).unwrap();
            Ok::<_, Infallible>(tree_hash(&all[low..low + (1 << level)]))
        };
        path_ranges(number, all.len() as u64)
            .into_iter()
            .map(|(low, high)| range_hash(low, high, &mut node).unwrap())
            .collect()
    }

    #[test]
    fn every_record_of_small_trees_is_included_and_no_other() {
        for size in 1..40 {
            let all = leaves(size);
            let root = tree_hash(&all);
            for number in 0..size {
                let path = path_of(&all, number);
                let leaf = all[usize::try_from(number).unwrap()];
                assert!(verify_inclusion(leaf, number, size, &path, root));
                for other in 0..size + 2 {
                    let same = other == number;
                    assert_eq!(verify_inclusion(leaf, other, size, &path, root), same);
                }
                assert!(!verify_inclusion(
                    leaf_hash(b"x"),
                    number,
                    size,
                    &path,
                    root
                ));
                let mut longer = path.clone();
                longer.push([0; 32]);
                assert!(!verify_inclusion(leaf, number, size, &longer, root));
                if let Some((_, shorter)) = path.split_last() {
                    assert!(!verify_inclusion(leaf, number, size, shorter, root));
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_changed_path_proves_nothing(
            size in 2_u64..300,
            number in any::<u64>(),
            at in any::<prop::sample::Index>(),
            bit in 0_usize..256,
        ) {
            let number = number % size;
            let all = leaves(size);
            let mut path = path_of(&all, number);
            prop_assume!(!path.is_empty());
            let leaf = all[usize::try_from(number).unwrap()];
            let root = tree_hash(&all);
            prop_assert!(verify_inclusion(leaf, number, size, &path, root));
            let hash = at.index(path.len());
            path[hash][bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!verify_inclusion(leaf, number, size, &path, root));
        }
    }
}
