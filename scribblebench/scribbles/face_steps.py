"""Face steps: lines that never step across a corner."""

from __future__ import annotations

import numpy as np

from scribblebench.scribbles.compiled import compiled
from scribblebench.scribbles.form import Lines
from scribblebench.scribbles.region import Grid, Region
from scribblebench.types import IntArray


def with_face_steps(region: Region, lines: Lines) -> Lines:
    """Return lines with a voxel put into every diagonal step, where one beside it is inside.

    Of the two it is the deeper one, of equals the one in the row, the first axis, of the voxel
    before. Lines in slices only; in volumes they are returned as they are.
    """
    if region.grid.ndim != 2:
        return lines
    voxels, starts, anchors = _stepped(region.flat, lines.voxels, lines.starts, lines.anchors)
    return Lines(voxels, starts, anchors)


@compiled
def _stepped(
    grid: Grid, voxels: IntArray, starts: IntArray, anchors: IntArray
) -> tuple[IntArray, IntArray, IntArray]:
    found = np.empty(2 * voxels.size, dtype=np.int64)
    new_starts, new_anchors = np.zeros_like(starts), np.zeros_like(anchors)
    n = 0
    for line in range(anchors.size):
        for i in range(starts[line], starts[line + 1]):
            if i > starts[line]:
                rows = voxels[i] // grid.width - voxels[i - 1] // grid.width
                cols = voxels[i] % grid.width - voxels[i - 1] % grid.width
                if rows != 0 and cols != 0:
                    by_col, by_row = voxels[i - 1] + cols, voxels[i - 1] + rows * grid.width
                    between = by_col if grid.depth[by_col] >= grid.depth[by_row] else by_row
                    if grid.inside[between]:
                        found[n] = between
                        n += 1
            if i == anchors[line]:
                new_anchors[line] = n
            found[n] = voxels[i]
            n += 1
        new_starts[line + 1] = n
    return found[:n].copy(), new_starts, new_anchors
