"""Boxes, heat maps, differences, gaps, ranks and learning curves: what stands where."""

import numpy as np
import pandas as pd
import pytest
from made_frames import methods, sweep
from matplotlib.colors import to_rgba

from scribblebench.report.figures.ablation import ablation_figure, ablation_frame
from scribblebench.report.figures.boxes import MOST_BRACKETS, box_figure, chosen_brackets
from scribblebench.report.figures.critical_difference import (
    critical_difference_figure,
    groups_of,
)
from scribblebench.report.figures.gap import gap_figure
from scribblebench.report.figures.heat import heat_cells, heat_figure
from scribblebench.report.figures.layout import (
    apart,
    broken,
    lanes,
    look,
    significance_mark,
    spread,
)
from scribblebench.report.figures.learning import learning_figure, terms_of
from scribblebench.report.figures.methods import methods_figure
from scribblebench.report.figures.ranking import ranking_figure
from scribblebench.report.scores import METRICS
from scribblebench.report.style import PAPER, STYLES, TALK, new_figure, save, styled

DICE = METRICS["dsc"]


def rows_of(axes):
    return [text.get_text().replace("\n", " ") for text in axes.get_yticklabels()]


def pairs(*values):
    """Return comparisons `(cell_a, cell_b, p, difference)`."""
    table = pd.DataFrame(values, columns=["cell_a", "cell_b", "p_holm", "difference"])
    return table.assign(metric="dsc", class_name="average", low=-0.1, high=0.1, n_patients=10)


def test_brackets_are_the_smallest_p_of_what_is_significant():
    """Ten pairs with the first cell; the largest of equal p come by their difference."""
    table = pairs(*((0, k, 0.001 * k, 0.1) for k in range(1, 10)), (1, 2, 0.06, 0.5))
    drawn, n = chosen_brackets(table, range(10), DICE, "average")
    assert n == 9
    assert drawn["last"].tolist() == list(range(1, 1 + MOST_BRACKETS))
    assert drawn["mark"].tolist() == ["**"] * 6
    equal = pairs((0, 1, 0.0, 0.1), *((1, k, 0.0, 0.2) for k in range(2, 8)))
    drawn, _ = chosen_brackets(equal, range(8), DICE, "average")
    assert drawn["first"].tolist() == [1] * 6


def test_a_pair_of_two_families_counts_by_its_larger_p_and_other_metrics_do_not():
    twice = pairs((0, 1, 0.0001, 0.1), (1, 0, 0.02, -0.1))
    drawn, n = chosen_brackets(twice, [0, 1], DICE, "average")
    assert (drawn["mark"].tolist(), n) == (["*"], 1)
    assert chosen_brackets(twice.assign(metric="hd95"), [0, 1], DICE, "average")[1] == 0
    assert chosen_brackets(twice, [0, 5], DICE, "average")[1] == 0


def test_boxes_stand_from_the_best_median_down_with_all_patients():
    frames = methods(3)
    medians = frames.patients[frames.patients["class_name"] == "average"]
    medians = medians.groupby("label")["value"].median().sort_values()
    (axes,) = box_figure(frames.patients, frames.comparisons, DICE).axes
    assert rows_of(axes) == list(medians.index[::-1])
    assert axes.get_xlabel() == "Dice (n=10 patients)"
    (axes,) = box_figure(frames.patients, frames.comparisons, METRICS["hd95"], unit="mm").axes
    assert rows_of(axes) == list(medians.index)
    assert axes.get_xlabel() == "HD95 [mm] (n=10 patients)"
    fewer = frames.patients.drop(frames.patients.index[-1])
    (axes,) = box_figure(fewer, frames.comparisons, DICE).axes
    assert sum("(n=9)" in name for name in rows_of(axes)) == 1
    assert sum("(n=10)" in name for name in rows_of(axes)) == 3


def test_infinite_distances_stand_in_a_strip_beyond_all_others():
    frames = methods(2)
    patients = frames.patients.copy()
    patients["value"] = np.arange(len(patients), dtype=float)
    average = patients["class_name"] == "average"
    first = patients.index[average][0]
    patients.loc[first, "value"] = np.inf
    finite = patients.loc[average & (patients.index != first), "value"].max()
    figure = box_figure(patients, frames.comparisons[:0], METRICS["hd95"], unit="mm")
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "infinite: a class is missing" in names
    dots = np.concatenate(
        [ln.get_xdata() for ln in figure.axes[0].get_lines() if ln.get_marker() == "o"]
    )
    assert (dots > finite).sum() == 1
    assert np.isfinite(dots).all()


