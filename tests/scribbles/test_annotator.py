import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from scribblebench.scribbles import Annotator, AnnotatorError, Pen, simulate_volume
from scribblebench.scribbles.habits import Amount, Depth, Habit, Ring
from scribblebench.scribbles.strokes import replay

USUAL = Habit(Amount(2.0, 0.5, 0.0, 0.0))
RING = Habit(
    Amount(1.0, 1.0, 0.0, 0.0, "length"),
    Pen("spiral", 0.5, components="largest"),
    ring=Ring(8.0, 0.0, 0.0, (0.5, 1.5)),
)


@pytest.fixture
def volume():
    """Two planes with a disc of class 1 and a square of class 2, a third without."""
    labels = np.zeros((3, 70, 70), dtype=np.uint8)
    row, col = np.ogrid[:70, :70]
    labels[:2, np.hypot(row - 30, col - 30) <= 12] = 1  # 441 px
    labels[:2, 34:44, 44:54] = 2  # 100 px
    return labels


def annotate(labels, habits, classes=(1, 2), seed=0, case_id="p1", **more):
    spacing = more.pop("spacing_mm", None)
    return simulate_volume(
        labels,
        Annotator(habits, **more),
        classes=classes,
        seed=seed,
        case_id=case_id,
        spacing_mm=spacing,
    )


def test_without_spread_the_amount_is_the_law_by_hand(volume):
    """2 sqrt(441) = 42 and 2 sqrt(100) = 20."""
    habits = {0: (), 1: (USUAL,), 2: (USUAL,)}
    found = {(a.slice_index, a.class_id): a.annotated_px for a in annotate(volume, habits).achieved}
    assert found == {(0, 1): 42, (0, 2): 20, (1, 1): 42, (1, 2): 20}


def test_amounts_in_mm_are_of_sizes_in_mm2(volume):
    """100 px of 2 x 2 mm: 1.0 * sqrt(400 mm2) = 20 mm."""
    habits = {0: (), 1: (), 2: (Habit(Amount(1.0, 0.5, 0.0, 0.0, "length")),)}
    entry = annotate(volume, habits, spacing_mm=(5.0, 2.0, 2.0)).achieved[0]
    assert (entry.unit, entry.requested) == ("length", pytest.approx(20.0))
    assert 20.0 - 2.0 * math.sqrt(2) < entry.achieved <= 20.0


def test_lengths_may_be_in_voxels_whatever_their_size(volume):
    habits = {0: (RING,), 1: (USUAL,), 2: (USUAL,)}
    found = [
        annotate(volume, habits, in_voxels=True, spacing_mm=spacing).scribble
        for spacing in (None, (9.0, 1.5, 1.5))
    ]
    np.testing.assert_array_equal(*found)


def test_cases_differ_by_their_sd_and_slices_of_a_case_by_theirs(volume):
    """60 cases: the logarithm's standard deviation is .3 +- .03 (one se), and that within .1."""
    habits = {0: (), 1: (replace(USUAL, amount=Amount(2.0, 0.5, 0.3, 0.1)),), 2: ()}
    amounts = np.array(
        [
            [math.log(a.requested) for a in annotate(volume, habits, case_id=f"p{i}").achieved]
            for i in range(60)
        ]
    )
    within = amounts[:, 0] - amounts[:, 1]
    assert amounts.mean(axis=1).std() == pytest.approx(math.hypot(0.3, 0.1 / math.sqrt(2)), abs=0.1)
    assert within.std() == pytest.approx(0.1 * math.sqrt(2), abs=0.05)


def test_who_draws_much_in_one_class_does_so_in_the_other(volume):
    habit = replace(USUAL, amount=Amount(2.0, 0.5, 0.3, 0.0))
    habits = {0: (), 1: (habit,), 2: (habit,)}
    pairs = []
    for i in range(60):
        entries = annotate(volume, habits, case_id=f"p{i}").achieved[:2]
        pairs.append([math.log(entry.requested) for entry in entries])
    assert 0.6 < np.corrcoef(np.array(pairs).T)[0, 1] < 0.95  # .8 by construction


def test_a_class_does_not_depend_on_the_others_nor_on_other_slices(volume):
    habits = {0: (RING,), 1: (USUAL,), 2: (USUAL,)}
    both = annotate(volume, habits).scribble
    alone = volume.copy()
    alone[alone == 2] = 0
    np.testing.assert_array_equal(annotate(alone, habits, classes=(1,)).scribble == 1, both == 1)
    first = annotate(volume[:1], habits).scribble
    np.testing.assert_array_equal(first[0], both[0])


@pytest.mark.parametrize("n", [1, 2, 3])
def test_as_many_strokes_as_the_probabilities_say(volume, n):
    chances = tuple(float(i == n - 1) for i in range(3))
    pen = Pen("spiral", 0.8, options={"depth": 0.1, "inward": 0.1})
    habits = {0: (), 1: (replace(USUAL, pen=pen, strokes=chances),), 2: ()}
    for seed in range(5):
        entries = annotate(volume, habits, seed=seed).achieved
        assert [entry.pen_downs for entry in entries] == [n, n]


