"""Everything that a report writes, of made-up results."""

import json
import shutil

import pandas as pd
import pytest
from matplotlib.image import imread

from scribblebench.errors import InputError
from scribblebench.report.analysis import Wanted
from scribblebench.report.collect import COLUMNS
from scribblebench.report.drawing import FIGURES
from scribblebench.report.style import TALK
from scribblebench.report.write import Options, write_report
from scribblebench.sweep.attempts import Owner

TABLES = {"summary", "gap", "targets", "area", "comparisons", "ranking"}


def write_one(store, **options):
    return write_report([store.root], options=Options(**options))


def files(store, folder, suffix):
    return {
        path.name.removesuffix(suffix)
        for path in (store.root / "report" / folder).glob(f"*{suffix}")
    }


def test_a_report_has_every_table_and_figure_that_its_results_allow(made):
    store, trials = made()
    report = write_one(store)
    assert all(path.stat().st_size > 0 for path in report.paths)
    for suffix in (".csv", ".md", ".html", ".tex"):
        assert files(store, "tables", suffix) >= TABLES
    drawn = files(store, "figures", ".png")
    assert drawn >= {
        *("efficiency", "efficiency-classes", "patients-dsc", "patients-hd95", "form-density"),
        *("gap", "ranking", "critical-difference", "class-ratios", "learning", "qualitative"),
    }
    assert drawn == files(store, "figures", ".pdf") == files(store, "figures", ".csv")
    for name in drawn:
        assert imread(store.root / "report" / "figures" / f"{name}.png").std() > 0.01
        assert len(pd.read_csv(store.root / "report" / "figures" / f"{name}.csv"))
    assert files(store, "data", ".csv") >= {"cells", "summary", "variance", "curves", "relative"}
    cells = pd.read_csv(store.root / "report" / "data" / "cells.csv")
    assert cells["cell"].tolist() == list(range(5))
    table = pd.read_csv(store.root / "report" / "table.csv")
    assert tuple(table.columns) == COLUMNS
    assert len(table) == len(pd.read_parquet(store.root / "report" / "table.parquet"))
    assert len(table) == len(trials) * 4 * 2
    assert report.remarks == []
    assert report.findings
    provenance = json.loads((store.root / "report" / "provenance.json").read_text())
    assert provenance["trials"] == len(trials)
    assert provenance["wall_hours"] == pytest.approx(len(trials) * 0.01)
    assert len(provenance["provenance"]) == 1


def test_the_same_results_give_the_same_files(made):
    store, _ = made()
    write_one(store)
    before = {p: p.read_bytes() for p in (store.root / "report").rglob("*") if p.is_file()}
    write_one(store)
    assert {p: p.read_bytes() for p in (store.root / "report").rglob("*") if p.is_file()} == before


@pytest.fixture
def lacking(made):
    """Return a folder in which one trial has failed, one is missing and one has only begun."""
    store, trials = made()
    walk = [i for i, c in trials.items() if c.form == "random_walk" and c.seed == 1]
    skeleton = next(i for i, c in trials.items() if c.form == "skeleton" and c.seed == 1)
    for trial_id in (*walk, skeleton):
        shutil.rmtree(store.trial_folder(trial_id))
    failed = store.attempts(walk[0]).claim(Owner.this_process("run", 0), None)
    failed.end("failed", fault="trial", error="ValueError: no luck")
    store.attempts(walk[1]).claim(Owner.this_process("run", 0), None)
    return store


def test_unfinished_and_failed_trials_are_told_first(lacking):
    report = write_one(lacking)
    assert report.remarks[0].startswith("7 of 10 trials are finished; 1 failed, 2 have not run.")
    assert report.remarks[1].endswith("ValueError: no luck")
    text = (lacking.root / "report" / "summary.md").read_text()
    assert text.index("7 of 10") < text.index("## Findings") < text.index("## Tables")
    page = (lacking.root / "report" / "report.html").read_text()
    assert "7 of 10 trials are finished" in page
    assert "no luck" in page


def test_cells_that_lack_seeds_are_neither_ranked_nor_compared(lacking):
    write_one(lacking)
    tables = lacking.root / "report" / "tables"
    assert not (tables / "ranking.md").exists()  # of two cells that are complete
    gap = pd.read_csv(tables / "gap.csv")
    assert gap["label"].tolist() == ["skeleton 50 %"]
    assert "1/2" in (tables / "summary.md").read_text()


