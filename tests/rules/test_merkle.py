"""Merkle trees: roots as RFC 6962 defines them, and proofs that hold nothing else."""

from hashlib import sha256

import pytest

from spv.rules import merkle

MOST = 40
LEAVES = [merkle.leaf_hash(str(number).encode()) for number in range(MOST)]


def by_definition(leaves):
    """Compute the root in the words of RFC 6962, section 2.1."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    left, right = by_definition(leaves[:half]), by_definition(leaves[half:])
    return sha256(b"\1" + left + right).digest()


def subtree(level, position):
    return merkle.fold(LEAVES[position << level : (position + 1) << level])


ROOTS = [by_definition(LEAVES[:size]) for size in range(1, MOST + 1)]


def test_roots():
    tree = merkle.Tree()
    assert tree.root() == merkle.root_of(0, subtree) == sha256().digest()
    for size, root in enumerate(ROOTS, 1):
        tree.append(LEAVES[size - 1])
        assert (tree.size, tree.root()) == (size, root)
        assert merkle.root_of(size, subtree) == root


def test_a_published_tree():
    """The root of the eight leaves with which RFC 6962's first program was tested."""
    texts = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657",
             "606162636465666768696a6b6c6d6e6f"]  # fmt: skip
    tree = merkle.Tree()
    for text in texts:
        tree.append(merkle.leaf_hash(bytes.fromhex(text)))
    known = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    assert tree.root().hex() == known


@pytest.mark.parametrize("size", range(1, MOST + 1))
def test_inclusion(size):
    root = ROOTS[size - 1]
    for index in range(size):
        proof = merkle.inclusion_proof(index, size, subtree)
        good = (LEAVES[index], index, size, proof, root)
        assert merkle.is_included(*good)
        for wrong in (
            (LEAVES[(index + 1) % MOST], *good[1:]),
            (LEAVES[index], index + size, *good[2:]),
            (*good[:3], [*proof, root], root),
            (*good[:4], sha256(root).digest()),
        ):
            assert not merkle.is_included(*wrong)
        for left_out in range(len(proof)):
            shorter = proof[:left_out] + proof[left_out + 1 :]
            assert not merkle.is_included(*good[:3], shorter, root)
            other = [*proof]
            other[left_out] = sha256(other[left_out]).digest()
            assert not merkle.is_included(*good[:3], other, root)


@pytest.mark.parametrize("size", range(1, MOST + 1))
def test_consistency(size):
    new = (size, ROOTS[size - 1])
    for before in range(1, size + 1):
        old = (before, ROOTS[before - 1])
        proof = merkle.consistency_proof(before, size, subtree)
        assert merkle.is_consistent(old, new, proof)
        other = sha256(b"other").digest()
        assert not merkle.is_consistent((before, other), new, proof)
        assert not merkle.is_consistent(old, (size, other), proof)
        assert not merkle.is_consistent(old, new, [*proof, other])
        assert not merkle.is_consistent(new, (before - 1, old[1]), proof)
        for left_out in range(len(proof)):
            shorter = proof[:left_out] + proof[left_out + 1 :]
            assert not merkle.is_consistent(old, new, shorter)


@pytest.mark.parametrize("before", [0, 6, -1])
def test_no_consistency(before):
    assert not merkle.is_consistent((before, ROOTS[2]), (5, ROOTS[4]), [])
    assert not merkle.is_consistent((0, ROOTS[2]), (0, ROOTS[2]), [])
    with pytest.raises(ValueError, match="A tree of 5 leaves has no beginning of"):
        merkle.consistency_proof(before, 5, subtree)
