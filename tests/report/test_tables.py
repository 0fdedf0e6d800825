"""Each table from frames made by hand: what it shows, ranks, marks and leaves out."""

import numpy as np
import pandas as pd
import pytest
from made_tables import (
    NAN,
    made_cells,
    made_comparisons,
    made_gap,
    made_line_cells,
    made_principles,
    made_ranking,
    made_stability,
    made_summary,
    made_targets,
)

from scribblebench.report.tables.comparisons import comparisons_table, gap_table
from scribblebench.report.tables.csv import to_csv
from scribblebench.report.tables.efficiency import area_table, principles_table, targets_table
from scribblebench.report.tables.latex import to_latex
from scribblebench.report.tables.markdown import to_markdown
from scribblebench.report.tables.numbers import MINUS
from scribblebench.report.tables.ranking import ranking_table
from scribblebench.report.tables.scores import scores_table


def column(table, header):
    """Return the entries of a column by the first column's text."""
    (i,) = [i for i, c in enumerate(table.columns) if c.header == header]
    return {row.entries[0].text: row.entries[i] for row in table.rows}


def headers(table):
    return [c.header for c in table.columns]


def texts(table, header):
    return [entry.text for entry in column(table, header).values()]


def by_label(table):
    return {row.entries[0].text: row for row in table.rows}


def test_scores_worked_by_hand():
    cells = made_cells()
    table = scores_table(cells, made_summary(cells))
    assert [(g, len(rows)) for g, rows in table.groups()] == [
        ("full supervision", 1),
        ("scribbles without a set density", 1),
        ("density 10 %", 2),
    ]
    entries = by_label(table)["expert"].entries
    assert dict(zip(headers(table), [e.text for e in entries], strict=True)) == {
        "setting": "expert",
        "annotated": "12.2",
        "time": "264",
        "RV": "0.834 ± 0.060",
        "LV": "0.874 ± 0.060",
        "average": "0.854 ± 0.060",
        "95 % interval": "[0.814, 0.884]",
        "collapses": "0",
        "median": "3.0",
        "failures": "5",
    }
    assert [c.unit for c in table.columns] == ["", "%", "min", *[""] * 4, "%", "mm", "%"]
    assert "n = 10 patients, 3 seeds for each setting" in table.caption


def test_scores_are_ranked_under_one_density_and_full_supervision_is_not():
    cells = made_cells()
    table = scores_table(cells, made_summary(cells))
    dice = {name: entry.mark for name, entry in column(table, "average").items()}
    assert dice == {
        "dense labels": "",
        "expert": "",
        "skeleton 10 %": "",
        "random_walk 10 %": "best",
    }
    assert column(table, "median")["skeleton 10 %"].mark == "best"


def test_cells_that_lack_seeds_are_shown_with_their_number_and_never_best():
    cells = made_cells(n_seeds=(3, 3, 3, 2))
    summary = made_summary(cells)
    table = scores_table(cells, summary)
    assert texts(table, "seeds") == ["3/3", "3/3", "3/3", "2/3"]
    walk = by_label(table)["random_walk 10 %"]
    assert not walk.is_complete
    assert not any(e.mark for row in table.rows for e in row.entries)
    assert any(note.startswith("† Incomplete") for note in table.notes)
    assert "| random_walk 10 % † |" in to_markdown(table)
    assert "random\\_walk 10 \\%$^{\\dagger}$ &" in to_latex(table)
    partial = scores_table(cells, summary, allow_partial=True)
    assert column(partial, "average")["random_walk 10 %"].mark == "best"
    assert not by_label(partial)["random_walk 10 %"].is_complete


def test_collapses_stand_beside_every_mean():
    cells = made_cells()
    table = scores_table(cells, made_summary(cells, collapses={(2, "RV"): 2 / 3}))
    assert column(table, "RV")["skeleton 10 %"].text == "0.651 ± 0.060 (2/3)"
    assert column(table, "LV")["skeleton 10 %"].text == "0.691 ± 0.060"
    assert column(table, "collapses")["skeleton 10 %"].text == "67"


def test_one_patient_has_no_spread_and_unknown_costs_have_no_column():
    cells = made_cells()
    summary = made_summary(cells, n_patients=1).assign(annotation_s=NAN)
    table = scores_table(cells, summary)
    assert column(table, "average")["expert"].text == "0.854"
    assert "n = 1 patient, 3 seeds" in table.caption
    assert "time" not in headers(table)


