"""The page in a real browser: the table of trials, and the page as a whole."""

from made_page import HOSTILE, frames, made_page, opened, trials

from scribblebench.report.page.build import render

pytest_plugins = ["page_browser"]


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
    assert column(tab, "Density") == ["1 %", "10 %", "1 %", "10 %", "–", "–"]
    assert column(tab, "Commit")[0] == "0123456"


def test_sorting_by_mouse_and_by_keyboard_puts_the_undefined_last(tab):
    head = heading(tab, "HD95")
    head.get_by_role("button").click()
    assert column(tab, "HD95 (px)") == ["1.0", "2.5", "9.0", "10.0", "∞", "–"]
    assert head.get_attribute("aria-sort") == "ascending"
    head.get_by_role("button").press("Enter")
    assert column(tab, "HD95 (px)") == ["∞", "10.0", "9.0", "2.5", "1.0", "–"]
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


def test_an_empty_page_opens_without_complaint(browser, tmp_path):
    cells, summary, curves = frames()
    file = tmp_path / "report.html"
    empty = {"cells": cells[:0], "summary": summary[:0], "curves": curves[:0]}
    page = made_page(**empty, trials=trials()[:0], cases=[], overlays={})
    file.write_text(render(page), encoding="utf-8")
    tab, wrong = opened(browser, file)
    assert tab.locator("#curves").is_hidden()
    assert tab.locator("#trial-choices output").inner_text() == "0 trials"
    assert wrong == []
    tab.context.close()
