"""Networks come back from the disk as they were, and damaged files are named."""

import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch

from scribblebench.errors import InputError
from scribblebench.methods import METHODS
from scribblebench.training.model_file import Model, load_model, save_model
from scribblebench.training.networks import NETWORKS
from scribblebench.training.prediction import predict_slices
from scribblebench.training.settings import TrainingSettings, VolumeSettings
from scribblebench.training.two_decoders import TwoDecoders
from scribblebench.types import LabelSpec

CPU = torch.device("cpu")
LABELS = LabelSpec(("background", "RV", "LV"))
PROVENANCE = {"commit": "abc", "packages": {"torch": "2"}, "bf16": False, "dirty": None}


def build(name="unet", seed=0, width=4):
    """A network whose batch norms have seen data, in the memory format of training."""
    torch.manual_seed(seed)
    network = NETWORKS[name](in_channels=2, n_classes=3, width=width)
    network = network.to(memory_format=torch.channels_last)
    network(torch.randn(2, 2, 32, 32))
    return network


def model(network, name="unet", width=4, precision="fp32"):
    return Model(
        network=network,
        n_channels=2,
        labels=LABELS,
        training=TrainingSettings(
            network=name, width=width, field_of_view=48, patch=32, precision=precision
        ),
        objective=METHODS["zscribbleseg"].objective,
        provenance=PROVENANCE,
    )


@pytest.fixture
def images():
    return np.random.default_rng(0).normal(size=(2, 2, 48, 48)).astype(np.float32)


def predicted(network, settings, images):
    return predict_slices(network, images, settings, device=CPU)


@pytest.mark.parametrize("name", NETWORKS.names())
def test_a_model_comes_back_as_it_was(tmp_path, name, images):
    saved = model(build(name), name)
    save_model(tmp_path / "m.pt", saved)
    loaded = load_model(tmp_path / "m.pt", CPU)
    assert (loaded.labels, loaded.n_channels, loaded.provenance) == (LABELS, 2, PROVENANCE)
    assert (loaded.training, loaded.objective) == (saved.training, saved.objective)
    assert not loaded.network.training
    one, other = (predicted(m.network, saved.training, images) for m in (saved, loaded))
    assert np.array_equal(one, other)


@pytest.mark.parametrize("name", NETWORKS.names())
def test_a_model_of_volumes_comes_back_as_it_was(tmp_path, name):
    saved = model(None, name)
    settings = saved.training.model_copy(
        update={"volume": VolumeSettings(planes=12, patch_planes=8)}
    )
    torch.manual_seed(0)
    network = NETWORKS[name](in_channels=2, n_classes=3, width=4, strides=settings.strides)
    network(torch.randn(2, 2, 8, 32, 32))  # for the batch norms
    saved = replace(saved, network=network, training=settings)
    save_model(tmp_path / "m.pt", saved)
    loaded = load_model(tmp_path / "m.pt", CPU)
    assert loaded.training == settings
    planes = np.random.default_rng(0).normal(size=(12, 2, 48, 48)).astype(np.float32)
    one, other = (predicted(m.network, settings, planes) for m in (saved, loaded))
    assert np.array_equal(one, other)


def test_a_loaded_network_can_be_trained_on(tmp_path):
    save_model(tmp_path / "m.pt", model(build()))
    network = load_model(tmp_path / "m.pt", CPU).network.train()
    network(torch.randn(2, 2, 32, 32)).sum().backward()
    assert all(p.grad is not None for p in network.parameters())


def test_loading_leaves_the_global_generator_alone(tmp_path):
    save_model(tmp_path / "m.pt", model(build()))
    before = torch.get_rng_state()
    load_model(tmp_path / "m.pt", CPU)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("name", NETWORKS.names())
def test_of_two_decoders_the_first_is_kept(tmp_path, name, images):
    both = TwoDecoders(build(name), build(name, seed=1), dropout=0.5)
    saved = model(both, name)
    save_model(tmp_path / "m.pt", saved)
    loaded = load_model(tmp_path / "m.pt", CPU)
    one, other = (predicted(m.network, saved.training, images) for m in (saved, loaded))
    assert np.array_equal(one, other)


