"""How a machine is divided among workers."""

import pytest
import torch

from scribblebench.errors import InputError
from scribblebench.sweep.executors import slots
from scribblebench.sweep.executors.local import Slot
from scribblebench.sweep.executors.slots import free_memory_gib, slots_for


@pytest.fixture(autouse=True)
def _eight_cores(monkeypatch):
    monkeypatch.setattr(slots, "available_cores", lambda: 8)
    monkeypatch.setattr(slots, "free_memory_gib", lambda: 64.0)


def test_a_worker_a_core_with_one_thread():
    assert slots_for("cpu") == [Slot("cpu", 1)] * 8


def test_given_workers_share_the_cores():
    assert slots_for("cpu", workers=3) == [Slot("cpu", 2)] * 3
    assert slots_for("cpu", workers=3, threads=5) == [Slot("cpu", 5)] * 3
    assert slots_for("cpu", workers=20) == [Slot("cpu", 1)] * 20


def test_few_trials_take_few_workers_with_as_many_threads_as_if_they_were_many():
    assert slots_for("cpu", n_trials=2) == [Slot("cpu", 1)] * 2
    assert slots_for("cpu", workers=4, n_trials=1) == [Slot("cpu", 2)]
    assert slots_for("cpu", n_trials=0) == [Slot("cpu", 1)]


def test_little_memory_takes_fewer_workers(monkeypatch):
    monkeypatch.setattr(slots, "free_memory_gib", lambda: 4.0)
    assert slots_for("cpu") == [Slot("cpu", 1)] * 2
    monkeypatch.setattr(slots, "free_memory_gib", lambda: 0.1)
    assert slots_for("cpu") == [Slot("cpu", 1)]


def test_gpus_take_turns(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(slots, "choose_device", lambda name: torch.device("cuda"))
    assert slots_for("auto", per_gpu=2) == [
        Slot(name, 2) for name in ("cuda:0", "cuda:1", "cuda:0", "cuda:1")
    ]
    monkeypatch.setattr(slots, "choose_device", lambda name: torch.device("cuda", 1))
    assert slots_for("cuda:1", per_gpu=2) == [Slot("cuda:1", 4)] * 2


@pytest.mark.parametrize("option", ["workers", "threads", "per_gpu"])
def test_numbers_below_one_are_refused(option):
    with pytest.raises(InputError, match="must be at least 1, got 0"):
        slots_for("cpu", **{option: 0})


def test_free_memory_is_known_here():
    assert 0 < free_memory_gib() < 1e5
