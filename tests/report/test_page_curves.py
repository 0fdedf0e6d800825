"""The curves of the page, in a real browser."""

import math

import numpy as np
import pandas as pd
import pytest
from made_page import centre, frames, made_page, opened

from scribblebench.report.page.build import render

pytest_plugins = ["page_browser"]


def markers(tab, label):
    return tab.locator(f'#chart .series[data-label="{label}"] .marker')


def test_markers_stand_at_the_logarithm_of_their_density(tab):
    xs = [centre(markers(tab, "skeleton").nth(i))[0] for i in range(3)]
    expert = centre(markers(tab, "expert scribbles"))[0]
    ratio = (xs[1] - xs[0]) / (xs[2] - xs[0])
    assert ratio == pytest.approx(math.log(10) / math.log(30), abs=0.003)
    share = (expert - xs[0]) / (xs[2] - xs[0])
    assert share == pytest.approx(math.log(12) / math.log(30), abs=0.003)
    assert markers(tab, "skeleton").nth(1).get_attribute("class") == "marker hollow"
    assert tab.locator('.series[data-label="full supervision"] .band').count() == 1
    assert tab.locator('.series[data-label="skeleton"] .band').count() == 1


def test_points_of_a_single_density_do_not_cover_each_other(browser, tmp_path):
    """Two values of randomness at a density of the curves, two methods on the expert scribbles."""
    cells, summary, curves = frames()
    copied = [(1, {"randomness": r}) for r in (0.0, 1.0)] + [(6, {"method": "gated_crf"})]
    for new, (old, change) in enumerate(copied, start=len(cells)):
        cells.loc[new] = cells.loc[old].to_dict() | change
        summary = pd.concat([summary, summary[summary["cell"] == old].assign(cell=new)])
    file = tmp_path / "report.html"
    page = made_page(cells=cells, summary=summary, curves=curves, cases=[], overlays={})
    file.write_text(render(page), encoding="utf-8")
    tab, wrong = opened(browser, file)
    at = {
        label: centre(markers(tab, label).nth(i))[0]
        for label, i in (
            *(("skeleton, pce, randomness 0", 0), ("skeleton, pce, randomness 0.5", 1)),
            *(("skeleton, pce, randomness 1", 0), ("expert scribbles, pce", 0)),
            *(("expert scribbles, gated_crf", 0),),
        )
    }
    xs = list(at.values())
    assert np.diff(xs[:3]) == pytest.approx([11, 11], abs=1.0)
    assert abs(xs[4] - xs[3]) == pytest.approx(11, abs=1.0)
    assert wrong == []
    tab.context.close()


def test_hovering_shows_mean_interval_and_counts(tab):
    tab.locator("#chart").scroll_into_view_if_needed()
    tab.mouse.move(*centre(markers(tab, "skeleton").nth(1)))
    text = tab.locator(".tooltip").inner_text()
    assert text.splitlines() == [
        "skeleton, 10 %",
        "Dice 0.610 (95 % interval 0.590 to 0.635)",
        "10 patients, 2 of 3 seeds",
        "collapse: 33.3 % of the seeds",
        "missed or invented classes: 0 % of the cases",
    ]
    tab.mouse.move(5, 5)
    assert tab.locator(".tooltip").is_hidden()


def test_arrow_keys_step_through_the_points(tab):
    figure = tab.locator("#chart svg")
    figure.focus()
    tab.keyboard.press("ArrowRight")
    assert "full supervision" in tab.locator(".tooltip").inner_text()
    tab.keyboard.press("ArrowRight")
    assert "skeleton, 1 %" in tab.locator(".tooltip").inner_text()
    tab.keyboard.press("ArrowLeft")
    tab.keyboard.press("ArrowLeft")
    assert "expert scribbles, 12 %" in tab.locator(".tooltip").inner_text()
    tab.keyboard.press("Escape")
    assert tab.locator(".tooltip").is_hidden()


def test_the_legend_hides_a_line_and_another_class_can_be_chosen(tab):
    button = tab.locator("#chart-legend button", has_text="random walk")
    button.press("Enter")
    assert button.get_attribute("aria-pressed") == "false"
    assert markers(tab, "random walk").count() == 0
    tab.locator("#panel-choices").get_by_label("Class").select_option("RV")
    assert markers(tab, "random walk").count() == 0
    tab.locator("#chart-legend button", has_text="random walk").click()
    assert markers(tab, "random walk").count() == 3
    tab.locator("details.numbers summary").click()
    row = tab.locator("#chart-numbers tbody tr").first.locator("td").all_inner_texts()
    assert row == ["1 %", "0.600", "0.580 to 0.625", "10", "3", "33.3 %", "0 %"]
    tab.locator("#panel-choices").get_by_label("Class").select_option("average")


def test_cells_without_densities_are_rows_with_the_incomplete_ones_last(browser, tmp_path):
    cells, summary, curves = frames()
    cells.loc[cells["form"] != "dense", ["density", "randomness"]] = np.nan
    cells["method"] = [f"method {i}" for i in range(7)] + ["full"]
    cells["label"] = cells["method"]
    file = tmp_path / "report.html"
    page = made_page(cells=cells, summary=summary, curves=curves[:0], cases=[], overlays={})
    file.write_text(render(page), encoding="utf-8")
    tab, wrong = opened(browser, file)
    rows = tab.locator("#chart .series text").all_text_contents()
    best_first = [f"method {i}" for i in (6, 5, 4, 3, 2, 0)]
    assert rows == ["full", *best_first, "method 1"]
    assert tab.locator("#chart-legend").is_hidden()
    assert tab.locator("#trial-table .open").count() == 0
    assert wrong == []
    tab.context.close()
