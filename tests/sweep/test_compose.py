"""Protocols that extend others."""

import pytest

from scribblebench.errors import InputError
from scribblebench.sweep.merging import lay_over
from scribblebench.sweep.protocol import protocol_text, read_protocol, read_with_presets


def problem(path):
    with pytest.raises(InputError) as error:
        read_protocol(path)
    message = str(error.value)
    assert "\n" not in message
    return message.replace(f"{path.parent}/", "")


@pytest.fixture
def base(tiny, write_protocol):
    tiny["presets"] = {"gpu": {"training": {"steps": 50, "width": 4}}}
    return write_protocol(tiny, "base.yaml")


def test_own_keys_are_laid_over_groups_merged_and_lists_replaced(base, write_protocol):
    content = {"extends": "base.yaml", "name": "mine", "seeds": [4], "training": {"steps": 9}}
    mine, plain = read_protocol(write_protocol(content)), read_protocol(base)
    assert mine == plain.model_copy(
        update={
            "name": "mine",
            "seeds": [4],
            "training": plain.training.model_copy(update={"steps": 9}),
        }
    )


def test_presets_are_merged_too(base, write_protocol):
    presets = {"gpu": {"training": {"width": 3}}, "small": {"seeds": [7]}}
    path = write_protocol({"extends": "base", "name": "mine", "presets": presets})
    read = read_with_presets(path)
    assert list(read) == [None, "gpu", "small"]
    gpu = read["gpu"]
    assert (gpu.name, gpu.training.steps, gpu.training.width) == ("mine-gpu", 50, 3)
    assert read["small"].seeds == [7]


def test_null_takes_away_what_is_there_and_nothing_else():
    base = {"a": 1, "b": {"c": 2, "d": 3}}
    assert lay_over(base, {"a": None, "b": {"c": None}, "e": None}) == {"b": {"d": 3}, "e": None}
    assert base == {"a": 1, "b": {"c": 2, "d": 3}}


def test_null_puts_a_setting_back_to_its_default_and_removes_a_preset(base, write_protocol):
    content = {"extends": "base", "name": "mine", "training": {"width": None}}
    path = write_protocol(content | {"presets": {"gpu": None}})
    assert read_protocol(path).training.width == 16
    assert list(read_with_presets(path)) == [None]


def test_nulls_may_meet_because_presets_are_inherited(tiny, write_protocol, tmp_path):
    """A preset takes away what the extending protocol has taken away already."""
    tiny["exclude"] = [{"density": 0.5}]
    tiny["grid"] = {"training.steps": [2, 3]}
    nulls = {"exclude": None, "grid": {"training.steps": None}, "training": {"width": None}}
    tiny["presets"] = {"gpu": nulls}
    write_protocol(tiny, "base.yaml")
    path = write_protocol({"extends": "base", "name": "mine", "seeds": [7], **nulls})
    assert read_protocol(path, "gpu").model_dump() == (
        read_protocol(path).model_dump() | {"name": "mine-gpu"}
    )
    kept = tmp_path / "kept.yaml"
    kept.write_text(protocol_text(path))
    assert read_with_presets(kept) == read_with_presets(path)


@pytest.mark.parametrize("keys", [{"exclde": None}, {"training": {"widht": None}}, {"name": None}])
def test_nulls_are_no_way_around_the_names_of_keys(base, write_protocol, keys):
    message = problem(write_protocol({"extends": "base", "name": "mine"} | keys))
    assert message.startswith("tiny.yaml: ")


def test_an_empty_value_is_a_mistake_where_it_takes_nothing_away(tiny, write_protocol):
    message = problem(write_protocol(tiny | {"seeds": None}))
    assert message == "tiny.yaml: seeds: input should be a valid list, got None"


def test_several_are_laid_over_each_other_in_order(base, write_protocol):
    write_protocol({"seeds": [1], "training": {"steps": 5, "width": 3}}, "one.yaml")
    write_protocol({"training": {"steps": 6}}, "two.yaml")
    path = write_protocol({"extends": ["base", "one", "two.yaml"], "name": "mine"})
    found = read_protocol(path)
    assert (found.seeds, found.training.steps, found.training.width) == ([1], 6, 3)