def test_averages_that_differ_from_the_reference_method_have_a_sign():
    cells = made_cells().assign(form=["dense", *["expert"] * 3], density=NAN)
    cells["method"] = ["full", "pce", "shape", "mixup"]
    comparisons = made_comparisons()
    table = scores_table(
        cells, made_summary(cells), comparisons=comparisons, reference_method="pce"
    )
    signs = {name: entry.sign for name, entry in column(table, "average").items()}
    assert [name for name, sign in signs.items() if sign] == ["shape"]
    assert any("differs from pce" in note for note in table.notes)
    lacking = cells.assign(is_complete=[True, True, False, True])
    table = scores_table(
        lacking, made_summary(cells), comparisons=comparisons, reference_method="pce"
    )
    assert not any(entry.sign for entry in column(table, "average").values())


def test_several_data_sets_are_ranked_apart():
    cells = pd.concat([made_cells(), made_cells().assign(dataset="mscmr")], ignore_index=True)
    cells = cells.rename_axis("cell")
    means = (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2)
    table = scores_table(cells, made_summary(cells, means))
    assert [g for g, _ in table.groups()][-1] == "mscmr, density 10 %"
    best = [row.group for row in table.rows if row.entries[5].mark == "best"]
    assert best == ["acdc, density 10 %", "mscmr, density 10 %"]


def test_scores_without_an_average_are_refused():
    cells = made_cells()
    summary = made_summary(cells)
    lacking = summary[(summary["cell"] != 1) | (summary["class_name"] != "average")]
    with pytest.raises(ValueError, match="must have a row 'average' for each cell"):
        scores_table(cells, lacking)


def test_comparisons_in_points_and_in_mm():
    cells = made_cells()
    table = comparisons_table(cells, made_comparisons())
    first = by_label(table)["skeleton 10 %"].entries
    assert [e.text for e in first[1:]] == [
        "expert",
        f"{MINUS}18.3",
        f"[{MINUS}20.0, {MINUS}15.0]",
        ".004",
        f"{MINUS}1.00",
    ]
    assert [e.sign for e in column(table, "difference").values()] == ["*", ""]
    assert "(positive: better), with 95 % intervals (n = 10 patients)" in table.caption
    distances = made_comparisons(metric="hd95", difference=[3.24, np.inf])
    table = comparisons_table(cells, distances, metric="hd95", unit="mm")
    assert texts(table, "difference") == ["+3.2", "∞"]
    assert table.columns[2].unit == "mm"
    assert table.caption.startswith("Median differences in HD95")
    assert "negative: better" in table.caption
    assert table.name == "comparisons-hd95"


def test_seeds_stand_beside_intervals_that_do_not_hold_them():
    seeds = {"seed_low": [-0.2, NAN], "seed_high": [-0.1, NAN]}
    table = comparisons_table(made_cells(), made_comparisons(**seeds))
    assert texts(table, "by seed") == [f"{MINUS}20.0 to {MINUS}10.0", "-"]
    assert dict(zip(headers(table), table.columns, strict=True))["by seed"].unit == "points"
    assert any("other seeds may differ. By seed: the least" in note for note in table.notes)
    distances = made_comparisons(metric="hd95", seed_low=-0.51, seed_high=[1.24, np.inf])
    table = comparisons_table(made_cells(), distances, metric="hd95", unit="mm")
    assert texts(table, "by seed") == [f"{MINUS}0.5 to +1.2", f"{MINUS}0.5 to ∞"]
    assert dict(zip(headers(table), table.columns, strict=True))["by seed"].unit == "mm"
    table = gap_table(made_cells(), made_gap(seed_low=-0.1, seed_high=0.02))
    assert texts(table, "by seed")[0] == f"{MINUS}10.0 to +2.0"


@pytest.mark.parametrize("changes", [{}, {"seed_low": NAN, "seed_high": NAN}])
def test_one_seed_has_no_column_by_seed(changes):
    tables = (
        comparisons_table(made_cells(), made_comparisons(**changes)),
        gap_table(made_cells(), made_gap(**changes)),
    )
    for table in tables:
        assert "by seed" not in headers(table)
        assert any(note.endswith("other seeds may differ.") for note in table.notes)


