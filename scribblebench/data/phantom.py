"""An embedded, procedural stand-in for short-axis cardiac MRI: for demos and fast tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

from scribblebench.data.dataset import DATASETS, CaseFiles, DatasetFacts, Split
from scribblebench.data.phantom_anatomy import (
    Anatomy,
    Layer,
    draw_anatomy,
    heart,
    paint_image,
    paint_labels,
    surroundings,
)
from scribblebench.errors import InputError
from scribblebench.seeding import rng_for
from scribblebench.types import Case, Float64Array, FloatArray, LabelArray, LabelSpec, SpacingMm

FIELD_OF_VIEW_MM = 160.0
"""Side of the square image: the heart and a rim of its neighbours."""

PLANE_SPACING_MM = 10.0
"""Distance of the planes in most of ACDC."""

AXES = np.array([[0.8, 0.36, 0.48], [-0.6, 0.48, 0.64], [0.0, -0.8, 0.6]])
"""Unit vectors of column, row and plane in the world, one a column: an oblique short axis."""

CENTRE_MM = np.array([-25.0, 15.0, 40.0])
"""Where in the world the middle of the basal slice lies."""

SLICE_HALF_STEP = 0.22
"""A thick slice is the mean of two planes, this share of the slice distance below and above."""

BREATH_SD = 0.006
"""Shift between slices, as a fraction of the side: breath holds differ by about 1 mm."""

EMPTY_SLICE_EVERY = 4
"""Patients 0, 4, 8, ... have one slice more, beyond the apex: every data set holds an empty one."""

RANGES = {"patients": (3, 1000), "size": (48, 128), "slices": (3, 20), "seed": (0, 2**53)}
"""Least and greatest value of the options; the patients' ids have three digits."""


