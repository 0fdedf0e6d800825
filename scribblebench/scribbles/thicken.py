"""Thickening: what a form draws when its lines are used up and there is budget left."""

from __future__ import annotations

import numpy as np

from scribblebench.scribbles.compiled import compiled
from scribblebench.scribbles.form import Lines
from scribblebench.scribbles.region import Grid, Region
from scribblebench.types import BoolArray, IntArray


def thickened(
    region: Region, lines: Lines, *, n_voxels: int, randomness: float, rng: np.random.Generator
) -> Lines:
    """Add lines beside those drawn until `n_voxels` distinct voxels of the region are marked.

    The drawing grows ring by ring, by faces and by corners in turn so that it keeps its width
    even in all directions. Each ring is traced in as few lines as going along it takes, from
    its first voxel in raster order at randomness 0. With randomness r, the beginning moves by
    up to the share r of the ring, drawn uniformly for each.
    """
    drawn = np.zeros(region.inside.size, dtype=np.bool_)
    drawn[lines.voxels] = True
    missing = min(n_voxels, len(region)) - int(drawn.sum())
    if missing <= 0:
        return lines
    faces = 2 * region.grid.ndim
    voxels, starts = _rings(region.flat, drawn, faces, missing, randomness, rng)
    return lines + Lines.from_ends(voxels, starts)


@compiled
def _rings(
    grid: Grid,
    drawn: BoolArray,
    faces: int,
    missing: int,
    randomness: float,
    rng: np.random.Generator,
) -> tuple[IntArray, IntArray]:
    """Trace rings around `drawn`, which is changed in place, until `missing` voxels are found."""
    nodes, offsets = grid.nodes, grid.offsets
    voxels = np.empty(nodes.size, dtype=np.int64)
    starts = np.zeros(nodes.size + 1, dtype=np.int64)
    in_ring = np.zeros(drawn.size, dtype=np.bool_)
    ring = np.empty(nodes.size, dtype=np.int64)
    n, n_lines, by_faces = 0, 0, True
    while n < missing:
        n_ring = 0
        reach = faces if by_faces else offsets.size
        for node in nodes:
            if not drawn[node]:
                for k in range(reach):
                    if drawn[node + offsets[k]]:
                        ring[n_ring] = node
                        n_ring += 1
                        in_ring[node] = True
                        break
        by_faces = not by_faces
        if n_ring == 0:
            continue
        first = int(randomness * rng.random() * n_ring)
        for i in range(n_ring):
            at = ring[(first + i) % n_ring]
            if not in_ring[at]:
                continue
            while at >= 0:
                in_ring[at] = False
                drawn[at] = True
                voxels[n] = at
                n += 1
                following = -1
                for k in range(offsets.size):
                    if in_ring[at + offsets[k]]:
                        following = at + offsets[k]
                        break
                at = following
            n_lines += 1
            starts[n_lines] = n
    return voxels[:n].copy(), starts[: n_lines + 1].copy()
