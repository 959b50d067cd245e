"""A Merkle tree after RFC 6962, section 2.1: root, and the proof that one leaf is in it."""

import hashlib
from collections.abc import Sequence


def leaf(text: bytes) -> bytes:
    """Hash of a leaf, 32 bytes."""
    return hashlib.sha256(b"\x00" + text).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """Of hashes of leaves, in order; of none, the hash of nothing. Work in step with the number of leaves."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        # a lone last node moves up as it is: the same tree as splitting at the largest power of two
        level = [_node(*level[i : i + 2]) if i + 1 < len(level) else level[i] for i in range(0, len(level), 2)]
    return level[0]


def proof(leaves: Sequence[bytes], index: int) -> list[tuple[str, str]]:
    """Nodes that lead from a leaf to the root: ('left' or 'right', hash in hex), nearest first."""
    path, level, at = [], list(leaves), index
    while len(level) > 1:
        other = at ^ 1
        if other < len(level):
            path.append(("left" if other < at else "right", level[other].hex()))
        level = [_node(*level[i : i + 2]) if i + 1 < len(level) else level[i] for i in range(0, len(level), 2)]
        at //= 2
    return path


def from_proof(leaf_hash: bytes, path: Sequence[tuple[str, str]]) -> bytes:
    """The root to which a proof leads."""
    at = leaf_hash
    for side, other in path:
        at = _node(bytes.fromhex(other), at) if side == "left" else _node(at, bytes.fromhex(other))
    return at
