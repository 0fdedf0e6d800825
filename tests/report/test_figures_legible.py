"""Every figure can be read, at both styles, with common and with awkward inputs."""

import numpy as np
import pytest
from legible import check_legible, written
from made_frames import DENSITIES, LONG, methods, sweep
from made_results import planes_of

from scribblebench.report.figures.ablation import ablation_figure, ablation_frame
from scribblebench.report.figures.boxes import box_figure
from scribblebench.report.figures.class_ratios import audit_figure
from scribblebench.report.figures.critical_difference import critical_difference_figure
from scribblebench.report.figures.efficiency import classes_figure, efficiency_figure
from scribblebench.report.figures.gap import gap_figure
from scribblebench.report.figures.heat import heat_figure
from scribblebench.report.figures.learning import learning_figure
from scribblebench.report.figures.methods import methods_figure
from scribblebench.report.figures.qualitative import Shown, qualitative_figure
from scribblebench.report.figures.ranking import ranking_figure
from scribblebench.report.scores import METRICS
from scribblebench.report.style import PAPER, STYLES, new_figure

TITLE = "efficiency-acdc (acdc), a protocol whose name is so long that no column can hold it"


def ablation(frames, **shown):
    frame = ablation_frame(frames.cells, frames.summary, frames.comparisons, 1)
    return ablation_figure(frame, **shown)


def boxes(frames, **shown):
    return box_figure(frames.patients, frames.comparisons, METRICS["dsc"], **shown)


def infinite(frames, **shown):
    patients = frames.patients.copy()
    patients.loc[::7, "value"] = np.inf
    none = frames.comparisons[:0]
    return box_figure(patients, none, METRICS["hd95"], unit="mm", **shown)


def critical(frames, **shown):
    return critical_difference_figure(*frames.mean_ranks, critical_difference=3.2, **shown)


def ratios(frames, **shown):
    names = {0: "background", 1: "right ventricle", 2: "myocardium", 3: "LV"}
    return audit_figure(frames.ratios, names, **shown)


OF_CELLS = {
    "ablation": ablation,
    "boxes": boxes,
    "infinite": infinite,
    "critical": critical,
    "gap": lambda frames, **shown: gap_figure(frames.gap, **shown),
    "methods": lambda frames, **shown: methods_figure(frames.points, **shown),
    "ranking": lambda frames, **shown: ranking_figure(frames.ranking, **shown),
}
OF_TRAINING = {
    "learning": lambda frames, **shown: learning_figure(frames.history, **shown),
    "ratios": ratios,
}
OF_SWEEPS = {
    "efficiency": lambda frames, **shown: efficiency_figure(frames.points, **shown),
    "classes": lambda frames, **shown: classes_figure(frames.points, **shown),
}

styles = pytest.mark.parametrize("style", list(STYLES))


def cases_of(figures, inputs):
    return [
        pytest.param(draw, make, id=f"{name}-{what}")
        for name, draw in figures.items()
        for what, make in inputs.items()
    ]


@styles
@pytest.mark.parametrize(
    ("draw", "make"),
    cases_of(
        OF_CELLS,
        {
            "few": lambda: methods(2),
            "seven": lambda: methods(7),
            "twenty": lambda: methods(20, classes=("RV",), n_seeds=1),
            "sweep": lambda: sweep(7, densities=(0.01, 0.1)),
        },
    )
    + cases_of(OF_TRAINING, {"one": lambda: methods(1, n_seeds=1), "ten": lambda: methods(10)})
    + cases_of(
        OF_SWEEPS,
        {
            "common": sweep,
            "one": lambda: sweep(1, densities=(0.1,), classes=("lesion",), n_seeds=1),
            "many": lambda: sweep(
                7,
                densities=(0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.3),
                randomness=(0.0, 0.5, 1.0),
                method=LONG,
                classes=("right ventricle", "myocardium", "left ventricle", "left atrium"),
            ),
        },
    ),
)
def test_nothing_overlaps_or_is_cut_off(draw, make, style):
    check_legible(draw(make(), title=TITLE, style=STYLES[style]))


@styles
@pytest.mark.parametrize("across", ["density", "randomness"])
def test_heat_maps_are_legible(across, style):
    frames = sweep(7, randomness=(0.0, 0.25, 0.5, 0.75, 1.0), densities=(*DENSITIES, 0.5, 0.05))
    scores = frames.scores
    scores.loc[scores.index[:6], ["is_complete", "n_seeds"]] = [False, 1]
    check_legible(heat_figure(scores, across=across, title=TITLE, style=STYLES[style]))
    several = [sweep(3, randomness=(0, 1), method=f"{LONG}{i}").scores for i in range(3)]
    together = type(scores)(np.concatenate(several), columns=scores.columns).infer_objects()
    check_legible(heat_figure(together, across=across, style=STYLES[style]))


@styles
@pytest.mark.parametrize("n", [1, 6])
@pytest.mark.parametrize("is_shared", [True, False])
def test_grids_of_pictures_are_legible(n, is_shared, style):
    trials = []
    for i in range(n):
        samples = dict(planes_of())
        samples["case_id"] = np.array([f"patient{k:03d}_frame01" for k in range(4)])
        if not is_shared:
            samples["scribble"] = np.roll(samples["scribble"], i, axis=1)
        trials.append(Shown(f"{LONG}{i}", dice_rows(samples["case_id"]), samples))
    names = {0: "background", 1: "right ventricle", 2: "left ventricle"}
    check_legible(qualitative_figure(trials, names, title=TITLE, style=STYLES[style]))


def dice_rows(case_ids):
    import pandas as pd

    return pd.DataFrame({"case_id": case_ids, "dsc": [0.5, 0.9, 0.7, 0.6], "form": "expert"})


def two_texts(x):
    figure = new_figure(2.0, 1.0)
    figure.text(0.1, 0.5, "first")
    figure.text(x, 0.5, "second")
    return figure


def test_the_check_itself_sees_what_overlaps_or_is_cut_off():
    check_legible(two_texts(0.5))
    with pytest.raises(AssertionError, match="'first' overlaps 'second'"):
        check_legible(two_texts(0.2))
    with pytest.raises(AssertionError, match="'second' leaves the canvas"):
        check_legible(two_texts(0.9))


def test_the_check_reads_ticks_that_are_drawn_and_no_others():
    figure = new_figure(3.0, 2.0)
    axes = figure.add_subplot()
    axes.set_xticks([0.0, 1.0, 7.0], ["a", "b", "far away"])
    axes.set_yticks([])
    axes.set_xlim(0.0, 1.0)
    assert [text for text, _ in written(figure)] == ["a", "b"]


@pytest.mark.parametrize("draw", [*OF_CELLS.values(), *OF_TRAINING.values()])
def test_type_has_the_sizes_of_the_style(draw):
    """Journals ask for 7 to 8 points, and a width of one or two columns."""
    figure = draw(methods(3), style=PAPER)
    sizes = {
        round(text.get_fontsize(), 2)
        for axes in figure.axes
        for text in (*axes.texts, axes.title, axes.xaxis.label, *axes.get_yticklabels())
    }
    assert sizes <= {7.0, 8.0}
    assert figure.get_figwidth() in (PAPER.single_in, PAPER.double_in)
