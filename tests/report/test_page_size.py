"""A large page stays small enough, opens quickly and holds what it was made from."""

import time
from functools import lru_cache

import numpy as np
import pytest
from made_page import chromium, made_page, opened
from scipy import ndimage

from scribblebench.data.phantom import draw_patient
from scribblebench.report.page.build import CaseVolume, render
from scribblebench.seeding import rng_for

N_CASES, N_BODIES, N_TRIALS, SIDE, PLANES = 50, 5, 20, 160, 10

pytestmark = pytest.mark.slow


def grown(array):
    """Enlarge a 128 x 128 phantom to the side of the test."""
    rows = np.arange(SIDE) * array.shape[1] // SIDE
    return np.ascontiguousarray(array[:, rows[:, None], rows])


@lru_cache
def cases():
    """Draw five bodies, each of which stands for ten cases that differ in noise."""
    made = []
    bodies = [draw_patient(0, 4 * k + 1, slices=PLANES, size=128) for k in range(N_BODIES)]
    for k in range(N_CASES):
        image, label = bodies[k % N_BODIES]
        grey = 235 * image / np.percentile(image, 99.5)
        noise = rng_for(0, "page", k).normal(0, 3, (PLANES, SIDE, SIDE))
        shown = np.clip(grown(grey) + noise, 0, 255).astype(np.uint8)
        made.append(CaseVolume(f"case{k}", f"patient{k}", shown, grown(label), (10.0, 1.0, 1.0)))
    return made


@lru_cache
def overlay(trial, body):
    """Return a prediction whose border is off by some pixels, and scribbles on 10 %."""
    case = cases()[body]
    rng = rng_for(0, "page", trial, body)
    shift = ndimage.zoom(rng.normal(0, 2, (2, PLANES, 20, 20)), (1, 1, 8, 8), order=1)
    rows, cols = np.mgrid[:SIDE, :SIDE]
    rows = np.clip(rows + shift[0], 0, SIDE - 1).astype(int)
    cols = np.clip(cols + shift[1], 0, SIDE - 1).astype(int)
    pred = case.label[np.arange(PLANES)[:, None, None], rows, cols]
    lines = (np.indices(case.label.shape).sum(axis=0) + trial) % 10 == 0
    return pred, np.where(lines & (case.label > 0), case.label, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    made = cases()
    overlays = {
        f"t{t}": {c.case_id: overlay(t, k % N_BODIES) for k, c in enumerate(made)}
        for t in range(N_TRIALS)
    }
    page = made_page(cases=made, overlays=overlays)
    path = tmp_path_factory.mktemp("large") / "report.html"
    path.write_text(render(page), encoding="utf-8")
    return path


def test_fifty_cases_and_twenty_trials_stay_under_30_mb(file):
    assert 5e6 < file.stat().st_size < 30e6


def test_it_opens_in_two_seconds_and_shows_its_first_case(file):
    """The best of three: other work on the machine is not the page's."""
    with chromium() as browser:
        times = []
        for _ in range(3):
            tab, wrong = opened(browser, file.with_name("report.html"))
            tab.wait_for_selector("canvas[data-case='case0']")
            timing = tab.evaluate(
                "() => [performance.now(), "
                "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd]"
            )
            times.append(timing[0])
            start = time.perf_counter()
            tab.locator("#viewer").get_by_label("Case", exact=True).select_option(index=49)
            tab.wait_for_selector("canvas[data-case='case49']")
            switch = time.perf_counter() - start
            assert wrong == []
            tab.context.close()
        assert min(times) < 2000
        assert switch < 1.0
