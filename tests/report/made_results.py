"""A results folder with made-up rows: reports are tested without training anything."""

import numpy as np

from scribblebench.data.preprocessing import Slices
from scribblebench.report.cells import cell_table
from scribblebench.report.efficiency.curve import efficiency_curves
from scribblebench.report.figures.points import figure_points
from scribblebench.report.scores import seed_scores
from scribblebench.report.summary import summary
from scribblebench.sweep.plan import expand
from scribblebench.sweep.plan_file import Plan
from scribblebench.sweep.protocol import Protocol
from scribblebench.sweep.samples import Samples, joined, largest_planes
from scribblebench.sweep.store import Store
from scribblebench.types import Case

CLASSES = {1: "RV", 2: "LV"}


def dice_of(config, case, class_id):
    """Rise with density; class 2 collapses for the random walk on seed 1."""
    if config.form == "random_walk" and config.seed == 1 and class_id == 2:
        return 0.1
    base = 0.9 if config.form == "dense" else 0.6 + 0.2 * (config.density or 0.5)
    return round(base + 0.01 * case, 6)


def rows_of(trial_id, config):
    return [
        {
            "protocol": "made",
            "trial_id": trial_id,
            "dataset": "phantom",
            "split": "val",
            "form": config.form,
            "density": 1.0 if config.form == "dense" else config.density,
            "randomness": config.randomness,
            "method": config.method,
            "seed": config.seed,
            "case_id": f"case{case}",
            "class_id": class_id,
            "class_name": name,
            "dsc": dice_of(config, case, class_id),
            "hd": 4.0 + case,
            "hd95": 2.0 + case,
            "assd": 1.0,
            "distance_unit": "mm",
            "failed": False,
            "patient_id": f"patient{case // 2}",
            "dsc_raw": dice_of(config, case, class_id) - 0.05,
            "annotated_fraction": 0.13 if config.density is None else config.density,
            "annotation_s": 600.0 if config.density is None else 6000.0 * config.density,
            "coverage_px": 0.0 if config.form == "dense" else 1.0 / (config.density or 0.5),
            "unreached_fraction": 0.0,
        }
        for case in range(4)
        for class_id, name in CLASSES.items()
    ]


def samples_of():
    samples = Samples(4 * 32 * 32)
    for case in range(4):
        labels = np.zeros((1, 32, 32), dtype=np.uint8)
        labels[0, 8:20, 8:20] = 1
        labels[0, 10:14, 10:14] = 2
        scribble = np.full_like(labels, 255)
        scribble[0, 12, 8:20] = labels[0, 12, 8:20]
        scribble[0, 2, 2:9] = 0
        image = np.linspace(0, 1, 32 * 32, dtype=np.float32).reshape(1, 1, 32, 32)
        name = f"case{case}"
        made = Case(name, name, image, labels, None, np.eye(4))
        inside = np.ones((1, 32, 32), dtype=bool)
        slices = Slices(made, image, labels, None, inside, (1, *made.plane_shape), None)
        samples.add(slices, scribble, labels)
    return samples


def planes_of():
    """Return one plane of each case, as they are drawn."""
    samples = samples_of()
    return largest_planes(joined(samples.own(), samples.shared()[1]))


def ratios_of():
    """Two epochs of class ratios whose errors add up to 0.2, then 0.1."""
    rows = []
    for epoch, error in ((1, 0.1), (2, 0.05)):
        for class_id, (true, sign) in enumerate(((0.8, 1), (0.15, -1), (0.05, 0))):
            em = true + sign * error
            rows.append(
                {"epoch": epoch, "step": 5 * epoch, "class_id": class_id, "oracle": true, "em": em}
            )
    return rows


def result_of(commit="abc", dirty=False):
    return {
        "started": "2026-01-01T00:00:00+00:00",
        "data_fingerprint": "0123456789abcdef",
        "mean_dsc": 0.5,
        "timing": {"wall_s": 36.0, "train_s": 30.0},
        "provenance": {
            "commit": commit,
            "dirty": dirty,
            "python": "3.11.2",
            "packages": {"torch": "2.13.0"},
            "processor": "one",
            "device": "cpu",
        },
    }


def make_results(folder, content):
    protocol = Protocol.model_validate(content)
    trials = {c.trial_id("data"): c for c in expand(protocol)}
    store = Store(folder)
    store.write_plan("name: made\n", Plan("made", "data", trials))
    for trial_id, config in trials.items():
        write(store, trial_id, config)
    return store, trials


def write(store, trial_id, config, **result):
    store.write_trial(
        trial_id,
        config,
        rows=rows_of(trial_id, config),
        history=[{"step": 1, "loss": 0.5}],
        ratios=ratios_of(),
        samples=samples_of(),
        result=result_of(**result),
    )


def points_of(rows):
    """Return what figures of Dice are drawn from."""
    cells = cell_table(rows, [])
    return figure_points(
        cells, summary(rows, cells), seed_scores(rows), curves=efficiency_curves(rows)
    )