def test_half_a_model_predicts_the_same_in_bfloat16_and_nearly_so_in_float32(tmp_path, images):
    for precision in ("bf16", "fp32"):
        saved = model(build(), precision=precision)
        save_model(tmp_path / "m.pt", saved, half=True)
        loaded = load_model(tmp_path / "m.pt", CPU)
        assert {p.dtype for p in loaded.network.parameters()} == {torch.float32}
        one, other = (predicted(m.network, saved.training, images) for m in (saved, loaded))
        atol = 0.0 if precision == "bf16" else 0.02
        np.testing.assert_allclose(one, other, rtol=0, atol=atol)


def test_half_a_plain_unet_of_width_32_takes_less_than_16_mib(tmp_path):
    save_model(tmp_path / "m.pt", model(build("basic_unet", width=32), width=32), half=True)
    assert (tmp_path / "m.pt").stat().st_size < 16 * 2**20


def content_of(path):
    return torch.load(path, weights_only=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "another"}, "is not a model of `scribblebench train`"),
        ({"version": 2}, "must be of version 1 of the format, got 2"),
        ({"class_names": ["background"]}, "is a damaged model (class_names must hold 2 or more"),
        ({"training": "{}"}, "is a damaged model (its weights do not fit its settings)"),
        ({"training": '{"network": "nnet"}'}, "unknown network 'nnet'"),
        (
            {"objective": json.dumps({"dise": 1, "x": 2})},
            "is a damaged model (dise: Extra inputs are",
        ),
        ({"weights": {}}, "is a damaged model (its weights do not fit its settings)"),
        ({"weights": [1]}, "is a damaged model"),
        ({"provenance": 3}, "is a damaged model"),
        ({"n_channels": 3}, "is a damaged model (its weights do not fit its settings)"),
    ],
)
def test_what_is_wrong_with_a_model_is_said_in_one_line(tmp_path, change, message):
    path = tmp_path / "m.pt"
    save_model(path, model(build()))
    torch.save(content_of(path) | change, path)
    with pytest.raises(InputError) as error:
        load_model(path, CPU)
    assert str(error.value).startswith(f"{path}: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < len(str(path)) + 150


@pytest.mark.parametrize("key", ["weights", "class_names", "training", "provenance", "n_channels"])
def test_a_model_without_one_of_its_parts_is_damaged(tmp_path, key):
    path = tmp_path / "m.pt"
    save_model(path, model(build()))
    content = content_of(path)
    del content[key]
    torch.save(content, path)
    with pytest.raises(InputError, match="is a damaged model"):
        load_model(path, CPU)


def test_files_that_are_cut_off_or_something_else_are_named(tmp_path):
    path = tmp_path / "m.pt"
    save_model(path, model(build()))
    whole = path.read_bytes()
    others = [whole[: len(whole) * n // 8] for n in range(8)]
    others += [b"text\n", pickle.dumps({"format": 1}), b"PK\x05\x06" + bytes(18)]
    others += [b"\x89PNG\r\n\x1a\n" + bytes(200), b"\x1f\x8b" + bytes(100), b"name: pce\n" * 99]
    for content in others:
        path.write_bytes(content)
        refused(path, "is not a model of `scribblebench train`, or not a whole one")
    torch.save([1, 2], path)
    refused(path, "is not a model of `scribblebench train`, or not a whole one")
    with path.open("wb") as file:
        np.savez(file, header=np.zeros(3))
    refused(path, "is not a model of `scribblebench train`, or not a whole one")
    refused(tmp_path / "none.pt", "no such file")
    refused(tmp_path, "is a folder")
    path.rename(tmp_path / "model.pt")
    refused(tmp_path, f"is a folder; its model is {tmp_path / 'model.pt'}")


def refused(path, message):
    """Whether this is all that is said."""
    with pytest.raises(InputError) as error:
        load_model(path, CPU)
    assert str(error.value) == f"{path}: {message}"


class Trap:
    def __reduce__(self):
        return print, ("this must not run",)


def test_nothing_in_a_file_is_run(tmp_path, capsys):
    path = tmp_path / "m.pt"
    torch.save({"format": Trap()}, path)
    with pytest.raises(InputError, match=r"m\.pt: is not a model"):
        load_model(path, CPU)
    assert capsys.readouterr().out == ""
