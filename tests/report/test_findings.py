"""The sentences: what they say of made-up numbers, and what they leave out."""

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

from scribblebench.report.findings import findings
from scribblebench.report.tables.words import counted, interval_of_points, listed, minutes, spanned


def found(cells=None, summary=None, **frames):
    cells = made_cells() if cells is None else cells
    summary = made_summary(cells) if summary is None else summary
    options = {k: frames.pop(k) for k in ("allow_partial",) if k in frames}
    return findings(cells, summary, **frames, **options)


def one(sentences, start):
    """Return the only sentence with these words."""
    (sentence,) = [s for s in sentences if start in s]
    return sentence


def expert_only(verdict="open", **changes):
    cells = made_cells()[:2]
    return found(
        cells,
        made_summary(cells, (0.878, 0.854)),
        gap=made_gap(**changes)[:1].assign(verdict=verdict),
    )


def test_words():
    assert (counted(1, "patient"), counted(2, "patient")) == ("1 patient", "2 patients")
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(["a", "b", "c", "d"], 2) == "a, b and 2 more"
    assert spanned([8, 10, 9], "patient") == "8 to 10 patients"
    assert interval_of_points(-0.061, -0.006) == "95 % interval 0.6 to 6.1"
    assert interval_of_points(-0.02, 0.013) == "95 % interval from 2.0 below to 1.3 above"
    assert interval_of_points(NAN, 0.1) == "no interval"
    assert (minutes(90), minutes(6600), minutes(15840)) == (
        "1.5 minutes",
        "110 minutes",
        "4.4 hours",
    )


def test_gap_that_is_not_settled():
    assert expert_only()[0] == (
        "Expert scribbles (12 % of the foreground) with pce reach a Dice of 0.854, 2.4 points "
        "below full supervision (95 % interval 0.6 to 6.1; n = 10 patients, 3 seeds): whether "
        "they are within 5 points is not settled."
    )


def test_gap_that_is_settled_either_way():
    within = expert_only("within", p_inferiority=0.0312, level=0.9)[0]
    assert "(90 % interval 0.6 to 6.1; n = 10 patients, 3 seeds)" in within
    assert within.endswith("that they are not more than 5 points worse is shown (p = .031).")
    outside = expert_only("not within")[0]
    assert outside.endswith("that they are more than 5 points worse is shown.")
    assert "above full supervision" in expert_only(difference=0.01, high=0.03)[0]
    assert ", level with full supervision" in expert_only(difference=-0.0002)[0]


def test_gap_of_one_patient_settles_nothing():
    sentence = expert_only(n_patients=1)[0]
    assert sentence.endswith("(n = 1 patient, 3 seeds: too few patients for an interval).")


def test_the_best_of_several_is_said_to_be_chosen():
    sentences = found(gap=made_gap())
    assert sentences[1] == (
        "Of 2 settings with a set density, random_walk scribbles at a density of 10 % with pce "
        "have the highest Dice, 0.701, 17.7 points below full supervision (95 % interval from 21.8 "
        "below to 13.5 above; n = 10 patients, 3 seeds): that they are more than 5 points worse is "
        "shown. They were chosen as the best of 2 on these same patients, which flatters them."
    )
    assert sentences[2] == (
        "Of 3 settings none is shown to be at most 5 points below full supervision, 2 are shown to "
        "be further below, and 1 is not settled (each tested on its own, without correction for "
        "their number)."
    )


def test_a_highest_dice_that_prints_the_same_is_shared():
    cells = made_cells()
    summary = made_summary(cells, (0.878, 0.854, 0.7011, 0.7013))
    assert found(cells, summary, gap=made_gap())[1].startswith(
        "Of 2 settings with a set density, skeleton scribbles at a density of 10 % with pce and "
        "random_walk scribbles at a density of 10 % with pce share the highest Dice, 0.701. Of "
        "these, random_walk scribbles at a density of 10 % with pce are 17.7 points below full"
    )
    assert "chosen" not in found(cells, summary, gap=made_gap())[1]
    alone = found(cells[1:], summary[summary["cell"] > 0])[1]
    assert alone.endswith("share the highest Dice, 0.701 (n = 10 patients, 3 seeds).")