def test_the_ring_lies_in_its_band_and_goes_round(volume):
    """Hull distances 4 to 12; the length asked for is the hull's perimeter + 2 pi 8."""
    scribble = annotate(volume, {0: (RING,), 1: (), 2: ()}).scribble
    away = ndimage.distance_transform_edt(volume[0] == 0)
    marks = scribble[0] == 0
    assert away[marks].min() >= 4.0
    turns = np.arctan2(*(np.argwhere(marks) - [33.0, 37.0]).T)
    assert np.ptp(turns) > 5.5
    assert 130 < marks.sum() < 190


def test_an_empty_slice_has_a_ring_where_its_neighbour_has_one(volume):
    scribble = annotate(volume, {0: (RING,), 1: (), 2: ()}).scribble
    away = ndimage.distance_transform_edt(volume[1] == 0)
    assert (scribble[2] == 0).any()
    assert away[scribble[2] == 0].min() >= 4.0


def test_habits_of_one_class_are_drawn_one_after_the_other_and_counted_together(volume):
    two = (USUAL, replace(USUAL, pen=Pen("points")))
    entry = next(a for a in annotate(volume, {0: (), 1: two, 2: ()}).achieved if a.slice_index == 0)
    assert (entry.requested, entry.achieved) == (84, 84)
    scribble = annotate(volume, {0: (), 1: two, 2: ()}).scribble
    assert entry.annotated_px == (scribble[0] == 1).sum() < 84


def test_a_habit_is_followed_in_a_share_of_the_cases(volume):
    habits = {0: (), 1: (replace(USUAL, probability=0.3),), 2: ()}
    drawn = [bool(annotate(volume, habits, case_id=f"p{i}").achieved) for i in range(100)]
    assert 15 < sum(drawn) < 45  # 30, sd 4.6


def test_pens_are_chosen_by_case(volume):
    wide = replace(USUAL, widths=((1.0, 0.5), (4.0, 0.5)))
    found = set()
    for i in range(12):
        strokes = annotate(volume, {0: (), 1: (wide,), 2: ()}, case_id=f"p{i}").strokes()
        widths = {stroke.width for stroke in strokes}
        assert len(widths) == 1
        found |= widths
    assert found == {1.0, 4.0}


def test_depth_follows_size_and_amount(volume):
    """At 441 px: .2 + .1 ln 4.41 = .35: between it and the edge, 12.5 px deep, lie 4.4 px."""
    depth = Depth(0.2, by_size=0.1)
    habit = replace(USUAL, pen=Pen("spiral", 0.0), depth=depth)
    marks = annotate(volume, {0: (), 1: (habit,), 2: ()}).scribble[0] == 1
    radii = np.hypot(*(np.argwhere(marks) - [30.0, 30.0]).T)
    assert radii.max() == pytest.approx(12.5 * 0.65, abs=1.5)


def test_errors_are_injected_and_counted(volume):
    error = AnnotatorError(missed=1.0)
    simulation = annotate(volume, {0: (), 1: (USUAL,), 2: (USUAL,)}, error=error)
    assert all(entry.missed for entry in simulation.achieved)
    assert not (simulation.scribble < 3).any()


def test_a_class_without_habit_is_an_error(volume):
    with pytest.raises(ValueError, match="must have a habit for class 2; has 0, 1"):
        annotate(volume, {0: (), 1: (USUAL,)})


def test_a_ring_that_hardly_fits_into_the_slice_goes_anywhere():
    """The class fills all but two corners; one of them is filled, 4 px from the hull or not."""
    labels = np.ones((1, 40, 40), dtype=np.uint8)
    labels[0, :6, :6] = labels[0, -6:, -6:] = 0
    marks = annotate(labels, {0: (RING,), 1: ()}, classes=(1,)).scribble[0] == 0
    assert marks.sum() == 36


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Amount(0.0, 1.0, 0.1, 0.1), "scale > 0"),
        (lambda: Amount(1.0, 1.0, 0.1, 0.1, "density"), "unit must be pixels or length"),
        (lambda: Ring(0.0, 0.1, 0.1, (0.5, 1.5)), "distance > 0"),
        (lambda: replace(USUAL, strokes=()), "strokes must be probabilities"),
        (lambda: replace(USUAL, probability=7.0), r"probability must be in \[0, 1\]"),
        (lambda: replace(USUAL, pen=Pen("curve"), strokes=(0.5, 0.5)), "no option 'arc'"),
        (lambda: Annotator({1: (USUAL, RING)}), "amounts in one unit"),
        (lambda: Annotator({}, axis=7), "axis must be 0, 1 or 2, got 7"),
    ],
)
def test_habits_that_make_no_sense_are_refused_in_words(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("error", [None, AnnotatorError(shake=0.7, spill=0.05)])
def test_strokes_can_be_replayed(volume, error):
    """Of wide pens too, with and without errors."""
    wide = replace(USUAL, widths=((3.0, 1.0),))
    simulation = annotate(volume, {0: (RING,), 1: (wide,), 2: (USUAL,)}, error=error)
    again = replay(simulation.strokes(), volume, ignore_label=255)
    np.testing.assert_array_equal(again, simulation.scribble)
