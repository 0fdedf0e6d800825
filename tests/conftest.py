"""Shared fixtures: a protocol small enough for tests, and the command line in this process."""

import sys
from dataclasses import dataclass

import hypothesis
import pytest
import torch
import yaml

from scribblebench.cli.app import main

# The first example may wait for the compiler.
hypothesis.settings.register_profile("default", deadline=None)
hypothesis.settings.load_profile("default")

TINY = {
    "name": "tiny",
    "dataset": {
        "name": "phantom",
        "options": {"train": 3, "val": 2, "test": 1, "size": 48, "slices": 3},
    },
    "forms": ["random_walk", "dense"],
    "densities": [0.1, 0.5],
    "methods": ["pce", "full"],
    "seeds": [0],
    "training": {
        "field_of_view": 48,
        "patch": 32,
        "width": 2,
        "steps": 2,
        "batch_size": 2,
        "precision": "fp32",
    },
}
"""Three trials of well under a second each."""


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    """Small tensors are fastest on one thread."""
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _one_worker(monkeypatch):
    """Sweeps of the command line run in this process on one thread, unless a test says so."""
    monkeypatch.setenv("SCRIBBLEBENCH_WORKERS", "1")
    monkeypatch.setenv("SCRIBBLEBENCH_THREADS", "1")


@pytest.fixture
def tiny():
    """Return the tiny protocol as a dictionary that a test may change."""
    return yaml.safe_load(yaml.safe_dump(TINY))


@pytest.fixture
def write_protocol(tmp_path):
    """Return a function that writes a dictionary as a protocol file."""

    def write(content, name="tiny.yaml"):
        path = tmp_path / name
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        return path

    return write


@dataclass
class Ended:
    code: int
    out: str
    err: str


@pytest.fixture
def scribblebench(monkeypatch, capsys):
    """Return a function that runs the command line and gives its exit code and output."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["scribblebench", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return Ended(int(ended.value.code or 0), captured.out, captured.err)

    return run