def test_comparisons_that_were_corrected_together_stand_together():
    two = made_comparisons(family=["methods", "forms"])
    table = comparisons_table(made_cells(), two)
    assert [g for g, _ in table.groups()] == ["methods", "forms"]
    table = comparisons_table(made_cells(), made_comparisons(dataset=["acdc", "mscmr"]))
    assert [g for g, _ in table.groups()] == ["acdc, with pce", "mscmr, with pce"]
    assert "together" not in table.data


def test_comparisons_with_cells_that_lack_seeds_are_left_out_and_counted():
    cells = made_cells(n_seeds=(3, 3, 2, 3))
    table = comparisons_table(cells, made_comparisons())
    assert list(by_label(table)) == ["random_walk 10 %"]
    assert table.notes[-1].startswith("1 comparison is left out")
    assert len(comparisons_table(cells, made_comparisons(), allow_partial=True).rows) == 2


def test_gap_says_the_verdict_in_words():
    table = gap_table(made_cells(), made_gap(verdict=["open", "not within", "within"], level=0.9))
    assert texts(table, "within 5 points") == ["not settled", "not within", "within"]
    assert texts(table, "90 % interval")[0] == f"[{MINUS}6.1, {MINUS}0.6]"
    several = gap_table(made_cells(), made_gap(margin=[0.05, 0.05, 0.025]))
    assert texts(several, "verdict")[-1] == "not within 2.5 points"
    assert "95 % interval" in headers(several)
    with pytest.raises(ValueError, match=r"verdict must be one of .* got 'yes'"):
        gap_table(made_cells(), made_gap(verdict="yes"))


def test_verdicts_that_a_seed_alone_turns_have_a_mark():
    """Margin 5 points: the first two ranges of seeds hold it; an open verdict has no mark."""
    seeds = {"seed_low": [-0.09, -0.25, -0.3], "seed_high": [0.01, -0.04, -0.1]}
    verdicts = ["open", "not within", "within"]
    table = gap_table(made_cells(), made_gap(verdict=verdicts, **seeds))
    assert texts(table, "within 5 points") == ["not settled", "not within ‡", "within"]
    assert "‡ On some seed alone it is not so." in table.notes
    assert "not within$^{\\ddagger}$" in to_latex(table).replace(" $^", "$^")
    alike = gap_table(made_cells(), made_gap(**{**seeds, "seed_high": [0.01, -0.06, -0.1]}))
    assert not any("‡" in text for text in [*texts(alike, "within 5 points"), *alike.notes])


def test_gap_is_not_told_where_full_supervision_lacks_seeds():
    table = gap_table(made_cells(n_seeds=(2, 3, 3, 3)), made_gap())
    assert not table.rows
    assert table.notes[-1].startswith("3 settings are left out")


def test_targets_reached_at_once_and_never():
    table = targets_table(made_targets(), made_line_cells())
    assert list(by_label(table)) == ["max_supervision", "skeleton", "points"]
    assert texts(table, "density") == ["3.1 [1.4, 8]", "not reached", "≤ 1 [≤ 1, 2]"]
    assert texts(table, "time") == ["110 [80, 140]", "-", "≤ 50 [50, 67]"]
    assert [e.mark for e in column(table, "density").values()] == ["", "", "best"]
    assert [c.group for c in table.columns] == ["", "ED90", "ED90"]
    assert table.notes[0].startswith("Curves go over densities from 1 to 30 %; not reached: at")


def test_densities_of_a_line_are_those_that_it_used():
    """The cells of skeleton at 30 % and of points at 1 % lack seeds and are in no curve."""
    cells = made_line_cells()
    cells.loc[[5, 6], ["n_seeds", "is_complete"]] = (2, False)
    targets = made_targets(density_high=np.inf, density_low=[0.014, 0.08, 0.1])
    targets.loc[2, "density"] = 0.1
    table = targets_table(targets, cells)
    assert texts(table, "density") == [
        "3.1 [1.4, > 30]",
        "not reached [8, > 10]",
        "≤ 10 [≤ 10, > 30]",
    ]
    assert table.notes[0] == (
        "Curves go over densities that differ: max_supervision from 1 to 30 %; skeleton from 1 to "
        "10 %; points from 10 to 30 %. Not reached: at none."
    )
    partial = targets_table(targets, cells, allow_partial=True)
    assert "from 1 to 30 %; not reached" in partial.notes[0]
    known = targets_table(targets.assign(highest_density=0.1), made_line_cells())
    assert "from 1 to 10 %; not reached" in known.notes[0]


