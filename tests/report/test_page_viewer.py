"""The case viewer of the page, in a real browser."""

import numpy as np
import pytest
from made_page import CLASSES, SHAPES, centre, made_page, opened

from scribblebench.report.page.build import render
from scribblebench.report.style import CLASS_COLOURS

pytest_plugins = ["page_browser"]

FALSE_POSITIVE, FALSE_NEGATIVE, WRONG_CLASS = (255, 61, 242), (0, 229, 255), (255, 255, 255)


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
