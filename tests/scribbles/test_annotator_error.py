import numpy as np
import pytest
from scipy import ndimage

from scribblebench.scribbles import (
    AnnotatorError,
    BackgroundPolicy,
    Budget,
    Pen,
    ScribbleSettings,
    simulate_volume,
)
from scribblebench.scribbles.annotator_error import connected, err
from scribblebench.scribbles.strokes import Stroke, rasterise, replay


@pytest.fixture
def volume():
    """20 planes of two squares of 30 x 30 and 14 x 14, apart from each other."""
    labels = np.zeros((20, 80, 100), dtype=np.uint8)
    labels[:, 20:50, 15:45] = 1
    labels[:, 30:44, 60:74] = 2
    return labels


def simulate(labels, error, form="curve", seed=0, where="none", **pen):
    background = BackgroundPolicy(where)
    settings = ScribbleSettings(Pen(form, **pen), Budget(0.1), background, error=error)
    return simulate_volume(labels, settings, classes=(1, 2), seed=seed, case_id="p1")


def erred(mask, row, error, seed=0):
    """What becomes of one stroke along a row, as far as the class goes there from column 0."""
    n = int(mask[row].sum())
    stroke = Stroke(np.stack([np.full(n, row), np.arange(n)], axis=1), 1)
    rng = np.random.default_rng(seed)
    return err([stroke], mask, error, others=[], step=(1.0, 1.0), rng=rng)


def share_outside(strokes, mask):
    marks = np.any([rasterise(stroke, mask.shape) for stroke in strokes], axis=0)
    return (marks & ~mask).sum() / marks.sum()


def test_no_error_is_the_same_as_errors_of_0(volume):
    clean, none = (simulate(volume[:3], error) for error in (None, AnnotatorError()))
    np.testing.assert_array_equal(clean.scribble, none.scribble)
    assert clean.achieved == none.achieved


def test_missed_classes_have_no_mark_and_are_counted(volume):
    """40 drawings with probability 0.3: 12, sd 2.9; 10 is more than three sd, for this seed."""
    simulation = simulate(volume, AnnotatorError(missed=0.3))
    missed = [a for a in simulation.achieved if a.missed]
    assert 2 <= len(missed) <= 22
    for entry in missed:
        assert entry.annotated_px == 0
        assert not (simulation.scribble[entry.slice_index] == entry.class_id).any()
    assert all(a.annotated_px > 0 for a in simulation.achieved if not a.missed)


@pytest.mark.parametrize("form", ["points", "max_supervision"])
@pytest.mark.parametrize("spill", [0.05, 0.3])
def test_the_wanted_share_is_spilled_and_counted(form, spill, volume):
    simulation = simulate(volume[:10], AnnotatorError(spill=spill), form)
    for entry in simulation.achieved:
        marked = simulation.scribble[entry.slice_index] == entry.class_id
        outside = marked & (volume[entry.slice_index] != entry.class_id)
        assert entry.wrong_px == outside.sum()
        assert entry.annotated_px == marked.sum()
        if entry.class_id:
            n = entry.annotated_px
            assert outside.sum() / n == pytest.approx(spill, abs=1.0 / n + 0.01)
            assert entry.slips > 0


def test_strokes_far_from_the_edge_do_not_spill(volume):
    """The background's ring is 6 px and more from the foreground, a slip 1 px from the edge."""
    simulation = simulate(volume[:4], AnnotatorError(spill=0.3, spill_distance=1.0), where="near")
    assert all(a.slips == 0 for a in simulation.achieved if a.class_id == 0)


def test_slips_go_over_the_edge_of_the_class_not_of_the_grid():
    """A stroke one pixel from the frame, in a class that ends at column 20 only."""
    mask = np.zeros((12, 40), dtype=np.bool_)
    mask[:, :20] = True
    for seed in range(10):
        error = AnnotatorError(spill=0.2, spill_distance=4.0)
        strokes, injected = erred(mask, 1, error, seed)
        assert 1 <= injected.slips <= 20
        assert all(not mask[tuple(slip.points.T)].all() for slip in strokes[1:])
        assert share_outside(strokes, mask) == pytest.approx(0.2, abs=0.05)


