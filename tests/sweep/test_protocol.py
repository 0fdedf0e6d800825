import pytest

from scribblebench.errors import InputError
from scribblebench.sweep.protocol import (
    Protocol,
    data_root,
    find_protocol,
    read_protocol,
    shipped_protocols,
)


def problem(write_protocol, content):
    path = write_protocol(content)
    with pytest.raises(InputError) as error:
        read_protocol(path)
    message = str(error.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


def changed(content, **changes):
    return content | changes


def test_unknown_key_names_file_key_and_suggestion(tiny, write_protocol):
    tiny["densitys"] = [0.1]
    message = problem(write_protocol, tiny)
    assert message == "densitys: unknown key 'densitys'. Did you mean 'densities'?"


def test_unknown_key_inside_a_section_is_suggested_from_that_section(tiny, write_protocol):
    tiny["training"]["step"] = 10
    message = problem(write_protocol, tiny)
    assert message == "training.step: unknown key 'step'. Did you mean 'steps'?"


def test_unknown_key_is_reported_before_what_follows_from_it(tiny, write_protocol):
    tiny["form"] = tiny.pop("forms")
    assert "Did you mean 'forms'?" in problem(write_protocol, tiny)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (
            "forms",
            ["dense", "randomwalk"],
            "forms[1]: unknown form 'randomwalk'. Did you mean 'random_walk'?",
        ),
        ("methods", ["pcee", "full"], "methods[0]: unknown method 'pcee'. Did you mean 'pce'?"),
        ("densities", [0.1, 0], "densities[1]: input should be greater than 0, got 0"),
        ("densities", [0.1, 3], "densities[1]: input should be less than or equal to 1, got 3"),
        ("densities", [0.1, 0.1], "densities: entries must differ, got [0.1, 0.1]"),
        ("densities", [], "densities must hold at least one value for forms that are drawn"),
        ("seeds", [True], "seeds[0]: must be a number, got True"),
        ("seeds", [], "seeds: list should have at least 1 item after validation, not 0, got []"),
        ("forms", ["random_walk"], "method 'full' needs a form with dense labels"),
        ("methods", ["pce"], "form 'dense' needs a method for dense labels"),
    ],
)
def test_bad_values_are_named_by_key(tiny, write_protocol, key, value, message):
    assert problem(write_protocol, changed(tiny, **{key: value})) == message


def test_unknown_data_set_and_network_are_suggested(tiny, write_protocol):
    message = problem(write_protocol, changed(tiny, dataset={"name": "phantoms"}))
    assert message == "dataset.name: unknown data set 'phantoms'. Did you mean 'phantom'?"
    tiny["training"]["network"] = "unnet"
    message = problem(write_protocol, tiny)
    assert message == "training.network: unknown network 'unnet'. Did you mean 'unet'?"


def test_patch_larger_than_the_field_of_view_is_refused(tiny, write_protocol):
    tiny["training"]["patch"] = 64
    assert "patch must be at most field_of_view 48, got 64" in problem(write_protocol, tiny)


def test_a_key_given_twice_is_refused_with_its_line(tmp_path):
    path = tmp_path / "twice.yaml"
    path.write_text("name: a\nseeds: [0]\nseeds: [1]\n")
    with pytest.raises(InputError, match=r"twice\.yaml: line 3: key 'seeds' is given twice"):
        read_protocol(path)


@pytest.mark.parametrize("text", ["a: [1, 2", "- 1\n- 2\n", "", "\tname: x"])
def test_text_that_is_no_protocol_is_refused_in_one_line(tmp_path, text):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=r"^[^\n]*bad\.yaml: [^\n]+$"):
        read_protocol(path)


