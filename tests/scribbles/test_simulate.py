import itertools

import numpy as np
import pytest

from scribblebench.scribbles import (
    FORMS,
    AnnotatorError,
    BackgroundPolicy,
    Budget,
    Pen,
    ScribbleSettings,
    SliceChoice,
    simulate_volume,
)
from scribblebench.scribbles.strokes import from_json, replay, to_json

WALK = ScribbleSettings(Pen("random_walk"), Budget(0.1))


def settings(form="random_walk", budget=0.1, randomness=0.5, **more):
    pen = Pen(form, randomness, **more.pop("pen", {}))
    return ScribbleSettings(
        pen, budget if not isinstance(budget, float) else Budget(budget), **more
    )


@pytest.fixture
def volume():
    """Three planes: two classes, one class, none."""
    labels = np.zeros((3, 50, 60), dtype=np.uint8)
    labels[0, 15:25, 15:35] = 1  # 200 px
    labels[0, 30:35, 20:23] = 2  # 15 px
    labels[1, 20:30, 20:30] = 2  # 100 px
    return labels


def simulate(labels, settings=WALK, classes=(1, 2), seed=0, case_id="p1", **more):
    return simulate_volume(labels, settings, classes=classes, seed=seed, case_id=case_id, **more)


def test_budgets_by_hand(volume):
    """10 %: 20 and 2 (of 15: 1.5 rounds to even) of plane 0, 10 of plane 1.

    Background: 22 and 10; the empty plane gets their median, 16.
    """
    found = {(a.slice_index, a.class_id): a.requested for a in simulate(volume).achieved}
    assert found == {(0, 0): 22, (0, 1): 20, (0, 2): 2, (1, 0): 10, (1, 2): 10, (2, 0): 16}


def test_budget_of_each_class_and_of_the_background(volume):
    budget = {1: Budget(30, "pixels"), 2: Budget(0.2)}
    simulation = simulate(volume, settings(budget=budget, background_budget=Budget(0.01)))
    found = {(a.slice_index, a.class_id): a.requested for a in simulation.achieved}
    backgrounds = [round(0.01 * n) for n in (volume == 0).sum(axis=(1, 2))]
    assert [found[i, 0] for i in range(3)] == backgrounds
    assert (found[0, 1], found[0, 2], found[1, 2]) == (30, 3, 20)


def test_budget_for_the_volume_is_shared_out_by_size(volume):
    """10 % of 115 px of class 2 is 12 (11.5 rounds to even), 10 of them for 100."""
    simulation = simulate(volume, settings(budget=Budget(0.1, per="volume")))
    found = {(a.slice_index, a.class_id): a.achieved for a in simulation.achieved}
    assert (found[0, 1], found[0, 2], found[1, 2]) == (20, 2, 10)


def test_volume_without_foreground_gets_one_pixel_a_slice():
    simulation = simulate(np.zeros((4, 8, 8), dtype=np.uint8))
    assert ((simulation.scribble == 0).sum(axis=(1, 2)) == 1).all()
    assert [a.requested for a in simulation.achieved] == [1, 1, 1, 1]


@pytest.mark.parametrize("form", list(FORMS))
def test_scribbles_agree_with_the_labels_and_meet_the_budget(form, volume):
    simulation = simulate(volume, settings(form))
    annotated = simulation.scribble != 255
    np.testing.assert_array_equal(simulation.scribble[annotated], volume[annotated])
    for entry in simulation.achieved:
        assert entry.achieved == entry.requested == entry.annotated_px
        marked = simulation.scribble[entry.slice_index] == entry.class_id
        assert entry.annotated_px == marked.sum()
    assert len(simulation.achieved) == 2 + 3 + 1


@pytest.mark.parametrize("form", list(FORMS))
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_strokes_replay_to_the_scribble_on_every_axis(form, axis, volume):
    """Of a wide pen that keeps to its slice, though the voxels are cubes."""
    simulation = simulate(volume, settings(form, axis=axis, pen={"width": 2.0}))
    strokes = from_json(to_json(simulation.strokes(), unit="px"))
    assert all((np.ptp(stroke.points, axis=0)[axis]) == 0 for stroke in strokes)
    again = replay(strokes, volume, ignore_label=255)
    np.testing.assert_array_equal(again, simulation.scribble)


def test_shortfall_of_the_background_is_reported():
    labels = np.ones((1, 10, 10), dtype=np.uint8)
    labels[0, 0, 0] = 0
    first = simulate(labels, settings("skeleton", 0.5, 0.0), classes=(1,)).achieved[0]
    assert (first.class_id, first.requested, first.achieved) == (0, 50, 1)


