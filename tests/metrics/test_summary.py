import math
import time

import numpy as np
import pandas as pd
import pytest

from scribblebench.metrics import average_seeds, summarise

INF, NAN = math.inf, math.nan


def row(case_id="a", class_id=1, seed=0, dsc=0.8, d=2.0, method="pce", unit="mm", **more):
    """One row; `d` is HD, HD95 is half and ASSD a quarter of it. Infinite `d` is a failure."""
    failed = math.isinf(d)
    return {
        "method": method,
        "seed": seed,
        "case_id": case_id,
        "class_id": class_id,
        "class_name": {1: "rv", 2: "lv"}[class_id],
        "dsc": 0.0 if failed else dsc,
        "hd": d,
        "hd95": d / 2,
        "assd": d / 4,
        "distance_unit": unit,
        "failed": failed,
        **more,
    }


def table(*rows: dict) -> pd.DataFrame:
    return pd.DataFrame(rows)


def of_class(summary: pd.DataFrame, class_id: int) -> pd.Series:
    (chosen,) = [r for _, r in summary.iterrows() if r["class_id"] == class_id]
    return chosen


# average_seeds


def test_metrics_are_averaged_over_the_seeds_of_a_case_and_class():
    rows = table(row(seed=0, dsc=0.6, d=2.0), row(seed=1, dsc=0.8, d=6.0), row("b", dsc=0.1, d=8.0))
    a, b = average_seeds(rows, by=["method"]).to_dict("records")
    assert a == {
        "method": "pce",
        "case_id": "a",
        "class_id": 1,
        "class_name": "rv",
        "dsc": pytest.approx(0.7),
        "hd": 4.0,
        "hd95": 2.0,
        "assd": 1.0,
        "distance_unit": "mm",
        "n_seeds": 2,
        "failures": 0,
    }
    assert (b["case_id"], b["dsc"], b["n_seeds"]) == ("b", 0.1, 1)


@pytest.mark.parametrize("others", [(4.0,), (INF,), (1.0, 2.0, 3.0, INF, 5.0)])
def test_one_failed_seed_makes_the_distance_infinite_and_is_counted(others):
    """Also with two infinities, where a running compensation could give NaN."""
    rows = table(row(seed=0, d=INF), *[row(seed=i + 1, d=d) for i, d in enumerate(others)])
    (result,) = average_seeds(rows, by=["method"]).to_dict("records")
    assert result["hd"] == result["hd95"] == result["assd"] == INF
    assert result["failures"] == 1 + others.count(INF)
    assert result["dsc"] == pytest.approx(
        0.8 * (len(others) - others.count(INF)) / result["n_seeds"]
    )


# summarise: by hand


def test_dsc_mean_and_sd_are_over_cases_after_the_seeds():
    """Cases 0.5 (seeds 0.4, 0.6), 0.7 and 0.9: mean 0.7, sd 0.2; pooled rows would give 0.65."""
    rows = table(
        row("a", seed=0, dsc=0.4), row("a", seed=1, dsc=0.6), row("b", dsc=0.7), row("c", dsc=0.9)
    )
    rv = of_class(summarise(rows, by=["method"]), 1)
    assert rv["dsc_mean"] == pytest.approx(0.7)
    assert rv["dsc_sd"] == pytest.approx(0.2)
    assert (rv["n_cases"], rv["n_seeds"]) == (3, 1)


def test_columns_and_their_order():
    distances = [f"{m}_{s}" for m in ("hd", "hd95", "assd") for s in ("median", "mean", "sd", "n")]
    assert list(summarise(table(row()), by=["method"]).columns) == [
        *["method", "class_id", "class_name", "n_cases", "n_seeds", "dsc_mean", "dsc_sd"],
        *distances,
        *["failure_rate", "distance_unit"],
    ]


def test_one_case_has_no_standard_deviation():
    rv = of_class(summarise(table(row()), by=["method"]), 1)
    assert rv["dsc_mean"] == 0.8
    assert math.isnan(rv["dsc_sd"])
    assert math.isnan(rv["hd_sd"])
    assert rv["hd_mean"] == 2.0


