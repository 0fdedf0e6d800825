"""What is compared with what."""

import numpy as np
import pandas as pd
import pytest
from made_results import rows_of

from scribblebench.errors import InputError
from scribblebench.report.analysis import Wanted, analyse
from scribblebench.report.collect import Results
from scribblebench.sweep.plan import expand
from scribblebench.sweep.protocol import Protocol

CONTENT = {
    "name": "made",
    "dataset": {"name": "phantom"},
    "forms": ["skeleton", "random_walk", "dense"],
    "densities": [0.1, 0.5],
    "methods": ["pce", "gated_crf", "full"],
    "seeds": [0, 1],
}


def results_of(content=CONTENT, change=None, drop=()):
    """Return made-up results; `change` takes the rows, `drop` seeds of cells as (form, seed)."""
    trials = {c.trial_id("data"): c for c in expand(Protocol.model_validate(content))}
    tables = []
    for trial_id, config in trials.items():
        rows = pd.DataFrame(rows_of(trial_id, config)).assign(variant=config.variant)
        if (config.form, config.seed) not in drop:
            # Differences between patients that are not all alike.
            rows["dsc"] += 0.003 * rows["patient_id"].str[-1].astype(int) * len(config.form)
            tables.append(rows)
    rows = pd.concat(tables, ignore_index=True).astype({"density": float, "randomness": float})
    if change is not None:
        rows = change(rows)
    results = {i: {} for i in rows["trial_id"]}
    return Results("made", rows, trials, {}, results, 0)


def pairs(analysis, family):
    chosen = analysis.comparisons[analysis.comparisons["family"] == family]
    names = analysis.cells["label"]
    return {(names[a], names[b]) for a, b in zip(chosen["cell_a"], chosen["cell_b"], strict=True)}


def test_methods_are_compared_on_the_same_scribbles_and_forms_at_equal_density():
    found = analyse(results_of(), Wanted(metrics=["dsc"]))
    assert pairs(found, "methods against pce") == {
        (f"{form} {density} % gated_crf", f"{form} {density} % pce")
        for form in ("skeleton", "random_walk")
        for density in (10, 50)
    }
    assert pairs(found, "forms at equal density") == {
        (f"skeleton {density} % {method}", f"random_walk {density} % {method}")
        for density in (10, 50)
        for method in ("pce", "gated_crf")
    }


def test_given_forms_and_presets_are_compared_with_each_other_by_method():
    content = CONTENT | {"forms": ["expert", "acdc_expert", "dense"]}
    content["methods"] = ["pce", "gated_crf", "full"]
    found = analyse(results_of(content), Wanted(metrics=["dsc"]))
    assert pairs(found, "forms without a set density") == {
        (f"expert {method}", f"acdc_expert {method}") for method in ("pce", "gated_crf")
    }
    assert pairs(found, "forms at equal density") == set()


def test_the_method_of_reference_can_be_chosen():
    found = analyse(results_of(), Wanted(metrics=["dsc"], reference_method="gated_crf"))
    assert {b.split()[-1] for _, b in pairs(found, "methods against gated_crf")} == {"gated_crf"}
    with pytest.raises(
        InputError, match=r"there is no method 'gated'\. Did you mean 'gated_crf'\?"
    ):
        analyse(results_of(), Wanted(reference_method="gated"))


def test_every_cell_is_held_against_full_supervision_of_the_same_patients():
    found = analyse(results_of(), Wanted(margin=0.3))
    assert len(found.gap) == 8
    assert set(found.gap["full_cell"]) == {found.cells.index[found.cells["form"] == "dense"][0]}
    assert (found.gap["margin"] == 0.3).all()
    by_hand = found.patients.pivot_table(
        index="cell", columns=["class_name", "patient_id"], values="value"
    )["average"]
    first = found.gap.iloc[0]
    difference = (by_hand.loc[first["cell"]] - by_hand.loc[first["full_cell"]]).mean()
    assert first["difference"] == pytest.approx(difference)


def test_cells_that_lack_a_seed_take_no_part_unless_asked_for():
    results = results_of(drop={("skeleton", 1)})
    strict = analyse(results, Wanted())
    assert set(strict.cells.loc[strict.ranking["cell"], "form"]) == {"random_walk"}
    assert set(strict.curves["form"]) == {"random_walk"}
    assert pairs(strict, "forms at equal density") == set()
    assert len(strict.summary) == 9 * 3  # they are shown all the same
    partial = analyse(results, Wanted(allow_partial=True))
    assert set(partial.cells.loc[partial.ranking["cell"], "form"]) == {"random_walk", "skeleton"}
    assert set(partial.curves["form"]) == {"random_walk", "skeleton"}


def test_variants_are_held_against_full_supervision_of_their_own_settings():
    content = CONTENT | {"grid": {"training.width": [8, 16]}, "methods": ["pce", "full"]}
    found = analyse(results_of(content), Wanted(metrics=["dsc"]))
    variants = found.cells["variant"]
    full = found.gap["full_cell"].map(variants)
    assert (found.gap["cell"].map(variants) == full).all()
    assert set(full) == {"width=8", "width=16"}
    assert {m.split()[-1] for m in found.targets["method"]} == {"width=8", "width=16"}


