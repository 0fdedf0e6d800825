import pytest
import torch

from scribblebench.errors import InputError
from scribblebench.training import device as device_module
from scribblebench.training.device import autocast, choose_device, computes_in_bf16


@pytest.mark.parametrize("name", ["gpu", "mps", "meta", "cpu:x", "cuda0", ""])
def test_other_devices_are_refused_in_words(name):
    with pytest.raises(InputError, match=r"device must be auto, cpu or cuda\[:N\], got"):
        choose_device(name)


def test_a_device_that_is_not_there_is_refused():
    with pytest.raises(InputError, match="CUDA devices are present"):
        choose_device("cuda:99")


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [({"avx512_bf16": True}, True), ({"amx_bf16": True}, True), ({"avx2": True}, False)],
)
def test_processor_computes_in_bf16_where_it_says_so(monkeypatch, capabilities, expected):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    assert computes_in_bf16(torch.device("cpu")) is expected


@pytest.mark.parametrize(
    ("precision", "native", "expected"),
    [
        ("auto", True, torch.bfloat16),
        ("auto", False, torch.float32),
        ("bf16", False, torch.bfloat16),
        ("fp32", True, torch.float32),
    ],
)
def test_precision_setting_decides_in_what_the_network_computes(
    monkeypatch, precision, native, expected
):
    monkeypatch.setattr(device_module, "computes_in_bf16", lambda device: native)
    layer, x = torch.nn.Conv2d(1, 1, 3), torch.ones(1, 1, 8, 8)
    with autocast(torch.device("cpu"), precision):
        assert layer(x).dtype == expected
