"""The body of the phantom: what is drawn once a patient, and the layers of one plane through it.

Lengths are fractions of the image side and angles are in radians from the column axis towards
the row axis (clockwise on the screen), so one body looks the same at every size. The height `z`
is 0 at the basal slice and 1 at the most apical slice that holds any heart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scribblebench.types import Float64Array, LabelArray

Complex128Array = npt.NDArray[np.complex128]

RV, MYOCARDIUM, LV = 1, 2, 3
"""Class ids, in ACDC's order."""

BLOOD_LEVEL, AIR_LEVEL = 1.0, 0.02
"""Brightness of LV blood, to which all others are relative, and of what is not body."""

DOWN = np.pi / 2

ORGANS = {  # from and to of angle, gap, radius along rows, stretch along columns, wall, level
    "liver": ((1.5, 2.3), (-0.01, 0.03), (0.16, 0.24), (1.4, 1.9), (0.0, 0.0), (0.85, 1.25)),
    "stomach": ((0.8, 1.3), (0.02, 0.07), (0.06, 0.11), (0.7, 1.2), (0.015, 0.05), (0.7, 1.1)),
    "aorta": ((1.9, 2.5), (0.02, 0.08), (0.05, 0.075), (1.0, 1.0), (0.01, 0.035), (0.9, 1.1)),
    "vessel": ((-0.6, 0.6), (0.02, 0.15), (0.03, 0.05), (1.0, 1.6), (0.0, 0.0), (0.6, 1.1)),
}
"""Background that looks like foreground. The liver is as bright as muscle (its level is relative
to that) and touches the inferior wall or nearly so. The others are as bright as blood; stomach
and aorta have dark walls, as the LV has."""


class Layer(NamedTuple):
    """One tissue, painted over the layers before it.

    Parameters
    ----------
    depth : ndarray of float64, shape (H, W)
        Distance to the border as a fraction of the side, positive inside.
    level : float
        Brightness.
    label : int, or None
        Class id; None changes the image only.
    """

    depth: Float64Array
    level: float
    label: int | None = None


class Organ(NamedTuple):
    """One of `ORGANS` as drawn; `centre` and `drift` are (row, col) and the way up to z = 1."""

    centre: Float64Array
    drift: Float64Array
    radii: tuple[float, float]
    wall: float
    level: float
    waves: Float64Array


@dataclass(frozen=True)
class Anatomy:
    """Everything about one patient's body that is drawn at random.

    Arrays of waves have shape (K, 2): amplitude and phase of a contour's harmonics 2 to K + 1.
    """

    centre: Float64Array  # (row, col) of the LV at z = 0.5, from the middle of the image
    tilt: Float64Array  # (row, col) way of the LV's centre from z = 0 to z = 1
    septum_angle: float  # direction from the LV to the RV
    endo_radius: float  # at the base
    endo_taper: float  # share of it that is lost at z = 1
    elongation: float  # ratio of the LV's axes
    endo_waves: Float64Array
    wall: float  # mean thickness of the myocardium at the base
    wall_waves: Float64Array
    rv_radii: tuple[float, float]  # along and across the septum's direction
    rv_offset: float  # of the RV's centre from the LV's
    rv_end_z: float  # where the RV closes; below 1 the last slice has none
    rv_wall: float
    rv_waves: Float64Array
    open_angle: float  # middle of the gap in the basal ring, from the septum's direction
    open_half_width: float  # 0 where the ring is closed
    papillary: Float64Array  # (N, 3): angle, distance as a share of the LV's radius, radius
    trabeculae: float  # depth of the muscle fingers that reach into the blood
    fat: float  # thickness of the fat around the heart
    chest_angle: float
    chest_distance: float  # from the LV's centre to the fat of the chest wall
    chest_thickness: float  # of that fat; air lies beyond
    muscle_level: float
    rv_level: float
    fat_level: float
    lung_level: float
    organs: tuple[Organ, ...]


