"""Images that are stored turned against the others, and planes along another axis."""

import numpy as np
from faults import AFFINE, report_of, rewrite, write_acdc

from scribblebench.data.acdc import Acdc
from scribblebench.data.checking import CaseFacts
from scribblebench.data.checking.between import oblong_pixels, other_axes


def facts_of(*affines):
    return [
        CaseFacts(f"c{n}", f"c{n}", (), spacing_mm=(5.0, 1.0, 1.0), affine=affine)
        for n, affine in enumerate(affines)
    ]


def rotation(degrees, axis):
    """A turn about one of the world's axes."""
    a, matrix = np.radians(degrees), np.eye(4)
    i, j = (k for k in range(3) if k != axis)
    matrix[i, i] = matrix[j, j] = np.cos(a)
    matrix[i, j], matrix[j, i] = -np.sin(a), np.sin(a)
    return matrix


def test_images_that_are_stored_turned_against_the_others_are_one_warning(tmp_path):
    write_acdc(tmp_path, 4)
    images = [Acdc(tmp_path).files(f"patient00{n}_frame01") for n in (2, 4)]
    turned = AFFINE @ np.array([[1, 0, 0, 0], [0, -1, 0, 9], [0, 0, -1, 2], [0, 0, 0, 1.0]])
    for path in images[0].all():
        rewrite(path, lambda array: array[:, ::-1, ::-1], affine=turned)
    report = report_of(Acdc(tmp_path), tmp_path)
    assert report.counted("axes") == [("LPS", 3), ("LAI", 1)]
    assert [p.line() for p in report.problems] == [
        "images have their axes to LAI in 1 of 4 cases (patient002_frame01) and to LPS in 3: a "
        "network sees them turned or mirrored"
    ]


def test_tilted_scans_have_their_axes_like_the_others_whatever_these_are_called():
    """Turns of 25 to 65 degrees about one axis: half of them are nearest to other axes."""
    tilted = [AFFINE @ rotation(degrees, 0) for degrees in (25, 35, 42, 48, 55, 65)]
    facts = facts_of(*tilted)
    assert len({one.axes for one in facts}) == 2
    assert list(other_axes(facts)) == []
    mirrored = [affine @ np.diag([-1.0, 1.0, 1.0, 1.0]) for affine in tilted[:2]]
    (problem,) = other_axes(facts_of(*mirrored, *tilted))
    assert problem.text.startswith("images have their axes to ")
    assert "in 2 of 8 cases (c0, c1) and to" in problem.text


def test_axes_of_images_without_a_spacing_are_not_compared():
    assert list(other_axes([CaseFacts("c", "c", (), spacing_mm=None)])) == []


def test_planes_along_another_axis_are_told_by_oblong_pixels():
    """Rows of 5 mm are planes; a pixel twice as long as wide may be, and so may thick planes."""
    spacings = ((1.25, 5.0, 1.25), (1.25, 5.0, 2.5), (8.0, 1.25, 1.25))
    facts = [CaseFacts(f"c{n}", "p", (), spacing_mm=s) for n, s in enumerate(spacings)]
    assert [p.line() for p in oblong_pixels(facts)] == [
        "planes do not lie along the third axis in 1 of 3 cases (c0): rows 5 mm, columns 1.25 mm "
        "and planes 1.25 mm apart; no network takes them so"
    ]
    assert list(oblong_pixels(facts[1:])) == []