def test_a_class_that_fills_the_grid_has_no_slips():
    mask = np.ones((12, 40), dtype=np.bool_)
    strokes, injected = erred(mask, 1, AnnotatorError(spill=0.2))
    assert len(strokes) == 1
    assert injected.slips == 0


def test_a_spill_that_slips_do_not_come_nearer_to_is_given_up():
    """A single voxel lies outside, so that one slip spills all that there is to spill."""
    mask = np.ones((12, 40), dtype=np.bool_)
    mask[5, 20] = False
    strokes, injected = erred(mask, 7, AnnotatorError(spill=0.5))
    assert 1 <= injected.slips <= 3
    assert share_outside(strokes, mask) == pytest.approx(1 / 42, abs=0.003)


def test_slips_end_farther_beyond_the_edge_if_they_should(volume):
    """Mean distance of spilled voxels; the last slip is cut where enough is spilled."""
    means = []
    for distance in (0.5, 2.0, 6.0):
        error = AnnotatorError(spill=0.3, spill_distance=distance)
        found = simulate(volume[:10], error, "points")
        outside = (found.scribble == 1) & (volume[:10] != 1)
        away = ndimage.distance_transform_edt(volume[:10] != 1, sampling=(1e9, 1, 1))
        means.append(away[outside].mean())
    assert 0.9 < means[0] < 2.0
    assert means[1] > 1.3 * means[0]
    assert means[2] > 1.3 * means[1]


def test_the_share_asked_for_is_told_where_it_is_not_reached():
    """Of two strokes one is 5 px from the edge and may slip, the other 15 px and may not."""
    mask = np.zeros((40, 40), dtype=np.bool_)
    mask[:20] = True
    error = AnnotatorError(spill=0.2, spill_distance=2.0)
    for row, reached in ((15, 0.2), (5, 0.0)):
        strokes, injected = erred(mask, row, error)
        assert injected.spill_requested == 0.2
        assert share_outside(strokes, mask) == pytest.approx(reached, abs=0.03)


def test_the_share_asked_for_is_what_the_spread_makes_of_it():
    """Gamma with mean 0.1 and sd 0.1 over 200 drawings: sd of the mean 0.007."""
    mask = np.zeros((12, 40), dtype=np.bool_)
    mask[:6, :20] = True
    error = AnnotatorError(spill=0.1, spill_spread=1.0)
    found = [erred(mask, 4, error, seed)[1].spill_requested for seed in range(200)]
    assert np.mean(found) == pytest.approx(0.1, abs=0.03)
    assert np.std(found) == pytest.approx(0.1, abs=0.04)


@pytest.mark.parametrize("changes", [{}, {"shake": 1.0}, {"spill": 0.3, "missed": 1.0}])
def test_no_share_is_asked_for_without_a_spill_or_a_stroke(changes):
    mask = np.zeros((12, 40), dtype=np.bool_)
    mask[:6, :20] = True
    assert erred(mask, 4, AnnotatorError(**changes))[1].spill_requested == 0.0


def test_spill_differs_between_drawings_if_it_should(volume):
    def shares(spread):
        error = AnnotatorError(spill=0.1, spill_spread=spread)
        found = simulate(volume, error, "points").achieved
        return np.array([a.wrong_px / a.annotated_px for a in found if a.class_id])

    assert shares(0.0).std() < 0.03
    assert shares(1.0).std() > 0.06
    assert shares(1.0).mean() == pytest.approx(0.1, abs=0.04)


def test_a_shaking_hand_moves_the_line_by_the_wanted_distance(volume):
    """Mean distance from the line that was meant.

    Across a straight line it is sqrt(2 / pi) sd at the knots and less between them, 0.65 sd on
    average; rounding takes some of what is under a voxel.
    """

    def drawn(error):
        pen = Pen("centerline", randomness=0.0)
        settings = ScribbleSettings(pen, Budget(30, "pixels"), error=error)
        return simulate_volume(volume, settings, classes=(1,), seed=0, case_id="p1").scribble == 1

    away = ndimage.distance_transform_edt(~drawn(None), sampling=(1e9, 1, 1))
    means = [away[drawn(AnnotatorError(shake=shake))].mean() for shake in (1.0, 2.0, 4.0)]
    np.testing.assert_allclose(means, 0.65 * np.array([1.0, 2.0, 4.0]), rtol=0.3)