def test_cells_that_lack_seeds_are_ranked_on_request(lacking):
    write_one(lacking, wanted=Wanted(allow_partial=True))
    assert len(pd.read_csv(lacking.root / "report" / "tables" / "ranking.csv")) == 4


def test_one_figure_is_drawn_and_nothing_else(made):
    store, _ = made()
    report = write_one(store, figures=["gap"], style=TALK)
    assert {path.name for path in report.paths} == {"gap.png", "gap.pdf", "gap.csv"}
    assert {p.name for p in (store.root / "report").iterdir()} == {"figures"}


def test_what_cannot_be_drawn_is_refused_in_words(made):
    store, _ = made(forms=["dense"], methods=["full"], densities=[])
    with pytest.raises(InputError, match="these results have nothing to show in: ablation"):
        write_one(store, figures=["ablation"])
    with pytest.raises(InputError, match=r"unknown figure 'gapp'\. Did you mean 'gap'\?"):
        write_one(store, figures=["gapp"])
    with pytest.raises(InputError, match=r"unknown format 'pdf'"):
        write_one(store, formats=["pdf"])
    with pytest.raises(InputError, match=r"--reference-method: there is no method 'pcee'\."):
        write_one(made()[0], wanted=Wanted(reference_method="pcee"))


def test_what_an_earlier_report_wrote_does_not_stay_but_what_else_is_there_does(made):
    store, _ = made()
    target = store.root / "report"
    stale, outside = target / "figures" / "stale.png", store.root / "mine.txt"
    for path in (stale, target / "data" / "mine.txt", outside):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    (target / "contents.txt").write_text("figures/stale.png\n../mine.txt\n")
    write_one(store)
    assert not stale.exists()
    assert outside.exists()
    assert (target / "data" / "mine.txt").exists()
    listed = (target / "contents.txt").read_text().splitlines()
    assert {"report.html", "figures/gap.png", "tables/summary.tex"} <= set(listed)
    assert all((target / name).is_file() for name in listed)


def test_a_report_without_pictures_has_all_else(made):
    store, trials = made()
    for trial_id in trials:
        (store.trial_folder(trial_id) / "samples.npz").unlink()
    write_one(store)
    drawn = files(store, "figures", ".png")
    assert "efficiency" in drawn
    assert "qualitative" not in drawn


def test_a_report_of_methods_has_no_efficiency_curve_but_compares_them(made):
    store, _ = made(
        forms=["expert", "dense"], methods=["pce", "gated_crf", "dmpls", "full"], densities=[]
    )
    write_one(store)
    drawn = files(store, "figures", ".png")
    assert {"methods", "ablation", "gap"} <= drawn
    assert "efficiency" not in drawn
    comparisons = pd.read_csv(store.root / "report" / "tables" / "comparisons.csv")
    assert len(comparisons) == 2


def test_several_folders_are_compared_in_one_report(made, tmp_path):
    store, _ = made(forms=["skeleton", "dense"])
    other = tmp_path / "other"
    shutil.move(store.root, other)
    store, _ = made(forms=["random_walk", "dense"])
    report = write_report([store.root, other])
    assert store.root.parent / "report" / "report.html" in report.paths
    table = pd.read_csv(tmp_path / "report" / "table.csv")
    assert set(table["form"]) == {"skeleton", "random_walk", "dense"}
    # Full supervision is the same trials in both, and counts once.
    assert len(table) == 10 * 4 * 2


def test_one_trial_is_enough_for_a_report(made):
    """One seed, one cell, no full supervision: nothing to compare, and nothing breaks."""
    store, _ = made(forms=["skeleton"], densities=[0.5], seeds=[0], methods=["pce"])
    report = write_one(store)
    assert "summary" in files(store, "tables", ".md")
    assert report.findings


def test_folders_without_results_are_refused_in_words(made, tmp_path):
    with pytest.raises(InputError, match=r"is not a results folder \(it has no plan\.json\)"):
        write_report([tmp_path])
    store, trials = made()
    for trial_id in trials:
        (store.trial_folder(trial_id) / "result.json").unlink()
    with pytest.raises(InputError, match="none of its 10 trials is finished"):
        write_one(store)
    (store.root / "plan.json").write_text("{")
    with pytest.raises(InputError, match=r"plan\.json: cannot be read"):
        write_one(store)


def test_every_figure_has_a_name_that_a_user_can_type():
    assert {"efficiency", "gap", "heat", "ablation", "qualitative"} <= set(FIGURES)