def test_shortfall_of_a_class_in_parts_is_reported(volume):
    """30 px are asked for; the largest part of the class has 20."""
    labels = np.zeros((1, 30, 30), dtype=np.uint8)
    labels[0, 2:6, 2:7] = labels[0, 12:16, 12:16] = 1
    how = settings(budget=Budget(30, "pixels"), pen={"components": "largest"})
    entry = simulate(labels, how, classes=(1,)).achieved[1]
    assert (entry.class_px, entry.requested, entry.achieved) == (36, 30, 20)
    assert not entry.met


@pytest.mark.parametrize(("length", "met"), [(12.0, True), (500.0, False)])
def test_a_length_is_met_unless_the_class_is_full_before(length, met, volume):
    how = settings("contour", Budget(length, "length"), background=none())
    found = simulate(volume, how).achieved
    assert [a.met for a in found if a.class_px == 100] == [met]


@pytest.mark.parametrize("unit", ["pixels", "length"])
@pytest.mark.parametrize("form", list(FORMS))
def test_a_smaller_budget_is_a_subset_of_a_larger_one(form, unit, volume):
    budgets = [Budget(n, unit, per) for n in (3, 12, 60) for per in ("slice",)]
    scribbles = [simulate(volume, settings(form, b, 0.7)).scribble for b in budgets]
    for small, large in itertools.pairwise(scribbles):
        annotated = small != 255
        np.testing.assert_array_equal(small[annotated], large[annotated])


@pytest.mark.parametrize("components", ["every", "largest", "one", 0.5])
def test_budgets_are_nested_with_every_way_to_choose_parts(components):
    labels = np.zeros((1, 40, 40), dtype=np.uint8)
    for k in range(4):
        labels[0, 2 + 9 * k : 4 + 10 * k, 3:20] = 1
    before = None
    for density in (0.05, 0.2, 0.6, 1.0):
        how = settings(budget=density, pen={"components": components}, background=none())
        marked = simulate(labels, how, classes=(1,)).scribble == 1
        assert marked.any()
        assert before is None or not (before & ~marked).any()
        before = marked


def none():
    return BackgroundPolicy("none")


def test_parts_are_chosen_as_asked():
    labels = np.zeros((1, 30, 60), dtype=np.uint8)
    labels[0, 2:12, 2:12] = labels[0, 2:12, 22:31] = labels[0, 2:12, 42:50] = 1

    def touched(components, density=0.1, seed=0):
        how = settings(budget=density, pen={"components": components}, background=none())
        marked = simulate(labels, how, classes=(1,), seed=seed).scribble[0] == 1
        return [bool(marked[:, cols].any()) for cols in (np.s_[:20], np.s_[20:40], np.s_[40:])]

    assert touched("every") == [True] * 3
    assert touched("largest") == [True, False, False]
    assert touched("largest", 1.0) == [True, False, False]
    firsts = [touched("one", seed=s) for s in range(300)]
    assert all(sum(t) == 1 for t in firsts)
    np.testing.assert_allclose(np.mean(firsts, axis=0), [0.37, 0.333, 0.296], atol=0.12)
    assert touched("one", 1.0) == [True] * 3
    assert touched(0.0) == [True, False, False]
    halves = np.mean([touched(0.5, seed=s) for s in range(300)], axis=0)
    np.testing.assert_allclose(halves, [0.5 + 0.125, 0.5, 0.5], atol=0.13)


@pytest.mark.parametrize("form", list(FORMS))
def test_scribble_of_a_class_does_not_depend_on_other_classes_or_planes(form, volume):
    both = simulate(volume, settings(form)).scribble
    without = np.where(volume == 2, 0, volume).astype(np.uint8)
    alone = simulate(without, settings(form), classes=(1,)).scribble
    np.testing.assert_array_equal(both == 1, alone == 1)
    first = simulate(volume[:1], settings(form)).scribble
    np.testing.assert_array_equal(both[0], first[0])


def test_streams_differ_between_cases_seeds_and_planes(volume):
    base = simulate(volume).scribble
    np.testing.assert_array_equal(base, simulate(volume).scribble)
    assert not np.array_equal(base, simulate(volume, seed=1).scribble)
    assert not np.array_equal(base, simulate(volume, case_id="p2").scribble)
    twice = simulate(np.stack([volume[0], volume[0]])).scribble
    assert not np.array_equal(twice[0], twice[1])


def test_a_share_of_the_slices(volume):
    labels = np.concatenate([volume[:2]] * 4)
    simulation = simulate(labels, settings(slices=SliceChoice(0.5)))
    annotated = (simulation.scribble != 255).any(axis=(1, 2))
    assert annotated.sum() == 4
    every = simulate(labels, settings()).scribble
    kept = simulation.scribble != 255
    np.testing.assert_array_equal(every[kept], simulation.scribble[kept])


