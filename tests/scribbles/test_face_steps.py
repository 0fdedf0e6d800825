import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from one_class import as_mask, drawn

from scribblebench.scribbles.face_steps import with_face_steps
from scribblebench.scribbles.form import Lines
from scribblebench.scribbles.region import regions_of


def stepped(mask, points, anchor=0):
    """Draw one line in a mask; return its points and its anchor."""
    (part,) = regions_of(mask, (1.0,) * mask.ndim)
    flat = np.ravel_multi_index(tuple((np.array(points) - part.origin).T), part.grid.shape)
    lines = with_face_steps(part, Lines.of([(flat.astype(np.int64), anchor)]))
    return part.coordinates(lines.voxels).tolist(), int(lines.anchors[0])


def test_a_diagonal_step_goes_by_the_deeper_of_two_voxels():
    """In a square of 5, below the diagonal from (0, 1): (1, 1) is deeper than (0, 2)."""
    found, _ = stepped(np.ones((5, 5), dtype=bool), [(0, 1), (1, 2)])
    assert found == [[0, 1], [1, 1], [1, 2]]


def test_a_diagonal_step_stays_where_nothing_beside_it_is_inside():
    found, _ = stepped(np.eye(4, dtype=bool), [(0, 0), (1, 1), (2, 2)])
    assert found == [[0, 0], [1, 1], [2, 2]]


def test_the_anchor_stays_on_its_voxel():
    points = [(0, 0), (1, 1), (2, 2), (3, 3)]
    found, anchor = stepped(np.ones((5, 5), dtype=bool), points, anchor=2)
    assert found[anchor] == [2, 2]
    assert len(found) == 7


def test_volumes_are_left_alone():
    found, _ = stepped(np.ones((3, 3, 3), dtype=bool), [(0, 0, 0), (1, 1, 1)])
    assert found == [[0, 0, 0], [1, 1, 1]]


@given(
    mask=arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12))),
    form=st.sampled_from(["spiral", "random_walk", "chord", "max_supervision"]),
    amounts=st.tuples(st.integers(1, 40), st.integers(1, 40)),
)
def test_budgets_stay_exact_and_nested(mask, form, amounts):
    mask[0, 0] |= not mask.any()
    few, many = (
        as_mask(drawn(mask, form, amount, face_steps=True), mask.shape)
        for amount in sorted(amounts)
    )
    assert few.sum() == min(min(amounts), mask.sum())
    assert not (few & ~many).any()
    assert not (many & ~mask).any()