def test_heat_maps_show_the_commonest_value_of_the_other_factor():
    """Randomness 0 and 1 at one density, .5 at all: as the protocol asks for."""
    frames = sweep(2)
    extra = frames.scores[frames.scores["density"] == 0.1]
    scores = pd.concat([frames.scores, *(extra.assign(randomness=r) for r in (0.0, 1.0))])
    assert set(heat_cells(scores, "density")["randomness"]) == {0.5}
    chosen = heat_cells(scores, "randomness")
    assert set(chosen["density"]) == {0.1}
    assert set(chosen["randomness"]) == {0.0, 0.5, 1.0}
    axes = heat_figure(scores, across="randomness").axes[0]
    assert axes.get_xlabel() == "randomness (density 10 %)"


def test_heat_maps_print_values_and_count_seeds_instead_where_some_are_missing():
    scores = sweep(2).scores.reset_index(drop=True)
    scores.loc[0, ["is_complete", "n_seeds"]] = [False, 1]
    scores = scores.drop(index=1)
    axes = heat_figure(scores, across="density").axes[0]
    written = {text.get_position(): text.get_text() for text in axes.texts}
    assert written[0, 0] == "1/3"
    assert (1, 0) not in written
    assert written[2, 0] == f"{scores['dsc_mean'][2]:.3f}"
    hatched = [patch for patch in axes.patches if patch.get_hatch()]
    assert [patch.get_xy() for patch in hatched] == [(-0.5, -0.5)]
    assert rows_of(axes) == ["skeleton", "random_walk"]


def test_heat_maps_of_incomplete_cells_alone_have_no_colours_to_explain():
    scores = sweep(2).scores
    assert len(heat_figure(scores, across="density").axes) == 2
    figure = heat_figure(scores.assign(is_complete=False, n_seeds=1), across="density")
    (axes,) = figure.axes
    assert {text.get_text() for text in axes.texts} == {"1/3"}


def test_numbers_of_a_heat_map_are_black_on_bright_and_white_on_dark():
    scores = sweep(1).scores.reset_index(drop=True)
    scores.loc[:3, "dsc_mean"] = [0.5, 0.6, 0.8, 0.9]
    texts = heat_figure(scores, across="density").axes[0].texts
    assert (texts[0].get_color(), texts[3].get_color()) == ("white", "black")


def test_heat_maps_without_two_values_are_refused():
    with pytest.raises(ValueError, match="two or more values of randomness, got 1"):
        heat_figure(sweep(2).scores, across="randomness")
    with pytest.raises(ValueError, match="two or more values of density, got 0"):
        heat_figure(methods(2).scores, across="density")
    with pytest.raises(ValueError, match="across must be 'density' or 'randomness', got 'form'"):
        heat_figure(methods(2).scores, across="form")


def test_differences_are_cell_minus_reference_whichever_way_they_were_compared():
    frames = methods(3)
    comparisons = pairs((0, 1, 0.001, 0.2), (1, 2, 0.5, 0.05), (2, 3, 0.0, 0.3))
    comparisons[["low", "high"]] = [[0.1, 0.25], [0.01, 0.07], [0.2, 0.4]]
    frame = ablation_frame(frames.cells, frames.summary, comparisons, 1)
    assert frame["cell"].tolist() == [0, 1, 2]
    assert frame["difference"].tolist() == pytest.approx([0.2, 0.0, -0.05])
    assert frame["low"].tolist()[::2] == pytest.approx([0.1, -0.07])
    assert frame["high"].tolist()[::2] == pytest.approx([0.25, -0.01])
    assert frame["is_reference"].tolist() == [False, True, False]
    left, right = ablation_figure(frame).axes
    assert [text.get_text() for text in left.texts] == ["***"[:2], ""]
    assert rows_of(left) == ["dense, full", "expert, m0", "expert, zscribbleseg_release lr=0.001"]
    assert len(right.patches) == 3


def test_collapse_is_drawn_as_a_rate_and_counted():
    frames = methods(1)
    average = frames.summary["class_name"] == "average"
    frames.summary.loc[average, "collapse_rate"] = [0.0, 2 / 3]
    frame = ablation_frame(frames.cells, frames.summary, frames.comparisons, 0)
    frame = frame.sort_values("cell")
    _, right = ablation_figure(frame).axes
    assert [patch.get_width() for patch in right.patches] == pytest.approx([0.0, 2 / 3])
    assert [text.get_text() for text in right.texts] == ["0/3", "2/3"]