def test_a_gap_without_spread_has_no_p_and_no_verdict():
    flat = expert_only("within", low=-0.024, high=-0.024, p_inferiority=0.0)[0]
    assert flat.endswith(
        "2.4 points below full supervision, the same for every patient (n = 10 patients, 3 seeds)."
    )
    counts = found(gap=made_gap(verdict="within", low=-0.024, high=-0.024))
    assert "none is shown to be further below, and 3 are not settled" in one(counts, "Of 3 set")


def test_no_verdict_is_given_against_full_supervision_that_collapsed():
    cells = made_cells()
    summary = made_summary(cells, collapses={(0, "RV"): 1 / 3})
    sentences = found(cells, summary, gap=made_gap(verdict="within"))
    assert sentences[0].endswith(
        "3 seeds): full supervision itself lost a class on 1 of 3 seeds, so it is no measure of "
        "what scribbles can reach."
    )
    assert not any("margin" in s or "shown" in s for s in sentences)


def test_a_verdict_that_is_not_the_same_on_every_seed_does_not_count():
    """Of 5 points: seeds from 8.0 to 2.0 below lie on both sides, from 8.0 to 6.0 on one."""
    either = made_gap(seed_low=-0.08, seed_high=[-0.06, -0.02, -0.06])
    expert, drawn, counts = found(gap=either.assign(verdict="not within"))[:3]
    assert expert.endswith("that they are more than 5 points worse is shown.")
    assert "2 are shown to be further below, and 1 is not settled" in counts
    turned = found(gap=either.assign(verdict="not within", seed_high=0.02))[1]
    assert (
        "5 points worse is shown, but it is not the same on every seed (by seed from 8.0 below to "
        "2.0 above)." in turned
    )
    assert "by seed" not in drawn


def test_a_count_of_verdicts_names_no_kind_that_is_not_there():
    counts = one(found(gap=made_gap(verdict="not within")), "Of 3 settings")
    assert "below full supervision, and 3 are shown to be further below (each" in counts


def test_without_full_supervision_the_mean_stands_alone():
    cells = made_cells()[1:2]
    first = found(cells, made_summary(cells, (0.854,)))[0]
    assert first == (
        "Expert scribbles (12 % of the foreground) with pce reach a Dice of 0.854 "
        "(95 % interval 0.814 to 0.884; n = 10 patients, 3 seeds)."
    )
    alone = found(cells, made_summary(cells, (0.854,), n_patients=1))[0]
    assert alone.endswith("reach a Dice of 0.854 (n = 1 patient, 3 seeds).")


def test_settings_that_lack_seeds_come_first_and_are_never_best():
    cells = made_cells(n_seeds=(3, 3, 3, 2))
    sentences = found(cells, gap=made_gap(), comparisons=made_comparisons(), ranking=made_ranking())
    assert sentences[0] == (
        "1 of 4 settings lacks seeds (random_walk 10 %: 2 of 3 seeds); it is neither ranked nor "
        "compared."
    )
    assert not any("random_walk" in s for s in sentences[1:])
    assert one(sentences, "Skeleton scribbles at a density of 10 %")
    assert one(sentences, "The one comparison")
    partial = found(cells, gap=made_gap(), allow_partial=True)
    assert "it is ranked and compared with the others on request" in partial[0]
    assert "have the highest Dice, 0.701" in partial[2]
    assert "n = 10 patients, 2 of 3 seeds" in partial[2]


def test_no_gap_is_told_to_full_supervision_that_lacks_seeds():
    sentences = found(made_cells(n_seeds=(2, 3, 3, 3)), gap=made_gap())
    assert sentences[1].startswith("Expert scribbles (12 % of the foreground) with pce reach")
    assert not any("full supervision" in s for s in sentences)


