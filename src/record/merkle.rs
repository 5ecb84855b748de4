//! The Merkle tree of RFC 6962, section 2.1: root, and the proof that one entry is among them. Knows hashes
//! alone, never what was hashed.

use sha2::{Digest as _, Sha256};

/// SHA-256.
pub type Hash = [u8; 32];

/// The hash of an entry: SHA-256 over 0x00 and its bytes.
#[must_use]
pub fn leaf(entry: &[u8]) -> Hash {
    Sha256::new_with_prefix([0]).chain_update(entry).finalize().into()
}

fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new_with_prefix([1]).chain_update(left).chain_update(right).finalize().into()
}

/// Where a tree of so many leaves parts: the largest power of two below.
fn split(leaves: usize) -> usize {
    1 << (leaves - 1).ilog2()
}

/// The root over these leaves; of none, the hash of nothing.
#[must_use]
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node(&root(left), &root(right))
        }
    }
}

/// The proof that the leaf at `index` is among `leaves`, from the bottom up; `None` beyond the last.
#[must_use]
pub fn inclusion(leaves: &[Hash], index: usize) -> Option<Vec<Hash>> {
    if index >= leaves.len() {
        return None;
    }
    if leaves.len() == 1 {
        return Some(vec![]);
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut proof, sibling) = match index.checked_sub(left.len()) {
        None => (inclusion(left, index)?, root(right)),
        Some(index) => (inclusion(right, index)?, root(left)),
    };
    proof.push(sibling);
    Some(proof)
}

/// The root that a proof leads to from a leaf; `None` for a proof of another length than the tree asks for.
#[must_use]
pub fn climb(leaf: &Hash, index: usize, leaves: usize, proof: &[Hash]) -> Option<Hash> {
    if index >= leaves {
        return None;
    }
    let Some((sibling, below)) = proof.split_last() else { return (leaves == 1).then_some(*leaf) };
    if leaves == 1 {
        return None;
    }
    let left = split(leaves);
    match index.checked_sub(left) {
        None => Some(node(&climb(leaf, index, left, below)?, sibling)),
        Some(index) => Some(node(sibling, &climb(leaf, index, leaves - left, below)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test vectors of Certificate Transparency's reference implementation.
    const ENTRIES: [&str; 8] =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    fn leaves() -> Vec<Hash> {
        ENTRIES.iter().map(|entry| leaf(&hex::decode(entry).expect("hex"))).collect()
    }

    #[test]
    fn roots_are_those_of_certificate_transparency() {
        for (size, expected) in ROOTS.iter().enumerate() {
            assert_eq!(hex::encode(root(&leaves()[..size])), *expected, "{size} entries");
        }
    }

    #[test]
    fn a_proof_leads_to_the_root_from_its_own_leaf_and_place_alone() {
        for size in 1..=ENTRIES.len() {
            let leaves = &leaves()[..size];
            let root = root(leaves);
            for index in 0..size {
                let proof = inclusion(leaves, index).expect("a proof");
                assert_eq!(climb(&leaves[index], index, size, &proof), Some(root));
                for other in (0..size).filter(|other| *other != index) {
                    assert_ne!(climb(&leaves[other], index, size, &proof), Some(root));
                    assert_ne!(climb(&leaves[index], other, size, &proof), Some(root));
                }
                let longer: Vec<_> = proof.iter().chain([&root]).copied().collect();
                assert_ne!(climb(&leaves[index], index, size, &longer), Some(root));
                if let Some((_, shorter)) = proof.split_last() {
                    assert_ne!(climb(&leaves[index], index, size, shorter), Some(root));
                }
            }
            assert_eq!(inclusion(leaves, size), None);
        }
    }
}
