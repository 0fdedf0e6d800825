"""Every form draws what it drew when its golden picture was looked at.

A golden picture is nine drawings of one slice: densities 3, 10 and 30 % from top to bottom,
randomness 0, 0.5 and 1 from left to right. The slice is a picture too (`labels.png`), so that
changes of the phantom it came from do not matter. Where a form is meant to change, make the
pictures anew and look at those that changed:

    python tests/scribbles/test_golden.py
"""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scribblebench.scribbles import FORMS, Budget, Pen, ScribbleSettings, simulate_volume

FOLDER = Path(__file__).parent / "golden"
AGAIN = "run `python tests/scribbles/test_golden.py` and look at the pictures that changed."
DENSITIES, RANDOMNESS = (0.03, 0.1, 0.3), (0.0, 0.5, 1.0)
SPACING_MM = (10.0, 160 / 96, 160 / 96)

DENSE = 4
"""Added to the class of pixels that are not annotated."""
PALETTE = np.array(
    [
        *((255, 255, 255), (255, 180, 0), (0, 215, 150), (255, 95, 0)),  # annotated
        *((25, 25, 25), (75, 55, 0), (0, 60, 45), (75, 30, 0)),  # not annotated
    ],
    dtype=np.uint8,
)


def read(name):
    """Return the palette indices of a picture."""
    with Image.open(FOLDER / f"{name}.png") as picture:
        return np.asarray(picture)


def write(name, indices):
    picture = Image.fromarray(indices, mode="P")
    picture.putpalette(PALETTE.tobytes())
    picture.save(FOLDER / f"{name}.png", optimize=True, bits=4)


def panels(form):
    """Draw the nine panels, shape (3 H, 3 W)."""
    labels = read("labels") - DENSE
    rows = []
    for density in DENSITIES:
        row = []
        for randomness in RANDOMNESS:
            scribble = simulate_volume(
                labels[None],
                ScribbleSettings(Pen(form, randomness), Budget(density)),
                classes=[1, 2, 3],
                seed=0,
                case_id="golden",
                spacing_mm=SPACING_MM,
            ).scribble[0]
            row.append(np.where(scribble == 255, labels + DENSE, scribble))
        rows.append(np.hstack(row))
    return np.vstack(rows)


def differences(drawn, golden):
    """Say how many pixels differ, and where; an empty string if none do."""
    if drawn.shape != golden.shape:
        return f"the golden picture has shape {golden.shape}, the drawing {drawn.shape}"
    differ = drawn != golden
    height, width = (n // 3 for n in differ.shape)
    found = []
    for j, density in enumerate(DENSITIES):
        for k, randomness in enumerate(RANDOMNESS):
            panel = np.s_[j * height : (j + 1) * height, k * width : (k + 1) * width]
            n = int(differ[panel].sum())
            classes = set((golden[panel][differ[panel]] % DENSE).tolist())
            if n:
                found.append(
                    f"density {density:g}, randomness {randomness:g}: {n} pixels "
                    f"of classes {sorted(classes)}"
                )
    return f"{differ.sum()} pixels differ\n  " + "\n  ".join(found) if found else ""


@pytest.mark.parametrize("form", list(FORMS))
def test_form_draws_its_golden_picture(form, tmp_path):
    drawn = panels(form)
    if not (FOLDER / f"{form}.png").exists():
        pytest.fail(f"form '{form}' has no golden picture: {AGAIN}", pytrace=False)
    said = differences(drawn, read(form))
    if said:
        write(tmp_path / form, drawn)
        drawn_now = f"Drawn now: {tmp_path / form}.png"
        pytest.fail(f"form '{form}': {said}\n{drawn_now}\nIf wanted, {AGAIN}", pytrace=False)


def test_every_golden_picture_is_of_a_form():
    assert {path.stem for path in FOLDER.iterdir()} <= {"labels", *FORMS}


def test_differences_are_counted_where_they_are():
    golden = np.full((30, 36), DENSE, dtype=np.uint8)
    assert differences(golden, golden) == ""
    drawn = golden.copy()
    drawn[0, 0] = 0
    drawn[19, 12:15] = 2
    golden[19, 12:15] = DENSE + 2
    assert differences(drawn, golden) == (
        "4 pixels differ\n"
        "  density 0.03, randomness 0: 1 pixels of classes [0]\n"
        "  density 0.1, randomness 0.5: 3 pixels of classes [2]"
    )


if __name__ == "__main__":
    for name in FORMS:
        write(name, panels(name))