def draw_anatomy(rng: np.random.Generator) -> Anatomy:
    """Draw one patient's body; `rng` is advanced in place."""
    endo_radius, wall = rng.uniform(0.13, 0.185), rng.uniform(0.065, 0.095)
    heart_radius = endo_radius + wall
    muscle_level = rng.uniform(0.28, 0.44)
    roll = rng.normal(0.0, 0.25)
    septum_angle = 3.5 + roll + rng.normal(0.0, 0.2)
    n_papillary = int(rng.integers(2, 5))
    return Anatomy(
        centre=rng.uniform(-0.05, 0.05, 2) - 0.06 * towards(septum_angle),
        tilt=rng.normal(0.0, 0.03, 2),
        septum_angle=septum_angle,
        endo_radius=endo_radius,
        endo_taper=rng.uniform(0.35, 0.5),
        elongation=rng.uniform(1.0, 1.22),
        endo_waves=draw_waves(rng, 0.035),
        wall=wall,
        wall_waves=draw_waves(rng, 0.14, 3),
        rv_radii=(heart_radius * rng.uniform(0.6, 0.85), heart_radius * rng.uniform(0.9, 1.15)),
        rv_offset=heart_radius * rng.uniform(0.8, 1.0),
        rv_end_z=rng.uniform(0.85, 1.3),
        rv_wall=rng.uniform(0.015, 0.03),
        rv_waves=draw_waves(rng, 0.07),
        open_angle=rng.uniform(1.4, 2.6) * rng.choice([-1.0, 1.0]),
        open_half_width=rng.uniform(0.3, 0.65) if rng.random() < 0.3 else 0.0,
        papillary=rng.uniform([0, 0.5, 0.013], [2 * np.pi, 0.95, 0.026], (n_papillary, 3)),
        trabeculae=rng.uniform(0.004, 0.014),
        fat=rng.uniform(0.0, 0.02),
        chest_angle=4.4 + roll + rng.normal(0.0, 0.2),
        chest_distance=heart_radius + rng.uniform(0.08, 0.2),
        chest_thickness=rng.uniform(0.05, 0.14),
        muscle_level=muscle_level,
        rv_level=rng.uniform(0.85, 1.05),
        fat_level=rng.uniform(0.9, 1.6),
        lung_level=rng.uniform(0.08, 0.22),
        organs=draw_organs(rng, heart_radius, muscle_level, roll),
    )


def draw_organs(
    rng: np.random.Generator, heart_radius: float, muscle_level: float, roll: float
) -> tuple[Organ, ...]:
    """Draw `ORGANS`, each `gap` away from a round heart, all but the liver on either side."""
    side = rng.choice([-1.0, 1.0])
    organs = []
    for name, ranges in ORGANS.items():
        angle, gap, radius, stretch, wall, level = rng.uniform(*np.transpose(ranges))
        if name == "liver":
            level *= muscle_level
        else:
            angle = DOWN + side * (angle - DOWN)
        centre = (heart_radius + gap + radius) * towards(angle + roll)
        drift, waves = rng.normal(0.0, 0.04, 2), draw_waves(rng, 0.06)
        organs.append(Organ(centre, drift, (radius, radius * stretch), wall, level, waves))
    return tuple(organs)


def draw_waves(rng: np.random.Generator, amplitude: float, n: int = 4) -> Float64Array:
    """Draw harmonics 2 to n + 1, weaker the higher: shape (n, 2), amplitude and phase."""
    amplitudes = rng.normal(0.0, amplitude, n) / np.arange(1, n + 1)
    return np.stack([amplitudes, rng.uniform(0.0, 2 * np.pi, n)], axis=1)


def towards(angle: float) -> Float64Array:
    """Return the (row, col) unit vector of a direction."""
    return np.array([np.sin(angle), np.cos(angle)])


def polar(centre: Float64Array, size: int, zero: float) -> tuple[Float64Array, Complex128Array]:
    """Return radius and direction of every pixel about `centre`, both of shape (size, size).

    The direction is exp(i (angle - zero)): cosines of multiples of the angle are its powers.
    """
    axis = (np.arange(size) + 0.5) / size - 0.5
    arrow = (axis - centre[0])[:, None] * 1j + (axis - centre[1])[None, :]
    radius = np.maximum(np.abs(arrow), 1e-9)
    return radius, arrow / radius * np.exp(-1j * zero)


def contour(
    direction: Complex128Array, radii: tuple[float, float], waves: Float64Array
) -> Float64Array:
    """Return an ellipse's radius in every direction, each wave scaling it by 1 + a cos(k t + p).

    `radii` are those in the directions 1 and 1j. The result has the shape of `direction`.
    """
    ripple, power = np.ones(direction.shape), direction
    for amplitude, phase in waves:
        power = power * direction
        ripple += amplitude * (power * np.exp(1j * phase)).real
    across = np.hypot(radii[1] * direction.real, radii[0] * direction.imag)
    return np.asarray(radii[0] * radii[1] * ripple / across, dtype=np.float64)