def test_a_failure_is_counted_in_rate_dsc_and_median_and_left_out_of_the_mean():
    """HD 2, 4, inf: the median is 4, the mean over the 2 cases that were found 3."""
    rows = table(row("a", d=2.0), row("b", d=4.0), row("c", d=INF))
    rv = of_class(summarise(rows, by=["method"]), 1)
    assert rv["dsc_mean"] == pytest.approx(1.6 / 3)
    assert (rv["hd_median"], rv["hd_mean"], rv["hd_n"], rv["n_cases"]) == (4.0, 3.0, 2, 3)
    assert rv["hd_sd"] == pytest.approx(math.sqrt(2))
    assert (rv["hd95_median"], rv["hd95_mean"], rv["hd95_n"]) == (2.0, 1.5, 2)
    assert (rv["assd_median"], rv["assd_mean"], rv["assd_n"]) == (1.0, 0.75, 2)
    assert rv["failure_rate"] == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("distances", "median"),
    [
        ([1.0, INF], INF),
        ([INF, INF], INF),
        ([INF, INF, INF], INF),
        ([INF], INF),
        ([1.0, 3.0, INF], 3.0),
        ([1.0, 3.0, 5.0, INF], 4.0),
        ([1.0, 3.0, INF, INF], INF),
    ],
)
def test_infinity_ranks_last_in_the_median_and_never_turns_into_nan(distances, median):
    rows = table(*[row(f"case{i}", d=d) for i, d in enumerate(distances)])
    summary = summarise(rows, by=["method"])
    for class_id in (1, -1):
        assert of_class(summary, class_id)["hd_median"] == median


def test_no_mean_distance_where_every_case_has_a_failure():
    rv = of_class(summarise(table(row("a", d=INF), row("b", d=INF)), by=["method"]), 1)
    assert (rv["hd_n"], rv["failure_rate"], rv["hd_median"]) == (0, 1.0, INF)
    assert math.isnan(rv["hd_mean"])
    assert math.isnan(rv["hd_sd"])


def test_one_failed_seed_of_three_takes_the_case_out_of_the_mean_but_is_a_third_of_its_failures():
    rows = table(
        *[row("a", seed=s, d=d) for s, d in enumerate([1.0, INF, 3.0])],
        *[row("b", seed=s, d=6.0) for s in range(3)],
    )
    rv = of_class(summarise(rows, by=["method"]), 1)
    assert (rv["hd_mean"], rv["hd_n"], rv["hd_median"]) == (6.0, 1, INF)
    assert rv["failure_rate"] == pytest.approx(1 / 6)


def test_the_average_row_is_over_classes_within_a_case_first():
    """Case means 0.5 and 0.8: mean 0.65, sd 0.3 / sqrt(2), not the sd of 4 rows; HD 3 and 10."""
    rows = table(
        row("a", 1, dsc=0.4, d=2.0),
        row("a", 2, dsc=0.6, d=4.0),
        row("b", 1, dsc=0.7, d=8.0),
        row("b", 2, dsc=0.9, d=12.0),
    )
    summary = summarise(rows, by=["method"])
    assert list(summary["class_id"]) == [1, 2, -1]
    average = of_class(summary, -1)
    assert average["class_name"] == "average"
    assert average["dsc_mean"] == pytest.approx(0.65)
    assert average["dsc_sd"] == pytest.approx(0.3 / math.sqrt(2))
    assert (average["hd_mean"], average["hd_median"]) == (6.5, 6.5)
    assert (average["n_cases"], average["hd_n"]) == (2, 2)


def test_the_average_row_leaves_out_a_case_with_a_failure_in_any_class():
    rows = table(row("a", 1, d=2.0), row("a", 2, d=INF), row("b", 1, d=8.0), row("b", 2, d=12.0))
    average = of_class(summarise(rows, by=["method"]), -1)
    assert (average["hd_mean"], average["hd_n"], average["hd_median"]) == (10.0, 1, INF)
    assert average["failure_rate"] == 0.25