def test_targets_that_the_data_do_not_bound():
    """The interval may end beyond the densities that were run, also where the target is missed."""
    targets = made_targets(density_low=[0.014, 0.12, 0.01], density_high=np.inf, seconds=NAN)
    table = targets_table(targets, made_line_cells())
    assert texts(table, "density") == [
        "3.1 [1.4, > 30]",
        "not reached [12, > 30]",
        "≤ 1 [≤ 1, > 30]",
    ]
    assert "time" not in headers(table)
    assert "time" not in table.caption
    assert not any("cost model" in note for note in table.notes)


def test_shares_stand_side_by_side_and_lines_that_lack_seeds_are_not_ranked():
    both = pd.concat([made_targets(), made_targets(share=0.95)], ignore_index=True)
    cells = made_line_cells()
    cells.loc[7, ["n_seeds", "is_complete"]] = (2, False)
    table = targets_table(both, cells)
    assert [c.group for c in table.columns] == ["", "ED90", "ED90", "ED95", "ED95"]
    assert not by_label(table)["points"].is_complete
    # points has the least density; of the other two only one reaches the target.
    assert not any(e.mark for row in table.rows for e in row.entries)
    assert "† Incomplete, not ranked: points at 10 % (2/3 seeds)." in table.notes
    with pytest.raises(ValueError, match=r"status must be one of .* got 'maybe'"):
        targets_table(made_targets(status="maybe"), cells)


def test_area_is_ranked_among_lines_over_the_same_densities():
    area = made_targets()[["form", "method", "randomness", "dataset"]].assign(
        area=[0.79, 0.63, 0.95], low=0.6, high=0.96, density_from=[0.01, 0.01, 0.1], density_to=0.3
    )
    table = area_table(area, made_line_cells())
    assert texts(table, "densities") == ["1 to 30", "1 to 30", "10 to 30"]
    assert [e.mark for e in column(table, "mean Dice").values()] == ["best", "", ""]


def test_ranking_lists_what_is_not_ranked_last():
    cells = made_cells()
    table = ranking_table(cells, made_ranking(), made_stability())
    assert [e.text for e in table.rows[0].entries] == [
        "expert",
        "1",
        "[1, 3]",
        "43",
        "30",
        "27",
    ]
    assert "0.70 [0.20, 1.00]" in table.caption
    lacking = made_cells(n_seeds=(3, 2, 3, 3))
    table = ranking_table(lacking, made_ranking()[1:])
    assert list(by_label(table)) == ["random_walk 10 %", "skeleton 10 %", "expert"]
    assert [e.text for e in by_label(table)["expert"].entries] == ["expert", *"-----", "2/3"]
    # Ranks that someone computed with the cell are not shown either.
    assert texts(ranking_table(lacking, made_ranking()), "rank") == ["2", "3", "-"]


def test_principles_with_the_variance_explained():
    table = principles_table(made_principles())
    assert [e.text for e in by_label(table)["log10 density"].entries[1:]] == [
        "+10.6",
        "[+1.7, +19.4]",
        ".024",
        "58",
        "57",
    ]
    assert "Together they explain 61 % of the variance." in table.caption
    several = pd.concat([made_principles(dataset=d, r2=r) for d, r in (("a", 0.1), ("b", 0.2))])
    table = principles_table(several)
    assert [g for g, _ in table.groups()] == ["a", "b"]
    assert "Together" not in table.caption


def test_csv_of_tables_has_the_contracts_columns_in_full_precision():
    targets = made_targets(target_dsc=0.7912345678901234)
    text = to_csv(targets_table(targets, made_line_cells()))
    assert text.splitlines()[0] == ",".join(targets.columns)
    assert "0.7912345678901234" in text
    assert ",inf," in text
    cells = made_cells()
    text = to_csv(scores_table(cells, made_summary(cells)))
    header = text.splitlines()[0].split(",")
    assert {"label", "dsc_mean", "dsc_sd RV", "annotation_s", "n_planned"} <= set(header)
    assert not {"block", "minutes", "lost RV"} & set(header)
