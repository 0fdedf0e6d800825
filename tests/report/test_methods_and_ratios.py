"""Figures of protocols that compare methods, and the audit of class ratios."""

import numpy as np
import pandas as pd
import pytest
from made_results import points_of

from scribblebench.report.collect import collect
from scribblebench.report.figures.class_ratios import audit_figure, audit_table
from scribblebench.report.figures.methods import methods_figure
from scribblebench.report.style import COLOURS

METHODS = ["pce", "gated_crf", "full"]


@pytest.fixture
def compared(made):
    """Expert scribbles with two methods, and full supervision; no form has a density."""
    return made(forms=["expert", "dense"], methods=METHODS, densities=[])


def test_methods_stand_from_the_best_down_with_a_dot_for_each_seed(compared):
    store, _ = compared
    rows = collect(store).rows
    # gated_crf is made better by .1 in its first seed.
    better = (rows["method"] == "gated_crf") & (rows["seed"] == 0)
    rows.loc[better, "dsc"] += 0.1
    figure = methods_figure(points_of(rows))
    average = figure.axes[0]
    assert [t.get_text() for t in average.get_yticklabels()] == ["gated_crf", "pce"]
    assert [axes.get_title() for axes in figure.axes] == ["mean over classes", "RV", "LV"]
    dots = [line for line in average.get_lines() if line.get_color() == COLOURS[1]]
    np.testing.assert_allclose(dots[0].get_xdata(), [0.815, 0.715])
    dashed = [line for line in average.get_lines() if line.get_linestyle() == "--"]
    np.testing.assert_allclose(dashed[0].get_xdata(), 0.915)


def test_audit_adds_up_the_errors_of_the_classes(compared):
    """The made ratios are off by .1 up and .1 down, then by half of it."""
    store, _ = compared
    table = audit_table(store, collect(store).finished)
    assert len(table) == 6 * 2 * 3
    errors = table.groupby("epoch")["l1_em"].unique()
    assert errors[1] == pytest.approx([0.2])
    assert errors[2] == pytest.approx([0.1])


def test_audit_figure_has_a_row_for_each_method_and_a_column_for_each_class(compared):
    store, _ = compared
    table = audit_table(store, collect(store).finished)
    figure = audit_figure(table, {0: "background", 1: "RV", 2: "LV"})
    assert len(figure.axes) == 3 * 3
    assert [axes.get_title() for axes in figure.axes[:3]] == ["background", "RV", "LV"]
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["true", "EM from annotations"]
    figure.draw_without_rendering()
    ticks = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert ticks[:2] == ["0.001", "0.1"]


def test_audits_of_other_randomness_or_data_have_rows_and_errors_of_their_own(made):
    store, _ = made(forms=["skeleton", "dense"], densities=[0.1], randomness=[0.0, 1.0])
    table = audit_table(store, collect(store).finished)
    assert table["l1_em"].max() == pytest.approx(0.2)
    table = table[table["form"] != "dense"]
    figure = audit_figure(table, {0: "background", 1: "RV", 2: "LV"})
    names = [axes.get_ylabel() for axes in figure.axes[::3]]
    assert names == ["skeleton 10 % r0", "skeleton 10 % r1"]
    twice = pd.concat([table, table.assign(dataset="mscmr")], ignore_index=True)
    names = [axes.get_ylabel().replace("\n", " ") for axes in audit_figure(twice, {}).axes[::3]]
    assert names[0] == "skeleton 10 % r0 phantom"
    assert "skeleton 10 % r0 mscmr" in names
    others = table.assign(method=np.where(table["randomness"] == 0, "pce", "shape"))
    names = [axes.get_ylabel() for axes in audit_figure(others, {}).axes[::3]]
    assert names == ["pce\n(skeleton 10 % r0)", "shape\n(skeleton 10 % r1)"]


def test_trials_without_ratios_have_no_audit(compared):
    store, trials = compared
    for trial_id in trials:
        (store.trial_folder(trial_id) / "ratios.csv").unlink()
    assert audit_table(store, collect(store).finished).empty


def test_rows_are_told_apart_by_all_that_differs(made):
    """Two forms at two densities with one method: four rows, named by form and density."""
    store, _ = made()
    figure = methods_figure(points_of(collect(store).rows))
    labels = {t.get_text() for t in figure.axes[0].get_yticklabels()}
    assert labels == {f"{form} {d} %" for form in ("skeleton", "random_walk") for d in (10, 50)}
