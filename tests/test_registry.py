import pytest

from scribblebench.errors import InputError
from scribblebench.registry import Registry


@pytest.fixture
def forms():
    registry = Registry("form")
    registry.add("random_walk", 1)
    registry.add("skeleton", 2)
    return registry


def test_unknown_name_suggests_the_nearest(forms):
    with pytest.raises(InputError) as error:
        forms["randomwalk"]
    assert str(error.value) == "unknown form 'randomwalk'. Did you mean 'random_walk'?"


def test_unknown_name_far_from_all_lists_all(forms):
    with pytest.raises(InputError, match=r"Known: random_walk, skeleton\.$"):
        forms["xyz"]


def test_a_name_is_registered_once(forms):
    with pytest.raises(ValueError, match="form 'skeleton' is registered already"):
        forms.add("skeleton", 3)
    assert forms["skeleton"] == 2
    assert forms.names() == ["random_walk", "skeleton"]