def test_nothing_is_told_of_what_is_all_incomplete():
    cells = made_cells(n_seeds=(1, 1, 1, 1), n_planned=2)
    sentences = found(
        cells,
        gap=made_gap(),
        comparisons=made_comparisons(),
        ranking=made_ranking(),
        stability=made_stability(),
    )
    assert sentences[0].startswith(
        "No setting has all its seeds, so nothing is ranked or compared ("
    )
    assert len(sentences) == 2
    assert sentences[1].startswith("No class was lost")


def test_targets():
    cells = made_line_cells()
    sentences = findings(cells, made_summary(cells, [0.7] * 9), targets=made_targets())
    assert one(sentences, "90 %") == (
        "With pce, points reaches 90 % of full supervision at its lowest density, 1 % (95 % "
        "interval up to 2 %, at most 50 minutes of annotation by the cost model); max_supervision "
        "reaches it at a density of 3.1 % (95 % interval 1.4 to 8 %, 110 minutes of annotation by "
        "the cost model); skeleton does not reach it at any density up to 30 %."
    )


def test_targets_that_are_not_reached_but_not_ruled_out():
    cells = made_line_cells()
    targets = made_targets(
        status="not reached", density=np.inf, density_low=[0.2, np.inf, np.inf], seconds=NAN
    )
    sentences = findings(cells, made_summary(cells, [0.7] * 9), targets=targets)
    assert one(sentences, "90 %") == (
        "With pce, max_supervision, skeleton and points do not reach 90 % of full supervision at "
        "any density up to 30 % (though the interval of max_supervision does not rule it out)."
    )
    alone = findings(cells, made_summary(cells, [0.7] * 9), targets=targets[:1])
    assert one(alone, "90 %").endswith("up to 30 % (though its interval does not rule it out).")
    beyond = made_targets(density_high=np.inf, density_low=0.01, seconds=NAN)[:1]
    sentences = findings(cells, made_summary(cells, [0.7] * 9), targets=beyond)
    assert "(95 % interval 1 % or less to beyond 30 %)" in one(sentences, "90 %")


def test_a_target_is_missed_up_to_the_density_that_the_line_used():
    cells = made_line_cells()
    summary = made_summary(cells, [0.7] * 9)
    targets = made_targets(highest_density=[0.3, 0.1, 0.3])
    sentence = one(findings(cells, summary, targets=targets), "90 %")
    assert sentence.endswith("skeleton does not reach it at any density up to 10 %.")


def test_many_lines_are_not_all_named():
    """Six lines of each fate, of which four are named."""
    forms = [f"form{i}" for i in range(6)]
    cells = pd.DataFrame({"form": forms * 2, "density": [0.01] * 6 + [0.3] * 6}).assign(
        dataset="acdc", split="val", randomness=0.5, method="pce", n_seeds=3, n_planned=3
    )
    cells = cells.assign(label=cells["form"], is_complete=True).rename_axis("cell")
    summary = made_summary(cells, [0.7] * 12)
    targets = pd.concat([made_targets()[:1]] * 6, ignore_index=True).assign(form=forms)
    reached = one(findings(cells, summary, targets=targets), "90 %")
    assert reached.count("% (95 % interval") == 4
    assert reached.endswith("; 2 more reach it (see the table).")
    missed = targets.assign(status="not reached", density=np.inf, density_low=np.inf)
    named = "form0, form1, form2, form3 and 2 more (see the table)"
    assert f"With pce, {named} do not reach 90 %" in one(
        findings(cells, summary, targets=missed), "90 %"
    )
    some = cells.assign(is_complete=cells["form"] == "form5")
    left = one(findings(some, summary, targets=targets), "90 %")
    assert left.endswith(
        "; form0, form1, form2, form3 and 1 more (see the table) are left out, as they lack seeds."
    )


def test_lines_that_lack_seeds_are_left_out_of_the_targets():
    cells = made_line_cells()
    cells.loc[0, ["n_seeds", "is_complete"]] = (2, False)
    sentences = findings(cells, made_summary(cells, [0.7] * 9), targets=made_targets())
    assert one(sentences, "90 %").endswith("; max_supervision is left out, as it lacks seeds.")
    cells["is_complete"] = False
    summary = made_summary(cells, [0.7] * 9)
    assert not any("90 %" in s for s in findings(cells, summary, targets=made_targets()))