def test_verdicts_are_told_by_form_and_filling():
    gap = methods(2).gap
    (axes,) = gap_figure(gap).axes
    markers = {
        line.get_marker(): (line.get_fillstyle(), to_rgba(line.get_markerfacecolor()))
        for line in axes.get_lines()
        if line.get_marker() != "None"
    }
    assert markers["o"][0] == "full"
    assert markers["D"][0] == "left"
    assert markers["s"][1] == to_rgba("white")
    band = axes.patches[0].get_extents().transformed(axes.transData.inverted())
    assert tuple(band.intervalx) == pytest.approx((-0.05, 0.05))
    with pytest.raises(ValueError, match="must be one of within, open, not within, got 'no'"):
        gap_figure(gap.assign(verdict="no"))
    with pytest.raises(ValueError, match="margin must be the same in all rows, got 3"):
        gap_figure(gap.assign(margin=[0.01, 0.02, 0.03]))


def test_verdicts_are_called_what_tables_call_them():
    (legend,) = gap_figure(methods(2).gap).legends
    said = [text.get_text() for text in legend.get_texts()]
    assert said[:3] == ["within the margin", "not settled", "not within"]


def test_bars_join_longest_runs_of_methods_that_do_not_differ():
    """1-2-3 alike, 3-4 alike, 5 alone; 1 and 4 differ: two bars, and none inside another."""
    ranks = pd.Series([1.0, 2.0, 3.0, 4.0, 5.0])
    p = np.full((5, 5), 0.01)
    for a, b in ((0, 1), (0, 2), (1, 2), (2, 3)):
        p[a, b] = p[b, a] = 0.2
    assert groups_of(ranks, pd.DataFrame(p), 0.05) == [(1.0, 3.0), (3.0, 4.0)]
    assert groups_of(ranks, pd.DataFrame(np.full((5, 5), 0.01)), 0.05) == []
    assert groups_of(ranks, pd.DataFrame(np.ones((5, 5))), 0.05) == [(1.0, 5.0)]


def test_bars_agree_with_the_cliques_of_scikit_posthocs():
    """Nemenyi's p falls with the difference of ranks, so that cliques are runs."""
    import scikit_posthocs
    from matplotlib.axes import Axes

    scores = np.random.default_rng(3).normal(np.linspace(0, 2.5, 8), 1.0, (14, 8))
    p = scikit_posthocs.posthoc_nemenyi_friedman(scores)
    ranks = pd.DataFrame(scores).rank(axis=1).mean().sort_values()
    axes: Axes = new_figure(4, 3).add_subplot()
    theirs = scikit_posthocs.critical_difference_diagram(ranks, p, ax=axes)["crossbars"]
    ends = [bar[0].get_xdata() for bar in theirs]
    expected = sorted((min(ranks), max(ranks)) for ranks in ends)
    ours = groups_of(ranks, p, 0.05)
    assert len(ours) > 1
    np.testing.assert_allclose(ours, expected)


def test_methods_of_a_diagram_stand_half_left_half_right_with_their_ranks():
    frames = methods(4)
    ranks, p = frames.mean_ranks
    (axes,) = critical_difference_figure(ranks, p).axes
    sides = [(text.get_ha(), text.get_text().replace("\n", " ")) for text in axes.texts]
    assert [side for side, _ in sides] == ["right"] * 3 + ["left"] * 2
    assert sides[0][1] == "dense, full (1.2)"
    assert sides[-1][1].endswith("(4.7)")
    with pytest.raises(ValueError, match="ranks must hold two or more methods, got 1"):
        critical_difference_figure(ranks[:1], p)
    with pytest.raises(ValueError, match="p_values must be of the methods of ranks"):
        critical_difference_figure(ranks, p.iloc[:3, :3])


def test_methods_that_tie_have_a_bar_too():
    ranks = pd.DataFrame({"label": list("abc"), "rank": [1.0, 2.5, 2.5]}, index=list("abc"))
    p = pd.DataFrame([[1, 0.01, 0.01], [0.01, 1, 0.9], [0.01, 0.9, 1]], list("abc"), list("abc"))
    (axes,) = critical_difference_figure(ranks, p).axes
    (bar,) = [line for line in axes.get_lines() if line.get_color() == "#0072B2"]
    low, high = bar.get_xdata()
    assert low < 2.5 < high
    assert high - low < 0.1