def test_a_file_extended_on_two_ways_does_not_undo_what_came_between(base, write_protocol):
    write_protocol({"extends": "base", "training": {"steps": 5}}, "one.yaml")
    write_protocol({"extends": "base", "training": {"width": 3}}, "two.yaml")
    found = read_protocol(write_protocol({"extends": ["one", "two"], "name": "mine"}))
    assert (found.training.steps, found.training.width) == (5, 3)


def test_paths_are_relative_to_the_file_and_shipped_names_are_found(base, tmp_path):
    (tmp_path / "sub").mkdir()
    path = tmp_path / "sub" / "mine.yaml"
    path.write_text("extends: ../base.yaml\nname: mine\n")
    assert read_protocol(path).seeds == read_protocol(base).seeds
    path.write_text("extends: efficiency\nname: mine\nseeds: [5]\n")
    found = read_protocol(path)
    assert (found.dataset.name, found.seeds, found.training.field_of_view) == ("phantom", [5], 64)


def test_a_file_may_extend_the_shipped_one_of_its_own_name(tmp_path):
    path = tmp_path / "efficiency.yaml"
    path.write_text("extends: efficiency\nname: mine\nseeds: [5]\n")
    assert read_protocol(path).seeds == [5]


@pytest.mark.parametrize(
    ("extends", "message"),
    [
        ("bse.yaml", "tiny.yaml: extends: no such protocol 'bse.yaml'. Did you mean 'base.yaml'?"),
        (3, "tiny.yaml: extends: must be a file or a list of files, got 3"),
        (["base", ""], "tiny.yaml: extends: must be a file or a list of files, got ['base', '']"),
        ("tiny", "tiny.yaml: extends: leads back to where it began: tiny.yaml extends tiny.yaml"),
    ],
)
def test_what_cannot_be_extended_is_named(base, write_protocol, extends, message):
    assert problem(write_protocol({"extends": extends, "name": "mine"})) == message


def test_circles_are_spelled_out(write_protocol):
    write_protocol({"extends": "b"}, "a.yaml")
    path = write_protocol({"extends": "a"}, "b.yaml")
    assert problem(path) == (
        "a.yaml: extends: leads back to where it began: b.yaml extends a.yaml extends b.yaml"
    )


def test_a_mistake_names_the_file_that_it_stands_in(tiny, base, write_protocol):
    path = write_protocol({"extends": "base", "name": "mine", "training": {"stepz": 1}})
    assert problem(path).startswith("tiny.yaml: training.stepz: unknown key")
    tiny["training"]["stepz"] = 1
    write_protocol(tiny, "base.yaml")
    path = write_protocol({"extends": "base", "name": "mine", "training": {"steps": 3}})
    assert problem(path).startswith("base.yaml (extended by tiny.yaml): training.stepz: unknown")
    del tiny["training"]["stepz"]
    write_protocol(tiny | {"presets": {"gpu": {"training": {"steps": 0}}}}, "base.yaml")
    assert problem(path).startswith(
        "base.yaml (extended by tiny.yaml): presets.gpu: training.steps: input should be"
    )
    (path.parent / "base.yaml").write_text("a: [")
    assert problem(path).startswith("base.yaml: is not YAML")


def test_a_name_is_not_inherited_because_it_names_the_results_folder(base, write_protocol):
    message = problem(write_protocol({"extends": "base"}))
    assert message == "tiny.yaml: name: a protocol that extends another must have its own"


def test_the_text_to_keep_says_all(base, write_protocol, tmp_path):
    assert protocol_text(base) == base.read_text()
    path = write_protocol({"extends": "base", "name": "mine", "training": {"width": None}})
    kept = tmp_path / "elsewhere" / "protocol.yaml"
    kept.parent.mkdir()
    kept.write_text(protocol_text(path))
    assert read_with_presets(kept) == read_with_presets(path)
