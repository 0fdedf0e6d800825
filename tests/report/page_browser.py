"""Fixtures of the tests that look at the page in a browser."""

import pytest
from made_page import chromium, made_page, opened

from scribblebench.report.page.build import render


@pytest.fixture(scope="module")
def page():
    return made_page()


@pytest.fixture(scope="module")
def browser():
    """A module's own: while it runs, no other event loop can."""
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
    """The one tab of a module; whatever went wrong in it fails the test."""
    found, wrong = shared
    yield found
    assert wrong == []