def test_the_working_folder_comes_before_the_shipped_protocols(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_protocol("efficiency.yaml") == shipped_protocols() / "efficiency.yaml"
    assert find_protocol("efficiency") == shipped_protocols() / "efficiency.yaml"
    (tmp_path / "efficiency.yaml").touch()
    assert find_protocol("efficiency.yaml").resolve() == tmp_path / "efficiency.yaml"


def test_a_protocol_that_is_not_there_is_suggested():
    with pytest.raises(InputError, match=r"Did you mean 'efficiency\.yaml'"):
        find_protocol("eficiency.yaml")


def test_every_shipped_protocol_is_valid_and_named_like_its_file():
    paths = sorted(shipped_protocols().glob("*.yaml"))
    assert "efficiency.yaml" in [p.name for p in paths]
    for path in paths:
        assert read_protocol(path).name == path.stem


def test_data_folder_comes_from_option_then_protocol_then_environment(tmp_path, tiny, monkeypatch):
    for name in ("option", "protocol", "environment"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("SCRIBBLEBENCH_DATA", str(tmp_path / "environment"))
    bare = Protocol.model_validate(tiny)
    tiny["dataset"]["data"] = str(tmp_path / "protocol")
    named = Protocol.model_validate(tiny)
    assert data_root(tmp_path / "option", named) == tmp_path / "option"
    assert data_root(None, named) == tmp_path / "protocol"
    assert data_root(None, bare) == tmp_path / "environment"
    monkeypatch.delenv("SCRIBBLEBENCH_DATA")
    assert data_root(None, bare) is None
    monkeypatch.setenv("SCRIBBLEBENCH_DATA", "")
    assert data_root(None, bare) is None


@pytest.mark.parametrize("key", ["clip_norm", "learning_rate"])
def test_infinite_settings_are_refused_before_they_reach_a_file(tiny, write_protocol, key):
    tiny["training"][key] = float("inf")
    message = problem(write_protocol, tiny)
    assert message == f"training.{key}: input should be a finite number, got inf"


def test_a_preset_is_laid_over_the_protocol_key_by_key(tiny, write_protocol):
    tiny["presets"] = {"gpu": {"seeds": [0, 1], "training": {"steps": 7}}}
    path = write_protocol(tiny)
    plain, preset = read_protocol(path), read_protocol(path, "gpu")
    assert (plain.name, preset.name) == ("tiny", "tiny-gpu")
    assert (plain.seeds, preset.seeds) == ([0], [0, 1])
    assert preset.training == plain.training.model_copy(update={"steps": 7})


def test_unknown_keys_of_a_method_are_suggested_from_its_own(tiny, write_protocol):
    tiny["methods"] = ["full", {"name": "mine", "method": "pce", "option": {}}]
    message = problem(write_protocol, tiny)
    assert message == "methods[1].option: unknown key 'option'. Did you mean 'options'?"


@pytest.mark.parametrize("name", ["../x", "", "a b"])
def test_names_of_presets_are_safe_in_file_names(tiny, write_protocol, name):
    tiny["presets"] = {name: {}}
    message = problem(write_protocol, tiny)
    assert message == f"presets: names must be letters, digits, . _ -, got '{name}'"


def test_presets_may_be_named_by_numbers(tiny, write_protocol):
    path = write_protocol(tiny | {"presets": {512: {"seeds": [1]}}})
    assert read_protocol(path, "512").seeds == [1]
    with pytest.raises(InputError, match="Did you mean '512'"):
        read_protocol(path, "51")


def test_mistakes_in_a_preset_are_found_whichever_is_used(tiny, write_protocol):
    tiny["presets"] = {"gpu": {"training": {"stepz": 7}}}
    message = problem(write_protocol, tiny)
    assert message == ("presets.gpu: training.stepz: unknown key 'stepz'. Did you mean 'steps'?")
    tiny["presets"] = {"gpu": 3}
    assert problem(write_protocol, tiny) == "presets: must hold names and groups of keys"


def test_an_unknown_preset_is_suggested(tiny, write_protocol):
    tiny["presets"] = {"gpu": {}}
    path = write_protocol(tiny)
    with pytest.raises(InputError, match=r"has no preset 'gpus'\. Did you mean 'gpu'"):
        read_protocol(path, "gpus")
    del tiny["presets"]
    with pytest.raises(InputError, match="has no preset 'gpu'"):
        read_protocol(write_protocol(tiny), "gpu")
