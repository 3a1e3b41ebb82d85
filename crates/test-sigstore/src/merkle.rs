//! A Merkle tree after RFC 6962, section 2.1.

use sha2::{Digest as _, Sha256};

/// A tree that only grows.
#[derive(Default)]
pub struct Tree {
    leaves: Vec<[u8; 32]>,
}

impl Tree {
    /// Adds an entry and says which it is.
    pub fn push(&mut self, entry: &[u8]) -> usize {
        self.leaves.push(leaf(entry));
        self.leaves.len() - 1
    }

    /// Entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.leaves.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> [u8; 32] {
        root(&self.leaves)
    }

    /// The hashes that lead from an entry to the root, the nearest first.
    #[must_use]
    pub fn proof(&self, index: usize) -> Vec<[u8; 32]> {
        proof(index, &self.leaves)
    }
}

/// The hash of an entry.
pub(crate) fn leaf(entry: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update([0])
        .chain_update(entry)
        .finalize()
        .into()
}

fn node(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    let hash = Sha256::new().chain_update([1]);
    hash.chain_update(left)
        .chain_update(right)
        .finalize()
        .into()
}

/// The largest power of two below a number.
fn split(count: usize) -> usize {
    count.next_power_of_two() / 2
}

fn root(leaves: &[[u8; 32]]) -> [u8; 32] {
    match leaves {
        [] => Sha256::digest([]).into(),
        [one] => *one,
        many => {
            let (left, right) = many.split_at(split(many.len()));
            node(&root(left), &root(right))
        }
    }
}

fn proof(index: usize, leaves: &[[u8; 32]]) -> Vec<[u8; 32]> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let at = split(leaves.len());
    let (left, right) = leaves.split_at(at);
    let (mut path, sibling) = if index < at {
        (proof(index, left), root(right))
    } else {
        (proof(index - at, right), root(left))
    };
    path.push(sibling);
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9162, section 2.1.3.2.
    fn verifies(tree: &Tree, index: usize) -> bool {
        let (mut fnode, mut snode) = (index, tree.len() - 1);
        let mut hash = tree.leaves[index];
        for sibling in tree.proof(index) {
            if snode == 0 {
                return false;
            }
            if fnode % 2 == 1 || fnode == snode {
                hash = node(&sibling, &hash);
                while fnode % 2 == 0 && fnode != 0 {
                    (fnode, snode) = (fnode >> 1, snode >> 1);
                }
            } else {
                hash = node(&hash, &sibling);
            }
            (fnode, snode) = (fnode >> 1, snode >> 1);
        }
        snode == 0 && hash == tree.root()
    }

    #[test]
    fn every_entry_of_every_tree_is_proven() {
        let mut tree = Tree::default();
        assert!(tree.is_empty());
        for size in 0..20_u8 {
            tree.push(&[size]);
            for index in 0..tree.len() {
                assert!(verifies(&tree, index), "{index} of {}", tree.len());
            }
        }
    }
}
