import json

import numpy as np
import pandas as pd
import pytest
from made_results import write
from matplotlib.image import imread

from scribblebench.errors import InputError
from scribblebench.report import write as write_module
from scribblebench.report.collect import COLUMNS, arms, collect
from scribblebench.report.curves import bootstrap_interval, efficiency_points
from scribblebench.report.style import new_figure, save
from scribblebench.report.tables.cases import summary_markdown, summary_table
from scribblebench.report.tables.numbers import number
from scribblebench.report.write import write_report
from scribblebench.sweep.attempts import Owner
from scribblebench.sweep.plan_file import Plan
from scribblebench.training.scribble_geometry import check_geometry


def test_report_writes_tables_and_figures_that_can_be_read(made):
    store, trials = made()
    report = write_report(store.root)
    for path in [*report.tables, *report.figures]:
        assert path.stat().st_size > 0
    names = {p.name for p in report.figures}
    assert {"efficiency.png", "efficiency.pdf", "efficiency-classes.png"} <= names
    assert {f"overlay-{n}.png" for n in ("skeleton-pce", "random_walk-pce", "dense-full")} <= names
    table = pd.read_csv(store.root / "report" / "table.csv")
    assert tuple(table.columns) == COLUMNS
    assert len(table) == len(trials) * 4 * 2
    again = pd.read_parquet(store.root / "report" / "table.parquet")
    assert len(again) == len(table)
    picture = imread(store.root / "report" / "efficiency.png")
    assert picture.std() > 0.01
    provenance = json.loads((store.root / "report" / "provenance.json").read_text())
    assert provenance["trials"] == len(trials)
    assert provenance["wall_hours"] == pytest.approx(len(trials) * 0.01)
    assert len(provenance["provenance"]) == 1
    assert report.remarks == []


def test_summary_by_hand(made):
    """skeleton at .5: .70, .71, .72, .73 over four cases for both classes and seeds."""
    store, _ = made()
    summary = summary_table(collect(store).rows)
    cell = summary[(summary["form"] == "skeleton") & (summary["density"] == 0.5)]
    average = cell[cell["class_name"] == "average"].iloc[0]
    assert average["dsc_mean"] == pytest.approx(0.715)
    assert average["dsc_sd"] == pytest.approx(np.std([0.70, 0.71, 0.72, 0.73], ddof=1))
    assert average["dsc_raw_mean"] == pytest.approx(0.665)
    assert (average["n_cases"], average["n_seeds"], average["collapse_rate"]) == (4, 2, 0.0)
    assert average["seed_sd"] == pytest.approx(0.0)
    assert average["hd95_median"] == pytest.approx(3.5)


def test_collapse_rate_counts_seeds_in_which_a_class_is_lost(made):
    store, _ = made()
    summary = summary_table(collect(store).rows)
    walk = summary[summary["form"] == "random_walk"].groupby("class_name")["collapse_rate"].max()
    assert walk.to_dict() == {"RV": 0.0, "LV": 0.5, "average": 0.5}


def test_markdown_has_a_line_for_each_cell_and_says_what_it_shows(made):
    store, _ = made()
    text = summary_markdown(summary_table(collect(store).rows))
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len(lines) == 2 + 5
    assert "| dense | 1 | - | full |" in text
    assert "0.915 ± 0.013" in text
    assert "HD95 mm" in lines[0]
    assert "averaging the seeds within a case" in text


def test_points_average_frames_within_a_patient(made):
    """Two patients with two frames each: means .705 and .725, so the interval spans them."""
    store, _ = made(forms=["skeleton", "dense"], seeds=[0])
    points = efficiency_points(collect(store).rows).set_index(["form", "density"])
    point = points.loc[("skeleton", 0.5)]
    assert point["n_patients"] == 2
    assert point["dsc_mean"] == pytest.approx(0.715)
    assert (point["dsc_low"], point["dsc_high"]) == pytest.approx((0.705, 0.725))


def test_bootstrap_interval_agrees_with_the_normal_one_for_many_patients():
    values = np.random.default_rng(0).normal(0.8, 0.1, 400)
    low, high = bootstrap_interval(values)
    half = 1.96 * values.std(ddof=1) / np.sqrt(len(values))
    assert low == pytest.approx(values.mean() - half, abs=1e-3)
    assert high == pytest.approx(values.mean() + half, abs=1e-3)
    assert bootstrap_interval(values) == (low, high)
    assert bootstrap_interval(np.array([0.7])) == pytest.approx((0.7, 0.7))