def test_collapses_name_class_and_seeds_the_worst_first():
    cells = made_cells()
    collapses = {(2, "RV"): 1 / 3, (3, "RV"): 2 / 3, (3, "LV"): 1 / 3}
    assert one(found(cells, made_summary(cells, collapses=collapses)), "lost") == (
        "2 of 4 settings lost a class (mean Dice below 0.5) on at least one seed: random_walk 10 % "
        "(RV on 2 of 3 seeds, LV on 1 of 3 seeds) and skeleton 10 % (RV on 1 of 3 seeds)."
    )


def test_no_collapse_on_few_seeds_proves_little():
    """The exact two-sided interval of none of three: .292^3 = .025."""
    said = "No class was lost (mean Dice below 0.5) on any seed of the 4 settings"
    assert one(found(), "lost") == (
        f"{said}; with 3 seeds the 95 % interval of the share of seeds on which a class is lost "
        "reaches up to 71 %."
    )
    unknown = made_summary(made_cells()).drop(columns="collapse_high")
    assert one(found(summary=unknown), "lost") == f"{said}."


def test_one_setting_is_no_plural():
    cells = made_cells()[:1]
    assert "on any seed of the one setting; with" in one(
        found(cells, made_summary(cells, (0.8,))), "lost"
    )
    lost = made_summary(cells, (0.8,), collapses={(0, "RV"): 1 / 3})
    assert one(found(cells, lost), "lost").startswith("The one setting lost a class (mean")
    own = made_cells(n_seeds=(3, 3, 3, 3))[1:2]
    assert not any(s.count("1 setting") for s in found(own, made_summary(own, (0.8,))))


def test_no_comparison_is_significant():
    sentences = found(comparisons=made_comparisons(p_holm=0.4))
    assert one(sentences, "Holm") == (
        "Of 2 comparisons of Dice with expert none is significant after Holm's correction; with 10 "
        "patients the smallest p that a test can give is .002, .004 after the correction."
    )
    few = found(comparisons=made_comparisons(p_holm=1.0, n_patients=5))
    assert one(few, "Holm").endswith("is .062, .125 after the correction, so none could have been.")
    many = found(comparisons=made_comparisons(p_holm=1.0, n_patients=60))
    assert one(many, "Holm").endswith("after Holm's correction.")


def test_significant_comparisons_are_named_with_their_size():
    assert one(found(comparisons=made_comparisons()), "Holm") == (
        "Of 2 comparisons of Dice with expert 1 is significant after Holm's correction: "
        "skeleton 10 % is 18.3 points worse (95 % interval 15.0 to 20.0, p = .004); the other one "
        "is not settled either way."
    )
    both = one(found(comparisons=made_comparisons(p_holm=[0.004, 0.0001])), "Holm")
    assert "all 2 are significant" in both
    assert "2.1 points better (95 % interval from 0.4 worse to 5.0 better, p < .001)" in both


def test_what_is_not_the_same_on_every_seed_is_not_counted_as_settled():
    """Skeleton is worse on each seed, and nothing is said; random_walk is on either side."""
    seeds = {"seed_low": [-0.2, -0.013], "seed_high": [-0.1, 0.014]}
    pairs = made_comparisons(p_holm=[0.004, 0.02], **seeds)
    assert one(found(comparisons=pairs), "Holm") == (
        "Of 2 comparisons of Dice with expert 1 is significant after Holm's correction: skeleton "
        "10 % is 18.3 points worse (95 % interval 15.0 to 20.0, p = .004); 1 more is significant, "
        "but not the same on every seed: random_walk 10 % is 2.1 points better (95 % interval from "
        "0.4 worse to 5.0 better, p = .020; by seed from 1.3 worse to 1.4 better)."
    )
    only = one(found(comparisons=pairs.assign(p_holm=[0.3, 0.02])), "Holm")
    assert "none is settled; 1 is significant after Holm's correction, but not the same" in only
    assert only.endswith("1.4 better); the other one is not settled either way.")
    neither = one(found(comparisons=pairs.assign(p_holm=0.3)), "Holm")
    assert "seed" not in neither
    single = one(found(comparisons=pairs[1:]), "one comparison")
    assert "is significant, but not the same on every seed: random_walk" in single
    unknown = pairs.assign(seed_low=NAN, seed_high=NAN)
    assert "seed" not in one(found(comparisons=unknown), "Holm")


