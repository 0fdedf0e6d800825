import pytest
from made_results import make_results


@pytest.fixture
def made(tmp_path, tiny):
    """Return a function that writes a results folder and gives its store and trials."""

    def make(**changes):
        content = tiny | {"forms": ["skeleton", "random_walk", "dense"], "seeds": [0, 1]}
        return make_results(tmp_path / "made", content | changes)

    return make