def test_unfinished_and_failed_trials_are_told_first(made):
    store, trials = made()
    first, second, *_ = trials
    (store.trial_folder(first) / "result.json").unlink()
    (store.trial_folder(second) / "result.json").unlink()
    attempt = store.attempts(second).claim(Owner.this_process("run", 0), None)
    attempt.end("failed", fault="trial", error="ValueError: no luck")
    report = write_report(store.root)
    assert report.remarks[0].startswith("8 of 10 trials are finished; 1 failed, 1 have not run.")
    assert f"trial {second}" in report.remarks[1]
    assert report.remarks[1].endswith("ValueError: no luck")
    text = (store.root / "report" / "summary.md").read_text()
    assert text.index("8 of 10") < text.index("| form |")


def test_results_of_several_versions_or_of_changed_code_are_marked(made):
    store, trials = made()
    first, *_ = trials
    (store.trial_folder(first) / "result.json").unlink()
    write(store, first, trials[first], commit="def", dirty=True)
    remarks = " ".join(write_report(store.root).remarks)
    assert "run by 2 versions of the code" in remarks
    assert "uncommitted changes" in remarks


def test_results_of_other_commits_with_the_same_code_are_one_version(made):
    store, trials = made()
    for trial_id in trials:
        change_origin(store, trial_id, commit=f"commit of {trial_id}", source="0123")
    assert collect(store).remarks() == []
    change_origin(store, min(trials), source="4567")
    assert "run by 2 versions of the code" in collect(store).remarks()[0]


def test_other_libraries_and_devices_are_marked(made):
    store, trials = made()
    first, *_ = trials
    packages = json.loads((store.trial_folder(first) / "result.json").read_text())["provenance"]
    older = packages["packages"] | {"torch": "2.11.0"}
    change_origin(store, first, packages=older, device="NVIDIA H100")
    remarks = collect(store).remarks()
    assert f"The trials differ in torch: 2.11.0, {packages['packages']['torch']}." in remarks
    assert "The trials differ in device: NVIDIA H100, cpu." in remarks


def change_origin(store, trial_id, **about):
    """Change the provenance of a result."""
    path = store.trial_folder(trial_id) / "result.json"
    result = json.loads(path.read_text())
    result["provenance"] |= about
    path.write_text(json.dumps(result))


def test_rules_of_geometry_that_were_not_used_are_told_with_what_speaks_against_them(made):
    """Volumes of one plane have no slice between two others, which would speak for `absent`."""
    store, trials = made()
    plane = np.full((1, 16, 16), 255, dtype=np.uint8)
    plane[0, 4] = plane[0, 12] = 0
    plane[0, 8, 8] = 1
    path = store.trial_folder(min(trials)) / "result.json"
    result = json.loads(path.read_text()) | {"geometry": check_geometry([plane], 2).record()}
    path.write_text(json.dumps(result))
    (remark,) = collect(store).remarks()
    assert "did without absent, wall, reach: walls are closed in 0% of the slices" in remark
    assert remark.endswith("and no slice lies between two with a scribble of one class.")
    result["geometry"] |= {"missed_fraction": 0.25}
    path.write_text(json.dumps(result))
    assert (
        collect(store).remarks()[0].endswith("25.0% of the classes are missing between two slices.")
    )


def test_trials_that_the_plan_no_longer_asks_for_are_left_out(made):
    store, trials = made()
    dense = {i: c for i, c in trials.items() if c.form == "dense"}
    store.write_plan("", Plan("made", "data", dense))
    results = collect(store)
    assert set(results.rows["form"]) == {"dense"}
    assert results.remarks()[0].startswith("8 more finished trials in the folder belong to")


def test_folders_without_results_are_refused_in_words(made, tmp_path):
    with pytest.raises(InputError, match=r"is not a results folder \(it has no plan\.json\)"):
        write_report(tmp_path)
    store, trials = made()
    for trial_id in trials:
        (store.trial_folder(trial_id) / "result.json").unlink()
    with pytest.raises(InputError, match="none of its 10 trials is finished"):
        write_report(store.root)
    (store.root / "plan.json").write_text("{")
    with pytest.raises(InputError, match=r"plan\.json: cannot be read"):
        write_report(store.root)