def test_a_shaken_stroke_that_leaves_the_grid_is_cut_in_two():
    """A stroke along the frame leaves the grid and comes back several times."""
    mask = np.ones((12, 200), dtype=np.bool_)
    strokes, _ = erred(mask, 0, AnnotatorError(shake=2.0))
    assert len(strokes) > 2
    for stroke in strokes:
        assert ((stroke.points >= 0) & (stroke.points < mask.shape)).all()
        assert (np.abs(np.diff(stroke.points, axis=0)).max(axis=1) == 1).all()


def test_strokes_of_a_wrong_class_are_counted(volume):
    simulation = simulate(volume[:10], AnnotatorError(wrong_class=0.5), "points", where="near")
    n_wrong = sum(a.wrong_strokes for a in simulation.achieved)
    n_all = sum(a.pen_downs for a in simulation.achieved)
    assert n_wrong / n_all == pytest.approx(0.5, abs=0.05)
    wrong = (simulation.scribble != 255) & (simulation.scribble != volume[:10])
    assert wrong.sum() == sum(a.wrong_px for a in simulation.achieved) == n_wrong


def test_erred_strokes_replay_to_the_scribble(volume):
    error = AnnotatorError(
        missed=0.1, wrong_class=0.1, spill=0.1, spill_spread=1.0, shake=1.0, shake_length=5.0
    )
    simulation = simulate(volume[:6], error, width=2.5, where="near")
    again = replay(simulation.strokes(), volume[:6], ignore_label=255)
    np.testing.assert_array_equal(again, simulation.scribble)


@pytest.mark.parametrize(
    "changes",
    [
        {"shake": 1e12},
        {"shake": 1e308},
        {"shake": 1.0, "shake_length": 1e-12},
        {"spill": 0.3, "spill_distance": 1e12},
        {"spill": 0.3, "spill_distance": 1e308},
        {"spill": 0.3, "spill_spread": 1e-200},
        {"spill": 0.3, "spill_spread": 1e200},
    ],
)
def test_extreme_errors_take_no_more_time_or_memory_than_others(changes):
    mask = np.zeros((12, 40), dtype=np.bool_)
    mask[2:10, :20] = True
    strokes, _ = erred(mask, 5, AnnotatorError(**changes))
    assert sum(len(stroke.points) for stroke in strokes) < 1000


def test_a_spread_of_next_to_nothing_is_none(volume):
    found = [
        simulate(volume[:3], AnnotatorError(spill=0.3, spill_spread=spread), "points").scribble
        for spread in (0.0, 1e-200)
    ]
    np.testing.assert_array_equal(*found)


def test_errors_do_not_depend_on_other_planes_and_leave_unlabelled_voxels_alone(volume):
    error = AnnotatorError(spill=0.2, shake=1.5)
    volume[:, :, 45:60] = 255
    whole, part = (simulate(v, error).scribble for v in (volume, volume[:2]))
    np.testing.assert_array_equal(whole[:2], part)
    assert (whole[:, :, 45:60] == 255).all()


def test_connected_lines_by_hand():
    line = connected(np.array([[0, 0], [0, 3], [2, 3], [2, 3]]))
    assert line.tolist() == [[0, 0], [0, 1], [0, 2], [0, 3], [1, 3], [2, 3]]
    assert connected(np.array([[4, 4]])).tolist() == [[4, 4]]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"missed": 1.5}, r"missed must be in \[0, 1\], got 1.5"),
        ({"spill": 1.0}, r"spill must be in \[0, 1\), got 1.0"),
        ({"shake": -1.0}, "shake must be finite and >= 0, got -1.0"),
        ({"shake_length": 0.0}, "shake_length must be > 0, got 0.0"),
    ],
)
def test_bad_errors_are_refused_in_words(changes, message):
    with pytest.raises(ValueError, match=message):
        AnnotatorError(**changes)