def test_what_seeds_give_is_turned_with_the_difference():
    turned = made_comparisons(cell_a=1, cell_b=[2, 3], p_holm=0.01, difference=[0.183, -0.02])
    turned = turned.assign(seed_low=[0.1, -0.03], seed_high=[0.2, 0.01])
    assert "by seed from 1.0 worse to 3.0 better" in one(found(comparisons=turned), "Holm")


def test_a_reference_may_be_on_either_side_or_nowhere():
    turned = made_comparisons(1).rename(columns={"cell_a": "cell_b", "cell_b": "cell_a"})
    turned = turned.assign(difference=0.183, low=0.15, high=0.2)
    assert one(found(comparisons=turned), "one comparison") == (
        "The one comparison of Dice with skeleton 10 % is significant: expert is 18.3 points "
        "better (95 % interval 15.0 to 20.0, p = .004)."
    )
    ring = pd.concat([made_comparisons(1)] * 3, ignore_index=True).assign(
        cell_a=[1, 2, 3], cell_b=[2, 3, 1], difference=0.1, low=0.05, high=0.15
    )
    sentence = one(found(comparisons=ring), "Holm")
    assert "Of 3 comparisons of Dice between settings all 3 are" in sentence
    assert "expert is 10.0 points better than skeleton 10 %" in sentence


def test_comparisons_are_turned_so_that_all_are_with_the_reference():
    first = made_comparisons(cell_a=1, cell_b=[2, 3], difference=[0.183, -0.02])
    first = first.assign(low=[0.15, -0.05], high=[0.21, 0.01], p_holm=[0.004, 0.02])
    sentence = one(found(comparisons=first), "with expert all 2 are")
    assert "skeleton 10 % is 18.3 points worse (95 % interval 15.0 to 21.0, p = .004)" in sentence
    assert "random_walk 10 % is 2.0 points better (95 % interval from 1.0 worse to 5.0" in sentence


def test_comparisons_that_share_a_method_are_with_that_method():
    cells = made_cells().assign(method=["full", "pce", "mixup", "pce"])
    pairs = made_comparisons(cell_a=[2, 2], cell_b=[1, 3], p_holm=0.5)
    pairs = pairs.assign(cell_a=[2, 0], cell_b=[1, 3])
    assert "Of 2 comparisons of Dice with pce none is" in one(
        found(cells, comparisons=pairs), "Holm"
    )


def test_families_are_named_where_there_are_several():
    families = made_comparisons(family=["density 1 %", "density 3 %"])
    sentences = found(comparisons=families)
    assert one(sentences, "(density 1 %)").startswith("The one comparison of Dice with expert")
    assert one(sentences, "(density 3 %)").endswith("can give is .002.")


def test_ranking_is_as_sure_as_the_resamples():
    sentences = found(ranking=made_ranking(), stability=made_stability())
    assert one(sentences, "stays first") == (
        "The best of the ranking of 3 settings over all budgets, expert, stays first in 43 % "
        "of bootstrap samples of the patients (95 % interval of its rank 1 to 3), so the first "
        "place is not settled."
    )
    assert one(sentences, "keep their order") == (
        "Of all pairs of settings 85 % keep their order when the patients are drawn again (median, "
        "95 % interval 60 to 100 %; Kendall's tau 0.70)."
    )
    sure = found(ranking=made_ranking(podium_1=[0.998, 0.0, 0.0], rank_high=1.0))
    assert one(sure, "stays first").endswith(
        "expert, stays first in more than 99 % of bootstrap samples of the patients."
    )
    tied = found(ranking=made_ranking(rank=[1.5, 1.5, 3.0]))
    assert (
        one(tied, "first place")
        == "expert and random_walk 10 % share the first place of 3 settings over all "
        "budgets."
    )
    assert not any("ranking" in s for s in found(ranking=made_ranking()[:1]))


