import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from scribblebench.training.components import _largest_without_host, largest_components

PATHS = {"on the CPU": largest_components, "without the host": _largest_without_host}
both_paths = pytest.mark.parametrize("largest", PATHS.values(), ids=PATHS)


def largest_by_scipy(classes, n_classes):
    """Label one class of one image at a time; ties go to the first pixel in raster order."""
    marked = np.zeros(classes.shape, dtype=bool)
    for b, image in enumerate(classes.numpy()):
        for class_id in range(1, n_classes):
            labels, n = ndimage.label(image == class_id, np.ones([3] * image.ndim))
            pieces = [np.flatnonzero(labels == label) for label in range(1, n + 1)]
            if pieces:
                best = max(pieces, key=lambda piece: (piece.size, -piece[0]))
                marked[b].ravel()[best] = True
    return torch.from_numpy(marked)


def spiral(side):
    """Draw a path of width 1 that winds inwards, its turns one pixel apart."""
    mask = np.zeros((side, side), dtype=np.int64)
    row, col, d_row, d_col = 0, 0, 0, 1
    mask[0, 0] = 1
    free = [side - 1, side - 1, side - 1] + [n for n in range(side - 3, 0, -2) for _ in range(2)]
    for length in free:
        for _ in range(length):
            row, col = row + d_row, col + d_col
            mask[row, col] = 1
        d_row, d_col = d_col, -d_row
    return mask


def comb(side):
    """Draw teeth that only meet in the last row: each is its own tree until then."""
    mask = np.zeros((side, side), dtype=np.int64)
    mask[:, ::2] = 1
    mask[-1] = 1
    return mask


def serpentine(side):
    """Draw one path that runs forth and back over the rows."""
    mask = np.zeros((side, side), dtype=np.int64)
    mask[::2] = 1
    mask[1::4, -1] = 1
    mask[3::4, 0] = 1
    return mask


def maze(side, seed):
    """Draw corridors of a random spanning tree, by depth-first search."""
    rng = np.random.default_rng(seed)
    n = side // 2
    mask = np.zeros((side, side), dtype=np.int64)
    stack = [(0, 0)]
    mask[0, 0] = 1
    while stack:
        row, col = stack[-1]
        steps = [(d, 0) for d in (-1, 1)] + [(0, d) for d in (-1, 1)]
        for k in rng.permutation(4):
            r, c = row + steps[k][0], col + steps[k][1]
            if 0 <= r < n and 0 <= c < n and not mask[2 * r, 2 * c]:
                mask[2 * r, 2 * c] = mask[row + r, col + c] = 1
                stack.append((r, c))
                break
        else:
            stack.pop()
    return mask


LABYRINTHS = {
    "spiral": spiral(212),
    "comb": comb(212),
    "serpentine": serpentine(212),
    "maze": maze(212, seed=0),
}


@pytest.mark.parametrize("name", LABYRINTHS)
def test_long_winding_components_are_found_whole_from_every_side(name):
    """Turned and mirrored, since the order of the pixels decides who hooks onto whom.

    The walls are a second class. Whole means: one component, whose last link is not missed.
    """
    classes = torch.from_numpy(LABYRINTHS[name])
    views = [turned.rot90(k) for turned in (classes, classes.T) for k in range(4)]
    batch = torch.where(torch.stack(views) == 1, 1, 2)
    found = _largest_without_host(batch, 3)
    assert torch.equal(found, largest_by_scipy(batch, 3))
    assert torch.equal(found & (batch == 1), batch == 1)


@both_paths
@given(
    shape=st.sampled_from([(1, 1, 1), (2, 6, 7), (3, 9, 1), (1, 16, 16), (2, 4, 5, 3)]),
    n_classes=st.integers(2, 4),
    background=st.sampled_from([0.0, 0.3, 0.7, 1.0]),
    seed=st.integers(0, 2**16),
)
def test_largest_components_agree_with_scipy(largest, shape, n_classes, background, seed):
    generator = torch.Generator().manual_seed(seed)
    classes = torch.randint(1, n_classes, shape, generator=generator)
    classes[torch.rand(shape, generator=generator) < background] = 0
    assert torch.equal(largest(classes, n_classes), largest_by_scipy(classes, n_classes))


@both_paths
@pytest.mark.parametrize("share", [0.25, 0.4, 0.55])
def test_noise_near_the_percolation_threshold(largest, share):
    """At a share of .41 the components of 8-connected noise are as ragged as they get."""
    generator = torch.Generator().manual_seed(7)
    classes = (torch.rand(2, 150, 131, generator=generator) < share).long()
    assert torch.equal(largest(classes, 2), largest_by_scipy(classes, 2))
    volume = (torch.rand(1, 20, 25, 30, generator=generator) < share / 4).long()
    assert torch.equal(largest(volume, 2), largest_by_scipy(volume, 2))


@both_paths
def test_of_equal_components_the_first_in_raster_order_is_kept(largest):
    """Both have three pixels; the right one starts one row higher."""
    classes = torch.tensor([[[0, 0, 0, 1], [1, 0, 0, 1], [1, 0, 0, 1], [1, 0, 0, 0]]])
    expected = torch.zeros(1, 4, 4, dtype=torch.bool)
    expected[0, :3, 3] = True
    assert torch.equal(largest(classes, 2), expected)


@both_paths
def test_corners_connect_classes_part_and_images_are_apart(largest):
    classes = torch.tensor([[[1, 0, 2], [0, 1, 2], [2, 0, 0]], [[1, 2, 2], [0, 0, 0], [2, 2, 2]]])
    expected = torch.tensor([[[1, 0, 1], [0, 1, 1], [0, 0, 0]], [[1, 0, 0], [0, 0, 0], [1, 1, 1]]])
    assert torch.equal(largest(classes, 3), expected.bool())


def test_nothing_waits_for_the_host():
    """Tensors of the meta device have no values that the host could look at."""
    classes = torch.empty(2, 8, 9, dtype=torch.long, device="meta")
    assert largest_components(classes, 3).shape == classes.shape
