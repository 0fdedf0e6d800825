"""Time every form: milliseconds a slice, all classes, one process.

    python benchmarks/forms.py [DENSE_LABELS_FOLDER]

Without a folder, the slices of the embedded phantom at 128 x 128 are used.
"""

import sys
import time
from pathlib import Path

import numpy as np

from scribblebench.data import DATASETS
from scribblebench.io.nifti import list_volumes, read_label_map
from scribblebench.scribbles import FORMS, ScribbleSettings, simulate_volume

N_VOLUMES = 20


def label_maps():
    if len(sys.argv) > 1:
        return [read_label_map(path)[0] for path in list_volumes(Path(sys.argv[1]))[:N_VOLUMES]]
    phantom = DATASETS["phantom"](None, size=128)
    return [phantom.load(case_id).label_map for case_id in phantom.case_ids()[:N_VOLUMES]]


def main():
    volumes = label_maps()
    n_slices = sum(len(volume) for volume in volumes)
    print(f"{len(volumes)} volumes, {n_slices} slices")
    print(f"{'form':<18}{'density':>8}{'ms/slice':>10}")
    for form in FORMS:
        for density in (0.03, 0.1, 0.3):
            settings = ScribbleSettings(form, density, randomness=0.5)
            start = time.perf_counter()
            for i, volume in enumerate(volumes):
                classes = [int(v) for v in np.unique(volume) if v]
                simulate_volume(volume, settings, classes=classes, seed=0, case_id=str(i))
            ms = 1e3 * (time.perf_counter() - start) / n_slices
            print(f"{form:<18}{density:>8g}{ms:>10.2f}")


if __name__ == "__main__":
    main()
