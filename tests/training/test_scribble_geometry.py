import numpy as np
import pytest

from scribblebench.training.scribble_geometry import (
    check_geometry,
    enclosed,
    scribble_geometry,
)

IGNORE = 255


def ring(size=64, radius=20, gap_px=0):
    """A background ring with a gap on the right, and a short stroke of class 1 in its middle."""
    row, col = np.mgrid[:size, :size] - size // 2
    distance = np.hypot(row, col)
    scribble = np.full((size, size), IGNORE, dtype=np.uint8)
    scribble[np.abs(distance - radius) < 0.8] = 0
    if gap_px:
        scribble[(col > 0) & (np.abs(row) < gap_px / 2)] = IGNORE
    scribble[size // 2, size // 2 - 3 : size // 2 + 4] = 1
    return scribble, distance


def test_a_closed_ring_holds_its_inside_and_cuts_off_the_rest():
    scribble, distance = ring()
    inside, closed = enclosed(scribble)
    assert closed
    assert inside[distance < 18.5].all()
    assert not inside[distance > 21].any()
    assert not inside[scribble == 0].any()


@pytest.mark.parametrize(("gap_px", "expected"), [(2, True), (5, True), (9, False), (20, False)])
def test_gaps_up_to_six_pixels_are_bridged(gap_px, expected):
    scribble, _ = ring(gap_px=gap_px)
    assert enclosed(scribble)[1] is expected


def test_a_diagonal_line_is_tight():
    """Diagonal steps of a stroke leave no way through."""
    scribble = np.full((21, 21), IGNORE, dtype=np.uint8)
    row, col = np.mgrid[:21, :21] - 10
    scribble[np.abs(row) + np.abs(col) == 9] = 0
    scribble[10, 10] = 1
    inside, closed = enclosed(scribble)
    assert closed
    assert not inside[0, 0]


def test_without_foreground_nothing_is_enclosed():
    scribble, _ = ring()
    scribble[scribble == 1] = IGNORE
    inside, closed = enclosed(scribble)
    assert not inside.any()
    assert not closed


def test_without_background_nothing_is_cut_off():
    scribble = np.full((16, 16), IGNORE, dtype=np.uint8)
    scribble[8, 8] = 1
    inside, closed = enclosed(scribble)
    assert inside.all()
    assert not closed


def test_two_rings_hold_two_hearts_and_a_ring_around_nothing_is_cut_off():
    scribble, distance = ring(size=96, radius=15)
    away = np.roll(ring(size=96, radius=15)[0], 33, axis=1)
    empty = np.where(away == 1, IGNORE, away)
    both = np.minimum(scribble, empty).astype(np.uint8)
    both[scribble == 1] = 1
    inside, _ = enclosed(both)
    assert inside[distance < 13].all()
    assert inside.sum() == enclosed(scribble)[0].sum()


def test_check_counts_closed_walls_missed_classes_and_reach():
    closed, _ = ring()
    open_, _ = ring(gap_px=20)
    without = closed.copy()
    without[without == 1] = IGNORE
    check = check_geometry(
        [np.stack([closed, closed, open_]), np.stack([closed, without, closed])], 2
    )
    assert check.n_slices == 5
    assert check.closed_fraction == pytest.approx(4 / 5)
    # Of the two middle slices, both between slices that have class 1, one lacks it.
    assert check.missed_fraction == pytest.approx(1 / 2)
    stroke = np.argwhere(closed == 1)
    inside = np.argwhere(enclosed(closed)[0])
    reach = np.sqrt(((inside[:, None] - stroke[None]) ** 2).sum(-1)).min(1).max()
    assert check.reach_px == pytest.approx(reach)
    assert check.wall_holds
    assert not check.absent_holds


def test_geometry_says_background_outside_and_absent_without_a_scribble():
    scribble, distance = ring()
    only_background = np.where(scribble == 1, np.uint8(IGNORE), scribble)
    nothing = np.full_like(scribble, IGNORE)
    volume = np.stack([scribble, scribble, scribble, only_background])
    geometry = scribble_geometry([volume, nothing[None]], 3)
    assert geometry.check.absent_holds
    assert geometry.background[0][distance > 21].all()
    assert not geometry.background[0][distance < 18].any()
    assert geometry.present.tolist() == [
        *[[True, True, False]] * 3,
        [True, False, False],
        [True] * 3,
    ]
    assert not geometry.background[4].any()


def test_without_slices_between_two_others_absent_does_not_hold():
    """Volumes of one plane and of two tell nothing about classes that are left out."""
    scribble, distance = ring()
    for planes in (1, 2):
        geometry = scribble_geometry([np.stack([scribble] * planes)] * 3, 3)
        assert not geometry.check.absent_holds
        assert geometry.check.record()["missed_fraction"] is None
        assert geometry.present.all()
        # The walls are seen in every slice.
        assert geometry.check.wall_holds
        assert geometry.background[0][distance > 21].all()


def test_open_walls_are_not_used():
    scribble, _ = ring(gap_px=20)
    geometry = scribble_geometry([scribble[None]], 2)
    assert not geometry.check.wall_holds
    assert not geometry.background.any()


def test_classes_that_are_left_out_here_and_there_are_not_taken_to_be_absent():
    """Only every other slice is annotated with class 2."""
    scribble, _ = ring()
    both = scribble.copy()
    both[40, 30:35] = 2
    geometry = scribble_geometry([np.stack([both, scribble, both, scribble, both])], 3)
    assert geometry.check.missed_fraction > 0.02
    assert geometry.present.all()


def test_without_any_foreground_scribble_no_rule_is_used():
    nothing = np.full((3, 16, 16), IGNORE, dtype=np.uint8)
    check = check_geometry([nothing], 4)
    assert (check.n_slices, check.reach_px) == (0, np.inf)
    assert not check.absent_holds
    assert not check.wall_holds


def test_reach_cuts_where_the_wall_is_open_and_not_where_it_is_closed():
    """Nine small rings set the reach; a large ring lets more, an open one is cut off by it."""
    small, large = ring(radius=8)[0], ring(radius=20)[0]
    open_, distance = ring(radius=20, gap_px=20)
    geometry = scribble_geometry([np.stack([*[small] * 9, large, open_])], 2)
    assert 4 < geometry.check.reach_px < 9
    assert not geometry.background[9][distance < 18].any()
    assert geometry.background[10][distance > 13].all()