def test_a_ranking_says_over_what_it_goes():
    cells = made_cells(density=[1.0, 0.01, 0.1, 0.1])
    assert "of 3 settings over all densities, expert," in one(
        found(cells, ranking=made_ranking()), "stays first"
    )
    cells["density"] = 0.1
    assert "of 3 settings, expert," in one(found(cells, ranking=made_ranking()), "stays first")


def test_no_stability_is_told_of_one_patient_or_without_tau():
    frames = {"ranking": made_ranking(), "stability": made_stability()}
    sentences = found(made_cells().assign(n_patients=1), **frames)
    assert not any("ranking" in s or "order" in s for s in sentences)
    unknown = made_stability().assign(kendall_tau_median=NAN)
    sentences = found(ranking=made_ranking(), stability=unknown)
    assert not any("keep their order" in s for s in sentences)
    assert one(sentences, "stays first")


def test_principles():
    sentences = found(principles=made_principles())
    assert one(sentences, "Together") == (
        "Together density and randomness explain 61 % of the variance of Dice within patients; "
        "density 58 % alone and randomness 4 % alone."
    )
    assert one(sentences, "ten times") == (
        "Within patients, the others held fixed, ten times the density goes with 10.6 points more "
        "Dice (95 % interval 1.7 to 19.4, p = .024)."
    )
    assert one(sentences, "not settled: ") == (
        "Within patients, the others held fixed, not settled: full randomness in place of none "
        "goes with 0.3 points more Dice (95 % interval from 0.5 less to 1.1 more, p = .400)."
    )
    alone = made_principles(r2=0.36, r2_cells=0.9, dataset="acdc")[:1]
    assert one(found(principles=alone), "explains") == (
        "The density explains 36 % of the variance of Dice within patients (any properties of the "
        "settings could explain 90 % at most)."
    )
    several = pd.concat([alone, alone.assign(dataset="mscmr")])
    assert one(found(principles=several), "mscmr: The density explains")


def test_spread_of_seeds_and_patients():
    """.06 / sqrt(10) = 1.9 points."""
    cells = made_cells()
    summary = made_summary(cells)
    summary.loc[(summary["cell"] == 2), "seed_sd"] = 0.12
    assert found(cells, summary)[-1] == (
        "Training again with another seed moves the mean Dice by 1.0 points (standard deviation, "
        "median of 4 settings; most for skeleton 10 %, 12.0 points); other patients would move a "
        "mean over 10 patients by 1.9 points (standard error), as single patients differ by 6.0 "
        "points."
    )


@pytest.mark.parametrize("n_seeds", [1, 2])
def test_one_seed_has_no_spread(n_seeds):
    cells = made_cells(n_seeds=(n_seeds,) * 4, n_planned=n_seeds)
    sentences = found(cells)
    assert any("another seed" in s for s in sentences) == (n_seeds > 1)
    assert one(sentences, "lost").count("1 seed ") == (n_seeds == 1)


def test_several_data_sets_are_named():
    cells = pd.concat([made_cells(), made_cells().assign(dataset="mscmr")], ignore_index=True)
    cells = cells.rename_axis("cell")
    sentences = findings(cells, made_summary(cells, [0.8] * 8), ranking=made_ranking())
    assert sum(s.startswith("mscmr: Of ") for s in sentences) == 1
    assert one(sentences, "stays first").startswith("acdc: The best")


def test_findings_are_the_same_on_every_call_and_leave_the_frames_alone():
    frames = {
        "gap": made_gap(),
        "comparisons": made_comparisons(),
        "ranking": made_ranking(),
        "principles": made_principles(),
    }
    first = found(**frames)
    assert found(**frames) == first
    pd.testing.assert_frame_equal(frames["gap"], made_gap())
    assert all(s.endswith(".") and "nan" not in s and "inf " not in s for s in first)


def test_empty_frames_leave_their_sentences_out():
    bare = found()
    empty = {k: pd.DataFrame() for k in ("gap", "comparisons", "targets", "ranking", "principles")}
    assert found(**empty) == bare