class Phantom:
    """Drawn short-axis cardiac MRI with the classes of ACDC, one case a patient.

    Appearance alone does not tell the classes apart: LV, RV, aorta, stomach and chest fat are
    about as bright as each other, and so are myocardium, liver and the walls of other organs.
    Pose, size, shape and contrast vary between patients, slices shrink towards the apex, and
    blur, thick slices and Rician noise hide where exactly a border runs. In some patients the
    basal ring is open or the most apical slice has no RV; every fourth has a slice beyond the
    apex, without foreground.

    Case k depends on `seed`, `size`, `slices` and k alone. Its body is the same at every size
    and number of slices.

    Parameters
    ----------
    root : Path, or None
        Ignored: nothing is read.
    patients : int
        3 to 1000.
    size : int
        Rows and columns, 48 to 128.
    slices : int
        Slices that hold heart, from base to apex, 3 to 20.
    seed : int
        Seed of the data; a benchmark's own seeds are something else.
    train, val, test : int or None
        Patients of each part, taken in this order; who is left goes to the part "pool". None:
        a quarter of the patients (at least 1) for val and for test, all others for train.

    Raises
    ------
    InputError
        If an option is out of its range or the parts need more patients than there are.
    """

    name = "phantom"
    facts = DatasetFacts(
        title="Phantom",
        modality="drawn short-axis cardiac MRI",
        channels=("drawn MRI",),
        n_patients=None,
        split="in order of id: a half train, a quarter val, a quarter test",
        licence="Apache-2.0, as the package",
        citation="scribblebench",
        url="",
    )
    labels = LabelSpec(("background", "RV", "myocardium", "LV"))

    def __init__(
        self,
        root: Path | None = None,
        *,
        patients: int = 32,
        size: int = 64,
        slices: int = 6,
        seed: int = 0,
        train: int | None = None,
        val: int | None = None,
        test: int | None = None,
    ) -> None:
        del root
        given = {"patients": patients, "size": size, "slices": slices, "seed": seed}
        for name, value in given.items():
            check_option(name, value, *RANGES[name])
        val = max(1, patients // 4) if val is None else val
        test = max(1, patients // 4) if test is None else test
        for name, value in (("val", val), ("test", test)):
            check_option(name, value, 0, patients)
        train = max(0, patients - val - test) if train is None else train
        check_option("train", train, 0, patients)
        if train + val + test > patients:
            raise InputError(
                f"phantom: train + val + test must be at most {patients}, the number of "
                f"patients, got {train} + {val} + {test}"
            )
        self.patients, self.size, self.slices, self.seed = patients, size, slices, seed
        pool = patients - train - val - test
        self._parts = {"train": train, "val": val, "test": test, "pool": pool}

    def case_ids(self) -> Sequence[str]:
        """Return all case ids (`phantomNNN`), sorted."""
        return [f"phantom{patient:03d}" for patient in range(self.patients)]

    def patient_id(self, case_id: str) -> str:
        """Return the patient of a case, whose only case it is."""
        return case_id

    def split(self) -> Split:
        """Divide the patients, in order of id, into train, val, test and pool."""
        ids = iter(self.case_ids())
        return Split({part: tuple(next(ids) for _ in range(n)) for part, n in self._parts.items()})

    def files(self, case_id: str) -> CaseFiles:
        """Return no files: every case is drawn."""
        return CaseFiles((), None, None)

    def load(self, case_id: str) -> Case:
        """Draw one case: the same voxels at every call."""
        known = self.case_ids()
        if case_id not in known:
            raise InputError(f"phantom: case must be {known[0]} to {known[-1]}, got '{case_id}'")
        image, label_map = draw_patient(
            self.seed, known.index(case_id), slices=self.slices, size=self.size
        )
        spacing_mm, affine = geometry(self.size)
        return Case(
            case_id=case_id,
            patient_id=self.patient_id(case_id),
            image=image[None],
            label_map=label_map,
            spacing_mm=spacing_mm,
            affine=affine,
        )


def check_option(name: str, value: object, least: int, greatest: int) -> None:
    """Raise `InputError` where an option is not an integer in its range."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= greatest:
        raise InputError(
            f"phantom: {name} must be an integer from {least} to {greatest}, got {value!r}"
        )


def geometry(size: int) -> tuple[SpacingMm, Float64Array]:
    """Return (plane, row, col) spacing in mm and the affine from voxel (col, row, plane) to mm."""
    pixel_mm = FIELD_OF_VIEW_MM / size
    affine = np.eye(4)
    affine[:3, :3] = AXES * [pixel_mm, pixel_mm, PLANE_SPACING_MM]
    middle = (size - 1) / 2
    affine[:3, 3] = CENTRE_MM - affine[:3, :3] @ [middle, middle, 0.0]
    return (PLANE_SPACING_MM, pixel_mm, pixel_mm), affine


@dataclass(frozen=True)
class Acquisition:
    """What the scanner makes of one patient, drawn at random."""

    gain: float  # stored value of LV blood
    noise: float  # sd of each channel of the Rician noise, LV blood being 1
    blur: float  # sd of the point spread as a fraction of the side
    bias_slope: Float64Array  # (row, col): change of the log-gain across the image
    bias_curve: float
    mottle: float  # sd of the brightness within a tissue, as a share of it


def draw_acquisition(rng: np.random.Generator) -> Acquisition:
    """Draw one study's gain, noise, blur and bias field; `rng` is advanced in place."""
    return Acquisition(
        gain=float(np.exp(rng.uniform(np.log(80), np.log(220)))),
        noise=rng.uniform(0.04, 0.07),
        blur=rng.uniform(0.009, 0.014),
        bias_slope=rng.normal(0.0, 0.35, 2),
        bias_curve=rng.uniform(-1.0, 0.5),
        mottle=rng.uniform(0.04, 0.09),
    )


def draw_texture(rng: np.random.Generator, wavelength: float, size: int) -> Float64Array:
    """Sum random plane waves into a smooth field of mean 0 and sd 1, shape (size, size).

    `wavelength` is a typical one, as a fraction of the side. The field is the same at every
    size.
    """
    n = 32
    waves = rng.normal(0.0, 2 * np.pi / wavelength, (2, n, 1))
    phase = rng.uniform(0.0, 2 * np.pi, (n, 1))
    axis = (np.arange(size) + 0.5) / size
    rows, cols = np.exp(1j * waves[0] * axis), np.exp(1j * (waves[1] * axis + phase))
    # Not a matrix product: BLAS would start threads, and its sums depend on their number.
    return np.asarray(np.einsum("nr,nc->rc", rows, cols).real * np.sqrt(2 / n), dtype=np.float64)


def draw_patient(
    seed: int, patient: int, *, slices: int, size: int
) -> tuple[FloatArray, LabelArray]:
    """Draw a patient's image and label map, both of shape (P, size, size); P is slices or 1 more.

    Body, scanner and each slice have random streams of their own, named by seed and patient.
    """
    body = draw_anatomy(rng_for(seed, "phantom", patient, "anatomy"))
    scanner = draw_acquisition(rng_for(seed, "phantom", patient, "acquisition"))
    drawn = []
    for plane in range(slices + (patient % EMPTY_SLICE_EVERY == 0)):
        rng = rng_for(seed, "phantom", patient, "slice", plane)
        drawn.append(draw_slice(body, scanner, plane, slices=slices, size=size, rng=rng))
    return np.stack([image for image, _ in drawn]), np.stack([labels for _, labels in drawn])


def draw_slice(
    body: Anatomy,
    scanner: Acquisition,
    plane: int,
    *,
    slices: int,
    size: int,
    rng: np.random.Generator,
) -> tuple[FloatArray, LabelArray]:
    """Draw one slice: its image is the mean of two planes, its labels are those between them."""
    shift = rng.normal(0.0, BREATH_SD, 2)
    fine, coarse = draw_texture(rng, 0.1, size), draw_texture(rng, 0.25, size)

    def layers(height: float) -> list[Layer]:
        z = height / (slices - 1)
        back = surroundings(body, z, coarse)
        if plane >= slices:
            return back
        return back + heart(body, z, shift, fine, coarse, is_base=plane == 0)

    below, above = layers(plane - SLICE_HALF_STEP), layers(plane + SLICE_HALF_STEP)
    ideal = (paint_image(below) + paint_image(above)) / 2
    return scan(ideal, scanner, fine, rng=rng), paint_labels(layers(plane))


def scan(
    ideal: Float64Array, scanner: Acquisition, mottle: Float64Array, *, rng: np.random.Generator
) -> FloatArray:
    """Mottle, blur, shade and scale an ideal slice, with Rician noise.

    Parameters
    ----------
    ideal : ndarray of float64, shape (H, W)
        Brightness, LV blood being 1.
    scanner : Acquisition
    mottle : ndarray of float64, shape (H, W)
        Smooth field of mean 0 and sd 1.
    rng : numpy.random.Generator
        Of the noise; advanced in place.

    Returns
    -------
    ndarray of float32, shape (H, W)
        Not negative.
    """
    size = len(ideal)
    axis = (np.arange(size) + 0.5) / size - 0.5
    row, col = axis[:, None], axis[None, :]
    slope = scanner.bias_slope[0] * row + scanner.bias_slope[1] * col
    bias = np.exp(slope + scanner.bias_curve * (row**2 + col**2))
    blurred = gaussian_filter(ideal * (1 + scanner.mottle * mottle), scanner.blur * size)
    real, imaginary = rng.normal(0.0, scanner.noise, (2, size, size))
    return np.asarray(scanner.gain * np.hypot(blurred * bias + real, imaginary), dtype=np.float32)


DATASETS.add("phantom", Phantom)