def test_scribbles_of_variants_share_full_supervision_that_has_none():
    content = CONTENT | {"grid": {"background": ["near", "whole"]}, "methods": ["pce", "full"]}
    found = analyse(results_of(content), Wanted(metrics=["dsc"]))
    assert found.gap["full_cell"].nunique() == 1
    assert len(found.targets) == 2 * 2 * 2  # forms, variants, shares


def test_over_several_data_sets_ranks_are_of_data_sets():
    def twice(rows):
        other = rows.assign(dataset="acdc", trial_id=rows["trial_id"] + "b")
        other["dsc"] -= 0.1
        return pd.concat([rows, other], ignore_index=True)

    one = analyse(results_of(), Wanted(metrics=["dsc"]))
    assert one.rank_tests.n_blocks == 2  # patients
    assert "patients of one data set" in one.rank_tests.meaning
    two = analyse(results_of(change=twice), Wanted(metrics=["dsc"]))
    assert two.rank_tests.n_blocks == 2
    assert "The blocks are data sets" in two.rank_tests.meaning
    assert set(two.ranking["dataset"]) == {"phantom", "acdc"}
    best = two.ranking.groupby("dataset")["rank"].min().tolist()
    assert best == [1.5, 1.5]  # the two methods of made results tie


def test_cells_that_two_data_sets_share_are_ranked_whatever_else_one_has():
    def with_part(rows):
        other = rows[rows["form"] == "skeleton"]
        other = other.assign(dataset="acdc", split="test", trial_id=other["trial_id"] + "b")
        return pd.concat([rows, other], ignore_index=True)

    tests = analyse(results_of(change=with_part), Wanted(metrics=["dsc"])).rank_tests
    assert set(tests.average_ranks.index) == {
        f"skeleton {density} % {method}" for density in (10, 50) for method in ("pce", "gated_crf")
    }


def test_the_range_of_single_seeds_stands_beside_each_difference():
    """gated_crf is .02 better than pce on seed 0 and .04 worse on seed 1."""

    def shifted(rows):
        gated = rows["method"] == "gated_crf"
        return rows.assign(dsc=rows["dsc"] + gated * np.where(rows["seed"] == 0, 0.02, -0.04))

    found = analyse(results_of(change=shifted), Wanted(metrics=["dsc"])).comparisons
    chosen = found[found["family"] == "methods against pce"]
    np.testing.assert_allclose(chosen["seed_low"], -0.04, atol=1e-9)
    np.testing.assert_allclose(chosen["seed_high"], 0.02, atol=1e-9)
    one = analyse(results_of(CONTENT | {"seeds": [0]}), Wanted(metrics=["dsc"]))
    assert one.comparisons[["seed_low", "seed_high"]].isna().all(axis=None)
    assert one.gap[["seed_low", "seed_high"]].isna().all(axis=None)


def test_cells_that_lack_patients_are_left_out_and_named():
    def without(rows):
        skeleton = (rows["form"] == "skeleton") & (rows["density"] == 0.1)
        return rows[~(skeleton & (rows["patient_id"] == "patient1"))]

    found = analyse(results_of(change=without), Wanted())
    assert [r for r in found.remarks if "has no scores" in r] == [
        f"skeleton 10 % {method} has no scores of 1 of 2 patients (patient1), and is neither "
        f"ranked nor compared."
        for method in ("pce", "gated_crf")
    ]
    ranked = found.cells.loc[found.ranking["cell"], "label"]
    assert not ranked.str.startswith("skeleton 10 %").any()
    assert ranked.str.startswith("skeleton 50 %").any()


def test_two_parts_of_a_data_set_are_two_data_sets():
    def both(rows):
        other = rows.assign(split="test", trial_id=rows["trial_id"] + "b")
        return pd.concat([rows, other], ignore_index=True)

    found = analyse(results_of(change=both), Wanted(metrics=["dsc"]))
    assert set(found.cells["dataset"]) == {"phantom val", "phantom test"}
    assert set(found.ranking["dataset"]) == set(found.cells["dataset"])
    assert "skeleton 10 % pce phantom test" in set(found.cells["label"])


def test_a_network_that_learned_nothing_is_no_reference():
    def useless(rows):
        rows["dsc"] = rows["dsc"].where(rows["form"] != "dense", 0.0)
        return rows

    found = analyse(results_of(change=useless), Wanted())
    assert found.targets.empty
    assert any("no complete full supervision" in remark for remark in found.remarks)


def test_failures_have_no_mean_distance_and_rank_last():
    def failing(rows):
        missed = (rows["form"] == "skeleton") & (rows["class_name"] == "LV")
        return rows.assign(hd95=rows["hd95"].where(~missed, np.inf), failed=missed)

    found = analyse(results_of(change=failing), Wanted())
    average = found.summary[found.summary["class_name"] == "average"].set_index("cell")
    skeleton = found.cells["form"] == "skeleton"
    assert np.isinf(average.loc[skeleton, "hd95_median"]).all()
    assert (average.loc[skeleton, "failure_rate"] == 0.5).all()
    assert np.isfinite(average.loc[~skeleton, "hd95_median"]).all()
