"""A made-up page, and a browser to look at it with."""

import shutil
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest

from scribblebench.report.page.build import CaseVolume, Page
from scribblebench.seeding import rng_for

CLASSES = {0: "background", 1: "RV", 2: "myo <b>card</b>", 3: "LV"}
HOSTILE = "</script><b>x</b><img src=x onerror=alert(1)>"
SHAPES = {"case_a": (4, 30, 41), HOSTILE: (3, 25, 25), "case_c": (5, 40, 32)}


@contextmanager
def chromium():
    """Yield a headless browser, or skip the test where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no Chromium is installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def opened(browser, path, **options):
    """Open a file and return its tab and the list that gathers whatever goes wrong in it.

    Every request but that of the file itself goes wrong, and so does every word on the console.
    """
    tab = browser.new_context(viewport={"width": 1200, "height": 900}, **options).new_page()
    wrong = []
    tab.on("console", lambda message: wrong.append(message.text))
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on("dialog", lambda dialog: wrong.append(dialog.message))
    tab.on("requestfailed", lambda request: wrong.append(f"failed: {request.url}"))
    tab.on("request", lambda r: wrong.append(r.url) if r.url != path.as_uri() else None)
    tab.goto(path.as_uri())
    return tab, wrong


def centre(locator):
    """Return the middle of an element in the window."""
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def volumes():
    """Cases whose images hold every grey value, so that a wrong byte is seen."""
    cases = []
    for case_id, shape in SHAPES.items():
        rng = rng_for(0, "page", case_id)
        image = rng.integers(0, 256, shape, dtype=np.uint8)
        label = rng.integers(0, 4, shape, dtype=np.uint8)
        label[0] = 0
        label[1, :2] = 255  # not labelled
        cases.append(CaseVolume(case_id, "patient", image, label, (8.0, 1.0, 1.0)))
    return cases


def overlay_of(trial_id, case):
    rng = rng_for(0, "page", trial_id, case.case_id)
    other = rng.choice([0, 3], case.label.shape)  # missed, invented and confused with class 3
    pred = np.where(rng.random(case.label.shape) < 0.5, case.label % 4, other).astype(np.uint8)
    scribble = np.where(rng.random(case.label.shape) < 0.2, case.label, 255).astype(np.uint8)
    return pred, scribble


def frames():
    """Cells, their summary and a fitted curve: two forms, expert scribbles, full supervision."""
    cells, summary = [], []
    settings = [(form, d, 0.5) for form in ("skeleton", "random_walk") for d in (0.01, 0.1, 0.3)]
    settings += [("expert", np.nan, np.nan), ("dense", np.nan, np.nan)]
    for cell, (form, density, randomness) in enumerate(settings):
        cells.append(
            {
                "dataset": "acdc",
                "split": "val",
                "form": form,
                "density": density,
                "randomness": randomness,
                "method": "full" if form == "dense" else "pce",
                "label": f"{form} {density:g}",
                "is_complete": cell != 1,
            }
        )
        for k, name in enumerate(["RV", "LV", "average"]):
            dice = 0.6 + 0.03 * cell - 0.01 * k
            summary.append(
                {
                    "cell": cell,
                    "class_name": name,
                    "dsc_mean": dice,
                    "dsc_low": dice - 0.02,
                    "dsc_high": dice + 0.025,
                    "collapse_rate": 1 / 3,
                    "failure_rate": 0.0,
                    "n_patients": 10,
                    "n_seeds": 2 if cell == 1 else 3,
                    "n_planned": 3,
                    "annotated_fraction": {"expert": 0.12, "dense": 1.0}.get(form, density),
                }
            )
    curve = pd.DataFrame({"density": [0.01, 0.1, 0.3], "fit": [0.6, 0.62, 0.64]})
    curve = curve.assign(low=curve["fit"] - 0.03, high=curve["fit"] + 0.03, dataset="acdc")
    curve = curve.assign(form="skeleton", method="pce", randomness=0.5)
    return pd.DataFrame(cells).rename_axis("cell"), pd.DataFrame(summary), curve


def trials():
    """Six trials, one of which failed, with an infinite distance and an undefined one."""
    return pd.DataFrame(
        {
            "trial_id": ["t1", "t2", "t3", "t4", "t5", "t6"],
            "dataset": "acdc",
            "form": ["skeleton", "skeleton", "random_walk", "random_walk", "expert", "dense"],
            "density": [0.01, 0.1, 0.01, 0.1, np.nan, np.nan],
            "randomness": [0.5, 0.5, 0.5, 0.5, np.nan, np.nan],
            "method": ["pce"] * 5 + ["full"],
            "variant": np.nan,
            "seed": [0, 0, 1, 1, 0, 0],
            "state": ["finished"] * 3 + ["failed"] + ["finished"] * 2,
            "dsc": [0.5, 0.9, 0.61, np.nan, 0.7, 0.88],
            "dsc_RV": [0.4, 0.9, 0.6, np.nan, 0.7, 0.88],
            "hd95": [np.inf, 10.0, 9.0, np.nan, 2.5, 1.0],
            "distance_unit": "px",
            "seconds": [100.0, 101.0, 99.0, np.nan, 98.0, 120.0],
            "commit": ["0123456789abcdef"] * 3 + [None] + ["0123456789abcdef"] * 2,
        }
    )


def made_page(**changes):
    """Return a page; t1, t2 and t6 have predictions, t6 without scribbles and not of case_c."""
    cases = volumes()
    overlays = {t: {c.case_id: overlay_of(t, c) for c in cases} for t in ("t1", "t2", "t6")}
    overlays["t6"] = {c: (pred, None) for c, (pred, _) in overlays["t6"].items() if c != "case_c"}
    cells, summary, curves = frames()
    content = {
        "title": "Made <up>",
        "remarks": ["5 of 6 trials are finished.", HOSTILE],
        "findings": ["Skeletons reach 0.64."],
        "cells": cells,
        "summary": summary,
        "curves": curves,
        "trials": trials(),
        "cases": cases,
        "overlays": overlays,
        "class_names": CLASSES,
        "provenance": {
            "data_fingerprints": ["abc"],
            "provenance": [{"commit": "c0ffee", "python": "3.11", "packages": {"torch": "2.13"}}],
        },
        "failures": pd.DataFrame(
            {
                "trial_id": ["t4"],
                "label": ["random_walk"],
                "state": ["failed"],
                "error": [f"boom {HOSTILE}"],
            }
        ),
    }
    return Page(**(content | changes))