def test_a_report_without_samples_has_no_overlays_but_all_else(made):
    store, trials = made()
    for trial_id in trials:
        (store.trial_folder(trial_id) / "samples.npz").unlink()
    names = {p.name for p in write_report(store.root).figures}
    assert "efficiency.png" in names
    assert not any(name.startswith("overlay") for name in names)


def test_numbers_that_are_not_there_are_a_hyphen_and_infinity_its_sign():
    assert (number(float("nan"), ".1f"), number(float("inf"), ".1f")) == ("-", "∞")
    assert number(0.123, ".2f") == "0.12"


def forget_digest(store, trial_id):
    """Make a result as of before rows had a digest."""
    path = store.trial_folder(trial_id) / "result.json"
    result = json.loads(path.read_text())
    del result["rows_sha256"]
    path.write_text(json.dumps(result))


def test_variants_of_a_method_are_compared_as_methods(made):
    store, _ = made()
    rows = collect(store).rows
    short = (rows["method"] == "pce") & (rows["seed"] == 0)
    rows["variant"] = np.where(short, "steps=300", None)
    names = set(summary_table(arms(rows))["method"])
    assert {"pce", "pce steps=300", "full"} <= names


def test_a_trial_is_called_what_the_plan_calls_it_now(made):
    """A protocol that grew a grid may take up what was run before it had variants."""
    store, trials = made()
    first, *_ = trials
    named = dict(trials) | {first: trials[first].model_copy(update={"variant": "steps=300"})}
    store.write_plan("", Plan("made", "data", named))
    rows = collect(store).rows
    assert set(rows.loc[rows["trial_id"] == first, "variant"]) == {"steps=300"}
    assert rows.loc[rows["trial_id"] != first, "variant"].isna().all()


def test_results_from_before_the_cost_of_annotation_was_recorded_are_read(made):
    store, trials = made()
    for trial_id in trials:
        path = store.trial_folder(trial_id) / "rows.csv"
        pd.read_csv(path).drop(columns="annotation_s").to_csv(path, index=False)
        forget_digest(store, trial_id)
    summary = summary_table(collect(store).rows)
    assert summary["annotation_s"].isna().all()
    assert "| dense | 1 | - | full | 13.0 | - |" in summary_markdown(summary)


def test_damaged_rows_are_named(made):
    store, trials = made()
    first, *_ = trials
    path = store.trial_folder(first) / "rows.csv"
    path.write_text(path.read_text().replace("hd95", "hd96"))
    with pytest.raises(InputError, match=r"rows\.csv: is not what result\.json was written for"):
        collect(store)
    forget_digest(store, first)
    with pytest.raises(InputError, match=rf"{first}: rows\.csv has no column 'hd95'"):
        collect(store)
    path.write_text("".join(path.read_text().replace("hd96", "hd95").splitlines(True)[:-1]))
    with pytest.raises(InputError, match=rf"{first}: rows\.csv must have one row for each case"):
        collect(store)
    path.unlink()
    with pytest.raises(InputError, match=rf"{first}/rows\.csv: cannot be read"):
        collect(store)


def test_overlays_show_the_largest_density_and_the_first_seed(made, monkeypatch):
    store, _ = made()
    titles = []
    whole = write_module.qualitative_figure

    def remember(trials, names, *, title):
        titles.append(title)
        return whole(trials, names, title=title)

    monkeypatch.setattr(write_module, "qualitative_figure", remember)
    write_report(store.root)
    assert sorted(titles) == [
        "dense full seed 0",
        "random_walk 0.5 r0.5 pce seed 0",
        "skeleton 0.5 r0.5 pce seed 0",
    ]


def test_names_of_figures_may_have_dots(tmp_path):
    figure = new_figure(1.0, 1.0)
    paths = save(figure, tmp_path / "oracle-x0.5")
    assert [path.name for path in paths] == ["oracle-x0.5.png", "oracle-x0.5.pdf"]
    assert all(path.is_file() for path in paths)
