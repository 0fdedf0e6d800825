"""What efficiency curves and rows of methods show, and where."""

import numpy as np
import pandas as pd
import pytest
from made_frames import DENSITIES, sweep
from made_results import points_of
from matplotlib.collections import PolyCollection

from scribblebench.metrics.summary import AVERAGE_NAME
from scribblebench.report.collect import collect
from scribblebench.report.figures.efficiency import classes_figure, efficiency_figure
from scribblebench.report.figures.methods import methods_figure
from scribblebench.report.figures.points import figure_points, scores_of


def lines_of(axes, **wanted):
    """Return the lines of an axes by properties, those of the legend alone left out."""
    drawn = [line for line in axes.get_lines() if len(line.get_xdata())]
    return [
        line for line in drawn if all(getattr(line, f"get_{k}")() == v for k, v in wanted.items())
    ]


def names_of(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def bands_of(axes):
    return [c for c in axes.collections if isinstance(c, PolyCollection)]


def test_curve_shows_each_form_the_ceiling_and_every_density(made):
    store, _ = made()
    rows = collect(store).rows
    figure = efficiency_figure(points_of(rows))
    (axes,) = figure.axes
    assert axes.get_xscale() == "log"
    assert names_of(figure)[:3] == ["skeleton", "random_walk", "dense labels (full)"]
    assert [t.get_text() for t in axes.get_xticklabels()] == ["10 %", "50 %"]
    (ceiling,) = axes.patches
    low, high = ceiling.get_extents().transformed(axes.transData.inverted()).intervaly
    points = points_of(rows)
    whole = (points["form"] == "dense") & (points["class_name"] == AVERAGE_NAME)
    (dense,) = points[whole & (points["kind"] == "mean")].to_dict("records")
    assert (low, high) == pytest.approx((dense["low"], dense["high"]))
    levels = [line.get_ydata()[0] for line in axes.get_lines() if list(line.get_xdata()) == [0, 1]]
    assert levels == pytest.approx([0.915, 0.95 * 0.915, 0.9 * 0.915])
    assert [text.get_text() for text in axes.texts] == ["full", "95 %", "90 %"]


def test_the_fit_is_the_line_and_the_means_are_the_markers():
    frames = sweep(2)
    (axes,) = efficiency_figure(frames.points).axes
    fits = lines_of(axes, color="#0072B2", marker="None")
    assert [len(line.get_xdata()) for line in fits] == [50]
    np.testing.assert_allclose(fits[0].get_ydata(), frames.curves["fit"][:50])
    (means,) = lines_of(axes, color="#0072B2", marker="o", markersize=4.0)
    np.testing.assert_allclose(means.get_xdata(), DENSITIES)
    np.testing.assert_allclose(means.get_ydata(), frames.scores["dsc_mean"][:4])
    assert len(bands_of(axes)) == 2
    (seeds,) = lines_of(axes, color="#0072B2", marker="o", markersize=2.2)
    assert len(seeds.get_xdata()) == 4 * 3


def test_classes_without_a_fit_have_their_means_joined_and_one_density_is_a_point():
    rv, lv = classes_figure(sweep(2).points).axes
    assert (rv.get_title(), lv.get_title()) == ("RV", "LV")
    assert len(bands_of(rv)) == 0
    (joined,) = lines_of(rv, color="#0072B2", marker="None")
    np.testing.assert_allclose(joined.get_xdata(), DENSITIES)
    (axes,) = efficiency_figure(sweep(1, densities=(0.1,)).points).axes
    assert lines_of(axes, color="#0072B2", marker="None", linestyle="-") == []
    assert len(lines_of(axes, color="#0072B2", marker="o", markersize=4.0)) == 1


def test_classes_share_a_scale_and_keep_their_colours():
    frames = sweep(3)
    points = frames.points
    gone = (points["form"] == "skeleton") & (points["class_name"] == "LV")
    rv, lv = classes_figure(points[~gone]).axes
    assert rv.get_ylim() == lv.get_ylim()
    blue, orange = ([len(lines_of(a, color=c)) for a in (rv, lv)] for c in ("#0072B2", "#D55E00"))
    assert blue[0] > 0
    assert blue[1] == 0
    assert orange[0] == orange[1] > 0


def test_experts_are_stars_at_their_share_and_lines_where_it_is_unknown():
    frames = sweep(1)
    (axes,) = efficiency_figure(frames.points).axes
    (star,) = lines_of(axes, marker="*")
    assert list(star.get_xdata()) == [0.12]
    frames.summary.loc[frames.summary["annotated_fraction"] == 0.12, "annotated_fraction"] = np.nan
    figure = efficiency_figure(frames.points)
    assert "expert scribbles, of unknown share" in names_of(figure)
    assert lines_of(figure.axes[0], marker="*") == []


def test_means_that_lack_seeds_are_open_and_said_to_be():
    frames = sweep(1)
    frames.cells.loc[[0, 1], "is_complete"] = False
    figure = efficiency_figure(frames.points)
    (opened,) = lines_of(figure.axes[0], markerfacecolor="white")
    np.testing.assert_allclose(opened.get_xdata(), DENSITIES[:2])
    assert "seeds are missing" in names_of(figure)
    assert "seeds are missing" not in names_of(efficiency_figure(sweep(1).points))


def test_several_values_of_randomness_become_lines_of_their_own(made):
    store, _ = made(forms=["skeleton", "dense"], randomness=[0.0, 1.0])
    figure = efficiency_figure(points_of(collect(store).rows))
    assert names_of(figure)[:2] == ["skeleton, randomness 0", "skeleton, randomness 1"]


def test_each_data_set_has_a_panel_with_a_level_of_its_own():
    frames = sweep(1)
    points = frames.points
    other = points.assign(dataset="mscmr", value=points["value"] - 0.1)
    first, second = efficiency_figure(pd.concat([points, other], ignore_index=True)).axes
    assert (first.get_title(), second.get_title()) == ("acdc", "mscmr")
    full = frames.scores["dsc_mean"].iloc[-1]
    levels = [lines_of(axes, linestyle="--")[0].get_ydata()[0] for axes in (first, second)]
    assert levels == pytest.approx([full, full - 0.1])


def test_many_lines_have_a_panel_for_each_method_with_the_same_colours():
    """Four forms and two methods are eight lines; three forms and two are six."""
    points = [sweep(4).points]
    points += [points[0][points[0]["form"] != "dense"].assign(method="zscribbleseg")]
    figure = efficiency_figure(pd.concat(points, ignore_index=True))
    first, second = figure.axes
    assert (first.get_title(), second.get_title()) == ("pce", "zscribbleseg")
    colours = [[line.get_color() for line in lines_of(a, marker="None")] for a in (first, second)]
    assert colours[0] == colours[1]
    assert len(set(colours[0])) == 4 + 1  # and that of full supervision, which both have
    names = ["skeleton", "random_walk", "directed_random_walk", "max_supervision"]
    assert names_of(figure)[:5] == [*names, "expert scribbles"]
    assert len(bands_of(first)) == 4
    few = pd.concat(points, ignore_index=True)
    assert len(efficiency_figure(few[few["form"] != "max_supervision"]).axes) == 1


def test_single_points_are_left_out_where_there_are_curves():
    """Randomness varies at one density: what it does is for the heat map."""
    points = sweep(2).points
    other = sweep(2, densities=(0.1,), randomness=(0.0, 1.0)).points
    other = other[other["form"].isin(["skeleton", "random_walk"])]
    figure = efficiency_figure(pd.concat([points, other], ignore_index=True))
    names = ["skeleton", "random_walk", "expert scribbles", "dense labels (full)"]
    assert names_of(figure)[:4] == names
    assert "randomness 0.5" in names_of(figure)
    alone = efficiency_figure(other)
    assert names_of(alone)[0] == "skeleton, randomness 0"


def test_lines_that_no_panel_can_tell_apart_have_no_bands():
    (axes,) = efficiency_figure(sweep(4, randomness=(0.0, 1.0)).points).axes
    assert bands_of(axes) == []
    assert len(lines_of(axes, marker="None", linestyle="-")) == 7  # others are dashed


def test_ticks_that_would_touch_are_not_labelled():
    densities = (0.01, 0.011, 0.012, 0.1, 0.11)
    (axes,) = efficiency_figure(sweep(1, densities=densities).points).axes
    axes.figure.canvas.draw()
    assert [t.get_text() for t in axes.get_xticklabels()] == ["", "", "1.2 %", "", "11 %"]


def test_points_keep_every_number_of_the_frames():
    frames = sweep(2)
    points = frames.points
    means = points[points["kind"] == "mean"]
    np.testing.assert_allclose(means["value"], frames.summary["dsc_mean"])
    np.testing.assert_allclose(means["low"], frames.summary["dsc_low"])
    seeds = points[points["kind"] == "seed"]
    assert len(seeds) == len(frames.summary) * 3
    one = frames.seeds[
        (frames.seeds["cell"] == 0)
        & (frames.seeds["class_name"] == "RV")
        & (frames.seeds["seed"] == 0)
    ]
    assert seeds["value"].iloc[0] == pytest.approx(one["value"].mean())
    without = figure_points(frames.cells, frames.summary, frames.seeds)
    assert set(without["kind"]) == {"mean", "seed"}
    assert list(scores_of(frames.cells, frames.summary)["label"][:3]) == ["skeleton, 0.01, 0.5"] * 3


def test_methods_that_lack_seeds_are_open_and_count_them():
    frames = sweep(1)
    frames.cells.loc[0, "is_complete"] = False
    frames.summary.loc[frames.summary["cell"] == 0, "n_seeds"] = 2
    figure = methods_figure(frames.points)
    names = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    assert "skeleton 1 % (2/3 seeds)" in names
    assert len(lines_of(figure.axes[0], markerfacecolor="white")) == 1
