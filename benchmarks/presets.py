"""Compare the presets with the people whom they imitate: tables in Markdown.

    python benchmarks/presets.py acdc FOLDER [--seeds N] [--picture FILE]
    python benchmarks/presets.py mscmr FOLDER [--part val] [--seeds N]
    python benchmarks/presets.py medscribble FOLDER [--seeds N]

FOLDER is a copy of ACDC with its expert scribbles, of MSCMRseg (train/, val/, TestSet/, each with
labels/) or of MedScribble (one npz an image). MSCMRseg has no dense labels for the images that the
experts drew on, so the preset draws on those of `--part`; only statistics that need no dense labels
can be compared, and the hearts differ.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import ndimage

from scribblebench.io.formats import read_label_map
from scribblebench.report.scribble_overlays import coloured, shown_window
from scribblebench.report.style import new_figure, save, styled
from scribblebench.scribbles import PRESETS, simulate_volume
from scribblebench.scribbles.realism import compare
from scribblebench.scribbles.statistics import volume_statistics
from scribblebench.types import IGNORE_LABEL

PER_SLICE = {
    "share": "annotated share",
    "n_strokes": "strokes",
    "length": "total length",
    "depth": "depth",
    "coverage_mean": "coverage, mean",
    "ring_distance": "ring distance",
    "ring_sd": "ring sd",
}
PER_STROKE = {
    "stroke_length": "stroke length",
    "stroke_width": "stroke width",
    "stroke_closed": "closed strokes",
    "stroke_tortuosity": "tortuosity",
}
WITHOUT_LABELS = ("n_strokes", "length")

EXPERT_IGNORES = 4
"""Value of pixels without a scribble in the published files of ACDC and MSCMRseg."""

WIDE = 10.0
"""Structures of MedScribble at least so wide in pixels (twice the 90th percentile of the depth)."""


def expert(path):
    raw, volume = read_label_map(path)
    return np.where(raw == EXPERT_IGNORES, np.uint8(IGNORE_LABEL), raw), volume.spacing_mm


def drawn(preset, label_map, classes, seed, case_id, spacing_mm=None):
    return simulate_volume(
        label_map,
        PRESETS[preset],
        classes=classes,
        seed=seed,
        case_id=case_id,
        spacing_mm=spacing_mm,
    ).scribble


def joined(tables):
    return [pd.concat(parts, ignore_index=True) for parts in zip(*tables, strict=True)]


def acdc(arguments):
    people, preset = [], []
    for path in sorted(arguments.folder.rglob("*_scribble.nii.gz")):
        dense, _ = read_label_map(path.with_name(path.name.replace("_scribble", "_gt")))
        people.append(volume_statistics(expert(path)[0], dense))
        for seed in range(arguments.seeds):
            scribble = drawn("acdc_expert", dense, [1, 2, 3], seed, path.name)
            preset.append(volume_statistics(scribble, dense))
    show(joined(people), joined(preset), PER_SLICE)
    if arguments.picture is not None:
        picture(arguments)


def picture(arguments):
    """Draw slices of six patients, the experts' scribbles beside those of the preset."""
    paths = sorted(arguments.folder.rglob("*frame01_scribble.nii.gz"))
    paths = paths[:: len(paths) // 6][:6]
    with styled(grid=False):
        figure = new_figure(7.2, 2.6)
        panels = figure.subplots(2, 6)
        for column, path in zip(panels.T, paths, strict=True):
            dense, _ = read_label_map(path.with_name(path.name.replace("_scribble", "_gt")))
            sides = [expert(path)[0], drawn("acdc_expert", dense, [1, 2, 3], 0, path.name)]
            plane = len(dense) // 2
            shown = np.stack([side[plane] for side in sides])
            box = shown_window(np.stack([dense[plane]] * 2), shown)
            for axes, scribble in zip(column, shown, strict=True):
                axes.imshow(coloured(dense[plane][box], scribble[box]), interpolation="nearest")
                axes.set(xticks=[], yticks=[], frame_on=False)
        panels[0, 0].set_ylabel("experts")
        panels[1, 0].set_ylabel("preset")
        save(figure, arguments.picture.with_suffix(""), (arguments.picture.suffix,))


def mscmr(arguments):
    people, preset = [], []
    for path in sorted((arguments.folder / "train" / "labels").glob("*.nii.gz")):
        scribble, spacing = expert(path)
        people.append(volume_statistics(scribble, spacing_mm=spacing[1:]))
    for path in sorted((arguments.folder / arguments.part / "labels").glob("*.nii.gz")):
        dense, volume = read_label_map(path)
        for seed in range(arguments.seeds):
            scribble = drawn("mscmr_expert", dense, [1, 2, 3], seed, path.name, volume.spacing_mm)
            preset.append(volume_statistics(scribble, spacing_mm=volume.spacing_mm[1:]))
    show(joined(people), joined(preset), {name: PER_SLICE[name] for name in WITHOUT_LABELS})


def show(people, preset, per_slice):
    tables = [
        compare(people[0], preset[0], list(per_slice)),
        compare(people[1], preset[1], list(PER_STROKE)),
    ]
    names = per_slice | PER_STROKE
    print("| class | statistic | people | preset | mean ratio | sd ratio | distance |")
    print("|---|---|---|---|---|---|---|")
    result = pd.concat(tables).dropna(subset=["mean_reference", "mean"])
    for row in result.sort_values("class_id", kind="stable").to_dict("records"):
        people_cell = f"{row['mean_reference']:.3g} ± {row['sd_reference']:.3g}"
        print(
            f"| {row['class_id']} | {names[row['statistic']]} | {people_cell} "
            f"| {row['mean']:.3g} ± {row['sd']:.3g} | {row['mean_ratio']:.2f} "
            f"| {row['sd_ratio']:.2f} | {row['distance']:.2f} |"
        )


def medscribble(arguments):
    rows = []
    for path in sorted(arguments.folder.glob("*.npz")):
        image = np.load(path)
        mask = image["mask"].astype(np.uint8)
        away = ndimage.distance_transform_edt(mask == 0)
        depth = ndimage.distance_transform_edt(mask)[mask > 0]
        width = "wide" if 2 * np.percentile(depth, 90) > WIDE else "thin"
        people = [marks > 0 for marks in image["scribbles"][:, 0]]
        preset = [
            drawn("medscribble", mask[None], [1], seed, path.name)[0] == 1
            for seed in range(arguments.seeds)
        ]
        for side, drawings in (("people", people), ("preset", preset)):
            for marks in drawings:
                share = (marks & (mask == 1)).sum() / mask.sum()
                rows.append((side, width, share, away[marks]))
    table = pd.DataFrame(rows, columns=["side", "width", "share", "away"])
    print("| structures | drawn by | share | spill, mean ± sd | median | px out, median (p95) |")
    print("|---|---|---|---|---|---|")
    groups = [(("all", side), group) for side, group in table.groupby("side")]
    for (width, side), group in groups + list(table.groupby(["width", "side"])):
        spill = np.array([(away > 0).mean() for away in group["away"]])
        away = np.concatenate(group["away"].tolist())
        out = np.percentile(away[away > 0], [50, 95])
        share = group["share"]
        print(
            f"| {width} | {side} | {share.mean():.3f} ± {share.std():.3f} "
            f"| {spill.mean():.3f} ± {spill.std():.3f} | {np.median(spill):.3f} "
            f"| {out[0]:.1f} ({out[1]:.1f}) |"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", choices=("acdc", "mscmr", "medscribble"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--part", default="val", help="of MSCMRseg")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--picture", type=Path, help="of some slices of ACDC")
    arguments = parser.parse_args()
    {"acdc": acdc, "mscmr": mscmr, "medscribble": medscribble}[arguments.data](arguments)


if __name__ == "__main__":
    main()