def surroundings(body: Anatomy, z: float, texture: Float64Array) -> list[Layer]:
    """Return lung with vessels, chest wall and organs, from back to front.

    `texture`, shape (H, W), is a smooth field of mean 0 and sd 1: vessels are its peaks, and it
    makes the chest wall uneven.
    """
    size = len(texture)
    radius, direction = polar(body.centre, size, body.chest_angle)
    chest = radius * direction.real - 0.6 * (radius * direction.imag) ** 2
    chest += 0.12 * z - body.chest_distance + 0.01 * texture
    layers = [
        Layer(np.ones((size, size)), body.lung_level),
        Layer(0.02 * (texture - 2.0), 0.7 * BLOOD_LEVEL),
        Layer(chest + 0.035, body.muscle_level),
        Layer(chest, body.fat_level),
        Layer(chest - body.chest_thickness, AIR_LEVEL),
    ]
    for organ in body.organs:
        radius, direction = polar(body.centre + organ.centre + z * organ.drift, size, DOWN)
        depth = contour(direction, organ.radii, organ.waves) - radius
        if organ.wall > 0:
            layers.append(Layer(depth + organ.wall, body.muscle_level))
        layers.append(Layer(depth, organ.level))
    return layers


def heart(
    body: Anatomy,
    z: float,
    shift: Float64Array,
    fine: Float64Array,
    coarse: Float64Array,
    *,
    is_base: bool,
) -> list[Layer]:
    """Return fat, RV, myocardium and LV of a plane, from back to front.

    The LV is an ellipse with ripples, and the myocardium reaches beyond it by a thickness that
    varies with the angle. The RV is a second ellipse; the LV lies over a part of it, which
    leaves the crescent. Papillary muscles and trabeculae are muscle in the image and belong to
    the cavity in the labels, as in ACDC. Where the basal ring is open, the gap is background
    and as bright as the blood of the atrium behind it.

    Parameters
    ----------
    body : Anatomy
    z : float
    shift : ndarray of float64, shape (2,)
        (row, col) by which the heart has moved.
    fine, coarse : ndarray of float64, shape (H, W)
        Smooth fields of mean 0 and sd 1, for trabeculae and for fat.
    is_base : bool
        Whether the ring may be open.
    """
    size = len(fine)
    centre = body.centre + (z - 0.5) * body.tilt + shift
    radius, direction = polar(centre, size, body.septum_angle)
    shrink = 1.0 - body.endo_taper * z**2
    endo, wall = body.endo_radius * shrink, body.wall * (1.0 - 0.25 * z)
    lv = contour(direction, (endo / body.elongation, endo), body.endo_waves) - radius
    muscle = lv + contour(direction, (wall, wall), body.wall_waves)
    rv = rv_depth(
        body, z, centre + body.rv_offset * np.sqrt(shrink) * towards(body.septum_angle), size
    )
    trabeculae = body.trabeculae * (0.5 + 0.5 * z) * np.abs(fine)
    fat = np.maximum(rv + body.rv_wall, muscle) + body.fat * (0.6 + 0.5 * coarse)
    layers = [
        Layer(fat, body.fat_level),
        Layer(rv + body.rv_wall, body.muscle_level),
        Layer(rv, body.muscle_level, RV),
        Layer(rv - trabeculae, body.rv_level),
    ]
    if is_base and body.open_half_width > 0:
        off_middle = np.abs(np.angle(direction * np.exp(-1j * body.open_angle)))
        gap = radius * (body.open_half_width - off_middle)
        layers.append(Layer(np.minimum(gap, muscle + 0.03), BLOOD_LEVEL))
        muscle, trabeculae = np.minimum(muscle, -gap), np.zeros_like(gap)
    layers += [
        Layer(muscle, body.muscle_level, MYOCARDIUM),
        Layer(lv, body.muscle_level, LV),
        Layer(lv - trabeculae, BLOOD_LEVEL),
    ]
    for angle, distance, blob_radius in body.papillary:
        blob = blob_radius - polar(centre + distance * endo * towards(angle), size, 0.0)[0]
        layers.append(Layer(np.minimum(blob, lv), body.muscle_level))
    return layers


def rv_depth(body: Anatomy, z: float, centre: Float64Array, size: int) -> Float64Array:
    """Return the depth below the RV's contour, shape (size, size); -1 where the RV has closed."""
    if z >= body.rv_end_z:
        return np.full((size, size), -1.0)
    closing = np.sqrt(1.0 - (z / body.rv_end_z) ** 2)
    radius, direction = polar(centre, size, body.septum_angle)
    radii = (body.rv_radii[0] * closing, body.rv_radii[1] * closing)
    return contour(direction, radii, body.rv_waves) - radius


def paint_image(layers: list[Layer]) -> Float64Array:
    """Paint levels from back to front, with borders one pixel wide: shape (H, W)."""
    image = np.zeros(layers[0].depth.shape)
    for layer in layers:
        image += np.clip(0.5 + layer.depth * len(image), 0.0, 1.0) * (layer.level - image)
    return image


def paint_labels(layers: list[Layer]) -> LabelArray:
    """Paint class ids from back to front, shape (H, W); 0 where there is none."""
    label_map = np.zeros(layers[0].depth.shape, dtype=np.uint8)
    for layer in layers:
        if layer.label is not None:
            label_map[layer.depth > 0] = layer.label
    return label_map