@pytest.mark.parametrize(
    "draw",
    [
        lambda frames: box_figure(frames.patients, frames.comparisons[:0], DICE),
        lambda frames: gap_figure(frames.gap),
        lambda frames: methods_figure(frames.points),
    ],
)
def test_sixty_rows_fit_on_a_page(draw):
    many, few = (methods(n, classes=("RV",), n_seeds=1) for n in (60, 6))
    for frames in (many, few):  # names that are not broken
        short = frames.cells["method"].str[-12:]
        frames.cells = frames.cells.assign(method=short, label=short)
        frames.patients["label"] = short[frames.patients["cell"]].to_numpy()
    assert draw(many).get_figheight() <= PAPER.highest_in
    assert draw(few).get_figheight() < 0.4 * PAPER.highest_in


def test_bubbles_have_areas_in_proportion_to_frequencies():
    table = methods(3).ranking.iloc[::-1]
    (axes,) = ranking_figure(table).axes
    assert rows_of(axes)[0] == "dense, full"
    sizes = {}
    for bubbles in axes.collections[1:]:
        for (rank, row), size in zip(bubbles.get_offsets(), bubbles.get_sizes(), strict=True):
            sizes[int(rank), int(row)] = size
    assert sizes[2, 0] == pytest.approx(sizes[1, 0] / 2)
    assert sizes[3, 0] == pytest.approx(sizes[1, 0] / 4)
    podium = table[["dataset", "label", "rank", "rank_low", "rank_high", "podium_1"]]
    assert len(ranking_figure(podium).axes[0].collections) == 2


def test_terms_have_a_panel_each_the_loss_first_and_absent_ones_no_line():
    history = methods(3).history
    assert terms_of(history)[:2] == ["loss", "cross_entropy"]
    assert "learning_rate" not in terms_of(history.assign(learning_rate=0.1))
    panels = learning_figure(history).axes
    assert [axes.get_title() for axes in panels][:2] == ["loss", "cross entropy"]
    thick = [len([ln for ln in a.get_lines() if ln.get_linewidth() > 1]) for a in panels]
    assert thick[:2] == [4, 4]
    assert sum(thick[2:]) < 4 * 4
    mean = panels[0].get_lines()[3]
    first = history[history["label"] == "dense, full"].groupby("step")["loss"].mean()
    np.testing.assert_allclose(mean.get_ydata(), first)
    with pytest.raises(ValueError, match="history must have a loss or a term of it, got none"):
        learning_figure(history[["label", "seed", "step"]])


def test_marks_of_significance():
    assert [significance_mark(p) for p in (0.0009, 0.001, 0.01, 0.05, np.nan)] == [
        *("***", "**", "*", "", "")
    ]


def test_long_names_are_broken_between_words_and_lose_nothing():
    assert broken("zscribbleseg_release lr=0.003", 20) == "zscribbleseg_release\nlr=0.003"
    assert broken("max_supervision", 8) == "max_\nsupervis\nion"
    assert broken("short", 8) == "short"
    assert broken("a\nbc de", 3) == "a\nbc\nde"


def test_labels_are_moved_apart_by_no_more_than_they_must():
    """.5 and .5 move by half the gap each; .9 stays. Sums are kept, order too."""
    assert spread([0.5, 0.9, 0.5], 0.1) == pytest.approx([0.45, 0.9, 0.55])
    assert spread([0.3, 0.1], 0.1) == pytest.approx([0.3, 0.1])
    assert apart([0.0, 0.05, 0.1, 0.5], 0.1) == [True, False, True, True]


def test_spans_that_meet_have_lanes_of_their_own():
    assert lanes([(0, 2), (3, 4), (1, 3), (5, 6)]) == [0, 0, 1, 0]
    assert lanes([(0, 1), (1.5, 2)], margin=0.6) == [0, 1]


def test_twenty_one_things_look_different():
    looks = {tuple(map(str, look(i).values())) for i in range(21)}
    assert len(looks) == 21


def test_styles_differ_in_size_and_ticks_made_when_drawn_have_it():
    assert STYLES.names() == ["paper", "talk"]
    assert TALK.small_pt > PAPER.font_pt
    assert TALK.line_pt > PAPER.line_pt
    figure = new_figure(3.0, 2.0, TALK)
    with styled(TALK):
        axes = figure.add_subplot()
    axes.set_xticks(np.linspace(0, 1, 30))
    figure.draw_without_rendering()
    assert {tick.label1.get_fontsize() for tick in axes.xaxis.get_major_ticks()} == {14.0}


def test_the_same_figure_is_the_same_file(tmp_path):
    for name in ("first", "second"):
        save(gap_figure(methods(3).gap), tmp_path / name)
    for suffix in (".png", ".pdf"):
        first, second = ((tmp_path / name).with_suffix(suffix) for name in ("first", "second"))
        assert first.read_bytes() == second.read_bytes()
