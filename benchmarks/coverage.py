"""Measure how well every form covers a class: a table in Markdown.

    python benchmarks/coverage.py FOLDER [--pattern GLOB] [--volumes N] [--randomness R]

FOLDER is searched for dense label maps of three classes. For each form and share of the class, it
prints the mean geodesic distance in pixels from a pixel of each class to the nearest annotated
one, averaged over slices.
"""

import argparse
from pathlib import Path

import pandas as pd

from scribblebench.io.formats import read_label_map
from scribblebench.scribbles import (
    FORMS,
    BackgroundPolicy,
    Budget,
    Pen,
    ScribbleSettings,
    simulate_volume,
)
from scribblebench.scribbles.statistics import volume_statistics

DENSITIES = (0.03, 0.1, 0.3)
CLASSES = (1, 2, 3)


def coverage(label_maps, settings):
    tables = []
    for i, label_map in enumerate(label_maps):
        drawn = simulate_volume(label_map, settings, classes=CLASSES, seed=0, case_id=str(i))
        tables.append(volume_statistics(drawn.scribble, label_map)[0])
    means = pd.concat(tables).groupby("class_id")["coverage_mean"].mean()
    return " / ".join(f"{means[class_id]:.1f}" for class_id in CLASSES)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pattern", default="*_gt.nii.gz")
    parser.add_argument("--volumes", type=int, default=5)
    parser.add_argument("--randomness", type=float, default=0.0)
    arguments = parser.parse_args()
    paths = sorted(arguments.folder.rglob(arguments.pattern))[: arguments.volumes]
    label_maps = [read_label_map(path)[0] for path in paths]
    print("| form |" + "".join(f" {d:.0%} |" for d in DENSITIES))
    print("|---|" + "---|" * len(DENSITIES))
    for form in FORMS:
        cells = [
            coverage(
                label_maps,
                ScribbleSettings(
                    Pen(form, arguments.randomness),
                    Budget(density),
                    background=BackgroundPolicy("none"),
                ),
            )
            for density in DENSITIES
        ]
        print(f"| `{form}` | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
