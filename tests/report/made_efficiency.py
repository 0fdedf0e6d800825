"""Rows of made-up efficiency experiments, whose means are known."""

import numpy as np
import pandas as pd


def cell(form, density, scores, **values):
    """Return the rows of one cell.

    `scores` are Dice of patients, shape (patients,) or (seeds, patients): two frames of each, 0.02
    apart, and two classes, 0.04 apart, average to them.
    """
    rows = []
    for seed, patients in enumerate(np.atleast_2d(scores)):
        for i, score in enumerate(patients):
            for frame, by_frame in (("ED", 0.01), ("ES", -0.01)):
                for class_name, by_class in (("RV", -0.02), ("LV", 0.02)):
                    rows.append(
                        {
                            "seed": seed,
                            "patient_id": f"patient{i:03d}",
                            "case_id": f"patient{i:03d}_{frame}",
                            "class_name": class_name,
                            "dsc": score + by_frame + by_class,
                        }
                    )
    fixed = {
        "dataset": "acdc",
        "split": "val",
        "form": form,
        "density": density,
        "randomness": 0.5,
        "method": "pce",
        "annotated_fraction": density,
        "annotation_s": np.nan,
    }
    return pd.DataFrame(rows).assign(**(fixed | values))


def full(scores, **values):
    """Return the rows of full supervision."""
    given = {"randomness": np.nan, "method": "full"} | values
    return cell("dense", 1.0, scores, **given)


def form(name, densities, scores, **values):
    """Return the rows of a form: `scores` are (densities, patients)."""
    pairs = zip(densities, scores, strict=True)
    return pd.concat([cell(name, density, s, **values) for density, s in pairs])


def table(*parts):
    return pd.concat(parts, ignore_index=True)


def experiment(rng, n_patients=10, n_seeds=3):
    """Return two forms at four densities, one of them at three of randomness, expert, full."""
    patients = rng.normal(0.0, 0.04, n_patients)

    def scores(mean):
        return np.clip(mean + patients + rng.normal(0, 0.03, (n_seeds, n_patients)), 0.05, 0.95)

    parts = []
    for name, means in (("skeleton", (0.5, 0.6, 0.7, 0.69)), ("points", (0.6, 0.72, 0.8, 0.82))):
        for density, mean in zip((0.01, 0.03, 0.1, 0.3), means, strict=True):
            seconds = 50_000.0 * density
            parts.append(cell(name, density, scores(mean), annotation_s=seconds))
    for randomness in (0.0, 1.0):
        mean = 0.75 + 0.1 * randomness
        parts.append(cell("points", 0.1, scores(mean), randomness=randomness, annotation_s=5e3))
    given = {"randomness": np.nan, "annotated_fraction": 0.12, "annotation_s": 4e3}
    parts += [cell("expert", np.nan, scores(0.82), **given), full(scores(0.85))]
    return table(*parts)
