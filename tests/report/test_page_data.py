"""What the page is given, before a browser reads it."""

import base64
import json
import re
import zlib

import numpy as np
import pandas as pd
import pytest
from made_page import HOSTILE, frames, made_page, trials, volumes

from scribblebench.report.page.build import CaseVolume, render
from scribblebench.report.page.chart import panels_of
from scribblebench.report.page.facts import grouped_facts, overall_facts
from scribblebench.report.page.series import series_of
from scribblebench.report.page.trials import table_of, trial_labels
from scribblebench.report.page.volumes import case_payloads, encoded, residuals


def embedded(page, name):
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', render(page))
    return json.loads(found[1])


# Volumes -------------------------------------------------------------------------------------


def test_residuals_of_a_slice_computed_by_hand():
    """Of 7, left is 5, above 4 and the corner 2: 5 + 4 - 2 = 7 lies above both, so 5 is taken."""
    image = np.array([[[2, 4], [5, 7]]], dtype=np.uint8)
    np.testing.assert_array_equal(residuals(image), [[[2, 2], [3, 2]]])


def test_residuals_wrap_and_start_anew_in_each_slice():
    image = np.array([[[200, 10]], [[200, 10]]], dtype=np.uint8)
    np.testing.assert_array_equal(residuals(image), [[[200, 66]], [[200, 66]]])


def test_encoded_is_zlib_in_base64_also_of_a_view():
    volume = np.arange(48, dtype=np.uint8).reshape(3, 4, 4)[:, ::2]
    assert zlib.decompress(base64.b64decode(encoded(volume))) == volume.tobytes()


def test_equal_label_maps_are_kept_once():
    case = volumes()[0]
    pred, scribble = case.label % 4, np.full_like(case.label, 255)
    overlays = {"t1": (pred, scribble), "t2": (pred, scribble.copy()), "t6": (pred, None)}
    page = made_page(cases=[case], overlays={t: {"case_a": o} for t, o in overlays.items()})
    (payload,) = case_payloads(page)
    assert payload["overlays"] == {"t1": [0, 1], "t2": [0, 1], "t6": [0, None]}
    assert len(payload["maps"]) == 2


def test_scores_given_by_the_caller_are_shown_and_undefined_ones_are_none():
    scores = pd.DataFrame(
        {
            "trial_id": ["t1", "t1", "t2"],
            "case_id": ["case_a", "case_a", "case_c"],
            "class_name": ["RV", "LV", "RV"],
            "dsc": [0.25, np.nan, 0.5],
        }
    )
    payloads = case_payloads(made_page(case_scores=scores))
    assert [p["scores"] for p in payloads] == [
        {"t1": {"RV": 0.25, "LV": None}},
        {},
        {"t2": {"RV": 0.5}},
    ]


# What is refused -----------------------------------------------------------------------------


def test_volumes_must_fit():
    image = np.zeros((2, 3, 4), dtype=np.uint8)
    with pytest.raises(ValueError, match=r"image must be of shape \(P, H, W\), got \(3, 4\)"):
        CaseVolume("c", "p", image[0], image[0])
    with pytest.raises(ValueError, match=r"label must be uint8 of shape \(2, 3, 4\), got int64"):
        CaseVolume("c", "p", image, image.astype(np.int64))
    case = CaseVolume("c", "p", image, image)
    with pytest.raises(ValueError, match=r"cases must have ids that differ, got \['c', 'c'\]"):
        made_page(cases=[case, case], overlays={})
    with pytest.raises(ValueError, match="overlays must be of known cases, got 'd'"):
        made_page(cases=[case], overlays={"t1": {"d": (image, None)}})
    with pytest.raises(ValueError, match=r"scribble of t1, c must be uint8 of shape \(2, 3, 4\)"):
        made_page(cases=[case], overlays={"t1": {"c": (image, image[:1])}})
    with pytest.raises(ValueError, match=r"prediction of t1, c must hold classes .*, got \[9\]"):
        made_page(cases=[case], overlays={"t1": {"c": (image + np.uint8(9), None)}})


# Trials --------------------------------------------------------------------------------------


def test_the_table_keeps_infinity_and_drops_what_is_the_same_or_absent():
    table = table_of(trials())
    keys = [column["key"] for column in table["columns"]]
    assert "dataset" not in keys
    assert "variant" not in keys
    assert "distance_unit" not in keys
    assert [row[keys.index("hd95")] for row in table["rows"]][:4] == ["inf", 10.0, 9.0, None]
    other = trials().assign(dataset="mscmr", distance_unit="mm", own_column=1)
    labels = [column["label"] for column in table_of(pd.concat([trials(), other]))["columns"]]
    assert labels[1] == "Data set"
    assert labels[-5:] == ["HD95", "Unit", "Time (s)", "Commit", "Own column"]


def test_trials_are_named_by_what_varies():
    assert trial_labels(trials()) == {
        "t1": "skeleton, 1 %, pce, seed 0",
        "t2": "skeleton, 10 %, pce, seed 0",
        "t3": "random walk, 1 %, pce, seed 1",
        "t4": "random walk, 10 %, pce, seed 1",
        "t5": "expert, pce, seed 0",
        "t6": "dense, full, seed 0",
    }


# Curves --------------------------------------------------------------------------------------


