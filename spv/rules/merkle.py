"""Merkle trees as in RFC 6962: their roots, and proofs of what is in them.

A tree represents a list of leaves, numbered from 0. Hashes are SHA-256, of 32 bytes.
Proofs are verified with the algorithms of RFC 9162, sections 2.1.3.2 and 2.1.4.2.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

# A function of level and position that returns the hash of a complete subtree: of the
# `1 << level` leaves from `position << level` on. It may look it up or compute it.
Subtree = Callable[[int, int], bytes]


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf."""
    return sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node with two children."""
    return sha256(b"\1" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """Return the root of a complete tree, from its 1, 2, 4, 8… hashes of one level."""
    while len(hashes) > 1:
        pairs = zip(hashes[::2], hashes[1::2], strict=True)
        hashes = [node_hash(left, right) for left, right in pairs]
    return hashes[0]


class Tree:
    """A tree that grows leaf by leaf. It holds one hash for each bit of its size."""

    def __init__(self) -> None:
        self.size = 0
        self._complete: list[bytes] = []  # roots of complete subtrees, largest first

    def append(self, leaf: bytes) -> None:
        """Add a leaf, given by its hash."""
        self._complete.append(leaf)
        self.size += 1
        for _ in range((self.size & -self.size).bit_length() - 1):
            right, left = self._complete.pop(), self._complete.pop()
            self._complete.append(node_hash(left, right))

    def root(self) -> bytes:
        """Return the root hash."""
        if not self._complete:
            return sha256().digest()
        root = self._complete[-1]
        for left in self._complete[-2::-1]:
            root = node_hash(left, root)
        return root


def root_of(size: int, subtree: Subtree) -> bytes:
    """Return the root hash of the first `size` leaves."""
    return _root(0, size, subtree) if size else sha256().digest()


def _root(start: int, size: int, subtree: Subtree) -> bytes:
    level = size.bit_length() - 1
    if size == 1 << level:
        return subtree(level, start >> level)
    left = _left(size)
    return node_hash(
        _root(start, left, subtree), _root(start + left, size - left, subtree)
    )


def _left(size: int) -> int:
    """Return the number of leaves in the left half: a power of 2, less than all."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_proof(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """Return the proof that a leaf is in the tree of a size; the lowest hash first."""
    proof, start = [], 0
    while size > 1:
        left = _left(size)
        if index - start < left:
            proof.append(_root(start + left, size - left, subtree))
            size = left
        else:
            proof.append(_root(start, left, subtree))
            start, size = start + left, size - left
    return proof[::-1]


def consistency_proof(old: int, size: int, subtree: Subtree) -> list[bytes]:
    """Return the proof that the tree of a size begins with the one of size `old`."""
    if not 0 < old <= size:
        raise ValueError(f"A tree of {size} leaves has no beginning of {old}.")
    proof, start, is_known = [], 0, True
    while old < size:
        left = _left(size)
        if old <= left:
            proof.append(_root(start + left, size - left, subtree))
            size = left
        else:
            proof.append(_root(start, left, subtree))
            start, old, size = start + left, old - left, size - left
            is_known = False
    if not is_known:
        proof.append(_root(start, size, subtree))
    return proof[::-1]


def is_included(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """Tell whether a proof shows that a leaf, given by its hash, is in a tree."""
    try:
        for other, is_left in _climb(index, size - 1, proof):
            leaf = node_hash(other, leaf) if is_left else node_hash(leaf, other)
    except ValueError:
        return False
    return index < size and leaf == root


def is_consistent(
    old: tuple[int, bytes], new: tuple[int, bytes], proof: Sequence[bytes]
) -> bool:
    """Tell whether a proof shows that one tree begins with another.

    Each tree is given by its size and root.
    """
    (size, root), (new_size, new_root) = old, new
    if not 0 < size < new_size:
        return 0 < size == new_size and root == new_root and not proof
    nodes = [*proof] if size & (size - 1) else [root, *proof]
    beginning = whole = nodes[0] if nodes else b""
    # The largest complete subtree at the end of the smaller tree.
    level = (size & -size).bit_length() - 1
    try:
        path = _climb((size - 1) >> level, (new_size - 1) >> level, nodes[1:])
        for other, is_left in path:
            if is_left:
                beginning = node_hash(other, beginning)
            whole = node_hash(other, whole) if is_left else node_hash(whole, other)
    except ValueError:
        return False
    return (beginning, whole) == (root, new_root)


def _climb(
    node: int, last: int, proof: Sequence[bytes]
) -> Iterator[tuple[bytes, bool]]:
    """Yield the hashes of a proof, and whether each is the left one, up to the root.

    `node` and `last` are the positions on the lowest level of the node to begin with,
    and of the last one. Raises ValueError if the proof is too long or too short.
    """
    for other in proof:
        if not last:
            raise ValueError("The proof is too long.")
        is_left = bool(node & 1) or node == last
        yield other, is_left
        # The last node of a level may have no sibling, on several levels.
        while is_left and node and not node & 1:
            node, last = node >> 1, last >> 1
        node, last = node >> 1, last >> 1
    if last:
        raise ValueError("The proof is too short.")