# summarise: groups


def test_nan_is_a_group_of_its_own():
    """Full supervision has no form, no density and no randomness."""
    by = ["method", "form", "density"]
    rows = table(
        row(method="full", form=None, density=NAN, dsc=0.9),
        row(method="pce", form="skeleton", density=0.1, dsc=0.7),
        row(method="pce", form="skeleton", density=0.2, dsc=0.8),
    )
    summary = summarise(rows, by=by)
    assert len(summary) == 3 * 2
    full = summary[summary["method"] == "full"]
    assert full["density"].isna().all()
    assert list(full["dsc_mean"]) == [0.9, 0.9]


def test_categories_without_rows_make_no_groups():
    rows = table(row()).astype({"method": pd.CategoricalDtype(["pce", "full"])})
    assert list(summarise(rows, by=["method"])["class_id"]) == [1, -1]


def test_tables_do_not_depend_on_the_order_of_rows_and_leave_them_alone():
    rows = many_rows(n_cases=20)
    before = rows.copy()
    shuffled = rows.sample(frac=1.0, random_state=5)
    for function in (average_seeds, summarise):
        pd.testing.assert_frame_equal(
            function(rows, by=BY), function(shuffled, by=BY), check_exact=True
        )
    pd.testing.assert_frame_equal(rows, before)


def test_a_summary_by_seed_is_possible():
    summary = summarise(table(row(seed=0), row(seed=1, dsc=0.5)), by=["method", "seed"])
    assert list(summary["dsc_mean"]) == [0.8, 0.8, 0.5, 0.5]
    assert set(summary["n_seeds"]) == {1}


# An independent implementation, and speed

BY = ["dataset", "form", "density", "method"]


def many_rows(n_cases: int) -> pd.DataFrame:
    """Groups x cases x 5 seeds x 2 classes, one row in ten a failure."""
    rng = np.random.default_rng(8)
    groups = pd.DataFrame(
        [
            ("acdc", form, density, method)
            for form, density in [("skeleton", 0.1), ("walk", 0.3), ("full", NAN)]
            for method in ("pce", "zscribbleseg")
        ],
        columns=BY,
    )
    grid = (
        groups.merge(pd.DataFrame({"case_id": [f"p{i:05}" for i in range(n_cases)]}), how="cross")
        .merge(pd.DataFrame({"seed": range(5)}), how="cross")
        .merge(pd.DataFrame({"class_id": [1, 2], "class_name": ["rv", "lv"]}), how="cross")
    )
    failed = rng.random(len(grid)) < 0.1
    grid["dsc"] = np.where(failed, 0.0, rng.random(len(grid)))
    for m in ("hd", "hd95", "assd"):
        grid[m] = np.where(failed, INF, rng.exponential(5.0, len(grid)))
    return grid.assign(distance_unit="mm", failed=failed)


def test_summary_agrees_with_plain_loops():
    rows = many_rows(n_cases=8)
    summary = summarise(rows, by=BY)
    assert len(summary) == 6 * 3
    for _, ours in summary.iterrows():
        same = [rows[b].isna() if pd.isna(ours[b]) else rows[b] == ours[b] for b in BY]
        group = rows[np.logical_and.reduce(same)]
        classes = [1, 2] if ours["class_id"] == -1 else [ours["class_id"]]
        dsc, hd, found, n_failed, n_rows = [], [], [], 0, 0
        for case in sorted(set(group["case_id"])):
            of_case = group[(group["case_id"] == case) & group["class_id"].isin(classes)]
            dsc.append(np.mean([of_case[of_case["class_id"] == c]["dsc"].mean() for c in classes]))
            hd.append(np.mean([np.mean(of_case[of_case["class_id"] == c]["hd"]) for c in classes]))
            found.append(not of_case["failed"].any())
            n_failed += of_case["failed"].sum()
            n_rows += len(of_case)
        kept = [d for d, ok in zip(hd, found, strict=True) if ok]
        assert ours["dsc_mean"] == pytest.approx(np.mean(dsc))
        assert ours["dsc_sd"] == pytest.approx(np.std(dsc, ddof=1))
        assert ours["hd_median"] == pytest.approx(np.median(hd))
        assert ours["hd_mean"] == pytest.approx(np.mean(kept) if kept else NAN, nan_ok=True)
        assert ours["hd_n"] == len(kept)
        assert ours["failure_rate"] == pytest.approx(n_failed / n_rows)
        assert (ours["n_cases"], ours["n_seeds"]) == (8, 5)