def test_empty_slices_can_be_left_out(volume):
    how = settings(background=BackgroundPolicy("near", empty_slices=False))
    scribble = simulate(volume, how).scribble
    assert (scribble[2] == 255).all()
    assert (scribble[1] == 0).any()


def test_pixels_outside_the_classes_are_never_annotated(volume):
    volume[:, :, 30:] = 255
    scribble = simulate(volume, settings("max_supervision", 0.2, 0.0)).scribble
    assert (scribble[:, :, 30:] == 255).all()


@pytest.mark.parametrize("form", [name for name in FORMS if FORMS[name].three_d])
def test_in_3d_the_budget_is_for_the_volume_and_marks_reach_across_planes(form):
    labels = np.zeros((9, 30, 32), dtype=np.uint8)
    labels[2:7, 8:20, 8:22] = 1
    simulation = simulate(
        labels, settings(form, 0.05, three_d=True), classes=(1,), spacing_mm=(3.0, 1.0, 1.0)
    )
    assert [(a.slice_index, a.class_id) for a in simulation.achieved] == [(None, 0), (None, 1)]
    assert (simulation.scribble == 1).sum() == round(0.05 * 5 * 12 * 14)
    np.testing.assert_array_equal(
        replay(simulation.strokes(), labels, ignore_label=255, step=(3.0, 1.0, 1.0)),
        simulation.scribble,
    )
    planes = (simulation.scribble == 1).any(axis=(1, 2)).sum()
    assert planes > 1


def test_lengths_and_rings_are_in_mm_where_the_spacing_is_known(volume):
    how = settings("centerline", Budget(12.0, "length"), 0.0, background=BackgroundPolicy("near"))
    for spacing, size in ((None, 1.0), ((8.0, 2.0, 2.0), 2.0)):
        simulation = simulate(volume, how, spacing_mm=spacing)
        entry = next(a for a in simulation.achieved if a.class_id == 1)
        assert entry.unit == "length"
        assert 12.0 - 1.5 * size < entry.achieved <= 12.0
        assert entry.annotated_px == pytest.approx(12.0 / size, abs=4)
        rows = np.flatnonzero((simulation.scribble[0] == 0).any(axis=1))
        assert rows.min() >= 15 - 14 / size


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"axis": 3}, "axis must be 0, 1 or 2, got 3"),
        ({"form": "chord", "three_d": True}, "form 'chord' does not draw in 3D; these do: skel"),
        ({"slices": SliceChoice(0.5), "three_d": True}, "a share of slices cannot be chosen"),
        (
            {"budget": {1: Budget(0.1), 2: Budget(9, "length")}},
            "background_budget must be given where classes differ in unit",
        ),
    ],
)
def test_settings_that_cannot_be_are_refused_in_words(more, message):
    with pytest.raises(ValueError, match=message):
        settings(**more)


def test_bad_label_maps_class_lists_and_budgets_are_refused(volume):
    with pytest.raises(ValueError, match="label_map must be 3-D uint8, got 2-D uint8"):
        simulate(volume[0])
    with pytest.raises(ValueError, match="classes must be distinct foreground ids"):
        simulate(volume, classes=(0, 1))
    with pytest.raises(ValueError, match="budget must be given for class 2 too"):
        simulate(volume, settings(budget={1: Budget(0.1)}))


def test_a_class_that_was_missed_has_achieved_nothing(volume):
    simulation = simulate(volume, settings(error=AnnotatorError(missed=1.0)))
    for entry in simulation.achieved:
        assert (entry.missed, entry.achieved, entry.met, entry.pen_downs) == (True, 0.0, False, 0)


def test_wrong_strokes_carry_labels_that_the_slice_is_annotated_with(volume):
    """Not the background's, where that is not annotated; and every label has a row."""
    how = settings(error=AnnotatorError(wrong_class=1.0), background=BackgroundPolicy("none"))
    simulation = simulate(volume, how)
    assert not (simulation.scribble == 0).any()
    rows = {(entry.slice_index, entry.class_id) for entry in simulation.achieved}
    for plane, marks in enumerate(simulation.scribble):
        assert {(plane, int(c)) for c in np.unique(marks[marks != 255])} <= rows
    assert sum(e.annotated_px for e in simulation.achieved) == (simulation.scribble != 255).sum()


def test_a_shaking_pen_leaves_other_values_alone(volume):
    """Class 2 is not listed: its voxels are never annotated, whatever the hand does."""
    simulation = simulate(volume, settings(error=AnnotatorError(shake=4.0)), classes=(1,))
    assert (simulation.scribble[volume == 2] == 255).all()
