"""Frames of a report with made-up numbers, in the sizes that figures must bear."""

import numpy as np
import pandas as pd

from scribblebench.metrics.summary import AVERAGE_NAME
from scribblebench.report.figures.points import figure_points, scores_of
from scribblebench.report.scores import CELL
from scribblebench.seeding import rng_for

LONG = "zscribbleseg_release lr=0.003"
"""A method with its variant: no name in the package is longer."""

DENSITIES = (0.01, 0.03, 0.1, 0.3)
FORMS = (
    *("skeleton", "random_walk", "directed_random_walk", "max_supervision"),
    *("points", "contour", "acdc_expert_like_preset"),
)


class Frames:
    """The frames of a report; see the fields of `made_frames`."""

    def __init__(self, cells, classes, n_seeds, n_patients):
        rng = rng_for(0, "made_frames", len(cells), len(classes))
        self.cells = pd.DataFrame(cells, columns=[*CELL, "label"]).rename_axis("cell")
        self.cells = self.cells.assign(n_seeds=n_seeds, n_planned=n_seeds, is_complete=True)
        names = [*classes, AVERAGE_NAME]
        level = 0.88 - 0.35 * rng.random(len(cells))
        keys = [
            (cell, name, f"patient{p:03d}", seed)
            for cell in self.cells.index
            for name in names
            for p in range(n_patients)
            for seed in range(n_seeds)
        ]
        self.seeds = pd.DataFrame(keys, columns=["cell", "class_name", "patient_id", "seed"])
        noise = rng.normal(0, 0.04, len(self.seeds))
        self.seeds["value"] = np.clip(level[self.seeds["cell"]] + noise, 0, 1)
        by = ["cell", "class_name", "patient_id"]
        self.patients = self.seeds.groupby(by, sort=False)["value"].agg(
            value="mean", n_seeds="size"
        )
        self.patients = self.patients.reset_index()
        self.patients["label"] = self.cells["label"][self.patients["cell"]].to_numpy()
        self.summary = self._summary()
        self.comparisons = self._comparisons(level)

    def _summary(self):
        means = self.patients.groupby(["cell", "class_name"], sort=False)["value"].mean()
        table = means.rename("dsc_mean").reset_index()
        about = self.cells.loc[table["cell"]].reset_index(drop=True)
        return table.assign(
            dsc_low=table["dsc_mean"] - 0.03,
            dsc_high=table["dsc_mean"] + 0.03,
            collapse_rate=np.linspace(0, 1, len(table)),
            annotated_fraction=about["density"].fillna(0.12),
            n_seeds=about["n_seeds"],
            n_planned=about["n_planned"],
            n_patients=self.patients["patient_id"].nunique(),
        )

    def _comparisons(self, level):
        """Return all pairs; the further apart, the smaller the p."""
        pairs = [(a, b) for a in self.cells.index for b in self.cells.index if a < b]
        table = pd.DataFrame(pairs, columns=["cell_a", "cell_b"])
        difference = level[table["cell_a"]] - level[table["cell_b"]]
        return table.assign(
            dataset="acdc",
            metric="dsc",
            class_name=AVERAGE_NAME,
            family="all",
            difference=difference,
            low=difference - 0.05,
            high=difference + 0.05,
            p_holm=np.exp(-40 * np.abs(difference)),
            n_patients=10,
        )

    @property
    def scores(self):
        """Scores of the cells, of the average."""
        table = scores_of(self.cells, self.summary)
        return table[table["class_name"] == AVERAGE_NAME]

    @property
    def points(self):
        """Points of curves; those of the average are fitted."""
        return figure_points(self.cells, self.summary, self.seeds, self.curves)

    @property
    def curves(self):
        """A line from the lowest to the highest density, for each that has several."""
        drawn = self.cells[self.cells["density"].notna() & (self.cells["form"] != "dense")]
        keys = ["dataset", "form", "method", "randomness"]
        tables = [
            pd.DataFrame({**dict(zip(keys, key, strict=True)), "density": np.geomspace(0.01, 0.3)})
            for key, line in drawn.groupby(keys, sort=False)
            if len(line) > 1
        ]
        if not tables:
            return None
        fit = pd.concat(tables, ignore_index=True)
        fit["fit"] = 0.6 + 0.05 * np.log10(fit["density"])
        return fit.assign(low=fit["fit"] - 0.03, high=fit["fit"] + 0.03)

    @property
    def gap(self):
        """Every verdict in turn."""
        n = len(self.cells)
        difference = np.linspace(-0.4, 0.02, n)
        return pd.DataFrame(
            {
                "cell": self.cells.index,
                "label": self.cells["label"],
                "difference": difference,
                "low": difference - 0.05,
                "high": difference + 0.05,
                "margin": 0.05,
                "level": 0.9,
                "verdict": [("within", "not within", "open")[i % 3] for i in range(n)],
            }
        )

    @property
    def ranking(self):
        """Ranks that are shared with both neighbours."""
        n = len(self.cells)
        ranks = np.arange(1, n + 1)
        table = pd.DataFrame(
            {
                "dataset": "acdc",
                "cell": self.cells.index,
                "label": self.cells["label"],
                "rank": ranks,
                "rank_low": np.maximum(ranks - 2, 1),
                "rank_high": np.minimum(ranks + 2, n),
            }
        )
        podium = {f"podium_{k}": 0.5 ** (1 + np.abs(ranks - k)) for k in ranks}
        return table.assign(**podium)

    @property
    def mean_ranks(self):
        """Mean ranks, and p-values that are small for ranks that are six or more apart."""
        n = len(self.cells)
        ranks = np.linspace(1.2, n - 0.3, n)
        p = np.where(np.abs(ranks[:, None] - ranks) < min(6, 0.4 * n), 0.5, 0.001)
        table = pd.DataFrame({"label": self.cells["label"], "rank": ranks})
        return table, pd.DataFrame(p, index=self.cells.index, columns=self.cells.index)

    @property
    def history(self):
        """Loss and five terms, of which a method has some."""
        terms = ["cross_entropy", "dice", "geometry", "gated_crf", "mixed_pseudo_labels"]
        steps = np.arange(25, 901, 25)
        tables = []
        for i, label in enumerate(self.cells["label"]):
            for seed in range(int(self.cells["n_seeds"].iloc[0])):
                table = pd.DataFrame({"label": label, "seed": seed, "step": steps})
                for k, term in enumerate(["loss", *terms]):
                    falling = (1 + i) / (1 + steps / 100) + 0.02 * seed
                    table[term] = falling if k < 2 or (i + k) % 3 else np.nan
                tables.append(table)
        return pd.concat(tables, ignore_index=True)

    @property
    def ratios(self):
        """The audit of four classes."""
        parts = [
            pd.DataFrame(
                {
                    "dataset": "acdc",
                    "form": form,
                    "density": density,
                    "randomness": randomness,
                    "method": method,
                    "seed": 0,
                    "epoch": np.arange(1, 12),
                    "class_id": class_id,
                    "oracle": 0.1,
                    "em": np.geomspace(1e-4, 0.1, 11),
                    "argmax": 0.2,
                }
            )
            for form, density, randomness, method in self.cells[
                ["form", "density", "randomness", "method"]
            ].to_numpy()
            for class_id in range(4)
        ]
        return pd.concat(parts, ignore_index=True)


def methods(n, *, classes=("RV", "myocardium", "LV"), n_seeds=3):
    """Full supervision and `n` methods on expert scribbles, every second one of a long name."""
    names = [f"{LONG[:-1]}{i}" if i % 2 else f"m{i}" for i in range(n)]
    cells = [("acdc", "val", "dense", np.nan, np.nan, "full", "dense, full")]
    cells += [("acdc", "val", "expert", np.nan, np.nan, m, f"expert, {m}") for m in names]
    return Frames(cells, classes, n_seeds, 10)


def sweep(
    n_forms=3,
    *,
    densities=DENSITIES,
    randomness=(0.5,),
    method="pce",
    classes=("RV", "LV"),
    n_seeds=3,
):
    """Forms by densities by randomness, expert scribbles and full supervision."""
    cells = [
        ("acdc", "val", form, d, r, method, f"{form}, {d:g}, {r:g}")
        for form in FORMS[:n_forms]
        for d in densities
        for r in randomness
    ]
    cells.append(("acdc", "val", "expert", np.nan, np.nan, method, "expert"))
    cells.append(("acdc", "val", "dense", 1.0, np.nan, "full", "dense"))
    return Frames(cells, classes, n_seeds, 10)