def test_100_000_rows_take_less_than_five_seconds():
    rows = many_rows(n_cases=1700)
    assert len(rows) > 100_000
    start = time.perf_counter()
    summarise(rows, by=BY)
    assert time.perf_counter() - start < 5.0


# Errors


@pytest.mark.parametrize("metric", ["dsc", "hd", "hd95", "assd"])
def test_nan_is_refused_not_dropped(metric):
    rows = table(row("a"), row("b", **{metric: NAN}))
    with pytest.raises(ValueError, match=f"^{metric} must be a number in every row, got NaN in 1"):
        summarise(rows, by=["method"])


def test_pixels_and_millimetres_in_one_group_are_refused():
    rows = table(row("a", unit="mm"), row("b", unit="px"))
    with pytest.raises(ValueError, match=r"distance_unit must be one for each group.*pce"):
        summarise(rows, by=["method"])


def test_pixels_and_millimetres_in_two_groups_are_kept_apart():
    rows = table(row(method="pce", unit="mm"), row(method="full", unit="px"))
    summary = summarise(rows, by=["method"])
    assert list(zip(summary["method"], summary["distance_unit"], strict=True)) == [
        *[("full", "px")] * 2,
        *[("pce", "mm")] * 2,
    ]


def test_an_unknown_unit_is_refused():
    with pytest.raises(ValueError, match=r"distance_unit must be 'px' or 'mm'.*voxel"):
        summarise(table(row(unit="voxel")), by=["method"])


def test_a_column_forgotten_in_by_is_noticed():
    """Two methods would else be averaged as if they were seeds."""
    rows = table(row(method="pce"), row(method="full"))
    with pytest.raises(ValueError, match=r"rows must be one for each of .*, got 1 more"):
        summarise(rows.assign(dataset="acdc"), by=["dataset"])


def test_a_case_without_a_class_that_others_have_is_refused():
    rows = table(row("a", 1), row("a", 2), row("b", 1))
    with pytest.raises(ValueError, match="every case must have the same classes"):
        summarise(rows, by=["method"])


def test_two_cases_with_one_class_each_are_refused_too():
    with pytest.raises(ValueError, match="every case must have the same classes"):
        summarise(table(row("a", 1), row("b", 2)), by=["method"])


def test_missing_columns_are_named():
    with pytest.raises(ValueError, match=r"got none of \['form', 'hd'\]"):
        summarise(table(row()).drop(columns="hd"), by=["method", "form"])


def test_failed_as_text_is_refused():
    """The word "False" would count as a failure."""
    rows = table(row()).assign(failed="False")
    with pytest.raises(ValueError, match="failed must be a column of bool, got"):
        summarise(rows, by=["method"])


@pytest.mark.parametrize(
    ("by", "message"), [([], "1 or more columns"), (["class_id"], r"got \['class_id'\]")]
)
def test_by_must_name_columns_of_groups(by, message):
    with pytest.raises(ValueError, match=message):
        summarise(table(row()), by=by)


def test_no_rows_give_an_empty_table_with_all_columns():
    rows = table(row())
    empty = summarise(rows[:0], by=["method"])
    assert len(empty) == 0
    assert list(empty.columns) == list(summarise(rows, by=["method"]).columns)
