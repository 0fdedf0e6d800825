import pytest
from pydantic import TypeAdapter, ValidationError

from scribblebench.methods import METHODS
from scribblebench.sweep.method_entry import Entry

ENTRY = TypeAdapter(Entry)


def test_a_name_alone_is_the_registered_method():
    entry = ENTRY.validate_python("zscribbleseg")
    assert entry.name == "zscribbleseg"
    assert entry.resolved == METHODS["zscribbleseg"]


def test_options_are_merged_group_by_group():
    entry = ENTRY.validate_python(
        {
            "name": "zscribbleseg-oracle",
            "method": "zscribbleseg",
            "options": {"spatial": {"class_ratio": "oracle"}, "shape": None, "geometry": 1},
        }
    )
    objective, base = entry.resolved.objective, METHODS["zscribbleseg"].objective
    assert objective.spatial.class_ratio == "oracle"
    assert objective.spatial.radius == base.spatial.radius
    assert objective.view == base.view
    assert objective.shape is None
    assert objective.geometry == 1.0


def test_a_group_that_was_off_is_switched_on_with_its_defaults():
    entry = ENTRY.validate_python(
        {"name": "mine", "method": "pce", "options": {"teacher": {"weight": 2}}}
    )
    assert entry.resolved.objective.teacher.weight == 2
    assert entry.resolved.supervision == "scribbles"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("zscribblesegg", "unknown method 'zscribblesegg'. Did you mean 'zscribbleseg'?"),
        ({"name": "x", "method": "pec"}, "unknown method 'pec'. Did you mean 'pce'?"),
        ({"name": "pce", "method": "full"}, "name must not be that of another method, got 'pce'"),
        (
            {"name": "pce", "method": "pce", "options": {"geometry": 1}},
            "name must not be that of another method, got 'pce'",
        ),
        (
            {"name": "x", "method": "pce", "options": {"spatial": {"class_ratios": "em"}}},
            "options.spatial.class_ratios: unknown key 'class_ratios'. Did you mean 'class_ratio'?",
        ),
        (
            {"name": "x", "method": "pce", "options": {"spatail": {}}},
            "options.spatail: unknown key 'spatail'. Did you mean 'spatial'?",
        ),
        (
            {"name": "x", "method": "pce", "options": {"spatial": {"radius": 0}}},
            "options.spatial.radius: input should be greater than or equal to 1, got 0",
        ),
        (
            {"name": "x", "method": "full", "options": {"geometry": 1}},
            "options.geometry: is for scribbles, 'full' has none",
        ),
        (
            {"name": "x", "method": "pce", "options": {"cross_entropy": 0, "geometry": 1}},
            "cross_entropy or dice must be above 0",
        ),
        ({"name": "x", "method": "pce", "options": {"view": {}}}, "must have mixup or occlusion"),
    ],
)
def test_mistakes_are_named(value, message):
    with pytest.raises(ValidationError, match=r".") as caught:
        ENTRY.validate_python(value)
    assert message in str(caught.value)
