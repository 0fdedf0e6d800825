"""The page in a real browser."""

import math

import numpy as np
import pytest
from made_page import CLASSES, HOSTILE, SHAPES, chromium, made_page, opened

from scribblebench.report.page.build import render
from scribblebench.report.style import CLASS_COLOURS

FALSE_POSITIVE, FALSE_NEGATIVE, WRONG_CLASS = (255, 61, 242), (0, 229, 255), (255, 255, 255)


@pytest.fixture(scope="module")
def page():
    return made_page()


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def path(page, tmp_path_factory):
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(render(page), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def shared(browser, path):
    return opened(browser, path)


@pytest.fixture
def tab(shared):
    """The one tab of this module; whatever went wrong in it fails the test."""
    found, wrong = shared
    yield found
    assert wrong == []


# Table ---------------------------------------------------------------------------------------


def column(tab, name):
    names = tab.locator("#trial-table thead button").all_inner_texts()
    cells = f"#trial-table tbody tr:not([hidden]) > :nth-child({names.index(name) + 1})"
    return tab.locator(cells).all_inner_texts()


def heading(tab, name):
    return tab.locator("#trial-table thead th", has=tab.get_by_role("button", name=name))


def test_columns_say_their_unit_and_leave_out_what_holds_nothing(tab):
    names = tab.locator("#trial-table thead button").all_inner_texts()
    assert names == [
        *("Trial", "Form", "Density", "Randomness", "Method", "Seed", "State"),
        *("Dice", "Dice RV", "HD95 (px)", "Time (s)", "Commit"),
    ]
    assert column(tab, "Density") == ["1 %", "10 %", "1 %", "10 %", "–", "–"]  # noqa: RUF001
    assert column(tab, "Commit")[0] == "0123456"


def test_sorting_by_mouse_and_by_keyboard_puts_the_undefined_last(tab):
    head = heading(tab, "HD95")
    head.get_by_role("button").click()
    assert column(tab, "HD95 (px)") == ["1.0", "2.5", "9.0", "10.0", "∞", "–"]  # noqa: RUF001
    assert head.get_attribute("aria-sort") == "ascending"
    head.get_by_role("button").press("Enter")
    assert column(tab, "HD95 (px)") == ["∞", "10.0", "9.0", "2.5", "1.0", "–"]  # noqa: RUF001
    assert head.get_attribute("aria-sort") == "descending"
    heading(tab, "Trial").get_by_role("button").press("Space")
    assert column(tab, "Trial") == ["t1", "t2", "t3", "t4", "t5", "t6"]
    assert tab.locator("#trial-table [aria-sort]").count() == 1


def test_filters_by_text_and_by_value(tab):
    choices = tab.locator("#trial-choices")
    choices.get_by_label("Search").fill("SKELETON 101")
    assert column(tab, "Trial") == ["t2"]
    assert choices.locator("output").inner_text() == "1 of 6 trials"
    choices.get_by_label("Search").fill("")
    choices.get_by_label("Density").select_option("1 %")
    assert column(tab, "Trial") == ["t1", "t3"]
    choices.get_by_label("Form").select_option("skeleton")
    assert column(tab, "Trial") == ["t1"]
    choices.get_by_role("button", name="Show all").click()
    choices.get_by_label("Density").select_option("none")
    assert column(tab, "Trial") == ["t5", "t6"]
    choices.get_by_role("button", name="Show all").click()
    assert choices.locator("output").inner_text() == "6 trials"
    # Methods differ; the commit of all trials that have one is the same.
    assert choices.get_by_label("Method").count() == 1
    assert choices.get_by_label("Commit").count() == 0


# Curves --------------------------------------------------------------------------------------


def markers(tab, label):
    return tab.locator(f'#chart .series[data-label="{label}"] .marker')


def centre(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


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


# Cases ---------------------------------------------------------------------------------------


def pick(tab, trial=None, case=None):
    for label, value in (("Trial", trial), ("Case", case)):
        if value is not None:
            values = tab.locator("#viewer").get_by_label(label, exact=True)
            texts = values.locator("option").all_inner_texts()
            values.select_option(index=next(i for i, t in enumerate(texts) if t.endswith(value)))
    wanted = {k: v for k, v in (("trial", trial), ("case", case)) if v is not None}
    tab.wait_for_function(
        "wanted => Object.entries(wanted).every("
        "([k, v]) => document.querySelector('.stage canvas').dataset[k] === v)",
        arg=wanted,
    )


def slice_to(tab, plane):
    tab.locator("#viewer").get_by_label("Slice", exact=True).fill(str(plane))
    assert tab.locator(".stage canvas").get_attribute("data-plane") == str(plane)


def layers(tab, *wanted):
    for button in tab.locator("[data-layer]").all():
        on = button.get_attribute("aria-pressed") == "true"
        if on != (button.get_attribute("data-layer") in wanted):
            button.click()


def canvas(tab, shape):
    """Return the colour in the middle of each block of the canvas, (H, W, 3)."""
    values = tab.evaluate(
        """([rows, cols]) => {
        const shown = document.querySelector(".stage canvas");
        const canvas = new OffscreenCanvas(shown.width, shown.height);
        const context = canvas.getContext("2d", { willReadFrequently: true });
        context.drawImage(shown, 0, 0);
        const [kx, ky] = [canvas.width / cols, canvas.height / rows];
        const all = context.getImageData(0, 0, canvas.width, canvas.height).data;
        const found = [];
        for (let r = 0; r < rows; r++) for (let c = 0; c < cols; c++) {
          const [x, y] = [Math.floor((c + 0.5) * kx), Math.floor((r + 0.5) * ky)];
          found.push(...all.slice(4 * (y * canvas.width + x), 4 * (y * canvas.width + x) + 3));
        }
        return found;
        }""",
        list(shape),
    )
    return np.array(values).reshape(*shape, 3)


def blended(grey, colours, alpha):
    return np.floor((1 - alpha) * grey + alpha * colours + 0.5)


def rgb(class_id):
    return [int(CLASS_COLOURS[class_id][i : i + 2], 16) for i in (1, 3, 5)]


PALETTE = np.array([rgb(i) for i in range(4)] + [[0, 0, 0]] * 252)


def expected(image, *, pred=None, scribble=None, label=None, alpha=0.5, errors=False):
    """Colours of a slice, written independently of the page."""
    grey = np.repeat(image[..., None], 3, axis=2).astype(float)
    shown = grey.copy()
    if pred is not None and not errors:
        shown[pred > 0] = blended(grey, PALETTE[pred], alpha)[pred > 0]
    if errors:
        known = label != 255
        for where, colour in (
            (known & (label == 0) & (pred > 0), FALSE_POSITIVE),
            (known & (label > 0) & (pred == 0), FALSE_NEGATIVE),
            (known & (label > 0) & (pred > 0) & (pred != label), WRONG_CLASS),
        ):
            shown[where] = blended(grey, np.array(colour), (1 + alpha) / 2)[where]
    if scribble is not None:
        marked = scribble != 255
        shown[marked] = PALETTE[scribble][marked]
    return shown


def test_every_voxel_of_image_prediction_and_scribble_arrives(tab, page):
    """The images hold every grey value, the maps every class; shapes and planes differ."""
    for case in page.cases:
        pick(tab, trial="t2", case=case.case_id)
        pred, scribble = page.overlays["t2"][case.case_id]
        shape = SHAPES[case.case_id]
        for plane in range(shape[0]):
            slice_to(tab, plane)
            layers(tab)
            np.testing.assert_array_equal(
                canvas(tab, shape[1:]), np.repeat(case.image[plane][..., None], 3, axis=2)
            )
            layers(tab, "pred", "scribble")
            np.testing.assert_array_equal(
                canvas(tab, shape[1:]),
                expected(case.image[plane], pred=pred[plane], scribble=scribble[plane]),
            )


def test_errors_are_told_apart_and_opacity_changes_them(tab, page):
    case = page.cases[2]
    pred, _ = page.overlays["t1"]["case_c"]
    pick(tab, trial="t1", case="case_c")
    slice_to(tab, 1)
    layers(tab, "errors")
    assert tab.locator("#viewer .errors").is_visible()
    for percent in (50, 100):
        tab.locator("#viewer").get_by_label("Opacity").fill(str(percent))
        found = canvas(tab, case.label.shape[1:])
        wanted = expected(
            case.image[1], pred=pred[1], label=case.label[1], alpha=percent / 100, errors=True
        )
        np.testing.assert_array_equal(found, wanted)
    seen = {tuple(colour) for colour in found.reshape(-1, 3)}
    assert {FALSE_POSITIVE, FALSE_NEGATIVE, WRONG_CLASS} <= seen
    tab.locator("#viewer").get_by_label("Opacity").fill("50")


def test_a_hidden_class_counts_as_background(tab, page):
    case = page.cases[2]
    pred, _ = page.overlays["t1"]["case_c"]
    pick(tab, trial="t1", case="case_c")
    slice_to(tab, 2)
    layers(tab, "errors")
    buttons = [tab.locator(".classes button").nth(i) for i in (1, 2)]
    for button in buttons:
        button.click()
    only = [np.where(a == 3, 3, np.where(a == 255, 255, 0)) for a in (pred[2], case.label[2])]
    wanted = expected(case.image[2], pred=only[0], label=only[1], errors=True)
    np.testing.assert_array_equal(canvas(tab, case.label.shape[1:]), wanted)
    for button in buttons:
        button.click()
        assert button.get_attribute("aria-pressed") == "true"


def test_the_dense_label_is_outlined_and_its_inside_left_alone(browser, tmp_path, page):
    case = page.cases[1]
    label = np.zeros_like(case.label)
    label[:, 5:15, 8:20] = 2
    small = made_page(cases=[type(case)("one", "p", case.image, label)], overlays={})
    file = tmp_path / "report.html"
    file.write_text(render(small), encoding="utf-8")
    tab, wrong = opened(browser, file)
    tab.wait_for_selector("canvas[data-case]")
    found = tab.evaluate(
        """() => {
        const shown = document.querySelector(".stage canvas");
        const canvas = new OffscreenCanvas(shown.width, shown.height);
        const context = canvas.getContext("2d", { willReadFrequently: true });
        context.drawImage(shown, 0, 0);
        const k = canvas.width / 25; // blocks are square
        const at = (x, y) => [...context.getImageData(x, y, 1, 1).data].slice(0, 3);
        return [at(8 * k, 10.5 * k), at(20 * k - 1, 10.5 * k), at(14.5 * k, 5 * k),
                at(14.5 * k, 15 * k - 1), at(14.5 * k, 10.5 * k), at(2.5 * k, 2.5 * k)];
        }"""
    )
    assert found[:4] == [rgb(2)] * 4
    grey = case.image[0]  # of equally full slices the first is opened
    assert found[4:] == [[int(grey[10, 14])] * 3, [int(grey[2, 2])] * 3]
    # Without trials there is nothing to choose or to compare with.
    assert tab.locator("#viewer").get_by_label("Trial", exact=True).count() == 0
    assert tab.locator('[data-layer="errors"]').is_disabled()
    assert wrong == []
    tab.context.close()


def test_switching_the_trial_keeps_case_and_slice(tab, page):
    pick(tab, trial="t1", case="case_c")
    slice_to(tab, 4)
    layers(tab, "pred")
    pick(tab, trial="t2")
    assert tab.locator(".stage canvas").get_attribute("data-case") == "case_c"
    assert tab.locator(".stage canvas").get_attribute("data-plane") == "4"
    wanted = expected(page.cases[2].image[4], pred=page.overlays["t2"]["case_c"][0][4])
    np.testing.assert_array_equal(canvas(tab, SHAPES["case_c"][1:]), wanted)


def test_a_trial_without_prediction_of_a_case_says_so_and_keeps_its_place(tab, page):
    pick(tab, trial="t1", case="case_c")
    layers(tab)
    pick(tab, trial="t6")
    assert tab.locator("#viewer .message").inner_text() == (
        "No prediction of this trial was kept here."
    )
    assert tab.locator('[data-layer="pred"]').is_disabled()
    pick(tab, case="case_a")
    assert tab.locator("#viewer .message").is_hidden()
    assert tab.locator('[data-layer="scribble"]').is_disabled()  # t6 was trained on dense labels
    slice_to(tab, 3)
    grey = np.repeat(page.cases[0].image[3][..., None], 3, axis=2)
    np.testing.assert_array_equal(canvas(tab, SHAPES["case_a"][1:]), grey)


def test_dice_is_that_of_the_labelled_voxels(tab, page):
    pick(tab, trial="t1", case="case_a")
    label, pred = page.cases[0].label, page.overlays["t1"]["case_a"][0]
    known = label != 255
    dice = [
        2
        * np.sum(known & (label == c) & (pred == c))
        / (np.sum(known & (label == c)) + np.sum(known & (pred == c)))
        for c in (1, 2, 3)
    ]
    texts = tab.locator("#viewer .classes td").all_inner_texts()
    assert texts == ["", *(f"{d:.3f}" for d in dice), f"{np.mean(dice):.3f}"]
    names = tab.locator("#viewer .classes th button").all_inner_texts()
    assert names == list(CLASSES.values())


def test_keys_wheel_and_slider_go_through_the_slices(tab):
    pick(tab, trial="t1", case="case_c")
    slice_to(tab, 2)
    stage, shown = tab.locator(".stage"), tab.locator(".stage canvas")

    def plane():
        return int(shown.get_attribute("data-plane"))

    stage.focus()
    tab.keyboard.press("ArrowDown")
    assert plane() == 3
    tab.keyboard.press("ArrowUp")
    tab.keyboard.press("ArrowLeft")
    assert plane() == 1
    stage.scroll_into_view_if_needed()
    tab.mouse.move(*centre(stage))
    tab.mouse.wheel(0, 100)
    tab.wait_for_function("document.querySelector('.stage canvas').dataset.plane === '2'")
    tab.mouse.wheel(0, -100)
    tab.wait_for_function("document.querySelector('.stage canvas').dataset.plane === '1'")
    slider = tab.locator("#viewer").get_by_label("Slice", exact=True)
    slider.focus()
    tab.keyboard.press("End")
    assert plane() == 4
    tab.keyboard.press("ArrowLeft")
    assert plane() == 3
    assert "4 of 5" in tab.locator("#viewer .slider").first.inner_text()


def test_keys_switch_layers_cases_trials_and_zoom(tab):
    pick(tab, trial="t1", case="case_a")
    layers(tab, "pred")
    tab.locator(".stage").focus()
    for letter, layer in (("l", "dense"), ("s", "scribble"), ("e", "errors"), ("p", "pred")):
        button = tab.locator(f'[data-layer="{layer}"]')
        before = button.get_attribute("aria-pressed")
        tab.keyboard.press(letter)
        assert button.get_attribute("aria-pressed") != before
        assert letter.upper() in button.inner_text()
    shown = tab.locator(".stage canvas")
    tab.keyboard.press("[")
    tab.wait_for_selector(".stage canvas[data-case='case_c']")
    tab.keyboard.press("]")
    tab.wait_for_selector(".stage canvas[data-case='case_a']")
    tab.keyboard.press(".")
    tab.wait_for_selector(".stage canvas[data-trial='t2']")
    tab.keyboard.press(",")
    tab.wait_for_selector(".stage canvas[data-trial='t1']")
    width = shown.bounding_box()["width"]
    tab.keyboard.press("+")
    tab.keyboard.press("+")
    assert shown.bounding_box()["width"] == pytest.approx(2 * width)
    tab.keyboard.press("0")
    assert shown.bounding_box()["width"] == pytest.approx(width)


def test_the_table_opens_a_trial_among_the_cases(tab):
    pick(tab, trial="t1", case="case_a")
    slice_to(tab, 2)
    assert tab.locator("#trial-table .open").all_inner_texts() == ["t1", "t2", "t6"]
    tab.locator("#trial-table .open", has_text="t2").click()
    tab.wait_for_selector(".stage canvas[data-trial='t2'][data-case='case_a'][data-plane='2']")
    assert tab.evaluate("document.activeElement.className").startswith("stage")


# The whole -----------------------------------------------------------------------------------


def test_what_comes_first_and_that_hostile_text_is_inert(tab):
    titles = tab.locator("h1, h2").all_inner_texts()
    assert titles == [
        *("Made <up>", "Before you read the numbers", "Findings", "Annotation efficiency"),
        *("Trials", "Cases", "Provenance", "Trials that are not finished"),
    ]
    assert tab.locator("b, img").count() == 0
    assert HOSTILE in tab.locator(".remarks li").all_inner_texts()
    assert f"boom {HOSTILE}" in tab.locator("#failures .error").inner_text()
    assert HOSTILE in tab.locator("#viewer").get_by_label("Case", exact=True).inner_text()


def test_everything_can_be_reached_and_left_with_the_tab_key(tab):
    tab.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    count = tab.evaluate(
        '[...document.querySelectorAll(\'a[href], button, select, input, summary, [tabindex="0"]'
        "')]"
        ".filter(e => e.checkVisibility() && !e.disabled).length"
    )
    tab.locator(".skip").focus()
    seen = set()
    for _ in range(count + 8):
        seen.add(
            tab.evaluate(
                "() => { const e = document.activeElement; window.order ??= new Map();"
                "if (!order.has(e)) order.set(e, order.size); return order.get(e); }"
            )
        )
        tab.keyboard.press("Tab")
    assert len(seen) >= count
    unnamed = tab.evaluate(
        "[...document.querySelectorAll('button, select, input')].filter(e =>"
        " !e.textContent.trim() && !e.labels?.length && !e.ariaLabel).length"
    )
    assert unnamed == 0


def test_dark_mode_follows_the_system_and_the_button(browser, path):
    tab, wrong = opened(browser, path, color_scheme="dark")

    def lightness():
        colour = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in colour.strip("rgb()").split(",")) / 3

    assert lightness() < 60
    tab.locator("#theme").click()
    assert lightness() > 200
    assert tab.locator("#theme").inner_text() == "Dark mode"
    tab.emulate_media(color_scheme="light", media="print")
    assert lightness() > 200
    assert wrong == []
    tab.context.close()


def test_nothing_is_wider_than_a_narrow_window(browser, path):
    tab, wrong = opened(browser, path)
    tab.set_viewport_size({"width": 360, "height": 700})
    tab.wait_for_selector("canvas[data-case]")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    box = tab.locator("#chart svg").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    assert wrong == []
    tab.context.close()