def test_panels_hold_lines_a_point_and_a_level():
    panels = panels_of(*frames())
    assert [panel["class_name"] for panel in panels] == ["average", "RV", "LV"]
    series = {one["label"]: one for one in panels[0]["series"]}
    assert {label: one["kind"] for label, one in series.items()} == {
        "skeleton": "line",
        "random walk": "line",
        "expert scribbles": "point",
        "full supervision": "level",
    }
    assert [p["x"] for p in series["skeleton"]["points"]] == [0.01, 0.1, 0.3]
    assert [p["x"] for p in series["expert scribbles"]["points"]] == [0.12]
    assert [p["x"] for p in series["full supervision"]["points"]] == [None]
    assert [p["y"] for p in series["skeleton"]["fit"]] == [0.6, 0.62, 0.64]
    assert series["random walk"]["fit"] == []
    # The fit is of the average and is not drawn among the scores of a class.
    assert all(one["fit"] == [] for one in panels[1]["series"])


def test_full_supervision_is_a_level_also_where_its_density_is_1():
    cells, summary, curves = frames()
    cells.loc[cells["form"] == "dense", "density"] = 1.0
    assert panels_of(cells, summary, curves)[0]["series"][-1]["kind"] == "level"


def test_scribbles_of_unknown_share_are_a_level():
    cells, summary, curves = frames()
    expert = cells.index[cells["form"] == "expert"][0]
    summary.loc[summary["cell"] == expert, "annotated_fraction"] = np.nan
    kinds = {one["label"]: one["kind"] for one in panels_of(cells, summary, curves)[0]["series"]}
    assert kinds["expert scribbles"] == "level"


def test_markers_tell_forms_apart_or_values_of_randomness():
    one_each = frames()[0]
    assert len({one.marker for one in series_of(one_each)}) == 4
    several = pd.concat([one_each, one_each[one_each["density"] == 0.1].assign(randomness=1.0)])
    looks = {one.label: (one.colour, one.marker, one.dash) for one in series_of(several)}
    assert list(looks) == [
        *("skeleton, randomness 0.5", "skeleton, randomness 1"),
        *("random walk, randomness 0.5", "random walk, randomness 1"),
        *("expert scribbles", "full supervision"),
    ]
    skeleton, walk = looks["skeleton, randomness 1"], looks["random walk, randomness 1"]
    assert skeleton[0] != walk[0]
    assert skeleton[1:] == walk[1:]
    expert = one_each[one_each["form"] == "expert"]
    two = series_of(pd.concat([one_each, expert.assign(method="gated_crf")]))
    assert len({one.marker for one in two if one.form == "expert"}) == 2
    assert looks["skeleton, randomness 0.5"][1] != skeleton[1]


# Provenance ----------------------------------------------------------------------------------


def test_facts_are_grouped_and_those_that_differ_are_marked():
    provenance = {
        "trials": 3,
        "first_started": "2026-01-02T03:04:05+01:00",
        "provenance": [
            {"commit": "aa", "dirty": False, "packages": {"torch": "2.1"}, "device": "cpu"},
            {"commit": "aa", "dirty": True, "packages": {"numpy": "2"}, "cuda": None, "own": [1]},
        ],
    }
    overall = {fact.name: fact.values for fact in overall_facts(provenance)}
    assert overall == {"finished trials": ["3"], "first trial started": ["2026-01-02 02:04 UTC"]}
    dash = "–"
    grouped = {
        group: {fact.name: (fact.values, fact.differs) for fact in facts}
        for group, facts in grouped_facts(provenance).items()
    }
    assert grouped == {
        "Code": {
            "commit": (["aa", "aa"], False),
            "uncommitted changes": (["no", "yes"], True),
        },
        "Versions": {"torch": (["2.1", dash], True), "numpy": ([dash, "2"], True)},
        "Hardware": {"device": (["cpu", dash], True)},
        "Other": {"own": ([dash, "1"], True)},
    }


# The file ------------------------------------------------------------------------------------


def test_the_same_page_is_the_same_file_and_names_no_address():
    text = render(made_page())
    assert text == render(made_page())
    # The namespaces of HTML and SVG are names.
    addresses = set(re.findall(r"https?://[\w./]+", text))
    assert addresses == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml"}
    assert HOSTILE not in text
    assert text.count("</script>") == 1 + 3 + 1  # data, cases, script


def test_embedded_data_is_read_back_as_it_was():
    page = made_page()
    data = embedded(page, "data")
    assert data["viewer"]["cases"][1]["id"] == HOSTILE
    assert data["viewer"]["cases"][0] == {
        "id": "case_a",
        "patient": "patient",
        "shape": [4, 30, 41],
        "aspect": 1.0,
    }
    assert embedded(page, "case-2")["overlays"].keys() == {"t1", "t2"}


def test_a_page_of_almost_nothing_is_rendered():
    cells, summary, curves = frames()
    page = made_page(
        remarks=[],
        findings=[],
        cells=cells[:0],
        summary=summary[:0],
        curves=curves[:0],
        trials=trials()[:0],
        cases=[],
        overlays={},
        provenance={},
        failures=pd.DataFrame(columns=["trial_id"]),
    )
    text = render(page)
    assert "Before you read" not in text
    assert 'id="viewer"' not in text
    assert 'id="failures"' not in text
