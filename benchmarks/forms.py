"""Time every form: milliseconds a slice with all classes, one process; and one volume in 3D.

    python benchmarks/forms.py [FOLDER] [--pattern GLOB] [--volumes N]

FOLDER is searched for dense label maps. Without one, the slices of the embedded phantom at
128 x 128 are used. Budgets are shares of each class; the background, in a ring around the
foreground, gets as much as the other classes together.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from scribblebench.data import DATASETS
from scribblebench.io.formats import read_label_map
from scribblebench.scribbles import FORMS, Budget, Pen, ScribbleSettings, simulate_volume

DENSITIES = (0.03, 0.1, 0.3)
IN_3D = 0.1


def label_maps(arguments):
    if arguments.folder:
        found = sorted(Path(arguments.folder).rglob(arguments.pattern))[: arguments.volumes]
        maps = [read_label_map(path) for path in found]
        return [(m, volume, [int(v) for v in np.unique(m) if v]) for m, volume in maps]
    phantom = DATASETS["phantom"](None, size=128)
    cases = [phantom.load(case_id) for case_id in phantom.case_ids()[: arguments.volumes]]
    return [(case.label_map, case, list(phantom.labels.foreground)) for case in cases]


def seconds(volumes, settings):
    start = time.perf_counter()
    for i, (label_map, volume, classes) in enumerate(volumes):
        simulate_volume(
            label_map,
            settings,
            classes=classes,
            seed=0,
            case_id=str(i),
            spacing_mm=volume.spacing_mm,
        )
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--pattern", default="*_gt.nii.gz")
    parser.add_argument("--volumes", type=int, default=20)
    volumes = label_maps(parser.parse_args())
    n_slices = sum(len(label_map) for label_map, *_ in volumes)
    print(f"{len(volumes)} volumes, {n_slices} slices; ms a slice by density, s a volume in 3D")
    print(f"{'form':<18}" + "".join(f"{d:>9g}" for d in DENSITIES) + f"{'3D':>9}")
    for form in FORMS:
        times = []
        for density in DENSITIES:
            settings = ScribbleSettings(Pen(form), Budget(density))
            seconds(volumes[:1], settings)  # compile
            times.append(1e3 * seconds(volumes, settings) / n_slices)
        line = f"{form:<18}" + "".join(f"{t:>9.2f}" for t in times)
        if FORMS[form].three_d:
            settings = ScribbleSettings(Pen(form), Budget(IN_3D), three_d=True)
            seconds(volumes[:1], settings)
            line += f"{seconds(volumes, settings) / len(volumes):>9.3f}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
