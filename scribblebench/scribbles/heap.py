"""A binary heap in two arrays, of keys and of the nodes that have them: the smallest key first."""

from __future__ import annotations

from scribblebench.scribbles.compiled import compiled
from scribblebench.types import Float64Array, IntArray


@compiled
def push(keys: Float64Array, nodes: IntArray, size: int, key: float, node: int) -> None:
    """Add a node to a heap that holds `size`, in place."""
    i = size
    while i > 0:
        above = (i - 1) >> 1
        if keys[above] <= key:
            break
        keys[i] = keys[above]
        nodes[i] = nodes[above]
        i = above
    keys[i] = key
    nodes[i] = node


@compiled
def drop_first(keys: Float64Array, nodes: IntArray, size: int) -> None:
    """Take the node with the smallest key, `nodes[0]`, off a heap that holds `size`, in place."""
    key, node = keys[size - 1], nodes[size - 1]
    i = 0
    while 2 * i + 1 < size - 1:
        below = 2 * i + 1
        if below + 1 < size - 1 and keys[below + 1] < keys[below]:
            below += 1
        if key <= keys[below]:
            break
        keys[i] = keys[below]
        nodes[i] = nodes[below]
        i = below
    keys[i] = key
    nodes[i] = node
